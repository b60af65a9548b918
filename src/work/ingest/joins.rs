//! What belongs together across the given sources, written beside the case as one more source of it.
//!
//! It only grows: a source that is added later adds joins and changes none.

use super::Watcher;
use super::attested::measurement;
use super::files::unreadable;
use super::pipeline::{Print, stream_with, workers};
use super::unpack::{Plain, identity, unfinished};
use crate::journal::import::join::{Finds, Group, Hands, Joiner, Spot, Wanted, new_lines};
use crate::journal::split::{Piece, lines};
use crate::store::Case;
use crate::store::source::{Imported, JOINS};
use crate::work::WorkError;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The source of joins, if there is anything to join. The joiner has taken the parts of every imported source.
pub fn join_all(
    case: &Case,
    plains: &[Plain],
    found: Found,
    watcher: &mut Watcher<'_>,
) -> Result<Option<Plain>, WorkError> {
    let path = case.side_folder().join("joins.jsonl");
    let known = fs::read(&path).unwrap_or_default();
    if plains.iter().all(|plain| plain.imported.is_none()) && known.is_empty() {
        return Ok(None);
    }
    let Found { mut joiner, without_inferences } = found;
    let wanted = joiner.wanted();
    if !wanted.is_empty() {
        for plain in plains.iter().filter(|plain| !without_inferences.contains(&plain.plain)) {
            look(&plain.plain, &wanted, watcher, &mut joiner)?;
        }
    }
    drop(wanted);
    let files = Files::of(plains);
    let lines = joined(&mut joiner, &files).map_err(|e| unreadable(&case.side_folder(), &e))?;
    let fresh = new_lines(&known, lines);
    if fresh.is_empty() && known.is_empty() {
        return Ok(None);
    }
    if !fresh.is_empty() {
        append(&path, &known, &fresh)?;
    }
    let file = File::open(&path).map_err(|e| unreadable(&path, &e))?;
    let (size, modified) = identity(&file).map_err(|e| unreadable(&path, &e))?;
    let imported = Some(Imported { format: JOINS.to_owned(), original: path.clone() });
    Ok(Some(Plain { plain: path.clone(), path, size, modified, packed_sha256: None, damage: None, imported }))
}

/// What importing found that may be joined.
#[derive(Default)]
pub struct Found {
    pub joiner: Joiner,
    /// Files of imported lines that need not be looked through for inferences.
    pub without_inferences: Vec<PathBuf>,
}

/// The files of imported lines, in the order in which the joiner counts sources.
struct Files(Vec<Mutex<File>>);

impl Files {
    fn of(plains: &[Plain]) -> Self {
        let imported = plains.iter().filter(|plain| plain.imported.is_some());
        Self(imported.filter_map(|plain| File::open(&plain.plain).ok()).map(Mutex::new).collect())
    }

    fn line(&self, spot: Spot) -> io::Result<Vec<u8>> {
        let file = self.0.get(spot.source as usize).ok_or(io::ErrorKind::NotFound)?;
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = vec![0; spot.length as usize];
        file.seek(SeekFrom::Start(spot.offset))?;
        file.read_exact(&mut line)?;
        Ok(line)
    }
}

/// The joins as lines, in the order of their kinds and ids.
fn joined(joiner: &mut Joiner, files: &Files) -> io::Result<Vec<String>> {
    let sorted = joiner.sorted();
    let joiner = &*joiner;
    let groups = joiner.groups(&sorted);
    let hands = Hands { line: &|spot| files.line(spot), pcr_hash: &measurement };
    let share = groups.len().div_ceil(workers()).max(1);
    let parts: Vec<io::Result<Vec<_>>> = thread::scope(|scope| {
        let work = |part: &[Group<'_>]| {
            let lines: io::Result<Vec<_>> = part.iter().map(|group| joiner.joined(group, &hands)).collect();
            lines.map(|lines| lines.into_iter().flatten().collect())
        };
        let running: Vec<_> = groups.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        running.into_iter().map(|part| part.join().expect("joining does not panic on any line")).collect()
    });
    let mut lines: Vec<(&str, String, String)> = parts.into_iter().collect::<io::Result<Vec<_>>>()?.concat();
    lines.sort();
    Ok(lines.into_iter().map(|(_, _, line)| line).collect())
}

/// The old lines and the new ones, in a file that takes its name only when whole.
fn append(path: &Path, known: &[u8], fresh: &[String]) -> Result<(), WorkError> {
    let unwritable = |e: &io::Error| WorkError::Write { path: path.to_owned(), reason: e.to_string() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = unfinished(folder).map_err(|e| unwritable(&e))?;
    file.write_all(known).map_err(|e| unwritable(&e))?;
    for line in fresh {
        writeln!(file, "{line}").map_err(|e| unwritable(&e))?;
    }
    file.persist(path).map_err(|e| unwritable(&e.error))?;
    Ok(())
}

/// Looks through a source's lines for the inferences that are wanted, on every core.
fn look(path: &Path, wanted: &Wanted, watcher: &Watcher<'_>, joiner: &mut Joiner) -> Result<(), WorkError> {
    let cancel = watcher.cancel.clone();
    let find = |piece: Piece| {
        let mut finds = Finds::default();
        match &piece {
            Piece::Lines { start, bytes } => {
                lines(bytes, *start).for_each(|(line, _)| wanted.look(line, &mut finds));
            }
            // A document on one line seldom ends in a newline; a torn line is no JSON and joins nothing.
            Piece::Tail { bytes, .. } => wanted.look(bytes, &mut finds),
            Piece::LongPart(_) | Piece::LongEnd { .. } | Piece::LongTail { .. } => {}
        }
        finds
    };
    stream_with(path, Print::Unwanted, &cancel, find, |finds| {
        joiner.feed(finds);
        Ok(())
    })?;
    Ok(())
}
