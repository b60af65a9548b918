//! What lies beside the journals: the pins of a responder, the checkpoints of an auditor, and the answer key.

use super::builds::{BUILDS, FAULTY, GOOD, MODELS, RISK_SCORER};
use super::incident::Incident;
use super::records::{RELAY, RELAY_CHAIN};
use super::registry::{CHAIN, CONTRACT};
use super::rollout::END;
use super::truth::version;
use super::{SimulateError, Simulation, write_file};
use crate::model::Nanos;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;

impl Incident {
    /// `checkpoints/<journal>.note`: the last checkpoint of each journal, held elsewhere.
    pub(super) fn keep_checkpoints(&self, dir: &Path, notes: &[String]) -> Result<(), SimulateError> {
        let folder = dir.join("checkpoints");
        fs::create_dir(&folder).map_err(|error| SimulateError::Write(folder.clone(), error))?;
        for (journal, note) in self.journals.all.iter().zip(notes) {
            write_file(&folder.join(format!("{}.note", journal.name)), note.as_bytes())?;
        }
        Ok(())
    }

    /// `trust.toml` (DESIGN §4).
    pub(super) fn pin(&self, dir: &Path) -> Result<(), SimulateError> {
        let mut text =
            String::from("# Keys and measurements of a simulated network: pin them for practice only.\n\n");
        self.pins(&mut text).expect("a string takes every text");
        write_file(&dir.join("trust.toml"), text.as_bytes())
    }

    fn pins(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "witness_quorum = 1\n")?;
        for journal in &self.journals.all {
            let key = &journal.log.verifier;
            writeln!(text, "[[log]]\norigin = \"{}\"\nkey = \"{}\"\n", key.name, key.text())?;
        }
        let witness = &self.journals.witness.verifier;
        writeln!(text, "[[witness]]\nname = \"{}\"\nkey = \"{}\"\n", witness.name, witness.text())?;
        for (build, measured) in BUILDS.iter().zip(&self.measured) {
            writeln!(
                text,
                "[[measurement]]\npcr_hash = \"0x{}\"\nversion = \"{}\"\n",
                measured.pcr_hash, build.version
            )?;
        }
        writeln!(text, "[[registry]]\nchain_id = \"{CHAIN}\"\naddress = \"{CONTRACT}\"\n")?;
        writeln!(text, "[[relay]]\nchain_id = \"{RELAY_CHAIN}\"\naddress = \"{RELAY}\"")
    }

    /// `truth.json`; see `truth`.
    pub(super) fn write_truth(&self, simulation: &Simulation, dir: &Path) -> Result<(), SimulateError> {
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
            "fault": simulation.scenario.dials().fault == super::scenario::Fault::Real,
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
