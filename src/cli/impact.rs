//! The JSON of what the faulty version reached and of the money on it.

use super::json::{moment, name};
use crate::analysis::money::{Asset, Class, Payment};
use crate::journal::Column;
use crate::model::{Nanos, Tier};
use crate::work::blast::{Blast, Impact};
use crate::work::study::Study;
use anyhow::Result;
use serde_json::{Value, json};

/// Certain, likely, possible: always all three, with what they are made of.
pub fn taint(impact: &Impact) -> Value {
    let [certain, likely, possible] = impact.three();
    let tiers: serde_json::Map<String, Value> = Tier::ALL
        .into_iter()
        .zip(&impact.tiers)
        .map(|(tier, count)| {
            let counts =
                json!({"requests": count.requests, "actions": count.actions, "messages": count.messages});
            (tier.name().to_owned(), counts)
        })
        .collect();
    let cuts = impact.containment.iter().map(
        |cut| json!({"agent": cut.agent, "quarantined_at": Nanos(cut.at).rfc3339(), "spared": cut.spared}),
    );
    json!({
        "certain": certain,
        "likely": likely,
        "possible": possible,
        "tiers": tiers,
        "agents": {"certain": impact.agents[0], "likely": impact.agents[1], "possible": impact.agents[2]},
        "agents_analysed": impact.agents_analysed,
        "sanitized": impact.sanitized,
        "outside_window": impact.outside,
        "by_clock_tolerance": impact.by_tolerance,
        "against_time": impact.against_time,
        "dangling": impact.dangling,
        "unsettled": impact.unsettled,
        "containment": cuts.collect::<Vec<_>>(),
    })
}

/// One object per asset. Sums are of money that moved; amounts are decimal strings in base units.
pub fn money(impact: &Impact) -> Vec<Value> {
    let one = |money: &crate::work::blast::Money| {
        let sums = &money.sums;
        let mut row = json!({
            "asset": asset(&money.asset),
            "payments": sums.payments,
            "settled": sums.settled.to_string(),
            "refunded": sums.refunded.to_string(),
            "disputed": sums.disputed.to_string(),
            "affected": {
                "poison": sums.affected().to_string(),
                "haircut": sums.tainted.to_string(),
                "refunded": sums.refunded_affected.to_string(),
                "disputed": sums.disputed_affected.to_string(),
                "outstanding": sums.outstanding.to_string(),
            },
            "clean": sums.clean.to_string(),
            "waiting": sums.waiting.to_string(),
            "failed": sums.failed.to_string(),
            "conserved": sums.conserve(),
            "beyond_uint256": sums.settled.is_beyond_uint256(),
        });
        for (class, (_, total)) in Class::ALL.into_iter().zip(&sums.class) {
            row[class.name()] = total.to_string().into();
        }
        row["counts"] = Class::ALL
            .into_iter()
            .zip(&sums.class)
            .map(|(class, (count, _))| (class.name().to_owned(), Value::from(*count)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        row
    };
    impact.money.iter().map(one).collect()
}

fn asset(asset: &Asset) -> Value {
    json!({
        "symbol": name(&asset.symbol), "decimals": asset.decimals, "chain_id": name(&asset.chain),
        "contract": name(&asset.contract),
    })
}

/// Every payment with its class, by the time of its last record.
pub fn payments(study: &Study, blast: &Blast) -> Result<Vec<Value>> {
    blast.ledger().payments.iter().map(|one| payment(study, blast, one)).collect()
}

pub fn payment(study: &Study, blast: &Blast, p: &Payment) -> Result<Value> {
    let id = |row| study.snapshot.id(row);
    let refund_of = match p.refund {
        Some(Some(of)) => blast.ledger().payments.get(of).map(|of| id(of.row)).transpose()?,
        _ => None,
    };
    let members = &p.members;
    let of: serde_json::Map<String, Value> = Tier::ALL
        .into_iter()
        .map(|tier| (tier.name().to_owned(), members.tiers[tier as usize].into()))
        .chain([("clean".to_owned(), members.clean.into()), ("unknown".to_owned(), members.unknown.into())])
        .collect();
    Ok(json!({
        "id": id(p.row)?,
        "class": p.class.name(),
        "state": p.state.name(),
        "amount": p.amount.to_string(),
        "tainted": p.tainted.to_string(),
        "refunded": p.refunded.to_string(),
        "asset": asset(&blast.ledger().assets[p.asset]),
        "payer": name(study.snapshot.name(Column::Agent, p.payer)),
        "payee": name(study.snapshot.name(Column::Peer, p.payee)),
        "inferred": {"from": moment(p.inferred.map(|(from, _)| from)), "to": moment(p.inferred.map(|(_, to)| to))},
        "settled_at": moment(p.settled_at),
        "members": of,
        "by_session": members.of_session,
        "straddles": members.straddle(),
        "refund": p.refund.is_some(),
        "refund_of": refund_of,
    }))
}

/// Requests that both versions answered, and whether their answers differ.
pub fn pairs(impact: &Impact) -> Value {
    let pairs = impact.pairs;
    json!({
        "pairs": pairs.pairs,
        "differing": pairs.differing,
        "not_comparable": pairs.unknown,
        "requests": pairs.requests,
        "differing_requests": pairs.differing_requests,
    })
}
