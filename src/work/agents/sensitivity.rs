//! How the headline counts change when the window's edges are somewhat off (ANALYSIS §2).

use super::{Agents, Base};
use crate::analysis::Window;
use crate::analysis::drift::strip::{Served, What};
use crate::model::Nanos;
use crate::model::time::{HOUR, MINUTE};
use crate::work::blast::direct;
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};

/// One row of the band: both edges moved, outwards where `by` is positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shifted {
    /// `-1h`, `-5min`, `+5min`, `+1h`.
    pub shift: &'static str,
    pub from: Nanos,
    pub to: Nanos,
    /// Requests that the faulty version served between the edges.
    pub faulty: u64,
    pub changed: u64,
    /// Payments for one of those requests.
    pub direct: u64,
}

const SHIFTS: [(&str, i64); 5] =
    [("-1h", -HOUR), ("-5min", -5 * MINUTE), ("0", 0), ("+5min", 5 * MINUTE), ("+1h", HOUR)];

/// Around the edges that the responder set, else around the window's own.
pub fn band(study: &Study, agents: &Agents, cancel: &Cancel) -> Result<Vec<Shifted>, WorkError> {
    let Some(window) = &study.window else { return Ok(Vec::new()) };
    let (Some(from), Some(to)) = (window.from(), window.to().or(window.observed.1)) else {
        return Ok(Vec::new());
    };
    let blast = study.blast()?;
    let row = |(shift, by): &(&'static str, i64)| {
        let (from, to) = (Nanos(from.0.saturating_sub(*by)), Nanos(to.0.saturating_add(*by)));
        let moved = (Some(from), Some(to));
        let changed = agents.base.changed(moved, cancel)?.len() as u64;
        let direct = direct(&study.snapshot, &blast, &Window { moved, ..window.clone() }, cancel)?;
        Ok(Shifted { shift, from, to, faulty: faulty(&agents.base, from, to), changed, direct })
    };
    SHIFTS.iter().map(row).collect()
}

fn faulty(base: &Base, from: Nanos, to: Nanos) -> u64 {
    let strips = &base.aggregate.strips;
    let ticks = strips.clock.tick(from)..=strips.clock.tick(to);
    let is_faulty = |what| matches!(what, What::Request { served: Served::Faulty, .. });
    let within =
        strips.events.iter().filter(|event| ticks.contains(&event.tick()) && is_faulty(event.what()));
    if from > to { 0 } else { within.count() as u64 }
}
