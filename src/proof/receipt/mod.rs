//! Was it in the block? Receipts of Ethereum-like chains, proved to a block hash (PROOFS §5).
//!
//! ```text
//! log ─ receipt ─ trie path ─ receiptsRoot ─ header ─ keccak256 = block hash, which somebody pinned
//! ```
//! On a CometBFT chain the node makes receiptsRoot up and the block hash does not commit to it: there keccak256(header) is
//! not the block hash, and everything below is that node's word only.

pub mod event;
mod trie;

pub use trie::{Lookup, lookup, root_of};

use super::hashes::keccak256;
use super::malformed::Malformed;
use super::rlp::{Rlp, encode_u64};
use crate::model::Hash;

/// OpenGradient's own chain: CometBFT under an Ethereum face, where receipt proofs prove nothing.
pub const OPENGRADIENT_CHAIN: u64 = 10_740;
/// Receipts of deposits on OP-stack chains carry a nonce and a version more.
const DEPOSIT: u8 = 0x7e;

/// The few fields of a header that proofs rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub hash: Hash,
    pub receipts_root: Hash,
    pub number: u64,
    /// Unix seconds.
    pub timestamp: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// EIP-2718 type; 0 for legacy.
    pub kind: u8,
    /// Whether the transaction succeeded; `None` before Byzantium, which recorded a state root instead.
    pub succeeded: Option<bool>,
    pub logs: Vec<Log>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub address: [u8; 20],
    pub topics: Vec<Hash>,
    pub data: Vec<u8>,
}

/// A receipt with its way into a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptProof {
    /// The header's RLP.
    pub header: Vec<u8>,
    /// The transaction's index in its block.
    pub index: u64,
    /// Trie nodes from the root down.
    pub nodes: Vec<Vec<u8>>,
}

impl Header {
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let header = Rlp::parse(bytes)?;
        let items = header.as_list().filter(|items| (15..=32).contains(&items.len()));
        let items = items.ok_or(Malformed::new(0, "a header is a list of 15 fields or more"))?;
        let root = items[5].as_bytes().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        Ok(Self {
            hash: keccak256(bytes),
            receipts_root: Hash(root.ok_or(Malformed::new(0, "a receiptsRoot is 32 bytes"))?),
            number: items[8].as_u64().ok_or(Malformed::new(0, "a block number is a number"))?,
            timestamp: items[11].as_u64().ok_or(Malformed::new(0, "a block's time is a number"))?,
        })
    }
}

impl Receipt {
    /// Reads a receipt as the trie holds it: a list, or a type byte and a list.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let (kind, body) = match bytes.split_first() {
            Some((kind @ 0x01..=0x7f, body)) => (*kind, body),
            _ => (0, bytes),
        };
        let base = bytes.len() - body.len();
        let parsed = Rlp::parse(body).map_err(|fault| fault.within(base))?;
        let malformed = |what| Malformed::new(base, what);
        let (status, logs) = match parsed.as_list() {
            Some([status, _gas, _bloom, logs]) => (status, logs),
            Some([status, _gas, _bloom, logs, ..]) if kind == DEPOSIT => (status, logs),
            _ => return Err(malformed("a receipt is status, gas, bloom and logs")),
        };
        let succeeded = match status.as_bytes() {
            Some([]) => Some(false),
            Some([1]) => Some(true),
            Some(root) if root.len() == 32 => None,
            _ => return Err(malformed("a receipt's status is 0, 1 or a state root")),
        };
        let logs = logs.as_list().ok_or(malformed("logs is a list"))?;
        let logs = logs.iter().map(|log| log_of(log).map_err(malformed)).collect::<Result<_, _>>()?;
        Ok(Self { kind, succeeded, logs })
    }
}

fn log_of(log: &Rlp<'_>) -> Result<Log, &'static str> {
    let Some([address, topics, data]) = log.as_list() else {
        return Err("a log is address, topics and data");
    };
    let address =
        address.as_bytes().and_then(|bytes| bytes.try_into().ok()).ok_or("an address is 20 bytes")?;
    let topics = topics.as_list().filter(|topics| topics.len() <= 4).ok_or("a log has up to four topics")?;
    let word =
        |topic: &Rlp<'_>| topic.as_bytes().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Hash);
    let topics = topics.iter().map(word).collect::<Option<_>>().ok_or("a topic is 32 bytes")?;
    Ok(Log { address, topics, data: data.as_bytes().ok_or("a log's data is bytes")?.to_vec() })
}

/// What a receipt proof shows, with the header it leads to. Whether that header's hash is pinned is the caller's
/// question. A proof that the receipt is *not* there is a fault like any other.
pub fn prove(proof: &ReceiptProof) -> Result<(Header, Receipt), Malformed> {
    let header = Header::parse(&proof.header)?;
    match lookup(&header.receipts_root, &encode_u64(proof.index), &proof.nodes)? {
        Lookup::Present(bytes) => Receipt::parse(&bytes).map(|receipt| (header, receipt)),
        Lookup::Absent => Err(Malformed::new(0, "the proof shows that no such receipt is in the block")),
    }
}

#[cfg(test)]
mod tests;
