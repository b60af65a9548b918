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
use backtrail::analysis::taint::Way;
use backtrail::analysis::window::NodeState;
use backtrail::model::{Kind, Nanos, Tier};
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
    taint(&scores);
    money(&scores);
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
    /// By tier: marked rightly, marked wrongly, not marked.
    tiers: BTreeMap<&'static str, [u64; 3]>,
    /// Payments that hang on the fault: in the key, told otherwise; their tainted value, and by how much it is off.
    payments: [u64; 2],
    value: [u128; 2],
    /// Seeds whose ledger does not add up.
    unbalanced: u64,
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
        self.taint(&study, &truth);
        self.money(&study, &truth);
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

/// Taint and money against the key.
impl Score {
    fn taint(&mut self, study: &Study, truth: &Value) {
        let blast = study.blast().unwrap();
        let marked = |tier: Tier, kind: Kind| -> BTreeSet<String> {
            let rows = blast.taint.marks.iter().filter(|mark| mark.tier == tier);
            let rows = rows.map(|mark| blast.web.row(mark.node));
            let rows = rows.filter(|row| study.snapshot.kind(*row).unwrap() == kind);
            rows.map(|row| study.snapshot.id(row).unwrap()).collect()
        };
        assert!(truth["id_limit"].is_null(), "the key of so many requests does not list them all");
        for (tier, kind, key) in [
            (Tier::T0, Kind::Inference, &truth["tiers"]["T0"]["ids"]),
            (Tier::T1, Kind::Inference, &truth["tiers"]["T1"]["request_ids"]),
            (Tier::T1, Kind::Action, &truth["tiers"]["T1"]["action_ids"]),
        ] {
            let (told, truly) = (marked(tier, kind), texts(key));
            let sum = self.tiers.entry(tier.name()).or_default();
            sum[0] += told.intersection(&truly).count() as u64;
            sum[1] += told.difference(&truly).count() as u64;
            sum[2] += truly.difference(&told).count() as u64;
        }
        // Likely means: in the session of an agent that the fault changed. Which those are the key knows.
        let changed = texts(&truth["changed"]);
        let sum = self.tiers.entry(Tier::T2.name()).or_default();
        for mark in &blast.taint.marks {
            let agent = study.agent_name(blast.web.agent_of(mark.node));
            match (mark.tier, changed.contains(agent)) {
                (Tier::T2, true) => sum[0] += 1,
                (Tier::T2, false) => sum[1] += 1,
                (Tier::T3, true) if mark.way == Way::Session => sum[2] += 1,
                _ => {}
            }
        }
    }

    fn money(&mut self, study: &Study, truth: &Value) {
        let blast = study.blast().unwrap();
        let ledger = blast.ledger();
        let certain = ledger.payments.iter().filter(|p| p.class.is_certain() && p.refund.is_none());
        let told: BTreeMap<String, (String, u128)> = certain
            .map(|p| {
                let tainted = p.tainted.to_string().parse().unwrap();
                (study.snapshot.id(p.row).unwrap(), (p.class.name().to_owned(), tainted))
            })
            .collect();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let truly: BTreeMap<String, (String, u128)> = truth["payments"]["affected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (text(&p["id"]), (text(&p["class"]), text(&p["tainted"]).parse().unwrap())))
            .collect();
        for id in told.keys().chain(truly.keys().filter(|id| !told.contains_key(*id))) {
            let (told, truly) = (told.get(id), truly.get(id));
            let value = |one: Option<&(String, u128)>| one.map_or(0, |(_, tainted)| *tainted);
            self.payments[0] += u64::from(truly.is_some());
            self.payments[1] += u64::from(told != truly);
            self.value[0] += value(truly);
            self.value[1] += value(told).abs_diff(value(truly));
        }
        self.unbalanced += u64::from(!ledger.conserves());
    }
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
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

fn taint(scores: &[(Scenario, Score)]) {
    println!("\n| scenario | tier | marked | precision | recall |\n|---|---|---|---|---|");
    for (scenario, s) in scores {
        for (tier, [right, wrong, missed]) in &s.tiers {
            let marked = right + wrong;
            let (precision, recall) = (share(*right, marked), share(*right, right + missed));
            println!("| {scenario} | {tier} | {marked} | {} | {} |", shown(precision), shown(recall));
        }
    }
}

fn money(scores: &[(Scenario, Score)]) {
    println!(
        "\n| scenario | payments direct or derived | told otherwise | tainted value off by | ledgers that do not add up |\n|---|---|---|---|---|"
    );
    for (scenario, s) in scores {
        let off = if s.value[0] == 0 { 0.0 } else { s.value[1] as f64 / s.value[0] as f64 };
        println!(
            "| {scenario} | {} | {} | {} ({:.6} %) | {} |",
            s.payments[0],
            s.payments[1],
            s.value[1],
            off * 100.0,
            s.unbalanced
        );
    }
}
