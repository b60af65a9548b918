//! The leaves of a tree as they stream past: of a journal, of a list of hashes, of tlog tiles. Each is read by a thread of
//! its own through a short channel, so two can be compared in memory for a few blocks.

use crate::journal::framing::{Framing, PROBE};
use crate::model::Hash;
use crate::proof::merkle::LeafHasher;
use crate::work::ingest::{bomb, is_bomb, leaf_blocks};
use crate::work::{Cancel, WorkError};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Leaves of a full tile (C2SP tlog-tiles), each 32 bytes.
const TILE: usize = 256;
const BLOCK: usize = 4096;
/// Blocks waiting in the channel.
const WAITING: usize = 4;

/// An iterator over leaves. It ends early at a fault, which `finish` tells.
pub struct Leaves {
    blocks: Receiver<Result<Vec<Hash>, WorkError>>,
    block: std::vec::IntoIter<Hash>,
    fault: Option<WorkError>,
}

/// Takes leaves; an error means that nobody wants more.
type Give<'g> = &'g mut dyn FnMut(Vec<Hash>) -> Result<(), WorkError>;

impl Leaves {
    pub fn of_journal(path: &Path, cancel: &Cancel) -> Self {
        let (path, cancel) = (path.to_owned(), cancel.clone());
        Self::read_by(move |give| leaf_blocks(&path, &cancel, give))
    }

    /// The leaves of whatever the copy is, told by its content.
    pub fn of_copy(path: &Path, cancel: &Cancel) -> Result<Self, WorkError> {
        let meta = fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        let (path, cancel) = (path.to_owned(), cancel.clone());
        if meta.is_dir() {
            if !path.join("tile").join("0").is_dir() {
                let what = "no copy of a tree: this folder has no tile/0 as C2SP tlog tiles do".to_owned();
                return Err(WorkError::Unfit { path, what });
            }
            return Ok(Self::read_by(move |give| tiles(&path, &cancel, give)));
        }
        if !meta.is_file() {
            return Err(WorkError::Unfit { path, what: "not a regular file".to_owned() });
        }
        Ok(Self::read_by(move |give| lines(&path, &cancel, give)))
    }

    /// Says why the leaves ended, where it was not the end of them.
    pub fn finish(self) -> Result<(), WorkError> {
        self.fault.map_or(Ok(()), Err)
    }

    fn read_by(read: impl FnOnce(Give<'_>) -> Result<(), WorkError> + Send + 'static) -> Self {
        let (sender, blocks) = sync_channel(WAITING);
        thread::spawn(move || {
            let mut give = |block| sender.send(Ok(block)).map_err(|_| WorkError::Cancelled);
            if let Err(fault) = read(&mut give) {
                // Where nobody listens any more, nobody wants to know.
                let _ = sender.send(Err(fault));
            }
        });
        Self { blocks, block: Vec::new().into_iter(), fault: None }
    }
}

impl Iterator for Leaves {
    type Item = Hash;

    fn next(&mut self) -> Option<Hash> {
        loop {
            if let Some(leaf) = self.block.next() {
                return Some(leaf);
            }
            match self.blocks.recv() {
                Ok(Ok(block)) => self.block = block.into_iter(),
                Ok(Err(fault)) => {
                    self.fault = Some(fault);
                    return None;
                }
                Err(_) => return None,
            }
        }
    }
}

/// Level-0 tiles one after another; the last may be partial.
fn tiles(folder: &Path, cancel: &Cancel, give: Give<'_>) -> Result<(), WorkError> {
    for n in 0.. {
        cancel.check()?;
        let path = folder.join("tile").join("0").join(tile_name(n));
        let (path, width) = if is_file(&path) {
            (path, TILE)
        } else {
            match partial(&path) {
                Some(found) => found,
                None => break,
            }
        };
        let mut bytes = Vec::with_capacity(TILE * 32);
        let file = File::open(&path).map_err(|e| unreadable(&path, &e))?;
        file.take(TILE as u64 * 32 + 1).read_to_end(&mut bytes).map_err(|e| unreadable(&path, &e))?;
        if bytes.len() != width * 32 {
            let what = format!("a tile of {width} hashes has {} bytes", width * 32);
            return Err(WorkError::Unfit { path, what });
        }
        let (leaves, _) = bytes.as_chunks::<32>();
        give(leaves.iter().map(|leaf| Hash(*leaf)).collect())?;
        if width < TILE {
            break;
        }
    }
    Ok(())
}

/// `5` is `005`, `1234067` is `x001/x234/067` (C2SP tlog-tiles).
fn tile_name(n: u64) -> String {
    let mut name = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1000);
        rest /= 1000;
    }
    name
}

/// The widest partial tile at a place where no full one is.
fn partial(path: &Path) -> Option<(PathBuf, usize)> {
    let mut folder = path.as_os_str().to_owned();
    folder.push(".p");
    let widths = fs::read_dir(folder).ok()?.filter_map(Result::ok).filter_map(|file| {
        let width: usize = file.file_name().to_str()?.parse().ok()?;
        let path = file.path();
        ((1..TILE).contains(&width) && is_file(&path)).then_some((path, width))
    });
    widths.max_by_key(|(_, width)| *width)
}

/// Links are not followed out of the copy.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// A line on its way to its leaf: hashed, or itself the hash.
enum Line {
    Hashed(LeafHasher),
    Hex(Vec<u8>),
}

impl Line {
    fn like(first: &[u8]) -> Self {
        let ends = matches!(first.get(64), None | Some(b'\n' | b'\r'));
        let is_hash = ends && first.len() >= 64 && first[..64].iter().all(u8::is_ascii_hexdigit);
        if is_hash { Self::Hex(Vec::new()) } else { Self::Hashed(LeafHasher::new()) }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Hashed(hasher) => hasher.update(bytes),
            // No hash is longer; what is, needs not be held to be refused.
            Self::Hex(text) => text.extend_from_slice(&bytes[..bytes.len().min(80 - text.len().min(80))]),
        }
    }

    fn leaf(&mut self) -> Option<Hash> {
        match self {
            Self::Hashed(hasher) => Some(std::mem::replace(hasher, LeafHasher::new()).finish()),
            Self::Hex(text) => {
                let hash = std::str::from_utf8(text.trim_ascii_end()).ok().and_then(Hash::parse);
                text.clear();
                hash
            }
        }
    }
}

/// The lines of a file, plain or packed: a journal's, or hashes as hex. What follows the last newline is no leaf.
fn lines(path: &Path, cancel: &Cancel, give: Give<'_>) -> Result<(), WorkError> {
    let fail = |e: &std::io::Error| unreadable(path, e);
    let (mut reader, packed) = open(path)?;
    let mut line = Line::like(reader.fill_buf().map_err(|e| fail(&e))?);
    let (mut block, mut count, mut read) = (Vec::with_capacity(BLOCK), 0u64, 0u64);
    loop {
        cancel.check()?;
        let bytes = match reader.fill_buf() {
            Ok([]) => break,
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(fail(&e)),
        };
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            line.add(&bytes[start..end]);
            count += 1;
            block.push(line.leaf().ok_or_else(|| WorkError::Unfit {
                path: path.to_owned(),
                what: format!("a list of leaf hashes, but line {count} is no SHA-256 as 64 hex digits"),
            })?);
            start = end + 1;
        }
        line.add(&bytes[start..]);
        let used = bytes.len();
        reader.consume(used);
        read += used as u64;
        if packed.is_some_and(|packed| is_bomb(read, packed)) {
            return Err(bomb(path));
        }
        if block.len() >= BLOCK {
            give(std::mem::replace(&mut block, Vec::with_capacity(BLOCK)))?;
        }
    }
    give(block)
}

type Unpacked = BufReader<Box<dyn Read>>;

/// The plain bytes of a file, and its size where it is packed.
fn open(path: &Path) -> Result<(Unpacked, Option<u64>), WorkError> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    let mut file = File::open(path).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Err(WorkError::Unfit { path: path.to_owned(), what: "not a regular file".to_owned() });
    }
    let mut start = Vec::with_capacity(PROBE);
    file.by_ref().take(PROBE as u64).read_to_end(&mut start).map_err(fail)?;
    let framing = Framing::of(&start);
    let whole = Cursor::new(start).chain(file);
    let (reader, packed): (Box<dyn Read>, _) = match framing {
        Framing::Plain => (Box::new(whole), None),
        Framing::Gzip => (Box::new(flate2::read::MultiGzDecoder::new(whole)), Some(meta.len())),
        Framing::Zstd => (Box::new(zstd::Decoder::new(whole).map_err(fail)?), Some(meta.len())),
        Framing::Foreign(what) => {
            let what = format!("no copy of a journal but {what}");
            return Err(WorkError::Unfit { path: path.to_owned(), what });
        }
    };
    Ok((BufReader::with_capacity(1 << 18, reader), packed))
}

fn unreadable(path: &Path, error: &std::io::Error) -> WorkError {
    WorkError::Read { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;
    use std::io::Write;

    fn leaves_of(path: &Path) -> Result<Vec<Hash>, String> {
        let mut leaves = Leaves::of_copy(path, &Cancel::default()).map_err(|e| e.to_string())?;
        let all = leaves.by_ref().collect();
        leaves.finish().map(|()| all).map_err(|e| e.to_string())
    }

    #[test]
    fn tiles_are_named_as_their_specification_says() {
        for (n, name) in
            [(0, "000"), (5, "005"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")]
        {
            assert_eq!(tile_name(n), name);
        }
    }

    #[test]
    fn every_form_of_a_copy_gives_the_same_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            path
        };
        let line = |n: usize| format!("{{\"n\":{n}}}{}", "é".repeat(n % 700));
        let text: String = (0..600).map(|n| line(n) + "\n").collect();
        let expected: Vec<Hash> = (0..600).map(|n| leaf_hash(line(n).as_bytes())).collect();
        let plain = file("a.jsonl", (text.clone() + "{\"torn\":").as_bytes());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = file("a.jsonl.gz", &gzip.finish().unwrap());
        let zstd = file("a.zst", &zstd::encode_all(text.as_bytes(), 1).unwrap());
        let hex: String = expected.iter().map(|leaf| leaf.hex() + "\r\n").collect();
        let hex = file("leaves.txt", hex.as_bytes());
        let bytes: Vec<u8> = expected.iter().flat_map(|leaf| leaf.0).collect();
        file("log/tile/0/000", &bytes[..8192]);
        file("log/tile/0/001", &bytes[8192..16_384]);
        file("log/tile/0/002.p/12", &bytes[16_384..16_384 + 12 * 32]);
        file("log/tile/0/002.p/88", &bytes[16_384..]);
        for path in [plain, gzip, zstd, hex, folder.path().join("log")] {
            assert_eq!(leaves_of(&path).unwrap(), expected, "{}", path.display());
        }
    }

    #[test]
    fn what_is_no_copy_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("short/tile/0")).unwrap();
        fs::write(path("short/tile/0/000"), [0; 33]).unwrap();
        fs::write(path("list"), format!("{}\nnot a hash\n", "ab".repeat(32))).unwrap();
        fs::write(path("zip"), b"PK\x03\x04").unwrap();
        fs::write(path("bad.gz"), b"\x1f\x8b\x08\0\0\0\0\0\0\0zzzz").unwrap();
        for (name, reason) in [
            ("", "no tile/0"),
            ("short", "a tile of 256 hashes has 8192 bytes"),
            ("list", "line 2 is no SHA-256"),
            ("zip", "a zip archive"),
            ("bad.gz", "bad.gz"),
            ("nowhere", "nowhere"),
        ] {
            let said = leaves_of(&path(name)).unwrap_err();
            assert!(said.contains(reason), "{name}: {said}");
        }
    }
}
