//! The laws of ingest hold for imported sources: again is the same, grown goes on, changed is refused, sources stay as they are.

use crate::{Scene, every_record_points_at_its_bytes, of_kind, records};
use backtrail::journal::import::mapping::Mapping;
use backtrail::store::Case;
use backtrail::work::ingest::{Pictures, Watcher, ingest_as, read_on};
use backtrail::work::study::Study;
use backtrail::work::{Cancel, WorkError};
use serde_json::json;
use std::fs;
use std::io::Write;

fn response(n: u64) -> String {
    let at = 1_774_353_587 + n;
    json!({"id": format!("c-{n}"), "object": "chat.completion", "created": at, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": format!("answer {n}")}, "finish_reason": "stop"}]})
    .to_string()
}

fn lines(range: std::ops::Range<u64>) -> String {
    range.map(|n| response(n) + "\n").collect()
}

#[test]
fn reading_again_changes_nothing() {
    let scene = Scene::of("r.jsonl", lines(0..500)).with("native.jsonl", "{\"kind\":\"action\",\"id\":\"a\",\"at\":\"2026-03-24T12:00:00Z\",\"agent\":\"x\",\"action\":\"buy\"}\n");
    let before = fs::read(scene.sources().join("r.jsonl")).unwrap();
    let first = records(&scene.read());
    let again = records(&scene.read());
    assert_eq!(first, again);
    assert_eq!(first.len(), 501, "beside a journal");
    assert_eq!(fs::read(scene.sources().join("r.jsonl")).unwrap(), before);
}

#[test]
fn a_grown_source_goes_on_and_a_changed_one_is_refused() {
    let whole = lines(0..400);
    let scene = Scene::of("r.jsonl", "");
    // Cut anywhere, in the middle of a line too.
    for share in [0.3, 0.301, 0.7, 1.0] {
        let cut = (whole.len() as f64 * share) as usize;
        fs::write(scene.sources().join("r.jsonl"), &whole[..cut]).unwrap();
        scene.read();
    }
    let grown = scene.read();
    every_record_points_at_its_bytes(&grown);
    assert_eq!(records(&grown), records(&Scene::of("r.jsonl", &whole).read()));
    let changed = whole.replacen("answer 7", "answer 8", 1);
    fs::write(scene.sources().join("r.jsonl"), changed).unwrap();
    let error = scene.try_read().map(|_| ()).unwrap_err();
    assert!(matches!(error, WorkError::Changed { .. }), "{error}");
}

#[test]
fn an_array_that_grew_goes_on_too() {
    let array = |n: u64| format!("[\n{}\n]\n", (0..n).map(response).collect::<Vec<_>>().join(",\n"));
    let scene = Scene::of("r.json", array(5));
    scene.read();
    fs::write(scene.sources().join("r.json"), array(9)).unwrap();
    let study = scene.read();
    assert_eq!(of_kind(&study, "inference").len(), 9);
    every_record_points_at_its_bytes(&study);
}

#[test]
fn other_labels_need_another_case() {
    let scene = Scene::of("r.jsonl", response(1) + "\n");
    let request = json!({"request": {"model": "m", "messages": [], "user": "alice"}, "response": serde_json::from_str::<serde_json::Value>(&response(1)).unwrap()});
    let scene = scene.with("r.jsonl", format!("{request}\n"));
    scene.read();
    let scene = scene.with("labels.csv", "field,value,agent\nuser,alice,desk-4\n");
    let error = scene.try_read().map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("other options, labels or blocks"), "{error}");
    fs::remove_file(scene.folder.path().join("a.case")).unwrap();
    fs::remove_dir_all(scene.folder.path().join("a.case.d")).unwrap();
    let study = scene.read();
    assert_eq!(crate::only(&study, "inference")["agent"], "desk-4");
}

/// More than a chunk was read when somebody stopped: whether the file or the options are others now cannot be told.
#[test]
fn what_was_broken_off_goes_on_with_the_same_options_only() {
    let answer =
        |n: u64| format!("{{\"success\":true,\"transaction\":\"0x{n:064x}\",\"network\":\"eip155:8453\"}}\n");
    let scene = Scene::of("answers.jsonl", (0..200_000).map(answer).collect::<String>());
    let scene = scene.at("2026-10-04T00:00:00Z");
    let mut case = Case::create_or_open(&scene.folder.path().join("a.case")).unwrap();
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let mut watcher = Watcher {
        cancel,
        report: Box::new(move |progress| {
            if progress.records > 66_000 {
                stop.cancel();
            }
        }),
        pictures: Pictures::Unwanted,
    };
    let stopped = ingest_as(&mut case, &[scene.sources()], &scene.options, &mut watcher);
    assert!(matches!(stopped, Err(WorkError::Cancelled)), "{stopped:?}");
    let rows = case.snapshot().unwrap().rows();
    assert!((65_536..200_000).contains(&rows), "{rows}");
    drop(watcher);
    drop(case);
    let scene = scene.at("2026-10-05T00:00:00Z");
    let error = scene.try_read().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("broken off") && error.contains("other options"), "{error}");
    let scene = scene.at("2026-10-04T00:00:00Z");
    assert_eq!(scene.read().snapshot.rows(), 200_000);
}

fn read_on_in(scene: &Scene) -> Option<u64> {
    let case = scene.folder.path().join("a.case");
    read_on(&case, &mut Watcher::none()).unwrap().map(|done| done.read)
}

fn append(scene: &Scene, name: &str, line: &str) {
    let mut file = fs::File::options().append(true).open(scene.sources().join(name)).unwrap();
    writeln!(file, "{line}").unwrap();
}

/// Whoever follows a case says nothing of labels, times and maps: those it was made with hold, and what was joined across
/// sources is no source that could have grown.
#[test]
fn what_has_grown_is_read_on_as_it_was_given() {
    let asked = |n: u64| {
        let response: serde_json::Value = serde_json::from_str(&response(n)).unwrap();
        json!({"request": {"model": "m", "messages": [], "user": "alice"}, "response": response}).to_string()
    };
    let map =
        "[[record]]\nkind = \"action\"\nid = \"$.id\"\nat = \"$.ts\"\nagent = \"$.who\"\naction = \"=buy\"\n";
    let answer =
        |n: u64| format!("{{\"success\":true,\"transaction\":\"0x{n:064x}\",\"network\":\"eip155:8453\"}}");
    let row = |n: u64| {
        json!({"id": format!("row-{n}"), "ts": format!("2026-10-04T00:00:0{n}Z"), "who": "bob"}).to_string()
    };
    let mut scene = Scene::of("r.jsonl", asked(1) + "\n")
        .with("labels.csv", "field,value,agent\nuser,alice,desk-4\n")
        .with("rows.jsonl", row(1) + "\n")
        .with("answers.jsonl", answer(1) + "\n")
        .at("2026-10-04T00:00:00Z");
    scene.options.mapping = Mapping::parse(map).unwrap();
    scene.read();
    assert_eq!(read_on_in(&scene), None, "nothing has grown");
    append(&scene, "r.jsonl", &asked(2));
    append(&scene, "rows.jsonl", &row(2));
    append(&scene, "answers.jsonl", &answer(2));
    assert_eq!(read_on_in(&scene), Some(3));
    assert_eq!(read_on_in(&scene), None, "and then nothing has");
    let again = scene.read();
    let agents: Vec<_> = of_kind(&again, "inference").iter().map(|record| record["agent"].clone()).collect();
    assert_eq!(agents, ["desk-4", "desk-4"]);
    let of = |kind: &str| of_kind(&again, kind).len();
    assert_eq!((of("action"), of("x402-settlement")), (2, 2));
    // One that is away keeps nobody from reading the others, and is read on when it is back.
    let (rows, away) = (scene.sources().join("rows.jsonl"), scene.sources().join("away"));
    fs::rename(&rows, &away).unwrap();
    append(&scene, "r.jsonl", &asked(3));
    assert_eq!(read_on_in(&scene), Some(1));
    fs::rename(&away, &rows).unwrap();
    append(&scene, "rows.jsonl", &row(3));
    assert_eq!(read_on_in(&scene), Some(1));
    assert_eq!(read_on_in(&scene), None);
    let study = Study::open(&scene.folder.path().join("a.case")).unwrap();
    assert_eq!((of_kind(&study, "inference").len(), of_kind(&study, "action").len()), (3, 3));
}

#[test]
fn what_was_imported_is_missed_when_the_file_changes_under_the_case() {
    let scene = Scene::of("r.jsonl", lines(0..3));
    let study = scene.read();
    fs::write(scene.sources().join("r.jsonl"), lines(0..3).replace("answer 1", "answer X")).unwrap();
    let row = study.snapshot.find_id("c-1").unwrap()[0];
    let (_, bytes) = study.snapshot.original(row).unwrap().unwrap();
    assert_eq!(bytes, None);
}

#[test]
fn compressed_sources_are_imported_with_places_in_what_they_unpack_to() {
    let plain = lines(0..50);
    let packed = zstd::encode_all(plain.as_bytes(), 3).unwrap();
    let scene = Scene::of("r.jsonl.zst", packed);
    let study = scene.read();
    let row = study.snapshot.find_id("c-9").unwrap()[0];
    let (provenance, bytes) = study.snapshot.original(row).unwrap().unwrap();
    assert_eq!(bytes.unwrap(), response(9).into_bytes());
    assert_eq!(provenance.line, 9);
}
