//! The events proofs rest on, told by their topic and read from a log: settlements of a relay, transfers of a token.

use super::Log;
use crate::model::{Amount, Hash};
use crate::proof::hashes::keccak256;
use ruint::aliases::U256;

/// keccak256 of an event's signature: its first topic.
pub fn topic(signature: &str) -> Hash {
    keccak256(signature)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A batch's root, number of leaves, and blob id as the event's UTF-8 bytes (empty in the first generation).
    Batch {
        root: Hash,
        size: Amount,
        blob_id: Vec<u8>,
    },
    /// One inference settled by itself.
    Individual {
        tee_id: Hash,
        input: Hash,
        output: Hash,
        timestamp: Amount,
        blob_id: Vec<u8>,
        signature: Vec<u8>,
    },
    /// The first generation: hashes only.
    Settled {
        input: Hash,
        output: Hash,
    },
    Transfer {
        from: [u8; 20],
        to: [u8; 20],
        amount: Amount,
    },
    AuthorizationUsed {
        authorizer: [u8; 20],
        nonce: Hash,
    },
}

impl Event {
    /// `None` for events that are none of these, and for data that does not fit its event.
    pub fn read(log: &Log) -> Option<Self> {
        let (first, topics) = log.topics.split_first()?;
        let data = log.data.as_slice();
        let is = |signature| *first == topic(signature);
        match topics {
            [root] if is("BatchSettlement(bytes32,uint256,bytes)") => {
                Some(Self::Batch { root: *root, size: number(data, 0)?, blob_id: bytes(data, 1)? })
            }
            [root] if is("BatchSettlement(bytes32,uint256)") && data.len() == 32 => {
                Some(Self::Batch { root: *root, size: number(data, 0)?, blob_id: Vec::new() })
            }
            [tee_id, _payer]
                if is("IndividualSettlement(bytes32,address,bytes32,bytes32,uint256,bytes,bytes)") =>
            {
                Some(Self::Individual {
                    tee_id: *tee_id,
                    input: word(data, 0)?,
                    output: word(data, 1)?,
                    timestamp: number(data, 2)?,
                    blob_id: bytes(data, 3)?,
                    signature: bytes(data, 4)?,
                })
            }
            [input, output] if is("Settlement(bytes32,bytes32)") => {
                Some(Self::Settled { input: *input, output: *output })
            }
            [] if is("Settlement(bytes32,bytes32)") && data.len() == 64 => {
                Some(Self::Settled { input: word(data, 0)?, output: word(data, 1)? })
            }
            [from, to] if is("Transfer(address,address,uint256)") && data.len() == 32 => {
                Some(Self::Transfer { from: address(from)?, to: address(to)?, amount: number(data, 0)? })
            }
            [authorizer, nonce] if is("AuthorizationUsed(address,bytes32)") => {
                Some(Self::AuthorizationUsed { authorizer: address(authorizer)?, nonce: *nonce })
            }
            _ => None,
        }
    }
}

fn word(data: &[u8], place: usize) -> Option<Hash> {
    let word: [u8; 32] = data.get(place * 32..place * 32 + 32)?.try_into().ok()?;
    Some(Hash(word))
}

fn number(data: &[u8], place: usize) -> Option<Amount> {
    word(data, place).map(|word| Amount(U256::from_be_bytes(word.0)))
}

/// A word that must fit a place in the data.
fn offset(data: &[u8], place: usize) -> Option<usize> {
    usize::try_from(number(data, place)?.0).ok().filter(|offset| *offset <= data.len())
}

/// Dynamic bytes: the head at `place` holds the offset of length ‖ bytes.
fn bytes(data: &[u8], place: usize) -> Option<Vec<u8>> {
    let tail = data.get(offset(data, place)?..)?;
    let length = offset(tail, 0)?;
    tail.get(32..32 + length).map(<[u8]>::to_vec)
}

fn address(topic: &Hash) -> Option<[u8; 20]> {
    let (zeros, address) = topic.0.split_at(12);
    zeros.iter().all(|byte| *byte == 0).then(|| address.try_into().ok()).flatten()
}
