//! What an import knows besides the bytes at hand: names of agents, times of blocks, which chain, what was paid by which call.

use super::document::ReadDocument;
use super::labels::Labels;
use super::mapping::Mapping;
use crate::model::Nanos;
use std::collections::{HashMap, HashSet};

/// Facts from beside or before the bytes at hand. They are the same for every unit of a run.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub labels: Labels,
    /// The time a responder gives to records that hold none.
    pub at: Option<Nanos>,
    /// The chain of logs that do not name theirs.
    pub chain: Option<u64>,
    pub blocks: Blocks,
    /// Reads attestation documents.
    pub document: Option<ReadDocument>,
    /// How sources of unknown shape are read.
    pub mapping: Mapping,
}

/// What the given sources say of blocks and transactions, gathered before anything is translated.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    /// Block hash → its time; hashes are lower case with `0x`.
    pub times: HashMap<String, Nanos>,
    /// Chain and number → time, where the block document is known to be of that chain, or chain 0 where it is not.
    pub numbers: HashMap<(u64, u64), Nanos>,
    /// Transaction → status of its receipt.
    pub statuses: HashMap<String, u64>,
    /// Transaction → nonces its `AuthorizationUsed` events name, with who authorised.
    pub authorisations: HashMap<String, Vec<(String, String)>>,
    /// Transactions that a Permit2 proxy says it settled.
    pub settled: HashSet<String>,
    /// Measurement → the label it was approved under last.
    pub labels: HashMap<String, String>,
}

impl Blocks {
    pub fn join(&mut self, other: Self) {
        self.times.extend(other.times);
        self.numbers.extend(other.numbers);
        self.statuses.extend(other.statuses);
        self.settled.extend(other.settled);
        self.labels.extend(other.labels);
        for (transaction, nonces) in other.authorisations {
            let known = self.authorisations.entry(transaction).or_default();
            known.extend(nonces);
            known.sort();
            known.dedup();
        }
    }
}
