//! The direction in which exposed agents moved, net of the controls: an agent that moved the same way is likelier to
//! have moved at all, however little.

use super::dispersion::Dispersion;
use super::table::{Rows, sum};
use super::{ENOUGH, WIDEST};
use crate::analysis::stats::tails;

/// How one agent's shares moved, and how much that says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    pub delta: [f64; WIDEST],
    pub weight: f64,
}

/// The weighted sum of moves of a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signature {
    delta: [f64; WIDEST],
    weight: f64,
    pub agents: usize,
}

/// From so many agents on, one agent's own part in the direction does not matter.
pub const CROWD: usize = 200;

impl Move {
    /// (p_F − p_B) of the agent less that of the controls; `None` under the gate of any test.
    pub fn of(rows: Rows<'_>) -> Option<Self> {
        let (n_before, n_during) = (sum(rows.before), sum(rows.during));
        if n_before < ENOUGH || n_during < ENOUGH {
            return None;
        }
        let mut delta = [0.0; WIDEST];
        let controls = [sum(rows.controls[0]), sum(rows.controls[1])];
        for (k, delta) in delta.iter_mut().enumerate().take(rows.before.len()) {
            *delta = f64::from(rows.during[k]) / n_during - f64::from(rows.before[k]) / n_before;
            if controls[0] > 0.0 && controls[1] > 0.0 {
                *delta -= f64::from(rows.controls[1][k]) / controls[1]
                    - f64::from(rows.controls[0][k]) / controls[0];
            }
        }
        Some(Self { delta, weight: n_before * n_during / (n_before + n_during) })
    }

    /// One-sided p of having moved along the fleet's direction, with φ times the scatter of independent draws.
    pub fn p_along(&self, direction: &[f64; WIDEST], rows: Rows<'_>, dispersion: Dispersion) -> f64 {
        let score: f64 = direction.iter().zip(self.delta).map(|(d, delta)| d * delta).sum();
        let phi = dispersion.at(sum(rows.during));
        let own = spread(direction, rows.before, rows.during) * phi;
        let theirs = match rows.controls {
            [before, during] if !before.is_empty() => spread(direction, before, during),
            _ => 0.0,
        };
        let variance = own + theirs;
        if variance <= 0.0 { 1.0 } else { tails::normal(score / variance.sqrt()) }
    }
}

/// Variance of Σ d·p̂ between two samples of the pooled distribution.
fn spread(direction: &[f64; WIDEST], a: &[u32], b: &[u32]) -> f64 {
    let (n_a, n_b) = (sum(a), sum(b));
    if n_a <= 0.0 || n_b <= 0.0 {
        return 0.0;
    }
    let (mut mean, mut square) = (0.0, 0.0);
    for (d, (x, y)) in direction.iter().zip(a.iter().zip(b)) {
        let p = (f64::from(*x) + f64::from(*y)) / (n_a + n_b);
        mean += d * p;
        square += d * d * p;
    }
    (square - mean * mean).max(0.0) * (1.0 / n_a + 1.0 / n_b)
}

impl Signature {
    pub fn add(&mut self, one: &Move) {
        self.delta.iter_mut().zip(one.delta).for_each(|(sum, delta)| *sum += delta * one.weight);
        self.weight += one.weight;
        self.agents += 1;
    }

    /// The direction of all but one, where one among few would point at itself. `None` of nobody else.
    pub fn direction(&self, but: Option<&Move>) -> Option<[f64; WIDEST]> {
        let but = but.filter(|_| self.agents < CROWD);
        let weight = self.weight - but.map_or(0.0, |one| one.weight);
        if weight <= 0.0 || self.agents < 1 + usize::from(but.is_some()) {
            return None;
        }
        let mut direction = self.delta;
        if let Some(one) = but {
            direction.iter_mut().zip(one.delta).for_each(|(sum, delta)| *sum -= delta * one.weight);
        }
        Some(direction.map(|sum| sum / weight))
    }
}
