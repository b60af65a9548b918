//! Who paid, how much, when? Authorisation and transfer (PROOFS §6).

use super::EvidenceFor;
use super::reproduce::Command;
use super::settled::{judged_receipt, without_proof};
use super::step::{Check, Checks, StepResult, failed, missing};
use crate::model::{Amount, Status, Step};
use crate::proof::payment::{
    Address, Moved, NO_REQUIREMENT, Recovery, Signed, UPTO_PROXY, mismatches, parse,
};
use crate::proof::receipt::event::Event;
use crate::proof::receipt::{ReceiptProof, prove};
use crate::proof::trust::Trust;

/// A payment record that names the inference or its session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payment<'a> {
    /// The x402 payload, as the record's exact text.
    pub authorization: Option<&'a str>,
    pub state: &'a str,
    pub payer: Option<Address>,
    pub payee: Option<Address>,
    pub amount: Option<Amount>,
    pub token: Option<Address>,
    pub chain_id: Option<u64>,
    /// Unix seconds.
    pub settled_at: Option<u64>,
    pub tx_hash: Option<&'a str>,
    pub receipt_status: Option<u8>,
    pub receipt: Option<&'a ReceiptProof>,
    /// What its inferences cost together, when that is known.
    pub expected: Option<Amount>,
    /// Another payment in evidence used the same nonce.
    pub is_nonce_reused: bool,
}

/// A payment, its signature recovered once for all inferences it pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPayment {
    authorisation: StepResult,
    transfer: StepResult,
}

impl CheckedPayment {
    pub fn check(payment: &Payment<'_>, trust: &Trust) -> Self {
        Self { authorisation: authorisation_step(payment), transfer: transfer_step(payment, trust) }
    }
}

pub(super) fn steps(evidence: &EvidenceFor<'_>) -> Vec<StepResult> {
    match &evidence.payment {
        None => [Step::Authorisation, Step::Transfer]
            .map(|step| {
                StepResult::stopped(
                    step,
                    Status::NotApplicable,
                    "no payment in evidence names this inference",
                )
            })
            .to_vec(),
        Some(payment) => vec![evidence.lent(&payment.authorisation), evidence.lent(&payment.transfer)],
    }
}

fn authorisation_step(payment: &Payment<'_>) -> StepResult {
    let step = Step::Authorisation;
    let Some(text) = payment.authorization else {
        return missing(
            step,
            "the signed x402 payload was not recorded; the PAYMENT-SIGNATURE header carries it",
        );
    };
    let signed = match parse(text) {
        Ok(signed) => signed,
        Err(fault) if fault.what == NO_REQUIREMENT => return missing(step, NO_REQUIREMENT),
        Err(fault) => return failed(step, fault.to_string()).over(text.as_bytes()),
    };
    let (crypto, found) = match signed.recovery() {
        Recovery::ContractWallet => {
            let reason = "not a plain account's signature: only the wallet's contract can judge it";
            return StepResult::stopped(step, Status::Unsupported, reason);
        }
        Recovery::Invalid(reason) => (Check::Fails, reason.to_owned()),
        Recovery::Account(account) if account == signed.from => (Check::Holds, address(&account)),
        Recovery::Account(account) => (Check::Fails, address(&account)),
    };
    judged_authorisation(payment, &signed, crypto, &found)
}

fn judged_authorisation(payment: &Payment<'_>, signed: &Signed, crypto: Check, found: &str) -> StepResult {
    let differing = mismatches(signed, &moved(payment));
    let broken = differing.iter().find(|mismatch| !mismatch.is_policy());
    let untimely = differing.iter().find(|mismatch| mismatch.is_policy());
    let check = |fails: bool| if fails { Check::Fails } else { Check::Holds };
    let checks = Checks {
        crypto,
        binding: check(broken.is_some()),
        policy: check(untimely.is_some() || payment.is_nonce_reused),
    };
    let reason = match (crypto, broken, untimely) {
        (Check::Fails, ..) => "the payer named did not make this signature",
        (_, Some(_), _) if payment.payer == Some(UPTO_PROXY) => {
            "the payer recorded is the Permit2 proxy, not the payer"
        }
        (_, Some(mismatch), _) | (_, None, Some(mismatch)) => mismatch.reason(),
        _ if payment.is_nonce_reused => {
            "another payment used the same nonce: a replay, or one payment recorded twice"
        }
        _ => "the payer signed this payment",
    };
    let message = [&[0x19, 0x01], signed.domain_separator().as_ref(), signed.struct_hash().as_ref()].concat();
    StepResult::judged(Step::Authorisation, checks, reason)
        .claim(format!("{} allowed {} to {}", address(&signed.from), signed.amount, address(&signed.to)))
        .compared(found, address(&signed.from))
        .over(&message)
        .reproduced_by(Command::Account { message, signature: signed.signature.clone() })
}

fn moved(payment: &Payment<'_>) -> Moved {
    Moved {
        payer: payment.payer,
        payee: payment.payee,
        amount: payment.amount,
        token: payment.token,
        chain_id: payment.chain_id,
        at: payment.settled_at,
    }
}

fn transfer_step(payment: &Payment<'_>, trust: &Trust) -> StepResult {
    let step = Step::Transfer;
    match payment.state {
        "authorized" | "pending" => return missing(step, "not settled as far as the journal goes"),
        "failed" => {
            return StepResult::stopped(step, Status::NotApplicable, "the payment failed: nothing moved");
        }
        _ => {}
    }
    if let (Some(expected), Some(amount)) = (payment.expected, payment.amount)
        && expected != amount
    {
        let reason = "the amount is not the sum of what its inferences cost";
        return failed(step, reason).compared(amount.to_string(), expected.to_string());
    }
    if let Some(result) =
        without_proof(step, payment.chain_id, payment.tx_hash, payment.receipt_status, payment.receipt)
    {
        return result;
    }
    let (Some(proof), Some(chain_id)) = (payment.receipt, payment.chain_id) else {
        return missing(step, "the payment names no chain");
    };
    let (header, receipt) = match prove(proof) {
        Ok(proved) => proved,
        Err(fault) => return failed(step, fault.to_string()).over(&proof.header),
    };
    // The token's own address is the payment's claim; an event of another contract is another asset.
    let (Some(token), Some(from), Some(to), Some(amount)) =
        (payment.token, payment.payer, payment.payee, payment.amount)
    else {
        return missing(step, "payer, payee, amount and asset must be recorded to find the transfer");
    };
    let wanted = Event::Transfer { from, to, amount };
    let has_event =
        receipt.logs.iter().any(|log| log.address == token && Event::read(log).as_ref() == Some(&wanted));
    let reason = if has_event { "the transfer is in the block" } else { "no such transfer in the receipt" };
    judged_receipt(step, trust, chain_id, (&header, &receipt), has_event, Check::Holds, reason)
        .over(&proof.header)
        .reproduced_by(Command::Keccak { bytes: proof.header.clone(), twice: false })
}

fn address(address: &Address) -> String {
    format!("0x{}", hex::encode(address))
}
