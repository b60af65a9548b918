//! Where a user left a case: screen, filters, cursor, window. Kept in the user's state folder, never in the case; and
//! whether somebody else has the case open.

use super::WorkError;
use super::save::{Existing, save};
use crate::journal::print_of;
use crate::model::{Hash, Nanos};
use crate::store::Case;
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What is taken up again. All of it is a wish: what no longer fits the case is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// Where the case was.
    pub case: PathBuf,
    /// Number of the screen of the tab line.
    pub screen: u8,
    /// Filter clauses as they are typed, and whether each was switched off.
    pub filters: Vec<(String, bool)>,
    /// Which of its own lists the screen showed.
    pub pane: usize,
    /// Model and version under suspicion, where they were chosen, and the moved edges of the window.
    pub model: Option<String>,
    pub version: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub queries: Vec<String>,
    /// The last hash of the log that this user saw: it must still be in the log.
    pub head: Option<String>,
    /// What was made of each list.
    pub lists: Vec<KeptList>,
}

/// Conditions and order of a list, as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptList {
    pub tab: u8,
    pub pane: usize,
    /// The column that keys are about.
    pub column: usize,
    pub sorted_by: Option<usize>,
    pub falling: bool,
    /// Each condition, and whether it was switched off.
    pub filters: Vec<(String, bool)>,
    /// What finds the row under the cursor again, and the line of the screen it was on.
    pub row: Option<String>,
    pub line: usize,
}

impl Session {
    pub fn head(&self) -> Option<Hash> {
        self.head.as_deref().and_then(Hash::parse)
    }

    pub fn edges(&self) -> (Option<Nanos>, Option<Nanos>) {
        let moment = |text: &Option<String>| text.as_deref().and_then(|text| Nanos::parse(text).ok());
        (moment(&self.from), moment(&self.to))
    }
}

/// Where this user left a case; nothing where that is not known or cannot be read.
pub fn recall(case: &Path) -> Option<Session> {
    recall_in(&folder()?, case)
}

/// Remembers where this user leaves a case.
pub fn remember(case: &Path, session: &Session) -> Result<(), WorkError> {
    match folder() {
        Some(folder) => remember_in(&folder, case, session),
        None => Ok(()),
    }
}

fn folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.cache_dir()).join("backtrail").join("sessions"))
}

fn file(folder: &Path, case: &Path) -> PathBuf {
    let whole = fs::canonicalize(case).unwrap_or_else(|_| case.to_owned());
    folder.join(format!("{:016x}.toml", print_of(&whole.to_string_lossy())))
}

fn recall_in(folder: &Path, case: &Path) -> Option<Session> {
    toml::from_str(&fs::read_to_string(file(folder, case)).ok()?).ok()
}

fn remember_in(folder: &Path, case: &Path, session: &Session) -> Result<(), WorkError> {
    let path = file(folder, case);
    let failed = |reason: String| WorkError::Write { path: path.clone(), reason };
    fs::create_dir_all(folder).map_err(|e| failed(e.to_string()))?;
    let text = toml::to_string(session).map_err(|e| failed(e.to_string()))?;
    save(&path, text.as_bytes(), Existing::Replace, &[]).map(|_| ())
}

/// Cases this user had open, for the start screen; those that are gone are left out.
pub fn known() -> Vec<PathBuf> {
    let files = folder().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let sessions = files.filter_map(|file| toml::from_str(&fs::read_to_string(file.path()).ok()?).ok());
    sessions.map(|session: Session| session.case).filter(|path| Case::is_case(path)).collect()
}

/// Says that a case is open here, as long as it lives. Locks end with their process, so none is ever left behind.
#[derive(Debug)]
pub struct Presence {
    _lock: File,
    pub others: Others,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    None,
    /// Somebody else has the case open.
    Some,
}

impl Presence {
    /// Nothing where no lock can be made, as in a folder that cannot be written.
    pub fn in_case(case: &Path) -> Option<Self> {
        let folder = Case::open(case).ok()?.side_folder();
        fs::create_dir_all(&folder).ok()?;
        let open = || File::options().create(true).truncate(false).write(true).open(folder.join("open")).ok();
        let lock = open()?;
        let others = match lock.try_lock() {
            Ok(()) => Others::None,
            Err(TryLockError::WouldBlock) => Others::Some,
            Err(TryLockError::Error(_)) => return None,
        };
        // Everybody shares it, so that whoever comes next sees whoever is left.
        lock.unlock().ok()?;
        lock.try_lock_shared().ok()?;
        Some(Self { _lock: lock, others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_taken_up_as_it_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("a.case");
        let session = Session {
            case: case.clone(),
            screen: 3,
            filters: vec![("agent~\"a b\"".to_owned(), true)],
            from: Some("2026-10-05T08:10:16Z".to_owned()),
            queries: vec!["select 'é\n'".to_owned()],
            lists: vec![KeptList {
                tab: 5,
                sorted_by: Some(5),
                row: Some(format!("{:016x}", u64::MAX)),
                filters: vec![("class=direct".to_owned(), false)],
                ..KeptList::default()
            }],
            ..Session::default()
        };
        remember_in(folder.path(), &case, &session).unwrap();
        assert_eq!(recall_in(folder.path(), &case), Some(session));
        assert_eq!(recall_in(folder.path(), &folder.path().join("b.case")), None);
        fs::write(file(folder.path(), &case), "screen = \"three\"").unwrap();
        assert_eq!(recall_in(folder.path(), &case), None, "what cannot be read is forgotten");
    }

    #[test]
    fn whoever_comes_second_is_told_and_whoever_is_left_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("a.case");
        drop(Case::create_or_open(&case).unwrap());
        let first = Presence::in_case(&case).unwrap();
        let second = Presence::in_case(&case).unwrap();
        assert_eq!((first.others, second.others), (Others::None, Others::Some));
        drop(first);
        assert_eq!(Presence::in_case(&case).unwrap().others, Others::Some, "the second is still there");
        drop(second);
        assert_eq!(Presence::in_case(&case).unwrap().others, Others::None);
    }
}
