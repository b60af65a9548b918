//! Raw attestation documents: real ones in every form they are kept in, and the enclave whose key one of them binds.

use crate::{Scene, every_record_points_at_its_bytes, folder, of_kind, only};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[test]
fn a_real_document_reads_the_same_as_bytes_text_and_hex() {
    let name = "opengradient/attestation/nitro_attestation_doc";
    let Some(text) = folder::text(&format!("{name}.base64.txt")) else { return };
    let expected = folder::json(&format!("{name}.expected.json")).unwrap();
    let bytes = STANDARD.decode(text.trim()).unwrap();
    let wrapped: Vec<&str> =
        text.trim().as_bytes().chunks(76).map(|l| std::str::from_utf8(l).unwrap()).collect();
    for (name, form) in [
        ("a.txt", text.clone().into_bytes()),
        ("a.b64", wrapped.join("\n").into_bytes()),
        ("a.bin", bytes.clone()),
        ("document", bytes.clone()),
        ("a.cbor", hex::encode(&bytes).into_bytes()),
    ] {
        let scene = Scene::of(name, &form);
        let study = scene.read();
        assert_eq!(scene.faults(), Vec::<String>::new(), "{name}");
        every_record_points_at_its_bytes(&study);
        let record = only(&study, "enclave");
        assert_eq!(record["tee_id"], expected["module_id"], "{name}");
        assert_eq!(record["pcr_hash"], expected["pcr_hash_keccak"]);
        assert_eq!(record["at"], "2026-02-12T17:56:02.724Z");
        assert_eq!(record["attestation"], STANDARD.encode(&bytes));
        for register in ["0", "1", "2", "4"] {
            assert_eq!(record["pcrs"][register], expected["pcrs"][register]);
        }
        assert_eq!(record["pcrs"]["3"], Value::Null, "registers of zeros are left out");
        assert_eq!(record["signing_key_sha256"], expected["signing_key_sha256"]);
        assert_eq!(record["tls_certificate_sha256"], expected["tls_cert_sha256"]);
        assert_eq!(record["nonce"], expected["nonce"]);
        assert_eq!(record["import"]["assumed"], json!(["tee_id", "state"]));
    }
    // One cut, one spoilt and a whole one: each is told by itself.
    let text = text.trim();
    let scene = Scene::of("a.txt", format!("{}\n{text}\n{}!\n", &text[..400], text));
    let study = scene.read();
    assert_eq!(of_kind(&study, "enclave").len(), 1);
    let faults = scene.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("a.txt line 1: no attestation document:"), "{faults:?}");
    assert!(faults[1].starts_with("a.txt line 3: neither base64 nor hex"), "{faults:?}");
}

#[test]
fn the_enclave_whose_key_a_document_binds_gets_that_document() {
    let key = [0x45; 294];
    let bytes = document("i-0-enc1", &Sha256::digest(key));
    let state = json!({"publicKey": STANDARD.encode(key), "pcrHash": format!("0x{}", "11".repeat(32)), "enabled": true,
        "registeredAt": 1_774_300_000, "endpoint": "https://tee"});
    let other = json!({"publicKey": STANDARD.encode([0x46; 294]), "pcrHash": format!("0x{}", "11".repeat(32)), "enabled": true,
        "registeredAt": 1_774_300_000});
    let scene = Scene::of("registry.json", json!([state, other]).to_string()).with("attestation.bin", &bytes);
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let joined: Vec<Value> =
        of_kind(&study, "enclave").into_iter().filter(|e| e["joins"].is_array()).collect();
    assert_eq!(joined.len(), 1, "{joined:#?}");
    assert_eq!(joined[0]["public_key"], STANDARD.encode(key));
    assert_eq!(joined[0]["attestation"], STANDARD.encode(&bytes));
    // What the registry says of its measurement stays: the ladder compares the two.
    assert_eq!(joined[0]["pcr_hash"], state["pcrHash"]);
    assert_eq!(
        (&joined[0]["joins"][0]["to"], &joined[0]["joins"][0]["strength"]),
        (&json!("enclave:nitro:i-0-enc1"), &json!("exact"))
    );
}

/// A document in the right shape with nobody's signature.
fn document(module: &str, signing_key: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&[0x60 + text.len() as u8], text.as_bytes()].concat();
    let bytes = |bytes: &[u8]| [&[0x59, (bytes.len() >> 8) as u8, bytes.len() as u8], bytes].concat();
    let short = |bytes: &[u8]| match bytes.len() {
        n @ 0..24 => [&[0x40 + n as u8], bytes].concat(),
        n @ 24..256 => [&[0x58, n as u8], bytes].concat(),
        _ => unreachable!("nothing here is longer"),
    };
    let user_data = [&[0x12, 0x20][..], &[7; 32], &[0x12, 0x20], signing_key].concat();
    let mut map = vec![0xa7];
    for (name, value) in [
        ("module_id", text(module)),
        ("digest", text("SHA384")),
        ("timestamp", [&[0x1b][..], &1_774_300_000_000_u64.to_be_bytes()].concat()),
        ("pcrs", [&[0xa1, 0x00][..], &short(&[1; 48])].concat()),
        ("certificate", short(&[0x30, 0x00])),
        ("cabundle", [&[0x81][..], &short(&[0x30, 0x00])].concat()),
        ("user_data", short(&user_data)),
    ] {
        map.extend(text(name));
        map.extend(value);
    }
    let payload = if map.len() < 256 { short(&map) } else { bytes(&map) };
    [&[0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0][..], &payload, &short(&[9; 96])].concat()
}
