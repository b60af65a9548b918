//! The answer key as JSON: what was counted (`truth`) beside what was planned (`rollout`).

use super::{Phases, ProbeAnswers, Truth};
use crate::model::{Evidence, Nanos, Pointers};
use crate::work::simulate::agents::{Agent, Population, Reaction};
use crate::work::simulate::builds::{BUILDS, BuildNo, FAULTY, GOOD, MODELS, RISK_SCORER};
use crate::work::simulate::content::answers_differ;
use crate::work::simulate::incident::Incident;
use crate::work::simulate::rollout::END;
use crate::work::simulate::scenario::Fault;
use crate::work::simulate::{SimulateError, Simulation, write_file};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

impl Incident {
    /// Writes `truth.json`.
    pub(in crate::work::simulate) fn write_truth(
        &self,
        simulation: &Simulation,
        dir: &Path,
    ) -> Result<(), SimulateError> {
        let mut key = self.truth.json(&self.population);
        let planned = self.planned(simulation);
        let fields = key.as_object_mut().expect("the key is an object");
        if let Value::Object(planned) = planned {
            fields.extend(planned);
        }
        let mut text = serde_json::to_vec_pretty(&key).expect("values without odd keys are always written");
        text.push(b'\n');
        write_file(&dir.join("truth.json"), &text)
    }

    fn planned(&self, simulation: &Simulation) -> Value {
        let moments = &self.rollout.moments;
        let first_declared = self.declared_faulty().map(|(_, at)| at).min();
        let shift = simulation.scenario.dials().shift > 0;
        json!({
            "schema": "backtrail/truth/1",
            "scenario": simulation.scenario.name(),
            "seed": simulation.seed,
            "records": simulation.records,
            "signed": simulation.signed,
            "model": MODELS[RISK_SCORER],
            "faulty": version(FAULTY),
            "good": version(GOOD),
            "fault": simulation.scenario.dials().fault == Fault::Real,
            "window": {
                "declared": {"from": first_declared.map(time), "to": time(moments.mitigated)},
                "incident": {"suspected": time(moments.suspected), "declared": time(moments.declared),
                             "mitigated": time(moments.mitigated), "resolved": time(moments.resolved)},
                "observed": self.truth.observed.map(|(from, to)| json!({"from": time(from), "to": time(to)})),
                "global_shift": shift.then(|| time(moments.shift)),
            },
            "nodes": (0..self.nodes.len()).map(|node| self.node(node)).collect::<Vec<_>>(),
        })
    }

    /// Every declared switch to the faulty version: node and moment.
    fn declared_faulty(&self) -> impl Iterator<Item = (usize, i64)> {
        self.rollout.courses.iter().enumerate().flat_map(|(node, courses)| {
            let switches = courses[RISK_SCORER].declared.iter().filter(|switch| switch.build == FAULTY);
            switches.map(move |switch| (node, switch.at))
        })
    }

    /// When nodes were told to serve the faulty version.
    pub(in crate::work::simulate) fn declared_live(&self) -> Vec<(i64, i64)> {
        let mut live = Vec::new();
        for courses in &self.rollout.courses {
            let switches = &courses[RISK_SCORER].declared;
            let ends = switches.iter().skip(1).map(|switch| switch.at).chain([i64::MAX]);
            let faulty = switches.iter().zip(ends).filter(|(switch, _)| switch.build == FAULTY);
            live.extend(faulty.map(|(switch, to)| (switch.at, to)));
        }
        live
    }

    fn node(&self, number: usize) -> Value {
        let node = &self.nodes[number];
        let course = &self.rollout.courses[number][RISK_SCORER];
        let declared: Vec<_> = course.declared.iter().map(|switch| (switch.at, switch.build)).collect();
        let actual: Vec<_> = course.actual.iter().map(|switch| (switch.at, switch.build)).collect();
        let reasons: Vec<_> = course.declared.iter().map(|switch| switch.reason).collect();
        json!({
            "node": node.name,
            "state": node.part.state(),
            "skew_ms": node.skew / 1_000_000,
            "declared": declared.iter().zip(reasons).map(|((at, build), reason)|
                json!({"at": time(*at), "version": version(*build), "reason": reason})).collect::<Vec<_>>(),
            "actual": actual.iter().map(|(at, build)|
                json!({"at": time(*at), "version": version(*build)})).collect::<Vec<_>>(),
            "faulty_declared": intervals(&declared),
            "faulty_actual": intervals(&actual),
            "faulty_requests": self.truth.node_json(number),
        })
    }
}

impl Truth {
    fn agents_json<'a>(&self, population: &'a Population) -> (Vec<Value>, Vec<&'a str>, Vec<&'a str>) {
        let mut all = Vec::new();
        let (mut changed, mut controls) = (Vec::new(), Vec::new());
        for (agent, phases) in population.agents.iter().zip(&self.phases) {
            let exposed = phases.during[0] > 0;
            if exposed && agent.reaction.is_change() {
                changed.push(agent.name.as_str());
            }
            if !exposed && !phases.tainted && phases.before[0] > 0 {
                controls.push(agent.name.as_str());
            }
            all.push(agent_json(agent, phases));
        }
        (all, changed, controls)
    }

    /// The parts that are counts; the caller adds what was planned.
    fn json(&self, population: &Population) -> Value {
        let (agents, changed, controls) = self.agents_json(population);
        let model_total: u64 =
            self.true_counts.iter().zip(BUILDS).filter(|(_, b)| b.model == RISK_SCORER).map(|(n, _)| n).sum();
        let by_class: Vec<Value> = self
            .payments
            .iter()
            .map(|((asset, class, state), sum)| {
                json!({"asset": asset, "class": class.name(), "state": state, "count": sum.count,
                       "amount": sum.amount.to_string(), "tainted": sum.tainted.to_string()})
            })
            .collect();
        let pointers: BTreeMap<_, _> =
            Pointers::ALL.iter().zip(&self.pointers).map(|((_, name), ids)| (*name, ids.json())).collect();
        let flaws: BTreeMap<_, _> = self.flaws.iter().map(|(flaw, ids)| (flaw.name(), ids.json())).collect();
        let mut proofs: BTreeMap<_, _> = self.proofs.iter().map(|(name, ids)| (*name, ids.json())).collect();
        proofs.insert("genuine", json!(self.genuine));
        json!({
            "requests": {
                "total": self.requests,
                "of_model": model_total,
                "true_counts": by_build(&self.true_counts, None),
                "effective_counts": by_build(&self.effective_counts, Some(&self.unattributed)),
                "by_evidence": by_evidence(&self.evidence),
                "by_evidence_if_only_valid_signatures_attest": by_evidence(&self.evidence_by_signature),
            },
            "pointers": pointers,
            "tiers": {
                "T0": {"requests": self.t0.count, "ids": self.t0.kept},
                "T1": {"requests": self.t1_requests.count, "actions": self.t1_actions.count,
                       "messages": self.t1_messages, "request_ids": self.t1_requests.kept,
                       "action_ids": self.t1_actions.kept},
            },
            "agents": agents,
            "changed": changed,
            "controls": controls,
            "payments": {
                "count": self.payments.values().map(|sum| sum.count).sum::<u64>(),
                "by_class": by_class,
                "affected": self.affected,
                "refund_records": self.refund_records,
                "flaws": flaws,
            },
            "settlements": self.settlements,
            "matched_pairs": self.pairs_json(),
            "proofs": proofs,
            "lines": {"late": self.late, "duplicates": self.duplicates.json(), "faults": self.faults},
            "tampered": self.tampered,
            "id_limit": (self.limit < usize::MAX).then_some(self.limit),
        })
    }

    fn pairs_json(&self) -> Value {
        let both = || self.probes.iter().enumerate().filter(|(_, asked)| asked.good > 0 && asked.faulty > 0);
        let differs = |probe: usize| self.fault == Fault::Real && answers_differ(probe);
        let pairs = |asked: &ProbeAnswers| asked.good * asked.faulty;
        json!({
            "hashes": both().count(),
            "differing": both().filter(|(probe, _)| differs(*probe)).count(),
            "pairs": both().map(|(_, asked)| pairs(asked)).sum::<u64>(),
            "differing_pairs":
                both().filter(|(probe, _)| differs(*probe)).map(|(_, asked)| pairs(asked)).sum::<u64>(),
        })
    }

    /// A node's requests of the faulty version: truly, effectively, and after the rollback.
    fn node_json(&self, node: usize) -> Value {
        let [truly, effective, late] = self.nodes[node];
        json!({"true": truly, "effective": effective, "late": late})
    }
}

/// The intervals of the faulty version in a list of switches.
fn intervals(switches: &[(i64, u8)]) -> Vec<Value> {
    let ends = switches.iter().skip(1).map(|(at, _)| *at).chain([END]);
    let faulty = switches.iter().zip(ends).filter(|((_, build), _)| *build == FAULTY);
    faulty.map(|((from, _), to)| json!({"from": time(*from), "to": time(to)})).collect()
}

/// As journals write it: to the microsecond.
fn time(nanos: i64) -> String {
    Nanos(nanos).rfc3339()
}

fn agent_json(agent: &Agent, phases: &Phases) -> Value {
    let counts = |place: usize| json!({"before": phases.before[place], "during": phases.during[place], "after": phases.after[place]});
    let stays = agent.reaction == Reaction::Sticky;
    json!({
        "agent": agent.name,
        "reaction": agent.reaction.name(),
        "pull": if agent.reaction.is_change() { agent.pull } else { 0 },
        "retention": if stays { agent.retention } else { 0 },
        "requests": counts(0),
        "actions": counts(1),
        "exposed": phases.during[0] > 0,
        "tainted": phases.tainted,
    })
}

fn by_build(counts: &[u64; BUILDS.len()], none: Option<&[u64; MODELS.len()]>) -> Value {
    let mut models: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (build, count) in BUILDS.iter().zip(counts) {
        models.entry(MODELS[build.model]).or_default().insert(build.version, *count);
    }
    for (model, count) in none.into_iter().flatten().enumerate() {
        models.entry(MODELS[model]).or_default().insert("none", *count);
    }
    json!(models)
}

fn by_evidence(counts: &[u64; 4]) -> Value {
    let names = Evidence::ALL.iter().map(|evidence| evidence.name());
    json!(names.zip(counts).collect::<BTreeMap<_, _>>())
}

/// A version's own name, for the planned parts of the key.
fn version(build: BuildNo) -> &'static str {
    BUILDS[usize::from(build)].version
}
