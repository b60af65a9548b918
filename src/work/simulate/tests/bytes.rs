//! Bytes and lines: the same again, well-formed, under roots that hold.

use super::*;
use crate::model::{Hash, Nanos};
use crate::proof::merkle::{leaf_hash, node_hash};
use crate::proof::note::{Checkpoint, Signed};
use crate::proof::trust::Trust;
use std::collections::BTreeSet;

/// RFC 6962 §2.1, written as it reads.
fn naive_root(lines: &[Vec<u8>]) -> Hash {
    match lines {
        [line] => leaf_hash(line),
        _ => {
            let split = lines.len().next_power_of_two() / 2;
            node_hash(&naive_root(&lines[..split]), &naive_root(&lines[split..]))
        }
    }
}

/// Every file's bytes by its path.
fn all_bytes(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for file in fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(all_bytes(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_directory_with_something_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "x").unwrap();
    let sentence = UNSIGNED.write(dir.path(), &mut |_| ()).unwrap_err().to_string();
    assert!(sentence.contains("it is not empty"), "{sentence}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let simulation = Simulation { records: 300, scenario: Scenario::Tampered, ..SIGNED };
    let first = all_bytes(Written::new(simulation).dir.path());
    assert!(first.len() > 26, "journals, checkpoints, trees, pins and key");
    assert!(first == all_bytes(Written::new(simulation).dir.path()));
    let other = all_bytes(Written::new(Simulation { seed: 8, ..simulation }).dir.path());
    let alike: Vec<_> = first.iter().filter(|(name, bytes)| other.get(*name) == Some(bytes)).collect();
    assert!(alike.is_empty(), "{alike:?}");
}

#[test]
fn every_line_has_its_required_fields_but_for_the_faults_in_the_key() {
    let written = Written::new(UNSIGNED);
    let mut faults = BTreeSet::new();
    for (name, lines) in &written.journals {
        for (index, line) in lines.iter().enumerate() {
            if !is_record(line) {
                faults.insert((name.clone(), index as u64));
            }
        }
    }
    let told = written.truth["lines"]["faults"].as_array().unwrap();
    let told = told.iter().map(|fault| (text(fault, "journal").to_owned(), fault["line"].as_u64().unwrap()));
    assert_eq!(faults, told.collect());
    assert_eq!(faults.len(), 3);
}

/// JOURNAL §2 and the required fields of §3.
fn is_record(line: &[u8]) -> bool {
    let Ok(record) = serde_json::from_slice::<Value>(line) else { return false };
    let more: &[&str] = match text(&record, "kind") {
        "journal" => &["spec", "origin", "log_key"],
        "checkpoint" => &["note"],
        "release" => &["model", "version"],
        "deployment" => &["model", "version", "node", "state", "reason"],
        "incident" => &["model", "version", "state", "title"],
        "measurement" => &["pcr_hash", "version", "state"],
        "enclave" => &["tee_id", "state"],
        "inference" => &["agent", "model"],
        "action" => &["agent", "action"],
        "message" => &["from", "to"],
        "payment" => &["payer", "payee", "amount", "state"],
        "settlement" => &["mode", "state"],
        _ => return false,
    };
    Nanos::parse(text(&record, "at")).is_ok()
        && !text(&record, "id").is_empty()
        && more.iter().all(|field| !text(&record, field).is_empty())
}

#[test]
fn every_checkpoint_is_signed_by_pinned_keys_over_the_naive_root() {
    let written = Written::new(SIGNED);
    let trust = Trust::parse(&written.file("trust.toml")).unwrap();
    assert_eq!((trust.witnesses.len(), trust.quorum, trust.measurements.len()), (1, 1, 4));
    let mut seen = 0;
    for (name, lines) in &written.journals {
        let first: Value = serde_json::from_slice(&lines[0]).unwrap();
        let kept = (lines.len(), written.file(&format!("checkpoints/{name}.note")));
        let recorded = lines.iter().enumerate().filter_map(|(index, line)| {
            let record: Value = serde_json::from_slice(line).ok()?;
            (record["kind"] == "checkpoint").then(|| (index, text(&record, "note").to_owned()))
        });
        for (index, note) in recorded.chain([kept]) {
            let checkpoint = Checkpoint::parse(&note).unwrap();
            let size = usize::try_from(checkpoint.size).unwrap();
            assert!(size <= index);
            assert_eq!(checkpoint.root, naive_root(&lines[..size]));
            assert_eq!(checkpoint.origin, text(&first, "origin"));
            assert_eq!(trust.log(&checkpoint.origin).unwrap().key.verify(&checkpoint.note), Signed::Valid);
            let witness = trust.witnesses[0].verify(&checkpoint.note);
            assert!(matches!(witness, Signed::CosignedAt(_)));
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} checkpoints");
}

#[test]
fn what_was_tampered_with_no_longer_fits_its_checkpoints() {
    let written = Written::new(Simulation { scenario: Scenario::Tampered, ..SIGNED });
    let root_holds = |name: &str| {
        let note = Checkpoint::parse(&written.file(&format!("checkpoints/{name}.note"))).unwrap();
        let lines = &written.journals[name];
        let size = usize::try_from(note.size).unwrap();
        lines.get(..size).map(|lines| naive_root(lines) == note.root)
    };
    assert_eq!(root_holds("gw-eu-2"), Some(false), "edited line");
    assert_eq!(root_holds("gw-us-1"), None, "cut tail");
    assert_eq!(root_holds("gw-us-2"), Some(true), "untouched");
    let torn = fs::read(written.dir.path().join("gw-ap-1.jsonl")).unwrap();
    assert_ne!(torn.last(), Some(&b'\n'));
    let done = written.truth["tampered"].as_array().unwrap();
    let second = done.iter().find(|done| done["what"] == "equivocation").unwrap();
    let told = written.of_kind("inference").iter().filter(|record| record["id"] == second["id"]).count();
    assert_eq!(told, 2);
    let changed = done.iter().find(|done| done["what"] == "changed tree").unwrap();
    assert!(crate::proof::settlement::Dump::parse(&written.file(text(changed, "file"))).is_err());
}
