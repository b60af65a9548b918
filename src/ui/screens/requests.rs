//! Requests: the inference records tied to a version, earliest first. Ten million rows feel like ten.
//!
//! ```text
//!   at                   id            node     agent        served   by         points            …
//! ▌ 10-05 09:11:23.107   req-000008b7  gw-ap-1  trader-8     2.4.1    attested   shadow-serving
//! ```

use super::{proofs, request};
use crate::model::time::Zone;
use crate::model::{Evidence, Kind, Nanos, Row};
use crate::ui::actions::Action;
use crate::ui::frame;
use crate::ui::lists::{is_noted, said};
use crate::ui::model::{Change, Command, Model, Placed, Screen};
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::{fail, open_row};
use crate::ui::widgets::scroll::{Scroll, Step, Tick};
use crate::ui::widgets::table::{self, Align, Arranged, Column, Shape, rows_in};
use crate::work::WorkError;
use crate::work::filter::{Clause, Field, Filter, Op};
use crate::work::findings::grouped;
use crate::work::notebook::{Deed, Subject};
use crate::work::rows::RequestRow;
use crate::work::select::{Partial, Selection, Way};
use crate::work::sheet::Sheet;
use crate::work::stack::By;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub struct State {
    pub selection: Option<Selection>,
    pub scroll: Scroll,
    /// Rows already fetched, for a page or two around the cursor.
    pages: BTreeMap<Row, RequestRow>,
    /// The last question asked; answers to older ones are dropped.
    question: u64,
    /// What the rows shown were selected by.
    filter: Filter,
    /// Whether that question is still open.
    searching: bool,
    /// Lines searched so far and lines there are, while only some hits are known, or where the search was stopped.
    pub partly: Option<(u64, u64)>,
    /// The last search for a next one.
    sought: u64,
    /// The record to begin at, where a session was left.
    pub wanted: Option<Row>,
    /// The column that `=`, `-`, `s` and `S` are about, and the order.
    pub arranged: Arranged,
    /// Where findings and notes are.
    ticks: Vec<Tick>,
}

/// Rows kept at hand; beyond that, the ones farthest from the screen go.
const AT_HAND: usize = 1000;

/// What each column of the table is to a filter.
const FIELDS: [Field; 13] = [
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
            sought: 0,
            wanted: None,
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
        (state.row(state.scroll.cursor).or(state.wanted.take()), state.by())
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
                    return;
                }
                let len = selection.rows.len();
                // The record stays on the line of the screen it was on.
                let line = state.scroll.cursor - state.scroll.top.min(state.scroll.cursor);
                state.scroll = Scroll { cursor, top: cursor.saturating_sub(line) };
                state.scroll.settle(len, height);
                state.selection = Some(selection);
                state.ticks = ticks;
                state.partly = None;
                state.filter = filter;
                state.pages.clear();
            });
            if fresh.is_none() {
                return Vec::new();
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
        if state.partly.is_none() {
            state.scroll = Scroll::default();
            state.pages.clear();
            state.ticks.clear();
        }
        state.partly = Some((partial.searched, partial.of));
        state.scroll.settle(partial.selection.rows.len(), height);
        state.selection = Some(partial.selection);
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
            let row = with(model, |state| state.row(state.scroll.cursor)).flatten();
            row.map_or_else(Vec::new, |row| open_row(model, row))
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
        crate::ui::lists::trail(model, Deed::Filter, &filter.to_string());
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

/// Asks for the next request that matches what was found last: columns and journals are read by a worker.
pub fn seek(model: &mut Model, direction: isize) -> Vec<Command> {
    let Some(clause) = model.found.clone() else {
        return said(model, "find something with / first");
    };
    model.questions += 1;
    let question = model.questions;
    let way = if direction > 0 { Way::Forward } else { Way::Backward };
    let asked = with(model, |state| {
        let rows = state.selection.as_ref()?.rows.clone();
        state.sought = question;
        Some(Command::Seek { question, rows, from: state.scroll.cursor, way, clause })
    });
    asked.flatten().into_iter().collect()
}

pub fn sought(model: &mut Model, question: u64, place: Result<Option<usize>, WorkError>) -> Vec<Command> {
    let is_newest = with(model, |state| state.sought == question) == Some(true);
    match place {
        Err(WorkError::Cancelled) => Vec::new(),
        Err(error) => fail(model, &error),
        Ok(_) if !is_newest => Vec::new(),
        Ok(Some(place)) => step(model, Step::To(place)),
        Ok(None) => {
            let words = model.found.as_ref().map(|clause| format!("no request shown has {clause}"));
            let words = crate::ui::text::shown(&words.unwrap_or_default(), &model.theme);
            said(model, &words)
        }
    }
}

/// What a cell needs besides its row.
struct Cell {
    row: RequestRow,
    zone: Zone,
    faulty: String,
}

const COLUMNS: [Column<Cell>; FIELDS.len()] = [
    Column {
        title: "at",
        width: 18,
        grow: 0,
        need: 0,
        align: Align::Left,
        cell: |c, t| at(c.row.at, c.zone, t),
    },
    Column {
        title: "id",
        width: 13,
        grow: 3,
        need: 0,
        align: Align::Left,
        cell: |c, t| text(&c.row.id, t.plain(), t),
    },
    Column {
        title: "node",
        width: 9,
        grow: 1,
        need: 2,
        align: Align::Left,
        cell: |c, t| text(&c.row.node, t.plain(), t),
    },
    Column {
        title: "agent",
        width: 12,
        grow: 2,
        need: 1,
        align: Align::Left,
        cell: |c, t| text(&c.row.agent, t.accent(), t),
    },
    Column { title: "served by", width: 9, grow: 1, need: 0, align: Align::Left, cell: version },
    Column { title: "known by", width: 9, grow: 0, need: 3, align: Align::Left, cell: evidence },
    Column { title: "points", width: 14, grow: 2, need: 4, align: Align::Left, cell: pointers },
    Column { title: "tier", width: 4, grow: 0, need: 2, align: Align::Left, cell: tier },
    Column { title: "proof", width: 10, grow: 0, need: 4, align: Align::Left, cell: proof },
    Column { title: "status", width: 6, grow: 0, need: 5, align: Align::Left, cell: status },
    Column {
        title: "tokens",
        width: 6,
        grow: 0,
        need: 6,
        align: Align::Right,
        cell: |c, t| number(c.row.tokens_out, t),
    },
    Column {
        title: "ms",
        width: 6,
        grow: 0,
        need: 7,
        align: Align::Right,
        cell: |c, t| number(c.row.latency.map(|latency| latency.0.unsigned_abs() / 1_000_000), t),
    },
    Column {
        title: "model",
        width: 11,
        grow: 1,
        need: 8,
        align: Align::Left,
        cell: |c, t| text(&c.row.model, t.quiet(), t),
    },
];

fn text(text: &str, style: ratatui::style::Style, theme: &Theme) -> Line<'static> {
    Line::from(spans(text, style, theme))
}

fn at(at: Nanos, zone: Zone, theme: &Theme) -> Line<'static> {
    Line::styled(at.format(zone, "%m-%d %H:%M:%S%.3f"), theme.plain())
}

fn version(cell: &Cell, theme: &Theme) -> Line<'static> {
    match cell.row.effective.as_str() {
        "" => Line::styled("unknown", theme.quiet()),
        version if version == cell.faulty => text(version, theme.bad(), theme),
        version => text(version, theme.plain(), theme),
    }
}

fn evidence(cell: &Cell, theme: &Theme) -> Line<'static> {
    let style = match cell.row.evidence {
        Evidence::Attested => theme.good(),
        Evidence::Scheduled => theme.plain(),
        Evidence::Claimed | Evidence::None => theme.warn(),
    };
    Line::styled(cell.row.evidence.name(), style)
}

fn pointers(cell: &Cell, theme: &Theme) -> Line<'static> {
    Line::styled(cell.row.pointers.to_string(), theme.warn())
}

fn tier(cell: &Cell, theme: &Theme) -> Line<'static> {
    match cell.row.tier {
        None => Line::styled(theme.glyphs.ellipsis, theme.quiet()),
        Some(None) => Line::styled(theme.glyphs.quiet, theme.quiet()),
        Some(Some(tier)) => Line::styled(tier.name(), request::tier_style(tier, theme)),
    }
}

fn proof(cell: &Cell, theme: &Theme) -> Line<'static> {
    match cell.row.proof {
        Some(status) => {
            let (glyph, style) = proofs::mark(status, theme);
            Line::styled(format!("{glyph} {status}"), style)
        }
        None => Line::styled(theme.glyphs.unchecked, theme.quiet()),
    }
}

fn status(cell: &Cell, theme: &Theme) -> Line<'static> {
    let style = if cell.row.status == "ok" { theme.quiet() } else { theme.warn() };
    text(&cell.row.status, style, theme)
}

fn number(number: Option<u64>, theme: &Theme) -> Line<'static> {
    Line::styled(number.map_or_else(String::new, grouped), theme.quiet())
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let panes = frame::panes(model, area);
    let faulty = model
        .study
        .as_deref()
        .and_then(|study| study.window.as_ref().map(|window| study.version_name(window.faulty).to_owned()));
    let faulty = faulty.unwrap_or_default();
    let theme = &model.theme;
    if state.selection.is_none() {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y + 1,
            &Span::styled("selecting…", theme.quiet()),
            area.width,
        );
        return;
    }
    if state.len() == 0 && state.partly.is_some() {
        let words = "searching the journals: no hit so far; esc stops";
        let span = Span::styled(words, theme.quiet());
        frame.buffer_mut().set_span(area.x + 2, area.y + 1, &span, area.width - 2);
        return;
    }
    if state.len() == 0 {
        let words = match model.filter.is_empty() {
            true => "no request is recorded",
            false => "no request matches; \\ pauses the filters, <backspace> drops the last, u undoes",
        };
        let line =
            crate::ui::text::fit(Line::styled(words, theme.quiet()), usize::from(area.width - 3), theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + 1, &line, area.width - 3);
        return;
    }
    let noted = |place: usize| {
        let row = state.row(place).and_then(|row| state.pages.get(&row));
        row.is_some_and(|row| is_noted(model, &Subject::new(Kind::Inference.name(), &row.id)))
    };
    let shape = Shape {
        ticks: &state.ticks,
        noted: &noted,
        ..Shape::new(&state.scroll, state.len(), &state.arranged)
    };
    table::draw(frame, panes.list, &COLUMNS, shape, theme, |place| {
        let row = state.row(place).and_then(|row| state.pages.get(&row))?.clone();
        Some(Cell { row, zone: model.zone, faulty: faulty.clone() })
    });
    if let (Some(detail), Some(row)) = (panes.detail, state.under_cursor()) {
        request::draw_summary(model, row, frame, detail);
    }
}
