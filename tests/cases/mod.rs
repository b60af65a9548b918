//! Cases to open in tests of screens: empty, one record, many, long and wide names, hostile ones, faults.

mod keys;
mod laws;
mod lists;
mod loading;
mod looks;
mod made;
mod matrix;
mod panes;
mod sessions;
mod styles;

pub use made::*;

use backtrail::model::Nanos;
use backtrail::ui::headless::{Stage, play, send};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Model, Msg};
use backtrail::ui::theme::{Charset, Colours, Theme};
use backtrail::work::notebook::Hand;
use backtrail::work::study::Study;
use backtrail::work::verify::Pins;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Journals to open, and the case they come to under a name that does not change.
pub struct Case {
    _folder: TempDir,
    pub journals: PathBuf,
    pub case: PathBuf,
    study: OnceLock<Study>,
}

impl Case {
    /// The case as it is when it has just been opened: nothing has been judged or followed that a screen would ask for.
    pub fn study(&self) -> Study {
        self.study.get_or_init(|| Study::open(&self.case).unwrap()).clone()
    }

    /// The same journals in a case of their own: for tests that write notes or verdicts into it.
    pub fn copied(&self) -> Case {
        case_of(|folder| copy_all(&self.journals, folder))
    }
}

pub fn case_of(write: impl FnOnce(&Path)) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    write(&journals);
    let case =
        Case { case: folder.path().join("test.case"), journals, _folder: folder, study: OnceLock::new() };
    // Read once here: tests run side by side, and one writer at a time is the rule.
    model(&case, "", (80, 24), THEME);
    case
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy_all(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

pub fn journal(lines: &str) -> Case {
    case_of(|folder| {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("one.jsonl"), lines).unwrap();
    })
}

pub const THEME: Theme = Theme::new(Colours::Sixteen, Charset::Unicode);

/// Notes in tests are always written by the same hand at the same moment.
pub fn hand() -> Hand {
    Hand { by: "ann".to_owned(), at: Nanos(1_791_072_000_000_000_000) }
}

pub fn model(case: &Case, keys: &str, size: (u16, u16), theme: Theme) -> Model {
    let stage = Stage {
        paths: vec![case.journals.clone()],
        case: Some(case.case.clone()),
        size,
        theme,
        pins: Pins::default(),
        hand: hand(),
    };
    play(&stage, &Key::parse_all(keys).unwrap())
}

/// The same, from the study that is at hand: for tests that open a case hundreds of times.
pub fn opened(case: &Case, keys: &str, size: (u16, u16)) -> Model {
    let mut model = Model::new(size, THEME);
    model.hand = Some(hand());
    send(&mut model, Msg::Studied(Ok(Arc::new(case.study()))));
    press(&mut model, keys);
    model
}

/// Presses keys, and does all that follows from each.
pub fn press(model: &mut Model, keys: &str) {
    Key::parse_all(keys).unwrap().into_iter().for_each(|key| send(model, Msg::Key(key)));
}
