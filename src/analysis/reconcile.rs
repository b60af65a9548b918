//! Books held against each other, both ways: what was paid, what was settled, what was answered (ANALYSIS §7).

use super::money::{Ledger, Payment, State};
use super::settled::{Mode, Settlement, SettlementState};
use crate::journal::batch::TxForm;
use crate::model::finding::EVIDENCE_SHOWN;
use crate::model::{Amount, Row};
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule found: the rule's id, how many, the first of them, and what else is worth saying.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    pub rule: String,
    pub count: u64,
    pub rows: Vec<u32>,
    pub words: String,
}

/// What the rules look at. `pays` and `answered` come from outside, because they are about rows of all requests.
#[derive(Debug)]
pub struct Sight<'a> {
    pub ledger: &'a Ledger,
    pub settlements: &'a [Settlement],
    /// Which inferences each payment names, by its place.
    pub pays: &'a [Vec<Row>],
    /// Requests counted in the case.
    pub requests: u64,
}

/// Every rule in turn; those that found nothing say nothing.
pub fn reconcile(sight: &Sight<'_>) -> Vec<Found> {
    let mut all = payments(sight);
    all.extend(refunds(sight.ledger));
    all.extend(settlements(sight));
    all.extend(unsettled(sight));
    all.retain(|found| found.count > 0);
    all
}

impl Found {
    fn new(rule: &str, rows: impl IntoIterator<Item = Row>) -> Self {
        let mut found = Self { rule: rule.to_owned(), ..Self::default() };
        for row in rows {
            found.count += 1;
            if found.rows.len() < EVIDENCE_SHOWN {
                found.rows.push(row.0);
            }
        }
        found
    }

    fn saying(self, words: String) -> Self {
        Self { words, ..self }
    }
}

fn payments(sight: &Sight<'_>) -> Vec<Found> {
    let ledger = sight.ledger;
    let those = |rule: &str, holds: &dyn Fn(&Payment) -> bool| {
        Found::new(rule, ledger.payments.iter().filter(|p| holds(p)).map(|p| p.row))
    };
    let on_chain = |p: &Payment| !ledger.assets[p.asset].chain.is_empty();
    let beyond = ledger.sums.iter().filter(|sums| sums.settled.is_beyond_uint256()).count() as u64;
    let disputed =
        ledger.assets.iter().filter(|asset| asset.is_disputed).map(|asset| asset.contract.as_str());
    let disputed: Vec<&str> = disputed.collect();
    vec![
        Found::new("paid-twice", twice(sight)),
        Found::new("amount-unusual", unusual(sight)),
        those("payment-reverted", &|p| p.state == State::Reverted),
        those("payment-no-transaction-hash", &|p| p.state.moved() && p.form == TxForm::NoHash),
        those("payment-without-transaction", &|p| {
            p.state.moved() && p.form == TxForm::Nothing && on_chain(p)
        }),
        those("payment-without-inference", &|p| p.members.unknown > 0),
        those("payment-to-itself", &|p| p.payer == p.payee && p.payer != 0),
        those("decimals-unknown", &|p| ledger.assets[p.asset].decimals.is_none()),
        those("session-straddles", &|p| p.members.straddle() && p.refund.is_none()),
        Found { rule: "sum-beyond-uint256".to_owned(), count: beyond, ..Found::default() },
        Found { rule: "asset-in-dispute".to_owned(), count: disputed.len() as u64, ..Found::default() }
            .saying(disputed.join(", ")),
    ]
}

/// Payments that pay for an inference another one paid for too, where the money of both moved and stayed.
fn twice(sight: &Sight<'_>) -> BTreeSet<Row> {
    let stays = |p: &Payment| matches!(p.state, State::Settled | State::Disputed) && p.refund.is_none();
    let mut first: BTreeMap<Row, usize> = BTreeMap::new();
    let mut found = BTreeSet::new();
    let payments = &sight.ledger.payments;
    for (place, (payment, pays)) in payments.iter().zip(sight.pays).enumerate() {
        for row in pays.iter().filter(|_| stays(payment) && payment.refunded == Amount::ZERO) {
            let other = *first.entry(*row).or_insert(place);
            if other != place {
                found.extend([payments[other].row, payment.row]);
            }
        }
    }
    found
}

/// So many payments must agree on a price per inference before one that differs is odd…
const ENOUGH_PRICES: usize = 20;

/// Payments whose amount is not what the others of their asset pay per inference. What one costs is in no record:
/// three quarters must agree, or nothing can be told.
fn unusual(sight: &Sight<'_>) -> Vec<Row> {
    let mut by_asset: BTreeMap<usize, Vec<(&Payment, Option<U256>)>> = BTreeMap::new();
    for (payment, pays) in sight.ledger.payments.iter().zip(sight.pays) {
        let count = U256::from(pays.len() as u64 + payment.members.unknown);
        if count.is_zero() || payment.refund.is_some() {
            continue;
        }
        let (price, rest) = payment.amount.0.div_rem(count);
        by_asset.entry(payment.asset).or_default().push((payment, rest.is_zero().then_some(price)));
    }
    let mut found = Vec::new();
    for payments in by_asset.into_values().filter(|payments| payments.len() >= ENOUGH_PRICES) {
        let mut votes: BTreeMap<U256, usize> = BTreeMap::new();
        for price in payments.iter().filter_map(|(_, price)| *price) {
            *votes.entry(price).or_default() += 1;
        }
        let usual = votes.into_iter().max_by_key(|(_, votes)| *votes);
        let Some((usual, _)) = usual.filter(|(_, votes)| votes * 4 >= payments.len() * 3) else { continue };
        found.extend(payments.iter().filter(|(_, price)| *price != Some(usual)).map(|(p, _)| p.row));
    }
    found
}

fn refunds(ledger: &Ledger) -> Vec<Found> {
    let refunds = || ledger.payments.iter().filter_map(|p| Some((p, p.refund?)));
    let mut back: BTreeMap<usize, U256> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    let mut other_asset = Vec::new();
    for (refund, of) in refunds() {
        let Some((place, paid)) = of.and_then(|of| Some((of, ledger.payments.get(of)?))) else { continue };
        if paid.asset != refund.asset {
            other_asset.push(refund.row);
        } else if refund.state == State::Settled {
            let sum = back.entry(place).or_default();
            *sum = sum.saturating_add(refund.amount.0);
            if *sum > paid.amount.0 {
                twice.insert(refund.row);
            }
        }
    }
    vec![
        Found::new("refund-without-payment", refunds().filter(|(_, of)| of.is_none()).map(|(p, _)| p.row)),
        Found::new("refund-in-other-asset", other_asset),
        Found::new("refunded-beyond-payment", twice),
    ]
}

fn settlements(sight: &Sight<'_>) -> Vec<Found> {
    let all = sight.settlements;
    let those = |rule: &str, holds: &dyn Fn(&Settlement) -> bool| {
        Found::new(rule, all.iter().filter(|s| holds(s)).map(|s| s.row))
    };
    let size = |s: &Settlement| s.members.len() as u64 + s.unknown;
    vec![
        Found::new("settled-twice", settled_twice(all)),
        those("settlement-without-inference", &|s| s.unknown > 0),
        those("settlement-reverted", &|s| s.state == SettlementState::Reverted),
        those("settlement-no-transaction-hash", &|s| {
            s.state == SettlementState::Settled && s.form == TxForm::NoHash
        }),
        those("batch-size-differs", &|s| s.size.is_some_and(|named| named != size(s)) && size(s) > 0),
        those("faulty-settled", &|s| s.faulty > 0 && s.state == SettlementState::Settled),
    ]
}

/// Inferences in two settlements that did not fail, and settlements that share a leaf.
fn settled_twice(all: &[Settlement]) -> BTreeSet<Row> {
    let holds = |s: &&Settlement| !matches!(s.state, SettlementState::Failed | SettlementState::Reverted);
    let (mut members, mut leaves) = (BTreeMap::new(), BTreeMap::new());
    let mut found = BTreeSet::new();
    for settlement in all.iter().filter(holds) {
        for member in &settlement.members {
            if *members.entry(*member).or_insert(settlement.row) != settlement.row {
                found.insert(*member);
            }
        }
        if settlement.leaf != 0 && *leaves.entry(settlement.leaf).or_insert(settlement.row) != settlement.row
        {
            found.insert(settlement.row);
        }
    }
    found
}

/// Inferences that no settlement names: on their way, private, or lost; which of these, no journal says.
fn unsettled(sight: &Sight<'_>) -> Vec<Found> {
    if sight.settlements.is_empty() {
        return Vec::new();
    }
    let of = |state: SettlementState| {
        let those = sight.settlements.iter().filter(move |s| s.state == state);
        those.flat_map(|s| s.members.iter().copied()).collect::<BTreeSet<Row>>()
    };
    let settled = of(SettlementState::Settled);
    let pending = of(SettlementState::Pending).difference(&settled).count() as u64;
    let private = sight.settlements.iter().filter(|s| s.mode == Mode::Private).count() as u64;
    let count = sight.requests.saturating_sub(settled.len() as u64);
    let rest = count.saturating_sub(pending);
    let words = format!(
        "{pending} are in a settlement that is still pending; {private} settlements are private and name none; of the other {rest} no journal says whether they are private or lost"
    );
    vec![Found { rule: "inference-without-settlement".to_owned(), count, rows: Vec::new(), words }]
}
