//! A folder of files made whole or not at all, with the digests of all of them.

use crate::work::WorkError;
use crate::work::save::{Existing, Readers, Written, file, folder_of, refused, sync};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_could_not_be_filled_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("set");
        let fail = |_: &Filling<'_>| Err(WorkError::Refused("no".into()));
        assert!(folder(&dir, Existing::Refuse, &[], fail).is_err());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
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
