//! Taint over a web of edges against a plain pass over the same edges, and a moved window: `cargo bench --bench taint -- [EDGES] [REQUESTS]`.
//!
//! The plain pass reads each edge and the time of what it leads to, and adds them up: what memory alone costs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::analysis::CLOCK_TOLERANCE;
use backtrail::analysis::taint::{Rates, spread};
use backtrail::analysis::web::{Edge, Web};
use backtrail::journal::batch::EdgeKind;
use backtrail::model::{Kind, Nanos, Row};
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::{Choice, Study};
use std::collections::BTreeSet;
use std::time::Instant;

/// Edges per record: as many as a busy agent's actions and parents have.
const EDGES: u64 = 2;
const AGENTS: u64 = 5_000;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    over_edges(numbers.first().copied().unwrap_or(5_000_000));
    moving_the_window(numbers.get(1).copied().unwrap_or(200_000));
}

fn over_edges(edges: u64) {
    let web = web(edges / EDGES);
    // One request in fifty, in the middle third of the time.
    let nodes = web.len() as u32;
    let served: Vec<u32> = (nodes / 3..2 * nodes / 3).filter(|node| node % 50 == 0).collect();
    let plain = best(|| {
        let mut sum = 0u64;
        for node in 0..web.len() {
            for edge in web.causes(node) {
                sum = sum.wrapping_add(u64::from(web.at[edge.to as usize]) + edge.kind as u64);
            }
        }
        sum
    });
    let mut marks = 0;
    let whole = best(|| {
        let taint = spread(&web, &served, &BTreeSet::new(), &Rates::default(), CLOCK_TOLERANCE);
        marks = taint.marks.len();
        marks as u64
    });
    let edges = web.edges.len() as f64;
    println!(
        "plain pass                   {plain:.3} s for {edges:.0} edges, {:.0} M/s",
        edges / plain / 1e6
    );
    println!(
        "taint, {marks} things reached  {whole:.3} s, {:.0} M edges/s (must 0.3 s for 5 M)",
        edges / whole / 1e6
    );
    println!("ratio to the plain pass      {:.1}", whole / plain);
}

/// Records of many agents, each pointing at two others a little earlier.
fn web(records: u64) -> Web {
    let mut web = Web {
        order: (0..records as u32).map(Row).collect(),
        tick: 1_000_000,
        agents: AGENTS as usize + 1,
        memories: AGENTS as usize + 1,
        sources: vec![0; (records as usize >> 16) + 1],
        first: vec![0],
        ..Web::default()
    };
    let mut state = 1u64;
    let mut dice = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for node in 0..records {
        let agent = dice(AGENTS) as u32 + 1;
        web.at.push((node * 100) as u32);
        web.kind.push(if node % 3 == 0 { Kind::Inference } else { Kind::Action });
        web.agent.push(agent);
        web.memory.push(agent);
        for _ in 0..EDGES.min(node) {
            let to = node - 1 - dice(node.min(20_000));
            web.edges.push(Edge { to: to as u32, kind: EdgeKind::Cause });
        }
        web.first.push(web.edges.len() as u32);
    }
    web
}

fn best(mut work: impl FnMut() -> u64) -> f64 {
    let mut once = || {
        let started = Instant::now();
        std::hint::black_box(work());
        started.elapsed().as_secs_f64()
    };
    (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn moving_the_window(requests: u64) {
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Money, 7, requests as usize) };
    simulation.write(&journals, &mut |_| ()).unwrap();
    let path = folder.path().join("bench.case");
    let mut case = Case::create_or_open(&path).unwrap();
    ingest(&mut case, &[journals], &mut Watcher::none()).unwrap();
    let cancel = Cancel::default();
    let started = Instant::now();
    let study = Study::choose(&path, &Choice::default(), &cancel).unwrap();
    let opened = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let blast = study.blast().unwrap();
    let first = started.elapsed().as_secs_f64();
    let (records, payments) = (study.snapshot.rows(), blast.ledger().payments.len());
    println!("opening {records} records      {opened:.3} s");
    println!("agents, taint and {payments} payments  {first:.3} s the first time");
    let from = study.window.as_ref().and_then(backtrail::analysis::Window::from).unwrap();
    let mut shift = 0;
    let mut moved = || {
        shift += 1;
        let choice = Choice { from: Some(Nanos(from.0 + shift * 300_000_000_000)), ..Choice::default() };
        study.again(&choice, &cancel).unwrap()
    };
    let repainted = best(|| moved().fold.versions.len() as u64);
    println!("moving the window's edge     {repainted:.3} s to repainted counts (must 0.1 s)");
    let moved = best(|| moved().whole(&cancel).unwrap().counted().unwrap().tiers[0].requests);
    println!("                             {moved:.3} s with agents, taint and money again");
}
