//! Verification of whole cases: verdicts agree with the answer key, outside checkpoints catch what was cut or rewritten,
//! and the commands shown really reproduce what they say.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "common/schema.rs"]
mod schema;

use backtrail::model::{Nanos, Status, Step};
use backtrail::proof::ladder::{EvidenceFor, climb};
use backtrail::proof::merkle::leaf_hash;
use backtrail::store::Case;
use backtrail::store::views::{Cell, Flow, Views};
use backtrail::work::Cancel;
use backtrail::work::archive::Outside;
use backtrail::work::copies;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, Verification, verify};
use schema::validate;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

struct Scene {
    folder: TempDir,
    verification: Verification,
}

impl Scene {
    fn new(scenario: Scenario, seed: u64, records: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Simulation::new(scenario, seed, records).write(&folder.path().join("journals"), &mut |_| ()).unwrap();
        let mut case = Case::create_or_open(&folder.path().join("a.case")).unwrap();
        ingest(&mut case, &[folder.path().join("journals")], &mut Watcher::none()).unwrap();
        let pins = pins(&folder.path().join("journals"));
        let verification = verify(&mut case, &pins, &mut Watcher::none()).unwrap();
        Self { folder, verification }
    }

    fn journals(&self) -> PathBuf {
        self.folder.path().join("journals")
    }

    fn case(&self) -> Case {
        Case::create_or_open(&self.folder.path().join("a.case")).unwrap()
    }

    fn study(&self) -> Study {
        Study::open(&self.folder.path().join("a.case")).unwrap()
    }

    fn truth(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.journals().join("truth.json")).unwrap()).unwrap()
    }

    fn failed(&self, step: Step) -> BTreeSet<String> {
        let study = self.study();
        let failures =
            self.verification.failures.iter().filter(|f| f.step == step && f.status == Status::Failed);
        failures.map(|failure| study.snapshot.id(failure.row).unwrap()).collect()
    }
}

fn pins(journals: &Path) -> Pins {
    Pins { trust: std::fs::read_to_string(journals.join("trust.toml")).unwrap(), ..Pins::default() }
}

fn incident() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| Scene::new(Scenario::Default, 3, 1500))
}

fn ids(value: &Value) -> BTreeSet<String> {
    value["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn forged_and_replayed_signatures_are_found_and_no_genuine_one_is_blamed() {
    let scene = incident();
    let truth = scene.truth();
    let proofs = &truth["proofs"];
    let (forged, replayed) = (ids(&proofs["forged"]), ids(&proofs["replayed"]));
    assert!(!forged.is_empty() && !replayed.is_empty(), "the incident has broken proofs");
    let failed = scene.failed(Step::Signature);
    assert!(forged.is_subset(&failed), "{forged:?} {failed:?}");
    // A proof copied whole still verifies: that two requests share it is what gives it away.
    let findings = scene.study().findings;
    let shared = findings.iter().find(|finding| finding.rule == "replayed-signature").unwrap();
    let shared: BTreeSet<String> =
        shared.evidence.iter().map(|row| scene.study().snapshot.id(*row).unwrap()).collect();
    let copied = replayed.difference(&failed).count() as u64;
    for id in replayed {
        assert!(failed.contains(&id) || shared.contains(&id), "{id}");
    }
    assert!(failed.iter().all(|id| forged.contains(id) || shared.contains(id)), "{failed:?}");
    let genuine = proofs["genuine"].as_u64().unwrap() + copied;
    assert_eq!(scene.verification.count(Step::Signature, Status::Verified), genuine);
    let rules: Vec<String> = scene.study().findings.into_iter().map(|finding| finding.rule).collect();
    assert!(rules.iter().any(|rule| rule == "bad-signature" || rule == "replayed-signature"), "{rules:?}");
}

#[test]
fn only_enclaves_that_signed_attest_once_proofs_are_verified() {
    let scene = incident();
    let study = scene.study();
    let expected = &scene.truth()["requests"]["by_evidence_if_only_valid_signatures_attest"];
    for (place, name) in ["none", "claimed", "scheduled", "attested"].into_iter().enumerate() {
        assert_eq!(study.fold.by_evidence[place], expected[name], "{name}");
    }
    assert!(study.verified);
}

#[test]
fn asking_again_is_a_look_up_and_other_pins_are_another_question() {
    let scene = Scene::new(Scenario::Money, 5, 300);
    let again = verify(&mut scene.case(), &pins(&scene.journals()), &mut Watcher::none()).unwrap();
    assert_eq!(again, scene.verification);
    let unpinned = verify(&mut scene.case(), &Pins::default(), &mut Watcher::none()).unwrap();
    assert_eq!(unpinned.count(Step::Checkpoint, Status::Verified), 0);
    assert!(unpinned.count(Step::Checkpoint, Status::Untrusted) > 0);
    let back = verify(&mut scene.case(), &pins(&scene.journals()), &mut Watcher::none()).unwrap();
    assert_eq!(back, scene.verification);
}

#[test]
fn verifying_can_be_stopped_and_goes_on_to_the_same_verdicts() {
    let scene = Scene::new(Scenario::Default, 9, 300);
    let fresh = scene.folder.path().join("fresh.case");
    let mut case = Case::create_or_open(&fresh).unwrap();
    ingest(&mut case, &[scene.journals()], &mut Watcher::none()).unwrap();
    for stop_after in 0..6 {
        let cancel = Cancel::default();
        let (flag, mut seen) = (cancel.clone(), 0);
        let report = Box::new(move |_| {
            seen += 1;
            if seen > stop_after {
                flag.cancel();
            }
        });
        let mut watcher = Watcher { cancel, report, pictures: backtrail::work::ingest::Pictures::Unwanted };
        let _ = verify(&mut case, &pins(&scene.journals()), &mut watcher);
    }
    let whole = verify(&mut case, &pins(&scene.journals()), &mut Watcher::none()).unwrap();
    assert_eq!(whole, scene.verification);
}

#[test]
fn tampering_is_found_with_the_lines_it_may_be_in() {
    let scene = Scene::new(Scenario::Tampered, 3, 1500);
    let outside = std::fs::read_dir(scene.journals().join("checkpoints")).unwrap();
    let outside: Vec<Outside> = outside
        .map(|entry| entry.unwrap().path())
        .map(|path| Outside { note: std::fs::read_to_string(&path).unwrap(), path })
        .collect();
    let pins = Pins { outside, ..pins(&scene.journals()) };
    verify(&mut scene.case(), &pins, &mut Watcher::none()).unwrap();
    let findings = scene.study().findings;
    for rule in ["bad-checkpoint", "cut-tail", "conflicts", "torn-tail"] {
        assert!(findings.iter().any(|finding| finding.rule == rule), "{rule}: {findings:#?}");
    }
    let bad = findings.iter().find(|finding| finding.rule == "bad-checkpoint").unwrap();
    assert!(bad.sentence.contains("are in doubt"), "{}", bad.sentence);
}

#[test]
fn a_copy_held_elsewhere_names_the_changed_line_and_the_log_vouches_for_the_copy() {
    let scene = Scene::new(Scenario::Tampered, 3, 1500);
    let truth = scene.truth();
    let edited =
        truth["tampered"].as_array().unwrap().iter().find(|one| one["what"] == "edited line").unwrap();
    let (file, line) = (edited["file"].as_str().unwrap(), edited["line"].as_u64().unwrap());
    let journal = std::fs::read(scene.journals().join(file)).unwrap();
    let mut lines: Vec<Vec<u8>> = journal.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let place = line as usize;
    let good = String::from_utf8(lines[place].clone()).unwrap();
    lines[place] = good.replacen(r#""version":"2.4.0""#, r#""version":"2.4.1""#, 1).into_bytes();
    assert_ne!(lines[place], good.as_bytes());
    let was = scene.folder.path().join("was.jsonl");
    std::fs::write(&was, lines.join(&b'\n')).unwrap();
    // The same tree as tiles: 256 leaf hashes a file, the last one partial.
    let leaves: Vec<u8> = lines[..lines.len() - 1].iter().flat_map(|line| leaf_hash(line).0).collect();
    let tiles = scene.folder.path().join("tiles");
    for (n, tile) in leaves.chunks(256 * 32).enumerate() {
        let folder = tiles.join("tile/0");
        let partial = if tile.len() < 256 * 32 { format!(".p/{}", tile.len() / 32) } else { String::new() };
        let path = folder.join(format!("{n:03}{partial}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, tile).unwrap();
    }
    for copy in [was.clone(), tiles] {
        let (study, archive) = (scene.study(), scene.study().archive().unwrap());
        let copies = copies::compare(&study, &archive, &[copy], &Cancel::default()).unwrap();
        let stretch = copies::Stretch { line, lines: 1, copy_line: line, copy_lines: 1 };
        assert_eq!(copies[0].differences, [stretch], "that line and no other");
        assert_eq!(copies[0].journal_lines - 1, copies[0].same);
        let pins = Pins { copies, ..pins(&scene.journals()) };
        verify(&mut scene.case(), &pins, &mut Watcher::none()).unwrap();
        let study = scene.study();
        let named = study.findings.iter().find(|finding| finding.rule == "differs-from-copy").unwrap();
        let words = format!("line {}; the copy has the root that the pinned log signed", line + 1);
        assert!(named.sentence.contains(&words), "{}", named.sentence);
        assert_eq!(study.snapshot.id(named.evidence[0]).unwrap(), edited["id"].as_str().unwrap());
        let doubted = study.findings.iter().find(|finding| finding.rule == "bad-checkpoint").unwrap();
        let words = format!("a copy shows line {}", line + 1);
        assert!(doubted.sentence.contains(&words), "{}", doubted.sentence);
        assert_eq!(backtrail::work::verify::asked(&scene.case()).unwrap().copies, pins.copies);
    }
    // The journal as it is agrees with itself; without a copy the finding goes.
    let run = |arguments: &[&str]| {
        let trust = scene.journals().join("trust.toml");
        Command::new(env!("CARGO_BIN_EXE_backtrail"))
            .args(["verify", "a.case", "--json", "--trust", trust.to_str().unwrap()])
            .args(arguments)
            .current_dir(scene.folder.path())
            .output()
            .unwrap()
    };
    let document = |arguments: &[&str]| -> Value { serde_json::from_slice(&run(arguments).stdout).unwrap() };
    let same = document(&["--tree", &format!("journals/{file}")]);
    assert_eq!(
        (&same["copies"][0]["differing"], &same["copies"][0]["differences"]),
        (&0.into(), &Value::Array(vec![]))
    );
    assert!(!scene.study().findings.iter().any(|finding| finding.rule == "differs-from-copy"));
    let told = document(&["--tree", "was.jsonl"]);
    assert_eq!(told["copies"][0]["backed_by"], "signed by the pinned log");
    assert_eq!(told["copies"][0]["differences"][0]["line"], line);
    [same, told].iter().for_each(|document| validate("verify", document));
    std::fs::write(scene.folder.path().join("other.jsonl"), "{\"kind\":\"journal\"}\n").unwrap();
    let refused = run(&["--tree", "other.jsonl"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("of no journal here"));
}

#[test]
fn every_command_of_a_ladder_does_what_it_says_when_pasted() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: openssl is not installed");
        return;
    }
    let scene = incident();
    let study = scene.study();
    let archive = study.archive().unwrap();
    let verdicts = |row| study.snapshot.verdicts(row).unwrap();
    let with = |steps: &[Step]| {
        let verified = |row| {
            verdicts(row).is_some_and(|v| steps.iter().all(|step| v.status(*step) == Some(Status::Verified)))
        };
        let row = study.snapshot.order().unwrap().iter().copied().find(|row| verified(*row));
        archive.path_of(row.unwrap()).unwrap().unwrap()
    };
    let signed = [Step::Checkpoint, Step::Witness, Step::Inclusion, Step::RequestHash, Step::Signature];
    let mut ran = BTreeSet::new();
    for steps in [&signed[..], &[Step::Leaf, Step::Batch], &[Step::Authorisation]] {
        for result in with(steps).steps.iter().filter(|result| result.status == Status::Verified) {
            let Some(command) = &result.reproduce else { continue };
            let output = Command::new("bash").args(["-c", &command.to_string()]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let wanted = match command.expects() {
                words if words.contains("Verified") => words,
                _ => result.computed.trim_start_matches("leaf ").trim_start_matches("0x"),
            };
            let wanted = wanted.split(" over ").next().unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(wanted), "{}: {said} {error}", result.step);
            ran.insert(result.step);
        }
        assert!(steps.iter().all(|step| ran.contains(step)), "{steps:?}: {ran:?} ran");
    }
}

/// What a journal does not prove is asked of others, by a command without a recorded byte that is not hex.
#[test]
fn a_transaction_that_is_only_named_comes_with_the_question_to_a_node() {
    let scene = incident();
    let study = scene.study();
    let archive = study.archive().unwrap();
    let rows = study.snapshot.order().unwrap();
    let named = rows.iter().find_map(|row| {
        let path = archive.path_of(*row).unwrap()?;
        path.step(Step::Receipt).filter(|result| result.status == Status::Asserted).cloned()
    });
    let result = named.expect("the incident settles on a chain");
    let asked = format!("cast receipt {} --rpc-url \"$RPC_URL\"", result.recorded);
    assert_eq!(result.reproduce.unwrap().to_string(), asked);
}

#[test]
fn verdicts_without_words_are_those_with_words() {
    let scene = incident();
    let study = scene.study();
    let archive = study.archive().unwrap();
    let mut seen = 0;
    for row in study.snapshot.order().unwrap().iter() {
        let told = archive.path_of(*row).unwrap();
        assert_eq!(
            archive.verdicts_of(*row).unwrap(),
            told.as_ref().map(backtrail::proof::ladder::Path::verdicts)
        );
        if let Some(path) = told {
            let signature = path.step(Step::Signature).unwrap().status;
            let alone = archive.signature_of(*row).unwrap();
            assert!(alone == Some(signature) || signature == Status::NotApplicable);
            seen += 1;
        }
    }
    assert!(seen > 1000);
}

#[test]
fn sql_tells_the_same_verdicts() {
    let scene = incident();
    let mut counted = Vec::new();
    let sql = "select step, verdict, count(*) from verdicts group by 1, 2";
    let mut views = Views::open(&scene.study().sight(sql, &Cancel::default()).unwrap()).unwrap();
    views
        .select(
            sql,
            |_| (),
            |row| {
                counted.push(row.to_vec());
                Flow::More
            },
        )
        .unwrap();
    let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { String::new() };
    let total: usize = scene.verification.steps.values().map(BTreeMap::len).sum();
    assert_eq!(counted.len(), total);
    for row in counted {
        let step = Step::ALL.into_iter().find(|step| step.name() == text(&row[0])).unwrap();
        let status = Status::ALL.into_iter().find(|status| status.name() == text(&row[1])).unwrap();
        assert_eq!(
            row[2],
            Cell::Integer(scene.verification.count(step, status).cast_signed()),
            "{step} {status}"
        );
    }
}

#[test]
fn a_verdict_judges_then_by_then() {
    let scene = incident();
    // Asked long after everything was revoked, no record of before is worse for it.
    let later = Pins { now: Some(Nanos::parse("2030-01-01T00:00:00Z").unwrap()), ..pins(&scene.journals()) };
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::create_or_open(&folder.path().join("later.case")).unwrap();
    ingest(&mut case, &[scene.journals()], &mut Watcher::none()).unwrap();
    let verification = verify(&mut case, &later, &mut Watcher::none()).unwrap();
    assert_eq!(verification.steps, scene.verification.steps);
}

#[test]
fn an_incident_with_flaws_has_their_findings() {
    let rules = |scene: &Scene| -> BTreeSet<String> {
        scene.study().findings.into_iter().map(|finding| finding.rule).collect()
    };
    let found = rules(incident());
    for rule in ["bad-signature", "replayed-signature", "payment-beyond-authorisation"] {
        assert!(found.contains(rule), "{rule} is not among {found:?}");
    }
    assert!(!found.contains("unpinned-log-key") && !found.contains("unpinned-relay"), "all are pinned");
    let scene = Scene::new(Scenario::Money, 5, 300);
    verify(&mut scene.case(), &Pins::default(), &mut Watcher::none()).unwrap();
    assert!(rules(&scene).contains("unpinned-log-key"));
}

#[test]
fn the_page_of_proofs_says_of_each_step_what_the_ladder_says() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PROOFS.md")).unwrap();
    let trust = backtrail::proof::trust::Trust::default();
    let bare = EvidenceFor::bare(&trust, b"{}", 0, Nanos(0), Nanos(0));
    for result in climb(&bare).steps {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| `{}` |", result.step.name()))).unwrap();
        assert!(row.ends_with(&format!("| {} | {} |", result.proves, result.does_not_prove)), "{row}");
    }
    for status in Status::ALL {
        assert!(page.lines().any(|line| line.starts_with(&format!("| {} |", status.name()))), "{status}");
    }
}
