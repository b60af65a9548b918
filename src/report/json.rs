//! The report as one JSON document: every figure with its question, its parameters and its weakest evidence.

use super::model::{Basis, Block, Column, Figure, Report, Section, Table, Value as Cell};
use super::plain;
use crate::model::untrusted::is_unsafe;
use crate::model::{Hash, Nanos};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub const SCHEMA: &str = "backtrail/report/1";

/// The whole report, with its own digest, so that a changed copy is told from the one that was sent.
pub fn document(report: &Report) -> Value {
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
    put("schema", SCHEMA.into());
    put("generator", json!({"name": "backtrail", "version": env!("CARGO_PKG_VERSION")}));
    put("title", plain::sentence(report, &report.title).into());
    put("statement", statement(report));
    put("asked", asked(report));
    put("incident", incident(report));
    put("pins", pins(report));
    put("evidence", evidence(report));
    let figures: Map<String, Value> =
        report.figures().map(|figure| (figure.id.to_owned(), one_figure(report, figure))).collect();
    put("figures", Value::Object(figures));
    put("sections", report.sections.iter().map(|section| one_section(report, section)).collect());
    put(
        "attachments",
        report
            .attachments
            .iter()
            .map(|list| {
                json!({"name": list.name, "what": list.what, "rows": list.rows, "bytes": list.bytes, "sha256": list.sha256})
            })
            .collect(),
    );
    let digest = digest(&document);
    document.insert("digest".to_owned(), digest.into());
    Value::Object(document)
}

/// The SHA-256 of a document without its `digest`, keys sorted, no space between.
pub fn digest(document: &Map<String, Value>) -> String {
    let mut hash = Sha256::new();
    hash.update(b"{");
    for (n, (key, value)) in document.iter().filter(|(key, _)| *key != "digest").enumerate() {
        if n > 0 {
            hash.update(b",");
        }
        hash.update(Value::from(key.as_str()).to_string());
        hash.update(b":");
        hash.update(value.to_string());
    }
    hash.update(b"}");
    Hash(hash.finalize().into()).hex()
}

/// The same JSON with every character that a screen would obey written as `\u….`. What it says stays the same: such
/// characters stand only inside strings, and those below U+0020 are escaped already.
pub fn tame(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c >= '\u{7f}' && is_unsafe(c) {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

/// A value as JSON: numbers as numbers, amounts and digests as strings, recorded text exactly.
pub fn value(report: &Report, cell: &Cell) -> Value {
    match cell {
        Cell::Absent => Value::Null,
        Cell::Count(n) => (*n).into(),
        Cell::Share { part, whole } => json!({"part": part, "whole": whole}),
        Cell::Real(number) => json!(plain::real(*number)),
        Cell::Time(at) => at.rfc3339().into(),
        Cell::Length(span) => json!({"nanoseconds": span.0}),
        Cell::Money { units, shown } => json!({"units": units, "shown": shown}),
        Cell::Digest(text) | Cell::Words(text) | Cell::Recorded(_, text) => text.as_str().into(),
        Cell::Figure(id) => report.figure(id).map_or(Value::Null, |figure| value(report, &figure.value)),
    }
}

pub fn one_figure(report: &Report, figure: &Figure) -> Value {
    let mut object = Map::new();
    object.insert("label".into(), figure.label.as_str().into());
    object.insert("value".into(), value(report, &figure.value));
    object.insert("shown".into(), plain::plain(report, &figure.value).into());
    object.insert("basis".into(), basis(report, &figure.basis));
    Value::Object(object)
}

fn basis(report: &Report, basis: &Basis) -> Value {
    let parameters = |sql: &super::model::Sql| -> Map<String, Value> {
        sql.parameters.iter().map(|(name, cell)| ((*name).to_owned(), value(report, cell))).collect()
    };
    json!({
        "weakest_evidence": basis.level.name(),
        "method": basis.method,
        "sql": basis.sql.as_ref().map(|sql| sql.text.as_str()),
        "parameters": basis.sql.as_ref().map(parameters),
    })
}

fn moment(at: Option<Nanos>) -> Value {
    at.map_or(Value::Null, |at| at.rfc3339().into())
}

/// What people say about the report. No journal holds it.
fn statement(report: &Report) -> Value {
    json!({
        "title": report.statement.title,
        "authors": report.statement.authors,
        "audience": report.statement.audience.name(),
        "standing": report.statement.standing.name(),
        "at": moment(report.at),
        "at_given": report.statement.at.is_some(),
    })
}

/// What was asked, so that it can be asked again.
fn asked(report: &Report) -> Value {
    let (model, faulty) = report.choice.version.clone().unzip();
    json!({
        "model": model,
        "faulty": faulty,
        "from": moment(report.choice.from),
        "to": moment(report.choice.to),
        "redact": report.redacted.iter().map(|field| field.name()).collect::<Vec<_>>(),
    })
}

fn incident(report: &Report) -> Value {
    if report.incident.is_empty() {
        return Value::Null;
    }
    Value::Object(
        report.incident.iter().map(|(key, cell)| ((*key).to_owned(), value(report, cell))).collect(),
    )
}

fn pins(report: &Report) -> Value {
    json!({
        "verified": report.verified,
        "trust": report.trust,
        "checkpoints": report.outside.iter().map(|(name, note)| json!({"name": name, "note": note})).collect::<Vec<_>>(),
        "copies": report.copies,
        "at": moment(report.asked_at),
    })
}

fn evidence(report: &Report) -> Value {
    let journal = |journal: &super::model::Journal| {
        json!({
            "name": journal.name, "bytes": journal.bytes, "sha256": journal.sha256, "records": journal.records,
            "faults": journal.faults, "tree_size": journal.tree_size, "root": journal.root,
            "first": moment(journal.span.map(|(first, _)| first)), "last": moment(journal.span.map(|(_, last)| last)),
        })
    };
    report.journals.iter().map(journal).collect()
}

fn one_section(report: &Report, section: &Section) -> Value {
    json!({
        "id": section.id,
        "title": section.title,
        "empty": section.empty,
        "blocks": section.blocks.iter().map(|block| one_block(report, block)).collect::<Vec<_>>(),
    })
}

fn one_block(report: &Report, block: &Block) -> Value {
    let say = |text| plain::sentence(report, text);
    match block {
        Block::Prose(text) => json!({"type": "prose", "text": say(text)}),
        Block::Caution(text) => json!({"type": "caution", "text": say(text)}),
        Block::Notes(notes) => json!({"type": "notes", "notes": notes.iter().map(say).collect::<Vec<_>>()}),
        Block::Points(points) => {
            json!({"type": "points", "points": points.iter().map(say).collect::<Vec<_>>()})
        }
        Block::Heading(text) => json!({"type": "heading", "text": text}),
        Block::Commands(lines) => json!({"type": "commands", "lines": lines}),
        Block::Figures(figures) => {
            json!({"type": "figures", "figures": figures.iter().map(|figure| figure.id).collect::<Vec<_>>()})
        }
        Block::Table(table) => one_table(report, table),
        Block::Picture(picture) => json!({
            "type": "picture", "id": picture.id, "title": picture.title, "words": picture.words,
            "from": picture.from.rfc3339(), "to": picture.to.rfc3339(),
            "window": {"from": moment(picture.window.0), "to": moment(picture.window.1)},
            "lanes": picture.lanes.iter().map(|lane| json!({
                "label": value(report, &lane.label), "word": lane.word, "requests": lane.counts, "faulty": lane.faulty,
                "scheduled": lane.scheduled.iter()
                    .map(|(from, to)| json!({"from": from.rfc3339(), "to": moment(*to)})).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "marks": picture.marks.iter()
                .map(|mark| json!({"at": mark.at.rfc3339(), "label": mark.label})).collect::<Vec<_>>(),
        }),
        Block::Bars(bars) => json!({
            "type": "bars", "id": bars.id, "title": bars.title, "words": bars.words, "names": bars.names, "part": bars.part, "whole": bars.whole,
            "rows": bars.rows.iter()
                .map(|(name, part, whole)| json!({"name": value(report, name), "part": part, "whole": whole}))
                .collect::<Vec<_>>(),
        }),
    }
}

fn one_table(report: &Report, table: &Table) -> Value {
    let row = |row: &Vec<Cell>| row.iter().map(|cell| value(report, cell)).collect::<Value>();
    json!({
        "type": "table",
        "id": table.id,
        "title": table.title,
        "columns": table.columns.iter().copied().map(Column::title).collect::<Vec<_>>(),
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
        "total": table.total,
        "list": table.list,
        "basis": basis(report, &table.basis),
        "if_empty": table.if_empty,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tame_json_says_the_same_and_moves_no_cursor() {
        let value = json!({"plain é 漢": "\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}\u{7f}"});
        let text = tame(&value.to_string());
        assert_eq!(text, r#"{"plain é 漢":"\u001b[2J\u009b31m\u202e\udb40\udc41\u007f"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_digest_tells_one_changed_digit() {
        let document = |n: u64| json!({"a": n, "digest": "x"}).as_object().unwrap().clone();
        assert_eq!(digest(&document(7)), digest(&document(7)));
        assert_ne!(digest(&document(7)), digest(&document(8)));
    }
}
