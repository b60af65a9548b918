//! The timeline as geometry: where each bar, line and word of the picture stands. The page's template draws it.
//!
//! ```text
//!           introduced          rolled back
//!  2.4.0  ▂▂▃▂|▁       ▂▃▂▂|▂▂▂
//!  2.4.1      |▅▇█▆▅▃▁     |▁        ▁▁▁ planned
//!         08:00   10:00   12:00   14:00
//! ```

use super::model::{Picture, Report};
use super::plain::plain;
use crate::model::Nanos;
use crate::model::time::{DAY, HOUR, MINUTE, Span, Zone};
use crate::work::findings::grouped;
use serde::Serialize;
use std::fmt::Write;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 150.0;
const LANE: f64 = 40.0;
const ROW: f64 = 13.0;

#[derive(Debug, Serialize)]
pub struct Drawn {
    pub width: u32,
    pub height: u32,
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
    depth: u32,
    shade: Option<Shade>,
    ticks: Vec<Tick>,
    lanes: Vec<DrawnLane>,
    marks: Vec<DrawnMark>,
    highest: String,
    bucket: String,
    plan_words: &'static str,
}

#[derive(Debug, Serialize)]
struct Shade {
    x: String,
    width: String,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: String,
    label: String,
}

#[derive(Debug, Serialize)]
struct DrawnLane {
    label: String,
    word: String,
    base: u32,
    text_y: u32,
    bars: String,
    faulty: String,
    plans: Vec<Plan>,
}

#[derive(Debug, Serialize)]
struct Plan {
    x: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct DrawnMark {
    x: String,
    y: u32,
    anchor: &'static str,
    label: String,
}

/// A coordinate with one digit, so that the same case gives the same bytes everywhere.
fn at(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

pub fn draw(report: &Report, picture: &Picture) -> Drawn {
    let right = WIDTH - 12.0;
    let whole = (picture.to.0 as f64 - picture.from.0 as f64).max(1.0);
    let x = |moment: Nanos| {
        let part = (moment.0 as f64 - picture.from.0 as f64) / whole;
        LEFT + part.clamp(0.0, 1.0) * (right - LEFT)
    };
    let marks = marks(picture, x);
    let rows = marks.iter().map(|mark| mark.y).max().unwrap_or(0);
    let top = f64::from(rows) + 8.0;
    let bottom = top + LANE * picture.lanes.len() as f64;
    let highest = picture.lanes.iter().flat_map(|lane| &lane.counts).copied().max().unwrap_or(0);
    let buckets = picture.lanes.first().map_or(1, |lane| lane.counts.len().max(1));
    let lanes = picture.lanes.iter().enumerate().map(|(n, lane)| {
        let base = top + LANE * (n as f64 + 1.0) - 6.0;
        let inside =
            |from: Nanos, to: Option<Nanos>| from <= picture.to && to.is_none_or(|to| to >= picture.from);
        let plans = lane.scheduled.iter().filter(|(from, to)| inside(*from, *to));
        DrawnLane {
            label: cut(&plain(report, &lane.label)),
            word: lane.word.clone(),
            base: base as u32,
            text_y: (base - if lane.word.is_empty() { 8.0 } else { 14.0 }) as u32,
            bars: bars(&lane.counts, highest, base, right),
            faulty: bars(&lane.faulty, highest, base, right),
            plans: plans.map(|(from, to)| Plan { x: at(x(*from)), to: at(to.map_or(right, x)) }).collect(),
        }
    });
    let shade = (picture.window.0.is_some() || picture.window.1.is_some()).then(|| {
        let (from, to) = (picture.window.0.map_or(LEFT, x), picture.window.1.map_or(right, x));
        Shade { x: at(from), width: at((to - from).max(0.0)) }
    });
    Drawn {
        width: WIDTH as u32,
        height: (bottom + 26.0) as u32,
        left: LEFT as u32,
        right: right as u32,
        top: top as u32,
        bottom: bottom as u32,
        depth: (bottom - top) as u32,
        shade,
        ticks: ticks(picture).into_iter().map(|(moment, label)| Tick { x: at(x(moment)), label }).collect(),
        lanes: lanes.collect(),
        marks,
        highest: grouped(u64::from(highest)),
        bucket: Span(picture.to.since(picture.from).0 / i64::try_from(buckets).unwrap_or(1)).to_string(),
        plan_words: match picture.id {
            "picture-nodes" => "the faulty version was meant to be live here",
            _ => "the version was meant to be live",
        },
    }
}

/// One path for all bars of a lane, from its base line up.
fn bars(counts: &[u32], highest: u32, base: f64, right: f64) -> String {
    let width = (right - LEFT) / counts.len().max(1) as f64;
    let tallest = LANE - 12.0;
    let mut path = String::new();
    for (n, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // What happened once must still be seen.
        let height = (tallest * f64::from(*count) / f64::from(highest.max(1))).max(1.5);
        let (from, wide) = (LEFT + width * n as f64, (width - 0.6).max(0.6));
        // Writing to a string cannot fail.
        let _ = write!(path, "M{} {}h{}v-{}h-{}z", at(from), at(base), at(wide), at(height), at(wide));
    }
    path
}

/// Labels of marks, in rows so that none lies on another.
fn marks(picture: &Picture, x: impl Fn(Nanos) -> f64) -> Vec<DrawnMark> {
    let mut sorted: Vec<_> = picture.marks.iter().collect();
    sorted.sort_by_key(|mark| mark.at);
    let mut ends: Vec<f64> = Vec::new();
    let mut drawn = Vec::new();
    for mark in sorted {
        let (place, label) = (x(mark.at), cut(&mark.label));
        let wide = label.chars().count() as f64 * 6.4 + 10.0;
        let anchor = if place + wide > WIDTH { "end" } else { "start" };
        let from = if anchor == "end" { place - wide } else { place };
        let row = ends.iter().position(|end| *end <= from).unwrap_or(ends.len());
        if row == ends.len() {
            ends.push(0.0);
        }
        ends[row] = from + wide;
        drawn.push(DrawnMark { x: at(place), y: (12.0 + ROW * row as f64) as u32, anchor, label });
    }
    drawn
}

/// Round moments, at most ten.
fn ticks(picture: &Picture) -> Vec<(Nanos, String)> {
    let steps = [
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        HOUR,
        2 * HOUR,
        4 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        7 * DAY,
        30 * DAY,
        365 * DAY,
    ];
    let whole = picture.to.since(picture.from).0;
    let step = steps.into_iter().find(|step| whole / step <= 9).unwrap_or((whole / 9).max(1));
    let pattern = if step >= DAY { "%Y-%m-%d" } else { "%m-%d %H:%M" };
    let mut moment = picture.from.0.div_euclid(step).saturating_add(1).saturating_mul(step);
    let mut ticks = Vec::new();
    while moment < picture.to.0 && ticks.len() < 12 {
        ticks.push((Nanos(moment), Nanos(moment).format(Zone::Utc, pattern)));
        moment = moment.saturating_add(step);
    }
    ticks
}

/// A label short enough for its place.
fn cut(text: &str) -> String {
    const LONGEST: usize = 22;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
