//! Where a report goes: written beside its place and moved there whole, never over evidence, never through a link.

use crate::model::Hash;
use crate::work::WorkError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What to do where something stands already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    #[default]
    Refuse,
    Replace,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// As the user's mask says.
    Usual,
    /// The owner alone: salts.
    Owner,
}

/// A file as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: Hash,
}

/// Writes a file whole or not at all. `evidence` are files it must never be.
pub fn file(
    path: &Path,
    existing: Existing,
    readers: Readers,
    evidence: &[PathBuf],
    write: impl FnOnce(&mut dyn Write) -> Result<(), WorkError>,
) -> Result<Written, WorkError> {
    let folder = folder_of(path);
    judge(path, existing, evidence)?;
    let refused = |e: io::Error| refused(path, &e);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".backtrail-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let beside = builder.tempfile_in(&folder).map_err(refused)?;
    let mut sum = Summing {
        out: BufWriter::with_capacity(1 << 18, beside),
        hash: Sha256::new(),
        bytes: 0,
        failed: None,
    };
    let written = write(&mut sum);
    // The disk's own words say more than what a writer made of them.
    if let Some(error) = sum.failed.take() {
        return Err(refused(error));
    }
    written?;
    let (bytes, sha256) = (sum.bytes, Hash(sum.hash.finalize().into()));
    let beside = sum.out.into_inner().map_err(|e| refused(e.into_error()))?;
    beside.as_file().sync_all().map_err(refused)?;
    match existing {
        Existing::Refuse => beside.persist_noclobber(path).map_err(|e| refused(e.error))?,
        Existing::Replace => beside.persist(path).map_err(|e| refused(e.error))?,
    };
    sync(&folder);
    Ok(Written { path: path.to_owned(), bytes, sha256 })
}

/// Makes a folder whole or not at all. `fill` writes its files; `SHA256SUMS` is added for all of them.
pub fn folder(
    path: &Path,
    existing: Existing,
    evidence: &[PathBuf],
    fill: impl FnOnce(&Filling<'_>) -> Result<(), WorkError>,
) -> Result<Vec<Written>, WorkError> {
    let parent = folder_of(path);
    let refused = |e: io::Error| refused(path, &e);
    if let Ok(meta) = fs::symlink_metadata(path) {
        let inside = fs::canonicalize(path).is_ok_and(|whole| {
            evidence
                .iter()
                .any(|source| fs::canonicalize(source).is_ok_and(|source| source.starts_with(&whole)))
        });
        let what = match existing {
            Existing::Refuse => Some("it exists already; --force replaces it"),
            Existing::Replace if !meta.is_dir() => Some("it exists and is no folder"),
            Existing::Replace if inside => Some("it holds evidence"),
            Existing::Replace if !path.join(SUMS).is_file() => {
                Some("it exists and is no report made here; nothing is removed")
            }
            Existing::Replace => None,
        };
        if let Some(what) = what {
            return Err(WorkError::Write { path: path.to_owned(), reason: what.to_owned() });
        }
    }
    let beside = tempfile::Builder::new().prefix(".backtrail-").tempdir_in(&parent).map_err(refused)?;
    let filling = Filling { root: beside.path(), written: std::cell::RefCell::default() };
    fill(&filling)?;
    let mut written = filling.written.into_inner();
    let lines: String =
        written.iter().map(|w: &Written| format!("{}  {}\n", w.sha256, w.path.display())).collect();
    let sums = file(&beside.path().join(SUMS), Existing::Refuse, Readers::Usual, &[], |out| {
        out.write_all(lines.as_bytes()).map_err(refused)
    })?;
    written.push(Written { path: PathBuf::from(SUMS), ..sums });
    open_to_others(beside.path());
    if path.exists() {
        // The old one is moved aside first, so that at every moment one of them stands whole.
        let aside =
            tempfile::Builder::new().prefix(".backtrail-old-").tempdir_in(&parent).map_err(refused)?;
        fs::rename(path, aside.path().join("old")).map_err(refused)?;
        fs::rename(beside.keep(), path).map_err(refused)?;
    } else {
        fs::rename(beside.keep(), path).map_err(refused)?;
    }
    sync(&parent);
    for file in &mut written {
        file.path = path.join(&file.path);
    }
    Ok(written)
}

/// The list of digests in a folder, as `sha256sum -c` reads it.
pub const SUMS: &str = "SHA256SUMS";

/// A folder being filled.
#[derive(Debug)]
pub struct Filling<'f> {
    root: &'f Path,
    written: std::cell::RefCell<Vec<Written>>,
}

impl Filling<'_> {
    /// Adds a file by a path below the folder.
    pub fn add(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), WorkError>,
    ) -> Result<(), WorkError> {
        let path = self.root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| refused(folder, &e))?;
            open_to_others(folder);
        }
        let written = file(&path, Existing::Refuse, Readers::Usual, &[], write)?;
        self.written.borrow_mut().push(Written { path: PathBuf::from(name), ..written });
        Ok(())
    }
}

/// Says what is wrong with a place before anything is computed for it.
pub fn judge(path: &Path, existing: Existing, evidence: &[PathBuf]) -> Result<(), WorkError> {
    let fail = |reason: &str| Err(WorkError::Write { path: path.to_owned(), reason: reason.to_owned() });
    if path.file_name().is_none() {
        return fail("it names no file");
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        return fail("there is no such folder");
    }
    let Ok(meta) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if meta.file_type().is_symlink() {
        return fail("it is a link; a report is never written through one");
    }
    if meta.is_dir() {
        return fail("it is a folder");
    }
    if !meta.is_file() {
        return fail("it is no regular file");
    }
    if evidence.iter().any(|source| is_same(source, path)) {
        return fail("it is part of the evidence or the case; nothing is written over it, --force or not");
    }
    if existing == Existing::Refuse {
        return fail("it exists already; --force replaces it");
    }
    Ok(())
}

/// The same file under whatever name: by device and number, so that a hard link is no way round.
fn is_same(a: &Path, b: &Path) -> bool {
    let (Ok(one), Ok(other)) = (fs::metadata(a), fs::metadata(b)) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        fs::canonicalize(a).ok() == fs::canonicalize(b).ok()
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder's entry is safe only when the folder is synced; where that cannot be done, the file itself still was.
fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Temporary folders are for their owner alone; a report's folder is as open as others.
fn open_to_others(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What cannot be opened stays the owner's.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

fn refused(path: &Path, error: &io::Error) -> WorkError {
    let reason = match error.kind() {
        io::ErrorKind::AlreadyExists => "it exists already; --force replaces it".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    WorkError::Write { path: path.to_owned(), reason }
}

/// Hashes what passes and remembers the first failure.
struct Summing<W: Write> {
    out: W,
    hash: Sha256,
    bytes: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.out.write(bytes) {
            Ok(n) => {
                self.hash.update(&bytes[..n]);
                self.bytes += n as u64;
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.failed.get_or_insert(error);
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, existing: Existing, evidence: &[PathBuf], text: &str) -> Result<Written, WorkError> {
        file(path, existing, Readers::Usual, evidence, |out| {
            out.write_all(text.as_bytes()).map_err(|e| refused(path, &e))
        })
    }

    #[test]
    fn a_file_is_replaced_only_when_asked_and_never_over_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("r.json"), folder.path().join("hard"));
        let written = put(&path, Existing::Refuse, &[], "one").unwrap();
        assert_eq!(written.sha256.hex(), hex::encode(Sha256::digest(b"one")));
        assert!(put(&path, Existing::Refuse, &[], "two").is_err());
        put(&path, Existing::Replace, &[], "two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::hard_link(&path, &link).unwrap();
        assert!(put(&link, Existing::Replace, std::slice::from_ref(&path), "three").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_writer_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        let fail = |_: &mut dyn Write| Err(WorkError::Refused("no".into()));
        assert!(file(&path, Existing::Refuse, Readers::Usual, &[], fail).is_err());
        let dir = folder.path().join("set");
        assert!(
            super::folder(&dir, Existing::Refuse, &[], |_| Err(WorkError::Refused("no".into()))).is_err()
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("t"), folder.path().join("l"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(put(&link, Existing::Replace, &[], "x").is_err());
        assert!(!target.exists());
    }

    #[test]
    fn a_folder_that_is_no_report_is_never_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("set");
        let fill = |filling: &Filling<'_>| {
            filling.add("csv/a.csv", |out| out.write_all(b"a").map_err(|e| refused(Path::new("a"), &e)))
        };
        folder(&path, Existing::Refuse, &[], fill).unwrap();
        assert!(folder(&path, Existing::Refuse, &[], fill).is_err());
        folder(&path, Existing::Replace, &[], fill).unwrap();
        fs::remove_file(path.join(SUMS)).unwrap();
        assert!(folder(&path, Existing::Replace, &[], fill).is_err());
        assert!(path.join("csv/a.csv").exists());
    }
}
