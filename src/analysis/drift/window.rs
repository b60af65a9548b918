//! All p-values of one window of one agent, true or placebo: step 2 to 5 of ANALYSIS §3.

use super::dispersion::Dispersion;
use super::signature::{Move, Signature};
use super::table::{Pooled, Rows};
use super::{COLUMNS, Counts, ENOUGH, Feature};
use crate::analysis::stats::combine::acat;
use crate::analysis::stats::rank::Rank;
use crate::analysis::stats::{tables, tails};

/// What the whole fleet says about each feature.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    pub dispersion: [Dispersion; Feature::ALL.len()],
    pub signatures: [Signature; Feature::ALL.len()],
}

/// Two stretches of one agent, and of the controls at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Window<'c> {
    pub before: &'c Counts,
    pub during: &'c Counts,
    pub controls: Option<[&'c Counts; 2]>,
    /// How long the stretches are, in ticks: what volume is measured against without controls.
    pub lengths: [f64; 2],
}

/// One feature of one window, tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub n: [f64; 2],
    pub g: f64,
    pub df: usize,
    pub phi: f64,
    /// Of all tests of this feature together.
    pub p: f64,
    /// Distance of during from before, less what chance gives.
    pub tvd: f64,
    /// Cliff's δ, for ordered features.
    pub delta: Option<f64>,
}

pub type Sight = [Option<Seen>; Feature::ALL.len()];

impl<'c> Window<'c> {
    pub fn rows(&self, feature: Feature) -> Rows<'c> {
        let columns = feature.columns();
        let controls = self.controls.map(|both| both.map(|counts| &counts[columns.clone()]));
        Rows {
            before: &self.before[columns.clone()],
            during: &self.during[columns.clone()],
            controls: controls.unwrap_or_default(),
        }
    }

    /// How this agent moved, by feature.
    pub fn moves(&self) -> [Option<Move>; Feature::ALL.len()] {
        Feature::ALL
            .map(|feature| (feature != Feature::Volume).then(|| Move::of(self.rows(feature))).flatten())
    }

    /// Tests every feature. `own`: this agent's part in the fleet's direction.
    pub fn look(&self, fleet: &Fleet, own: &[Option<Move>; Feature::ALL.len()]) -> Sight {
        Feature::ALL.map(|feature| match feature {
            Feature::Volume => self.volume(fleet),
            _ => self.mix(feature, fleet, own[feature as usize].as_ref()),
        })
    }

    fn mix(&self, feature: Feature, fleet: &Fleet, own: Option<&Move>) -> Option<Seen> {
        let rows = self.rows(feature);
        let pooled = Pooled::of(rows)?;
        let test = pooled.test();
        let n = [super::table::sum(rows.before), super::table::sum(rows.during)];
        let dispersion = fleet.dispersion[feature as usize];
        let phi = dispersion.at(n[1]);
        let mut p = [1.0; 3];
        let mut tests = 0;
        let mut add = |one: f64| {
            p[tests] = one;
            tests += 1;
        };
        add(test.p_with(phi));
        let direction = fleet.signatures[feature as usize].direction(own);
        if let Some((moved, direction)) = Move::of(rows).zip(direction) {
            add(moved.p_along(&direction, rows, dispersion));
        }
        let float = |counts: &[u32]| {
            let mut row = [0.0; super::WIDEST];
            row.iter_mut().zip(counts).for_each(|(cell, n)| *cell = f64::from(*n));
            row
        };
        let (before, during) = (float(rows.before), float(rows.during));
        let rank = feature.is_ordered().then(|| Rank::of(&before, &during));
        if let Some(rank) = rank {
            let controls = Rank::of(&float(rows.controls[0]), &float(rows.controls[1]));
            add(rank.p_against(controls, phi));
        }
        Some(Seen {
            n,
            g: test.statistic,
            df: test.df,
            phi,
            p: acat(&p[..tests]).unwrap_or(1.0),
            tvd: tables::tvd_corrected(&before, &during),
            delta: rank.map(|rank| rank.delta),
        })
    }

    /// Requests of both stretches against those of the controls; against the clock where there are none.
    fn volume(&self, fleet: &Fleet) -> Option<Seen> {
        let n = [self.before, self.during].map(|counts| f64::from(counts[COLUMNS - 1]));
        if n[0] < ENOUGH || n[1] < ENOUGH {
            return None;
        }
        let share = match self.controls {
            Some(both) => {
                let theirs = both.map(|counts| f64::from(counts[COLUMNS - 1]));
                if theirs[0] < ENOUGH || theirs[1] < ENOUGH {
                    return None;
                }
                theirs
            }
            None => self.lengths,
        };
        let expected = share[1] / (share[0] + share[1]);
        let phi = fleet.dispersion[Feature::Volume as usize].at(n[1]);
        let (test, p) = match self.controls {
            Some(_) => {
                let test = tables::g(&n, &share);
                (test, test.p_with(phi))
            }
            None => {
                let all = n[0] + n[1];
                let z2 = (n[1] - all * expected).powi(2) / (all * expected * (1.0 - expected));
                let test = tables::Test { statistic: z2, df: 1 };
                let exact = phi <= 1.0;
                (
                    test,
                    if exact {
                        tails::two_rates(n[1] as u64, n[0] as u64, expected)
                    } else {
                        test.p_with(phi)
                    },
                )
            }
        };
        // As a distance: by how much the share of requests that fell into this stretch is off.
        let tvd = (n[1] / (n[0] + n[1]) - expected).abs();
        Some(Seen { n, g: test.statistic, df: 1, phi, p, tvd, delta: None })
    }
}

/// All features of one window as one p; `None` where none could be tested.
pub fn combined(sight: &Sight) -> Option<f64> {
    let mut p = [1.0; Feature::ALL.len()];
    let mut tested = 0;
    for seen in sight.iter().flatten() {
        p[tested] = seen.p;
        tested += 1;
    }
    acat(&p[..tested])
}
