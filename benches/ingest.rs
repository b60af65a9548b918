//! Speed as ratios in one run: ingest against bare typed parsing on one core, and what opening and filtering cost.
//!
//! `cargo bench --bench ingest -- [REQUESTS]` (default 800,000: about 2 M records). Nothing here asserts a time; machines differ, ratios
//! travel. Where a `duckdb` command is installed, its `read_json_auto` is timed over the same files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::journal::wire;
use backtrail::model::Nanos;
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::filter::Filter;
use backtrail::work::ingest::{Phase, Pictures, Watcher, ingest};
use backtrail::work::select::select;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::{Choice, Study};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

fn main() {
    let requests = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(800_000);
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    let started = Instant::now();
    let simulation =
        Simulation { signed: false, stand_ins: true, ..Simulation::new(Scenario::Default, 7, requests) };
    simulation.write(&journals, &mut |_| ()).unwrap();
    let files = files(&journals);
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    println!(
        "simulated {requests} requests, {} MB, in {:.1} s",
        bytes >> 20,
        started.elapsed().as_secs_f64()
    );

    // Journals of a real case lie on the disk; what the simulation left to be written would be waited for by whoever
    // writes next.
    Command::new("sync").status().unwrap();
    let (lines, bare) = timed(|| bare_parse(&files));
    println!(
        "bare typed serde_json, one core          {bare:>7.2} s   {lines} lines, {:.0} MB/s",
        mb(bytes, bare)
    );

    let case = folder.path().join("bench.case");
    let mut first_rows = None;
    let (mut read, mut ready) = (0.0, 0.0);
    let begun = Instant::now();
    let (_, whole) = timed(|| {
        let mut open = Case::create_or_open(&case).unwrap();
        let mut watcher = Watcher {
            cancel: Cancel::default(),
            report: Box::new(|progress| {
                if progress.snapshot.is_some() && first_rows.is_none() {
                    first_rows = Some(begun.elapsed().as_secs_f64());
                }
                match progress.phase {
                    Phase::Reading => read = begun.elapsed().as_secs_f64(),
                    // What the explorer opens at this moment; the rest is counted behind it.
                    Phase::Counting => {
                        Study::soon(&case, &Choice::default(), &Cancel::default()).unwrap();
                        ready = begun.elapsed().as_secs_f64();
                    }
                    _ => (),
                }
            }),
            pictures: Pictures::Wanted,
        };
        ingest(&mut open, std::slice::from_ref(&journals), &mut watcher).unwrap();
    });
    println!(
        "hashed, sealed, attributed, on screen    {ready:>7.2} s   {:.0} MB/s   {:.2} × bare (must 2.5, aim 1.3)",
        mb(bytes, ready),
        ready / bare
    );
    println!(
        "  reading {read:.2} s, sealing {:.2} s, first rows after {:.2} s (must 0.3)",
        ready - read,
        first_rows.unwrap_or(ready)
    );
    println!(
        "and what it reached counted and kept     {whole:>7.2} s   {:.2} × bare: agents, taint, money, while people look",
        whole / bare
    );
    println!(
        "  case file {} MB, peak memory of this process so far {} MB",
        case.metadata().unwrap().len() >> 20,
        peak_mb()
    );

    let (study, open) = timed(|| Study::open(&case).unwrap());
    println!("open the case to its overview            {open:>7.3} s   {} records", study.snapshot.rows());
    for text in [
        "",
        "version=2.4.1",
        "node=gw-eu-1",
        "agent~treasury",
        "pointer=any",
        "evidence=attested",
        "tokens>200",
    ] {
        let filter = Filter::parse(text, Nanos(0)).unwrap();
        // The first time loads columns from the case; people wait for the second.
        select(&study, &filter, &Cancel::default()).unwrap();
        let (selection, took) = timed(|| select(&study, &filter, &Cancel::default()).unwrap());
        println!(
            "filter {text:<20}              {:>9.1} ms   {} requests",
            took * 1000.0,
            selection.rows.len()
        );
    }
    duckdb(&journals, ready);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed().as_secs_f64())
}

fn mb(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}

/// What any reader must do at least: find the lines and parse each into typed fields.
fn bare_parse(files: &[PathBuf]) -> u64 {
    let mut lines = 0;
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        for line in bytes.split(|byte| *byte == b'\n') {
            lines += u64::from(std::hint::black_box(wire::parse_typed(line)).is_ok());
        }
    }
    lines
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The command, or Python's package of the same name, whichever is installed.
fn duckdb(journals: &Path, ours: f64) {
    let files = journals.join("*.jsonl");
    let sql = format!(
        "create table t as select * from read_json_auto('{}', ignore_errors=true, union_by_name=true, sample_size=20000)",
        files.display()
    );
    let python = format!("import duckdb; duckdb.sql(\"\"\"{sql}\"\"\")");
    for (command, arguments) in [("duckdb", [":memory:", &sql]), ("python3", ["-c", &python])] {
        let (ran, took) = timed(|| Command::new(command).args(arguments).output());
        match ran {
            Ok(output) if output.status.success() => {
                println!(
                    "DuckDB read_json_auto                    {took:>7.2} s   {:.1} × ours (must 3, aim 8)",
                    took / ours
                );
                return;
            }
            Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("No module named") => {
                println!("DuckDB failed: {}", String::from_utf8_lossy(&output.stderr));
                return;
            }
            _ => {}
        }
    }
    println!("DuckDB is not installed: not compared");
}
