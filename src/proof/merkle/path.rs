//! Paths through the tree: that a line is in it, and that a later tree only added to an earlier one (RFC 9162 §2.1.3–4).

use super::{Frontier, node_hash};
use crate::model::Hash;
use std::ops::Range;

/// No path in a tree of fewer than 2^64 leaves is longer.
pub const MAX_PATH: usize = 64;

/// The root over a range of leaves, asked for one by one. Every range a path needs is a subtree, so one streaming pass
/// over its lines is enough.
pub fn range_root<E>(range: Range<u64>, leaf: &mut impl FnMut(u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut frontier = Frontier::new();
    for index in range {
        frontier.push(leaf(index)?);
    }
    Ok(frontier.root())
}

/// The inclusion proof of a leaf (§2.1.3.1), lowest sibling first. `root_of` gives the root over a range of leaves.
/// `Ok(None)` for an index outside the tree.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    root_of: &mut impl FnMut(Range<u64>) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut siblings = Vec::new();
    let mut span = 0..size;
    while span.end - span.start > 1 {
        let middle = span.start + split(span.end - span.start);
        let (inside, beside) = if index < middle {
            (span.start..middle, middle..span.end)
        } else {
            (middle..span.end, span.start..middle)
        };
        siblings.push(root_of(beside)?);
        span = inside;
    }
    siblings.reverse();
    Ok(Some(siblings))
}

/// The consistency proof between two sizes of one tree (§2.1.4.1). `Ok(None)` unless 0 < first ≤ second.
pub fn consistency_proof<E>(
    first: u64,
    second: u64,
    root_of: &mut impl FnMut(Range<u64>) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if first == 0 || first > second {
        return Ok(None);
    }
    let mut nodes = Vec::new();
    let mut span = 0..second;
    while first < span.end {
        let middle = span.start + split(span.end - span.start);
        let (inside, beside) = if first <= middle {
            (span.start..middle, middle..span.end)
        } else {
            (middle..span.end, span.start..middle)
        };
        nodes.push(root_of(beside)?);
        span = inside;
    }
    // The old tree's last subtree is named unless it is the whole old tree, whose root the verifier has.
    if span.start > 0 {
        nodes.push(root_of(span)?);
    }
    nodes.reverse();
    Ok(Some(nodes))
}

/// Whether a leaf is at an index of the tree with this root (§2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size || proof.len() > MAX_PATH {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut node = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

/// Whether the tree of `second` leaves starts with the tree of `first` (§2.1.4.2). Every tree starts with the
/// empty one, so a first size of 0 shows nothing and is false.
pub fn verify_consistency(first: (u64, &Hash), second: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (first, second);
    if first == 0 || first > second || proof.len() > MAX_PATH {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    let (start, rest) = if first.is_power_of_two() {
        (first_root, proof)
    } else {
        match proof.split_first() {
            Some(split) => split,
            None => return false,
        }
    };
    let skipped = (first - 1).trailing_ones();
    let (mut place, mut last) = ((first - 1) >> skipped, (second - 1) >> skipped);
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old == *first_root && new == *second_root
}

/// The largest power of two below a size of at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;
    use std::convert::Infallible;

    fn root_of(range: Range<u64>) -> Result<Hash, Infallible> {
        range_root(range, &mut |index| Ok(leaf_hash(&index.to_le_bytes())))
    }

    fn root(size: u64) -> Hash {
        root_of(0..size).unwrap()
    }

    #[test]
    fn every_leaf_of_every_size_is_included_and_nowhere_else() {
        for size in 1..34 {
            for index in 0..size {
                let proof = inclusion_proof(index, size, &mut root_of).unwrap().unwrap();
                let leaf = leaf_hash(&index.to_le_bytes());
                for claimed in 0..size + 2 {
                    let holds = verify_inclusion(&leaf, claimed, size, &proof, &root(size));
                    assert_eq!(holds, claimed == index, "{index} claimed at {claimed} of {size}");
                }
                assert!(!verify_inclusion(&leaf_hash(b"other"), index, size, &proof, &root(size)));
            }
        }
        assert_eq!(inclusion_proof(3, 3, &mut root_of), Ok(None));
        assert!(!verify_inclusion(&root(0), 0, 0, &[], &root(0)));
    }

    #[test]
    fn every_pair_of_sizes_is_consistent_and_no_other_root_is() {
        for second in 1..34 {
            for first in 1..=second {
                let proof = consistency_proof(first, second, &mut root_of).unwrap().unwrap();
                let holds = |a: &Hash, b: &Hash| verify_consistency((first, a), (second, b), &proof);
                assert!(holds(&root(first), &root(second)), "{first} in {second}");
                assert!(!holds(&root(first), &root(second + 1)));
                assert!(!holds(&root(first + 1), &root(second)));
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at].0[7] ^= 1;
                    assert!(!verify_consistency((first, &root(first)), (second, &root(second)), &changed));
                }
            }
        }
        assert_eq!(consistency_proof(0, 3, &mut root_of), Ok(None));
    }
}
