//! Proofs: how many requests each step holds for, and the queue of what failed first.
//!
//! ```text
//!  paths   failed 31 · missing 1,020 · verified 412
//!  step            failed  revoked  …  verified
//!  signature            8                 1,574
//!  …
//!  failures (31)
//! ▌ signature   failed   req-000003db
//! ```

use super::ladder;
use super::payments_table::Id;
use crate::model::{Kind, Row, Status, Step};
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::beside::{self, Found};
use crate::ui::lists::is_noted;
use crate::ui::model::{Command, Model, Notice, Screen};
use crate::ui::ordering;
use crate::ui::panes;
use crate::ui::text::{spans, wrap};
use crate::ui::theme::Theme;
use crate::ui::update::fail;
use crate::ui::way::open_row;
use crate::ui::widgets::rows::{self, Rows};
use crate::ui::widgets::scroll::{Scroll, Step as Move};
use crate::ui::widgets::table::{self, Arranged, Column, Shape, rows_in};
use crate::work::WorkError;
use crate::work::findings::{counted, grouped};
use crate::work::lines::{Lines, Value};
use crate::work::notebook::Subject;
use crate::work::verify::{Failure, Verification};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
    pub arranged: Arranged,
    /// What verification came to; nothing before it was asked for, or where nothing was verified.
    pub verification: Option<Arc<Verification>>,
    pub asked: bool,
    /// Ids of the failures on screen.
    pub ids: BTreeMap<Row, String>,
}

impl State {
    pub fn row_under_cursor(&self) -> Option<Row> {
        let failures = &self.verification.as_ref()?.failures;
        failures.get(self.arranged.row(self.scroll.cursor)).map(|failure| failure.row)
    }

    /// The id of the failure under the cursor, once it is known.
    pub fn under_cursor(&self) -> Option<&str> {
        self.ids.get(&self.row_under_cursor()?).map(String::as_str)
    }
}

/// A failure with its id, once that is known.
pub struct Failed {
    failure: Failure,
    id: Id,
}

const COLUMNS: [Column<Failed>; 3] = [
    Column::<Failed>::left("verdict", 12, |f, t| {
        let (glyph, style) = mark(f.failure.status, t);
        Line::styled(format!("{glyph} {}", f.failure.status.name()), style)
    })
    .value(|f| {
        Value::Ranked(f.failure.status as usize, |word| {
            Status::ALL.iter().find(|status| status.name() == word).map(|status| *status as usize)
        })
    }),
    Column::<Failed>::left("step", 15, |f, t| Line::styled(f.failure.step.name(), t.plain())).value(|f| {
        let place = |word: &str| Step::ALL.iter().position(|step| step.name() == word);
        Value::Ranked(Step::ALL.iter().position(|step| *step == f.failure.step).unwrap_or(0), place)
    }),
    Column::<Failed>::left("id", 14, |f, t| Line::from(spans(&f.id.text(), t.accent(), t))).grow(1),
];

pub fn titles() -> Vec<String> {
    rows::titles(&COLUMNS)
}

/// The queue for workers, in the order of the journals.
pub fn lines(model: &Model, state: &State) -> Option<Arc<dyn Lines>> {
    let (study, verification) = (model.study.clone()?, Arc::clone(state.verification.as_ref()?));
    let len = verification.failures.len();
    let row = move |row: usize| {
        let failure = verification.failures.get(row)?.clone();
        Some(Failed { id: Id::Read(Arc::clone(&study), failure.row), failure })
    };
    let identity = |f: &Failed| u64::from(f.failure.row.0) << 8 | f.failure.step as u64;
    Some(Arc::new(Rows { columns: &COLUMNS, len, row, identity, unread: Some(2) }))
}

/// The glyph and colour of a status; its word always stands beside it.
pub fn mark(status: Status, theme: &Theme) -> (&'static str, Style) {
    match status {
        Status::Verified => (theme.glyphs.ok, theme.good()),
        Status::Failed => (theme.glyphs.bad, theme.bad()),
        Status::Revoked => (theme.glyphs.revoked, theme.bad()),
        Status::Ambiguous => (theme.glyphs.ambiguous, theme.warn()),
        Status::Missing => (theme.glyphs.missing, theme.warn()),
        Status::Untrusted => (theme.glyphs.untrusted, theme.warn()),
        Status::Asserted => (theme.glyphs.asserted, theme.warn()),
        Status::Unchecked | Status::Unsupported => (theme.glyphs.unchecked, theme.quiet()),
        Status::NotApplicable => (theme.glyphs.quiet, theme.quiet()),
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Proofs(state)) => Some(f(state)),
        _ => None,
    }
}

pub fn verified(model: &mut Model, answer: Result<Option<Verification>, WorkError>) -> Vec<Command> {
    let verification = match answer {
        Ok(verification) => verification,
        Err(error) => return fail(model, &error),
    };
    if let Some(Screen::Overview(state)) = model.screens.last_mut() {
        state.verification = verification.map(Arc::new);
        return Vec::new();
    }
    let is_other = with(model, |state| {
        state.asked = true;
        state.verification.as_deref() != verification.as_ref()
    });
    if is_other == Some(true) {
        ordering::hold(model);
        model.editions.study += 1;
        with(model, |state| state.verification = verification.map(Arc::new));
    }
    let mut commands = ordering::renew(model);
    commands.extend(step(model, Move::By(0)));
    commands
}

/// Ids come from the journals: only those on screen are asked for.
fn ask_ids(model: &mut Model) -> Vec<Command> {
    let height = list_height(model);
    let rows = with(model, |state| {
        let failures = state.verification.as_ref().map_or(&[][..], |verification| &verification.failures);
        let shown = state.scroll.shown(state.arranged.len(failures.len()), height);
        let rows =
            shown.filter_map(|place| failures.get(state.arranged.row(place))).map(|failure| failure.row);
        rows.filter(|row| !state.ids.contains_key(row)).collect::<Vec<_>>()
    });
    match rows {
        Some(rows) if !rows.is_empty() => vec![Command::Ids { rows }],
        _ => Vec::new(),
    }
}

/// Ids kept at hand.
const AT_HAND: usize = 10_000;

pub fn named(model: &mut Model, ids: Vec<(Row, String)>) -> Vec<Command> {
    with(model, |state| {
        if state.ids.len() + ids.len() > AT_HAND {
            state.ids.clear();
        }
        state.ids.extend(ids);
    });
    Vec::new()
}

/// Lines above the list of failures.
const HEAD: usize = Step::ALL.len() + 5;

fn list_height(model: &Model) -> usize {
    rows_in(body_height(model).saturating_sub(head_height(model)) as u16).max(1)
}

/// On low screens the counts give way to the failures, which can be acted on.
pub fn head_height(model: &Model) -> usize {
    if body_height(model) >= HEAD + 4 { HEAD } else { 3 }
}

pub fn step(model: &mut Model, step: Move) -> Vec<Command> {
    let height = list_height(model);
    with(model, |state| {
        let all = state.verification.as_ref().map_or(0, |verification| verification.failures.len());
        state.scroll.step(step, state.arranged.len(all), height);
    });
    ask_ids(model)
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::Open => {
            let row = with(model, |state| state.row_under_cursor());
            row.flatten().map_or_else(Vec::new, |row| open_row(model, row))
        }
        _ => Vec::new(),
    }
}

/// Said while proofs are verified.
pub const VERIFYING: &str = "verifying; the explorer stays usable";

/// Verifies all there is; may be asked for anywhere.
pub fn verify(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return crate::ui::lists::said(model, "open a case first");
    }
    // It would take the place of the reading.
    if crate::ui::reading::is_partial(model) {
        return crate::ui::lists::said(model, "proofs can be verified when all journals are read");
    }
    model.notice = Some(Notice::Said(VERIFYING.to_owned()));
    vec![Command::Verify]
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let Some(verification) = &state.verification else {
        let words = if state.asked {
            "nothing is verified yet: V verifies every proof of this case"
        } else {
            "counting…"
        };
        let words = crate::ui::text::cut(words, usize::from(area.width.saturating_sub(4)), theme);
        frame.buffer_mut().set_span(area.x + 2, area.y + 1, &Span::styled(words, theme.quiet()), area.width);
        return;
    };
    let mut line = vec![Span::styled("worst of each path  ", theme.quiet())];
    for (status, n) in &verification.paths {
        let (glyph, style) = mark(*status, theme);
        line.push(Span::styled(format!("{glyph} {status} {}   ", grouped(*n)), style));
    }
    // The line below is free: on narrow terminals the last counts stand there.
    let room = usize::from(area.width.saturating_sub(4));
    for (n, line) in wrap(Line::from(line), room, 20).into_iter().enumerate().take(2) {
        put(frame, area, n as u16, line, theme);
    }
    let head = head_height(model);
    if head == HEAD {
        draw_counts(verification, frame, area, theme);
    }
    let failures = &verification.failures;
    let title =
        format!("{} that failed, were revoked or are ambiguous", counted(failures.len() as u64, "step"));
    put(frame, area, head as u16 - 1, Line::styled(title, theme.strong()), theme);
    let list = panes::of(model).list;
    let failure = |place: usize| failures.get(state.arranged.row(place));
    let id = |row: &Row| state.ids.get(row);
    let noted = |place: usize| {
        let id = failure(place).and_then(|failure| id(&failure.row));
        id.is_some_and(|id| is_noted(model, &Subject::new(Kind::Inference.name(), id)))
    };
    let len = state.arranged.len(failures.len());
    let shape = Shape { noted: &noted, ..Shape::new(&state.scroll, len, &state.arranged) };
    table::draw(frame, list, &COLUMNS, shape, theme, |place| {
        let failure = failure(place)?.clone();
        Some(Failed { id: Id::Known(id(&failure.row).cloned()), failure })
    });
}

/// The step that failed: what was hashed, what came of it, what that proves and what not.
pub fn detail(model: &Model, state: &State) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let failures = state.verification.as_ref().map_or(&[][..], |verification| &verification.failures);
    let Some(failure) = failures.get(state.arranged.row(state.scroll.cursor)) else {
        return Vec::new();
    };
    match beside::seen(model) {
        Ok(Found::Proof(path)) => {
            let step = path.iter().find_map(|path| path.step(failure.step));
            let gone = || vec![Line::styled("this record has no such step", theme.quiet())];
            step.map_or_else(gone, |step| ladder::words(step, theme))
        }
        Ok(_) => Vec::new(),
        Err(words) => vec![words],
    }
}

/// The whole path of that request.
pub fn third(model: &Model, state: &State) -> Vec<Line<'static>> {
    let Some(id) = state.under_cursor() else { return Vec::new() };
    let mut lines = vec![Line::from(spans(id, model.theme.strong(), &model.theme)), Line::default()];
    match beside::seen(model) {
        Ok(Found::Proof(path)) => {
            let path = path.as_ref().as_ref();
            lines.extend(
                path.map_or_else(Vec::new, |path| {
                    ladder::column(path, ladder::first_step(path), &model.theme)
                }),
            );
        }
        Ok(_) => {}
        Err(words) => lines.push(words),
    }
    lines
}

/// A line per step, a column per status that occurs.
fn draw_counts(verification: &Verification, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let occurs = |status: &Status| Step::ALL.iter().any(|step| verification.count(*step, *status) > 0);
    let statuses: Vec<Status> = Status::ALL.into_iter().filter(occurs).collect();
    let mut head = vec![Span::styled(format!("{:<15}", "step"), theme.quiet())];
    head.extend(statuses.iter().map(|status| Span::styled(format!("{:>11}", short(*status)), theme.quiet())));
    put(frame, area, 2, Line::from(head), theme);
    for (n, step) in Step::ALL.into_iter().enumerate() {
        let mut line = vec![Span::raw(format!("{:<15}", step.name()))];
        for status in &statuses {
            let count = verification.count(step, *status);
            let style = if count > 0 { mark(*status, theme).1 } else { theme.quiet() };
            let text = if count > 0 { grouped(count) } else { theme.glyphs.quiet.to_owned() };
            line.push(Span::styled(format!("{text:>11}"), style));
        }
        put(frame, area, n as u16 + 3, Line::from(line), theme);
    }
}

const fn short(status: Status) -> &'static str {
    match status {
        Status::NotApplicable => "no such",
        Status::Unsupported => "unsupp.",
        other => other.name(),
    }
}

fn put(frame: &mut Frame<'_>, area: Rect, n: u16, line: Line<'static>, theme: &Theme) {
    if n < area.height {
        let line = crate::ui::text::fit(line, usize::from(area.width.saturating_sub(4)), theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + n, &line, area.width.saturating_sub(3));
    }
}
