//! One JSON value to the importer of its shape; values inside envelopes and wrappers, each with its own place.

use super::places::Places;
use super::tell::{is_encoded, shape};
use super::value::{Members, list};
use super::{Context, Format, Origin, Out, Unit, chain, gateway, har, job, measurements, otlp, tree, x402};
use serde_json::value::RawValue;

/// How deep wrappers are looked into for what they wrap.
const DEEPEST: usize = 4;

/// One value on its way to its importer.
pub(super) struct Value<'v, 'a> {
    pub(super) members: Members<'a>,
    pub(super) origin: Origin<'a>,
    /// Of the wrapper around it, where there is one: what stands beside a value often belongs to it.
    pub(super) beside: Option<&'v Members<'a>>,
}

pub(super) fn translate(format: Format, unit: &Unit<'_>, context: &Context, out: &mut Out) {
    let mut places = Places::new(unit);
    let whole = places.whole(format);
    let text = match std::str::from_utf8(unit.bytes) {
        Ok(text) => text,
        Err(error) => return out.fault(&whole, &format!("not UTF-8 at byte {}", error.valid_up_to())),
    };
    if format == Format::X402 && is_encoded(unit.bytes) {
        return x402::encoded(text, &whole, context, out);
    }
    let bare = text.trim_matches([' ', '\t', '\n', '\r']);
    let before = (out.records, out.faults);
    // Most units are objects, and reading one's members says whether it is JSON.
    let members = if bare.starts_with('{') { Members::parse(bare) } else { None };
    if let Some(members) = members {
        object(format, bare, members, None, 0, &mut places, context, out);
    } else {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => descend(format, raw, None, 0, &mut places, context, out),
            Err(error) => {
                let words = error.to_string();
                let words = words.split(" at line ").next().unwrap_or_default();
                return out.fault(&whole, &format!("not JSON: {words} at byte {}", error.column()));
            }
        }
    }
    if (out.records, out.faults) == before {
        let names = Members::parse(bare).unwrap_or_default();
        let names: Vec<&str> = names.0.iter().map(|(name, _)| &**name).take(8).collect();
        let origin = places.origin(format, bare);
        out.fault(
            &origin,
            &format!("kept, not mapped: no known shape; its members are [{}]", names.join(", ")),
        );
    }
}

fn descend<'a>(
    format: Format,
    raw: &'a RawValue,
    beside: Option<&Members<'a>>,
    depth: usize,
    places: &mut Places<'a>,
    context: &Context,
    out: &mut Out,
) {
    if depth > DEEPEST {
        return;
    }
    if raw.get().starts_with('[') {
        for element in list(raw).unwrap_or_default() {
            descend(format, element, beside, depth + 1, places, context, out);
        }
        return;
    }
    if let Some(members) = Members::parse(raw.get()) {
        object(format, raw.get(), members, beside, depth, places, context, out);
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one value on its way down: what it is, where it stands, what is known"
)]
fn object<'a>(
    format: Format,
    text: &'a str,
    members: Members<'a>,
    beside: Option<&Members<'a>>,
    depth: usize,
    places: &mut Places<'a>,
    context: &Context,
    out: &mut Out,
) {
    if let Some(found) = shape(&members) {
        let origin = places.origin(found, text);
        if let Some(name) = members.twice() {
            out.fault(
                &origin,
                &format!("the member `{name}` stands twice: readers may differ; the last one was read"),
            );
        }
        let value = Value { members, origin, beside };
        return one(found, &value, context, out);
    }
    if let Some(exchange) = gateway::exchange(&members) {
        let origin = places.origin(Format::Gateway, text);
        har::payments(&exchange.asked, &exchange.answered, exchange.at, context, &origin, out);
        return gateway::translate_exchange(&exchange, &origin, context, out);
    }
    if members.has("jsonrpc") {
        rpc(format, &members, places, context, out);
    }
    for (_, inner) in &members.0 {
        if inner.get().starts_with(['{', '[']) {
            descend(format, inner, Some(&members), depth + 1, places, context, out);
        }
    }
}

/// An envelope that holds no document: an error, nothing, or the words of a call's result.
fn rpc<'a>(format: Format, members: &Members<'a>, places: &mut Places<'a>, context: &Context, out: &mut Out) {
    if let Some(error) = members.get("error") {
        let origin = places.origin(format, error.get());
        let message =
            members.object("error").and_then(|error| error.text("message").map(std::borrow::Cow::into_owned));
        return out
            .fault(&origin, &format!("the node answered with an error: {}", message.unwrap_or_default()));
    }
    match members.get("result") {
        None if members.has("result") => {
            let origin = places.whole(Format::Chain);
            out.fault(&origin, "the node answered with nothing: not found, or not yet");
        }
        Some(raw) if raw.get().starts_with('"') => {
            let origin = places.origin(Format::Chain, raw.get());
            let words = super::value::text(raw).unwrap_or_default();
            if !chain::result(&words, &origin, context, out) {
                out.fault(
                    &origin,
                    "kept, not mapped: the result of a call that is not getTEE or getActiveTEEs",
                );
            }
        }
        Some(raw) if raw.get() == "[]" => {
            let origin = places.origin(Format::Chain, raw.get());
            out.fault(&origin, "an empty answer: no logs in its range, which is no error");
        }
        _ => {}
    }
}

fn one(format: Format, value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    match format {
        Format::Gateway => gateway::translate(value, context, out),
        Format::Har => har::translate(value, context, out),
        Format::Chain => chain::translate(value, context, out),
        Format::Tree => tree::translate(value, context, out),
        Format::X402 => x402::translate(value, context, out),
        Format::Job => job::translate(value, context, out),
        Format::Measurements => measurements::translate(value, context, out),
        Format::Otlp => otlp::translate_json(&value.origin, context, out),
        Format::Stream
        | Format::GitLog
        | Format::OtlpProto
        | Format::Attestation
        | Format::MappedJson
        | Format::MappedCsv => {}
    }
}
