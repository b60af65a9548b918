//! What is the same for every list: what its cursor is about, its rows for workers, its order; so sorting, narrowing,
//! counting, searching, comparing, marking and export work on a screen as soon as it has its rows here.

use super::model::{Command, Model, Notice, Screen, Why};
use super::reading::{VERSIONS, is_attributed, is_partial};
use super::screens::{agents, compare, console, findings, notes, proofs, requests, settlements, stack};
use super::way::push;
use super::widgets::scroll::Scroll;
use super::widgets::table::Arranged;
use crate::model::Kind;
use crate::work::lines::Lines;
use crate::work::notebook::{Deed, Entry, Subject};
use crate::work::sheet::Sheet;
use std::sync::Arc;

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
        Screen::Notes(state) => notes::subject(model, state),
        Screen::Stack(state) => state.subject(),
    }
}

/// The rows of a screen's list for workers, in the order they came in; nothing where there is none, or not yet. Requests
/// are no such list: the store orders them.
pub fn lines(model: &Model, screen: &Screen) -> Option<Arc<dyn Lines>> {
    match screen {
        Screen::Agents(_) => agents::lines(model),
        Screen::Findings(_) => findings::lines(model),
        Screen::Proofs(state) => proofs::lines(model, state),
        Screen::Settlements(state) => settlements::lines(model, state),
        Screen::Notes(state) => Some(notes::lines(model, state)),
        Screen::Stack(state) => state.lines(),
        Screen::Console(state) => state.lines(),
        Screen::Compare(state) => state.lines(),
        Screen::Start(_)
        | Screen::Overview(_)
        | Screen::Timeline(_)
        | Screen::Requests(_)
        | Screen::Request(_) => None,
    }
}

/// The row under the cursor as texts. What would have to be read for it is what the screen shows.
pub fn line(model: &Model) -> Option<Sheet> {
    let (row, lines) = (row_under_cursor(model)?, lines(model, model.screen())?);
    if row >= lines.rows() {
        return None;
    }
    let titles = lines.titles();
    let at_hand = match model.screen() {
        Screen::Settlements(state) => state.id_under_cursor(model),
        Screen::Proofs(state) => state.under_cursor(),
        _ => None,
    };
    let cell = |column| match lines.unread() {
        Some(unread) if unread == column => at_hand.unwrap_or_default().to_owned(),
        _ => lines.text(row, column),
    };
    Some(Sheet { rows: vec![(0..titles.len()).map(cell).collect()], titles })
}

/// The order of a list and its cursor.
pub fn arranged(screen: &mut Screen) -> Option<(&mut Arranged, &mut Scroll)> {
    match screen {
        Screen::Agents(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Findings(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Notes(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Proofs(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Settlements(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Stack(state) => Some((&mut state.arranged, &mut state.scroll)),
        Screen::Console(state) => Some((&mut state.arranged, &mut state.scroll)),
        _ => None,
    }
}

/// The same, to be looked at.
pub fn cursor_of(screen: &Screen) -> Option<(&Arranged, &Scroll)> {
    match screen {
        Screen::Agents(state) => Some((&state.arranged, &state.scroll)),
        Screen::Findings(state) => Some((&state.arranged, &state.scroll)),
        Screen::Notes(state) => Some((&state.arranged, &state.scroll)),
        Screen::Proofs(state) => Some((&state.arranged, &state.scroll)),
        Screen::Settlements(state) => Some((&state.arranged, &state.scroll)),
        Screen::Stack(state) => Some((&state.arranged, &state.scroll)),
        Screen::Console(state) => Some((&state.arranged, &state.scroll)),
        _ => None,
    }
}

pub fn cursor(model: &Model) -> Option<(&Arranged, &Scroll)> {
    cursor_of(model.screen())
}

pub fn arrangement(model: &Model) -> Option<&Arranged> {
    cursor(model).map(|(arranged, _)| arranged)
}

/// Titles of the columns, where they are known before the rows are.
pub fn titles(screen: &Screen) -> Vec<String> {
    match screen {
        Screen::Agents(_) => agents::titles(),
        Screen::Findings(_) => findings::titles(),
        Screen::Proofs(_) => proofs::titles(),
        Screen::Settlements(state) => settlements::titles(state.tab),
        Screen::Notes(state) => notes::titles(state.tab),
        Screen::Stack(state) => state.lines().map_or_else(Vec::new, |lines| lines.titles()),
        Screen::Console(state) => state.lines().map_or_else(Vec::new, |lines| lines.titles()),
        Screen::Compare(state) => state.lines().map_or_else(Vec::new, |lines| lines.titles()),
        _ => Vec::new(),
    }
}

/// How many rows a list has before it is narrowed.
pub fn length(model: &Model) -> Option<usize> {
    match model.screen() {
        Screen::Compare(_) => None,
        screen => lines(model, screen).map(|lines| lines.rows()),
    }
}

/// Whether sideways movement goes from column to column here.
pub fn has_columns(model: &Model) -> bool {
    matches!(model.screen(), Screen::Requests(_)) || cursor(model).is_some()
}

/// Moves to another column.
pub fn turn(model: &mut Model, by: isize) -> Vec<Command> {
    if matches!(model.screen(), Screen::Requests(_)) {
        return requests::turn(model, by);
    }
    let columns = titles(model.screen()).len();
    if let Some((arranged, _)) = model.screens.last_mut().and_then(arranged) {
        arranged.turn(by, columns);
    }
    Vec::new()
}

/// Counts what is shown by the values of the column.
pub fn count(model: &mut Model) -> Vec<Command> {
    model.questions += 1;
    let question = model.questions;
    if let Screen::Requests(state) = model.screen() {
        let (Some(selection), field) = (&state.selection, state.field()) else {
            return Vec::new();
        };
        if is_partial(model) && is_attributed(field) {
            return said(model, VERSIONS);
        }
        let rows = selection.rows.clone();
        let stack = stack::State::new(question, field.name().to_owned(), rows.len() as u64);
        push(model, Screen::Stack(Box::new(stack)));
        return vec![Command::Count { question, rows, field }];
    }
    let (Some(lines), Some(arranged)) = (lines(model, model.screen()), arrangement(model)) else {
        return said(model, "there is no table to count here");
    };
    let titles = lines.titles();
    let Some(title) = titles.get(arranged.column).or(titles.first()).cloned() else {
        return said(model, "there is no table to count here");
    };
    let (column, order) = (arranged.column.min(titles.len() - 1), arranged.order());
    let total = arranged.len(lines.rows()) as u64;
    push(model, Screen::Stack(Box::new(stack::State::new(question, title, total))));
    vec![Command::CountRows { question, lines, order, column }]
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
        Screen::Agents(_) => {
            let (number, name) = agents::chosen(model)?;
            Some(compare::Side::Agent(number, name))
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

/// Where a row of the list is shown.
pub fn place_of(model: &Model, row: usize) -> usize {
    arrangement(model).map_or(row, |arranged| arranged.place(row))
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
