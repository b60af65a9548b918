//! Journals in, a case out: read once, hashed once, resumable at every chunk, and never a byte written to a source.

mod attested;
mod builder;
mod checkpoint;
mod files;
mod given;
mod import;
mod joins;
mod leaves;
mod pipeline;
mod reading;
mod source;
mod survey;
mod telling;
mod translate;
mod unpack;

pub use files::{Given, journals_in};
pub use given::read_on;
pub use leaves::{each_leaf, leaf_blocks, roots_of};
pub use unpack::{bomb, is_bomb};

use crate::journal::import::Format;
use crate::journal::import::mapping::Mapping;
use crate::model::Nanos;
use crate::store::{Case, Snapshot};
use crate::work::{Cancel, WorkError, seal, study};
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use telling::Told;

/// How far ingest is. `snapshot` holds rows to show meanwhile.
#[derive(Clone, Debug)]
pub struct Progress {
    pub bytes: u64,
    pub total: u64,
    pub records: u64,
    pub phase: Phase,
    pub snapshot: Option<Snapshot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Unpacking,
    Reading,
    /// Ordering in time, finding duplicates, attributing versions.
    Sealing,
    /// What the faulty version reached; the case can be opened meanwhile.
    Counting,
    /// Computing the ids of blobs, in parts of the whole rather than bytes.
    Naming,
    /// Proofs, in chunks of the case rather than bytes.
    Verifying,
}

/// Who is told of progress, and who may stop it.
pub struct Watcher<'w> {
    pub cancel: Cancel,
    pub report: Box<dyn FnMut(Progress) + 'w>,
    /// Whether progress should carry snapshots.
    pub pictures: Pictures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    Wanted,
    Unwanted,
}

impl Watcher<'_> {
    /// Nobody watches.
    pub fn none() -> Watcher<'static> {
        Watcher { cancel: Cancel::default(), report: Box::new(|_| {}), pictures: Pictures::Unwanted }
    }
}

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Sources read for the first time or further than before.
    pub read: u64,
    /// Sources hashed again and found unchanged.
    pub unchanged: u64,
    /// Files in given directories that are not named like journals.
    pub skipped: Vec<PathBuf>,
}

impl Done {
    fn count(&mut self, outcome: source::Outcome) {
        match outcome {
            source::Outcome::Read => self.read += 1,
            source::Outcome::Unchanged => self.unchanged += 1,
        }
    }
}

/// A lock that holds as long as it lives: two readers of journals must not write one case.
fn alone(case: &Case) -> Result<File, WorkError> {
    let refused = |reason: String| WorkError::Write { path: case.path().to_owned(), reason };
    let file = File::open(case.path()).map_err(|e| refused(e.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(refused("another Backtrail is reading journals into it".to_owned()))
        }
        Err(TryLockError::Error(e)) => Err(refused(e.to_string())),
    }
}

/// What a person says of sources that cannot say it themselves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format of every source, instead of what its content tells.
    pub format: Option<Format>,
    /// The time of records that hold none.
    pub at: Option<Nanos>,
    /// The chain of logs that do not name theirs.
    pub chain: Option<u64>,
    /// How sources of unknown shape are read.
    pub mapping: Mapping,
}

/// Reads journals into a case and seals it. Run again after a kill, it goes on; run again after success, it checks.
pub fn ingest(case: &mut Case, paths: &[PathBuf], watcher: &mut Watcher<'_>) -> Result<Done, WorkError> {
    ingest_as(case, paths, &Options::default(), watcher)
}

/// The same, with what a person says of foreign sources.
pub fn ingest_as(
    case: &mut Case,
    paths: &[PathBuf],
    options: &Options,
    watcher: &mut Watcher<'_>,
) -> Result<Done, WorkError> {
    let given = journals_in(paths)?;
    let _alone = alone(case)?;
    let mut done = Done { skipped: given.skipped, ..Done::default() };
    let plains = unpack::unpack_all(case, &given.journals, watcher)?;
    let mut labels: Vec<PathBuf> = plains.iter().map(|plain| plain.path.clone()).collect();
    let (told, context) = telling::tell_all(plains, options, watcher)?;
    let sources: Vec<PathBuf> = told.iter().map(|told| told.plain().path.clone()).collect();
    labels.retain(|path| !sources.contains(path));
    let total = told.iter().map(|told| source::length_of(&told.plain().plain)).sum();
    let mut run = source::Run::new(case, total)?;
    let mut found = joins::Found::default();
    let mut plains = Vec::new();
    for told in told {
        plains.push(match told {
            Told::Journal(plain) => {
                done.count(run.read(case, &plain, watcher)?);
                plain
            }
            Told::Foreign(foreign) if run.knows(&foreign.plain.path) => {
                let plain = import::import_again(case, &foreign, &context, &mut found, watcher)?;
                done.count(run.read(case, &plain, watcher)?);
                plain
            }
            Told::Foreign(foreign) => {
                done.read += 1;
                run.read_foreign(case, &foreign, &context, &mut found, watcher)?
            }
        });
    }
    if let Some(joins) = joins::join_all(case, &plains, found, watcher)? {
        done.count(run.read(case, &joins, watcher)?);
    }
    // What reading kept in memory is not needed to seal.
    drop(run);
    given::remember(case, sources, labels, options)?;
    if done.read > 0 || case.meta("sealed")?.as_deref() != Some("yes") {
        seal::seal(case, watcher)?;
    } else if study::is_remembered(case)? {
        return Ok(done);
    } else {
        // Killed after sealing, before the counts were kept.
        study::remember_served(case, &watcher.cancel)?;
    }
    let counting = Progress { bytes: 0, total: 0, records: 0, phase: Phase::Counting, snapshot: None };
    (watcher.report)(counting);
    study::remember_reached(case, &watcher.cancel)?;
    Ok(done)
}
