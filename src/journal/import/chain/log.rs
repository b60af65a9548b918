//! One log → what its event means.

use super::abi::{Known, Meaning, NotRead, Values, bytes_of, decode, number_of, text_of};
use super::declared::json;
use super::declared::shown;
use super::{Around, Spot, inferred};
use crate::journal::import::line::quoted;
use crate::journal::import::value::{Members, hex_of, text};
use crate::journal::import::x402::{TOKENS, payment_id};
use crate::journal::import::{Context, Origin, Out};
use crate::model::Nanos;
use alloy_dyn_abi::DynSolValue;
use alloy_primitives::B256;

pub(super) fn translate(
    members: &Members<'_>,
    origin: &Origin<'_>,
    around: &Around,
    context: &Context,
    out: &mut Out,
) {
    if members.get("removed").is_some_and(|raw| raw.get() == "true") {
        return out.fault(origin, "removed: its block was reorganised away; the event did not happen there");
    }
    let (topics, data) = match parts(members) {
        Ok(parts) => parts,
        Err(reason) => return out.fault(origin, reason),
    };
    let (known, values) = match decode(&topics, &data) {
        Ok(decoded) => decoded,
        Err(NotRead::UnknownTopic) => {
            let topic =
                topics.first().map_or_else(|| "none".to_owned(), |topic| format!("0x{}", hex::encode(topic)));
            return out.fault(origin, &format!("kept, not mapped: unknown topic {topic}"));
        }
        Err(NotRead::Unfit(what)) => return out.fault(origin, what),
    };
    match Spot::of(members, around, context) {
        Ok(spot) => event(known, &values, &spot, context, origin, out),
        Err(reason) => out.fault(origin, &reason),
    }
}

/// Topics and data as bytes; hex is read with and without `0x`.
pub(super) fn parts(members: &Members<'_>) -> Result<(Vec<B256>, Vec<u8>), &'static str> {
    let topics = members.list("topics").ok_or("a log whose topics are no list")?;
    let topic = |raw| text(raw).and_then(|text| hex_of::<32>(&text)).map(B256::from);
    let topics: Option<Vec<B256>> = topics.into_iter().map(topic).collect();
    let topics = topics.ok_or("a topic that is not 32 bytes of hex")?;
    let data = members.text("data").unwrap_or_default();
    let digits = data.strip_prefix("0x").unwrap_or(&data);
    Ok((topics, hex::decode(digits).map_err(|_| "data that is not hex")?))
}

fn event(known: &Known, values: &Values, spot: &Spot, context: &Context, origin: &Origin<'_>, out: &mut Out) {
    let word = |name: &str| text_of(values, name);
    match known.meaning {
        Meaning::Approved | Meaning::Revoked => {
            measurement(known.meaning, values, spot, context, origin, out);
        }
        Meaning::Enclave(state) => {
            let tee = word("teeId");
            let mut line = out.record("enclave", &format!("enclave:{tee}"), spot.at);
            line.text("tee_id", &tee).text("state", state);
            if state == "registered" {
                line.text("owner", &word("owner")).maybe_number("tee_type", number_of(values, "teeType"));
            }
            spot.write(&mut line, "registry");
            line.finish(origin);
        }
        Meaning::Batch => {
            let root = word("merkleRoot");
            let mut line = out.record("settlement", &format!("batch:{root}"), spot.at);
            line.text("mode", "batch").text("merkle_root", &root);
            line.maybe_number("batch_size", number_of(values, "batchSize"));
            settlement(&mut line, values, spot);
            line.finish(origin);
        }
        Meaning::Individual | Meaning::Hashes => {
            let id = format!("individual:{}:{}", spot.transaction, spot.index.unwrap_or(0));
            let mut line = out.record("settlement", &id, spot.at);
            line.text("mode", "individual");
            let (input, mut output) = (word("inputHash"), word("outputHash"));
            line.text("request_hash", &input).text("output_hash", &output);
            output.drain(..2);
            line.texts("leaf_keys", &[format!("{}:{output}", &input[2..])]);
            if known.meaning == Meaning::Individual {
                line.text("tee_id", &word("teeId")).text("payer", &word("ethAddress"));
                line.maybe_number("tee_timestamp", number_of(values, "timestamp"));
                line.text("signature", &word("signature"));
            }
            line.maybe("metadata", Some(word("metadata")).filter(|text| !text.is_empty()).as_deref());
            settlement(&mut line, values, spot);
            line.finish(origin);
        }
        Meaning::Transfer => transfer(values, spot, context, origin, out),
        Meaning::Inference => inferred::translate(known, values, spot, context, origin, out),
        Meaning::Authorised | Meaning::Settled | Meaning::Other => {
            let id = format!("log:{}:{}", spot.transaction, spot.index.unwrap_or(0));
            let mut line = out.record("chain-event", &id, spot.at);
            line.text("event", &known.event.name);
            for (name, value) in
                values.iter().filter(|(name, _)| !["kind", "id", "at", "event"].contains(name))
            {
                let members = known.names.iter().find(|named| named.name == **name);
                match (value, members) {
                    (DynSolValue::Tuple(_) | DynSolValue::Array(_), Some(named)) => {
                        line.raw(name, &json(value, &named.members).to_string());
                    }
                    _ => {
                        line.text(name, &shown(value));
                    }
                }
            }
            spot.write(&mut line, "contract");
            line.finish(origin);
        }
    }
}

fn measurement(
    meaning: Meaning,
    values: &Values,
    spot: &Spot,
    context: &Context,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let hash = text_of(values, "pcrHash");
    let mut line = out.record("measurement", &format!("measurement:{hash}"), spot.at);
    line.text("pcr_hash", &hash).maybe_number("tee_type", number_of(values, "teeType"));
    if meaning == Meaning::Approved {
        line.text("version", &text_of(values, "version")).text("state", "approved");
    } else {
        // A revocation names no label: it is the one the registry approved last, if that is among the sources.
        let label = context.blocks.labels.get(&hash).map_or("(unlabelled)", String::as_str);
        line.text("version", label).assume("version").text("state", "revoked");
        line.maybe_number("grace_s", number_of(values, "gracePeriod"));
    }
    spot.write(&mut line, "registry");
    line.finish(origin);
}

fn settlement(line: &mut crate::journal::import::line::Line<'_>, values: &Values, spot: &Spot) {
    let failed = spot.status == Some(0);
    line.text("state", if failed { "failed" } else { "settled" }).text("settled_at", &spot.at.rfc3339());
    // The event carries the blob's id as the bytes of its text.
    let blob = bytes_of(values, "walrusBlobId");
    match std::str::from_utf8(blob) {
        Ok("") => {}
        Ok(blob) => {
            line.text("blob_id", blob);
        }
        Err(_) => {
            line.text("blob_bytes", &hex::encode(blob));
        }
    }
    line.maybe_number("receipt_status", spot.status);
    spot.write(line, "contract");
}

/// A transfer is the payment its transaction's authorisation names, else a payment by itself. One that a Permit2 proxy
/// made is kept beside it: its payment is known by a nonce that only calldata or the payload holds.
fn transfer(values: &Values, spot: &Spot, context: &Context, origin: &Origin<'_>, out: &mut Out) {
    let from = text_of(values, "from");
    let used = context.blocks.authorisations.get(&spot.transaction);
    let own: Vec<&String> =
        used.into_iter().flatten().filter(|(payer, _)| *payer == from).map(|(_, nonce)| nonce).collect();
    let id = match own.as_slice() {
        [nonce] => payment_id(nonce, &from, true),
        _ => format!("transfer:{}:{}", spot.transaction, spot.index.unwrap_or(0)),
    };
    let by_proxy = context.blocks.settled.contains(&spot.transaction) && own.is_empty();
    let mut line = out.record(if by_proxy { "transfer" } else { "payment" }, &id, spot.at);
    line.text("payer", &from).text("payee", &text_of(values, "to")).text("amount", &text_of(values, "value"));
    asset(&mut line, spot);
    line.text("state", if spot.status == Some(0) { "failed" } else { "settled" });
    line.text("settled_at", &Nanos(spot.at.0).rfc3339()).maybe_number("receipt_status", spot.status);
    spot.write(&mut line, "contract");
    line.finish(origin);
}

fn asset(line: &mut crate::journal::import::line::Line<'_>, spot: &Spot) {
    let known = spot.chain.and_then(|chain| TOKENS.iter().find(|token| token.is(chain, &spot.address)));
    let mut asset = String::with_capacity(128);
    asset.push('{');
    if let Some(chain) = spot.chain {
        asset.push_str(&format!("\"chain_id\":\"eip155:{chain}\","));
    }
    asset.push_str(&format!("\"contract\":{}", quoted(&spot.address)));
    if let Some(known) = known {
        asset.push_str(&format!(",\"decimals\":{},\"symbol\":{}", known.decimals, quoted(known.symbol)));
    }
    asset.push('}');
    line.raw("asset", &asset);
}
