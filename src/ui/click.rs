//! What a click means: a tab of the tab line, or a row of the list; on the row under the cursor it opens. And what the
//! wheel turns.

use super::actions::Action;
use super::acts::{act, step};
use super::beside::{self, Pane};
use super::frame::{areas, tab_titles};
use super::model::{Command, Model, Screen};
use super::screens::{notes, proofs, request, settlements, timeline};
use super::way::show_tab;
use super::widgets::scroll::{Scroll, Step};
use unicode_width::UnicodeWidthStr;

pub fn click(model: &mut Model, column: u16, row: u16) -> Vec<Command> {
    if model.overlay.is_some() {
        return Vec::new();
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
