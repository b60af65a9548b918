//! The JSON documents of `--json`: one writer for every verb, so that a number reads the same everywhere.

use super::json_agents;
use crate::analysis::Window;
use crate::model::time::HOUR;
use crate::model::{Evidence, Finding, Nanos, Pointers, Untrusted};
use crate::proof::ladder::{Check, Path, StepResult};
pub use crate::report::json::tame;
use crate::store::{Case, Source};
use crate::work::WorkError;
use crate::work::agents::Agents;
use crate::work::study::Study;
use anyhow::Result;
use serde_json::{Value, json};
use std::io::Write;

/// One document, indented, on stdout.
pub fn print(document: &Value) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", tame(&serde_json::to_string_pretty(document)?))?;
    Ok(())
}

/// RFC 3339 or null.
pub fn moment(at: Option<Nanos>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.rfc3339()))
}

/// A name, or null where there is none.
pub fn name(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) }
}

pub fn sources(study: &Study) -> Vec<Value> {
    study.snapshot.sources().iter().map(|source| one_source(study, source)).collect()
}

fn one_source(study: &Study, source: &Source) -> Value {
    let checkpoints = study.checkpoints.iter().filter(|checkpoint| checkpoint.source == source.id);
    json!({
        "path": source.path.to_string_lossy(),
        "sha256": source.sha256.map(|hash| hash.hex()),
        "bytes": source.bytes,
        "records": source.records,
        "faults": source.faults,
        "unmapped": source.unmapped,
        "duplicates": source.duplicates,
        "conflicts": source.conflicts,
        "blank_lines": source.blanks,
        "torn_bytes": source.torn_bytes,
        "tree_size": source.lines,
        "root": source.root.map(|hash| hash.hex()),
        "origin": source.origin,
        "format": source.imported.as_ref().map(|imported| &imported.format),
        "checkpoints": checkpoints.map(|c| json!({
            "size": c.size, "origin": c.origin, "arithmetic": c.verdict, "reason": name(&c.reason), "line": c.line,
        })).collect::<Vec<_>>(),
    })
}

pub fn faults(case: &Case) -> Result<Vec<Value>, WorkError> {
    let sources = case.sources()?;
    let path =
        |id: u32| sources.iter().find(|source| source.id == id).map(|source| source.path.to_string_lossy());
    let faults = case.faults()?.into_iter().map(|(source, fault)| {
        let place = fault.place();
        json!({
            "source": path(source), "line": place.line, "offset": place.offset,
            "length": place.length, "reason": fault.reason,
        })
    });
    Ok(faults.collect())
}

pub fn window(study: &Study, window: &Window, agents: Option<&Agents>) -> Value {
    let nodes = window.nodes.iter().map(|node| {
        let state = agents.map_or(node.state, |agents| {
            agents.base.nodes.state(node.node, Some(node), window.rolled_back)
        });
        let observed = node.observed.map(|o| {
            json!({"from": o.first.rfc3339(), "to": o.last.rfc3339(), "requests": o.requests, "against_schedule": o.against_schedule})
        });
        json!({
            "node": study.node_name(node.node), "from": moment(node.from()), "to": moment(node.to()),
            "state": state.name(), "observed": observed,
            "behaviour": agents.map(|agents| json_agents::behaviour(agents, node.node)),
            "scheduled": node.scheduled.iter()
                .map(|(from, to)| json!({"from": from.rfc3339(), "to": moment(*to)})).collect::<Vec<_>>(),
        })
    });
    json!({
        "model": study.model_name(window.model),
        "faulty": study.version_name(window.faulty),
        "good": name(study.version_name(window.good)),
        "origin": study.incident().map(|incident| incident.origin.name()),
        "incident": study.incident().map(|incident| name(&incident.id)),
        "from": moment(window.from()),
        "to": moment(window.to()),
        "rolled_back": moment(window.rolled_back),
        "declared": {"from": moment(window.declared.0), "to": moment(window.declared.1)},
        "scheduled": {"from": moment(window.scheduled.0), "to": moment(window.scheduled.1)},
        "observed": {"from": moment(window.observed.0), "to": moment(window.observed.1)},
        "nodes": nodes.collect::<Vec<_>>(),
    })
}

pub fn requests(study: &Study) -> Value {
    let fold = &study.fold;
    let (model, faulty) = study.window.as_ref().map_or((0, 0), |window| (window.model, window.faulty));
    let pointer = |flag| fold.pointer(flag);
    let evidence = |evidence: Evidence| fold.by_evidence[evidence as usize];
    json!({
        "total": fold.requests(),
        "of_model": study.window.as_ref().map(|_| fold.of_model(model)),
        "faulty": study.window.as_ref().map(|_| fold.served(model, faulty)),
        "worst_hour": fold.worst_hour().map(|(from, total, faulty)| json!({
            "from": from.rfc3339(), "to": Nanos(from.0 + HOUR).rfc3339(), "total": total, "faulty": faulty,
        })),
        "stale_pointer": pointer(Pointers::STALE),
        "late_serving": pointer(Pointers::LATE),
        "shadow_serving": pointer(Pointers::SHADOW),
        "conflict": pointer(Pointers::CONFLICT),
        "unattributed": pointer(Pointers::UNATTRIBUTED),
        "by_evidence": {
            "attested": evidence(Evidence::Attested), "scheduled": evidence(Evidence::Scheduled),
            "claimed": evidence(Evidence::Claimed), "none": evidence(Evidence::None),
        },
    })
}

pub fn completeness(study: &Study) -> Value {
    let sources: Vec<_> = study.snapshot.sources().iter().filter(|source| !source.is_made_here()).collect();
    let sum = |f: fn(&Source) -> u64| sources.iter().map(|source| f(source)).sum::<u64>();
    let covered = |source: &&&Source| {
        study.checkpoints.iter().any(|c| c.source == source.id && c.verdict == "consistent")
    };
    json!({
        "lines": sum(|s| s.lines),
        "records": sum(|s| s.records),
        "faults": sum(|s| s.faults),
        "duplicates": sum(|s| s.duplicates),
        "conflicts": sum(|s| s.conflicts),
        "torn_tails": sources.iter().filter(|source| source.torn_bytes > 0).count(),
        "unattributed": study.fold.pointer(Pointers::UNATTRIBUTED),
        "gaps": study.gaps.iter().map(|gap| json!({
            "node": study.node_name(gap.node), "from": gap.from.rfc3339(), "to": gap.to.rfc3339(),
        })).collect::<Vec<_>>(),
        "checkpoints": {
            "consistent": study.checkpoints.iter().filter(|c| c.verdict == "consistent").count(),
            "other": study.checkpoints.iter().filter(|c| c.verdict != "consistent").count(),
            "journals_covered": sources.iter().filter(covered).count(),
            "journals": sources.len(),
        },
        "verified": study.verified,
    })
}

pub fn finding(study: &Study, finding: &Finding) -> Value {
    let evidence = finding.evidence.iter().map(|row| study.snapshot.id(*row).unwrap_or_default());
    json!({
        "rule": finding.rule, "severity": finding.severity.name(), "subject": finding.subject,
        "sentence": finding.sentence, "count": finding.count, "evidence": evidence.collect::<Vec<_>>(),
    })
}

/// A proof path, every step of it.
pub fn proof(path: &Path) -> Vec<Value> {
    let step = |result: &StepResult| {
        json!({
            "step": result.step.name(),
            "verdict": result.status.name(),
            "claim": result.claim,
            "computed": result.computed,
            "recorded": result.recorded,
            "reason": result.reason,
            "checks": {
                "crypto": check(result.checks.crypto),
                "binding": check(result.checks.binding),
                "policy": check(result.checks.policy),
            },
            "bytes": {"length": result.bytes.length, "head": hex::encode(&result.bytes.head)},
            "proves": result.proves,
            "does_not_prove": result.does_not_prove,
            "reproduce": result.reproduce.as_ref().map(ToString::to_string),
        })
    };
    path.steps.iter().map(step).collect()
}

const fn check(check: Check) -> &'static str {
    match check {
        Check::Holds => "holds",
        Check::Fails => "fails",
        Check::Unpinned => "unpinned",
        Check::NotAsked => "not-asked",
    }
}

/// A proof path in words, a line per step.
pub fn ladder(path: &Path, out: &mut impl Write) -> Result<()> {
    for result in &path.steps {
        let reason = Untrusted(&result.reason).visible();
        writeln!(out, "  {:<14} {:<15} {reason}", result.step.name(), result.status.name())?;
    }
    Ok(())
}
