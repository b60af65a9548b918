//! What a click means: a tab of the tab line, or a row of the list; on the row under the cursor it opens.

use super::actions::Action;
use super::frame::{areas, tab_titles};
use super::model::{Command, Model, Screen};
use super::screens::timeline;
use super::update::{act, show_tab, step};
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

fn tab_at(model: &Model, column: u16) -> Option<u8> {
    let mut left = 1;
    tab_titles(model).into_iter().find_map(|(n, title)| {
        let right = left + title.width() as u16;
        let hit = (left..right).contains(&column);
        left = right;
        hit.then_some(n)
    })
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
        Screen::Timeline(_) | Screen::Request(_) | Screen::Proofs(_) => None,
    }
}
