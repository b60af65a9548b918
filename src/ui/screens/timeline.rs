//! Timeline: a lane per version or per node on one axis; volume as bars, the faulty version's share shaded, marks above.
//!
//! ```text
//!                    ▲        •▼ ◆
//!  2.4.0      2,377  ▂▃▄▅▆▅▄▃▂▁    ▁▃▅▆▅
//!  2.4.1        200          ▁▃▅▆▅▃▁
//!                    10-04 00:00     10-05 00:00     10-06 00:00
//!  10-05 09:12 … 09:29   2.4.1: 14 requests   ▲ release 2.4.1
//! ```

use crate::analysis::NodeState;
use crate::model::time::{DAY, HOUR, MINUTE, SECOND};
use crate::model::{Kind, Nanos};
use crate::ui::actions::Action;
use crate::ui::model::{Command, Model, Notice, Screen};
use crate::ui::screens::requests;
use crate::ui::text::{cut, padded, shown, spans};
use crate::ui::theme::Theme;
use crate::ui::update::{fail, push};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::work::WorkError;
use crate::work::filter::{Clause, Field, Filter, Op};
use crate::work::findings::{counted, grouped};
use crate::work::registry::Mark;
use crate::work::timeline::{Axis, Lane, Lanes, Timeline, boundaries, whole};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

#[derive(Debug, Default)]
pub struct State {
    pub lanes: Lanes,
    /// What is shown; nothing before the first drawing.
    pub axis: Option<Axis>,
    /// The moment under the cursor.
    pub at: Nanos,
    pub scroll: Scroll,
    pub timeline: Option<Timeline>,
}

/// Columns for names and totals at the left.
const LABEL: u16 = 24;
/// The shortest stretch an axis shows.
const SHORTEST: i64 = SECOND / 10;

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Timeline(state)) => Some(f(state)),
        _ => None,
    }
}

fn buckets(model: &Model) -> usize {
    usize::from(model.size.0.saturating_sub(LABEL + 3)).max(8)
}

/// Asks for the bars again, for the axis as it is now.
pub fn draw_again(model: &mut Model) -> Vec<Command> {
    let buckets = buckets(model);
    let Some(study) = model.study.clone() else {
        return Vec::new();
    };
    let first = study.window.as_ref().and_then(crate::analysis::Window::from);
    with(model, |state| {
        let axis = state.axis.map_or_else(
            || {
                let axis = whole(&study, buckets);
                state.at = first.unwrap_or(axis.from);
                axis
            },
            |axis| Axis { buckets, ..axis },
        );
        state.axis = Some(axis);
        vec![Command::Draw { axis, lanes: state.lanes }]
    })
    .unwrap_or_default()
}

pub fn drawn(
    model: &mut Model,
    axis: Axis,
    lanes: Lanes,
    answer: Result<Timeline, WorkError>,
) -> Vec<Command> {
    match answer {
        Ok(timeline) => {
            with(model, |state| {
                if state.axis == Some(axis) && state.lanes == lanes {
                    state.scroll.settle(timeline.lanes.len(), timeline.lanes.len().max(1));
                    state.timeline = Some(timeline);
                }
            });
            Vec::new()
        }
        Err(error) => fail(model, &error),
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    with(model, |state| {
        let len = state.timeline.as_ref().map_or(0, |timeline| timeline.lanes.len());
        state.scroll.step(step, len, len.max(1));
    });
    Vec::new()
}

pub fn act(model: &mut Model, action: Action, times: isize) -> Vec<Command> {
    match action {
        Action::Left => pan(model, -times),
        Action::Right => pan(model, times),
        Action::ZoomIn => zoom(model, 1, 2),
        Action::ZoomOut => zoom(model, 2, 1),
        Action::ZoomAll => {
            with(model, |state| state.axis = None);
            draw_again(model)
        }
        Action::Lanes => {
            with(model, |state| {
                state.lanes = if state.lanes == Lanes::Versions { Lanes::Nodes } else { Lanes::Versions };
                state.timeline = None;
                state.scroll = Scroll::default();
            });
            draw_again(model)
        }
        Action::NextBoundary => jump(model, 1),
        Action::PreviousBoundary => jump(model, -1),
        Action::Open => open_requests(model),
        _ => Vec::new(),
    }
}

/// Moves the cursor by buckets; at an edge the axis moves along, as far as there are records.
fn pan(model: &mut Model, by: isize) -> Vec<Command> {
    let moved = with(model, |state| {
        let axis = state.axis?;
        let bucket = axis.bucket(state.at).unwrap_or(0);
        let by = i64::try_from(by).unwrap_or(0);
        let width = (axis.to.0 - axis.from.0).max(1);
        match bucket
            .checked_add_signed(isize::try_from(by).unwrap_or(0))
            .filter(|bucket| *bucket < axis.buckets)
        {
            Some(next) => {
                state.at = axis.start(next);
                None
            }
            None => {
                let shift = width / 4 * by.signum();
                state.at =
                    Nanos(state.at.0.saturating_add(width / i64::try_from(axis.buckets).unwrap_or(1) * by));
                Some(Axis { from: Nanos(axis.from.0 + shift), to: Nanos(axis.to.0 + shift), ..axis })
            }
        }
    });
    match moved.flatten() {
        Some(axis) => show(model, axis),
        None => Vec::new(),
    }
}

/// Scales the axis around the cursor, which keeps its place on screen.
fn zoom(model: &mut Model, times: i64, by: i64) -> Vec<Command> {
    let axis = with(model, |state| {
        let axis = state.axis?;
        let width = i128::from(axis.to.0) - i128::from(axis.from.0);
        let wider = (width * i128::from(times) / i128::from(by)).max(i128::from(SHORTEST));
        let before = i128::from(state.at.0) - i128::from(axis.from.0);
        let from = i128::from(state.at.0) - before * wider / width.max(1);
        let clamp = |value: i128| Nanos(i64::try_from(value).unwrap_or(if value < 0 { 0 } else { i64::MAX }));
        Some(Axis { from: clamp(from), to: clamp(from + wider), ..axis })
    });
    match axis.flatten() {
        Some(axis) => show(model, axis),
        None => Vec::new(),
    }
}

/// Shows an axis, kept within the time there are records of.
fn show(model: &mut Model, axis: Axis) -> Vec<Command> {
    let Some(study) = model.study.clone() else {
        return Vec::new();
    };
    let all = whole(&study, axis.buckets);
    let width = (axis.to.0 - axis.from.0).min(all.to.0 - all.from.0);
    let from = axis.from.0.clamp(all.from.0, all.to.0 - width);
    with(model, |state| {
        state.axis = Some(Axis { from: Nanos(from), to: Nanos(from + width), ..axis });
        state.at = Nanos(state.at.0.clamp(from, from + width - 1));
    });
    draw_again(model)
}

/// To the next moment worth a look; the axis follows.
fn jump(model: &mut Model, direction: isize) -> Vec<Command> {
    let Some(study) = model.study.clone() else {
        return Vec::new();
    };
    let boundaries = boundaries(&study);
    let Some((axis, at)) = with(model, |state| (state.axis, state.at)) else {
        return Vec::new();
    };
    let next = match direction {
        1 => boundaries.into_iter().find(|boundary| *boundary > at),
        _ => boundaries.into_iter().rev().find(|boundary| *boundary < at),
    };
    let (Some(axis), Some(next)) = (axis, next) else {
        model.notice = Some(Notice::Said("no further boundary in this direction".to_owned()));
        return Vec::new();
    };
    with(model, |state| state.at = next);
    if axis.bucket(next).is_some() {
        return Vec::new();
    }
    let half = (axis.to.0 - axis.from.0) / 2;
    show(model, Axis { from: Nanos(next.0 - half), to: Nanos(next.0 + half), ..axis })
}

/// The requests of this lane in this bucket.
fn open_requests(model: &mut Model) -> Vec<Command> {
    let Some(study) = model.study.clone() else {
        return Vec::new();
    };
    let filter = with(model, |state| {
        let (axis, timeline) = (state.axis?, state.timeline.as_ref()?);
        let lane = timeline.lanes.get(state.scroll.cursor)?;
        let bucket = axis.bucket(state.at)?;
        let field = if state.lanes == Lanes::Versions { Field::Version } else { Field::Node };
        let filter = Filter::default().and(Clause::is(field, &lane.label));
        let (from, to) = (axis.start(bucket), axis.start(bucket + 1));
        Some(
            filter
                .and(Clause::is(Field::At, &from.rfc3339()).with(Op::AtLeast))
                .and(Clause::is(Field::At, &to.rfc3339()).with(Op::Less)),
        )
    });
    let Some(mut filter) = filter.flatten() else {
        return Vec::new();
    };
    if let Some(window) = &study.window {
        filter = filter.and(Clause::is(Field::Model, study.model_name(window.model)));
    }
    requests::remember(model, filter);
    push(model, Screen::Requests(requests::State::default()))
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let (Some(axis), Some(timeline)) = (state.axis, &state.timeline) else {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y,
            &Span::styled("counting…", theme.quiet()),
            area.width,
        );
        return;
    };
    if area.height < 5 || area.width < LABEL + 10 {
        frame.buffer_mut().set_span(area.x, area.y, &Span::raw("too small for a timeline"), area.width);
        return;
    }
    let bars = Rect { x: area.x + LABEL, width: (axis.buckets as u16).min(area.width - LABEL), ..area };
    draw_marks(&timeline.marks, axis, frame, Rect { height: 1, ..bars }, theme);
    let room = usize::from(area.height.saturating_sub(5));
    let height = (room / timeline.lanes.len().max(1)).clamp(1, 8);
    let fit = (room / height).max(1);
    let top = state.scroll.cursor.saturating_sub(fit - 1).min(timeline.lanes.len().saturating_sub(fit));
    for (n, lane) in timeline.lanes.iter().enumerate().skip(top).take(fit) {
        let y = area.y + 1 + ((n - top) * height) as u16;
        let lane_area = Rect { y, height: height as u16, ..area };
        draw_lane(model, state, lane, n, timeline.highest, frame, lane_area);
    }
    let y = area.y + 1 + (timeline.lanes.len().min(fit) * height) as u16;
    draw_axis(model, axis, frame, Rect { y, height: 1, ..bars });
    draw_cursor(state, axis, frame, Rect { height: y - area.y + 1, ..bars }, theme);
    let below = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
    draw_readout(model, state, axis, timeline, frame, below);
}

fn glyph_of(mark: &Mark, theme: &Theme) -> (&'static str, Style, u8) {
    match (mark.kind, mark.word.as_str()) {
        (Kind::Incident, _) => (theme.glyphs.incident, theme.bad(), 4),
        (_, "rollback") => (theme.glyphs.rollback, theme.good(), 3),
        (Kind::Release, _) => (theme.glyphs.release, theme.accent(), 2),
        (Kind::Measurement, _) => (theme.glyphs.measurement, theme.quiet(), 1),
        _ => (theme.glyphs.deployment, theme.plain(), 0),
    }
}

/// Where several marks fall into one bucket the weightiest shows; the readout lists them all.
fn draw_marks(marks: &[Mark], axis: Axis, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let mut by_weight: Vec<_> = marks.iter().map(|mark| (glyph_of(mark, theme), mark)).collect();
    by_weight.sort_by_key(|((_, _, weight), _)| *weight);
    for ((glyph, style, _), mark) in by_weight {
        if let Some(bucket) = axis.bucket(mark.at).filter(|bucket| *bucket < usize::from(area.width)) {
            frame.buffer_mut().set_span(area.x + bucket as u16, area.y, &Span::styled(glyph, style), 1);
        }
    }
}

fn draw_lane(
    model: &Model,
    state: &State,
    lane: &Lane,
    n: usize,
    highest: u32,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = &model.theme;
    let selected = n == state.scroll.cursor;
    let marker = if selected { theme.glyphs.selected } else { " " };
    frame.buffer_mut().set_span(area.x, area.y, &Span::styled(marker, theme.accent()), 1);
    let label = if lane.label.is_empty() { "(unknown)".to_owned() } else { shown(&lane.label, theme) };
    let faulty = model.study.as_deref().and_then(|s| s.window.as_ref()).map(|window| window.faulty);
    let is_faulty = state.lanes == Lanes::Versions && faulty == Some(lane.number);
    let odd = lane.state.is_some_and(|state| state != NodeState::Ok);
    let style = match (is_faulty, odd, selected) {
        (true, _, _) => theme.bad(),
        (_, true, _) => theme.warn(),
        (_, _, true) => theme.strong(),
        _ => theme.plain(),
    };
    let name = padded(&label, 12, theme);
    frame.buffer_mut().set_span(area.x + 2, area.y, &Span::styled(name, style), 12);
    let total = format!("{:>8}", grouped(lane.total));
    frame.buffer_mut().set_span(area.x + 14, area.y, &Span::styled(total, theme.quiet()), 9);
    if let Some(node) = lane.state.filter(|state| *state != NodeState::Ok && area.height > 1) {
        frame.buffer_mut().set_span(area.x + 2, area.y + 1, &Span::styled(node.name(), theme.warn()), 12);
    }
    let Some(axis) = state.axis else {
        return;
    };
    for (bucket, (count, faulty)) in lane.counts.iter().zip(&lane.faulty).enumerate() {
        let x = area.x + LABEL + bucket as u16;
        if x >= area.right() {
            break;
        }
        let live = is_live(lane, axis.start(bucket), axis.start(bucket + 1));
        draw_bar(*count, *faulty, live, highest, frame, Rect { x, width: 1, ..area }, theme);
    }
}

/// Whether the lane's version was meant to be live on it at any moment of a bucket.
fn is_live(lane: &Lane, from: Nanos, to: Nanos) -> bool {
    lane.scheduled.iter().any(|(start, end)| *start < to && end.is_none_or(|end| end > from))
}

/// One bar, growing upwards through the lane's lines; where nothing was served, a rule says if it was live.
fn draw_bar(
    count: u32,
    faulty: u32,
    live: bool,
    highest: u32,
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
) {
    let bottom = area.bottom() - 1;
    if count == 0 {
        let glyph = if live { theme.glyphs.live } else { theme.glyphs.quiet };
        frame.buffer_mut().set_span(area.x, bottom, &Span::styled(glyph, theme.quiet()), 1);
        return;
    }
    let style = match (faulty, count - faulty) {
        (0, _) => theme.good(),
        (_, 0) => theme.bad(),
        _ => theme.warn(),
    };
    // Anything at all is seen: an eighth of a line at least.
    let eighths = (u64::from(count) * u64::from(area.height) * 8).div_ceil(u64::from(highest.max(1)));
    for line in 0..area.height {
        let filled = eighths.saturating_sub(u64::from(line) * 8).min(8) as usize;
        if filled > 0 {
            let glyph = theme.glyphs.bars[filled];
            frame.buffer_mut().set_span(area.x, bottom - line, &Span::styled(glyph, style), 1);
        }
    }
}

/// Times at round places, never closer than they can be read.
fn draw_axis(model: &Model, axis: Axis, frame: &mut Frame<'_>, area: Rect) {
    let (pattern, room) = match axis.to.0 - axis.from.0 {
        width if width > 2 * DAY => ("%m-%d %H:%M", 13),
        width if width > 10 * MINUTE => ("%H:%M", 8),
        width if width > 10 * SECOND => ("%H:%M:%S", 11),
        _ => ("%H:%M:%S%.3f", 15),
    };
    let ticks = (usize::from(area.width) / room).max(1);
    let ideal = (axis.to.0 - axis.from.0) / i64::try_from(ticks).unwrap_or(1);
    const ROUND: [i64; 18] = [
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
        7 * DAY,
    ];
    let step = ROUND.into_iter().find(|step| *step >= ideal).unwrap_or_else(|| (ideal / DAY + 1) * DAY);
    let mut at = Nanos((axis.from.0.div_euclid(step) + 1) * step);
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
    axis: Axis,
    timeline: &Timeline,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = &model.theme;
    let (Some(bucket), Some(study)) = (axis.bucket(state.at), model.study.as_deref()) else {
        return;
    };
    let (from, to) = (axis.start(bucket), axis.start(bucket + 1));
    let pattern = if to.since(from).0 < MINUTE { "%H:%M:%S%.3f" } else { "%H:%M:%S" };
    let mut line = vec![Span::styled(
        format!(
            "{} {} {}  ",
            from.format(model.zone, &format!("%Y-%m-%d {pattern}")),
            theme.glyphs.arrow,
            to.format(model.zone, pattern)
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
        line.push(Span::raw(format!("{}  {} ", mark.at.format(model.zone, "%H:%M:%S"), mark.kind)));
        line.extend(spans(&mark.word, theme.strong(), theme));
        line.push(Span::raw(" "));
        line.extend(spans(study.version_name(mark.version), theme.plain(), theme));
        line.push(Span::raw(" "));
        line.extend(spans(study.node_name(mark.node), theme.accent(), theme));
        lines.push(Line::from(line));
    }
    let room = usize::from(area.height);
    if lines.len() > room && room > 0 {
        let hidden = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(Line::styled(
            cut(&format!("and {hidden} more marks here; zoom in with z"), width, theme),
            theme.quiet(),
        ));
    }
    for (n, line) in lines.into_iter().enumerate().take(room) {
        let line = crate::ui::text::fit(line, width, theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + n as u16, &line, width as u16);
    }
}
