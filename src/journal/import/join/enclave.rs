//! Enclaves and the attestation documents that speak of them: told in the registration itself, or by the key that a raw document
//! binds.

use super::whole::Whole;
use super::{Hands, Joiner, Strength, Told};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::io;

impl Joiner {
    /// An enclave whose registration holds its attestation but not its measurement, or whose key a raw document binds.
    pub(super) fn enclave(&self, parts: &[Told], hands: &Hands<'_>) -> io::Result<Option<String>> {
        let attested = parts.iter().find(|part| part.text("attestation").is_some());
        let Some(attested) = attested else { return self.with_document(parts, hands) };
        if parts.iter().any(|part| part.text("pcr_hash").is_some()) {
            return Ok(None);
        }
        let hash = attested.text("attestation").and_then(hands.pcr_hash);
        Ok(hash.and_then(|hash| {
            let mut whole = Whole::begin(attested);
            whole.object.insert("pcr_hash".to_owned(), hash.clone().into());
            whole.join(
                &hash,
                "the measurements its attestation names; the step `attestation` verifies them",
                Strength::Exact,
            );
            whole.written("parts", Vec::new(), true)
        }))
    }

    /// The document that names the SHA-256 of an enclave's key belongs to that enclave.
    fn with_document(&self, parts: &[Told], hands: &Hands<'_>) -> io::Result<Option<String>> {
        let key = |part: &Told| part.text("public_key").and_then(|key| STANDARD.decode(key).ok());
        let Some((part, key)) = parts.iter().rev().find_map(|part| Some((part, key(part)?))) else {
            return Ok(None);
        };
        let Some(document) = self.documents.get(&hex::encode(Sha256::digest(key))) else { return Ok(None) };
        let document = self.told(*document, hands)?;
        let mut whole = Whole::begin(part);
        for name in ["attestation", "pcr_hash"] {
            if let Some(value) = document.object.get(name) {
                whole.object.entry(name).or_insert_with(|| value.clone());
            }
        }
        let id = document.text("id").unwrap_or_default();
        whole.join(id, "the signing key whose SHA-256 the attestation document binds", Strength::Exact);
        Ok(whole.written("parts", Vec::new(), true))
    }
}
