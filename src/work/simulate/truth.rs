//! The answer key: `truth.json`, which the explorer never reads.
//!
//! One object, all ids as journals write them, all times RFC 3339, all amounts decimal strings:
//! * `schema` = `"backtrail/truth/1"`, `scenario`, `seed`, `records` (inferences), `signed`
//! * `model`, `faulty`, `good`; `fault`: whether the faulty version truly misbehaves
//! * `window`: `declared` {from: first declared switch to the faulty version, to: the incident's `mitigated`},
//!   `incident` {suspected, declared, mitigated, resolved}, `observed` {from, to}: first and last recorded time of a
//!   request whose effective version is the faulty one, `global_shift` (moment or null)
//! * `nodes[]`: `node, state, skew_ms`; `declared[]` {at, version, reason} and `actual[]` {at, version} of the rolled-back
//!   model; `faulty_declared[]`, `faulty_actual[]` {from, to}; `faulty_requests` {true, effective, late}
//! * `requests`: `total`, `of_model` (requests for `model`); `true_counts` (by model, by version truly served);
//!   `effective_counts` (by model, by version a perfect reader of the journals computes, `none` where it cannot:
//!   attested where `tee_id` leads to a registered enclave and a measurement, else scheduled by the node's declared
//!   switches but not within ±2 s of one, else claimed); `by_evidence`; `by_evidence_if_only_valid_signatures_attest`
//!   (without forged and unsigned proofs; replayed ones verify; meaningless when nothing is signed)
//! * `pointers`: per flag of ANALYSIS §1 `count` and `ids`; "after the rollback" means recorded after `mitigated`
//! * `tiers`: `T0` {requests, ids}, `T1` {requests, actions, messages, request_ids, action_ids}: T0 by effective
//!   version; T1 by chains of `parents`, `causes`, `cache_of` from T0, without decay
//! * `agents[]`: `agent, reaction` (control, unchanged, sticky, recovered, shifted-elsewhere), `pull` (percent of the way to the
//!   faulty mix), `retention` (percent of it that stays), `requests` and `actions` {before, during, after} (phases of
//!   ANALYSIS §3; an action counts to the phase of the request that led to it), `exposed`, `tainted`; `changed[]`
//!   (exposed agents whose reaction is a change), `controls[]` (no effective request of the faulty version, nothing tainted read)
//! * `payments`: `count`, `by_class[]` {asset, class, state, count, amount, tainted}; `class` is by recorded links only: direct (pays a T0
//!   request), derived (pays a T1 request or is caused by a T1 action), else concurrent (the money moved while the journals
//!   show the faulty version live on some node: by its declared switches, or between its first and last request there) or clear; `state` is the last recorded one, `reverted` for a settled one whose receipt
//!   says 0; `tainted` = amount × (T0 + T1 members) / members, rounded down; `affected[]` (direct and derived, one by one, with
//!   `straddles`), `refund_records[]`, `flaws` (ids by flaw)
//! * `settlements`: `batches, leaves, individual, private, dumped_trees, settled_twice[]` (request ids in two batches)
//! * `matched_pairs`: `hashes` (request hashes answered by both versions), `differing` (of these with different outputs), `pairs` (good
//!   answers × faulty answers, summed over hashes), `differing_pairs`; by effective version
//! * `proofs`: ids by `forged`, `replayed`, `unsigned`, `placeholder`; `genuine` count
//! * `lines`: `late`, `duplicates` (ids), `faults` (journal by name without ending, and line index)
//! * `tampered[]`: what was altered after signing; every count above is of the journals before that
//!
//! Lists of ids are whole up to 200,000 records (`id_limit` null); beyond they stop at `id_limit` and counts stay exact.

mod answers;

use super::builds::{BUILDS, FAULTY, GOOD, MODELS};
use super::content::PROBES;
use super::payment::{Class, Flaw, Payment};
use super::scenario::Fault;
use super::served::{Proof, Served};
use super::thing::{Ref, Thing, Tier};
use crate::model::{Evidence, Pointers};
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
    /// The same when an enclave without a valid signature attests nothing.
    evidence_by_signature: [u64; 4],
    pointers: [Ids; Pointers::ALL.len()],
    t0: Ids,
    t1_requests: Ids,
    t1_actions: Ids,
    t1_messages: u64,
    pub(super) observed: Option<(i64, i64)>,
    nodes: Vec<[u64; 3]>,
    /// First and last recorded request of the faulty version, by node.
    seen: Vec<Option<(i64, i64)>>,
    phases: Vec<Phases>,
    probes: Vec<ProbeAnswers>,
    payments: BTreeMap<(&'static str, Class, &'static str), Sum>,
    /// Payments without any link, and when they settled.
    unlinked: Vec<(i64, &'static str, &'static str, u128)>,
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
            evidence_by_signature: Default::default(),
            pointers: Default::default(),
            t0: Ids::default(),
            t1_requests: Ids::default(),
            t1_actions: Ids::default(),
            t1_messages: 0,
            observed: None,
            nodes: vec![[0; 3]; nodes],
            seen: vec![None; nodes],
            phases: vec![Phases::default(); agents],
            probes: vec![ProbeAnswers::default(); PROBES],
            payments: BTreeMap::new(),
            unlinked: Vec::new(),
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
        let (from, to) = self.seen[served.journal].unwrap_or((served.at, served.at));
        self.seen[served.journal] = Some((from.min(served.at), to.max(served.at)));
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
        self.evidence_by_signature[evidence_by_signature(served)] += 1;
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

    fn add_payment(&mut self, of: (&'static str, Class, &'static str), amount: u128, tainted: u128) {
        let sum = self.payments.entry(of).or_default();
        sum.count += 1;
        sum.amount += amount;
        sum.tainted += tainted;
    }

    /// Puts payments without a link into their class. `declared`: when nodes were told to serve the faulty version.
    pub(super) fn settle_unlinked(&mut self, declared: &[(i64, i64)]) {
        let live: Vec<(i64, i64)> =
            declared.iter().copied().chain(self.seen.iter().copied().flatten()).collect();
        for (at, asset, state, amount) in std::mem::take(&mut self.unlinked) {
            let moved = matches!(state, "settled" | "refunded" | "disputed");
            let during = live.iter().any(|(from, to)| (*from..=*to).contains(&at));
            let class = if moved && during { Class::Concurrent } else { Class::Clear };
            self.add_payment((asset, class, state), amount, 0);
        }
    }

    /// A payment with its class, its members by tier, and the last state recorded of it.
    pub(super) fn paid(&mut self, payment: &Payment, tiers: [u64; 3], last: &'static str) {
        let state = match (payment.flaw, last) {
            (Some(Flaw::Reverted), "settled") => "reverted",
            (_, last) => last,
        };
        let members = u128::from(tiers.iter().sum::<u64>().max(1));
        let tainted = payment.amount * u128::from(tiers[1] + tiers[2]) / members;
        let class = Class::of(tiers);
        match class {
            // Whether it is concurrent is known when all is written.
            None => self.unlinked.push((payment.settled_at, payment.asset.symbol, state, payment.amount)),
            Some(class) => self.add_payment((payment.asset.symbol, class, state), payment.amount, tainted),
        }
        if let Some(flaw) = payment.flaw {
            self.flaws.entry(flaw).or_default().add(payment.reference(), self.limit);
        }
        if let Some(class) = class.filter(|_| self.affected.len() < self.limit) {
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
}

/// The evidence that is left when only a signature that verifies attests. The effective version stays the same:
/// such proofs are laid only where the schedule agrees.
fn evidence_by_signature(served: &Served) -> usize {
    let attests = served.signature.is_some() && served.proof != Proof::Forged;
    match served.attribution.evidence {
        Evidence::Attested if !attests => Evidence::Scheduled as usize,
        evidence => evidence as usize,
    }
}
