//! Which agents changed and which stayed changed, over a whole fleet (ANALYSIS §3): counts once, then any window.

pub mod calibrate;
pub mod findings;
mod judge;
pub mod nodes;
mod prints;
pub mod scales;
pub mod sensitivity;
pub mod strips;
pub mod trace;
pub mod words;

pub use calibrate::{SelfCheck, Standing};

use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::Number;
use crate::analysis::drift::Feature;
use crate::analysis::drift::lasting::{Persistence, Retention};
use crate::analysis::drift::phases::Tally;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::drift::window::Sight;
use crate::journal::Column;
use crate::model::Nanos;
use crate::store::views::JudgedAgent;
use calibrate::{Calibration, EVERYTHING};
use judge::Memory;
use nodes::Nodes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use strips::Aggregate;

/// All agents of a case in the light of one window.
#[derive(Clone, Debug)]
pub struct Agents {
    pub base: Base,
    /// In the order of their numbers.
    pub agents: Vec<Agent>,
    /// Places in `agents`, those that changed most first.
    ranking: Vec<usize>,
}

/// What does not change when the window moves.
#[derive(Clone, Debug)]
pub struct Base {
    pub aggregate: Arc<Aggregate>,
    pub calibration: Arc<Calibration>,
    /// What the nodes' outcomes say of the versions they ran.
    pub nodes: Arc<Nodes>,
    /// What was computed in the whole window: most agents are the same in a moved one.
    pub memory: Arc<Memory>,
}

/// One agent, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    pub number: Number,
    /// Its place among the strips.
    pub place: usize,
    pub standing: Standing,
    pub verdict: Verdict,
    /// Empty for agents that are not exposed in this window.
    pub sight: Sight,
    pub q: Option<f64>,
    pub feature_q: [Option<f64>; Feature::ALL.len()],
    /// The features that carry the flag.
    pub carriers: Vec<Feature>,
    pub persistence: Option<Persistence>,
    /// Of the feature that decided the persistence.
    pub retention: Option<(Feature, Retention)>,
    /// About how many more records after would decide an undetermined one; `None` where nothing was recorded after.
    pub needed: Option<u64>,
    /// Requests before, during and after.
    pub n: [u32; 3],
    /// The smallest effect (Cohen's w) that an untested one's records could have shown.
    pub smallest_effect: Option<f64>,
}

impl Base {
    pub fn new(aggregate: Arc<Aggregate>, calibration: Arc<Calibration>, nodes: Arc<Nodes>) -> Self {
        let memory = Arc::new(Memory::of(aggregate.strips.len()));
        Self { aggregate, calibration, nodes, memory }
    }

    /// Of a study's incident. `None` where nothing is under suspicion.
    pub fn of(study: &Study, cancel: &Cancel) -> Result<Option<Self>, WorkError> {
        let Some(window) = &study.window else { return Ok(None) };
        let aggregate = Arc::new(Aggregate::new(&study.snapshot, window, &study.fold, cancel)?);
        let calibration = Arc::new(Calibration::new(&aggregate, cancel)?);
        let nodes = Nodes::new(&study.snapshot, window, &aggregate.scales, &study.fold, cancel)?;
        Ok(Some(Self::new(aggregate, calibration, Arc::new(nodes))))
    }

    /// Numbers of the agents that changed in a window with these edges, without following them after it.
    pub fn changed(
        &self,
        edges: (Option<Nanos>, Option<Nanos>),
        cancel: &Cancel,
    ) -> Result<BTreeSet<Number>, WorkError> {
        let agents = judge::verdicts(self, clip(self, edges), cancel)?;
        Ok(agents
            .iter()
            .filter(|agent| agent.verdict == Verdict::Changed)
            .map(|agent| agent.number)
            .collect())
    }
}

impl Agents {
    /// The same fleet in a window whose edges were moved: faulty answers outside of it count as any other.
    pub fn within(
        study: &Study,
        base: Base,
        edges: (Option<Nanos>, Option<Nanos>),
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let clip = clip(&base, edges);
        let name = |number| study.snapshot.name(Column::Agent, number);
        let agents = judge::all(&base, clip, &name, cancel)?;
        let ranking = ranking(&agents);
        Ok(Self { base, agents, ranking })
    }

    pub fn find(&self, number: Number) -> Option<&Agent> {
        self.agents.binary_search_by_key(&number, |agent| agent.number).ok().map(|place| &self.agents[place])
    }

    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Agent> {
        self.agents.iter().filter(move |agent| agent.verdict == verdict)
    }

    /// Numbers of the agents that changed.
    pub fn changed(&self) -> BTreeSet<Number> {
        self.with(Verdict::Changed).map(|agent| agent.number).collect()
    }

    /// Changed ones whose persistence is this.
    pub fn lasting(&self, persistence: Persistence) -> impl Iterator<Item = &Agent> {
        self.with(Verdict::Changed).filter(move |agent| agent.persistence == Some(persistence))
    }

    pub fn self_check(&self) -> SelfCheck {
        self.base.calibration.check
    }

    /// By how much they changed: changed first, still changed before recovered, then by the size of the effect.
    pub fn ranked(&self) -> impl Iterator<Item = &Agent> {
        self.ranking.iter().map(|place| &self.agents[*place])
    }

    pub fn at_rank(&self, rank: usize) -> Option<&Agent> {
        self.ranking.get(rank).map(|place| &self.agents[*place])
    }

    /// For SQL views.
    pub fn judged(&self) -> BTreeMap<Number, JudgedAgent> {
        let judged = |agent: &Agent| JudgedAgent {
            verdict: agent.verdict.name(),
            persistence: agent.persistence.map(Persistence::name),
            q: agent.q,
            tvd: agent.sight.iter().any(Option::is_some).then(|| agent.effect()),
            retention: agent.retention.map(|(_, kept)| [kept.rho, kept.lo, kept.hi]),
            n: agent.n,
        };
        self.agents.iter().map(|agent| (agent.number, judged(agent))).collect()
    }

    /// What an agent did before, during and after, counted again from its strip; `None` for one without exposure.
    pub fn tally(&self, agent: &Agent, edges: (Option<Nanos>, Option<Nanos>)) -> Option<Tally> {
        judge::tally(&self.base.aggregate, agent.place, clip(&self.base, edges))
    }
}

fn ranking(agents: &[Agent]) -> Vec<usize> {
    let mut ranking: Vec<usize> = (0..agents.len()).collect();
    let key = |agent: &Agent| (agent.verdict, agent.persistence.unwrap_or(Persistence::Undetermined));
    ranking.sort_by(|a, b| {
        let (a, b) = (&agents[*a], &agents[*b]);
        key(a).cmp(&key(b)).then(b.effect().total_cmp(&a.effect())).then(a.number.cmp(&b.number))
    });
    ranking
}

/// Edges as ticks. A window that ends before it begins holds nothing, not even the one tick both round to.
fn clip(base: &Base, (from, to): (Option<Nanos>, Option<Nanos>)) -> (u32, u32) {
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return (1, 0);
    }
    let clock = base.aggregate.strips.clock;
    let tick = |at: Option<Nanos>, open: u32| at.map_or(open, |at| clock.tick(at));
    (tick(from, EVERYTHING.0), tick(to, EVERYTHING.1))
}

impl Agent {
    /// The largest distance of during from before among the features that carry the flag, else among all tested.
    pub fn effect(&self) -> f64 {
        let of = |feature: &Feature| self.sight[*feature as usize].map(|seen| seen.tvd);
        let all: &[Feature] = if self.carriers.is_empty() { &Feature::ALL } else { &self.carriers };
        all.iter().filter_map(of).fold(0.0, f64::max)
    }

    /// The feature to tell about first: of those that carry the flag the one with the largest distance.
    pub fn foremost(&self) -> Option<Feature> {
        let distance = |feature: &Feature| self.sight[*feature as usize].map_or(0.0, |seen| seen.tvd);
        self.carriers.iter().copied().max_by(|a, b| distance(a).total_cmp(&distance(b)).then(b.cmp(a)))
    }
}
