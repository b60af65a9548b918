//! What belongs together across the given sources, written beside the case as one more source of it.
//!
//! It only grows: a source that is added later adds joins and changes none.

use super::Watcher;
use super::files::unreadable;
use super::pipeline::stream_with;
use super::unpack::{Plain, identity};
use crate::journal::import::join::{Joiner, new_lines};
use crate::journal::read::lines;
use crate::journal::split::Piece;
use crate::proof::attestation::Document;
use crate::proof::malformed::base64_bytes;
use crate::store::Case;
use crate::store::source::{Imported, JOINS};
use crate::work::WorkError;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// The source of joins, if there is anything to join.
pub fn join_all(
    case: &Case,
    plains: &[Plain],
    watcher: &mut Watcher<'_>,
) -> Result<Option<Plain>, WorkError> {
    let path = case.side_folder().join("joins.jsonl");
    let known = fs::read(&path).unwrap_or_default();
    if plains.iter().all(|plain| plain.imported.is_none()) && known.is_empty() {
        return Ok(None);
    }
    let mut joiner = Joiner::default();
    for plain in plains.iter().filter(|plain| plain.imported.is_some()) {
        let source = plain.path.to_string_lossy().into_owned();
        each_line(&plain.plain, watcher, |line| joiner.part(&source, line))?;
    }
    if joiner.is_hungry() {
        for plain in plains {
            each_line(&plain.plain, watcher, |line| joiner.inference(line))?;
        }
    }
    let fresh = new_lines(&known, joiner.finish(measurement));
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

/// The old lines and the new ones, in a file that takes its name only when whole.
fn append(path: &Path, known: &[u8], fresh: &[String]) -> Result<(), WorkError> {
    let unwritable = |e: &std::io::Error| WorkError::Write { path: path.to_owned(), reason: e.to_string() };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| unwritable(&e))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| unwritable(&e))?;
    file.write_all(known).map_err(|e| unwritable(&e))?;
    for line in fresh {
        writeln!(file, "{line}").map_err(|e| unwritable(&e))?;
    }
    file.persist(path).map_err(|e| unwritable(&e.error))?;
    Ok(())
}

fn each_line(path: &Path, watcher: &Watcher<'_>, mut take: impl FnMut(&[u8])) -> Result<(), WorkError> {
    let cancel = watcher.cancel.clone();
    stream_with(
        path,
        &cancel,
        |piece| piece,
        |piece| {
            match &piece {
                Piece::Lines { start, bytes } => lines(bytes, *start).for_each(|(line, _)| take(line)),
                // A document on one line seldom ends in a newline; a torn line is no JSON and joins nothing.
                Piece::Tail { bytes, .. } => take(bytes),
                Piece::LongPart(_) | Piece::LongEnd { .. } | Piece::LongTail { .. } => {}
            }
            Ok(())
        },
    )?;
    Ok(())
}

/// The measurement an attestation names.
fn measurement(attestation: &str) -> Option<String> {
    let bytes = base64_bytes(attestation).ok()?;
    let hash = Document::parse(&bytes).ok()?.pcr_hash()?;
    Some(format!("0x{}", hash.hex()))
}
