//! EIP-3009 authorisations as x402 carries them, signed by the payer's own key (PROOFS §6).

use super::payment::{Flaw, Payment, USDC};
use super::wallets::Wallets;
use crate::model::time::SECOND;
use crate::model::{Amount, Hash};
use crate::proof::hashes::keccak256;
use crate::proof::payment::{Address, Authorization, Signed};

/// USDC on Base, and the domain its contract signs under.
const CHAIN: u64 = 8453;
const CONTRACT: Address = [
    0x83, 0x35, 0x89, 0xfc, 0xd6, 0xed, 0xb6, 0xe0, 0x8f, 0x4c, 0x7c, 0x32, 0xd4, 0xf7, 0x1b, 0x54, 0xbd,
    0xa0, 0x29, 0x13,
];
const NAME: &str = "USD Coin";
const VERSION: &str = "2";

/// The payload of a quarter of the exact payments, and of all that took another amount than was allowed. Nothing
/// where wallets have no keys.
pub(super) fn authorisation(payment: &Payment, wallets: &Wallets) -> Option<String> {
    let mismatch = payment.flaw == Some(Flaw::Mismatch);
    let exact = payment.scheme == "exact" && payment.refund_of.is_none();
    if !exact || !(mismatch || payment.number % 4 == 1) {
        return None;
    }
    let allowed = if mismatch { USDC.price } else { payment.amount };
    let mut signed = unsigned(payment, allowed, wallets);
    signed.signature = wallets.sign(payment.payer, &signed.digest().0)?.to_vec();
    Some(payload(&signed, &payment.transaction))
}

fn unsigned(payment: &Payment, allowed: u128, wallets: &Wallets) -> Signed {
    let settled = (payment.settled_at / SECOND).unsigned_abs();
    let amount = |number: u128| Amount(number.try_into().expect("128 bits fit into 256"));
    Signed {
        authorization: Authorization::Transfer {
            token_name: NAME.to_owned(),
            token_version: VERSION.to_owned(),
            nonce: nonce(&payment.transaction),
        },
        chain_id: CHAIN,
        token: CONTRACT,
        from: *wallets.agent(payment.payer),
        to: *wallets.payee(payment.payee),
        amount: amount(allowed),
        valid_after: amount(u128::from(settled) - 900),
        valid_before: amount(u128::from(settled) + 600),
        signature: Vec::new(),
    }
}

fn nonce(transaction: &[u8; 32]) -> Hash {
    keccak256(transaction)
}

/// An x402 payload of version 2.
fn payload(signed: &Signed, transaction: &[u8; 32]) -> String {
    let (from, to, token) = (hex::encode(signed.from), hex::encode(signed.to), hex::encode(signed.token));
    let (signature, nonce) = (hex::encode(&signed.signature), nonce(transaction));
    let Signed { amount, valid_after, valid_before, .. } = signed;
    format!(
        r#"{{"x402Version":2,"accepted":{{"scheme":"exact","network":"eip155:{CHAIN}","amount":"{amount}","asset":"0x{token}","payTo":"0x{to}","maxTimeoutSeconds":600,"extra":{{"assetTransferMethod":"eip3009","name":"{NAME}","version":"{VERSION}"}}}},"payload":{{"signature":"0x{signature}","authorization":{{"from":"0x{from}","to":"0x{to}","value":"{amount}","validAfter":"{valid_after}","validBefore":"{valid_before}","nonce":"0x{nonce}"}}}}}}"#
    )
}
