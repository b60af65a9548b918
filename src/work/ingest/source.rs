//! One source into the case: leaves into the tree, records into chunks, a commit at every full chunk.

use super::builder::{Builder, Waiting};
use super::pipeline::{Parsed, Print, Wire, stream};
use super::unpack::{Plain, identity};
use super::{Phase, Pictures, Progress, Watcher};
use crate::journal::batch::Batch;
use crate::journal::{Column, Names, wire};
use crate::model::{Hash, Kind, Row};
use crate::proof::merkle::LeafHasher;
use crate::proof::note;
use crate::proof::roots::Roots;
use crate::store::chunk::Chunk;
use crate::store::names::AllNames;
use crate::store::snapshot::Loader;
use crate::store::tables::{CheckpointRow, ChunkWrite, Extent, Resume};
use crate::store::{Case, Packed, Snapshot, Source, SourceState, StoreError};
use crate::work::{Cancel, WorkError};
use std::fs::File;
use std::path::Path;
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
    names: AllNames,
    /// How many names of each dictionary the case file already holds.
    written: [usize; Names::COUNT],
    chunks: Vec<Arc<Chunk>>,
    sources: Vec<Source>,
    loader: Arc<Loader>,
    bytes_before: u64,
    total: u64,
    pictured: Instant,
    pictures: u64,
}

impl Run {
    pub fn new(case: &Case, journals: &[Plain]) -> Result<Self, WorkError> {
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
            total: journals
                .iter()
                .map(|journal| std::fs::metadata(&journal.plain).map_or(0, |meta| meta.len()))
                .sum(),
            pictured: Instant::now(),
            pictures: 0,
        })
    }

    /// Reads one journal as far as it goes, or checks that it is still what was read.
    pub fn read(
        &mut self,
        case: &mut Case,
        plain: &Plain,
        watcher: &mut Watcher<'_>,
    ) -> Result<Outcome, WorkError> {
        let known = self.sources.iter().find(|source| source.path == plain.path).cloned();
        let source = match known {
            // A compressed journal that grew may have been unpacked to another place.
            Some(source) => Source { plain: plain.plain.clone(), ..source },
            None => {
                let id = self.sources.iter().map(|source| source.id + 1).max().unwrap_or(0);
                Source::new(id, plain.path.clone(), plain.plain.clone())
            }
        };
        let length = std::fs::metadata(&plain.plain).map_or(0, |meta| meta.len());
        let whole = source.state == SourceState::Done && source.bytes == length;
        let outcome = if whole {
            self.check(plain, &source, watcher)?
        } else {
            case.set_meta("sealed", "no")?;
            case.put_source(&source)?;
            let resume = case.resume(source.id)?;
            let replaces = case.partial_chunk(source.id)?;
            Reading::new(self, source, resume, replaces).read(case, plain, watcher)?
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
    fn picture(
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

    fn new_names(&self) -> Vec<(Names, u32, String)> {
        let fresh = |which: Names| {
            let written = self.written[which as usize];
            let texts = self.names.of(which).texts().iter().enumerate().skip(written);
            texts.map(move |(n, text)| (which, n as u32 + 1, text.to_string()))
        };
        Names::ALL.into_iter().flat_map(fresh).collect()
    }
}

/// A source that was unpacked or imported is known by the hash of what it was made of.
fn print_of(plain: &Plain) -> Print {
    if plain.packed_sha256.is_some() { Print::Unwanted } else { Print::Wanted }
}

/// The tree of a journal, with its roots at some sizes, by one pass that parses nothing.
pub fn roots_of(path: &Path, sizes: &[u64]) -> Result<Roots, WorkError> {
    let mut roots = Roots::watching(sizes.iter().copied());
    each_leaf(path, |leaf| roots.push(leaf))?;
    Ok(roots)
}

/// The leaf hash of every line of a journal, in order, by one pass that parses nothing.
pub fn each_leaf(path: &Path, mut each: impl FnMut(Hash)) -> Result<(), WorkError> {
    leaf_blocks(path, &Cancel::default(), |block| {
        block.into_iter().for_each(&mut each);
        Ok(())
    })
}

/// The same, a stretch of lines at a time, until `each` refuses or the journal ends.
pub fn leaf_blocks(
    path: &Path,
    cancel: &Cancel,
    mut each: impl FnMut(Vec<Hash>) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    let mut long = None;
    stream(path, Print::Unwanted, Wire::Native, u64::MAX, cancel, |parsed| {
        let mut block = Vec::new();
        leaves_of(&parsed, &mut long, &mut |leaf| block.push(leaf));
        each(block)
    })?;
    Ok(())
}

/// Pushes a stretch's leaves; returns the offset after it.
fn push_leaves(roots: &mut Roots, long: &mut Option<LeafHasher>, parsed: &Parsed) -> u64 {
    leaves_of(parsed, long, &mut |leaf| roots.push(leaf))
}

fn leaves_of(parsed: &Parsed, long: &mut Option<LeafHasher>, each: &mut impl FnMut(Hash)) -> u64 {
    match parsed {
        Parsed::Lines { leaves, end, .. } => {
            leaves.iter().for_each(|leaf| each(*leaf));
            *end
        }
        Parsed::LongPart(bytes) => {
            long.get_or_insert_with(LeafHasher::new).update(bytes);
            0
        }
        Parsed::LongEnd { end, .. } => {
            each(long.take().unwrap_or_else(LeafHasher::new).finish());
            *end
        }
        Parsed::Tail { end, .. } => *end,
    }
}

/// One source on its way into the case.
struct Reading<'r> {
    run: &'r mut Run,
    source: Source,
    resume: Resume,
    /// The whole lines it had when it was last read to its end, and their root.
    before: Option<(u64, Hash)>,
    roots: Roots,
    long: Option<LeafHasher>,
    builder: Builder,
    checkpoints: Vec<CheckpointRow>,
    /// The number the next chunk gets, and whether an old partial chunk still holds it.
    chunk: u32,
    replaces: Option<u32>,
}

impl<'r> Reading<'r> {
    fn new(run: &'r mut Run, source: Source, resume: Resume, replaces: Option<u32>) -> Self {
        let before = source.root.filter(|_| source.lines > 0).map(|root| (source.lines, root));
        let watch = [resume.line].into_iter().chain(before.map(|(lines, _)| lines));
        Self {
            chunk: replaces.unwrap_or(run.chunks.len() as u32),
            replaces,
            roots: Roots::watching(watch),
            before,
            run,
            source,
            resume,
            long: None,
            builder: Builder::new(),
            checkpoints: Vec::new(),
        }
    }

    fn read(
        mut self,
        case: &mut Case,
        plain: &Plain,
        watcher: &mut Watcher<'_>,
    ) -> Result<Outcome, WorkError> {
        let cancel = watcher.cancel.clone();
        let mut torn = 0;
        let wire = if plain.imported.is_some() { Wire::Imported } else { Wire::Native };
        let (sha256, length) =
            stream(&plain.plain, print_of(plain), wire, self.resume.line, &cancel, |parsed| {
                self.join(case, plain, watcher, &mut torn, parsed)
            })?;
        self.check_prefix(plain)?;
        if self.roots.now().size() < self.before.map_or(self.resume.line, |(lines, _)| lines) {
            let recorded = self.before.map_or(self.resume.line, |(lines, _)| lines);
            let found = self.roots.now().size();
            return Err(changed(
                plain,
                "it became shorter",
                &format!("{recorded} lines"),
                &format!("{found} lines"),
            ));
        }
        if let Some(damage) = &plain.damage {
            let place = crate::journal::read::Place { line: self.roots.now().size() + 1, offset: length };
            let mut batch = Batch::new();
            batch.fault(0, place, damage.clone());
            self.builder.take(&mut Waiting::new(batch, &mut self.run.names));
        }
        // A file that was being written while we read it is as long as what we hashed: that is what counts.
        let (size, modified) = match plain.packed_sha256 {
            Some(_) => (plain.size, plain.modified),
            None => match File::open(&plain.plain).and_then(|file| identity(&file)) {
                Ok((_, modified)) => (length, modified),
                Err(_) => (length, plain.modified),
            },
        };
        self.source.imported.clone_from(&plain.imported);
        self.source.size = size;
        self.source.modified = modified;
        self.source.sha256 = Some(plain.packed_sha256.unwrap_or(sha256));
        self.source.bytes = length;
        self.source.lines = self.roots.now().size();
        self.source.root = Some(self.roots.now().root());
        self.source.torn_bytes = torn;
        self.source.state = SourceState::Done;
        self.finish(case)?;
        Ok(Outcome::Read)
    }

    fn join(
        &mut self,
        case: &mut Case,
        plain: &Plain,
        watcher: &mut Watcher<'_>,
        torn: &mut u64,
        parsed: Parsed,
    ) -> Result<(), WorkError> {
        if let Parsed::Lines { start, leaves, batch, .. } = &parsed {
            self.push_checked(start.line, leaves, batch);
        } else {
            push_leaves(&mut self.roots, &mut self.long, &parsed);
        }
        self.check_prefix(plain)?;
        let (batch, end) = match parsed {
            Parsed::Lines { batch, end, .. } | Parsed::LongEnd { batch, end } => (batch, end),
            Parsed::LongPart(_) => return Ok(()),
            Parsed::Tail { batch, length, end } => {
                *torn = length;
                let first = self.builder.rows();
                // A torn record may open a new chunk when the last one is exactly full.
                self.builder.torn.extend(first..first + batch.rows());
                (batch, end)
            }
        };
        let mut waiting = Waiting::new(batch, &mut self.run.names);
        while !waiting.is_empty() {
            self.builder.take(&mut waiting);
            if self.builder.is_full() {
                self.flush_full(case, plain)?;
            }
        }
        let (builder, source, chunk) = (&self.builder, self.source.id, self.chunk);
        self.run.picture(case, watcher, end, |next| {
            builder.chunk(if chunk < next { next } else { chunk }, source)
        });
        Ok(())
    }

    /// Pushes leaves one by one up to each checkpoint, so that a checkpoint is judged by the tree before it.
    fn push_checked(&mut self, first: u64, leaves: &[Hash], batch: &Batch) {
        let mut pushed = 0;
        for kept in batch.kept.iter().filter(|kept| kept.kind == Kind::Checkpoint) {
            let line = batch.columns[Column::Line as usize][kept.place as usize];
            let upto = usize::try_from(line - first).unwrap_or(0);
            leaves[pushed..upto].iter().for_each(|leaf| self.roots.push(*leaf));
            pushed = upto;
            let judged = judge(&kept.line, line, self.source.id, &self.roots);
            self.checkpoints.push(judged);
        }
        leaves[pushed..].iter().for_each(|leaf| self.roots.push(*leaf));
        if self.source.origin.is_none() {
            self.read_header(batch);
        }
    }

    fn read_header(&mut self, batch: &Batch) {
        let header = batch.kept.iter().find(|kept| kept.kind == Kind::Journal);
        if let Some(Ok((wire::Record::Journal(header), _))) = header.map(|kept| wire::parse(&kept.line)) {
            self.source.origin = header.origin.as_deref().map(str::to_owned);
            self.source.log_key = header.log_key.as_deref().map(str::to_owned);
        }
    }

    /// Before anything is written: the lines read in an earlier run must be the same lines still.
    fn check_prefix(&self, plain: &Plain) -> Result<(), WorkError> {
        let size = self.roots.now().size();
        if size >= self.resume.line && self.resume.line > 0 {
            let recorded =
                crate::proof::merkle::Frontier::from_parts(self.resume.line, self.resume.peaks.clone());
            let recorded = recorded.map(|frontier| frontier.root()).unwrap_or_default();
            self.same_root(plain, self.resume.line, recorded)?;
        }
        match self.before {
            Some((lines, root)) if size >= lines => self.same_root(plain, lines, root),
            _ => Ok(()),
        }
    }

    fn same_root(&self, plain: &Plain, size: u64, recorded: Hash) -> Result<(), WorkError> {
        let found = self.roots.at(size).unwrap_or_default();
        if found == recorded {
            return Ok(());
        }
        Err(changed(plain, "the root of the lines already read", &recorded.hex(), &found.hex()))
    }

    fn flush_full(&mut self, case: &mut Case, plain: &Plain) -> Result<(), WorkError> {
        if self.before.is_some_and(|(lines, _)| self.roots.now().size() < lines) {
            // The old file had fewer records in these lines: it cannot be the same file.
            return Err(changed(plain, "its records", "fewer in the same lines", "more"));
        }
        let (line, offset) = self.builder.end().expect("a full chunk has a record or a fault");
        let frontier = self.roots.frontier_at(line).expect("a chunk ends within the lines of its last piece");
        let peaks = frontier.peaks().to_vec();
        self.commit(case, Extent::Full(Resume { line, offset, peaks }))?;
        Ok(())
    }

    fn finish(mut self, case: &mut Case) -> Result<(), WorkError> {
        // An old partial chunk is replaced even by nothing, so that chunks stay numbered without holes.
        if !self.builder.is_empty() || self.replaces.is_some() {
            self.commit(case, Extent::Partial)?;
        }
        self.source.faults = case.count_faults(self.source.id)?;
        let own = self.run.chunks.iter().filter(|chunk| chunk.source == self.source.id);
        self.source.records = own.map(|chunk| u64::from(chunk.rows)).sum();
        let torn = u64::from(self.source.torn_bytes > 0);
        self.source.blanks =
            (self.source.lines + torn).saturating_sub(self.source.records + self.source.faults);
        case.put_source(&self.source)?;
        match self.run.sources.iter_mut().find(|source| source.id == self.source.id) {
            Some(known) => *known = self.source,
            None => self.run.sources.push(self.source),
        }
        Ok(())
    }

    /// Writes the chunk in one transaction with all that belongs to its lines.
    fn commit(&mut self, case: &mut Case, extent: Extent) -> Result<(), WorkError> {
        let chunk = self.builder.chunk(self.chunk, self.source.id);
        let new_names = self.run.new_names();
        let end = match &extent {
            Extent::Full(resume) => resume.line,
            Extent::Partial => u64::MAX,
        };
        let replaces = self.replaces.take();
        let ready = self.checkpoints.partition_point(|checkpoint| checkpoint.line < end);
        let checkpoints: Vec<CheckpointRow> = self.checkpoints.drain(..ready).collect();
        let write = ChunkWrite {
            chunk: &chunk,
            kept: &self.builder.kept,
            faults: &self.builder.faults,
            new_names: &new_names,
            extent,
        };
        let lines = &self.builder.columns[Column::Line as usize];
        let flags = self.builder.flags();
        let source = &self.source;
        case.atomically(|case| {
            if replaces.is_some() {
                case.drop_partial(write.chunk.source)?;
            }
            case.write_chunk(&write)?;
            // Its first line, read before this chunk, is not read again by a run that goes on from here.
            case.put_source(source)?;
            if let Some(flags) = &flags {
                case.write_cell(write.chunk.id, Column::Flags as u8, &Packed::new(flags))?;
            }
            for mut checkpoint in checkpoints {
                let place = lines.binary_search(&checkpoint.line).map_err(|_| lost(&checkpoint))?;
                checkpoint.row = Row::new(write.chunk.id as usize, place);
                case.put_checkpoint(&checkpoint)?;
            }
            Ok(())
        })?;
        for which in Names::ALL {
            self.run.written[which as usize] = self.run.names.of(which).len();
        }
        let chunk = Arc::new(chunk.slim());
        match self.run.chunks.get_mut(self.chunk as usize) {
            Some(old) => *old = chunk,
            None => self.run.chunks.push(chunk),
        }
        self.chunk = self.run.chunks.len() as u32;
        self.builder.clear();
        Ok(())
    }
}

fn lost(checkpoint: &CheckpointRow) -> StoreError {
    StoreError::Damaged(format!("the checkpoint at line {} is in no chunk", checkpoint.line))
}

/// Holds a checkpoint note against the tree of the lines before it.
fn judge(line: &[u8], index: u64, source: u32, roots: &Roots) -> CheckpointRow {
    let mut row = CheckpointRow {
        row: Row(0),
        source,
        line: index,
        origin: String::new(),
        size: 0,
        recorded: None,
        computed: None,
        verdict: "malformed",
        reason: String::new(),
    };
    let note = match wire::parse(line) {
        Ok((wire::Record::Checkpoint(record), _)) => note::Checkpoint::parse(&record.note),
        _ => return row,
    };
    let checkpoint = match note {
        Ok(checkpoint) => checkpoint,
        Err(malformed) => {
            row.reason = malformed.to_string();
            return row;
        }
    };
    row.origin = checkpoint.origin;
    row.size = checkpoint.size;
    row.recorded = Some(checkpoint.root);
    if row.size > index {
        row.verdict = "beyond-itself";
        row.reason = format!("it commits to {} lines but stands at line {index}", row.size);
        return row;
    }
    row.computed = roots.at(row.size);
    row.verdict = match row.computed {
        Some(root) if root == checkpoint.root => "consistent",
        Some(_) => "root-mismatch",
        None => "pending",
    };
    row
}

fn changed(plain: &Plain, what: &'static str, recorded: &str, found: &str) -> WorkError {
    WorkError::Changed {
        path: plain.path.clone(),
        what,
        recorded: recorded.to_owned(),
        found: found.to_owned(),
    }
}
