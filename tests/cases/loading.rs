//! Screens while work goes on: journals still being read, what was reached still being counted, an answer still to come.

use super::{Case, THEME, case_of, hand, many, press};
use backtrail::store::Case as Store;
use backtrail::ui::headless::{perform, text};
use backtrail::ui::keys::Key;
use backtrail::ui::model::{Command, Model, Msg};
use backtrail::ui::update;
use backtrail::work::Cancel;
use backtrail::work::ingest::{Phase, Pictures, Progress, Watcher, ingest};
use backtrail::work::study::{self, Choice, Study};
use std::fs;
use std::sync::{Arc, OnceLock};

fn nothing_open(size: (u16, u16)) -> Model {
    let mut model = Model::new(size, THEME);
    model.hand = Some(hand());
    model
}

/// The journals of the incident, of which one could not be read to its end: what a reader has in between.
fn half_read() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let case = case_of(|folder| {
            fs::create_dir(folder).unwrap();
            let journals = fs::read_dir(&many().journals).unwrap().map(|file| file.unwrap().path());
            for journal in journals.filter(|path| path.is_file()) {
                fs::copy(&journal, folder.join(journal.file_name().unwrap())).unwrap();
            }
        });
        let half = case.case.with_file_name("half.case");
        let gone = case.journals.join("gw-sa-1.jsonl");
        let take_away = |progress: Progress| {
            if progress.phase == Phase::Reading && gone.exists() {
                fs::remove_file(&gone).unwrap();
            }
        };
        let mut watcher =
            Watcher { cancel: Cancel::default(), report: Box::new(take_away), pictures: Pictures::Unwanted };
        let mut store = Store::create_or_open(&half).unwrap();
        ingest(&mut store, std::slice::from_ref(&case.journals), &mut watcher).unwrap_err();
        drop(watcher);
        Case { case: half, ..case }
    })
}

/// While journals are read: what there is so far, and how far it is.
pub fn reading(keys: &str, size: (u16, u16)) -> Model {
    let snapshot = Store::create_or_open(&half_read().case).unwrap().snapshot().unwrap();
    assert!(!snapshot.is_sealed() && snapshot.rows() > 100, "some of it is read, and not all");
    let (bytes, total, records) = (420_000, 1_000_000, snapshot.rows());
    let progress = Progress { bytes, total, records, phase: Phase::Reading, snapshot: Some(snapshot) };
    let mut model = nothing_open(size);
    let commands = update(&mut model, Msg::Reading(Box::new(progress)));
    perform(&mut model, commands);
    press(&mut model, keys);
    model
}

/// A study of the incident that knows all but what the faulty version reached.
fn uncounted() -> Study {
    static STUDY: OnceLock<(tempfile::TempDir, Study)> = OnceLock::new();
    let (_, study) = STUDY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("test.case");
        for end in ["", "-wal"] {
            let from = format!("{}{end}", many().case.display());
            if fs::exists(&from).unwrap() {
                fs::copy(from, format!("{}{end}", case.display())).unwrap();
            }
        }
        Store::create_or_open(&case).unwrap().atomically(study::forget).unwrap();
        let soon = Study::soon(&case, &Choice::default(), &Cancel::default()).unwrap();
        assert!(soon.impact.is_none());
        (folder, soon)
    });
    study.clone()
}

/// While it is counted: every question is answered but those that have to wait for the same.
pub fn counting(keys: &str, size: (u16, u16)) -> Model {
    let mut model = nothing_open(size);
    let study = Msg::Studied(Ok(Arc::new(uncounted())));
    follow(&mut model, study);
    let progress = Progress { bytes: 0, total: 0, records: 0, phase: Phase::Counting, snapshot: None };
    follow(&mut model, Msg::Reading(Box::new(progress)));
    Key::parse_all(keys).unwrap().into_iter().for_each(|key| follow(&mut model, Msg::Key(key)));
    model
}

fn follow(model: &mut Model, msg: Msg) {
    let mut commands = update(model, msg);
    let waits = |command: &Command| {
        matches!(command, Command::Judge | Command::Blast | Command::Portray { .. } | Command::Report(_))
    };
    commands.retain(|command| !waits(command));
    for command in commands {
        backtrail::ui::headless::answers(model, command).into_iter().for_each(|msg| follow(model, msg));
    }
}

/// The case was opened this instant; the last key, or the opening where there is none, is not answered yet.
pub fn waiting(case: &Case, keys: &str, size: (u16, u16)) -> Model {
    let mut model = nothing_open(size);
    let opening = update(&mut model, Msg::Studied(Ok(Arc::new(case.study()))));
    let keys = Key::parse_all(keys).unwrap();
    if let Some((last, before)) = keys.split_last() {
        perform(&mut model, opening);
        before.iter().for_each(|key| press(&mut model, &key.to_string()));
        drop(update(&mut model, Msg::Key(*last)));
    }
    model
}

#[test]
fn what_is_not_counted_yet_is_not_told_as_none() {
    let shown = text(&counting("", (120, 40)));
    for words in ["reached           counting", "payments          counting", "counting the rest"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let mut model = counting("", (120, 40));
    let whole = uncounted().whole(&Cancel::default()).unwrap();
    drop(update(&mut model, Msg::Studied(Ok(whole.into()))));
    let counted = text(&model);
    assert!(!counted.contains("counting") && counted.contains(" certain · "), "{counted}");
}
