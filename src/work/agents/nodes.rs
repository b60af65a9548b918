//! What each node's outcomes say of the version it ran, beside what it was told and what it attested (ANALYSIS §4).

use super::scales::Scales;
use crate::analysis::behaviour::{Mixes, Mute, stretches};
use crate::analysis::drift::strip::Clock;
use crate::analysis::window::{NodeState, NodeWindow};
use crate::analysis::{Number, Window};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::time::{MINUTE, Span};
use crate::model::{Evidence, Kind, Nanos};
use crate::store::{Chunk, Snapshot, StoreError};
use crate::work::fold::Fold;
use crate::work::parallel::each_chunk;
use crate::work::{Cancel, WorkError};
use std::collections::BTreeMap;

/// What the mixes of both versions were learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    Attested,
    /// Too little is attested: what nodes were told is taken for what they ran.
    Scheduled,
}

impl Learned {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Scheduled => "scheduled",
        }
    }
}

/// A stretch of time in which a node behaved like the faulty version.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaved {
    pub from: Nanos,
    pub to: Nanos,
    /// By how much either edge may be off.
    pub error: (Span, Span),
    pub evidence: f64,
}

/// What behaviour says of all nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nodes {
    pub learned: Option<Learned>,
    /// Why it says nothing, where it does not.
    pub mute: Option<Mute>,
    pub behaved: BTreeMap<Number, Vec<Behaved>>,
}

/// Outcomes by category; the last column of a scale is "the rest".
const CATEGORIES: usize = 16;
/// Five minutes, or as much more as keeps a journal of years to so many slots.
const SLOTS: i64 = 8_192;
/// Less than this beside what a node was told is no contradiction.
const ASIDE: Span = Span(15 * MINUTE);

impl Nodes {
    pub fn new(
        snapshot: &Snapshot,
        window: &Window,
        scales: &Scales,
        fold: &Fold,
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let (from, to) = fold.span.unwrap_or_default();
        let slot = ((to.saturating_sub(from)) / SLOTS + 1).max(5 * MINUTE);
        let reading = Reading { snapshot, window, scales, clock: Clock { base: from, unit: slot } };
        let learned = each_chunk(snapshot, cancel, |_, chunk| reading.learn(chunk))?.into_iter().fold(
            Lessons::default(),
            |mut all, part| {
                all.add(&part);
                all
            },
        );
        let (which, mixes) = learned.choose();
        if let Err(mute) = mixes.speak() {
            return Ok(Self { learned: Some(which), mute: Some(mute), behaved: BTreeMap::new() });
        }
        let ratios: BTreeMap<Number, Vec<f64>> =
            learned.own.iter().map(|(node, own)| (*node, mixes.ratios(own))).collect();
        let parts = each_chunk(snapshot, cancel, |_, chunk| reading.weigh(chunk, &ratios))?;
        let mut slots: BTreeMap<Number, Vec<f64>> = BTreeMap::new();
        let count = usize::try_from((to - from) / slot + 1).unwrap_or(1);
        for ((node, place), ratio) in parts.into_iter().flatten() {
            let own = slots.entry(node).or_insert_with(|| vec![0.0; count]);
            own[(place as usize).min(count - 1)] += ratio;
        }
        let edge = |place: usize| reading.clock.at(u32::try_from(place).unwrap_or(u32::MAX));
        let width = |slots: usize| Span(slot.saturating_mul(i64::try_from(slots).unwrap_or(i64::MAX)));
        let behaved = slots.into_iter().map(|(node, slots)| {
            let found = stretches(&slots).into_iter().map(|one| Behaved {
                from: edge(one.from),
                to: edge(one.to),
                error: (width(one.error.0), width(one.error.1)),
                evidence: one.evidence,
            });
            (node, found.collect())
        });
        Ok(Self { learned: Some(which), mute: None, behaved: behaved.collect() })
    }

    pub fn of(&self, node: Number) -> &[Behaved] {
        self.behaved.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Stretches that nothing it was told explains: it declares another version and behaves like the faulty one.
    pub fn contradictions<'b>(&'b self, node: Number, told: Option<&'b NodeWindow>) -> Vec<&'b Behaved> {
        let scheduled = told.map_or(&[][..], |told| told.scheduled.as_slice());
        let explained = |one: &Behaved| {
            scheduled.iter().any(|(from, to)| {
                let begins = *from - ASIDE - one.error.0;
                let ends = to.map_or(Nanos::MAX, |to| to + ASIDE + one.error.1);
                one.from < ends && one.to > begins && one.from >= begins && one.to <= ends
            })
        };
        self.of(node).iter().filter(|one| !explained(one)).collect()
    }

    /// The state of a node where nothing attested or scheduled is odd about it: its behaviour may be.
    pub fn state(&self, node: Number, told: Option<&NodeWindow>, rolled_back: Option<Nanos>) -> NodeState {
        let known = told.map_or(NodeState::Ok, |told| told.state);
        let odd = self.contradictions(node, told);
        if known != NodeState::Ok || odd.is_empty() {
            return known;
        }
        let scheduled = told.and_then(|told| Some((told.scheduled.first()?.0, told.scheduled.last()?.1)));
        match scheduled {
            Some((from, _)) if odd.iter().all(|one| one.from < from && one.to >= from) => NodeState::Early,
            Some((_, Some(to)))
                if odd.iter().all(|one| one.from <= to && rolled_back.is_some_and(|at| one.to > at)) =>
            {
                NodeState::Straggler
            }
            _ => NodeState::Forged,
        }
    }
}

struct Reading<'r> {
    snapshot: &'r Snapshot,
    window: &'r Window,
    scales: &'r Scales,
    clock: Clock,
}

/// Outcome counts of both versions by evidence, and each node's own of the good one.
#[derive(Default)]
struct Lessons {
    attested: [Vec<f64>; 2],
    scheduled: [Vec<f64>; 2],
    own: BTreeMap<Number, Vec<f64>>,
}

impl Lessons {
    fn count(counts: &mut Vec<f64>, category: usize) {
        counts.resize(CATEGORIES, 0.0);
        counts[category] += 1.0;
    }

    fn add(&mut self, other: &Self) {
        let join = |own: &mut Vec<f64>, more: &[f64]| {
            own.resize(CATEGORIES, 0.0);
            own.iter_mut().zip(more).for_each(|(own, more)| *own += more);
        };
        for (own, more) in self.attested.iter_mut().zip(&other.attested) {
            join(own, more);
        }
        for (own, more) in self.scheduled.iter_mut().zip(&other.scheduled) {
            join(own, more);
        }
        for (node, more) in &other.own {
            join(self.own.entry(*node).or_default(), more);
        }
    }

    fn choose(&self) -> (Learned, Mixes) {
        let mixes = |from: &[Vec<f64>; 2]| Mixes { good: from[0].clone(), faulty: from[1].clone() };
        let attested = mixes(&self.attested);
        match attested.speak() {
            Err(Mute::TooFew) => (Learned::Scheduled, mixes(&self.scheduled)),
            _ => (Learned::Attested, attested),
        }
    }
}

impl Reading<'_> {
    /// Calls `f(place, node, outcome)` for every counted request of the model that names a node.
    fn requests(&self, chunk: &Chunk, mut f: impl FnMut(usize, Number, usize)) -> Result<(), StoreError> {
        let column = |column: Column| self.snapshot.passing(chunk, column);
        let (kind, flags, node) = (column(Column::Kind)?, column(Column::Flags)?, column(Column::Node)?);
        let (model, state, category) =
            (column(Column::Model)?, column(Column::State)?, column(Column::Category)?);
        kind.each(|place, code| {
            let ours = code == Kind::Inference as u64
                && flags.value(place) & Flags::DUPLICATE == 0
                && model.value(place) == self.window.model
                && node.value(place) != 0;
            if ours {
                let outcome = self.scales.outcomes.column((state.value(place), category.value(place)));
                f(place, node.value(place), outcome as usize);
            }
        });
        Ok(())
    }

    fn learn(&self, chunk: &Chunk) -> Result<Lessons, StoreError> {
        let column = |column: Column| self.snapshot.passing(chunk, column);
        let (effective, evidence) = (column(Column::Effective)?, column(Column::Evidence)?);
        let at = column(Column::At)?;
        let begun = self.window.begun().unwrap_or(Nanos::MAX);
        let mut lessons = Lessons::default();
        self.requests(chunk, |place, node, outcome| {
            let version = effective.value(place);
            let faulty = usize::from(version == self.window.faulty);
            match Evidence::from_code(evidence.value(place)) {
                Evidence::Attested => Lessons::count(&mut lessons.attested[faulty], outcome),
                Evidence::Scheduled => Lessons::count(&mut lessons.scheduled[faulty], outcome),
                _ => return,
            }
            // Before the incident a node's own outcomes are good ones, whatever it hides later.
            if faulty == 0 && at.value(place).cast_signed() < begun.0 {
                Lessons::count(lessons.own.entry(node).or_default(), outcome);
            }
        })?;
        Ok(lessons)
    }

    fn weigh(
        &self,
        chunk: &Chunk,
        ratios: &BTreeMap<Number, Vec<f64>>,
    ) -> Result<BTreeMap<(Number, u32), f64>, StoreError> {
        let at = self.snapshot.passing(chunk, Column::At)?;
        let mut slots: BTreeMap<(Number, u32), f64> = BTreeMap::new();
        let mut last: Option<(Number, &[f64])> = None;
        self.requests(chunk, |place, node, outcome| {
            let own = match last {
                Some((known, own)) if known == node => Some(own),
                _ => ratios.get(&node).map(Vec::as_slice),
            };
            let Some(own) = own else { return };
            last = Some((node, own));
            let slot = self.clock.tick(Nanos(at.value(place).cast_signed()));
            *slots.entry((node, slot)).or_default() += own[outcome.min(CATEGORIES - 1)];
        })?;
        Ok(slots)
    }
}
