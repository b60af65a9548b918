//! Findings about agents, and about nodes by their behaviour: what `work::findings` cannot know before they are judged.

use super::words::portrait;
use super::{Agent, Agents};
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::{NodeState, Number};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Finding, Kind, Row, Severity};
use crate::work::parallel::each_chunk;
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};
use std::collections::BTreeMap;

/// Records kept as evidence of one agent; the filter behind the finding has all.
const SHOWN: usize = 10;

/// In the order of `work::findings`: worst first, then by rule and subject.
pub fn findings(study: &Study, agents: &Agents, cancel: &Cancel) -> Result<Vec<Finding>, WorkError> {
    let mut evidence = faulty_rows(study, agents, cancel)?;
    let mut found: Vec<Finding> = agents
        .with(Verdict::Changed)
        .map(|agent| changed(study, agents, agent, evidence.remove(&agent.number).unwrap_or_default()))
        .collect();
    found.extend(nodes(study, agents));
    let check = agents.self_check();
    let exposed = agents.agents.iter().any(|agent| agent.n[1] > 0);
    if let Some(sentence) = check.without_controls().filter(|_| exposed) {
        found.push(Finding {
            rule: "no-control-group".to_owned(),
            severity: Severity::Medium,
            subject: "agents".to_owned(),
            sentence,
            evidence: Vec::new(),
            count: 0,
        });
    }
    found.sort_by(|a, b| (b.severity, &a.rule, &a.subject).cmp(&(a.severity, &b.rule, &b.subject)));
    Ok(found)
}

fn changed(study: &Study, agents: &Agents, agent: &Agent, evidence: Vec<Row>) -> Finding {
    let (rule, severity) = match agent.persistence {
        Some(Persistence::Sticky) => ("agent-still-changed", Severity::High),
        Some(Persistence::ShiftedElsewhere) => ("agent-shifted-elsewhere", Severity::High),
        Some(Persistence::Recovered) => ("agent-changed-and-recovered", Severity::Low),
        _ => ("agent-changed", Severity::Medium),
    };
    Finding {
        rule: rule.to_owned(),
        severity,
        subject: study.agent_name(agent.number).to_owned(),
        sentence: portrait(study, agents, agent).explanation.join(". "),
        evidence,
        count: agent.n[1].into(),
    }
}

/// The first faulty answers of every agent that changed.
fn faulty_rows(
    study: &Study,
    agents: &Agents,
    cancel: &Cancel,
) -> Result<BTreeMap<Number, Vec<Row>>, WorkError> {
    let Some(window) = &study.window else { return Ok(BTreeMap::new()) };
    let wanted = agents.changed();
    let snapshot = &study.snapshot;
    let parts = each_chunk(snapshot, cancel, |n, chunk| {
        let column = |column: Column| snapshot.passing(chunk, column);
        let (effective, agent) = (column(Column::Effective)?, column(Column::Agent)?);
        let (kind, model, flags) = (column(Column::Kind)?, column(Column::Model)?, column(Column::Flags)?);
        let mut rows: BTreeMap<Number, Vec<Row>> = BTreeMap::new();
        effective.each(|place, version| {
            let ours = version == window.faulty
                && kind.value(place) == Kind::Inference as u64
                && model.value(place) == window.model
                && flags.value(place) & Flags::DUPLICATE == 0;
            if ours && wanted.contains(&agent.value(place)) {
                let own = rows.entry(agent.value(place)).or_default();
                if own.len() < SHOWN {
                    own.push(Row::new(n, place));
                }
            }
        });
        Ok(rows)
    })?;
    let mut all: BTreeMap<Number, Vec<Row>> = BTreeMap::new();
    for (agent, rows) in parts.into_iter().flatten() {
        let own = all.entry(agent).or_default();
        own.extend(rows.into_iter().take(SHOWN - own.len().min(SHOWN)));
    }
    Ok(all)
}

/// Nodes about which only their behaviour is odd.
fn nodes(study: &Study, agents: &Agents) -> Vec<Finding> {
    let Some(window) = &study.window else { return Vec::new() };
    let behaviour = &agents.base.nodes;
    let finding = |node: &Number| {
        let told = window.nodes.iter().find(|known| known.node == *node);
        let odd = behaviour.contradictions(*node, told);
        let first = odd.first()?;
        if told.is_some_and(|told| told.state != NodeState::Ok) {
            return None;
        }
        let state = behaviour.state(*node, told, window.rolled_back);
        let version = study.version_name(window.faulty);
        let sentence = format!(
            "its outcomes are those of {version} from {} (± {}) to {} (± {}) while it was told another version; \
             by behaviour alone, learned from {} records",
            first.from,
            first.error.0,
            first.to,
            first.error.1,
            behaviour.learned.map_or("no", super::nodes::Learned::name)
        );
        let (rule, severity) = match state {
            NodeState::Forged => ("node-behaves-faulty", Severity::High),
            NodeState::Early => ("node-early", Severity::Medium),
            _ => ("node-straggler", Severity::High),
        };
        Some(Finding {
            rule: rule.to_owned(),
            severity,
            subject: study.node_name(*node).to_owned(),
            sentence,
            evidence: Vec::new(),
            count: odd.len() as u64,
        })
    };
    behaviour.behaved.keys().filter_map(finding).collect()
}
