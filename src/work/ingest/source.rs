//! Sources into the case, one after another: what is known of each decides whether it is read, read on, or checked.

use super::import::lines_path;
use super::joins::Found;
use super::leaves::push_leaves;
use super::pipeline::{Print, Wire, stream};
use super::reading::Reading;
use super::translate::Foreign;
use super::unpack::Plain;
use super::{Phase, Pictures, Progress, Watcher};
use crate::journal::Names;
use crate::journal::import::Context;
use crate::proof::roots::Roots;
use crate::store::chunk::Chunk;
use crate::store::names::AllNames;
use crate::store::snapshot::Loader;
use crate::store::{Case, Snapshot, Source, SourceState};
use crate::work::WorkError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often people who watch get a new picture.
const PICTURE_EVERY: Duration = Duration::from_millis(250);
const FIRST_PICTURE: Duration = Duration::from_millis(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Read,
    Unchanged,
}

/// What ingest keeps in mind from source to source.
pub struct Run {
    pub(super) names: AllNames,
    /// How many names of each dictionary the case file already holds.
    pub(super) written: [usize; Names::COUNT],
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) sources: Vec<Source>,
    loader: Arc<Loader>,
    bytes_before: u64,
    total: u64,
    pictured: Instant,
    pictures: u64,
}

impl Run {
    /// `total` is how many bytes will be read, for progress.
    pub fn new(case: &Case, total: u64) -> Result<Self, WorkError> {
        let snapshot = case.snapshot()?;
        let mut names = AllNames::default();
        for which in Names::ALL {
            for text in snapshot.names(which).texts() {
                names.of_mut(which).number(text);
            }
        }
        Ok(Self {
            written: Names::ALL.map(|which| names.of(which).len()),
            names,
            chunks: snapshot.chunks().to_vec(),
            sources: snapshot.sources().to_vec(),
            loader: Loader::open(case.path())?,
            bytes_before: 0,
            total,
            pictured: Instant::now(),
            pictures: 0,
        })
    }

    /// Whether the case holds anything of it.
    pub fn knows(&self, path: &Path) -> bool {
        self.sources.iter().any(|source| source.path == path)
    }

    /// Reads a foreign source that the case does not hold, while its lines are made.
    pub fn read_foreign(
        &mut self,
        case: &mut Case,
        foreign: &Foreign,
        context: &Context,
        found: &mut Found,
        watcher: &mut Watcher<'_>,
    ) -> Result<Plain, WorkError> {
        let length = length_of(&foreign.plain.plain);
        let lines = lines_path(case, &foreign.plain.path);
        let reading = self.begin(case, foreign.plain.path.clone(), lines)?;
        let plain = reading.read_foreign(case, foreign, context, found, watcher)?;
        self.bytes_before += length;
        Ok(plain)
    }

    /// A source the case did not hold, on its way into it.
    fn begin(&mut self, case: &mut Case, path: PathBuf, plain: PathBuf) -> Result<Reading<'_>, WorkError> {
        let id = self.sources.iter().map(|source| source.id + 1).max().unwrap_or(0);
        self.go_on(case, Source::new(id, path, plain))
    }

    fn go_on(&mut self, case: &mut Case, source: Source) -> Result<Reading<'_>, WorkError> {
        case.set_meta("sealed", "no")?;
        case.put_source(&source)?;
        let resume = case.resume(source.id)?;
        let replaces = case.partial_chunk(source.id)?;
        Ok(Reading::new(self, source, resume, replaces))
    }

    /// Reads one journal as far as it goes, or checks that it is still what was read.
    pub fn read(
        &mut self,
        case: &mut Case,
        plain: &Plain,
        watcher: &mut Watcher<'_>,
    ) -> Result<Outcome, WorkError> {
        let known = self.sources.iter().find(|source| source.path == plain.path).cloned();
        // A compressed journal that grew may have been unpacked to another place.
        let source = known.map(|source| Source { plain: plain.plain.clone(), ..source });
        let length = length_of(&plain.plain);
        let outcome = match source {
            Some(source) if source.state == SourceState::Done && source.bytes == length => {
                self.check(plain, &source, watcher)?
            }
            Some(source) => self.go_on(case, source)?.read(case, plain, watcher)?,
            None => self.begin(case, plain.path.clone(), plain.plain.clone())?.read(case, plain, watcher)?,
        };
        self.bytes_before += length;
        Ok(outcome)
    }

    /// Hashes a source that seems unchanged and compares.
    fn check(
        &mut self,
        plain: &Plain,
        source: &Source,
        watcher: &mut Watcher<'_>,
    ) -> Result<Outcome, WorkError> {
        let mut roots = Roots::default();
        let mut long = None;
        let cancel = watcher.cancel.clone();
        let (sha256, length) =
            stream(&plain.plain, print_of(plain), Wire::Native, u64::MAX, &cancel, |parsed| {
                let end = push_leaves(&mut roots, &mut long, &parsed);
                self.tell(watcher, end, 0);
                Ok(())
            })?;
        let root = roots.now().root();
        let sha256 = plain.packed_sha256.unwrap_or(sha256);
        let recorded = (source.sha256.unwrap_or_default(), source.root.unwrap_or_default());
        if length != source.bytes || recorded != (sha256, root) {
            return Err(changed(plain, "its SHA-256", &recorded.0.hex(), &sha256.hex()));
        }
        Ok(Outcome::Unchanged)
    }

    fn tell(&mut self, watcher: &mut Watcher<'_>, bytes: u64, records: u64) {
        let bytes = self.bytes_before + bytes;
        let report = Progress { bytes, total: self.total, records, phase: Phase::Reading, snapshot: None };
        (watcher.report)(report);
    }

    /// Shows what there is, now and then: often enough to feel alive, rarely enough to cost nothing.
    pub(super) fn picture(
        &mut self,
        case: &Case,
        watcher: &mut Watcher<'_>,
        bytes: u64,
        preview: impl FnOnce(u32) -> Chunk,
    ) {
        let due = if self.pictures == 0 { FIRST_PICTURE } else { PICTURE_EVERY };
        let records = self.chunks.iter().map(|chunk| u64::from(chunk.rows)).sum();
        if watcher.pictures == Pictures::Unwanted || self.pictured.elapsed() < due {
            return self.tell(watcher, bytes, records);
        }
        let mut chunks = self.chunks.clone();
        chunks.push(Arc::new(preview(chunks.len() as u32)));
        let names = Arc::new(self.names.clone());
        let loader = Arc::clone(&self.loader);
        let snapshot = Snapshot::assemble(case.path(), chunks, names, self.sources.clone(), loader, false);
        let bytes = self.bytes_before + bytes;
        let records = snapshot.rows();
        let report =
            Progress { bytes, total: self.total, records, phase: Phase::Reading, snapshot: Some(snapshot) };
        (watcher.report)(report);
        self.pictured = Instant::now();
        self.pictures += 1;
    }

    pub(super) fn new_names(&self) -> Vec<(Names, u32, String)> {
        let fresh = |which: Names| {
            let written = self.written[which as usize];
            let texts = self.names.of(which).texts().iter().enumerate().skip(written);
            texts.map(move |(n, text)| (which, n as u32 + 1, text.to_string()))
        };
        Names::ALL.into_iter().flat_map(fresh).collect()
    }
}

/// The bytes of a file, for progress: 0 where that cannot be had.
pub fn length_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// A source that was unpacked or imported is known by the hash of what it was made of.
pub(super) fn print_of(plain: &Plain) -> Print {
    if plain.packed_sha256.is_some() { Print::Unwanted } else { Print::Wanted }
}

pub(super) fn changed(plain: &Plain, what: &'static str, recorded: &str, found: &str) -> WorkError {
    WorkError::Changed {
        path: plain.path.clone(),
        what,
        recorded: recorded.to_owned(),
        found: found.to_owned(),
    }
}
