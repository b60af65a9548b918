//! Who and what the faulty version touched: one pass over all requests, per agent and per strength of evidence.

use super::fold::Requests;
use super::parallel::each_chunk;
use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::Number;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Evidence, Kind, Nanos, Pointers, Row};
use std::collections::BTreeMap;

/// What a pass over the requests of the incident's model found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Requests the faulty version effectively served, by the strength of their evidence.
    pub faulty: [u64; 4],
    /// Requests with each pointer, in the order of `Pointers::ALL`, by the strength of their evidence.
    pub pointers: [[u64; 4]; 5],
    /// Agents that asked the incident's model.
    pub agents: BTreeMap<Number, AgentExposure>,
    /// Requests the faulty version served, or that still point at it, earliest first.
    pub affected: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentExposure {
    pub requests: u64,
    pub faulty: u64,
    /// First and last request the faulty version served.
    pub span: Option<(Nanos, Nanos)>,
    /// Served by the faulty version with each strength of evidence.
    pub evidence: [u64; 4],
}

impl AgentExposure {
    fn join(&mut self, other: &Self) {
        self.requests += other.requests;
        self.faulty += other.faulty;
        for (sum, n) in self.evidence.iter_mut().zip(other.evidence) {
            *sum += n;
        }
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// The weakest evidence that is among some counts; `None` where all are zero.
pub fn weakest(counts: &[u64; 4]) -> Option<Evidence> {
    Evidence::ALL.into_iter().find(|evidence| counts[*evidence as usize] > 0)
}

/// Looks at every request once.
pub fn exposure(study: &Study, cancel: &Cancel) -> Result<Exposure, WorkError> {
    let snapshot = &study.snapshot;
    let window = study.window.as_ref();
    let (model, faulty) = window.map_or((0, 0), |window| (window.model, window.faulty));
    let parts = each_chunk(snapshot, cancel, |n, chunk| {
        let requests = Requests::of(snapshot, chunk)?;
        let kinds = snapshot.passing(chunk, Column::Kind)?;
        let flags = snapshot.passing(chunk, Column::Flags)?;
        let agents = snapshot.passing(chunk, Column::Agent)?;
        let mut part = Exposure::default();
        let mut dated: Vec<(Nanos, Row)> = Vec::new();
        kinds.each(|place, code| {
            if code != Kind::Inference as u64 || flags.value(place) & Flags::DUPLICATE != 0 {
                return;
            }
            let attribution = requests.attribution(place);
            let (at, own) = (requests.at(place), requests.model.value(place));
            let evidence = attribution.evidence as usize;
            let pointers = attribution.pointers(own, at, window);
            for (counts, (flag, _)) in part.pointers.iter_mut().zip(Pointers::ALL) {
                counts[evidence] += u64::from(pointers.has(flag));
            }
            if model == 0 || own != model {
                return;
            }
            let served = attribution.effective == faulty;
            let agent = part.agents.entry(agents.value(place)).or_default();
            agent.requests += 1;
            if served {
                part.faulty[evidence] += 1;
                let mut evidences = [0; 4];
                evidences[evidence] = 1;
                agent.join(&AgentExposure {
                    faulty: 1,
                    span: Some((at, at)),
                    evidence: evidences,
                    ..AgentExposure::default()
                });
            }
            let points = Pointers::ALL.iter().any(|(flag, _)| pointers.has(*flag));
            if served || (points && !pointers.has(Pointers::UNATTRIBUTED)) {
                dated.push((at, Row::new(n, place)));
            }
        });
        Ok((part, dated))
    })?;
    let mut whole = Exposure::default();
    let mut affected = Vec::new();
    for (part, dated) in parts {
        whole.join(&part);
        affected.extend(dated);
    }
    affected.sort();
    whole.affected = affected.into_iter().map(|(_, row)| row).collect();
    Ok(whole)
}

impl Exposure {
    fn join(&mut self, other: &Self) {
        for (sum, n) in self.faulty.iter_mut().zip(other.faulty) {
            *sum += n;
        }
        for (sums, counts) in self.pointers.iter_mut().zip(other.pointers) {
            for (sum, n) in sums.iter_mut().zip(counts) {
                *sum += n;
            }
        }
        for (agent, more) in &other.agents {
            self.agents.entry(*agent).or_default().join(more);
        }
    }

    /// Agents the faulty version served, most served first.
    pub fn exposed(&self) -> Vec<(Number, AgentExposure)> {
        let exposed = self.agents.iter().filter(|(_, agent)| agent.faulty > 0);
        let mut exposed: Vec<(Number, AgentExposure)> = exposed.map(|(n, agent)| (*n, *agent)).collect();
        exposed.sort_by_key(|(n, agent)| (std::cmp::Reverse(agent.faulty), *n));
        exposed
    }
}
