//! Who allowed which payment? x402 authorisations: EIP-3009 transfers and Permit2 `upto`, with the payer recovered from the
//! signature (PROOFS §6).
//!
//! One authorisation may open a session: many inferences, one transfer, later.

mod parse;
mod recover;

pub use parse::{NO_REQUIREMENT, parse};
pub use recover::{Recovery, address_of, recover};

use super::abi::{Word, address_word};
use super::hashes::{keccak256, keccak256_of, u256};
use super::typed_data;
use crate::model::{Amount, Hash};

pub type Address = [u8; 20];

/// The Permit2 contract, at one address on every chain.
pub const PERMIT2: Address = [
    0x00, 0x00, 0x00, 0x00, 0x00, 0x22, 0xd4, 0x73, 0x03, 0x0f, 0x11, 0x6d, 0xde, 0xe9, 0xf6, 0xb4, 0x3a,
    0xc7, 0x8b, 0xa3,
];
/// The x402 proxy that spends Permit2 authorisations; it often stands where the payer is expected.
pub const UPTO_PROXY: Address = [
    0x40, 0x20, 0xa4, 0xf3, 0xb7, 0xb9, 0x0c, 0xca, 0x42, 0x3b, 0x9f, 0xab, 0xcc, 0x0c, 0xe5, 0x7c, 0x6c,
    0x24, 0x00, 0x02,
];

const TRANSFER_TYPE: &str = "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,\
    uint256 validBefore,bytes32 nonce)";
const PERMIT_TYPE: &str = "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,\
    uint256 deadline,Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,\
    uint256 validAfter)";
const TOKEN_TYPE: &str = "TokenPermissions(address token,uint256 amount)";
const WITNESS_TYPE: &str = "Witness(address to,address facilitator,uint256 validAfter)";

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// EIP-3009, under the token's own domain.
    Transfer { token_name: String, token_version: String, nonce: Hash },
    /// Permit2 with a witness, under Permit2's domain, which has no version.
    Permit2 { spender: Address, facilitator: Address, nonce: Amount },
}

/// An authorisation as it was recorded, with the payer it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub authorization: Authorization,
    pub chain_id: u64,
    pub token: Address,
    pub from: Address,
    pub to: Address,
    /// Exact for EIP-3009, the most that may be taken for `upto`.
    pub amount: Amount,
    /// Unix seconds; valid strictly after the first and strictly before the second.
    pub valid_after: Amount,
    pub valid_before: Amount,
    pub signature: Vec<u8>,
}

impl Signed {
    pub fn domain_separator(&self) -> Hash {
        let chain = u256(self.chain_id);
        match &self.authorization {
            Authorization::Transfer { token_name, token_version, .. } => keccak256_of(&[
                &keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
                )
                .0,
                &keccak256(token_name).0,
                &keccak256(token_version).0,
                &chain,
                &address_word(&self.token),
            ]),
            Authorization::Permit2 { .. } => keccak256_of(&[
                &keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)").0,
                &keccak256("Permit2").0,
                &chain,
                &address_word(&PERMIT2),
            ]),
        }
    }

    pub fn struct_hash(&self) -> Hash {
        match &self.authorization {
            Authorization::Transfer { nonce, .. } => keccak256_of(&[
                &keccak256(TRANSFER_TYPE).0,
                &address_word(&self.from),
                &address_word(&self.to),
                &word(self.amount),
                &word(self.valid_after),
                &word(self.valid_before),
                &nonce.0,
            ]),
            Authorization::Permit2 { spender, facilitator, nonce } => {
                let token =
                    keccak256_of(&[&keccak256(TOKEN_TYPE).0, &address_word(&self.token), &word(self.amount)]);
                let witness = keccak256_of(&[
                    &keccak256(WITNESS_TYPE).0,
                    &address_word(&self.to),
                    &address_word(facilitator),
                    &word(self.valid_after),
                ]);
                keccak256_of(&[
                    &keccak256(PERMIT_TYPE).0,
                    &token.0,
                    &address_word(spender),
                    &word(*nonce),
                    &word(self.valid_before),
                    &witness.0,
                ])
            }
        }
    }

    pub fn digest(&self) -> Hash {
        typed_data::digest(&self.domain_separator(), &self.struct_hash())
    }

    /// Who signed, if the signature is one of a plain account.
    pub fn recovery(&self) -> Recovery {
        recover(&self.digest(), &self.signature)
    }

    /// What may be used once only: two payments with the same are a replay, or the same payment recorded twice.
    pub fn nonce_key(&self) -> Hash {
        let (contract, nonce) = match &self.authorization {
            Authorization::Transfer { nonce, .. } => (&self.token, nonce.0),
            Authorization::Permit2 { nonce, .. } => (&PERMIT2, word(*nonce)),
        };
        keccak256_of(&[&u256(self.chain_id), contract, &self.from, &nonce])
    }
}

/// What a payment's record says of the money that moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub payer: Option<Address>,
    pub payee: Option<Address>,
    pub amount: Option<Amount>,
    pub token: Option<Address>,
    pub chain_id: Option<u64>,
    /// Unix seconds of the transfer.
    pub at: Option<u64>,
}

/// Where the money that moved is not the money that was allowed: each a binding or policy failure of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Payer,
    Payee,
    Token,
    Chain,
    /// More than authorised, or for EIP-3009 anything but the exact amount.
    Amount,
    TooEarly,
    TooLate,
}

impl Mismatch {
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Payer => "the payer recorded is not the one that authorised",
            Self::Payee => "the payee recorded is not the one authorised",
            Self::Token => "the asset recorded is not the one authorised",
            Self::Chain => "the chain recorded is not the one authorised",
            Self::Amount => "the amount recorded is not within the one authorised",
            Self::TooEarly => "the transfer came before the authorisation was valid",
            Self::TooLate => "the transfer came after the authorisation ended",
        }
    }

    /// Time is policy; the rest binds the authorisation to this payment.
    pub const fn is_policy(self) -> bool {
        matches!(self, Self::TooEarly | Self::TooLate)
    }
}

/// Everything in which a payment differs from its authorisation. What the record does not say is not compared.
pub fn mismatches(signed: &Signed, moved: &Moved) -> Vec<Mismatch> {
    let exact = matches!(signed.authorization, Authorization::Transfer { .. });
    let at = moved.at.map(|at| Amount(at.try_into().unwrap_or_default()));
    let amount_fits = |amount: Amount| if exact { amount == signed.amount } else { amount <= signed.amount };
    [
        (moved.payer.is_some_and(|payer| payer != signed.from), Mismatch::Payer),
        (moved.payee.is_some_and(|payee| payee != signed.to), Mismatch::Payee),
        (moved.token.is_some_and(|token| token != signed.token), Mismatch::Token),
        (moved.chain_id.is_some_and(|chain| chain != signed.chain_id), Mismatch::Chain),
        (moved.amount.is_some_and(|amount| !amount_fits(amount)), Mismatch::Amount),
        (
            at.is_some_and(|at| at <= signed.valid_after && exact || at < signed.valid_after),
            Mismatch::TooEarly,
        ),
        (
            at.is_some_and(|at| at >= signed.valid_before && exact || at > signed.valid_before),
            Mismatch::TooLate,
        ),
    ]
    .into_iter()
    .filter_map(|(differs, mismatch)| differs.then_some(mismatch))
    .collect()
}

fn word(amount: Amount) -> Word {
    amount.0.to_be_bytes()
}

#[cfg(test)]
mod tests;
