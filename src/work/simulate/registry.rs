//! The registry's journal, known as a whole before the first request: releases, measurements, enclaves, deployments, the incident.

use super::SimulateError;
use super::builds::{BUILDS, FAULTY, GOOD, MODELS, Measured, RISK_SCORER};
use super::dice::Dice;
use super::fleet::Node;
use super::journals::Journals;
use super::keys::EnclaveKey;
use super::lines::Line;
use super::payment::block_at;
use super::rollout::{Boot, END, Rollout, START};
use crate::model::time::{HOUR, MINUTE, SECOND};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The registry's chain and contract; pinned in trust.toml.
pub(super) const CHAIN: &str = "eip155:10740";
pub(super) const CONTRACT: &str = "0x4e72770760c011647d4873f60a3cf6cdea896cd8";

/// Lines of the registry with their moments, to be sorted by them.
type Dated = Vec<(i64, Vec<u8>)>;

pub(super) struct Registry<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) rollout: &'a Rollout,
    pub(super) measured: &'a [Measured],
    pub(super) keys: &'a [EnclaveKey],
}

impl Registry<'_> {
    pub(super) fn write(
        &self,
        journals: &mut Journals,
        journal: usize,
        dice: &mut Dice,
    ) -> Result<(), SimulateError> {
        let mut dated = Dated::new();
        let mut line = Line::new();
        self.releases(&mut line, &mut dated);
        self.measurements(&mut line, &mut dated, dice);
        self.enclaves(&mut line, &mut dated, dice);
        self.deployments(&mut line, &mut dated);
        self.incident(&mut line, &mut dated);
        dated.retain(|(at, _)| *at < END);
        dated.sort_by_key(|(at, _)| *at);
        for (at, line) in &dated {
            journals.append(journal, line, *at)?;
        }
        Ok(())
    }

    /// When a version was published: before its first boot anywhere.
    fn published(&self, build: usize) -> i64 {
        let boots = self.rollout.boots.iter().filter(|boot| usize::from(boot.build) == build);
        boots.map(|boot| boot.from).min().unwrap_or(START) - HOUR + 1_357 * SECOND / 1_000
    }

    fn releases(&self, line: &mut Line, dated: &mut Dated) {
        for (build, (name, measured)) in BUILDS.iter().zip(self.measured).enumerate() {
            let (model, at) = (MODELS[name.model], self.published(build));
            line.open("release")
                .plain("id", &format!("rel-{model}-{}", name.version))
                .time("at", at)
                .plain("model", model)
                .plain("version", name.version)
                .plain("blob_id", &URL_SAFE_NO_PAD.encode(measured.blob))
                .hex("pcr_hash", &measured.pcr_hash.0);
            if let Some(parent) = name.parent {
                line.plain("parent", parent);
            }
            dated.push((at, line.close().to_vec()));
        }
    }

    fn measurements(&self, line: &mut Line, dated: &mut Dated, dice: &mut Dice) {
        for (build, measured) in self.measured.iter().enumerate() {
            let at = self.published(build) + 7 * MINUTE;
            self.measurement(build, measured, "approved", at, dice, line, dated);
        }
        let faulty = usize::from(FAULTY);
        self.measurement(
            faulty,
            &self.measured[faulty],
            "revoked",
            self.rollout.moments.revoked,
            dice,
            line,
            dated,
        );
    }

    #[expect(clippy::too_many_arguments, reason = "one line of the registry has as many parts")]
    fn measurement(
        &self,
        build: usize,
        measured: &Measured,
        state: &str,
        at: i64,
        dice: &mut Dice,
        line: &mut Line,
        dated: &mut Dated,
    ) {
        let name = &BUILDS[build];
        let [pcr0, pcr1, pcr2] = measured.pcrs.map(hex::encode);
        line.open("measurement")
            .plain("id", &format!("meas-{}-{}", MODELS[name.model], name.version))
            .time("at", at)
            .hex("pcr_hash", &measured.pcr_hash.0)
            .plain("version", name.version)
            .plain("state", state)
            .json("pcrs", &format!("{{\"0\":\"{pcr0}\",\"1\":\"{pcr1}\",\"2\":\"{pcr2}\"}}"));
        if state == "revoked" {
            line.number("grace_s", 300);
        }
        on_chain(line, at, dice);
        dated.push((at, line.close().to_vec()));
    }

    fn enclaves(&self, line: &mut Line, dated: &mut Dated, dice: &mut Dice) {
        for (number, (boot, key)) in self.rollout.boots.iter().zip(self.keys).enumerate() {
            self.enclave(number, boot, key, ("registered", boot.from - 4 * MINUTE), dice, line, dated);
            self.enclave(number, boot, key, ("enabled", boot.from - 3 * MINUTE), dice, line, dated);
            let moments = &self.rollout.moments;
            // Whoever revokes a measurement disables its enclaves first; those booted later are caught one by one.
            let end = match boot.build {
                FAULTY => (moments.revoked - 2 * SECOND).max(boot.from + MINUTE),
                _ if boot.until == i64::MAX => continue,
                _ => boot.until + MINUTE,
            };
            self.enclave(number, boot, key, ("disabled", end), dice, line, dated);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one line of the registry has as many parts")]
    fn enclave(
        &self,
        number: usize,
        boot: &Boot,
        key: &EnclaveKey,
        (state, at): (&str, i64),
        dice: &mut Dice,
        line: &mut Line,
        dated: &mut Dated,
    ) {
        line.open("enclave")
            .plain("id", &format!("enc-{}", number + 1))
            .time("at", at)
            .plain("node", self.nodes[boot.node].name)
            .hex("tee_id", &key.tee_id.0)
            .plain("state", state);
        if state == "registered"
            && let Some(public_key) = key.public_key()
        {
            line.base64("public_key", public_key);
        }
        line.hex("pcr_hash", &self.measured[usize::from(boot.build)].pcr_hash.0);
        on_chain(line, at, dice);
        dated.push((at, line.close().to_vec()));
    }

    fn deployments(&self, line: &mut Line, dated: &mut Dated) {
        let mut number = 0;
        for (node, courses) in self.nodes.iter().zip(&self.rollout.courses) {
            for switch in courses.iter().flat_map(|course| &course.declared) {
                number += 1;
                let name = &BUILDS[usize::from(switch.build)];
                line.open("deployment")
                    .plain("id", &format!("dep-{number}"))
                    .time("at", switch.at)
                    .plain("node", node.name)
                    .plain("model", MODELS[name.model])
                    .plain("version", name.version)
                    .plain("state", "active")
                    .plain("reason", switch.reason);
                dated.push((switch.at, line.close().to_vec()));
            }
        }
    }

    fn incident(&self, line: &mut Line, dated: &mut Dated) {
        let moments = &self.rollout.moments;
        for (state, at) in [
            ("suspected", moments.suspected),
            ("declared", moments.declared),
            ("mitigated", moments.mitigated),
            ("resolved", moments.resolved),
        ] {
            line.open("incident")
                .plain("id", "inc-1")
                .time("at", at)
                .plain("model", MODELS[RISK_SCORER])
                .plain("version", BUILDS[usize::from(FAULTY)].version)
                .plain("good_version", BUILDS[usize::from(GOOD)].version)
                .plain("state", state)
                .plain("title", "risk scores look too low since this morning");
            dated.push((at, line.close().to_vec()));
        }
    }
}

/// Where the registry's contract says so.
fn on_chain(line: &mut Line, at: i64, dice: &mut Dice) {
    line.plain("registry", CONTRACT)
        .plain("chain_id", CHAIN)
        .hex("tx_hash", &dice.bytes::<32>())
        .number("block_number", block_at(at))
        .number("log_index", u64::from(dice.below(12)));
}
