//! Cases to open in tests of screens: empty, one record, many, long and wide names, hostile ones, faults.

mod keys;
mod lists;
mod looks;
mod matrix;
mod panes;
mod sessions;

use backtrail::model::Nanos;
use backtrail::ui::headless::{Stage, play};
use backtrail::ui::keys::Key;
use backtrail::ui::model::Model;
use backtrail::ui::theme::{Charset, Colours, Theme};
use backtrail::work::notebook::Hand;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::verify::Pins;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Journals to open, and the case they come to under a name that does not change.
pub struct Case {
    _folder: TempDir,
    pub journals: PathBuf,
    pub case: PathBuf,
}

pub fn case_of(write: impl FnOnce(&std::path::Path)) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    write(&journals);
    let case = Case { case: folder.path().join("test.case"), journals, _folder: folder };
    // Read once here: tests run side by side, and one writer at a time is the rule.
    model(&case, "", (80, 24), THEME);
    case
}

pub fn journal(lines: &str) -> Case {
    case_of(|folder| {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("one.jsonl"), lines).unwrap();
    })
}

/// A whole small incident.
pub fn many() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| simulated(900))
}

/// A tenth of it.
pub fn few() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| simulated(90))
}

fn simulated(requests: usize) -> Case {
    case_of(|folder| {
        let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 7, requests) };
        simulation.write(folder, &mut |_| ()).unwrap();
    })
}

/// A signed incident in whose journals some lines were changed afterwards, verified.
pub fn tampered() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let case = case_of(|folder| {
            Simulation::new(Scenario::Tampered, 7, 300).write(folder, &mut |_| ()).unwrap();
        });
        model(&case, "V", (80, 24), THEME);
        case
    })
}

/// A journal, and two files of foreign formats beside it.
pub fn imported() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        case_of(|folder| {
            std::fs::create_dir(folder).unwrap();
            let span = |n: u64| {
                let (from, to) = (1_791_072_000_000_000_000 + n, 1_791_072_001_000_000_000 + n);
                let attribute = |key: &str, value: &str| format!("{{\"key\":\"{key}\",\"value\":{{\"stringValue\":\"{value}\"}}}}");
                let attributes = [
                    attribute("gen_ai.operation.name", "chat"),
                    attribute("gen_ai.request.model", "risk-scorer"),
                    attribute("gen_ai.agent.name", "treasury-1"),
                ];
                format!("{{\"traceId\":\"{n:032x}\",\"spanId\":\"{n:016x}\",\"name\":\"chat\",\"startTimeUnixNano\":\"{from}\",\"endTimeUnixNano\":\"{to}\",\"attributes\":[{}]}}", attributes.join(","))
            };
            let spans: Vec<String> = (1..4).map(span).collect();
            let traces = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}", spans.join(","));
            std::fs::write(folder.join("traces.json"), traces).unwrap();
            let settled = "{\"success\":true,\"transaction\":\"0xab\",\"network\":\"eip155:8453\",\"payer\":\"0x11\"}\n";
            std::fs::write(folder.join("answers.jsonl"), settled).unwrap();
            let own = "{\"kind\":\"inference\",\"id\":\"req-1\",\"at\":\"2026-10-04T09:12:00Z\",\"agent\":\"a\",\"model\":\"risk-scorer\",\"version\":\"2.4.1\"}\n";
            std::fs::write(folder.join("journal.jsonl"), own).unwrap();
        })
    })
}

pub fn empty() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| journal(""))
}

pub fn one() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        journal("{\"kind\":\"inference\",\"id\":\"req-1\",\"at\":\"2026-10-04T09:12:00Z\",\"agent\":\"a\",\"model\":\"m\",\"version\":\"1\"}\n")
    })
}

/// Names that are long, wide, combining, right-to-left, or try to escape to the terminal; and lines that are faults.
pub fn hostile() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let mut lines = String::new();
        let names = [
            "\u{1b}[2J\u{1b}]0;owned\u{7}",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字",
            "e\u{301}e\u{301}e\u{301}",
            "\u{202e}drowssap",
            "a\u{200b}b\u{0}c\u{9b}31m",
            &"long-".repeat(50),
            "👩‍👩‍👧‍👦 family",
            "\u{1b}P+q\u{1b}\\",
        ];
        for (n, name) in names.iter().enumerate() {
            let quoted = serde_json::to_string(name).unwrap();
            let at = format!("2026-10-04T09:{n:02}:00+02:00");
            writeln!(lines, "{{\"kind\":\"deployment\",\"id\":\"d{n}\",\"at\":\"{at}\",\"node\":{quoted},\"model\":{quoted},\"version\":{quoted},\"state\":\"active\",\"reason\":{quoted}}}").unwrap();
            writeln!(lines, "{{\"kind\":\"inference\",\"id\":{quoted},\"at\":\"{at}\",\"node\":{quoted},\"agent\":{quoted},\"model\":{quoted},\"version\":{quoted},\"status\":{quoted}}}").unwrap();
            writeln!(lines, "{{\"kind\":\"incident\",\"id\":{quoted},\"at\":\"{at}\",\"model\":{quoted},\"version\":{quoted},\"state\":\"declared\",\"title\":{quoted}}}").unwrap();
        }
        lines.push_str("{\"kind\":\"\u{1b}[31m\",\"id\":\"x\"}\n\u{1b}[2Jnot json\n{\"kind\":\"inference\"");
        journal(&lines)
    })
}

pub const THEME: Theme = Theme::new(Colours::Sixteen, Charset::Unicode);

/// Notes in tests are always written by the same hand at the same moment.
pub fn hand() -> Hand {
    Hand { by: "ann".to_owned(), at: Nanos(1_791_072_000_000_000_000) }
}

pub fn model(case: &Case, keys: &str, size: (u16, u16), theme: Theme) -> Model {
    let stage = Stage {
        paths: vec![case.journals.clone()],
        case: Some(case.case.clone()),
        size,
        theme,
        pins: Pins::default(),
        hand: hand(),
    };
    play(&stage, &Key::parse_all(keys).unwrap())
}

/// A small incident whose every name is made by `name`.
fn named(name: impl Fn(&str, usize) -> String) -> Case {
    let mut lines = String::new();
    let quoted = |kind: &str, n: usize| serde_json::to_string(&name(kind, n)).unwrap();
    for n in 0..6 {
        let (node, model, version) =
            (quoted("node", n % 2), quoted("model", 0), quoted("version", usize::from(n > 2)));
        let at = format!("2026-10-04T09:{n:02}:00Z");
        writeln!(lines, "{{\"kind\":\"deployment\",\"id\":\"d{n}\",\"at\":\"{at}\",\"node\":{node},\"model\":{model},\"version\":{version},\"state\":\"active\"}}").unwrap();
        let (id, agent) = (quoted("request", n), quoted("agent", n));
        writeln!(lines, "{{\"kind\":\"inference\",\"id\":{id},\"at\":\"2026-10-04T09:{n:02}:30Z\",\"node\":{node},\"agent\":{agent},\"model\":{model},\"version\":{version},\"status\":\"ok\"}}").unwrap();
    }
    let (model, version) = (quoted("model", 0), quoted("version", 1));
    writeln!(lines, "{{\"kind\":\"incident\",\"id\":\"i\",\"at\":\"2026-10-04T09:05:40Z\",\"model\":{model},\"version\":{version},\"state\":\"declared\",\"title\":{model}}}").unwrap();
    journal(&lines)
}

pub fn long_names() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| named(|kind, n| format!("{kind}-{}-{n}", "very-long-name-".repeat(12))))
}

pub fn wide_names() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| named(|kind, n| format!("{}{n}", "漢字名前検証".repeat(kind.len() % 4 + 1))))
}

/// Nothing but lines that are no records.
pub fn faults() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| journal("{\"kind\":\"inference\"}\nnot json\n{\"kind\":\"inference\",\"id\":\"r\",\"at\":\"yesterday\"}\n"))
}
