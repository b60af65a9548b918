//! Impact on payments and money: what the faulty version reached, which payments hang on it, and exact sums per asset.

use super::requests::figure;
use super::{Facts, by, empty, recorded, section, words};
use crate::analysis::money::{Asset, Class, Payment};
use crate::journal::Column as Of;
use crate::model::Total;
use crate::report::model::{Block, Column, Field, Figure, Level, Section, Table, Text, Value};
use crate::work::WorkError;
use crate::work::blast::Blast;
use crate::work::findings::counted;
use std::sync::Arc;

const SHOWN: usize = 100;

pub fn section_of(facts: &Facts<'_>) -> Result<Section, WorkError> {
    let (id, title) = ("money", "Impact: payments and money");
    if let Some(why) = facts.no_incident() {
        return Ok(empty(id, title, why));
    }
    let impact = facts.impact;
    let mut section = section(id, title);
    section.blocks.push(Block::Heading("What it reached".to_owned()));
    section.blocks.push(Block::Figures(reach(facts)));
    if impact.unsettled {
        section.blocks.push(Block::Caution(vec![words(
            "Tracing was ended before nothing changed any more: the likely and possible counts are lower bounds.",
        )]));
    }
    section.blocks.push(Block::Heading("Payments".to_owned()));
    if impact.classes.iter().all(|count| *count == 0) {
        section.blocks.push(Block::Prose(vec![words("No payment is recorded in these journals.")]));
    } else {
        section.blocks.push(Block::Figures(classes(facts)));
        section.blocks.push(sums(facts));
        section.blocks.push(payments(facts)?);
    }
    section.blocks.push(Block::Heading("The same request, answered by both versions".to_owned()));
    section.blocks.push(Block::Figures(pairs(facts)));
    Ok(section)
}

/// Recorded chains are as good as the attribution they begin at.
fn certain(facts: &Facts<'_>) -> Level {
    facts.faulty_level().min(Level::Recorded)
}

fn reach(facts: &Facts<'_>) -> Vec<Figure> {
    let impact = facts.impact;
    let [certainly, likely, possibly] = impact.three();
    let one = |id, label: &str, n, level, method: &str| figure(id, label, Value::Count(n), by(level, method));
    vec![
        one(
            "reach.certain",
            "records certainly reached",
            certainly,
            certain(facts),
            "served by the faulty version, or tied to that by recorded parents, causes and caches",
        ),
        one(
            "reach.likely",
            "certainly or likely reached",
            likely,
            Level::Inferred,
            "and what passed through the state of an agent that is shown to have changed",
        ),
        one(
            "reach.possible",
            "certainly, likely or possibly reached",
            possibly,
            Level::Inferred,
            "and what was merely reachable in time; an upper bound, not an estimate",
        ),
        one(
            "reach.sanitized",
            "chains ended by a recorded approval or proof",
            impact.sanitized,
            Level::Recorded,
            "a human approval or a verified proof on the way ends a chain",
        ),
    ]
}

fn classes(facts: &Facts<'_>) -> Vec<Figure> {
    let level = |class: Class| match class {
        Class::Direct | Class::Derived => certain(facts),
        Class::Likely | Class::Possible => Level::Inferred,
        Class::Concurrent | Class::Clear => Level::Recorded,
    };
    let ids = [
        "payments.direct",
        "payments.derived",
        "payments.likely",
        "payments.possible",
        "payments.concurrent",
        "payments.clear",
    ];
    let counts = Class::ALL.into_iter().zip(ids).zip(facts.impact.classes);
    counts
        .map(|((class, id), count)| {
            figure(id, class.name(), Value::Count(count), by(level(class), class.meaning()))
        })
        .collect()
}

pub fn money(total: Total, asset: &Asset) -> Value {
    let shown = match asset.decimals {
        Some(decimals) => total.in_units(decimals),
        None => format!("{total} base units"),
    };
    Value::Money { units: total.to_string(), shown }
}

fn named(asset: &Asset) -> Value {
    match (asset.symbol.as_str(), asset.chain.as_str()) {
        ("", "") => words("no asset named"),
        (symbol, "") => words(symbol),
        (symbol, chain) => words(format!("{symbol} on {chain}")),
    }
}

fn sums(facts: &Facts<'_>) -> Block {
    let columns = [
        Column::Left("asset"),
        Column::Right("moved"),
        Column::Right("direct"),
        Column::Right("derived"),
        Column::Right("likely"),
        Column::Right("possible"),
        Column::Right("concurrent"),
        Column::Right("clear"),
        Column::Right("tainted part"),
        Column::Right("given back"),
        Column::Right("disputed"),
        Column::Right("outstanding"),
        Column::Left("adds up"),
    ];
    let row = |money_of: &crate::work::blast::Money| {
        let (asset, sums) = (&money_of.asset, &money_of.sums);
        let amount = |total: Total| money(total, asset);
        let mut row = vec![named(asset), amount(sums.settled)];
        row.extend(sums.class.iter().map(|(_, total)| amount(*total)));
        row.extend([sums.tainted, sums.refunded, sums.disputed, sums.outstanding].map(amount));
        row.push(words(if sums.conserve() { "yes" } else { "NO" }));
        row
    };
    let assets = &facts.impact.money;
    Block::Table(Table {
        id: "money",
        title: "Money that moved, by asset and class, in exact integers".to_owned(),
        columns: columns.to_vec(),
        rows: assets.iter().map(row).collect(),
        total: assets.len() as u64,
        list: Some("payments.csv"),
        basis: by(
            Level::Recorded,
            "sums over payments whose last state says that money moved; direct and derived in full, beside them the tainted part \
             by the share of tainted requests; adds up: the clean and the tainted part are the whole, and so are the classes",
        ),
        if_empty: "No money moved.".to_owned(),
    })
}

pub const PAYMENTS: [Column; 11] = [
    Column::Left("payment"),
    Column::Left("class"),
    Column::Left("state"),
    Column::Right("amount"),
    Column::Right("tainted part"),
    Column::Right("given back"),
    Column::Left("asset"),
    Column::Left("payer"),
    Column::Left("payee"),
    Column::Left("first request it pays for (UTC)"),
    Column::Left("money moved (UTC)"),
];

fn payment_row(facts: &Facts<'_>, blast: &Blast, p: &Payment) -> Result<Vec<Value>, WorkError> {
    let snapshot = &facts.study.snapshot;
    let asset = &blast.ledger().assets[p.asset];
    let total = |amount| {
        let mut total = Total::default();
        total.add(amount);
        money(total, asset)
    };
    Ok(vec![
        recorded(Field::Id, &snapshot.id(p.row)?),
        words(p.class.name()),
        words(p.state.name()),
        total(p.amount),
        total(p.tainted),
        total(p.refunded),
        named(asset),
        recorded(Field::Party, snapshot.name(Of::Agent, p.payer)),
        recorded(Field::Party, snapshot.name(Of::Peer, p.payee)),
        super::time(p.inferred.map(|(from, _)| from)),
        super::time(p.settled_at),
    ])
}

/// Payments of one sort, worst class first. Their rows are made when asked for: a row reads its record's line.
pub struct Chosen<'f, 's> {
    facts: &'f Facts<'s>,
    blast: Arc<Blast>,
    places: Vec<usize>,
}

impl<'f> Chosen<'f, '_> {
    pub fn rows(self) -> impl Iterator<Item = Result<Vec<Value>, WorkError>> + 'f
    where
        Self: 'f,
    {
        let Self { facts, blast, places } = self;
        places.into_iter().map(move |place| payment_row(facts, &blast, &blast.ledger().payments[place]))
    }
}

/// Payments that hang on the faulty version in any way.
pub fn tied<'f, 's>(facts: &'f Facts<'s>) -> Result<Chosen<'f, 's>, WorkError> {
    chosen(facts, |payment| payment.class < Class::Concurrent)
}

/// Payments to refund: certain ones whose money moved and did not come back whole.
pub fn to_refund<'f, 's>(facts: &'f Facts<'s>) -> Result<Chosen<'f, 's>, WorkError> {
    let owed =
        |p: &Payment| p.class.is_certain() && p.state.moved() && p.refund.is_none() && p.refunded < p.tainted;
    chosen(facts, owed)
}

fn chosen<'f, 's>(
    facts: &'f Facts<'s>,
    wanted: impl Fn(&Payment) -> bool,
) -> Result<Chosen<'f, 's>, WorkError> {
    let blast = facts.study.blast()?;
    let all = &blast.ledger().payments;
    let mut places: Vec<usize> = (0..all.len()).filter(|place| wanted(&all[*place])).collect();
    places.sort_by_key(|place| (all[*place].class, all[*place].clock(), all[*place].row));
    if facts.window().is_none() {
        places.clear();
    }
    Ok(Chosen { facts, blast, places })
}

fn payments(facts: &Facts<'_>) -> Result<Block, WorkError> {
    let all = tied(facts)?;
    Ok(Block::Table(Table {
        id: "payments",
        title: "Payments that hang on the faulty version, worst first".to_owned(),
        columns: PAYMENTS.to_vec(),
        total: all.places.len() as u64,
        rows: all.rows().take(SHOWN).collect::<Result<_, _>>()?,
        list: Some("payments.csv"),
        basis: by(Level::Inferred, "direct and derived by recorded links; likely and possible by tracing"),
        if_empty: "None does.".to_owned(),
    }))
}

fn pairs(facts: &Facts<'_>) -> Vec<Figure> {
    let pairs = facts.impact.pairs;
    let one = |id, label: &str, n: u64| {
        let method = "requests with the same recorded hash, answered by the good and by the faulty version; answers compared by hash";
        figure(id, label, Value::Count(n), by(facts.faulty_level(), method))
    };
    vec![
        one("pairs.requests", "requests that both versions answered", pairs.requests),
        one("pairs.differing", "of them answered differently", pairs.differing_requests),
        one("pairs.not_comparable", "pairs of which an answer is not recorded", pairs.unknown),
    ]
}

/// What the money asks somebody to decide.
pub fn decisions(facts: &Facts<'_>) -> Vec<Text> {
    let [direct, derived, ..] = facts.impact.classes;
    if direct + derived == 0 {
        return Vec::new();
    }
    vec![vec![
        words("Decide on refunds: "),
        Value::Figure("payments.direct"),
        words(" payments pay for answers of the faulty version and "),
        Value::Figure("payments.derived"),
        words(" more follow from them; refunds.csv lists those whose money moved and did not come back."),
    ]]
}

/// What is to be refunded.
pub fn refunds(facts: &Facts<'_>) -> Result<Vec<Block>, WorkError> {
    let all = to_refund(facts)?;
    let total = all.places.len() as u64;
    Ok(vec![Block::Table(Table {
        id: "refunds",
        title: format!("To refund, or to decide on: {}", counted(total, "payment")),
        columns: PAYMENTS.to_vec(),
        rows: all.rows().take(SHOWN).collect::<Result<_, _>>()?,
        total,
        list: Some("refunds.csv"),
        basis: by(certain(facts), "direct and derived payments whose money moved, less what was given back"),
        if_empty: "No payment that certainly hangs on the faulty version is still outstanding.".to_owned(),
    })])
}
