//! Which version a node behaves like, whatever it says: its outcomes against the mixes of both versions (ANALYSIS §4).
//!
//! A hidden Markov model of two states, good and faulty, one step a slot. The mixes are learned from records whose
//! version is attested; a node's own good mix is that of its own good records, so that who asks it does not matter.

/// From slot to slot a node keeps its version this often.
const STAY: f64 = 0.995;
/// So many records of each version, or there is nothing to learn from.
const ENOUGH: f64 = 200.0;
/// A stretch counts when its records are e^8 times likelier under the faulty version.
const SURE: f64 = 8.0;
/// Mixes that differ no more than this by chance teach nothing.
const DIFFERENT: f64 = 1e-6;
/// A node's own mix counts like this many records of the fleet's.
const SHRINK: f64 = 300.0;

/// How outcomes come out under each version: counts by category.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixes {
    pub good: Vec<f64>,
    pub faulty: Vec<f64>,
}

/// Why behaviour says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Fewer than 200 records of one version are known.
    TooFew,
    /// Both versions come out alike.
    Alike,
}

/// A stretch in which a node behaved like the faulty version, in slots; the end is the first slot after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub from: usize,
    pub to: usize,
    /// Slots by which either edge may be off: from where it is 10 % to where it is 90 % likely.
    pub error: (usize, usize),
    /// Log of how much likelier its records are under the faulty version.
    pub evidence: f64,
}

impl Mixes {
    /// Whether the two versions can be told apart at all.
    pub fn speak(&self) -> Result<(), Mute> {
        let (good, faulty) = (self.good.iter().sum::<f64>(), self.faulty.iter().sum::<f64>());
        if good < ENOUGH || faulty < ENOUGH {
            return Err(Mute::TooFew);
        }
        if super::stats::tables::g(&self.good, &self.faulty).p() < DIFFERENT {
            Ok(())
        } else {
            Err(Mute::Alike)
        }
    }

    /// Log-likelihood ratio of one record of each category at a node with this good mix of its own.
    pub fn ratios(&self, own: &[f64]) -> Vec<f64> {
        let smoothed = |counts: &[f64]| {
            let total = counts.iter().sum::<f64>() + 0.5 * counts.len() as f64;
            counts.iter().map(|n| (n + 0.5) / total).collect::<Vec<_>>()
        };
        let (good, faulty) = (smoothed(&self.good), smoothed(&self.faulty));
        let own_total = own.iter().sum::<f64>();
        let node: Vec<f64> =
            good.iter().zip(own).map(|(good, own)| (own + SHRINK * good) / (own_total + SHRINK)).collect();
        // The node's faulty mix: its own good one, bent as the fleet's is.
        let bent: Vec<f64> = node.iter().zip(good.iter().zip(&faulty)).map(|(n, (g, f))| n * f / g).collect();
        let sum: f64 = bent.iter().sum();
        bent.iter().zip(&node).map(|(bent, node)| (bent / sum / node).ln()).collect()
    }
}

/// Probability of the faulty state in every slot, by forward and backward passes over log-likelihood ratios.
pub fn posterior(ratios: &[f64]) -> Vec<f64> {
    let switch = 1.0 - STAY;
    // Odds as probabilities of "faulty", scaled at every step.
    let step = |p: f64| p * STAY + (1.0 - p) * switch;
    let update = |prior: f64, ratio: f64| {
        let faulty = prior * ratio.clamp(-300.0, 300.0).exp();
        faulty / (faulty + 1.0 - prior)
    };
    let mut forward = Vec::with_capacity(ratios.len());
    let mut p = 0.01;
    for ratio in ratios {
        p = update(step(p), *ratio);
        forward.push(p);
    }
    let mut backward = 0.5;
    let mut both = vec![0.0; ratios.len()];
    for place in (0..ratios.len()).rev() {
        let p = forward[place];
        let faulty = p * backward;
        both[place] = faulty / (faulty + (1.0 - p) * (1.0 - backward));
        // What the slots from here on say of the one before.
        let own = update(backward, ratios[place]);
        backward = own * STAY + (1.0 - own) * switch;
    }
    both
}

/// The stretches in which the faulty state is the likelier one, sure enough to be told.
pub fn stretches(ratios: &[f64]) -> Vec<Stretch> {
    let posterior = posterior(ratios);
    let mut found = Vec::new();
    let mut place = 0;
    while place < posterior.len() {
        if posterior[place] <= 0.5 {
            place += 1;
            continue;
        }
        let from = place;
        while place < posterior.len() && posterior[place] > 0.5 {
            place += 1;
        }
        let evidence: f64 = ratios[from..place].iter().sum();
        if evidence > SURE {
            found.push(Stretch {
                from,
                to: place,
                error: (blur(&posterior, from), blur(&posterior, place)),
                evidence,
            });
        }
    }
    found
}

/// How many slots around an edge are neither 90 % good nor 90 % faulty.
fn blur(posterior: &[f64], edge: usize) -> usize {
    let unsure = |p: &&f64| (0.1..0.9).contains(*p);
    let before = posterior[..edge].iter().rev().take_while(unsure).count();
    let after = posterior[edge..].iter().take_while(unsure).count();
    (before + after).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_faulty_outcomes_is_found_with_its_edges() {
        let mixes = Mixes { good: vec![9_900.0, 100.0], faulty: vec![900.0, 100.0] };
        assert_eq!(mixes.speak(), Ok(()));
        let ratios = mixes.ratios(&[990.0, 10.0]);
        // Twenty records a slot: none wrong, and two wrong in slots 100 to 150.
        let slot = |wrong: f64| ratios[0] * (20.0 - wrong) + ratios[1] * wrong;
        let slots: Vec<f64> =
            (0..300).map(|n| slot(if (100..150).contains(&n) { 2.0 } else { 0.0 })).collect();
        let found = stretches(&slots);
        assert_eq!(found.len(), 1);
        assert!(found[0].from.abs_diff(100) <= 1 && found[0].to.abs_diff(150) <= 1, "{found:?}");
        assert!(found[0].error.0 <= 4 && found[0].evidence > 50.0);
    }

    #[test]
    fn alike_versions_and_few_records_say_nothing() {
        let mixes =
            |good: f64, faulty: f64| Mixes { good: vec![good, good], faulty: vec![faulty, faulty * 1.01] };
        assert_eq!(mixes(5_000.0, 500.0).speak(), Err(Mute::Alike));
        assert_eq!(mixes(5_000.0, 50.0).speak(), Err(Mute::TooFew));
        assert_eq!(stretches(&[0.0; 500]), []);
        assert_eq!(stretches(&[]), []);
    }
}
