//! Lists are put in order by a worker: asked for here, taken in here, given up here. A key never waits for an order, the
//! cursor keeps its row, and an answer to an older question changes nothing.

use super::acts::step;
use super::lists::{arranged, cursor_of, lines, said, titles};
use super::model::{Change, Command, Model, Screen, Spot};
use super::screens::{notes, requests, settlements};
use super::update::fail;
use super::widgets::arranged::{Arranged, Held, place_in};
use super::widgets::scroll::{Scroll, Step};
use crate::work::lines::{Lines, Wish, arrange};
use crate::work::{Cancel, WorkError};
use std::sync::Arc;

/// An order, where the cursor's row stands in it, and what it was made for.
#[derive(Clone, Debug)]
pub struct Ordered {
    pub order: Arc<[u32]>,
    pub place: Option<usize>,
    pub wish: Wish,
}

/// Which row keeps the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Row(usize),
    /// One of a list that was made anew since.
    Identity(u64),
    None,
}

/// Sorts by the column, keeping the cursor on its row.
pub fn sort(model: &mut Model) -> Vec<Command> {
    if matches!(model.screen(), Screen::Requests(_)) {
        return requests::sort(model);
    }
    // One whose rows are still being computed is sorted as soon as they are there.
    let is_list = !titles(model.screen()).is_empty();
    match model.screens.last_mut().and_then(arranged).filter(|_| is_list) {
        Some((arranged, _)) => {
            arranged.next_sort();
            ask(model)
        }
        None => said(model, "there is no table to sort here"),
    }
}

/// Has the list that is shown put in the order that is wished for.
pub fn ask(model: &mut Model) -> Vec<Command> {
    let Some(lines) = lines(model, model.screen()) else {
        return Vec::new();
    };
    let (day, question) = (model.day(), model.questions + 1);
    let Some((arranged, scroll)) = model.screens.last_mut().and_then(arranged) else {
        return Vec::new();
    };
    let wish = arranged.wish(day);
    if !wish.is_any() && arranged.anchor.is_none() {
        arranged.clear(scroll);
        return step(model, Step::By(0));
    }
    let row = arranged.ask(question, scroll);
    let anchor =
        row.map_or(arranged.anchor.map_or(Anchor::None, |held| Anchor::Identity(held.identity)), Anchor::Row);
    model.questions = question;
    vec![Command::Arrange { question, lines, wish, anchor }]
}

/// The work: on a worker's thread.
pub fn ordered(lines: &dyn Lines, wish: Wish, anchor: Anchor, cancel: &Cancel) -> Result<Ordered, WorkError> {
    let order: Arc<[u32]> = arrange(lines, &wish, cancel)?.into();
    let row = match anchor {
        Anchor::Row(row) => Some(row),
        Anchor::Identity(identity) => (0..lines.rows()).find(|row| lines.identity(*row) == identity),
        Anchor::None => None,
    };
    Ok(Ordered { place: row.map(|row| place_in(&order, row)), order, wish })
}

/// An order came; the screen that asked may lie under others by now.
pub fn answered(model: &mut Model, question: u64, answer: Result<Ordered, WorkError>) -> Vec<Command> {
    let shown = model.screens.len() - 1;
    let asked = |screen: &Screen| cursor_of(screen).is_some_and(|(arranged, _)| arranged.waits_for(question));
    let Some(place) = model.screens.iter().position(asked) else {
        return Vec::new();
    };
    let edition = edition(model, &model.screens[place]);
    let Some((arranged, scroll)) = arranged(&mut model.screens[place]) else {
        return Vec::new();
    };
    if arranged.edition != edition {
        // The rows changed after it was asked: what keeps the cursor is kept for the order of the new ones.
        return if place == shown { renew(model) } else { Vec::new() };
    }
    match answer {
        Ok(ordered) => arranged.settle(ordered.order, ordered.place, ordered.wish, scroll),
        // A newer question of another screen came before it: this one is asked again when its screen is shown.
        Err(WorkError::Cancelled) if place != shown => return Vec::new(),
        Err(WorkError::Cancelled) => return give_up(model),
        Err(error) => {
            give_up(model);
            return fail(model, &error);
        }
    }
    if place == shown { step(model, Step::By(0)) } else { Vec::new() }
}

/// The rows shown stay, and so do the conditions they were left by.
fn give_up(model: &mut Model) -> Vec<Command> {
    let spot = spot(model.screen());
    let given_up = model.screens.last_mut().and_then(arranged).and_then(|(arranged, _)| arranged.give_up());
    if let (Some(spot), Some(keep)) = (spot, given_up) {
        model.undo.pop_if(|change| matches!(change, Change::Narrowed(at, _) if *at == spot));
        model.redo.push(Change::Narrowed(spot, keep));
    }
    let commands = step(model, Step::By(0));
    said(model, "given up; the rows stand as they were");
    commands
}

/// Whether an order is being made of the list that is shown.
pub fn is_waiting(model: &Model) -> bool {
    cursor_of(model.screen()).is_some_and(|(arranged, _)| arranged.is_waiting())
}

/// After the rows may have changed: the same order over the new ones, if they did.
pub fn renew(model: &mut Model) -> Vec<Command> {
    let edition = edition(model, model.screen());
    if lines(model, model.screen()).is_none() {
        return Vec::new();
    }
    let Some((arranged, _)) = model.screens.last_mut().and_then(arranged) else {
        return Vec::new();
    };
    if arranged.edition != edition {
        arranged.forget(edition);
    } else if !arranged.is_waiting() {
        return Vec::new();
    }
    ask(model)
}

/// Before the rows change: what the row under each cursor will be known by.
pub fn hold(model: &mut Model) {
    let held: Vec<Option<Held>> =
        model.screens.iter().chain(&model.ahead).map(|screen| held(model, screen)).collect();
    for (screen, held) in model.screens.iter_mut().chain(&mut model.ahead).zip(held) {
        if let (Some((arranged, _)), Some(held)) = (arranged(screen), held) {
            arranged.anchor = Some(held);
        }
    }
}

/// What finds the row under a screen's cursor again.
pub fn held(model: &Model, screen: &Screen) -> Option<Held> {
    let (arranged, scroll) = cursor_of(screen)?;
    if arranged.edition != edition(model, screen) {
        return arranged.anchor;
    }
    let (lines, row) = (lines(model, screen)?, arranged.row(scroll.cursor));
    let line = scroll.cursor.saturating_sub(scroll.top);
    (row < lines.rows()).then(|| Held { identity: lines.identity(row), line })
}

/// Which rows a screen shows now. Lists of their own are made once.
fn edition(model: &Model, screen: &Screen) -> u64 {
    match screen {
        Screen::Stack(_) | Screen::Console(_) => 0,
        Screen::Notes(_) => model.editions.notes,
        Screen::Agents(_) => model.editions.study + model.editions.agents,
        _ => model.editions.study,
    }
}

/// Where a list is found again: its tab, and which of the tab's own lists it is.
pub fn spot(screen: &Screen) -> Option<Spot> {
    let pane = match screen {
        Screen::Settlements(state) => state.place(),
        Screen::Notes(state) => state.place(),
        _ => 0,
    };
    cursor_of(screen)?;
    Some(Spot { tab: screen.tab()?, pane })
}

/// The list of a spot, shown or not.
pub fn list_at(screen: &mut Screen, at: Spot) -> Option<(&mut Arranged, &mut Scroll)> {
    if spot(screen) == Some(at) {
        return arranged(screen);
    }
    match screen {
        Screen::Settlements(state) if at.tab == settlements::TAB => state.aside.list(at.pane),
        Screen::Notes(state) if at.tab == notes::TAB => state.aside.list(at.pane),
        _ => None,
    }
}
