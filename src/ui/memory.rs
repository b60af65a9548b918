//! What is remembered of a session when it ends, and how it is taken up again.

use super::lists::said;
use super::model::{Change, Command, Model, Notice, Screen};
use super::screens::requests;
use super::update::show_tab;
use crate::model::{Nanos, Row};
use crate::work::filter::{Clause, Filter};
use crate::work::session::Session;
use crate::work::study::Choice;

/// What to remember; nothing where no case is open.
pub fn session_of(model: &Model) -> Option<Session> {
    let study = model.study.as_deref().filter(|study| study.snapshot.is_sealed())?;
    let path = study.snapshot.path();
    let row = model.screens.iter().rev().find_map(|screen| match screen {
        Screen::Requests(state) => state.row(state.scroll.cursor),
        _ => None,
    });
    let filters = model.filter.clauses.iter();
    let version = model.choice.version.clone();
    Some(Session {
        case: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        screen: model.screens.iter().rev().find_map(Screen::tab).unwrap_or(1),
        row: row.map(|row| row.0),
        filters: filters.map(|clause| (clause.to_string(), clause.paused)).collect(),
        model: version.as_ref().map(|(model, _)| model.clone()),
        version: version.map(|(_, version)| version),
        from: model.choice.from.map(Nanos::rfc3339),
        to: model.choice.to.map(Nanos::rfc3339),
        queries: model.queries.clone(),
        head: Some(model.notebook.head.to_string()),
    })
}

/// Takes up a session, unless something was done already.
pub fn take_up(model: &mut Model, session: &Session) -> Vec<Command> {
    if let Some(head) = session.head().filter(|head| !model.notebook.went_through(*head)) {
        let words =
            format!("the log no longer holds the line {head} that you saw last: it was cut or written anew");
        model.notice = Some(Notice::Failed(words));
    }
    model.queries.clone_from(&session.queries);
    let untouched =
        matches!(model.screens.as_slice(), [Screen::Overview(_)]) && model.filter.clauses.is_empty();
    if !untouched || model.overlay.is_some() {
        return Vec::new();
    }
    let mut commands = Vec::new();
    let (from, to) = session.edges();
    let version = session.model.clone().zip(session.version.clone());
    let choice = Choice { version, from, to, ..model.choice.clone() };
    if choice != model.choice {
        let before = std::mem::replace(&mut model.choice, choice.clone());
        model.undo.push(Change::Choice(before));
        commands.push(Command::Study { choice });
    }
    let clauses: Vec<Clause> = session.filters.iter().flat_map(|clause| clause_of(model, clause)).collect();
    if !clauses.is_empty() {
        model.undo.push(Change::Filter(std::mem::replace(&mut model.filter, Filter { clauses })));
    }
    if session.screen != 1 {
        commands.extend(show_tab(model, session.screen));
    }
    let exists = |row: &Row| {
        let chunks = model.study.as_deref().map_or(&[][..], |study| study.snapshot.chunks());
        chunks.get(row.chunk()).is_some_and(|chunk| row.place() < chunk.rows as usize)
    };
    let row = session.row().filter(exists);
    if let (Some(Screen::Requests(state)), Some(row)) = (model.screens.last_mut(), row) {
        state.wanted = Some(row);
        commands.extend(requests::select(model));
    }
    if model.notice.is_none() && (session.screen != 1 || !model.undo.is_empty()) {
        said(model, "taken up where you left it; u takes filters and window back");
    }
    commands
}

fn clause_of(model: &Model, (text, paused): &(String, bool)) -> Vec<Clause> {
    let filter = Filter::parse(text, model.day()).unwrap_or_default();
    filter.clauses.into_iter().map(|clause| Clause { paused: *paused, ..clause }).collect()
}
