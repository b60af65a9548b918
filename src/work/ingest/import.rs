//! Where the lines of foreign sources stand: each translated once into the case's side folder; the file itself stays the evidence.
//!
//! ```text
//! plain file ─ tell ─┬─ a journal: as it is
//!                    ├─ labels: names of agents, used by all the others
//!                    └─ a foreign format ─ survey (blocks, receipts) ─ translate ×cores ─▶ *.case.d/import-….jsonl
//! ```
//! The same sources and options give the same lines. A source that grew must begin with the lines already read; one whose
//! lines changed is refused, and so are other labels or blocks that would have changed them.

use super::files::unreadable;
use super::joins::Found;
use super::translate::{Foreign, Made, Want, translate_all};
use super::unpack::{Plain, unfinished};
use super::{Phase, Progress, Watcher};
use crate::journal::import::Context;
use crate::journal::print_of;
use crate::model::Hash;
use crate::store::Case;
use crate::work::WorkError;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The file of one source's lines.
pub fn lines_path(case: &Case, source: &Path) -> PathBuf {
    case.side_folder().join(name_of(source))
}

/// A file of lines in the making. What may be joined of them is found on the way.
pub struct LinesFile<'f> {
    file: File,
    path: PathBuf,
    found: &'f mut Found,
    written: u64,
    has_inferences: bool,
}

impl<'f> LinesFile<'f> {
    /// A new file; what stood there belonged to no source of the case.
    pub fn create(path: &Path, source: &Path, found: &'f mut Found) -> Result<Self, WorkError> {
        let unwritable =
            |e: std::io::Error| WorkError::Write { path: path.to_owned(), reason: e.to_string() };
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(unwritable)?;
        let file = File::create(path).map_err(unwritable)?;
        Ok(Self::of(file, path.to_owned(), source, found))
    }

    fn of(file: File, path: PathBuf, source: &Path, found: &'f mut Found) -> Self {
        found.joiner.source(source.to_string_lossy().into_owned());
        Self { file, path, found, written: 0, has_inferences: false }
    }

    /// Writes what was made, and takes from it what may be joined.
    pub fn take(&mut self, made: &mut Made) -> Result<(), WorkError> {
        let parts = std::mem::take(&mut made.parts);
        self.has_inferences |= parts.has_inferences;
        self.found.joiner.take(parts, self.written);
        self.written += made.lines.len() as u64;
        self.file
            .write_all(&made.lines)
            .map_err(|e| WorkError::Write { path: self.path.clone(), reason: e.to_string() })
    }

    /// All lines are written.
    pub fn end(self) {
        if !self.has_inferences {
            self.found.without_inferences.push(self.path);
        }
    }
}

/// Makes the lines of a source anew, which the case holds already: they must begin as they did.
pub fn import_again(
    case: &Case,
    foreign: &Foreign,
    context: &Context,
    found: &mut Found,
    watcher: &mut Watcher<'_>,
) -> Result<Plain, WorkError> {
    let folder = case.side_folder();
    let unwritable = |e: &std::io::Error| WorkError::Write { path: folder.clone(), reason: e.to_string() };
    let target = lines_path(case, &foreign.plain.path);
    let file = unfinished(&folder).map_err(|e| unwritable(&e))?;
    let handle = file.as_file().try_clone().map_err(|e| unwritable(&e))?;
    let mut lines = LinesFile::of(handle, target.clone(), &foreign.plain.path, found);
    let cancel = watcher.cancel.clone();
    let mut bytes = 0;
    let sha256 = translate_all(foreign, context, Want::Lines, &cancel, |mut made| {
        bytes += made.length;
        let progress = Progress { bytes, total: 0, records: 0, phase: Phase::Unpacking, snapshot: None };
        (watcher.report)(progress);
        lines.take(&mut made)
    })?;
    lines.end();
    refuse_change(case, &foreign.plain, file.path(), &target, sha256)?;
    file.persist(&target).map_err(|e| unwritable(&e.error))?;
    let plain = foreign.imported(target);
    Ok(Plain { packed_sha256: plain.packed_sha256.or(Some(sha256)), ..plain })
}

/// What was read before must be the beginning of what is read now.
fn refuse_change(
    case: &Case,
    plain: &Plain,
    now: &Path,
    before: &Path,
    sha256: Hash,
) -> Result<(), WorkError> {
    let known = case.sources()?.into_iter().find(|source| source.path == plain.path);
    let Some(known) = known.filter(|_| before.is_file()) else { return Ok(()) };
    // A line without its end was read as torn: when it is whole, it may be another.
    let whole = known.bytes - known.torn_bytes.min(known.bytes);
    // Of one that was broken off, what its chunks hold.
    let whole = whole.max(case.resume(known.id)?.offset);
    if begins_alike(before, now, whole).map_err(|e| unreadable(before, &e))? {
        return Ok(());
    }
    let unfit = |what: &str| Err(WorkError::Unfit { path: plain.path.clone(), what: what.to_owned() });
    match known.sha256 {
        // Reading it was broken off before all of it was hashed.
        None => unfit(
            "what was read of it before that was broken off is not what it gives now: it changed, or was given with \
             other options, labels or blocks; give the same ones, or another --case",
        ),
        Some(recorded) if recorded == plain.packed_sha256.unwrap_or(sha256) => unfit(
            "this case imported it with other options, labels or blocks; give the same ones, or another --case",
        ),
        Some(recorded) => Err(WorkError::Changed {
            path: plain.path.clone(),
            what: "what was imported from it",
            recorded: recorded.hex(),
            found: sha256.hex(),
        }),
    }
}

/// The lines of one source: named after its path, so that the order in which sources are given does not matter.
fn name_of(path: &Path) -> String {
    let whole = path.to_string_lossy();
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
    format!("import-{:016x}-{}.jsonl", print_of(&whole), &plain[..plain.len().min(60)])
}

fn begins_alike(before: &Path, now: &Path, length: u64) -> std::io::Result<bool> {
    let mut before = File::open(before)?.take(length);
    let mut now = File::open(now)?.take(length);
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let n = before.read(&mut a)?;
        if n == 0 {
            return Ok(true);
        }
        let mut m = 0;
        while m < n {
            match now.read(&mut b[m..n])? {
                0 => return Ok(false),
                more => m += more,
            }
        }
        if a[..n] != b[..n] {
            return Ok(false);
        }
    }
}
