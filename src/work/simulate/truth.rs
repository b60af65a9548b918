//! The answer key: `truth.json`, which the explorer never reads.
//!
//! One object, all ids as journals write them, all times RFC 3339, all amounts decimal strings:
//! * `schema` = `"backtrail/truth/1"`, `scenario`, `seed`, `records` (inferences), `signed`, `lines_by_kind`
//! * `model`, `faulty`, `good`; `fault`: whether the faulty version truly misbehaves
//! * `window`: `declared` {from: first declared switch to the faulty version, to: the incident's `mitigated`},
//!   `incident` {suspected, declared, mitigated, resolved}, `observed` {from, to}: first and last recorded time of a
//!   request whose effective version is the faulty one, `global_shift` (moment or null)
//! * `nodes[]`: `node, state, skew_ms`; `declared[]` {at, version, reason} and `actual[]` {at, version} of the rolled-back
//!   model; `faulty_declared[]`, `faulty_actual[]` {from, to}; `faulty_requests` {true, effective, late}
//! * `requests`: `total`, `of_model` (requests for `model`); `true_counts` (by model, by version truly served);
//!   `effective_counts` (by model, by version a perfect reader of the journals computes, `none` where it cannot:
//!   attested where `tee_id` leads to a registered enclave and a measurement, else scheduled by the node's declared
//!   switches but not within ±2 s of one, else claimed); `by_evidence`; `by_evidence_if_broken_proofs_do_not_attest`
//! * `pointers`: per flag of ANALYSIS §1 `count` and `ids`; "after the rollback" means recorded after `mitigated`
//! * `tiers`: `T0` {requests, ids}, `T1` {requests, actions, messages, request_ids, action_ids, message_ids}: T0 by effective
//!   version; T1 by chains of `parents`, `causes`, `cache_of` from T0, without decay
//! * `agents[]`: `agent, reaction` (control, unchanged, sticky, recovered, shifted-elsewhere), `pull` (percent of the way to the
//!   faulty mix), `retention` (percent of it that stays), `requests` and `actions` {before, during, after} (phases of
//!   ANALYSIS §3; an action counts to the phase of the request that led to it), `exposed`, `tainted`; `changed[]`
//!   (exposed agents whose reaction is a change), `controls[]` (no effective request of the faulty version, nothing tainted read)
//! * `payments`: `count`, `by_class[]` {asset, class, state, count, amount, tainted}; `class` is by recorded links only: direct (pays a T0
//!   request), derived (pays a T1 request or is caused by a T1 action), else concurrent (settled between first and last
//!   true service of the faulty version) or clear; `state` is the last recorded one, `reverted` for a settled one whose receipt
//!   says 0; `tainted` = amount × (T0 + T1 members) / members, rounded down; `affected[]` (direct and derived, one by one, with
//!   `straddles`), `refund_records[]`, `flaws` (ids by flaw)
//! * `settlements`: `batches, leaves, individual, private, dumped_trees, settled_twice[]` (request ids in two batches)
//! * `matched_pairs`: `hashes` (request hashes answered by both versions), `differing` (of these with different outputs), `pairs` (good
//!   answers × faulty answers, summed over hashes), `differing_pairs`; by effective version
//! * `proofs`: ids by `forged`, `replayed`, `unsigned`, `placeholder`; `genuine` count
//! * `lines`: `late`, `duplicates` (ids), `faults` (journal by name without ending, and line index)
//! * `tampered[]`: what was altered after signing; every count above is of the journals before that
//!
//! Lists of ids are whole up to 200,000 records; beyond they stop at `id_limit` and the counts stay exact.

use super::agents::{Agent, Population, Reaction};
use super::builds::{BUILDS, BuildNo, FAULTY, GOOD, MODELS, RISK_SCORER};
use super::content::{PROBES, answers_differ};
use super::money::{Class, Flaw, Payment};
use super::scenario::Fault;
use super::served::{Proof, Served};
use super::thing::{Ref, Thing, Tier};
use crate::model::Pointers;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ids of a sort: all counted, so many kept.
#[derive(Default)]
pub(super) struct Ids {
    count: u64,
    kept: Vec<String>,
}

impl Ids {
    fn add(&mut self, reference: Ref, limit: usize) {
        self.count += 1;
        if self.kept.len() < limit {
            self.kept.push(reference.id());
        }
    }

    fn json(&self) -> Value {
        json!({"count": self.count, "ids": self.kept})
    }
}

/// One agent's requests and the actions that followed them, by phase.
#[derive(Clone, Copy, Default)]
struct Phases {
    before: [u64; 2],
    during: [u64; 2],
    /// Since the last faulty answer.
    after: [u64; 2],
    tainted: bool,
}

#[derive(Clone, Copy, Default)]
struct ProbeAnswers {
    good: u64,
    faulty: u64,
}

#[derive(Default)]
struct Sum {
    count: u64,
    amount: u128,
    tainted: u128,
}

/// Everything counted while the incident is written.
pub(super) struct Truth {
    limit: usize,
    /// Whether the faulty version truly misbehaves.
    fault: Fault,
    requests: u64,
    true_counts: [u64; BUILDS.len()],
    effective_counts: [u64; BUILDS.len()],
    /// Without any version, by model.
    unattributed: [u64; MODELS.len()],
    evidence: [u64; 4],
    evidence_without_broken: [u64; 4],
    pointers: [Ids; Pointers::ALL.len()],
    t0: Ids,
    t1_requests: Ids,
    t1_actions: Ids,
    t1_messages: u64,
    pub(super) observed: Option<(i64, i64)>,
    nodes: Vec<[u64; 3]>,
    phases: Vec<Phases>,
    probes: Vec<ProbeAnswers>,
    payments: BTreeMap<(&'static str, Class, &'static str), Sum>,
    affected: Vec<Value>,
    refund_records: Vec<String>,
    flaws: BTreeMap<Flaw, Ids>,
    proofs: BTreeMap<&'static str, Ids>,
    genuine: u64,
    late: u64,
    duplicates: Ids,
    faults: Vec<Value>,
    pub(super) settlements: Value,
    pub(super) tampered: Vec<Value>,
}

impl Truth {
    pub(super) fn new(records: usize, fault: Fault, nodes: usize, agents: usize) -> Self {
        Self {
            fault,
            limit: if records <= 200_000 { usize::MAX } else { 20_000 },
            requests: 0,
            true_counts: Default::default(),
            effective_counts: Default::default(),
            unattributed: Default::default(),
            evidence: Default::default(),
            evidence_without_broken: Default::default(),
            pointers: Default::default(),
            t0: Ids::default(),
            t1_requests: Ids::default(),
            t1_actions: Ids::default(),
            t1_messages: 0,
            observed: None,
            nodes: vec![[0; 3]; nodes],
            phases: vec![Phases::default(); agents],
            probes: vec![ProbeAnswers::default(); PROBES],
            payments: BTreeMap::new(),
            affected: Vec::new(),
            refund_records: Vec::new(),
            flaws: BTreeMap::new(),
            proofs: BTreeMap::new(),
            genuine: 0,
            late: 0,
            duplicates: Ids::default(),
            faults: Vec::new(),
            settlements: Value::Null,
            tampered: Vec::new(),
        }
    }

    pub(super) fn served(&mut self, served: &Served, actions: u64) {
        self.requests += 1;
        self.true_counts[usize::from(served.build)] += 1;
        let attribution = &served.attribution;
        match attribution.effective {
            Some(build) => self.effective_counts[usize::from(build)] += 1,
            None => self.unattributed[served.model] += 1,
        }
        self.evidence[attribution.evidence as usize] += 1;
        for (ids, (flag, _)) in self.pointers.iter_mut().zip(Pointers::ALL) {
            if attribution.pointers.has(flag) {
                ids.add(served.reference(), self.limit);
            }
        }
        match served.tier {
            Tier::T0 => self.faulty(served),
            Tier::T1 => self.t1_requests.add(served.reference(), self.limit),
            Tier::Clean => {}
        }
        if served.build == FAULTY {
            self.nodes[served.journal][0] += 1;
        }
        self.phase(served, actions);
        self.probe(served);
    }

    fn faulty(&mut self, served: &Served) {
        self.t0.add(served.reference(), self.limit);
        let (from, to) = self.observed.unwrap_or((served.at, served.at));
        self.observed = Some((from.min(served.at), to.max(served.at)));
        let node = &mut self.nodes[served.journal];
        node[1] += 1;
        node[2] += u64::from(served.attribution.pointers.has(Pointers::LATE));
    }

    fn phase(&mut self, served: &Served, actions: u64) {
        let phases = &mut self.phases[served.agent];
        phases.tainted |= served.tier == Tier::T1;
        let add = |counts: &mut [u64; 2]| {
            counts[0] += 1;
            counts[1] += actions;
        };
        if served.tier == Tier::T0 {
            add(&mut phases.during);
            phases.after = [0; 2];
        } else if phases.during[0] == 0 {
            add(&mut phases.before);
        } else {
            add(&mut phases.after);
        }
    }

    fn probe(&mut self, served: &Served) {
        let Some(probe) = served.content.as_ref().and_then(|content| content.probe) else { return };
        match served.attribution.effective {
            Some(GOOD) => self.probes[probe].good += 1,
            Some(FAULTY) => self.probes[probe].faulty += 1,
            _ => {}
        }
    }

    /// What the proof turned out to be, once it was signed or was not.
    pub(super) fn proved(&mut self, served: &Served) {
        self.evidence_without_broken[evidence_without_broken(served)] += 1;
        let name = match served.proof {
            Proof::None => return,
            Proof::Genuine => {
                self.genuine += 1;
                return;
            }
            Proof::Forged => "forged",
            Proof::Replayed => "replayed",
            Proof::Unsigned => "unsigned",
            Proof::Placeholder => "placeholder",
        };
        self.proofs.entry(name).or_default().add(served.reference(), self.limit);
    }

    pub(super) fn tainted_action(&mut self, number: u64) {
        self.t1_actions.add(Ref::new(Thing::Action, number), self.limit);
    }

    pub(super) fn tainted_message(&mut self) {
        self.t1_messages += 1;
    }

    pub(super) fn late_line(&mut self) {
        self.late += 1;
    }

    pub(super) fn duplicate(&mut self, reference: Ref) {
        self.duplicates.add(reference, self.limit);
    }

    /// A line that is no record.
    pub(super) fn fault(&mut self, journal: &str, line: u64) {
        self.faults.push(json!({"journal": journal, "line": line}));
    }

    pub(super) fn refund_record(&mut self, number: u64) {
        if self.refund_records.len() < self.limit {
            self.refund_records.push(Ref::new(Thing::Payment, number).id());
        }
    }

    /// A payment with its class, its members by tier, and the last state recorded of it.
    pub(super) fn paid(&mut self, payment: &Payment, class: Class, tiers: [u64; 3], last: &'static str) {
        let state = match (payment.flaw, last) {
            (Some(Flaw::Reverted), "settled") => "reverted",
            (_, last) => last,
        };
        let members = u128::from(tiers.iter().sum::<u64>().max(1));
        let tainted = payment.amount * u128::from(tiers[1] + tiers[2]) / members;
        let sum = self.payments.entry((payment.asset.symbol, class, state)).or_default();
        sum.count += 1;
        sum.amount += payment.amount;
        sum.tainted += tainted;
        if let Some(flaw) = payment.flaw {
            self.flaws.entry(flaw).or_default().add(payment.reference(), self.limit);
        }
        if matches!(class, Class::Direct | Class::Derived) && self.affected.len() < self.limit {
            self.affected.push(json!({
                "id": payment.reference().id(),
                "class": class.name(),
                "state": state,
                "asset": payment.asset.symbol,
                "amount": payment.amount.to_string(),
                "tainted": tainted.to_string(),
                "members": {"clean": tiers[0], "T1": tiers[1], "T0": tiers[2]},
                "straddles": Payment::straddles(tiers),
            }));
        }
    }

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
    pub(super) fn json(&self, population: &Population) -> Value {
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
                "by_evidence_if_broken_proofs_do_not_attest": by_evidence(&self.evidence_without_broken),
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
            "id_limit": self.limit,
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
    pub(super) fn node_json(&self, node: usize) -> Value {
        let [truly, effective, late] = self.nodes[node];
        json!({"true": truly, "effective": effective, "late": late})
    }
}

/// The evidence that is left when a broken signature attests nothing.
fn evidence_without_broken(served: &Served) -> usize {
    let broken = matches!(served.proof, Proof::Forged | Proof::Replayed);
    if broken { crate::model::Evidence::Scheduled as usize } else { served.attribution.evidence as usize }
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
    let names = crate::model::Evidence::ALL.iter().map(|evidence| evidence.name());
    json!(names.zip(counts).collect::<BTreeMap<_, _>>())
}

/// A version's own name, for the planned parts of the key.
pub(super) fn version(build: BuildNo) -> &'static str {
    BUILDS[usize::from(build)].version
}
