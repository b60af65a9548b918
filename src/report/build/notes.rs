//! What investigators marked, tagged or commented, told in the section it is about. The log has all of it.

use super::exemplars::story;
use super::{Facts, recorded, words};
use crate::model::Kind;
use crate::report::model::{Block, Field, Section, Text, Value};
use crate::work::WorkError;
use crate::work::notebook::{Notes, Subject};
use crate::work::rows::request_row;

/// Notes a section tells; the log has the rest.
const SHOWN: usize = 40;

/// Puts the notes at the end of the sections they belong to. A section that is empty says only why.
pub fn place(facts: &Facts<'_>, sections: &mut [Section]) -> Result<(), WorkError> {
    for section in sections.iter_mut().filter(|section| section.empty.is_none()) {
        let about = facts.notebook.notes().filter(|(about, _)| home(&about.kind) == section.id);
        let mut told = about.take(SHOWN).map(|note| one(facts, note)).collect::<Result<Vec<_>, _>>()?;
        let rest =
            facts.notebook.notes().filter(|(about, _)| home(&about.kind) == section.id).count() - told.len();
        if rest > 0 {
            told.push(vec![words(format!("{rest} more are in the investigation log."))]);
        }
        if !told.is_empty() {
            section.blocks.push(Block::Notes(told));
        }
    }
    Ok(())
}

/// The section a note about this kind of thing belongs to; what is about none stands in the log alone.
fn home(kind: &str) -> &'static str {
    match kind {
        "case" => "summary",
        "inference" => "requests",
        "agent" | "action" | "message" => "agents",
        "payment" | "settlement" => "money",
        "finding" => "gaps",
        "checkpoint" | "enclave" | "proof" => "proofs",
        "node" | "version" | "moment" | "release" | "deployment" | "incident" | "measurement" => "timeline",
        _ => "",
    }
}

fn one(facts: &Facts<'_>, (about, notes): (&Subject, &Notes)) -> Result<Text, WorkError> {
    let mut text = subject(facts, about)?;
    if notes.marked {
        text.push(words(" Marked."));
    }
    if !notes.tags.is_empty() {
        let tags: Vec<&str> = notes.tags.iter().map(String::as_str).collect();
        text.extend([words(" Tagged "), Value::Recorded(Field::Words, tags.join(", ")), words(".")]);
    }
    for (line, comment) in &notes.comments {
        text.extend([
            words(" Comment (log line "),
            Value::Count(*line),
            words("): \u{201c}"),
            Value::Recorded(Field::Words, comment.clone()),
            words("\u{201d}"),
        ]);
    }
    Ok(text)
}

/// What it is about; a request is told in full, as far as the case still holds it.
fn subject(facts: &Facts<'_>, about: &Subject) -> Result<Text, WorkError> {
    let study = facts.study;
    if about.kind == Kind::Inference.name() {
        let rows = study.snapshot.find_id(&about.id)?;
        if let Some(row) = rows.first() {
            return Ok(story(&request_row(study, *row)?));
        }
    }
    let field = match about.kind.as_str() {
        "agent" => Field::Agent,
        "node" => Field::Node,
        "version" => Field::Version,
        "finding" | "case" | "moment" => Field::Words,
        _ => Field::Id,
    };
    Ok(vec![words(format!("{} ", about.kind)), recorded(field, &about.id), words(".")])
}
