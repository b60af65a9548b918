//! What to do now: containment, what to run again, whom to tell, what to refund.

use super::{Facts, by_sql, empty, recorded, section, words};
use crate::analysis::NodeState;
use crate::report::model::{Block, Column, Field, Section, Table, Text, Value};
use crate::work::WorkError;

pub fn section_of(facts: &Facts<'_>) -> Result<Section, WorkError> {
    let (id, title) = ("actions", "Containment and what follows");
    let Some(window) = facts.window() else {
        return Ok(empty(id, title, facts.no_incident().unwrap_or_default()));
    };
    let mut section = section(id, title);
    section.blocks.push(Block::Heading("Containment".to_owned()));
    let named =
        |node: &crate::analysis::window::NodeWindow| recorded(Field::Node, facts.study.node_name(node.node));
    let mut steps: Vec<Text> = Vec::new();
    for node in window.late_nodes() {
        let mut text = vec![named(node), words(": switch it away, or prove that it was")];
        match node.to() {
            Some(to) => {
                text.extend([words("; it was last known to serve the faulty version at "), Value::Time(to)]);
            }
            None => text.push(words("; nothing in these journals ended its service of the faulty version")),
        }
        steps.push(text);
    }
    for node in window.nodes_in(NodeState::Forged) {
        steps.push(vec![
            named(node),
            words(": isolate it and keep its disk; its enclave measured the faulty build while it was told another"),
        ]);
    }
    if steps.is_empty() {
        steps.push(vec![words("Nothing is known to serve the faulty version still.")]);
    }
    for cut in &facts.impact.containment {
        steps.push(vec![
            words("Quarantining agent "),
            recorded(Field::Agent, &cut.agent),
            words(" at "),
            Value::Time(crate::model::Nanos(cut.at)),
            words(format!(
                " would have spared {} further records",
                crate::work::findings::grouped(cut.spared)
            )),
        ]);
    }
    section.blocks.push(Block::Points(steps));
    section.blocks.push(Block::Heading("Run again".to_owned()));
    let faulty = facts.exposure.faulty.iter().sum();
    section.blocks.push(Block::Table(Table {
        id: "rerun",
        title: "Requests to run again on the good version".to_owned(),
        columns: vec![Column::Left("agent"), Column::Right("requests to run again")],
        rows: super::agents::exposed(facts)
            .into_iter()
            .take(20)
            .map(|mut row| vec![row.swap_remove(0), row.swap_remove(2)])
            .collect(),
        total: facts.exposure.exposed().len() as u64,
        list: Some("rerun.csv"),
        basis: by_sql(
            facts.faulty_level(),
            "requests to the model whose effective version is the faulty one, by agent; the list names each request",
            "select agent, count(*) from requests where model = :model and effective = :faulty group by agent \
             order by 2 desc, agent",
            vec![("model", facts.model()), ("faulty", facts.faulty())],
        ),
        if_empty: "The faulty version served no request.".to_owned(),
    }));
    let count: u64 = faulty;
    section.blocks.push(Block::Heading("Tell".to_owned()));
    section.blocks.push(Block::Prose(vec![
        Value::Figure("agents.exposed"),
        words(" agents received answers of the faulty version: agents_to_notify.csv names each, with the first and the last \
               of its answers"),
        words(if count > 0 { "." } else { "; the list is empty." }),
    ]));
    section.blocks.push(Block::Heading("Refund".to_owned()));
    section.blocks.extend(super::money::refunds(facts)?);
    Ok(section)
}
