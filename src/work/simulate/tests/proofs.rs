//! Proofs: what is genuine verifies, what the key calls broken does not.

use super::*;
use crate::model::Hash;
use crate::proof::payment::{self, Recovery};
use crate::proof::python_json;
use crate::proof::settlement::{Dump, Leaf};
use crate::proof::tee::{EnclaveKey, Scheme, message_hash, output_hash, readings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

fn hash(record: &Value, field: &str) -> Hash {
    Hash::parse(text(record, field)).unwrap()
}

fn ids(truth: &Value, path: &str) -> BTreeSet<String> {
    let list = truth.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn signature(record: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(record.get("tee_signature")?.as_str()?).ok()
}

fn keys(written: &Written) -> BTreeMap<Hash, EnclaveKey> {
    let registered =
        written.of_kind("enclave").into_iter().filter(|enclave| enclave["state"] == "registered");
    registered
        .map(|enclave| {
            let key = EnclaveKey::parse(&STANDARD.decode(text(&enclave, "public_key")).unwrap()).unwrap();
            assert_eq!(key.tee_id(), hash(&enclave, "tee_id"));
            (key.tee_id(), key)
        })
        .collect()
}

#[test]
fn every_signature_verifies_but_for_the_forged_ones() {
    let written = Written::new(Simulation { scenario: Scenario::Tampered, ..SIGNED });
    let keys = keys(&written);
    let (mut valid, mut broken, mut by_signature) = (0, BTreeSet::new(), BTreeMap::<_, Vec<String>>::new());
    let cut = ids(&written.truth, "/tampered/1/ids");
    for record in written.of_kind("inference") {
        let Some(signature) = signature(&record) else { continue };
        let signed = message_hash(
            &hash(&record, "tee_request_hash"),
            &hash(&record, "tee_output_hash"),
            record["tee_timestamp"].as_u64().unwrap(),
        );
        if keys[&hash(&record, "tee_id")].verifies_v1(&signed.0, &signature) {
            valid += 1;
        } else {
            broken.insert(text(&record, "id").to_owned());
        }
        by_signature.entry(signature).or_default().push(text(&record, "id").to_owned());
    }
    let forged = &ids(&written.truth, "/proofs/forged/ids") - &cut;
    assert_eq!(broken, forged);
    assert!(!forged.is_empty() && valid > 300, "{valid} valid");
    let shown_again =
        by_signature.values().filter(|ids| ids.iter().collect::<BTreeSet<_>>().len() > 1).flatten();
    let replayed = &ids(&written.truth, "/proofs/replayed/ids") - &cut;
    assert!(!replayed.is_empty());
    assert!(replayed.is_subset(&shown_again.cloned().collect()));
}

#[test]
fn recorded_requests_and_outputs_have_the_hashes_that_were_signed() {
    let written = Written::new(SIGNED);
    let mut checked = 0;
    for record in written.of_kind("inference").iter().filter(|record| record.get("request").is_some()) {
        let request = python_json::parse(&record["request"].to_string()).unwrap().value;
        let readings = readings(&request, Some(Scheme::V1)).unwrap();
        assert_eq!(readings[0].hash, hash(record, "tee_request_hash"));
        assert_eq!(output_hash(text(record, "output")), hash(record, "tee_output_hash"));
        checked += 1;
    }
    assert!(checked > 20, "{checked} recorded contents");
}

#[test]
fn every_tree_holds_the_leaves_of_its_settlement() {
    for simulation in [SIGNED, Simulation { records: 3_000, ..UNSIGNED }] {
        let written = Written::new(simulation);
        let inferences: BTreeMap<String, Value> =
            written.of_kind("inference").into_iter().map(|r| (text(&r, "id").to_owned(), r)).collect();
        let batches = written.of_kind("settlement");
        let batches: Vec<_> = batches.iter().filter(|batch| batch.get("tree_file").is_some()).collect();
        assert!(!batches.is_empty());
        for batch in batches {
            let dump = Dump::parse(&written.file(text(batch, "tree_file"))).unwrap();
            assert_eq!(dump.root(), hash(batch, "merkle_root"));
            assert_eq!(Some(dump.len() as u64), batch["batch_size"].as_u64());
            for id in batch["settles"].as_array().unwrap() {
                assert_eq!(dump.count(&leaf(&inferences[id.as_str().unwrap()])), 1, "{id}");
            }
        }
    }
}

#[test]
fn authorisations_are_signed_by_the_payer_for_what_was_paid() {
    let written = Written::new(Simulation { scenario: Scenario::Money, ..SIGNED });
    let mismatched = ids(&written.truth, "/payments/flaws/amount-mismatch/ids");
    let (mut fitting, mut other) = (0, 0);
    for record in written.of_kind("payment") {
        let Some(payload) = record.get("authorization") else { continue };
        let signed = payment::parse(&payload.to_string()).unwrap();
        assert_eq!(signed.recovery(), Recovery::Account(signed.from));
        assert_eq!(format!("0x{}", hex::encode(signed.from)), text(&record, "payer"));
        assert_eq!(format!("0x{}", hex::encode(signed.to)), text(&record, "payee"));
        let fits = signed.amount.to_string() == text(&record, "amount");
        assert_eq!(fits, !mismatched.contains(text(&record, "id")));
        *(if fits { &mut fitting } else { &mut other }) += 1;
    }
    assert!(fitting > 20 && other > 0, "{fitting} fit, {other} do not");
}

fn leaf(record: &Value) -> Hash {
    let (input, output) = (hash(record, "tee_request_hash"), hash(record, "tee_output_hash"));
    let leaf = match signature(record) {
        None => Leaf::G1 { input, output },
        Some(signature) => Leaf::G3 {
            tee_id: hash(record, "tee_id"),
            input,
            output,
            signature,
            timestamp: record["tee_timestamp"].as_u64().unwrap(),
        },
    };
    leaf.hash()
}
