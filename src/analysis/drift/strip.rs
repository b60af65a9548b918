//! An agent's requests and actions in time order, eight bytes each: `tick << 32 | what`.
//!
//! ```text
//! request  0 ················· latency(4) tokens(4) outcome(4) served(2)
//! action   1 ································ category(4) led by(2)
//! ```
//! All that moving a window needs is in here: exact to the tick, and five million records are forty megabytes.

use crate::analysis::Number;
use crate::model::Nanos;

/// Which version served a request, as far as phases need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Served {
    OtherModel = 0,
    /// No evidence of any version.
    Unknown = 1,
    Good = 2,
    Faulty = 3,
}

/// What led to an action, by its first recorded cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Led {
    /// No cause is recorded: the request before it counts.
    NotSaid = 0,
    ByOther = 1,
    ByFaulty = 2,
}

/// One record, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Outcome and category number from 0; tenths from 1, 0 where nothing was recorded.
    Request {
        served: Served,
        outcome: u32,
        tokens: u32,
        latency: u32,
    },
    Action {
        led: Led,
        category: u32,
    },
}

/// One record of a strip. Sorts by time, requests before actions of the same tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event(pub u64);

const ACTION: u32 = 1 << 31;

impl Event {
    pub fn request(tick: u32, served: Served, outcome: u32, tokens: u32, latency: u32) -> Self {
        Self::new(tick, served as u32 | outcome << 2 | tokens << 6 | latency << 10)
    }

    pub fn action(tick: u32, led: Led, category: u32) -> Self {
        Self::new(tick, ACTION | led as u32 | category << 2)
    }

    fn new(tick: u32, what: u32) -> Self {
        Self(u64::from(tick) << 32 | u64::from(what))
    }

    pub const fn tick(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub const fn what(self) -> What {
        let bits = self.0 as u32;
        if bits & ACTION != 0 {
            let led = match bits & 3 {
                0 => Led::NotSaid,
                1 => Led::ByOther,
                _ => Led::ByFaulty,
            };
            return What::Action { led, category: bits >> 2 & 15 };
        }
        let served = match bits & 3 {
            0 => Served::OtherModel,
            1 => Served::Unknown,
            2 => Served::Good,
            _ => Served::Faulty,
        };
        What::Request { served, outcome: bits >> 2 & 15, tokens: bits >> 6 & 15, latency: bits >> 10 & 15 }
    }
}

/// Time as strips count it: ticks of `unit` nanoseconds from `base`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    pub base: i64,
    pub unit: i64,
}

impl Clock {
    /// Milliseconds, or as fine as 32 bits allow: 49 days in milliseconds, a century in 0.7 s.
    pub fn over(span: (i64, i64)) -> Self {
        let length = span.1.saturating_sub(span.0);
        Self { base: span.0, unit: (length / (i64::from(u32::MAX) - 1) + 1).max(1_000_000) }
    }

    pub fn tick(self, at: Nanos) -> u32 {
        let ticks = at.0.saturating_sub(self.base).div_euclid(self.unit.max(1));
        u32::try_from(ticks.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX)
    }

    pub fn at(self, tick: u32) -> Nanos {
        Nanos(self.base.saturating_add(self.unit.saturating_mul(i64::from(tick))))
    }
}

/// The strips of all agents, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Strips {
    pub clock: Clock,
    /// Agents with at least one request or action, ascending.
    pub agents: Vec<Number>,
    /// Where each one's events begin; one more than there are agents.
    pub starts: Vec<usize>,
    pub events: Vec<Event>,
    /// Whether an agent read something that the faulty version made: it is no control.
    pub tainted: Vec<bool>,
    /// Which column of `Transitions` a pair of action categories counts to, `before * 16 + after`.
    pub pairs: Vec<u8>,
}

impl Strips {
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// An agent's events, by its place in `agents`.
    pub fn of(&self, place: usize) -> &[Event] {
        &self.events[self.starts[place]..self.starts[place + 1]]
    }

    /// Joins scattered events of agents to strips. `events` holds agent and event in any order.
    pub fn join(clock: Clock, parts: &[Vec<(u32, Event)>]) -> Self {
        let highest = parts.iter().flatten().map(|(agent, _)| *agent as usize).max();
        let mut counts = vec![0usize; highest.map_or(0, |highest| highest + 1)];
        parts.iter().flatten().for_each(|(agent, _)| counts[*agent as usize] += 1);
        let mut next = Vec::with_capacity(counts.len());
        let (mut agents, mut starts, mut sum) = (Vec::new(), Vec::new(), 0);
        for (agent, count) in counts.iter().enumerate() {
            next.push(sum);
            if *count > 0 {
                agents.push(agent as Number);
                starts.push(sum);
            }
            sum += count;
        }
        starts.push(sum);
        let mut events = vec![Event(0); sum];
        for (agent, event) in parts.iter().flatten() {
            let place = &mut next[*agent as usize];
            events[*place] = *event;
            *place += 1;
        }
        let tainted = vec![false; agents.len()];
        Self { clock, agents, starts, events, tainted, pairs: vec![0; 256] }
    }

    /// The strips as separate slices, to be sorted on every core.
    pub fn each_mut(&mut self) -> Vec<&mut [Event]> {
        let mut rest = self.events.as_mut_slice();
        let mut found = Vec::with_capacity(self.agents.len());
        for bounds in self.starts.windows(2) {
            let (one, after) = rest.split_at_mut(bounds[1] - bounds[0]);
            found.push(one);
            rest = after;
        }
        found
    }

    /// How often each pair of actions follows one another, over all agents of a range.
    pub fn count_pairs(&self, places: std::ops::Range<usize>) -> Vec<u64> {
        let mut counts = vec![0; 256];
        for place in places {
            let mut before = None;
            for event in self.of(place) {
                if let What::Action { category, .. } = event.what()
                    && let Some(before) = before.replace(category)
                {
                    counts[(before * 16 + category) as usize] += 1;
                }
            }
        }
        counts
    }

    /// Gives the most frequent pairs a column each; the last column is for the rest.
    pub fn choose_pairs(&mut self, counts: &[u64]) -> Vec<Option<(u8, u8)>> {
        let width = super::Feature::Transitions.columns().len();
        let mut order: Vec<usize> = (0..256).filter(|pair| counts[*pair] > 0).collect();
        order.sort_by_key(|pair| (std::cmp::Reverse(counts[*pair]), *pair));
        self.pairs = vec![(width - 1) as u8; 256];
        let mut names = vec![None; width];
        for (column, pair) in order.into_iter().take(width - 1).enumerate() {
            self.pairs[pair] = column as u8;
            names[column] = Some(((pair / 16) as u8, (pair % 16) as u8));
        }
        names
    }
}
