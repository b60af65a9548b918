//! One payment: what it is for, what may be wrong with it, and the states it passes through.

use super::rollout::{END, START};
use super::thing::{Ref, Thing, Tier};
use crate::model::time::SECOND;
use std::rc::Rc;

pub(super) struct Asset {
    pub(super) symbol: &'static str,
    /// The JSON object of JOURNAL §3.
    pub(super) json: &'static str,
    /// What one request costs, in base units.
    pub(super) price: u128,
}

pub(super) const USDC: Asset = Asset {
    symbol: "USDC",
    json: r#"{"symbol":"USDC","decimals":6,"chain_id":"eip155:8453","contract":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}"#,
    price: 12_500,
};
pub(super) const OPG: Asset = Asset {
    symbol: "OPG",
    json: r#"{"symbol":"OPG","decimals":18,"chain_id":"eip155:8453","contract":"0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB"}"#,
    price: 41_000_000_000_000_000,
};

/// How a payment hangs on the faulty version (ANALYSIS §7), as far as recorded links tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Direct,
    Derived,
    /// No recorded link, settled while the faulty version was served somewhere.
    Concurrent,
    Clear,
}

impl Class {
    /// By its members, clean, T1 and T0; nothing where no link is recorded.
    pub(super) fn of(tiers: [u64; 3]) -> Option<Self> {
        match tiers {
            [_, _, t0] if t0 > 0 => Some(Self::Direct),
            [_, t1, _] if t1 > 0 => Some(Self::Derived),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Derived => "derived",
            Self::Concurrent => "concurrent",
            Self::Clear => "clear",
        }
    }
}

/// What is wrong with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// Says `failed`, and the receipt agrees.
    Failed,
    /// Says `settled`; the transaction was reverted.
    Reverted,
    /// Says `settled`; the transaction is the number of a job.
    JobId,
    /// The amount is not what its requests cost.
    Mismatch,
    /// The same request was paid before.
    Twice,
    Disputed,
}

impl Flaw {
    pub(super) const ALL: [Self; 6] =
        [Self::Failed, Self::Reverted, Self::JobId, Self::Mismatch, Self::Twice, Self::Disputed];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Reverted => "reverted",
            Self::JobId => "job-id",
            Self::Mismatch => "amount-mismatch",
            Self::Twice => "paid-twice",
            Self::Disputed => "disputed",
        }
    }
}

/// A payment as a whole; its states share it.
pub(super) struct Payment {
    pub(super) number: u64,
    pub(super) payer: usize,
    pub(super) payee: usize,
    pub(super) asset: &'static Asset,
    pub(super) amount: u128,
    pub(super) pays: Vec<u64>,
    pub(super) cause: Option<Ref>,
    pub(super) session: Option<u64>,
    pub(super) scheme: &'static str,
    pub(super) flaw: Option<Flaw>,
    pub(super) transaction: [u8; 32],
    /// Set in a refund: the money then goes from payee to payer.
    pub(super) refund_of: Option<u64>,
    pub(super) settled_at: i64,
}

/// One state of a payment, for its line.
pub(super) struct PaymentState {
    pub(super) payment: Rc<Payment>,
    pub(super) state: &'static str,
}

/// The states a payment passes through before the journals end. Most are recorded first when they are through.
pub(super) fn course(
    payment: &Payment,
    first: (i64, &'static str),
    back_at: i64,
    refunded: bool,
) -> Vec<(i64, &'static str)> {
    let mut course = if payment.number.is_multiple_of(4) { vec![first] } else { Vec::new() };
    let through = if payment.flaw == Some(Flaw::Failed) { "failed" } else { "settled" };
    course.push((payment.settled_at, through));
    if payment.flaw == Some(Flaw::Disputed) {
        course.push((back_at, "disputed"));
    } else if refunded {
        course.push((back_at, "refunded"));
    }
    course.retain(|(at, _)| *at < END);
    course
}

/// The block a moment falls into: one every two seconds.
pub(super) fn block_at(at: i64) -> u64 {
    36_700_000 + at.saturating_sub(START).max(0).unsigned_abs() / (2 * SECOND.unsigned_abs())
}

impl Payment {
    pub(super) const fn reference(&self) -> Ref {
        Ref::new(Thing::Payment, self.number)
    }

    /// Members that are of a tier at all, for a session whose members differ.
    pub(super) const fn straddles(tiers: [u64; 3]) -> bool {
        tiers[Tier::T0 as usize] > 0 && tiers[Tier::T0 as usize] < tiers[0] + tiers[1] + tiers[2]
    }
}
