//! Files we make: written beside their place and moved there whole, never over evidence, never through a link.

use super::WorkError;
use crate::model::Hash;
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

/// Writes bytes to a file whole or not at all, and says their SHA-256.
pub fn save(path: &Path, bytes: &[u8], existing: Existing, evidence: &[PathBuf]) -> Result<Hash, WorkError> {
    let write = |out: &mut dyn Write| out.write_all(bytes).map_err(|e| refused(path, &e));
    file(path, existing, Readers::Usual, evidence, write).map(|written| written.sha256)
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
        return fail("it is a link; nothing is written through one");
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

/// The folder a path lies in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder's entry is safe only when the folder is synced; where that cannot be done, the file itself still was.
pub fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// What went wrong, in words of ours where the system's are few.
pub fn refused(path: &Path, error: &io::Error) -> WorkError {
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
}
