//! The lines of requests, actions, messages, payments and settlements, field by field as JOURNAL §3 lists them.

use super::agents::{ACTIONS, Population};
use super::authorisation::authorisation;
use super::builds::{BUILDS, MODELS};
use super::fleet::Node;
use super::keys::EnclaveKey;
use super::later::{Action, Message};
use super::lines::Line;
use super::payment::{Flaw, PaymentState, block_at};
use super::served::{Outcome, Proof, Served};
use super::settlement::BatchState;
use super::thing::{Ref, Thing};
use super::wallets::Wallets;
use crate::proof::tee::PLACEHOLDER_TEE_ID;

/// Chain and contract that settlements go to; pinned in trust.toml.
pub(super) const RELAY_CHAIN: &str = "eip155:8453";
pub(super) const RELAY: &str = "0x9d3f8c1a5b27e64d0c9a7e1b33f2a86c51d4e07f";

/// Names that lines of the same incident share.
pub(super) struct Directory<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) population: &'a Population,
    pub(super) keys: &'a [EnclaveKey],
    pub(super) wallets: &'a Wallets,
}

impl Directory<'_> {
    fn agent(&self, agent: usize) -> &str {
        &self.population.agents[agent].name
    }

    pub(super) fn inference<'l>(&self, served: &Served, line: &'l mut Line) -> &'l [u8] {
        line.open("inference").reference("id", served.reference()).time("at", served.at);
        if let Some(node) = served.node {
            line.plain("node", self.nodes[node].name);
        }
        line.plain("agent", self.agent(served.agent)).plain("model", MODELS[served.model]);
        if let Some(claimed) = served.claimed {
            line.plain("version", BUILDS[usize::from(claimed)].version);
        }
        self.proof(served, line);
        if let Some(content) = &served.content {
            line.json("request", &content.request).text("output", &content.output);
        }
        line.references("parents", served.parent.map(|link| link.to));
        if let Some(link) = served.cache_of {
            line.reference("cache_of", link.to);
        }
        if served.session != 0 {
            line.reference("session", Ref::new(Thing::Session, served.session));
        }
        match served.outcome {
            Outcome::Ok => line.plain("status", "ok"),
            Outcome::Error(class) => line.plain("status", "error").plain("error", class),
        };
        line.number("tokens_in", u64::from(served.tokens_in))
            .number("tokens_out", u64::from(served.tokens_out))
            .number("latency_ms", u64::from(served.latency_ms))
            .close()
    }

    fn proof(&self, served: &Served, line: &mut Line) {
        let tee_id = match served.proof {
            Proof::None => {
                line.plain("proof", "none");
                return;
            }
            Proof::Placeholder => &PLACEHOLDER_TEE_ID,
            _ => &self.keys[served.boot].tee_id,
        };
        line.plain("proof", "tee")
            .hex("tee_id", &tee_id.0)
            .number("tee_timestamp", served.claims.timestamp.unsigned_abs())
            .hex("tee_request_hash", &served.claims.request_hash.0)
            .hex("tee_output_hash", &served.claims.output_hash.0);
        if let Some(signature) = &served.signature {
            line.base64("tee_signature", &signature[..]).plain("scheme", "v1");
        }
    }

    pub(super) fn action<'l>(&self, action: &Action, at: i64, line: &'l mut Line) -> &'l [u8] {
        line.open("action")
            .reference("id", Ref::new(Thing::Action, action.number))
            .time("at", at)
            .plain("agent", self.agent(action.agent))
            .plain("action", ACTIONS[action.kind])
            .references("causes", action.causes.into_iter().flatten());
        if action.session != 0 {
            line.reference("session", Ref::new(Thing::Session, action.session));
        }
        line.close()
    }

    pub(super) fn message<'l>(&self, message: &Message, at: i64, line: &'l mut Line) -> &'l [u8] {
        line.open("message")
            .reference("id", Ref::new(Thing::Message, message.number))
            .time("at", at)
            .plain("from", self.agent(message.from))
            .plain("to", self.agent(message.to))
            .references("causes", [message.carries])
            .references("carries", [message.carries])
            .close()
    }

    pub(super) fn payment<'l>(&self, state: &PaymentState, at: i64, line: &'l mut Line) -> &'l [u8] {
        let payment = &*state.payment;
        let mut parties = (self.wallets.agent(payment.payer), self.wallets.payee(payment.payee));
        if payment.refund_of.is_some() {
            parties = (parties.1, parties.0);
        }
        line.open("payment")
            .reference("id", payment.reference())
            .time("at", at)
            .hex("payer", parties.0)
            .hex("payee", parties.1)
            .amount("amount", payment.amount)
            .json("asset", payment.asset.json)
            .plain("state", state.state)
            .plain("scheme", payment.scheme)
            .references("pays", payment.pays.iter().map(|number| Ref::new(Thing::Inference, *number)))
            .references("causes", payment.cause);
        if let Some(session) = payment.session {
            line.reference("session", Ref::new(Thing::Session, session));
        }
        if let Some(refunded) = payment.refund_of {
            line.reference("refund_of", Ref::new(Thing::Payment, refunded));
        }
        if let Some(payload) = authorisation(payment, self.wallets) {
            line.json("authorization", &payload);
        }
        if !matches!(state.state, "authorized" | "pending") {
            receipt(state, line);
        }
        line.close()
    }

    pub(super) fn settlement<'l>(&self, state: &BatchState, at: i64, line: &'l mut Line) -> &'l [u8] {
        let batch = &*state.batch;
        line.open("settlement")
            .reference("id", Ref::new(Thing::Settlement, batch.number))
            .time("at", at)
            .plain("mode", batch.mode)
            .plain("state", state.state);
        if batch.mode != "private" {
            line.references(
                "settles",
                batch.settles.iter().map(|number| Ref::new(Thing::Inference, *number)),
            );
        }
        if batch.mode == "batch" {
            line.number("batch_size", batch.settles.len() as u64).hex("merkle_root", &batch.root.0);
        }
        if batch.dumped {
            let name = Ref::new(Thing::Settlement, batch.number).id();
            line.plain("tree_file", &format!("trees/{name}.json"));
        }
        if let Some(leaf) = batch.leaf {
            line.hex("leaf", &leaf.0);
        }
        if state.state == "settled" {
            line.plain("chain_id", RELAY_CHAIN)
                .plain("contract", RELAY)
                .hex("tx_hash", &batch.transaction)
                .number("block_number", block_at(batch.settled_at))
                .number("log_index", batch.number % 40)
                .number("receipt_status", 1)
                .time("settled_at", batch.settled_at);
        }
        line.close()
    }
}

/// What is known of a payment's transaction.
fn receipt(state: &PaymentState, line: &mut Line) {
    let payment = &*state.payment;
    if payment.flaw == Some(Flaw::JobId) {
        line.plain("tx_hash", &format!("job_{:08x}", payment.number * 2_654_435_761 % (1 << 32)));
    } else {
        line.hex("tx_hash", &payment.transaction);
        line.number("block_number", block_at(payment.settled_at)).number("log_index", payment.number % 60);
        let reverted = matches!(payment.flaw, Some(Flaw::Reverted | Flaw::Failed));
        line.number("receipt_status", u64::from(!reverted));
    }
    if state.state != "failed" {
        line.time("settled_at", payment.settled_at);
    }
}
