//! OpenZeppelin's complete binary tree in an array: root first, leaves last.
//!
//! ```text
//! place 0      root            n leaves take 2n−1 places; the leaves, ascending, fill them from the back:
//! place i      children 2i+1 and 2i+2, parent ⌊(i−1)/2⌋      nodes[2n−2−i] = sorted[i]
//! parent = keccak256(min(a,b) ‖ max(a,b)): siblings are sorted, so a proof needs no directions
//! ```

use crate::model::Hash;
use crate::proof::hashes::keccak256_of;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Hash>,
    /// For each leaf as given, its place in `nodes`.
    places: Vec<usize>,
}

impl Tree {
    /// The tree over leaf hashes in any order; `None` over no leaves, which OpenZeppelin refuses too.
    pub fn build(leaves: &[Hash]) -> Option<Self> {
        if leaves.is_empty() {
            return None;
        }
        let last = 2 * leaves.len() - 2;
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        order.sort_by_key(|index| leaves[*index]);
        let mut nodes = vec![Hash::default(); last + 1];
        let mut places = vec![0; leaves.len()];
        for (rank, index) in order.into_iter().enumerate() {
            nodes[last - rank] = leaves[index];
            places[index] = last - rank;
        }
        for place in (0..leaves.len() - 1).rev() {
            nodes[place] = pair_hash(&nodes[2 * place + 1], &nodes[2 * place + 2]);
        }
        Some(Self { nodes, places })
    }

    pub fn root(&self) -> Hash {
        self.nodes[0]
    }

    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Where the leaf given at `index` lies in `nodes`.
    pub fn place(&self, index: usize) -> Option<usize> {
        self.places.get(index).copied()
    }

    /// The siblings from the leaf given at `index` up to the root.
    pub fn proof(&self, index: usize) -> Option<Vec<Hash>> {
        self.place(index).map(|place| siblings(&self.nodes, place))
    }
}

/// The siblings on the way from a place to the root.
pub(super) fn siblings(nodes: &[Hash], mut place: usize) -> Vec<Hash> {
    let mut proof = Vec::new();
    while place > 0 {
        let sibling = if place % 2 == 1 { place + 1 } else { place - 1 };
        proof.extend(nodes.get(sibling).copied());
        place = (place - 1) / 2;
    }
    proof
}

/// The parent of two nodes, in whatever order they come.
pub fn pair_hash(a: &Hash, b: &Hash) -> Hash {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    keccak256_of(&[&low.0, &high.0])
}

/// The root a leaf and its siblings lead to.
pub fn fold_proof(leaf: Hash, proof: &[Hash]) -> Hash {
    proof.iter().fold(leaf, |node, sibling| pair_hash(&node, sibling))
}
