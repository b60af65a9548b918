//! Which agents changed and which stayed changed, over a whole fleet (ANALYSIS §3): counts once, then any window.

pub mod calibrate;
mod judge;
mod prints;
pub mod scales;
pub mod strips;
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
use calibrate::{Calibration, EVERYTHING};
use std::collections::BTreeSet;
use std::sync::Arc;
use strips::Aggregate;

/// All agents of a case in the light of one window.
#[derive(Clone, Debug)]
pub struct Agents {
    pub base: Base,
    /// In the order of their numbers.
    pub agents: Vec<Agent>,
}

/// What does not change when the window moves.
#[derive(Clone, Debug)]
pub struct Base {
    pub aggregate: Arc<Aggregate>,
    pub calibration: Arc<Calibration>,
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

impl Agents {
    /// Of a study's own window. `None` where nothing is under suspicion.
    pub fn of(study: &Study, cancel: &Cancel) -> Result<Option<Self>, WorkError> {
        let Some(window) = &study.window else { return Ok(None) };
        let aggregate = Arc::new(Aggregate::new(&study.snapshot, window, &study.fold, cancel)?);
        let calibration = Arc::new(Calibration::new(&aggregate, cancel)?);
        Self::within(study, Base { aggregate, calibration }, window.moved, cancel).map(Some)
    }

    /// The same fleet in a window whose edges were moved: faulty answers outside of it count as any other.
    pub fn within(
        study: &Study,
        base: Base,
        edges: (Option<Nanos>, Option<Nanos>),
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let clock = base.aggregate.strips.clock;
        let tick = |at: Option<Nanos>, open: u32| at.map_or(open, |at| clock.tick(at));
        let clip = (tick(edges.0, EVERYTHING.0), tick(edges.1, EVERYTHING.1));
        let name = |number| study.snapshot.name(Column::Agent, number);
        let agents = judge::all(&base, clip, &name, cancel)?;
        Ok(Self { base, agents })
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
    pub fn ranked(&self) -> Vec<&Agent> {
        let mut ranked: Vec<&Agent> = self.agents.iter().collect();
        let key = |agent: &Agent| (agent.verdict, agent.persistence.unwrap_or(Persistence::Undetermined));
        ranked.sort_by(|a, b| {
            key(a).cmp(&key(b)).then(b.effect().total_cmp(&a.effect())).then(a.number.cmp(&b.number))
        });
        ranked
    }

    /// What an agent did before, during and after, counted again from its strip; `None` for one without exposure.
    pub fn tally(&self, agent: &Agent, edges: (Option<Nanos>, Option<Nanos>)) -> Option<Tally> {
        judge::tally(&self.base.aggregate, agent.place, self.clip(edges))
    }

    fn clip(&self, edges: (Option<Nanos>, Option<Nanos>)) -> (u32, u32) {
        let clock = self.base.aggregate.strips.clock;
        let tick = |at: Option<Nanos>, open: u32| at.map_or(open, |at| clock.tick(at));
        (tick(edges.0, EVERYTHING.0), tick(edges.1, EVERYTHING.1))
    }
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
