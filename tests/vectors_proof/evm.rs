//! RLP and tries of ethereum/tests; headers, receipts and account proofs of a whole small chain of execution-apis.

use crate::folder::{bytes, files, json, text, vectors};
use backtrail::model::Hash;
use backtrail::proof::hashes::keccak256;
use backtrail::proof::receipt::event::topic;
use backtrail::proof::receipt::{Header, Lookup, Receipt, lookup, root_of};
use backtrail::proof::rlp::{Rlp, encode_list, encode_u64};
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.trim_start_matches("0x")).unwrap()
}

/// Trie tests write hex with `0x` and any other text as itself.
fn literal(text: &str) -> Vec<u8> {
    if text.starts_with("0x") { unhex(text) } else { text.as_bytes().to_vec() }
}

#[test]
fn published_rlp_is_read_and_written_or_refused() {
    let Some(valid) = json("evm/RLPTests_rlptest.json") else { return };
    let random = json("evm/RLPTests_RandomRLPTests_example.json").unwrap();
    let ethers = json("evm/ethers_rlp.json").unwrap();
    let texts = valid
        .as_object()
        .unwrap()
        .values()
        .chain(random.as_object().unwrap().values())
        .map(|case| &case["out"]);
    let texts = texts.chain(ethers.as_array().unwrap().iter().map(|case| &case["encoded"]));
    let mut count = 0;
    for text in texts {
        let encoded = unhex(text.as_str().unwrap());
        assert_eq!(Rlp::parse(&encoded).unwrap().encode(), encoded, "{text}");
        count += 1;
    }
    let invalid = json("evm/RLPTests_invalidRLPTest.json").unwrap();
    for (name, case) in invalid.as_object().unwrap() {
        assert!(Rlp::parse(&unhex(case["out"].as_str().unwrap())).is_err(), "{name}");
        count += 1;
    }
    println!("{count} RLP cases");
}

#[test]
fn published_tries_have_their_published_roots() {
    for (name, secure) in [
        ("trieanyorder", false),
        ("trietest", false),
        ("trieanyorder_secureTrie", true),
        ("trietest_secureTrie", true),
        ("hex_encoded_securetrie_test", true),
    ] {
        let Some(cases) = json(&format!("evm/TrieTests_{name}.json")) else { return };
        for (case_name, case) in cases.as_object().unwrap() {
            assert_eq!(
                Some(root_of(&pairs(&case["in"], secure))),
                Hash::parse(case["root"].as_str().unwrap()),
                "{case_name}"
            );
        }
    }
}

/// Pairs in the order they are put; a later value replaces, `null` removes.
fn pairs(input: &Value, secure: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let steps: Vec<(String, Option<String>)> = match input {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), text_of(value))).collect(),
        _ => input
            .as_array()
            .unwrap()
            .iter()
            .map(|step| (text_of(&step[0]).unwrap(), text_of(&step[1])))
            .collect(),
    };
    let mut pairs = std::collections::BTreeMap::new();
    for (key, value) in steps {
        let key = if secure { keccak256(literal(&key)).0.to_vec() } else { literal(&key) };
        match value {
            Some(value) => pairs.insert(key, literal(&value)),
            None => pairs.remove(&key),
        };
    }
    pairs.into_iter().collect()
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The answer line of a recorded RPC exchange.
fn answer(name: &str) -> Option<Value> {
    let exchange = text(&format!("evm/execution-apis/{name}.io"))?;
    let line = exchange.lines().find_map(|line| line.strip_prefix("<< ")).unwrap();
    Some(serde_json::from_str::<Value>(line).unwrap()["result"].clone())
}

#[test]
fn all_receipts_of_a_block_make_its_headers_root() {
    let Some(receipts) = answer("debug_getRawReceipts/get-block-n") else { return };
    let header =
        Header::parse(&unhex(answer("debug_getRawHeader/get-block-n").unwrap().as_str().unwrap())).unwrap();
    let receipts: Vec<Vec<u8>> =
        receipts.as_array().unwrap().iter().map(|r| unhex(r.as_str().unwrap())).collect();
    let pairs: Vec<_> =
        receipts.iter().enumerate().map(|(at, r)| (encode_u64(at as u64), r.clone())).collect();
    assert_eq!(root_of(&pairs), header.receipts_root);
    // The chain's third block is before Byzantium: its receipts hold state roots, not statuses.
    assert!(receipts.iter().all(|receipt| Receipt::parse(receipt).unwrap().succeeded.is_none()));
}

#[test]
fn every_header_of_the_chain_names_its_parent() {
    let Some(chain) = bytes("evm/execution-apis/chain.rlp") else { return };
    let list = encode_list(&[chain]);
    let blocks = Rlp::parse(&list).unwrap();
    let mut parent = None;
    let blocks = blocks.as_list().unwrap();
    for block in blocks {
        let header = &block.as_list().unwrap()[0];
        let encoded = header.encode();
        let parsed = Header::parse(&encoded).unwrap();
        if let Some(parent) = parent {
            assert_eq!(header.as_list().unwrap()[0].as_bytes(), Some(Hash::as_ref(&parent)));
        }
        parent = Some(parsed.hash);
    }
    assert!(blocks.len() >= 45, "{}", blocks.len());
}

#[test]
fn recorded_headers_hash_to_the_recorded_block_hash() {
    let Some(block) = answer("eth_getBlockByNumber/get-latest") else { return };
    let chain = bytes("evm/execution-apis/chain.rlp").unwrap();
    let list = encode_list(&[chain]);
    let blocks = Rlp::parse(&list).unwrap();
    let last = blocks.as_list().unwrap().last().unwrap().as_list().unwrap()[0].encode();
    assert_eq!(Some(Header::parse(&last).unwrap().hash), Hash::parse(block["hash"].as_str().unwrap()));
}

#[test]
fn published_account_and_storage_proofs_show_what_they_show() {
    if vectors("evm/execution-apis/eth_getProof").is_none() {
        return;
    }
    let mut shown = 0;
    for path in files("evm/execution-apis/eth_getProof") {
        let name = format!("eth_getProof/{}", path.file_stem().unwrap().to_str().unwrap());
        let proof = answer(&name).unwrap();
        let nodes = |value: &Value| -> Vec<Vec<u8>> {
            value.as_array().unwrap().iter().map(|node| unhex(node.as_str().unwrap())).collect()
        };
        let account_nodes = nodes(&proof["accountProof"]);
        let root = keccak256(&account_nodes[0]);
        let key = keccak256(unhex(proof["address"].as_str().unwrap()));
        let Lookup::Present(account) = lookup(&root, &key.0, &account_nodes).unwrap() else {
            panic!("{name}")
        };
        let account = Rlp::parse(&account).unwrap();
        let storage_root = account.as_list().unwrap()[2].as_bytes().unwrap();
        assert_eq!(hex::encode(storage_root), proof["storageHash"].as_str().unwrap()[2..]);
        for slot in proof["storageProof"].as_array().unwrap() {
            let mut word = [0; 32];
            let key = slot["key"].as_str().unwrap().trim_start_matches("0x");
            hex::decode_to_slice(format!("{key:0>64}"), &mut word).unwrap();
            let root = Hash(storage_root.try_into().unwrap());
            let found = lookup(&root, &keccak256(word).0, &nodes(&slot["proof"])).unwrap();
            assert_eq!(found == Lookup::Absent, slot["value"].as_str() == Some("0x0"));
        }
        for at in 0..account_nodes.len() {
            let mut changed = account_nodes.clone();
            let middle = changed[at].len() / 2;
            changed[at][middle] ^= 1;
            assert!(lookup(&root, &key.0, &changed).is_err());
        }
        assert!(lookup(&root, &key.0, &[account_nodes.clone(), account_nodes].concat()).is_err());
        shown += 1;
    }
    assert_eq!(shown, 4);
}

#[test]
fn every_known_topic_is_the_hash_of_its_signature() {
    let Some(topics) = json("opengradient/event_topics.json") else { return };
    for (signature, hash) in topics.as_object().unwrap() {
        assert_eq!(Some(topic(signature)), Hash::parse(hash.as_str().unwrap()), "{signature}");
    }
}
