//! Contents of blobs, from the folder beside the journals or from `--blob`, to the verdict on every surface.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "common/schema.rs"]
mod schema;

use backtrail::model::{Hash, Row, Status, Step};
use backtrail::proof::blob::{NETWORK_SHARDS, walrus_id};
use backtrail::proof::settlement::{Dump, Leaf};
use backtrail::store::Case;
use backtrail::ui::headless::{Stage, play, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command as Asked, Model, Msg, Naming};
use backtrail::ui::theme::Charset;
use backtrail::ui::{theme_of, update};
use backtrail::work::ingest::{Watcher, ingest, journals_in};
use backtrail::work::notebook::Hand;
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, verify};
use schema::validate;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// CIDv1 of the raw bytes `hello world`.
const CID: &str = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
const CONTENT: &[u8] = b"hello world";

struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A journal of one release with this blob and one request of it.
    fn of(blob_id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines = [
            r#"{"kind":"journal","id":"j","at":"2026-10-01T00:00:00Z","spec":"backtrail/1","origin":"j.example"}"#.to_owned(),
            format!(
                r#"{{"kind":"release","id":"rel","at":"2026-10-01T01:00:00Z","model":"m","version":"1.0","blob_id":"{blob_id}"}}"#
            ),
            r#"{"kind":"inference","id":"r","at":"2026-10-01T02:00:00Z","agent":"a","model":"m","version":"1.0"}"#.to_owned(),
        ];
        fs::create_dir(folder.path().join("journals")).unwrap();
        fs::write(folder.path().join("journals/j.jsonl"), lines.join("\n") + "\n").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file in `blobs/` beside the journal.
    fn beside(self, name: &str, content: &[u8]) -> Self {
        self.put(&format!("journals/blobs/{name}"), content);
        self
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_backtrail"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = serde_json::from_slice(&output.stdout);
        assert!(document.is_ok(), "{arguments:?}: {document:?}: {said}");
        document.unwrap()
    }

    /// `verify`'s verdict on the blob of the one request.
    #[track_caller]
    fn verdict(&self, arguments: &[&str]) -> String {
        let document = self.json(&[&["verify", "journals", "--json"], arguments].concat());
        validate("verify", &document);
        let counts = document["steps"]["blob"].as_object().unwrap();
        assert_eq!(counts.len(), 1, "{counts:?}");
        counts.keys().next().unwrap().clone()
    }

    fn step<'d>(document: &'d Value, proof: &str) -> &'d Value {
        document[proof].as_array().unwrap().iter().find(|step| step["step"] == "blob").unwrap()
    }

    fn stage(&self) -> Stage {
        Stage {
            paths: vec![self.path("journals")],
            case: Some(self.path("a.case")),
            size: (120, 40),
            theme: theme_of(Charset::Unicode),
            pins: Pins::default(),
            hand: Hand::now(),
        }
    }
}

#[test]
fn content_beside_the_journals_is_verified_and_wrong_content_fails() {
    for (scene, expected) in [
        (Scene::of(CID), "missing"),
        (Scene::of(CID).beside(CID, CONTENT), "verified"),
        (Scene::of(CID).beside(&format!("{CID}.bin"), CONTENT), "verified"),
        (Scene::of(CID).beside("weights.onnx", CONTENT), "verified"),
        (Scene::of(CID).beside(CID, b"hello worlds"), "failed"),
        (Scene::of(CID).beside("weights.onnx", b"hello worlds"), "missing"),
    ] {
        assert_eq!(scene.verdict(&[]), expected);
        let said = scene.json(&["explain", "journals", "r", "--json"]);
        validate("explain", &said);
        assert_eq!(Scene::step(&said, "proof")["verdict"], expected);
        let one = scene.json(&["verify", "journals", "--id", "r", "--json"]);
        validate("verify", &one);
        assert_eq!(Scene::step(&one, "proof")["verdict"], expected);
        let code = scene.run(&["verify", "journals"]).status.code();
        assert_eq!(code, Some(i32::from(expected == "failed")));
    }
}

#[test]
fn content_given_by_path_counts_and_one_that_nobody_names_is_told() {
    let scene = Scene::of(CID);
    scene.put("elsewhere/weights", CONTENT);
    scene.put("elsewhere/other", b"another thing");
    assert_eq!(scene.verdict(&[]), "missing");
    assert_eq!(scene.verdict(&["--blob", "elsewhere/weights"]), "verified");
    assert_eq!(scene.verdict(&["--blob", "elsewhere"]), "verified");
    assert_eq!(scene.verdict(&["--blob", "elsewhere/other"]), "missing");
    let document = scene.json(&["verify", "journals", "--json", "--blob", "elsewhere/other"]);
    assert_eq!(document["unclaimed"][0]["file"], "elsewhere/other");
    let words =
        String::from_utf8(scene.run(&["verify", "journals", "--blob", "elsewhere/other"]).stdout).unwrap();
    assert!(words.contains("other: the content of no blob that is named here"), "{words}");
    // What verify was given stands when the case is asked again.
    scene.verdict(&["--blob", "elsewhere/weights"]);
    let said = scene.json(&["explain", "journals", "r", "--json"]);
    assert_eq!(Scene::step(&said, "proof")["verdict"], "verified");
    assert_eq!(scene.run(&["verify", "journals", "--blob", "nowhere"]).status.code(), Some(2));
}

#[test]
fn contents_are_no_journals_though_they_look_like_one() {
    let journal =
        b"{\"kind\":\"journal\",\"id\":\"x\",\"at\":\"2026-10-01T00:00:00Z\",\"spec\":\"backtrail/1\"}\n";
    let scene = Scene::of(CID).beside("x.jsonl", journal).beside(&format!("{CID}.json"), b"[]");
    let given = journals_in(&[scene.path("journals")]).unwrap();
    assert_eq!(given.journals.len(), 1);
    assert!(given.journals[0].path.ends_with("j.jsonl"));
    // Named outright, a file is what the person says it is.
    assert_eq!(journals_in(&[scene.path("journals/blobs/x.jsonl")]).unwrap().journals.len(), 1);
}

#[test]
fn the_command_beside_a_verified_blob_shows_the_same() {
    let scene = Scene::of(CID).beside(CID, CONTENT);
    let said = scene.json(&["explain", "journals", "r", "--json"]);
    let step = Scene::step(&said, "proof");
    let output = Command::new("bash").args(["-c", step["reproduce"].as_str().unwrap()]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with(step["computed"].as_str().unwrap()), "{printed}");
    assert_eq!(step["computed"], step["recorded"]);
}

#[test]
fn a_bundle_gives_content_when_asked_for_and_its_reader_names_it_again() {
    let scene = Scene::of(CID).beside(CID, CONTENT);
    let verdict = |name: &str| {
        let checked = scene.json(&["bundle", "verify", name, "--json"]);
        assert_eq!(checked["valid"], true, "{checked}");
        Scene::step(&checked["requests"][0], "proof")["verdict"].as_str().unwrap().to_owned()
    };
    assert!(scene.run(&["bundle", "journals", "--id", "r", "-o", "without.zip"]).status.success());
    assert_eq!(verdict("without.zip"), "missing");
    let with = ["bundle", "journals", "--id", "r", "-o", "with.zip", "--include-content"];
    assert!(scene.run(&with).status.success());
    assert_eq!(verdict("with.zip"), "verified");
    let bytes = fs::read(scene.path("with.zip")).unwrap();
    assert!(bytes.windows(CONTENT.len()).any(|window| window == CONTENT));
    let refused = scene.run(&["bundle", "journals", "--id", "r", "-o", "no.zip", "--blob", "journals/blobs"]);
    assert_eq!(refused.status.code(), Some(2), "content is not given by half");
}

/// Whether a tree is the settled one its root says, so nothing waits for the Walrus id.
#[test]
fn the_content_of_a_settlements_blob_is_its_tree() {
    const BLOB: &str = "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M";
    let leaf = |n: u8| Leaf::G1 { input: Hash([n; 32]), output: Hash([n + 1; 32]) };
    let (settled, other) = ([leaf(1), leaf(3), leaf(5)], [leaf(1), leaf(3), leaf(7)]);
    let dump = |leaves: &[Leaf]| Dump::text_of(leaves).unwrap();
    let root = Dump::parse(&dump(&settled)).unwrap().root();
    let scene = Scene::of(CID);
    let lines = [
        json!({"kind": "inference", "id": "s", "at": "2026-10-01T02:00:00Z", "agent": "a", "model": "m",
            "tee_request_hash": Hash([1; 32]).hex(), "tee_output_hash": Hash([2; 32]).hex()}),
        json!({"kind": "settlement", "id": "batch", "at": "2026-10-01T03:00:00Z", "mode": "batch", "state": "settled", "settles": ["s"],
            "merkle_root": format!("0x{root}"), "batch_size": 3, "blob_id": BLOB}),
    ];
    scene.put("journals/more.jsonl", lines.map(|line| format!("{line}\n")).concat().as_bytes());
    let verdicts = || {
        let document = scene.json(&["verify", "journals", "--json"]);
        ["leaf", "batch"].map(|step| {
            let counts = document["steps"][step].as_object().unwrap();
            counts.keys().find(|verdict| *verdict != "not-applicable").unwrap().clone()
        })
    };
    assert_eq!(verdicts(), ["missing", "missing"]);
    scene.put(&format!("journals/blobs/{BLOB}.json"), dump(&settled).as_bytes());
    assert_eq!(verdicts(), ["verified", "verified"], "what was missing before is asked again");
    scene.put(&format!("journals/blobs/{BLOB}.json"), dump(&other).as_bytes());
    assert_eq!(verdicts(), ["verified", "failed"], "another tree has another root");
    scene.put(&format!("journals/blobs/{BLOB}.json"), b"no tree");
    assert_eq!(verdicts()[1], "failed");
}

/// A Walrus id takes seconds, so one test walks its whole way.
#[test]
fn a_walrus_id_is_computed_in_the_background_once_and_remembered() {
    let id = walrus_id(CONTENT, NETWORK_SHARDS).unwrap().text();
    let scene = Scene::of(&id).beside("weights.bin", CONTENT);
    let mut case = Case::create_or_open(&scene.path("a.case")).unwrap();
    ingest(&mut case, &[scene.path("journals")], &mut Watcher::none()).unwrap();
    let study = Study::open(case.path()).unwrap();
    let row = study.snapshot.find_id("r").unwrap()[0];
    let archive = study.archive().unwrap();
    let status = |archive: &backtrail::work::archive::Archive| {
        archive.path_of(row).unwrap().unwrap().step(Step::Blob).unwrap().status
    };
    assert_eq!(status(&archive), Status::Unchecked, "the ladder does not wait for it");
    let stop = backtrail::work::Cancel::default();
    let mut parts = Vec::new();
    let stopped = archive.name_blob(row, &stop, &mut |part| {
        parts.push(part);
        if part > 0.01 {
            stop.cancel();
        }
    });
    assert!(stopped.is_err() && parts.len() < 100, "it stops where it is");
    assert_eq!(status(&archive), Status::Unchecked);
    // The explorer asks for it by itself, and keeps what it came to.
    let mut model = play(&scene.stage(), &[]);
    let shown = open_request(&mut model, row);
    assert!(shown.contains("blob          verified"), "{shown}");
    let again = Study::open(case.path()).unwrap().archive().unwrap();
    again.name_blob(row, &backtrail::work::Cancel::default(), &mut |_| panic!("computed again")).unwrap();
    assert_eq!(status(&again), Status::Verified);
    let verification = verify(&mut case, &Pins::default(), &mut Watcher::none()).unwrap();
    assert_eq!(verification.count(Step::Blob, Status::Verified), 1);
    // Other content under the same name is other evidence: the kept verdict is not asked.
    fs::write(scene.path(&format!("journals/blobs/{id}")), CONTENT).unwrap();
    fs::remove_file(scene.path("journals/blobs/weights.bin")).unwrap();
    let verification = verify(&mut case, &Pins::default(), &mut Watcher::none()).unwrap();
    assert_eq!(verification.count(Step::Blob, Status::Verified), 1);
    fs::remove_file(scene.path(&format!("journals/blobs/{id}"))).unwrap();
    let verification = verify(&mut case, &Pins::default(), &mut Watcher::none()).unwrap();
    assert_eq!(verification.count(Step::Blob, Status::Missing), 1);
}

fn open_request(model: &mut Model, row: Row) -> String {
    for key in Key::parse_all("3<enter>").unwrap() {
        backtrail::ui::headless::send(model, Msg::Key(key));
    }
    assert!(model.study.as_ref().unwrap().snapshot.id(row).unwrap() == "r");
    text(model)
}

#[test]
fn the_ladder_opens_on_content_that_failed() {
    let scene = Scene::of(CID).beside(CID, b"hello worlds");
    let shown = text(&play(&scene.stage(), &Key::parse_all("3<enter>").unwrap()));
    assert!(shown.contains("✘ failed") && shown.contains("the content has another id"), "{shown}");
    // A cursor that was moved stays.
    let shown = text(&play(&scene.stage(), &Key::parse_all("3<enter>j").unwrap()));
    assert!(shown.contains("▌ · leaf"), "{shown}");
}

#[test]
fn the_explorer_shows_how_far_the_slow_step_is_and_esc_stops_it() {
    let id = "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk";
    let scene = Scene::of(id).beside("weights.bin", CONTENT);
    let mut model = play(&scene.stage(), &Key::parse_all("3").unwrap());
    // Commands are not performed here: what a worker would answer is put in by hand.
    let mut commands = update(&mut model, Msg::Key(Key::parse_all("<enter>").unwrap()[0]));
    let row = commands.iter().find_map(|command| match command {
        Asked::Prove { row } => Some(*row),
        _ => None,
    });
    let row = row.unwrap();
    let study = model.study.clone().unwrap();
    let path = study.archive().unwrap().path_of(row).unwrap();
    let explained = backtrail::work::explain::explain(&study, row).map(|it| (it, Default::default()));
    update(&mut model, Msg::Explained { row, explanation: Box::new(explained) });
    commands = update(&mut model, Msg::Proved { row, path: Box::new(Ok(path.clone())) });
    assert!(matches!(commands[..], [Asked::Name { row: asked }] if asked == row), "{commands:?}");
    update(&mut model, Msg::Naming { row, naming: Naming::UnderWay(42) });
    assert!(text(&model).contains("naming 42 %"), "{}", text(&model));
    // A refresh of the same ladder does not ask a second time.
    assert!(update(&mut model, Msg::Proved { row, path: Box::new(Ok(path)) }).is_empty());
    let commands = update(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
    assert!(matches!(commands[..], [Asked::StopNaming]), "{commands:?}");
    update(&mut model, Msg::Naming { row, naming: Naming::Stopped });
    let shown = text(&model);
    assert!(shown.contains("stopped") && !shown.contains("naming 42"), "{shown}");
    let commands = update(&mut model, Msg::Key(Key::parse_all("<esc>").unwrap()[0]));
    assert!(!commands.iter().any(|command| matches!(command, Asked::StopNaming)), "now it goes back");
}
