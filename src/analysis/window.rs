//! The faulty window: per node, as scheduled and as observed, and who kept serving after it (ANALYSIS §2).

use super::schedule::Interval;
use super::{Incident, Number, Schedule};
use crate::model::Nanos;
use crate::model::time::{MINUTE, Span};
use std::collections::BTreeMap;

/// How a node behaved around the faulty release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeState {
    #[default]
    Ok,
    /// Served the faulty version before it was told to.
    Early,
    /// Went on serving it after the rollback.
    Straggler,
    /// Was switched to it more than once.
    Flapping,
    /// Was told, or says, another version, and its enclave proves the faulty one.
    Forged,
}

impl NodeState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Early => "early",
            Self::Straggler => "straggler",
            Self::Flapping => "flapping",
            Self::Forged => "forged",
        }
    }
}

/// Requests of one node that the faulty version effectively served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    pub first: Nanos,
    pub last: Nanos,
    pub requests: u64,
    /// Of them: attested faulty while the schedule names another version.
    pub against_schedule: u64,
    /// First and last of those.
    pub against: Option<(Nanos, Nanos)>,
}

/// One node's part in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeWindow {
    pub node: Number,
    /// Scheduled intervals of the faulty version, in time order; open where nothing ended one.
    pub scheduled: Vec<(Nanos, Option<Nanos>)>,
    pub observed: Option<Observed>,
    pub state: NodeState,
}

impl NodeWindow {
    /// From the first moment to the last: as scheduled, stretched by what was observed.
    pub fn from(&self) -> Option<Nanos> {
        let scheduled = self.scheduled.first().map(|(from, _)| *from);
        let observed = self.observed.map(|observed| observed.first);
        scheduled.into_iter().chain(observed).min()
    }

    pub fn to(&self) -> Option<Nanos> {
        let scheduled = self.scheduled.last().map(|(_, to)| *to);
        match (scheduled, self.observed) {
            (Some(None), _) => None,
            (Some(Some(to)), Some(observed)) => Some(to.max(observed.last)),
            (Some(Some(to)), None) => Some(to),
            (None, observed) => observed.map(|observed| observed.last),
        }
    }
}

/// The window of one incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub model: Number,
    pub faulty: Number,
    pub good: Number,
    /// When people wrote it down, and when they called it mitigated.
    pub declared: (Option<Nanos>, Option<Nanos>),
    /// The hull of all nodes' scheduled intervals; its end is open while a node has not been switched away.
    pub scheduled: (Option<Nanos>, Option<Nanos>),
    /// First and last request the faulty version effectively served.
    pub observed: (Option<Nanos>, Option<Nanos>),
    /// Service of the faulty version after this moment is late.
    pub rolled_back: Option<Nanos>,
    pub nodes: Vec<NodeWindow>,
    /// The edges the responder set, where they did.
    pub moved: (Option<Nanos>, Option<Nanos>),
}

/// What it takes to call a node forged or early rather than badly timed: this many requests…
const ENOUGH: u64 = 2;
/// …over this long.
const LONG_ENOUGH: Span = Span(MINUTE);
/// Rollbacks this close to the one before belong to the same staged rollback.
const STAGE: Span = Span(15 * MINUTE);

impl Window {
    /// Computes the window of an incident from the schedule and from what nodes were observed to serve.
    pub fn new(
        incident: &Incident,
        schedule: &Schedule,
        observed: &BTreeMap<Number, Observed>,
        tolerance: Span,
    ) -> Self {
        let ours = |i: &Interval| (i.model, i.version) == (incident.model, incident.faulty);
        let mut scheduled: BTreeMap<Number, Vec<_>> = BTreeMap::new();
        for interval in schedule.intervals().filter(ours) {
            scheduled.entry(interval.node).or_default().push((interval.from, interval.to));
        }
        for node in observed.keys() {
            scheduled.entry(*node).or_default();
        }
        let declared = incident.declared();
        let rolled_back = declared.1.or_else(|| staged_end(&scheduled)).map(|at| at + tolerance);
        let nodes: Vec<NodeWindow> = scheduled
            .into_iter()
            .map(|(node, scheduled)| {
                let observed = observed.get(&node).copied();
                let state = state(&scheduled, observed, rolled_back, tolerance);
                NodeWindow { node, scheduled, observed, state }
            })
            .collect();
        let starts = nodes.iter().flat_map(|node| node.scheduled.first()).map(|(from, _)| *from);
        let ends: Vec<Option<Nanos>> =
            nodes.iter().flat_map(|node| node.scheduled.last()).map(|(_, to)| *to).collect();
        let observed_all = nodes.iter().filter_map(|node| node.observed);
        Self {
            model: incident.model,
            faulty: incident.faulty,
            good: incident.good,
            declared,
            scheduled: (
                starts.min(),
                ends.iter().copied().collect::<Option<Vec<_>>>().and_then(|e| e.into_iter().max()),
            ),
            observed: (
                observed_all.clone().map(|observed| observed.first).min(),
                observed_all.map(|observed| observed.last).max(),
            ),
            rolled_back,
            nodes,
            moved: (None, None),
        }
    }

    /// The moment the faulty version began to matter: as moved, else as scheduled, observed or declared.
    pub fn from(&self) -> Option<Nanos> {
        self.moved.0.or(self.begun())
    }

    /// The same as the journals have it, whatever was moved.
    pub fn begun(&self) -> Option<Nanos> {
        self.scheduled.0.or(self.observed.0).or(self.declared.0)
    }

    /// The end for all nodes that went with the rollback; those that did not are told beside it (`late_nodes`).
    pub fn to(&self) -> Option<Nanos> {
        let ends = self.nodes.iter().filter_map(|node| node.scheduled.last().and_then(|(_, to)| *to));
        let is_live = self.nodes.iter().any(|node| node.scheduled.last().is_some_and(|(_, to)| to.is_none()));
        if is_live && self.rolled_back.is_none() {
            return self.moved.1;
        }
        let regular = ends.filter(|end| self.rolled_back.is_none_or(|rolled_back| *end <= rolled_back)).max();
        self.moved.1.or(regular).or(self.declared.1).or(self.observed.1)
    }

    /// Nodes on which the faulty version was live, or served, after the rollback.
    pub fn late_nodes(&self) -> impl Iterator<Item = &NodeWindow> {
        let late = |node: &&NodeWindow, rolled_back| node.to().is_none_or(|to| to > rolled_back);
        self.nodes
            .iter()
            .filter(move |node| self.rolled_back.is_some_and(|rolled_back| late(node, rolled_back)))
    }

    /// Whether a request at this moment counts: always, unless the responder moved an edge past it.
    pub fn includes(&self, at: Nanos) -> bool {
        self.moved.0.is_none_or(|from| at >= from) && self.moved.1.is_none_or(|to| at <= to)
    }

    /// Whether the faulty version was live on any node, as scheduled or as observed; edges that were moved count as moved.
    pub fn is_live(&self, at: Nanos) -> bool {
        let told = |node: &NodeWindow| {
            node.scheduled.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at <= to))
        };
        let seen = |node: &NodeWindow| node.observed.is_some_and(|o| o.first <= at && at <= o.last);
        let moved = self.moved != (None, None)
            && self.from().is_some_and(|from| from <= at)
            && self.to().is_none_or(|to| at <= to);
        self.includes(at) && (moved || self.nodes.iter().any(|node| told(node) || seen(node)))
    }

    pub fn nodes_in(&self, state: NodeState) -> impl Iterator<Item = &NodeWindow> {
        self.nodes.iter().filter(move |node| node.state == state)
    }
}

/// Where nobody declared the end: the end of the staged rollback, which goes on while each step follows soon.
fn staged_end(scheduled: &BTreeMap<Number, Vec<(Nanos, Option<Nanos>)>>) -> Option<Nanos> {
    let mut ends: Vec<Nanos> =
        scheduled.values().filter_map(|node| node.last().and_then(|(_, to)| *to)).collect();
    ends.sort();
    let first = *ends.first()?;
    Some(ends.into_iter().fold(first, |end, next| if next.since(end) <= STAGE { next } else { end }))
}

fn state(
    scheduled: &[(Nanos, Option<Nanos>)],
    observed: Option<Observed>,
    rolled_back: Option<Nanos>,
    tolerance: Span,
) -> NodeState {
    let told_from = scheduled.first().map(|(from, _)| *from - tolerance);
    // Service against the schedule that ends when the schedule catches up is early, not forged.
    let forged = observed.is_some_and(|observed| {
        let against = observed.against.filter(|(first, last)| last.since(*first) >= LONG_ENOUGH);
        let caught_up = |last: Nanos| told_from.is_some_and(|from| last <= from);
        observed.against_schedule >= ENOUGH && against.is_some_and(|(_, last)| !caught_up(last))
    });
    let late = |at: Nanos| rolled_back.is_some_and(|rolled_back| at > rolled_back);
    let told_late = scheduled.last().is_some_and(|(_, to)| rolled_back.is_some() && to.is_none_or(late));
    let served_late = observed.is_some_and(|observed| late(observed.last));
    let early = match (told_from, observed) {
        (Some(from), Some(observed)) => observed.first < from - LONG_ENOUGH,
        _ => false,
    };
    if forged {
        NodeState::Forged
    } else if scheduled.len() > 1 {
        NodeState::Flapping
    } else if told_late || served_late {
        NodeState::Straggler
    } else if early {
        NodeState::Early
    } else {
        NodeState::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::schedule::Deployment;
    use crate::model::time::SECOND;

    const TOLERANCE: Span = Span(2 * SECOND);

    fn minute(n: i64) -> Nanos {
        Nanos(n * MINUTE)
    }

    fn deploy(node: Number, at: i64, version: Number) -> Deployment {
        Deployment {
            at: minute(at),
            node,
            model: 1,
            version,
            active: true,
            rollback: version == 5 && at > 60,
        }
    }

    fn incident(mitigated: Option<i64>) -> Incident {
        let states = mitigated.map(|at| (minute(at), "mitigated".to_owned())).into_iter().collect();
        Incident { model: 1, faulty: 6, good: 5, states, ..Incident::default() }
    }

    fn served(first: i64, last: i64, against: u64) -> Observed {
        let against_span = (against > 0).then(|| (minute(first), minute(last)));
        Observed {
            first: minute(first),
            last: minute(last),
            requests: 100,
            against_schedule: against,
            against: against_span,
        }
    }

    fn states(
        deployments: &[Deployment],
        observed: &[(Number, Observed)],
        mitigated: Option<i64>,
    ) -> Vec<NodeState> {
        let observed = observed.iter().copied().collect();
        let window = Window::new(&incident(mitigated), &Schedule::new(deployments), &observed, TOLERANCE);
        window.nodes.iter().map(|node| node.state).collect()
    }

    #[test]
    fn nodes_are_told_apart_by_what_they_were_told_and_what_they_did() {
        let deployments = [
            [deploy(1, 10, 6), deploy(1, 100, 5)].as_slice(),
            &[deploy(2, 10, 6), deploy(2, 200, 5)],
            &[deploy(3, 10, 6), deploy(3, 20, 5), deploy(3, 30, 6), deploy(3, 101, 5)],
            &[deploy(4, 10, 6), deploy(4, 102, 5)],
            &[deploy(5, 40, 6), deploy(5, 103, 5)],
        ]
        .concat();
        let observed = [
            (1, served(10, 99, 0)),
            (2, served(10, 199, 0)),
            (3, served(10, 99, 0)),
            (4, served(10, 180, 40)),
            (5, served(20, 99, 0)),
        ];
        use NodeState::{Early, Flapping, Forged, Ok, Straggler};
        assert_eq!(states(&deployments, &observed, Some(110)), [Ok, Straggler, Flapping, Forged, Early]);
        assert_eq!(states(&deployments, &observed, None), [Ok, Straggler, Flapping, Forged, Early]);
    }

    #[test]
    fn a_node_never_switched_away_leaves_the_window_open() {
        let window = Window::new(
            &incident(Some(50)),
            &Schedule::new(&[deploy(1, 10, 6)]),
            &BTreeMap::new(),
            TOLERANCE,
        );
        assert_eq!(window.scheduled, (Some(minute(10)), None));
        assert_eq!(window.nodes[0].state, NodeState::Straggler);
    }
}
