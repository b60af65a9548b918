//! Walrus ids (the project's regression value and a real blob of the network) and the CIDs of IPLD's fixtures.

use crate::folder::{files, json, vectors};
use backtrail::proof::blob::{BlobId, Cid, CidCheck, WalrusId, walrus_id};
use backtrail::proof::malformed::base64_bytes;

#[test]
fn published_walrus_ids_are_recomputed() {
    let Some(cases) = json("opengradient/walrus_blob_ids.json") else { return };
    let mut computed = 0;
    for case in cases.as_array().unwrap() {
        let Some(id) = case["blob_id_base64url"].as_str() else { continue };
        let id = WalrusId::parse(id).unwrap();
        if let Some(decimal) = case["blob_id_u256_decimal"].as_str() {
            assert_eq!(id.decimal(), decimal);
        }
        let content = match (case["content_base64"].as_str(), case["content_desc"].as_str()) {
            (Some(text), _) => base64_bytes(text).unwrap(),
            (None, Some("'x' * 100000")) => vec![b'x'; 100_000],
            _ => continue,
        };
        let shards = case["n_shards"].as_u64().unwrap() as usize;
        // Unoptimised, a thousand shards take five seconds: then the network's real blob stands for all.
        let computed_case = case["note"].as_str().is_some_and(|note| note.starts_with("computed"));
        if cfg!(debug_assertions) && computed_case {
            continue;
        }
        assert_eq!(walrus_id(&content, shards), Some(id), "{}", case["note"]);
        computed += 1;
    }
    assert!(computed >= if cfg!(debug_assertions) { 2 } else { 5 }, "{computed}");
}

#[test]
fn every_ipld_fixture_is_named_by_the_cid_of_its_bytes() {
    if vectors("multihash-cid/codec-fixtures/fixtures").is_none() {
        return;
    }
    let paths = files("multihash-cid/codec-fixtures/fixtures");
    for path in &paths {
        let cid = Cid::parse(path.file_stem().unwrap().to_str().unwrap()).unwrap();
        let block = std::fs::read(path).unwrap();
        assert_eq!(cid.check_block(&block), CidCheck::Matches, "{}", path.display());
    }
    assert!(paths.len() > 200, "{}", paths.len());
}

#[test]
fn every_model_id_of_the_network_parses() {
    let Some(ids) = json("opengradient/model_ids.json") else { return };
    let mut texts = Vec::new();
    collect(&ids, &mut texts);
    let parsed = texts.iter().filter(|text| BlobId::parse(text).is_ok()).count();
    assert!(parsed >= 3, "{parsed} of {texts:?}");
}

fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        serde_json::Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
