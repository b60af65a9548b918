//! From p-values to verdicts: the empirical null, false discoveries among agents, and whether an effect matters.

use super::Feature;
use super::window::{Seen, Sight, combined};
use crate::analysis::stats::combine::benjamini_hochberg;
use crate::analysis::stats::tails::chi2_quantile;

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
    all: Ordered,
    features: [Ordered; Feature::ALL.len()],
}

impl Null {
    pub fn new(sights: impl Iterator<Item = Sight>) -> Self {
        let mut all = Vec::new();
        let mut features: [Vec<f64>; Feature::ALL.len()] = Default::default();
        for sight in sights {
            all.extend(combined(&sight));
            for (values, seen) in features.iter_mut().zip(sight) {
                values.extend(seen.map(|seen| seen.p));
            }
        }
        Self { all: Ordered::new(all), features: features.map(Ordered::new) }
    }

    pub fn windows(&self) -> usize {
        self.all.p.len()
    }

    /// p* of a window by its combined p.
    pub fn calibrated(&self, p: f64) -> f64 {
        self.all.calibrated(p)
    }

    pub fn calibrated_for(&self, feature: Feature, p: f64) -> f64 {
        self.features[feature as usize].calibrated(p)
    }
}

/// p-values of nulls, smallest first, and the tail beyond them.
#[derive(Clone, Debug, Default)]
struct Ordered {
    p: Vec<f64>,
    tail: Option<Tail>,
}

impl Ordered {
    fn new(mut p: Vec<f64>) -> Self {
        p.sort_by(f64::total_cmp);
        let tail = Tail::of(&p);
        Self { p, tail }
    }

    /// p* = (1 + #{null ≤ p})/(N₀ + 1). Of a p smaller than all of few nulls that says little, be it a tenth of theirs or
    /// 10⁻¹²: such a p is placed on their tail.
    fn calibrated(&self, p: f64) -> f64 {
        let beyond = self.p.partition_point(|null| *null <= p);
        let counted = (1 + beyond) as f64 / (self.p.len() + 1) as f64;
        match self.tail {
            Some(tail) if beyond == 0 => tail.beyond(p).min(counted),
            _ => counted,
        }
    }
}

/// −ln p of calibrated nulls falls off exponentially with mean 1; that of these falls off with a mean that their more
/// extreme half shows.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// −ln p where the tail begins, and the share of nulls beyond it.
    edge: f64,
    share: f64,
    /// Upper 99 % bound of the mean excess, never below 1: a tail that is steeper than it should be is luck.
    scale: f64,
}

/// Fewer nulls have no tail to speak of.
const LEAST_FOR_TAIL: usize = 20;

impl Tail {
    fn of(null: &[f64]) -> Option<Self> {
        if null.len() < LEAST_FOR_TAIL {
            return None;
        }
        let upper = null.len() / 2;
        let edge = -null[upper].ln();
        let excess: f64 = null[..upper].iter().map(|p| -p.ln() - edge).sum();
        let scale = (2.0 * excess / chi2_quantile(0.01, 2.0 * upper as f64)?).max(1.0);
        Some(Self { edge, share: (1 + upper) as f64 / (null.len() + 1) as f64, scale })
    }

    fn beyond(&self, p: f64) -> f64 {
        self.share * ((self.edge + p.ln()) / self.scale).exp()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Evenly spread, as the p-values of tests that keep their promise are.
    fn even(n: usize) -> Vec<f64> {
        (1..=n).map(|k| k as f64 / (n + 1) as f64).collect()
    }

    #[test]
    fn what_is_among_the_nulls_is_counted() {
        let null = Ordered::new(even(31));
        assert_eq!(null.calibrated(0.5), 17.0 / 32.0);
        assert_eq!(null.calibrated(1.0 / 32.0), 2.0 / 32.0);
        let few = Ordered::new(even(19));
        assert_eq!(few.calibrated(1e-12), 1.0 / 20.0, "too few for a tail");
    }

    #[test]
    fn what_is_beyond_them_is_placed_on_their_tail_and_never_below_its_own_p() {
        let null = Ordered::new(even(31));
        let smallest = 1.0 / 32.0;
        let mut last = null.calibrated(smallest * 0.999);
        assert!(last <= smallest);
        for power in 2..=300 {
            let p = 10f64.powi(-power);
            let now = null.calibrated(p);
            assert!(p <= now && now <= last, "{p}: {now}");
            last = now;
        }
        assert!(null.calibrated(1e-12) < 1e-5 && null.calibrated(1e-13) < null.calibrated(1e-12));
    }

    #[test]
    fn nulls_that_are_too_small_themselves_let_less_through() {
        // Scattered twice as wide as they should be: p² in place of p.
        let wide = Ordered::new(even(31).into_iter().map(|p| p * p).collect());
        let right = Ordered::new(even(31));
        assert!(wide.calibrated(1e-6) > 20.0 * right.calibrated(1e-6));
        // One window in which something did happen.
        let mut one = even(31);
        one[0] = 1e-9;
        let spoilt = Ordered::new(one);
        assert!(spoilt.calibrated(1e-12) > 20.0 * right.calibrated(1e-12));
        assert_eq!(spoilt.calibrated(1e-8), 2.0 / 32.0);
    }
}
