//! JSON Lines for Timesketch: every moment and every affected request as an event of its own.
//!
//! Timesketch (`lib/utils.py`, `read_and_validate_jsonl`) asks for `message`, `datetime` and `timestamp_desc` in each line;
//! with `timestamp` in microseconds it does not parse the time itself, and its file must be named `.jsonl`.

use super::build::{Facts, timeline};
use super::json::tame;
use super::lists::affected_row;
use super::model::{Report, Value};
use super::plain::sentence;
use super::redact::Redactor;
use crate::model::time::Zone;
use crate::model::{Nanos, Untrusted};
use crate::work::WorkError;
use serde_json::{Map, json};
use std::io::{self, Write};

/// Writes all events, in time order within their sort: moments first, then requests, then silences.
pub fn write(
    facts: &Facts<'_>,
    report: &Report,
    redactor: &Redactor,
    out: &mut dyn Write,
) -> Result<(), WorkError> {
    let fail = |e: io::Error| WorkError::Refused(e.to_string());
    for event in timeline::events(facts) {
        let what = event.what.clone();
        let mut fields = Map::new();
        for (key, value) in [("node", event.node), ("model", event.model), ("version", event.version)] {
            put(report, &mut fields, key, &redactor.value(value));
        }
        line(out, event.at, &redactor.words(&what), &what, fields).map_err(fail)?;
    }
    for row in &facts.exposure.affected {
        request(facts, report, redactor, *row, out)?;
    }
    for gap in &facts.study.gaps {
        let node = redactor
            .value(Value::Recorded(super::model::Field::Node, facts.study.node_name(gap.node).to_owned()));
        let message =
            vec![Value::Words(format!("no request recorded for {} on node ", gap.to.since(gap.from))), node];
        line(out, gap.from, &sentence(report, &message), "silence began", Map::new()).map_err(fail)?;
    }
    Ok(())
}

const FIELDS: [&str; 12] = [
    "request",
    "at",
    "node",
    "agent",
    "claimed",
    "scheduled",
    "attested",
    "effective",
    "evidence",
    "pointer",
    "proof",
    "status",
];

fn request(
    facts: &Facts<'_>,
    report: &Report,
    redactor: &Redactor,
    row: crate::model::Row,
    out: &mut dyn Write,
) -> Result<(), WorkError> {
    let cells = redactor.text(affected_row(facts, row)?);
    let at = facts.study.snapshot.at(row)?;
    let shown = |n: usize| super::plain::plain(report, &cells[n]);
    let message = format!("request {} of agent {} effectively served by {}", shown(0), shown(3), shown(7));
    let what = match &cells[9] {
        Value::Words(pointer) => pointer.clone(),
        _ => "served by the faulty version".to_owned(),
    };
    let mut fields = Map::new();
    for (key, cell) in FIELDS.into_iter().zip(cells).filter(|(key, _)| *key != "at") {
        put(report, &mut fields, key, &cell);
    }
    line(out, at, &message, &what, fields).map_err(|e| WorkError::Refused(e.to_string()))
}

fn put(report: &Report, fields: &mut Map<String, serde_json::Value>, key: &str, value: &Value) {
    if *value != Value::Absent {
        fields.insert(key.to_owned(), super::json::value(report, value));
    }
}

fn line(
    out: &mut dyn Write,
    at: Nanos,
    message: &str,
    what: &str,
    mut fields: Map<String, serde_json::Value>,
) -> io::Result<()> {
    fields.insert("message".to_owned(), Untrusted(message).visible().into());
    // Microseconds, with the offset written out.
    fields.insert("datetime".to_owned(), at.format(Zone::Utc, "%Y-%m-%dT%H:%M:%S%.6f+00:00").into());
    fields.insert("timestamp".to_owned(), json!(at.0.div_euclid(1000)));
    fields.insert("timestamp_desc".to_owned(), Untrusted(what).visible().into());
    fields.insert("data_type".to_owned(), "backtrail:event".into());
    writeln!(out, "{}", tame(&serde_json::Value::Object(fields).to_string()))
}
