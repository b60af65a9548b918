//! The journals on disk: lines appended, each a leaf, and every so often a signed checkpoint with a witness's word.

use super::SimulateError;
use super::dice::Dice;
use super::lines::Line;
use crate::model::time::SECOND;
use crate::proof::merkle::{Frontier, leaf_hash};
use crate::proof::note::{KeyType, VerifierKey, cosignature_message, note_body, signature_line};
use ed25519_dalek::{Signer, SigningKey};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Someone who signs notes.
pub(super) struct NoteSigner {
    key: SigningKey,
    pub(super) verifier: VerifierKey,
}

impl NoteSigner {
    pub(super) fn new(name: &str, key_type: KeyType, dice: &mut Dice) -> Self {
        let key = SigningKey::from_bytes(&dice.bytes());
        let verifier = VerifierKey::new(name, key_type, key.verifying_key().to_bytes());
        Self { key, verifier }
    }

    fn line(&self, signature: &[u8]) -> String {
        signature_line(&self.verifier.name, self.verifier.key_id, signature)
    }

    /// A log's signature line under a note body.
    fn sign(&self, body: &str) -> String {
        self.line(&self.key.sign(body.as_bytes()).to_bytes())
    }

    /// A witness's line: when it saw the body, and its signature over both.
    fn cosign(&self, body: &str, time: u64) -> String {
        let mut signature = time.to_be_bytes().to_vec();
        signature.extend(self.key.sign(cosignature_message(time, body).as_bytes()).to_bytes());
        self.line(&signature)
    }
}

/// All journals of an incident, and the witness they share.
pub(super) struct Journals {
    pub(super) all: Vec<Journal>,
    pub(super) witness: NoteSigner,
    /// Lines in all of them, but for first lines and checkpoints.
    pub(super) lines: u64,
}

impl Journals {
    /// Creates one journal for each name. `rhythm` is the number of lines between checkpoints.
    pub(super) fn create(
        dir: &Path,
        names: &[&str],
        at: i64,
        rhythm: u64,
        dice: &mut Dice,
    ) -> Result<Self, SimulateError> {
        let all: Result<_, _> =
            names.iter().map(|name| Journal::create(dir, name, at, rhythm, dice)).collect();
        let witness = NoteSigner::new("witness-1.example", KeyType::Cosignature, dice);
        Ok(Self { all: all?, witness, lines: 0 })
    }

    pub(super) fn append(&mut self, journal: usize, line: &[u8], at: i64) -> Result<(), SimulateError> {
        self.lines += 1;
        let journal = &mut self.all[journal];
        journal.append(line)?;
        journal.tick(at, &self.witness)
    }

    /// Ends every journal with a checkpoint over all its lines, and gives these notes.
    pub(super) fn finish(&mut self) -> Result<Vec<String>, SimulateError> {
        self.all
            .iter_mut()
            .map(|journal| {
                let note = journal.checkpoint(&self.witness)?;
                journal.flush()?;
                Ok(note)
            })
            .collect()
    }
}

/// One journal, open for appending.
pub(super) struct Journal {
    /// Name without ending: `gw-eu-1`.
    pub(super) name: String,
    pub(super) path: PathBuf,
    file: BufWriter<File>,
    tree: Frontier,
    pub(super) log: NoteSigner,
    checkpoints: u64,
    last_at: i64,
    /// Lines between checkpoints.
    rhythm: u64,
    since: u64,
    line: Line,
}

impl Journal {
    fn create(dir: &Path, name: &str, at: i64, rhythm: u64, dice: &mut Dice) -> Result<Self, SimulateError> {
        let path = dir.join(format!("{name}.jsonl"));
        let file = File::create(&path).map_err(|error| SimulateError::Write(path.clone(), error))?;
        let origin = format!("{name}.example/provenance");
        let mut journal = Self {
            name: name.to_owned(),
            path,
            file: BufWriter::with_capacity(1 << 18, file),
            tree: Frontier::new(),
            log: NoteSigner::new(&origin, KeyType::Ed25519, dice),
            checkpoints: 0,
            last_at: at,
            rhythm,
            since: 0,
            line: Line::new(),
        };
        let mut first = Line::new();
        first
            .open("journal")
            .plain("id", &format!("j-{name}"))
            .time("at", at)
            .plain("spec", "backtrail/1")
            .plain("origin", &origin)
            .plain("log_key", &journal.log.verifier.text());
        journal.append(first.close())?;
        Ok(journal)
    }

    /// Lines so far.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Appends one line.
    fn append(&mut self, line: &[u8]) -> Result<(), SimulateError> {
        self.tree.push(leaf_hash(line));
        self.since += 1;
        let written = self.file.write_all(line).and_then(|()| self.file.write_all(b"\n"));
        written.map_err(|error| SimulateError::Write(self.path.clone(), error))
    }

    /// Appends a checkpoint when enough lines came since the last one.
    fn tick(&mut self, at: i64, witness: &NoteSigner) -> Result<(), SimulateError> {
        self.last_at = self.last_at.max(at);
        if self.since >= self.rhythm { self.checkpoint(witness).map(drop) } else { Ok(()) }
    }

    /// Signs all lines so far, has it witnessed, and records it. Returns the note.
    fn checkpoint(&mut self, witness: &NoteSigner) -> Result<String, SimulateError> {
        let at = self.last_at + SECOND / 4;
        self.checkpoints += 1;
        let note = self.signed_note(witness);
        let mut line = std::mem::replace(&mut self.line, Line::new());
        line.open("checkpoint")
            .plain("id", &format!("ckpt-{}-{}", self.name, self.checkpoints))
            .time("at", at)
            .text("note", &note);
        self.append(line.close())?;
        self.line = line;
        self.since = 0;
        Ok(note)
    }

    /// The signed and witnessed note over the lines so far, as an auditor would hold it.
    fn signed_note(&self, witness: &NoteSigner) -> String {
        let body = note_body(&self.log.verifier.name, self.tree.size(), &self.tree.root());
        let time = (self.last_at / SECOND).unsigned_abs() + 1;
        format!("{body}\n{}{}", self.log.sign(&body), witness.cosign(&body, time))
    }

    fn flush(&mut self) -> Result<(), SimulateError> {
        self.file.flush().map_err(|error| SimulateError::Write(self.path.clone(), error))
    }
}
