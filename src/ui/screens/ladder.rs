//! The proof path of one request as a ladder: every step a glyph and a word; beside it what the selected step rests on.
//!
//! ```text
//!   ✔ checkpoint     verified        signature: failed
//!   ✔ inclusion      verified        the enclave's key did not sign these hashes and this time
//! ▌ ✘ signature      failed          computed  …
//!   ○ attestation    missing         recorded  …
//! ```

use super::proofs::mark;
use crate::model::{Status, Step, Untrusted};
use crate::proof::ladder::{Check, Path, StepResult};
use crate::ui::model::Naming;
use crate::ui::text::{fold, spans};
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::{Scroll, draw_bar};
use crate::work::findings::counted;
use crate::work::sheet::markdown_cell;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Width of the ladder itself.
const LADDER: u16 = 34;

/// The step to look at first: the first that failed, else the first that is not well.
pub fn first_step(path: &Path) -> usize {
    let is = |wanted: fn(Status) -> bool| path.steps.iter().position(|result| wanted(result.status));
    is(|status| status == Status::Failed).or_else(|| is(|status| status <= Status::Missing)).unwrap_or(0)
}

/// The path, what of it is on screen, and how far its slow step is.
pub fn draw(
    path: &Path,
    (scroll, top, naming): (&Scroll, usize, Option<Naming>),
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
) {
    let slow = |result: &StepResult| slow_words(result, naming);
    let ladder = Rect { width: LADDER.min(area.width), ..area };
    lines::draw(frame, ladder, scroll, path.steps.len(), Focus::Here, theme, |n| {
        let result = &path.steps[n];
        let (glyph, style) = mark(result.status, theme);
        Line::from(vec![
            Span::styled(format!("{glyph} "), style),
            Span::raw(format!("{:<14}", result.step.name())),
            Span::styled(slow(result).unwrap_or_else(|| result.status.name().to_owned()), style),
        ])
    });
    let Some(beside) = beside(area) else { return };
    let words = told(path, scroll.cursor, naming, beside.width, theme);
    let height = usize::from(beside.height);
    let top = top.min(words.len().saturating_sub(height));
    let len = words.len();
    for (n, line) in words.into_iter().skip(top).take(height).enumerate() {
        frame.buffer_mut().set_line(beside.x, beside.y + n as u16, &line, beside.width);
    }
    let bar = Rect { width: beside.width + 1, ..beside };
    draw_bar(frame, bar, &Scroll { cursor: top, top }, len, theme, &[]);
}

/// Where the selected step stands beside the ladder; nothing where there is no room.
pub fn beside(area: Rect) -> Option<Rect> {
    let room = Rect { x: area.x + LADDER + 2, width: area.width.saturating_sub(LADDER + 4), ..area };
    (area.width > LADDER + 20).then_some(room)
}

/// What is said of a step, in lines that fit.
pub fn told(
    path: &Path,
    step: usize,
    naming: Option<Naming>,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let Some(result) = path.steps.get(step) else {
        return Vec::new();
    };
    let mut words = words(result, theme);
    match naming {
        Some(Naming::UnderWay(_)) if slow_words(result, naming).is_some() => {
            words.insert(2, Line::styled("its id is being computed; esc stops it", theme.quiet()));
        }
        Some(Naming::Stopped) if slow_words(result, naming).is_some() => {
            words.insert(2, Line::styled("stopped; open the record again to go on", theme.quiet()));
        }
        _ => {}
    }
    words.into_iter().flat_map(|line| fold(line, usize::from(width))).collect()
}

/// The path as Markdown, for who works on with it elsewhere.
pub fn as_markdown(path: &Path) -> String {
    let line = |result: &StepResult| {
        format!("- {}: {}. {}\n", result.step.name(), result.status, markdown_cell(&result.reason))
    };
    path.steps.iter().map(line).collect()
}

/// The path as one column: a step in words on top, all steps below.
pub fn column(path: &Path, top: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = path.steps.get(top).map(|result| short(result, theme)).unwrap_or_default();
    lines.extend(path.steps.iter().enumerate().map(|(n, result)| {
        let (glyph, style) = mark(result.status, theme);
        let marker = if n == top { theme.glyphs.selected } else { " " };
        Line::from(vec![
            Span::styled(marker, theme.accent()),
            Span::styled(format!("{glyph} "), style),
            Span::raw(format!("{:<14}", result.step.name())),
            Span::styled(result.status.name(), style),
        ])
    }));
    lines
}

/// A step in few words: what came of it, and what that means.
fn short(result: &StepResult, theme: &Theme) -> Vec<Line<'static>> {
    let (glyph, style) = mark(result.status, theme);
    let mut lines = vec![
        Line::from(vec![
            Span::styled(result.step.name(), theme.strong()),
            Span::styled(format!("  {glyph} {}", result.status), style),
        ]),
        Line::from(spans(&result.reason, theme.plain(), theme)),
    ];
    for (label, words) in [("proves", result.proves), ("not", result.does_not_prove)] {
        let label = Span::styled(format!("{label:<7}"), theme.quiet());
        lines.push(Line::from(vec![label, Span::styled(words, theme.quiet())]));
    }
    lines.push(Line::default());
    lines
}

/// What stands for the verdict of the slow step while there is none.
fn slow_words(result: &StepResult, naming: Option<Naming>) -> Option<String> {
    if result.step != Step::Blob || result.status != Status::Unchecked {
        return None;
    }
    match naming? {
        Naming::UnderWay(percent) => Some(format!("naming {percent} %")),
        Naming::Stopped => Some("stopped".to_owned()),
        Naming::Done => None,
    }
}

pub fn words(result: &StepResult, theme: &Theme) -> Vec<Line<'static>> {
    let (glyph, style) = mark(result.status, theme);
    let mut out = vec![
        Line::from(vec![
            Span::styled(result.step.name(), theme.strong()),
            Span::styled(format!("  {glyph} {}", result.status), style),
        ]),
        Line::from(spans(&result.reason, theme.plain(), theme)),
        Line::default(),
    ];
    let mut say = |label: &str, text: &str| {
        if !text.is_empty() {
            let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
            line.extend(spans(text, theme.plain(), theme));
            out.push(Line::from(line));
        }
    };
    say("claim", &result.claim);
    say("computed", &result.computed);
    say("recorded", &result.recorded);
    let checks = [
        ("crypto", result.checks.crypto),
        ("binding", result.checks.binding),
        ("policy", result.checks.policy),
    ];
    let asked: Vec<String> = checks
        .into_iter()
        .filter(|(_, check)| *check != Check::NotAsked)
        .map(|(name, check)| {
            let word = match check {
                Check::Holds => "holds",
                Check::Fails => "fails",
                _ => "nobody pinned it",
            };
            format!("{name} {word}")
        })
        .collect();
    say("checks", &asked.join(", "));
    say("proves", result.proves);
    say("proves not", result.does_not_prove);
    if let Some(command) = &result.reproduce {
        out.push(Line::default());
        out.push(Line::styled(
            format!("y copies a command that shows it without Backtrail ({}):", command.expects()),
            theme.quiet(),
        ));
        for line in command.to_string().lines() {
            out.push(Line::styled(Untrusted(line).visible(), theme.quiet()));
        }
    }
    if result.bytes.length > 0 {
        let shown = &result.bytes.head;
        let dots = if shown.len() as u64 == result.bytes.length { "" } else { theme.glyphs.ellipsis };
        let bytes = format!("{}: {}{dots}", counted(result.bytes.length, "byte"), hex::encode(shown));
        out.push(Line::default());
        out.push(Line::from(vec![
            Span::styled(format!("{:<11}", "bytes"), theme.quiet()),
            Span::styled(bytes, theme.plain()),
        ]));
    }
    out
}
