//! A report against reading its journals: the same case, opened, told whole as HTML and as JSON.
//!
//! `cargo bench --bench report -- [REQUESTS]` (default 2,000,000).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::report::{Format, Made, Order};
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::{Study, remember_reached, remember_served};
use std::time::Instant;

fn main() {
    let requests = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(2_000_000);
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, requests) }
        .write(&journals, &mut |_| ())
        .unwrap();
    let path = folder.path().join("bench.case");
    let started = Instant::now();
    let mut case = Case::create_or_open(&path).unwrap();
    ingest(&mut case, &[journals], &mut Watcher::none()).unwrap();
    let read = started.elapsed().as_secs_f64();
    remember_served(&mut case, &Cancel::default()).unwrap();
    remember_reached(&mut case, &Cancel::default()).unwrap();
    drop(case);
    for format in [Format::Html, Format::Json, Format::Timesketch] {
        let started = Instant::now();
        let study = Study::open(&path).unwrap();
        let made = Made::of(&study, &Order::default(), &Cancel::default()).unwrap();
        let mut bytes = Vec::new();
        made.write(format, None, &mut bytes).unwrap();
        let took = started.elapsed().as_secs_f64();
        let affected =
            made.report.attachments.iter().find(|list| list.name == "affected_requests.csv").unwrap().rows;
        println!(
            "{requests} requests, {affected} affected: {} in {took:.2} s, {:.2} of reading the journals ({read:.2} s), {:.2} MB",
            format.name(),
            took / read,
            bytes.len() as f64 / 1e6,
        );
    }
}
