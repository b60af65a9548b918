//! Impact on agents: who received the faulty version's answers, who changed, and who stayed changed.

use super::requests::figure;
use super::summary::agents_basis;
use super::{Facts, by, by_sql, empty, recorded, section, time, words};
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::journal::Column as Of;
use crate::report::model::{Bars, Block, Column, Field, Figure, Level, Section, Table, Value};
use crate::work::agents::words::portrait;
use crate::work::agents::{Agent, Agents};
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
    if let Some(agents) = &facts.agents {
        section.blocks.push(Block::Heading("Who changed their behaviour".to_owned()));
        section.blocks.push(Block::Figures(verdicts(agents)));
        section.blocks.push(changed(facts, agents));
        section.blocks.extend(bars(facts, agents));
    }
    section.blocks.push(Block::Heading("Who received its answers".to_owned()));
    section.blocks.push(Block::Table(Table {
        id: "exposed-agents",
        title: "Agents the faulty version answered, most answered first".to_owned(),
        columns: AGENTS.to_vec(),
        total: exposed.len() as u64,
        rows: exposed.into_iter().take(SHOWN).collect(),
        list: Some("agents_to_notify.csv"),
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
            words(weakest(&agent.evidence).map_or("", |evidence| evidence.name())),
        ]
    };
    exposed.into_iter().map(row).collect()
}

fn verdicts(agents: &Agents) -> Vec<Figure> {
    let count = |id, label: &str, n: usize, method| {
        figure(id, label, Value::Count(n as u64), by(Level::Inferred, method))
    };
    let judged = |id, label, verdict| count(id, label, agents.with(verdict).count(), METHOD);
    let lasting = |id, label, persistence| count(id, label, agents.lasting(persistence).count(), LASTING);
    vec![
        judged("agents.changed", "changed their behaviour", Verdict::Changed),
        judged("agents.unchanged", "tested, no change found", Verdict::Unchanged),
        judged("agents.untested", "exposed, too few records to tell", Verdict::Untested),
        judged("agents.control", "controls: nothing of it reached them", Verdict::Control),
        lasting("agents.sticky", "of the changed: still changed", Persistence::Sticky),
        lasting("agents.recovered", "of the changed: recovered", Persistence::Recovered),
        lasting("agents.shifted", "of the changed: shifted to something else", Persistence::ShiftedElsewhere),
        lasting("agents.undetermined", "of the changed: cannot be told yet", Persistence::Undetermined),
    ]
}

const METHOD: &str = "exposure against controls, corrected for over-dispersion and for the number of tests, held against placebo \
                      windows; the section on method says how";
const LASTING: &str = "retention of the change after the first good answer, with a bootstrap interval of 90 percent; not significant \
                       after the rollback is not called recovered";

pub const CHANGED: [Column; 9] = [
    Column::Left("agent"),
    Column::Left("verdict"),
    Column::Left("lasting"),
    Column::Right("q"),
    Column::Right("distance (TVD)"),
    Column::Right("retention"),
    Column::Left("retention, 90 %"),
    Column::Right("requests before / during / after"),
    Column::Left("in words"),
];

/// Everyone exposed, those that changed first.
pub fn judged_rows(facts: &Facts<'_>) -> Vec<Vec<Value>> {
    let Some(agents) = &facts.agents else {
        return Vec::new();
    };
    let exposed = |agent: &&Agent| agent.verdict != Verdict::Control;
    agents.ranked().filter(exposed).map(|agent| judged_row(facts, agents, agent)).collect()
}

fn judged_row(facts: &Facts<'_>, agents: &Agents, agent: &Agent) -> Vec<Value> {
    let real = |number: Option<f64>| number.map_or(Value::Absent, Value::Real);
    let kept = agent.retention.map(|(_, kept)| kept);
    let interval = kept.map(|kept| {
        words(format!("{} to {}", crate::report::plain::real(kept.lo), crate::report::plain::real(kept.hi)))
    });
    let [before, during, after] = agent.n;
    let tested = agent.sight.iter().any(Option::is_some);
    vec![
        recorded(Field::Agent, facts.study.agent_name(agent.number)),
        words(agent.verdict.name()),
        agent.persistence.map_or(Value::Absent, |persistence| words(persistence.name())),
        real(agent.q),
        real(tested.then(|| agent.effect())),
        real(kept.map(|kept| kept.rho)),
        interval.unwrap_or(Value::Absent),
        words(format!("{before} / {during} / {after}")),
        words(portrait(facts.study, agents, agent).explanation.join(" ").trim().to_owned()),
    ]
}

fn changed(facts: &Facts<'_>, agents: &Agents) -> Block {
    let all = agents.agents.iter().filter(|agent| agent.verdict != Verdict::Control).count() as u64;
    let exposed = |agent: &&Agent| agent.verdict != Verdict::Control;
    let rows = agents.ranked().filter(exposed).take(SHOWN);
    Block::Table(Table {
        id: "judged-agents",
        title: "Agents it answered, those that changed first".to_owned(),
        columns: CHANGED.to_vec(),
        rows: rows.map(|agent| judged_row(facts, agents, agent)).collect(),
        total: all,
        list: Some("agents.csv"),
        basis: by(Level::Inferred, METHOD),
        if_empty: "No agent was exposed.".to_owned(),
    })
}

/// The changed agents' distance from their own behaviour before, as bars in thousandths.
fn bars(facts: &Facts<'_>, agents: &Agents) -> Option<Block> {
    let thousandths = |number: f64| (number.clamp(0.0, 1.0) * 1000.0).round() as u64;
    let rows: Vec<(Value, u64, u64)> = agents
        .ranked()
        .filter(|agent| agent.verdict == Verdict::Changed)
        .take(BARS)
        .map(|agent| {
            let name = recorded(Field::Agent, facts.study.agent_name(agent.number));
            let kept = agent.retention.map_or(0.0, |(_, kept)| kept.rho);
            (name, thousandths(agent.effect() * kept.clamp(0.0, 1.0)), thousandths(agent.effect()))
        })
        .collect();
    (!rows.is_empty()).then(|| {
        Block::Bars(Bars {
            id: "changes",
            title: "How far the changed agents moved, and how much of it was kept after the rollback"
                .to_owned(),
            words: "length: distance during from before; strong part: kept afterwards".to_owned(),
            names: "agent",
            rows,
            part: "kept, in thousandths",
            whole: "moved, in thousandths",
        })
    })
}

const BARS: usize = 30;
