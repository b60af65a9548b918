//! Where a list, its selected row and what that row points at stand, by the width of the terminal.
//!
//! ```text
//!  140 and more              100 to 139          80 to 99                below 80
//!  list    │ detail          list   │ detail     list ┌─ detail ─┐ (o)   list, or detail (o)
//!          │ points at              │                 └──────────┘
//! ```
//!
//! A list that leaves room for two columns beside it has them side by side; on the others both share one column, so that
//! no column of the list is given up for them.

use super::model::{Layout, Model, Screen};
use super::screens::notes::Tab as NotesTab;
use super::screens::proofs;
use super::screens::settlements::Tab as SettlementsTab;
use super::{frame, reading};
use ratatui::layout::Rect;

/// From this width on there are three panes, two, and one with a pop-over.
pub const THREE: u16 = 140;
pub const TWO: u16 = 100;
pub const OVER: u16 = 80;

/// A column beside a list is never narrower where there are two of them.
const COLUMN: u16 = 44;
/// What stays to be seen of a list at the left of a pop-over.
const SEEN: u16 = 30;

/// Where things stand. What lies beside the list has a line for its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panes {
    pub list: Rect,
    pub detail: Option<Rect>,
    pub third: Option<Rect>,
    pub stands: Stands,
}

/// How the detail stands to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Beside,
    Over,
    Alone,
}

/// What a screen asks for; nothing where it has one pane. The width at which its list shows every column, that of a detail, and lines a detail has.
pub struct Wish {
    list: u16,
    detail: u16,
    lines: u16,
    third: Third,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Third {
    Wanted,
    None,
}

pub fn wish(model: &Model) -> Option<Wish> {
    let three = |list, detail, lines| Some(Wish { list, detail, lines, third: Third::Wanted });
    let two = |list, detail, lines| Some(Wish { list, detail, lines, third: Third::None });
    match model.screen() {
        Screen::Requests(_) => three(156, 44, 18),
        Screen::Agents(_) => three(106, 60, u16::MAX),
        Screen::Settlements(state) if state.tab == SettlementsTab::Totals => None,
        Screen::Settlements(_) => three(124, 46, 18),
        Screen::Proofs(_) => three(50, 46, u16::MAX),
        Screen::Findings(_) => three(124, 54, 14),
        Screen::Notes(state) if state.tab == NotesTab::Views => two(100, 46, u16::MAX),
        Screen::Notes(_) => three(100, 46, 20),
        _ => None,
    }
}

/// Where the list of a screen begins: below its own tabs and counts.
pub fn list_area(model: &Model) -> Rect {
    let body = frame::areas(model.size).body;
    let above = match model.screen() {
        Screen::Settlements(_) | Screen::Notes(_) => 2,
        Screen::Proofs(_) => proofs::head_height(model) as u16,
        _ => 0,
    };
    let above = above.min(body.height);
    Rect { y: body.y + above, height: body.height - above, ..body }
}

pub fn of(model: &Model) -> Panes {
    let area = list_area(model);
    let whole = Panes { list: area, detail: None, third: None, stands: Stands::Beside };
    // Nothing stands beside words that take a list's place.
    let has_list = reading::instead(model).is_none();
    let Some(wish) = wish(model).filter(|_| area.height > 2 && has_list) else {
        return whole;
    };
    let width = model.size.0;
    match model.layout {
        Layout::List => whole,
        Layout::Detail if width >= TWO => alone(area, &wish),
        Layout::Detail | Layout::Over if width < OVER => {
            Panes { list: Rect { width: 0, ..area }, detail: Some(area), third: None, stands: Stands::Alone }
        }
        Layout::Detail | Layout::Over if width < TWO => {
            let over = width - SEEN;
            let detail = Rect { x: area.right() - over, y: area.y + 1, width: over, height: area.height - 1 };
            Panes { detail: Some(detail), stands: Stands::Over, ..whole }
        }
        _ if width >= THREE && wish.third == Third::Wanted => three(area, &wish),
        _ if width >= TWO => two(area, model, &wish),
        _ => whole,
    }
}

/// The list's row and what it points at, without the list.
fn alone(area: Rect, wish: &Wish) -> Panes {
    let list = Rect { width: 0, ..area };
    if wish.third == Third::None {
        return Panes { list, detail: Some(area), third: None, stands: Stands::Alone };
    }
    let [detail, third] = columns(area, area.width / 2);
    Panes { list, detail: Some(detail), third: Some(third), stands: Stands::Alone }
}

fn two(area: Rect, model: &Model, wish: &Wish) -> Panes {
    let detail = match model.screen() {
        // Bars with the controls beside them need room; the numbers left out of the list stand in them.
        Screen::Agents(_) => (area.width * 9 / 20).clamp(46, 84),
        // Of a failure there is more to say than its line holds.
        Screen::Proofs(_) => area.width.saturating_sub(wish.list),
        _ if area.width >= THREE => area.width.saturating_sub(wish.list).max(54),
        _ => 41,
    };
    let [list, detail] = columns(area, area.width - detail);
    Panes { list, detail: Some(detail), third: None, stands: Stands::Beside }
}

fn three(area: Rect, wish: &Wish) -> Panes {
    if area.width >= wish.list + 2 * COLUMN {
        let [list, rest] = columns(area, wish.list);
        let [detail, third] = columns(rest, rest.width / 2);
        return Panes { list, detail: Some(detail), third: Some(third), stands: Stands::Beside };
    }
    let [list, rest] = columns(area, area.width - area.width.saturating_sub(wish.list).max(wish.detail));
    let height = wish.lines.min(rest.height / 2);
    let detail = Rect { height, ..rest };
    let third = Rect { y: rest.y + height, height: rest.height - height, ..rest };
    Panes { list, detail: Some(detail), third: Some(third), stands: Stands::Beside }
}

fn columns(area: Rect, left: u16) -> [Rect; 2] {
    let left = left.min(area.width);
    [Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area }]
}
