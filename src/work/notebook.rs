//! The notebook of a case: marks, tags, comments, saved views, and the log of what the investigator did.
//!
//! There is only the log. A note is a line of it, undoing a note is a further line, and the notes are what the lines
//! come to. Each line holds the SHA-256 of the line before it:
//!
//! ```text
//! {"n":1,"at":"2026-10-05T09:12:04Z","by":"ann","deed":"mark","kind":"request","id":"req-1","text":"","prev":"000…"}
//! {"n":2,"at":"2026-10-05T09:12:09Z","by":"ann","deed":"undo","of":1,…,"prev":"5f3c…"}
//! ```
//!
//! The chain shows a line that was changed, left out or put in between. Who can write the case can also write the whole
//! chain anew: that shows only to whoever noted the last hash, as the explorer does for its own user.

use super::WorkError;
use crate::model::{Hash, Nanos};
use crate::store::Case;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Mark,
    Unmark,
    Tag,
    Untag,
    Comment,
    /// A filter kept under a name: `id` is the name, `text` the filter.
    View,
    /// The filter in force changed.
    Filter,
    /// The version or window under suspicion changed.
    Choice,
    /// Proofs were verified; `text` says what it came to.
    Verify,
    /// A file was written: `id` is its path, `text` its SHA-256.
    Export,
    Query,
    /// The note of line `of` no longer holds.
    Undo,
    /// It holds again.
    Redo,
}

impl Deed {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Unmark => "unmark",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::Comment => "comment",
            Self::View => "view",
            Self::Filter => "filter",
            Self::Choice => "choice",
            Self::Verify => "verify",
            Self::Export => "export",
            Self::Query => "query",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }

    /// Whether undoing it changes anything.
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Mark | Self::Unmark | Self::Tag | Self::Untag | Self::Comment | Self::View)
    }
}

/// What a note is about: `request req-1`, `finding late-serving gw-eu-3`, `moment 2026-…`. Recorded text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    pub kind: String,
    pub id: String,
}

impl Subject {
    pub fn new(kind: &str, id: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned() }
    }
}

/// Something to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub deed: Deed,
    pub about: Subject,
    pub text: String,
    /// The line an undo or redo is about.
    pub of: Option<u64>,
}

impl Entry {
    pub fn new(deed: Deed, about: Subject, text: &str) -> Self {
        Self { deed, about, text: text.to_owned(), of: None }
    }

    /// Something done to the case as a whole.
    pub fn done(deed: Deed, text: &str) -> Self {
        Self::new(deed, Subject::default(), text)
    }

    pub fn undo(line: u64) -> Self {
        Self { of: Some(line), ..Self::done(Deed::Undo, "") }
    }

    pub fn redo(line: u64) -> Self {
        Self { of: Some(line), ..Self::done(Deed::Redo, "") }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub n: u64,
    /// RFC 3339, UTC, by the clock of who wrote it.
    pub at: String,
    pub by: String,
    pub deed: Deed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    pub kind: String,
    pub id: String,
    pub text: String,
    /// SHA-256 of the bytes of the line before, in hex.
    pub prev: String,
}

/// Who writes, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    pub by: String,
    pub at: Nanos,
}

impl Hand {
    /// The user this program runs for, now.
    pub fn now() -> Self {
        let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        Self { by: name.unwrap_or_else(|| "unknown".to_owned()), at: Nanos::now() }
    }
}

/// All notes there are about one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub marked: bool,
    pub tags: BTreeSet<String>,
    /// Line numbers and texts.
    pub comments: Vec<(u64, String)>,
    /// The last line that changed these notes.
    pub last: u64,
}

impl Notes {
    fn is_empty(&self) -> bool {
        !self.marked && self.tags.is_empty() && self.comments.is_empty()
    }
}

/// The log and what it comes to.
#[derive(Clone, Debug, Default)]
pub struct Notebook {
    pub lines: Vec<Line>,
    /// The hash of the last line; all zeros where there is none.
    pub head: Hash,
    /// Hashes of all lines, for whoever noted an earlier one.
    hashes: Vec<Hash>,
    /// Why the chain does not hold, and from which line on.
    pub broken: Option<(u64, String)>,
    notes: BTreeMap<Subject, Notes>,
    /// Saved filters by name.
    pub views: BTreeMap<String, String>,
}

impl Notebook {
    /// Reads lines and holds each against the one before. A line that is none is told; the rest is read all the same.
    pub fn read(lines: &[Vec<u8>]) -> Self {
        let mut book = Self::default();
        for (n, bytes) in (1..).zip(lines) {
            let mut broken = None;
            match serde_json::from_slice::<Line>(bytes) {
                Ok(line) => {
                    if line.n != n {
                        broken = Some(format!("line {} says that it is line {}", n, line.n));
                    } else if line.prev != book.head.to_string() {
                        broken = Some(format!("line {n} does not follow from the line before it"));
                    }
                    book.lines.push(line);
                }
                Err(error) => broken = Some(format!("line {n} is no line of a log: {error}")),
            }
            book.broken = book.broken.or(broken.map(|what| (n, what)));
            book.head = hash(bytes);
            book.hashes.push(book.head);
        }
        book.settle();
        book
    }

    /// Adds a line in memory; returns its bytes.
    pub fn append(&mut self, entry: &Entry, hand: &Hand) -> Vec<u8> {
        let line = line_of(entry, hand, self.hashes.len() as u64 + 1, self.head);
        let bytes = bytes_of(&line);
        self.lines.push(line);
        self.head = hash(&bytes);
        self.hashes.push(self.head);
        self.settle();
        bytes
    }

    /// Whether a hash noted earlier is one of this log's: if not, the log was cut or written anew.
    pub fn went_through(&self, hash: Hash) -> bool {
        hash == Hash::default() || self.hashes.contains(&hash)
    }

    pub fn notes(&self) -> impl Iterator<Item = (&Subject, &Notes)> {
        self.notes.iter()
    }

    pub fn about(&self, subject: &Subject) -> Option<&Notes> {
        self.notes.get(subject)
    }

    /// The log as JSON Lines, exactly as kept: `sha256sum` of a line is the next line's `prev`.
    pub fn export(lines: &[Vec<u8>]) -> Vec<u8> {
        lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
    }

    /// Works out what holds after all undoing and redoing.
    fn settle(&mut self) {
        let mut undone = BTreeSet::new();
        for line in &self.lines {
            match (line.deed, line.of) {
                (Deed::Undo, Some(of)) => drop(undone.insert(of)),
                (Deed::Redo, Some(of)) => drop(undone.remove(&of)),
                _ => {}
            }
        }
        self.notes.clear();
        self.views.clear();
        for line in self.lines.iter().filter(|line| line.deed.is_note() && !undone.contains(&line.n)) {
            if line.deed == Deed::View {
                match line.text.is_empty() {
                    true => drop(self.views.remove(&line.id)),
                    false => drop(self.views.insert(line.id.clone(), line.text.clone())),
                }
                continue;
            }
            let notes = self.notes.entry(Subject::new(&line.kind, &line.id)).or_default();
            notes.last = line.n;
            match line.deed {
                Deed::Mark => notes.marked = true,
                Deed::Unmark => notes.marked = false,
                Deed::Tag => drop(notes.tags.insert(line.text.clone())),
                Deed::Untag => drop(notes.tags.remove(&line.text)),
                _ => notes.comments.push((line.n, line.text.clone())),
            }
        }
        self.notes.retain(|_, notes| !notes.is_empty());
    }
}

fn line_of(entry: &Entry, hand: &Hand, n: u64, prev: Hash) -> Line {
    Line {
        n,
        at: hand.at.rfc3339(),
        by: hand.by.clone(),
        deed: entry.deed,
        of: entry.of,
        kind: entry.about.kind.clone(),
        id: entry.about.id.clone(),
        text: entry.text.clone(),
        prev: prev.to_string(),
    }
}

fn bytes_of(line: &Line) -> Vec<u8> {
    serde_json::to_vec(line).expect("texts and numbers always serialise")
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// The notebook of a case as it stands.
pub fn open(path: &Path) -> Result<Notebook, WorkError> {
    Ok(Notebook::read(&Case::open(path)?.log()?))
}

/// Writes lines into a case's log, after whatever others wrote meanwhile; returns the notebook, and the first new line.
pub fn write(path: &Path, entries: &[Entry], hand: &Hand) -> Result<(Notebook, u64), WorkError> {
    let mut case = Case::create_or_open(path)?;
    let mut first = 0;
    case.append_log(|last, bytes| {
        first = last + 1;
        let mut head = bytes.map(hash).unwrap_or_default();
        let lines = (first..).zip(entries).map(|(n, entry)| {
            let bytes = bytes_of(&line_of(entry, hand, n, head));
            head = hash(&bytes);
            bytes
        });
        lines.collect()
    })?;
    Ok((Notebook::read(&case.log()?), first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand() -> Hand {
        Hand { by: "ann".to_owned(), at: Nanos(1_791_072_000_000_000_000) }
    }

    fn about(id: &str) -> Subject {
        Subject::new("request", id)
    }

    fn written() -> Vec<Vec<u8>> {
        let mut book = Notebook::default();
        [
            Entry::new(Deed::Mark, about("a"), ""),
            Entry::new(Deed::Tag, about("a"), "late"),
            Entry::new(Deed::Comment, about("b"), "why?\n\u{1b}[2J"),
            Entry::undo(1),
        ]
        .iter()
        .map(|entry| book.append(entry, &hand()))
        .collect()
    }

    #[test]
    fn notes_are_what_the_lines_come_to() {
        let mut book = Notebook::read(&written());
        assert_eq!(book.broken, None);
        assert!(!book.about(&about("a")).unwrap().marked, "undone");
        assert!(book.about(&about("a")).unwrap().tags.contains("late"));
        book.append(&Entry::redo(1), &hand());
        assert!(book.about(&about("a")).unwrap().marked, "and done again");
        book.append(&Entry::undo(3), &hand());
        assert_eq!(book.about(&about("b")), None);
        assert_eq!(book.lines.len(), 6, "nothing is ever taken out");
    }

    #[test]
    fn a_line_changed_left_out_or_moved_breaks_the_chain() {
        let whole = written();
        let mut changed = whole.clone();
        changed[1] = String::from_utf8(changed[1].clone()).unwrap().replace("late", "fine").into_bytes();
        let mut left_out = whole.clone();
        left_out.remove(1);
        let mut moved = whole.clone();
        moved.swap(0, 1);
        let mut rubbish = whole.clone();
        rubbish[2] = b"{}".to_vec();
        for (lines, at) in [(changed, 3), (left_out, 2), (moved, 1), (rubbish, 3)] {
            assert_eq!(Notebook::read(&lines).broken.map(|(n, _)| n), Some(at));
        }
        let cut = Notebook::read(&whole[..2]);
        assert_eq!(cut.broken, None, "a cut end cannot be seen from within");
        assert!(!cut.went_through(Notebook::read(&whole).head), "but by who noted the last hash");
    }

    #[test]
    fn two_hands_write_one_chain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.case");
        drop(Case::create_or_open(&path).unwrap());
        assert!(open(&path).unwrap().lines.is_empty(), "a case nobody took notes in");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..10 {
                        let entry = Entry::new(Deed::Comment, about(&n.to_string()), "x");
                        write(&path, &[entry], &hand()).unwrap();
                    }
                });
            }
        });
        let book = open(&path).unwrap();
        assert_eq!((book.lines.len(), book.broken), (40, None));
    }
}
