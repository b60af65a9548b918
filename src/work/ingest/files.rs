//! Which files are journals: the ones named, and those in named directories that look like journals by name.

use super::telling::start_of;
use crate::journal::framing::{Framing, PROBE};
use crate::journal::import::labels::Labels;
use crate::journal::import::{Format, tell};
use crate::work::{WorkError, blobs};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the given paths come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Journals in the order they are read: as given, directories sorted by name.
    pub journals: Vec<Journal>,
    /// Files in directories that were left alone.
    pub skipped: Vec<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Absolute, or `-`.
    pub path: PathBuf,
    pub framing: Framing,
}

impl Journal {
    /// Whether it holds names of agents, which are no source of records.
    pub fn is_label_file(&self) -> bool {
        self.framing == Framing::Plain && start_of(&self.path).is_ok_and(|start| Labels::tell(&start))
    }
}

/// Names of files that are looked into: what their content tells decides.
const FOREIGN: [&str; 15] = [
    ".binpb", ".otlp", ".json", ".har", ".sse", ".txt", ".log", ".csv", ".patch", ".diff", ".pb", ".bin",
    ".cbor", ".cose", ".b64",
];
const ENDINGS: [&str; 4] = [".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst"];
/// Deep enough for any sane layout; a bound so that nothing made to be deep costs more.
const DEEPEST: usize = 16;

/// Finds the journals among files and directories. A path named outright is read whatever its name.
pub fn journals_in(paths: &[PathBuf]) -> Result<Given, WorkError> {
    let mut given = Given::default();
    for path in paths {
        if path.as_os_str() == "-" {
            given.journals.push(Journal { path: path.clone(), framing: Framing::Plain });
            continue;
        }
        let meta = fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        let path = fs::canonicalize(path).map_err(|e| unreadable(path, &e))?;
        if meta.is_dir() {
            let before = given.journals.len();
            walk(&path, 0, &mut given)?;
            leave_trees_of_journals(&mut given, before);
            if given.journals.len() == before {
                let what = format!(
                    "no journal in this directory (looked for names ending in {})",
                    ENDINGS.join(", ")
                );
                return Err(WorkError::Unfit { path, what });
            }
        } else {
            given.journals.push(probe(path)?);
        }
    }
    let mut seen = Vec::new();
    given.journals.retain(|journal| {
        let fresh = !seen.contains(&journal.path);
        seen.push(journal.path.clone());
        fresh
    });
    Ok(given)
}

fn walk(folder: &Path, depth: usize, given: &mut Given) -> Result<(), WorkError> {
    let entries = fs::read_dir(folder).map_err(|e| unreadable(folder, &e))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        // Links are not followed out of the tree: what the responder named is what is read.
        let meta = fs::symlink_metadata(&path).map_err(|e| unreadable(&path, &e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        // Contents of blobs are whatever they are, journals perhaps: evidence of releases, and no source.
        let is_walked = !name.ends_with(".case.d") && name != blobs::FOLDER;
        if meta.is_dir() && depth < DEEPEST && is_walked {
            walk(&path, depth + 1, given)?;
        } else if meta.is_file() && is_source(&name, &path) {
            given.journals.push(probe(path)?);
        } else if !meta.is_dir() {
            given.skipped.push(path);
        }
    }
    Ok(())
}

/// A tree beside or below a journal of ours is what its settlements name by `tree_file`: evidence already, not another
/// source. Named outright it is read.
fn leave_trees_of_journals(given: &mut Given, from: usize) {
    let found = given.journals.split_off(from);
    let told: Vec<Option<Format>> = found.iter().map(|journal| told(&journal.path)).collect();
    let ours = found.iter().zip(&told).filter(|(journal, told)| told.is_none() && !journal.is_label_file());
    let folders: BTreeSet<PathBuf> =
        ours.filter_map(|(journal, _)| journal.path.parent().map(Path::to_owned)).collect();
    for (journal, told) in found.into_iter().zip(told) {
        let is_below = || journal.path.ancestors().skip(1).any(|folder| folders.contains(folder));
        if told == Some(Format::Tree) && is_below() {
            given.skipped.push(journal.path);
        } else {
            given.journals.push(journal);
        }
    }
}

/// The foreign format of a file in a directory; nothing for one that cannot be read.
fn told(path: &Path) -> Option<Format> {
    start_of(path).ok().and_then(|start| tell(&start))
}

/// By its name a journal, or by its content something an importer knows.
fn is_source(name: &str, path: &Path) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let is_known = || start_of(path).is_ok_and(|start| tell(&start).is_some() || Labels::tell(&start));
    ends(&ENDINGS) || (ends(&FOREIGN) || !name.contains('.')) && is_known()
}

/// Looks at a file's first bytes. Judged on the opened descriptor, so nothing can be swapped in between.
fn probe(path: PathBuf) -> Result<Journal, WorkError> {
    if path.to_str().is_none() {
        // A case writes paths as text; half of such a name would lead nowhere.
        let what = "its name is not UTF-8; pipe it to `-`, or read it by a link with another name".to_owned();
        return Err(WorkError::Unfit { path, what });
    }
    // Opening a FIFO would wait for a writer: ask before opening, and again after.
    let regular = fs::metadata(&path).is_ok_and(|meta| meta.is_file());
    let file = if regular {
        File::open(&path).map_err(|e| unreadable(&path, &e))?
    } else {
        return Err(WorkError::Unfit {
            path,
            what: "not a regular file; pipe it to `-` to read it".to_owned(),
        });
    };
    let meta = file.metadata().map_err(|e| unreadable(&path, &e))?;
    if !meta.is_file() {
        return Err(WorkError::Unfit { path, what: "not a regular file".to_owned() });
    }
    let mut start = Vec::with_capacity(PROBE);
    file.take(PROBE as u64).read_to_end(&mut start).map_err(|e| unreadable(&path, &e))?;
    // What an importer knows by its bytes is read, whatever it looks like otherwise.
    if matches!(tell(&start), Some(Format::OtlpProto | Format::Attestation)) {
        return Ok(Journal { path, framing: Framing::Plain });
    }
    match Framing::of(&start) {
        Framing::Foreign(what) => Err(WorkError::Unfit { path, what: format!("not a journal but {what}") }),
        framing => Ok(Journal { path, framing }),
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> WorkError {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    WorkError::Read { path: path.to_owned(), reason }
}
