//! Notes: what was marked, tagged and commented; saved views; and the log of all that was done, chained by hashes.
//!
//! ```text
//!   Notes │ Log │ Views     14 lines, the chain holds, head 5f3c…9a01
//!   about      id            tags      comments
//! ▌ ★ inference  req-000003db  late      claims 2.4.0, was served by 2.4.1
//! ```

use super::requests;
use crate::journal::print_of;
use crate::model::Nanos;
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::lists::{row_under_cursor, said};
use crate::ui::model::{Command, Model, Screen, Why};
use crate::ui::ordering;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::way::push;
use crate::ui::widgets::aside::Aside;
use crate::ui::widgets::rows::{self, Rows};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{Arranged, Column};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::lines::{Lines, Value};
use crate::work::notebook::{Deed, Entry, Line as LogLine, Notebook, Notes, Subject};
use ratatui::text::{Line, Span};
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct State {
    pub tab: Tab,
    pub scroll: Scroll,
    pub arranged: Arranged,
    /// The lists of the other tabs.
    pub aside: Aside,
}

/// The number of this screen.
pub const TAB: u8 = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Notes,
    Log,
    Views,
}

pub const TABS: [(Tab, &str); 3] = [(Tab::Notes, "Notes"), (Tab::Log, "Log"), (Tab::Views, "Views")];

/// The titles of the tabs, for whoever clicks on them.
pub fn tabs() -> Vec<&'static str> {
    TABS.iter().map(|(_, title)| *title).collect()
}

impl State {
    /// The place of the tab that is shown.
    pub fn place(&self) -> usize {
        TABS.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0)
    }
}

pub struct Note {
    pub subject: Subject,
    pub notes: Notes,
}

pub const NOTES: [Column<Note>; 4] = [
    Column::<Note>::left("about", 12, about).need(1),
    Column::<Note>::left("id", 18, |n, t| Line::from(spans(&n.subject.id, t.accent(), t))).grow(2),
    Column::<Note>::left("tags", 12, tags).grow(1),
    Column::<Note>::left("comments", 18, comments).grow(3),
];

fn about(note: &Note, theme: &Theme) -> Line<'static> {
    let glyph = if note.notes.marked { theme.glyphs.note } else { " " };
    let mut line = vec![Span::styled(format!("{glyph} "), theme.accent())];
    line.extend(spans(&note.subject.kind, theme.plain(), theme));
    Line::from(line)
}

fn tags(note: &Note, theme: &Theme) -> Line<'static> {
    let tags: Vec<&str> = note.notes.tags.iter().map(String::as_str).collect();
    Line::from(spans(&tags.join(" "), theme.warn(), theme))
}

fn comments(note: &Note, theme: &Theme) -> Line<'static> {
    let comments: Vec<&str> = note.notes.comments.iter().map(|(_, text)| text.as_str()).collect();
    Line::from(spans(&comments.join(" / "), theme.plain(), theme))
}

pub const LOG: [Column<LogLine>; 6] = [
    Column::<LogLine>::right("n", 5, |l, t| Line::styled(l.n.to_string(), t.quiet()))
        .need(3)
        .value(|l| Value::whole(l.n)),
    Column::<LogLine>::left("at", 20, |l, t| {
        Line::from(spans(l.at.get(..19).unwrap_or(&l.at), t.quiet(), t))
    })
    .need(1)
    .value(|l| Nanos::parse(&l.at).map_or_else(|_| Value::text(&l.at), Value::Moment)),
    Column::<LogLine>::left("by", 8, |l, t| Line::from(spans(&l.by, t.plain(), t))).need(2),
    Column::<LogLine>::left("deed", 9, |l, t| Line::styled(l.deed.name(), t.strong())),
    Column::<LogLine>::left("about", 14, |l, t| Line::from(spans(&about_line(l), t.accent(), t))).grow(1),
    Column::<LogLine>::left("text", 14, |l, t| Line::from(spans(&l.text, t.plain(), t))).grow(2),
];

fn about_line(line: &LogLine) -> String {
    match line.of {
        Some(of) => format!("line {of}"),
        None => format!("{} {}", line.kind, line.id).trim().to_owned(),
    }
}

pub type View = (String, String);

pub const VIEWS: [Column<View>; 2] = [
    Column::<View>::left("name", 16, |v, t| Line::from(spans(&v.0, t.strong(), t))).grow(1),
    Column::<View>::left("filter", 20, |v, t| Line::from(spans(&v.1, t.accent(), t))).grow(3),
];

fn tab(model: &Model) -> Tab {
    match model.screen() {
        Screen::Notes(state) => state.tab,
        _ => Tab::default(),
    }
}

/// Lines of a tab, before they are narrowed.
pub fn all(book: &Notebook, tab: Tab) -> usize {
    match tab {
        Tab::Notes => book.notes().count(),
        Tab::Log => book.lines.len(),
        Tab::Views => book.views.len(),
    }
}

pub fn note_at(book: &Notebook, row: usize) -> Option<Note> {
    let (subject, notes) = book.notes().nth(row)?;
    Some(Note { subject: subject.clone(), notes: notes.clone() })
}

pub fn view_at(book: &Notebook, row: usize) -> Option<View> {
    book.views.iter().nth(row).map(|(name, filter)| (name.clone(), filter.clone()))
}

pub fn titles(tab: Tab) -> Vec<String> {
    match tab {
        Tab::Notes => rows::titles(&NOTES),
        Tab::Log => rows::titles(&LOG),
        Tab::Views => rows::titles(&VIEWS),
    }
}

/// The lines of the tab for workers.
pub fn lines(model: &Model, state: &State) -> Arc<dyn Lines> {
    let book = Arc::clone(&model.notebook);
    let (len, unread) = (all(&book, state.tab), None);
    match state.tab {
        Tab::Notes => Arc::new(Rows {
            columns: &NOTES,
            len,
            row: move |row| note_at(&book, row),
            identity: |note: &Note| print_of(&format!("{} {}", note.subject.kind, note.subject.id)),
            unread,
        }),
        Tab::Log => {
            let row = move |row: usize| book.lines.get(row).cloned();
            Arc::new(Rows { columns: &LOG, len, row, identity: |line| line.n, unread })
        }
        Tab::Views => {
            let row = move |row| view_at(&book, row);
            Arc::new(Rows { columns: &VIEWS, len, row, identity: |view| print_of(&view.0), unread })
        }
    }
}

/// What the line under the cursor is about.
pub fn subject(model: &Model, state: &State) -> Option<Subject> {
    let row = row_under_cursor(model)?;
    let subject = match state.tab {
        Tab::Notes => note_at(&model.notebook, row)?.subject,
        Tab::Log => {
            let line = model.notebook.lines.get(row)?;
            Subject::new(&line.kind, &line.id)
        }
        Tab::Views => return None,
    };
    (subject != Subject::default()).then_some(subject)
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let (height, all) = (body_height(model).saturating_sub(3), all(&model.notebook, tab(model)));
    if let Some(Screen::Notes(state)) = model.screens.last_mut() {
        state.scroll.step(step, state.arranged.len(all), height);
    }
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, TABS.len() - 1),
        Action::Remove => remove(model),
        Action::Open => open(model),
        _ => Vec::new(),
    }
}

fn turn(model: &mut Model, by: usize) -> Vec<Command> {
    if let Some(Screen::Notes(state)) = model.screens.last_mut() {
        let (from, to) = (state.place(), (state.place() + by) % TABS.len());
        let shown = (std::mem::take(&mut state.arranged), state.scroll);
        // The log is read from its end.
        let first = || {
            (
                Arranged::default(),
                Scroll { cursor: if TABS[to].0 == Tab::Log { usize::MAX } else { 0 }, top: 0 },
            )
        };
        (state.arranged, state.scroll) = state.aside.turn((from, to), shown, first);
        state.tab = TABS[to].0;
    }
    let mut commands = ordering::renew(model);
    commands.extend(step(model, Step::By(0)));
    commands
}

/// Takes away all notes on a subject, or a saved view, by further lines of the log.
fn remove(model: &mut Model) -> Vec<Command> {
    let Some(row) = row_under_cursor(model) else {
        return Vec::new();
    };
    let entries: Vec<Entry> = match tab(model) {
        Tab::Notes => note_at(&model.notebook, row).map(|note| removal(&note)).unwrap_or_default(),
        Tab::Views => {
            let view = view_at(&model.notebook, row);
            view.map(|(name, _)| Entry::new(Deed::View, Subject::new("view", &name), ""))
                .into_iter()
                .collect()
        }
        Tab::Log => return said(model, "the log is only ever added to"),
    };
    match entries.is_empty() {
        true => Vec::new(),
        false => vec![Command::Note { entries, why: Why::Again }],
    }
}

fn removal(note: &Note) -> Vec<Entry> {
    let entry = |deed, text: &str| Entry::new(deed, note.subject.clone(), text);
    let mark = note.notes.marked.then(|| entry(Deed::Unmark, ""));
    let tags = note.notes.tags.iter().map(|tag| entry(Deed::Untag, tag));
    let comments = note.notes.comments.iter().map(|(line, _)| Entry::undo(*line));
    mark.into_iter().chain(tags).chain(comments).collect()
}

fn open(model: &mut Model) -> Vec<Command> {
    if tab(model) == Tab::Views {
        let filter = row_under_cursor(model).and_then(|row| view_at(&model.notebook, row));
        return filter.map_or_else(Vec::new, |(name, _)| open_view(model, &name));
    }
    let subject = match model.screen() {
        Screen::Notes(state) => subject(model, state),
        _ => None,
    };
    subject.map_or_else(Vec::new, |subject| open_subject(model, &subject))
}

/// Shows the requests of a saved view.
pub fn open_view(model: &mut Model, name: &str) -> Vec<Command> {
    let Some(text) = model.notebook.views.get(name) else {
        return said(model, "there is no view of this name");
    };
    match Filter::parse(text, model.day()) {
        Ok(filter) => {
            requests::remember(model, filter);
            push(model, Screen::Requests(requests::State::default()))
        }
        Err(error) => said(model, &format!("this view is no filter any more: {error}")),
    }
}

/// What a note is about, opened.
pub fn open_subject(model: &mut Model, subject: &Subject) -> Vec<Command> {
    let field = match subject.kind.as_str() {
        "node" => Field::Node,
        "agent" => Field::Agent,
        "version" => Field::Version,
        "finding" => return super::findings::open_rule(model, &subject.id),
        "case" => return crate::ui::way::show_tab(model, 1),
        "view" => return open_view(model, &subject.id),
        _ => return vec![Command::Resolve { id: subject.id.clone() }],
    };
    requests::remember(model, Filter::default().and(Clause::is(field, &subject.id)));
    push(model, Screen::Requests(requests::State::default()))
}
