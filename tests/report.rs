//! Reports through the program itself: every number walks back, nothing changed passes a check, nothing recorded can run.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "common/schema.rs"]
mod schema;

use backtrail::report::json;
use backtrail::report::model::{Report, Value as Cell};
use backtrail::report::{Format, Made, Order};
use backtrail::store::views::{Cell as Sql, Flow, Views};
use backtrail::work::Cancel;
use backtrail::work::study::{Choice, Study};
use schema::validate;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The bundled incident as a verified case, made once for all tests.
struct Sample {
    folder: TempDir,
}

fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let sample = Sample { folder: tempfile::tempdir().unwrap() };
        let case = sample.path("sample.case");
        assert_eq!(run(&["ingest", &journals(), "--case", &case]).status.code(), Some(0));
        let trust = format!("{}/trust.toml", journals());
        // The sample holds false proofs on purpose.
        assert_eq!(run(&["verify", &case, "--trust", &trust]).status.code(), Some(1));
        assert_eq!(
            run(&["report", &case, "--format", "all", "-o", &sample.path("all")]).status.code(),
            Some(0)
        );
        sample
    })
}

impl Sample {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn case(&self) -> String {
        self.path("sample.case")
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("all").join(name)).unwrap()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.text("report.json")).unwrap()
    }
}

fn journals() -> String {
    format!("{}/sample-data", env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    let home = std::env::temp_dir();
    command.args(arguments).env("XDG_CACHE_HOME", home.join("backtrail-report-tests")).output().unwrap()
}

/// Exit code and standard output of a check.
fn check(report: &str, more: &[&str]) -> (i32, String) {
    let output = run(&[&["check", report], more].concat());
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Saves a report as it is, its digest made right again: what a careful forger would send.
fn forged(folder: &Path, report: &Value) -> String {
    let mut report = report.clone();
    let digest = json::digest(report.as_object().unwrap());
    report["digest"] = digest.into();
    let path = folder.join("forged.json");
    fs::write(&path, report.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_figure_is_the_answer_to_its_own_question() {
    let study = Study::open(Path::new(&sample().case())).unwrap();
    let made = Made::of(&study, &Order::default(), &Cancel::default()).unwrap();
    let mut asked = 0;
    for figure in made.report.figures() {
        let Some(sql) = &figure.basis.sql else {
            continue;
        };
        let parameters: Vec<(String, Sql)> = sql
            .parameters
            .iter()
            .map(|(name, value)| {
                ((*name).to_owned(), Sql::Text(json::value(&made.report, value).as_str().unwrap().to_owned()))
            })
            .collect();
        let sight = study.sight(&sql.text, &Cancel::default()).unwrap();
        let mut views = Views::open(&sight).unwrap();
        let mut answer: Vec<Sql> = Vec::new();
        let take = |row: &[Sql]| {
            answer = row.to_vec();
            Flow::Enough
        };
        views
            .select_with(&sql.text, &parameters, |_| {}, take)
            .unwrap_or_else(|e| panic!("{}: {e}", figure.id));
        let number = |n: u64| Sql::Integer(n.cast_signed());
        let expected: Vec<Sql> = match &figure.value {
            Cell::Count(n) => vec![number(*n)],
            Cell::Share { part, whole } => vec![number(*part), number(*whole)],
            Cell::Time(at) => vec![Sql::Text(at.rfc3339())],
            Cell::Absent => vec![Sql::Null],
            other => panic!("{}: no question answers {other:?}", figure.id),
        };
        assert_eq!(answer, expected, "{}: {}", figure.id, sql.text);
        asked += 1;
    }
    assert!(asked >= 35, "only {asked} figures have a question");
}

#[test]
fn every_format_carries_the_same_numbers() {
    let sample = sample();
    let report = sample.report();
    let statement: Value = serde_json::from_str(&sample.text("statement.intoto.json")).unwrap();
    let ocsf: Value = serde_json::from_str(&sample.text("incident.ocsf.json")).unwrap();
    let (html, markdown, csv) =
        (sample.text("report.html"), sample.text("report.md"), sample.text("csv/figures.csv"));
    for (id, figure) in report["figures"].as_object().unwrap() {
        assert_eq!(statement["predicate"]["backtrail"]["figures"][id], figure["value"], "{id}");
        assert_eq!(ocsf["unmapped"]["figures"][id], figure["value"], "{id}");
        assert!(html.contains(&format!("id=\"f-{id}\"")), "{id}");
        let row = markdown.lines().find(|line| line.ends_with(&format!("| {id} |"))).unwrap();
        assert!(row.contains(figure["shown"].as_str().unwrap()), "{row}");
        assert!(csv.lines().any(|line| line.starts_with(&format!("{id},"))), "{id}");
    }
    assert_eq!(statement["predicate"]["backtrail"]["report_digest"], report["digest"]);
}

#[test]
fn the_same_case_gives_the_same_bytes_wherever_it_is_made() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(run(&["ingest", &journals(), "--case", &path("again.case")]).status.success());
    let trust = format!("{}/trust.toml", journals());
    run(&["verify", &path("again.case"), "--trust", &trust]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.args(["report", &path("again.case"), "--format", "all", "-o", &path("all")]);
    assert!(command.env("TZ", "Asia/Tokyo").env("LC_ALL", "de_DE.UTF-8").output().unwrap().status.success());
    let sums = fs::read_to_string(path("all/SHA256SUMS")).unwrap();
    assert_eq!(sums, sample.text("SHA256SUMS"));
    assert!(sums.lines().count() > 15);
}

#[test]
fn a_stranger_gets_the_same_numbers_from_the_journals_alone() {
    let (code, said) = check(&sample().path("all/report.json"), &[&journals()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("same: "), "{said}");
}

#[test]
fn journals_may_lie_elsewhere_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&journals()), folder.path());
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(".jsonl"));
    paths.sort();
    paths.reverse();
    let renamed = folder.path().join("renamed-on-the-way.jsonl");
    let first = paths.iter().position(|path| path.ends_with("gw-eu-1.jsonl")).unwrap();
    fs::rename(&paths[first], &renamed).unwrap();
    paths[first] = renamed;
    let paths: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    let (code, said) = check(&sample().path("all/report.json"), &paths);
    assert_eq!(code, 0, "{said}");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_figure_changed_by_one_digit_is_caught_even_under_a_new_digest() {
    let folder = tempfile::tempdir().unwrap();
    let report = sample().report();
    for (pointer, value) in [
        ("/figures/requests.faulty/value", Value::from(239)),
        ("/figures/requests.share/value/whole", Value::from(2327)),
        ("/figures/requests.faulty/basis/weakest_evidence", Value::from("attested")),
        ("/evidence/3/records", Value::from(1)),
    ] {
        let mut edited = report.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        let (code, said) = check(&forged(folder.path(), &edited), &[&journals()]);
        assert_eq!(code, 1, "{pointer}: {said}");
        assert!(said.contains(pointer), "{pointer}: {said}");
    }
}

/// The last digit in each block of each section (a sentence, a cell, a bar, a point of a picture), and every figure.
#[test]
fn one_digit_in_any_part_of_the_report_is_caught_even_under_a_new_digest() {
    let folder = tempfile::tempdir().unwrap();
    let mut edited = sample().report();
    let mut changed: Vec<String> = Vec::new();
    for (n, section) in edited["sections"].as_array_mut().unwrap().iter_mut().enumerate() {
        if section["id"] == "log" {
            continue;
        }
        for (m, block) in section["blocks"].as_array_mut().unwrap().iter_mut().enumerate() {
            // Figures stand in a map of their own; what a block of them says is their names.
            if block["type"] != "figures" && spoil(block) {
                changed.push(format!("/sections/{n}/blocks/{m}/"));
            }
        }
    }
    let sections: std::collections::BTreeSet<&str> =
        changed.iter().map(|place| place.split('/').nth(2).unwrap()).collect();
    assert!(sections.len() >= 14, "only sections {sections:?} hold a digit");
    for (id, figure) in edited["figures"].as_object_mut().unwrap() {
        if spoil(&mut figure["value"]) {
            changed.push(format!("/figures/{id}/value"));
        }
    }
    for part in
        ["reach", "payments", "pairs", "agents", "self_check", "requests", "proofs", "integrity", "time"]
    {
        assert!(
            changed.iter().any(|place| place.starts_with(&format!("/figures/{part}."))),
            "no figure {part}"
        );
    }
    let (code, said) = check(&forged(folder.path(), &edited), &[&journals(), "--json"]);
    assert_eq!(code, 1);
    let told: Value = serde_json::from_str(&said).unwrap();
    let told: Vec<&str> = told["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|difference| difference["place"].as_str().unwrap())
        .collect();
    for place in changed {
        assert!(told.iter().any(|told| told.starts_with(&place)), "{place} was changed unseen");
    }
}

/// Changes the last digit there is in a value.
fn spoil(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            *value = number.as_u64().map_or_else(|| Value::from(7.5), |n| Value::from(n + 1));
            true
        }
        Value::String(text) => {
            let Some(place) = text.rfind(|c: char| c.is_ascii_digit()) else {
                return false;
            };
            let digit = if text[place..].starts_with('9') { "8" } else { "9" };
            text.replace_range(place..=place, digit);
            true
        }
        Value::Array(values) => values.iter_mut().rev().any(spoil),
        // What a table says by itself: its rows, not the titles it is told under.
        Value::Object(fields) => {
            let own = ["rows", "points", "lines", "text", "lanes", "requests", "value", "part", "whole"];
            own.iter().any(|name| fields.get_mut(*name).is_some_and(spoil))
        }
        _ => false,
    }
}

/// Every digit of the file, by the digest it carries; the walk above shows that making the digest right does not help.
#[test]
fn no_digit_of_the_file_can_change_unseen() {
    let text = sample().text("report.json");
    let places: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(n, _)| n).collect();
    for place in places.into_iter().step_by(37) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'9' { b'8' } else { bytes[place] + 1 };
        let Ok(Value::Object(edited)) = serde_json::from_slice(&bytes) else {
            continue;
        };
        // A digest over what was said, beside the digest that was said.
        assert_ne!(edited["digest"].as_str().unwrap(), json::digest(&edited), "byte {place}");
    }
}

#[test]
fn a_journal_changed_by_one_byte_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&journals()), folder.path());
    let path = folder.path().join("gw-eu-2.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let place = text.find("\"tokens_out\":").unwrap() + 13;
    bytes[place] = if bytes[place] == b'9' { b'8' } else { bytes[place] + 1 };
    fs::write(&path, bytes).unwrap();
    let (code, said) = check(&sample().path("all/report.json"), &[folder.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(said.contains("journals gw-eu-2.jsonl") && said.contains("other bytes"), "{said}");
}

#[test]
fn a_missing_and_an_added_journal_are_told() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&journals()), folder.path());
    fs::rename(folder.path().join("gw-eu-2.jsonl"), folder.path().join("gw-eu-2.away")).unwrap();
    fs::write(
        folder.path().join("extra.jsonl"),
        "{\"kind\":\"x\",\"id\":\"1\",\"at\":\"2026-10-05T00:00:00Z\"}\n",
    )
    .unwrap();
    let (code, said) = check(&sample().path("all/report.json"), &[folder.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(said.contains("no file given has this digest") && said.contains("not in the report"), "{said}");
}

#[test]
fn what_is_withheld_is_nowhere_and_can_be_revealed_later() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made =
        run(&["report", &sample.case(), "--format", "all", "-o", &path("r"), "--redact", "agent,node"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let study = Study::open(Path::new(&sample.case())).unwrap();
    let names = |names| study.snapshot.names(names).texts().to_vec();
    let mut files = vec![];
    for entry in fs::read_dir(path("r")).unwrap().chain(fs::read_dir(path("r/csv")).unwrap()) {
        let file = entry.unwrap().path();
        if file.is_file() {
            files.push(fs::read_to_string(file).unwrap());
        }
    }
    for name in names(backtrail::journal::Names::Agent).iter().chain(&names(backtrail::journal::Names::Node))
    {
        // The pins name logs, which carry their nodes' names: pins are needed whole.
        let shown = files.iter().map(|text| text.replace("example/provenance", "")).any(|text| {
            text.match_indices(&**name).any(|(at, _)| {
                let edge = |c: Option<char>| {
                    c.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_' && c != '.')
                };
                edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next())
            })
        });
        assert!(!shown, "{name} is told");
    }
    let report = path("r/report.json");
    let (code, said) = check(&report, &[&journals()]);
    assert_eq!(code, 0, "without salts: {said}");
    let (code, said) = check(&report, &[&journals(), "--salts", &path("r.salts.json")]);
    assert_eq!(code, 0, "with salts: {said}");
    // The same salts give the same bytes.
    let again = run(&[
        "report",
        &sample.case(),
        "--format",
        "json",
        "-o",
        &path("again.json"),
        "--redact",
        "agent,node",
        "--salts",
        &path("r.salts.json"),
    ]);
    assert!(again.status.success());
    assert_eq!(fs::read(path("again.json")).unwrap(), fs::read(&report).unwrap());
    // One value told on its own, and one told falsely.
    let mut salts: Value = serde_json::from_str(&fs::read_to_string(path("r.salts.json")).unwrap()).unwrap();
    validate("salts", &salts);
    let one = salts["values"][0].clone();
    salts.as_object_mut().unwrap().remove("seed");
    salts["values"] = serde_json::json!([one]);
    fs::write(path("one.json"), salts.to_string()).unwrap();
    assert_eq!(check(&report, &[&journals(), "--salts", &path("one.json")]).0, 0);
    salts["values"][0]["value"] = "somebody-else".into();
    fs::write(path("one.json"), salts.to_string()).unwrap();
    assert_eq!(check(&report, &[&journals(), "--salts", &path("one.json")]).0, 1);
    // Two commitments exchanged: each then stands for two values.
    let text = fs::read_to_string(&report).unwrap();
    let mut marks: Vec<&str> =
        text.match_indices("redacted:node:").map(|(at, _)| &text[at..at + 14 + 64]).collect();
    marks.sort_unstable();
    marks.dedup();
    let mut edited: Value = serde_json::from_str(&text.replacen(marks[0], marks[1], 1)).unwrap();
    edited["digest"] = json::digest(edited.as_object().unwrap()).into();
    fs::write(path("swapped.json"), edited.to_string()).unwrap();
    assert_eq!(check(&path("swapped.json"), &[&journals()]).0, 1);
}

#[test]
fn a_place_that_must_not_be_written_is_left_alone() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&journals()), folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(run(&["ingest", &path("gw-eu-1.jsonl"), "--case", &path("one.case")]).status.success());
    fs::write(path("there.html"), "mine").unwrap();
    let refuse = |arguments: &[&str], words: &str| {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    };
    let case = path("one.case");
    refuse(&["report", &case, "--format", "html", "-o", &path("there.html")], "--force replaces it");
    refuse(
        &["report", &case, "--format", "html", "-o", &path("gw-eu-1.jsonl"), "--force"],
        "part of the evidence",
    );
    refuse(&["report", &case, "--format", "html", "-o", &case, "--force"], "part of the evidence");
    refuse(&["report", &case, "--format", "html", "-o", &path("no/such/place.html")], "no such folder");
    refuse(
        &["report", &case, "--format", "all", "-o", folder.path().to_str().unwrap(), "--force"],
        "holds evidence",
    );
    refuse(&["report", &case, "--format", "papyrus", "-o", &path("x")], "papyrus");
    refuse(
        &["report", &case, "--format", "json", "-o", &path("x"), "--redact", "everything"],
        "cannot be withheld",
    );
    refuse(&["report", &case, "--format", "json", "-o", &path("x"), "--at", "yesterday"], "--at");
    refuse(&["check", &path("registry.jsonl"), &path("gw-eu-2.jsonl")], "the report is not JSON");
    assert_eq!(fs::read_to_string(path("there.html")).unwrap(), "mine");
    assert!(!Path::new(&path("x")).exists());
    let forced = run(&["report", &sample.case(), "--format", "html", "-o", &path("there.html"), "--force"]);
    assert!(forced.status.success());
    assert!(fs::read_to_string(path("there.html")).unwrap().starts_with("<!doctype html>"));
    if Path::new("/dev/full").exists() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        let output =
            command.args(["report", &case, "--format", "json", "-o", "-"]).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".backtrail")), "{left:?}");
}

#[test]
fn a_case_without_an_incident_says_why_parts_are_empty() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("quiet.jsonl");
    fs::write(&journal, "{\"kind\":\"inference\",\"id\":\"r\",\"at\":\"2026-10-05T00:00:00Z\",\"agent\":\"a\",\"model\":\"m\"}\n").unwrap();
    let output = run(&["report", journal.to_str().unwrap(), "--format", "md", "-o", "-"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said.contains("nothing is under suspicion") && said.contains("## 14 Evidence register"),
        "{said}"
    );
    for format in ["html", "json", "timesketch", "intoto", "ocsf", "stix"] {
        assert!(
            run(&["report", journal.to_str().unwrap(), "--format", format, "-o", "-"]).status.success(),
            "{format}"
        );
    }
}

/// Names made to be run, to hide, or to be endless, wherever a report shows one.
fn hostile() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let long = "L".repeat(10_000);
    let names = [
        "<script>window.pwned=1</script>",
        "\\\"><img src=x onerror=window.pwned=1>",
        "javascript:window.pwned=1",
        "a\\u202eevil\\u0000x",
        "=cmd|' /C calc'!A0",
        "[x](javascript:alert(1))",
        "</style></title><svg onload=window.pwned=1>",
        "{{ 7*7 }}{% include '/etc/passwd' %}",
        &long,
    ];
    let mut lines = String::new();
    let mut line = |kind: &str, id: &str, minute: usize, rest: &str| {
        let at = format!("2026-10-05T{:02}:{:02}:00Z", minute / 60, minute % 60);
        lines.push_str(&format!("{{\"kind\":\"{kind}\",\"id\":\"{id}\",\"at\":\"{at}\",{rest}}}\n"));
    };
    let bad = names[0];
    for (n, node) in names.iter().enumerate() {
        let deploy = |version: &str, reason: &str| {
            format!(
                "\"node\":\"{node}\",\"model\":\"{bad}\",\"version\":\"{version}\",\"state\":\"active\",\"reason\":\"{reason}\""
            )
        };
        line("deployment", &format!("d{n}"), 1, &deploy("1", "release"));
        line("deployment", &format!("e{n}"), 60, &deploy(names[1], names[4]));
        line("deployment", &format!("f{n}"), 120, &deploy("1", "rollback"));
        for minute in [10, 70, 80, 90, 130] {
            let id = if n == 8 { format!("r{n}{minute}") } else { format!("{node}{minute}") };
            let rest = format!(
                "\"node\":\"{node}\",\"agent\":\"{node}\",\"model\":\"{bad}\",\"version\":\"{}\"",
                names[1]
            );
            line("inference", &id, minute, &rest);
        }
    }
    let rest = format!(
        "\"model\":\"{bad}\",\"version\":\"{}\",\"state\":\"declared\",\"title\":\"{}\"",
        names[1], names[6]
    );
    line("incident", names[5], 100, &rest);
    let path = folder.path().join("hostile.jsonl");
    fs::write(&path, lines).unwrap();
    let out = folder.path().join("out").to_str().unwrap().to_owned();
    let output = run(&["report", path.to_str().unwrap(), "--format", "all", "-o", &out]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, out)
}

#[test]
fn nothing_recorded_is_markup_in_any_format() {
    let (folder, out) = hostile();
    let read = |name: &str| fs::read_to_string(Path::new(&out).join(name)).unwrap();
    let html = read("report.html");
    assert_eq!(html.matches("<script").count(), 1, "only our own script");
    for never in ["<img", "<svg onload", "javascript:window.pwned=1\"", "\u{202e}", "\0"] {
        assert!(!html.contains(never), "{never}");
    }
    assert!(html.contains("default-src 'none'") && !html.contains("href=\"http"));
    assert!(html.len() < 2_000_000);
    // A backslash makes what follows it text.
    let mut is_text = false;
    let markup: String = read("report.md")
        .chars()
        .filter(|c| {
            let kept = !is_text && *c != '\\';
            is_text = !is_text && *c == '\\';
            kept
        })
        .collect();
    for line in markup.lines() {
        assert!(!line.contains("<script") && !line.contains("](javascript"), "{line}");
    }
    for file in fs::read_dir(Path::new(&out).join("csv")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for cell in text.split([',', '\n']).filter(|cell| !cell.is_empty()) {
            assert!(!cell.trim_start_matches('"').starts_with(['=', '@', '+']), "{cell}");
        }
    }
    let report = Path::new(&out).join("report.json");
    let journal = folder.path().join("hostile.jsonl");
    let (code, said) = check(report.to_str().unwrap(), &[journal.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    validate("report", &serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap());
}

/// Timesketch's own rules (`read_and_validate_jsonl`): three fields in each line; `timestamp` in microseconds of `datetime`.
#[test]
fn each_event_has_what_timesketch_asks_for() {
    let text = sample().text("timeline.jsonl");
    assert!(Format::Timesketch.file_name().ends_with(".jsonl"));
    let mut events = 0;
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| event[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"));
        assert!(!field("message").is_empty() && !field("timestamp_desc").is_empty());
        let datetime = field("datetime");
        assert!(datetime.ends_with("+00:00"), "{datetime}");
        let nanos = backtrail::model::Nanos::parse(datetime).unwrap().0;
        assert_eq!(event["timestamp"].as_i64().unwrap(), nanos / 1000, "{line}");
        events += 1;
    }
    let affected = sample().report()["attachments"][0]["rows"].as_u64().unwrap();
    assert!(events > affected, "{events} events for {affected} requests and the moments");
}

#[test]
fn a_signed_statement_verifies_under_its_key() {
    use base64::Engine;
    use ed25519_dalek::{Signature, SigningKey, Verifier};
    let sample = sample();
    let key = sample.folder.path().join("signing.key");
    fs::write(&key, "11".repeat(32)).unwrap();
    let output =
        run(&["report", &sample.case(), "--format", "intoto", "-o", "-", "--sign", key.to_str().unwrap()]);
    let envelope: Value = serde_json::from_slice(&output.stdout).unwrap();
    let decode =
        |value: &Value| base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
    let (body, signature) = (decode(&envelope["payload"]), decode(&envelope["signatures"][0]["sig"]));
    let signed =
        backtrail::report::intoto::pre_authentication(envelope["payloadType"].as_str().unwrap(), &body);
    let public = SigningKey::from_bytes(&[0x11; 32]).verifying_key();
    assert!(public.verify(&signed, &Signature::from_slice(&signature).unwrap()).is_ok());
    let statement: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(statement, serde_json::from_str::<Value>(&sample.text("statement.intoto.json")).unwrap());
    assert_eq!(
        statement["subject"].as_array().unwrap().len(),
        sample.report()["evidence"].as_array().unwrap().len()
    );
}

#[test]
fn every_json_document_is_what_its_schema_says() {
    let sample = sample();
    let case = sample.case();
    let document = |arguments: &[&str]| -> Value {
        let output = run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
    };
    let again = sample.path("again.case");
    let trust = format!("{}/trust.toml", journals());
    validate("ingest", &document(&["ingest", &journals(), "--case", &again, "--json"]));
    validate("analyze", &document(&["analyze", &case, "--json"]));
    validate("verify", &document(&["verify", &case, "--trust", &trust, "--json"]));
    validate("verify", &document(&["verify", &case, "--trust", &trust, "--id", "req-00000042", "--json"]));
    validate("explain", &document(&["explain", &case, "req-00000042", "--json"]));
    validate("explain", &document(&["explain", &case, "inc-1", "--json"]));
    validate("explain", &document(&["explain", &case, "gw-eu-1", "--json"]));
    validate("query", &document(&["query", &case, "select * from requests limit 3", "--format", "json"]));
    validate("report", &sample.report());
    validate("ocsf", &serde_json::from_str(&sample.text("incident.ocsf.json")).unwrap());
    validate("statement", &serde_json::from_str(&sample.text("statement.intoto.json")).unwrap());
    validate("check", &document(&["check", &sample.path("all/report.json"), &journals(), "--json"]));
    validate(
        "written",
        &document(&["report", &case, "--format", "md", "-o", &sample.path("w.md"), "--json"]),
    );
}

#[test]
fn a_schema_refuses_what_it_should() {
    let mut report = sample().report();
    report["figures"]["requests.faulty"].as_object_mut().unwrap().remove("basis");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!jsonschema::is_valid(&schema, &report), "a figure without its basis");
}

#[test]
fn the_schema_of_ocsf_refuses_what_the_class_does() {
    let event: Value = serde_json::from_str(&sample().text("incident.ocsf.json")).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/ocsf.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let refused = |change: fn(&mut Value)| {
        let mut event = event.clone();
        change(&mut event);
        !jsonschema::is_valid(&schema, &event)
    };
    assert!(refused(|event| event["finding_info_list"] = Value::Array(Vec::new())));
    assert!(refused(|event| event["type_uid"] = 200_500.into()));
    assert!(refused(|event| event["severity_id"] = "5".into()));
    assert!(refused(|event| event["status_id"] = 17.into()));
    assert!(refused(|event| drop(event.as_object_mut().unwrap().remove("assignee"))));
}

/// Notes are told where they belong, in every format; `check` says that they are somebody's word and passes them over.
#[test]
fn a_note_stands_in_the_section_it_is_about() {
    use backtrail::model::Nanos;
    use backtrail::work::notebook::{Deed, Entry, Hand, Subject, write};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let case = path("noted.case");
    assert!(run(&["ingest", &journals(), "--case", &case]).status.success());
    let hand = Hand { by: "ann".to_owned(), at: Nanos::parse("2026-10-07T00:00:00Z").unwrap() };
    let affected = sample().text("csv/rerun.csv");
    let id = affected.lines().nth(1).unwrap().split(',').next().unwrap();
    for (deed, kind, about, text) in [
        (Deed::Mark, "inference", id, ""),
        (Deed::Comment, "inference", id, "ask the client <b>today</b>"),
        (Deed::Tag, "agent", "underwriter-5", "vip"),
        (Deed::Comment, "finding", "late-serving requests", "known to operations"),
    ] {
        write(Path::new(&case), &[Entry::new(deed, Subject::new(kind, about), text)], &hand).unwrap();
    }
    assert!(run(&["report", &case, "--format", "all", "-o", &path("out")]).status.success());
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    validate("report", &report);
    let noted = |section: &str| {
        let section = report["sections"].as_array().unwrap().iter().find(|s| s["id"] == section).unwrap();
        let blocks = section["blocks"].as_array().unwrap();
        blocks.iter().find(|block| block["type"] == "notes").map(|block| block["notes"].to_string())
    };
    let about_request = noted("requests").unwrap();
    assert!(about_request.contains(id) && about_request.contains("Marked."), "{about_request}");
    assert!(about_request.contains("effectively 2.4.1"), "a request is told in full: {about_request}");
    assert!(noted("agents").unwrap().contains("vip"));
    assert!(noted("gaps").unwrap().contains("known to operations"));
    assert_eq!(noted("money"), None);
    assert!(read("report.html").contains("ask the client &lt;b&gt;today&lt;"));
    assert!(read("report.md").contains(r"ask the client \<b\>today\<"));
    let (code, said) = check(&path("out/report.json"), &[&journals()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("notes from it are their author's word"), "{said}");
}

/// A limit on the size of files stands for a full disk: the write fails in the middle.
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in [("html", "page.html"), ("all", "folder")] {
        let place = folder.path().join(name);
        // Past the limit the kernel sends SIGXFSZ; ignored, the write fails with EFBIG.
        let limited = "ulimit -f 64; trap '' XFSZ; exec \"$0\" report \"$1\" --format \"$2\" -o \"$3\"";
        let mut command = Command::new("bash");
        command.args(["-c", limited, env!("CARGO_BIN_EXE_backtrail"), &sample.case(), format]);
        let Ok(output) = command.arg(&place).output() else {
            println!("skipped: no bash here");
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{format}: {said}");
        assert!(said.to_lowercase().contains("file too large"), "{format}: {said}");
        assert!(!said.contains("panicked") && !place.exists(), "{format}: {said}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The order of the issue's list, whoever it is for; an executive is spared what only an investigator reads.
#[test]
fn each_audience_gets_its_sections_in_order() {
    let ids = |report: &Value| -> Vec<String> {
        let sections = report["sections"].as_array().unwrap();
        sections.iter().map(|section| section["id"].as_str().unwrap().to_owned()).collect()
    };
    let technical = ids(&sample().report());
    assert_eq!(
        technical,
        [
            "summary",
            "facts",
            "scope",
            "timeline",
            "requests",
            "agents",
            "money",
            "behaviour",
            "proofs",
            "exemplars",
            "alternatives",
            "gaps",
            "actions",
            "register",
            "log",
            "reproduce",
            "appendices",
        ]
    );
    let output = run(&["report", &sample().case(), "--format", "json", "-o", "-", "--audience", "executive"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let executive = ids(&report);
    assert!(executive.len() < technical.len() && executive.iter().all(|id| technical.contains(id)));
    for section in report["sections"].as_array().unwrap() {
        for table in section["blocks"].as_array().unwrap().iter().filter(|block| block["list"].is_string()) {
            assert!(table["rows"].as_array().unwrap().len() <= 10, "{}", table["id"]);
        }
    }
    let sections = sample().report()["sections"].clone();
    let tables = |id: &str| -> Vec<String> {
        let section = sections.as_array().unwrap().iter().find(|section| section["id"] == id).unwrap();
        let blocks = section["blocks"].as_array().unwrap().iter();
        blocks.filter_map(|block| block["id"].as_str().map(str::to_owned)).collect()
    };
    assert!(tables("behaviour").contains(&"sensitivity".to_owned()));
    let ladders = tables("exemplars").iter().filter(|id| *id == "ladder").count();
    assert!((3..=7).contains(&ladders), "{ladders} exemplars");
}

#[test]
fn a_choice_is_asked_again_by_check() {
    let sample = sample();
    let path = sample.path("chosen.json");
    let window = "2026-10-05T09:00:00Z..2026-10-05T13:00:00Z";
    let output = run(&[
        "report",
        &sample.case(),
        "--format",
        "json",
        "-o",
        &path,
        "--window",
        window,
        "--audience",
        "executive",
        "--title",
        "For the board",
        "--author",
        "A",
        "--author",
        "B",
        "--final",
        "--at",
        "2026-10-07T00:00:00Z",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (code, said) = check(&path, &[&journals()]);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["statement"]["standing"], "final");
    assert_ne!(
        report["figures"]["requests.late"]["value"],
        sample.report()["figures"]["requests.late"]["value"]
    );
    assert!(report["sections"].as_array().unwrap().iter().all(|section| section["id"] != "exemplars"));
}

/// The model is what formats walk: no section is silent.
#[test]
fn a_section_says_something_or_why_not() {
    let study = Study::choose(Path::new(&sample().case()), &Choice::default(), &Cancel::default()).unwrap();
    let made = Made::of(&study, &Order::default(), &Cancel::default()).unwrap();
    let report: &Report = &made.report;
    for section in &report.sections {
        assert!(section.empty.is_some() == section.blocks.is_empty(), "{}", section.id);
    }
}

#[test]
fn stix_is_valid_to_the_stix2_library() {
    let script = "import sys, stix2; b = stix2.parse(open(sys.argv[1]).read(), allow_custom=False); print(len(b.objects))";
    let bundle = Path::new(&sample().path("all")).join("bundle.stix.json");
    let Ok(output) = Command::new("python3").args(["-c", script]).arg(&bundle).output() else {
        println!("skipped: no python3 here");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("No module named") {
        println!("skipped: the python library stix2 is not installed");
        return;
    }
    assert!(output.status.success(), "{said}");
}

/// A browser opens the page of the hostile case: nothing runs, nothing is asked for, nothing is complained of.
#[test]
fn a_browser_runs_nothing_recorded() {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium here");
        return;
    };
    let (_folder, out) = hostile();
    let pdf = Path::new(&out).join("page.pdf");
    for page in [format!("{out}/report.html"), sample().path("all/report.html")] {
        let open = |arguments: &[&str]| {
            let mut command = Command::new(browser);
            command.args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--virtual-time-budget=4000",
            ]);
            command.args(arguments).arg(format!("file://{page}")).output().unwrap()
        };
        let output = open(&["--dump-dom"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("CONSOLE"), "{said}");
        assert!(dom.contains("aria-sort") || dom.contains("<button"), "our own script ran");
        assert!(!dom.contains("<img") && dom.matches("<script").count() == 1);
        open(&[&format!("--print-to-pdf={}", pdf.display())]);
        assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF"));
        fs::remove_file(&pdf).unwrap();
    }
}

/// axe-core, the checker of the WCAG, run in the page itself. `NODE_PATH` says where `npm install axe-core` put it.
#[test]
fn axe_finds_no_serious_fault() {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium here");
        return;
    };
    let modules = std::env::var_os("NODE_PATH").unwrap_or_default();
    let axe = std::env::split_paths(&modules).map(|path| path.join("axe-core/axe.min.js"));
    let Some(axe) = axe.filter_map(|path| fs::read_to_string(path).ok()).next() else {
        println!("skipped: NODE_PATH holds no axe-core");
        return;
    };
    let (folder, out) = hostile();
    // The page's own policy would refuse the checker. What is left out of the copy is that policy alone.
    let run_it = "axe.run().then(r => { document.title = JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes.length])); });";
    let checked = |page: &str, name: &str| {
        let text = fs::read_to_string(page).unwrap();
        let (before, policy) = text.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
        let (_, after) = policy.split_once('\n').unwrap();
        let spoiled = if name == "spoiled" { "<img src=\"data:,\"><button></button>" } else { "" };
        let text = format!("{before}{after}{spoiled}<script>{axe}</script><script>{run_it}</script>");
        let copy = folder.path().join(format!("{name}.html"));
        fs::write(&copy, text).unwrap();
        let mut command = Command::new(browser);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000"]);
        let output = command.arg("--dump-dom").arg(format!("file://{}", copy.display())).output().unwrap();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        let title = dom.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned();
        assert!(title.starts_with('['), "{name}: axe did not finish: {title}");
        let found: Vec<(String, String, u64)> = serde_json::from_str(&title).unwrap();
        let serious = found.into_iter().filter(|(impact, ..)| impact == "serious" || impact == "critical");
        serious.collect::<Vec<_>>()
    };
    assert_eq!(checked(&sample().path("all/report.html"), "sample"), []);
    assert_eq!(checked(&format!("{out}/report.html"), "hostile"), []);
    assert!(
        checked(&format!("{out}/report.html"), "spoiled").len() >= 2,
        "axe sees a fault where there is one"
    );
}

/// The browser there is, if any.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}
