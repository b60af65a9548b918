//! What happened besides requests along a timeline: what findings rest on, agents that changed, money that was settled.

use super::study::Study;
use super::timeline::Axis;
use super::{Cancel, WorkError};
use crate::analysis::Number;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::money::Class;
use crate::model::Nanos;

/// See the file's caption. What is not computed yet is `None`, never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Happenings {
    /// When the records are from that findings rest on, with the finding's place among the study's; in time order.
    pub findings: Vec<(Nanos, usize)>,
    /// When each agent that changed was first served by the faulty version; in time order.
    pub agents: Option<Vec<(Nanos, Number)>>,
    /// Payments and settlements by bucket.
    pub settled: Option<Vec<Settled>>,
}

/// What was settled in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub payments: u32,
    /// Of them, those that are direct or derived.
    pub affected: u32,
    /// What was put on a chain, and what of it holds answers of the faulty version.
    pub settlements: u32,
    pub faulty: u32,
}

pub fn happenings(study: &Study, axis: Axis, cancel: &Cancel) -> Result<Happenings, WorkError> {
    Ok(Happenings {
        findings: findings(study)?,
        agents: agents(study),
        settled: study.blast_known().map(|_| settled(study, axis, cancel)).transpose()?,
    })
}

/// A finding carries few records, so that this stays small.
fn findings(study: &Study) -> Result<Vec<(Nanos, usize)>, WorkError> {
    let mut found = Vec::new();
    for (n, finding) in study.findings.iter().enumerate() {
        for row in &finding.evidence {
            found.push((study.snapshot.at(*row)?, n));
        }
    }
    found.sort();
    Ok(found)
}

fn agents(study: &Study) -> Option<Vec<(Nanos, Number)>> {
    let agents = study.agents_known()?;
    let edges = study.window.as_ref().map_or((None, None), |window| window.moved);
    let clock = agents.base.aggregate.strips.clock;
    let first = agents.with(Verdict::Changed).filter_map(|agent| {
        let tally = agents.tally(agent, edges)?;
        Some((clock.at(tally.spans[1].start), agent.number))
    });
    let mut first: Vec<_> = first.collect();
    first.sort();
    Some(first)
}

fn settled(study: &Study, axis: Axis, cancel: &Cancel) -> Result<Vec<Settled>, WorkError> {
    let mut buckets = vec![Settled::default(); axis.buckets];
    let Some(blast) = study.blast_known() else { return Ok(buckets) };
    for (n, payment) in blast.ledger().payments.iter().enumerate() {
        if n % 65_536 == 0 {
            cancel.check()?;
        }
        if let Some(bucket) = payment.settled_at.and_then(|at| axis.bucket(at)) {
            buckets[bucket].payments += 1;
            buckets[bucket].affected += u32::from(matches!(payment.class, Class::Direct | Class::Derived));
        }
    }
    for settlement in &blast.books.settlements {
        if let Some(bucket) = settlement.settled_at.and_then(|at| axis.bucket(at)) {
            buckets[bucket].settlements += 1;
            buckets[bucket].faulty += u32::from(settlement.faulty > 0);
        }
    }
    Ok(buckets)
}
