//! Signed notes of the Go checksum database, C2SP's own examples, Tessera's log, and the Ed25519 edge cases of CCTV.

use crate::folder::{json, text, vectors};
use backtrail::proof::note::{Checkpoint, Note, Signed, VerifierKey, ed25519_strict};

#[test]
fn published_notes_verify_under_their_published_keys() {
    for name in ["PeterNeumann", "c2sp_signed-note_example", "sum.golang.org"] {
        let note = if name == "sum.golang.org" { "sum.golang.org_35225469" } else { name };
        let Some(key) = text(&format!("c2sp/notes/{name}.vkey")) else { return };
        let note = text(&format!("c2sp/notes/{note}.note")).unwrap();
        let key = VerifierKey::parse(key.trim()).unwrap();
        assert_eq!(key.verify(&Note::parse(&note).unwrap()), Signed::Valid, "{name}");
        let changed = note.replacen('e', "f", 1);
        assert_eq!(key.verify(&Note::parse(&changed).unwrap()), Signed::Invalid, "{name}");
    }
}

#[test]
fn a_published_cosigned_checkpoint_parses() {
    let Some(note) = text("c2sp/notes/c2sp_tlog-cosignature_example.note") else { return };
    let checkpoint = Checkpoint::parse(&note).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.note.signatures.len(), 2);
    assert_eq!(checkpoint.note.signatures[1].bytes.len(), 72);
}

#[test]
fn every_checkpoint_of_a_whole_log_verifies() {
    let Some(key) = text("tlog-tiles/log/vkey.txt") else { return };
    let key = VerifierKey::parse(key.trim()).unwrap();
    for size in 0..=15 {
        let checkpoint =
            Checkpoint::parse(&text(&format!("tlog-tiles/log/checkpoint.{size}")).unwrap()).unwrap();
        assert_eq!(checkpoint.size, size);
        assert_eq!(key.verify(&checkpoint.note), Signed::Valid);
    }
}

#[test]
fn published_checkpoint_bodies_are_read_or_refused_as_published() {
    let Some(cases) = json("c2sp/checkpoint_parse_cases.json") else { return };
    for case in cases.as_array().unwrap() {
        let body = case["body"].as_str().unwrap();
        let parsed = Checkpoint::parse(&format!("{body}\n— k AAAAAAAA\n"));
        match (case["ok"].as_bool().unwrap(), parsed) {
            // The published table takes roots of any length; ours are SHA-256 and so 32 bytes.
            (true, Err(fault)) => assert_eq!(fault.what, "a root is 32 bytes"),
            (ok, parsed) => assert_eq!(ok, parsed.is_ok(), "{case}"),
        }
    }
}

#[test]
fn strict_ed25519_takes_43_of_the_914_edge_cases() {
    if vectors("c2sp").is_none() {
        return;
    }
    let cases = json("c2sp/CCTV/ed25519_ed25519vectors.json").unwrap();
    let cases = cases.as_array().unwrap();
    let field = |case: &serde_json::Value, name| hex::decode(case[name].as_str().unwrap()).unwrap();
    let taken = cases.iter().filter(|case| {
        let key: [u8; 32] = field(case, "key").try_into().unwrap();
        ed25519_strict(&key, case["msg"].as_str().unwrap().as_bytes(), &field(case, "sig"))
    });
    assert_eq!((taken.count(), cases.len()), (43, 914));
}
