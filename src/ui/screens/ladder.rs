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
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::Scroll;
use crate::work::findings::counted;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

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
    (scroll, naming): (&Scroll, Option<Naming>),
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
    if area.width > LADDER + 20
        && let Some(result) = path.steps.get(scroll.cursor)
    {
        let beside = Rect { x: area.x + LADDER + 2, width: area.width - LADDER - 3, ..area };
        let mut words = words(result, theme);
        match naming {
            Some(Naming::UnderWay(_)) if slow(result).is_some() => {
                words.insert(2, Line::styled("its id is being computed; esc stops it", theme.quiet()));
            }
            Some(Naming::Stopped) if slow(result).is_some() => {
                words.insert(2, Line::styled("stopped; open the record again to go on", theme.quiet()));
            }
            _ => {}
        }
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: false }), beside);
    }
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

fn words(result: &StepResult, theme: &Theme) -> Vec<Line<'static>> {
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
    if result.bytes.length > 0 {
        let shown = &result.bytes.head[..result.bytes.head.len().min(64)];
        let dots = if shown.len() as u64 == result.bytes.length { "" } else { theme.glyphs.ellipsis };
        say("bytes", &format!("{}: {}{dots}", counted(result.bytes.length, "byte"), hex::encode(shown)));
    }
    say("proves", result.proves);
    say("proves not", result.does_not_prove);
    if let Some(command) = &result.reproduce {
        out.push(Line::default());
        out.push(Line::styled(
            format!("y copies a command that shows it without Backtrail ({}):", command.expects()),
            theme.quiet(),
        ));
        for line in command.to_string().lines().take(3) {
            out.push(Line::styled(Untrusted(line).visible(), theme.quiet()));
        }
    }
    out
}
