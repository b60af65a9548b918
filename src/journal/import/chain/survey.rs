//! A first look at chain documents for what other records need: times of blocks, fates of transactions, nonces, labels.

use super::abi::{Meaning, decode, text_of};
use super::log::parts;
use crate::journal::import::context::Blocks;
use crate::journal::import::units::Unit;
use crate::journal::import::value::{Members, list, moment};
use memchr::memmem::Finder;
use serde_json::value::RawValue;
use std::sync::LazyLock;

/// Members without which a document holds nothing of interest here, and topics, in either case of letters.
static MARKS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    const TOPICS: [&str; 5] = [
        "98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5",
        "97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6",
        "de5b89d10fc800c459329c382fabfcad0be0ed7e5328e01fae04e507b09ef5d8",
        "98c6d69cba0181c4e436357d22ac56e02ec472c03f04df0fbf89d1bb614af2fe",
        "a3cbee87ba6def0cc8a2c5a3cf7a54f0209c6f939b07979dde08d447d6c3666d",
    ];
    let upper = TOPICS.map(str::to_uppercase);
    let topics = TOPICS.into_iter().chain(upper.iter().map(String::as_str));
    ["parentHash", "\"status\""]
        .into_iter()
        .chain(topics)
        .map(|mark| Finder::new(mark).into_owned())
        .collect()
});

/// Whether any of these bytes may hold something of interest here.
pub fn is_of_interest(bytes: &[u8]) -> bool {
    MARKS.iter().any(|mark| mark.find(bytes).is_some())
}

/// Gathers from one unit.
pub fn survey(unit: &Unit<'_>, chain: Option<u64>, blocks: &mut Blocks) {
    if !is_of_interest(unit.bytes) {
        return;
    }
    if let Ok(raw) = serde_json::from_slice::<&RawValue>(unit.bytes) {
        look(raw, chain, 0, blocks);
    }
}

fn look(raw: &RawValue, chain: Option<u64>, depth: usize, blocks: &mut Blocks) {
    if depth > 6 {
        return;
    }
    if raw.get().starts_with('[') {
        return list(raw).unwrap_or_default().into_iter().for_each(|raw| look(raw, chain, depth + 1, blocks));
    }
    let Some(members) = Members::parse(raw.get()) else { return };
    if members.has("topics") {
        return log(&members, blocks);
    }
    if members.has("parentHash") {
        block(&members, chain, blocks);
    } else if members.has("logs")
        && let (Some(transaction), Some(status)) = (members.text("transactionHash"), members.number("status"))
    {
        blocks.statuses.insert(transaction.to_lowercase(), status);
    }
    let chain = members.number("chainId").or(chain);
    for (_, inner) in members.0.iter().filter(|(_, inner)| inner.get().starts_with(['{', '['])) {
        look(inner, chain, depth + 1, blocks);
    }
}

fn block(members: &Members<'_>, chain: Option<u64>, blocks: &mut Blocks) {
    let (Some(at), Some(hash)) = (members.get("timestamp").and_then(moment), members.text("hash")) else {
        return;
    };
    blocks.times.insert(super::with_0x(&hash.to_lowercase()), at);
    if let (Some(chain), Some(number)) = (chain, members.number("number")) {
        blocks.numbers.insert((chain, number), at);
    }
}

fn log(members: &Members<'_>, blocks: &mut Blocks) {
    if members.get("removed").is_some_and(|raw| raw.get() == "true") {
        return;
    }
    let Some(transaction) = members.text("transactionHash").map(|text| text.to_lowercase()) else { return };
    let Ok((topics, data)) = parts(members) else { return };
    let Ok((known, values)) = decode(&topics, &data) else { return };
    match known.meaning {
        Meaning::Authorised => {
            let used = (text_of(&values, "authorizer"), text_of(&values, "nonce"));
            let known = blocks.authorisations.entry(transaction).or_default();
            if !known.contains(&used) {
                known.push(used);
            }
        }
        Meaning::Settled => {
            blocks.settled.insert(transaction);
        }
        Meaning::Approved => {
            blocks.labels.insert(text_of(&values, "pcrHash"), text_of(&values, "version"));
        }
        _ => {}
    }
}
