//! What was done, taken back and done again: filters, conditions of lists, the window, notes.

use super::lists::said;
use super::model::{Change, Command, Model, Why};
use super::narrow;
use crate::work::notebook::{Deed, Entry};

/// Takes back the last change of filters, window or notes.
pub fn undo(model: &mut Model) -> Vec<Command> {
    match model.undo.pop() {
        Some(change) => {
            let (now, commands) = take_back(model, change, Entry::undo);
            model.redo.push(now);
            commands
        }
        None => said(model, "nothing to undo"),
    }
}

pub fn redo(model: &mut Model) -> Vec<Command> {
    match model.redo.pop() {
        Some(change) => {
            let (now, commands) = take_back(model, change, Entry::redo);
            model.undo.push(now);
            commands
        }
        None => said(model, "nothing to do again"),
    }
}

/// Makes a change, and returns the one that takes it back.
fn take_back(model: &mut Model, change: Change, note: fn(u64) -> Entry) -> (Change, Vec<Command>) {
    match change {
        Change::Filter(filter) => {
            let now = std::mem::replace(&mut model.filter, filter);
            let words = model.filter.to_string();
            trail(model, Deed::Filter, &words);
            (Change::Filter(now), super::update::refresh(model))
        }
        Change::Narrowed(spot, keep) => {
            let (now, commands) = narrow::take_back(model, spot, keep);
            (Change::Narrowed(spot, now), commands)
        }
        Change::Choice(choice) => {
            let now = std::mem::replace(&mut model.choice, choice);
            let words = model.choice.to_string();
            trail(model, Deed::Choice, &words);
            (Change::Choice(now), vec![Command::Study { choice: model.choice.clone() }])
        }
        Change::Note(line) => {
            (Change::Note(line), vec![Command::Note { entries: vec![note(line)], why: Why::Again }])
        }
    }
}

/// Has what was done written into the log, with the next commands.
pub fn trail(model: &mut Model, deed: Deed, words: &str) {
    model.trail.push(Entry::done(deed, words));
}
