//! The whole incident, minute by minute, streamed into its journals: nothing that was written is kept.

use super::agents::{Population, Shifted};
use super::builds::{Measured, measured};
use super::content;
use super::deeds::{Decided, Deeds};
use super::dice::Dice;
use super::fleet::{Node, nodes};
use super::journals::Journals;
use super::keys::{self, EnclaveKey};
use super::later::{Event, Later};
use super::lines::Line;
use super::load::Load;
use super::money::Money;
use super::records::Directory;
use super::registry::Registry;
use super::rollout::{END, Rollout, START};
use super::served::Served;
use super::settlement::Settlement;
use super::signing::Signing;
use super::traffic::Traffic;
use super::truth::Truth;
use super::wallets::Wallets;
use super::{SimulateError, Simulation};
use crate::model::time::{HOUR, MINUTE};
use std::path::Path;

/// Answers wait in groups to be signed together; small ones where little comes, or a group would span hours.
const fn group_size(records: usize) -> usize {
    if records <= super::SIGNED_BY_DEFAULT { 16 } else { 256 }
}

pub(super) struct Incident {
    pub(super) nodes: Vec<Node>,
    pub(super) rollout: Rollout,
    pub(super) population: Population,
    pub(super) truth: Truth,
    /// One for each node, then the registry's, the agents' and the relay's.
    pub(super) journals: Journals,
    pub(super) measured: Vec<Measured>,
    keys: Vec<EnclaveKey>,
    wallets: Wallets,
    traffic: Traffic,
    deeds: Deeds,
    money: Money,
    settlement: Settlement,
    signing: Option<Signing>,
    /// Late lines, duplicates and faulty lines: their own stream.
    mishaps: Dice,
    later: Later,
    line: Line,
    faulty_lines: Vec<(u64, &'static [u8])>,
}

impl Incident {
    pub(super) fn new(simulation: &Simulation, dir: &Path) -> Result<Self, SimulateError> {
        let (seed, records) = (simulation.seed, simulation.records);
        let dials = simulation.scenario.dials();
        let nodes = nodes(&dials);
        let rollout = Rollout::plan(&nodes, &dials, &mut Dice::new(seed, "rollout"));
        let population = Population::new(records, &dials, &mut Dice::new(seed, "agents"));
        let agents = population.agents.len();
        let names: Vec<_> =
            nodes.iter().map(|node| node.name).chain(["registry", "agents", "relay"]).collect();
        let rhythm = (records as u64 / 40).clamp(60, 20_000);
        let mut log_keys = Dice::new(seed, "log keys");
        let mitigated = rollout.moments.mitigated;
        Ok(Self {
            truth: Truth::new(records, dials.fault, nodes.len(), agents),
            journals: Journals::create(dir, &names, START - 3 * HOUR, rhythm, &mut log_keys)?,
            measured: measured(&mut Dice::new(seed, "builds")),
            keys: enclave_keys(simulation, rollout.boots.len()),
            signing: Signing::new(simulation, rollout.boots.len()),
            wallets: Wallets::new(agents, simulation.signed, &mut Dice::new(seed, "wallets")),
            traffic: Traffic::new(simulation, &nodes),
            deeds: Deeds::new(seed),
            money: Money::new(seed, &dials, agents, mitigated),
            settlement: Settlement::new(simulation, dir),
            mishaps: Dice::new(seed, "mishaps"),
            later: Later::default(),
            line: Line::new(),
            faulty_lines: faulty_lines(records),
            nodes,
            rollout,
            population,
        })
    }

    /// Writes every journal from its first line to its last checkpoint.
    pub(super) fn run(
        &mut self,
        simulation: &Simulation,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<String>, SimulateError> {
        let registry = self.nodes.len();
        Registry { nodes: &self.nodes, rollout: &self.rollout, measured: &self.measured, keys: &self.keys }
            .write(&mut self.journals, registry, &mut Dice::new(simulation.seed, "registry"))?;
        let mut dice = Dice::new(simulation.seed, "load");
        let mut load = Load::new(simulation.records);
        let (mut moments, mut decided) = (Vec::new(), Vec::new());
        let mut group = Vec::new();
        let full = group_size(simulation.records);
        while load.next_minute(&mut dice, &mut moments).is_some() {
            for moment in &moments {
                self.write_due(*moment)?;
                group.push(self.serve(*moment, &mut decided));
                if group.len() == full {
                    self.write_served(&mut group, *moment)?;
                    progress(self.journals.lines);
                }
            }
        }
        self.write_served(&mut group, END - 4 * MINUTE)?;
        self.settlement.seal(END - 3 * MINUTE, &mut self.later)?;
        self.money.finish(&mut self.later, &mut self.truth);
        self.write_due(i64::MAX)?;
        self.truth.settle_unlinked(&self.declared_live());
        self.truth.settlements = self.settlement.json();
        let notes = self.journals.finish()?;
        progress(self.journals.lines);
        Ok(notes)
    }

    /// One request and everything that follows from it, queued.
    fn serve(&mut self, moment: i64, decided: &mut Vec<Decided>) -> Served {
        let Self { population, later, truth, nodes, rollout, money, .. } = self;
        let mut served = self.traffic.serve(moment, population, nodes, rollout);
        money.enter(&mut served, population, later, truth);
        let shifted = if moment >= rollout.moments.shift { Shifted::Already } else { Shifted::NotYet };
        self.deeds.follow(&served, shifted, population, later, truth, decided);
        money.pay(&served, later, truth);
        for deed in decided.iter() {
            money.transfer(served.agent, deed, later, truth);
        }
        truth.served(&served, decided.len() as u64);
        served
    }

    /// Writes the queued lines whose time has come.
    fn write_due(&mut self, moment: i64) -> Result<(), SimulateError> {
        let (agents, relay) = (self.nodes.len() + 1, self.nodes.len() + 2);
        let Self { later, journals, line, nodes, population, keys, wallets, .. } = self;
        let directory = Directory { nodes, population, keys, wallets };
        while let Some((at, event)) = later.due(moment) {
            let (journal, line) = match &event {
                Event::Action(action) => (agents, directory.action(action, at, line)),
                Event::Message(message) => (agents, directory.message(message, at, line)),
                Event::Payment(state) => (relay, directory.payment(state, at, line)),
                Event::Settlement(state) => (relay, directory.settlement(state, at, line)),
                Event::Line { journal, bytes } => (*journal, bytes.as_slice()),
            };
            journals.append(journal, line, at)?;
        }
        Ok(())
    }

    /// Writes a group of answers into their nodes' journals, some of them late or twice.
    fn write_served(&mut self, group: &mut Vec<Served>, now: i64) -> Result<(), SimulateError> {
        let Self { later, journals, line, nodes, population, keys, wallets, truth, .. } = self;
        let directory = Directory { nodes, population, keys, wallets };
        if let Some(signing) = &mut self.signing {
            signing.sign(group, keys);
        }
        let stands_in = self.signing.as_ref().is_some_and(Signing::stands_in);
        for mut served in group.drain(..) {
            truth.proved(&served);
            self.settlement.take(&served, keys[served.boot].tee_id, now, later)?;
            if stands_in && served.content.is_none() {
                let tokens = (served.tokens_in as usize, served.tokens_out as usize);
                served.content = Some(Box::new(content::stand_in(served.model, tokens)));
            }
            let bytes = directory.inference(&served, line);
            let throw = self.mishaps.below(10_000);
            let delay = self.mishaps.between(30, 900) * (MINUTE / 60);
            if throw < 40 {
                truth.late_line();
                later.push(now + delay, Event::Line { journal: served.journal, bytes: bytes.to_vec() });
                continue;
            }
            if throw < 50 {
                truth.duplicate(served.reference());
                later.push(now + delay, Event::Line { journal: served.journal, bytes: bytes.to_vec() });
            }
            journals.append(served.journal, bytes, served.at)?;
            while self.faulty_lines.last().is_some_and(|(number, _)| *number <= served.number) {
                let (_, faulty) = self.faulty_lines.pop().expect("there is a last one");
                truth.fault(nodes[served.journal].name, journals.all[served.journal].size());
                journals.append(served.journal, faulty, served.at)?;
            }
        }
        Ok(())
    }
}

fn enclave_keys(simulation: &Simulation, boots: usize) -> Vec<EnclaveKey> {
    let mut dice = Dice::new(simulation.seed, "enclave keys");
    if simulation.signed { keys::signed(boots, &mut dice) } else { keys::unsigned(boots, &mut dice) }
}

/// Lines that are no records, and after which request they come; the last first.
fn faulty_lines(records: usize) -> Vec<(u64, &'static [u8])> {
    let records = records as u64;
    vec![
        (records * 4 / 5, br#"{"kind":"inference","id":"req-lost","at":"2026-10-05T14:02:11.5Z"}"#),
        (records / 2, b"{\"kind\":\"inference\",\"id\":\"\xff\xfe\",\"at\""),
        (records / 5, br#"{"kind":"inference","id":"req-torn","at":"2026-10-03T2"#),
    ]
}
