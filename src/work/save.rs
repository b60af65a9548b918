//! Files we make: whole or not at all, never over evidence, never through a link.

use super::WorkError;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What to do where there is a file already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Refused,
    Replaced,
}

/// Writes a file beside its target, flushes it to the disk, and only then gives it its name.
pub fn save(path: &Path, bytes: &[u8], existing: Existing, evidence: &[PathBuf]) -> Result<(), WorkError> {
    let fail = |reason: String| WorkError::Write { path: path.to_owned(), reason };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error.to_string())),
        Ok(meta) if meta.is_symlink() => return Err(fail("it is a link; name a file".to_owned())),
        Ok(meta) if !meta.is_file() => return Err(fail("it is there and is no regular file".to_owned())),
        Ok(_) if is_one_of(path, evidence) => {
            return Err(fail("it is evidence, and evidence is never written to".to_owned()));
        }
        Ok(_) if existing == Existing::Refused => {
            return Err(fail("it is there already; --force replaces it".to_owned()));
        }
        Ok(_) => {}
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = readable_by_others().tempfile_in(folder).map_err(|e| fail(e.to_string()))?;
    file.write_all(bytes).map_err(|e| fail(e.to_string()))?;
    file.as_file().sync_all().map_err(|e| fail(e.to_string()))?;
    let named = match existing {
        Existing::Refused => file.persist_noclobber(path),
        Existing::Replaced => file.persist(path),
    };
    named.map_err(|e| fail(e.error.to_string()))?;
    // The name is on the disk once its folder is. Not every system can flush a folder: the file itself is safe then too.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Temporary files are private by default; what we make follows the person's umask.
fn readable_by_others() -> tempfile::Builder<'static, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

fn is_one_of(path: &Path, evidence: &[PathBuf]) -> bool {
    let same =
        |other: &PathBuf| matches!((path.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b);
    evidence.iter().any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.zip");
        save(&path, b"one", Existing::Refused, &[]).unwrap();
        assert!(save(&path, b"two", Existing::Refused, &[]).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        save(&path, b"two", Existing::Replaced, &[]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(save(&path, b"three", Existing::Replaced, std::slice::from_ref(&path)).is_err());
        assert!(save(folder.path(), b"", Existing::Replaced, &[]).is_err());
        assert!(save(&folder.path().join("none/out"), b"", Existing::Refused, &[]).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written stays");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("evidence"), folder.path().join("link"));
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(save(&link, b"x", Existing::Replaced, &[]).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"kept");
    }
}
