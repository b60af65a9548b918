//! Did this enclave say this? The signed response of a TEE gateway, in every scheme its history knows (PROOFS §2).
//!
//! Three questions with three answers: is the recorded request the signed one, is the recorded output the signed one, and
//! does the enclave's key sign the recorded hashes.
//!
//! ```text
//! canonical request ─ keccak256 ─┐
//! output text ─────── keccak256 ─┼─ keccak256 ─ RSA-PSS, SHA-256, salt 32
//! tee_timestamp ────── u256 ─────┘
//! ```

mod canonical;
mod key;

pub use canonical::{Unsignable, canonical_request, output_text};
pub use key::EnclaveKey;

use super::hashes::{keccak256, keccak256_of, sha256, u256};
use super::python_json::Json;
use crate::model::Hash;
use std::fmt;

/// How a gateway turned a request into bytes. Later ones differ from `V1` only where a user's content is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// Before 2026-02-27: SHA-256 of the whole request; the signature covers JSON text; salt as long as the key allows.
    V0,
    V1,
    /// Lists signed as Python's `str(list)`.
    V1a,
    /// Lists signed as parts without their attachments' bytes.
    V1b,
}

impl Scheme {
    pub const ALL: [Self; 4] = [Self::V0, Self::V1, Self::V1a, Self::V1b];

    pub const fn name(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1 => "v1",
            Self::V1a => "v1a",
            Self::V1b => "v1b",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The tee_id gateways write when they have none: it names no enclave.
pub const PLACEHOLDER_TEE_ID: Hash = Hash([
    0xdd, 0xc2, 0x1f, 0x2d, 0x5d, 0x0a, 0xf8, 0x61, 0xb4, 0xfc, 0x13, 0x90, 0xdf, 0x47, 0xf1, 0xc9, 0x3b,
    0xc5, 0xae, 0xe5, 0x4e, 0x7e, 0x31, 0x76, 0x3e, 0x97, 0x25, 0x6d, 0x56, 0x14, 0x82, 0x53,
]);

/// What some recorders store for a signature they never got.
pub const MISSING_SIGNATURE: &[u8] = &[0xd3];

/// One way to read a request: the bytes a gateway of that scheme would have hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub scheme: Scheme,
    pub canonical: String,
    pub hash: Hash,
}

/// The readings of a request, most likely first: of the scheme when it is known, else of every scheme. Readings with the
/// same bytes appear once. An error is why no gateway could have signed this request.
pub fn readings(request: &Json, scheme: Option<Scheme>) -> Result<Vec<Reading>, Unsignable> {
    let tried: &[Scheme] = match scheme {
        Some(Scheme::V0) => &[Scheme::V0],
        Some(Scheme::V1a) => &[Scheme::V1a],
        Some(Scheme::V1b) => &[Scheme::V1b],
        // `v1` alone does not say which of its two forms a list took.
        Some(Scheme::V1) => &[Scheme::V1, Scheme::V1b, Scheme::V1a],
        None => &[Scheme::V1, Scheme::V1b, Scheme::V1a, Scheme::V0],
    };
    let mut found: Vec<Reading> = Vec::new();
    let mut refused = None;
    for scheme in tried {
        match canonical_request(request, *scheme) {
            Ok(canonical)
                if found.iter().any(|known| known.canonical == canonical && *scheme != Scheme::V0) => {}
            Ok(canonical) => {
                let hash = request_hash(&canonical, *scheme);
                found.push(Reading { scheme: *scheme, canonical, hash });
            }
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    match refused {
        Some(reason) if found.is_empty() => Err(reason),
        _ => Ok(found),
    }
}

pub fn request_hash(canonical: &str, scheme: Scheme) -> Hash {
    match scheme {
        Scheme::V0 => sha256(canonical),
        Scheme::V1 | Scheme::V1a | Scheme::V1b => keccak256(canonical),
    }
}

/// keccak256 of the output's UTF-8, unescaped.
pub fn output_hash(output: &str) -> Hash {
    keccak256(output)
}

/// What the v1 schemes sign: keccak256(request hash ‖ output hash ‖ u256(timestamp)).
pub fn message_hash(request: &Hash, output: &Hash, timestamp: u64) -> Hash {
    keccak256_of(&[&request.0, &output.0, &u256(timestamp)])
}

/// An enclave's name: keccak256 of its key's SubjectPublicKeyInfo, DER.
pub fn tee_id(public_key: &[u8]) -> Hash {
    keccak256(public_key)
}

/// The text scheme v0 signs, from a response that holds its five fields.
pub fn v0_signed_text(response: &Json) -> Option<String> {
    let fields = ["finish_reason", "message", "model", "request_hash", "timestamp"];
    let members = fields.into_iter().map(|name| Some((name.into(), response.member(name)?.clone())));
    Some(Json::Object(members.collect::<Option<_>>()?).dumps())
}

#[cfg(test)]
mod tests;
