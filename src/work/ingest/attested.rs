//! What an attestation document says, read by the room of proofs for the importers, which know no CBOR.

use crate::journal::import::document::Attested;
use crate::proof::attestation::Document;
use crate::proof::malformed::base64_bytes;

/// The words of a document. Nothing of it is verified here: the step `attestation` does that.
pub fn attested(bytes: &[u8]) -> Result<Attested, String> {
    let document = Document::parse(bytes).map_err(|fault| fault.to_string())?;
    let at = document.at().ok_or("its time is beyond the year 2262")?;
    let used = document.pcrs.iter().filter(|(_, value)| value.iter().any(|byte| *byte != 0));
    let bound = document.bound_keys();
    Ok(Attested {
        module_id: document.module_id.clone(),
        at,
        pcrs: used.map(|(number, value)| (*number, hex::encode(value))).collect(),
        pcr_hash: document.pcr_hash().map(|hash| format!("0x{}", hash.hex())),
        is_debug: document.is_debug(),
        signing_key: bound.map(|bound| bound.signing_key.hex()),
        tls_certificate: bound.map(|bound| bound.tls_certificate.hex()),
        nonce: document.nonce.as_deref().map(hex::encode),
    })
}

/// The measurement that an attestation in base64 names.
pub fn measurement(attestation: &str) -> Option<String> {
    let bytes = base64_bytes(attestation).ok()?;
    let hash = Document::parse(&bytes).ok()?.pcr_hash()?;
    Some(format!("0x{}", hash.hex()))
}
