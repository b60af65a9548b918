//! Findings of proofs, end to end: a flaw goes in with a journal's lines, and comes out of the study, of SQL and on the screen.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::model::Hash;
use backtrail::proof::payment::{address_of, parse};
use backtrail::proof::settlement::{Dump, Leaf};
use backtrail::store::Case;
use backtrail::store::views::{Cell, Flow, Views};
use backtrail::ui::headless::{Stage, play, text};
use backtrail::ui::keys::Key;
use backtrail::ui::theme::Charset;
use backtrail::ui::theme_of;
use backtrail::work::Cancel;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::notebook::Hand;
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, verify};
use std::collections::BTreeSet;
use std::path::Path;

/// What a journal of these lines is found guilty of, under these pins.
fn found_in(lines: &[String], trust: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("j.jsonl");
    let header = r#"{"kind":"journal","id":"j","at":"2026-10-01T00:00:00Z","spec":"backtrail/1","origin":"j.example"}"#;
    std::fs::write(&journal, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    let path = folder.path().join("a.case");
    let mut case = Case::create_or_open(&path).unwrap();
    ingest(&mut case, &[journal], &mut Watcher::none()).unwrap();
    let pins = Pins { trust: trust.to_owned(), ..Pins::default() };
    verify(&mut case, &pins, &mut Watcher::none()).unwrap();
    let study = Study::open(&path).unwrap();
    let found: BTreeSet<String> = study.findings.iter().map(|finding| finding.rule.clone()).collect();
    assert_eq!(in_sql(&study), found, "the view has them all");
    let screen = on_screen(&path);
    for rule in &found {
        // The column of rules is narrow.
        let shown = &rule[..rule.len().min(15)];
        assert!(screen.contains(shown), "{rule} is not on the screen:\n{screen}");
    }
    found
}

fn in_sql(study: &Study) -> BTreeSet<String> {
    let sql = "select rule from findings";
    let mut rules = BTreeSet::new();
    let mut views = Views::open(&study.sight(sql, &Cancel::default()).unwrap()).unwrap();
    let take = |row: &[Cell]| {
        rules.extend(
            row.iter().map(|cell| if let Cell::Text(text) = cell { text.clone() } else { String::new() }),
        );
        Flow::More
    };
    views.select(sql, |_| (), take).unwrap();
    rules
}

fn on_screen(case: &Path) -> String {
    let stage = Stage {
        paths: vec![case.to_owned()],
        case: None,
        size: (120, 60),
        theme: theme_of(Charset::Unicode),
        pins: Pins::default(),
        hand: Hand::now(),
    };
    text(&play(&stage, &Key::parse_all("7").unwrap()))
}

/// A payment of 41 under an authorisation that a real key signed over this nonce.
fn payment(id: &str, nonce: &str) -> String {
    let secret = k256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
    let (payer, payee, token) =
        (hex::encode(address_of(secret.verifying_key())), "aa".repeat(20), "09".repeat(20));
    let payload = |signature: &str| {
        format!(
            r#"{{"accepted":{{"network":"eip155:8453","asset":"0x{token}","extra":{{"name":"USD Coin","version":"2"}}}},"payload":{{"signature":"0x{signature}","authorization":{{"from":"0x{payer}","to":"0x{payee}","value":"41","validAfter":"1","validBefore":"4102444800","nonce":"0x{}"}}}}}}"#,
            nonce.repeat(32)
        )
    };
    let digest = parse(&payload("00")).unwrap().digest();
    let (signature, recovery) = secret.sign_prehash_recoverable(&digest.0);
    let signed = payload(&format!("{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte()));
    format!(
        r#"{{"kind":"payment","id":"{id}","at":"2026-10-01T08:00:00Z","payer":"0x{payer}","payee":"0x{payee}","amount":"41","asset":{{"symbol":"USDC","decimals":6,"chain_id":8453,"contract":"0x{token}"}},"state":"settled","pays":["r"],"settled_at":"2026-10-01T08:00:01Z","authorization":{signed}}}"#
    )
}

/// A settlement that holds its tree of one leaf, and says this size and root of it; by default the true root.
fn batch(size: u64, root: Option<Hash>) -> String {
    let leaf = Leaf::G1 { input: Hash([1; 32]), output: Hash([2; 32]) };
    let tree = Dump::text_of(&[leaf]).unwrap();
    let root = root.unwrap_or_else(|| Dump::parse(&tree).unwrap().root());
    format!(
        r#"{{"kind":"settlement","id":"s","at":"2026-10-01T09:00:00Z","mode":"batch","state":"settled","settles":["r"],"merkle_root":"0x{root}","batch_size":{size},"tree":{tree}}}"#
    )
}

#[test]
fn every_flaw_of_the_record_is_its_finding_and_none_without_it() {
    let hash = |digit: &str| format!("0x{}", digit.repeat(64));
    let at = |hour: u32| format!("2026-10-01T{hour:02}:00:00Z");
    let build = |id: &str, hour, state: &str, pcr: &str| {
        format!(
            r#"{{"kind":"measurement","id":"{id}","at":"{}","pcr_hash":"{}","version":"1.0","state":"{state}"}}"#,
            at(hour),
            hash(pcr)
        )
    };
    let enclave = |id: &str, hour, pcr: &str| {
        format!(
            r#"{{"kind":"enclave","id":"{id}","at":"{}","tee_id":"{}","state":"registered","pcr_hash":"{}"}}"#,
            at(hour),
            hash("7"),
            hash(pcr)
        )
    };
    let request = |hour| {
        format!(
            r#"{{"kind":"inference","id":"r","at":"{}","agent":"a","model":"m","tee_id":"{}"}}"#,
            at(hour),
            hash("7")
        )
    };
    let settlement = |id: &str, contract: &str, status: u8| {
        format!(
            r#"{{"kind":"settlement","id":"{id}","at":"{}","mode":"batch","state":"settled","settles":["r"],"chain_id":"eip155:8453","contract":"0x{}","tx_hash":"{}","merkle_root":"{}","batch_size":1,"receipt_status":{status}}}"#,
            at(9),
            contract.repeat(40),
            hash(&id[..1]),
            hash("5"),
        )
    };
    let note = |id: &str, root: &str| {
        format!(
            r#"{{"kind":"checkpoint","id":"{id}","at":"{}","note":"j.example\n1\n{}=\n\n\u2014 j.example AAAAAAAA\n"}}"#,
            at(10),
            root.repeat(43)
        )
    };
    let relay = format!("[[relay]]\nchain_id = 8453\naddress = \"0x{}\"\n", "a".repeat(40));
    let approved = build("m", 1, "approved", "1");
    let ran = enclave("e", 2, "1");
    for (rule, guilty, innocent) in [
        (
            "service-before-approval",
            vec![build("m", 5, "approved", "1"), ran.clone(), request(4)],
            vec![approved.clone(), ran.clone(), request(4)],
        ),
        (
            "service-after-revocation",
            vec![approved.clone(), ran.clone(), build("m", 3, "revoked", "1"), request(4)],
            vec![approved.clone(), ran.clone(), build("m", 5, "revoked", "1"), request(4)],
        ),
        (
            "unpublished-build",
            vec![approved.clone(), enclave("e", 2, "2"), request(4)],
            vec![approved.clone(), ran.clone(), request(4)],
        ),
        (
            "enclave-two-measurements",
            vec![approved.clone(), ran.clone(), enclave("f", 3, "2"), request(4)],
            vec![approved.clone(), ran.clone(), enclave("f", 3, "1"), request(4)],
        ),
        (
            "leaf-settled-twice",
            vec![request(4), settlement("1", "a", 1), settlement("2", "a", 1)],
            vec![request(4), settlement("1", "a", 1)],
        ),
        ("batch-mismatch", vec![request(4), batch(2, None)], vec![request(4), batch(1, None)]),
        ("batch-mismatch", vec![request(4), batch(1, Some(Hash([3; 32])))], vec![request(4), batch(1, None)]),
        (
            "reused-nonce",
            vec![request(4), payment("p", "55"), payment("q", "55")],
            vec![request(4), payment("p", "55"), payment("q", "66")],
        ),
        (
            "payment-beyond-authorisation",
            vec![request(4), payment("p", "55").replace(r#""amount":"41""#, r#""amount":"42""#)],
            vec![request(4), payment("p", "55")],
        ),
        (
            "reverted-receipt",
            vec![request(4), settlement("1", "a", 0)],
            vec![request(4), settlement("1", "a", 1)],
        ),
        (
            "unpinned-relay",
            vec![request(4), settlement("1", "b", 1)],
            vec![request(4), settlement("1", "a", 1)],
        ),
        (
            "equivocating-checkpoints",
            vec![note("c", "A"), note("d", "Q")],
            vec![note("c", "A"), note("d", "A")],
        ),
    ] {
        let found = found_in(&guilty, &relay);
        assert!(found.contains(rule), "{rule} is not among {found:?}");
        assert!(!found_in(&innocent, &relay).contains(rule), "{rule} without its flaw");
    }
}
