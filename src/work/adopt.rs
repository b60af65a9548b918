//! `adopt`: a journal of a network's own, written from whatever it has, with the tree over its lines and a signed checkpoint.

use super::WorkError;
use crate::journal::Writer;
use crate::journal::import::origin_of;
use crate::journal::writer::NotWritten;
use crate::model::{Hash, Kind, Nanos};
use crate::proof::merkle::{Frontier, leaf_hash};
use crate::proof::note::{KeyType, VerifierKey, note_body, signature_line};
use crate::store::Case;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// A log's secret key: signs checkpoints under the log's own name.
pub struct LogKey {
    origin: String,
    key: SigningKey,
}

impl LogKey {
    /// From the 32 bytes of an Ed25519 seed.
    pub fn new(origin: &str, seed: [u8; 32]) -> Self {
        Self { origin: origin.to_owned(), key: SigningKey::from_bytes(&seed) }
    }

    /// The verifier key others pin.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(&self.origin, KeyType::Ed25519, self.key.verifying_key().to_bytes())
    }

    /// A C2SP checkpoint over `size` lines with this root.
    pub fn checkpoint(&self, size: u64, root: &Hash) -> String {
        let body = note_body(&self.origin, size, root);
        let signature = self.key.sign(body.as_bytes()).to_bytes();
        format!("{body}\n{}", signature_line(&self.origin, self.verifier().key_id, &signature))
    }
}

/// A journal being written, with the tree over its lines: what a network's recorder keeps open.
///
/// ```
/// use backtrail::model::Nanos;
/// use backtrail::work::adopt::{Log, LogKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = LogKey::new("gw-eu-1.example/provenance", [7; 32]);
/// let pinned = key.verifier().text(); // what others put into their trust file
/// let at = Nanos::parse("2026-10-04T09:13:12Z")?;
/// let mut log = Log::begin(Vec::new(), "gw-eu-1.example/provenance", Some(key), at)?;
/// log.record(r#"{"kind":"action","id":"act-1","at":"2026-10-04T09:13:12Z","agent":"treasury-12","action":"approve"}"#)?;
/// log.checkpoint(at)?; // commits to both lines
/// assert!(pinned.starts_with("gw-eu-1.example/provenance+"));
/// assert_eq!(log.tree().0, 3);
/// # Ok(())
/// # }
/// ```
pub struct Log<W> {
    writer: Writer<W>,
    tree: Frontier,
    key: Option<LogKey>,
}

impl<W: Write> Log<W> {
    pub fn begin(out: W, origin: &str, key: Option<LogKey>, at: Nanos) -> Result<Self, NotWritten> {
        let verifier = key.as_ref().map(|key| key.verifier().text());
        let (at, mut head) = (at.rfc3339(), Vec::new());
        Writer::begin(&mut head, origin, verifier.as_deref(), &at)?;
        let writer = Writer::begin(out, origin, verifier.as_deref(), &at)?;
        let mut tree = Frontier::new();
        tree.push(leaf_hash(head.trim_ascii_end()));
        Ok(Self { writer, tree, key })
    }

    pub fn record(&mut self, line: &str) -> Result<(), NotWritten> {
        self.writer.record(line)?;
        self.tree.push(leaf_hash(line.as_bytes()));
        Ok(())
    }

    /// Commits to all lines so far. Without a key nothing is written.
    pub fn checkpoint(&mut self, at: Nanos) -> Result<(), NotWritten> {
        let size = self.writer.lines();
        let Some(key) = &self.key else { return Ok(()) };
        let note = key.checkpoint(size, &self.tree.root());
        let id = format!("checkpoint-{size}");
        self.record(&json!({"kind": "checkpoint", "id": id, "at": at.rfc3339(), "note": note}).to_string())
    }

    /// Lines and the root over them.
    pub fn tree(&self) -> (u64, Hash) {
        (self.writer.lines(), self.tree.root())
    }
}

/// What was adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub records: u64,
    /// Lines of the new journal and the root over them.
    pub lines: u64,
    pub root: Hash,
}

/// Writes every record of a case in time order, duplicates left out, into a new journal. Headers and checkpoints of the
/// sources speak of other files and stay behind; what was imported keeps its pointer.
pub fn adopt(case: &Path, output: &Path, origin: &str, key: Option<LogKey>) -> Result<Adopted, WorkError> {
    let snapshot = Case::open(case)?.snapshot()?;
    let refused = |reason: String| WorkError::Write { path: output.to_owned(), reason };
    if output.exists() {
        return Err(refused("it exists; a journal is only ever begun once".to_owned()));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(|e| refused(e.to_string()))?;
    let order = snapshot.order()?;
    let edge = |row: Option<&crate::model::Row>| row.map_or(Ok(Nanos(0)), |row| snapshot.at(*row));
    let (first, last) = (edge(order.first())?, edge(order.last())?);
    let handle = file.as_file().try_clone().map_err(|e| refused(e.to_string()))?;
    let out = std::io::BufWriter::new(handle);
    let mut log = Log::begin(out, origin, key, first).map_err(|e| refused(e.to_string()))?;
    let mut records = 0;
    for row in order.iter() {
        if matches!(snapshot.kind(*row)?, Kind::Journal | Kind::Checkpoint) {
            continue;
        }
        let mut line = snapshot.line(*row)?;
        let source = snapshot.source_of(*row)?;
        if source.imported.is_some() {
            name_source(&mut line, &source.name());
        }
        let text = String::from_utf8(line).map_err(|e| refused(e.to_string()))?;
        log.record(&text).map_err(|e| refused(e.to_string()))?;
        records += 1;
    }
    log.checkpoint(last).map_err(|e| refused(e.to_string()))?;
    let (lines, root) = log.tree();
    let mut out = log.writer.into_inner();
    out.flush().map_err(|e| refused(e.to_string()))?;
    drop(out);
    file.as_file().sync_all().map_err(|e| refused(e.to_string()))?;
    file.persist_noclobber(output).map_err(|e| refused(e.error.to_string()))?;
    Ok(Adopted { records, lines, root })
}

/// Away from its case a pointer must say which file it points into.
fn name_source(line: &mut Vec<u8>, name: &str) {
    if origin_of(line).is_some_and(|provenance| provenance.source.is_none()) && line.ends_with(b"}}") {
        line.truncate(line.len() - 2);
        line.extend_from_slice(format!(",\"source\":{}}}}}", json!(name)).as_bytes());
    }
}
