//! One feature of one window as a table: columns pooled until each can be judged, then before against during.

use super::{ENOUGH, WIDEST};
use crate::analysis::stats::tables::{self, Test};

/// Before and during, of the agent and of the controls.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'c> {
    pub before: &'c [u32],
    pub during: &'c [u32],
    /// Empty slices where there is no control group.
    pub controls: [&'c [u32]; 2],
}

/// A table with its small columns joined into one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    pub width: usize,
    rows: [[f64; WIDEST]; 4],
    has_controls: bool,
}

/// Expected counts beneath this make χ² a bad approximation (Cochran 1954).
const EXPECTED: f64 = 5.0;

impl Pooled {
    /// `None` if there is too little on either side, or all of it in one category.
    pub fn of(rows: Rows<'_>) -> Option<Self> {
        let (n_before, n_during) = (sum(rows.before), sum(rows.during));
        if n_before < ENOUGH || n_during < ENOUGH {
            return None;
        }
        let share = n_before.min(n_during) / (n_before + n_during);
        let mut pooled =
            Self { width: 0, rows: [[0.0; WIDEST]; 4], has_controls: !rows.controls[0].is_empty() };
        let mut rest = [0.0; 4];
        for k in 0..rows.before.len() {
            let cells = [
                f64::from(rows.before[k]),
                f64::from(rows.during[k]),
                rows.controls[0].get(k).copied().map_or(0.0, f64::from),
                rows.controls[1].get(k).copied().map_or(0.0, f64::from),
            ];
            if (cells[0] + cells[1]) * share < EXPECTED {
                rest.iter_mut().zip(cells).for_each(|(rest, cell)| *rest += cell);
            } else {
                pooled.push(cells);
            }
        }
        let own = rest[0] + rest[1];
        if own * share >= EXPECTED && pooled.width < WIDEST {
            pooled.push(rest);
        } else if own > 0.0 && pooled.width > 0 {
            // What is too little even together goes to the smallest column there is.
            let total = |k: &usize| pooled.rows[0][*k] + pooled.rows[1][*k];
            let smallest = (0..pooled.width).min_by(|a, b| total(a).total_cmp(&total(b)))?;
            pooled.rows.iter_mut().zip(rest).for_each(|(row, rest)| row[smallest] += rest);
        }
        (pooled.width >= 2).then_some(pooled)
    }

    fn push(&mut self, cells: [f64; 4]) {
        self.rows.iter_mut().zip(cells).for_each(|(row, cell)| row[self.width] = cell);
        self.width += 1;
    }

    fn row(&self, place: usize) -> &[f64] {
        &self.rows[place][..self.width]
    }

    /// Difference in differences where there are controls, else G of before against during.
    pub fn test(&self) -> Test {
        let (before, during) = (self.row(0), self.row(1));
        if !self.has_controls {
            return tables::g(before, during);
        }
        tables::g_no_three_way([before, during], [self.row(2), self.row(3)])
    }
}

pub fn sum(counts: &[u32]) -> f64 {
    counts.iter().map(|n| f64::from(*n)).sum()
}

/// λ of the noncentral χ² distribution with which a test at .05 has power .8, by degrees of freedom from 1.
const LAMBDA: [f64; 15] = [
    7.849, 9.635, 10.903, 11.935, 12.828, 13.624, 14.351, 15.022, 15.650, 16.241, 16.802, 17.336, 17.847,
    18.338, 18.811,
];

/// The smallest effect (Cohen's w) that so many records could have shown, four times in five.
pub fn smallest_effect(df: usize, records: f64) -> f64 {
    let lambda = LAMBDA[df.clamp(1, LAMBDA.len()) - 1];
    if records > 0.0 { (lambda / records).sqrt() } else { f64::INFINITY }
}
