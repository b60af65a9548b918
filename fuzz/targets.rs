//! What is fuzzed: every parser and check of the proof room, over any bytes. Each must return, and soon.
//!
//! Shared by the cargo-fuzz targets and by `tests/fuzz_proof.rs`, which runs the same on a stable compiler.

use backtrail::model::{Hash, Nanos};
use backtrail::proof::attestation::{Document, verify_chain};
use backtrail::proof::blob::{BlobId, Cid, Content, Has, walrus_id};
use backtrail::proof::cbor::Cbor;
use backtrail::proof::ladder::{
    BlobContent, CheckedBatch, CheckedCheckpoint, CheckedEnclave, CheckedPayment, EnclaveRecord, EvidenceFor,
    Inclusion, Journal, Payment, Response, RootAtSize, Settlement, climb,
};
use backtrail::proof::malformed::{
    base64_bytes, base64_text, base64url_bytes, base64url_text, hex_array, hex_bytes,
};
use backtrail::proof::merkle::{verify_consistency, verify_inclusion};
use backtrail::proof::note::{Checkpoint, Note, VerifierKey, ed25519_strict};
use backtrail::proof::receipt::{Header, Receipt, ReceiptProof, lookup, prove};
use backtrail::proof::rlp::Rlp;
use backtrail::proof::settlement::Dump;
use backtrail::proof::tee::{EnclaveKey, output_text, readings};
use backtrail::proof::trust::Trust;
use backtrail::proof::typed_data::{Types, domain_separator};
use backtrail::proof::{payment, python_json, zk};
use backtrail::work::copies::Leaves;
use backtrail::work::{Cancel, bundle};
use std::path::Path;

/// A target's name and what it does with bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

pub(crate) const TARGETS: &[Target] = &[
    ("note", note),
    ("json", json),
    ("tee", tee),
    ("settlement", settlement),
    ("attestation", attestation),
    ("rlp", rlp),
    ("blob", blob),
    ("payment", payment_text),
    ("merkle", merkle),
    ("ladder", ladder),
    ("bundle", bundle_file),
    ("encoded", encoded),
    ("copy", copy),
];

pub(crate) fn note(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = VerifierKey::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
    if let (Ok(note), Ok(key)) = (Note::parse(text), key) {
        key.verify(&note);
    }
    let _ = Checkpoint::parse(text);
    let _ = Trust::parse(text);
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(VerifierKey::parse(&key.text()), Ok(key), "a key reads back");
    }
    if let Some((key, rest)) = bytes.split_first_chunk::<32>() {
        ed25519_strict(key, rest, &rest[..rest.len().min(64)]);
    }
}

/// What is written is read back as the same value, and written the same again.
pub(crate) fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = python_json::parse(text) else { return };
    let written = document.value.dumps();
    assert!(written.is_ascii());
    document.value.python_repr();
    // An overflowing float is written as Python writes it, `Infinity`, which is no JSON.
    if !written.contains("Infinity") {
        let again = python_json::parse(&written).map(|document| document.value.dumps());
        assert_eq!(again.as_deref(), Ok(written.as_str()), "what is written reads back");
    }
}

pub(crate) fn tee(bytes: &[u8]) {
    if let Ok(key) = EnclaveKey::parse(bytes) {
        key.verifies_v1(b"message", bytes);
        key.verifies_v0(b"message", bytes);
    }
    let Ok(document) =
        std::str::from_utf8(bytes).map_err(drop).and_then(|t| python_json::parse(t).map_err(drop))
    else {
        return;
    };
    let _ = readings(&document.value, None);
    let _ = output_text(&document.value);
    let _ = domain_separator(&document.value);
    if let Ok(types) = Types::of_json(&document.value) {
        let _ = types.hash_struct("A", &document.value);
    }
}

pub(crate) fn settlement(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(dump) = Dump::parse(text) {
        assert!(dump.proof(&dump.root()).is_none() || dump.len() == 1, "a root is no leaf of a larger tree");
    }
}

pub(crate) fn attestation(bytes: &[u8]) {
    let _ = Cbor::parse(bytes);
    let _ = verify_chain(bytes, &[bytes.to_vec()], 1_770_918_962_724);
    if let Ok(document) = Document::parse(bytes) {
        let _ = document.chain_root();
        document.signature_holds();
        document.bound_keys();
        document.pcr_hash();
    }
}

pub(crate) fn rlp(bytes: &[u8]) {
    if let Ok(value) = Rlp::parse(bytes) {
        assert_eq!(value.encode(), bytes, "RLP has one encoding");
    }
    let _ = Header::parse(bytes);
    if let Ok(receipt) = Receipt::parse(bytes) {
        receipt.logs.iter().for_each(|log| {
            let _ = backtrail::proof::receipt::event::Event::read(log);
        });
    }
    let root = backtrail::proof::hashes::keccak256(bytes);
    let _ = lookup(&root, &bytes[..bytes.len().min(3)], &[bytes.to_vec()]);
    let _ = prove(&ReceiptProof { header: bytes.to_vec(), index: 0, nodes: vec![bytes.to_vec()] });
}

pub(crate) fn blob(bytes: &[u8]) {
    if bytes.len() < 512 {
        walrus_id(bytes, 4 + bytes.len() % 10);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = BlobId::parse(text) {
        let content = Content::of(bytes);
        assert!(content.has(&id) != Has::Yes, "no text is the content of the id it is");
        content.block(&id);
    }
    if let Ok(cid) = Cid::parse(text) {
        cid.check_content(bytes);
    }
}

pub(crate) fn payment_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(signed) = payment::parse(text) {
        signed.recovery();
        signed.nonce_key();
    }
    let _ = zk::parse(text);
}

pub(crate) fn merkle(bytes: &[u8]) {
    let words: Vec<Hash> =
        bytes.chunks_exact(32).map(|word| Hash(word.try_into().unwrap_or_default())).collect();
    let Some((root, path)) = words.split_first() else { return };
    let number =
        |at: usize| bytes.get(at..at + 8).map_or(0, |b| u64::from_le_bytes(b.try_into().unwrap_or_default()));
    for (a, b) in
        [(number(0), number(8)), (u64::from(bytes[0]), u64::from(bytes[1])), (u64::MAX - 1, u64::MAX)]
    {
        assert!(!verify_inclusion(root, a, b, path, &Hash::default()), "nothing leads to a root of zeros");
        verify_consistency((a, root), (b, root), path);
    }
}

/// A bundle, as it is and with its outer form made right around the same bytes.
pub(crate) fn bundle_file(bytes: &[u8]) {
    let trust = Trust::default();
    if let Ok(files) = bundle::unpack(bytes) {
        assert_eq!(bundle::pack(&files).as_deref(), Some(bytes), "one form for each content");
    }
    let _ = bundle::check(bytes, &trust);
    let _ = bundle::Manifest::parse(bytes);
    let names = ["RECIPE.txt", "SHA256SUMS", "manifest.json", "records/0001.json"];
    let files = names.map(|name| (name.to_owned(), bytes.to_vec())).into();
    let packed = bundle::pack(&files).expect("a fuzzer's input is small");
    assert_eq!(bundle::unpack(&packed), Ok(files), "what is packed reads back");
    assert!(bundle::check(&packed, &trust).is_err(), "no file holds the sums of itself and others");
}

/// Base64 has one text for each value; hex reads back as what it says, whatever its case.
pub(crate) fn encoded(bytes: &[u8]) {
    assert_eq!(base64_bytes(&base64_text(bytes)).as_deref(), Ok(bytes));
    assert_eq!(base64url_bytes(&base64url_text(bytes)).as_deref(), Ok(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(value) = base64_bytes(text) {
        assert_eq!(base64_text(&value), text, "one text for each value");
    }
    if let Ok(value) = base64url_bytes(text) {
        assert_eq!(base64url_text(&value), text, "one text for each value");
    }
    if let Ok(value) = hex_bytes(text) {
        let plain = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, plain.to_ascii_lowercase());
    }
    if let Ok(word) = hex_array::<32>(text) {
        assert_eq!(Hash::parse(text), Some(Hash(word)), "one reading of 32 bytes");
    }
}

/// A copy of a tree held elsewhere, as a file and as tiles. The leaves it gives are given again by the list of them.
pub(crate) fn copy(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for the input");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path())).expect("a folder for the input");
        std::fs::write(&path, bytes).expect("a file for the input");
        path
    };
    if let Some(leaves) = leaves_of(&write("copy", bytes)) {
        let listed: String = leaves.iter().map(|leaf| leaf.hex() + "\n").collect();
        assert_eq!(leaves_of(&write("listed", listed.as_bytes())), Some(leaves));
    }
    let width = bytes.len() / 32;
    if width == 0 {
        return;
    }
    let name = if width < 256 { format!("log/tile/0/000.p/{width}") } else { "log/tile/0/000".to_owned() };
    write(&name, bytes);
    if let Some(leaves) = leaves_of(&folder.path().join("log")) {
        let held: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        assert_eq!(held.len() / 32, width, "a tile is read whole or not at all");
        assert_eq!(held, bytes);
    }
}

fn leaves_of(copy: &Path) -> Option<Vec<Hash>> {
    let mut leaves = Leaves::of_copy(copy, &Cancel::default()).ok()?;
    let all = leaves.by_ref().collect();
    leaves.finish().ok().map(|()| all)
}

/// The whole ladder with the same bytes in every place, as text where they are text, else as base64.
pub(crate) fn ladder(bytes: &[u8]) {
    let encoded = base64_text(bytes);
    let text = std::str::from_utf8(bytes).unwrap_or(&encoded);
    let trust = Trust::default();
    let journal = Journal { origin: Some(text), log_key: Some(text), root: RootAtSize::NotHeld };
    let checkpoint = CheckedCheckpoint::check(text, &journal, &trust);
    let record = EnclaveRecord {
        public_key: Some(&encoded),
        pcr_hash: Some(text),
        attestation: Some(&encoded),
        tls_certificate: Some(&encoded),
        ..EnclaveRecord::default()
    };
    let enclave = CheckedEnclave::check(&record, &trust);
    let batch = CheckedBatch::check(text);
    let receipt = ReceiptProof { header: bytes.to_vec(), index: 0, nodes: vec![bytes.to_vec()] };
    let (hash, proof) = ("0x00".to_owned() + &"11".repeat(31), [text.to_owned()]);
    let payment = Payment {
        authorization: Some(text),
        state: "settled",
        tx_hash: Some(&hash),
        receipt: Some(&receipt),
        chain_id: Some(8453),
        ..Payment::default()
    };
    let payment = CheckedPayment::check(&payment, &trust);
    let content = Content::of(bytes);
    let evidence = EvidenceFor {
        checkpoint: Some(&checkpoint),
        inclusion: Inclusion::Path(&[]),
        response: Response {
            proof: Some("tee"),
            request: Some(text),
            response: Some(text),
            tee_id: Some(&hash),
            request_hash: Some(&hash),
            output_hash: Some(&hash),
            timestamp: Some(bytes.len() as u64),
            signature: Some(&encoded),
            zk: Some(text),
            ..Response::default()
        },
        enclave: Some(&enclave),
        claimed_blob: Some(text),
        blob: BlobContent::Is(&content),
        settlement: Some(Settlement {
            mode: "batch",
            merkle_root: Some(&hash),
            merkle_proof: Some(&proof),
            batch: Some(&batch),
            chain_id: Some(8453),
            tx_hash: Some(&hash),
            receipt: Some(&receipt),
            ..Settlement::default()
        }),
        payment: Some(&payment),
        ..EvidenceFor::bare(&trust, bytes, 0, Nanos(0), Nanos(0))
    };
    let v0 = Response { scheme: Some("v0"), ..evidence.response };
    climb(&EvidenceFor { response: v0, ..evidence });
    let path = climb(&evidence);
    assert_eq!(path.steps.len(), 16);
    assert_ne!(path.worst(), backtrail::model::Status::Verified, "nobody was pinned");
    for step in &path.steps {
        step.reproduce.iter().for_each(|command| drop(command.to_string()));
    }
}
