//! Requests: the inference records tied to a version, earliest first. Ten million rows feel like ten.
//!
//! ```text
//!   at                   id            node     agent        served   by         points            …
//! ▌ 10-05 09:11:23.107   req-000008b7  gw-ap-1  trader-8     2.4.1    attested   shadow-serving
//! ```

use crate::model::Row;
use crate::ui::actions::Action;
use crate::ui::frame;
use crate::ui::lists::said;
use crate::ui::model::{Change, Command, Model, Placed, Screen};
use crate::ui::undo::trail;
use crate::ui::update::fail;
use crate::ui::way::open_row;
use crate::ui::widgets::scroll::{Scroll, Step, Tick};
use crate::ui::widgets::table::{Arranged, rows_in};
use crate::work::WorkError;
use crate::work::filter::{Clause, Field, Filter, Op};
use crate::work::notebook::Deed;
use crate::work::rows::RequestRow;
use crate::work::select::{Partial, Selection};
use crate::work::sheet::Sheet;
use crate::work::stack::By;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub struct State {
    pub selection: Option<Selection>,
    pub scroll: Scroll,
    /// Rows already fetched, for a page or two around the cursor.
    pub pages: BTreeMap<Row, RequestRow>,
    /// The last question asked; answers to older ones are dropped.
    question: u64,
    /// What the rows shown were selected by.
    filter: Filter,
    /// Whether that question is still open.
    searching: bool,
    /// Lines searched so far and lines there are, while only some hits are known, or where the search was stopped.
    pub partly: Option<(u64, u64)>,
    /// The record to begin at, where a session was left.
    pub wanted: Option<Row>,
    /// The record that the selection being made should leave the cursor on.
    keep: Option<Row>,
    /// The one under the cursor when it was asked for, or when its first hits came.
    from: Option<Row>,
    /// Enter was pressed before any row was there, as in keys that a slow line delivers at once: it is for the first that comes.
    opens: bool,
    /// The column that `=`, `-`, `s` and `S` are about, and the order.
    pub arranged: Arranged,
    /// Where findings and notes are.
    pub ticks: Vec<Tick>,
}

/// Rows kept at hand; beyond that, the ones farthest from the screen go.
const AT_HAND: usize = 1000;

/// What each column of the table is to a filter.
pub const FIELDS: [Field; 13] = [
    Field::At,
    Field::Id,
    Field::Node,
    Field::Agent,
    Field::Version,
    Field::Evidence,
    Field::Pointer,
    Field::Tier,
    Field::Proof,
    Field::Status,
    Field::Tokens,
    Field::Latency,
    Field::Model,
];
/// The column that keys are about at first: the version.
const FIRST: usize = 4;

impl Default for State {
    fn default() -> Self {
        Self {
            selection: None,
            scroll: Scroll::default(),
            pages: BTreeMap::new(),
            question: 0,
            filter: Filter::default(),
            searching: false,
            partly: None,
            wanted: None,
            keep: None,
            from: None,
            opens: false,
            arranged: Arranged::at(FIRST),
            ticks: Vec::new(),
        }
    }
}

impl State {
    pub fn len(&self) -> usize {
        self.selection.as_ref().map_or(0, |selection| selection.rows.len())
    }

    pub fn row(&self, place: usize) -> Option<Row> {
        self.selection.as_ref().and_then(|selection| selection.rows.get(place).copied())
    }

    /// What the chosen column is to a filter.
    pub fn field(&self) -> Field {
        FIELDS[self.arranged.column.min(FIELDS.len() - 1)]
    }

    fn by(&self) -> Option<By> {
        self.arranged.sort.map(|(column, order)| By { field: FIELDS[column.min(FIELDS.len() - 1)], order })
    }

    pub fn under_cursor(&self) -> Option<&RequestRow> {
        self.row(self.scroll.cursor).and_then(|row| self.pages.get(&row))
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Requests(state)) => Some(f(state)),
        _ => None,
    }
}

/// Asks for the requests that match the filter; the cursor keeps its record.
pub fn select(model: &mut Model) -> Vec<Command> {
    model.questions += 1;
    let question = model.questions;
    let filter = model.filter.clone();
    let noted = Arc::clone(&model.noted);
    let asked = with(model, |state| {
        state.question = question;
        state.searching = true;
        state.partly = None;
        state.opens = false;
        state.from = state.row(state.scroll.cursor);
        state.keep = state.from.or(state.wanted.take());
        (state.keep, state.by())
    });
    asked.map_or_else(Vec::new, |(keep, by)| vec![Command::Select { question, filter, by, keep, noted }])
}

/// Whether a selection is being made that can be given up; the first one cannot, there is nothing to fall back to.
pub fn is_searching(model: &Model) -> bool {
    matches!(model.screen(), Screen::Requests(state) if state.searching && state.selection.is_some())
}

pub fn selected(model: &mut Model, question: u64, answer: Result<Placed, WorkError>) -> Vec<Command> {
    let height = list_height(model);
    let filter = model.filter.clone();
    let given_up = with(model, |state| {
        let newest = state.question == question;
        state.searching &= !newest;
        newest && state.selection.is_some()
    });
    match answer {
        Err(WorkError::Cancelled) if with(model, |state| state.partly.is_some()) == Some(true) => {
            return said(model, "stopped: only the hits so far are shown");
        }
        Err(WorkError::Cancelled) if given_up == Some(true) => return give_up(model),
        Err(error) => return fail(model, &error),
        Ok((selection, cursor, ticks)) => {
            let fresh = with(model, |state| {
                if state.question != question {
                    return None;
                }
                let len = selection.rows.len();
                // Who moved on meanwhile stays where they are now.
                let here = state.row(state.scroll.cursor).filter(|here| Some(*here) != state.from);
                let place = here.and_then(|here| selection.rows.iter().position(|row| *row == here));
                let cursor = place.unwrap_or(cursor);
                state.keep = if place.is_some() { here } else { state.keep };
                // The record stays on the line of the screen it was on.
                let line = state.scroll.cursor - state.scroll.top.min(state.scroll.cursor);
                state.scroll = Scroll { cursor, top: cursor.saturating_sub(line) };
                state.scroll.settle(len, height);
                state.selection = Some(selection);
                // Where no record is left, the one that had the cursor has it again when there is one.
                state.wanted = state.keep.filter(|_| state.len() == 0);
                state.ticks = ticks;
                state.partly = None;
                state.filter = filter;
                state.pages.clear();
                std::mem::take(&mut state.opens).then(|| state.row(cursor)).flatten()
            });
            match fresh {
                None => return Vec::new(),
                Some(Some(row)) => return open_row(model, row),
                Some(None) => {}
            }
        }
    }
    ask_page(model)
}

/// Shows the hits so far; the cursor stays where it is, since later hits only follow.
pub fn partly(model: &mut Model, question: u64, partial: Partial) -> Vec<Command> {
    let height = list_height(model);
    let filter = model.filter.clone();
    let fresh = with(model, |state| {
        if state.question != question || !state.searching {
            return false;
        }
        let is_first = state.partly.is_none();
        if is_first {
            state.scroll = Scroll::default();
            state.pages.clear();
            state.ticks.clear();
        }
        let stayed = is_first || state.row(state.scroll.cursor) == state.from;
        state.partly = Some((partial.searched, partial.of));
        state.scroll.settle(partial.selection.rows.len(), height);
        state.selection = Some(partial.selection);
        if stayed {
            state.from = state.row(state.scroll.cursor);
        }
        state.filter = filter;
        true
    });
    if fresh == Some(true) { ask_page(model) } else { Vec::new() }
}

/// The rows shown stay, and so does the filter they were selected by.
fn give_up(model: &mut Model) -> Vec<Command> {
    let shown = with(model, |state| state.filter.clone()).unwrap_or_default();
    if shown != model.filter {
        model.undo.pop();
        model.redo.push(Change::Filter(std::mem::replace(&mut model.filter, shown)));
    }
    said(model, "given up; <c-r> tries again")
}

/// After the size changed: the same rows, perhaps more of them.
pub fn resized(model: &mut Model) -> Vec<Command> {
    step(model, Step::By(0))
}

/// What the faulty version reached is known now: the rows on screen again.
pub fn computed(model: &mut Model) -> Vec<Command> {
    with(model, |state| state.pages.clear());
    ask_page(model)
}

/// Asks for the rows on screen that are not at hand, and for a screen around them.
fn ask_page(model: &mut Model) -> Vec<Command> {
    let height = list_height(model);
    let wanted = with(model, |state| {
        let shown = state.scroll.shown(state.len(), height);
        let missing =
            shown.clone().any(|place| state.row(place).is_some_and(|row| !state.pages.contains_key(&row)));
        if !missing {
            return Vec::new();
        }
        let around = shown.start.saturating_sub(height)..(shown.end + height).min(state.len());
        let rows = around.filter_map(|place| state.row(place));
        rows.filter(|row| !state.pages.contains_key(row)).collect()
    });
    match wanted {
        Some(rows) if !rows.is_empty() => {
            model.questions += 1;
            vec![Command::Page { question: model.questions, rows }]
        }
        _ => Vec::new(),
    }
}

pub fn paged(model: &mut Model, _question: u64, rows: Result<Vec<RequestRow>, WorkError>) -> Vec<Command> {
    match rows {
        Ok(rows) => {
            with(model, |state| {
                if state.pages.len() + rows.len() > AT_HAND {
                    state.pages.clear();
                }
                state.pages.extend(rows.into_iter().map(|row| (row.row, row)));
            });
            Vec::new()
        }
        Err(error) => fail(model, &error),
    }
}

fn list_height(model: &Model) -> usize {
    rows_in(frame::areas(model.size).body.height)
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = list_height(model);
    with(model, |state| {
        let len = state.len();
        state.scroll.step(step, len, height);
    });
    ask_page(model)
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::Open => {
            let row = with(model, |state| {
                state.opens = state.selection.is_none();
                state.row(state.scroll.cursor)
            });
            row.flatten().map_or_else(Vec::new, |row| open_row(model, row))
        }
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, -1),
        _ => Vec::new(),
    }
}

/// To another column.
pub fn turn(model: &mut Model, by: isize) -> Vec<Command> {
    let field = with(model, |state| {
        state.arranged.turn(by, FIELDS.len());
        state.field().name()
    });
    field.map_or_else(Vec::new, |field| said(model, &format!("= - s S are now about: {field}")))
}

/// Sorts by the column; the cursor keeps its record.
pub fn sort(model: &mut Model) -> Vec<Command> {
    if with(model, |state| state.field()) == Some(Field::Id) {
        return said(model, "ids stand in the journals only: sort by another column");
    }
    with(model, |state| state.arranged.next_sort());
    select(model)
}

/// Only, or not, the value under the cursor.
pub fn this_value(model: &mut Model, action: Action) -> Vec<Command> {
    let clause = with(model, |state| {
        let row = state.under_cursor()?;
        let clause = clause_of(state.field(), row);
        Some(if action == Action::NotThis { clause.negated() } else { clause })
    });
    match clause.flatten() {
        Some(clause) => {
            let filter = model.filter.clone().and(clause);
            set_filter(model, filter)
        }
        None => Vec::new(),
    }
}

/// What leaves only requests with this one's value.
fn clause_of(field: Field, row: &RequestRow) -> Clause {
    let number = |number: Option<u64>| match number {
        Some(number) => Clause::is(field, &number.to_string()),
        None => Clause::is(field, "0").with(Op::AtLeast).negated(),
    };
    match field {
        Field::Id => Clause::is(field, &row.id),
        Field::Node => Clause::is(field, &row.node),
        Field::Agent => Clause::is(field, &row.agent),
        Field::Model => Clause::is(field, &row.model),
        Field::Evidence => Clause::is(field, row.evidence.name()),
        Field::Status => Clause::is(field, &row.status),
        Field::Proof => Clause::is(field, row.proof.map_or("none", |status| status.name())),
        Field::Tier => Clause::is(field, row.tier.flatten().map_or("none", |tier| tier.name())),
        Field::Pointer => match row.pointers.names().next() {
            Some(name) => Clause::is(field, name),
            None => Clause::is(field, "any").negated(),
        },
        // The minute it was in.
        Field::At => Clause::is(field, row.at.rfc3339().get(..16).unwrap_or_default()),
        Field::Tokens => number(row.tokens_out),
        Field::Latency => number(row.latency.map(|latency| latency.0.unsigned_abs() / 1_000_000)),
        _ => Clause::is(field, &row.effective),
    }
}

/// Takes a filter as the one in force, with what was before kept for undo.
pub fn remember(model: &mut Model, filter: Filter) {
    if filter != model.filter {
        trail(model, Deed::Filter, &filter.to_string());
        let before = std::mem::replace(&mut model.filter, filter);
        model.undo.push(Change::Filter(before));
        model.redo.clear();
    }
}

pub fn set_filter(model: &mut Model, filter: Filter) -> Vec<Command> {
    remember(model, filter);
    select(model)
}

/// The request as one row with its evidences, for copying.
pub fn sheet(row: &RequestRow) -> Sheet {
    let cells = [
        ("id", row.id.clone()),
        ("at", row.at.rfc3339()),
        ("model", row.model.clone()),
        ("node", row.node.clone()),
        ("agent", row.agent.clone()),
        ("claimed", row.claimed.clone()),
        ("scheduled", row.scheduled.clone()),
        ("attested", row.attested.clone()),
        ("effective", row.effective.clone()),
        ("evidence", row.evidence.name().to_owned()),
        ("pointers", row.pointers.to_string()),
        ("status", row.status.clone()),
    ];
    let (titles, cells): (Vec<&str>, Vec<String>) = cells.into_iter().unzip();
    Sheet { titles: titles.into_iter().map(str::to_owned).collect(), rows: vec![cells] }
}

pub fn pause(model: &mut Model) -> Vec<Command> {
    let mut filter = model.filter.clone();
    let pause = filter.clauses.iter().any(|clause| !clause.paused);
    filter.clauses.iter_mut().for_each(|clause| clause.paused = pause);
    set_filter(model, filter)
}

pub fn drop_last(model: &mut Model) -> Vec<Command> {
    let mut filter = model.filter.clone();
    filter.clauses.pop();
    set_filter(model, filter)
}
