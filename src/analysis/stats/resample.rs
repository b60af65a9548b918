//! Multinomial draws for the bootstrap: seeded, so that the same agent gives the same interval on every run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

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

    /// As many draws as there are counts, from their own distribution, into `out`.
    pub fn multinomial(&mut self, counts: &[f64], out: &mut [f64]) {
        let mut rest: f64 = counts.iter().sum();
        let mut left = rest as u64;
        for (count, drawn) in counts.iter().zip(out.iter_mut()) {
            *drawn = 0.0;
            if *count <= 0.0 || left == 0 {
                continue;
            }
            let n = if *count >= rest { left } else { self.binomial(left, count / rest) };
            *drawn = n as f64;
            left -= n;
            rest -= count;
        }
    }

    /// Successes of n trials. Exact by inversion while the rarer side is expected less than `EXACT` times; beyond it
    /// the normal distribution is used, whose error in a count is far beneath one standard deviation's hundredth.
    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let mean = n as f64 * p;
        if mean < EXACT {
            return self.inverted(n, p);
        }
        let sd = (mean * (1.0 - p)).sqrt();
        (mean + sd * self.gaussian() + 0.5).floor().clamp(0.0, n as f64) as u64
    }

    fn inverted(&mut self, n: u64, p: f64) -> u64 {
        let odds = p / (1.0 - p);
        let mut term = (n as f64 * (-p).ln_1p()).exp();
        let mut u = self.uniform();
        let mut k = 0;
        while u > term && k < n {
            u -= term;
            term *= odds * (n - k) as f64 / (k + 1) as f64;
            k += 1;
        }
        k
    }

    /// Box and Muller; the second value is not kept, so that a draw depends on nothing before it.
    fn gaussian(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

const EXACT: f64 = 40.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_keep_their_sum_their_mean_and_their_seed() {
        let counts = [500.0, 30.0, 0.0, 3.0, 67.0];
        let mut draws = Draws::of("agent-1");
        let mut again = Draws::of("agent-1");
        let (mut sums, mut squares) = ([0.0; 5], [0.0; 5]);
        let rounds = 4_000;
        for _ in 0..rounds {
            let (mut out, mut same) = ([0.0; 5], [0.0; 5]);
            draws.multinomial(&counts, &mut out);
            again.multinomial(&counts, &mut same);
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
}
