//! Batches of every size, and dumps with one thing wrong.

use super::*;

fn leaf(n: u64) -> Leaf {
    let hash = |tag| keccak256(format!("{tag}{n}"));
    Leaf::G3 {
        tee_id: hash("tee"),
        input: hash("in"),
        output: hash("out"),
        signature: vec![n as u8; 256],
        timestamp: 1_774_353_587 + n,
    }
}

#[test]
fn every_leaf_of_every_size_is_proved_and_read_back() {
    for size in 1..40 {
        let leaves: Vec<Leaf> = (0..size).map(leaf).collect();
        let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
        let tree = Tree::build(&hashes).unwrap();
        let dump = Dump::parse(&Dump::text_of(&leaves).unwrap()).unwrap();
        assert_eq!((dump.root(), dump.len()), (tree.root(), leaves.len()));
        for (index, hash) in hashes.iter().enumerate() {
            let proof = tree.proof(index).unwrap();
            assert_eq!(fold_proof(*hash, &proof), tree.root());
            assert_eq!(dump.proof(hash).unwrap(), proof);
            assert_ne!(fold_proof(leaf(99).hash(), &proof), tree.root());
        }
    }
    assert!(Tree::build(&[]).is_none());
}

#[test]
fn a_leaf_settled_twice_is_counted_twice() {
    let dump = Dump::parse(&Dump::text_of(&[leaf(1), leaf(2), leaf(1)]).unwrap()).unwrap();
    assert_eq!(
        (dump.count(&leaf(1).hash()), dump.count(&leaf(2).hash()), dump.count(&leaf(3).hash())),
        (2, 1, 0)
    );
}

#[test]
fn one_flipped_digit_anywhere_in_a_dump_is_told() {
    let text = Dump::text_of(&(0..5).map(leaf).collect::<Vec<_>>()).unwrap();
    let whole = Dump::parse(&text).unwrap();
    for at in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        assert_ne!(Dump::parse(&changed).as_ref(), Ok(&whole), "byte {at}");
    }
}

#[test]
fn a_generation_two_signature_becomes_one_word() {
    let word = "0x".to_owned() + &"ab".repeat(32);
    assert_eq!(g2_signature_word(&word), Hash([0xab; 32]));
    assert_eq!(g2_signature_word("0xabcd"), keccak256([0xab, 0xcd]));
    assert_eq!(g2_signature_word("q83vEjRWeJA="), keccak256("q83vEjRWeJA="));
    assert_eq!(g2_signature_word("0xabc"), keccak256("0xabc"));
}
