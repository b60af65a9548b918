//! Whether what changed is back: how much of the change is kept after the last faulty answer (ANALYSIS §3.7).

use super::dispersion::Dispersion;
use super::table::{Pooled, Rows, sum};
use super::{ENOUGH, WIDEST};
use crate::analysis::stats::resample::{Draws, Urn};
use crate::analysis::stats::tables;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Persistence {
    /// Still changed.
    Sticky,
    /// Changed into something that is neither.
    ShiftedElsewhere,
    Undetermined,
    /// As before.
    Recovered,
}

impl Persistence {
    pub const ALL: [Self; 4] = [Self::Sticky, Self::ShiftedElsewhere, Self::Undetermined, Self::Recovered];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sticky => "sticky",
            Self::ShiftedElsewhere => "shifted-elsewhere",
            Self::Undetermined => "undetermined",
            Self::Recovered => "recovered",
        }
    }
}

/// ρ = (p_R − p_B)·(p_F − p_B)/‖p_F − p_B‖² with its 90 % interval. 1: all of the change is kept; 0: none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retention {
    pub rho: f64,
    pub lo: f64,
    pub hi: f64,
}

/// One feature, before, during and after.
#[derive(Clone, Copy, Debug)]
pub struct Phases<'c> {
    pub own: [&'c [u32]; 3],
    /// The controls in the same stretches; what they did too is not the fault's.
    pub controls: Option<[&'c [u32]; 3]>,
}

/// What became of one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lasting {
    pub retention: Retention,
    /// Distance of after from before, less what chance gives, at the upper end of its interval.
    pub away: f64,
    /// p of "after is as before".
    pub p: f64,
    pub n_after: f64,
}

const BOOTSTRAPS: usize = 200;
const STICKY: f64 = 0.25;
const RECOVERED: f64 = 0.5;
const BACK: f64 = 0.10;

impl Lasting {
    /// `None` where too little was recorded after.
    pub fn of(phases: Phases<'_>, dispersion: Dispersion, draws: &mut Draws) -> Option<Self> {
        let n_after = enough(phases)?;
        let drift = phases.controls.and_then(|controls| drift(&controls));
        let kept = Kept::of(&phases.own, drift.as_ref());
        let (rho, _) = kept.retained(&kept.own, 1.0)?;
        let mut rhos = Vec::with_capacity(BOOTSTRAPS);
        let mut aways = Vec::with_capacity(BOOTSTRAPS);
        let mut drawn = [[0.0; WIDEST]; 3];
        let urns = kept.own.each_ref().map(|counts| Urn::of(&counts[..kept.width]));
        for _ in 0..BOOTSTRAPS {
            for (urn, out) in urns.iter().zip(&mut drawn) {
                draws.draw(urn, out);
            }
            // A sample of a sample has the noise of both.
            if let Some((rho, away)) = kept.retained(&drawn, 2.0) {
                rhos.push(rho);
                aways.push(away);
            }
        }
        rhos.sort_unstable_by(f64::total_cmp);
        aways.sort_unstable_by(f64::total_cmp);
        let p = as_before(phases, dispersion)?;
        let retention = Retention { rho, lo: quantile(&rhos, 0.05)?, hi: quantile(&rhos, 0.95)? };
        Some(Self { retention, away: quantile(&aways, 0.95)?, p, n_after })
    }

    /// `differs`: whether after is not as before, among all agents asked (q < .05).
    pub fn persistence(&self, differs: Differs) -> Persistence {
        let Retention { lo, hi, .. } = self.retention;
        if lo > STICKY {
            Persistence::Sticky
        } else if hi < RECOVERED && self.away < BACK {
            Persistence::Recovered
        } else if hi < STICKY && differs == Differs::Yes {
            Persistence::ShiftedElsewhere
        } else {
            Persistence::Undetermined
        }
    }

    /// Whether nothing of a change, should there have been one, is left.
    pub fn is_back(&self, differs: Differs) -> bool {
        self.away < BACK && self.retention.hi < RECOVERED && differs == Differs::No
    }

    /// About how many more records after would decide it: the interval narrows with the root of their number.
    pub fn needed(&self) -> u64 {
        let Retention { rho, lo, hi } = self.retention;
        let (half, room) = if rho > (STICKY + RECOVERED) / 2.0 {
            (rho - lo, rho - STICKY)
        } else {
            (hi - rho, RECOVERED - rho)
        };
        let by_rho = (half / room.max(0.02)).powi(2);
        let by_away = if rho < RECOVERED { (self.away / BACK).powi(2) } else { 0.0 };
        let factor = by_rho.max(by_away).clamp(1.0, 1e6);
        ((factor - 1.0) * self.n_after).ceil().max(1.0) as u64
    }
}

/// p of "after is as before"; `None` where too little was recorded after.
pub fn as_before(phases: Phases<'_>, dispersion: Dispersion) -> Option<f64> {
    let n_after = enough(phases)?;
    let after = Rows {
        before: phases.own[0],
        during: phases.own[2],
        controls: phases.controls.map(|controls| [controls[0], controls[2]]).unwrap_or_default(),
    };
    Some(Pooled::of(after).map_or(1.0, |pooled| pooled.test().p_with(dispersion.at(n_after))))
}

/// How much was recorded after, where that is enough and there is something in every phase.
fn enough(phases: Phases<'_>) -> Option<f64> {
    let n_after = sum(phases.own[2]);
    (n_after >= ENOUGH && phases.own.iter().all(|counts| sum(counts) > 0.0)).then_some(n_after)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    Yes,
    No,
}

/// How the controls' shares moved from before to during and from before to after.
fn drift(controls: &[&[u32]; 3]) -> Option<[[f64; WIDEST]; 2]> {
    let totals = controls.map(sum);
    if totals.iter().any(|total| *total <= 0.0) {
        return None;
    }
    let share =
        |phase: usize, k: usize| f64::from(controls[phase].get(k).copied().unwrap_or(0)) / totals[phase];
    Some([1, 2].map(|phase| std::array::from_fn(|k| share(phase, k) - share(0, k))))
}

/// One feature's three rows with what every draw from them has in common: the totals, and the categories that hold
/// nothing in any phase, so nothing in any draw.
struct Kept {
    /// Categories with a count, first.
    width: usize,
    own: [[f64; WIDEST]; 3],
    drift: [[f64; WIDEST]; 2],
    totals: [f64; 3],
    /// Along, length and away of the categories left out, which only the controls moved.
    rest: [f64; 3],
}

impl Kept {
    fn of(own: &[&[u32]; 3], moved: Option<&[[f64; WIDEST]; 2]>) -> Self {
        let mut kept = Self {
            width: 0,
            own: [[0.0; WIDEST]; 3],
            drift: [[0.0; WIDEST]; 2],
            totals: own.map(sum),
            rest: [0.0; 3],
        };
        for k in 0..own[0].len() {
            let [during, after] = [0, 1].map(|phase| moved.map_or(0.0, |moved| moved[phase][k]));
            if own.iter().all(|row| row[k] == 0) {
                let [along, length, away] = &mut kept.rest;
                *along += after * during;
                *length += during * during;
                *away += after.abs() / 2.0;
                continue;
            }
            (0..3).for_each(|phase| kept.own[phase][kept.width] = f64::from(own[phase][k]));
            (kept.drift[0][kept.width], kept.drift[1][kept.width]) = (during, after);
            kept.width += 1;
        }
        kept
    }

    /// ρ of these rows or of a draw from them, and the distance of after from before less what chance gives at `noise`
    /// times the variance of one sample.
    fn retained(&self, rows: &[[f64; WIDEST]; 3], noise: f64) -> Option<(f64, f64)> {
        let share = self.totals.map(f64::recip);
        let [mut along, mut length, mut away] = self.rest;
        let own = rows[0].iter().zip(&rows[1]).zip(&rows[2]);
        let drift = self.drift[0].iter().zip(&self.drift[1]);
        for (((before, during), after), drift) in own.zip(drift).take(self.width) {
            let before = before * share[0];
            let during = during * share[1] - before - drift.0;
            let after = after * share[2] - before - drift.1;
            along += after * during;
            length += during * during;
            away += after.abs() / 2.0;
        }
        let away = away - tables::tvd_by_chance(&rows[0][..self.width], &rows[2][..self.width], noise);
        (length > 0.0).then(|| (along / length, away.max(0.0)))
    }
}

/// By linear interpolation between the two nearest, as numpy does.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)? as f64);
    let (low, part) = (place.floor(), place.fract());
    let low = low as usize;
    let high = (low + 1).min(sorted.len() - 1);
    Some(sorted[low] * (1.0 - part) + sorted[high] * part)
}
