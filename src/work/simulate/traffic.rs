//! Who asks which node for what, and what comes back: one `Served` for every moment of the load.

use super::Simulation;
use super::agents::{Agent, FEW_RECORDS, Population, Reaction};
use super::attribution::{Recorded, attribute};
use super::builds::{DOC_SUMMARIZER, FAULTY, GOOD, RISK_SCORER};
use super::content::{self, PROBES};
use super::dice::Dice;
use super::fleet::{HELD_BACK_REGION, Node, Part};
use super::rollout::{Actual, Rollout};
use super::scenario::{Fault, Scenario};
use super::served::{Claims, Outcome, Proof, Served};
use super::thing::{Link, Recent, Tier};
use crate::model::Hash;
use crate::model::time::{MINUTE, SECOND};

/// A cause is recorded at least this long before what it causes, by any two clocks of the fleet.
const CAUSE_AGE: i64 = MINUTE;

pub(super) struct Traffic {
    dice: Dice,
    /// Faults of proofs: their own stream, so that signing changes nothing else.
    proofs: Dice,
    fault: Fault,
    /// Share of forged proofs, and of replayed ones; nothing can be forged where nothing is signed.
    forging: u32,
    next: u64,
    /// Answers of late that a gateway may give again from its cache.
    cache: Recent<64>,
    /// Nodes that are open to exposed agents, by region.
    regions: Vec<Vec<usize>>,
}

impl Traffic {
    pub(super) fn new(simulation: &Simulation, nodes: &[Node]) -> Self {
        let seed = simulation.seed;
        let of_region = |region| (0..nodes.len()).filter(|n| nodes[*n].region == region).collect();
        Self {
            dice: Dice::new(seed, "traffic"),
            proofs: Dice::new(seed, "proofs"),
            fault: simulation.scenario.dials().fault,
            forging: match (simulation.signed, simulation.scenario) {
                (false, _) => 0,
                (true, Scenario::Tampered) => 60,
                (true, _) if simulation.records < FEW_RECORDS => 40,
                (true, _) => 12,
            },
            next: 1,
            cache: Recent::default(),
            regions: (0..=HELD_BACK_REGION).map(of_region).collect(),
        }
    }

    /// The request that comes at a moment. `session` is filled in by whoever keeps sessions.
    pub(super) fn serve(
        &mut self,
        moment: i64,
        population: &mut Population,
        nodes: &[Node],
        rollout: &Rollout,
    ) -> Served {
        let who = population.choose(&mut self.dice);
        let agent = &mut population.agents[who];
        let model = self.model(agent);
        let node = self.node(agent);
        let actual = rollout.serving(node, model, moment);
        let at = moment + nodes[node].skew;
        let mut served = Served {
            number: self.next,
            true_at: moment,
            at,
            agent: who,
            journal: node,
            node: Some(node),
            model,
            build: actual.build,
            claimed: Some(rollout.configured(node, model, moment)),
            boot: actual.boot,
            proof: self.proof(&nodes[node], &actual, moment, rollout),
            claims: Claims { timestamp: moment.div_euclid(SECOND), ..Claims::default() },
            signature: None,
            content: None,
            parent: self.parent(agent, at),
            cache_of: None,
            session: 0,
            outcome: Outcome::Ok,
            tokens_in: 20 + self.dice.below(480),
            tokens_out: 0,
            latency_ms: 0,
            attribution: Default::default(),
            tier: Tier::Clean,
        };
        self.next += 1;
        self.ask(&mut served, agent);
        self.answer(&mut served, agent);
        self.misstate(&mut served, rollout);
        self.judge(&mut served, agent.reaction, rollout);
        served
    }

    fn model(&mut self, agent: &Agent) -> usize {
        let stranger = agent.reaction != Reaction::Control && self.dice.chance(800);
        if agent.asks_summarizer || stranger { DOC_SUMMARIZER } else { RISK_SCORER }
    }

    /// Mostly at home; exposed agents roam, controls do not.
    fn node(&mut self, agent: &Agent) -> usize {
        let roams = agent.reaction != Reaction::Control && self.dice.chance(2_500);
        let region = if roams { self.dice.place(self.regions.len()) } else { agent.region };
        let nodes = &self.regions[region];
        nodes[self.dice.place(nodes.len())]
    }

    /// Most answers are proved. A node that hides the faulty version shows its enclave only half the time.
    fn proof(&mut self, node: &Node, actual: &Actual, moment: i64, rollout: &Rollout) -> Proof {
        let hiding = node.part == Part::Forged
            && actual.build == FAULTY
            && rollout.configured(actual_node(actual, rollout), RISK_SCORER, moment) == GOOD;
        let proved = self.proofs.chance(if hiding { 5_000 } else { 5_900 });
        let throw = self.proofs.below(10_000);
        match (proved, throw) {
            (false, _) => Proof::None,
            (true, 0..20) => Proof::Placeholder,
            (true, 20..80) => Proof::Unsigned,
            (true, throw) if throw < 80 + self.forging => Proof::Forged,
            (true, throw) if throw < 80 + 2 * self.forging => Proof::Replayed,
            (true, _) => Proof::Genuine,
        }
    }

    /// What the request reads: something a colleague sent, or something the agent did before.
    fn parent(&mut self, agent: &mut Agent, at: i64) -> Option<Link> {
        let (throw, choice) = (self.dice.below(10_000), self.dice.below(1 << 20));
        if let Some(link) = agent.inbox.filter(|link| throw < 6_000 && link.at + CAUSE_AGE < at) {
            agent.inbox = None;
            return Some(link);
        }
        if throw < 1_500 { agent.recent.before(at - CAUSE_AGE, choice) } else { None }
    }

    /// What is asked: something of its own, one of the watchers' questions, or something the cache knows.
    fn ask(&mut self, served: &mut Served, agent: &Agent) {
        let throw = self.dice.below(10_000);
        served.claims.request_hash = Hash(self.dice.bytes());
        served.claims.output_hash = Hash(self.dice.bytes());
        let attested = matches!(served.proof, Proof::Genuine);
        if throw < 600 && attested && served.model == RISK_SCORER {
            let build = if self.fault == Fault::Real { served.build } else { GOOD };
            let probe = content::probe(self.dice.place(PROBES), served.model, build);
            served.record(probe);
        } else if throw < 900 && attested {
            served.record(content::single(served.model, &mut self.dice));
        } else if throw < 1_050 && agent.reaction != Reaction::Control && served.model == RISK_SCORER {
            let choice = self.dice.below(1 << 20);
            served.cache_of = self.cache.before(served.at - CAUSE_AGE, choice);
            if served.cache_of.is_some() {
                served.proof = Proof::None;
            }
        }
    }

    /// Tokens, time and outcome. Only agents that the fault touches see a difference.
    fn answer(&mut self, served: &mut Served, agent: &Agent) {
        let touched = self.fault == Fault::Real && served.build == FAULTY && agent.reaction.is_change();
        let pull = if touched { agent.pull } else { 0 };
        let noise = 40 + self.dice.below(61) + self.dice.below(61);
        let throw = self.dice.below(10_000);
        let (timeout, schema, refusal) = (60, 60 + 80 + pull * 28, 60 + 80 + pull * 28 + 60);
        served.outcome = match throw {
            throw if throw < timeout => Outcome::Error("timeout"),
            throw if throw < schema => Outcome::Error("schema"),
            throw if throw < refusal => Outcome::Error("refusal"),
            _ => Outcome::Ok,
        };
        served.tokens_out = match served.outcome {
            Outcome::Error("timeout") => 0,
            _ => agent.tokens * noise * (100 + pull / 2) / 10_000,
        };
        served.latency_ms = 120 + served.tokens_out * 6 + self.dice.below(300) + self.tail() + pull * 3;
        if served.cache_of.is_some() {
            served.latency_ms = 4 + self.dice.below(9);
        }
    }

    /// Now and then an answer takes much longer.
    fn tail(&mut self) -> u32 {
        let mut extra = 0;
        while extra < 6_000 && self.dice.chance(1_500) {
            extra += 100 + self.dice.below(900);
        }
        extra
    }

    /// Records that do not say what happened: no version, the version that is gone, nothing at all.
    fn misstate(&mut self, served: &mut Served, rollout: &Rollout) {
        let throw = self.dice.below(10_000);
        let bare = !matches!(served.proof, Proof::Genuine | Proof::Forged | Proof::Replayed);
        let after = served.true_at > rollout.moments.mitigated + MINUTE;
        if throw < 30 && bare && served.cache_of.is_none() {
            served.proof = Proof::None;
            (served.node, served.claimed) = (None, None);
        } else if throw < 400 {
            served.claimed = None;
        } else if throw < 600 && after && served.build == GOOD {
            served.claimed = Some(FAULTY);
        }
    }

    fn judge(&mut self, served: &mut Served, reaction: Reaction, rollout: &Rollout) {
        let recorded = Recorded {
            at: served.at,
            node: served.node,
            model: served.model,
            claimed: served.claimed,
            attested: match served.proof {
                Proof::None | Proof::Placeholder => None,
                _ => Some(served.build),
            },
        };
        served.attribution = attribute(&recorded, rollout);
        let scheduled_alike = served.attribution.scheduled == Some(served.build);
        if matches!(served.proof, Proof::Forged | Proof::Replayed | Proof::Unsigned) && !scheduled_alike {
            // A broken proof is laid only where the schedule says the same, so that the effective version
            // does not hang on how a reader treats broken proofs.
            served.proof = Proof::Genuine;
        }
        let read = [served.parent, served.cache_of];
        let tainted = read.into_iter().flatten().any(|link| link.tier != Tier::Clean);
        served.tier = match (served.attribution.effective, tainted) {
            (Some(FAULTY), _) => Tier::T0,
            (_, true) => Tier::T1,
            _ => Tier::Clean,
        };
        if reaction != Reaction::Control && served.model == RISK_SCORER {
            self.cache.push(served.link());
        }
    }
}

fn actual_node(actual: &Actual, rollout: &Rollout) -> usize {
    rollout.boots[actual.boot].node
}
