//! Who changed, on whole cases: against the answer key, twice with the same answer, and where nothing can be told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::analysis::drift::verdict::Verdict;
use backtrail::analysis::stats::tables;
use backtrail::model::Nanos;
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::agents::words::portrait;
use backtrail::work::agents::{Agents, Standing};
use backtrail::work::ingest::{Pictures, Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::{Choice, Study};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

fn read(journals: &Path, case: &Path) {
    let mut open = Case::create_or_open(case).unwrap();
    let report = Box::new(|_| ());
    let mut watcher = Watcher { cancel: Cancel::default(), report, pictures: Pictures::Unwanted };
    ingest(&mut open, &[journals.to_owned()], &mut watcher).unwrap();
}

/// A simulated incident of fifty agents, its case and its answer key.
fn simulated() -> &'static (TempDir, PathBuf, serde_json::Value) {
    static CASE: OnceLock<(TempDir, PathBuf, serde_json::Value)> = OnceLock::new();
    CASE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 3, 20_000) };
        simulation.write(&journals, &mut |_| ()).unwrap();
        let truth = serde_json::from_slice(&std::fs::read(journals.join("truth.json")).unwrap()).unwrap();
        let case = folder.path().join("one.case");
        read(&journals, &case);
        (folder, case, truth)
    })
}

fn agents(study: &Study) -> Option<Arc<Agents>> {
    study.agents(&Cancel::default()).unwrap()
}

fn told(study: &Study, agents: &Agents) -> String {
    let mut told = format!("{:?}\n", agents.self_check());
    for agent in agents.ranked() {
        writeln!(told, "{agent:?} {:?}", portrait(study, agents, agent)).unwrap();
    }
    told
}

/// A case of these lines, beside a folder that keeps it.
fn case(lines: &str) -> (TempDir, Study) {
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    std::fs::create_dir(&journals).unwrap();
    std::fs::write(journals.join("one.jsonl"), lines).unwrap();
    let path = folder.path().join("one.case");
    read(&journals, &path);
    let study = Study::open(&path).unwrap();
    (folder, study)
}

const INCIDENT: &str = "{\"kind\":\"incident\",\"id\":\"i\",\"at\":\"2026-10-04T12:00:00Z\",\"model\":\"m\",\"version\":\"2\",\"state\":\"declared\"}\n";

/// Requests a minute apart from 00:00, each followed by an action; version 2 in the minutes named.
fn requests(agent: &str, minutes: i64, faulty: std::ops::Range<i64>) -> String {
    let start = Nanos::parse("2026-10-04T00:00:00Z").unwrap();
    let mut lines = String::new();
    for n in 0..minutes {
        let at = Nanos(start.0 + n * 60_000_000_000).rfc3339();
        let version = if faulty.contains(&n) { 2 } else { 1 };
        let action = if faulty.contains(&n) { "buy" } else { ["sell", "hold"][n as usize % 2] };
        writeln!(lines, "{{\"kind\":\"inference\",\"id\":\"{agent}-{n}\",\"at\":\"{at}\",\"agent\":\"{agent}\",\"model\":\"m\",\"version\":\"{version}\",\"tokens_out\":{}}}", 10 + n % 7).unwrap();
        writeln!(lines, "{{\"kind\":\"action\",\"id\":\"act-{agent}-{n}\",\"at\":\"{at}\",\"agent\":\"{agent}\",\"action\":\"{action}\",\"causes\":[\"{agent}-{n}\"]}}").unwrap();
    }
    lines
}

#[test]
fn what_the_key_calls_changed_is_found_and_controls_are_controls() {
    let (_folder, path, truth) = simulated();
    let study = Study::open(path).unwrap();
    let agents = agents(&study).unwrap();
    let names = |key: &str| -> Vec<&str> {
        truth[key].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect()
    };
    let changed = names("changed");
    let flagged: Vec<&str> =
        agents.with(Verdict::Changed).map(|agent| study.agent_name(agent.number)).collect();
    let right = flagged.iter().filter(|name| changed.contains(*name)).count();
    let missed = agents
        .with(Verdict::Unchanged)
        .filter(|agent| changed.contains(&study.agent_name(agent.number)))
        .count();
    assert!(right >= 3 && flagged.len() - right <= 1, "{flagged:?}");
    assert!(right * 2 >= right + missed, "{right} found, {missed} missed");
    let mut controls: Vec<&str> =
        agents.with(Verdict::Control).map(|agent| study.agent_name(agent.number)).collect();
    let mut theirs = names("controls");
    controls.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(controls, theirs);
}

#[test]
fn two_runs_say_the_same_and_a_moved_window_says_what_a_fresh_one_does() {
    let (_folder, path, _) = simulated();
    let study = Study::open(path).unwrap();
    let first = agents(&study).unwrap();
    let again = Study::open(path).unwrap();
    assert_eq!(told(&study, &first), told(&again, &agents(&again).unwrap()));
    let from = study
        .window
        .as_ref()
        .and_then(backtrail::analysis::Window::from)
        .map(|from| Nanos(from.0 + 3_600_000_000_000));
    let choice = Choice { from, ..Choice::default() };
    let fresh = Study::choose(path, &choice, &Cancel::default()).unwrap();
    let moved = study.again(&choice, &Cancel::default()).unwrap();
    let fresh_agents = agents(&fresh).unwrap();
    assert_eq!(told(&fresh, &fresh_agents), told(&moved, &agents(&moved).unwrap()));
    let during = |agents: &Agents| agents.agents.iter().map(|agent| u64::from(agent.n[1])).sum::<u64>();
    assert!(during(&fresh_agents) < during(&first), "an hour less of the window holds fewer faulty answers");
}

#[test]
fn nothing_under_suspicion_means_no_verdicts() {
    let (_folder, study) = case(&requests("a", 50, 0..0));
    assert!(agents(&study).is_none());
}

#[test]
fn one_agent_changes_without_any_control_and_the_answer_says_so() {
    let (_folder, study) = case(&(requests("a", 700, 500..600) + INCIDENT));
    let agents = agents(&study).unwrap();
    assert_eq!(agents.agents.len(), 1);
    let agent = &agents.agents[0];
    assert_eq!((agent.standing, agent.n), (Standing::Exposed, [500, 100, 100]));
    assert!(!agents.self_check().is_controlled);
    // One agent's own placebo windows are too few to flag anything by: 1/(6+1) is the smallest p* there can be.
    assert_eq!(agent.verdict, Verdict::Unchanged);
    assert!(agent.q.unwrap() > 0.05);
}

#[test]
fn fifty_agents_all_exposed_are_judged_without_controls() {
    let journal: String = (0..50).map(|n| requests(&format!("a{n}"), 400, 250..300)).collect();
    let (_folder, study) = case(&(journal + INCIDENT));
    let agents = agents(&study).unwrap();
    assert_eq!(agents.with(Verdict::Changed).count(), 50);
    let words = portrait(&study, &agents, agents.ranked().next().unwrap()).explanation;
    assert!(words[1].contains("NO CONTROL GROUP"), "{words:?}");
    assert!(words[0].contains("buy 0 → 100 → 0 %"), "{words:?}");
}

#[test]
fn too_little_is_untested_with_the_effect_that_could_have_shown() {
    // No baseline at all, then too few during.
    for (minutes, faulty) in [(60, 0..60), (200, 190..200)] {
        let (_folder, study) = case(&(requests("a", minutes, faulty) + INCIDENT));
        let agents = agents(&study).unwrap();
        assert_eq!(agents.agents[0].verdict, Verdict::Untested);
        let words = portrait(&study, &agents, &agents.agents[0]).explanation;
        assert!(words[0].starts_with("too little to tell: "), "{words:?}");
    }
}

#[test]
fn a_window_without_length_holds_nothing() {
    let (_folder, path, _) = simulated();
    let at = Some(Nanos::parse("2026-10-03T00:00:00Z").unwrap());
    for (from, to) in [(at, at), (Some(Nanos(i64::MAX)), Some(Nanos(0)))] {
        let choice = Choice { from, to, ..Choice::default() };
        let study = Study::choose(path, &choice, &Cancel::default()).unwrap();
        let agents = agents(&study).unwrap();
        assert_eq!(agents.with(Verdict::Changed).count(), 0);
        let unexposed = agents.agents.iter().find(|agent| agent.standing == Standing::Exposed).unwrap();
        let words = portrait(&study, &agents, unexposed).explanation;
        assert!(words[0].starts_with("no faulty answer reached it in this window"), "{words:?}");
    }
}

#[test]
fn a_sample_agrees_with_scipy_where_it_is_installed() {
    let script = "import scipy.stats as s; print(repr(s.chi2_contingency([[846-110,110,77,20],[144-34,34,3,9]],correction=False,lambda_='log-likelihood')[:2]))";
    let output = Command::new("python3").args(["-c", script]).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        eprintln!("skipped: python3 with scipy is not installed here");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let clean = text.replace(['(', ')', ' '], "").replace("np.float64", "");
    let theirs: Vec<f64> = clean.trim().split(',').filter_map(|n| n.parse().ok()).collect();
    let ours = tables::g(&[736.0, 110.0, 77.0, 20.0], &[110.0, 34.0, 3.0, 9.0]);
    assert!(
        (ours.statistic / theirs[0] - 1.0).abs() < 1e-9 && (ours.p() / theirs[1] - 1.0).abs() < 1e-9,
        "{text}"
    );
}
