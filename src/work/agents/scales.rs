//! What categories there are and where the tenths of the baseline lie: the first pass over a case's records.

use crate::analysis::Number;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Kind, Nanos};
use crate::store::{Chunk, Snapshot, StoreError};
use std::collections::HashMap;

/// A category with a column of its own; the sixteenth holds all the others.
const OWN: usize = 15;
pub const REST: u32 = 15;

/// How recorded values become columns.
#[derive(Clone, Debug, Default)]
pub struct Scales {
    pub actions: Ranked<Number>,
    /// Status and error class.
    pub outcomes: Ranked<(Number, Number)>,
    pub tokens: Tenths,
    pub latency: Tenths,
}

/// The most frequent values, each with its column.
#[derive(Clone, Debug)]
pub struct Ranked<T> {
    /// In the order of their columns.
    pub values: Vec<T>,
    columns: HashMap<T, u32>,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self { values: Vec::new(), columns: HashMap::new() }
    }
}

impl<T: Copy + Ord + std::hash::Hash> Ranked<T> {
    fn new(counts: &HashMap<T, u64>) -> Self {
        let mut order: Vec<(std::cmp::Reverse<u64>, T)> =
            counts.iter().map(|(value, n)| (std::cmp::Reverse(*n), *value)).collect();
        order.sort();
        let values: Vec<T> = order.into_iter().take(OWN).map(|(_, value)| value).collect();
        let columns = values.iter().enumerate().map(|(column, value)| (*value, column as u32)).collect();
        Self { values, columns }
    }

    #[inline]
    pub fn column(&self, value: T) -> u32 {
        self.columns.get(&value).copied().unwrap_or(REST)
    }
}

/// Values in bins a 64th of an octave wide, exact below 128: fine enough for tenths, and small enough to join.
#[derive(Clone, Debug)]
struct Histogram(Vec<u64>);

const BINS: usize = 128 + 57 * 64;

fn bin(value: u64) -> usize {
    if value < 128 {
        return value as usize;
    }
    let octave = 63 - value.leading_zeros() as usize;
    128 + (octave - 7) * 64 + ((value >> (octave - 6)) & 63) as usize
}

/// The lowest value of a bin.
fn lowest(bin: usize) -> u64 {
    if bin < 128 {
        return bin as u64;
    }
    let (octave, part) = ((bin - 128) / 64 + 7, (bin - 128) as u64 % 64);
    (64 + part) << (octave - 6)
}

/// Which tenth of the baseline a value belongs to.
#[derive(Clone, Debug, Default)]
pub struct Tenths {
    of_bin: Vec<u8>,
    /// The lowest value of each tenth from the second on.
    pub edges: Vec<u64>,
}

impl Tenths {
    fn new(histogram: &Histogram) -> Self {
        let all: u64 = histogram.0.iter().sum();
        let mut below = 0;
        let mut of_bin = Vec::with_capacity(BINS);
        for n in &histogram.0 {
            // By the middle of the bin's own ranks; a value that is everywhere gets one tenth for itself.
            let middle = 2 * below + n;
            of_bin.push(u8::try_from((middle * 5).checked_div(all).unwrap_or(0).min(9)).unwrap_or(9));
            below += n;
        }
        let edge = |tenth: u8| of_bin.iter().position(|own| *own >= tenth).map_or(u64::MAX, lowest);
        let edges = (1..10).map(edge).collect();
        Self { of_bin, edges }
    }

    /// The tenth of a column's value, from 1; 0 where nothing was recorded (columns hold numbers plus one).
    #[inline]
    pub fn of(&self, stored: u64) -> u32 {
        match stored.checked_sub(1) {
            None => 0,
            Some(value) => self.of_bin.get(bin(value)).map_or(1, |tenth| u32::from(*tenth) + 1),
        }
    }
}

/// What one chunk adds to the scales, and the prints of its faulty answers.
pub struct Survey {
    actions: HashMap<Number, u64>,
    outcomes: HashMap<(Number, Number), u64>,
    /// Tokens and latency; before the window, and at any time.
    histograms: [[Histogram; 2]; 2],
    pub faulty: Vec<u64>,
}

impl Survey {
    pub fn of(
        snapshot: &Snapshot,
        chunk: &Chunk,
        (model, faulty): (Number, Number),
        baseline: Nanos,
    ) -> Result<Self, StoreError> {
        let column = |column: Column| snapshot.passing(chunk, column);
        let (kind, flags, at) = (column(Column::Kind)?, column(Column::Flags)?, column(Column::At)?);
        let (state, category) = (column(Column::State)?, column(Column::Category)?);
        let (tokens, latency) = (column(Column::TokensOut)?, column(Column::Latency)?);
        let (models, effective) = (column(Column::Model)?, column(Column::Effective)?);
        let print = column(Column::Print)?;
        let empty = || Histogram(vec![0; BINS]);
        let mut survey = Self {
            actions: HashMap::new(),
            outcomes: HashMap::new(),
            histograms: [[empty(), empty()], [empty(), empty()]],
            faulty: Vec::new(),
        };
        kind.each(|place, code| {
            let is_request = code == Kind::Inference as u64;
            if !(is_request || code == Kind::Action as u64) || flags.value(place) & Flags::DUPLICATE != 0 {
                return;
            }
            if !is_request {
                *survey.actions.entry(category.value(place)).or_default() += 1;
                return;
            }
            *survey.outcomes.entry((state.value(place), category.value(place))).or_default() += 1;
            if models.value(place) == model && effective.value(place) == faulty {
                survey.faulty.push(print.value(place));
            }
            let early = at.value(place).cast_signed() < baseline.0;
            for (histogram, stored) in
                survey.histograms.iter_mut().zip([tokens.value(place), latency.value(place)])
            {
                if let Some(value) = stored.checked_sub(1) {
                    histogram[usize::from(!early)].0[bin(value)] += 1;
                }
            }
        });
        Ok(survey)
    }
}

impl Scales {
    pub fn new(surveys: &[Survey]) -> Self {
        let (mut actions, mut outcomes) = (HashMap::new(), HashMap::new());
        for survey in surveys {
            survey.actions.iter().for_each(|(value, n)| *actions.entry(*value).or_default() += n);
            survey.outcomes.iter().for_each(|(value, n)| *outcomes.entry(*value).or_default() += n);
        }
        Self {
            actions: Ranked::new(&actions),
            outcomes: Ranked::new(&outcomes),
            tokens: tenths(surveys, 0),
            latency: tenths(surveys, 1),
        }
    }
}

/// Of the baseline; of all values where there is no baseline.
fn tenths(surveys: &[Survey], which: usize) -> Tenths {
    let mut sums = [Histogram(vec![0; BINS]), Histogram(vec![0; BINS])];
    for survey in surveys {
        for (sum, part) in sums.iter_mut().zip(&survey.histograms[which]) {
            sum.0.iter_mut().zip(&part.0).for_each(|(sum, n)| *sum += n);
        }
    }
    let has_baseline = sums[0].0.iter().any(|n| *n > 0);
    Tenths::new(&sums[usize::from(!has_baseline)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bins_are_in_order_and_hold_their_lowest(value in any::<u64>()) {
            let own = bin(value);
            prop_assert!(own < BINS && lowest(own) <= value && bin(lowest(own)) == own);
            prop_assert!(value == u64::MAX || bin(value + 1) >= own);
        }
    }

    #[test]
    fn tenths_hold_a_tenth_each_and_one_value_stays_whole() {
        let mut histogram = Histogram(vec![0; BINS]);
        (0..100).for_each(|value| histogram.0[bin(value)] += 7);
        let tenths = Tenths::new(&histogram);
        assert_eq!(tenths.edges, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
        assert_eq!((tenths.of(0), tenths.of(1), tenths.of(100)), (0, 1, 10));
        let mut same = Histogram(vec![0; BINS]);
        same.0[bin(5)] = 1_000;
        assert_eq!(Tenths::new(&same).of(6), 6);
        assert_eq!(Tenths::new(&Histogram(vec![0; BINS])).of(6), 1);
    }
}
