//! Whose money: every payment in its class, totals per asset in exact integers, refunds subtracted once (ANALYSIS §7).

use super::Number;
use crate::journal::batch::TxForm;
use crate::model::{Amount, Nanos, Row, Tier, Total};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a payment hangs on the faulty version, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Pays for an inference the faulty version served.
    Direct,
    /// Caused by something a recorded chain ties to it.
    Derived,
    /// By way of an agent that changed.
    Likely,
    /// Merely reachable in time.
    Possible,
    /// No link; settled while the faulty version was live somewhere.
    Concurrent,
    Clear,
}

impl Class {
    pub const ALL: [Self; 6] =
        [Self::Direct, Self::Derived, Self::Likely, Self::Possible, Self::Concurrent, Self::Clear];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Derived => "derived",
            Self::Likely => "likely",
            Self::Possible => "possible",
            Self::Concurrent => "concurrent",
            Self::Clear => "clear",
        }
    }

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Direct => "pays for an inference the faulty version served",
            Self::Derived => {
                "a recorded chain ties what it pays for, or what caused it, to the faulty version"
            }
            Self::Likely => "pays for, or was caused by, what an agent did that changed",
            Self::Possible => "what it pays for is merely reachable in time",
            Self::Concurrent => "no link; settled while the faulty version was live somewhere",
            Self::Clear => "no link, and settled at another time",
        }
    }

    /// Tied to the faulty version by records alone.
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Direct | Self::Derived)
    }
}

/// The last recorded state of a payment; a settled one whose receipt says 0 is `Reverted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Authorized,
    Pending,
    Settled,
    Failed,
    Refunded,
    Disputed,
    Reverted,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Authorized,
        Self::Pending,
        Self::Settled,
        Self::Failed,
        Self::Refunded,
        Self::Disputed,
        Self::Reverted,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
            Self::Reverted => "reverted",
        }
    }

    /// From the recorded word and what the receipt says.
    pub fn of(word: &str, receipt: Option<bool>) -> Self {
        match Self::ALL.into_iter().find(|state| state.name() == word) {
            Some(Self::Settled | Self::Refunded | Self::Disputed) if receipt == Some(false) => Self::Reverted,
            Some(state) => state,
            None => Self::Pending,
        }
    }

    /// Whether money changed hands, whatever became of it then.
    pub const fn moved(self) -> bool {
        matches!(self, Self::Settled | Self::Refunded | Self::Disputed)
    }
}

/// What a payment pays for, by tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Of T0 to T3.
    pub tiers: [u64; 4],
    pub clean: u64,
    /// Named, and in no journal.
    pub unknown: u64,
    /// Taken from its session, because it names none itself.
    pub of_session: bool,
}

impl Members {
    pub fn add(&mut self, tier: Option<Tier>) {
        match tier {
            Some(tier) => self.tiers[tier as usize] += 1,
            None => self.clean += 1,
        }
    }

    pub fn total(&self) -> u64 {
        self.tiers.iter().sum::<u64>() + self.clean + self.unknown
    }

    fn up_to(&self, tier: Tier) -> u64 {
        self.tiers[..=tier as usize].iter().sum()
    }

    /// Some were served by the faulty version and some were not.
    pub fn straddle(&self) -> bool {
        self.tiers[0] > 0 && self.tiers[0] < self.total()
    }
}

/// One payment with all its states joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// Its last record.
    pub row: Row,
    /// Of its last record.
    pub at: Nanos,
    pub payer: Number,
    pub payee: Number,
    pub amount: Amount,
    /// Place among the ledger's assets.
    pub asset: usize,
    pub state: State,
    pub settled_at: Option<Nanos>,
    /// Fingerprint of the transaction; 0 if none is named.
    pub tx: u64,
    pub form: TxForm,
    pub members: Members,
    /// First and last inference it pays for.
    pub inferred: Option<(Nanos, Nanos)>,
    /// Whether it names what caused it, and the worst tier among that.
    pub caused: Option<Option<Tier>>,
    /// A refund, of the payment at this place if it is in the journals.
    pub refund: Option<Option<usize>>,
    /// Derived.
    pub class: Class,
    /// Derived: the part of the amount that tainted members account for (haircut).
    pub tainted: Amount,
    /// Derived: what came back by refund.
    pub refunded: Amount,
}

impl Payment {
    /// When the money moved, or else when that was last written about.
    pub fn clock(&self) -> Nanos {
        self.settled_at.unwrap_or(self.at)
    }

    fn judge(&mut self, is_live: impl Fn(Nanos) -> bool) {
        let worst = Tier::ALL.into_iter().find(|tier| self.members.tiers[*tier as usize] > 0);
        // What a faulty answer caused was not served by the faulty version itself.
        let caused = self.caused.flatten().map(|tier| tier.max(Tier::T1));
        let tier = [worst, caused].into_iter().flatten().min();
        self.class = match tier {
            Some(Tier::T0) => Class::Direct,
            Some(Tier::T1) => Class::Derived,
            Some(Tier::T2) => Class::Likely,
            Some(Tier::T3) => Class::Possible,
            None if self.state.moved() && is_live(self.clock()) => Class::Concurrent,
            None => Class::Clear,
        };
        let level = tier.map(|tier| tier.max(Tier::T1));
        self.tainted = match level {
            None => Amount::ZERO,
            // A tainted decision to pay taints all of it.
            Some(level) if caused.is_some_and(|caused| caused <= level) => self.amount,
            Some(level) => self.amount.share(self.members.up_to(level), self.members.total()),
        };
    }
}

/// What amounts are counted in: one contract on one chain, or one symbol where no contract is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asset {
    pub symbol: String,
    /// `None` where no record says, or records disagree.
    pub decimals: Option<u8>,
    pub chain: String,
    pub contract: String,
    /// Records describe one contract in different ways.
    pub is_disputed: bool,
}

/// Sums over the payments of one asset. `class` counts and sums only money that moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub payments: u64,
    /// All money that moved.
    pub settled: Total,
    pub class: [(u64, Total); 6],
    /// Of direct and derived: the tainted part (haircut); the rest of `settled` is clean.
    pub tainted: Total,
    pub clean: Total,
    /// Given back, of all classes and of direct and derived ones.
    pub refunded: Total,
    pub refunded_affected: Total,
    pub disputed: Total,
    pub disputed_affected: Total,
    /// What is still tainted: haircut less what came back or is disputed, each payment once.
    pub outstanding: Total,
    /// Authorised or pending.
    pub waiting: Total,
    /// Failed or reverted.
    pub failed: Total,
}

impl Sums {
    /// Direct and derived payments in full (poison).
    pub fn affected(&self) -> Total {
        self.class[Class::Direct as usize].1.plus(self.class[Class::Derived as usize].1)
    }

    /// Σ clean + Σ tainted = Σ value = Σ over classes.
    pub fn conserve(&self) -> bool {
        let classes = self.class.iter().fold(Total::default(), |sum, (_, total)| sum.plus(*total));
        self.clean.plus(self.tainted) == self.settled && classes == self.settled
    }
}

/// All payments of a case, judged.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub assets: Vec<Asset>,
    /// By the time of their last record.
    pub payments: Vec<Payment>,
    /// By asset.
    pub sums: Vec<Sums>,
}

impl Ledger {
    /// Judges payments whose members are known. `is_live`: whether the faulty version was live anywhere then.
    pub fn new(assets: Vec<Asset>, mut payments: Vec<Payment>, is_live: impl Fn(Nanos) -> bool) -> Self {
        payments.iter_mut().for_each(|payment| payment.judge(&is_live));
        refund(&mut payments);
        let mut sums = vec![Sums::default(); assets.len()];
        for payment in payments.iter().filter(|payment| payment.refund.is_none()) {
            sums[payment.asset].add(payment);
        }
        Self { assets, payments, sums }
    }

    /// Payments of a class and what they come to, refunds left out.
    pub fn count(&self, class: Class) -> u64 {
        self.payments.iter().filter(|payment| payment.refund.is_none() && payment.class == class).count()
            as u64
    }

    pub fn conserves(&self) -> bool {
        self.sums.iter().all(Sums::conserve)
    }
}

/// What came back: by refunds of their own where there are any that settled, else by the payment's own state.
fn refund(payments: &mut [Payment]) {
    let mut back: BTreeMap<usize, Total> = BTreeMap::new();
    for payment in payments.iter() {
        let Some(of) = payment.refund.flatten() else { continue };
        let fits = payments.get(of).is_some_and(|of| of.asset == payment.asset && of.refund.is_none());
        if fits && payment.state == State::Settled {
            back.entry(of).or_default().add(payment.amount);
        }
    }
    for (place, payment) in payments.iter_mut().enumerate() {
        payment.refunded = match back.get(&place) {
            // More than was paid cannot come back twice: `refunded-twice` tells of it.
            Some(back) => back.at_most(payment.amount),
            None if payment.state == State::Refunded => payment.amount,
            None => Amount::ZERO,
        };
    }
}

impl Sums {
    fn add(&mut self, payment: &Payment) {
        self.payments += 1;
        if !payment.state.moved() {
            let sum = match payment.state {
                State::Authorized | State::Pending => &mut self.waiting,
                _ => &mut self.failed,
            };
            sum.add(payment.amount);
            return;
        }
        self.settled.add(payment.amount);
        let class = &mut self.class[payment.class as usize];
        class.0 += 1;
        class.1.add(payment.amount);
        let tainted = if payment.class.is_certain() { payment.tainted } else { Amount::ZERO };
        let clean = payment.amount.checked_sub(tainted).unwrap_or_default();
        self.tainted.add(tainted);
        self.clean.add(clean);
        self.refunded.add(payment.refunded);
        let disputed = payment.state == State::Disputed && payment.refunded == Amount::ZERO;
        if disputed {
            self.disputed.add(payment.amount);
        }
        if payment.class.is_certain() {
            self.refunded_affected.add(payment.refunded);
            if disputed {
                self.disputed_affected.add(payment.amount);
            } else {
                // What came back covers the tainted part first.
                self.outstanding.add(tainted.checked_sub(payment.refunded).unwrap_or_default());
            }
        }
    }
}

#[cfg(test)]
mod tests;
