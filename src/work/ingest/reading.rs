//! One source on its way into the case: leaves into the tree, records into chunks, a commit at every full chunk.

use super::Watcher;
use super::builder::{Builder, Waiting};
use super::checkpoint::judge;
use super::import::LinesFile;
use super::joins::Found;
use super::leaves::push_leaves;
use super::pipeline::{Parsed, Wire, stream};
use super::source::{Outcome, Run, changed, print_of};
use super::translate::{Foreign, Made, Want, translate_all};
use super::unpack::{Plain, identity};
use crate::journal::batch::Batch;
use crate::journal::import::Context;
use crate::journal::split::Place;
use crate::journal::{Column, Names, wire};
use crate::model::{Hash, Kind, Row};
use crate::proof::merkle::{Frontier, LeafHasher};
use crate::proof::roots::Roots;
use crate::store::tables::{CheckpointRow, ChunkWrite, Extent, Resume};
use crate::store::{Case, Packed, Source, SourceState, StoreError};
use crate::work::WorkError;
use std::fs::File;
use std::sync::Arc;

/// One source on its way into the case.
pub(super) struct Reading<'r> {
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
    /// Bytes after the last newline.
    torn: u64,
}

impl<'r> Reading<'r> {
    pub(super) fn new(run: &'r mut Run, source: Source, resume: Resume, replaces: Option<u32>) -> Self {
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
            torn: 0,
        }
    }

    /// Reads the lines of a file.
    pub(super) fn read(
        mut self,
        case: &mut Case,
        plain: &Plain,
        watcher: &mut Watcher<'_>,
    ) -> Result<Outcome, WorkError> {
        let cancel = watcher.cancel.clone();
        let wire = if plain.imported.is_some() { Wire::Imported } else { Wire::Native };
        let (sha256, length) =
            stream(&plain.plain, print_of(plain), wire, self.resume.line, &cancel, |parsed| {
                if let Some(end) = self.join(case, plain, parsed)? {
                    self.show(case, watcher, end);
                }
                Ok(())
            })?;
        self.complete(case, plain, sha256, length)?;
        Ok(Outcome::Read)
    }

    /// Reads the lines of a foreign source while they are made. Each is in its file before anything points at it, so that what a
    /// kill leaves behind can be looked at, and read on from.
    pub(super) fn read_foreign(
        mut self,
        case: &mut Case,
        foreign: &Foreign,
        context: &Context,
        found: &mut Found,
        watcher: &mut Watcher<'_>,
    ) -> Result<Plain, WorkError> {
        let cancel = watcher.cancel.clone();
        let mut plain = foreign.imported(self.source.plain.clone());
        let mut file = LinesFile::create(&plain.plain, &foreign.plain.path, found)?;
        let (mut next, mut passed) = (Place { line: 0, offset: 0 }, 0);
        let sha256 = translate_all(foreign, context, Want::Records, &cancel, |mut made| {
            file.take(&mut made)?;
            let Made { lines, parsed, length, .. } = made;
            for mut parsed in parsed {
                parsed.move_by(next);
                self.join(case, &plain, parsed)?;
            }
            next = Place { line: self.roots.now().size(), offset: next.offset + lines.len() as u64 };
            passed += length;
            self.show(case, watcher, passed);
            Ok(())
        })?;
        file.end();
        plain.packed_sha256 = plain.packed_sha256.or(Some(sha256));
        self.complete(case, &plain, sha256, next.offset)?;
        Ok(plain)
    }

    /// All was read: the source says what it is, and the last chunk is written.
    fn complete(
        mut self,
        case: &mut Case,
        plain: &Plain,
        sha256: Hash,
        length: u64,
    ) -> Result<(), WorkError> {
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
            let place = Place { line: self.roots.now().size() + 1, offset: length };
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
        self.source.torn_bytes = self.torn;
        self.source.state = SourceState::Done;
        self.finish(case)
    }

    /// Takes a stretch in. Returns the offset after it, unless it is the middle of a line.
    fn join(&mut self, case: &mut Case, plain: &Plain, parsed: Parsed) -> Result<Option<u64>, WorkError> {
        if let Parsed::Lines { start, leaves, batch, .. } = &parsed {
            self.push_checked(start.line, leaves, batch);
        } else {
            push_leaves(&mut self.roots, &mut self.long, &parsed);
        }
        self.check_prefix(plain)?;
        let (batch, end) = match parsed {
            Parsed::Lines { batch, end, .. } | Parsed::LongEnd { batch, end } => (batch, end),
            Parsed::LongPart(_) => return Ok(None),
            Parsed::Tail { batch, length, end } => {
                self.torn = length;
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
        Ok(Some(end))
    }

    /// Tells people how far it is, now and then with a picture.
    fn show(&mut self, case: &Case, watcher: &mut Watcher<'_>, bytes: u64) {
        let (builder, source, chunk) = (&self.builder, self.source.id, self.chunk);
        self.run.picture(case, watcher, bytes, |next| {
            builder.chunk(if chunk < next { next } else { chunk }, source)
        });
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
            let recorded = Frontier::from_parts(self.resume.line, self.resume.peaks.clone());
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
