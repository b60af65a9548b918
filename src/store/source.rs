//! The journals a case was made from, and the way back to their bytes. Opened read-only, always.

use super::StoreError;
use crate::journal::LINE_LIMIT;
use crate::model::Hash;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// How far a source has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    Reading,
    Done,
}

/// One journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub id: u32,
    /// The file as it was given (absolute); for standard input, `-`.
    pub path: PathBuf,
    /// Where its plain bytes are: the same file, or the unpacked copy in the case's side folder.
    pub plain: PathBuf,
    pub state: SourceState,
    /// Size and modification time of `path` when it was read, to notice a change cheaply.
    pub size: u64,
    pub modified: i64,
    /// SHA-256 of the file at `path`.
    pub sha256: Option<Hash>,
    /// Plain bytes read, and lines among them (a torn tail is no line).
    pub bytes: u64,
    pub lines: u64,
    pub root: Option<Hash>,
    pub blanks: u64,
    /// Bytes after the last newline.
    pub torn_bytes: u64,
    pub records: u64,
    pub faults: u64,
    /// Faults of an imported source that are no faults of it: kept, and nothing here knows what they are.
    pub unmapped: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    /// From the journal's own first line.
    pub origin: Option<String>,
    pub log_key: Option<String>,
    /// What it was before it was imported; `plain` then holds the lines made of it.
    pub imported: Option<Imported>,
}

/// The format of the source that ingest writes of what it joined.
pub const JOINS: &str = "joins";

/// A foreign source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The name of its format.
    pub format: String,
    /// Its own bytes, unpacked: the file at `path`, or a copy in the case's side folder.
    pub original: PathBuf,
}

impl Source {
    pub fn new(id: u32, path: PathBuf, plain: PathBuf) -> Self {
        Self {
            id,
            path,
            plain,
            state: SourceState::Reading,
            size: 0,
            modified: 0,
            sha256: None,
            bytes: 0,
            lines: 0,
            root: None,
            blanks: 0,
            torn_bytes: 0,
            records: 0,
            faults: 0,
            unmapped: 0,
            duplicates: 0,
            conflicts: 0,
            origin: None,
            log_key: None,
            imported: None,
        }
    }

    /// Whether it was written by ingest itself: the joins it found across sources.
    pub fn is_made_here(&self) -> bool {
        self.imported.as_ref().is_some_and(|imported| imported.format == JOINS)
    }

    /// The format it was read as.
    pub fn format(&self) -> &str {
        self.imported.as_ref().map_or("journal", |imported| &imported.format)
    }

    /// The file's name, for tables.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }
}

/// Open files of the sources, for reading single lines from any number of threads.
#[derive(Debug, Default)]
pub struct SourceFiles {
    open: RwLock<HashMap<PathBuf, Arc<File>>>,
}

impl SourceFiles {
    /// Reads `length` bytes at `offset`. Says so when the file has become shorter.
    pub fn read(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let fail = |reason: String| StoreError::Source { path: path.to_owned(), reason };
        if length > LINE_LIMIT {
            // No record is longer: the case says what no ingest wrote.
            return Err(StoreError::Damaged(format!("a record of {length} bytes")));
        }
        let file = self.opened(path).map_err(fail)?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, offset)
            .map_err(|_| fail(format!("it no longer has the {length} bytes at offset {offset}")))?;
        Ok(bytes)
    }

    /// The open file. It is read where the reader says, without a position of its own, so nobody waits for another.
    fn opened(&self, path: &Path) -> Result<Arc<File>, String> {
        if let Some(file) = self.open.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(Arc::clone(file));
        }
        // A case may come from somebody else and name a pipe or a device, which would wait or never end.
        if !std::fs::metadata(path).map_err(|e| e.to_string())?.is_file() {
            return Err("not a regular file".to_owned());
        }
        let file = Arc::new(File::open(path).map_err(|e| e.to_string())?);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(open.entry(path.to_owned()).or_insert(file)))
    }
}
