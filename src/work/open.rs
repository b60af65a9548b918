//! What a path is, and where the case of some journals is kept when nobody says.

use super::WorkError;
use super::ingest::journals_in;
use super::simulate::{Scenario, Simulation};
use crate::journal::print_of;
use crate::model::Nanos;
use crate::store::{Case, StoreError};
use etcetera::BaseStrategy;
use std::fs;
use std::path::{Path, PathBuf};

/// What the paths on the command line come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// One case file.
    Case(PathBuf),
    /// Journals, directories, or `-`.
    Journals(Vec<PathBuf>),
}

/// Tells a case from journals by its bytes.
pub fn what_is(paths: &[PathBuf]) -> Result<Opened, WorkError> {
    let is_case = |path: &Path| path.is_file() && Case::is_case(path);
    match paths {
        [one] if is_case(one) => Ok(Opened::Case(one.clone())),
        many if many.iter().any(|path| is_case(path)) => Err(WorkError::Refused(
            "a case is opened alone; journals are added to it with `ingest --case`".to_owned(),
        )),
        many => {
            // Says at once what is wrong with a path, before a case is made for it.
            journals_in(many)?;
            Ok(Opened::Journals(many.to_vec()))
        }
    }
}

/// Makes or opens the case of some journals at a path, which must not be one of them: an empty journal would be taken
/// for a case in the making and written to. A path that cannot be read leaves no case behind.
pub fn case_beside(path: &Path, journals: &[PathBuf]) -> Result<Case, WorkError> {
    let given = journals_in(journals)?;
    if let Ok(whole) = fs::canonicalize(path)
        && given.journals.iter().any(|journal| journal.path == whole)
    {
        let what = "it is one of the journals; the case must be another file".to_owned();
        return Err(WorkError::Unfit { path: path.to_owned(), what });
    }
    Ok(Case::create_or_open(path)?)
}

/// The case of these journals in the user's cache folder: the same journals, the same case.
pub fn cached_case(journals: &[PathBuf]) -> Result<PathBuf, WorkError> {
    let refused =
        |what: String| WorkError::Refused(format!("{what}; say where to keep the case with --case"));
    let base =
        etcetera::choose_base_strategy().map_err(|e| refused(format!("no home folder is known: {e}")))?;
    let folder = base.cache_dir().join("backtrail");
    fs::create_dir_all(&folder)
        .map_err(|e| WorkError::Write { path: folder.clone(), reason: e.to_string() })?;
    if journals.iter().any(|path| path.as_os_str() == "-") {
        return Ok(folder.join(format!("stdin-{}.case", std::process::id())));
    }
    let given = journals_in(journals)?;
    let names: Vec<String> =
        given.journals.iter().map(|journal| journal.path.to_string_lossy().into_owned()).collect();
    let first = journals.first().and_then(|path| fs::canonicalize(path).ok()).unwrap_or_default();
    let label = first.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let label: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    Ok(folder.join(format!("{label}-{:016x}.case", print_of(&names.join("\n")))))
}

/// A case that was opened before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    pub name: String,
    pub path: PathBuf,
    pub modified: Nanos,
}

/// The cases in the user's cache folder, newest first. None where there is no such folder.
pub fn recent() -> Vec<Recent> {
    let Ok(base) = etcetera::choose_base_strategy() else {
        return Vec::new();
    };
    let entries = fs::read_dir(base.cache_dir().join("backtrail")).into_iter().flatten().flatten();
    let mut found: Vec<Recent> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "case") && Case::is_case(path))
        .filter_map(|path| {
            let modified =
                fs::metadata(&path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            let modified = Nanos(i64::try_from(modified.as_nanos()).ok()?);
            let name = path.file_stem()?.to_string_lossy().into_owned();
            Some(Recent { name, path, modified })
        })
        .collect();
    found.sort_by(|a, b| (b.modified, &a.name).cmp(&(a.modified, &b.name)));
    found
}

/// The journals of the demo incident, made in the cache folder when first asked for.
pub fn demo_case() -> Result<PathBuf, WorkError> {
    let base = etcetera::choose_base_strategy().map_err(|e| WorkError::Refused(e.to_string()))?;
    let folder = base.cache_dir().join("backtrail").join("demo");
    if folder.join("truth.json").exists() {
        return Ok(folder);
    }
    let unwritable = |e: std::io::Error| WorkError::Write { path: folder.clone(), reason: e.to_string() };
    if folder.exists() {
        // A demo whose answer key is missing was not written to its end.
        fs::remove_dir_all(&folder).map_err(unwritable)?;
    }
    let demo = Simulation::new(Scenario::Default, 7, 6000);
    demo.write(&folder, &mut |_| ()).map_err(|e| WorkError::Refused(e.to_string()))?;
    Ok(folder)
}

/// Whether a sealed case was made from just these journals and none has changed since, by size and time.
pub fn is_current(case: &Path, journals: &[PathBuf]) -> Result<bool, WorkError> {
    if !case.exists() {
        return Ok(false);
    }
    let open = match Case::open(case) {
        Ok(open) => open,
        // Made by an older Backtrail, or cut short: reading the journals again puts it right.
        Err(StoreError::Unfinished(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if open.meta("sealed")?.as_deref() != Some("yes") {
        return Ok(false);
    }
    let sources = open.sources()?;
    let given = journals_in(journals)?;
    let same = |path: &Path| {
        let meta = fs::metadata(path).ok()?;
        let source = sources.iter().find(|source| source.path == path)?;
        let modified = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        let modified = i64::try_from(modified.as_nanos()).ok()?;
        Some(source.size == meta.len() && source.modified == modified)
    };
    let read = sources.iter().filter(|source| !source.is_made_here()).count();
    let journals = given.journals.iter().filter(|journal| !journal.is_label_file());
    Ok(journals.clone().count() == read
        && journals.into_iter().all(|journal| same(&journal.path) == Some(true)))
}
