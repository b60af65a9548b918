//! The report as an in-toto Statement v1 with a Simple Verification Result (predicate svr/v0.1), signed with DSSE if asked.
//!
//! Its subjects are the journals; its properties are only what holds. DSSE signs PAE(type, body), see `pre_authentication`.

use super::json::{self, tame};
use super::model::{Report, Value as Cell};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub const PREDICATE: &str = "https://in-toto.io/attestation/svr/v0.1";
pub const PAYLOAD: &str = "application/vnd.in-toto+json";

/// Writes the statement, or, with a key, the envelope around it.
pub fn write(report: &Report, key: Option<&SigningKey>, out: &mut dyn Write) -> io::Result<()> {
    let statement = statement(report);
    match key {
        None => writeln!(out, "{}", tame(&format!("{statement:#}"))),
        Some(key) => writeln!(out, "{:#}", envelope(&tame(&statement.to_string()), key)),
    }
}

/// The statement. `predicate.backtrail` is an extension other readers pass over.
pub fn statement(report: &Report) -> Value {
    let subjects = report.journals.iter().filter_map(|journal| {
        Some(json!({"name": journal.name, "digest": {"sha256": journal.sha256.as_ref()?}}))
    });
    let figures: Map<String, Value> =
        report.figures().map(|figure| (figure.id.to_owned(), json::value(report, &figure.value))).collect();
    let document = json::document(report);
    json!({
        "_type": STATEMENT,
        "subject": subjects.collect::<Vec<_>>(),
        "predicateType": PREDICATE,
        "predicate": {
            "verifier": {
                "id": format!("pkg:cargo/backtrail@{}", env!("CARGO_PKG_VERSION")),
                "policy": {"trust_sha256": hex::encode(Sha256::digest(report.trust.as_bytes()))},
            },
            "timeCreated": report.stamped().rfc3339(),
            "properties": properties(report),
            "backtrail": {"report_digest": document["digest"], "figures": figures},
        },
    })
}

/// What holds, each under our own prefix. What does not hold, or was not looked at, is left out and not denied.
fn properties(report: &Report) -> Vec<String> {
    let count = |id: &str| match report.figure(id).map(|figure| &figure.value) {
        Some(Cell::Count(n)) => Some((*n, *n)),
        Some(Cell::Share { part, whole }) => Some((*part, *whole)),
        _ => None,
    };
    let none = |id: &str| count(id).is_some_and(|(n, _)| n == 0);
    let all = |id: &str| count(id).is_some_and(|(part, whole)| part == whole && whole > 0);
    let holds = [
        ("BACKTRAIL_JOURNALS_READ_WHOLE", report.journals.iter().all(|journal| journal.sha256.is_some())),
        ("BACKTRAIL_NO_FAULTY_LINE", none("integrity.faults")),
        ("BACKTRAIL_NO_CONFLICTING_RECORD", none("integrity.conflicts")),
        ("BACKTRAIL_EVERY_CHECKPOINT_CONSISTENT", all("integrity.checkpoints")),
        ("BACKTRAIL_PROOFS_VERIFIED", report.verified),
        ("BACKTRAIL_NO_PROOF_FAILED", report.verified && none("proofs.failed")),
        ("BACKTRAIL_EVERY_REQUEST_ATTRIBUTED", none("evidence.none")),
        ("BACKTRAIL_NO_LATE_SERVING", none("requests.late")),
        ("BACKTRAIL_NO_STALE_POINTER", none("requests.stale")),
    ];
    holds.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name.to_owned()).collect()
}

/// A DSSE envelope (secure-systems-lab/dsse, envelope.md) with one Ed25519 signature.
pub fn envelope(body: &str, key: &SigningKey) -> Value {
    let signature = key.sign(&pre_authentication(PAYLOAD, body.as_bytes()));
    let key_id = hex::encode(Sha256::digest(key.verifying_key().as_bytes()));
    json!({
        "payload": STANDARD.encode(body),
        "payloadType": PAYLOAD,
        "signatures": [{"keyid": key_id, "sig": STANDARD.encode(signature.to_bytes())}],
    })
}

/// DSSE protocol.md: `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`.
pub fn pre_authentication(kind: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads an Ed25519 key as `openssl genpkey -algorithm ed25519` writes it (PKCS#8, RFC 8410 §7), or 64 hex digits.
pub fn key(text: &str) -> Result<SigningKey, &'static str> {
    const PREFIX: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let text = text.trim();
    if let Some(seed) = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        return Ok(SigningKey::from_bytes(&seed));
    }
    let body = text
        .strip_prefix("-----BEGIN PRIVATE KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"));
    let body: String =
        body.ok_or("neither a PKCS#8 PEM private key nor 64 hex digits")?.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| "its PEM is not base64")?;
    let seed = der.strip_prefix(&PREFIX).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    seed.map(|seed| SigningKey::from_bytes(&seed)).ok_or("not an Ed25519 private key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Verifier;

    #[test]
    fn the_bytes_that_are_signed_are_those_of_the_protocol() {
        // protocol.md's own example.
        let bytes = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn an_envelope_verifies_under_its_key_and_only_as_it_is() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let envelope = envelope("{}", &key);
        let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        let body = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let public = key.verifying_key();
        assert!(public.verify(&pre_authentication(PAYLOAD, &body), &signature).is_ok());
        assert!(public.verify(&pre_authentication(PAYLOAD, b"{ }"), &signature).is_err());
    }

    #[test]
    fn a_key_file_is_read_as_openssl_writes_it() {
        // RFC 8410 §10.3, the private key of the example.
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = hex::encode(key(pem).unwrap().verifying_key().as_bytes());
        assert_eq!(public, "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        assert!(key("hello").is_err());
    }
}
