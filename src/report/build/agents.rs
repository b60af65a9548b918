//! Impact on agents: who received the faulty version's answers, and how a change of behaviour would be told.

use super::summary::agents_basis;
use super::requests::figure;
use super::{Facts, by_sql, empty, recorded, section, time};
use crate::journal::Column as Of;
use crate::report::model::{Block, Column, Field, Level, Section, Table, Value};
use crate::work::exposure::weakest;

const SHOWN: usize = 60;

pub const AGENTS: [Column; 6] = [
    Column::Left("agent"),
    Column::Right("requests to the model"),
    Column::Right("served by the faulty version"),
    Column::Left("first (UTC)"),
    Column::Left("last (UTC)"),
    Column::Left("weakest evidence"),
];

pub fn section_of(facts: &Facts<'_>) -> Section {
    let (id, title) = ("agents", "Impact: agents");
    if facts.window().is_none() {
        return empty(id, title, facts.no_incident().unwrap_or_default());
    }
    let mut section = section(id, title);
    let exposed = exposed(facts);
    section.blocks.push(Block::Figures(vec![
        figure(
            "agents.of_model",
            "agents that used the model",
            Value::Count(facts.exposure.agents.len() as u64),
            agents_basis(facts, "", Level::Recorded),
        ),
        figure(
            "agents.exposed",
            "received answers of the faulty version",
            Value::Count(exposed.len() as u64),
            agents_basis(facts, " and effective = :faulty", facts.faulty_level()),
        ),
    ]));
    section.blocks.push(Block::Table(Table {
        id: "exposed-agents",
        title: "Agents the faulty version answered, most answered first".to_owned(),
        columns: AGENTS.to_vec(),
        total: exposed.len() as u64,
        rows: exposed.into_iter().take(SHOWN).collect(),
        list: Some("agents.csv"),
        basis: by_sql(
            facts.faulty_level(),
            "per agent, its requests to the model and those the faulty version effectively served",
            "select agent, count(*), sum(coalesce(effective = :faulty, 0)) from requests where model = :model group by agent \
             having sum(coalesce(effective = :faulty, 0)) > 0 order by 3 desc, agent",
            vec![("model", facts.model()), ("faulty", facts.faulty())],
        ),
        if_empty: "No agent received an answer of the faulty version.".to_owned(),
    }));
    section
}

/// The exposed agents as table rows, most answered first, then by name.
pub fn exposed(facts: &Facts<'_>) -> Vec<Vec<Value>> {
    let name = |number| facts.study.snapshot.name(Of::Agent, number);
    let mut exposed = facts.exposure.exposed();
    exposed.sort_by(|a, b| (b.1.faulty, name(a.0)).cmp(&(a.1.faulty, name(b.0))));
    let row = |(number, agent): (u64, crate::work::exposure::AgentExposure)| {
        vec![
            recorded(Field::Agent, name(number)),
            Value::Count(agent.requests),
            Value::Count(agent.faulty),
            time(agent.span.map(|(first, _)| first)),
            time(agent.span.map(|(_, last)| last)),
            super::words(weakest(&agent.evidence).map_or("", |evidence| evidence.name())),
        ]
    };
    exposed.into_iter().map(row).collect()
}

/// How behaviour change is measured; said to be absent until it is.
pub fn behaviour(_facts: &Facts<'_>) -> Section {
    empty(
        "behaviour",
        "How a change of behaviour was measured",
        "this version of Backtrail does not yet test whether agents changed their behaviour; exposure above says only who \
         received answers of the faulty version",
    )
}
