//! `analyze`: the window, the requests, the completeness and the findings of a case. Parts not built yet are absent.

use super::args::{Analyze, Suspicion};
use super::{Outcome, impact, json, json_agents, opening};
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::model::{Finding, Nanos, Untrusted};
use crate::work::agents::Agents;
use crate::work::agents::findings::findings;
use crate::work::agents::sensitivity;
use crate::work::agents::words::portrait;
use crate::work::filter::moment;
use crate::work::findings::{counted, grouped};
use crate::work::save::{Existing, save};
use crate::work::settings::Settings;
use crate::work::sheet::Form;
use crate::work::study::{Choice, Study};
use crate::work::{Cancel, own_rules, payments};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::io::Write;
use std::path::PathBuf;

pub fn run(arguments: &Analyze) -> Result<Outcome> {
    let choice =
        Choice { settings: settings(arguments)?.into(), ..choice(&arguments.choice, &arguments.paths)? };
    let study = opening::study(&arguments.paths, &choice)?;
    if let Some(path) = &arguments.refunds {
        let form = Form::of(path).context("the name of the refund list ends in .csv, .jsonl or .md")?;
        let sheet = payments::refunds(&study, &Cancel::default())?;
        let hash = save(path, &sheet.bytes(form), Existing::Refuse, &study.evidence())?;
        let rows = counted(sheet.rows.len() as u64, "payment");
        eprint_line(&format!("{rows} in {}, SHA-256 {hash}", path.display()))?;
    }
    let agents = study.agents(&Cancel::default())?;
    let found = all_findings(&study, agents.as_deref())?;
    if arguments.json {
        json::print(&document(&study, agents.as_deref(), &found)?)?;
    } else {
        in_words(&study, agents.as_deref(), &found)?;
    }
    Ok(Outcome::Done)
}

/// What the responder chose; a model that is not named is the only one there is.
pub fn choice(suspicion: &Suspicion, paths: &[PathBuf]) -> Result<Choice> {
    let mut choice = Choice::default();
    if let Some(window) = &suspicion.window {
        let (from, to) = window.split_once("..").context("a window is FROM..TO")?;
        (choice.from, choice.to) = (edge(from)?, edge(to)?);
        if matches!((choice.from, choice.to), (Some(from), Some(to)) if from > to) {
            bail!("the window ends before it begins");
        }
    }
    if let Some(faulty) = &suspicion.faulty {
        let model = match &suspicion.model {
            Some(model) => model.clone(),
            None => only_model(&opening::study(paths, &Choice::default())?)?,
        };
        choice.version = Some((model, faulty.clone()));
    }
    Ok(choice)
}

/// The user's own, with what the flags put in its place.
fn settings(arguments: &Analyze) -> Result<Settings> {
    let mut settings = Settings::own()?;
    if let Some(path) = &arguments.config {
        if !path.is_file() {
            bail!("there is no file {}", path.display());
        }
        settings = Settings { rules: settings.rules, ..Settings::read(path)? };
    }
    if let Some(folder) = &arguments.rules {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        settings.rules = own_rules::read(folder)?;
    }
    Ok(settings)
}

fn eprint_line(words: &str) -> Result<()> {
    writeln!(std::io::stderr(), "{}", Untrusted(words).visible())?;
    Ok(())
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

/// What the study found, and what its agents add.
fn all_findings(study: &Study, agents: Option<&Agents>) -> Result<Vec<Finding>> {
    let mut found = study.findings.clone();
    if let Some(agents) = agents {
        found.extend(findings(study, agents, &Cancel::default())?);
        found.sort_by(|a, b| (b.severity, &a.rule, &a.subject).cmp(&(a.severity, &b.rule, &b.subject)));
    }
    Ok(found)
}

fn document(study: &Study, agents: Option<&Agents>, found: &[Finding]) -> Result<Value> {
    let mut document = Map::new();
    document.insert("schema".into(), "backtrail/analyze/1".into());
    if let Some(window) = &study.window {
        document.insert("window".into(), json::window(study, window, agents));
    }
    document.insert("requests".into(), json::requests(study));
    if let Some(agents) = agents {
        document.insert("agents".into(), json_agents::agents(study, agents).into());
        document.insert("self_check".into(), json_agents::self_check(agents));
        let band = sensitivity::band(study, agents, &Cancel::default())?;
        document.insert("sensitivity".into(), json_agents::sensitivity(&band).into());
    }
    let reached = study.counted()?;
    document.insert("taint".into(), impact::taint(reached));
    document.insert("payments".into(), impact::payments(study, &*study.blast()?)?.into());
    document.insert("money".into(), impact::money(reached).into());
    document.insert("matched_pairs".into(), impact::pairs(reached));
    document.insert("findings".into(), found.iter().map(|finding| json::finding(study, finding)).collect());
    let mut completeness = json::completeness(study);
    completeness["agents"] = agents.map_or(Value::Null, json_agents::counts);
    document.insert("completeness".into(), completeness);
    Ok(Value::Object(document))
}

fn in_words(study: &Study, agents: Option<&Agents>, found: &[Finding]) -> Result<()> {
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
    reach_in_words(study, &mut out)?;
    for finding in found.iter().filter(|finding| !finding.rule.starts_with("agent-")) {
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
    if let Some(words) = check.without_controls() {
        writeln!(out, "{words}.")?;
    }
    for agent in agents.ranked().filter(|agent| agent.verdict == Verdict::Changed) {
        let persistence = agent.persistence.map_or("", |persistence| persistence.name());
        writeln!(out, "  {:<20} changed, {persistence}", shown(study.agent_name(agent.number)))?;
        for line in portrait(study, agents, agent).explanation {
            writeln!(out, "      {}", shown(&line))?;
        }
    }
    Ok(())
}

/// What it reached, and the money on it.
fn reach_in_words(study: &Study, out: &mut impl Write) -> Result<()> {
    if study.window.is_none() {
        return Ok(());
    }
    let impact = study.counted()?;
    let [certain, likely, possible] = impact.three().map(grouped);
    let likely = if impact.agents_analysed { likely } else { "unknown (agents not analysed)".to_owned() };
    writeln!(
        out,
        "Reached: {certain} certain · {likely} likely · {possible} possible (requests, actions, messages)."
    )?;
    for cut in &impact.containment {
        let (agent, at) = (Untrusted(&cut.agent).visible(), Nanos(cut.at));
        writeln!(out, "  quarantine of {agent} at {at} would have spared up to {}", grouped(cut.spared))?;
    }
    for money in &impact.money {
        let shown = |sum| Untrusted(&payments::total(&money.asset, sum)).visible();
        let sums = &money.sums;
        let conserved = if sums.conserve() { "clean + tainted = settled" } else { "SUMS DO NOT ADD UP" };
        writeln!(
            out,
            "Money: {} affected ({} by share) of {} settled; {} outstanding; {conserved}.",
            shown(sums.affected()),
            shown(sums.tainted),
            shown(sums.settled),
            shown(sums.outstanding),
        )?;
    }
    Ok(())
}
