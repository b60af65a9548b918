//! Notes that must be read, and everything that must not.

use super::*;
use ed25519_dalek::{Signer, SigningKey};

const ORIGIN: &str = "gw-eu-1.example/provenance";

fn signed(key_type: KeyType, time: u64) -> (VerifierKey, String) {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let key = VerifierKey::new(ORIGIN, key_type, secret.verifying_key().to_bytes());
    let body = note_body(ORIGIN, 42, &Hash([9; 32]));
    let signature = match key_type {
        KeyType::Ed25519 => secret.sign(body.as_bytes()).to_bytes().to_vec(),
        KeyType::Cosignature => {
            let mut bytes = time.to_be_bytes().to_vec();
            bytes.extend(secret.sign(cosignature_message(time, &body).as_bytes()).to_bytes());
            bytes
        }
    };
    let line = signature_line(ORIGIN, key.key_id, &signature);
    (key, format!("{body}\n{line}"))
}

#[test]
fn what_we_sign_we_verify() {
    let (key, text) = signed(KeyType::Ed25519, 0);
    let checkpoint = Checkpoint::parse(&text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size, checkpoint.root), (ORIGIN, 42, Hash([9; 32])));
    assert_eq!(key.verify(&checkpoint.note), Signed::Valid);
    assert_eq!(VerifierKey::parse(&key.text()), Ok(key));

    let (witness, text) = signed(KeyType::Cosignature, 1_759_569_191);
    let checkpoint = Checkpoint::parse(&text).unwrap();
    assert_eq!(witness.verify(&checkpoint.note), Signed::CosignedAt(1_759_569_191));
}

#[test]
fn any_flipped_byte_is_told() {
    let (key, text) = signed(KeyType::Ed25519, 0);
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let verdict = Note::parse(&changed).map(|note| key.verify(&note));
        assert_ne!(verdict, Ok(Signed::Valid), "byte {at}");
    }
}

#[test]
fn a_known_key_with_a_bad_signature_spoils_the_note() {
    let (key, text) = signed(KeyType::Ed25519, 0);
    let bad = signature_line(ORIGIN, key.key_id, &[1; 64]);
    let note = Note::parse(&format!("{text}{bad}")).unwrap();
    assert_eq!(key.verify(&note), Signed::Invalid);
    let unknown = signature_line(ORIGIN, [0; 4], &[1; 64]);
    let note = Note::parse(&format!("{text}{unknown}")).unwrap();
    assert_eq!(key.verify(&note), Signed::Valid);
}

#[test]
fn what_is_no_checkpoint_is_refused_with_its_place() {
    let (_, text) = signed(KeyType::Ed25519, 0);
    let line = text.split_once("\n\n").unwrap().1.to_owned();
    let root = base64_text(&[9; 32]);
    for (body, at) in [
        (format!("\n4\n{root}\n"), 0),
        (format!("o\n04\n{root}\n"), 2),
        (format!("o\n-4\n{root}\n"), 2),
        (format!("o\n18446744073709551616\n{root}\n"), 2),
        ("o\n4\nAAAA\n".to_owned(), 4),
        ("o\n4\n!\n".to_owned(), 4),
        (format!("o\u{7}\n4\n{root}\n"), 1),
    ] {
        assert_eq!(Checkpoint::parse(&format!("{body}\n{line}")).map_err(|f| f.at), Err(at), "{body:?}");
    }
    let many = format!("{}\n{}", note_body("o", 4, &Hash([0; 32])), line.repeat(MAX_SIGNATURES + 1));
    assert!(Note::parse(&many).is_err());
    for text in
        ["", "\n\n", "a\n\n", "a\n\n— b\n", "a\n\n— b AAAA\n", "a\n\n- b AAAAAAAA\n", "a\n\n— b AAAAAAAA"]
    {
        assert!(Note::parse(text).is_err(), "{text:?}");
    }
}
