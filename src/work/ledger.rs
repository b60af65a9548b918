//! Payments and settlements of a case, read from columns: all states of one joined, members by tier.

use super::{Cancel, WorkError};
use crate::analysis::money::{Asset, Ledger, Members, Payment, State};
use crate::analysis::settled::{Mode, Settlement, SettlementState};
use crate::analysis::taint::Taint;
use crate::journal::batch::{EdgeKind, Flags, Transaction};
use crate::journal::{Column, Names};
use crate::model::{Amount, Kind, Nanos, Row, Tier};
use crate::store::{Chunk, Snapshot};
use crate::work::parallel::{each_chunk, sort};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What moved and what was settled.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub ledger: Arc<Ledger>,
    /// By the time of their last record.
    pub settlements: Vec<Settlement>,
}

/// Payments and settlements as the journals have them, whatever the window.
#[derive(Debug, Default)]
pub struct Entries {
    /// By the time of their last record.
    things: Vec<Thing>,
    /// Where each payment stands in the ledger, by its row.
    places: Vec<(Row, usize)>,
    /// Which inferences each payment names itself, by its place in the ledger.
    pub pays: Vec<Vec<Row>>,
}

impl Entries {
    pub fn read(snapshot: &Snapshot, cancel: &Cancel) -> Result<Self, WorkError> {
        let mut things = things(snapshot, cancel)?;
        things.sort_by_key(|thing| (thing.at, thing.row));
        let payments = || things.iter().filter(|thing| thing.kind == Kind::Payment);
        let mut places: Vec<_> = payments().zip(0..).map(|(thing, place)| (thing.row, place)).collect();
        places.sort_unstable();
        let pays = payments().map(|thing| thing.linked(EdgeKind::Pays).collect()).collect();
        Ok(Self { places, pays, things })
    }
}

/// Judges what was read. `is_live`: whether the faulty version was live anywhere then.
pub fn books(
    snapshot: &Snapshot,
    entries: &Entries,
    taint: &Taint,
    is_live: impl Fn(Nanos) -> bool,
    cancel: &Cancel,
) -> Result<Books, WorkError> {
    let Entries { things, places, .. } = entries;
    let sessions = sessions(snapshot, taint, things, cancel)?;
    let (assets, numbers) = assets(snapshot);
    let at = snapshot.column(Column::At)?;
    let moment = |row: Row| Nanos(at.value(row).cast_signed());
    let (mut payments, mut settlements) = (Vec::new(), Vec::new());
    for thing in things {
        match thing.kind {
            Kind::Payment => {
                let asset = numbers.get(&thing.last.asset).copied().unwrap_or(0);
                payments.push(thing.payment(snapshot, taint, &sessions, places, asset, moment)?);
            }
            _ => settlements.push(thing.settlement(snapshot, taint)?),
        }
    }
    Ok(Books { ledger: Arc::new(Ledger::new(assets, payments, is_live)), settlements })
}

/// A payment or settlement with the links of all its states.
#[derive(Debug)]
struct Thing {
    kind: Kind,
    row: Row,
    at: Nanos,
    last: Transaction,
    session: u64,
    /// In order, each once.
    links: Vec<(EdgeKind, Row)>,
    /// Ids in no journal, by kind: the most that any one state names.
    dangling: Vec<(EdgeKind, u64)>,
}

/// One record of one.
struct Stage {
    print: u64,
    kind: Kind,
    row: Row,
    at: Nanos,
    flags: u64,
    session: u64,
    transaction: Transaction,
    links: Vec<(EdgeKind, Option<Row>)>,
}

/// What orders records: one thing's together, by time. Then which of the stages it is.
type Key = (u64, Kind, Nanos, Row, (u32, u32));

fn things(snapshot: &Snapshot, cancel: &Cancel) -> Result<Vec<Thing>, WorkError> {
    let stages = each_chunk(snapshot, cancel, |n, chunk| stages(snapshot, n, chunk))?;
    // Keys are sorted and stages stay where they are: a stage is five times as large.
    let mut keys: Vec<Key> = Vec::with_capacity(stages.iter().map(Vec::len).sum());
    for (n, of_chunk) in (0..).zip(&stages) {
        let counted = (0..).zip(of_chunk).filter(|(_, stage)| stage.flags & Flags::DUPLICATE == 0);
        keys.extend(counted.map(|(m, stage)| (stage.print, stage.kind, stage.at, stage.row, (n, m))));
    }
    sort(&mut keys);
    cancel.check()?;
    let stage = |key: &Key| &stages[key.4.0 as usize][key.4.1 as usize];
    let groups = keys.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
    Ok(groups.flat_map(|group| joined(group.iter().map(stage))).collect())
}

fn stages(snapshot: &Snapshot, n: usize, chunk: &Chunk) -> Result<Vec<Stage>, crate::store::StoreError> {
    let transactions = snapshot.transactions(chunk)?;
    if transactions.is_empty() {
        return Ok(Vec::new());
    }
    let column = |column: Column| snapshot.passing(chunk, column);
    let (kinds, at, prints) = (column(Column::Kind)?, column(Column::At)?, column(Column::Print)?);
    let (flags, sessions) = (column(Column::Flags)?, column(Column::Session)?);
    let edges: Vec<_> = snapshot.resolved(chunk)?.iter().collect();
    let stage = |transaction: Transaction| {
        let place = transaction.place as usize;
        let from = edges.partition_point(|(other, _, _)| *other < place);
        let own = edges[from..].iter().take_while(|(other, _, _)| *other == place);
        Stage {
            print: prints.value(place),
            kind: Kind::from_code(kinds.value(place)),
            row: Row::new(n, place),
            at: Nanos(at.value(place).cast_signed()),
            flags: flags.value(place),
            session: sessions.value(place),
            transaction,
            links: own.map(|(_, kind, target)| (*kind, *target)).collect(),
        }
    };
    Ok(transactions.iter().map(stage).collect())
}

/// One thing for each record that nothing supersedes; its earlier states add what it leaves out. In the order of time.
fn joined<'s>(
    stages: impl DoubleEndedIterator<Item = &'s Stage> + Clone + 's,
) -> impl Iterator<Item = Thing> + 's {
    let is_earlier = |stage: &&Stage| stage.flags & Flags::SUPERSEDED != 0;
    let earlier = stages.clone().rev().filter(is_earlier);
    stages.filter(move |stage| !is_earlier(stage)).map(move |stage| {
        let mut thing = Thing {
            kind: stage.kind,
            row: stage.row,
            at: stage.at,
            last: stage.transaction,
            session: stage.session,
            links: Vec::new(),
            dangling: Vec::new(),
        };
        thing.add(stage);
        earlier.clone().for_each(|stage| thing.add(stage));
        thing.links.sort_unstable();
        thing.links.dedup();
        thing.links.shrink_to_fit();
        thing
    })
}

impl Thing {
    fn add(&mut self, stage: &Stage) {
        let (own, other) = (&mut self.last, &stage.transaction);
        own.settled_at = own.settled_at.or(other.settled_at);
        own.receipt = own.receipt.or(other.receipt);
        own.size = own.size.or(other.size);
        if own.tx == 0 {
            (own.tx, own.form) = (other.tx, other.form);
        }
        own.leaf = if own.leaf == 0 { other.leaf } else { own.leaf };
        self.session = if self.session == 0 { stage.session } else { self.session };
        self.links.extend(stage.links.iter().filter_map(|(kind, target)| Some((*kind, (*target)?))));
        for kind in EdgeKind::ALL {
            let lost = stage.links.iter().filter(|(other, target)| *other == kind && target.is_none()).count()
                as u64;
            match self.dangling.iter_mut().find(|(other, _)| *other == kind) {
                Some((_, most)) => *most = (*most).max(lost),
                None if lost > 0 => self.dangling.push((kind, lost)),
                None => {}
            }
        }
    }

    fn linked(&self, kind: EdgeKind) -> impl Iterator<Item = Row> {
        let from = self.links.partition_point(|(other, _)| *other < kind);
        self.links[from..].iter().take_while(move |(other, _)| *other == kind).map(|(_, row)| *row)
    }

    fn lost(&self, kind: EdgeKind) -> u64 {
        self.dangling.iter().find(|(other, _)| *other == kind).map_or(0, |(_, count)| *count)
    }

    /// Names no inference itself, only a session.
    fn pays_by_session(&self) -> bool {
        self.kind == Kind::Payment
            && self.session != 0
            && self.linked(EdgeKind::Pays).next().is_none()
            && self.lost(EdgeKind::Pays) == 0
            && self.linked(EdgeKind::RefundOf).next().is_none()
    }

    fn payment(
        &self,
        snapshot: &Snapshot,
        taint: &Taint,
        sessions: &HashMap<u64, Session>,
        places: &[(Row, usize)],
        asset: usize,
        moment: impl Fn(Row) -> Nanos,
    ) -> Result<Payment, WorkError> {
        let value = |column: Column| snapshot.value(column, self.row);
        let mut members = Members { unknown: self.lost(EdgeKind::Pays), ..Members::default() };
        let mut inferred = None;
        for row in self.linked(EdgeKind::Pays) {
            members.add(taint.tier(row));
            stretch(&mut inferred, moment(row));
        }
        if let Some(session) = sessions.get(&self.session).filter(|_| self.pays_by_session()) {
            (members, inferred) = (session.members, session.span);
        }
        let mut causes = self.linked(EdgeKind::Cause).map(|row| taint.tier(row)).peekable();
        let caused = causes.peek().is_some().then(|| causes.flatten().min());
        let refund = match self.linked(EdgeKind::RefundOf).next() {
            Some(of) => Some(places.binary_search_by_key(&of, |(row, _)| *row).ok().map(|n| places[n].1)),
            None => (self.lost(EdgeKind::RefundOf) > 0).then_some(None),
        };
        Ok(Payment {
            row: self.row,
            at: self.at,
            payer: value(Column::Agent)?,
            payee: value(Column::Peer)?,
            amount: self.last.amount,
            asset,
            state: State::of(snapshot.name(Column::State, value(Column::State)?), self.last.receipt),
            settled_at: self.last.settled_at,
            tx: self.last.tx,
            form: self.last.form,
            members,
            inferred,
            caused,
            refund,
            class: crate::analysis::money::Class::Clear,
            tainted: Amount::ZERO,
            refunded: Amount::ZERO,
        })
    }

    fn settlement(&self, snapshot: &Snapshot, taint: &Taint) -> Result<Settlement, WorkError> {
        let value = |column: Column| snapshot.value(column, self.row);
        let members: Vec<Row> = self.linked(EdgeKind::Settles).collect();
        let faulty = members.iter().filter(|row| taint.tier(**row) == Some(Tier::T0)).count() as u64;
        let state = snapshot.name(Column::State, value(Column::State)?);
        Ok(Settlement {
            row: self.row,
            at: self.at,
            mode: Mode::of(snapshot.name(Column::Category, value(Column::Category)?)),
            state: SettlementState::of(state, self.last.receipt),
            settled_at: self.last.settled_at,
            tx: self.last.tx,
            form: self.last.form,
            leaf: self.last.leaf,
            size: self.last.size,
            members,
            faulty,
            unknown: self.lost(EdgeKind::Settles),
        })
    }
}

/// The inferences of a session that a payment names without naming them.
#[derive(Clone, Copy, Debug, Default)]
struct Session {
    members: Members,
    span: Option<(Nanos, Nanos)>,
}

fn stretch(span: &mut Option<(Nanos, Nanos)>, at: Nanos) {
    *span = Some(span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
}

fn sessions(
    snapshot: &Snapshot,
    taint: &Taint,
    things: &[Thing],
    cancel: &Cancel,
) -> Result<HashMap<u64, Session>, WorkError> {
    let wanted: BTreeSet<u64> =
        things.iter().filter(|thing| thing.pays_by_session()).map(|thing| thing.session).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let found = each_chunk(snapshot, cancel, |n, chunk| {
        let mut own: BTreeMap<u64, Session> = BTreeMap::new();
        let column = |column: Column| snapshot.passing(chunk, column);
        let sessions = column(Column::Session)?;
        if sessions.same() == Some(0) {
            return Ok(own);
        }
        let (kinds, flags, at) = (column(Column::Kind)?, column(Column::Flags)?, column(Column::At)?);
        sessions.each(|place, session| {
            let counts = session != 0
                && kinds.value(place) == Kind::Inference as u64
                && flags.value(place) & Flags::DUPLICATE == 0;
            if counts && wanted.contains(&session) {
                let own = own.entry(session).or_default();
                own.members.add(taint.tier(Row::new(n, place)));
                stretch(&mut own.span, Nanos(at.value(place).cast_signed()));
            }
        });
        Ok(own)
    })?;
    let mut all: HashMap<u64, Session> = HashMap::new();
    for (session, more) in found.into_iter().flatten() {
        let own = all.entry(session).or_default();
        own.members.of_session = true;
        own.members.clean += more.members.clean;
        for (sum, n) in own.members.tiers.iter_mut().zip(more.members.tiers) {
            *sum += n;
        }
        if let Some((from, to)) = more.span {
            stretch(&mut own.span, from);
            stretch(&mut own.span, to);
        }
    }
    Ok(all)
}

/// Symbol, decimals, chain, contract, as `journal::read::asset_name` wrote them.
type Described = (Option<String>, Option<u8>, Option<String>, Option<String>);

/// Assets in the order they were met first, and the place of each name among them.
fn assets(snapshot: &Snapshot) -> (Vec<Asset>, HashMap<u64, usize>) {
    let mut assets: Vec<Asset> = Vec::new();
    let mut places: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    let mut numbers = HashMap::new();
    for (text, number) in snapshot.names(Names::Asset).texts().iter().zip(1..) {
        let (symbol, decimals, chain, contract): Described = serde_json::from_str(text).unwrap_or_default();
        let (symbol, chain, contract) =
            (symbol.unwrap_or_default(), chain.unwrap_or_default(), contract.unwrap_or_default());
        // A contract is what it is, whatever a record calls it.
        let name = if contract.is_empty() { symbol.clone() } else { String::new() };
        let place = *places.entry((chain.clone(), contract.clone(), name)).or_insert(assets.len());
        match assets.get_mut(place) {
            None => assets.push(Asset { symbol, decimals, chain, contract, is_disputed: false }),
            Some(known) if known.is_disputed || (&known.symbol, known.decimals) == (&symbol, decimals) => {}
            Some(known) => {
                known.is_disputed = true;
                known.decimals = known.decimals.filter(|same| Some(*same) == decimals);
            }
        }
        numbers.insert(number, place);
    }
    if assets.is_empty() {
        assets.push(Asset::default());
    }
    (assets, numbers)
}
