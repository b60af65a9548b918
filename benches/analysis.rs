//! Speed of the analysis as ratios in one run: the pass over records, placebo windows, and moving the window.
//!
//! `cargo bench --bench analysis -- [REQUESTS]` (default 2,000,000: 5,000 agents and about 5 M records). Nothing here
//! asserts a time. Each line is set against one plain pass over the same records' kinds, agents and times.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::journal::Column;
use backtrail::model::Nanos;
use backtrail::model::time::MINUTE;
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::agents::calibrate::Calibration;
use backtrail::work::agents::nodes::Nodes;
use backtrail::work::agents::strips::Aggregate;
use backtrail::work::agents::{Agents, Base};
use backtrail::work::ingest::{Pictures, Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let requests = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(2_000_000);
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, requests) };
    simulation.write(&journals, &mut |_| ()).unwrap();
    let path = folder.path().join("bench.case");
    let mut case = Case::create_or_open(&path).unwrap();
    let mut watcher =
        Watcher { cancel: Cancel::default(), report: Box::new(|_| ()), pictures: Pictures::Unwanted };
    ingest(&mut case, &[journals], &mut watcher).unwrap();
    drop(case);
    let study = Study::open(&path).unwrap();
    let cancel = Cancel::default();
    println!("{} records, two thirds of them requests", study.snapshot.rows());
    let (_, plain) = timed(|| plain_pass(&study));
    println!("plain pass over three columns            {plain:>8.3} s   1.0 ×");
    let window = study.window.clone().unwrap();
    let (aggregate, took) = timed(|| Aggregate::new(&study.snapshot, &window, &study.fold, &cancel).unwrap());
    line("strips of all agents from the case", took, plain, "once for an incident");
    let aggregate = Arc::new(aggregate);
    let (calibration, took_too) = timed(|| Calibration::new(&aggregate, &cancel).unwrap());
    let check = calibration.check;
    let what =
        format!("{} agents, {} placebo windows (must 0.3 s)", aggregate.strips.len(), check.placebo_windows);
    line("calibration with placebo windows", took_too, plain, &what);
    let behaviour = || Nodes::new(&study.snapshot, &window, &aggregate.scales, &study.fold, &cancel).unwrap();
    let (nodes, behaved) = timed(behaviour);
    line("nodes by their behaviour", behaved, plain, "");
    let base = Base::new(aggregate, Arc::new(calibration), Arc::new(nodes));
    let judge = |edges| Agents::within(&study, base.clone(), edges, &cancel).unwrap();
    let (agents, judged) = timed(|| judge((None, None)));
    line("all agents judged", judged, plain, &format!("{} changed", agents.changed().len()));
    line("the whole analysis", took + took_too + behaved + judged, plain, "must 2 s for 5 M records");
    let edge = |by: i64| window.from().map(|from| Nanos(from.0 + by * MINUTE));
    let mut moves: Vec<f64> = (1..=20).map(|n| timed(|| judge((edge(n * 3), None))).1).collect();
    moves.sort_by(f64::total_cmp);
    line("moving the window, median of 20", moves[10], plain, "must 0.1 s, aim 0.03");
    line("moving the window, worst of 20", moves[19], plain, "");
    println!("peak memory of this process {} MB", peak_mb());
}

fn plain_pass(study: &Study) -> u64 {
    let mut sum = 0u64;
    for chunk in study.snapshot.chunks() {
        for column in [Column::Kind, Column::Agent, Column::At] {
            study.snapshot.passing(chunk, column).unwrap().each(|_, value| sum = sum.wrapping_add(value));
        }
    }
    sum
}

fn line(what: &str, took: f64, plain: f64, more: &str) {
    println!("{what:<40} {took:>8.3} s   {:.1} ×   {more}", took / plain);
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let result = f();
    (result, begun.elapsed().as_secs_f64())
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}
