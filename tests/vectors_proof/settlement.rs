//! Trees written by the OpenZeppelin library itself.

use crate::folder::{json, text};
use backtrail::model::Hash;
use backtrail::proof::settlement::{Dump, Leaf, fold_proof};
use serde_json::Value;

#[test]
fn every_batch_of_the_library_is_read_checked_proved_and_written_again() {
    let Some(batches) = json("opengradient/synthetic/merkle_batches.json") else { return };
    let mut proofs = 0;
    for (name, batch) in batches.as_object().unwrap().iter().filter(|(_, batch)| batch.is_object()) {
        let dump = batch["dump"].to_string();
        let parsed = Dump::parse(&dump).unwrap();
        assert_eq!(Some(parsed.root()), Hash::parse(batch["root"].as_str().unwrap()));
        assert_eq!(parsed.len() as u64, batch["batchSize"].as_u64().unwrap());
        let leaves: Vec<Leaf> =
            batch["dump"]["values"].as_array().unwrap().iter().map(|value| leaf(&value["value"])).collect();
        if let Some(exact) = batch["dump_exact_text"].as_str() {
            assert_eq!(Dump::text_of(&leaves).unwrap(), exact, "{name}");
        }
        for proof in batch["proofs"].as_array().unwrap() {
            let leaf = &leaves[proof["valueIndex"].as_u64().unwrap() as usize];
            assert_eq!(Some(leaf.hash()), Hash::parse(proof["leafHash"].as_str().unwrap()));
            let siblings: Vec<Hash> = proof["proof"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| Hash::parse(n.as_str().unwrap()).unwrap())
                .collect();
            assert_eq!(fold_proof(leaf.hash(), &siblings), parsed.root());
            proofs += 1;
        }
    }
    assert!(proofs >= 18, "{proofs}");
}

#[test]
fn the_librarys_own_dumps_check_sorted_or_not() {
    for order in ["sorted", "unsorted"] {
        let Some(dump) = text(&format!("openzeppelin-merkle/standard-v1.{order}.1_0_6.json")) else { return };
        assert_eq!(Dump::parse(&dump).unwrap().len(), 6);
        assert!(Dump::parse(&dump.replace("\"a\"", "\"A\"")).is_err());
    }
    let simple = text("openzeppelin-merkle/simple-v1.sorted.1_0_6.json").unwrap();
    assert!(Dump::parse(&simple).is_err());
}

fn leaf(value: &Value) -> Leaf {
    let text = |at: usize| value[at].as_str().unwrap();
    let hash = |at: usize| Hash::parse(text(at)).unwrap();
    if value.as_array().unwrap().len() == 2 {
        return Leaf::G1 { input: hash(0), output: hash(1) };
    }
    Leaf::G3 {
        tee_id: hash(0),
        input: hash(1),
        output: hash(2),
        signature: hex::decode(&text(3)[2..]).unwrap(),
        timestamp: text(4).parse().unwrap(),
    }
}
