//! A foreign source into lines, on every core; while it is at it, the lines are read as a journal's are.
//!
//! ```text
//! source ─▶ ×cores: translate ─▶ lines ─▶ leaves, columns (places from 0) ─▶ caller, in order: file, tree, case
//! ```

use super::files::unreadable;
use super::pipeline::{Parsed, Print, parse_made, stream_with, workers};
use super::unpack::Plain;
use crate::journal::import::join::Parts;
use crate::journal::import::{Context, Format, Layout, Origin, Out, Unit, translate, units};
use crate::journal::read::too_long;
use crate::journal::split::{Piece, Place, lines};
use crate::model::Hash;
use crate::store::source::Imported;
use crate::work::{Cancel, WorkError};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::thread;

/// The largest document that is held in memory whole; lines may be of any number.
const DOCUMENT_LIMIT: u64 = 1 << 30;

/// A source in a foreign format.
#[derive(Clone, Debug)]
pub struct Foreign {
    pub plain: Plain,
    pub format: Format,
    pub layout: Layout,
}

impl Foreign {
    /// Whether it is read line by line, and so may be of any length.
    pub fn is_read_by_lines(&self) -> bool {
        self.format.is_json() && self.layout == Layout::Lines
    }

    /// The source as its lines are read, from where they stand.
    pub fn imported(&self, lines: PathBuf) -> Plain {
        let imported = Imported { format: self.format.name().to_owned(), original: self.plain.plain.clone() };
        Plain { plain: lines, imported: Some(imported), ..self.plain.clone() }
    }
}

/// What is asked for: the lines alone, or what reading them gives too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Lines,
    Records,
}

/// Lines made of a stretch of a source.
pub struct Made {
    pub lines: Vec<u8>,
    /// What of them may be joined.
    pub parts: Parts,
    /// What reading them gives, if that was asked for; places count from the first of these lines.
    pub parsed: Vec<Parsed>,
    /// Bytes of the source they were made of.
    pub length: u64,
}

impl Made {
    fn of(out: Out, want: Want, length: u64) -> Self {
        let parsed = if want == Want::Records { parse_made(&out.lines) } else { Vec::new() };
        Self { parts: Parts::of(&out.lines), lines: out.lines, parsed, length }
    }
}

/// Gives all that is made of a source, in its order. Returns the source's SHA-256.
pub fn translate_all(
    foreign: &Foreign,
    context: &Context,
    want: Want,
    cancel: &Cancel,
    take: impl FnMut(Made) -> Result<(), WorkError>,
) -> Result<Hash, WorkError> {
    if foreign.is_read_by_lines() {
        let path = &foreign.plain.plain;
        let work = |piece| translate_piece(piece, foreign.format, context, want);
        return Ok(stream_with(path, Print::Wanted, cancel, work, take)?.0);
    }
    whole(foreign, context, want, cancel, take)
}

fn translate_piece(piece: Piece, format: Format, context: &Context, want: Want) -> Made {
    let mut out = Out::default();
    if let Piece::Lines { bytes, .. } = &piece {
        // Most formats come to less than twice their size: growing step by step would copy it all several times.
        out.lines.reserve(bytes.len() * 2);
    }
    let mut long = |place: Place, length: u64| {
        // Its bytes were never held; the pointer is to where it begins.
        out.fault(&Origin { format, place, bytes: &[] }, &too_long(length));
    };
    let length = match &piece {
        Piece::Lines { bytes, .. } | Piece::LongPart(bytes) | Piece::Tail { bytes, .. } => bytes.len() as u64,
        Piece::LongEnd { .. } | Piece::LongTail { .. } => 0,
    };
    match piece {
        Piece::Lines { start, bytes } => {
            for (line, place) in lines(&bytes, start).filter(|(line, _)| !line.trim_ascii().is_empty()) {
                translate(format, &Unit { bytes: line, place }, context, &mut out);
            }
        }
        Piece::LongPart(_) => {}
        Piece::LongEnd { place, length } | Piece::LongTail { place, length } => long(place, length),
        Piece::Tail { place, bytes } if bytes.trim_ascii().is_empty() => {
            let _ = place;
        }
        Piece::Tail { place, bytes } => {
            translate(format, &Unit { bytes: &bytes, place }, context, &mut out);
            // Torn there, torn here: a later reading may find the line whole.
            if out.lines.ends_with(b"\n") {
                out.lines.pop();
            }
        }
    }
    Made::of(out, want, length)
}

/// A source that is read as a whole.
fn whole(
    foreign: &Foreign,
    context: &Context,
    want: Want,
    cancel: &Cancel,
    mut take: impl FnMut(Made) -> Result<(), WorkError>,
) -> Result<Hash, WorkError> {
    let format = foreign.format;
    let bytes = read_document(&foreign.plain)?;
    let sha256 = Hash(Sha256::digest(&bytes).into());
    if !format.is_json() {
        let mut out = Out::default();
        let unit = Unit { bytes: &bytes, place: Place { line: 0, offset: 0 } };
        translate(format, &unit, context, &mut out);
        take(Made::of(out, want, bytes.len() as u64))?;
        return Ok(sha256);
    }
    let (units, end) = units(&bytes);
    let workers = workers();
    // Rounds bound what is translated and not yet written.
    for round in units.chunks(4096 * workers) {
        cancel.check()?;
        let made = in_parallel(round, workers, want, |unit, out| translate(format, unit, context, out));
        made.into_iter().try_for_each(&mut take)?;
    }
    if let Some((place, reason)) = end {
        let mut out = Out::default();
        let from = usize::try_from(place.offset).unwrap_or(bytes.len()).min(bytes.len());
        let shown = &bytes[from..bytes.len().min(from + 4096)];
        out.fault(&Origin { format, place, bytes: shown }, &reason);
        // Torn, as the document is: a later reading may find it whole.
        out.lines.pop();
        take(Made::of(out, want, (bytes.len() - from) as u64))?;
    }
    Ok(sha256)
}

fn in_parallel(
    units: &[Unit<'_>],
    workers: usize,
    want: Want,
    work: impl Fn(&Unit<'_>, &mut Out) + Sync,
) -> Vec<Made> {
    let share = units.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = units
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    let mut out = Out::default();
                    part.iter().for_each(|unit| work(unit, &mut out));
                    Made::of(out, want, part.iter().map(|unit| unit.bytes.len() as u64).sum())
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().expect("importers do not panic on any input")).collect()
    })
}

pub(super) fn read_document(plain: &Plain) -> Result<Vec<u8>, WorkError> {
    refuse_endless(plain)?;
    fs::read(&plain.plain).map_err(|e| unreadable(&plain.path, &e))
}

/// A document too long to be held whole is refused; asked before a case knows of it, too.
pub(super) fn refuse_endless(plain: &Plain) -> Result<(), WorkError> {
    let size = fs::metadata(&plain.plain).map_err(|e| unreadable(&plain.path, &e))?.len();
    if size <= DOCUMENT_LIMIT {
        return Ok(());
    }
    let what = format!(
        "one document of {size} bytes; the limit is {DOCUMENT_LIMIT}. Put a value on each line (`jq -c '.[]'`): lines may be of any number"
    );
    Err(WorkError::Unfit { path: plain.path.clone(), what })
}
