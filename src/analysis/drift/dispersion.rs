//! How much more counts scatter than independent draws would: φ of each agent, and the fleet's line through them.

use super::phases::Placebo;
use super::{Feature, WIDEST};

/// φ = α + β·n, from all agents with a time before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    pub alpha: f64,
    pub beta: f64,
}

impl Default for Dispersion {
    fn default() -> Self {
        Self { alpha: 1.0, beta: 0.0 }
    }
}

/// One agent's φ = X²/df over its stretches before exposure, and the mean number of counts in a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scatter {
    pub phi: f64,
    pub mean: f64,
}

impl Dispersion {
    /// Least squares through the agents, with α ≥ 1 and β ≥ 0.
    pub fn fit(scatters: impl Iterator<Item = Scatter> + Clone) -> Self {
        let n = scatters.clone().count() as f64;
        if n == 0.0 {
            return Self::default();
        }
        let mean_x = scatters.clone().map(|s| s.mean).sum::<f64>() / n;
        let mean_y = scatters.clone().map(|s| s.phi).sum::<f64>() / n;
        let (mut xx, mut xy) = (0.0, 0.0);
        for scatter in scatters.clone() {
            xx += (scatter.mean - mean_x).powi(2);
            xy += (scatter.mean - mean_x) * (scatter.phi - mean_y);
        }
        let beta = if xx > 0.0 { (xy / xx).max(0.0) } else { 0.0 };
        let alpha = mean_y - beta * mean_x;
        if alpha >= 1.0 {
            return Self { alpha, beta };
        }
        // The line through (0, 1) that fits best.
        let (mut xx, mut xy) = (0.0, 0.0);
        for scatter in scatters {
            xx += scatter.mean.powi(2);
            xy += scatter.mean * (scatter.phi - 1.0);
        }
        Self { alpha: 1.0, beta: if xx > 0.0 { (xy / xx).max(0.0) } else { 0.0 } }
    }

    pub fn at(self, n: f64) -> f64 {
        (self.alpha + self.beta * n).max(1.0)
    }
}

impl Scatter {
    /// `None` where there are too few stretches or too little in them.
    pub fn of(placebos: &[Placebo], feature: Feature) -> Option<Self> {
        let stretches = placebos.len() as f64;
        let columns = feature.columns();
        if placebos.len() < 3 || feature == Feature::Volume {
            return None;
        }
        // A column has to be expected five times in a stretch; the rest are one column.
        let mut column_of = [0; WIDEST];
        let mut totals = [0.0; WIDEST];
        let mut width = 1;
        for (k, column) in columns.clone().enumerate() {
            let total: f64 = placebos.iter().map(|placebo| f64::from(placebo.counts[column])).sum();
            if total >= 5.0 * stretches && width < WIDEST {
                column_of[k] = width;
                width += 1;
            }
            totals[column_of[k]] += total;
        }
        let all: f64 = totals.iter().sum();
        let used = totals.iter().filter(|total| **total > 0.0).count();
        if used < 2 || all < 10.0 * stretches {
            return None;
        }
        let mut x2 = 0.0;
        for placebo in placebos {
            let mut cells = [0.0; WIDEST];
            for (k, column) in columns.clone().enumerate() {
                cells[column_of[k]] += f64::from(placebo.counts[column]);
            }
            let n: f64 = cells.iter().sum();
            for (seen, total) in cells.iter().zip(totals).filter(|(_, total)| *total > 0.0) {
                let expected = n * total / all;
                x2 += if expected > 0.0 { (seen - expected).powi(2) / expected } else { 0.0 };
            }
        }
        let df = (stretches - 1.0) * (used - 1) as f64;
        Some(Self { phi: x2 / df, mean: all / stretches })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(points: &[(f64, f64)]) -> Dispersion {
        Dispersion::fit(points.iter().map(|(mean, phi)| Scatter { mean: *mean, phi: *phi }))
    }

    #[test]
    fn the_line_never_tells_less_scatter_than_chance() {
        let line = fit(&[(10.0, 1.5), (20.0, 2.0), (40.0, 3.0)]);
        assert!((line.alpha - 1.0).abs() < 1e-9 && (line.beta - 0.05).abs() < 1e-9);
        assert_eq!(fit(&[(10.0, 0.4), (20.0, 0.2)]), Dispersion::default());
        assert_eq!(fit(&[(10.0, 2.0), (20.0, 1.0)]), Dispersion { alpha: 1.5, beta: 0.0 });
        assert_eq!(fit(&[]).at(1e9), 1.0);
    }
}
