//! Overview: the answer before the tools. Every line opens the list behind it.
//!
//! ```text
//!  risk-scorer 2.4.1   declared by an incident record
//!  live                2026-10-05 08:08:09 → 14:29:22 (6h21m)   +2 stragglers
//!  requests            200 of 2,579 (7.7 %)   worst hour 2026-10-05 10:00: 48 of 112
//!  evidence            attested 1,940 · scheduled 1,058 · claimed 0 · none 2
//!  still pointing      7 stale-pointer · 6 late-serving · 2 shadow-serving
//!  nodes               gw-eu-3 straggler …
//!  what cannot be told 21 faulty lines · 2 unattributed …
//! ```
use super::answers::{Answer, Target, answers};
pub use crate::report::plain::percent as share;
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::model::{Command, Layout, Model, Screen};
use crate::ui::panes;
use crate::ui::screens::{agents, findings, hours, requests, settlements, timeline};
use crate::ui::text::{fit, spans, wrap};
use crate::ui::way::push;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::work::study::Study;
use crate::work::verify::Verification;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
    /// What verification came to, where the case was verified.
    pub verification: Option<Arc<Verification>>,
}

/// Asks for what the answer is still short of.
pub fn refresh(model: &mut Model) -> Vec<Command> {
    let mut commands = agents::ask(model);
    commands.extend(model.study.as_deref().filter(|study| study.verified).map(|_| Command::Tally));
    commands
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    if action != Action::Open {
        return Vec::new();
    }
    let (Some(study), Screen::Overview(state)) = (model.study.clone(), model.screen()) else {
        return Vec::new();
    };
    let answers = answers(&study, model);
    let place = nearest(&answers, state.scroll.cursor);
    let target = answers.into_iter().nth(place).map(|answer| answer.target);
    match target {
        Some(Target::Requests(filter)) => {
            requests::remember(model, filter);
            push(model, Screen::Requests(requests::State::default()))
        }
        Some(Target::Timeline) => push(model, Screen::Timeline(timeline::State::default())),
        Some(Target::Findings) => push(model, Screen::Findings(findings::State::default())),
        Some(Target::Agents) => crate::ui::way::show_tab(model, 4),
        Some(Target::Settlements(class)) => {
            let state = class.map_or_else(settlements::State::default, settlements::State::only);
            push(model, Screen::Settlements(Box::new(state)))
        }
        Some(Target::Proofs) => push(model, Screen::Proofs(Box::default())),
        Some(Target::Nothing) | None => Vec::new(),
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(1);
    let answers = model.study.as_deref().map(|study| answers(study, model)).unwrap_or_default();
    let leading: Vec<usize> = leading(&answers).collect();
    if let Some(Screen::Overview(state)) = model.screens.last_mut() {
        let now = leading.partition_point(|place| *place < nearest(&answers, state.scroll.cursor));
        let next = match step {
            Step::By(n) => now.saturating_add_signed(n),
            // A click or `G`: the line itself, or the last one that leads somewhere.
            Step::To(place) => leading.partition_point(|known| *known < place),
        };
        let next = next.min(leading.len().saturating_sub(1));
        let place = leading.get(next).copied().unwrap_or(0);
        // What stands above the first line is read with it.
        state.scroll.top = if next == 0 { 0 } else { state.scroll.top };
        state.scroll.step(Step::To(place), answers.len(), height);
    }
    Vec::new()
}

/// Places of the lines that lead somewhere.
fn leading(answers: &[Answer]) -> impl Iterator<Item = usize> {
    answers.iter().enumerate().filter(|(_, answer)| answer.target != Target::Nothing).map(|(place, _)| place)
}

/// The line at a place, or the next one that leads somewhere.
fn nearest(answers: &[Answer], place: usize) -> usize {
    leading(answers).find(|known| *known >= place).or_else(|| leading(answers).last()).unwrap_or(0)
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let Some(study) = model.study.as_deref() else {
        return;
    };
    let answers = answers(study, model);
    let area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let (area, beside) = columns(model, area);
    if let Some(beside) = beside {
        draw_beside(study, model, frame, beside);
    }
    let scroll = Scroll { cursor: nearest(&answers, state.scroll.cursor), ..state.scroll };
    lines::draw(frame, area, &scroll, answers.len(), Focus::Here, &model.theme, |n| answers[n].line.clone());
    let below = area.height.saturating_sub(answers.len() as u16 + 1);
    if beside.is_none() && below >= hours::LEAST {
        let chart = Rect { y: area.bottom() - below, height: below, ..area };
        hours::draw(study, model.zone, frame, chart, &model.theme);
    }
}

/// The answer, and on wide terminals a column beside it.
fn columns(model: &Model, area: Rect) -> (Rect, Option<Rect>) {
    let sealed = model.study.as_deref().is_some_and(|study| study.snapshot.is_sealed());
    if area.width < panes::THREE || model.layout == Layout::List || !sealed {
        return (area, None);
    }
    let width = (area.width * 2 / 5).min(84);
    let left = Rect { width: area.width - width, ..area };
    (left, Some(Rect { x: left.right(), width, ..area }))
}

/// Columns the answer has.
pub fn width(model: &Model) -> u16 {
    columns(model, Rect { width: model.size.0, ..Rect::default() }).0.width
}

/// Lines of the shape of the incident, where it has company.
const SHAPE: u16 = 12;

/// The shape of the incident, and below it what to look at first.
fn draw_beside(study: &Study, model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let shape = SHAPE.min(area.height / 2);
    hours::draw(study, model.zone, frame, Rect { height: shape, ..area }, theme);
    let below = Rect { x: area.x + 2, y: area.y + shape + 1, width: area.width.saturating_sub(3), ..area };
    let height = usize::from(area.bottom().saturating_sub(below.y));
    let all = study.findings.len();
    let mut lines = vec![Line::styled("look at these first (7 has all, e walks them)", theme.quiet())];
    for (n, finding) in study.findings.iter().enumerate() {
        let mut line = vec![Span::styled(
            format!("{:<9}", finding.severity.name()),
            findings::style(finding.severity, theme),
        )];
        line.push(Span::styled(format!("{}  ", finding.rule), theme.strong()));
        line.extend(spans(&finding.sentence, theme.plain(), theme));
        let told = wrap(Line::from(line), usize::from(below.width), 9);
        let rest = usize::from(n + 1 < all);
        if lines.len() + told.len() + rest > height {
            lines.push(Line::styled(format!("and {} more", all - n), theme.quiet()));
            break;
        }
        lines.extend(told);
    }
    if all == 0 {
        lines = vec![Line::styled("no findings", theme.quiet())];
    }
    for (n, line) in lines.into_iter().enumerate().take(height) {
        let line = fit(line, usize::from(below.width), theme);
        frame.buffer_mut().set_line(below.x, below.y + n as u16, &line, below.width);
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        for (part, whole, shown) in [
            (0, 5, "0 %"),
            (1, 100_000, "<0.1 %"),
            (99_999, 100_000, "99.9 %"),
            (5, 5, "100.0 %"),
            (1, 0, "—"),
        ] {
            assert_eq!(share(part, whole), shown);
        }
    }
}
