//! One source through every core: a reader cuts and hashes the file, workers parse and hash lines, the caller joins.
//!
//! ```text
//!            ┌▶ worker 0 ─┐
//! reader ────┤            ├─▶ caller, in file order: piece n comes from worker n mod N
//! (SHA-256)  └▶ worker 1 ─┘
//! ```
//! Channels are short, so memory stays at a few blocks whatever the file's size.

use super::files::unreadable;
use crate::journal::LINE_LIMIT;
use crate::journal::batch::Batch;
use crate::journal::read::too_long;
use crate::journal::split::{PIECE_LINES, Piece, Place, Splitter, lines};
use crate::model::Hash;
use crate::proof::merkle::leaf_hash;
use crate::work::{Cancel, WorkError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Bytes read at a time. 1 MiB keeps a block, its leaves and its columns in the second-level cache.
const BLOCK: usize = 1 << 20;
/// Blocks waiting in a channel.
const WAITING: usize = 4;

/// Who wrote the lines: a recorder, or an importer of ours, whose faults say where they stand in the file it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Native,
    Imported,
}

/// A stretch of the file, parsed.
#[derive(Debug)]
pub enum Parsed {
    /// Whole lines: the leaf of each, and the records among them.
    Lines {
        start: Place,
        leaves: Vec<Hash>,
        batch: Batch,
        end: u64,
    },
    LongPart(Vec<u8>),
    LongEnd {
        batch: Batch,
        end: u64,
    },
    /// What follows the last newline: no leaf.
    Tail {
        batch: Batch,
        length: u64,
        end: u64,
    },
}

impl Parsed {
    /// Places were counted from the beginning of what an importer made at a time: now from the beginning of all its lines.
    pub fn move_by(&mut self, by: Place) {
        match self {
            Self::Lines { start, batch, end, .. } => {
                *start = Place { line: start.line + by.line, offset: start.offset + by.offset };
                *end += by.offset;
                batch.move_by(by);
            }
            Self::LongEnd { batch, end } | Self::Tail { batch, end, .. } => {
                *end += by.offset;
                batch.move_by(by);
            }
            Self::LongPart(_) => {}
        }
    }
}

/// Whether anybody asks for the file's SHA-256: of lines made here the original's is what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    Wanted,
    Unwanted,
}

/// Streams a file through the workers. `join` gets every stretch in file order. Returns the file's SHA-256, if it is wanted,
/// and its length.
pub fn stream(
    path: &Path,
    print: Print,
    wire: Wire,
    parse_from: u64,
    cancel: &Cancel,
    join: impl FnMut(Parsed) -> Result<(), WorkError>,
) -> Result<(Hash, u64), WorkError> {
    stream_with(path, print, cancel, |piece| parse(piece, wire, parse_from), join)
}

/// The same, with whatever work is done on each stretch of whole lines.
pub fn stream_with<T: Send>(
    path: &Path,
    print: Print,
    cancel: &Cancel,
    work: impl Fn(Piece) -> T + Sync,
    mut join: impl FnMut(T) -> Result<(), WorkError>,
) -> Result<(Hash, u64), WorkError> {
    let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let workers = workers();
    thread::scope(|scope| {
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for _ in 0..workers {
            let (input, pieces) = sync_channel::<Piece>(WAITING);
            let (done, output) = sync_channel::<T>(WAITING);
            let work = &work;
            scope.spawn(move || work_all(&pieces, &done, work));
            inputs.push(input);
            outputs.push(output);
        }
        let reader = scope.spawn(move || read(&mut file, print, &inputs, cancel));
        let joined = collect(&outputs, cancel, &mut join);
        // Dropping the outputs lets workers, and through them the reader, end early after an error.
        drop(outputs);
        let read = reader.join().expect("the reader does not panic: it only reads and sends");
        joined?;
        read.map_err(|e| unreadable(path, &e))
    })
}

/// How many threads work on one source.
pub fn workers() -> usize {
    thread::available_parallelism().map_or(2, usize::from).clamp(1, 16)
}

fn collect<T>(
    outputs: &[Receiver<T>],
    cancel: &Cancel,
    join: &mut impl FnMut(T) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    for output in outputs.iter().cycle() {
        cancel.check()?;
        match output.recv() {
            Ok(done) => join(done)?,
            Err(_) => return cancel.check(),
        }
    }
    Ok(())
}

fn read(
    file: &mut File,
    print: Print,
    inputs: &[SyncSender<Piece>],
    cancel: &Cancel,
) -> std::io::Result<(Hash, u64)> {
    let mut splitter = Splitter::new(Place { line: 0, offset: 0 });
    let mut turn = inputs.iter().cycle();
    let mut send = |piece: Piece| turn.next().is_some_and(|input| input.send(piece).is_ok());
    let mut sha256 = Sha256::new();
    let mut length = 0u64;
    loop {
        let mut block = splitter.carry();
        let carried = block.len();
        block.reserve(BLOCK);
        let n = fill(file, &mut block)?;
        if n == 0 {
            splitter.finish(block).into_iter().all(send);
            break;
        }
        if print == Print::Wanted {
            sha256.update(&block[carried..]);
        }
        length += n as u64;
        // A send fails only when the caller has given up.
        if cancel.is_cancelled() || !splitter.cut(block).into_iter().all(&mut send) {
            break;
        }
    }
    Ok((Hash(sha256.finalize().into()), length))
}

/// Reads until a block is full or the file ends, so that blocks are the same in every run.
fn fill(file: &mut File, block: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut total = 0;
    while total < BLOCK {
        match file.by_ref().take((BLOCK - total) as u64).read_to_end(block) {
            Ok(0) => break,
            Ok(n) => total += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(total)
}

fn work_all<T>(pieces: &Receiver<Piece>, done: &SyncSender<T>, work: &impl Fn(Piece) -> T) {
    while let Ok(piece) = pieces.recv() {
        if done.send(work(piece)).is_err() {
            return;
        }
    }
}

fn parse(piece: Piece, wire: Wire, parse_from: u64) -> Parsed {
    let mut batch = Batch::new();
    let read: fn(&mut Batch, &[u8], Place) = match wire {
        Wire::Native => Batch::read_line,
        Wire::Imported => Batch::read_imported,
    };
    match piece {
        Piece::Lines { start, bytes } => {
            let mut leaves = Vec::with_capacity(bytes.len() / 256);
            for (line, place) in lines(&bytes, start) {
                leaves.push(leaf_hash(line));
                if place.line >= parse_from {
                    read(&mut batch, line, place);
                }
            }
            Parsed::Lines { start, leaves, batch, end: start.offset + bytes.len() as u64 }
        }
        Piece::LongPart(bytes) => Parsed::LongPart(bytes),
        Piece::LongEnd { place, length } => {
            if place.line >= parse_from {
                batch.fault(length, place, too_long(length));
            }
            Parsed::LongEnd { batch, end: place.offset + length + 1 }
        }
        Piece::Tail { place, bytes } => {
            read(&mut batch, &bytes, place);
            let length = bytes.len() as u64;
            Parsed::Tail { batch, length, end: place.offset + length }
        }
        Piece::LongTail { place, length } => {
            batch.fault(length, place, too_long(length));
            Parsed::Tail { batch, length, end: place.offset + length }
        }
    }
}

/// Lines an importer made, as they come out of `parse` when they are read from their file. Places count from the first of them.
pub fn parse_made(made: &[u8]) -> Vec<Parsed> {
    let mut parsed = Vec::new();
    let read = |batch: &mut Batch, line: &[u8], place: Place| match line.len() {
        0..=LINE_LIMIT => batch.read_imported(line, place),
        long => batch.fault(long as u64, place, too_long(long as u64)),
    };
    let begin = Place { line: 0, offset: 0 };
    let (mut start, mut leaves, mut batch) = (begin, Vec::new(), Batch::new());
    let mut next = begin;
    for (line, place) in lines(made, begin) {
        leaves.push(leaf_hash(line));
        read(&mut batch, line, place);
        next = Place { line: place.line + 1, offset: place.offset + line.len() as u64 + 1 };
        if leaves.len() == PIECE_LINES {
            let (leaves, batch) = (std::mem::take(&mut leaves), std::mem::take(&mut batch));
            parsed.push(Parsed::Lines { start, leaves, batch, end: next.offset });
            start = next;
        }
    }
    if !leaves.is_empty() {
        parsed.push(Parsed::Lines { start, leaves, batch, end: next.offset });
    }
    let tail = &made[next.offset as usize..];
    if !tail.is_empty() {
        let mut batch = Batch::new();
        read(&mut batch, tail, next);
        parsed.push(Parsed::Tail { batch, length: tail.len() as u64, end: made.len() as u64 });
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Column;
    use crate::model::Fault;
    use std::io::Write as _;

    /// Leaves, where rows stand and how long they are, faults, and the torn bytes: what a case keeps of lines.
    type Read = (Vec<Hash>, [Vec<u64>; 3], Vec<Fault>, u64);

    fn gathered(stretches: Vec<Parsed>) -> Read {
        let mut read = Read::default();
        let mut long = crate::proof::merkle::LeafHasher::new();
        for parsed in stretches {
            let batch = match parsed {
                Parsed::Lines { leaves, batch, .. } => {
                    assert!(leaves.len() <= PIECE_LINES, "more lines than the tree remembers");
                    read.0.extend(leaves);
                    batch
                }
                Parsed::LongPart(bytes) => {
                    long.update(&bytes);
                    continue;
                }
                Parsed::LongEnd { batch, .. } => {
                    let done = std::mem::replace(&mut long, crate::proof::merkle::LeafHasher::new());
                    read.0.push(done.finish());
                    batch
                }
                Parsed::Tail { batch, length, .. } => {
                    read.3 = length;
                    batch
                }
            };
            for (own, column) in read.1.iter_mut().zip([Column::Line, Column::Offset, Column::Length]) {
                own.extend(&batch.columns[column as usize]);
            }
            read.2.extend(batch.faults);
        }
        read
    }

    #[test]
    fn lines_read_while_they_are_made_are_read_as_their_file_would_be() {
        let record = |n: usize| {
            format!(
                "{{\"kind\":\"action\",\"id\":\"a-{n}\",\"at\":\"2026-10-04T09:12:04Z\",\"agent\":\"x\",\"action\":\"y\"}}\n"
            )
        };
        let fault = "{\"fault\":\"no record\",\"import\":{\"format\":\"har\",\"line\":7,\"offset\":70,\"length\":9,\"sha256\":\"00\"}}\n";
        let many: String = (0..PIECE_LINES + 3).map(record).collect();
        let long = format!("{{\"kind\":\"{}\"}}\n", "x".repeat(LINE_LIMIT));
        let torn = "{\"kind\":\"action\",\"id\":\"t";
        let made =
            [String::new(), record(0), format!("{}{fault}\n{{]\n", record(1)), many, long, record(2) + torn];
        let (mut next, mut stretches) = (Place { line: 0, offset: 0 }, Vec::new());
        for stretch in &made {
            for mut parsed in parse_made(stretch.as_bytes()) {
                parsed.move_by(next);
                stretches.push(parsed);
            }
            next.line += stretch.matches('\n').count() as u64;
            next.offset += stretch.len() as u64;
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(made.concat().as_bytes()).unwrap();
        let mut from_file = Vec::new();
        let (_, length) =
            stream(file.path(), Print::Unwanted, Wire::Imported, 0, &Cancel::default(), |parsed| {
                from_file.push(parsed);
                Ok(())
            })
            .unwrap();
        assert_eq!(length, next.offset);
        let (made, read) = (gathered(stretches), gathered(from_file));
        assert_eq!(
            (made.0.len(), made.1[0].len(), made.2.len(), made.3),
            (PIECE_LINES + 10, PIECE_LINES + 6, 4, torn.len() as u64)
        );
        assert_eq!(made, read);
    }
}
