//! Was it put on the chain? Leaves of settled inferences and the OpenZeppelin `standard-v1` tree over them (PROOFS §5).
//!
//! A leaf is computed from the inference's own record and never taken on trust: that is what binds a batch to a request.

mod dump;
mod tree;

pub use dump::{Dump, MAX_DUMP_LEAVES};
pub use tree::{Tree, fold_proof, pair_hash};

use super::abi::{Value, encode};
use super::hashes::{keccak256, u256};
use super::malformed::hex_bytes;
use crate::model::Hash;

/// What one inference contributes to a batch, in the three generations the relay has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    G1 { input: Hash, output: Hash },
    G2 { input: Hash, output: Hash, signature: Hash },
    G3 { tee_id: Hash, input: Hash, output: Hash, signature: Vec<u8>, timestamp: u64 },
}

impl Leaf {
    pub const fn encoding(&self) -> &'static [&'static str] {
        match self {
            Self::G1 { .. } => &["bytes32", "bytes32"],
            Self::G2 { .. } => &["bytes32", "bytes32", "bytes32"],
            Self::G3 { .. } => &["bytes32", "bytes32", "bytes32", "bytes", "uint256"],
        }
    }

    /// The values as a dump writes them.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::G1 { input, output } => vec![word_text(input), word_text(output)],
            Self::G2 { input, output, signature } => {
                vec![word_text(input), word_text(output), word_text(signature)]
            }
            Self::G3 { tee_id, input, output, signature, timestamp } => vec![
                word_text(tee_id),
                word_text(input),
                word_text(output),
                format!("0x{}", hex::encode(signature)),
                timestamp.to_string(),
            ],
        }
    }

    fn values(&self) -> Vec<Value> {
        let word = |hash: &Hash| Value::Static(hash.0);
        match self {
            Self::G1 { input, output } => vec![word(input), word(output)],
            Self::G2 { input, output, signature } => vec![word(input), word(output), word(signature)],
            Self::G3 { tee_id, input, output, signature, timestamp } => vec![
                word(tee_id),
                word(input),
                word(output),
                Value::Dynamic(signature.clone()),
                Value::Static(u256(*timestamp)),
            ],
        }
    }

    /// `abi.encode` of its values: what is hashed twice.
    pub fn encoded(&self) -> Vec<u8> {
        encode(&self.values())
    }

    pub fn hash(&self) -> Hash {
        leaf_hash(&self.values())
    }
}

/// keccak256(keccak256(abi.encode(values))): hashed twice so that no inner node can pose as a leaf.
pub fn leaf_hash(values: &[Value]) -> Hash {
    keccak256(keccak256(encode(values)).0)
}

/// The word a generation-2 leaf holds for a signature: 32 bytes of hex as they are, other hex by the hash of its bytes,
/// anything else by the hash of its text.
pub fn g2_signature_word(signature: &str) -> Hash {
    match signature.starts_with("0x").then(|| hex_bytes(signature)) {
        Some(Ok(bytes)) => match <[u8; 32]>::try_from(bytes) {
            Ok(word) => Hash(word),
            Err(bytes) => keccak256(bytes),
        },
        _ => keccak256(signature),
    }
}

fn word_text(hash: &Hash) -> String {
    format!("0x{hash}")
}

#[cfg(test)]
mod tests;
