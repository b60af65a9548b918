//! A column counted by its values, most frequent first; Enter goes to the rows that have one.
//!
//! ```text
//!   node        count   share
//! ▌ gw-eu-1     1,872  31.2 %  ████████████
//! ```

use super::requests;
use crate::ui::lists::Which;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::screens::overview::share;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::{body_height, fail, push, step as step_screen};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Align, Arranged, Column, Shape, texts};
use crate::work::WorkError;
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::{counted, grouped};
use crate::work::notebook::Subject;
use crate::work::sheet::Sheet;
use crate::work::stack::Count;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeMap;

#[derive(Debug)]
pub struct State {
    pub title: String,
    /// Requests are counted by a field; rows of another list by their texts.
    field: Option<Field>,
    values: Option<Vec<Value>>,
    pub total: u64,
    pub scroll: Scroll,
    pub arranged: Arranged,
}

/// A value, and where its rows are.
#[derive(Clone, Debug)]
struct Value {
    text: String,
    count: u64,
    total: u64,
    most: u64,
    clauses: Vec<Clause>,
    /// The first row that has it.
    first: usize,
}

const COLUMNS: [Column<Value>; 4] = [
    Column { title: "value", width: 16, grow: 1, need: 0, align: Align::Left, cell: value },
    Column {
        title: "count",
        width: 12,
        grow: 0,
        need: 0,
        align: Align::Right,
        cell: |v, t| Line::styled(grouped(v.count), t.strong()),
    },
    Column {
        title: "share",
        width: 8,
        grow: 0,
        need: 1,
        align: Align::Right,
        cell: |v, t| Line::styled(share(v.count, v.total), t.quiet()),
    },
    Column { title: "", width: 20, grow: 1, need: 2, align: Align::Left, cell: bar },
];

fn value(value: &Value, theme: &Theme) -> Line<'static> {
    match value.text.as_str() {
        "" => Line::styled("(none)", theme.quiet()),
        text => Line::from(spans(text, theme.accent(), theme)),
    }
}

fn bar(value: &Value, theme: &Theme) -> Line<'static> {
    let length = (value.count * 20).div_ceil(value.most.max(1)) as usize;
    Line::styled(theme.glyphs.bars[8].repeat(length), theme.good())
}

impl State {
    /// Requests, while their count is awaited.
    pub fn of_requests(field: Field, total: u64) -> Self {
        let title = field.name().to_owned();
        let (scroll, arranged) = (Scroll::default(), Arranged::default());
        Self { title, field: Some(field), values: None, total, scroll, arranged }
    }

    /// Rows of a list that is all there.
    pub fn of_rows(sheet: &Sheet, places: &[usize], column: usize) -> Self {
        let mut counts: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
        for n in places.iter().copied().filter(|n| *n < sheet.rows.len()) {
            counts.entry(sheet.rows[n].get(column).map_or("", String::as_str)).or_insert((0, n)).0 += 1;
        }
        let most = counts.values().map(|(count, _)| *count).max().unwrap_or(0);
        let total = places.len() as u64;
        let value = |(text, (count, first)): (&str, (u64, usize))| Value {
            text: text.to_owned(),
            count,
            total,
            most,
            clauses: Vec::new(),
            first,
        };
        let mut values: Vec<Value> = counts.into_iter().map(value).collect();
        values.sort_by(|a, b| (b.count, &a.text).cmp(&(a.count, &b.text)));
        let (scroll, arranged) = (Scroll::default(), Arranged::default());
        Self {
            title: sheet.titles[column].clone(),
            field: None,
            values: Some(values),
            total,
            scroll,
            arranged,
        }
    }

    pub fn len(&self) -> usize {
        self.values.as_ref().map_or(0, Vec::len)
    }

    fn under_cursor(&self) -> Option<&Value> {
        self.values.as_ref()?.get(self.arranged.row(self.scroll.cursor))
    }

    pub fn subject(&self) -> Option<Subject> {
        self.under_cursor().map(|value| Subject::new(&self.title, &value.text))
    }

    pub fn listing(&self, which: Which) -> Sheet {
        let theme = Theme::default();
        let titles = [self.title.as_str(), "count", "share"].map(str::to_owned).to_vec();
        let row = |value: &Value| {
            let mut row = texts(&COLUMNS[1..3], value, &theme);
            row.insert(0, value.text.clone());
            row
        };
        Sheet { titles, rows: which.of(self.values.iter().flatten()).map(row).collect() }
    }
}

pub fn counted_by(model: &mut Model, field: Field, answer: Result<Vec<Count>, WorkError>) -> Vec<Command> {
    match (answer, model.screens.last_mut()) {
        (Ok(counts), Some(Screen::Stack(state))) if state.field == Some(field) => {
            let most = counts.iter().map(|count| count.count).max().unwrap_or(0);
            let total = state.total;
            let value = |count: Count| Value {
                text: count.value,
                count: count.count,
                total,
                most,
                clauses: count.clauses,
                first: 0,
            };
            state.values = Some(counts.into_iter().map(value).collect());
            Vec::new()
        }
        (Ok(_), _) => Vec::new(),
        (Err(error), _) => fail(model, &error),
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(3);
    if let Some(Screen::Stack(state)) = model.screens.last_mut() {
        let len = state.arranged.len(state.len());
        state.scroll.step(step, len, height);
    }
    Vec::new()
}

/// To the rows that have the value under the cursor.
pub fn open(model: &mut Model) -> Vec<Command> {
    let Screen::Stack(state) = model.screen() else {
        return Vec::new();
    };
    let (Some(value), field) = (state.under_cursor().cloned(), state.field) else {
        return Vec::new();
    };
    if field.is_some() {
        let filter = value.clauses.into_iter().fold(model.filter.clone(), Filter::and);
        requests::remember(model, filter);
        return push(model, Screen::Requests(requests::State::default()));
    }
    let mut commands = crate::ui::update::back(model);
    let place = super::super::lists::place_of(model, value.first);
    commands.extend(step_screen(model, Step::To(place)));
    commands
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
    table::draw(frame, list, &COLUMNS, shape, theme, |place| values.get(state.arranged.row(place)).cloned());
}
