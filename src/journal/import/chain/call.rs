//! One transaction's calldata → what it asked for. Asking is not getting: only a receipt says that it succeeded.

use super::abi::{Values, bytes_of, decode_call, get, number_of, text_of};
use super::declared::shown;
use super::{Around, Spot};
use crate::journal::import::value::Members;
use crate::journal::import::{Context, Origin, Out};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha3::{Digest, Keccak256};

/// What to do with a call nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Fault,
    /// It stands in a block, which is kept as a whole.
    Skip,
}

pub(super) fn translate(
    members: &Members<'_>,
    origin: &Origin<'_>,
    around: &Around,
    unknown: Unknown,
    context: &Context,
    out: &mut Out,
) {
    let data = members.text("input").or_else(|| members.text("data")).unwrap_or_default();
    let Ok(data) = hex::decode(data.strip_prefix("0x").unwrap_or(&data)) else {
        return out.fault(origin, "calldata that is not hex");
    };
    let (function, values) = match decode_call(&data) {
        Some(Ok(decoded)) => decoded,
        Some(Err(what)) => return out.fault(origin, what),
        None if unknown == Unknown::Skip => return,
        None => {
            let selector = hex::encode(data.get(..4).unwrap_or_default());
            return out.fault(origin, &format!("kept, not mapped: unknown call 0x{selector}"));
        }
    };
    let spot = match Spot::of(members, around, context) {
        Ok(spot) => spot,
        Err(reason) => return out.fault(origin, &reason),
    };
    match (function.name.as_str(), spot.status) {
        // The document proves itself, whatever became of the transaction; a revert leaves it unregistered.
        ("registerTEEWithAttestation", Some(1) | None) => registration(&values, &spot, origin, out),
        ("approvePCR", Some(1)) => approval(&values, &spot, origin, out),
        _ => asked(&function.name, &values, &spot, origin, out),
    }
}

fn registration(values: &Values, spot: &Spot, origin: &Origin<'_>, out: &mut Out) {
    let key = bytes_of(values, "signingPublicKey");
    let tee = format!("0x{}", hex::encode(Keccak256::digest(key)));
    let mut line = out.record("enclave", &format!("enclave:{tee}"), spot.at);
    line.text("tee_id", &tee).text("state", "registered").text("public_key", &STANDARD.encode(key));
    line.text("attestation", &STANDARD.encode(bytes_of(values, "attestationDocument")));
    line.text("tls_certificate", &STANDARD.encode(bytes_of(values, "tlsCertificate")));
    line.text("endpoint", &text_of(values, "endpoint"))
        .text("payment_address", &text_of(values, "paymentAddress"));
    line.maybe_number("tee_type", number_of(values, "teeType")).maybe_number("receipt_status", spot.status);
    if spot.status.is_none() {
        // Without a receipt nobody says that the registry accepted it.
        line.assume("state");
    }
    spot.write(&mut line, "registry");
    line.finish(origin);
}

fn approval(values: &Values, spot: &Spot, origin: &Origin<'_>, out: &mut Out) {
    let parts = get(values, "pcrs").and_then(|pcrs| pcrs.as_tuple()).unwrap_or_default();
    let pcrs: Vec<&[u8]> = parts.iter().filter_map(|pcr| pcr.as_bytes()).collect();
    let [a, b, c] = pcrs[..] else { return out.fault(origin, "an approval without three measurements") };
    if [a, b, c].iter().any(|pcr| pcr.len() != 48) {
        return out.fault(origin, "an approval of a measurement that is not 48 bytes");
    }
    let hash = format!("0x{}", hex::encode(Keccak256::digest([a, b, c].concat())));
    let mut line = out.record("measurement", &format!("measurement:{hash}"), spot.at);
    line.text("pcr_hash", &hash).text("version", &text_of(values, "version")).text("state", "approved");
    let [a, b, c] = [a, b, c].map(hex::encode);
    line.raw("pcrs", &format!(r#"{{"0":"{a}","1":"{b}","2":"{c}"}}"#));
    spot.write(&mut line, "registry");
    line.finish(origin);
}

/// A call as what it is: asked for, by whom, and what became of it.
fn asked(name: &str, values: &Values, spot: &Spot, origin: &Origin<'_>, out: &mut Out) {
    let mut line = out.record("call", &format!("call:{}", spot.transaction), spot.at);
    line.text("function", name);
    for (name, value) in values.iter().filter(|(name, _)| !["kind", "id", "at", "function"].contains(name)) {
        let shown = match number_of(values, name) {
            Some(number) => number.to_string(),
            None => shown(value),
        };
        line.text(name, &shown);
    }
    line.maybe_number("receipt_status", spot.status);
    spot.write(&mut line, "contract");
    line.finish(origin);
}
