//! One agent over time: how much it asked, what the faulty version answered, and how often it did what changed most.

use super::{Agent, Agents};
use crate::analysis::drift::strip::{Served, What};
use crate::analysis::drift::{COLUMNS, Counts, Feature, phases};
use crate::model::Nanos;

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub requests: u32,
    pub faulty: u32,
    /// Records of the feature that is followed, and those of them in the category that moved the most.
    pub records: u32,
    pub moved: u32,
}

/// From the first record of the case to the last, in equal buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub from: Nanos,
    pub to: Nanos,
    pub buckets: Vec<Bucket>,
    /// What `moved` counts, as a column of a feature.
    pub followed: Option<(Feature, usize)>,
}

pub fn trace(agents: &Agents, agent: &Agent, edges: (Option<Nanos>, Option<Nanos>), buckets: usize) -> Trace {
    let strips = &agents.base.aggregate.strips;
    let last = agents.base.calibration.last;
    let followed =
        agent.foremost().filter(|feature| *feature != Feature::Volume && *feature != Feature::Transitions);
    let followed = followed.and_then(|feature| {
        let tally = agents.tally(agent, edges)?;
        let share = |phase: usize, column: usize| {
            let counts: &Counts = &tally.phases[phase];
            let all: u32 = counts[feature.columns()].iter().sum();
            if all == 0 { 0.0 } else { f64::from(counts[column]) / f64::from(all) }
        };
        let rise = |column: &usize| share(1, *column) - share(0, *column);
        let most = feature.columns().max_by(|a, b| rise(a).total_cmp(&rise(b)).then(b.cmp(a)))?;
        Some((feature, most))
    });
    let mut found = vec![Bucket::default(); buckets.max(1)];
    let width = u64::from(last) + 1;
    for event in strips.of(agent.place) {
        let place = (u64::from(event.tick()) * found.len() as u64 / width) as usize;
        let Some(bucket) = found.get_mut(place) else { continue };
        let what = event.what();
        if let What::Request { served, .. } = what {
            bucket.requests += 1;
            bucket.faulty += u32::from(served == Served::Faulty);
        }
        if let Some((feature, column)) = followed {
            let mut counts = [0; COLUMNS];
            phases::count(&mut counts, what);
            bucket.records += counts[feature.columns()].iter().sum::<u32>();
            bucket.moved += counts[column];
        }
    }
    let followed = followed.map(|(feature, column)| (feature, column - feature.columns().start));
    Trace { from: strips.clock.at(0), to: strips.clock.at(last), buckets: found, followed }
}
