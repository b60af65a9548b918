//! Payments and settlements that name requests: read and checked once, then lent to each request they name.

use super::registered::chain_id;
use crate::journal::wire::{self, Record};
use crate::model::{Amount, Hash, Nanos, Row};
use crate::proof::ladder::{CheckedBatch, CheckedPayment, Payment, Settlement};
use crate::proof::malformed::hex_array;
use crate::proof::payment::parse as parse_authorization;
use crate::proof::trust::Trust;
use serde_json::value::RawValue;

/// A settlement record, read once for all the requests it names.
#[derive(Debug)]
pub struct Settled {
    pub row: Row,
    names: Vec<String>,
    mode: String,
    pub merkle_root: Option<String>,
    batch_size: Option<u64>,
    pub merkle_proof: Option<Vec<String>>,
    /// Whether the record itself holds the tree.
    pub holds_tree: bool,
    /// Its tree, where it is in evidence.
    pub batch: Option<CheckedBatch>,
    chain_id: Option<u64>,
    contract: Option<String>,
    tx_hash: Option<String>,
    receipt_status: Option<u8>,
}

/// A payment record, its signature recovered once for all the requests it names.
#[derive(Debug)]
pub struct Paid {
    pub row: Row,
    names: Vec<String>,
    /// Its chain, token, payer and nonce, under one hash: what may be used once.
    pub nonce: Option<Hash>,
    pub checked: CheckedPayment,
}

/// How many names and tree nodes a record holds.
pub(super) trait Weigh {
    fn weight(&self) -> usize;
}

impl Weigh for Settled {
    fn weight(&self) -> usize {
        self.names.len() + self.batch.as_ref().and_then(CheckedBatch::dump).map_or(0, |dump| 2 * dump.len())
    }
}

impl Weigh for Paid {
    fn weight(&self) -> usize {
        self.names.len() + 8
    }
}

impl Settled {
    /// Reads a settlement's line; `tree` finds the dump of one that does not hold it. Nothing for other kinds of record.
    pub fn read(
        row: Row,
        line: &[u8],
        tree: impl FnOnce(&wire::Settlement<'_>) -> Option<String>,
    ) -> Option<Self> {
        let Ok((Record::Settlement(s), _)) = wire::parse(line) else { return None };
        let text = |text: &Option<crate::journal::text::Text<'_>>| text.as_deref().map(str::to_owned);
        let dump = s.tree.map_or_else(|| tree(&s), |held| Some(held.get().to_owned()));
        let proof = s.merkle_proof.as_ref().map(|proof| proof.iter().map(|hash| hash.to_string()).collect());
        Some(Self {
            row,
            names: sorted(s.settles.iter().flatten().map(|id| id.to_string())),
            mode: s.mode.to_string(),
            merkle_root: text(&s.merkle_root),
            batch_size: s.batch_size,
            merkle_proof: proof,
            holds_tree: s.tree.is_some(),
            batch: dump.map(|dump| CheckedBatch::check(&dump)),
            chain_id: chain_id(s.chain_id),
            contract: text(&s.contract),
            tx_hash: text(&s.tx_hash),
            receipt_status: s.receipt_status.and_then(|status| u8::try_from(status).ok()),
        })
    }

    pub fn names(&self, id: &str) -> bool {
        holds(&self.names, id)
    }

    pub fn evidence(&self) -> Settlement<'_> {
        Settlement {
            mode: &self.mode,
            merkle_root: self.merkle_root.as_deref(),
            batch_size: self.batch_size,
            merkle_proof: self.merkle_proof.as_deref(),
            batch: self.batch.as_ref(),
            chain_id: self.chain_id,
            contract: self.contract.as_deref(),
            tx_hash: self.tx_hash.as_deref(),
            receipt_status: self.receipt_status,
            receipt: None,
        }
    }
}

impl Paid {
    /// Reads a payment's line and recovers who signed it. Nothing for other kinds of record.
    pub fn read(row: Row, line: &[u8], trust: &Trust, is_reused: impl FnOnce(&Hash) -> bool) -> Option<Self> {
        let Ok((Record::Payment(p), _)) = wire::parse(line) else { return None };
        let settled_at = p.settled_at.as_deref().and_then(|at| Nanos::parse(at).ok());
        let nonce = nonce_of(&p);
        let payment = Payment {
            authorization: p.authorization.map(RawValue::get),
            state: &p.state,
            payer: hex_array(&p.payer).ok(),
            payee: hex_array(&p.payee).ok(),
            amount: Amount::parse(&p.amount).ok(),
            token: p.asset.contract.as_deref().and_then(|text| hex_array(text).ok()),
            chain_id: chain_id(p.asset.chain_id),
            settled_at: settled_at.and_then(|at| u64::try_from(at.unix()).ok()),
            tx_hash: p.tx_hash.as_deref(),
            receipt_status: p.receipt_status.and_then(|status| u8::try_from(status).ok()),
            receipt: None,
            // What one inference costs is in no record: the sum cannot be checked.
            expected: None,
            is_nonce_reused: nonce.as_ref().is_some_and(is_reused),
        };
        // Whatever else it points at counts as named, as it did when it was linked.
        let names = p.pays.iter().chain(&p.causes).flatten().chain(&p.refund_of).map(|id| id.to_string());
        Some(Self { row, names: sorted(names), nonce, checked: CheckedPayment::check(&payment, trust) })
    }

    pub fn names(&self, id: &str) -> bool {
        holds(&self.names, id)
    }
}

/// What an authorisation may be used for once.
pub fn nonce_of(payment: &wire::Payment<'_>) -> Option<Hash> {
    let signed = parse_authorization(payment.authorization?.get()).ok()?;
    Some(signed.nonce_key())
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort_unstable();
    ids
}

fn holds(sorted: &[String], id: &str) -> bool {
    sorted.binary_search_by(|name| name.as_str().cmp(id)).is_ok()
}
