//! Many p-values: combined into one by the Cauchy rule, judged together by Benjamini and Hochberg.

use super::tails::SMALLEST;
use std::f64::consts::{FRAC_1_PI, PI};

/// ACAT with equal weights (Liu and Xie 2020): right also where the tests depend on each other. `None` of nothing.
pub fn acat(p: &[f64]) -> Option<f64> {
    if p.is_empty() {
        return None;
    }
    if p.iter().any(|p| *p <= SMALLEST) {
        return Some(SMALLEST);
    }
    let mean = p.iter().map(|p| cauchy(p.min(1.0 - 1e-15))).sum::<f64>() / p.len() as f64;
    Some(from_cauchy(mean).clamp(SMALLEST, 1.0))
}

/// tan((½ − p)π); 1/(pπ) where the tangent has lost its digits.
fn cauchy(p: f64) -> f64 {
    if p < 1e-15 { 1.0 / (p * PI) } else { ((0.5 - p) * PI).tan() }
}

/// ½ − atan(t)/π, written so that a large t keeps its digits.
fn from_cauchy(t: f64) -> f64 {
    if t > 1.0 { (1.0 / t).atan() * FRAC_1_PI } else { 0.5 - t.atan() * FRAC_1_PI }
}

/// The q of each p: the smallest false-discovery rate at which it would still be flagged (Benjamini and Hochberg 1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
    let mut q = vec![1.0; p.len()];
    let mut lowest = 1.0f64;
    for (rank, place) in order.iter().enumerate().rev() {
        lowest = lowest.min(p[*place] * p.len() as f64 / (rank + 1) as f64);
        q[*place] = lowest;
    }
    q
}
