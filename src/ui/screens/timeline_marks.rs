//! The lines above a timeline's lanes: one each for releases and incidents, findings, agents that changed, settlements.
//!
//! ```text
//!   releases, incidents    ▲ •        ■        ▲•••  ◆▼◆▼▼◆
//!   findings         31                ●      ●●●●●●●●● ●
//!   agents changed    3                        ≠≠  ≠
//!   settled         312    ▂▁▂▃▂▁▁▂▃▂▁▂▃▂▁▁▂▃▂▁▓▓▓▂▂▁▂▁▁
//! ```

use super::timeline::LABEL;
use crate::model::Kind;
use crate::ui::model::Model;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::work::findings::{counted, grouped};
use crate::work::happenings::{Happenings, Settled};
use crate::work::registry::Mark;
use crate::work::timeline::Axis;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::BTreeSet;

/// Lines of what happened besides, below that of releases and incidents.
pub const HAPPENINGS: u16 = 3;

pub fn glyph_of(mark: &Mark, theme: &Theme) -> (&'static str, Style, u8) {
    match (mark.kind, mark.word.as_str()) {
        (Kind::Incident, _) => (theme.glyphs.incident, theme.bad(), 4),
        (_, "rollback") => (theme.glyphs.rollback, theme.good(), 3),
        (Kind::Release, _) => (theme.glyphs.release, theme.accent(), 2),
        (Kind::Measurement, _) => (theme.glyphs.measurement, theme.quiet(), 1),
        _ => (theme.glyphs.deployment, theme.plain(), 0),
    }
}

/// Where several marks fall into one bucket the weightiest shows; the readout lists them all.
pub fn draw_marks(marks: &[Mark], axis: Axis, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    label(frame, area, "releases, incidents", None, theme);
    let mut by_weight: Vec<_> = marks.iter().map(|mark| (glyph_of(mark, theme), mark)).collect();
    by_weight.sort_by_key(|((_, _, weight), _)| *weight);
    for ((glyph, style, _), mark) in by_weight {
        if let Some(bucket) = axis.bucket(mark.at).filter(|bucket| *bucket < usize::from(area.width)) {
            frame.buffer_mut().set_span(area.x + bucket as u16, area.y, &Span::styled(glyph, style), 1);
        }
    }
}

/// `area` is `HAPPENINGS` lines high.
pub fn draw_happenings(model: &Model, happened: &Happenings, axis: Axis, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let line = |n: u16| Rect { y: area.y + n, height: 1, ..area };
    let mut put = |n: u16, bucket: usize, glyph: &'static str, style: Style| {
        if bucket < usize::from(area.width) {
            let (x, y) = (area.x + bucket as u16, area.y + n);
            frame.buffer_mut().set_span(x, y, &Span::styled(glyph, style), 1);
        }
    };
    for bucket in happened.findings.iter().filter_map(|(at, _)| axis.bucket(*at)) {
        put(0, bucket, theme.glyphs.dot, theme.warn());
    }
    for bucket in happened.agents.iter().flatten().filter_map(|(at, _)| axis.bucket(*at)) {
        put(1, bucket, theme.glyphs.differs, theme.bad());
    }
    let all = |settled: &Settled| settled.payments + settled.settlements;
    let most = happened.settled.iter().flatten().map(all).max().unwrap_or(0).max(1);
    for (bucket, settled) in happened.settled.iter().flatten().enumerate().filter(|(_, s)| all(s) > 0) {
        let glyph = theme.glyphs.bars[(all(settled) * 8).div_ceil(most).min(8) as usize];
        match settled.affected + settled.faulty > 0 {
            true => put(2, bucket, theme.glyphs.heavy, theme.bad()),
            false => put(2, bucket, glyph, theme.good()),
        }
    }
    let shown = happened.findings.iter().filter(|(at, _)| axis.bucket(*at).is_some());
    let findings: BTreeSet<usize> = shown.map(|(_, finding)| *finding).collect();
    label(frame, line(0), "findings", Some(Some(findings.len() as u64)), theme);
    let agents = happened.agents.as_ref().map(|agents| agents.len() as u64);
    // With nothing under suspicion there is no change to count.
    let is_asked = model.study.as_deref().is_some_and(|study| study.window.is_some());
    label(frame, line(1), "agents changed", is_asked.then_some(agents), theme);
    let settled = happened.settled.as_ref().map(|buckets| buckets.iter().map(|s| u64::from(all(s))).sum());
    label(frame, line(2), "settled", Some(settled), theme);
}

/// What a line is of, and how many: `…` while that is not counted.
fn label(frame: &mut Frame<'_>, area: Rect, name: &str, count: Option<Option<u64>>, theme: &Theme) {
    let count =
        count.map_or_else(String::new, |n| n.map_or_else(|| theme.glyphs.ellipsis.to_owned(), grouped));
    let width = usize::from(LABEL) - 3;
    let room = width.saturating_sub(name.len());
    let words = format!("{name}{count:>room$}");
    frame.buffer_mut().set_span(area.x - LABEL + 2, area.y, &Span::styled(words, theme.quiet()), LABEL - 2);
}

/// What else happened in a bucket, in words.
pub fn told(model: &Model, happened: &Happenings, axis: Axis, bucket: usize) -> Vec<Line<'static>> {
    let (Some(study), theme) = (model.study.as_deref(), &model.theme) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let mut rests: Vec<(usize, u64)> = Vec::new();
    for (_, n) in happened.findings.iter().filter(|(at, _)| axis.bucket(*at) == Some(bucket)) {
        match rests.iter_mut().find(|(known, _)| known == n) {
            Some((_, count)) => *count += 1,
            None => rests.push((*n, 1)),
        }
    }
    rests.sort();
    for (finding, count) in rests.iter().filter_map(|(n, count)| Some((study.findings.get(*n)?, *count))) {
        let mut line = vec![Span::styled(format!("{} ", theme.glyphs.dot), theme.warn())];
        line.push(Span::raw(format!(
            "finding {} rests on {} here  ",
            finding.rule,
            counted(count, "record")
        )));
        line.extend(spans(&finding.sentence, theme.quiet(), theme));
        lines.push(Line::from(line));
    }
    for (at, agent) in happened.agents.iter().flatten().filter(|(at, _)| axis.bucket(*at) == Some(bucket)) {
        let mut line = vec![Span::styled(format!("{} ", theme.glyphs.differs), theme.bad())];
        line.push(Span::raw(format!(
            "{}  the faulty version first served ",
            at.format(model.zone, "%m-%d %H:%M:%S")
        )));
        line.extend(spans(study.agent_name(*agent), theme.accent(), theme));
        line.push(Span::raw(", which changed"));
        lines.push(Line::from(line));
    }
    if let Some(settled) = happened.settled.as_ref().and_then(|buckets| buckets.get(bucket)) {
        let parts = [
            (settled.payments, settled.affected, "payment", "direct or derived"),
            (
                settled.settlements,
                settled.faulty,
                "settlement on chain",
                "with answers of the faulty version",
            ),
        ];
        for (all, bad, what, which) in parts.into_iter().filter(|(all, ..)| *all > 0) {
            let style = if bad > 0 { theme.bad() } else { theme.quiet() };
            let words =
                format!("{} settled, {} {which}", counted(u64::from(all), what), grouped(u64::from(bad)));
            lines.push(Line::styled(words, style));
        }
    }
    lines
}
