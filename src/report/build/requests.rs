//! Impact on requests: how many, what share, in the worst hour, by node, how known, and what still points at it.

use super::{Facts, by_sql, empty, recorded, section, time, words};
use crate::model::time::HOUR;
use crate::model::{Evidence, Nanos, Pointers};
use crate::report::lists;
use crate::report::model::{Bars, Block, Field, Figure, Level, Section, Table, Value};
use crate::work::WorkError;

/// Affected requests a page shows; the attached list has all.
const SHOWN: usize = 100;

pub fn section_of(facts: &Facts<'_>) -> Result<Section, WorkError> {
    let (id, title) = ("requests", "Impact: requests");
    if facts.window().is_none() {
        return Ok(empty(id, title, facts.no_incident().unwrap_or_default()));
    }
    let mut section = section(id, title);
    section.blocks.push(Block::Figures(counts(facts)));
    section.blocks.extend(by_hour(facts));
    section.blocks.push(nodes(facts));
    section.blocks.push(Block::Heading("What still points at the release that is gone".to_owned()));
    section.blocks.push(Block::Figures(pointers(facts)));
    section.blocks.push(Block::Heading("How each request's version is known".to_owned()));
    section.blocks.push(Block::Prose(vec![words(
        "A request has up to three evidences: what its record claims, what the node was scheduled to serve, and what its \
         enclave's measurement attests. The strongest one available counts. All requests of these journals:",
    )]));
    section.blocks.push(Block::Figures(evidence(facts)));
    section.blocks.push(affected(facts)?);
    Ok(section)
}

fn both(facts: &Facts<'_>) -> Vec<(&'static str, Value)> {
    vec![("model", facts.model()), ("faulty", facts.faulty())]
}

fn counts(facts: &Facts<'_>) -> Vec<Figure> {
    let Some(window) = facts.window() else {
        return Vec::new();
    };
    let fold = &facts.study.fold;
    let (all, faulty) = (fold.of_model(window.model), fold.served(window.model, window.faulty));
    let mut figures = vec![
        figure(
            "requests.total",
            "requests in these journals",
            Value::Count(fold.requests()),
            by_sql(
                Level::Computed,
                "inference records, byte-identical repetitions counted once",
                "select count(*) from requests",
                vec![],
            ),
        ),
        figure(
            "requests.of_model",
            "requests to the model",
            Value::Count(all),
            by_sql(
                Level::Recorded,
                "requests whose record names the model",
                "select count(*) from requests where model = :model",
                vec![("model", facts.model())],
            ),
        ),
        figure(
            "requests.faulty",
            "served by the faulty version",
            Value::Count(faulty),
            by_sql(
                facts.faulty_level(),
                "requests to the model whose effective version is the faulty one",
                "select count(*) from requests where model = :model and effective = :faulty",
                both(facts),
            ),
        ),
        figure(
            "requests.share",
            "share of the model's requests",
            Value::Share { part: faulty, whole: all },
            by_sql(
                facts.faulty_level(),
                "requests.faulty of requests.of_model",
                "select sum(coalesce(effective = :faulty, 0)), count(*) from requests where model = :model",
                both(facts),
            ),
        ),
    ];
    for (id, label, evidence) in [
        ("requests.faulty_attested", "of them attested", Evidence::Attested),
        ("requests.faulty_scheduled", "of them known from deployments", Evidence::Scheduled),
        ("requests.faulty_claimed", "of them only claimed", Evidence::Claimed),
    ] {
        let mut parameters = both(facts);
        parameters.push(("evidence", words(evidence.name())));
        figures.push(figure(
            id,
            label,
            Value::Count(facts.exposure.faulty[evidence as usize]),
            by_sql(
                Level::from(evidence),
                "requests.faulty whose strongest evidence is this",
                "select count(*) from requests where model = :model and effective = :faulty and evidence = :evidence",
                parameters,
            ),
        ));
    }
    if let Some((from, total, faulty)) = fold.worst_hour() {
        let hour = from.rfc3339()[..13].to_owned();
        let mut parameters = both(facts);
        parameters.push(("hour", words(hour)));
        figures.push(figure(
            "requests.worst_hour",
            "share in the worst hour",
            Value::Share { part: faulty, whole: total },
            by_sql(
                facts.faulty_level(),
                format!("of all hours of the clock (UTC), the one with the largest share: it began {from}"),
                "select sum(coalesce(effective = :faulty, 0)), count(*) from requests where model = :model \
                 and substr(at, 1, 13) = :hour",
                parameters,
            ),
        ));
    }
    figures
}

pub fn figure(id: &'static str, label: &str, value: Value, basis: crate::report::model::Basis) -> Figure {
    Figure { id, label: label.to_owned(), value, basis }
}

/// The hours the faulty version served, as bars. At most a day or two fits a page; else the worst ones.
fn by_hour(facts: &Facts<'_>) -> Option<Block> {
    let served: Vec<(i64, u64, u64)> = facts
        .study
        .fold
        .hours
        .iter()
        .filter(|(_, (_, faulty))| *faulty > 0)
        .map(|(hour, (total, faulty))| (*hour, *total, *faulty))
        .collect();
    let mut shown = served.clone();
    let mut title = "Requests to the model by hour, and the faulty version's part".to_owned();
    if served.len() > HOURS {
        shown.sort_by_key(|(hour, _, faulty)| (std::cmp::Reverse(*faulty), *hour));
        shown.truncate(HOURS);
        shown.sort();
        title = format!("The {HOURS} hours with most faulty requests, of {}", served.len());
    }
    let rows =
        shown.into_iter().map(|(hour, total, faulty)| (Value::Time(Nanos(hour * HOUR)), faulty, total));
    (!served.is_empty()).then(|| {
        Block::Bars(Bars {
            id: "hours",
            title,
            words: "length: requests; strong part: served by the faulty version".to_owned(),
            names: "hour from (UTC)",
            rows: rows.collect(),
            part: "served by the faulty version",
            whole: "requests to the model",
        })
    })
}

const HOURS: usize = 48;

/// The nodes of the window, by name.
pub fn node_rows(facts: &Facts<'_>) -> Vec<Vec<Value>> {
    let study = facts.study;
    let mut nodes: Vec<_> = facts.window().map(|window| window.nodes.clone()).unwrap_or_default();
    nodes.sort_by(|a, b| study.node_name(a.node).cmp(study.node_name(b.node)));
    nodes
        .iter()
        .map(|node| {
            let requests = node.observed.map_or(0, |observed| observed.requests);
            vec![
                recorded(Field::Node, study.node_name(node.node)),
                words(node.state.name()),
                time(node.from()),
                time(node.to()),
                Value::Count(requests),
                Value::Count(study.fold.late.get(&node.node).copied().unwrap_or(0)),
                Value::Count(node.observed.map_or(0, |observed| observed.against_schedule)),
            ]
        })
        .collect()
}

fn nodes(facts: &Facts<'_>) -> Block {
    let rows = node_rows(facts);
    Block::Table(Table {
        id: "nodes",
        title: "Nodes that were meant to serve the faulty version, or did".to_owned(),
        columns: lists::NODES.to_vec(),
        total: rows.len() as u64,
        rows,
        list: Some("nodes.csv"),
        basis: by_sql(
            facts.faulty_level(),
            "per node: its scheduled intervals of the faulty version stretched by what it was observed to serve",
            "select node, count(*) from requests where model = :model and effective = :faulty group by node order by node",
            both(facts),
        ),
        if_empty: "No node was scheduled or observed to serve it.".to_owned(),
    })
}

fn pointers(facts: &Facts<'_>) -> Vec<Figure> {
    let one = |id, flag: Pointers, label: &str| {
        let name = flag.to_string();
        figure(
            id,
            label,
            Value::Count(facts.study.fold.pointer(flag)),
            by_sql(
                facts.pointer_level(flag),
                format!("requests with the pointer {name}"),
                "select count(*) from requests where ',' || pointer || ',' like '%,' || :pointer || ',%'",
                vec![("pointer", words(name))],
            ),
        )
    };
    vec![
        one(
            "requests.stale",
            Pointers::STALE,
            "claim it after the rollback, served by another (stale pointer)",
        ),
        one("requests.late", Pointers::LATE, "served by it after the rollback (late serving)"),
        one("requests.shadow", Pointers::SHADOW, "claim another version, served by it (shadow serving)"),
        one("requests.conflict", Pointers::CONFLICT, "attested to one version, scheduled on another"),
        one("requests.unattributed", Pointers::UNATTRIBUTED, "carry no evidence of any version"),
    ]
}

fn evidence(facts: &Facts<'_>) -> Vec<Figure> {
    let fold = &facts.study.fold;
    let one = |id, evidence: Evidence| {
        figure(
            id,
            evidence.name(),
            Value::Share { part: fold.by_evidence[evidence as usize], whole: fold.requests() },
            by_sql(
                Level::from(evidence),
                "requests whose strongest evidence is this",
                "select sum(evidence = :evidence), count(*) from requests",
                vec![("evidence", words(evidence.name()))],
            ),
        )
    };
    vec![
        one("evidence.attested", Evidence::Attested),
        one("evidence.scheduled", Evidence::Scheduled),
        one("evidence.claimed", Evidence::Claimed),
        one("evidence.none", Evidence::None),
    ]
}

/// The requests themselves, earliest first.
fn affected(facts: &Facts<'_>) -> Result<Block, WorkError> {
    let rows = &facts.exposure.affected;
    let shown = rows.iter().take(SHOWN).map(|row| lists::affected_row(facts, *row));
    Ok(Block::Table(Table {
        id: "affected",
        title: "Requests the faulty version served, and those that still point at it".to_owned(),
        columns: lists::AFFECTED.to_vec(),
        rows: shown.collect::<Result<_, _>>()?,
        total: rows.len() as u64,
        list: Some("affected_requests.csv"),
        basis: by_sql(
            facts.faulty_level(),
            "requests to the model served by the faulty version, or with a pointer other than unattributed",
            "select id from requests where model = :model and (effective = :faulty or \
             (pointer is not null and pointer <> 'unattributed')) order by at",
            both(facts),
        ),
        if_empty: "None.".to_owned(),
    }))
}
