//! Two copies of one journal, leaf by leaf: which lines differ, and where lines were put in or taken out.

use crate::model::Hash;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// Leaves of each side looked at to find where both go on together.
const AHEAD: usize = 1024;
/// Stretches kept; what lies beyond is counted.
const KEPT: usize = 1000;

/// A stretch of the journal and what the copy has in its place, by line index. One of them may be empty: lines were put
/// into the journal, or taken out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub journal: Range<u64>,
    pub copy: Range<u64>,
}

/// What comparing came to. A journal that goes on after the copy ends is no difference: it grew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub journal_lines: u64,
    pub copy_lines: u64,
    /// Lines at which both agree.
    pub same: u64,
    /// The first stretches that differ.
    pub differences: Vec<Difference>,
    /// Lines of the journal, and of the copy, in all stretches that differ.
    pub differing: (u64, u64),
}

/// Compares leaves as they stream past, in memory for the stretch looked ahead.
pub fn compare(journal: impl Iterator<Item = Hash>, copy: impl Iterator<Item = Hash>) -> Comparison {
    let (mut journal, mut copy) = (Side::new(journal), Side::new(copy));
    let mut found = Comparison::default();
    loop {
        journal.fill(1);
        copy.fill(1);
        match (journal.ahead.front(), copy.ahead.front()) {
            (_, None) => break,
            (Some(ours), Some(theirs)) if ours == theirs => {
                found.same += 1;
                journal.skip(1);
                copy.skip(1);
            }
            _ => {
                journal.fill(AHEAD);
                copy.fill(AHEAD);
                let (ours, theirs) = resume(&journal.ahead, &copy.ahead);
                found.add(Difference { journal: journal.skip(ours), copy: copy.skip(theirs) });
            }
        }
    }
    found.journal_lines = journal.count();
    found.copy_lines = copy.count();
    found
}

impl Comparison {
    fn add(&mut self, difference: Difference) {
        self.differing.0 += difference.journal.end - difference.journal.start;
        self.differing.1 += difference.copy.end - difference.copy.start;
        let has_room = self.differences.len() < KEPT;
        match self.differences.last_mut() {
            Some(last)
                if last.journal.end == difference.journal.start && last.copy.end == difference.copy.start =>
            {
                last.journal.end = difference.journal.end;
                last.copy.end = difference.copy.end;
            }
            _ if has_room => self.differences.push(difference),
            _ => {}
        }
    }
}

/// How many leaves of each side to pass over until both go on together; by as few as possible, at least one in all.
fn resume(journal: &VecDeque<Hash>, copy: &VecDeque<Hash>) -> (usize, usize) {
    let mut places: HashMap<&Hash, Vec<usize>> = HashMap::new();
    for (place, leaf) in copy.iter().enumerate() {
        let known = places.entry(leaf).or_default();
        // Many lines alike, as blank ones, say little of where both go on.
        if known.len() < 16 {
            known.push(place);
        }
    }
    let mut best: Option<(usize, usize)> = None;
    for (ours, leaf) in journal.iter().enumerate() {
        for theirs in places.get(leaf).into_iter().flatten() {
            // Of equally short ways the one that keeps lines at their places: an edit is likelier than two moves.
            let weight = |(a, b): (usize, usize)| (a + b, a.abs_diff(b));
            if best.is_none_or(|best| weight((ours, *theirs)) < weight(best)) {
                best = Some((ours, *theirs));
            }
        }
    }
    // Where nothing is alike, line stands against line; what then remains of one side alone was put in or taken out.
    let both = journal.len().min(copy.len());
    best.unwrap_or(if both == 0 { (journal.len(), copy.len()) } else { (both, both) })
}

/// One side as it streams past.
struct Side<I> {
    leaves: I,
    ahead: VecDeque<Hash>,
    passed: u64,
}

impl<I: Iterator<Item = Hash>> Side<I> {
    fn new(leaves: I) -> Self {
        Self { leaves, ahead: VecDeque::new(), passed: 0 }
    }

    fn fill(&mut self, wanted: usize) {
        let missing = wanted.saturating_sub(self.ahead.len());
        self.ahead.extend(self.leaves.by_ref().take(missing));
    }

    fn skip(&mut self, leaves: usize) -> Range<u64> {
        self.ahead.drain(..leaves);
        let from = self.passed;
        self.passed += leaves as u64;
        from..self.passed
    }

    fn count(self) -> u64 {
        self.passed + self.ahead.len() as u64 + self.leaves.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;
    use proptest::prelude::*;

    fn leaves(text: &str) -> Vec<Hash> {
        text.bytes().map(|byte| leaf_hash(&[byte])).collect()
    }

    fn compared(journal: &str, copy: &str) -> Comparison {
        compare(leaves(journal).into_iter(), leaves(copy).into_iter())
    }

    #[test]
    fn edits_insertions_and_cuts_are_told_by_line() {
        for (journal, copy, expected) in [
            ("abcdef", "abcdef", vec![]),
            ("abcXef", "abcdef", vec![(3..4, 3..4)]),
            ("Xbcdef", "abcdef", vec![(0..1, 0..1)]),
            ("abcdeX", "abcdef", vec![(5..6, 5..6)]),
            ("abcXYef", "abcdef", vec![(3..5, 3..4)]),
            ("abXcdef", "abcdef", vec![(2..3, 2..2)]),
            ("abdef", "abcdef", vec![(2..2, 2..3)]),
            ("abcd", "abcdef", vec![(4..4, 4..6)]),
            ("abcdefgh", "abcdef", vec![]),
            ("aXcdYf", "abcdef", vec![(1..2, 1..2), (4..5, 4..5)]),
            ("", "ab", vec![(0..0, 0..2)]),
            ("ab", "", vec![]),
            ("XYZ", "abc", vec![(0..3, 0..3)]),
            ("XY", "abc", vec![(0..2, 0..3)]),
        ] {
            let found = compared(journal, copy);
            let told: Vec<_> = found.differences.into_iter().map(|d| (d.journal, d.copy)).collect();
            assert_eq!(told, expected, "{journal} against {copy}");
            assert_eq!((found.journal_lines, found.copy_lines), (journal.len() as u64, copy.len() as u64));
        }
    }

    #[test]
    fn two_strangers_are_one_difference_whatever_their_length() {
        let journal = (0..5000u32).map(|n| leaf_hash(&n.to_le_bytes()));
        let copy = (9000..16_000u32).map(|n| leaf_hash(&n.to_le_bytes()));
        let found = compare(journal, copy);
        assert_eq!(found.differences, [Difference { journal: 0..5000, copy: 0..7000 }]);
        assert_eq!((found.same, found.differing), (0, (5000, 7000)));
    }

    proptest! {
        /// The copy is made again from the journal and what the copy alone has: nothing that differs is missed.
        #[test]
        fn what_is_not_told_to_differ_is_the_same(journal in "[a-e]{0,60}", copy in "[a-e]{0,60}") {
            let found = compared(&journal, &copy);
            let (ours, theirs) = (leaves(&journal), leaves(&copy));
            let (mut at, mut made) = (0, Vec::new());
            for one in &found.differences {
                made.extend_from_slice(&ours[at..one.journal.start as usize]);
                prop_assert_eq!(made.len() as u64, one.copy.start);
                made.extend_from_slice(&theirs[one.copy.start as usize..one.copy.end as usize]);
                at = one.journal.end as usize;
            }
            let rest = theirs.len() - made.len();
            made.extend_from_slice(&ours[at..at + rest]);
            prop_assert_eq!(made, theirs);
        }
    }
}
