//! Narrowing and searching: the same keys on every list. Requests are asked for by the filter language, on a worker; the
//! rows of any other list are at hand and are left or dropped by what stands in their cells.

use super::actions::Action;
use super::keys::Key;
use super::lists::{self, arranged, listing, said, trail};
use super::model::{Asking, Change, Command, Model, Narrowing, Notice, Overlay, Preview, Screen};
use super::screens::{requests, settlements};
use super::update::step;
use super::widgets::arranged::Keep;
use super::widgets::field::Field;
use super::widgets::scroll::Step;
use super::{asking, overlays};
use crate::work::filter::{Filter, FilterError, Op};
use crate::work::notebook::Deed;
use ratatui::crossterm::event::KeyCode;

/// Whether the rows of what is shown are narrowed here, and not by the filter of requests.
pub fn is_list(model: &Model) -> bool {
    lists::length(model).is_some()
}

/// Asks what rows should hold; where there is no list, what requests should.
pub fn filter(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    if !is_list(model) {
        return overlays::open_filter(model);
    }
    let Some(sheet) = listing(model) else {
        return said(model, "this list is too long to be narrowed; ; asks for it in SQL");
    };
    let text = match words(model) {
        text if text.is_empty() => text,
        text => text + " ",
    };
    let field = Field::with(&text);
    let mut narrowing = Narrowing { field, sheet, preview: Preview::Waiting };
    narrowing.preview = preview(&narrowing);
    model.overlay = Some(Overlay::Narrow(Box::new(narrowing)));
    lists::name_all(model)
}

/// The conditions in force, as they are typed.
fn words(model: &Model) -> String {
    let keep = lists::arrangement(model).map_or(&[][..], |arranged| &arranged.keep);
    keep.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn preview(narrowing: &Narrowing) -> Preview {
    match Keep::parse(narrowing.field.text(), &narrowing.sheet.titles) {
        Ok(keep) => {
            let rows = narrowing.sheet.rows.iter();
            Preview::Hits(rows.filter(|row| keep.iter().all(|keep| keep.holds(row))).count() as u64)
        }
        Err(FilterError { at, what }) => Preview::Mistake { what, at: Some(at) },
    }
}

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    let Some(Overlay::Narrow(narrowing)) = &mut model.overlay else {
        return Vec::new();
    };
    if key.code != KeyCode::Enter {
        if narrowing.field.press(key) {
            narrowing.preview = preview(narrowing);
        }
        return Vec::new();
    }
    match Keep::parse(narrowing.field.text(), &narrowing.sheet.titles) {
        Ok(keep) => {
            model.overlay = None;
            set(model, keep)
        }
        Err(_) => Vec::new(),
    }
}

/// Leaves only rows that hold all of these; the cursor keeps its row, or takes the next that is left.
fn set(model: &mut Model, keep: Vec<Keep>) -> Vec<Command> {
    let tab = model.screen().tab();
    let Some(before) = replace(model, keep) else {
        return said(model, "there is no list to narrow here");
    };
    if let Some(tab) = tab {
        model.undo.push(Change::Narrowed(tab, before));
        model.redo.clear();
    }
    let text = format!("{}: {}", model.screen().title(), words(model));
    trail(model, Deed::Filter, &text);
    let mut commands = step(model, Step::By(0));
    commands.extend(lists::name_all(model));
    commands
}

/// Puts conditions in the place of those before, which it returns.
fn replace(model: &mut Model, keep: Vec<Keep>) -> Option<Vec<Keep>> {
    let sheet = listing(model)?;
    let (arranged, scroll) = model.screens.last_mut().and_then(arranged)?;
    let row = arranged.row(scroll.cursor);
    let before = std::mem::replace(&mut arranged.keep, keep);
    arranged.arrange(&sheet.rows);
    scroll.cursor = arranged.place(row);
    Some(before)
}

/// Undoes or redoes: the conditions of the screen of this tab, wherever it lies.
pub fn take_back(model: &mut Model, tab: u8, keep: Vec<Keep>) -> (Vec<Keep>, Vec<Command>) {
    if model.screen().tab() == Some(tab) {
        let before = replace(model, keep).unwrap_or_default();
        return (before, step(model, Step::By(0)));
    }
    let known = model.screens.iter_mut().find(|screen| screen.tab() == Some(tab)).and_then(arranged);
    let before = known.map(|(arranged, _)| std::mem::replace(&mut arranged.keep, keep));
    (before.unwrap_or_default(), Vec::new())
}

/// Only rows with this value, or only those without it.
pub fn only(model: &mut Model, action: Action) -> Vec<Command> {
    if let Screen::Settlements(state) = model.screen()
        && state.is_about_classes()
        && action == Action::OnlyThis
    {
        return settlements::act(model, action);
    }
    if is_of_requests(model) {
        return requests::this_value(model, action);
    }
    let Some(sheet) = lists::line(model) else {
        return said(model, "there is no row here, or the list is too long to be narrowed");
    };
    let column = lists::arrangement(model).map_or(0, |arranged| arranged.column);
    let (Some(title), Some(cell)) = (sheet.titles.get(column), sheet.rows[0].get(column)) else {
        return said(model, "there is no value here");
    };
    let negated = action == Action::NotThis;
    let mut keep = lists::arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    keep.push(Keep { negated, ..Keep::is(column, title, cell) });
    set(model, keep)
}

/// Whether the filters of requests are the ones that keys are about here.
fn is_of_requests(model: &Model) -> bool {
    lists::arrangement(model).is_none() && model.study.is_some()
}

/// Switches all conditions off, or on again.
pub fn pause(model: &mut Model) -> Vec<Command> {
    if is_of_requests(model) {
        return requests::pause(model);
    }
    let mut keep = lists::arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    let paused = keep.iter().any(|keep| !keep.paused);
    keep.iter_mut().for_each(|keep| keep.paused = paused);
    set(model, keep)
}

/// Removes the last condition.
pub fn drop_last(model: &mut Model) -> Vec<Command> {
    if is_of_requests(model) {
        return requests::drop_last(model);
    }
    let mut keep = lists::arrangement(model).map_or_else(Vec::new, |arranged| arranged.keep.clone());
    match (keep.pop(), model.screen()) {
        (Some(_), _) => set(model, keep),
        (None, Screen::Settlements(_)) => settlements::act(model, Action::FilterDrop),
        (None, _) => said(model, "all rows are shown"),
    }
}

/// The filters one by one; the few of a list as the line they are.
pub fn filters(model: &mut Model) -> Vec<Command> {
    if is_list(model) { filter(model) } else { asking::filters(model) }
}

/// Asks what to look for: among names everywhere, on a list among its rows.
pub fn find(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    match is_list(model) {
        true => {
            model.overlay = Some(Overlay::Ask(Asking::Find, Field::default()));
            lists::name_all(model)
        }
        false => overlays::open_find(model),
    }
}

/// Remembers the text, and goes to the next row that holds it.
pub fn look_for(model: &mut Model, text: &str) -> Vec<Command> {
    model.sought = Some(text.to_owned());
    again(model, 1)
}

/// To the next row that matches, round the end of the list.
pub fn again(model: &mut Model, direction: isize) -> Vec<Command> {
    if matches!(model.screen(), Screen::Requests(_)) {
        return requests::seek(model, direction);
    }
    let (Some(text), Some(sheet)) = (model.sought.clone(), listing(model)) else {
        return said(model, "find something with / first");
    };
    let Some((arranged, scroll)) = lists::cursor(model) else {
        return said(model, "this list has no cursor to move");
    };
    let wanted = Keep { column: None, op: Op::Has, text, negated: false, paused: false };
    let len = arranged.len(sheet.rows.len());
    let ahead = (1..=len).map(|n| match direction {
        1 => (scroll.cursor + n) % len,
        _ => (scroll.cursor + len - n) % len,
    });
    let mut ahead = ahead;
    let place = ahead.find(|place| sheet.rows.get(arranged.row(*place)).is_some_and(|row| wanted.holds(row)));
    match place {
        Some(place) => {
            let turned = if direction == 1 { place <= scroll.cursor } else { place >= scroll.cursor };
            let commands = step(model, Step::To(place));
            if turned {
                model.notice = Some(Notice::Said("from the other end".to_owned()));
            }
            commands
        }
        None => said(model, "no row holds it"),
    }
}

/// Shows the requests under a filter.
pub fn show_requests(model: &mut Model, filter: Filter) -> Vec<Command> {
    let mut commands = requests::set_filter(model, filter);
    if !matches!(model.screen(), Screen::Requests(_)) {
        commands.extend(super::update::show_tab(model, 3));
    }
    commands
}

/// Ids of rows are all there now: sorted and narrowed anew by them.
pub fn named(model: &mut Model) -> Vec<Command> {
    let is_arranged = lists::arrangement(model)
        .is_some_and(|arranged| arranged.sort.is_some() || !arranged.keep.is_empty());
    // Texts of all rows are made only for who waits for them.
    let sheet = if matches!(model.overlay, Some(Overlay::Narrow(_))) { listing(model) } else { None };
    if let (Some(sheet), Some(Overlay::Narrow(narrowing))) = (sheet, &mut model.overlay) {
        narrowing.sheet = sheet;
        narrowing.preview = preview(narrowing);
    }
    if !is_arranged {
        return Vec::new();
    }
    lists::rearrange(model);
    step(model, Step::By(0))
}
