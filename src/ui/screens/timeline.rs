//! Timeline: a lane per version or per node on one axis; volume as bars, the faulty version's share shaded, marks above.
//!
//! ```text
//!                    ▲        •▼ ◆
//!  2.4.0      2,377  ▂▃▄▅▆▅▄▃▂▁    ▁▃▅▆▅
//!  2.4.1        200          ▁▃▅▆▅▃▁
//!                    10-04 00:00     10-05 00:00     10-06 00:00
//!  10-05 09:12 … 09:29   2.4.1: 14 requests   ▲ release 2.4.1
//! ```

use crate::model::Nanos;
use crate::model::time::SECOND;
use crate::ui::actions::Action;
use crate::ui::model::{Change, Command, Edge, Model, Notice, Screen};
use crate::ui::screens::requests;
use crate::ui::update::fail;
use crate::ui::way::push;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::work::WorkError;
use crate::work::filter::{Clause, Field, Filter, Op};
use crate::work::happenings::Happenings;
use crate::work::notebook::{Deed, Subject};
use crate::work::study::Choice;
use crate::work::timeline::{Axis, Lanes, Timeline, boundaries, whole};

#[derive(Debug, Default)]
pub struct State {
    pub lanes: Lanes,
    /// What is shown; nothing before the first drawing.
    pub axis: Option<Axis>,
    /// The moment under the cursor.
    pub at: Nanos,
    pub scroll: Scroll,
    pub timeline: Option<Timeline>,
    /// What happened besides requests, on the same axis.
    pub happened: Happenings,
}

impl State {
    /// The lane under the cursor.
    pub fn subject(&self) -> Option<Subject> {
        let lane = self.timeline.as_ref()?.lanes.get(self.scroll.cursor)?;
        let kind = if self.lanes == Lanes::Versions { "version" } else { "node" };
        Some(Subject::new(kind, &lane.label))
    }
}

/// Columns for names and totals at the left.
pub const LABEL: u16 = 24;
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
    // Before all journals are read nobody knows from when to when it goes.
    if !study.snapshot.is_sealed() {
        return Vec::new();
    }
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
    answer: Result<(Timeline, Happenings), WorkError>,
) -> Vec<Command> {
    match answer {
        Ok((timeline, happened)) => {
            with(model, |state| {
                if state.axis == Some(axis) && state.lanes == lanes {
                    state.scroll.settle(timeline.lanes.len(), timeline.lanes.len().max(1));
                    state.timeline = Some(timeline);
                    state.happened = happened;
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
        Action::EdgeFrom => move_edge_to_cursor(model, Edge::From),
        Action::EdgeTo => move_edge_to_cursor(model, Edge::To),
        Action::Open => open_requests(model),
        _ => Vec::new(),
    }
}

/// The window's edges as they are.
fn edges(model: &Model) -> Option<(Nanos, Nanos)> {
    let study = model.study.as_deref()?;
    let window = study.window.as_ref()?;
    let to = window.to().or(study.fold.span.map(|(_, to)| Nanos(to)));
    Some((window.from()?, to?))
}

fn move_edge_to_cursor(model: &mut Model, edge: Edge) -> Vec<Command> {
    let Some(at) = with(model, |state| state.at) else {
        return Vec::new();
    };
    if edges(model).is_none() {
        return crate::ui::lists::said(model, "nothing is under suspicion: i chooses a version");
    }
    let before = model.choice.clone();
    let commands = move_edge(model, edge, at);
    if commands.is_empty() {
        return crate::ui::lists::said(model, "the window would end before it begins");
    }
    crate::ui::asking::chose(model, before);
    crate::ui::lists::said(model, "the window was moved, and everything counted anew; u takes it back");
    commands
}

/// Moves an edge, where the window still begins before it ends. Everything is computed anew.
fn move_edge(model: &mut Model, edge: Edge, at: Nanos) -> Vec<Command> {
    let Some((from, to)) = edges(model) else {
        return Vec::new();
    };
    let moved = match edge {
        Edge::From if at < to => Choice { from: Some(at), ..model.choice.clone() },
        Edge::To if at > from => Choice { to: Some(at), ..model.choice.clone() },
        _ => return Vec::new(),
    };
    if moved == model.choice {
        return Vec::new();
    }
    model.choice = moved.clone();
    vec![Command::Study { choice: moved }]
}

/// The moment of a column of the screen.
fn moment_of(model: &Model, column: u16) -> Option<Nanos> {
    let Screen::Timeline(State { axis: Some(axis), .. }) = model.screen() else {
        return None;
    };
    let bucket = usize::from(column.checked_sub(LABEL)?);
    (bucket < axis.buckets).then(|| axis.start(bucket))
}

/// A click near an edge of the window takes hold of it; elsewhere it moves the cursor.
pub fn click(model: &mut Model, column: u16) -> Vec<Command> {
    let Some(at) = moment_of(model, column) else {
        return Vec::new();
    };
    let near = |edge: Nanos| match model.screen() {
        Screen::Timeline(State { axis: Some(axis), .. }) => {
            axis.bucket(edge).is_some_and(|bucket| bucket.abs_diff(usize::from(column - LABEL)) <= 1)
        }
        _ => false,
    };
    model.grabbed = edges(model).and_then(|(from, to)| match (near(from), near(to)) {
        (true, _) => Some(Edge::From),
        (_, true) => Some(Edge::To),
        _ => None,
    });
    with(model, |state| state.at = at);
    if model.grabbed.is_some() {
        // One undo for the whole movement.
        let before = model.choice.clone();
        model.undo.push(Change::Choice(before));
        model.redo.clear();
        return crate::ui::lists::said(model, "drag moves this edge of the window");
    }
    Vec::new()
}

pub fn drag(model: &mut Model, column: u16) -> Vec<Command> {
    match (model.grabbed, moment_of(model, column)) {
        (Some(edge), Some(at)) => {
            with(model, |state| state.at = at);
            move_edge(model, edge, at)
        }
        _ => Vec::new(),
    }
}

/// The edge stays where it was let go; what was only clicked changes nothing.
pub fn release(model: &mut Model) -> Vec<Command> {
    if model.grabbed.take().is_some() {
        match model.undo.last() == Some(&Change::Choice(model.choice.clone())) {
            true => drop(model.undo.pop()),
            false => {
                let words = model.choice.to_string();
                crate::ui::undo::trail(model, Deed::Choice, &words);
            }
        }
    }
    Vec::new()
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
