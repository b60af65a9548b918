//! The evidence register: every journal with its size, digest, tree root and record times.

use super::{Facts, by_sql, recorded, section};
use crate::model::Nanos;
use crate::report::model::{Block, Column, Field, Journal, Level, Section, Table, Value};
use crate::store::Source;
use crate::work::archive::Outside;
use crate::work::study::Study;
use std::path::{Component, Path, PathBuf};

pub const REGISTER: [Column; 8] = [
    Column::Left("journal"),
    Column::Right("bytes"),
    Column::Left("SHA-256"),
    Column::Right("records"),
    Column::Right("faults"),
    Column::Left("tree root"),
    Column::Left("first record (UTC)"),
    Column::Left("last record (UTC)"),
];

pub fn section_of(facts: &Facts<'_>) -> Section {
    let mut section = section("register", "Evidence register");
    let journals = journals(facts);
    section.blocks.push(Block::Table(Table {
        id: "journals",
        title: "The journals this report rests on".to_owned(),
        columns: REGISTER.to_vec(),
        rows: journals.iter().map(row).collect(),
        total: journals.len() as u64,
        list: Some("sources.csv"),
        basis: by_sql(
            Level::Computed,
            "each file read once from beginning to end; the root is that of its RFC 6962 tree, a leaf per line",
            "select path, bytes, sha256, records, faults, root from sources",
            vec![],
        ),
        if_empty: "No journal was read.".to_owned(),
    }));
    section
}

pub fn row(journal: &Journal) -> Vec<Value> {
    let digest = |text: &Option<String>| text.clone().map_or(Value::Absent, Value::Digest);
    vec![
        recorded(Field::Source, &journal.name),
        Value::Count(journal.bytes),
        digest(&journal.sha256),
        Value::Count(journal.records),
        Value::Count(journal.faults),
        digest(&journal.root),
        super::time(journal.span.map(|(first, _)| first)),
        super::time(journal.span.map(|(_, last)| last)),
    ]
}

/// The journals in the order they were read. Folders above the one they share are nobody's business.
pub fn journals(facts: &Facts<'_>) -> Vec<Journal> {
    let snapshot = &facts.study.snapshot;
    let sources = snapshot.sources();
    let paths: Vec<&Path> = sources.iter().map(|source| source.path.as_path()).collect();
    let shared = shared_folder(&paths);
    let span = |source: &Source| {
        let chunks = snapshot.chunks().iter().filter(|chunk| chunk.source == source.id && chunk.rows > 0);
        let spans = chunks.map(|chunk| chunk.span);
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).filter(|_| source.records > 0)
    };
    let named = |n: usize| facts.journals.as_ref().and_then(|names| names.get(n).cloned());
    let journal = |(n, source): (usize, &Source)| Journal {
        name: named(n).unwrap_or_else(|| {
            source.path.strip_prefix(&shared).unwrap_or(&source.path).to_string_lossy().into_owned()
        }),
        bytes: if source.size > 0 { source.size } else { source.bytes },
        sha256: source.sha256.map(|hash| hash.hex()),
        records: source.records,
        faults: source.faults,
        tree_size: source.lines,
        root: source.root.map(|hash| hash.hex()),
        span: span(source).map(|(a, b): (Nanos, Nanos)| (a, b)),
    };
    sources.iter().enumerate().map(journal).collect()
}

/// A journal's file name as the report tells it, where it is told under another.
pub fn told_as(study: &Study, journals: Option<&[String]>, name: &str) -> String {
    let sources = study.snapshot.sources();
    let place = sources.iter().position(|source| source.name() == name);
    let told = place.and_then(|n| journals?.get(n));
    let last = told.and_then(|told| Path::new(told).file_name());
    last.map_or_else(|| name.to_owned(), |last| last.to_string_lossy().into_owned())
}

/// The deepest folder that holds all paths.
fn shared_folder(paths: &[&Path]) -> PathBuf {
    let mut shared: Option<Vec<Component<'_>>> = None;
    for path in paths {
        let parents: Vec<_> = path.parent().map(|p| p.components().collect()).unwrap_or_default();
        shared = Some(match shared {
            None => parents,
            Some(before) => {
                before.into_iter().zip(parents).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
            }
        });
    }
    shared.unwrap_or_default().iter().collect()
}

pub fn outside(outside: &Outside) -> (String, String) {
    let name = outside.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (name, outside.note.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_below_the_shared_folder_is_told() {
        for (paths, shared) in [
            (vec!["/home/eve/case/a.jsonl", "/home/eve/case/b.jsonl"], "/home/eve/case"),
            (vec!["/x/a/1.jsonl", "/x/b/1.jsonl"], "/x"),
            (vec!["/x/a/1.jsonl"], "/x/a"),
            (vec![], ""),
        ] {
            let paths: Vec<&Path> = paths.into_iter().map(Path::new).collect();
            assert_eq!(shared_folder(&paths), Path::new(shared));
        }
    }
}
