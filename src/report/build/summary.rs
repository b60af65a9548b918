//! The executive summary: what happened, how far it reached, how sure that is, and the decisions it asks for.

use super::{Facts, by_sql, empty, recorded, section, time, words};
use crate::model::{Pointers, Severity, Status};
use crate::report::model::{Block, Field, Level, Section, Text, Value};
use crate::work::findings::counted;

/// What was under suspicion, for covers and machines.
pub fn incident(facts: &Facts<'_>) -> Vec<(&'static str, Value)> {
    let (Some(window), Some(incident)) = (facts.window(), facts.study.incident()) else {
        return Vec::new();
    };
    vec![
        ("id", recorded(Field::Id, &incident.id)),
        ("title", recorded(Field::Words, &incident.title)),
        ("model", facts.model()),
        ("faulty", facts.faulty()),
        ("good", facts.good()),
        ("origin", words(incident.origin.name())),
        ("state", incident.states.last().map_or(Value::Absent, |(_, state)| words(state.as_str()))),
        ("from", time(window.from())),
        ("to", time(window.to())),
    ]
}

pub fn section_of(facts: &Facts<'_>) -> Section {
    let (id, title) = ("summary", "Executive summary");
    let Some(window) = facts.window() else {
        return empty(id, title, facts.no_incident().unwrap_or_default());
    };
    let mut section = section(id, title);
    let mut first: Text = vec![words("Version "), facts.faulty(), words(" of "), facts.model()];
    first.extend([words(" was live from "), Value::Figure("time.introduced")]);
    match window.to() {
        Some(_) => first.extend([words(" until "), Value::Figure("time.rolled_back"), words(".")]),
        None => first.push(words(" and, as far as these journals tell, was never switched away everywhere.")),
    }
    first.extend([
        words(" It served "),
        Value::Figure("requests.faulty"),
        words(" of "),
        Value::Figure("requests.of_model"),
        words(" requests to that model, or "),
        Value::Figure("requests.share"),
    ]);
    first.push(match facts.study.fold.worst_hour() {
        Some(_) => words("; in its worst hour "),
        None => words("."),
    });
    if facts.study.fold.worst_hour().is_some() {
        first.extend([Value::Figure("requests.worst_hour"), words(" of them.")]);
    }
    first.extend([
        words(" "),
        Value::Figure("agents.exposed"),
        words(" of "),
        Value::Figure("agents.of_model"),
        words(" agents that use the model received at least one of its answers."),
    ]);
    if facts.agents.is_some() {
        first.extend([
            words(" "),
            Value::Figure("agents.changed"),
            words(" agents changed their behaviour beyond what controls and chance explain, and "),
            Value::Figure("agents.sticky"),
            words(" of these stayed changed after the rollback; "),
            Value::Figure("agents.untested"),
            words(" were exposed but have too few records to tell."),
        ]);
    }
    section.blocks.push(Block::Prose(first));
    section.blocks.push(Block::Prose(sureness(facts)));
    section.blocks.push(Block::Heading("Decisions needed".to_owned()));
    section.blocks.push(Block::Points(decisions(facts)));
    section
}

/// How the version is known, and whether proofs were checked.
fn sureness(facts: &Facts<'_>) -> Text {
    let mut text = vec![
        words("How sure this is: of the requests counted as served by the faulty version, "),
        Value::Figure("requests.faulty_attested"),
        words(" are attested by an enclave's measurement, "),
        Value::Figure("requests.faulty_scheduled"),
        words(" are known from deployment records and "),
        Value::Figure("requests.faulty_claimed"),
        words(" only from what the record itself claims. "),
    ];
    text.push(match &facts.verification {
        None => words(
            "No proof was verified for this report: attested means that the registry's records name the build, \
             not that the enclave's signature was checked.",
        ),
        Some(verification) if verification.has_failed() => words(
            "The proofs were verified and some are false: the section on proof and integrity names each, and a \
             false proof is evidence about the record that carries it.",
        ),
        Some(_) => words("The proofs were verified and none is false."),
    });
    text
}

/// What the findings ask somebody to decide. Each says why.
fn decisions(facts: &Facts<'_>) -> Vec<Text> {
    let study = facts.study;
    let mut points: Vec<Text> = Vec::new();
    let late = study.fold.pointer(Pointers::LATE);
    let nodes: Vec<Value> = facts
        .window()
        .into_iter()
        .flat_map(crate::analysis::Window::late_nodes)
        .map(|node| recorded(Field::Node, study.node_name(node.node)))
        .collect();
    if late > 0 {
        let mut text = vec![words("Take out of service, or prove switched, the nodes that served it late: ")];
        join(&mut text, nodes);
        text.extend([words(" ("), Value::Figure("requests.late"), words(" requests after the rollback).")]);
        points.push(text);
    }
    let forged: Vec<Value> = facts
        .window()
        .into_iter()
        .flat_map(|window| window.nodes_in(crate::analysis::NodeState::Forged))
        .map(|node| recorded(Field::Node, study.node_name(node.node)))
        .collect();
    if !forged.is_empty() {
        let mut text =
            vec![words("Decide who investigates a node that was told one version and ran another: ")];
        join(&mut text, forged);
        text.push(words(". That is not a delay; somebody or something put the build there."));
        points.push(text);
    }
    if study.fold.pointer(Pointers::STALE) > 0 {
        points.push(vec![
            words("Decide whether clients are told: "),
            Value::Figure("requests.stale"),
            words(" requests still name the faulty version although another served them."),
        ]);
    }
    if !facts.exposure.affected.is_empty() {
        points.push(vec![
            words("Decide which answers are run again on the good version: the list rerun.csv holds every request the \
                   faulty version served; agents_to_notify.csv names who received them."),
        ]);
    }
    points.extend(super::money::decisions(facts));
    let failed =
        facts.verification.as_ref().map_or(0, |v| v.paths.get(&Status::Failed).copied().unwrap_or(0));
    if failed > 0 {
        points.push(vec![
            words("Decide what a false proof means for the parties involved: "),
            Value::Figure("proofs.failed"),
            words(" of the verified requests have one in their path."),
        ]);
    }
    let critical =
        facts.findings.iter().filter(|finding| finding.severity == Severity::Critical).count() as u64;
    if critical > 0 {
        points.push(vec![words(format!(
            "Assign an owner to each of the {} listed under gaps, findings and limits.",
            counted(critical, "critical finding")
        ))]);
    }
    if facts.verification.is_none() {
        points.push(vec![words(
            "Decide whether this may leave the house before the proofs are verified (backtrail verify CASE --trust FILE).",
        )]);
    }
    if points.is_empty() {
        points.push(vec![words("None that the journals ask for.")]);
    }
    points
}

/// `a, b and c`, at most eight by name.
pub fn join(text: &mut Text, names: Vec<Value>) {
    let total = names.len();
    let shown = total.min(NAMED);
    for (n, name) in names.into_iter().take(shown).enumerate() {
        if n > 0 {
            text.push(words(if n + 1 == total { " and " } else { ", " }));
        }
        text.push(name);
    }
    if total > shown {
        text.push(words(format!(" and {} more", total - shown)));
    }
}

const NAMED: usize = 8;

/// A figure that counts agents of the incident's model.
pub fn agents_basis(facts: &Facts<'_>, served: &str, level: Level) -> crate::report::model::Basis {
    by_sql(
        level,
        "agents, each counted once",
        format!("select count(distinct agent) from requests where model = :model{served}"),
        if served.is_empty() {
            vec![("model", facts.model())]
        } else {
            vec![("model", facts.model()), ("faulty", facts.faulty())]
        },
    )
}
