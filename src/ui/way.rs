//! The way from screen to screen: to a tab, nearer to the bytes, back and forward again, and out.

use super::beside::Pane;
use super::model::{Command, Model, Notice, Screen, Stopping};
use super::screens::{console, findings, notes, overview, request, requests, timeline};
use super::update::refresh;
use super::{beside, lists, memory, ordering, seeking};
use crate::model::Row;

pub fn show_tab(model: &mut Model, n: u8) -> Vec<Command> {
    if model.study.is_none() {
        return Vec::new();
    }
    if model.screen().tab() == Some(n) {
        return Vec::new();
    }
    let screen = match n {
        1 => Screen::Overview(overview::State::default()),
        2 => Screen::Timeline(timeline::State::default()),
        3 => Screen::Requests(requests::State::default()),
        4 => Screen::Agents(Box::default()),
        5 => Screen::Settlements(Box::default()),
        6 => Screen::Proofs(Box::default()),
        7 => Screen::Findings(findings::State::default()),
        8 => Screen::Notes(notes::State::default()),
        _ => return Vec::new(),
    };
    // A tab that was open before is taken up where it was left.
    let known = model.screens.iter().position(|known| known.tab() == Some(n));
    let screen = match known {
        Some(known) => model.screens.remove(known),
        None => memory::furnished(model, screen),
    };
    push(model, screen)
}

/// Shows a screen on top of the one shown.
pub fn push(model: &mut Model, screen: Screen) -> Vec<Command> {
    model.beside.pane = Pane::List;
    model.ahead.clear();
    model.screens.push(screen);
    refresh(model)
}

/// Opens the drill-down of a record.
pub fn open_row(model: &mut Model, row: Row) -> Vec<Command> {
    push(model, Screen::Request(Box::new(request::State::new(row))))
}

/// `Esc`: a search that is under way is given up first.
pub fn escape(model: &mut Model) -> Vec<Command> {
    if let Some(commands) = beside::leave(model) {
        return commands;
    }
    match model.screen() {
        Screen::Console(_) => console::escape(model),
        Screen::Stack(state) if state.is_counting() => {
            let mut commands = back(model);
            commands.insert(0, Command::StopSearch);
            commands
        }
        _ if requests::is_searching(model) || ordering::is_waiting(model) || seeking::is_searching(model) => {
            vec![Command::StopSearch]
        }
        _ if request::is_naming(model) => vec![Command::StopNaming],
        _ if model.progress.is_some() && model.screens.len() == 1 => stop_opening(model),
        _ => back(model),
    }
}

fn stop_opening(model: &mut Model) -> Vec<Command> {
    if model.stopping == Stopping::Asked {
        model.stopping = Stopping::Told;
        lists::said(model, "stopping");
        return vec![Command::StopOpening];
    }
    model.stopping = Stopping::Asked;
    lists::said(model, "esc once more stops this; what was done of it is kept")
}

pub fn back(model: &mut Model) -> Vec<Command> {
    if model.screens.len() > 1 {
        model.ahead.extend(model.screens.pop());
        return refresh(model);
    }
    model.notice = Some(Notice::Said("this is the first screen; q quits".to_owned()));
    Vec::new()
}

pub fn forward(model: &mut Model) -> Vec<Command> {
    match model.ahead.pop() {
        Some(screen) => {
            model.screens.push(screen);
            refresh(model)
        }
        None => Vec::new(),
    }
}

/// `q` leaves a drill-down first: only screens of the tab line are the root.
pub fn quit(model: &mut Model) -> Vec<Command> {
    if model.screen().tab().is_none() && model.screens.len() > 1 {
        return back(model);
    }
    model.quit = true;
    Vec::new()
}
