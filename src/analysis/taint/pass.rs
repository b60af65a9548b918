//! The pass itself: three strengths per node, as logarithms, in time order.

use super::{Mark, Rate, Rates, Taint, Way};
use crate::analysis::web::Web;
use crate::journal::batch::EdgeKind;
use crate::model::{Kind, Tier};
use std::collections::BTreeMap;

/// What the pass before found at causes that are later than their effects: strengths and hops.
pub(super) type Late = BTreeMap<(u32, u32), ([f32; 3], [u32; 3])>;

pub(super) const NOTHING: f32 = f32::NEG_INFINITY;
const CERTAIN: usize = 0;
const LIKELY: usize = 1;
pub(super) const POSSIBLE: usize = 2;
const NONE: u32 = u32::MAX;

/// One way as the pass uses it: what to add, and what to take away per tick.
#[derive(Clone, Copy)]
struct Step {
    log: f64,
    fade: f64,
}

pub(super) struct Steps {
    links: [Step; 4],
    session: Step,
    message: Step,
    threshold: f32,
}

impl Steps {
    pub(super) fn new(rates: &Rates, tick: i64) -> Self {
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

pub(super) struct Pass<'w> {
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
    pub(super) against: Vec<(u32, u32)>,
    pub(super) taint: Taint,
}

impl<'w> Pass<'w> {
    pub(super) fn new(web: &'w Web, steps: &'w Steps, changed: &'w [bool], tolerance: u32) -> Self {
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

    pub(super) fn run(&mut self, served: &[u32], late: &Late) {
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
            let mark = self.hopped(mark(node, &best));
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

    /// A chain is shown from mark to mark, and each mark is the surest there is: the links counted are those shown.
    fn hopped(&self, mark: Mark) -> Mark {
        let before = (self.slots[mark.before as usize] as usize).checked_sub(1);
        match before {
            Some(before) if mark.before != mark.node => {
                Mark { hops: self.taint.marks[before].hops + 1, ..mark }
            }
            _ => mark,
        }
    }

    pub(super) fn strengths(&self, node: u32) -> ([f32; 3], [u32; 3]) {
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
            for (sure, best) in best.iter_mut().enumerate().skip(surest) {
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
                self.better(best, way);
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
        let state = &mut self.states[slot];
        for (sure, best) in best.iter().skip(LIKELY).enumerate() {
            let level = f64::from(best.log) + step.log + since;
            if level > state.level[sure] {
                (state.level[sure], state.from[sure]) = (level, node);
            }
        }
    }

    pub(super) fn finish(self) -> Taint {
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
