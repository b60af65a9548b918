//! HTTP archives → inferences and payments: request, response and `X-TEE-*`, `X-Settlement-*`, x402 headers of each entry.

use super::gateway::{Exchange, Headers, translate_exchange};
use super::json::Value;
use super::tell::shape;
use super::value::{Members, list, moment};
use super::{Context, Format, Origin, Out, Unit, json, stream, x402};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let Some(log) = value.members.object("log") else {
        // An entry by itself: of half an archive, or of a proxy that writes one a line.
        return one(&value.members, &value.origin, context, out);
    };
    let entries = log.list("entries").unwrap_or_default();
    for raw in entries {
        let origin = value.origin.part(Format::Har, raw.get());
        match Members::parse(raw.get()) {
            Some(entry) => one(&entry, &origin, context, out),
            None => out.fault(&origin, "an entry that is no object"),
        }
    }
}

fn one(entry: &Members<'_>, origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let (Some(request), Some(response)) = (entry.object("request"), entry.object("response")) else {
        return out.fault(origin, "an entry without its request or response: half an archive");
    };
    let at = entry.get("startedDateTime").and_then(moment);
    let (asked, answered) = (headers(&request), headers(&response));
    let before = (out.records, out.faults);
    payments(&asked, &answered, at, context, origin, out);
    let asked_text = request.object("postData").and_then(|data| data.text("text"));
    let content = response.object("content").unwrap_or_default();
    let text = content.text("text").map(|text| plain(text, content.text("encoding").as_deref()));
    let asked_json = asked_text.as_deref().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    let exchange = |members| Exchange {
        request: asked_json.filter(|raw| raw.get().starts_with('{')),
        response: members,
        asked,
        answered,
        at,
        latency_ms: entry
            .get("time")
            .and_then(|raw| raw.get().parse::<f64>().ok())
            .map(|ms| ms.max(0.0) as u64),
        status: response.number("status").filter(|status| *status > 0),
        ..Exchange::default()
    };
    match text.as_deref() {
        Some(text) if text.trim_start().starts_with("data:") => {
            streamed(text, &exchange(Members::default()), origin, context, out);
        }
        Some(text) => match Members::parse(text) {
            Some(members) if shape(&members) == Some(Format::Gateway) => {
                let raw = serde_json::from_str(text).ok();
                translate_exchange(&Exchange { raw, ..exchange(members) }, origin, context, out);
            }
            Some(members) if shape(&members).is_some() => {
                // Another known document inside the archive: its place is the entry's.
                let mut inner = Out::default();
                let context = Context { at: context.at.or(at), ..context.clone() };
                let unit = Unit { bytes: text.as_bytes(), place: origin.place };
                json::translate(Format::Har, &unit, &context, &mut inner);
                out.take_as(&inner, origin);
            }
            _ => {}
        },
        None if response.number("status") == Some(0) => {
            out.fault(origin, "the response never came, or was not saved with its content");
        }
        None => {}
    }
    if (out.records, out.faults) == before {
        out.fault(origin, "kept, not mapped: an exchange with nothing this program knows");
    }
}

/// A body that is an event stream, as the stream importer reads it, under the entry's headers and place.
fn streamed(text: &str, around: &Exchange<'_>, origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let mut inner = Out::default();
    let unit = Unit { bytes: text.as_bytes(), place: origin.place };
    let context = Context { at: context.at.or(around.at), ..context.clone() };
    stream::translate_within(&unit, around, &context, &mut inner);
    out.take_as(&inner, origin);
}

/// An x402 payment in the request's headers, a settlement in the response's.
pub(super) fn payments(
    asked: &Headers<'_>,
    answered: &Headers<'_>,
    at: Option<crate::model::Nanos>,
    context: &Context,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let first = |headers: &Headers<'_>, names: [&str; 2]| {
        names.iter().find_map(|name| headers.get(name)).map(str::to_owned)
    };
    if let Some(header) = first(asked, ["payment-signature", "x-payment"]) {
        let reply = first(answered, ["payment-response", "x-payment-response"]);
        let session = answered.get("x-upto-session").or_else(|| asked.get("x-upto-session"));
        x402::header(&header, reply.as_deref(), session, at, context, origin, out);
    }
}

fn headers<'a>(message: &Members<'a>) -> Headers<'a> {
    let headers = message.get("headers").and_then(list).unwrap_or_default().into_iter();
    let pair = |raw: &'a RawValue| {
        let header = Members::parse(raw.get())?;
        Some((header.text("name")?.to_lowercase(), header.text("value")?))
    };
    Headers(headers.filter_map(pair).collect())
}

fn plain<'a>(text: Cow<'a, str>, encoding: Option<&str>) -> Cow<'a, str> {
    let decoded = (encoding == Some("base64")).then(|| STANDARD.decode(text.as_bytes()).ok()).flatten();
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) => Cow::Owned(decoded),
        None => text,
    }
}
