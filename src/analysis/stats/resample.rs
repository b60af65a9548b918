//! Multinomial draws for the bootstrap: seeded, so that the same agent gives the same interval on every run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// A stream of chance that belongs to one name.
pub struct Draws(ChaCha8Rng);

impl Draws {
    pub fn of(name: &str) -> Self {
        Self(ChaCha8Rng::seed_from_u64(xxhash_rust::xxh3::xxh3_64(name.as_bytes())))
    }

    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// As many draws from the urn as it holds, counted by cell into `out`.
    pub fn draw(&mut self, urn: &Urn, out: &mut [f64]) {
        out.fill(0.0);
        let mut left = urn.held;
        for (place, share) in &urn.frequent {
            let n = match share {
                Share::All => left,
                Share::Less(chance) => self.successes(left, chance),
                Share::More(others) => left - self.successes(left, others),
            };
            out[*place] = n as f64;
            left -= n;
        }
        let held = urn.rare.len() as u64;
        for _ in 0..left {
            let drawn = (u64::from(self.0.next_u32()) * held) >> 32;
            out[usize::from(urn.rare[drawn as usize])] += 1.0;
        }
    }

    /// Successes of n trials with a chance of at most a half. Exact by inversion while fewer than `EXACT` are
    /// expected; beyond it by the normal distribution with Cornish and Fisher's term for the skew, which misplaces
    /// less than .004 of the probability (plain, it would be .04 here and still .02 at 25).
    fn successes(&mut self, n: i64, chance: &Chance) -> i64 {
        let mean = n as f64 * chance.p;
        if mean < EXACT {
            return self.inverted(n, chance);
        }
        let sd = (mean * (1.0 - chance.p)).sqrt();
        let normal: f64 = StandardNormal.sample(&mut self.0);
        let skew = (1.0 - 2.0 * chance.p) / 6.0 * (normal * normal - 1.0);
        ((mean + sd * normal + skew + 0.5) as i64).clamp(0, n)
    }

    fn inverted(&mut self, n: i64, chance: &Chance) -> i64 {
        let mut term = (n as f64 * chance.ln_failure).exp();
        let mut u = self.uniform();
        let mut k = 0;
        while u > term && k < n {
            u -= term;
            // A division is as slow as the rest of the round; beyond the table lies a chance of 1e-10.
            let share = INVERSES.get(k as usize).copied().unwrap_or_else(|| 1.0 / (k + 1) as f64);
            term *= chance.odds * (n - k) as f64 * share;
            k += 1;
        }
        k
    }
}

/// Counts to draw from, with what all draws from them have in common.
pub struct Urn {
    held: i64,
    /// Cells that hold many, each beside what the ones before it left: one binomial draw each.
    frequent: Vec<(usize, Share)>,
    /// The cell of each record in cells that hold few: drawn one by one.
    rare: Vec<u8>,
}

/// A cell's share of what is left for it and those after it.
enum Share {
    All,
    /// At most half: its chance.
    Less(Chance),
    /// More: the chance of the others.
    More(Chance),
}

struct Chance {
    p: f64,
    odds: f64,
    ln_failure: f64,
}

impl Chance {
    fn of(p: f64) -> Self {
        Self { p, odds: p / (1.0 - p), ln_failure: (-p).ln_1p() }
    }
}

impl Urn {
    /// Of at most 256 cells with whole counts.
    pub fn of(counts: &[f64]) -> Self {
        let mut rest: f64 = counts.iter().sum();
        let mut urn = Self { held: rest as i64, frequent: Vec::new(), rare: Vec::new() };
        for (place, count) in counts.iter().enumerate() {
            if *count < EXACT {
                urn.rare.extend(std::iter::repeat_n(place as u8, *count as usize));
                continue;
            }
            let share = match *count / rest {
                all if all >= 1.0 => Share::All,
                less if less <= 0.5 => Share::Less(Chance::of(less)),
                more => Share::More(Chance::of(1.0 - more)),
            };
            urn.frequent.push((place, share));
            rest -= *count;
        }
        urn
    }
}

/// 1/(k + 1).
const INVERSES: [f64; 64] = {
    let mut table = [0.0; 64];
    let mut k = 0;
    while k < table.len() {
        table[k] = 1.0 / (k + 1) as f64;
        k += 1;
    }
    table
};

/// Fewer than this are drawn without any approximation.
const EXACT: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_keep_their_sum_their_mean_and_their_seed() {
        let counts = [500.0, 30.0, 0.0, 3.0, 67.0];
        let urn = Urn::of(&counts);
        let mut draws = Draws::of("agent-1");
        let mut again = Draws::of("agent-1");
        let (mut sums, mut squares) = ([0.0; 5], [0.0; 5]);
        let rounds = 4_000;
        for _ in 0..rounds {
            let (mut out, mut same) = ([0.0; 5], [0.0; 5]);
            draws.draw(&urn, &mut out);
            again.draw(&urn, &mut same);
            assert_eq!(out, same);
            assert_eq!(out.iter().sum::<f64>(), 600.0);
            for k in 0..5 {
                sums[k] += out[k];
                squares[k] += out[k] * out[k];
            }
        }
        for k in 0..5 {
            let (mean, p) = (sums[k] / f64::from(rounds), counts[k] / 600.0);
            let (variance, expected) = (squares[k] / f64::from(rounds) - mean * mean, 600.0 * p * (1.0 - p));
            assert!((mean - counts[k]).abs() <= 5.0 * (expected / f64::from(rounds)).sqrt(), "{k}: {mean}");
            assert!((variance - expected).abs() <= 0.12 * expected, "{k}: {variance} for {expected}");
        }
    }

    #[test]
    fn counts_are_distributed_as_the_binomial() {
        // On both sides of where the normal distribution takes over, the cell first and last, against the exact
        // probabilities.
        let cases = [(500, 5), (500, 8), (500, 12), (60, 12), (30, 15), (2_000, 40)];
        for (n, count, place) in cases.into_iter().flat_map(|(n, count)| [(n, count, 0), (n, count, 1)]) {
            let (n, count) = (f64::from(n), f64::from(count));
            let urn = Urn::of(&if place == 0 { [count, n - count] } else { [n - count, count] });
            let mut draws = Draws::of("binomial");
            let rounds = 200_000;
            let mut seen = vec![0u32; n as usize + 1];
            for _ in 0..rounds {
                let mut out = [0.0; 2];
                draws.draw(&urn, &mut out);
                seen[out[place] as usize] += 1;
            }
            let p: f64 = count / n;
            let mut exact = (n * (1.0 - p).ln()).exp();
            let (mut below, mut drawn, mut worst) = (0.0, 0.0, 0.0f64);
            for (k, times) in seen.iter().enumerate() {
                below += exact;
                drawn += f64::from(*times) / f64::from(rounds);
                worst = worst.max((below - drawn).abs());
                exact *= (n - k as f64) / (k as f64 + 1.0) * p / (1.0 - p);
            }
            // Kolmogorov's distance: 1.95/√rounds is chance at one in a thousand, .003 is what the approximation may err.
            assert!(worst < 0.003 + 1.95 / f64::from(rounds).sqrt(), "{n} {count}: {worst}");
        }
    }
}
