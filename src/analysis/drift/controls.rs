//! What agents without exposure did, as running sums over time: any stretch is one subtraction.

use super::strip::{Event, What};
use super::{COLUMNS, Counts, phases};
use std::ops::Range;

/// Fewer controls, or fewer of their records, are no control group.
pub const FEWEST_AGENTS: usize = 20;
pub const FEWEST_RECORDS: u64 = 1_000;
/// Time is cut into so many slots at most; five minutes each for three days.
const SLOTS: u32 = 1_024;

/// Counts of all controls together up to the beginning of each slot.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    pub agents: usize,
    pub records: u64,
    slot: u32,
    upto: Vec<Counts>,
}

/// Counts in the making: of one part of the controls, in slots not yet summed up.
#[derive(Clone, Debug)]
pub struct Gathering {
    slot: u32,
    agents: usize,
    records: u64,
    slots: Vec<Counts>,
}

impl Gathering {
    /// For time up to a last tick.
    pub fn upto(last: u32) -> Self {
        let slot = last / SLOTS + 1;
        Self { slot, agents: 0, records: 0, slots: vec![[0; COLUMNS]; (last / slot) as usize + 1] }
    }

    pub fn add(&mut self, events: &[Event], pairs: &[u8]) {
        self.agents += 1;
        self.records += events.len() as u64;
        let mut last = None;
        for event in events {
            let place = ((event.tick() / self.slot) as usize).min(self.slots.len() - 1);
            let counts = &mut self.slots[place];
            let what = event.what();
            phases::count(counts, what);
            match what {
                What::Request { .. } => counts[COLUMNS - 1] += 1,
                What::Action { category, .. } => {
                    if let Some(before) = last.replace(category) {
                        phases::count_pair(counts, before, category, pairs);
                    }
                }
            }
        }
    }

    pub fn joined(mut self, other: &Self) -> Self {
        self.agents += other.agents;
        self.records += other.records;
        for (own, more) in self.slots.iter_mut().zip(&other.slots) {
            own.iter_mut().zip(more).for_each(|(own, more)| *own = own.saturating_add(*more));
        }
        self
    }

    pub fn done(self) -> Controls {
        let mut upto = Vec::with_capacity(self.slots.len() + 1);
        let mut sum = [0u32; COLUMNS];
        upto.push(sum);
        for slot in &self.slots {
            sum.iter_mut().zip(slot).for_each(|(sum, n)| *sum = sum.saturating_add(*n));
            upto.push(sum);
        }
        Controls { agents: self.agents, records: self.records, slot: self.slot, upto }
    }
}

impl Controls {
    /// Whether there are enough of them to say what would have happened without the fault.
    pub fn are_a_group(&self) -> bool {
        self.agents >= FEWEST_AGENTS && self.records >= FEWEST_RECORDS
    }

    /// What they did in a stretch of time, to the slot.
    pub fn within(&self, span: &Range<u32>) -> Counts {
        let slot = |tick: u32| ((tick / self.slot.max(1)) as usize).min(self.upto.len().saturating_sub(1));
        let (from, to) = (slot(span.start), slot(span.end.saturating_add(self.slot / 2)));
        let mut counts = [0; COLUMNS];
        if let (Some(before), Some(after)) = (self.upto.get(from), self.upto.get(to.max(from))) {
            for ((count, before), after) in counts.iter_mut().zip(before).zip(after) {
                *count = after - before;
            }
        }
        counts
    }
}

/// What is left of `all` without `part`, never below nothing.
pub fn without(all: &Counts, part: &Counts) -> Counts {
    let mut rest = *all;
    rest.iter_mut().zip(part).for_each(|(all, part)| *all = all.saturating_sub(*part));
    rest
}
