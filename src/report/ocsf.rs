//! The report as an OCSF Incident Finding (class 2005, schema 1.3.0): one event, a finding for each of ours.

use super::model::{Report, Value as Cell};
use super::plain::{plain, sentence};
use super::{build::Facts, json, redact::Redactor};
use crate::model::{Nanos, Severity};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Writes the event.
pub fn write(facts: &Facts<'_>, report: &Report, redactor: &Redactor, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", json::tame(&format!("{:#}", event(facts, report, redactor))))
}

fn event(facts: &Facts<'_>, report: &Report, redactor: &Redactor) -> Value {
    let of = |key: &str| report.incident.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
    let text = |key: &str| of(key).map_or(String::new(), |value| plain(report, value));
    let time = |key: &str| match of(key) {
        Some(Cell::Time(at)) => Some(millis(*at)),
        _ => None,
    };
    let (activity, activity_name, status, status_name) = match text("state").as_str() {
        "resolved" => (3, "Close", 4, "Resolved"),
        "mitigated" => (2, "Update", 2, "In Progress"),
        "" | "—" => (1, "Create", 1, "New"),
        _ => (2, "Update", 2, "In Progress"),
    };
    let worst = facts.findings.iter().map(|finding| finding.severity).max();
    let findings = facts.findings.iter().enumerate().map(|(n, finding)| {
        json!({
            "uid": format!("{}-{}", finding.rule, n + 1),
            "title": redactor.words(&format!("{}: {}", finding.rule, finding.subject)),
            "desc": redactor.words(&finding.sentence),
            "types": [finding.rule],
            "related_events_count": finding.count,
        })
    });
    let mut findings: Vec<Value> = findings.collect();
    if findings.is_empty() {
        findings.push(json!({"uid": "none", "title": "no rule found anything"}));
    }
    let figures: Map<String, Value> =
        report.figures().map(|figure| (figure.id.to_owned(), json::value(report, &figure.value))).collect();
    let author = report.statement.authors.first().map_or("unassigned", String::as_str);
    let mut event = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "assignee": {"name": author, "type_id": if report.statement.authors.is_empty() { 0 } else { 1 }},
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Incident Finding",
        "class_uid": 2005,
        "desc": sentence(report, &report.title),
        "finding_info_list": findings,
        "message": sentence(report, &report.title),
        "metadata": {
            "version": "1.3.0",
            "product": {"name": "Backtrail", "vendor_name": "Backtrail", "version": env!("CARGO_PKG_VERSION")},
            "profiles": ["incident"],
        },
        "severity": severity(worst).1,
        "severity_id": severity(worst).0,
        "status": status_name,
        "status_id": status,
        "time": millis(report.stamped()),
        "type_name": format!("Incident Finding: {activity_name}"),
        "type_uid": 200_500 + activity,
        "unmapped": {"figures": figures},
    });
    for (key, at) in [("start_time", time("from")), ("end_time", time("to"))] {
        if let Some(at) = at {
            event[key] = at.into();
        }
    }
    event
}

/// OCSF `timestamp_t`: milliseconds since 1970.
fn millis(at: Nanos) -> i64 {
    at.0.div_euclid(1_000_000)
}

const fn severity(worst: Option<Severity>) -> (u8, &'static str) {
    match worst {
        None => (0, "Unknown"),
        Some(Severity::Info) => (1, "Informational"),
        Some(Severity::Low) => (2, "Low"),
        Some(Severity::Medium) => (3, "Medium"),
        Some(Severity::High) => (4, "High"),
        Some(Severity::Critical) => (5, "Critical"),
    }
}
