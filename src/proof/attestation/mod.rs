//! Which build was it? AWS Nitro attestation documents: COSE_Sign1 with ES384 under a chain to the AWS root (PROOFS §3).
//!
//! ```text
//! 84                       array of four, no tag
//!    44 a1013822           protected header: alg = −35 (ES384)
//!    a0                    no unprotected header
//!    59 …                  payload: map of module_id, digest, timestamp (ms), pcrs, certificate, cabundle, …
//!    5860 …                signature r ‖ s over ["Signature1", protected, h'', payload]
//! ```

mod chain;

pub use chain::{ChainFault, MAX_CHAIN, verify_chain};

use super::cbor::{Cbor, bytes_header};
use super::hashes::{keccak256, sha256};
use super::malformed::Malformed;
use crate::model::{Hash, Nanos};
use p384::ecdsa::{Signature, VerifyingKey, signature::Verifier};

/// SHA-256 of the DER of AWS's Nitro Enclaves root G1.
pub const AWS_ROOT_G1: Hash = Hash([
    0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e,
    0xd7, 0xcd, 0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
]);

/// The largest document read; real ones are 4.5 kB, and the hypervisor makes none above 16 kB.
pub const MAX_DOCUMENT: usize = 64 << 10;
/// The nonce of AWS's documentation: a document that carries it was asked for without freshness.
pub const EXAMPLE_NONCE: &[u8] = &[
    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
    0x23, 0x45, 0x67,
];

const PROTECTED_ES384: &[u8] = &[0xa1, 0x01, 0x38, 0x22];
const PCR_BYTES: usize = 48;

/// A measurement register: SHA-384.
pub type Pcr = [u8; PCR_BYTES];

/// A parsed document. Nothing in it is believed before `signature_holds` and `verify_chain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub module_id: String,
    /// When the hypervisor signed, in Unix milliseconds.
    pub timestamp_ms: u64,
    /// Register number and value, ascending.
    pub pcrs: Vec<(u8, Pcr)>,
    pub certificate: Vec<u8>,
    /// Root first.
    pub cabundle: Vec<Vec<u8>>,
    pub public_key: Option<Vec<u8>>,
    pub user_data: Option<Vec<u8>>,
    pub nonce: Option<Vec<u8>>,
    payload: Vec<u8>,
    signature: [u8; 96],
}

impl Document {
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_DOCUMENT {
            return Err(Malformed::new(MAX_DOCUMENT, "an attestation document above 64 KiB"));
        }
        let Cbor::Array(parts) = Cbor::parse(bytes)? else {
            return Err(Malformed::new(0, "a COSE_Sign1 is an array"));
        };
        let [Cbor::Bytes(protected), Cbor::Map(unprotected), Cbor::Bytes(payload), Cbor::Bytes(signature)] =
            parts.as_slice()
        else {
            return Err(Malformed::new(0, "a COSE_Sign1 is protected header, map, payload, signature"));
        };
        if *protected != PROTECTED_ES384 || !unprotected.is_empty() {
            return Err(Malformed::new(1, "the only header known is alg = -35 (ES384), protected"));
        }
        let signature = (*signature).try_into();
        let signature =
            signature.map_err(|_| Malformed::new(bytes.len(), "an ES384 signature is 96 bytes"))?;
        let base = payload_offset(bytes, payload);
        Self::of_payload(payload, signature).map_err(|fault| fault.within(base))
    }

    fn of_payload(payload: &[u8], signature: [u8; 96]) -> Result<Self, Malformed> {
        let map = Cbor::parse(payload)?;
        let field = |name, what| map.member(name).ok_or(Malformed::new(0, what));
        let Cbor::Text(module_id) = field("module_id", "no module_id")? else {
            return Err(Malformed::new(0, "module_id is text"));
        };
        if field("digest", "no digest")? != &Cbor::Text("SHA384") {
            return Err(Malformed::new(0, "the digest is SHA384"));
        }
        let Cbor::Unsigned(timestamp_ms) = field("timestamp", "no timestamp")? else {
            return Err(Malformed::new(0, "the timestamp is a number"));
        };
        let certificate = field("certificate", "no certificate")?.as_bytes();
        let Cbor::Array(cabundle) = field("cabundle", "no cabundle")? else {
            return Err(Malformed::new(0, "the cabundle is an array"));
        };
        let cabundle = cabundle.iter().map(|der| der.as_bytes().map(<[u8]>::to_vec));
        let cabundle: Option<Vec<_>> = cabundle.collect();
        Ok(Self {
            module_id: (*module_id).to_owned(),
            timestamp_ms: *timestamp_ms,
            pcrs: registers(field("pcrs", "no pcrs")?)?,
            certificate: certificate.ok_or(Malformed::new(0, "the certificate is bytes"))?.to_vec(),
            cabundle: cabundle.ok_or(Malformed::new(0, "the cabundle holds bytes"))?,
            public_key: optional(&map, "public_key")?,
            user_data: optional(&map, "user_data")?,
            nonce: optional(&map, "nonce")?,
            payload: payload.to_vec(),
            signature,
        })
    }

    /// When the document was signed; `None` beyond the year 2262.
    pub fn at(&self) -> Option<Nanos> {
        i64::try_from(self.timestamp_ms).ok()?.checked_mul(1_000_000).map(Nanos)
    }

    pub fn pcr(&self, number: u8) -> Option<&Pcr> {
        self.pcrs.iter().find(|(n, _)| *n == number).map(|(_, value)| value)
    }

    /// keccak256(PCR0 ‖ PCR1 ‖ PCR2): the registry's name for a build.
    pub fn pcr_hash(&self) -> Option<Hash> {
        Some(pcr_hash(self.pcr(0)?, self.pcr(1)?, self.pcr(2)?))
    }

    /// A debug enclave: PCR0–2 all zero or missing. Its console can be read and its word proves no build.
    pub fn is_debug(&self) -> bool {
        (0..3).all(|n| self.pcr(n).is_none_or(|value| value.iter().all(|byte| *byte == 0)))
    }

    /// The bytes the hypervisor signed: CBOR of ["Signature1", protected, h'', payload].
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x84, 0x6a];
        bytes.extend(b"Signature1");
        bytes.push(0x44);
        bytes.extend(PROTECTED_ES384);
        bytes.push(0x40);
        bytes.extend(bytes_header(self.payload.len()));
        bytes.extend(&self.payload);
        bytes
    }

    /// Whether the leaf certificate's key signed this document.
    pub fn signature_holds(&self) -> bool {
        chain::public_key(&self.certificate)
            .is_some_and(|key| es384_holds(&key, &self.signed_bytes(), &self.signature))
    }

    /// The document's signature in DER, as other tools take it.
    pub fn signature_der(&self) -> Option<Vec<u8>> {
        Some(Signature::from_slice(&self.signature).ok()?.to_der().as_bytes().to_vec())
    }

    /// The chain from the leaf up to the bundle's root, at the document's own time. Gives the root's SHA-256: whether
    /// that root is pinned is the caller's question.
    pub fn chain_root(&self) -> Result<Hash, ChainFault> {
        verify_chain(&self.certificate, &self.cabundle, self.timestamp_ms)
    }

    /// What the gateway bound: SHA-256 of its TLS certificate and of its signing key's SPKI. The document's own
    /// `public_key` field holds the word "dummy" there and binds nothing.
    pub fn bound_keys(&self) -> Option<BoundKeys> {
        let rest = self.user_data.as_deref()?.strip_prefix(&[0x12, 0x20])?;
        let (tls, rest) = rest.split_first_chunk::<32>()?;
        let signing: [u8; 32] = rest.strip_prefix(&[0x12, 0x20])?.try_into().ok()?;
        Some(BoundKeys { tls_certificate: Hash(*tls), signing_key: Hash(signing) })
    }
}

/// The two multihashes in `user_data`, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundKeys {
    pub tls_certificate: Hash,
    pub signing_key: Hash,
}

impl BoundKeys {
    /// Whether the document vouches for this signing key (SubjectPublicKeyInfo, DER).
    pub fn binds(&self, signing_key: &[u8]) -> bool {
        sha256(signing_key) == self.signing_key
    }
}

/// ECDSA on P-384 with SHA-384 under a SEC1 point, over r ‖ s as COSE writes it.
pub fn es384_holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    holds(key, message, Signature::from_slice(signature).ok())
}

/// The same over a signature in DER, as certificates write it.
pub fn es384_der_holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    holds(key, message, Signature::from_der(signature).ok())
}

fn holds(key: &[u8], message: &[u8], signature: Option<Signature>) -> bool {
    match (VerifyingKey::from_sec1_bytes(key), signature) {
        (Ok(key), Some(signature)) => key.verify(message, &signature).is_ok(),
        _ => false,
    }
}

pub fn pcr_hash(pcr0: &Pcr, pcr1: &Pcr, pcr2: &Pcr) -> Hash {
    keccak256([pcr0.as_slice(), pcr1, pcr2].concat())
}

fn registers(value: &Cbor<'_>) -> Result<Vec<(u8, Pcr)>, Malformed> {
    let Cbor::Map(members) = value else { return Err(Malformed::new(0, "pcrs is a map")) };
    let mut pcrs = Vec::new();
    for (key, value) in members {
        let number = match key {
            Cbor::Unsigned(number) => u8::try_from(*number).ok().filter(|number| *number < 32),
            _ => None,
        };
        let number = number.ok_or(Malformed::new(0, "a PCR is numbered 0 to 31"))?;
        let value = value.as_bytes().and_then(|bytes| Pcr::try_from(bytes).ok());
        pcrs.push((number, value.ok_or(Malformed::new(0, "a PCR is 48 bytes"))?));
    }
    pcrs.sort_unstable();
    Ok(pcrs)
}

fn optional(map: &Cbor<'_>, name: &str) -> Result<Option<Vec<u8>>, Malformed> {
    match map.member(name) {
        None | Some(Cbor::Null) => Ok(None),
        Some(Cbor::Bytes(bytes)) => Ok(Some(bytes.to_vec())),
        Some(_) => Err(Malformed::new(0, "public_key, user_data and nonce are bytes or null")),
    }
}

/// Where the payload lies in the document: after array, header and map, whose lengths are fixed, and its own header.
fn payload_offset(bytes: &[u8], payload: &[u8]) -> usize {
    (7 + bytes_header(payload.len()).len()).min(bytes.len())
}

#[cfg(test)]
mod tests;
