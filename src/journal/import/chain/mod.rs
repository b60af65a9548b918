//! What an EVM node answers → registry events, settlements and payments: logs, receipts, blocks, transactions, call results.
//!
//! Every record here is an RPC node's word: a claim, until a receipt is proved. What a log does not hold (its chain, its
//! time) is taken from block documents among the sources or from what the responder says, and never made up.

mod abi;
mod call;
mod declared;
mod inferred;
mod log;
mod state;
mod survey;

pub use survey::{is_of_interest, survey};

use super::json::Value;
use super::line::Line;
use super::value::{Members, hex_of, moment};
use super::{Context, Format, Origin, Out};
use crate::model::Nanos;

/// Contracts whose chain is known: the same address on another chain is another contract.
const KNOWN: [(&str, u64, &str); 3] = [
    ("0x4e72238852f3c918f4e4e57aec9280ddb0c80248", 10740, "OpenGradient's TEERegistry"),
    ("0xf1dc0d5dcf2a01924fac78185b9227cf3ec839a5", 10740, "OpenGradient's settlement relay"),
    ("0xfbc2051ae2265686a469421b2c5a2d5462fbf5eb", 8453, "the OPG token"),
];

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    let chain = value.beside.and_then(|beside| beside.number("chainId"));
    if members.has("topics") {
        log::translate(members, &value.origin, &Around { chain, ..Around::default() }, context, out);
    } else if members.has("logs") {
        receipt(members, &value.origin, chain, context, out);
    } else if members.has("parentHash") {
        block(members, &value.origin, chain, context, out);
    } else if members.has("pcrHash") {
        state::object(value, context, out);
    } else {
        let around = Around { chain, ..Around::default() };
        call::translate(members, &value.origin, &around, call::Unknown::Fault, context, out);
    }
}

/// A call's bare result, told by decoding: nothing if it is none of those known.
pub(super) fn result(text: &str, origin: &Origin<'_>, context: &Context, out: &mut Out) -> bool {
    state::result(text, origin, context, out)
}

/// What is known from the document that holds a log or a transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    chain: Option<u64>,
    at: Option<Nanos>,
    status: Option<u64>,
}

/// Where something happened on a chain.
struct Spot {
    at: Nanos,
    is_time_assumed: bool,
    chain: Option<u64>,
    address: String,
    transaction: String,
    block: Option<u64>,
    index: Option<u64>,
    status: Option<u64>,
}

impl Spot {
    /// Reads the place of a log or transaction; an error is why it cannot be placed.
    fn of(members: &Members<'_>, around: &Around, context: &Context) -> Result<Self, String> {
        let text = |name: &str| members.text(name).map(|text| text.to_lowercase());
        let address = text("address").or_else(|| text("to")).unwrap_or_default();
        let said = members.number("chainId").or(around.chain);
        let known = KNOWN.iter().find(|(known, ..)| *known == address);
        let chain = said.or(context.chain).or(known.map(|(_, chain, _)| *chain));
        if let (Some(chain), Some((_, right, what))) = (chain, known)
            && chain != *right
        {
            return Err(format!(
                "wrong chain: {address} is {what} on chain {right}, and this says chain {chain}"
            ));
        }
        let transaction = text("transactionHash").or_else(|| text("hash")).unwrap_or_default();
        if hex_of::<32>(&transaction).is_none() {
            return Err("no transaction hash of 32 bytes".to_owned());
        }
        let block = members.number("blockNumber");
        let blocks = &context.blocks;
        let own = members.get("blockTimestamp").and_then(moment).or(around.at);
        let by_hash = || text("blockHash").and_then(|hash| blocks.times.get(&with_0x(&hash)).copied());
        let by_number = || {
            let number = block?;
            chain.and_then(|chain| blocks.numbers.get(&(chain, number))).copied()
        };
        let found = own.or_else(by_hash).or_else(by_number);
        let Some(at) = found.or(context.at) else {
            return Err(format!(
                "kept, not mapped: no time for block {}; put its eth_getBlockByNumber result among the sources, or --assume-at",
                block.map_or_else(|| "?".to_owned(), |block| block.to_string())
            ));
        };
        let status = around.status.or_else(|| blocks.statuses.get(&transaction).copied());
        let index = members.number("logIndex");
        Ok(Self { at, is_time_assumed: found.is_none(), chain, address, transaction, block, index, status })
    }

    /// Writes the place into a record, under the name the contract has there.
    fn write(&self, line: &mut Line<'_>, contract: &str) {
        line.text(contract, &self.address).text("tx_hash", &self.transaction);
        line.maybe_number("chain_id", self.chain).maybe_number("block_number", self.block);
        line.maybe_number("log_index", self.index);
        if self.is_time_assumed {
            line.assume("at");
        }
    }
}

fn with_0x(hex: &str) -> String {
    if hex.starts_with("0x") { hex.to_owned() } else { format!("0x{hex}") }
}

fn receipt(members: &Members<'_>, origin: &Origin<'_>, chain: Option<u64>, context: &Context, out: &mut Out) {
    let around = Around {
        chain,
        status: members.number("status"),
        at: members.get("blockTimestamp").and_then(moment),
    };
    for raw in members.list("logs").unwrap_or_default() {
        let origin = origin.part(Format::Chain, raw.get());
        match Members::parse(raw.get()) {
            Some(log) => log::translate(&log, &origin, &around, context, out),
            None => out.fault(&origin, "a log that is no object"),
        }
    }
    match Spot::of(members, &around, context) {
        Ok(spot) => {
            let mut line = out.record("receipt", &format!("receipt:{}", spot.transaction), spot.at);
            line.maybe_number("receipt_status", around.status);
            spot.write(&mut line, "to");
            line.finish(origin);
        }
        Err(reason) => out.fault(origin, &reason),
    }
}

fn block(members: &Members<'_>, origin: &Origin<'_>, chain: Option<u64>, context: &Context, out: &mut Out) {
    let (Some(at), Some(hash)) = (members.get("timestamp").and_then(moment), members.text("hash")) else {
        return out.fault(origin, "a block without its hash or timestamp");
    };
    let mut line = out.record("block", &format!("block:{}", hash.to_lowercase()), at);
    line.maybe_number("block_number", members.number("number")).text("hash", &hash);
    line.maybe("receipts_root", members.text("receiptsRoot").as_deref());
    line.maybe_number("chain_id", chain.or(context.chain)).finish(origin);
    let around = Around { chain, at: Some(at), status: None };
    for raw in members.list("transactions").unwrap_or_default() {
        let origin = origin.part(Format::Chain, raw.get());
        // A block may name its transactions by hash only.
        if let Some(transaction) = Members::parse(raw.get()) {
            call::translate(&transaction, &origin, &around, call::Unknown::Skip, context, out);
        }
    }
}
