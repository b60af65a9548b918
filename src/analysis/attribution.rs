//! Which version served a request: three kinds of evidence, the strongest counts (ANALYSIS §1).

use super::attest::Registry;
use super::schedule::Schedule;
use super::{Number, Window};
use crate::model::time::Span;
use crate::model::{Evidence, Nanos, Pointers};
use std::collections::HashMap;

/// What a record itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    pub at: Nanos,
    pub node: Number,
    pub model: Number,
    pub version: Number,
    pub blob: Number,
    pub tee: Number,
}

/// The three evidences beside each other, and the one that counts. 0 is "cannot tell".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    pub claimed: Number,
    pub scheduled: Number,
    pub attested: Number,
    pub effective: Number,
    pub evidence: Evidence,
}

impl Attribution {
    pub fn new(claimed: Number, scheduled: Number, attested: Number) -> Self {
        let (effective, evidence) = match (attested, scheduled, claimed) {
            (0, 0, 0) => (0, Evidence::None),
            (0, 0, claimed) => (claimed, Evidence::Claimed),
            (0, scheduled, _) => (scheduled, Evidence::Scheduled),
            (attested, _, _) => (attested, Evidence::Attested),
        };
        Self { claimed, scheduled, attested, effective, evidence }
    }

    /// What is odd about it, in the light of an incident; without one, only what needs none.
    pub fn pointers(&self, model: Number, at: Nanos, window: Option<&Window>) -> Pointers {
        let mut pointers = Pointers::default();
        if self.evidence == Evidence::None {
            pointers = pointers.with(Pointers::UNATTRIBUTED);
        }
        if self.attested != 0 && self.scheduled != 0 && self.attested != self.scheduled {
            pointers = pointers.with(Pointers::CONFLICT);
        }
        let Some(window) = window.filter(|window| window.model == model) else {
            return pointers;
        };
        let after = window.rolled_back.is_some_and(|rolled_back| at > rolled_back);
        let served_faulty = self.effective == window.faulty;
        if after && served_faulty {
            pointers = pointers.with(Pointers::LATE);
        }
        if after && self.claimed == window.faulty && self.effective != 0 && !served_faulty {
            pointers = pointers.with(Pointers::STALE);
        }
        if served_faulty && self.claimed != 0 && self.claimed != window.faulty {
            pointers = pointers.with(Pointers::SHADOW);
        }
        pointers
    }
}

/// Everything attribution looks things up in.
#[derive(Clone, Debug, Default)]
pub struct Attributor {
    pub schedule: Schedule,
    pub registry: Registry,
    /// The version of a model whose release names a blob.
    pub blobs: HashMap<(Number, Number), Number>,
    pub tolerance: Span,
}

impl Attributor {
    /// A fold over records that remembers the answers that do not depend on time.
    pub fn attribute(&self, claim: Claim, memory: &mut Memory) -> Attribution {
        let claimed = match claim.version {
            0 => self.blobs.get(&(claim.blob, claim.model)).copied().unwrap_or(0),
            version => version,
        };
        let scheduled = match claim.node {
            0 => 0,
            node => self.schedule.version_at(node, claim.model, claim.at, self.tolerance),
        };
        let attested = match claim.tee {
            0 => 0,
            tee => {
                let fixed = memory
                    .0
                    .entry((tee, claim.model))
                    .or_insert_with(|| self.registry.fixed(tee, claim.model));
                fixed.unwrap_or_else(|| self.registry.version_of(tee, claim.model, claim.at))
            }
        };
        Attribution::new(claimed, scheduled, attested)
    }
}

/// Answers that do not depend on time, by enclave and model.
#[derive(Debug, Default)]
pub struct Memory(HashMap<(Number, Number), Option<Number>>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_evidence_counts() {
        for (claimed, scheduled, attested, effective, evidence) in [
            (1, 2, 3, 3, Evidence::Attested),
            (1, 2, 0, 2, Evidence::Scheduled),
            (1, 0, 0, 1, Evidence::Claimed),
            (0, 0, 3, 3, Evidence::Attested),
            (0, 0, 0, 0, Evidence::None),
        ] {
            let attribution = Attribution::new(claimed, scheduled, attested);
            assert_eq!((attribution.effective, attribution.evidence), (effective, evidence));
        }
    }

    #[test]
    fn what_still_points_at_the_release_that_is_gone_is_marked() {
        let window = Window { model: 1, faulty: 9, rolled_back: Some(Nanos(100)), ..Window::default() };
        for (claimed, scheduled, attested, at, names) in [
            (9, 9, 9, 50, ""),
            (9, 8, 8, 150, "stale-pointer"),
            (9, 8, 8, 50, ""),
            (9, 9, 9, 150, "late-serving"),
            (8, 8, 9, 50, "shadow-serving,version-conflict"),
            (8, 8, 9, 150, "late-serving,shadow-serving,version-conflict"),
            (0, 0, 0, 150, "unattributed"),
            (0, 0, 9, 50, ""),
        ] {
            let attribution = Attribution::new(claimed, scheduled, attested);
            assert_eq!(attribution.pointers(1, Nanos(at), Some(&window)).to_string(), names);
        }
        let other_model = Attribution::new(9, 8, 8).pointers(2, Nanos(150), Some(&window));
        assert!(other_model.is_empty(), "another model's versions are not this incident's");
    }
}
