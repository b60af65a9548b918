//! Blast radius: what the faulty version's answers reached, how surely, and by which chain (ANALYSIS §6).
//!
//! One pass in time order. A node's strength is the largest of its causes' strengths times the weight of the way, halved
//! once per half-life; below the threshold it is nothing. Strengths are kept as logarithms, so that the pass only adds,
//! and three times over: along recorded chains alone (certain), also through the memory of agents that changed (likely),
//! also through any agent's memory (possible). The surest kind that is above the threshold is the tier.

use super::web::Web;
use crate::journal::batch::EdgeKind;
use crate::model::time::{HOUR, Span};
use crate::model::{Kind, Row, Tier};
use std::collections::{BTreeMap, BTreeSet};

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

/// What the pass before found at causes that are later than their effects: strengths and hops.
type Late = BTreeMap<(u32, u32), ([f32; 3], [u32; 3])>;

const NOTHING: f32 = f32::NEG_INFINITY;
const CERTAIN: usize = 0;
const LIKELY: usize = 1;
const POSSIBLE: usize = 2;
const NONE: u32 = u32::MAX;

/// One way as the pass uses it: what to add, and what to take away per tick.
#[derive(Clone, Copy)]
struct Step {
    log: f64,
    fade: f64,
}

struct Steps {
    links: [Step; 4],
    session: Step,
    message: Step,
    threshold: f32,
}

impl Steps {
    fn new(rates: &Rates, tick: i64) -> Self {
        let step = |rate: Rate| Step {
            log: rate.weight.clamp(0.0, 1.0).log2(),
            fade: rate.half_life.map_or(0.0, |half| tick as f64 / half.0.max(1) as f64),
        };
        Self {
            links: [rates.parent, rates.cause, rates.cache, rates.carries].map(step),
            session: step(rates.session),
            message: step(rates.message),
            // A weight of exactly the threshold passes, however its logarithm is rounded.
            threshold: (rates.threshold.max(f64::MIN_POSITIVE).log2() - 1e-6) as f32,
        }
    }

    fn link(&self, kind: EdgeKind) -> Option<Step> {
        Some(match kind {
            EdgeKind::Parent => self.links[0],
            EdgeKind::Cause => self.links[1],
            EdgeKind::CacheOf => self.links[2],
            EdgeKind::Carries => self.links[3],
            EdgeKind::Pays | EdgeKind::Settles | EdgeKind::RefundOf => return None,
        })
    }
}

/// What a memory holds: by sureness (likely, possible), strength as of tick 0 and the node it came from.
#[derive(Clone, Copy)]
struct Memory {
    level: [f64; 2],
    from: [u32; 2],
}

const EMPTY: Memory = Memory { level: [f64::NEG_INFINITY; 2], from: [NONE; 2] };

/// The best way into a node so far, by sureness.
#[derive(Clone, Copy)]
struct Best {
    log: f32,
    from: u32,
    way: Way,
    hops: u32,
    by_tolerance: bool,
}

const UNREACHED: Best = Best { log: NOTHING, from: NONE, way: Way::Served, hops: 0, by_tolerance: false };

struct Pass<'w> {
    web: &'w Web,
    steps: &'w Steps,
    changed: &'w [bool],
    tolerance: u32,
    /// Place in `logs` plus one, by node.
    slots: Vec<u32>,
    logs: Vec<[f32; 3]>,
    hops: Vec<[u32; 3]>,
    memories: Vec<u32>,
    inboxes: Vec<u32>,
    states: Vec<Memory>,
    /// Causes later than their effects, but within tolerance.
    against: Vec<(u32, u32)>,
    taint: Taint,
}

impl<'w> Pass<'w> {
    fn new(web: &'w Web, steps: &'w Steps, changed: &'w [bool], tolerance: u32) -> Self {
        Self {
            web,
            steps,
            changed,
            tolerance,
            slots: vec![0; web.len()],
            logs: Vec::new(),
            hops: Vec::new(),
            memories: vec![0; web.memories],
            inboxes: vec![0; web.agents],
            states: Vec::new(),
            against: Vec::new(),
            taint: Taint::default(),
        }
    }

    fn run(&mut self, served: &[u32], late: &Late) {
        let web = self.web;
        let (mut served, mut received, mut sanitizers) =
            (served.iter().peekable(), web.received.iter().peekable(), web.sanitizers.iter().peekable());
        for node in 0..web.len() as u32 {
            if !matches!(web.kind[node as usize], Kind::Inference | Kind::Action | Kind::Message) {
                continue;
            }
            let best = match served.next_if_eq(&&node) {
                Some(_) => [Best { log: 0.0, from: node, ..UNREACHED }; 3],
                None => self.reach(node, late),
            };
            let to = received.next_if(|(message, _)| *message == node).map(|(_, to)| *to);
            let cleans = sanitizers.next_if_eq(&&node).is_some();
            if best[POSSIBLE].log == NOTHING {
                continue;
            }
            let mark = mark(node, &best);
            if cleans && mark.tier != Tier::T0 {
                self.taint.sanitized.push(mark);
                continue;
            }
            self.taint.by_tolerance += u64::from(mark.by_tolerance);
            self.taint.marks.push(mark);
            self.logs.push(best.map(|best| best.log));
            self.hops.push(best.map(|best| best.hops));
            self.slots[node as usize] = self.logs.len() as u32;
            self.remember(node, to, &best);
        }
    }

    fn strengths(&self, node: u32) -> ([f32; 3], [u32; 3]) {
        let slot = self.slots[node as usize] as usize;
        slot.checked_sub(1).map_or(([NOTHING; 3], [0; 3]), |slot| (self.logs[slot], self.hops[slot]))
    }

    /// The best ways into a node.
    fn reach(&mut self, node: u32, late: &Late) -> [Best; 3] {
        let mut best = [UNREACHED; 3];
        let at = self.web.at[node as usize];
        for edge in self.web.causes(node as usize) {
            let Some(step) = self.steps.link(edge.kind) else { continue };
            let (logs, hops, behind) = if edge.to < node {
                let slot = self.slots[edge.to as usize] as usize;
                let Some(slot) = slot.checked_sub(1) else { continue };
                (self.logs[slot], self.hops[slot], false)
            } else {
                let ahead = self.web.at[edge.to as usize] - at;
                if ahead > self.tolerance {
                    self.taint.against_time += 1;
                    continue;
                }
                if edge.to == node {
                    continue;
                }
                self.against.push((edge.to, node));
                let (logs, hops) = late.get(&(edge.to, node)).copied().unwrap_or(([NOTHING; 3], [0; 3]));
                (logs, hops, ahead > 0)
            };
            let fade = step.log - f64::from(at.saturating_sub(self.web.at[edge.to as usize])) * step.fade;
            // What a message merely carries is no recorded chain: reachable, no more.
            let surest = if edge.kind == EdgeKind::Carries { POSSIBLE } else { CERTAIN };
            for sure in surest..3 {
                let way = Best {
                    log: (f64::from(logs[sure]) + fade) as f32,
                    from: edge.to,
                    way: Way::Link(edge.kind),
                    hops: hops[sure].saturating_add(1),
                    by_tolerance: behind,
                };
                self.better(&mut best[sure], way);
            }
        }
        self.recall(node, &mut best);
        best
    }

    /// What the memory a record reads, and its agent's messages, add.
    fn recall(&self, node: u32, best: &mut [Best; 3]) {
        let web = self.web;
        let agent = web.agent[node as usize] as usize;
        let states = [
            (self.memories[web.memory[node as usize] as usize], self.steps.session, Way::Session),
            (self.inboxes[agent], self.steps.message, Way::Message),
        ];
        let at = web.at[node as usize];
        for (slot, step, way) in states {
            let Some(slot) = (slot as usize).checked_sub(1) else { continue };
            let state = self.states[slot];
            let surest = if self.changed[agent] { LIKELY } else { POSSIBLE };
            for sure in surest..3 {
                let from = state.from[sure - 1];
                if from == NONE {
                    continue;
                }
                let near = at - web.at[from as usize] <= self.tolerance;
                let before = (self.slots[from as usize] as usize).checked_sub(1);
                let way = Best {
                    log: (state.level[sure - 1] - f64::from(at) * step.fade) as f32,
                    from,
                    way,
                    hops: before.map_or(0, |before| self.hops[before][sure]) + 1,
                    by_tolerance: near && !web.is_one_recorder(from, node),
                };
                self.better(&mut best[sure], way);
            }
        }
    }

    fn better(&self, best: &mut Best, way: Best) {
        let stronger = way.log > best.log || (way.log == best.log && way.hops < best.hops);
        if way.log >= self.steps.threshold && stronger {
            *best = way;
        }
    }

    /// Feeds the memory of a record, and of the receiver of a message.
    fn remember(&mut self, node: u32, to: Option<u32>, best: &[Best; 3]) {
        let memory = self.web.memory[node as usize] as usize;
        let slot = slot_of(&mut self.memories[memory], &mut self.states);
        self.feed(slot, node, best, self.steps.session);
        if let Some(to) = to {
            let slot = slot_of(&mut self.inboxes[to as usize], &mut self.states);
            self.feed(slot, node, best, self.steps.message);
        }
    }

    fn feed(&mut self, slot: usize, node: u32, best: &[Best; 3], step: Step) {
        let since = f64::from(self.web.at[node as usize]) * step.fade;
        for sure in LIKELY..3 {
            let level = f64::from(best[sure].log) + step.log + since;
            let state = &mut self.states[slot];
            if level > state.level[sure - 1] {
                (state.level[sure - 1], state.from[sure - 1]) = (level, node);
            }
        }
    }

    fn finish(self) -> Taint {
        let mut taint = self.taint;
        for (place, mark) in (1..).zip(&taint.marks) {
            let row = self.web.row(mark.node);
            if taint.by_row.len() <= row.chunk() {
                taint.by_row.resize(row.chunk() + 1, Vec::new());
            }
            let chunk = &mut taint.by_row[row.chunk()];
            if chunk.len() <= row.place() {
                chunk.resize(row.place() + 1, 0);
            }
            chunk[row.place()] = place;
        }
        taint
    }
}

fn slot_of(slot: &mut u32, states: &mut Vec<Memory>) -> usize {
    if *slot == 0 {
        states.push(EMPTY);
        *slot = states.len() as u32;
    }
    *slot as usize - 1
}

fn mark(node: u32, best: &[Best; 3]) -> Mark {
    let sure = (0..3).find(|sure| best[*sure].log > NOTHING).unwrap_or(POSSIBLE);
    let way = best[sure];
    let tier = match sure {
        _ if way.from == node => Tier::T0,
        CERTAIN => Tier::T1,
        LIKELY => Tier::T2,
        _ => Tier::T3,
    };
    let Best { log, from, way, hops, by_tolerance } = way;
    Mark { node, tier, strength: log.exp2(), before: from, way, hops, by_tolerance }
}
