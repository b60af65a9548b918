//! Was it put on the chain? Leaf, batch, receipt (PROOFS §5).

use super::EvidenceFor;
use super::reproduce::Command;
use super::response::Response;
use super::step::{Check, Checks, StepResult, failed, missing};
use crate::model::{Amount, Hash, Status, Step};
use crate::proof::Malformed;
use crate::proof::malformed::{base64_bytes, hex_array};
use crate::proof::receipt::event::Event;
use crate::proof::receipt::{Header, OPENGRADIENT_CHAIN, Receipt, ReceiptProof, prove};
use crate::proof::settlement::{Dump, Leaf, fold_proof, g2_signature_word};
use crate::proof::trust::{Block, Contract, Trust};

/// A batch's tree dump, every node of it recomputed once for all its inferences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBatch(Result<Dump, Malformed>);

impl CheckedBatch {
    pub fn check(dump: &str) -> Self {
        Self(Dump::parse(dump))
    }

    pub fn dump(&self) -> Option<&Dump> {
        self.0.as_ref().ok()
    }
}

/// A settlement record that names the inference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settlement<'a> {
    /// `private`, `batch` or `individual`.
    pub mode: &'a str,
    pub merkle_root: Option<&'a str>,
    pub batch_size: Option<u64>,
    pub merkle_proof: Option<&'a [String]>,
    pub batch: Option<&'a CheckedBatch>,
    pub chain_id: Option<u64>,
    pub contract: Option<&'a str>,
    pub tx_hash: Option<&'a str>,
    pub receipt_status: Option<u8>,
    pub receipt: Option<&'a ReceiptProof>,
}

pub(super) fn steps(evidence: &EvidenceFor<'_>) -> Vec<StepResult> {
    let all = |reason| {
        let step = |step| StepResult::stopped(step, Status::NotApplicable, reason);
        vec![step(Step::Leaf), step(Step::Batch), step(Step::Receipt)]
    };
    match &evidence.settlement {
        None => all("no settlement in evidence names this inference; private ones leave none"),
        Some(settlement) if settlement.mode == "private" => all("a private settlement leaves no record"),
        Some(settlement) if settlement.mode == "individual" => {
            let alone =
                |step| StepResult::stopped(step, Status::NotApplicable, "settled by itself, in no batch");
            vec![alone(Step::Leaf), alone(Step::Batch), receipt_step(evidence, settlement)]
        }
        Some(settlement) => {
            vec![
                leaf_step(evidence, settlement),
                batch_step(evidence, settlement),
                receipt_step(evidence, settlement),
            ]
        }
    }
}

/// The hashes of the leaves a response may have been settled as, newest generation first.
pub fn leaf_hashes(response: &Response<'_>) -> Vec<Hash> {
    leaves(response).iter().map(Leaf::hash).collect()
}

fn leaf_step(evidence: &EvidenceFor<'_>, settlement: &Settlement<'_>) -> StepResult {
    let leaves = leaves(&evidence.response);
    let hashed = || leaves.iter().map(|leaf| (leaf, leaf.hash()));
    let Some(newest) = leaves.first() else {
        return missing(Step::Leaf, "the record's request and output hash are needed to make its leaf");
    };
    let root = settlement.merkle_root.and_then(Hash::parse);
    let dump = settlement.batch.and_then(CheckedBatch::dump);
    let proof: Option<Option<Vec<Hash>>> =
        settlement.merkle_proof.map(|proof| proof.iter().map(|node| Hash::parse(node)).collect());
    let found = match (dump, proof, root) {
        (Some(dump), ..) => hashed().find(|(_, hash)| dump.count(hash) > 0),
        (None, Some(Some(proof)), Some(root)) => hashed().find(|(_, hash)| fold_proof(*hash, &proof) == root),
        (None, Some(None), _) => {
            return failed(Step::Leaf, "the merkle_proof is not a list of 32-byte hashes");
        }
        _ => {
            return missing(
                Step::Leaf,
                "neither the tree nor a proof; the tree is the settlement's Walrus blob, `blobs/ID` beside the journal",
            );
        }
    };
    let (shown, hash) = found.unwrap_or_else(|| (newest, newest.hash()));
    let twice = found.zip(dump).is_some_and(|((_, hash), dump)| dump.count(&hash) > 1);
    let (binding, reason) = match found {
        None => (Check::Fails, "no leaf of this record is in the batch"),
        Some(_) if twice => {
            (Check::Holds, "its leaf is in the batch, more than once: a retry settled it again")
        }
        Some(_) => (Check::Holds, "its leaf is in the batch"),
    };
    let checks = Checks { crypto: Check::NotAsked, binding, policy: Check::NotAsked };
    let result = StepResult::judged(Step::Leaf, checks, reason);
    if !evidence.tells() {
        return result;
    }
    let encoded = shown.encoded();
    result
        .claim("this inference is in the batch")
        .compared(format!("leaf {hash}"), root.map(|root| format!("root {root}")).unwrap_or_default())
        .over(&encoded)
        .reproduced_by(Command::Keccak { bytes: encoded, twice: true })
}

/// The leaves this record would make, newest generation first.
fn leaves(response: &Response<'_>) -> Vec<Leaf> {
    let hash = |text: Option<&str>| text.and_then(Hash::parse);
    let (Some(input), Some(output)) = (hash(response.request_hash), hash(response.output_hash)) else {
        return Vec::new();
    };
    let signature = response.signature.and_then(|text| base64_bytes(text).ok());
    let g3 = hash(response.tee_id).zip(signature).zip(response.timestamp);
    let g3 =
        g3.map(|((tee_id, signature), timestamp)| Leaf::G3 { tee_id, input, output, signature, timestamp });
    let g2 = response.signature.map(|text| Leaf::G2 { input, output, signature: g2_signature_word(text) });
    g3.into_iter().chain(g2).chain([Leaf::G1 { input, output }]).collect()
}

fn batch_step(evidence: &EvidenceFor<'_>, settlement: &Settlement<'_>) -> StepResult {
    let step = Step::Batch;
    let dump = match settlement.batch {
        None => {
            return missing(
                step,
                "the tree is not in evidence; it is the settlement's Walrus blob, `blobs/ID` beside the journal",
            );
        }
        Some(CheckedBatch(Err(fault))) => return failed(step, fault.to_string()),
        Some(CheckedBatch(Ok(dump))) => dump,
    };
    let Some(root) = settlement.merkle_root.and_then(Hash::parse) else {
        return missing(step, "the settlement records no merkle_root");
    };
    let reason = if dump.root() != root {
        "the tree has another root than was settled"
    } else if settlement.batch_size.is_some_and(|size| size != dump.len() as u64) {
        "the tree has another number of leaves than was settled"
    } else {
        "every node of the tree is right and leads to the settled root"
    };
    let fits = reason.starts_with("every");
    let binding = if fits { Check::Holds } else { Check::Fails };
    let checks = Checks { crypto: Check::NotAsked, binding, policy: Check::NotAsked };
    let result = StepResult::judged(step, checks, reason);
    if !evidence.tells() {
        return result;
    }
    result
        .claim("the settled batch is this tree")
        .compared(
            format!("{} over {} leaves", dump.root(), dump.len()),
            format!(
                "{root} over {}",
                settlement.batch_size.map_or_else(|| "?".to_owned(), |size| size.to_string())
            ),
        )
        .reproduced_by(Command::Tree(dump.leaves().to_vec()))
}

fn receipt_step(evidence: &EvidenceFor<'_>, settlement: &Settlement<'_>) -> StepResult {
    let step = Step::Receipt;
    if let Some(result) = without_proof(
        step,
        settlement.chain_id,
        settlement.tx_hash,
        settlement.receipt_status,
        settlement.receipt,
    ) {
        return result;
    }
    let (Some(proof), Some(chain_id)) = (settlement.receipt, settlement.chain_id) else {
        return missing(step, "the settlement names no chain");
    };
    let (header, receipt) = match prove(proof) {
        Ok(proved) => proved,
        Err(fault) => return failed(step, fault.to_string()).over(&proof.header),
    };
    // The same topic from another contract is another's event, whatever it says.
    let contract = settlement.contract.and_then(|text| hex_array(text).ok());
    let mut events = receipt.logs.iter().filter(|log| {
        contract.is_none_or(|contract| log.address == contract)
            && Event::read(log).is_some_and(|event| settles(&event, evidence, settlement))
    });
    let emitted = events.next();
    let pinned =
        emitted.is_some_and(|log| evidence.trust.pins_relay(&Contract { chain_id, address: log.address }));
    let policy = if pinned { Check::Holds } else { Check::Unpinned };
    let reason =
        if emitted.is_some() { "the relay's event is in the block" } else { "no such event in the receipt" };
    let proved = (&header, &receipt);
    let result = judged_receipt(step, evidence.trust, chain_id, proved, emitted.is_some(), policy, reason);
    if !evidence.tells() {
        return result;
    }
    result.over(&proof.header).reproduced_by(Command::Keccak { bytes: proof.header.clone(), twice: false })
}

/// Whether an event is the settlement of this inference.
fn settles(event: &Event, evidence: &EvidenceFor<'_>, settlement: &Settlement<'_>) -> bool {
    let response = &evidence.response;
    let same = |hash: &Hash, text: Option<&str>| text.and_then(Hash::parse) == Some(*hash);
    match event {
        Event::Batch { root, size, .. } => {
            same(root, settlement.merkle_root)
                && settlement
                    .batch_size
                    .is_none_or(|wanted| *size == Amount(wanted.try_into().unwrap_or_default()))
        }
        Event::Individual { tee_id, input, output, .. } => {
            same(tee_id, response.tee_id)
                && same(input, response.request_hash)
                && same(output, response.output_hash)
        }
        Event::Settled { input, output } => {
            same(input, response.request_hash) && same(output, response.output_hash)
        }
        Event::Transfer { .. } | Event::AuthorizationUsed { .. } => false,
    }
}

/// The result where there is nothing to prove with, or proving would prove nothing.
pub(super) fn without_proof(
    step: Step,
    chain_id: Option<u64>,
    tx_hash: Option<&str>,
    status: Option<u8>,
    receipt: Option<&ReceiptProof>,
) -> Option<StepResult> {
    if status == Some(0) {
        return Some(failed(step, "the transaction reverted: its recorded receipt status is 0"));
    }
    let Some(tx_hash) = tx_hash else {
        return receipt.is_none().then(|| missing(step, "no transaction is recorded"));
    };
    let Some(transaction) = Hash::parse(tx_hash).filter(|_| tx_hash.starts_with("0x")) else {
        return Some(missing(
            step,
            "what is recorded is no transaction hash, perhaps a facilitator's job id",
        ));
    };
    let reason = match (chain_id, receipt, status) {
        (Some(OPENGRADIENT_CHAIN), ..) => {
            "a CometBFT chain: its block hash commits to no receipts, so this is the RPC node's word"
        }
        (_, Some(_), _) => return None,
        (_, None, Some(_)) => "the recorder says the transaction succeeded; no receipt proof is in evidence",
        (_, None, None) => "a transaction is named; no receipt, nor its status, is in evidence",
    };
    let asserted = StepResult::stopped(step, Status::Asserted, reason).compared("", tx_hash);
    Some(asserted.reproduced_by(Command::Ask { transaction }))
}

/// A proved receipt judged: it succeeded, it holds the event, and its block is pinned.
pub(super) fn judged_receipt(
    step: Step,
    trust: &Trust,
    chain_id: u64,
    (header, receipt): (&Header, &Receipt),
    has_event: bool,
    policy: Check,
    reason: &str,
) -> StepResult {
    let pinned = trust.pins_block(&Block { chain_id, number: header.number, hash: header.hash });
    let named = trust.blocks.iter().find(|block| block.chain_id == chain_id && block.number == header.number);
    let succeeded = receipt.succeeded == Some(true);
    let binding = if has_event && succeeded { Check::Holds } else { Check::Fails };
    let policy = if pinned { policy } else { Check::Unpinned };
    let reason = match (has_event, succeeded, pinned, policy) {
        (true, false, ..) => "the transaction did not succeed",
        (true, true, false, _) => "proved to a block that nobody pinned",
        (true, true, true, Check::Unpinned) => "emitted by a contract that nobody pinned",
        _ => reason,
    };
    StepResult::judged(step, Checks { crypto: Check::Holds, binding, policy }, reason)
        .claim(format!("block {} of chain {chain_id} holds it", header.number))
        .compared(header.hash.hex(), named.map(|block| block.hash.hex()).unwrap_or_default())
}
