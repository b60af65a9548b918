//! Compressed journals and standard input, written once as plain bytes into the case's side folder.

use super::files::{Journal, unreadable};
use super::{Phase, Progress, Watcher};
use crate::journal::framing::Framing;
use crate::model::Hash;
use crate::store::Case;
use crate::store::source::Imported;
use crate::work::WorkError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A journal whose plain bytes are in a file.
#[derive(Clone, Debug)]
pub struct Plain {
    pub path: PathBuf,
    pub plain: PathBuf,
    pub size: u64,
    pub modified: i64,
    /// SHA-256 of `path` where it is not the plain file itself.
    pub packed_sha256: Option<Hash>,
    /// What went wrong after the last plain byte that could be had.
    pub damage: Option<String>,
    /// The format it had, if `plain` holds lines an importer made of it.
    pub imported: Option<Imported>,
}

/// A stream that unpacks to more than this many times its size is taken for a bomb (gzip cannot do more than 1,032;
/// journals come to 5 to 30)…
const RATIO: u64 = 500;
/// …once it has unpacked so much.
const RATIO_FROM: u64 = 256 << 20;

pub fn unpack_all(
    case: &Case,
    journals: &[Journal],
    watcher: &mut Watcher<'_>,
) -> Result<Vec<Plain>, WorkError> {
    tidy(&case.side_folder());
    journals.iter().enumerate().map(|(n, journal)| plain_of(case, n, journal, watcher)).collect()
}

/// What a copy is called until it is whole.
const UNFINISHED: &str = ".unfinished-";

/// A file in the side folder that takes its name only when it is whole.
pub fn unfinished(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
}

/// Removes copies that a kill left unfinished. Only one ingest writes a case at a time.
fn tidy(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        // One that cannot be removed only takes room.
        let _ = fs::remove_file(entry.path());
    }
}

fn plain_of(case: &Case, n: usize, journal: &Journal, watcher: &mut Watcher<'_>) -> Result<Plain, WorkError> {
    let path = journal.path.clone();
    if path.as_os_str() == "-" {
        return unpack(case, &path, "stdin", Box::new(io::stdin()), watcher);
    }
    let file = File::open(&path).map_err(|e| unreadable(&path, &e))?;
    let (size, modified) = identity(&file).map_err(|e| unreadable(&path, &e))?;
    if journal.framing == Framing::Plain {
        return Ok(Plain {
            plain: path.clone(),
            path,
            size,
            modified,
            packed_sha256: None,
            damage: None,
            imported: None,
        });
    }
    if let Some(known) = case.sources()?.into_iter().find(|source| source.path == path) {
        let same = known.size == size && known.modified == modified && known.plain.is_file();
        if same && known.sha256.is_some() {
            let (plain, packed_sha256) = (known.plain, known.sha256);
            return Ok(Plain { path, plain, size, modified, packed_sha256, damage: None, imported: None });
        }
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let counted = Counted { inner: file, hash: Sha256::new(), bytes: 0 };
    let mut unpacked = unpack_file(case, &path, &format!("{n}-{name}"), counted, journal.framing, watcher)?;
    (unpacked.size, unpacked.modified) = (size, modified);
    Ok(unpacked)
}

/// Size, and modification time in nanoseconds.
pub fn identity(file: &File) -> io::Result<(u64, i64)> {
    let meta = file.metadata()?;
    let modified = meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok((meta.len(), modified.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))))
}

/// A reader that hashes and counts what passes through it.
struct Counted<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

fn unpack_file(
    case: &Case,
    path: &Path,
    name: &str,
    mut packed: Counted<File>,
    framing: Framing,
    watcher: &mut Watcher<'_>,
) -> Result<Plain, WorkError> {
    let (plain, damage) = match framing {
        Framing::Gzip => copy(case, path, name, flate2::read::MultiGzDecoder::new(&mut packed), watcher)?,
        _ => {
            let decoder = zstd::Decoder::new(&mut packed).map_err(|e| unreadable(path, &e))?;
            copy(case, path, name, decoder, watcher)?
        }
    };
    // What the decoder did not ask for belongs to the file's hash too.
    io::copy(&mut packed, &mut io::sink()).map_err(|e| unreadable(path, &e))?;
    let unpacked = fs::metadata(&plain).map_err(|e| unreadable(&plain, &e))?.len();
    if is_bomb(unpacked, packed.bytes) {
        return Err(bomb(path));
    }
    let packed_sha256 = Some(Hash(packed.hash.finalize().into()));
    Ok(Plain { path: path.to_owned(), plain, size: 0, modified: 0, packed_sha256, damage, imported: None })
}

fn unpack(
    case: &Case,
    path: &Path,
    name: &str,
    reader: Box<dyn Read>,
    watcher: &mut Watcher<'_>,
) -> Result<Plain, WorkError> {
    let (plain, damage) = copy(case, path, name, reader, watcher)?;
    let file = File::open(&plain).map_err(|e| unreadable(&plain, &e))?;
    let (size, modified) = identity(&file).map_err(|e| unreadable(&plain, &e))?;
    Ok(Plain { path: path.to_owned(), plain, size, modified, packed_sha256: None, damage, imported: None })
}

/// Copies a stream to the side folder: into a temporary file that takes its name only when whole.
fn copy(
    case: &Case,
    path: &Path,
    name: &str,
    mut reader: impl Read,
    watcher: &mut Watcher<'_>,
) -> Result<(PathBuf, Option<String>), WorkError> {
    let folder = case.side_folder();
    let unwritable = |e: &io::Error| WorkError::Write { path: folder.clone(), reason: e.to_string() };
    let mut out = unfinished(&folder).map_err(|e| unwritable(&e))?;
    let packed_size = fs::metadata(path).map_or(0, |meta| meta.len());
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0u64;
    let mut damage = None;
    loop {
        watcher.cancel.check()?;
        let n = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => {
                damage = Some(format!("the compressed stream is damaged after {bytes} plain bytes: {e}"));
                break;
            }
        };
        out.write_all(&buffer[..n]).map_err(|e| unwritable(&e))?;
        bytes += n as u64;
        if packed_size > 0 && is_bomb(bytes, packed_size) {
            return Err(bomb(path));
        }
        let report = Progress { bytes, total: 0, records: 0, phase: Phase::Unpacking, snapshot: None };
        (watcher.report)(report);
    }
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let target = folder.join(name);
    out.persist(&target).map_err(|e| unwritable(&e.error))?;
    Ok((target, damage))
}

/// Whether so many packed bytes unpack to more than any honest file of ours.
pub fn is_bomb(unpacked: u64, packed: u64) -> bool {
    unpacked > RATIO_FROM && unpacked / packed.max(1) > RATIO
}

pub fn bomb(path: &Path) -> WorkError {
    let what = format!("unpacks to more than {RATIO} times its size; unpack it by hand if that is meant");
    WorkError::Unfit { path: path.to_owned(), what }
}
