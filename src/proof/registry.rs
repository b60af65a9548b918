//! Which builds and enclaves a registry stood for, and when: its events folded into intervals (PROOFS §3).
//!
//! History is judged by the events up to a record's time, never by the registry's current state: after a revocation that
//! would fail honest records too. So every answer comes twice, *then* and *now*.

use crate::model::time::Span;
use crate::model::{Hash, Nanos};
use std::collections::BTreeMap;

/// What a registry said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Approving again overwrites label and date: one build may bear two labels.
    MeasurementApproved {
        pcr_hash: Hash,
        label: String,
    },
    /// Takes effect after a grace period. The contract emits `TEEDisabled` for each enclave of the build just before.
    MeasurementRevoked {
        pcr_hash: Hash,
        grace: Span,
    },
    EnclaveRegistered {
        tee_id: Hash,
        pcr_hash: Option<Hash>,
    },
    EnclaveEnabled {
        tee_id: Hash,
    },
    EnclaveDisabled {
        tee_id: Hash,
    },
    EnclaveRemoved {
        tee_id: Hash,
    },
}

/// An event at its place: ordered by time, then block, then log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub at: Nanos,
    pub block: u64,
    pub log: u64,
    pub event: Event,
}

/// How a build or an enclave stood at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No event names it.
    Unknown,
    /// Approved or enabled since then, under this label (empty for enclaves).
    Good { since: Nanos, label: String },
    /// Events name it, but the first that approves it comes later.
    Later { from: Nanos },
    /// Revoked, disabled or removed at that time.
    Revoked { at: Nanos, label: String },
}

impl Standing {
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Good { .. })
    }
}

/// A standing at a record's time and at the time of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThenAndNow {
    pub then: Standing,
    pub now: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Interval {
    from: Nanos,
    until: Option<Nanos>,
    label: String,
}

/// One tee_id seen under two builds. A key is made inside one boot of one build, so this cannot happen honestly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoBuilds {
    pub tee_id: Hash,
    pub first: Hash,
    pub second: Hash,
}

/// All intervals of one registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    measurements: BTreeMap<Hash, Vec<Interval>>,
    enclaves: BTreeMap<Hash, Vec<Interval>>,
    builds: BTreeMap<Hash, Hash>,
    pub impossible: Vec<TwoBuilds>,
}

impl Registry {
    pub fn fold(mut events: Vec<Placed>) -> Self {
        events.sort_by_key(|placed| (placed.at, placed.block, placed.log));
        let mut registry = Self::default();
        for placed in events {
            registry.apply(placed.at, placed.event);
        }
        registry
    }

    fn apply(&mut self, at: Nanos, event: Event) {
        match event {
            Event::MeasurementApproved { pcr_hash, label } => {
                open(&mut self.measurements, pcr_hash, at, label);
            }
            Event::MeasurementRevoked { pcr_hash, grace } => {
                close(&mut self.measurements, pcr_hash, at.saturating_add(grace));
            }
            Event::EnclaveRegistered { tee_id, pcr_hash } => {
                if let Some(second) = pcr_hash {
                    let first = *self.builds.entry(tee_id).or_insert(second);
                    if first != second {
                        self.impossible.push(TwoBuilds { tee_id, first, second });
                    }
                }
                open(&mut self.enclaves, tee_id, at, String::new());
            }
            Event::EnclaveEnabled { tee_id } => open(&mut self.enclaves, tee_id, at, String::new()),
            Event::EnclaveDisabled { tee_id } | Event::EnclaveRemoved { tee_id } => {
                close(&mut self.enclaves, tee_id, at);
            }
        }
    }

    pub fn measurement(&self, pcr_hash: &Hash, then: Nanos, now: Nanos) -> ThenAndNow {
        let intervals = self.measurements.get(pcr_hash).map(Vec::as_slice).unwrap_or_default();
        ThenAndNow { then: standing(intervals, then), now: standing(intervals, now) }
    }

    pub fn enclave(&self, tee_id: &Hash, then: Nanos, now: Nanos) -> ThenAndNow {
        let intervals = self.enclaves.get(tee_id).map(Vec::as_slice).unwrap_or_default();
        ThenAndNow { then: standing(intervals, then), now: standing(intervals, now) }
    }

    /// The build an enclave was first registered under.
    pub fn build_of(&self, tee_id: &Hash) -> Option<Hash> {
        self.builds.get(tee_id).copied()
    }
}

fn open(intervals: &mut BTreeMap<Hash, Vec<Interval>>, name: Hash, at: Nanos, label: String) {
    let known = intervals.entry(name).or_default();
    if let Some(last) = known.last_mut()
        && last.until.is_none_or(|until| until > at)
    {
        if last.label == label && last.until.is_none() {
            return;
        }
        last.until = Some(at);
    }
    known.push(Interval { from: at, until: None, label });
}

/// An end without a beginning still ends: the approval was before the evidence starts.
fn close(intervals: &mut BTreeMap<Hash, Vec<Interval>>, name: Hash, at: Nanos) {
    let known = intervals.entry(name).or_default();
    match known.last_mut() {
        Some(last) if last.until.is_none_or(|until| until > at) => last.until = Some(at.max(last.from)),
        Some(_) => {}
        None => known.push(Interval { from: Nanos::MIN, until: Some(at), label: String::new() }),
    }
}

fn standing(intervals: &[Interval], at: Nanos) -> Standing {
    match intervals.iter().rev().find(|interval| interval.from <= at) {
        Some(Interval { from, until, label }) => match until {
            Some(until) if *until <= at => Standing::Revoked { at: *until, label: label.clone() },
            _ => Standing::Good { since: *from, label: label.clone() },
        },
        None => intervals.first().map_or(Standing::Unknown, |first| Standing::Later { from: first.from }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: Hash = Hash([1; 32]);
    const TEE: Hash = Hash([2; 32]);

    fn fold(events: Vec<(i64, Event)>) -> Registry {
        let place = |(log, (at, event))| Placed { at: Nanos(at), block: 0, log: log as u64, event };
        Registry::fold(events.into_iter().enumerate().map(place).collect())
    }

    fn approved(label: &str) -> Event {
        Event::MeasurementApproved { pcr_hash: BUILD, label: label.into() }
    }

    fn revoked(grace: i64) -> Event {
        Event::MeasurementRevoked { pcr_hash: BUILD, grace: Span(grace) }
    }

    #[test]
    fn a_build_stands_as_its_events_up_to_then_say() {
        let registry =
            fold(vec![(10, approved("v1")), (20, approved("v2")), (30, revoked(5)), (50, approved("v3"))]);
        let then = |at| registry.measurement(&BUILD, Nanos(at), Nanos(100)).then;
        let good = |since, label: &str| Standing::Good { since: Nanos(since), label: label.into() };
        for (at, expected) in [
            (9, Standing::Later { from: Nanos(10) }),
            (10, good(10, "v1")),
            (19, good(10, "v1")),
            (20, good(20, "v2")),
            (34, good(20, "v2")),
            (35, Standing::Revoked { at: Nanos(35), label: "v2".into() }),
            (49, Standing::Revoked { at: Nanos(35), label: "v2".into() }),
            (50, good(50, "v3")),
        ] {
            assert_eq!(then(at), expected, "at {at}");
        }
        assert_eq!(registry.measurement(&Hash([9; 32]), Nanos(1), Nanos(2)).then, Standing::Unknown);
        assert!(registry.measurement(&BUILD, Nanos(40), Nanos(60)).now.is_good());
    }

    #[test]
    fn approval_during_grace_takes_over() {
        let registry = fold(vec![(10, approved("v1")), (20, revoked(10)), (25, approved("v2"))]);
        let then = |at| registry.measurement(&BUILD, Nanos(at), Nanos(99)).then;
        assert!(then(29).is_good() && then(40).is_good());
    }

    #[test]
    fn enclaves_open_close_and_never_change_their_build() {
        let other = Hash([3; 32]);
        let registry = fold(vec![
            (10, Event::EnclaveRegistered { tee_id: TEE, pcr_hash: Some(BUILD) }),
            (20, Event::EnclaveDisabled { tee_id: TEE }),
            (30, Event::EnclaveEnabled { tee_id: TEE }),
            (40, Event::EnclaveRegistered { tee_id: TEE, pcr_hash: Some(other) }),
            (50, Event::EnclaveRemoved { tee_id: TEE }),
        ]);
        let good = |at| registry.enclave(&TEE, Nanos(at), Nanos(99)).then.is_good();
        assert_eq!([9, 10, 20, 30, 49, 50].map(good), [false, true, false, true, true, false]);
        assert_eq!(registry.build_of(&TEE), Some(BUILD));
        assert_eq!(registry.impossible, [TwoBuilds { tee_id: TEE, first: BUILD, second: other }]);
    }

    #[test]
    fn a_revocation_without_its_approval_still_revokes() {
        let registry = fold(vec![(20, revoked(0))]);
        let then = |at| registry.measurement(&BUILD, Nanos(at), Nanos(99)).then;
        assert!(then(19).is_good());
        assert!(!then(20).is_good());
    }
}
