//! The report as a STIX 2.1 bundle: who says it, the incident, a note for each finding, and the report that holds them.
//!
//! Identifiers are made from what they name, so that the same case gives the same bytes (STIX 2.1 §2.9 asks only for an RFC
//! 4122 UUID). Version and variant bits are set as for version 5; the digest under them is SHA-256.

use super::model::Report;
use super::plain::{plain, sentence};
use super::{build::Facts, json, redact::Redactor};
use crate::model::Nanos;
use crate::model::time::Zone;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// Writes the bundle.
pub fn write(facts: &Facts<'_>, report: &Report, redactor: &Redactor, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", json::tame(&format!("{:#}", bundle(facts, report, redactor))))
}

fn bundle(facts: &Facts<'_>, report: &Report, redactor: &Redactor) -> Value {
    let document = json::document(report);
    let digest = document["digest"].as_str().unwrap_or_default();
    let id = |kind: &str, name: &str| format!("{kind}--{}", uuid(&[digest, kind, name]));
    let made = stamp(report.stamped());
    let (author, incident) = (id("identity", "author"), id("incident", "incident"));
    let name = report.statement.authors.first().map_or("Backtrail", String::as_str);
    let common = |kind: &str, own: String| {
        json!({
            "type": kind, "spec_version": "2.1", "id": own, "created": made, "modified": made, "created_by_ref": author,
        })
    };
    let mut identity = common("identity", author.clone());
    identity["name"] = name.into();
    identity["identity_class"] =
        if report.statement.authors.is_empty() { "system" } else { "individual" }.into();
    let mut subject = common("incident", incident.clone());
    subject["name"] = sentence(report, &report.title).into();
    subject["description"] = summary(report).into();
    let mut objects = vec![identity, subject];
    let mut figures = common("note", id("note", "figures"));
    figures["abstract"] = "figures of the report".into();
    figures["content"] = report
        .figures()
        .map(|figure| {
            format!("{}: {} ({})", figure.id, plain(report, &figure.value), figure.basis.level.name())
        })
        .collect::<Vec<_>>()
        .join("\n")
        .into();
    figures["object_refs"] = json!([incident]);
    objects.push(figures);
    for (n, finding) in facts.findings.iter().take(NOTES).enumerate() {
        let mut note = common("note", id("note", &format!("finding {n}")));
        note["abstract"] = format!("{} {}", finding.severity, finding.rule).into();
        note["content"] = redactor.words(&format!("{}: {}", finding.subject, finding.sentence)).into();
        note["labels"] = json!([finding.rule]);
        note["object_refs"] = json!([incident]);
        objects.push(note);
    }
    let refs: Vec<Value> = objects.iter().map(|object| object["id"].clone()).collect();
    let mut whole = common("report", id("report", "report"));
    whole["name"] = sentence(report, &report.title).into();
    whole["description"] = summary(report).into();
    whole["published"] = made.clone().into();
    whole["report_types"] = json!(["incident"]);
    whole["object_refs"] = refs.into();
    whole["external_references"] =
        json!([{"source_name": "backtrail", "description": format!("report digest {digest}")}]);
    objects.push(whole);
    json!({"type": "bundle", "id": id("bundle", "bundle"), "objects": objects})
}

/// Findings told as notes; a timeline tool is no place for ten thousand.
const NOTES: usize = 200;

/// The first paragraph of the executive summary, or why there is none.
fn summary(report: &Report) -> String {
    let Some(section) = report.section("summary") else {
        return String::new();
    };
    let prose = section.blocks.iter().find_map(|block| match block {
        super::model::Block::Prose(text) => Some(sentence(report, text)),
        _ => None,
    });
    prose.or_else(|| section.empty.clone()).unwrap_or_default()
}

/// STIX timestamps: RFC 3339 in UTC, milliseconds.
fn stamp(at: Nanos) -> String {
    at.format(Zone::Utc, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    });
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
