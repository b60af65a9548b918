//! The gateway nodes: where they stand, how their clocks run, and what each does in the incident.

use super::scenario::Dials;
use crate::model::time::SECOND;

/// A node's part in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Takes the release and the rollback as ordered.
    Steady,
    /// Takes the rollback long after the others.
    Straggler,
    /// Serves the faulty version before its deployment says so.
    Early,
    /// Falls back to the faulty version again and again after its rollback.
    Flapping,
    /// Declares the good version and serves the faulty one.
    Forged,
    /// Never takes the release.
    HeldBack,
}

impl Part {
    /// The node state that an analysis should come to (`analyze --json`).
    pub(super) const fn state(self) -> &'static str {
        match self {
            Self::Steady | Self::HeldBack => "ok",
            Self::Straggler => "straggler",
            Self::Early => "early",
            Self::Flapping => "flapping",
            Self::Forged => "forged",
        }
    }
}

pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) region: usize,
    pub(super) part: Part,
    /// What the recorder's clock shows minus the true time.
    pub(super) skew: i64,
    /// Minutes after the canary at which the release is ordered here.
    pub(super) release_minute: i64,
    /// Minutes after the first rollback at which the rollback is ordered here.
    pub(super) rollback_minute: i64,
}

pub(super) const REGIONS: [&str; 4] = ["eu", "us", "ap", "sa"];
/// The region whose nodes never take the release.
pub(super) const HELD_BACK_REGION: usize = 3;

/// A skewed clock runs behind, so that no answer seems older than what caused it.
const FAR_BEHIND: i64 = -20 * SECOND;

pub(super) fn nodes(dials: &Dials) -> Vec<Node> {
    let node = |name, region, part, skew_ms: i64, release_minute, rollback_minute| Node {
        name,
        region,
        part,
        skew: skew_ms * (SECOND / 1000),
        release_minute,
        rollback_minute,
    };
    let mut nodes = vec![
        node("gw-eu-1", 0, Part::Steady, 12, 0, 0),
        node("gw-eu-2", 0, Part::Steady, -140, 60, 14),
        node("gw-eu-3", 0, Part::Straggler, 85, 105, 0),
        node("gw-us-1", 1, Part::Steady, 230, 35, 8),
        node("gw-us-2", 1, Part::Flapping, -310, 80, 26),
        node("gw-us-3", 1, Part::Forged, 40, 85, 30),
        node("gw-ap-1", 2, Part::Early, -75, 70, 20),
        node("gw-ap-2", 2, Part::Steady, 0, 95, 36),
        node("gw-sa-1", HELD_BACK_REGION, Part::HeldBack, 160, 0, 0),
        node("gw-sa-2", HELD_BACK_REGION, Part::HeldBack, -20, 0, 0),
    ];
    nodes[7].skew = FAR_BEHIND;
    for extra in [1, 3].into_iter().take(dials.stragglers.saturating_sub(1)) {
        nodes[extra].part = Part::Straggler;
    }
    nodes
}
