//! RFC 6962 / RFC 9162 proofs of transparency-dev/merkle, good and bad, and the roots of a real small log.

use crate::folder::{files, vectors};
use backtrail::model::Hash;
use backtrail::proof::malformed::base64_bytes;
use backtrail::proof::merkle::{Frontier, leaf_hash, verify_consistency, verify_inclusion};
use backtrail::proof::note::Checkpoint;
use serde_json::Value;
use std::path::PathBuf;

fn hash(value: &Value) -> Option<Hash> {
    let bytes: [u8; 32] = base64_bytes(value.as_str()?).ok()?.try_into().ok()?;
    Some(Hash(bytes))
}

fn proof(case: &Value) -> Option<Vec<Hash>> {
    match &case["proof"] {
        Value::Array(nodes) => nodes.iter().map(hash).collect(),
        _ => Some(Vec::new()),
    }
}

/// A hash of another length than 32 bytes cannot even be written in our types, so the case is refused.
fn inclusion_holds(case: &Value) -> Option<bool> {
    let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
    Some(verify_inclusion(&hash(&case["leafHash"])?, index, size, &proof(case)?, &hash(&case["root"])?))
}

/// Some published roots are words of other lengths; a stand-in keeps which are equal and which are not.
fn root(value: &Value) -> Option<Hash> {
    hash(value).or_else(|| Some(leaf_hash(value.as_str()?.as_bytes())))
}

fn consistency_holds(case: &Value) -> Option<bool> {
    let first = (case["size1"].as_u64()?, &root(&case["root1"])?);
    let second = (case["size2"].as_u64()?, &root(&case["root2"])?);
    Some(verify_consistency(first, second, &proof(case)?))
}

fn check_all(paths: &[PathBuf], holds: fn(&Value) -> Option<bool>) {
    for path in paths {
        let case: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let wanted = !case["wantErr"].as_bool().unwrap();
        assert_eq!(holds(&case).unwrap_or(false), wanted, "{}", path.display());
    }
}

#[test]
fn every_published_inclusion_and_consistency_case_is_judged_as_published() {
    if vectors("rfc6962-merkle").is_none() {
        return;
    }
    let (inclusion, consistency) = (files("rfc6962-merkle/inclusion"), files("rfc6962-merkle/consistency"));
    check_all(&inclusion, inclusion_holds);
    check_all(&consistency, consistency_holds);
    println!("{} inclusion, {} consistency", inclusion.len(), consistency.len());
    assert!(inclusion.len() > 90 && consistency.len() > 90);
}

/// An entry bundle is each entry's length in two bytes, big-endian, and the entry.
#[test]
fn the_roots_of_a_real_log_are_its_checkpoints_roots() {
    let Some(bundle) = vectors("tlog-tiles/log/tile/entries/000.p/15") else { return };
    let bundle = std::fs::read(bundle).unwrap();
    let mut rest = bundle.as_slice();
    let mut frontier = Frontier::new();
    loop {
        let name = format!("tlog-tiles/log/checkpoint.{}", frontier.size());
        let note = std::fs::read_to_string(vectors(&name).unwrap()).unwrap();
        assert_eq!(Checkpoint::parse(&note).unwrap().root, frontier.root());
        let Some((length, tail)) = rest.split_first_chunk::<2>() else { break };
        let (entry, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)));
        frontier.push(leaf_hash(entry));
        rest = tail;
    }
    assert_eq!(frontier.size(), 15);
}
