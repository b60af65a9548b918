//! How right the analysis is, over many simulated incidents: its answers against the answer keys it never reads.
//!
//! `cargo bench --bench evaluate -- [SEEDS] [REQUESTS] [SCENARIO…]` (default 20 seeds of 100,000 requests, five
//! scenarios). Prints the tables of docs/EVALUATION.md.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::analysis::drift::lasting::Persistence;
use backtrail::analysis::drift::verdict::Verdict;
use backtrail::analysis::window::NodeState;
use backtrail::model::Nanos;
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::agents::Agents;
use backtrail::work::ingest::{Pictures, Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SCENARIOS: [Scenario; 5] =
    [Scenario::Default, Scenario::Aa, Scenario::GlobalShift, Scenario::Straggler, Scenario::Money];

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse::<usize>().ok());
    let (seeds, requests) = (numbers.next().unwrap_or(20), numbers.next().unwrap_or(100_000));
    let named: Vec<Scenario> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let scenarios = if named.is_empty() { SCENARIOS.to_vec() } else { named };
    println!("{seeds} seeds of {requests} requests each\n");
    let mut scores = Vec::new();
    for scenario in scenarios {
        let mut score = Score::default();
        (1..=seeds as u64).for_each(|seed| score.add(scenario, seed, requests));
        scores.push((scenario, score));
    }
    agents(&scores);
    persistence(&scores);
    nodes(&scores);
}

/// Everything counted over the seeds of one scenario.
#[derive(Default)]
struct Score {
    agents: u64,
    found: u64,
    wrong: u64,
    missed: u64,
    untested: u64,
    /// Each seed's own share of wrong flags; their mean is what "false discovery rate" means.
    proportions: Vec<f64>,
    controls: u64,
    placebo: (u64, u64),
    /// By true reaction and persistence told, of flagged agents.
    lasting: BTreeMap<(String, &'static str), u64>,
    /// By true state and state told.
    states: BTreeMap<(String, String), u64>,
    /// Seconds by which the first and last faulty service told are off.
    edges: Vec<f64>,
}

impl Score {
    fn add(&mut self, scenario: Scenario, seed: u64, requests: usize) {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        let simulation = Simulation { signed: false, ..Simulation::new(scenario, seed, requests) };
        simulation.write(&journals, &mut |_| ()).unwrap();
        let truth: Value =
            serde_json::from_slice(&std::fs::read(journals.join("truth.json")).unwrap()).unwrap();
        // The key is taken away before anything is read, so that nothing can lean on it.
        std::fs::remove_file(journals.join("truth.json")).unwrap();
        let study = studied(&journals, &folder.path().join("one.case"));
        let agents = study.agents(&Cancel::default()).unwrap().unwrap();
        self.agents(&study, &agents, &truth);
        self.nodes(&study, &agents, &truth);
    }

    fn agents(&mut self, study: &Study, agents: &Agents, truth: &Value) {
        let names = |key: &str| -> BTreeSet<&str> {
            truth[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
        };
        let changed = names("changed");
        let reactions: BTreeMap<&str, &str> = truth["agents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| (agent["agent"].as_str().unwrap(), agent["reaction"].as_str().unwrap()))
            .collect();
        let (mut found, mut wrong) = (0, 0);
        for agent in &agents.agents {
            let name = study.agent_name(agent.number);
            let truly = changed.contains(name);
            match agent.verdict {
                Verdict::Changed if truly => found += 1,
                Verdict::Changed => wrong += 1,
                Verdict::Unchanged => self.missed += u64::from(truly),
                Verdict::Untested => self.untested += u64::from(truly),
                Verdict::Control => self.controls += 1,
            }
            if agent.verdict == Verdict::Changed {
                let told = agent.persistence.map_or("none", Persistence::name);
                *self.lasting.entry((reactions[name].to_owned(), told)).or_default() += 1;
            }
        }
        self.agents += agents.agents.len() as u64;
        self.found += found;
        self.wrong += wrong;
        self.proportions.push(share(wrong, found + wrong).unwrap_or(0.0));
        let check = agents.self_check();
        self.placebo.0 += check.placebo_flags as u64;
        self.placebo.1 += check.placebo_windows as u64;
    }

    fn nodes(&mut self, study: &Study, agents: &Agents, truth: &Value) {
        let window = study.window.as_ref().unwrap();
        for node in truth["nodes"].as_array().unwrap() {
            let name = node["node"].as_str().unwrap();
            let told = window.nodes.iter().find(|known| study.node_name(known.node) == name);
            let by_behaviour = told.map_or(NodeState::Ok, |told| {
                agents.base.nodes.state(told.node, Some(told), window.rolled_back)
            });
            let state = by_behaviour.name();
            *self
                .states
                .entry((node["state"].as_str().unwrap().to_owned(), state.to_owned()))
                .or_default() += 1;
            let truly = node["faulty_actual"].as_array().unwrap();
            if let (Some(first), Some(last), Some(seen)) =
                (truly.first(), truly.last(), told.and_then(|node| node.observed))
            {
                let skew = node["skew_ms"].as_i64().unwrap() as f64 / 1e3;
                let off = |moment: &Value, seen: Nanos| {
                    let moment = Nanos::parse(moment.as_str().unwrap()).unwrap();
                    ((seen.0 - moment.0) as f64 / 1e9 - skew).abs()
                };
                self.edges.push(off(&first["from"], seen.first));
                self.edges.push(off(&last["to"], seen.last));
            }
        }
    }
}

fn studied(journals: &Path, path: &Path) -> Study {
    let mut case = Case::create_or_open(path).unwrap();
    let report = Box::new(|_| ());
    let mut watcher = Watcher { cancel: Cancel::default(), report, pictures: Pictures::Unwanted };
    ingest(&mut case, &[journals.to_owned()], &mut watcher).unwrap();
    Study::open(path).unwrap()
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.3}"))
}

fn agents(scores: &[(Scenario, Score)]) {
    println!(
        "| scenario | agents | controls | truly changed | found | wrong | precision | FDP, mean of seeds | recall | recall, testable | flags per 1,000 | placebo flags |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (scenario, s) in scores {
        let truly = s.found + s.missed + s.untested;
        let mean = s.proportions.iter().sum::<f64>() / s.proportions.len().max(1) as f64;
        println!(
            "| {scenario} | {} | {} | {truly} | {} | {} | {} | {mean:.3} | {} | {} | {:.2} | {} of {} |",
            s.agents,
            s.controls,
            s.found,
            s.wrong,
            shown(share(s.found, s.found + s.wrong)),
            shown(share(s.found, truly)),
            shown(share(s.found, s.found + s.missed)),
            (s.found + s.wrong) as f64 * 1e3 / s.agents.max(1) as f64,
            s.placebo.0,
            s.placebo.1,
        );
    }
}

fn persistence(scores: &[(Scenario, Score)]) {
    println!(
        "\n| scenario | truly | sticky | shifted-elsewhere | undetermined | recovered |\n|---|---|---|---|---|---|"
    );
    for (scenario, s) in scores {
        let truths: BTreeSet<&String> = s.lasting.keys().map(|(truly, _)| truly).collect();
        for truly in truths {
            let count =
                |told: Persistence| s.lasting.get(&(truly.clone(), told.name())).copied().unwrap_or(0);
            let cells = Persistence::ALL.map(|told| count(told).to_string()).join(" | ");
            println!("| {scenario} | {truly} | {cells} |");
        }
        let told =
            |told: &str| s.lasting.iter().filter(|((_, name), _)| *name == told).map(|(_, n)| n).sum::<u64>();
        let right = |name: &'static str| s.lasting.get(&(name.to_owned(), name)).copied().unwrap_or(0);
        let precision = |name: &'static str| shown(share(right(name), told(name)));
        println!(
            "| {scenario} | *precision* | {} | {} | | {} |",
            precision("sticky"),
            precision("shifted-elsewhere"),
            precision("recovered")
        );
    }
}

fn nodes(scores: &[(Scenario, Score)]) {
    println!(
        "\n| scenario | node states right | wrong ones (truly → told) | edges of faulty service off by, median | 90 % |\n|---|---|---|---|---|"
    );
    for (scenario, s) in scores {
        let all: u64 = s.states.values().sum();
        let right: u64 = s.states.iter().filter(|((truly, told), _)| truly == told).map(|(_, n)| n).sum();
        let wrong: Vec<String> = s
            .states
            .iter()
            .filter(|((truly, told), _)| truly != told)
            .map(|((truly, told), n)| format!("{truly} → {told} {n}"))
            .collect();
        let mut edges = s.edges.clone();
        edges.sort_by(f64::total_cmp);
        let at = |share: f64| edges.get((edges.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        println!(
            "| {scenario} | {right} of {all} | {} | {:.0} s | {:.0} s |",
            wrong.join(", "),
            at(0.5),
            at(0.9)
        );
    }
}
