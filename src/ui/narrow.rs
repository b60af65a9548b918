//! Narrowing: the same keys on every list. Requests are asked for by the filter language; the rows of any other list are
//! left or dropped by what stands in their cells. Both are done by workers.

use super::actions::Action;
use super::keys::Key;
use super::lists::{self, arranged, arrangement, lines, said};
use super::model::{Change, Command, Model, Narrowing, Overlay, Pace, Preview, Screen, Spot};
use super::ordering::{self, ask, list_at};
use super::overlays;
use super::screens::requests;
use super::undo::trail;
use super::widgets::field::Field;
use crate::work::filter::FilterError;
use crate::work::lines::{Keep, Wish};
use crate::work::notebook::Deed;
use ratatui::crossterm::event::KeyCode;

/// Asks what rows should hold; where there is no list, what requests should.
pub fn filter(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    let Some(lines) = arrangement(model).and_then(|_| lines(model, model.screen())) else {
        return overlays::open_filter(model);
    };
    let text = match words(model) {
        text if text.is_empty() => text,
        text => text + " ",
    };
    let narrowing = Narrowing { field: Field::with(&text), lines, preview: Preview::Waiting(Pace::AtOnce) };
    model.overlay = Some(Overlay::Narrow(Box::new(narrowing)));
    preview(model)
}

/// The conditions in force, as they are typed.
fn words(model: &Model) -> String {
    let keep = arrangement(model).map_or(&[][..], |arranged| &arranged.keep);
    keep.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Asks how many rows what is typed would leave.
fn preview(model: &mut Model) -> Vec<Command> {
    let day = model.day();
    let Some(Overlay::Narrow(narrowing)) = &mut model.overlay else {
        return Vec::new();
    };
    let text = narrowing.field.text().to_owned();
    match Keep::parse(&text, &narrowing.lines.titles()) {
        Ok(keep) => {
            let (lines, wish) = (narrowing.lines.clone(), Wish { keep, sort: None, day });
            let pace = if wish.reads_journals(&*lines) { Pace::Rested } else { Pace::AtOnce };
            narrowing.preview = Preview::Waiting(pace);
            vec![Command::PreviewRows { text, lines, wish, pace }]
        }
        Err(FilterError { at, what }) => {
            narrowing.preview = Preview::Mistake { what, at: Some(at) };
            Vec::new()
        }
    }
}

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    let Some(Overlay::Narrow(narrowing)) = &mut model.overlay else {
        return Vec::new();
    };
    if key.code != KeyCode::Enter {
        return if narrowing.field.press(key) { preview(model) } else { Vec::new() };
    }
    match Keep::parse(narrowing.field.text(), &narrowing.lines.titles()) {
        Ok(keep) => {
            model.overlay = None;
            let mut commands = vec![Command::StopPreview];
            commands.extend(set(model, keep));
            commands
        }
        Err(_) => Vec::new(),
    }
}

/// Leaves only rows that hold all of these; the cursor keeps its row, or takes the next that is left.
pub fn set(model: &mut Model, keep: Vec<Keep>) -> Vec<Command> {
    let Some((arranged, _)) = model.screens.last_mut().and_then(arranged) else {
        return said(model, "there is no list to narrow here");
    };
    let before = std::mem::replace(&mut arranged.keep, keep);
    if let Some(spot) = ordering::spot(model.screen()) {
        model.undo.push(Change::Narrowed(spot, before));
        model.redo.clear();
    }
    let text = format!("{}: {}", model.screen().title(), words(model));
    trail(model, Deed::Filter, &text);
    ask(model)
}

/// Undoes or redoes: the conditions of this list, wherever its screen lies.
pub fn take_back(model: &mut Model, spot: Spot, keep: Vec<Keep>) -> (Vec<Keep>, Vec<Command>) {
    let is_shown = ordering::spot(model.screen()) == Some(spot);
    let mut before = Vec::new();
    for screen in model.screens.iter_mut().chain(&mut model.ahead) {
        if let Some((arranged, _)) = list_at(screen, spot) {
            before = std::mem::replace(&mut arranged.keep, keep);
            // One that is not shown is put in order when it is.
            arranged.edition = if is_shown { arranged.edition } else { u64::MAX };
            break;
        }
    }
    (before, if is_shown { ask(model) } else { Vec::new() })
}

/// Only rows with this value, or only those without it.
pub fn only(model: &mut Model, action: Action) -> Vec<Command> {
    if is_of_requests(model) {
        return requests::this_value(model, action);
    }
    let Some(sheet) = lists::line(model) else {
        return said(model, "there is no row here");
    };
    let column = arrangement(model).map_or(0, |arranged| arranged.column);
    let (Some(title), Some(cell)) = (sheet.titles.get(column), sheet.rows[0].get(column)) else {
        return said(model, "there is no value here");
    };
    let this = Keep::is(column, title, cell);
    let mut keep = arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    keep.push(if action == Action::NotThis { this.negated() } else { this });
    set(model, keep)
}

/// Whether the filters of requests are the ones that keys are about here.
fn is_of_requests(model: &Model) -> bool {
    arrangement(model).is_none() && model.study.is_some()
}

/// Switches all conditions off, or on again.
pub fn pause(model: &mut Model) -> Vec<Command> {
    if is_of_requests(model) {
        return requests::pause(model);
    }
    let mut keep = arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    let paused = keep.iter().any(|keep| !keep.paused);
    keep.iter_mut().for_each(|keep| keep.paused = paused);
    set(model, keep)
}

/// Removes the last condition.
pub fn drop_last(model: &mut Model) -> Vec<Command> {
    if is_of_requests(model) {
        return requests::drop_last(model);
    }
    let mut keep = arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    match keep.pop() {
        Some(_) => set(model, keep),
        None => said(model, "all rows are shown"),
    }
}

/// Shows the requests under a filter.
pub fn show_requests(model: &mut Model, filter: crate::work::filter::Filter) -> Vec<Command> {
    let mut commands = requests::set_filter(model, filter);
    if !matches!(model.screen(), Screen::Requests(_)) {
        commands.extend(super::way::show_tab(model, 3));
    }
    commands
}
