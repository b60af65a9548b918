//! Transfers by who paid whom in what, so that a payment finds the one that fits without asking all.
//!
//! ```text
//! parties ─▶ transfers, earliest first; of each and all after it: the smallest amount, and the smallest under another id
//! ```

use crate::journal::print_of;
use crate::model::{Amount, Nanos};
use serde_json::{Map, Value};

/// A transfer as it is found: 80 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    parties: u64,
    /// A block's time has whole seconds.
    second: i64,
    amount: Amount,
    id: u64,
    part: u32,
}

impl Transfer {
    pub(super) fn new(parties: u64, id: &str, at: &str, amount: &str, part: u32) -> Option<Self> {
        let second = Nanos::parse(at).ok()?.unix();
        Some(Self { parties, second, amount: Amount::parse(amount).ok()?, id: print_of(id), part })
    }
}

/// Of a transfer and all later ones: the smallest, and the smallest with another id.
#[derive(Clone, Copy, Debug)]
struct Smallest {
    first: Transfer,
    other: Option<Transfer>,
}

impl Smallest {
    fn with(self, transfer: Transfer) -> Self {
        let Self { first, other } = self;
        if transfer.id == first.id {
            // Of two that say the same id, the earlier part is named.
            let is_first = (transfer.amount, transfer.part) < (first.amount, first.part);
            return Self { first: if is_first { transfer } else { first }, other };
        }
        if transfer.amount < first.amount {
            // No other is smaller than the old first.
            return Self { first: transfer, other: Some(first) };
        }
        let other = other.filter(|other| other.amount <= transfer.amount);
        Self { first, other: Some(other.unwrap_or(transfer)) }
    }
}

#[derive(Default)]
pub(super) struct Transfers {
    all: Vec<Transfer>,
    smallest: Vec<Smallest>,
}

impl Transfers {
    pub(super) fn take(&mut self, found: Vec<Transfer>, base: u32) {
        self.all
            .extend(found.into_iter().map(|transfer| Transfer { part: transfer.part + base, ..transfer }));
    }

    /// Before anything is asked.
    pub(super) fn sort(&mut self) {
        self.all.sort_unstable_by_key(|transfer| (transfer.parties, transfer.second, transfer.part));
        self.smallest.clear();
        for transfer in self.all.iter().rev() {
            let next = match self.smallest.last() {
                Some(last) if last.first.parties == transfer.parties => last.with(*transfer),
                _ => Smallest { first: *transfer, other: None },
            };
            self.smallest.push(next);
        }
        self.smallest.reverse();
    }

    /// The part of the only transfer a payment can have become.
    pub(super) fn only(&self, payment: &Map<String, Value>) -> Option<u32> {
        let text = |name: &str| payment.get(name).and_then(Value::as_str);
        if text("scheme") != Some("upto") {
            return None;
        }
        let parties = party_print(text("payer"), text("payee"), token(payment));
        let allowed = Amount::parse(text("amount")?).ok()?;
        let second = Nanos::parse(text("at")?).ok()?.unix();
        let from =
            self.all.partition_point(|transfer| (transfer.parties, transfer.second) < (parties, second));
        let Smallest { first, other } = self.smallest.get(from)?;
        let fits = |transfer: &Transfer| transfer.amount <= allowed;
        let is_only = first.parties == parties && fits(first) && !other.as_ref().is_some_and(fits);
        is_only.then_some(first.part)
    }
}

/// Whether two records name the same payer, payee and token.
pub(super) fn same_parties(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let text = |object: &Map<String, Value>, name: &str| {
        object.get(name).and_then(Value::as_str).map(str::to_lowercase)
    };
    let folded = |object: &Map<String, Value>| token(object).map(str::to_lowercase);
    ["payer", "payee"].iter().all(|name| text(a, name) == text(b, name)) && folded(a) == folded(b)
}

fn token(object: &Map<String, Value>) -> Option<&str> {
    object.get("asset")?.get("contract")?.as_str()
}

pub(super) fn party_print(payer: Option<&str>, payee: Option<&str>, token: Option<&str>) -> u64 {
    let texts = [payer, payee, token].map(|text| text.map(str::to_lowercase).unwrap_or_default());
    print_of(&texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruint::aliases::U256;
    use serde_json::json;

    /// Asking all of them, one by one: what the index must agree with.
    fn asked(all: &[Transfer], allowed: u64, second: i64) -> Option<u64> {
        let fits = |t: &&Transfer| t.amount <= Amount(U256::from(allowed)) && t.second >= second;
        let mut fitting = all.iter().filter(fits);
        let first = fitting.next()?;
        fitting.all(|other| other.id == first.id).then_some(first.id)
    }

    #[test]
    fn the_index_finds_what_asking_all_finds() {
        let mut seed = 7u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let parties = party_print(Some("0xA"), Some("0xb"), Some("0xT"));
        for _ in 0..400 {
            let all: Vec<Transfer> = (0..next(9))
                .map(|part| Transfer {
                    parties,
                    second: 1_774_353_587 + next(4).cast_signed(),
                    amount: Amount(U256::from(next(5))),
                    id: next(4),
                    part: part as u32,
                })
                .collect();
            let mut index = Transfers { all: all.clone(), smallest: Vec::new() };
            index.sort();
            let (allowed, second) = (next(5), 1_774_353_587 + next(5).cast_signed());
            let payment = json!({"scheme": "upto", "payer": "0xa", "payee": "0xB", "amount": allowed.to_string(),
                "asset": {"contract": "0xt"}, "at": Nanos(second * 1_000_000_000).rfc3339()});
            let found = index.only(payment.as_object().unwrap());
            let id = found.map(|part| all.iter().find(|t| t.part == part).unwrap().id);
            assert_eq!(id, asked(&all, allowed, second), "{all:?} {payment}");
        }
    }
}
