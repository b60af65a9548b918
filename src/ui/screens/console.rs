//! The SQL console: a query, and what it came to in the one table. Read-only; Esc interrupts what runs long.
//!
//! ```text
//!  sql> select node, count(*) from requests group by 1
//!  5 rows
//!   node      count(*)
//! ▌ gw-eu-1      1,872
//! ```

use crate::store::views::{Cell, Views, plain};
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::keys::Key;
use crate::ui::lists::said;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::text::spans;
use crate::ui::undo::trail;
use crate::ui::way::{back, push};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Align, Arranged, Head, Shape};
use crate::work::WorkError;
use crate::work::findings::counted;
use crate::work::lines::{Lines, Value};
use crate::work::notebook::Deed;
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

#[derive(Debug, Default)]
pub struct State {
    pub focus: Focus,
    field: Field,
    pub answer: Option<Arc<Answer>>,
    /// The query that is running.
    running: Option<String>,
    mistake: Option<String>,
    /// Which of the queries asked before is shown; none while a new one is typed.
    recalled: Option<usize>,
    pub scroll: Scroll,
    pub arranged: Arranged,
}

/// What a query brought.
#[derive(Debug, Default)]
pub struct Answer {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

impl Lines for Arc<Answer> {
    fn titles(&self) -> Vec<String> {
        self.titles.clone()
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn text(&self, row: usize, column: usize) -> String {
        self.rows.get(row).and_then(|row| row.get(column)).map_or_else(String::new, plain)
    }

    fn value(&self, row: usize, column: usize) -> Value {
        match self.rows.get(row).and_then(|row| row.get(column)) {
            None | Some(Cell::Null) => Value::Nothing,
            Some(Cell::Integer(number)) => Value::whole(*number),
            Some(Cell::Real(number)) => Value::Real(*number),
            Some(Cell::Text(text)) => Value::told(text),
            Some(Cell::Blob(bytes)) => Value::Text(hex::encode(bytes)),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Query,
    Rows,
}

/// Rows a query may bring to the screen; the screen says so when there were more.
pub const MOST: usize = 100_000;
/// Queries remembered.
const REMEMBERED: usize = 200;
/// A column is as wide as its widest cell among these many rows, within reason.
const MEASURED: usize = 200;
const WIDEST: usize = 40;

const WORDS: [&str; 24] = [
    "select", "from", "where", "group by", "order by", "limit", "count(*)", "distinct", "sum(", "avg(",
    "min(", "max(", "and", "or", "not", "in", "like", "between", "is null", "join", "on", "as", "desc",
    "having",
];

impl State {
    pub fn lines(&self) -> Option<Arc<dyn Lines>> {
        let answer = Arc::clone(self.answer.as_ref()?);
        Some(Arc::new(answer))
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Console(state)) => Some(f(state)),
        _ => None,
    }
}

/// Opens the console, or goes back to typing in it. One that was left is taken up where it was.
pub fn open(model: &mut Model) -> Vec<Command> {
    if with(model, |state| state.focus = Focus::Query).is_some() {
        return Vec::new();
    }
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    let known = model.screens.iter().position(|screen| matches!(screen, Screen::Console(_)));
    let screen = known.map_or_else(|| Screen::Console(Box::default()), |known| model.screens.remove(known));
    let commands = push(model, screen);
    with(model, |state| state.focus = Focus::Query);
    commands
}

/// Keys while a query is typed.
pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    let control = key.modifiers == KeyModifiers::CONTROL;
    match key.code {
        KeyCode::Enter => run(model),
        KeyCode::Esc => escape(model),
        KeyCode::Up => recall(model, -1),
        KeyCode::Down => recall(model, 1),
        KeyCode::Char('p') if control => recall(model, -1),
        KeyCode::Char('n') if control => recall(model, 1),
        KeyCode::Tab => {
            with(model, complete);
            Vec::new()
        }
        _ => {
            with(model, |state| {
                if state.field.press(key) {
                    state.recalled = None;
                }
            });
            Vec::new()
        }
    }
}

fn run(model: &mut Model) -> Vec<Command> {
    let sql = with(model, |state| state.field.text().trim().to_owned()).unwrap_or_default();
    if sql.is_empty() {
        return Vec::new();
    }
    model.queries.retain(|known| *known != sql);
    model.queries.push(sql.clone());
    let spare = model.queries.len().saturating_sub(REMEMBERED);
    model.queries.drain(..spare);
    trail(model, Deed::Query, &sql);
    with(model, |state| {
        state.running = Some(sql.clone());
        state.recalled = None;
    });
    vec![Command::Query { sql }]
}

/// What runs is interrupted first, then the rows get the keys, then the console is left.
pub fn escape(model: &mut Model) -> Vec<Command> {
    if with(model, |state| state.running.is_some()) == Some(true) {
        return vec![Command::StopQuery];
    }
    let to_rows = with(model, |state| {
        let to_rows = state.focus == Focus::Query && state.answer.is_some();
        state.focus = if to_rows { Focus::Rows } else { state.focus };
        to_rows
    });
    if to_rows == Some(true) { Vec::new() } else { back(model) }
}

fn recall(model: &mut Model, by: isize) -> Vec<Command> {
    let queries = model.queries.clone();
    with(model, |state| {
        let now = state.recalled.unwrap_or(queries.len());
        let next = now.saturating_add_signed(by).min(queries.len());
        state.recalled = (next < queries.len()).then_some(next);
        state.field = Field::with(queries.get(next).map_or("", String::as_str));
    });
    Vec::new()
}

/// Names that the word before the cursor may become: columns of the views named so far, views, then words of SQL.
fn candidates(text: &str) -> (String, Vec<String>) {
    let start = text
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let word = text[start..].to_lowercase();
    if word.is_empty() {
        return (word, Vec::new());
    }
    let views = Views::catalogue();
    let named = |view: &&(String, Vec<String>)| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == view.0)
    };
    let any = views.iter().any(|view| named(&view));
    let columns = views.iter().filter(|view| !any || named(view)).flat_map(|(_, columns)| columns.iter());
    let names = views.iter().map(|(name, _)| name);
    let words = WORDS.iter().map(|word| (*word).to_owned());
    let mut found: Vec<String> = Vec::new();
    let all = names.cloned().chain(words).chain(columns.cloned());
    for name in all.filter(|name| name.starts_with(&word) && *name != word) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    (word, found)
}

/// Completes as far as all candidates agree; a second press takes the first of them.
fn complete(state: &mut State) {
    let text = state.field.text().to_owned();
    let (word, found) = candidates(&text);
    let Some(first) = found.first() else {
        return;
    };
    let shared = found.iter().fold(first.as_str(), |shared, name| {
        let same = shared.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        &shared[..same]
    });
    let taken = if shared.len() > word.len() { shared } else { first };
    let whole = format!("{}{taken}", &text[..text.len() - word.len()]);
    state.field = Field::with(&whole);
}

pub fn answered(model: &mut Model, sql: &str, answer: Result<Arc<Answer>, WorkError>) -> Vec<Command> {
    with(model, |state| {
        if state.running.as_deref() != Some(sql) {
            return;
        }
        state.running = None;
        match answer {
            Ok(answer) => {
                state.focus = if answer.rows.is_empty() { Focus::Query } else { Focus::Rows };
                state.answer = Some(answer);
                state.mistake = None;
                state.scroll = Scroll::default();
                state.arranged = Arranged::default();
            }
            Err(WorkError::Cancelled) => state.mistake = Some("interrupted".to_owned()),
            Err(error) => state.mistake = Some(error.to_string()),
        }
    });
    Vec::new()
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(4);
    with(model, |state| {
        let all = state.answer.as_ref().map_or(0, |answer| answer.rows.len());
        state.scroll.step(step, state.arranged.len(all), height);
    });
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::Open => open_row(model),
        Action::NextPane | Action::PreviousPane => {
            with(model, |state| state.focus = Focus::Query);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The record whose id stands in the row: in a column `id`, or else in the one the cursor is on.
fn open_row(model: &mut Model) -> Vec<Command> {
    let id = with(model, |state| {
        let answer = state.answer.as_ref()?;
        let row = answer.rows.get(state.arranged.row(state.scroll.cursor))?;
        let column = answer.titles.iter().position(|title| title == "id").unwrap_or(state.arranged.column);
        row.get(column).map(plain)
    });
    id.flatten().map_or_else(Vec::new, |id| vec![Command::Resolve { id }])
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let typing = state.focus == Focus::Query && model.overlay.is_none();
    let line = Rect { x: area.x + 1, height: 1, width: area.width.saturating_sub(2), ..area };
    let label = if typing { theme.accent() } else { theme.quiet() };
    state.field.draw(frame, line, "sql> ", label);
    let say = |frame: &mut Frame<'_>, y: u16, line: Line<'static>| {
        let line = crate::ui::text::fit(line, usize::from(area.width.saturating_sub(3)), theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + y, &line, area.width.saturating_sub(3));
    };
    say(frame, 1, status(model, state, typing));
    let Some(answer) = &state.answer else {
        let views = Views::catalogue();
        for (n, (name, columns)) in views.iter().enumerate().take(usize::from(area.height.saturating_sub(4)))
        {
            let name = Span::styled(format!("{name:<14}"), theme.accent());
            say(frame, 3 + n as u16, Line::from(vec![name, Span::styled(columns.join(" "), theme.quiet())]));
        }
        return;
    };
    let list = Rect { y: area.y + 3, height: area.height.saturating_sub(3), ..area };
    let heads = heads(answer, state.arranged.column);
    let shape = Shape::new(&state.scroll, state.arranged.len(answer.rows.len()), &state.arranged);
    table::draw_cells(frame, list, &heads, shape, theme, |place, columns| {
        let row = answer.rows.get(state.arranged.row(place))?;
        let text = |column: &usize| row.get(*column).map_or_else(String::new, plain);
        Some(columns.iter().map(|column| Line::from(spans(&text(column), theme.plain(), theme))).collect())
    });
}

fn status(model: &Model, state: &State, typing: bool) -> Line<'static> {
    let theme = &model.theme;
    if state.running.is_some() {
        return Line::styled("running; esc interrupts", theme.warn());
    }
    if let Some(mistake) = &state.mistake {
        return Line::from(spans(mistake, theme.bad(), theme));
    }
    let (word, found) = candidates(state.field.text());
    if typing && !word.is_empty() && !found.is_empty() {
        return Line::styled(format!("tab: {}", found.join("  ")), theme.quiet());
    }
    match &state.answer {
        Some(answer) if answer.rows.len() == MOST => {
            let words = format!(
                "the first {}; there may be more: limit and offset go on",
                counted(MOST as u64, "row")
            );
            Line::styled(words, theme.warn())
        }
        Some(answer) => {
            let words = format!("{}; W writes them to a file", counted(answer.rows.len() as u64, "row"));
            Line::styled(words, theme.quiet())
        }
        None => Line::styled("enter runs, tab completes, up recalls; read-only views:", theme.quiet()),
    }
}

/// Columns as wide as what stands in them; the chosen one is the last to go on a narrow screen.
fn heads(answer: &Answer, chosen: usize) -> Vec<Head> {
    let head = |(n, title): (usize, &String)| {
        let cells = answer.rows.iter().take(MEASURED).filter_map(|row| row.get(n));
        let widest = cells.clone().map(|cell| plain(cell).width()).max().unwrap_or(0).max(title.width() + 1);
        let is_number = |cell: &Cell| match cell {
            Cell::Null | Cell::Integer(_) | Cell::Real(_) => true,
            Cell::Text(text) => text.is_empty() || text.parse::<f64>().is_ok(),
            Cell::Blob(_) => false,
        };
        let align = if cells.clone().all(is_number) { Align::Right } else { Align::Left };
        Head {
            title: title.clone(),
            width: widest.min(WIDEST) as u16,
            grow: u16::from(widest > WIDEST),
            need: n.abs_diff(chosen).min(255) as u8,
            align,
        }
    };
    answer.titles.iter().enumerate().map(head).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_complete_as_far_as_they_agree() {
        let completed = |text: &str| {
            let mut state = State { field: Field::with(text), ..State::default() };
            complete(&mut state);
            state.field.text().to_owned()
        };
        assert_eq!(completed("select * from req"), "select * from requests");
        assert_eq!(completed("sel"), "select");
        assert_eq!(
            completed("select effe from requests where effe"),
            "select effe from requests where effective"
        );
        assert_eq!(completed("select 'é"), "select 'é");
    }
}
