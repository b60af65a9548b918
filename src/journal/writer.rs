//! A journal as a recorder writes one: records that a reader will accept, a line each, counted.
//!
//! ```
//! use backtrail::journal::Writer;
//! use serde_json::json;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("gw-eu-1.jsonl");
//! let file = std::fs::OpenOptions::new().append(true).create_new(true).open(&path)?;
//! let mut journal = Writer::begin(file, "gw-eu-1.example/provenance", None, "2026-10-04T00:00:00Z")?;
//! let record = json!({"kind": "action", "id": "act-1", "at": "2026-10-04T09:13:12Z", "agent": "treasury-12", "action": "approve"});
//! assert_eq!(journal.record(&record.to_string())?, 1, "its line; the header is line 0");
//! // What a reader would take for a fault never reaches the file.
//! assert!(journal.record(r#"{"kind":"action","id":"act-2","at":"yesterday"}"#).is_err());
//! # drop(journal);
//! # assert_eq!(std::fs::read_to_string(path)?.lines().count(), 2);
//! # Ok(())
//! # }
//! ```
//! Signing checkpoints over it is `work::adopt::Log`, because trees and keys are the proof room's.

use super::{LINE_LIMIT, wire};
use serde_json::json;
use std::io::{self, Write};

/// An open journal.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    lines: u64,
}

/// Why a record was not written. The journal is as it was, unless writing itself failed.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    #[error("no record of a journal: {0}")]
    Unfit(String),
    #[error("a record is one line; this has {0} newlines")]
    Lines(usize),
    #[error("the line has {0} bytes; the limit is {LINE_LIMIT}")]
    TooLong(usize),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<W: Write> Writer<W> {
    /// Begins a journal with its first line. `origin` is the log's name in its checkpoints, `log_key` its verifier key.
    pub fn begin(out: W, origin: &str, log_key: Option<&str>, at: &str) -> Result<Self, NotWritten> {
        let mut first =
            json!({"kind": "journal", "id": origin, "at": at, "spec": "backtrail/1", "origin": origin});
        if let Some(key) = log_key {
            first["log_key"] = key.into();
        }
        let mut writer = Self { out, lines: 0 };
        writer.record(&first.to_string())?;
        Ok(writer)
    }

    /// Writes one record and its newline. Returns its line index. What a reader would take for a fault is refused.
    pub fn record(&mut self, line: &str) -> Result<u64, NotWritten> {
        let newlines = memchr::memchr_iter(b'\n', line.as_bytes()).count();
        if newlines > 0 {
            return Err(NotWritten::Lines(newlines));
        }
        if line.len() > LINE_LIMIT {
            return Err(NotWritten::TooLong(line.len()));
        }
        wire::parse(line.as_bytes()).map_err(NotWritten::Unfit)?;
        // One write for the line and its newline: a kill between two leaves no more than a torn tail.
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.out.write_all(&bytes)?;
        self.lines += 1;
        Ok(self.lines - 1)
    }

    /// Lines so far: the size of the tree over them.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The journal's end.
    pub fn into_inner(self) -> W {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_reader_accepts_is_written() {
        let mut journal =
            Writer::begin(Vec::new(), "a.example/log", None, "2026-10-04T00:00:00Z").expect("a header");
        let record = r#"{"kind":"action","id":"a","at":"2026-10-04T00:00:00Z","agent":"x","action":"buy"}"#;
        assert_eq!(journal.record(record).expect("a record"), 1);
        for line in
            ["", "{}", "{\n}", r#"{"kind":"action","id":"a","at":"yesterday","agent":"x","action":"buy"}"#]
        {
            assert!(journal.record(line).is_err(), "{line}");
        }
        assert_eq!(journal.lines(), 2);
        assert_eq!(journal.into_inner().iter().filter(|b| **b == b'\n').count(), 2);
    }
}
