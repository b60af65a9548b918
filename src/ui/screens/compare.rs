//! Two things side by side, differences marked: two requests, two agents, two windows of time, two rows of any list.
//!
//! ```text
//!   what                A  req-000003db            B  req-000003dc
//!   claimed             2.4.0                      2.4.0
//! ▌ served by        ≠  2.4.1                      2.4.0
//! ```

use crate::analysis::Number;
use crate::model::{Nanos, Row};
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::fail;
use crate::ui::way::push;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Align, Arranged, Head, Shape};
use crate::work::WorkError;
use crate::work::findings::counted;
use crate::work::lines::{Lines, Value};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One of two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Record(Row, String),
    Window(Nanos, Nanos),
    Agent(Number, String),
    /// A row of a list, as texts.
    Cells {
        titles: Vec<String>,
        cells: Vec<String>,
    },
}

/// What a worker compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sides {
    Records(Row, Row),
    Windows((Nanos, Nanos), (Nanos, Nanos)),
    Agents(Number, Number),
}

/// One property of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub name: String,
    /// Nothing where that side has no such property.
    pub a: Option<String>,
    pub b: Option<String>,
}

impl Pair {
    pub fn differs(&self) -> bool {
        self.a != self.b
    }
}

#[derive(Debug)]
pub struct State {
    pub a: Side,
    pub b: Side,
    pairs: Option<Arc<[Pair]>>,
    only: Only,
    pub scroll: Scroll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    All,
    Differences,
}

impl Side {
    /// Recorded text among it.
    pub fn name(&self) -> String {
        match self {
            Self::Record(_, name) | Self::Agent(_, name) => name.clone(),
            Self::Window(from, to) => format!("{} to {}", from.rfc3339(), to.rfc3339()),
            Self::Cells { titles, cells } => {
                let named = titles.iter().zip(cells).find(|(title, _)| *title == "id").map(|(_, cell)| cell);
                let cell = named.or_else(|| cells.iter().find(|cell| !cell.trim().is_empty()));
                cell.cloned().unwrap_or_default()
            }
        }
    }
}

/// Opens the comparison of two sides of one kind.
pub fn open(model: &mut Model, a: Side, b: Side) -> Vec<Command> {
    let command = match (&a, &b) {
        (Side::Record(a, _), Side::Record(b, _)) => Some(Sides::Records(*a, *b)),
        (Side::Window(from, to), Side::Window(other, end)) => {
            Some(Sides::Windows((*from, *to), (*other, *end)))
        }
        (Side::Agent(a, _), Side::Agent(b, _)) => Some(Sides::Agents(*a, *b)),
        (Side::Cells { titles, .. }, Side::Cells { titles: other, .. }) if titles == other => None,
        _ => {
            let words = "x remembered something of another kind; press x on something here first";
            return crate::ui::lists::said(model, words);
        }
    };
    let pairs = match (&a, &b) {
        (Side::Cells { titles, cells }, Side::Cells { titles: other, cells: others }) => {
            let named = |titles: &[String], cells: &[String]| {
                titles.iter().cloned().zip(cells.iter().cloned()).collect::<Vec<_>>()
            };
            Some(pairs(named(titles, cells), named(other, others)))
        }
        _ => None,
    };
    let state = State { a, b, pairs: pairs.map(Arc::from), only: Only::All, scroll: Scroll::default() };
    let mut commands = push(model, Screen::Compare(Box::new(state)));
    commands.extend(command.map(Command::Compare));
    commands
}

/// Properties of both sides by name, in the order of the first; the second's own follow. A name that occurs twice is
/// compared occurrence by occurrence.
pub fn pairs(a: Vec<(String, String)>, b: Vec<(String, String)>) -> Vec<Pair> {
    let number = |side: Vec<(String, String)>| {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let named = side.into_iter().map(move |(name, value)| {
            let n = seen.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1);
            (if *n == 1 { name } else { format!("{name} #{n}") }, value)
        });
        named.collect::<Vec<_>>()
    };
    let (a, b) = (number(a), number(b));
    let known: HashSet<String> = a.iter().map(|(name, _)| name.clone()).collect();
    let mut others: HashMap<String, String> = b.iter().cloned().collect();
    let mut found: Vec<Pair> =
        a.into_iter().map(|(name, a)| Pair { b: others.remove(&name), name, a: Some(a) }).collect();
    let rest = b.into_iter().filter(|(name, _)| !known.contains(name));
    found.extend(rest.map(|(name, b)| Pair { name, a: None, b: Some(b) }));
    found
}

pub fn compared(model: &mut Model, answer: Result<Vec<Pair>, WorkError>) -> Vec<Command> {
    match answer {
        Ok(pairs) => {
            if let Some(Screen::Compare(state)) = model.screens.last_mut() {
                state.pairs = Some(pairs.into());
            }
            Vec::new()
        }
        Err(error) => fail(model, &error),
    }
}

impl State {
    fn shown(&self) -> Vec<&Pair> {
        let pairs = self.pairs.iter().flat_map(|pairs| pairs.iter());
        pairs.filter(|pair| self.only == Only::All || pair.differs()).collect()
    }

    /// What is shown, for workers.
    pub fn lines(&self) -> Option<Arc<dyn Lines>> {
        let pairs = Arc::clone(self.pairs.as_ref()?);
        let shown = pairs.iter().enumerate().filter(|(_, pair)| self.only == Only::All || pair.differs());
        let shown = shown.map(|(place, _)| place).collect();
        Some(Arc::new(Pairs { names: [self.a.name(), self.b.name()], pairs, shown }))
    }
}

/// The pairs that are shown.
struct Pairs {
    names: [String; 2],
    pairs: Arc<[Pair]>,
    shown: Vec<usize>,
}

impl Lines for Pairs {
    fn titles(&self) -> Vec<String> {
        let [a, b] = self.names.clone();
        vec!["what".to_owned(), String::new(), a, b]
    }

    fn rows(&self) -> usize {
        self.shown.len()
    }

    fn text(&self, row: usize, column: usize) -> String {
        let Some(pair) = self.shown.get(row).map(|place| &self.pairs[*place]) else {
            return String::new();
        };
        match column {
            0 => pair.name.clone(),
            1 => if pair.differs() { Theme::default().glyphs.differs } else { "" }.to_owned(),
            2 => pair.a.clone().unwrap_or_default(),
            _ => pair.b.clone().unwrap_or_default(),
        }
    }

    fn value(&self, row: usize, column: usize) -> Value {
        Value::text(&self.text(row, column))
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(3);
    if let Some(Screen::Compare(state)) = model.screens.last_mut() {
        let len = state.shown().len();
        state.scroll.step(step, len, height);
    }
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let Some(Screen::Compare(state)) = model.screens.last_mut() else {
        return Vec::new();
    };
    let here = |state: &State| state.shown().get(state.scroll.cursor).map(|pair| pair.name.clone());
    match action {
        Action::NextPane | Action::PreviousPane => {
            let name = here(state);
            state.only = if state.only == Only::All { Only::Differences } else { Only::All };
            let place = state.shown().iter().position(|pair| Some(&pair.name) == name.as_ref());
            step(model, Step::To(place.unwrap_or(0)))
        }
        Action::Open => match state.b {
            Side::Record(row, _) => crate::ui::way::open_row(model, row),
            _ => crate::ui::lists::said(model, "esc goes back to where these stand"),
        },
        Action::FindNext | Action::NextBoundary => next_difference(model, 1),
        Action::FindPrevious | Action::PreviousBoundary => next_difference(model, -1),
        _ => Vec::new(),
    }
}

fn next_difference(model: &mut Model, direction: isize) -> Vec<Command> {
    let Screen::Compare(state) = model.screen() else {
        return Vec::new();
    };
    let shown = state.shown();
    let mut place = state.scroll.cursor;
    while let Some(next) = place.checked_add_signed(direction).filter(|next| *next < shown.len()) {
        place = next;
        if shown[place].differs() {
            return step(model, Step::To(place));
        }
    }
    crate::ui::lists::said(model, "no further difference in this direction")
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let Some(pairs) = &state.pairs else {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y,
            &Span::styled("comparing…", theme.quiet()),
            area.width,
        );
        return;
    };
    let differ = pairs.iter().filter(|pair| pair.differs()).count() as u64;
    let what =
        if state.only == Only::All { "tab shows only these" } else { "only these are shown; tab shows all" };
    let words = format!("{} of {} differ; {what}", differ, counted(pairs.len() as u64, "line"));
    let line = crate::ui::text::fit(Line::styled(words, theme.strong()), usize::from(area.width) - 3, theme);
    frame.buffer_mut().set_line(area.x + 2, area.y, &line, area.width);
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    let head =
        |title: String, width: u16, grow: u16| Head { title, width, grow, need: 0, align: Align::Left };
    let heads = [
        head("what".to_owned(), 14, 1),
        head(String::new(), 1, 0),
        head(format!("A {}", state.a.name()), 14, 2),
        head(format!("B {}", state.b.name()), 14, 2),
    ];
    let shown = state.shown();
    let arranged = Arranged::default();
    let shape = Shape { arranged: None, ..Shape::new(&state.scroll, shown.len(), &arranged) };
    table::draw_cells(frame, list, &heads, shape, theme, |place, columns| {
        let pair = shown.get(place)?;
        let cell = |column: &usize| match column {
            0 => Line::from(spans(&pair.name, theme.quiet(), theme)),
            1 => Line::styled(if pair.differs() { theme.glyphs.differs } else { " " }, theme.warn()),
            2 => side(pair.a.as_ref(), pair.differs(), theme),
            _ => side(pair.b.as_ref(), pair.differs(), theme),
        };
        Some(columns.iter().map(cell).collect())
    });
}

fn side(text: Option<&String>, differs: bool, theme: &Theme) -> Line<'static> {
    let style: Style = if differs { theme.warn() } else { theme.plain() };
    match text {
        Some(text) if text.is_empty() => Line::styled("—", theme.quiet()),
        Some(text) => Line::from(spans(text, style, theme)),
        None => Line::styled("(absent)", theme.quiet()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_paired_by_name_and_none_is_lost() {
        let side = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        let found = pairs(side(&[("a", "1"), ("k", "x"), ("k", "y")]), side(&[("k", "x"), ("b", "2")]));
        let shown: Vec<(&str, Option<&str>, Option<&str>, bool)> =
            found.iter().map(|p| (p.name.as_str(), p.a.as_deref(), p.b.as_deref(), p.differs())).collect();
        assert_eq!(
            shown,
            [
                ("a", Some("1"), None, true),
                ("k", Some("x"), Some("x"), false),
                ("k #2", Some("y"), None, true),
                ("b", None, Some("2"), true),
            ]
        );
    }
}
