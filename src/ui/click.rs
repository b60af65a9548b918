//! What a click means: a tab of the tab line, or a row of the list; on the row under the cursor it opens. And what the
//! wheel turns.

use super::actions::Action;
use super::acts::{act, step};
use super::beside::{self, Pane};
use super::frame::{areas, tab_titles};
use super::keys::Key;
use super::model::{Command, Model, Overlay, Screen};
use super::screens::{notes, proofs, request, settlements, timeline};
use super::stacked::Stack;
use super::way::show_tab;
use super::widgets::scroll::{Scroll, Step};
use super::{overlays, view};
use ratatui::crossterm::event::KeyCode;
use unicode_width::UnicodeWidthStr;

pub fn click(model: &mut Model, column: u16, row: u16) -> Vec<Command> {
    if model.overlay.is_some() {
        return in_window(model, column, row);
    }
    if row == areas(model.size).head.bottom() - 1 {
        return tab_at(model, column).map_or_else(Vec::new, |n| show_tab(model, n));
    }
    if matches!(model.screen(), Screen::Timeline(_)) {
        return timeline::click(model, column);
    }
    if let Some(presses) = inner_tab_at(model, column, row) {
        return (0..presses).flat_map(|_| act(model, Action::NextPane, None)).collect();
    }
    if let Some(pane) = beside::pane_at(model, column, row) {
        model.beside.pane = pane;
        return Vec::new();
    }
    model.beside.pane = Pane::List;
    let Some((first, scroll)) = list(model) else {
        return Vec::new();
    };
    let Some(line) = row.checked_sub(first).filter(|_| row < areas(model.size).body.bottom()) else {
        return Vec::new();
    };
    let place = scroll.top + usize::from(line);
    match place == scroll.cursor {
        true => act(model, Action::Open, None),
        false => step(model, Step::To(place)),
    }
}

/// In a window: a row of its list, and on the row under the cursor it chooses; beside it the window closes.
fn in_window(model: &mut Model, column: u16, row: u16) -> Vec<Command> {
    let Some(overlay) = &model.overlay else { return Vec::new() };
    let area = view::area_of(model, overlay);
    if !area.contains((column, row).into()) {
        return overlays::press(model, Key::plain(KeyCode::Esc));
    }
    let inner = view::inside(area);
    let (list, len) = match overlay {
        Overlay::Find(finder) | Overlay::Palette(finder) => (view::found_in(inner), finder.listed.len()),
        Overlay::Incidents(_) => (inner, overlays::choices(model).len()),
        Overlay::Filters(_) => (inner, Stack::of(model).told().len()),
        Overlay::Menu(menu) => (inner, menu.choices.len()),
        _ => return Vec::new(),
    };
    let Some(line) = row.checked_sub(list.y).map(usize::from).filter(|line| *line < usize::from(list.height))
    else {
        return Vec::new();
    };
    let (scroll, height) = match &mut model.overlay {
        Some(Overlay::Find(finder) | Overlay::Palette(finder)) => (&mut finder.scroll, list.height),
        Some(Overlay::Incidents(scroll) | Overlay::Filters(scroll)) => (scroll, list.height),
        Some(Overlay::Menu(menu)) => {
            let key = menu.choices.get(line).map(|choice| Key::plain(KeyCode::Char(choice.key)));
            return key.map_or_else(Vec::new, |key| overlays::press(model, key));
        }
        _ => return Vec::new(),
    };
    scroll.settle(len, usize::from(height));
    let place = scroll.top + line;
    if place >= len {
        return Vec::new();
    }
    if place == scroll.cursor {
        return overlays::press(model, Key::plain(KeyCode::Enter));
    }
    scroll.step(Step::To(place), len, usize::from(height));
    Vec::new()
}

/// The wheel moves what lies under the pointer; the pane that has the keys keeps them.
pub fn wheel(model: &mut Model, lines: isize, (column, row): (u16, u16)) -> Vec<Command> {
    if let Some(pane) = beside::pane_at(model, column, row) {
        beside::step(model, pane, Step::By(lines));
        return Vec::new();
    }
    if request::is_beside_steps(model, column) {
        return request::scroll(model, lines);
    }
    step(model, Step::By(lines))
}

fn tab_at(model: &Model, column: u16) -> Option<u8> {
    let mut left = 1;
    tab_titles(model).into_iter().find_map(|(n, title)| {
        let right = left + title.iter().map(|part| part.width()).sum::<usize>() as u16;
        let hit = (left..right).contains(&column);
        left = right;
        hit.then_some(n)
    })
}

/// How often Tab would have to be pressed to come to the pane whose title is clicked.
fn inner_tab_at(model: &Model, column: u16, row: u16) -> Option<usize> {
    let body = areas(model.size).body.y;
    let (line, left, gap, titles, here) = match model.screen() {
        Screen::Request(state) => (body + 2, 2, 1, request::titles(), state.place()),
        Screen::Notes(state) => (body, 2, 0, notes::tabs(), state.place()),
        Screen::Settlements(state) => (body, 2, 0, settlements::tabs(), state.place()),
        _ => return None,
    };
    let mut left = left;
    let hit = titles.iter().position(|title| {
        let right = left + title.width() as u16 + 2;
        let hit = (left..right).contains(&column);
        left = right + gap;
        hit
    });
    hit.filter(|_| row == line).map(|hit| (hit + titles.len() - here) % titles.len())
}

/// The screen's row of a list's first entry, and where the list stands.
fn list(model: &Model) -> Option<(u16, Scroll)> {
    let body = areas(model.size).body.y;
    match model.screen() {
        Screen::Overview(state) => Some((body + 1, state.scroll)),
        Screen::Requests(state) => Some((body + 1, state.scroll)),
        Screen::Agents(state) => Some((body + 1, state.scroll)),
        Screen::Findings(state) => Some((body + 1, state.scroll)),
        Screen::Start(state) => Some((body + 4, state.scroll)),
        Screen::Notes(state) => Some((body + 3, state.scroll)),
        Screen::Settlements(state) => Some((body + 3, state.scroll)),
        Screen::Stack(state) => Some((body + 3, state.scroll)),
        Screen::Compare(state) => Some((body + 3, state.scroll)),
        Screen::Console(state) => Some((body + 4, state.scroll)),
        Screen::Proofs(state) => Some((body + proofs::head_height(model) as u16, state.scroll)),
        Screen::Request(state) => state.list().map(|(above, scroll)| (body + above, scroll)),
        Screen::Timeline(_) => None,
    }
}
