//! Silence that is out of rhythm: where a node's records stop for far longer than they usually do (ANALYSIS §8).

use super::Number;
use crate::model::Nanos;
use crate::model::time::{MINUTE, Span};
use std::collections::BTreeMap;

/// A stretch without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub node: Number,
    pub from: Nanos,
    pub to: Nanos,
}

/// A fold over records in time order. Remembers each node's longest silences and how long they usually are.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    nodes: BTreeMap<Number, Rhythm>,
}

#[derive(Clone, Debug)]
struct Rhythm {
    last: Nanos,
    /// Silences by the bit length of their nanoseconds: a histogram with factor-two steps.
    lengths: [u64; 64],
    /// The longest silences so far.
    longest: Vec<(Nanos, Nanos)>,
}

const KEPT: usize = 32;
/// A gap is at least this long…
const SHORTEST: Span = Span(5 * MINUTE);
/// …and at least this many times the silence that 99 of 100 stay below.
const TIMES_USUAL: i64 = 8;

impl Gaps {
    pub fn record(&mut self, node: Number, at: Nanos) {
        let Some(rhythm) = self.nodes.get_mut(&node) else {
            let rhythm = Rhythm { last: at, lengths: [0; 64], longest: Vec::new() };
            self.nodes.insert(node, rhythm);
            return;
        };
        let silence = at.since(rhythm.last).0.max(0);
        rhythm.lengths[(64 - silence.leading_zeros()).min(63) as usize] += 1;
        if silence >= SHORTEST.0 {
            rhythm.longest.push((rhythm.last, at));
            if rhythm.longest.len() > 2 * KEPT {
                rhythm.keep_longest();
            }
        }
        rhythm.last = at;
    }

    /// The gaps, earliest first.
    pub fn found(mut self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (node, rhythm) in &mut self.nodes {
            rhythm.keep_longest();
            let usual = rhythm.usual();
            let odd = rhythm
                .longest
                .iter()
                .filter(|(from, to)| to.since(*from).0 >= usual.saturating_mul(TIMES_USUAL));
            gaps.extend(odd.map(|(from, to)| Gap { node: *node, from: *from, to: *to }));
        }
        gaps.sort_by_key(|gap| (gap.from, gap.node));
        gaps
    }
}

impl Rhythm {
    fn keep_longest(&mut self) {
        self.longest.sort_by_key(|(from, to)| (std::cmp::Reverse(to.since(*from)), *from));
        self.longest.truncate(KEPT);
    }

    /// An upper bound of the silence that 99 of 100 stay below.
    fn usual(&self) -> i64 {
        let total: u64 = self.lengths.iter().sum();
        let mut below = 0;
        let bits = self.lengths.iter().position(|count| {
            below += count;
            below * 100 >= total * 99
        });
        1i64 << bits.unwrap_or(62).min(62)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    #[test]
    fn an_hour_of_silence_in_a_busy_day_is_a_gap_and_a_quiet_night_is_not() {
        let mut gaps = Gaps::default();
        let mut at = 0;
        for n in 0..5000 {
            at += if n == 2500 { 3600 } else { 5 + n % 7 };
            gaps.record(1, Nanos(at * SECOND));
            gaps.record(2, Nanos((n + 1) * 400 * SECOND));
        }
        let found = gaps.found();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].node, found[0].to.since(found[0].from)), (1, Span(3600 * SECOND)));
    }
}
