//! From p-values to verdicts: the empirical null, false discoveries among agents, and whether an effect matters.

use super::Feature;
use super::window::{Seen, Sight, combined};
use crate::analysis::stats::combine::benjamini_hochberg;

/// What is told about one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Changed,
    Unchanged,
    /// Too little was recorded to tell.
    Untested,
    /// Nothing of the faulty version reached it.
    Control,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Changed, Self::Unchanged, Self::Untested, Self::Control];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Untested => "untested",
            Self::Control => "control",
        }
    }
}

/// An agent flagged at this rate of false discoveries.
pub const RATE: f64 = 0.05;
/// Less than these, and a difference does not matter, however sure it is.
const LEAST_TVD: f64 = 0.03;
/// "Small" by Romano et al. 2006.
const LEAST_DELTA: f64 = 0.147;

/// p-values of windows in which nothing happened: placebo windows, and controls in the true one.
#[derive(Clone, Debug, Default)]
pub struct Null {
    all: Vec<f64>,
    features: [Vec<f64>; Feature::ALL.len()],
}

impl Null {
    pub fn new(sights: impl Iterator<Item = Sight>) -> Self {
        let mut null = Self::default();
        for sight in sights {
            null.all.extend(combined(&sight));
            for (values, seen) in null.features.iter_mut().zip(sight) {
                values.extend(seen.map(|seen| seen.p));
            }
        }
        null.all.sort_by(f64::total_cmp);
        null.features.iter_mut().for_each(|values| values.sort_by(f64::total_cmp));
        null
    }

    pub fn windows(&self) -> usize {
        self.all.len()
    }

    /// p* of a window by its combined p.
    pub fn calibrated(&self, p: f64) -> f64 {
        calibrated(&self.all, p)
    }

    pub fn calibrated_for(&self, feature: Feature, p: f64) -> f64 {
        calibrated(&self.features[feature as usize], p)
    }
}

/// p* = (1 + #{null ≤ p})/(N₀ + 1).
fn calibrated(null: &[f64], p: f64) -> f64 {
    (1 + null.partition_point(|value| *value <= p)) as f64 / (null.len() + 1) as f64
}

/// The q of every window that was tested, and of each of its features.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub q: Vec<Option<f64>>,
    pub feature_q: Vec<[Option<f64>; Feature::ALL.len()]>,
}

impl Flags {
    pub fn new(sights: &[Sight], null: &Null) -> Self {
        let p: Vec<_> = sights.iter().map(|sight| combined(sight).map(|p| null.calibrated(p))).collect();
        let mut flags = Self { q: adjusted(&p), feature_q: vec![[None; Feature::ALL.len()]; sights.len()] };
        for feature in Feature::ALL {
            let of = |sight: &Sight| sight[feature as usize].map(|seen| null.calibrated_for(feature, seen.p));
            let p: Vec<_> = sights.iter().map(of).collect();
            for (all, q) in flags.feature_q.iter_mut().zip(adjusted(&p)) {
                all[feature as usize] = q;
            }
        }
        flags
    }

    pub fn is_flagged(&self, place: usize, sight: &Sight) -> bool {
        let some = sight.iter().flatten().any(|seen| seen.p <= RATE && matters(seen));
        some && self.q[place].is_some_and(|q| q < RATE)
    }

    /// The features that carry a flag: each significant over the fleet by itself, else the strongest one.
    pub fn carriers(&self, place: usize, sight: &Sight) -> Vec<Feature> {
        let carries = |feature: &Feature| {
            let q = self.feature_q[place][*feature as usize];
            q.is_some_and(|q| q < RATE) && sight[*feature as usize].as_ref().is_some_and(matters)
        };
        let found: Vec<Feature> = Feature::ALL.into_iter().filter(carries).collect();
        if found.is_empty() { strongest(sight).into_iter().collect() } else { found }
    }
}

fn adjusted(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let tested: Vec<f64> = p.iter().flatten().copied().collect();
    let mut q = benjamini_hochberg(&tested).into_iter();
    p.iter().map(|p| p.and_then(|_| q.next())).collect()
}

/// The effect gate.
pub fn matters(seen: &Seen) -> bool {
    seen.tvd >= LEAST_TVD || seen.delta.is_some_and(|delta| delta.abs() >= LEAST_DELTA)
}

/// The feature with the smallest p.
pub fn strongest(sight: &Sight) -> Option<Feature> {
    let p = |feature: &Feature| sight[*feature as usize].map(|seen| seen.p);
    let tested = Feature::ALL.into_iter().filter_map(|feature| Some((p(&feature)?, feature)));
    tested.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, feature)| feature)
}

/// The self-check of every run: placebo windows taken for true ones, a round at a time (each agent's last stretch, its
/// last but one…), judged by the very procedure against all other nulls. Returns how many are flagged.
pub fn placebo_flags(rounds: &[Vec<Sight>], controls: &[Sight]) -> usize {
    let flagged = |own: usize| {
        let others =
            rounds.iter().enumerate().filter(|(round, _)| *round != own).flat_map(|(_, sights)| sights);
        let null = Null::new(others.chain(controls).copied());
        let flags = Flags::new(&rounds[own], &null);
        rounds[own].iter().enumerate().filter(|(place, sight)| flags.is_flagged(*place, sight)).count()
    };
    (0..rounds.len()).map(flagged).sum()
}
