//! What stands beside a list: its selected row in full, and what that row points at. Which record that is follows the
//! cursor; a worker reads it, and until it comes the pane says so.

use super::actions::{Action, entry};
use super::model::{Command, Layout, Model, Msg, Screen};
use super::panes::{self, Panes, Stands};
use super::screens::settlements::Tab;
use super::screens::{agents_view, findings, notes_view, proofs, request, requests_view, settlements_view};
use super::text::{fold, spans};
use super::theme::Theme;
use super::view::{bordered, clear};
use super::widgets::scroll::{Scroll, Step, draw_bar};
use super::widgets::tree::Tree;
use crate::model::Row;
use crate::proof::ladder::Path;
use crate::work::WorkError;
use crate::work::explain::{Explanation, explain};
use crate::work::study::Study;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What is known of the record the cursor points at, and which pane keys move in.
#[derive(Debug, Default)]
pub struct Beside {
    pub pane: Pane,
    /// The first line shown of the detail, and of what it points at.
    tops: [usize; 2],
    /// What was asked for, of which edition of the study; and the answer.
    asked: Option<(About, u64)>,
    found: Option<Result<Found, String>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    List,
    Detail,
    Third,
}

/// A record, and what of it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Record(Row),
    Proof(Row),
    /// The first record with this id.
    Id(String),
}

#[derive(Debug)]
pub enum Found {
    Record(Box<(Explanation, Tree)>),
    /// Nothing for records that have no proof path.
    Proof(Box<Option<Path>>),
    /// No record has the id.
    Nothing,
}

/// The work: on a worker's thread.
pub fn look(study: &Study, about: &About) -> Result<Found, WorkError> {
    let record = |row: Row| {
        let explanation = explain(study, row)?;
        let tree = Tree::new(&String::from_utf8_lossy(&explanation.bytes));
        Ok(Found::Record(Box::new((explanation, tree))))
    };
    match about {
        About::Record(row) => record(*row),
        About::Proof(row) => Ok(Found::Proof(Box::new(study.archive()?.path_of(*row)?))),
        About::Id(id) => study.snapshot.find_id(id)?.first().map_or(Ok(Found::Nothing), |row| record(*row)),
    }
}

/// After every message: asks for the record the cursor points at now, where a pane shows it; and a pane that is gone
/// has the keys no longer.
pub fn follow(model: &mut Model) -> Vec<Command> {
    let panes = panes::of(model);
    let gone = match model.beside.pane {
        Pane::List => false,
        Pane::Detail => panes.detail.is_none(),
        Pane::Third => panes.third.is_none(),
    };
    if gone {
        model.beside.pane = Pane::List;
    }
    let wanted = wanted(model, &panes).map(|about| (about, model.editions.study + model.editions.agents));
    if wanted == model.beside.asked {
        return Vec::new();
    }
    model.beside.asked.clone_from(&wanted);
    model.beside.found = None;
    model.beside.tops = [0; 2];
    wanted.map_or_else(Vec::new, |(about, _)| vec![Command::Look { about }])
}

fn wanted(model: &Model, panes: &Panes) -> Option<About> {
    if !model.study.as_deref()?.snapshot.is_sealed() {
        return None;
    }
    match model.screen() {
        Screen::Proofs(state) if panes.detail.is_some() => state.row_under_cursor().map(About::Proof),
        _ if panes.third.is_none() => None,
        Screen::Requests(state) => state.row(state.scroll.cursor).map(About::Proof),
        Screen::Findings(_) => {
            let row = findings::under_cursor(model)?.evidence.first().copied();
            row.map(About::Record)
        }
        Screen::Settlements(state) => state.row_under_cursor(model).map(About::Record),
        Screen::Notes(state) => notes_view::record_of(model, state).map(About::Id),
        _ => None,
    }
}

pub fn found(model: &mut Model, about: &About, found: Result<Found, WorkError>) -> Vec<Command> {
    if model.beside.asked.as_ref().is_some_and(|(asked, _)| asked == about) {
        model.beside.found = Some(found.map_err(|error| error.to_string()));
    }
    Vec::new()
}

/// Whether the list that is shown has a detail.
pub fn has_panes(model: &Model) -> bool {
    panes::wish(model).is_some()
}

/// Whether Tab goes from pane to pane here: not where lists take turns by it.
pub fn takes_tab(model: &Model) -> bool {
    matches!(
        model.screen(),
        Screen::Requests(_) | Screen::Agents(_) | Screen::Proofs(_) | Screen::Findings(_)
    )
}

/// To the next pane that is shown, round and round.
pub fn turn(model: &mut Model, by: isize) -> Vec<Command> {
    let panes = panes::of(model);
    let shown: Vec<Pane> = [
        Some(Pane::List).filter(|_| panes.list.width > 0),
        Some(Pane::Detail).filter(|_| panes.detail.is_some()),
        Some(Pane::Third).filter(|_| panes.third.is_some()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if shown.len() < 2 {
        return super::lists::said(model, "there is one pane here; o shows the detail");
    }
    let now = shown.iter().position(|pane| *pane == model.beside.pane).unwrap_or(0);
    let next = (now + shown.len()).saturating_add_signed(by) % shown.len();
    model.beside.pane = shown[next];
    Vec::new()
}

/// The pane beside the list at a place of the screen.
pub fn pane_at(model: &Model, column: u16, row: u16) -> Option<Pane> {
    let panes = panes::of(model);
    let is_in = |area: Option<Rect>| area.is_some_and(|area| area.contains((column, row).into()));
    match (is_in(panes.detail), is_in(panes.third)) {
        (true, _) => Some(Pane::Detail),
        (_, true) => Some(Pane::Third),
        _ => None,
    }
}

/// Esc: the list has the keys again, then a pop-over closes. Whether there was anything to leave.
pub fn leave(model: &mut Model) -> Option<Vec<Command>> {
    if model.beside.pane != Pane::List && panes::of(model).list.width > 0 {
        model.beside.pane = Pane::List;
        return Some(Vec::new());
    }
    if is_covering(model) {
        model.layout = Layout::Room;
        return Some(super::acts::step(model, Step::By(0)));
    }
    None
}

/// Whether the detail lies over the list or in its place, on a terminal too narrow for both.
pub fn is_covering(model: &Model) -> bool {
    model.size.0 < panes::TWO && panes::of(model).detail.is_some()
}

/// Scrolls what stands beside the list while the list keeps the keys: the detail, or what it points at where all of the
/// detail is to be seen.
pub fn scroll(model: &mut Model, by: isize) -> Vec<Command> {
    if matches!(model.screen(), Screen::Request(_)) {
        return request::scroll(model, by);
    }
    let panes = panes::of(model);
    let n = match model.beside.pane {
        Pane::Detail => 0,
        Pane::Third => 1,
        Pane::List => usize::from(last(model, &panes, 0) == 0),
    };
    step_in(model, &panes, n, Step::By(by));
    Vec::new()
}

/// Moves in one pane: in that which has the keys, or in that which lies under the pointer.
pub fn step(model: &mut Model, pane: Pane, step: Step) {
    let panes = panes::of(model);
    let n = usize::from(pane == Pane::Third);
    step_in(model, &panes, n, step);
}

/// The last line that a pane may begin with: the first, where all of it is to be seen.
fn last(model: &Model, panes: &Panes, n: usize) -> usize {
    let area = if n == 0 { panes.detail } else { panes.third };
    let inner = area.map(|area| inner(area, panes.stands));
    inner.map_or(0, |inner| {
        lines(model, panes, n, inner.width).len().saturating_sub(usize::from(inner.height))
    })
}

fn step_in(model: &mut Model, panes: &Panes, n: usize, step: Step) {
    let last = last(model, panes, n);
    let top = match step {
        Step::By(by) => model.beside.tops[n].min(last).saturating_add_signed(by),
        Step::To(place) => place,
    };
    model.beside.tops[n] = top.min(last);
}

/// What is said of the selected row, and of what it points at, in lines that fit.
fn lines(model: &Model, panes: &Panes, n: usize, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let lines = match (model.screen(), n) {
        (Screen::Requests(state), 0) => requests_view::detail(model, state, width),
        (Screen::Requests(state), _) => requests_view::third(model, state),
        (Screen::Agents(state), 0) => agents_view::detail(model, state, width, panes.third),
        (Screen::Agents(state), _) => agents_view::third(model, state, width),
        (Screen::Settlements(state), 0) => settlements_view::detail(model, state),
        (Screen::Settlements(state), _) => settlements_view::third(model, state),
        (Screen::Proofs(state), 0) => proofs::detail(model, state),
        (Screen::Proofs(state), _) => proofs::third(model, state),
        (Screen::Findings(_), 0) => findings::detail(model),
        (Screen::Findings(_), _) => findings::third(model, width),
        (Screen::Notes(state), 0) => notes_view::detail(model, state),
        (Screen::Notes(state), _) => notes_view::third(model, state, width),
        _ => Vec::new(),
    };
    lines.into_iter().flat_map(|line| fold(line, width)).collect()
}

fn title(model: &Model, n: usize) -> &'static str {
    match (model.screen(), n) {
        (Screen::Requests(_), 0) => "request",
        (Screen::Requests(_), _) => "proof path",
        (Screen::Agents(_), 0) => "before, during, after",
        (Screen::Agents(_), _) => "in words",
        (Screen::Settlements(_), 0) => "in words",
        (Screen::Settlements(state), _) if state.tab == Tab::Chain => "what it settles",
        (Screen::Settlements(_), _) => "paid for; totals",
        (Screen::Proofs(_), 0) => "the step",
        (Screen::Proofs(_), _) => "proof path",
        (Screen::Findings(_), 0) => "finding",
        (Screen::Findings(_), _) => "the first record that shows it",
        (Screen::Notes(_), 0) => "in full",
        _ => "what it is about",
    }
}

/// The keys that scroll it, as they are mapped.
fn keys(model: &Model) -> String {
    let written =
        [Action::ScrollDown, Action::ScrollUp].map(|action| entry(action).map(|of| model.keymap.hint(of)));
    match written {
        [Some(down), Some(up)] if !down.is_empty() && !up.is_empty() => format!(" ({down} {up})"),
        _ => String::new(),
    }
}

/// What a pane has left for its lines: less two blanks at its left, and its title.
fn inner(area: Rect, stands: Stands) -> Rect {
    match stands {
        Stands::Over => Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        },
        _ => Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(3),
            height: area.height.saturating_sub(1),
        },
    }
}

pub fn draw(model: &Model, frame: &mut Frame<'_>) {
    let panes = panes::of(model);
    for (n, area) in [panes.detail, panes.third].into_iter().enumerate() {
        if let Some(area) = area {
            draw_pane(model, &panes, (n, area), frame);
        }
    }
}

fn draw_pane(model: &Model, panes: &Panes, (n, area): (usize, Rect), frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let inner = inner(area, panes.stands);
    let lines = lines(model, panes, n, inner.width);
    if lines.is_empty() {
        return;
    }
    let height = usize::from(inner.height);
    let top = model.beside.tops[n].min(lines.len().saturating_sub(height));
    let here = model.beside.pane == if n == 0 { Pane::Detail } else { Pane::Third };
    let mut words = title(model, n).to_owned();
    if lines.len() > height {
        words += &format!("  {} to {} of {}", top + 1, (top + height).min(lines.len()), lines.len());
        words += &keys(model);
    }
    let style = if here { theme.tab() } else { theme.quiet() };
    let words = super::text::cut(&format!(" {words} "), usize::from(inner.width), theme);
    match panes.stands {
        Stands::Over => {
            clear(frame, area);
            frame.render_widget(bordered(theme).title(Span::styled(words, style)), area);
        }
        _ => {
            frame.buffer_mut().set_span(inner.x - 1, area.y, &Span::styled(words, style), inner.width);
        }
    }
    let len = lines.len();
    for (n, line) in lines.into_iter().skip(top).take(height).enumerate() {
        let line = super::text::fit(line, usize::from(inner.width), theme);
        frame.buffer_mut().set_line(inner.x, inner.y + n as u16, &line, inner.width);
    }
    let bar = Rect { width: inner.width + 1, ..inner };
    draw_bar(frame, bar, &Scroll { cursor: top, top }, len, theme, &[]);
}

/// What a worker found of the record the cursor is on; or words in its place.
pub fn seen(model: &Model) -> Result<&Found, Line<'static>> {
    let theme = &model.theme;
    match &model.beside.found {
        Some(Ok(found)) => Ok(found),
        Some(Err(words)) => Err(Line::from(spans(words, theme.bad(), theme))),
        None => Err(Line::styled("reading…", theme.quiet())),
    }
}

/// The proof path at hand of what the cursor is on.
pub fn path(model: &Model) -> Option<&Path> {
    match (model.screen(), seen(model)) {
        (Screen::Request(state), _) => state.path.as_ref()?.as_ref(),
        (_, Ok(Found::Proof(path))) => path.as_ref().as_ref(),
        _ => None,
    }
}

/// A record as it stands: what it is, where, and its members.
pub fn record(model: &Model, width: usize) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let (explanation, tree) = match seen(model) {
        Ok(Found::Record(record)) => &**record,
        Ok(_) => return vec![Line::styled("no record here has this id", theme.quiet())],
        Err(words) => return vec![words],
    };
    let mut lines = head(explanation, model);
    lines.push(Line::default());
    lines.extend(tree.lines(width, theme));
    lines
}

/// What a record is, when, and where it stands.
pub fn head(e: &Explanation, model: &Model) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let mut title = spans(&e.kind_text, theme.quiet(), theme);
    title.push(Span::raw(" "));
    title.extend(spans(&e.id, theme.strong(), theme));
    let at = Line::styled(e.at.format(model.zone, "%Y-%m-%d %H:%M:%S%.f"), theme.plain());
    vec![Line::from(title), at, place(e, theme)]
}

fn place(e: &Explanation, theme: &Theme) -> Line<'static> {
    let place = e.imported.as_ref().map_or(&e.place, |original| &original.place);
    let name = place.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut line = spans(&name, theme.accent(), theme);
    line.push(Span::styled(format!(" line {}, byte {}", place.line + 1, place.offset), theme.quiet()));
    Line::from(line)
}

/// The answer as a message.
pub fn answer(study: &Study, about: About) -> Msg {
    Msg::Looked { found: look(study, &about), about }
}
