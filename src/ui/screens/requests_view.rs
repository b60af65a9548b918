//! Requests on screen: the table, and beside it a summary of the one under the cursor.

use super::requests::{FIELDS, State};
use super::{ladder, proofs, request_view};
use crate::model::{Evidence, Kind, Nanos};
use crate::ui::beside::{self, Found};
use crate::ui::lists::is_noted;
use crate::ui::model::Model;
use crate::ui::panes;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::when::Clock;
use crate::ui::widgets::table::{self, Column, Shape};
use crate::work::findings::grouped;
use crate::work::notebook::Subject;
use crate::work::rows::RequestRow;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What a cell needs besides its row.
struct Cell {
    row: RequestRow,
    clock: Clock,
    faulty: String,
}

const COLUMNS: [Column<Cell>; FIELDS.len()] = [
    Column::<Cell>::left("at", 18, |c, t| at(c.row.at, c.clock, t)),
    Column::<Cell>::left("id", 13, |c, t| text(&c.row.id, t.plain(), t)).grow(2),
    Column::<Cell>::left("node", 9, |c, t| text(&c.row.node, t.plain(), t)).grow(1).need(2),
    Column::<Cell>::left("agent", 12, |c, t| text(&c.row.agent, t.accent(), t)).grow(2).need(1),
    Column::<Cell>::left("served by", 9, version).grow(1),
    Column::<Cell>::left("known by", 9, evidence).need(3),
    Column::<Cell>::left("points", 14, pointers).grow(2).need(4),
    Column::<Cell>::left("tier", 4, tier).need(2),
    Column::<Cell>::left("proof", 10, proof).need(4),
    Column::<Cell>::left("status", 6, status).need(5),
    Column::<Cell>::right("tokens", 6, |c, t| number(c.row.tokens_out, t)).need(6),
    Column::<Cell>::right("ms", 6, |c, t| {
        number(c.row.latency.map(|latency| latency.0.unsigned_abs() / 1_000_000), t)
    })
    .need(7),
    Column::<Cell>::left("model", 11, |c, t| text(&c.row.model, t.quiet(), t)).grow(3).need(8),
];

fn text(text: &str, style: ratatui::style::Style, theme: &Theme) -> Line<'static> {
    Line::from(spans(text, style, theme))
}

fn at(at: Nanos, clock: Clock, theme: &Theme) -> Line<'static> {
    Line::styled(clock.row(at, "%m-%d %H:%M:%S%.3f"), theme.plain())
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
        Some(Some(tier)) => Line::styled(tier.name(), request_view::tier_style(tier, theme)),
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
    let clock = Clock::of(model);
    table::draw(frame, panes::of(model).list, &COLUMNS, shape, theme, |place| {
        let row = state.row(place).and_then(|row| state.pages.get(&row))?.clone();
        Some(Cell { row, clock, faulty: faulty.clone() })
    });
}

/// The request under the cursor in short.
pub fn detail(model: &Model, state: &State, width: usize) -> Vec<Line<'static>> {
    match (state.len(), state.under_cursor()) {
        (0, _) => Vec::new(),
        (_, Some(row)) => request_view::summary(row, width, model),
        (_, None) => vec![Line::styled("reading…", model.theme.quiet())],
    }
}

/// Its proof path, with the step to look at first on top.
pub fn third(model: &Model, state: &State) -> Vec<Line<'static>> {
    let theme = &model.theme;
    if state.row(state.scroll.cursor).is_none() {
        return Vec::new();
    }
    match beside::seen(model) {
        Ok(Found::Proof(path)) => match &**path {
            Some(path) => ladder::column(path, ladder::first_step(path), theme),
            None => vec![Line::styled("only requests have a proof path", theme.quiet())],
        },
        Ok(_) => Vec::new(),
        Err(words) => vec![words],
    }
}
