//! The roots of a tree at earlier sizes, while its leaves stream past: enough memory for the last 65,536 lines, no more.

use super::merkle::Frontier;
use crate::model::Hash;
use std::collections::{BTreeMap, VecDeque};

/// Leaves between two remembered frontiers.
const GROUP: u64 = 256;
/// Remembered groups.
const GROUPS: usize = 256;

/// A frontier that can also tell its root at sizes it lately had, and at sizes named beforehand.
#[derive(Debug, Default)]
pub struct Roots {
    now: Frontier,
    /// Frontiers at multiples of `GROUP` and the leaves that followed each.
    lately: VecDeque<(Frontier, Vec<Hash>)>,
    watched: BTreeMap<u64, Option<Hash>>,
}

impl Roots {
    /// Starts at no leaves; the root at each size in `watch` will be kept for ever.
    pub fn watching(watch: impl IntoIterator<Item = u64>) -> Self {
        let mut roots =
            Self { watched: watch.into_iter().map(|size| (size, None)).collect(), ..Self::default() };
        roots.note_watched();
        roots
    }

    pub fn push(&mut self, leaf: Hash) {
        if self.now.size().is_multiple_of(GROUP) {
            if self.lately.len() == GROUPS {
                self.lately.pop_front();
            }
            self.lately.push_back((self.now.clone(), Vec::with_capacity(GROUP as usize)));
        }
        if let Some((_, leaves)) = self.lately.back_mut() {
            leaves.push(leaf);
        }
        self.now.push(leaf);
        if !self.watched.is_empty() {
            self.note_watched();
        }
    }

    fn note_watched(&mut self) {
        if let Some(root) = self.watched.get_mut(&self.now.size()) {
            *root = Some(self.now.root());
        }
    }

    pub fn now(&self) -> &Frontier {
        &self.now
    }

    /// The root at a size, if it was watched or is among the last 65,536 leaves or so.
    pub fn at(&self, size: u64) -> Option<Hash> {
        if size == self.now.size() {
            return Some(self.now.root());
        }
        if let Some(root) = self.watched.get(&size) {
            return *root;
        }
        self.frontier_at(size).map(|frontier| frontier.root())
    }

    /// The frontier at one of the last 65,536 sizes or so.
    pub fn frontier_at(&self, size: u64) -> Option<Frontier> {
        if size == self.now.size() {
            return Some(self.now.clone());
        }
        let first = self.lately.front()?.0.size();
        let group = usize::try_from(size.checked_sub(first)? / GROUP).ok()?;
        let (frontier, leaves) = self.lately.get(group)?;
        let mut frontier = frontier.clone();
        let more = usize::try_from(size - frontier.size()).ok()?;
        leaves.get(..more)?.iter().for_each(|leaf| frontier.push(*leaf));
        Some(frontier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;

    #[test]
    fn recent_and_watched_sizes_have_their_true_roots() {
        let mut roots = Roots::watching([0, 7, 70_001]);
        let mut plain = Frontier::new();
        let mut truth = vec![plain.root()];
        for n in 0..70_100u32 {
            let leaf = leaf_hash(&n.to_le_bytes());
            roots.push(leaf);
            plain.push(leaf);
            truth.push(plain.root());
        }
        for size in [0, 7, 70_001, 70_100, 70_000, 69_888, 69_887, 5_000] {
            assert_eq!(roots.at(size), Some(truth[size as usize]), "size {size}");
        }
        assert_eq!(roots.at(8), None, "a size long gone is not guessed");
        assert_eq!(roots.at(70_101), None, "a size not yet reached is not guessed");
    }
}
