//! Foreign sources, each translated once into lines in the case's side folder; the file itself stays the evidence.
//!
//! ```text
//! plain file ─ tell ─┬─ a journal: as it is
//!                    ├─ labels: names of agents, used by all the others
//!                    └─ a foreign format ─ survey (blocks, receipts) ─ translate ×cores ─▶ *.case.d/import-….jsonl
//! ```
//! The same sources and options give the same lines. A source that grew must begin with the lines already read; one whose
//! lines changed is refused, and so are other labels or blocks that would have changed them.

use super::attested::attested;
use super::files::unreadable;
use super::joins::Found;
use super::pipeline::{Print, stream_with, workers};
use super::survey::survey;
use super::unpack::Plain;
use super::{Options, Phase, Progress, Watcher};
use crate::journal::import::join::Parts;
use crate::journal::import::labels::Labels;
use crate::journal::import::{
    Context, Format, Layout, Origin, Out, TELL, Unit, layout, tell, translate, units,
};
use crate::journal::read::{Place, lines, too_long};
use crate::journal::split::Piece;
use crate::journal::{LINE_LIMIT, print_of};
use crate::model::Hash;
use crate::store::Case;
use crate::store::source::Imported;
use crate::work::WorkError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;

/// The largest document that is held in memory whole; lines may be of any number.
const DOCUMENT_LIMIT: u64 = 1 << 30;

/// What is told of each plain file, and what all imports know.
pub fn import_all(
    case: &Case,
    plains: Vec<Plain>,
    options: &Options,
    found: &mut Found,
    watcher: &mut Watcher<'_>,
) -> Result<Vec<Plain>, WorkError> {
    let mapping = options.mapping.clone();
    let mut context = Context {
        at: options.at,
        chain: options.chain,
        mapping,
        document: Some(attested),
        ..Context::default()
    };
    let mut told = Vec::new();
    for plain in plains {
        let start = start_of(&plain.plain)?;
        if Labels::tell(&start) && options.format.is_none() {
            context.labels.join(labels(&plain)?);
            continue;
        }
        let mapped = || (!context.mapping.is_empty()).then(|| by_map(&start)).flatten();
        let format = options.format.or_else(|| tell(&start)).or_else(mapped);
        let layout = layout_of(&plain, &start)?;
        told.push((plain, format, layout));
    }
    for (plain, _, layout) in told.iter().filter(|(_, format, _)| *format == Some(Format::Chain)) {
        survey(plain, *layout, &mut context, watcher)?;
    }
    let import = Import { case, context };
    told.into_iter()
        .map(|(plain, format, layout)| match format {
            Some(format) => import.one(plain, format, layout, found, watcher),
            None => Ok(plain),
        })
        .collect()
}

/// How a source is laid out. A first line longer than its beginning is looked at as far as a line may go.
fn layout_of(plain: &Plain, start: &[u8]) -> Result<Layout, WorkError> {
    if start.contains(&b'\n') || start.len() < TELL {
        return Ok(layout(start));
    }
    Ok(layout(&first_bytes(&plain.plain, LINE_LIMIT)?))
}

/// A source that nothing tells is read by the map, unless it begins as journals do.
fn by_map(start: &[u8]) -> Option<Format> {
    let first = start.trim_ascii_start();
    if !first.starts_with(b"{") && !first.starts_with(b"[") {
        return Some(Format::MappedCsv);
    }
    let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
    let is_journal = crate::journal::wire::parse(line).is_ok();
    (!is_journal).then_some(Format::MappedJson)
}

/// The first bytes of a file, as many as telling needs.
pub fn start_of(path: &Path) -> Result<Vec<u8>, WorkError> {
    first_bytes(path, TELL)
}

fn first_bytes(path: &Path, most: usize) -> Result<Vec<u8>, WorkError> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    file.take(most as u64).read_to_end(&mut start).map_err(|e| unreadable(path, &e))?;
    Ok(start)
}

fn labels(plain: &Plain) -> Result<Labels, WorkError> {
    let text = fs::read(&plain.plain).map_err(|e| unreadable(&plain.path, &e))?;
    Labels::parse(&text)
        .map_err(|what| WorkError::Unfit { path: plain.path.clone(), what: format!("labels: {what}") })
}

struct Import<'c> {
    case: &'c Case,
    context: Context,
}

impl Import<'_> {
    fn one(
        &self,
        plain: Plain,
        format: Format,
        layout: Layout,
        found: &mut Found,
        watcher: &mut Watcher<'_>,
    ) -> Result<Plain, WorkError> {
        let folder = self.case.side_folder();
        let unwritable =
            |e: &std::io::Error| WorkError::Write { path: folder.clone(), reason: e.to_string() };
        fs::create_dir_all(&folder).map_err(|e| unwritable(&e))?;
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(|e| unwritable(&e))?;
        found.joiner.source(plain.path.to_string_lossy().into_owned());
        let (mut written, mut has_inferences) = (0, false);
        let mut write = |made: Made| {
            has_inferences |= made.parts.has_inferences;
            found.joiner.take(made.parts, written);
            written += made.lines.len() as u64;
            file.write_all(&made.lines).map_err(|e| unwritable(&e))
        };
        let sha256 = if format.is_json() && layout == Layout::Lines {
            by_lines(&plain, format, &self.context, watcher, &mut write)?
        } else {
            whole(&plain, format, &self.context, watcher, &mut write)?
        };
        let target = folder.join(name_of(&plain.path));
        self.refuse_change(&plain, file.path(), &target, sha256)?;
        file.persist(&target).map_err(|e| unwritable(&e.error))?;
        if !has_inferences {
            found.without_inferences.push(target.clone());
        }
        let imported = Some(Imported { format: format.name().to_owned(), original: plain.plain });
        let packed_sha256 = plain.packed_sha256.or(Some(sha256));
        Ok(Plain { plain: target, imported, packed_sha256, ..plain })
    }

    /// What was read before must be the beginning of what is read now.
    fn refuse_change(&self, plain: &Plain, now: &Path, before: &Path, sha256: Hash) -> Result<(), WorkError> {
        let known = self.case.sources()?.into_iter().find(|source| source.path == plain.path);
        let Some(known) = known.filter(|_| before.is_file()) else { return Ok(()) };
        // A line without its end was read as torn: when it is whole, it may be another.
        let whole = known.bytes - known.torn_bytes.min(known.bytes);
        if begins_alike(before, now, whole).map_err(|e| unreadable(before, &e))? {
            return Ok(());
        }
        let same_file = known.sha256 == Some(plain.packed_sha256.unwrap_or(sha256));
        if same_file {
            let what = "this case imported it with other options, labels or blocks; give the same ones, or another --case";
            return Err(WorkError::Unfit { path: plain.path.clone(), what: what.to_owned() });
        }
        Err(WorkError::Changed {
            path: plain.path.clone(),
            what: "what was imported from it",
            recorded: known.sha256.unwrap_or_default().hex(),
            found: sha256.hex(),
        })
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

/// A source of one value a line, on every core. Returns its SHA-256.
fn by_lines(
    plain: &Plain,
    format: Format,
    context: &Context,
    watcher: &mut Watcher<'_>,
    write: &mut impl FnMut(Made) -> Result<(), WorkError>,
) -> Result<Hash, WorkError> {
    let cancel = watcher.cancel.clone();
    let mut bytes = 0;
    let (sha256, _) = stream_with(
        &plain.plain,
        Print::Wanted,
        &cancel,
        |piece| translate_piece(piece, format, context),
        |(made, length)| {
            bytes += length;
            tell_progress(watcher, bytes);
            write(made)
        },
    )?;
    Ok(sha256)
}

/// Lines made of a stretch of a source, and what of them may be joined.
struct Made {
    lines: Vec<u8>,
    parts: Parts,
}

impl Made {
    fn of(out: Out) -> Self {
        Self { parts: Parts::of(&out.lines), lines: out.lines }
    }
}

fn translate_piece(piece: Piece, format: Format, context: &Context) -> (Made, u64) {
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
    (Made::of(out), length)
}

/// A source that is read as a whole. Returns its SHA-256.
fn whole(
    plain: &Plain,
    format: Format,
    context: &Context,
    watcher: &mut Watcher<'_>,
    write: &mut impl FnMut(Made) -> Result<(), WorkError>,
) -> Result<Hash, WorkError> {
    let bytes = read_document(plain)?;
    let sha256 = Hash(Sha256::digest(&bytes).into());
    if !format.is_json() {
        let mut out = Out::default();
        let unit = Unit { bytes: &bytes, place: Place { line: 0, offset: 0 } };
        translate(format, &unit, context, &mut out);
        write(Made::of(out))?;
        return Ok(sha256);
    }
    let (units, end) = units(&bytes);
    let workers = workers();
    // Rounds bound what is translated and not yet written.
    for round in units.chunks(4096 * workers) {
        watcher.cancel.check()?;
        let outs = in_parallel(round, workers, |unit, out| translate(format, unit, context, out));
        outs.into_iter().try_for_each(&mut *write)?;
        tell_progress(watcher, round.last().map_or(0, |unit| unit.place.offset));
    }
    if let Some((place, reason)) = end {
        let mut out = Out::default();
        let from = usize::try_from(place.offset).unwrap_or(bytes.len()).min(bytes.len());
        let shown = &bytes[from..bytes.len().min(from + 4096)];
        out.fault(&Origin { format, place, bytes: shown }, &reason);
        // Torn, as the document is: a later reading may find it whole.
        out.lines.pop();
        write(Made::of(out))?;
    }
    Ok(sha256)
}

fn in_parallel(units: &[Unit<'_>], workers: usize, work: impl Fn(&Unit<'_>, &mut Out) + Sync) -> Vec<Made> {
    let share = units.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = units
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    let mut out = Out::default();
                    part.iter().for_each(|unit| work(unit, &mut out));
                    Made::of(out)
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().expect("importers do not panic on any input")).collect()
    })
}

pub(super) fn read_document(plain: &Plain) -> Result<Vec<u8>, WorkError> {
    let size = fs::metadata(&plain.plain).map_err(|e| unreadable(&plain.path, &e))?.len();
    if size > DOCUMENT_LIMIT {
        let what = format!(
            "one document of {size} bytes; the limit is {DOCUMENT_LIMIT}. Put a value on each line (`jq -c '.[]'`): lines may be of any number"
        );
        return Err(WorkError::Unfit { path: plain.path.clone(), what });
    }
    fs::read(&plain.plain).map_err(|e| unreadable(&plain.path, &e))
}

fn tell_progress(watcher: &mut Watcher<'_>, bytes: u64) {
    (watcher.report)(Progress { bytes, total: 0, records: 0, phase: Phase::Unpacking, snapshot: None });
}
