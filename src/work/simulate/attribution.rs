//! What a perfect reader of the journals would say of one request (ANALYSIS §1), for the answer key.
//!
//! It knows only what is recorded: the node's declared switches, the recorded time, the enclave's measurement.

use super::builds::{BuildNo, FAULTY, RISK_SCORER};
use super::rollout::{Declared, Rollout};
use crate::model::time::SECOND;
use crate::model::{Evidence, Pointers};

/// A switch nearer than this to a record's time leaves its scheduled version open.
const TOLERANCE: i64 = 2 * SECOND;

/// What a record says that bears on its version.
pub(super) struct Recorded {
    pub(super) at: i64,
    pub(super) node: Option<usize>,
    pub(super) model: usize,
    pub(super) claimed: Option<BuildNo>,
    /// The build of the enclave named by `tee_id`, when the registry knows it.
    pub(super) attested: Option<BuildNo>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attribution {
    pub(super) scheduled: Option<BuildNo>,
    pub(super) effective: Option<BuildNo>,
    pub(super) evidence: Evidence,
    pub(super) pointers: Pointers,
}

pub(super) fn attribute(recorded: &Recorded, rollout: &Rollout) -> Attribution {
    let scheduled = recorded
        .node
        .and_then(|node| scheduled_at(&rollout.courses[node][recorded.model].declared, recorded.at));
    let (effective, evidence) = match (recorded.attested, scheduled, recorded.claimed) {
        (Some(build), _, _) => (Some(build), Evidence::Attested),
        (None, Some(build), _) => (Some(build), Evidence::Scheduled),
        (None, None, Some(build)) => (Some(build), Evidence::Claimed),
        (None, None, None) => (None, Evidence::None),
    };
    let mut attribution = Attribution { scheduled, effective, evidence, pointers: Pointers::default() };
    attribution.pointers = pointers(recorded, &attribution, rollout.moments.mitigated);
    attribution
}

/// The declared version at a recorded time; none before the first switch or too near to one.
fn scheduled_at(declared: &[Declared], at: i64) -> Option<BuildNo> {
    if declared.iter().any(|switch| switch.at.abs_diff(at) <= TOLERANCE.unsigned_abs()) {
        return None;
    }
    declared.iter().rev().find(|switch| switch.at < at).map(|switch| switch.build)
}

fn pointers(recorded: &Recorded, attribution: &Attribution, rolled_back: i64) -> Pointers {
    let mut pointers = Pointers::default();
    let faulty = attribution.effective == Some(FAULTY);
    let after = recorded.at > rolled_back;
    for (flag, holds) in [
        (
            Pointers::STALE,
            recorded.claimed == Some(FAULTY) && !faulty && attribution.effective.is_some() && after,
        ),
        (Pointers::LATE, faulty && after && recorded.model == RISK_SCORER),
        (Pointers::SHADOW, faulty && recorded.claimed.is_some_and(|claimed| claimed != FAULTY)),
        (
            Pointers::CONFLICT,
            recorded.attested.zip(attribution.scheduled).is_some_and(|(attested, said)| attested != said),
        ),
        (Pointers::UNATTRIBUTED, attribution.evidence == Evidence::None),
    ] {
        if holds {
            pointers = pointers.with(flag);
        }
    }
    pointers
}
