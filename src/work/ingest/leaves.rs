//! The leaves of a journal's tree, by one pass that parses nothing.

use super::pipeline::{Parsed, Print, Wire, stream};
use crate::model::Hash;
use crate::proof::merkle::LeafHasher;
use crate::proof::roots::Roots;
use crate::work::{Cancel, WorkError};
use std::path::Path;

/// The tree of a journal, with its roots at some sizes, by one pass that parses nothing.
pub fn roots_of(path: &Path, sizes: &[u64]) -> Result<Roots, WorkError> {
    let mut roots = Roots::watching(sizes.iter().copied());
    each_leaf(path, |leaf| roots.push(leaf))?;
    Ok(roots)
}

/// The leaf hash of every line of a journal, in order, by one pass that parses nothing.
pub fn each_leaf(path: &Path, mut each: impl FnMut(Hash)) -> Result<(), WorkError> {
    leaf_blocks(path, &Cancel::default(), |block| {
        block.into_iter().for_each(&mut each);
        Ok(())
    })
}

/// The same, a stretch of lines at a time, until `each` refuses or the journal ends.
pub fn leaf_blocks(
    path: &Path,
    cancel: &Cancel,
    mut each: impl FnMut(Vec<Hash>) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    let mut long = None;
    stream(path, Print::Unwanted, Wire::Native, u64::MAX, cancel, |parsed| {
        let mut block = Vec::new();
        leaves_of(&parsed, &mut long, &mut |leaf| block.push(leaf));
        each(block)
    })?;
    Ok(())
}

/// Pushes a stretch's leaves; returns the offset after it.
pub(super) fn push_leaves(roots: &mut Roots, long: &mut Option<LeafHasher>, parsed: &Parsed) -> u64 {
    leaves_of(parsed, long, &mut |leaf| roots.push(leaf))
}

fn leaves_of(parsed: &Parsed, long: &mut Option<LeafHasher>, each: &mut impl FnMut(Hash)) -> u64 {
    match parsed {
        Parsed::Lines { leaves, end, .. } => {
            leaves.iter().for_each(|leaf| each(*leaf));
            *end
        }
        Parsed::LongPart(bytes) => {
            long.get_or_insert_with(LeafHasher::new).update(bytes);
            0
        }
        Parsed::LongEnd { end, .. } => {
            each(long.take().unwrap_or_else(LeafHasher::new).finish());
            *end
        }
        Parsed::Tail { end, .. } => *end,
    }
}
