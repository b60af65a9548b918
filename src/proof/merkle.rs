//! The RFC 6962 tree over a journal's lines: roots as lines arrive, at every size, in one pass.
//!
//! Leaf = SHA-256(0x00 ‖ line), node = SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1, RFC 9162 §2.1).

mod compare;
mod path;

pub use compare::{Comparison, Difference, compare};
pub use path::{
    MAX_PATH, consistency_proof, inclusion_proof, range_root, verify_consistency, verify_inclusion,
};

use crate::model::Hash;
use sha2::{Digest, Sha256};

/// The hash of one line's bytes as a leaf.
pub fn leaf_hash(line: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(line).finalize().into())
}

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// A leaf hashed piece by piece, for lines too long to hold.
pub struct LeafHasher(Sha256);

impl LeafHasher {
    #[expect(clippy::new_without_default, reason = "an empty leaf is a value nobody wants by default")]
    pub fn new() -> Self {
        Self(Sha256::new().chain_update([0]))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// The right edge of a growing tree: the roots of its perfect subtrees, largest first. 32 bytes × log₂ size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds a frontier from what `size` and `peaks` said; `None` if the number of peaks cannot be right.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Appends a perfect subtree of 2^level leaves. The size so far must be a multiple of 2^level.
    pub fn push_subtree(&mut self, level: u32, root: Hash) {
        debug_assert_eq!(self.size & ((1 << level) - 1), 0, "a subtree starts at a multiple of its size");
        let mut node = root;
        let mut higher = self.size >> level;
        while higher & 1 == 1 {
            let left = self.peaks.pop().expect("one peak for each set bit of the size");
            node = node_hash(&left, &node);
            higher >>= 1;
        }
        self.peaks.push(node);
        self.size += 1 << level;
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The tree's root; of no leaves, SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Hash(Sha256::digest([]).into()),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, written as it reads.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash(Sha256::digest([]).into()),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_root_at_every_size_is_the_naive_root() {
        let leaves: Vec<Hash> = (0..300u32).map(|n| leaf_hash(&n.to_le_bytes())).collect();
        let mut frontier = Frontier::new();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), naive_root(&leaves[..size]));
            frontier.push(*leaf);
        }
    }

    #[test]
    fn subtrees_append_like_their_leaves() {
        let leaves: Vec<Hash> = (0..1024u32).map(|n| leaf_hash(&n.to_le_bytes())).collect();
        let mut by_leaf = Frontier::new();
        let mut by_subtree = Frontier::new();
        for group in leaves.chunks(256) {
            group.iter().for_each(|leaf| by_leaf.push(*leaf));
            by_subtree.push_subtree(8, naive_root(group));
        }
        assert_eq!(by_leaf, by_subtree);
    }
}
