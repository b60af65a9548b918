//! Ways from lines to checkpoints, by one pass over a journal: memory for the nodes asked for, whatever the journal's size.

use crate::model::Hash;
use crate::proof::merkle::{Frontier, inclusion_proof};
use crate::work::{WorkError, ingest};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;
use std::path::Path;

/// A line's index and the size of the tree it should be proved in.
pub type Wanted = (u64, u64);

/// The inclusion proof of each, in the order asked for.
pub fn paths(journal: &Path, wanted: &[Wanted]) -> Result<Vec<Vec<Hash>>, WorkError> {
    let mut nodes: BTreeMap<(u64, u64), Frontier> = BTreeMap::new();
    for one in wanted {
        proof(*one, |range| {
            nodes.entry((range.start, range.end)).or_default();
            Some(Hash::default())
        });
    }
    let mut nodes: Vec<((u64, u64), Frontier)> = nodes.into_iter().collect();
    let (mut line, mut next, mut open) = (0, 0, Vec::<usize>::new());
    ingest::each_leaf(journal, |leaf| {
        while nodes.get(next).is_some_and(|((start, _), _)| *start == line) {
            open.push(next);
            next += 1;
        }
        line += 1;
        open.iter().for_each(|node| nodes[*node].1.push(leaf));
        open.retain(|node| nodes[*node].0.1 > line);
    })?;
    let roots: BTreeMap<(u64, u64), Hash> = nodes
        .into_iter()
        .filter(|((start, end), frontier)| frontier.size() == end - start)
        .map(|(range, frontier)| (range, frontier.root()))
        .collect();
    wanted
        .iter()
        .map(|one| {
            proof(*one, |range| roots.get(&(range.start, range.end)).copied()).ok_or_else(|| {
                WorkError::Unfit {
                    path: journal.to_owned(),
                    what: format!("it no longer has the {} lines of the checkpoint", one.1),
                }
            })
        })
        .collect()
}

/// The proof by its nodes; nothing if a node is not there or the line is not in the tree.
fn proof((index, size): Wanted, mut node: impl FnMut(Range<u64>) -> Option<Hash>) -> Option<Vec<Hash>> {
    let mut is_whole = true;
    let siblings = inclusion_proof::<Infallible>(index, size, &mut |range| {
        Ok(node(range).unwrap_or_else(|| {
            is_whole = false;
            Hash::default()
        }))
    });
    siblings.ok().flatten().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::{leaf_hash, range_root, verify_inclusion};

    #[test]
    fn one_pass_gives_the_proofs_that_random_access_gives() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("j.jsonl");
        let line = |n: u64| format!("line {n}");
        std::fs::write(&journal, (0..300).map(|n| line(n) + "\n").collect::<String>()).unwrap();
        let wanted = [(0, 1), (0, 300), (299, 300), (7, 8), (128, 129), (128, 300), (41, 257), (41, 257)];
        let found = paths(&journal, &wanted).unwrap();
        for ((index, size), path) in wanted.into_iter().zip(&found) {
            let leaf = |n: u64| Ok::<_, Infallible>(leaf_hash(line(n).as_bytes()));
            let root = range_root(0..size, &mut { leaf }).unwrap();
            assert!(verify_inclusion(&leaf(index).unwrap(), index, size, path, &root), "{index} in {size}");
        }
        assert!(paths(&journal, &[(0, 301)]).is_err());
    }
}
