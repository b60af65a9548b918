//! Before, during and after, by exposure and not by the clock; and what an agent did in each.

use super::strip::{Event, Led, Served, What};
use super::{COLUMNS, Counts, Feature};
use std::ops::Range;

/// Which of an agent's records count to which phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// For an agent that the faulty version served: by what served it. Between its first and its last faulty answer,
    /// what other versions served belongs to no phase.
    Exposure {
        /// Its first and last faulty answer.
        first: u32,
        last: u32,
        /// The first good one after it.
        resumed: Option<u32>,
        /// Faulty answers outside these ticks count as any other.
        clip: (u32, u32),
    },
    /// For a control: the same moments of somebody else.
    Clock { from: u32, to: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Before = 0,
    During = 1,
    After = 2,
}

impl Rule {
    /// The phases of an agent; `None` if no faulty answer reached it within the clip.
    pub fn of(events: &[Event], clip: (u32, u32)) -> Option<Self> {
        let is_faulty = |event: &Event| {
            (clip.0..=clip.1).contains(&event.tick())
                && matches!(event.what(), What::Request { served: Served::Faulty, .. })
        };
        let first = events.iter().position(is_faulty)?;
        let last = events.iter().rposition(is_faulty)?;
        let good = |event: &&Event| matches!(event.what(), What::Request { served: Served::Good, .. });
        let resumed = events[last + 1..].iter().find(good).map(|event| event.tick());
        Some(Self::Exposure { first: events[first].tick(), last: events[last].tick(), resumed, clip })
    }

    /// The ticks of before, during and after, where each begins and ends; empty where there is no such phase.
    pub fn spans(self, events: &[Event]) -> [Range<u32>; 3] {
        let begin = events.first().map_or(0, |event| event.tick());
        let end = events.last().map_or(0, |event| event.tick().saturating_add(1));
        let (first, last, resumed) = match self {
            Self::Exposure { first, last, resumed, .. } => (first, last, resumed.unwrap_or(end)),
            Self::Clock { from, to } => (from, to, to.saturating_add(1)),
        };
        [begin.min(first)..first, first..last.saturating_add(1), resumed..end.max(resumed)]
    }

    /// Calls `f` for every record with its phase. An action belongs to the phase of the request that led to it.
    #[inline]
    pub fn each(self, events: &[Event], mut f: impl FnMut(Event, What, Option<Phase>)) {
        let mut before = Served::Unknown;
        for event in events {
            let (tick, what) = (event.tick(), event.what());
            let phase = match (self, what) {
                (Self::Clock { from, to }, _) => Some(by_clock(tick, from, to)),
                (Self::Exposure { clip, .. }, What::Request { served, .. }) => {
                    let clipped = served == Served::Faulty && !(clip.0..=clip.1).contains(&tick);
                    before = if clipped { Served::Good } else { served };
                    self.by_served(tick, before)
                }
                (Self::Exposure { clip, .. }, What::Action { led, .. }) => {
                    let within = (clip.0..=clip.1).contains(&tick);
                    let led_by = match led {
                        Led::ByFaulty if within => Served::Faulty,
                        Led::ByFaulty | Led::ByOther if before == Served::Faulty => Served::Good,
                        Led::ByFaulty | Led::ByOther | Led::NotSaid => before,
                    };
                    self.by_served(tick, led_by)
                }
            };
            f(*event, what, phase);
        }
    }

    fn by_served(self, tick: u32, served: Served) -> Option<Phase> {
        let Self::Exposure { first, resumed, .. } = self else { return None };
        match served {
            Served::OtherModel => None,
            Served::Faulty => Some(Phase::During),
            _ if tick < first => Some(Phase::Before),
            _ => resumed.filter(|resumed| tick >= *resumed).map(|_| Phase::After),
        }
    }
}

fn by_clock(tick: u32, from: u32, to: u32) -> Phase {
    if tick < from {
        Phase::Before
    } else if tick <= to {
        Phase::During
    } else {
        Phase::After
    }
}

/// What one agent did in each phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    pub rule: Rule,
    pub spans: [Range<u32>; 3],
    pub phases: [Counts; 3],
    /// Records of each phase.
    pub records: [u32; 3],
}

impl Tally {
    pub fn new(events: &[Event], rule: Rule, pairs: &[u8]) -> Self {
        let mut phases = [[0; COLUMNS]; 3];
        let mut records = [0; 3];
        let spans = rule.spans(events);
        let mut last: Option<(Phase, u32)> = None;
        rule.each(events, |event, what, phase| {
            let action = matches!(what, What::Action { .. });
            if let Some(phase) = phase {
                records[phase as usize] += 1;
                count(&mut phases[phase as usize], what);
                if let What::Action { category, .. } = what {
                    if let Some((_, before)) = last.filter(|(other, _)| *other == phase) {
                        count_pair(&mut phases[phase as usize], before, category, pairs);
                    }
                    last = Some((phase, category));
                }
            } else if action {
                last = None;
            }
            if asks(what, rule) {
                count_volume(&mut phases, &spans, event.tick(), rule);
            }
        });
        Self { rule, spans, phases, records }
    }
}

/// Whether a record is a request that volume counts: for an exposed agent, one for the model in question.
fn asks(what: What, rule: Rule) -> bool {
    let own = |served| served != Served::OtherModel || matches!(rule, Rule::Clock { .. });
    matches!(what, What::Request { served, .. } if own(served))
}

/// Volume is what the agent asked, whatever served it: by the clock, and strictly inside the phase that its own
/// faulty answers bound, for these two are there by definition.
fn count_volume(phases: &mut [Counts; 3], spans: &[Range<u32>; 3], tick: u32, rule: Rule) {
    let edge = |tick: u32| match rule {
        Rule::Exposure { first, last, .. } => tick == first || tick == last,
        Rule::Clock { .. } => false,
    };
    if let Some(phase) = spans.iter().position(|span| span.contains(&tick)).filter(|_| !edge(tick)) {
        phases[phase][COLUMNS - 1] += 1;
    }
}

/// Counts one record into its columns, but for transitions and volume.
#[inline]
pub fn count(counts: &mut Counts, what: What) {
    match what {
        What::Request { outcome, tokens, latency, .. } => {
            counts[Feature::Outcomes.columns().start + outcome as usize] += 1;
            if tokens > 0 {
                counts[Feature::Tokens.columns().start + tokens.min(10) as usize - 1] += 1;
            }
            if latency > 0 {
                counts[Feature::Latency.columns().start + latency.min(10) as usize - 1] += 1;
            }
        }
        What::Action { category, .. } => counts[Feature::Actions.columns().start + category as usize] += 1,
    }
}

#[inline]
pub fn count_pair(counts: &mut Counts, before: u32, after: u32, pairs: &[u8]) {
    let column = pairs[(before * 16 + after) as usize & 255];
    counts[Feature::Transitions.columns().start + usize::from(column)] += 1;
}

/// The placebo windows of an agent: the last stretches of its time before, each as long as its time during.
#[derive(Clone, Debug, PartialEq)]
pub struct Placebo {
    pub span: Range<u32>,
    pub counts: Counts,
}

/// At least so many stretches, shorter ones where the time before does not hold as many…
pub const FEWEST: usize = 6;
/// …and no more than this.
pub const MOST: usize = 8;

/// Cuts an agent's records before exposure into stretches of as many records as it has during exposure.
pub fn placebos(events: &[Event], tally: &Tally, pairs: &[u8]) -> Vec<Placebo> {
    let (before, during) = (tally.records[0] as usize, tally.records[1] as usize);
    let length = (before / FEWEST).min(during);
    if length == 0 {
        return Vec::new();
    }
    let stretches = (before / length).min(MOST);
    let skipped = before - stretches * length;
    let mut found: Vec<Placebo> = Vec::with_capacity(stretches);
    let (mut seen, mut last) = (0, None);
    tally.rule.each(events, |event, what, phase| {
        if phase != Some(Phase::Before) {
            return;
        }
        seen += 1;
        if seen <= skipped {
            return;
        }
        if (seen - 1 - skipped) % length == 0 {
            found.push(Placebo { span: event.tick()..event.tick(), counts: [0; COLUMNS] });
            last = None;
        }
        let Some(placebo) = found.last_mut() else { return };
        placebo.span.end = event.tick() + 1;
        count(&mut placebo.counts, what);
        match what {
            What::Request { .. } => placebo.counts[COLUMNS - 1] += 1,
            What::Action { category, .. } => {
                if let Some(before) = last.replace(category) {
                    count_pair(&mut placebo.counts, before, category, pairs);
                }
            }
        }
    });
    found
}
