//! Sections that are words: predicates, alternative explanations, the investigation's log, reproduction, glossary.

use super::{Facts, by, empty, section, time, words};
use crate::model::Nanos;
use crate::report::model::{Attachment, Block, Column, Level, Section, Table, Text, Value};

pub fn scope(facts: &Facts<'_>) -> Section {
    let (id, title) = ("scope", "Scope and exact predicates");
    let Some(window) = facts.window() else {
        return empty(id, title, facts.no_incident().unwrap_or_default());
    };
    let mut section = section(id, title);
    let row = |name: &str, value: Value, meaning: &str| vec![words(name), value, words(meaning)];
    let chosen = |at: Option<Nanos>| {
        if at.is_some() { "set by the responder" } else { "as recorded; nobody moved it" }
    };
    let rows = vec![
        row("model", facts.model(), "requests whose record names this model"),
        row(
            "faulty version",
            facts.faulty(),
            "requests whose effective version is this one count as served by it",
        ),
        row("good version", facts.good(), "what it was rolled back to"),
        row("window from", time(window.from()), chosen(window.moved.0)),
        row("window to", time(window.to()), chosen(window.moved.1)),
        row(
            "late after",
            time(window.rolled_back),
            "service of the faulty version after this moment is late",
        ),
        row("scheduled from", time(window.scheduled.0), "the hull of all nodes' scheduled intervals"),
        row("scheduled to", time(window.scheduled.1), "absent while a node was never switched away"),
        row("declared from", time(window.declared.0), "the first incident record"),
        row("declared to", time(window.declared.1), "called mitigated, or else resolved"),
        row("observed from", time(window.observed.0), "the first request it effectively served"),
        row("observed to", time(window.observed.1), "the last request it effectively served"),
    ];
    section.blocks.push(Block::Table(Table {
        id: "predicates",
        title: "What counts, exactly".to_owned(),
        columns: vec![Column::Left("term"), Column::Left("value"), Column::Left("meaning")],
        total: rows.len() as u64,
        rows,
        list: None,
        basis: by(Level::Recorded, "incident, deployment and inference records of these journals"),
        if_empty: String::new(),
    }));
    section.blocks.push(Block::Points(
        [
            "The effective version of a request is the strongest of: attested (its enclave's measurement), scheduled (its \
             node's deployments, not within two seconds of a switch), claimed (its own record). Unknown stays unknown.",
            "A byte-identical repetition of a record is counted once. Records that share an id but not their bytes are all \
             counted and listed as conflicts.",
            "Stale pointer: claims the faulty version after the rollback, served by another. Late serving: served by it after \
             the rollback. Shadow serving: claims another version, served by it. Version conflict: attested to one version, \
             scheduled on another.",
            "All times are UTC, by the recorder's clock.",
        ]
        .map(|text| vec![words(text)])
        .to_vec(),
    ));
    section
}

/// What else could explain the same records, and what speaks for or against it here.
pub fn alternatives(facts: &Facts<'_>) -> Section {
    let (id, title) = ("alternatives", "Alternative explanations considered");
    let Some(window) = facts.window() else {
        return empty(id, title, facts.no_incident().unwrap_or_default());
    };
    let study = facts.study;
    let mut section = section(id, title);
    let attested = facts.exposure.faulty[3];
    let served: u64 = facts.exposure.faulty.iter().sum();
    let mut points: Vec<Text> = Vec::new();
    points.push(vec![words("The records name the wrong version (a labelling error, not a bad release). "), match attested {
        0 => words("Not excluded: no enclave attests the faulty version here; the attribution rests on schedules and claims."),
        n if n == served => words("Spoken against by attestation: every request counted is attested by its enclave's measurement."),
        _ => words("Partly spoken against: some, not all, of the requests counted are attested by their enclave's measurement."),
    }]);
    let odd =
        window.nodes.iter().filter(|node| node.observed.is_some_and(|o| o.against_schedule > 0)).count();
    points.push(vec![
        words("Clocks disagree, so that service before or after a switch is only seeming. "),
        words(match (odd, study.gaps.len()) {
            (0, _) => "No node served the faulty version against its schedule beyond the tolerance of two seconds.".to_owned(),
            (n, _) => format!(
                "Considered: {n} of {} nodes served it against their schedule; those called forged or early did so for more \
                 than a minute, which a clock does not explain.",
                window.nodes.len()
            ),
        }),
    ]);
    points.push(vec![
        words("The journals were changed afterwards. "),
        words(match study.checkpoints.iter().filter(|c| c.verdict != "consistent").count() {
            0 if study.checkpoints.is_empty() => "Not excluded: there is no checkpoint to hold them against.".to_owned(),
            0 => "Every checkpoint in them agrees with the lines before it; a rewritten history with rewritten checkpoints is \
                  excluded only by keys that were pinned and checkpoints held elsewhere."
                .to_owned(),
            n => format!("Indicated: {n} of {} checkpoints do not agree with the lines before them.", study.checkpoints.len()),
        }),
    ]);
    points.push(vec![
        words("Something else changed at the same time (traffic, prompts, another release). "),
        words(match releases_in(facts) {
            0 => "No other release of any model is recorded within the window; what is not in these journals is not excluded."
                .to_owned(),
            n => format!("Not excluded: {n} other releases are recorded within the window; the timeline names them."),
        }),
    ]);
    section.blocks.push(Block::Points(points));
    section
}

/// Releases of other versions within the window.
fn releases_in(facts: &Facts<'_>) -> usize {
    let Some(window) = facts.window() else {
        return 0;
    };
    let within =
        |at: Nanos| window.from().is_none_or(|from| at >= from) && window.to().is_none_or(|to| at <= to);
    let other = |r: &&crate::work::registry::Release| (r.model, r.version) != (window.model, window.faulty);
    facts.study.context.releases.iter().filter(other).filter(|release| within(release.at)).count()
}

/// The commands that give the same numbers.
pub fn reproduce(facts: &Facts<'_>) -> Section {
    let mut section = section("reproduce", "How to check this report");
    section.blocks.push(Block::Prose(vec![words(
        "Nobody needs to believe this report. With the journals listed in the evidence register and the JSON form of this \
         report, one command recomputes every number from the journals alone and lists every difference; it exits with 1 if \
         there is one.",
    )]));
    let choice = choice_flags(facts);
    let mut commands = vec![super::CHECK.to_owned()];
    commands.push("backtrail ingest JOURNALS… --case again.case".to_owned());
    if facts.verification.is_some() {
        let mut verify = "backtrail verify again.case --trust trust.toml".to_owned();
        for outside in &facts.outside {
            let name = outside.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            verify.push_str(&format!(" --checkpoint {}", quoted(&name)));
        }
        for copied in &facts.copies {
            verify.push_str(&format!(" --tree {}", quoted(&copied.name)));
        }
        if let Some(at) = facts.asked_at {
            verify.push_str(&format!(" --at {at}"));
        }
        commands.push(verify);
    }
    commands.push(format!("backtrail analyze again.case --json{choice}"));
    commands.push(format!("backtrail report again.case --format json -o again.json{choice}"));
    section.blocks.push(Block::Commands(commands));
    section.blocks.push(Block::Prose(vec![words(
        "Every figure carries the question that answers it: ask it with `backtrail query CASE SQL --param NAME=VALUE`. \
         The JSON form holds each question and its parameters.",
    )]));
    section
}

fn choice_flags(facts: &Facts<'_>) -> String {
    let mut flags = String::new();
    if let Some((model, faulty)) = &facts.choice.version {
        flags.push_str(&format!(" --model {} --faulty {}", quoted(model), quoted(faulty)));
    }
    let edge = |at: Option<Nanos>| at.map_or_else(String::new, Nanos::rfc3339);
    if (facts.choice.from, facts.choice.to) != (None, None) {
        flags.push_str(&format!(" --window {}..{}", edge(facts.choice.from), edge(facts.choice.to)));
    }
    flags
}

/// For a POSIX shell: recorded names may be made to be run.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub fn appendices(attachments: &[Attachment]) -> Section {
    let mut section = section("appendices", "Appendices");
    let rows: Vec<Vec<Value>> = attachments
        .iter()
        .map(|list| {
            vec![
                words(list.name),
                words(list.what),
                Value::Count(list.rows),
                Value::Count(list.bytes),
                Value::Digest(list.sha256.clone()),
            ]
        })
        .collect();
    section.blocks.push(Block::Table(Table {
        id: "lists",
        title: "Full lists, attached as CSV".to_owned(),
        columns: vec![
            Column::Left("list"),
            Column::Left("what it holds"),
            Column::Right("rows"),
            Column::Right("bytes"),
            Column::Left("SHA-256"),
        ],
        total: rows.len() as u64,
        rows,
        list: None,
        basis: by(
            Level::Computed,
            "written by `backtrail report CASE --format csv -o DIR`; check recomputes each digest",
        ),
        if_empty: String::new(),
    }));
    section.blocks.push(Block::Heading("What the evidence words mean".to_owned()));
    let level = |level: Level| vec![words(level.name()), words(level.meaning())];
    section.blocks.push(glossary(
        "levels",
        "Evidence levels, strongest first",
        Level::ALL.into_iter().rev().map(level).collect(),
    ));
    section.blocks.push(Block::Heading("Glossary".to_owned()));
    let term = |(term, meaning): &(&str, &str)| vec![words(*term), words(*meaning)];
    section.blocks.push(glossary("glossary", "Words of this report", GLOSSARY.iter().map(term).collect()));
    section
}

fn glossary(id: &'static str, title: &str, rows: Vec<Vec<Value>>) -> Block {
    Block::Table(Table {
        id,
        title: title.to_owned(),
        columns: vec![Column::Left("word"), Column::Left("meaning")],
        total: rows.len() as u64,
        rows,
        list: None,
        basis: by(Level::Computed, "fixed text of this version"),
        if_empty: String::new(),
    })
}

const GLOSSARY: [(&str, &str); 12] = [
    ("journal", "what one recorder wrote while things happened: a file that is only ever appended to"),
    ("case", "the index Backtrail makes beside the journals; it can be made again from them at any time"),
    ("checkpoint", "a signed commitment to the first N lines of a journal"),
    ("tree root", "one hash that commits to every line of a journal (RFC 6962)"),
    ("effective version", "the version that served a request, by the strongest evidence there is"),
    ("attested", "the hardware enclave that answered proves which build it ran"),
    ("proof path", "the sixteen steps from a record's bytes to who paid, each with its own verdict"),
    ("verified", "cryptography, binding and policy hold to a root the responder pinned"),
    ("untrusted", "correct, under a key nobody pinned"),
    ("asserted", "only somebody's word"),
    ("missing", "a needed piece of evidence is not in these journals"),
    ("late", "after the moment the incident was recorded as mitigated, or the staged rollback ended"),
];
