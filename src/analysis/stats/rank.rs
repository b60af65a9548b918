//! Two samples of ordered values as counts per bin: Mann–Whitney U with ties, and Cliff's δ.

use super::tails;

/// How two binned samples are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rank {
    /// U of the second sample: pairs in which its value is the larger, ties half.
    pub u: f64,
    /// Cliff's δ = P(second > first) − P(second < first).
    pub delta: f64,
    /// Variance of U with no difference, corrected for ties.
    pub variance: f64,
    pub pairs: f64,
}

impl Rank {
    /// `first[k]`, `second[k]`: how many values fall into bin k, bins in order.
    pub fn of(first: &[f64], second: &[f64]) -> Self {
        let (n1, n2) = (first.iter().sum::<f64>(), second.iter().sum::<f64>());
        let (n, pairs) = (n1 + n2, n1 * n2);
        if pairs <= 0.0 {
            return Self::default();
        }
        let (mut below, mut u, mut ties) = (0.0, 0.0, 0.0);
        for (x, y) in first.iter().zip(second) {
            u += y * (below + x / 2.0);
            below += x;
            let t = x + y;
            ties += t * t * t - t;
        }
        let variance = if n > 1.0 { pairs / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0))) } else { 0.0 };
        Self { u, delta: 2.0 * u / pairs - 1.0, variance, pairs }
    }

    /// Two-sided p by the normal approximation with continuity correction, as scipy's `mannwhitneyu(…, "asymptotic")`.
    pub fn p(self) -> f64 {
        if self.variance <= 0.0 {
            return 1.0;
        }
        let away = (self.u - self.pairs / 2.0).abs() - 0.5;
        tails::normal_both(away.max(0.0) / self.variance.sqrt())
    }

    /// The variance of δ with no difference.
    pub fn delta_variance(self) -> f64 {
        if self.pairs > 0.0 { 4.0 * self.variance / (self.pairs * self.pairs) } else { 0.0 }
    }

    /// Two-sided p of "this δ is not that of the controls", with φ times the scatter.
    pub fn p_against(self, controls: Self, phi: f64) -> f64 {
        let variance = (self.delta_variance() + controls.delta_variance()) * phi.max(1.0);
        if variance <= 0.0 {
            return 1.0;
        }
        tails::normal_both((self.delta - controls.delta) / variance.sqrt())
    }
}
