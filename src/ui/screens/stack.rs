//! A column counted by its values, most frequent first; Enter goes to the rows that have one.
//!
//! ```text
//!   node        count   share
//! ▌ gw-eu-1     1,872  31.2 %  ████████████
//! ```

use super::requests;
use crate::journal::print_of;
use crate::ui::acts::{body_height, step as step_screen};
use crate::ui::model::{Command, Model, Screen};
use crate::ui::screens::overview::share;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::fail;
use crate::ui::way::push;
use crate::ui::widgets::rows::Rows;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Arranged, Column, Shape};
use crate::work::WorkError;
use crate::work::filter::{Clause, Filter};
use crate::work::findings::{counted, grouped};
use crate::work::lines::{Lines, Value as Typed};
use crate::work::notebook::Subject;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::sync::Arc;

#[derive(Debug)]
pub struct State {
    pub title: String,
    question: u64,
    values: Option<Arc<[Value]>>,
    /// The count of the most frequent one.
    most: u64,
    pub total: u64,
    pub scroll: Scroll,
    pub arranged: Arranged,
}

/// A value, how many rows have it, and where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub text: String,
    pub count: u64,
    pub leads: Leads,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To requests that these clauses leave.
    Clauses(Vec<Clause>),
    /// To the first row that has it, by its place.
    Place(usize),
}

/// One line of the list.
struct Listed {
    value: Value,
    total: u64,
    most: u64,
}

const COLUMNS: [Column<Listed>; 4] = [
    Column::<Listed>::left("value", 16, value).grow(1).value(|l| Typed::told(&l.value.text)),
    Column::<Listed>::right("count", 12, |l, t| Line::styled(grouped(l.value.count), t.strong()))
        .value(|l| Typed::whole(l.value.count)),
    Column::<Listed>::right("share", 8, |l, t| Line::styled(share(l.value.count, l.total), t.quiet()))
        .need(1)
        .value(|l| Typed::Real(l.value.count as f64 * 100.0 / l.total.max(1) as f64)),
    Column::<Listed>::left("", 20, bar).need(2).grow(1).value(|l| Typed::whole(l.value.count)),
];

fn value(listed: &Listed, theme: &Theme) -> Line<'static> {
    match listed.value.text.as_str() {
        "" => Line::styled("(none)", theme.quiet()),
        text => Line::from(spans(text, theme.accent(), theme)),
    }
}

fn bar(listed: &Listed, theme: &Theme) -> Line<'static> {
    let length = (listed.value.count * 20).div_ceil(listed.most.max(1)) as usize;
    Line::styled(theme.glyphs.bars[8].repeat(length), theme.good())
}

impl State {
    /// A count that is awaited.
    pub fn new(question: u64, title: String, total: u64) -> Self {
        let (scroll, arranged) = (Scroll::default(), Arranged::default());
        Self { title, question, values: None, most: 0, total, scroll, arranged }
    }

    pub const fn is_counting(&self) -> bool {
        self.values.is_none()
    }

    fn under_cursor(&self) -> Option<&Value> {
        self.values.as_ref()?.get(self.arranged.row(self.scroll.cursor))
    }

    pub fn subject(&self) -> Option<Subject> {
        self.under_cursor().map(|value| Subject::new(&self.title, &value.text))
    }

    /// The values for workers, most frequent first.
    pub fn lines(&self) -> Option<Arc<dyn Lines>> {
        let values = Arc::clone(self.values.as_ref()?);
        let (len, listed) = (values.len(), self.listed());
        let row = move |row: usize| values.get(row).map(&listed);
        let rows = Rows { columns: &COLUMNS, len, row, identity: |l| print_of(&l.value.text), unread: None };
        Some(Arc::new(Values { title: self.title.clone(), rows: Box::new(rows) }))
    }

    fn listed(&self) -> impl Fn(&Value) -> Listed + Send + Sync + use<> {
        let (total, most) = (self.total, self.most);
        move |value| Listed { value: value.clone(), total, most }
    }
}

/// The rows under the title of what is counted, without the bars.
struct Values {
    title: String,
    rows: Box<dyn Lines>,
}

impl Lines for Values {
    fn titles(&self) -> Vec<String> {
        [self.title.as_str(), "count", "share"].map(str::to_owned).to_vec()
    }

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn text(&self, row: usize, column: usize) -> String {
        self.rows.text(row, column)
    }

    fn value(&self, row: usize, column: usize) -> Typed {
        self.rows.value(row, column)
    }

    fn identity(&self, row: usize) -> u64 {
        self.rows.identity(row)
    }
}

pub fn counted_by(model: &mut Model, question: u64, answer: Result<Arc<[Value]>, WorkError>) -> Vec<Command> {
    let asked = model.screens.iter_mut().find_map(|screen| match screen {
        Screen::Stack(state) if state.question == question => Some(state),
        _ => None,
    });
    match (answer, asked) {
        (Ok(values), Some(state)) => {
            state.most = values.iter().map(|value| value.count).max().unwrap_or(0);
            state.values = Some(values);
            Vec::new()
        }
        (Ok(_), None) => Vec::new(),
        (Err(error), _) => fail(model, &error),
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(3);
    if let Some(Screen::Stack(state)) = model.screens.last_mut() {
        let len = state.arranged.len(state.values.as_ref().map_or(0, |values| values.len()));
        state.scroll.step(step, len, height);
    }
    Vec::new()
}

/// To the rows that have the value under the cursor.
pub fn open(model: &mut Model) -> Vec<Command> {
    let Screen::Stack(state) = model.screen() else {
        return Vec::new();
    };
    let Some(leads) = state.under_cursor().map(|value| value.leads.clone()) else {
        return Vec::new();
    };
    match leads {
        Leads::Clauses(clauses) => {
            let filter = clauses.into_iter().fold(model.filter.clone(), Filter::and);
            requests::remember(model, filter);
            push(model, Screen::Requests(requests::State::default()))
        }
        Leads::Place(place) => {
            let mut commands = crate::ui::way::back(model);
            commands.extend(step_screen(model, Step::To(place)));
            commands
        }
    }
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let Some(values) = &state.values else {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y,
            &Span::styled("counting…", theme.quiet()),
            area.width,
        );
        return;
    };
    let words = format!(
        "{} by {}: {}",
        counted(state.total, "row"),
        state.title,
        counted(values.len() as u64, "value")
    );
    let line = crate::ui::text::fit(Line::styled(words, theme.strong()), usize::from(area.width) - 3, theme);
    frame.buffer_mut().set_line(area.x + 2, area.y, &line, area.width);
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    let shape = Shape::new(&state.scroll, state.arranged.len(values.len()), &state.arranged);
    let listed = state.listed();
    table::draw(frame, list, &COLUMNS, shape, theme, |place| {
        values.get(state.arranged.row(place)).map(&listed)
    });
}
