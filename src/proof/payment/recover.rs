//! The account behind a 65-byte signature, as the chain's `ecrecover` finds it, and stricter in one thing: low s only
//! (EIP-2), as the token contracts demand.

use super::Address;
use crate::model::Hash;
use crate::proof::hashes::keccak256;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    Account(Address),
    /// 65 bytes that no account can have made: r or s of zero or beyond the order, a high s, another v than 27 or 28.
    Invalid(&'static str),
    /// Another length: a contract wallet's signature, which only its contract can judge.
    ContractWallet,
}

/// Recovers from r ‖ s ‖ v.
pub fn recover(digest: &Hash, signature: &[u8]) -> Recovery {
    let Ok(bytes) = <&[u8; 65]>::try_from(signature) else { return Recovery::ContractWallet };
    let recovery = match bytes[64] {
        27 => RecoveryId::new(false, false),
        28 => RecoveryId::new(true, false),
        _ => return Recovery::Invalid("v is neither 27 nor 28"),
    };
    let Ok(signature) = Signature::from_slice(&bytes[..64]) else {
        return Recovery::Invalid("r or s is zero or beyond the curve's order");
    };
    if signature.normalize_s() != signature {
        return Recovery::Invalid("s is in the upper half (EIP-2)");
    }
    match VerifyingKey::recover_from_prehash(&digest.0, &signature, recovery) {
        Ok(key) => Recovery::Account(address_of(&key)),
        Err(_) => Recovery::Invalid("no key makes this signature"),
    }
}

/// The last 20 bytes of keccak256 of the uncompressed point.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let hash = keccak256(&point.as_bytes()[1..]);
    let mut address = [0; 20];
    address.copy_from_slice(&hash.0[12..]);
    address
}
