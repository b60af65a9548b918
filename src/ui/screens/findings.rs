//! Findings: severity, rule, subject, sentence; Enter opens the requests or the record that show it.

use crate::journal::print_of;
use crate::model::{Finding, Pointers, Severity};
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::beside;
use crate::ui::model::{Command, Model, Notice, Screen};
use crate::ui::ordering;
use crate::ui::panes;
use crate::ui::screens::requests;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::way::{open_row, push, show_tab};
use crate::ui::widgets::rows::{self, Rows};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Arranged, Column, Shape, rows_in};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::counted;
use crate::work::lines::{Lines, Value};
use crate::work::notebook::Subject;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
    pub arranged: Arranged,
}

/// The finding under the cursor.
pub fn under_cursor(model: &Model) -> Option<Finding> {
    let row = crate::ui::lists::row_under_cursor(model)?;
    model.study.as_deref()?.findings.get(row).cloned()
}

/// What notes on a finding are about.
pub fn subject(finding: &Finding) -> Subject {
    Subject::new("finding", format!("{} {}", finding.rule, finding.subject).trim())
}

pub fn titles() -> Vec<String> {
    rows::titles(&COLUMNS)
}

/// The findings for workers, worst first.
pub fn lines(model: &Model) -> Option<Arc<dyn Lines>> {
    let study = model.study.clone()?;
    let len = study.findings.len();
    let row = move |row: usize| study.findings.get(row).cloned();
    Some(Arc::new(Rows { columns: &COLUMNS, len, row, identity: |f| print_of(&subject(f).id), unread: None }))
}

/// Shows the finding a note is about.
pub fn open_rule(model: &mut Model, id: &str) -> Vec<Command> {
    let study = model.study.clone();
    let wanted = study.and_then(|study| study.findings.iter().position(|finding| subject(finding).id == id));
    match wanted {
        Some(row) => {
            let mut commands = show_tab(model, 7);
            let place = crate::ui::lists::place_of(model, row);
            commands.extend(step(model, Step::To(place)));
            commands
        }
        None => crate::ui::lists::said(model, "there is no such finding any more"),
    }
}

pub fn style(severity: Severity, theme: &Theme) -> Style {
    match severity {
        Severity::Critical => theme.bad(),
        Severity::High => theme.warn().patch(theme.strong()),
        Severity::Medium => theme.warn(),
        Severity::Low => theme.plain(),
        Severity::Info => theme.quiet(),
    }
}

const COLUMNS: [Column<Finding>; 4] = [
    Column::<Finding>::left("severity", 8, severity).value(|f| {
        let place = |word: &str| Severity::ALL.iter().position(|severity| severity.name() == word);
        Value::Ranked(f.severity as usize, place)
    }),
    Column::<Finding>::left("rule", 18, |f, t| Line::styled(f.rule.clone(), t.plain())).need(2),
    Column::<Finding>::left("about", 14, |f, t| Line::from(spans(&f.subject, t.accent(), t))).need(1),
    Column::<Finding>::left("what", 20, |f, t| Line::from(spans(&f.sentence, t.plain(), t))).grow(1).need(3),
];

fn severity(finding: &Finding, theme: &Theme) -> Line<'static> {
    Line::styled(finding.severity.name(), style(finding.severity, theme))
}

fn len(model: &Model) -> usize {
    let all = model.study.as_deref().map_or(0, |study| study.findings.len());
    match model.screen() {
        Screen::Findings(state) => state.arranged.len(all),
        _ => all,
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let (len, height) = (len(model), rows_in(body_height(model) as u16));
    if let Some(Screen::Findings(state)) = model.screens.last_mut() {
        state.scroll.step(step, len, height);
        model.finding = Some(state.scroll.cursor);
    }
    Vec::new()
}

/// To the next or previous finding, from anywhere.
pub fn walk(model: &mut Model, by: isize) -> Vec<Command> {
    let len = len(model);
    if len == 0 {
        let partial = crate::ui::reading::is_partial(model);
        let words = if partial { crate::ui::reading::FINDINGS } else { "there are no findings" };
        model.notice = Some(Notice::Said(words.to_owned()));
        return Vec::new();
    }
    let next = match model.finding {
        None => Some(if by > 0 { 0 } else { len - 1 }),
        Some(now) => now.checked_add_signed(by).filter(|next| *next < len),
    };
    let Some(next) = next else {
        model.notice = Some(Notice::Said("that was the last finding in this direction".to_owned()));
        return Vec::new();
    };
    model.finding = Some(next);
    if !matches!(model.screen(), Screen::Findings(_)) {
        // From elsewhere all of them are walked, as they came.
        let mut commands = show_tab(model, 7);
        if let Some(Screen::Findings(state)) = model.screens.last_mut() {
            (state.arranged.keep, state.arranged.sort) = (Vec::new(), None);
        }
        commands.extend(ordering::ask(model));
        commands.extend(step(model, Step::To(next)));
        return commands;
    }
    step(model, Step::To(next))
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let (Action::Open, Some(finding)) = (action, under_cursor(model)) else {
        return Vec::new();
    };
    if let Some(filter) = behind(&finding) {
        requests::remember(model, filter);
        return push(model, Screen::Requests(requests::State::default()));
    }
    match finding.evidence.first() {
        Some(row) => open_row(model, *row),
        None => {
            model.notice =
                Some(Notice::Said("its evidence is the absence or damage it describes".to_owned()));
            Vec::new()
        }
    }
}

/// The requests that show a finding, where it is about requests.
fn behind(finding: &Finding) -> Option<Filter> {
    if Pointers::of(&finding.rule).is_some() {
        return Some(Filter::default().and(Clause::is(Field::Pointer, &finding.rule)));
    }
    let node = Filter::default().and(Clause::is(Field::Node, &finding.subject));
    match finding.rule.as_str() {
        "node-forged" => Some(node.and(Clause::is(Field::Pointer, "version-conflict"))),
        "node-straggler" => Some(node.and(Clause::is(Field::Pointer, "late-serving"))),
        "node-flapping" | "node-early" | "gap" => Some(node),
        _ => None,
    }
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let Some(study) = model.study.as_deref() else {
        return;
    };
    let theme = &model.theme;
    if study.findings.is_empty() {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y + 1,
            &Span::styled("no findings", theme.quiet()),
            area.width,
        );
        return;
    }
    let at = |place: usize| study.findings.get(state.arranged.row(place));
    let noted = |place: usize| at(place).is_some_and(|f| crate::ui::lists::is_noted(model, &subject(f)));
    let shape = Shape {
        noted: &noted,
        ..Shape::new(&state.scroll, state.arranged.len(study.findings.len()), &state.arranged)
    };
    table::draw(frame, panes::of(model).list, &COLUMNS, shape, theme, |place| at(place).cloned());
}

/// The finding under the cursor in full.
pub fn detail(model: &Model) -> Vec<Line<'static>> {
    let (Some(finding), theme) = (under_cursor(model), &model.theme) else {
        return Vec::new();
    };
    let mut lines = vec![
        Line::from(vec![
            Span::styled(finding.severity.name(), style(finding.severity, theme)),
            Span::raw("  "),
            Span::styled(finding.rule.clone(), theme.strong()),
        ]),
        Line::from(spans(&finding.subject, theme.accent(), theme)),
        Line::default(),
        Line::from(spans(&finding.sentence, theme.plain(), theme)),
        Line::default(),
    ];
    if finding.count > 0 {
        lines.push(Line::styled(counted(finding.count, "occurrence"), theme.quiet()));
    }
    let leads = behind(&finding).is_some() || !finding.evidence.is_empty();
    let hint = if leads { "enter opens what shows it" } else { "nothing in the journals shows it further" };
    lines.push(Line::styled(hint, theme.quiet()));
    lines
}

/// The first record that shows it.
pub fn third(model: &Model, width: usize) -> Vec<Line<'static>> {
    match under_cursor(model) {
        Some(finding) if finding.evidence.is_empty() => {
            let words = "it is about what is absent or damaged: no record shows it";
            vec![Line::styled(words, model.theme.quiet())]
        }
        Some(_) => beside::record(model, width),
        None => Vec::new(),
    }
}
