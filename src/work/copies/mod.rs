//! Copies of journals' trees held elsewhere, held against the journals: they tell the very lines that were changed.
//!
//! ```text
//! journal, plain or packed · leaf hashes as hex lines · C2SP tlog tiles (tile/0/…)
//!                ▼ leaves, streaming
//! whose first lines are they ─▶ compare ─▶ lines that differ; the copy's own root at each checkpoint of that journal
//! ```
//! A copy is somebody's word until a checkpoint says otherwise: where the copy has the root that the log signed and the
//! journal has not, the copy is what was logged.

mod leaves;

pub use leaves::Leaves;

use super::archive::{Archive, Held};
use super::findings::counted;
use super::study::Study;
use super::{Cancel, WorkError};
use crate::journal::Column;
use crate::model::finding::EVIDENCE_SHOWN;
use crate::model::{Hash, Row};
use crate::proof::ladder::Check;
use crate::proof::merkle::{self, Difference};
use crate::proof::roots::Roots;
use crate::store::{Snapshot, Source, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lines looked at to tell which journal a copy is of.
const TOLD_BY: usize = 4096;
/// Stretches told in words; `verify --json` has more.
const TOLD: usize = 5;

/// A copy, held against the journal it is of. Kept in the case, so the copy itself need not be at hand again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// The copy's file name.
    pub name: String,
    /// SHA-256 of the journal it was held against.
    pub journal: String,
    pub journal_lines: u64,
    pub copy_lines: u64,
    /// Lines at which both agree.
    pub same: u64,
    /// Lines of the journal, and of the copy, that differ.
    pub differing: (u64, u64),
    pub differences: Vec<Stretch>,
    /// The copy's roots at the sizes that checkpoints commit to, as hex.
    pub roots: BTreeMap<u64, String>,
}

/// Line indices: from `line`, `lines` of the journal stand where the copy has `copy_lines` from `copy_line`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub line: u64,
    pub lines: u64,
    pub copy_line: u64,
    pub copy_lines: u64,
}

/// What checkpoints say of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// It has the root at this size that the log signed, under a pinned key.
    Pinned(u64),
    /// The same, under the key that the journal names.
    Signed(u64),
    /// It has not the root at this size that the log signed.
    Contradicted(u64),
    /// No checkpoint covers it.
    Nothing,
}

/// Holds each copy against the journal it is of.
pub fn compare(
    study: &Study,
    archive: &Archive,
    copies: &[PathBuf],
    cancel: &Cancel,
) -> Result<Vec<Copied>, WorkError> {
    copies.iter().map(|path| compare_one(study, archive, path, cancel)).collect()
}

fn compare_one(study: &Study, archive: &Archive, path: &Path, cancel: &Cancel) -> Result<Copied, WorkError> {
    let source = source_of(study, path, cancel)?;
    let held = archive.checkpoints.get(&source.id).into_iter().flatten();
    let sizes: BTreeSet<u64> = held.map(|held| held.size).collect();
    let mut roots = Roots::watching(sizes.iter().copied());
    let mut journal = Leaves::of_journal(&source.plain, cancel);
    let mut copy = Leaves::of_copy(path, cancel)?;
    let compared = merkle::compare(journal.by_ref(), copy.by_ref().inspect(|leaf| roots.push(*leaf)));
    cancel.check()?;
    journal.finish()?;
    copy.finish()?;
    let at_sizes = sizes.into_iter().filter_map(|size| Some((size, roots.at(size)?.hex())));
    Ok(Copied {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        journal: source.sha256.unwrap_or_default().hex(),
        journal_lines: compared.journal_lines,
        copy_lines: compared.copy_lines,
        same: compared.same,
        differing: compared.differing,
        differences: compared.differences.iter().map(Stretch::of).collect(),
        roots: at_sizes.collect(),
    })
}

/// The journal that has the most of the copy's first lines at their places. What was imported is no log.
fn source_of<'s>(study: &'s Study, path: &Path, cancel: &Cancel) -> Result<&'s Source, WorkError> {
    let mut copy = Leaves::of_copy(path, cancel)?;
    let first: Vec<Hash> = copy.by_ref().take(TOLD_BY).collect();
    copy.finish()?;
    let mut best: Option<(usize, &Source)> = None;
    for source in study.snapshot.sources().iter().filter(|source| source.imported.is_none()) {
        let journal = Leaves::of_journal(&source.plain, cancel);
        let same = journal.zip(&first).filter(|(ours, theirs)| ours == *theirs).count();
        if same > best.map_or(0, |(most, _)| most) {
            best = Some((same, source));
        }
    }
    cancel.check()?;
    best.map(|(_, source)| source).ok_or_else(|| WorkError::Unfit {
        path: path.to_owned(),
        what: format!("of no journal here: none has one of its first {} lines at its place", first.len()),
    })
}

impl Stretch {
    fn of(difference: &Difference) -> Self {
        let (ours, theirs) = (&difference.journal, &difference.copy);
        Self {
            line: ours.start,
            lines: ours.end - ours.start,
            copy_line: theirs.start,
            copy_lines: theirs.end - theirs.start,
        }
    }

    /// Lines as people count them, from 1.
    fn words(&self) -> String {
        let first = self.line + 1;
        let lines = match self.lines {
            1 => format!("line {first}"),
            n => format!("lines {first} to {}", self.line + n),
        };
        match (self.lines, self.copy_lines) {
            (0, gone) => format!("{} taken out before line {first}", counted(gone, "line")),
            (_, 0) => format!("{lines} put in"),
            (ours, theirs) if ours == theirs => lines,
            (_, theirs) => format!("{lines} in place of {theirs}"),
        }
    }
}

impl Copied {
    pub fn is_of(&self, source: &Source) -> bool {
        source.sha256.is_some_and(|sha256| sha256.hex() == self.journal)
    }

    /// Lines that differ, as a person counts them: what one side has alone counts too.
    pub fn count(&self) -> u64 {
        self.differing.0.max(self.differing.1)
    }

    /// The stretches in words, those that begin among these lines of the journal; nothing where none does.
    pub fn within(&self, from: u64, to: u64) -> Option<String> {
        let mut inside = self.differences.iter().filter(|one| (from..to).contains(&one.line)).peekable();
        inside.peek()?;
        let count = inside.clone().count();
        let mut words: Vec<String> = inside.take(TOLD).map(Stretch::words).collect();
        if count > TOLD {
            words.push(format!("and {} more", counted((count - TOLD) as u64, "stretch")));
        }
        Some(words.join(", "))
    }

    /// What the checkpoints of its journal say of the copy, where it differs from the journal.
    pub fn backing(&self, held: &[Held]) -> Backing {
        let Some(first) = self.differences.first() else {
            return Backing::Nothing;
        };
        let mut backing = Backing::Nothing;
        for held in held {
            let checks = held.checked.log_result().checks;
            let Some((size, root)) = held.checked.committed().filter(|_| checks.crypto == Check::Holds)
            else {
                continue;
            };
            let Some(ours) = self.roots.get(&size).filter(|_| size > first.copy_line) else {
                continue;
            };
            // The pinned key says more than one that is only claimed; a root that agrees more than one that does not.
            backing = match (*ours == root.hex(), checks.policy, backing) {
                (true, Check::Holds, _) => Backing::Pinned(size),
                (_, _, known @ Backing::Pinned(_)) => known,
                (true, ..) => Backing::Signed(size),
                (false, _, known @ Backing::Signed(_)) => known,
                (false, ..) => Backing::Contradicted(size),
            };
        }
        backing
    }

    /// The records at the lines that differ, as many as findings show.
    pub fn rows(&self, snapshot: &Snapshot, source: &Source) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for (n, chunk) in snapshot.chunks().iter().enumerate().filter(|(_, chunk)| chunk.source == source.id)
        {
            let lines = snapshot.passing(chunk, Column::Line)?;
            lines.each(|place, line| {
                // Where lines were taken out, the record after them shows the place.
                let differs = |one: &Stretch| (one.line..one.line + one.lines.max(1)).contains(&line);
                if rows.len() < EVIDENCE_SHOWN && self.differences.iter().any(differs) {
                    rows.push(Row::new(n, place));
                }
            });
        }
        Ok(rows)
    }
}

/// The whole comparison in a sentence.
pub fn sentence(copied: &Copied, backing: Backing) -> String {
    let name = &copied.name;
    let Some(places) = copied.within(0, u64::MAX) else {
        return format!("the copy {name} holds the same {}", counted(copied.copy_lines, "line"));
    };
    let worth = match backing {
        Backing::Pinned(size) => {
            format!(
                "the copy has the root that the pinned log signed for {size} lines: the journal was changed"
            )
        }
        Backing::Signed(size) => format!(
            "the copy has the root signed for {size} lines, under a log key that nobody pinned: the journal was changed"
        ),
        Backing::Contradicted(size) => {
            format!(
                "the copy has not the root signed for {size} lines: which of the two is right is not shown"
            )
        }
        Backing::Nothing => "no checkpoint covers it, so it is the word of whoever made the copy: which of the two is right is not shown".to_owned(),
    };
    format!("other lines than in the copy {name}: {places}; {worth}")
}
