//! The filters in force one by one: switched, edited, negated, moved, removed. The same keys for the filters of requests and
//! for the conditions on any other list.

use super::asking;
use super::keys::Key;
use super::lists::{arrangement, lines, said};
use super::model::{Asking, Command, Model, Notice, Overlay};
use super::narrow;
use super::screens::requests;
use super::widgets::scroll::{Scroll, Step};
use crate::work::filter::{Clause, Filter};
use crate::work::lines::Keep;
use ratatui::crossterm::event::KeyCode;

/// What is in force on the screen that is shown.
pub enum Stack {
    Requests(Vec<Clause>),
    List(Vec<Keep>),
}

/// What both sorts of filters have.
trait Condition {
    fn paused(&mut self) -> &mut bool;
    fn negated(&mut self) -> &mut bool;
}

impl Condition for Clause {
    fn paused(&mut self) -> &mut bool {
        &mut self.paused
    }

    fn negated(&mut self) -> &mut bool {
        &mut self.negated
    }
}

impl Condition for Keep {
    fn paused(&mut self) -> &mut bool {
        &mut self.paused
    }

    fn negated(&mut self) -> &mut bool {
        &mut self.negated
    }
}

/// What a key does to the filter at a place.
#[derive(Clone, Copy)]
enum Deed {
    Pause,
    Negate,
    Remove,
    Down,
    Up,
}

fn done<C: Condition>(stack: &mut Vec<C>, place: usize, deed: Deed) {
    match deed {
        Deed::Pause => *stack[place].paused() ^= true,
        Deed::Negate => *stack[place].negated() ^= true,
        Deed::Remove => drop(stack.remove(place)),
        Deed::Down => stack.swap(place, place + 1),
        Deed::Up => stack.swap(place, place - 1),
    }
}

impl Stack {
    pub fn of(model: &Model) -> Self {
        match arrangement(model).filter(|_| lines(model, model.screen()).is_some()) {
            Some(arranged) => Self::List(arranged.keep.clone()),
            None => Self::Requests(model.filter.clauses.clone()),
        }
    }

    /// Each as it is typed, and whether it is switched off.
    pub fn told(&self) -> Vec<(String, bool)> {
        match self {
            Self::Requests(clauses) => clauses.iter().map(|c| (c.to_string(), c.paused)).collect(),
            Self::List(keep) => keep.iter().map(|k| (k.to_string(), k.paused)).collect(),
        }
    }

    fn put(self, model: &mut Model) -> Vec<Command> {
        match self {
            Self::Requests(clauses) => requests::set_filter(model, Filter { clauses }),
            Self::List(keep) => narrow::set(model, keep),
        }
    }
}

pub fn open(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    model.overlay = Some(Overlay::Filters(Scroll::default()));
    Vec::new()
}

/// Lines of the list on screen.
pub const HEIGHT: usize = 10;

pub fn press(model: &mut Model, key: Key, step: Option<Step>) -> Vec<Command> {
    let mut stack = Stack::of(model);
    let told = stack.told();
    let len = told.len();
    let Some(Overlay::Filters(scroll)) = &mut model.overlay else {
        return Vec::new();
    };
    let place = scroll.cursor;
    let step = step.or(match key.types() {
        Some('j') => Some(Step::By(1)),
        Some('k') => Some(Step::By(-1)),
        _ => None,
    });
    if let Some(step) = step {
        scroll.step(step, len, HEIGHT);
        return Vec::new();
    }
    let deed = match (key.code, key.types()) {
        (_, Some('a')) => return narrow::filter(model),
        (_, Some('s')) if len > 0 && matches!(stack, Stack::Requests(_)) => {
            return asking::ask(model, Asking::ViewName, "");
        }
        _ if place >= len => return Vec::new(),
        (KeyCode::Enter, _) | (_, Some('i')) => {
            return asking::ask(model, Asking::Clause(place), &told[place].0);
        }
        (_, Some(' ')) => Deed::Pause,
        (_, Some('!')) => Deed::Negate,
        (KeyCode::Delete, _) | (_, Some('d')) => Deed::Remove,
        (_, Some('J')) if place + 1 < len => Deed::Down,
        (_, Some('K')) if place > 0 => Deed::Up,
        _ => return Vec::new(),
    };
    match deed {
        Deed::Down => scroll.step(Step::By(1), len, HEIGHT),
        Deed::Up => scroll.step(Step::By(-1), len, HEIGHT),
        _ => {}
    }
    match &mut stack {
        Stack::Requests(clauses) => done(clauses, place, deed),
        Stack::List(keep) => done(keep, place, deed),
    }
    scroll.settle(stack.told().len(), HEIGHT);
    stack.put(model)
}

/// Puts what was typed in the place of one; what it is no filter for is told, and the text stays.
pub fn replace(model: &mut Model, place: usize, text: &str) -> Vec<Command> {
    let mut stack = Stack::of(model);
    let mistake = match &mut stack {
        Stack::Requests(clauses) if place < clauses.len() => match Filter::parse(text, model.day()) {
            Ok(new) => {
                let paused = clauses[place].paused;
                let new = new.clauses.into_iter().map(|clause| Clause { paused, ..clause });
                clauses.splice(place..=place, new);
                None
            }
            Err(error) => Some(error.to_string()),
        },
        Stack::List(keep) if place < keep.len() => {
            let titles = lines(model, model.screen()).map_or_else(Vec::new, |lines| lines.titles());
            match Keep::parse(text, &titles) {
                Ok(new) => {
                    let paused = keep[place].paused;
                    keep.splice(place..=place, new.into_iter().map(|new| Keep { paused, ..new }));
                    None
                }
                Err(error) => Some(error.to_string()),
            }
        }
        _ => return Vec::new(),
    };
    if let Some(words) = mistake {
        asking::ask(model, Asking::Clause(place), text);
        model.notice = Some(Notice::Failed(words));
        return Vec::new();
    }
    model.overlay = Some(Overlay::Filters(Scroll { cursor: place, top: 0 }));
    stack.put(model)
}
