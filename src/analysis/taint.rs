//! Blast radius: what the faulty version's answers reached, how surely, and by which chain (ANALYSIS §6).
//!
//! One pass in time order. A node's strength is the largest of its causes' strengths times the weight of the way, halved
//! once per half-life; below the threshold it is nothing. Strengths are kept as logarithms, so that the pass only adds,
//! and three times over: along recorded chains alone (certain), also through the memory of agents that changed (likely),
//! also through any agent's memory (possible). The surest kind that is above the threshold is the tier.

mod pass;

use super::web::Web;
use crate::journal::batch::EdgeKind;
use crate::model::time::{HOUR, Span};
use crate::model::{Kind, Row, Tier};
use pass::{Late, NOTHING, POSSIBLE, Pass, Steps};
use std::collections::BTreeSet;

/// How much of a taint a way passes on, and how fast that fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub weight: f64,
    /// `None`: it does not fade.
    pub half_life: Option<Span>,
}

/// Weights are checked to be numbers before they get here.
impl Eq for Rate {}
impl Eq for Rates {}

/// The `[taint]` section of config.toml.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    pub parent: Rate,
    pub cause: Rate,
    pub cache: Rate,
    /// Into the message that carries something.
    pub carries: Rate,
    /// From one record of an agent, or of a session, to its later ones.
    pub session: Rate,
    /// From a message to what its receiver does.
    pub message: Rate,
    pub threshold: f64,
    /// Actions that clean what they look at: an approval by a human, a proof that was verified before acting on it.
    pub sanitizers: BTreeSet<String>,
}

impl Default for Rates {
    fn default() -> Self {
        let always = Rate { weight: 1.0, half_life: None };
        let fading = |weight, hours| Rate { weight, half_life: Some(Span(hours * HOUR)) };
        Self {
            parent: always,
            cause: always,
            cache: always,
            carries: always,
            session: fading(0.7, 1),
            message: fading(0.5, 6),
            threshold: 0.05,
            sanitizers: ["human-approval", "proof-verified"].map(str::to_owned).into(),
        }
    }
}

/// The way by which taint came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Served by the faulty version: it came from nowhere else.
    Served,
    Link(EdgeKind),
    /// An agent's memory, or a session's.
    Session,
    /// A message its agent received.
    Message,
}

impl Way {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Link(kind) => kind.name(),
            Self::Session => "session",
            Self::Message => "message",
        }
    }
}

/// A tainted thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub node: u32,
    pub tier: Tier,
    /// From 1 down to the threshold.
    pub strength: f32,
    /// The node before it in its shortest chain; its own for T0.
    pub before: u32,
    pub way: Way,
    /// Links in that chain.
    pub hops: u32,
    /// The last link is in time only because clocks may be off.
    pub by_tolerance: bool,
}

/// How many of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    pub requests: u64,
    pub actions: u64,
    pub messages: u64,
}

impl Count {
    pub fn total(self) -> u64 {
        self.requests + self.actions + self.messages
    }
}

/// What was reached.
#[derive(Clone, Debug, Default)]
pub struct Taint {
    /// In time order.
    pub marks: Vec<Mark>,
    /// Place among `marks` plus one, by row: `by_row[chunk][place]`, empty for chunks without any.
    by_row: Vec<Vec<u32>>,
    /// Actions that would have been tainted and cleaned what they looked at.
    pub sanitized: Vec<Mark>,
    /// Links that no clock tolerance makes possible: the cause is later than its effect. They are not followed.
    pub against_time: u64,
    /// Links whose order clock tolerance alone decides, and that carried taint.
    pub by_tolerance: u64,
    /// Whether links against the clock still changed something when the pass gave up on them.
    pub is_unsettled: bool,
}

impl Taint {
    pub fn mark(&self, row: Row) -> Option<&Mark> {
        let place = *self.by_row.get(row.chunk())?.get(row.place())?;
        self.marks.get((place as usize).checked_sub(1)?)
    }

    pub fn tier(&self, row: Row) -> Option<Tier> {
        self.mark(row).map(|mark| mark.tier)
    }

    /// Things of each tier.
    pub fn counts(&self, web: &Web) -> [Count; 4] {
        let mut counts = [Count::default(); 4];
        for mark in &self.marks {
            let count = &mut counts[mark.tier as usize];
            match web.kind[mark.node as usize] {
                Kind::Inference => count.requests += 1,
                Kind::Action => count.actions += 1,
                _ => count.messages += 1,
            }
        }
        counts
    }

    /// The shortest chain of a row's taint, from what the faulty version served to the row itself.
    pub fn chain(&self, web: &Web, row: Row) -> Vec<Mark> {
        let mut chain: Vec<Mark> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = self.mark(row);
        while let Some(mark) = next {
            // Links against the clock may close a ring.
            if !seen.insert(mark.node) {
                break;
            }
            chain.push(*mark);
            next = if mark.before == mark.node { None } else { self.mark(web.row(mark.before)) };
        }
        chain.reverse();
        chain
    }
}

/// Passes made for links against the clock before the rest is said to be unsettled.
const MOST_PASSES: usize = 8;

/// Spreads taint from the nodes in `served` (in time order). `changed` are the agents shown to have changed.
pub fn spread(web: &Web, served: &[u32], changed: &BTreeSet<u64>, rates: &Rates, tolerance: Span) -> Taint {
    let mut flags = vec![false; web.agents];
    for agent in changed {
        if let Some(flag) = usize::try_from(*agent).ok().and_then(|agent| flags.get_mut(agent)) {
            *flag = true;
        }
    }
    let steps = Steps::new(rates, web.tick);
    let tolerance = u32::try_from(tolerance.0 / web.tick.max(1)).unwrap_or(u32::MAX);
    let mut late = Late::new();
    let mut pass = Pass::new(web, &steps, &flags, tolerance);
    pass.run(served, &late);
    for round in 1.. {
        let found: Late = pass.against.iter().map(|pair| (*pair, pass.strengths(pair.0))).collect();
        if found.values().all(|(logs, _)| logs[POSSIBLE] == NOTHING) || found == late {
            break;
        }
        if round == MOST_PASSES {
            pass.taint.is_unsettled = true;
            break;
        }
        late = found;
        pass = Pass::new(web, &steps, &flags, tolerance);
        pass.run(served, &late);
    }
    pass.finish()
}

#[cfg(test)]
mod tests;
