//! Journals in, a case out: what a case says must agree with the answer key, however often it is killed and resumed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::model::{Nanos, Pointers};
use backtrail::store::Case;
use backtrail::work::filter::Filter;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::select::select;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use backtrail::work::{Cancel, WorkError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn simulate(scenario: Scenario, seed: u64, records: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let simulation = Simulation { signed: false, ..Simulation::new(scenario, seed, records) };
    simulation.write(&folder.path().join("journals"), &mut |_| ()).unwrap();
    folder
}

fn journals(folder: &TempDir) -> PathBuf {
    folder.path().join("journals")
}

fn read(case: &Path, journals: &Path) -> Result<Study, WorkError> {
    let mut case = Case::create_or_open(case)?;
    ingest(&mut case, &[journals.to_owned()], &mut Watcher::none())?;
    Study::open(case.path())
}

fn truth(folder: &TempDir) -> Value {
    serde_json::from_slice(&std::fs::read(journals(folder).join("truth.json")).unwrap()).unwrap()
}

#[test]
fn a_case_agrees_with_the_answer_key() {
    // The key of `tampered` tells of the journals before somebody altered them.
    for scenario in Scenario::ALL.into_iter().filter(|scenario| *scenario != Scenario::Tampered) {
        let folder = simulate(scenario, 11, 9000);
        let study = read(&folder.path().join("a.case"), &journals(&folder)).unwrap();
        let truth = truth(&folder);
        let name = scenario.name();
        assert_eq!(study.fold.requests(), truth["requests"]["total"], "{name}");
        for (model, versions) in truth["requests"]["effective_counts"].as_object().unwrap() {
            for (version, count) in versions.as_object().unwrap() {
                let model =
                    study.snapshot.names(backtrail::journal::Names::Model).find(model).map_or(0, u64::from);
                let number = study
                    .snapshot
                    .names(backtrail::journal::Names::Version)
                    .find(version)
                    .map_or(0, u64::from);
                assert_eq!(study.fold.served(model, number), *count, "{name}: {version}");
            }
        }
        for (flag, pointer) in Pointers::ALL {
            assert_eq!(study.fold.pointer(flag), truth["pointers"][pointer]["count"], "{name}: {pointer}");
        }
        for node in truth["nodes"].as_array().unwrap() {
            let window = study.window.as_ref().unwrap();
            let found =
                window.nodes.iter().find(|n| study.node_name(n.node) == node["node"].as_str().unwrap());
            let state = found.map_or("ok", |found| found.state.name());
            // Nobody can tell that a node was early if nobody asked it anything before it was told.
            if node["state"] == "early"
                && found.is_some_and(|found| found.from() == Some(found.scheduled[0].0))
            {
                continue;
            }
            assert_eq!(state, node["state"], "{name}: {}", node["node"]);
        }
    }
}

#[test]
fn tampering_leaves_traces_that_arithmetic_alone_finds() {
    let folder = simulate(Scenario::Tampered, 11, 9000);
    let study = read(&folder.path().join("a.case"), &journals(&folder)).unwrap();
    let has = |rule: &str| study.findings.iter().any(|finding| finding.rule == rule);
    for rule in ["checkpoint-root-mismatch", "conflicts", "torn-tail"] {
        assert!(has(rule), "{rule}: {:?}", study.findings);
    }
}

#[test]
fn filters_count_what_the_fold_counts() {
    let folder = simulate(Scenario::Default, 3, 2000);
    let study = read(&folder.path().join("a.case"), &journals(&folder)).unwrap();
    let window = study.window.as_ref().unwrap();
    let count = |text: &str| {
        let filter = Filter::parse(text, Nanos(0)).unwrap();
        select(&study, &filter, &Cancel::default()).unwrap().rows.len() as u64
    };
    let faulty = study.version_name(window.faulty);
    let model = study.model_name(window.model);
    assert_eq!(count(""), study.fold.requests());
    assert_eq!(
        count(&format!("version={faulty} model={model}")),
        study.fold.served(window.model, window.faulty)
    );
    assert_eq!(
        count(&format!("-version={faulty}")) + count(&format!("version={faulty}")),
        study.fold.requests()
    );
    for (flag, name) in Pointers::ALL {
        assert_eq!(count(&format!("pointer={name}")), study.fold.pointer(flag), "{name}");
    }
    let attested = study.fold.by_evidence[3];
    assert_eq!(count("evidence=attested"), attested);
}

#[test]
fn reading_again_changes_nothing_and_a_changed_journal_is_refused() {
    let folder = simulate(Scenario::Default, 5, 1500);
    let case = folder.path().join("a.case");
    let first = read(&case, &journals(&folder)).unwrap();
    let again = read(&case, &journals(&folder)).unwrap();
    assert_eq!(first.fold, again.fold);
    assert_eq!(first.findings, again.findings);
    let victim = first.snapshot.sources()[1].path.clone();
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&victim, &bytes).unwrap();
    let error = read(&case, &journals(&folder)).unwrap_err();
    assert!(matches!(&error, WorkError::Changed { path, .. } if *path == victim), "{error}");
    let after = Study::open(&case).unwrap();
    assert_eq!(after.fold, first.fold, "the case is as it was");
}

#[test]
fn a_grown_journal_goes_on_from_its_checked_prefix() {
    let folder = simulate(Scenario::Default, 6, 3000);
    let whole = read(&folder.path().join("whole.case"), &journals(&folder)).unwrap();
    let case = folder.path().join("grown.case");
    let paths: Vec<PathBuf> = whole.snapshot.sources().iter().map(|source| source.path.clone()).collect();
    let bytes: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for share in [0.3, 0.31, 0.7, 1.0] {
        for (path, bytes) in paths.iter().zip(&bytes) {
            // Cut anywhere: in the middle of a line, too.
            std::fs::write(path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
        }
        read(&case, &journals(&folder)).unwrap();
    }
    let grown = Study::open(&case).unwrap();
    let summary = |study: &Study| {
        let sources = study.snapshot.sources().iter();
        sources
            .map(|s| (s.path.clone(), s.sha256, s.root, s.lines, s.records, s.faults, s.duplicates))
            .collect::<Vec<_>>()
    };
    assert_eq!(summary(&whole), summary(&grown));
    let named = |study: &Study| {
        study.findings.iter().map(|f| (f.rule.clone(), f.subject.clone(), f.count)).collect::<Vec<_>>()
    };
    assert_eq!(named(&whole), named(&grown));
    assert_eq!(whole.fold.requests(), grown.fold.requests());
    assert_eq!(whole.fold.pointers, grown.fold.pointers);
}
