//! Key facts: when it was introduced, detected, contained, rolled back, recovered, and how long each took.

use super::{Facts, by, by_sql, empty, recorded, section, time, words};
use crate::model::{Nanos, Untrusted};
use crate::report::model::{Basis, Block, Column, Field, Figure, Level, Section, Table, Value};

pub fn section_of(facts: &Facts<'_>) -> Section {
    let (id, title) = ("facts", "Key facts");
    let (Some(window), Some(incident)) = (facts.window(), facts.study.incident()) else {
        return empty(id, title, facts.no_incident().unwrap_or_default());
    };
    let mut section = section(id, title);
    let moments = moments(facts);
    let introduced = window.from();
    let rows = moments
        .iter()
        .map(|moment| {
            let took = match (introduced, moment.at) {
                (Some(from), Some(at)) if moment.id != "time.introduced" => Value::Length(at.since(from)),
                _ => Value::Absent,
            };
            vec![words(moment.label), time(moment.at), took, words(moment.meaning)]
        })
        .collect::<Vec<_>>();
    let figures = moments.into_iter().map(|moment| Figure {
        id: moment.id,
        label: moment.label.to_owned(),
        value: time(moment.at),
        basis: moment.basis,
    });
    section.blocks.push(Block::Figures(figures.collect()));
    let total = rows.len() as u64;
    section.blocks.push(Block::Table(Table {
        id: "key-moments",
        title: "The moments that matter, and how long after the introduction they came".to_owned(),
        columns: vec![
            Column::Left("moment"),
            Column::Left("when (UTC)"),
            Column::Right("after introduction"),
            Column::Left("what it means"),
        ],
        rows,
        total,
        list: None,
        basis: by(Level::Recorded, "the figures above, subtracted"),
        if_empty: String::new(),
    }));
    let states = incident.states.iter().map(|(at, state)| {
        vec![Value::Time(*at), words(Untrusted(state).visible()), recorded(Field::Id, &incident.id)]
    });
    let rows: Vec<Vec<Value>> = states.collect();
    section.blocks.push(Block::Table(Table {
        id: "incident-states",
        title: "What people wrote down about the incident".to_owned(),
        columns: vec![Column::Left("when (UTC)"), Column::Left("state"), Column::Left("incident record")],
        total: rows.len() as u64,
        rows,
        list: None,
        basis: by_sql(
            Level::Recorded,
            "every incident record of this model and version",
            "select at, state, id from incidents where model = :model and version = :faulty order by at",
            parameters(facts),
        ),
        if_empty: format!("No incident record says so; the incident is {}.", incident.origin.name()),
    }));
    section
}

struct Moment {
    id: &'static str,
    label: &'static str,
    meaning: &'static str,
    at: Option<Nanos>,
    basis: Basis,
}

fn parameters(facts: &Facts<'_>) -> Vec<(&'static str, Value)> {
    vec![("model", facts.model()), ("faulty", facts.faulty())]
}

fn moments(facts: &Facts<'_>) -> Vec<Moment> {
    let (Some(window), Some(incident)) = (facts.window(), facts.study.incident()) else {
        return Vec::new();
    };
    let state = |names: &[&str]| {
        let found = incident.states.iter().find(|(_, state)| names.contains(&state.as_str()));
        found.map(|(at, _)| *at)
    };
    let states = |method: &str, names: &str| {
        by_sql(
            Level::Recorded,
            method,
            format!(
                "select min(at) from incidents where model = :model and version = :faulty and state in ({names})"
            ),
            parameters(facts),
        )
    };
    let observed = |method: &str, which: &str| {
        by_sql(
            facts.faulty_level(),
            method,
            format!("select {which}(at) from requests where model = :model and effective = :faulty"),
            parameters(facts),
        )
    };
    vec![
        Moment {
            id: "time.introduced",
            label: "introduced",
            meaning: "the faulty version became live on the first node",
            at: window.from(),
            basis: introduced(facts),
        },
        Moment {
            id: "time.first_served",
            label: "first served",
            meaning: "the first request it effectively served",
            at: window.observed.0,
            basis: observed("the earliest request the faulty version effectively served", "min"),
        },
        Moment {
            id: "time.detected",
            label: "detected",
            meaning: "somebody first wrote it down",
            at: state(&["suspected", "declared"]),
            basis: states(
                "the first incident record that suspects or declares it",
                "'suspected', 'declared'",
            ),
        },
        Moment {
            id: "time.contained",
            label: "contained",
            meaning: "it was first called mitigated",
            at: state(&["mitigated"]),
            basis: states("the first incident record that calls it mitigated", "'mitigated'"),
        },
        Moment {
            id: "time.rolled_back",
            label: "rolled back",
            meaning: "the last node that went with the rollback was switched away",
            at: window.to(),
            basis: by(
                if window.moved.1.is_some() { Level::Recorded } else { Level::Scheduled },
                "the end of the last scheduled interval that ended with the rollback, or the responder's own edge; \
                 nodes that stayed behind are listed as late",
            ),
        },
        Moment {
            id: "time.last_served",
            label: "last served",
            meaning: "the last request it effectively served",
            at: window.observed.1,
            basis: observed("the latest request the faulty version effectively served", "max"),
        },
        Moment {
            id: "time.recovered",
            label: "recovered",
            meaning: "it was called resolved",
            at: state(&["resolved"]),
            basis: states("the first incident record that calls it resolved", "'resolved'"),
        },
    ]
}

fn introduced(facts: &Facts<'_>) -> Basis {
    match facts.window() {
        Some(window) if window.moved.0.is_some() => {
            by(Level::Recorded, "the responder set this edge of the window by hand")
        }
        Some(window) if window.scheduled.0.is_some() => by_sql(
            Level::Scheduled,
            "the first deployment record that makes the faulty version active",
            "select min(at) from deployments where model = :model and version = :faulty and state = 'active'",
            parameters(facts),
        ),
        _ => by(
            facts.faulty_level(),
            "no deployment says so: the first request it served, or else the declaration",
        ),
    }
}
