//! Which version each node was told to serve, when: the deployments, folded into intervals (ANALYSIS §1, "scheduled").

use super::Number;
use crate::model::Nanos;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// One `deployment` record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub at: Nanos,
    pub node: Number,
    pub model: Number,
    pub version: Number,
    pub active: bool,
    /// Its reason is `rollback`.
    pub rollback: bool,
}

/// A node serves a version from one moment to another; open where nothing ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub node: Number,
    pub model: Number,
    pub version: Number,
    pub from: Nanos,
    pub to: Option<Nanos>,
}

/// From this moment a node serves this version; 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Switch {
    at: Nanos,
    version: Number,
}

/// Every node's switches, per model, in time order.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    lanes: BTreeMap<(Number, Number), Vec<Switch>>,
}

impl Schedule {
    /// Folds deployments of any order. `active` ends the node's previous version of the model; `inactive` ends its own.
    pub fn new(deployments: &[Deployment]) -> Self {
        let mut sorted = deployments.to_vec();
        sorted.sort_by_key(|deployment| deployment.at);
        let mut lanes: BTreeMap<_, Vec<Switch>> = BTreeMap::new();
        for deployment in sorted {
            let lane = lanes.entry((deployment.node, deployment.model)).or_default();
            let now = lane.last().map(|switch| switch.version);
            let version = match deployment.active {
                true => deployment.version,
                false if now == Some(deployment.version) => 0,
                false => continue,
            };
            // A restart of the same version is no switch.
            if now != Some(version) {
                lane.push(Switch { at: deployment.at, version });
            }
        }
        Self { lanes }
    }

    /// The version a node was told to serve; 0 where that is unknown, or too close to a switch to tell.
    pub fn version_at(&self, node: Number, model: Number, at: Nanos, tolerance: Span) -> Number {
        let Some(lane) = self.lanes.get(&(node, model)) else {
            return 0;
        };
        let next = lane.partition_point(|switch| switch.at <= at);
        let near = |switch: &Switch| switch.at.since(at).0.saturating_abs() <= tolerance.0;
        let Some(current) = next.checked_sub(1).map(|current| &lane[current]) else {
            return 0;
        };
        if near(current) || lane.get(next).is_some_and(near) { 0 } else { current.version }
    }

    /// All intervals, by node, model and time.
    pub fn intervals(&self) -> impl Iterator<Item = Interval> {
        self.lanes.iter().flat_map(|(&(node, model), lane)| {
            lane.iter().enumerate().filter(|(_, switch)| switch.version != 0).map(move |(n, switch)| {
                Interval {
                    node,
                    model,
                    version: switch.version,
                    from: switch.at,
                    to: lane.get(n + 1).map(|next| next.at),
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn deployment(seconds: i64, version: Number, active: bool) -> Deployment {
        Deployment { at: Nanos(seconds * SECOND), node: 1, model: 1, version, active, rollback: false }
    }

    fn version_at(schedule: &Schedule, seconds: i64) -> Number {
        schedule.version_at(1, 1, Nanos(seconds * SECOND), Span::seconds(2))
    }

    #[test]
    fn a_switch_ends_the_version_before_it_and_blurs_two_seconds() {
        let schedule =
            Schedule::new(&[deployment(200, 2, true), deployment(100, 1, true), deployment(300, 1, true)]);
        for (seconds, version) in
            [(50, 0), (99, 0), (101, 0), (103, 1), (197, 1), (198, 0), (202, 0), (203, 2), (900, 1)]
        {
            assert_eq!(version_at(&schedule, seconds), version, "at {seconds} s");
        }
        let faulty: Vec<_> = schedule.intervals().filter(|interval| interval.version == 2).collect();
        assert_eq!((faulty[0].from, faulty[0].to), (Nanos(200 * SECOND), Some(Nanos(300 * SECOND))));
    }

    #[test]
    fn inactive_ends_only_its_own_version_and_a_restart_changes_nothing() {
        let schedule = Schedule::new(&[
            deployment(100, 1, true),
            deployment(150, 1, true),
            deployment(160, 7, false),
            deployment(200, 1, false),
        ]);
        assert_eq!(version_at(&schedule, 150), 1);
        assert_eq!(version_at(&schedule, 160), 1);
        assert_eq!(version_at(&schedule, 300), 0);
        assert_eq!(schedule.intervals().count(), 1);
    }
}
