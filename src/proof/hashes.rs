//! The digests proofs are made of, as `Hash` values.

use crate::model::Hash;
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// Ethereum's Keccak-256 (not NIST SHA3-256).
pub fn keccak256(bytes: impl AsRef<[u8]>) -> Hash {
    Hash(Keccak256::digest(bytes.as_ref()).into())
}

/// Keccak-256 of pieces laid end to end.
pub fn keccak256_of(pieces: &[&[u8]]) -> Hash {
    Hash(pieces.iter().fold(Keccak256::new(), Digest::chain_update).finalize().into())
}

pub fn sha256(bytes: impl AsRef<[u8]>) -> Hash {
    Hash(Sha256::digest(bytes.as_ref()).into())
}

/// A number as Solidity's `uint256`: 32 bytes, big-endian.
pub fn u256(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}
