//! `analyze`: the window, the requests, the completeness and the findings of a case. Parts not built yet are absent.

use super::args::Analyze;
use super::{Outcome, impact, json, json_agents, opening};
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::model::{Nanos, Untrusted};
use crate::work::Cancel;
use crate::work::agents::Agents;
use crate::work::agents::words::portrait;
use crate::work::filter::moment;
use crate::work::findings::{counted, grouped};
use crate::work::study::{Choice, Study};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::io::Write;

pub fn run(arguments: &Analyze) -> Result<Outcome> {
    let mut choice = Choice::default();
    if let Some(window) = &arguments.window {
        let (from, to) = window.split_once("..").context("a window is FROM..TO")?;
        (choice.from, choice.to) = (edge(from)?, edge(to)?);
        if matches!((choice.from, choice.to), (Some(from), Some(to)) if from > to) {
            bail!("the window ends before it begins");
        }
    }
    if let Some(faulty) = &arguments.faulty {
        let model = match &arguments.model {
            Some(model) => model.clone(),
            None => only_model(&opening::study(&arguments.paths, &Choice::default())?)?,
        };
        choice.version = Some((model, faulty.clone()));
    }
    let study = opening::study(&arguments.paths, &choice)?;
    let agents = study.agents(&Cancel::default())?;
    if arguments.json {
        json::print(&document(&study, agents.as_deref())?)?;
    } else {
        in_words(&study, agents.as_deref())?;
    }
    Ok(Outcome::Done)
}

fn edge(text: &str) -> Result<Option<Nanos>> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = moment(text, Nanos(0)).filter(|_| text.contains('-'));
    at.map(Some).with_context(|| format!("`{text}` is no time; write 2026-10-04T09:12 or RFC 3339"))
}

fn only_model(study: &Study) -> Result<String> {
    match (study.window.as_ref(), study.fold.versions.len()) {
        (Some(window), _) => Ok(study.model_name(window.model).to_owned()),
        (None, 1) => {
            let number =
                study.fold.versions.keys().next().and_then(|number| number.parse().ok()).unwrap_or(0);
            Ok(study.model_name(number).to_owned())
        }
        _ => bail!("several models are in these journals; say which with --model"),
    }
}

fn document(study: &Study, agents: Option<&Agents>) -> Result<Value> {
    let mut document = Map::new();
    document.insert("schema".into(), "backtrail/analyze/1".into());
    if let Some(window) = &study.window {
        document.insert("window".into(), json::window(study, window));
    }
    document.insert("requests".into(), json::requests(study));
    if let Some(agents) = agents {
        document.insert("agents".into(), json_agents::agents(study, agents).into());
        document.insert("self_check".into(), json_agents::self_check(agents));
    }
    document.insert("taint".into(), impact::taint(study));
    document.insert("payments".into(), impact::payments(study, &*study.blast()?)?.into());
    document.insert("money".into(), impact::money(study).into());
    document.insert("matched_pairs".into(), impact::pairs(study));
    document.insert(
        "findings".into(),
        study.findings.iter().map(|finding| json::finding(study, finding)).collect(),
    );
    let mut completeness = json::completeness(study);
    completeness["agents"] = agents.map_or(Value::Null, json_agents::counts);
    document.insert("completeness".into(), completeness);
    Ok(Value::Object(document))
}

fn in_words(study: &Study, agents: Option<&Agents>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let shown = |text: &str| Untrusted(text).visible();
    match &study.window {
        None => writeln!(
            out,
            "No incident, no rollback: nothing is under suspicion. Choose with --model and --faulty."
        )?,
        Some(window) => {
            let edge = |at: Option<Nanos>| at.map_or_else(|| "open".to_owned(), Nanos::rfc3339);
            let (model, version) = (study.model_name(window.model), study.version_name(window.faulty));
            writeln!(
                out,
                "{} {} was faulty {} → {}",
                shown(model),
                shown(version),
                edge(window.from()),
                edge(window.to())
            )?;
            let served = study.fold.served(window.model, window.faulty);
            let all = study.fold.of_model(window.model);
            writeln!(out, "It served {} of {} of that model.", grouped(served), counted(all, "request"))?;
            for node in &window.nodes {
                let (name, state) = (shown(study.node_name(node.node)), node.state.name());
                writeln!(out, "  {name:<16} {state:<10} {} → {}", edge(node.from()), edge(node.to()))?;
            }
        }
    }
    if let Some(agents) = agents {
        agents_in_words(study, agents, &mut out)?;
    }
    for finding in &study.findings {
        let (subject, sentence) = (shown(&finding.subject), shown(&finding.sentence));
        writeln!(out, "{:<8} {}: {subject}: {sentence}", finding.severity.name(), finding.rule)?;
    }
    Ok(())
}

fn agents_in_words(study: &Study, agents: &Agents, out: &mut impl Write) -> Result<()> {
    let shown = |text: &str| Untrusted(text).visible();
    let counts = Verdict::ALL.map(|verdict| format!("{} {}", agents.with(verdict).count(), verdict.name()));
    let still = agents.lasting(Persistence::Sticky).count();
    writeln!(out, "Agents: {}; {still} of the changed ones still are.", counts.join(", "))?;
    let check = agents.self_check();
    writeln!(
        out,
        "Self-check: {} of {} placebo windows flagged; {}; φ {:.2}.",
        check.placebo_flags,
        grouped(check.placebo_windows as u64),
        counted(check.controls as u64, "control"),
        check.phi
    )?;
    if !check.is_controlled {
        writeln!(out, "NO CONTROL GROUP: a global shift is not excluded.")?;
    }
    for agent in agents.ranked().into_iter().filter(|agent| agent.verdict == Verdict::Changed) {
        let persistence = agent.persistence.map_or("", |persistence| persistence.name());
        writeln!(out, "  {:<20} changed, {persistence}", shown(study.agent_name(agent.number)))?;
        for line in portrait(study, agents, agent).explanation {
            writeln!(out, "      {}", shown(&line))?;
        }
    }
    Ok(())
}
