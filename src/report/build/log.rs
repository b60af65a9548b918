//! The investigator's own work: marks, tags and comments, and the chained log of what was done. No journal holds it.

use super::{Facts, by, empty, section, words};
use crate::report::model::{Block, Column, Field, Level, Section, Table, Value};

/// Lines of the log a report tells.
const SHOWN: usize = 500;

pub fn section_of(facts: &Facts<'_>) -> Section {
    let (id, title) = ("log", "Investigation log");
    let notebook = &facts.notebook;
    if notebook.lines.is_empty() {
        return empty(
            id,
            title,
            "this case holds no notebook: nothing was marked, tagged, commented or logged",
        );
    }
    let mut section = section(id, title);
    if let Some((line, why)) = &notebook.broken {
        section.blocks.push(Block::Caution(vec![words(format!(
            "The chain of this log does not hold from line {line} on: {why}."
        ))]));
    }
    section.blocks.push(Block::Prose(vec![
        words("What investigators wrote down. Each line holds the digest of the one before; the last one\u{2019}s digest is "),
        Value::Digest(notebook.head.hex()),
        words(". It is their word: `check` does not recompute it."),
    ]));
    let notes: Vec<Vec<Value>> = notebook
        .notes()
        .map(|(about, notes)| {
            let tags: Vec<&str> = notes.tags.iter().map(String::as_str).collect();
            let comments: Vec<&str> = notes.comments.iter().map(|(_, text)| text.as_str()).collect();
            vec![
                words(about.kind.clone()),
                said(&about.id),
                words(if notes.marked { "marked" } else { "" }),
                said(&tags.join(", ")),
                said(&comments.join(" / ")),
            ]
        })
        .collect();
    section.blocks.push(table(
        "notes",
        "Marks, tags and comments",
        &[
            Column::Left("about"),
            Column::Left("id"),
            Column::Left("mark"),
            Column::Left("tags"),
            Column::Left("comments"),
        ],
        notes,
        "Nothing is marked, tagged or commented.",
    ));
    let lines: Vec<Vec<Value>> = notebook
        .lines
        .iter()
        .map(|line| {
            let about = format!("{} {}", line.kind, line.id);
            vec![
                Value::Count(line.n),
                words(line.at.clone()),
                said(&line.by),
                words(line.deed.name()),
                said(about.trim()),
                said(&line.text),
                Value::Digest(line.prev.clone()),
            ]
        })
        .collect();
    section.blocks.push(table(
        "log-lines",
        "The log",
        &[
            Column::Right("line"),
            Column::Left("when (UTC)"),
            Column::Left("who"),
            Column::Left("did"),
            Column::Left("about"),
            Column::Left("text"),
            Column::Left("digest of the line before"),
        ],
        lines,
        "",
    ));
    section
}

fn said(text: &str) -> Value {
    if text.is_empty() { Value::Absent } else { Value::Recorded(Field::Words, text.to_owned()) }
}

fn table(id: &'static str, title: &str, columns: &[Column], rows: Vec<Vec<Value>>, if_empty: &str) -> Block {
    Block::Table(Table {
        id,
        title: title.to_owned(),
        columns: columns.to_vec(),
        total: rows.len() as u64,
        rows: rows.into_iter().take(SHOWN).collect(),
        list: None,
        basis: by(Level::Recorded, "written by the investigators into the case"),
        if_empty: if_empty.to_owned(),
    })
}
