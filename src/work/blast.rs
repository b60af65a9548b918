//! The blast of one incident: the web, the taint in it, the books, and the numbers that screens and reports start from.

use super::ledger::{Books, Entries, books};
use super::web::{start, web};
use super::{Cancel, WorkError, pairs};
use crate::analysis::containment::{Cut, cuts};
use crate::analysis::money::{Class, Ledger, Payment, Sums};
use crate::analysis::reconcile::{Found, Sight, reconcile};
use crate::analysis::taint::{Count, Rates, Taint, spread};
use crate::analysis::web::Web;
use crate::analysis::{CLOCK_TOLERANCE, Number, Window};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Kind, Nanos, Row};
use crate::store::Snapshot;
use crate::store::views::Reached;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Agents that the comparison of before and during shows to have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// Nobody looked: nothing is likely, and that is no finding.
    #[default]
    Unknown,
    Agents(BTreeSet<Number>),
}

/// Everything the faulty version reached, and the money on it.
#[derive(Clone, Debug, Default)]
pub struct Blast {
    pub web: Arc<Web>,
    pub entries: Arc<Entries>,
    pub taint: Arc<Taint>,
    pub books: Books,
    /// Places of payments in the ledger by class and clock; refunds are no payments of their own and stand last.
    pub by_class: Arc<[usize]>,
    /// Who, quarantined, would have spared most.
    pub cuts: Vec<Cut>,
    /// Served by the faulty version outside of a window that the responder moved: not counted as T0.
    pub outside: u64,
    pub changed: Changed,
    pub pairs: pairs::Pairs,
    /// What each answer is beside the other version's; see `pairs::DIFFERS`.
    pub beside: Arc<HashMap<Row, &'static str>>,
}

/// How many agents the containment hint names.
const MOST_CUTS: usize = 5;

/// What another window over the same snapshot need not read again.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub web: Option<Arc<Web>>,
    pub entries: Option<Arc<Entries>>,
}

/// Computes the blast of a window. `changed` is asked while the web is read.
pub fn blast(
    snapshot: &Snapshot,
    known: Known,
    window: &Window,
    changed: impl FnOnce() -> Result<Changed, WorkError>,
    rates: &Rates,
    cancel: &Cancel,
) -> Result<Blast, WorkError> {
    let (read, changed) = std::thread::scope(|scope| {
        let read = scope.spawn(|| {
            let web = known.web.map_or_else(|| web(snapshot, rates, cancel).map(Arc::new), Ok)?;
            let read = || Entries::read(snapshot, cancel).map(Arc::new);
            Ok::<_, WorkError>((web, known.entries.map_or_else(read, Ok)?))
        });
        let changed = changed();
        (joined(read), changed)
    });
    let ((web, entries), changed) = (read?, changed?);
    let (served, outside) = served(snapshot, &web, window)?;
    let nobody = BTreeSet::new();
    let agents = match &changed {
        Changed::Unknown => &nobody,
        Changed::Agents(agents) => agents,
    };
    let taint = spread(&web, &served, agents, rates, CLOCK_TOLERANCE);
    cancel.check()?;
    let start = start(snapshot, &web)?;
    let (books, cuts, pairs) = std::thread::scope(|scope| {
        let books = scope.spawn(|| books(snapshot, &entries, &taint, |at| window.is_live(at), cancel));
        let cuts = cuts(&web, &taint, start, MOST_CUTS);
        let pairs = pairs::count(snapshot, window, cancel);
        (joined(books), cuts, pairs)
    });
    let (books, pairs) = (books?, pairs?);
    let by_class = by_class(&books.ledger.payments);
    let (taint, beside) = (Arc::new(taint), Arc::new(pairs.words()));
    Ok(Blast { beside, web, entries, taint, books, by_class, cuts, outside, changed, pairs })
}

fn by_class(payments: &[Payment]) -> Arc<[usize]> {
    let mut places: Vec<usize> = (0..payments.len()).collect();
    places.sort_by_key(|place| {
        let payment = &payments[*place];
        (payment.refund.is_some(), payment.class, payment.clock(), *place)
    });
    places.into()
}

/// What a thread came to; its panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Payments that pay for what the faulty version served between two moments: what a shift of the window comes to.
pub fn direct(
    snapshot: &Snapshot,
    blast: &Blast,
    window: &Window,
    cancel: &Cancel,
) -> Result<u64, WorkError> {
    let (served, _) = served(snapshot, &blast.web, window)?;
    let mut alone = Web::clone(&blast.web);
    alone.kind.fill(Kind::Other);
    served.iter().for_each(|node| alone.kind[*node as usize] = Kind::Inference);
    let taint = spread(&alone, &served, &BTreeSet::new(), &Rates::default(), CLOCK_TOLERANCE);
    Ok(books(snapshot, &blast.entries, &taint, |_| false, cancel)?.ledger.count(Class::Direct))
}

/// Nodes that the faulty version effectively served, in time order; and how many lie outside of a moved window.
/// Where records share an id but not their bytes, one that it served makes all of them so: nobody can tell which is true.
fn served(snapshot: &Snapshot, web: &Web, window: &Window) -> Result<(Vec<u32>, u64), WorkError> {
    let (effective, models) = (snapshot.column(Column::Effective)?, snapshot.column(Column::Model)?);
    let (at, flags) = (snapshot.column(Column::At)?, snapshot.column(Column::Flags)?);
    let (mut nodes, mut outside) = (Vec::new(), 0);
    let mut conflicts: BTreeMap<u64, (bool, Vec<u32>)> = BTreeMap::new();
    for (node, row) in web.order.iter().enumerate() {
        if web.kind[node] != Kind::Inference {
            continue;
        }
        let faulty = window.faulty != 0
            && effective.value(*row) == window.faulty
            && models.value(*row) == window.model;
        if flags.value(*row) & Flags::CONFLICT != 0 {
            let same = conflicts.entry(snapshot.value(Column::Print, *row)?).or_default();
            same.0 |= faulty;
            same.1.push(node as u32);
        } else if faulty && window.includes(Nanos(at.value(*row).cast_signed())) {
            nodes.push(node as u32);
        } else {
            outside += u64::from(faulty);
        }
    }
    for (_, same) in conflicts.into_values().filter(|(faulty, _)| *faulty) {
        nodes.extend(same);
    }
    nodes.sort_unstable();
    Ok((nodes, outside))
}

impl Blast {
    pub fn ledger(&self) -> &Ledger {
        &self.books.ledger
    }

    /// Places of the payments of a class, by clock; no refunds.
    pub fn of_class(&self, class: Class) -> &[usize] {
        let payments = &self.books.ledger.payments;
        let rank = |place: &usize| (payments[*place].refund.is_some(), payments[*place].class);
        let from = self.by_class.partition_point(|place| rank(place) < (false, class));
        let to = self.by_class.partition_point(|place| rank(place) <= (false, class));
        &self.by_class[from..to]
    }

    pub fn impact(&self, snapshot: &Snapshot) -> Impact {
        let web = &self.web;
        let tiers = self.taint.counts(web);
        let mut reached = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for mark in &self.taint.marks {
            reached[(mark.tier as usize).saturating_sub(1)].insert(web.agent_of(mark.node));
        }
        let [certain, likely, possible] = reached.map(|agents| agents.len() as u64);
        let name = |number: Number| snapshot.name(Column::Agent, number).to_owned();
        Impact {
            tiers,
            agents: [certain, likely, possible],
            sanitized: self.taint.sanitized.len() as u64,
            by_tolerance: self.taint.by_tolerance,
            against_time: self.taint.against_time,
            dangling: web.dangling,
            unsettled: self.taint.is_unsettled,
            agents_analysed: self.changed != Changed::Unknown,
            outside: self.outside,
            containment: self
                .cuts
                .iter()
                .map(|cut| Spared {
                    agent: name(cut.agent),
                    at: cut.at.0,
                    spared: cut.spared,
                    row: cut.first.0,
                })
                .collect(),
            money: self
                .ledger()
                .assets
                .iter()
                .zip(&self.ledger().sums)
                .filter(|(_, sums)| sums.payments > 0)
                .map(|(asset, sums)| Money { asset: asset.clone(), sums: sums.clone() })
                .collect(),
            classes: Class::ALL.map(|class| self.ledger().count(class)),
            pairs: self.pairs.counts(),
            found: self.reconcile(),
        }
    }

    /// What SQL views say of it.
    pub fn reached(&self) -> Reached {
        let payments = self.ledger().payments.iter().enumerate().map(|(place, payment)| (payment.row, place));
        Reached {
            taint: Arc::clone(&self.taint),
            ledger: Arc::clone(&self.books.ledger),
            payments: Arc::new(payments.collect()),
            beside: Arc::clone(&self.beside),
        }
    }

    fn reconcile(&self) -> Vec<Found> {
        let requests = self.web.kind.iter().filter(|kind| **kind == Kind::Inference).count() as u64;
        let Books { ledger, settlements } = &self.books;
        reconcile(&Sight { ledger, settlements, pays: &self.entries.pays, requests })
    }

    /// The shortest chain to a row as rows, with the tier and the way of each.
    pub fn chain(&self, row: Row) -> Vec<(Row, crate::analysis::taint::Mark)> {
        self.taint.chain(&self.web, row).into_iter().map(|mark| (self.web.row(mark.node), mark)).collect()
    }
}

/// The numbers of a blast: what is kept in the case, so that opening it again needs no pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Impact {
    /// Things of T0 to T3.
    pub tiers: [Count; 4],
    /// Agents whose surest thing is certain, likely or possible; an agent may be in more than one.
    pub agents: [u64; 3],
    pub sanitized: u64,
    pub by_tolerance: u64,
    pub against_time: u64,
    pub dangling: u64,
    pub unsettled: bool,
    /// Whether T2 means anything: the agents were compared.
    pub agents_analysed: bool,
    pub outside: u64,
    pub containment: Vec<Spared>,
    pub money: Vec<Money>,
    /// Payments by class, in the order of `Class::ALL`, moved or not.
    pub classes: [u64; 6],
    pub pairs: pairs::PairCounts,
    /// What reconciliation found.
    pub found: Vec<Found>,
}

impl Impact {
    /// Certain (T0 + T1), likely (+ T2), possible (+ T3): always all three.
    pub fn three(&self) -> [u64; 3] {
        let [t0, t1, t2, t3] = self.tiers.map(Count::total);
        [t0 + t1, t0 + t1 + t2, t0 + t1 + t2 + t3]
    }
}

/// A line of the containment hint.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Spared {
    pub agent: String,
    pub at: i64,
    pub spared: u64,
    pub row: u32,
}

/// One asset's sums.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    pub asset: crate::analysis::money::Asset,
    pub sums: Sums,
}
