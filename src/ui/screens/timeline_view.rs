//! How a timeline is drawn. Lanes share one scale; where a lane has lines to spare, a rule under its bars says when
//! the faulty version served, so that no colour has to.
//!
//! ```text
//!                    ▲                •▼  ◆                       marks
//!    faulty                      ├────────┤                       from the first to the last service of the window
//! ▌ gw-eu-1  1,872   ▂▃▄▅▆▅▄▃▂▁ ▃▄▅▆▇▇▇▆▅▄▃▂                      bars
//!   late                        ━━━━━━━━━━━━━                     the faulty version served here
//!                    10-04 00:00     10-05 00:00     10-06 00:00
//!   10-05 09:12:04 → 09:29:30  gw-eu-1: 14 requests, 3 by the faulty version
//! ```

use super::timeline::{LABEL, State};
use super::timeline_marks::{HAPPENINGS, draw_happenings, draw_marks, glyph_of, told};
use crate::analysis::{NodeState, Number};
use crate::model::Nanos;
use crate::model::time::{DAY, HOUR, MINUTE, SECOND};
use crate::ui::model::Model;
use crate::ui::text::{cut, padded, shown, spans};
use crate::ui::theme::Theme;
use crate::work::findings::{counted, grouped};
use crate::work::timeline::{Axis, Lane, Lanes, Timeline};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The most lines the tallest lane gets.
const TALLEST: u16 = 10;
/// Lines that are not lanes: marks, axis, and what stands under the cursor.
const AROUND: u16 = 5;
/// Lines from which there is room for what happened besides requests.
const BESIDES: u16 = 14;

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let (Some(axis), Some(timeline)) = (state.axis, &state.timeline) else {
        put(frame, Rect { x: area.x + 2, ..area }, Line::styled("counting…", theme.quiet()), theme);
        return;
    };
    if timeline.lanes.is_empty() && timeline.marks.is_empty() {
        let words = Line::styled("no request and no deployment is recorded", theme.quiet());
        put(frame, Rect { x: area.x + 2, y: area.y + 1, ..area }, words, theme);
        return;
    }
    if area.height < 5 || area.width < LABEL + 10 {
        put(frame, area, Line::raw("too small for a timeline"), theme);
        return;
    }
    let band = u16::from(area.height >= 14);
    let columns = (axis.buckets as u16).min(area.width - LABEL);
    let bars = Rect { x: area.x + LABEL, width: columns, ..area };
    draw_marks(&timeline.marks, axis, frame, Rect { height: 1, ..bars }, theme);
    let besides = if area.height >= BESIDES { HAPPENINGS } else { 0 };
    if besides > 0 {
        let lines = Rect { y: area.y + 1, height: besides, ..bars };
        draw_happenings(model, &state.happened, axis, frame, lines);
    }
    if band > 0 {
        draw_window(model, axis, frame, Rect { y: area.y + 1 + besides, height: 1, ..bars });
    }
    let top = area.y + 1 + besides + band;
    let room = area.height.saturating_sub(AROUND + besides + band);
    let heights = heights(timeline, room);
    let first = first_shown(&heights, state.scroll.cursor, room);
    let mut y = top;
    for (n, (lane, height)) in timeline.lanes.iter().zip(&heights).enumerate().skip(first) {
        if y + height > top + room.max(1) {
            break;
        }
        let lane_area = Rect { y, height: *height, ..area };
        draw_lane(model, state, (n, lane), scale(timeline, &heights), frame, lane_area);
        y += height;
    }
    draw_axis(model, axis, frame, Rect { y, height: 1, ..bars });
    draw_cursor(state, axis, frame, Rect { height: y - area.y + 1, ..bars }, theme);
    let below = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
    draw_readout(model, state, (axis, timeline), frame, below);
}

fn put(frame: &mut Frame<'_>, area: Rect, line: Line<'static>, theme: &Theme) {
    let line = crate::ui::text::fit(line, usize::from(area.width), theme);
    frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
}

fn highest(lane: &Lane) -> u64 {
    u64::from(lane.counts.iter().copied().max().unwrap_or(0))
}

/// Lines for each lane: as many as its highest bar needs on a scale that all share, and one more for the rule.
fn heights(timeline: &Timeline, room: u16) -> Vec<u16> {
    let most = u64::from(timeline.highest.max(1));
    let with = |tallest: u16| -> Vec<u16> {
        let bars = |lane: &Lane| (highest(lane) * u64::from(tallest)).div_ceil(most).max(1) as u16;
        timeline.lanes.iter().map(|lane| bars(lane) + 1).collect()
    };
    let fits = |heights: &Vec<u16>| {
        heights.iter().map(|height| usize::from(*height)).sum::<usize>() <= usize::from(room)
    };
    // Where not even two lines fit, a lane is its bars alone.
    (1..=TALLEST).rev().map(with).find(fits).unwrap_or_else(|| vec![1; timeline.lanes.len()])
}

/// Requests that a full line of bar stands for, as a fraction: requests over lines.
fn scale(timeline: &Timeline, heights: &[u16]) -> (u64, u64) {
    let tallest = heights.iter().copied().max().unwrap_or(1);
    (u64::from(timeline.highest.max(1)), u64::from(tallest.saturating_sub(1).max(1)))
}

/// The first lane on screen, so that the one under the cursor is.
fn first_shown(heights: &[u16], cursor: usize, room: u16) -> usize {
    let mut used = 0;
    let above = heights.iter().take(cursor + 1).rev().take_while(|height| {
        used += **height;
        used <= room.max(**height)
    });
    (cursor + 1).min(heights.len()).saturating_sub(above.count().max(1))
}

/// The window under suspicion as a band over the lanes.
fn draw_window(model: &Model, axis: Axis, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let window = model.study.as_deref().and_then(|study| study.window.as_ref());
    let Some((from, window)) = window.and_then(|window| Some((window.from()?, window))) else {
        return;
    };
    let to = window.to().unwrap_or(axis.to);
    frame.buffer_mut().set_span(area.x - LABEL + 2, area.y, &Span::styled("faulty", theme.bad()), LABEL);
    if to <= axis.from || from >= axis.to {
        return;
    }
    let last = usize::from(area.width.saturating_sub(1));
    let left = axis.bucket(from).unwrap_or(0).min(last) as u16;
    let right = axis.bucket(to).unwrap_or(last).min(last) as u16;
    let band = theme.glyphs.band;
    for x in left..=right {
        let glyph = match x {
            x if x == left && from >= axis.from => band[0],
            x if x == right && to < axis.to => band[2],
            _ => band[1],
        };
        frame.buffer_mut().set_span(area.x + x, area.y, &Span::styled(glyph, theme.bad()), 1);
    }
}

fn draw_lane(
    model: &Model,
    state: &State,
    (n, lane): (usize, &Lane),
    scale: (u64, u64),
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = &model.theme;
    let faulty = model.study.as_deref().and_then(|study| study.window.as_ref()).map_or(0, |w| w.faulty);
    draw_label(state, (n, lane), faulty, frame, Rect { width: LABEL, ..area }, theme);
    let Some(axis) = state.axis else {
        return;
    };
    let bars = Rect { height: area.height.saturating_sub(1).max(1), ..area };
    for (bucket, (count, by_faulty)) in lane.counts.iter().zip(&lane.faulty).enumerate() {
        let x = area.x + LABEL + bucket as u16;
        if x >= area.right() {
            break;
        }
        let column = Rect { x, width: 1, ..bars };
        draw_bar((*count, *by_faulty), scale, frame, column, theme);
        let live = is_live(lane, axis.start(bucket), axis.start(bucket + 1));
        if area.height > 1 {
            draw_rule(*by_faulty, live, frame, Rect { x, y: area.bottom() - 1, width: 1, height: 1 }, theme);
        } else if *count == 0 {
            draw_rule(0, live, frame, column, theme);
        } else if u64::from(*by_faulty) * 2 >= u64::from(*count) {
            // No line for a rule: what is mostly faulty gives up its height for being told without colour.
            frame.buffer_mut().set_span(x, area.y, &Span::styled(theme.glyphs.heavy, theme.bad()), 1);
        }
    }
}

fn draw_label(
    state: &State,
    (n, lane): (usize, &Lane),
    faulty: Number,
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
) {
    let selected = n == state.scroll.cursor;
    let marker = if selected { theme.glyphs.selected } else { " " };
    frame.buffer_mut().set_span(area.x, area.y, &Span::styled(marker, theme.accent()), 1);
    let label = if lane.label.is_empty() { "(unknown)".to_owned() } else { shown(&lane.label, theme) };
    let is_faulty = state.lanes == Lanes::Versions && faulty != 0 && faulty == lane.number;
    let odd = lane.state.filter(|state| *state != NodeState::Ok);
    let style = match (is_faulty, odd.is_some(), selected) {
        (true, _, _) => theme.bad(),
        (_, true, _) => theme.warn(),
        (_, _, true) => theme.strong(),
        _ => theme.plain(),
    };
    frame.buffer_mut().set_span(area.x + 2, area.y, &Span::styled(padded(&label, 12, theme), style), 12);
    let total = format!("{:>8}", grouped(lane.total));
    frame.buffer_mut().set_span(area.x + 14, area.y, &Span::styled(total, theme.quiet()), 9);
    let word = odd.map(|state| (state.name(), theme.warn())).or(is_faulty.then_some(("faulty", theme.bad())));
    if let Some((word, style)) = word.filter(|_| area.height > 1) {
        frame.buffer_mut().set_span(area.x + 2, area.y + 1, &Span::styled(word, style), 12);
    }
}

/// Whether the lane's version was meant to be live on it at any moment of a bucket.
fn is_live(lane: &Lane, from: Nanos, to: Nanos) -> bool {
    lane.scheduled.iter().any(|(start, end)| *start < to && end.is_none_or(|end| end > from))
}

/// One bar, growing upwards through the lane's lines. What the faulty version served stands at its foot.
fn draw_bar(
    (count, faulty): (u32, u32),
    (most, lines): (u64, u64),
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
) {
    // Anything at all is seen: an eighth of a line at least.
    let eighths = |n: u32| (u64::from(n) * lines * 8).div_ceil(most);
    let (all, bad) = (eighths(count), eighths(faulty));
    for line in 0..area.height {
        let below = u64::from(line) * 8;
        let glyph = theme.glyphs.bars[all.saturating_sub(below).min(8) as usize];
        let (glyph, style): (&str, Style) = match (bad.saturating_sub(below), all >= below + 8) {
            (0, _) => (glyph, theme.good()),
            (1..4, true) => (glyph, theme.warn()),
            (_, true) => (theme.glyphs.heavy, theme.bad()),
            (_, false) => (glyph, theme.bad()),
        };
        if glyph != " " {
            frame.buffer_mut().set_span(area.x, area.bottom() - 1 - line, &Span::styled(glyph, style), 1);
        }
    }
}

/// Under the bars: heavy where the faulty version served, light where the lane's version was meant to be live.
fn draw_rule(faulty: u32, live: bool, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let (glyph, style) = match (faulty > 0, live) {
        (true, _) => (theme.glyphs.live, theme.bad()),
        (false, true) => (theme.glyphs.band[1], theme.quiet()),
        (false, false) => (theme.glyphs.quiet, theme.quiet()),
    };
    frame.buffer_mut().set_span(area.x, area.y, &Span::styled(glyph, style), 1);
}

/// Times at round places, never closer than they can be read.
fn draw_axis(model: &Model, axis: Axis, frame: &mut Frame<'_>, area: Rect) {
    let year = |at: Nanos| at.format(model.zone, "%Y");
    let (pattern, room) = match axis.to.0 - axis.from.0 {
        width if width > 2 * DAY && year(axis.from) != year(axis.to) => ("%Y-%m-%d", 12),
        width if width > 2 * DAY => ("%m-%d %H:%M", 13),
        width if width > 10 * MINUTE => ("%H:%M", 8),
        width if width > 10 * SECOND => ("%H:%M:%S", 11),
        _ => ("%H:%M:%S%.3f", 15),
    };
    let ticks = (usize::from(area.width) / room).max(1);
    let ideal = (axis.to.0 - axis.from.0) / i64::try_from(ticks).unwrap_or(1);
    const ROUND: [i64; 19] = [
        SECOND / 1000,
        SECOND / 100,
        SECOND / 10,
        SECOND,
        5 * SECOND,
        15 * SECOND,
        30 * SECOND,
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        2 * DAY,
        7 * DAY,
    ];
    let step = ROUND.into_iter().find(|step| *step >= ideal).unwrap_or_else(|| (ideal / DAY + 1) * DAY);
    let mut at = Nanos((axis.from.0.div_euclid(step) + 1) * step);
    // Where no round moment has room, the begin of the axis is told.
    let fits = |at: Nanos| axis.bucket(at).is_some_and(|bucket| bucket + room <= usize::from(area.width) + 2);
    if at >= axis.to || !fits(at) {
        at = axis.from;
    }
    let mut free = 0;
    while at < axis.to {
        if let Some(bucket) = axis.bucket(at).filter(|bucket| *bucket >= free) {
            let text = at.format(model.zone, pattern);
            if bucket + text.len() <= usize::from(area.width) {
                let span = Span::styled(text.clone(), model.theme.quiet());
                frame.buffer_mut().set_span(area.x + bucket as u16, area.y, &span, text.len() as u16);
            }
            free = bucket + text.len() + 2;
        }
        at = Nanos(at.0.saturating_add(step));
    }
}

fn draw_cursor(state: &State, axis: Axis, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    if let Some(bucket) = axis.bucket(state.at).filter(|bucket| *bucket < usize::from(area.width)) {
        let column = Rect { x: area.x + bucket as u16, width: 1, ..area };
        frame.buffer_mut().set_style(column, theme.selected());
    }
}

fn draw_readout(
    model: &Model,
    state: &State,
    (axis, timeline): (Axis, &Timeline),
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = &model.theme;
    let (Some(bucket), Some(study)) = (axis.bucket(state.at), model.study.as_deref()) else {
        return;
    };
    let (from, to) = (axis.start(bucket), axis.start(bucket + 1));
    let pattern = if to.since(from).0 < MINUTE { "%H:%M:%S%.3f" } else { "%H:%M:%S" };
    let dated = format!("%Y-%m-%d {pattern}");
    let is_one_day = from.format(model.zone, "%F") == to.format(model.zone, "%F");
    let mut line = vec![Span::styled(
        format!(
            "{} {} {}  ",
            from.format(model.zone, &dated),
            theme.glyphs.arrow,
            to.format(model.zone, if is_one_day { pattern } else { &dated })
        ),
        theme.strong(),
    )];
    if let Some(lane) = timeline.lanes.get(state.scroll.cursor) {
        let label = if lane.label.is_empty() { "(unknown)" } else { &lane.label };
        line.extend(spans(label, theme.accent(), theme));
        let count = lane.counts.get(bucket).copied().unwrap_or(0);
        line.push(Span::raw(format!(": {}", counted(u64::from(count), "request"))));
        let faulty = lane.faulty.get(bucket).copied().unwrap_or(0);
        if faulty > 0 && state.lanes == Lanes::Nodes {
            line.push(Span::styled(
                format!(", {} by the faulty version", grouped(u64::from(faulty))),
                theme.bad(),
            ));
        }
    }
    let width = usize::from(area.width.saturating_sub(4));
    let mut lines = vec![Line::from(line)];
    for mark in timeline.marks.iter().filter(|mark| axis.bucket(mark.at) == Some(bucket)) {
        let (glyph, style, _) = glyph_of(mark, theme);
        let mut line = vec![Span::styled(format!("{glyph} "), style)];
        let moment = mark.at.format(model.zone, if is_one_day { "%H:%M:%S" } else { "%m-%d %H:%M:%S" });
        line.push(Span::raw(format!("{moment}  {} ", mark.kind)));
        line.extend(spans(&mark.word, theme.strong(), theme));
        line.push(Span::raw(" "));
        line.extend(spans(study.version_name(mark.version), theme.plain(), theme));
        line.push(Span::raw(" "));
        line.extend(spans(study.node_name(mark.node), theme.accent(), theme));
        lines.push(Line::from(line));
    }
    lines.extend(told(model, &state.happened, axis, bucket));
    let room = usize::from(area.height);
    if lines.len() > room && room > 0 {
        let hidden = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(Line::styled(
            cut(&format!("and {hidden} more here; zoom in with z"), width, theme),
            theme.quiet(),
        ));
    }
    for (n, line) in lines.into_iter().enumerate().take(room) {
        let line = crate::ui::text::fit(line, width, theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + n as u16, &line, width as u16);
    }
}
