//! Money as people read it, and the refund list as a table.

use super::blast::Blast;
use super::sheet::Sheet;
use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::money::{Asset, Payment};
use crate::journal::Column;
use crate::model::{Amount, Nanos, Total};

/// `0.0125 USDC`; in base units where the decimals are not known.
pub fn amount(asset: &Asset, amount: Amount) -> String {
    named(asset, asset.decimals.map(|decimals| amount.in_units(decimals)), &amount.to_string())
}

pub fn total(asset: &Asset, total: Total) -> String {
    named(asset, asset.decimals.map(|decimals| total.in_units(decimals)), &total.to_string())
}

fn named(asset: &Asset, units: Option<String>, base: &str) -> String {
    let symbol = &asset.symbol;
    match units {
        Some(units) => format!("{units} {symbol}").trim_end().to_owned(),
        None => format!("{base} base units {symbol}").trim_end().to_owned(),
    }
}

/// What would have to be given back: every payment tied to the faulty version by records whose money moved and has not
/// all come back, with the tainted share of it (haircut) and all of it (poison).
pub fn refunds(study: &Study, cancel: &Cancel) -> Result<Sheet, WorkError> {
    let blast = study.blast()?;
    let due =
        |p: &&Payment| p.refund.is_none() && p.class.is_certain() && p.state.moved() && p.refunded < p.amount;
    let mut rows = Vec::new();
    for (n, payment) in blast.ledger().payments.iter().filter(due).enumerate() {
        if n % 1024 == 0 {
            cancel.check()?;
        }
        rows.push(row(study, &blast, payment)?);
    }
    Ok(Sheet { titles: TITLES.map(str::to_owned).to_vec(), rows })
}

const TITLES: [&str; 18] = [
    "payment",
    "payer",
    "payee",
    "class",
    "state",
    "symbol",
    "decimals",
    "chain_id",
    "contract",
    "amount",
    "tainted",
    "already_refunded",
    "due_by_share",
    "due_in_full",
    "inferred_from",
    "inferred_to",
    "settled_at",
    "straddles",
];

fn row(study: &Study, blast: &Blast, p: &Payment) -> Result<Vec<String>, WorkError> {
    let asset = &blast.ledger().assets[p.asset];
    let at = |at: Option<Nanos>| at.map_or_else(String::new, Nanos::rfc3339);
    let due = |of: Amount| of.checked_sub(p.refunded).unwrap_or_default().to_string();
    Ok(vec![
        study.snapshot.id(p.row)?,
        study.snapshot.name(Column::Agent, p.payer).to_owned(),
        study.snapshot.name(Column::Peer, p.payee).to_owned(),
        p.class.name().to_owned(),
        p.state.name().to_owned(),
        asset.symbol.clone(),
        asset.decimals.map_or_else(String::new, |decimals| decimals.to_string()),
        asset.chain.clone(),
        asset.contract.clone(),
        p.amount.to_string(),
        p.tainted.to_string(),
        p.refunded.to_string(),
        due(p.tainted),
        due(p.amount),
        at(p.inferred.map(|(from, _)| from)),
        at(p.inferred.map(|(_, to)| to)),
        at(p.settled_at),
        p.members.straddle().to_string(),
    ])
}
