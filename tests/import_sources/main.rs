//! Foreign sources, as networks write them: every record points at its bytes, proofs verify by the same ladder, bad input is named.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

#[expect(dead_code, reason = "each test crate reads other kinds of vectors")]
#[path = "../common/vectors.rs"]
mod folder;

mod bad;
mod chain;
mod codecs;
mod documents;
mod gateway;
mod laws;
mod real;
mod together;
mod traces;
mod vectors;

use backtrail::model::{Kind, Row};
use backtrail::store::Case;
use backtrail::work::ingest::{Options, Watcher, ingest_as};
use backtrail::work::study::Study;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder of sources and the case made of them.
pub(crate) struct Scene {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) options: Options,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { folder: Arc::new(tempfile::tempdir().unwrap()), options: Options::default() }
    }

    /// A scene with one source.
    pub(crate) fn of(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::new().with(name, bytes)
    }

    pub(crate) fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::create_dir_all(self.sources()).unwrap();
        fs::write(self.sources().join(name), bytes).unwrap();
        self
    }

    pub(crate) fn at(mut self, text: &str) -> Self {
        self.options.at = Some(backtrail::model::Nanos::parse(text).unwrap());
        self
    }

    pub(crate) fn sources(&self) -> PathBuf {
        self.folder.path().join("sources")
    }

    pub(crate) fn try_read(&self) -> Result<Read, backtrail::work::WorkError> {
        let mut case = Case::create_or_open(&self.folder.path().join("a.case"))?;
        ingest_as(&mut case, &[self.sources()], &self.options, &mut Watcher::none())?;
        Ok(Read { study: Study::open(case.path())?, _folder: Arc::clone(&self.folder) })
    }

    pub(crate) fn read(&self) -> Read {
        self.try_read().unwrap()
    }

    /// Reads one file by its own name, as a person names it: whatever its ending.
    pub(crate) fn read_file(&self, name: &str, bytes: &[u8]) -> Read {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut case = Case::create_or_open(&self.folder.path().join("a.case")).unwrap();
        ingest_as(&mut case, &[path], &self.options, &mut Watcher::none()).unwrap();
        Read { study: Study::open(case.path()).unwrap(), _folder: Arc::clone(&self.folder) }
    }

    /// Every fault as `name line N: reason`.
    pub(crate) fn faults(&self) -> Vec<String> {
        let case = Case::open(&self.folder.path().join("a.case")).unwrap();
        let sources = case.sources().unwrap();
        let name = |id: u32| sources.iter().find(|source| source.id == id).unwrap().name();
        let faults = case.faults().unwrap().into_iter();
        faults
            .map(|(id, fault)| format!("{} line {}: {}", name(id), fault.place().line + 1, fault.reason))
            .collect()
    }
}

/// A study whose sources stay as long as it does.
pub(crate) struct Read {
    study: Study,
    _folder: Arc<TempDir>,
}

impl std::ops::Deref for Read {
    type Target = Study;
    fn deref(&self) -> &Study {
        &self.study
    }
}

/// Every record as JSON with its row, duplicates left out.
pub(crate) fn records(study: &Study) -> Vec<(Row, Value)> {
    let snapshot = &study.snapshot;
    let line = |row: &Row| (*row, serde_json::from_slice(&snapshot.line(*row).unwrap()).unwrap());
    snapshot.order().unwrap().iter().map(line).collect()
}

pub(crate) fn of_kind(study: &Study, kind: &str) -> Vec<Value> {
    records(study).into_iter().map(|(_, record)| record).filter(|record| record["kind"] == kind).collect()
}

/// The one record of a kind.
#[track_caller]
pub(crate) fn only(study: &Study, kind: &str) -> Value {
    let found = of_kind(study, kind);
    assert_eq!(found.len(), 1, "{kind}: {found:#?}");
    found.into_iter().next().unwrap()
}

/// The law of every import: each record's pointer leads to the very bytes it was read from.
#[track_caller]
pub(crate) fn every_record_points_at_its_bytes(study: &Study) {
    for (row, record) in records(study) {
        let (provenance, bytes) = study.snapshot.original(row).unwrap().unwrap();
        assert!(bytes.is_some(), "the bytes of {record} are not there");
        let bytes = bytes.unwrap();
        assert_eq!(bytes.len() as u64, provenance.length);
        let file = fs::read(&study.snapshot.source_of(row).unwrap().path).unwrap();
        let before = &file[..usize::try_from(provenance.offset).unwrap()];
        let newlines = before.iter().filter(|b| **b == b'\n').count();
        assert_eq!(newlines as u64, provenance.line, "{record}");
        assert_ne!(study.snapshot.kind(row).unwrap(), Kind::Journal);
    }
}
