//! What is the same for every list: what its cursor is about, its cells as texts, its order; so sorting, counting,
//! comparing, marking and export work on a screen as soon as it has its lines here.

use super::model::{Change, Command, Model, Notice, Screen, Why};
use super::narrow;
use super::screens::{agents, compare, console, findings, notes, proofs, requests, settlements, stack};
use super::update::push;
use super::widgets::scroll::{Scroll, Step};
use super::widgets::table::Arranged;
use crate::model::{Kind, Row};
use crate::work::notebook::{Deed, Entry, Subject};
use crate::work::sheet::Sheet;

/// What the cursor is about: what marks, tags and comments go to.
pub fn subject(model: &Model) -> Option<Subject> {
    let record = |id: &str| Subject::new(Kind::Inference.name(), id);
    match model.screen() {
        Screen::Start(_) | Screen::Console(_) | Screen::Compare(_) => None,
        Screen::Overview(_) => Some(Subject::new("case", &model.case_name())),
        Screen::Timeline(state) => state.subject(),
        Screen::Requests(state) => state.under_cursor().map(|row| record(&row.id)),
        Screen::Request(state) => state
            .explanation
            .as_ref()
            .map(|explanation| Subject::new(explanation.kind.name(), &explanation.id)),
        Screen::Proofs(state) => state.under_cursor().map(record),
        Screen::Agents(_) => agents::subject(model),
        Screen::Settlements(state) => state.subject(model),
        Screen::Findings(_) => findings::under_cursor(model).map(|finding| findings::subject(&finding)),
        Screen::Notes(_) => notes::subject(model),
        Screen::Stack(state) => state.subject(),
    }
}

/// Which rows of a list are wanted as texts: a key that is about one row makes no texts of all the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    One(usize),
    /// Only the titles.
    None,
}

impl Which {
    pub fn of<R>(self, rows: impl Iterator<Item = R>) -> impl Iterator<Item = R> {
        let (skip, take) = match self {
            Self::All => (0, usize::MAX),
            Self::One(row) => (row, 1),
            Self::None => (0, 0),
        };
        rows.skip(skip).take(take)
    }
}

/// The whole list as texts, in the order it came in; nothing where there is no list, or where it is too long for that.
pub fn listing(model: &Model) -> Option<Sheet> {
    texts(model, Which::All)
}

/// The row under the cursor as texts.
pub fn line(model: &Model) -> Option<Sheet> {
    texts(model, Which::One(row_under_cursor(model)?)).filter(|sheet| !sheet.rows.is_empty())
}

pub fn texts(model: &Model, which: Which) -> Option<Sheet> {
    match model.screen() {
        Screen::Agents(_) => agents::listing(model, which),
        Screen::Findings(_) => findings::listing(model, which),
        Screen::Proofs(state) => proofs::listing(state, which),
        Screen::Settlements(state) => settlements::listing(model, state, which),
        Screen::Notes(_) => Some(notes::listing(model, which)),
        Screen::Stack(state) => Some(state.listing(which)),
        Screen::Console(state) => state.listing(which),
        Screen::Compare(state) => Some(state.listing(model, which)),
        Screen::Start(_)
        | Screen::Overview(_)
        | Screen::Timeline(_)
        | Screen::Requests(_)
        | Screen::Request(_) => None,
    }
}

/// The order of a list and its cursor.
pub fn arranged(screen: &mut Screen) -> Option<(&mut Arranged, &mut Scroll)> {
    match screen {
        Screen::Agents(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Findings(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Notes(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Settlements(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Stack(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Console(state) => Some((&mut state.arranged, &mut state.scroll)),
        _ => None,
    }
}

/// The same, to be looked at.
pub fn cursor(model: &Model) -> Option<(&Arranged, &Scroll)> {
    match model.screen() {
        Screen::Agents(state) => Some((&state.arranged, &state.scroll)),
        Screen::Findings(state) => Some((&state.arranged, &state.scroll)),
        Screen::Notes(state) => Some((&state.arranged, &state.scroll)),
        Screen::Settlements(state) => Some((&state.arranged, &state.scroll)),
        Screen::Stack(state) => Some((&state.arranged, &state.scroll)),
        Screen::Console(state) => Some((&state.arranged, &state.scroll)),
        _ => None,
    }
}

pub fn arrangement(model: &Model) -> Option<&Arranged> {
    cursor(model).map(|(arranged, _)| arranged)
}

/// How many rows a list has that is all at hand, before it is narrowed.
pub fn length(model: &Model) -> Option<usize> {
    match model.screen() {
        Screen::Agents(_) => agents::known(model).map(|agents| agents.agents.len()),
        Screen::Findings(_) => model.study.as_deref().map(|study| study.findings.len()),
        Screen::Notes(_) => Some(notes::all(model)),
        Screen::Settlements(state) => settlements::length(model, state),
        Screen::Stack(state) => Some(state.len()),
        Screen::Console(state) => state.sheet.as_ref().map(|sheet| sheet.rows.len()),
        _ => None,
    }
}

/// The column of ids that stand in the journals, and the record of each row.
pub type Ids = (usize, Vec<Row>);

/// The rows as they stand on screen, narrowed and in order; and the column and the records of ids that are not known yet.
pub fn table(model: &Model) -> Option<(Sheet, Option<Ids>)> {
    let sheet = listing(model)?;
    let order: Vec<usize> = match arrangement(model) {
        Some(arranged) => (0..arranged.len(sheet.rows.len())).map(|place| arranged.row(place)).collect(),
        None => (0..sheet.rows.len()).collect(),
    };
    let records = match model.screen() {
        Screen::Settlements(state) => settlements::records(model, state),
        Screen::Proofs(state) => proofs::records(state),
        _ => None,
    };
    let records = records
        .map(|(column, rows)| (column, order.iter().filter_map(|row| rows.get(*row).copied()).collect()));
    let rows = order.iter().filter_map(|row| sheet.rows.get(*row).cloned()).collect();
    Some((Sheet { titles: sheet.titles, rows }, records))
}

/// Asks for all ids of a list whose ids stand in the journals, so that it can be sorted and searched by them.
pub fn name_all(model: &Model) -> Vec<Command> {
    let Screen::Settlements(state) = model.screen() else {
        return Vec::new();
    };
    let rows: Vec<Row> = settlements::records(model, state).map_or_else(Vec::new, |(_, rows)| rows);
    let rows: Vec<Row> = rows.into_iter().filter(|row| !state.ids.contains_key(row)).collect();
    if rows.is_empty() { Vec::new() } else { vec![Command::Ids { rows }] }
}

/// Whether sideways movement goes from column to column here.
pub fn has_columns(model: &Model) -> bool {
    matches!(
        model.screen(),
        Screen::Requests(_)
            | Screen::Agents(_)
            | Screen::Findings(_)
            | Screen::Settlements(_)
            | Screen::Notes(_)
            | Screen::Stack(_)
            | Screen::Console(_)
    )
}

/// Moves to another column.
pub fn turn(model: &mut Model, by: isize) -> Vec<Command> {
    if matches!(model.screen(), Screen::Requests(_)) {
        return requests::turn(model, by);
    }
    let Some(sheet) = texts(model, Which::None) else {
        return Vec::new();
    };
    if let Some((arranged, _)) = model.screens.last_mut().and_then(arranged) {
        arranged.turn(by, sheet.titles.len());
    }
    Vec::new()
}

/// Sorts by the column, keeping the cursor on its row.
pub fn sort(model: &mut Model) -> Vec<Command> {
    if matches!(model.screen(), Screen::Requests(_)) {
        return requests::sort(model);
    }
    let Some(sheet) = listing(model) else {
        return said(model, "there is no table to sort here");
    };
    match model.screens.last_mut().and_then(arranged) {
        Some((arranged, scroll)) => {
            let row = arranged.row(scroll.cursor);
            arranged.next_sort();
            arranged.arrange(&sheet.rows);
            scroll.cursor = arranged.place(row);
            let mut commands = super::update::step(model, Step::By(0));
            commands.extend(name_all(model));
            commands
        }
        None => said(model, "this list keeps its order"),
    }
}

/// After the rows changed: the same order over the new ones. Texts of all rows are made only where some order or
/// condition asks for them.
pub fn rearrange(model: &mut Model) {
    let is_one = matches!(
        model.screen(),
        Screen::Agents(_) | Screen::Findings(_) | Screen::Notes(_) | Screen::Settlements(_)
    );
    let asks =
        arrangement(model).is_some_and(|arranged| arranged.sort.is_some() || !arranged.keep.is_empty());
    let sheet = if is_one && asks { listing(model).unwrap_or_default() } else { Sheet::default() };
    if let Some((arranged, scroll)) = model.screens.last_mut().and_then(arranged).filter(|_| is_one) {
        let row = arranged.row(scroll.cursor);
        arranged.arrange(&sheet.rows);
        if row < sheet.rows.len() {
            scroll.cursor = arranged.place(row);
        }
    }
}

/// Counts the rows by the values of the column.
pub fn count(model: &mut Model) -> Vec<Command> {
    if let Screen::Requests(state) = model.screen() {
        let (Some(selection), field) = (&state.selection, state.field()) else {
            return Vec::new();
        };
        let rows = selection.rows.clone();
        push(model, Screen::Stack(Box::new(stack::State::of_requests(field, rows.len() as u64))));
        return vec![Command::Count { rows, field }];
    }
    let Some(sheet) = listing(model).filter(|sheet| !sheet.titles.is_empty()) else {
        return said(model, "there is no table to count here");
    };
    let column = arrangement(model).map_or(0, |arranged| arranged.column);
    // What is counted is what is shown.
    let places: Vec<usize> = match arrangement(model) {
        Some(arranged) => (0..arranged.len(sheet.rows.len())).map(|place| arranged.row(place)).collect(),
        None => (0..sheet.rows.len()).collect(),
    };
    push(
        model,
        Screen::Stack(Box::new(stack::State::of_rows(&sheet, &places, column.min(sheet.titles.len() - 1)))),
    )
}

/// Remembers what the cursor is on, for `X`.
pub fn remember_for_comparison(model: &mut Model) -> Vec<Command> {
    match side(model) {
        Some(side) => {
            let words = format!("{} is remembered; X on another compares the two", side.name());
            model.compared = Some(side);
            said(model, &words)
        }
        None => said(model, "there is nothing to compare here"),
    }
}

/// Compares what was remembered with what the cursor is on.
pub fn compare(model: &mut Model) -> Vec<Command> {
    let Some(a) = model.compared.clone() else {
        return said(model, "remember something with x first");
    };
    let Some(b) = side(model) else {
        return said(model, "there is nothing to compare here");
    };
    compare::open(model, a, b)
}

fn side(model: &Model) -> Option<compare::Side> {
    match model.screen() {
        Screen::Requests(state) => {
            let row = state.under_cursor()?;
            Some(compare::Side::Record(row.row, row.id.clone()))
        }
        Screen::Request(state) => {
            Some(compare::Side::Record(state.row, state.explanation.as_ref()?.id.clone()))
        }
        Screen::Proofs(state) => {
            Some(compare::Side::Record(state.row_under_cursor()?, state.under_cursor()?.to_owned()))
        }
        Screen::Timeline(state) => state.axis.map(|axis| compare::Side::Window(axis.from, axis.to)),
        Screen::Start(_) | Screen::Overview(_) | Screen::Compare(_) => None,
        _ => {
            let sheet = line(model)?;
            Some(compare::Side::Cells { titles: sheet.titles, cells: sheet.rows.into_iter().next()? })
        }
    }
}

/// The row of the list under the cursor, whatever its order.
pub fn row_under_cursor(model: &Model) -> Option<usize> {
    cursor(model).map(|(arranged, scroll)| arranged.row(scroll.cursor))
}

/// Sets or takes away the mark of what the cursor is on.
pub fn mark(model: &mut Model) -> Vec<Command> {
    let Some(subject) = subject(model) else {
        return said(model, "there is nothing to mark here");
    };
    let marked = model.notebook.about(&subject).is_some_and(|notes| notes.marked);
    let deed = if marked { Deed::Unmark } else { Deed::Mark };
    vec![Command::Note { entries: vec![Entry::new(deed, subject, "")], why: Why::Note }]
}

/// Takes back the last change of filters, window or notes.
pub fn undo(model: &mut Model) -> Vec<Command> {
    match model.undo.pop() {
        Some(change) => {
            let (now, commands) = take_back(model, change, Entry::undo);
            model.redo.push(now);
            commands
        }
        None => said(model, "nothing to undo"),
    }
}

pub fn redo(model: &mut Model) -> Vec<Command> {
    match model.redo.pop() {
        Some(change) => {
            let (now, commands) = take_back(model, change, Entry::redo);
            model.undo.push(now);
            commands
        }
        None => said(model, "nothing to do again"),
    }
}

/// Makes a change, and returns the one that takes it back.
fn take_back(model: &mut Model, change: Change, note: fn(u64) -> Entry) -> (Change, Vec<Command>) {
    match change {
        Change::Filter(filter) => {
            let now = std::mem::replace(&mut model.filter, filter);
            let words = model.filter.to_string();
            trail(model, Deed::Filter, &words);
            (Change::Filter(now), super::update::refresh(model))
        }
        Change::Narrowed(tab, keep) => {
            let (now, commands) = narrow::take_back(model, tab, keep);
            (Change::Narrowed(tab, now), commands)
        }
        Change::Choice(choice) => {
            let now = std::mem::replace(&mut model.choice, choice);
            let words = model.choice.to_string();
            trail(model, Deed::Choice, &words);
            (Change::Choice(now), vec![Command::Study { choice: model.choice.clone() }])
        }
        Change::Note(line) => {
            (Change::Note(line), vec![Command::Note { entries: vec![note(line)], why: Why::Again }])
        }
    }
}

/// Has what was done written into the log, with the next commands.
pub fn trail(model: &mut Model, deed: Deed, words: &str) {
    model.trail.push(Entry::done(deed, words));
}

pub fn said(model: &mut Model, words: &str) -> Vec<Command> {
    model.notice = Some(Notice::Said(words.to_owned()));
    Vec::new()
}

/// Whether there are notes on something.
pub fn is_noted(model: &Model, subject: &Subject) -> bool {
    model.notebook.about(subject).is_some()
}

/// The console's own keys come before all others while a query is typed.
pub fn is_typing(model: &Model) -> bool {
    matches!(model.screen(), Screen::Console(state) if state.focus == console::Focus::Query)
}

/// Where a row of the list is shown.
pub fn place_of(model: &mut Model, row: usize) -> usize {
    model.screens.last_mut().and_then(arranged).map_or(row, |(arranged, _)| arranged.place(row))
}
