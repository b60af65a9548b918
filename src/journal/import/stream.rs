//! A capture of server-sent events → inferences: deltas joined, the enclave's fields from the last event.
//!
//! ```text
//! data: {"choices":[{"delta":{"content":"Hi"}}]}      the content is all deltas joined
//! data: {…,"tee_signature":…}                          only the last event is signed
//! data: [DONE]                                         the end; a capture without it is truncated
//! ```
//! Several streams may follow each other in one file.

use super::gateway::{Exchange, translate_exchange};
use super::value::Members;
use super::{Context, Format, Origin, Out, Unit};
use crate::journal::split::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn translate(unit: &Unit<'_>, context: &Context, out: &mut Out) {
    translate_within(unit, &Exchange::default(), context, out);
}

/// The same, with the request and headers that were captured around the stream.
pub(super) fn translate_within(unit: &Unit<'_>, around: &Exchange<'_>, context: &Context, out: &mut Out) {
    let text = match std::str::from_utf8(unit.bytes) {
        Ok(text) => text,
        Err(error) => {
            let origin = Origin { format: Format::Stream, place: unit.place, bytes: unit.bytes };
            return out.fault(&origin, &format!("not UTF-8 at byte {}", error.valid_up_to()));
        }
    };
    let mut stream: Option<Stream<'_>> = None;
    let (mut place, mut begin) = (unit.place, 0);
    for line in text.split_inclusive('\n') {
        let end = begin + line.len();
        let event = line.trim_end_matches(['\n', '\r']);
        let origin = Origin { format: Format::Stream, place, bytes: event.as_bytes() };
        match event.strip_prefix("data:").map(str::trim_start) {
            Some("[DONE]") => {
                if let Some(mut done) = stream.take() {
                    done.end = end;
                    done.finish(Ending::Whole, text, around, context, out);
                }
            }
            Some(payload) => {
                let open = stream.get_or_insert_with(|| Stream::new(place, begin));
                if !open.belongs(payload) {
                    // The next answer begins and the last one never ended.
                    let cut = std::mem::replace(open, Stream::new(place, begin));
                    cut.finish(Ending::Cut, text, around, context, out);
                }
                open.end = end;
                open.push(payload, &origin, out);
            }
            None if event.is_empty() || is_field(event) => {}
            None => out.fault(&origin, "no line of an event stream"),
        }
        begin = end;
        place = Place { line: place.line + 1, offset: place.offset + line.len() as u64 };
    }
    if let Some(open) = stream {
        open.finish(Ending::Cut, text, around, context, out);
    }
}

fn is_field(event: &str) -> bool {
    [":", "event:", "id:", "retry:"].iter().any(|name| event.starts_with(name))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    Cut,
}

/// One answer on its way.
struct Stream<'a> {
    place: Place,
    begin: usize,
    end: usize,
    id: Option<String>,
    content: String,
    calls: BTreeMap<u64, Call>,
    reason: Option<String>,
    /// The event that is signed, or the last one.
    last: Option<&'a str>,
    is_signed: bool,
    created: Option<u64>,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl<'a> Stream<'a> {
    fn new(place: Place, begin: usize) -> Self {
        Self {
            place,
            begin,
            end: begin,
            id: None,
            content: String::new(),
            calls: BTreeMap::new(),
            reason: None,
            last: None,
            is_signed: false,
            created: None,
        }
    }

    /// Whether an event is of this answer: after the signed event, or under another id, it is of the next.
    fn belongs(&self, payload: &str) -> bool {
        let id = Members::parse(payload).and_then(|event| event.text("id").map(std::borrow::Cow::into_owned));
        !self.is_signed && (self.id.is_none() || id.is_none() || self.id == id)
    }

    fn push(&mut self, payload: &'a str, origin: &Origin<'_>, out: &mut Out) {
        let Ok(event) = serde_json::from_str::<Value>(payload) else {
            return out.fault(origin, "an event that is not JSON: cut, or not of this stream");
        };
        if let (None, Some(id)) = (&self.id, event["id"].as_str()) {
            self.id = Some(id.to_owned());
        }
        self.created = self.created.or(event["created"].as_u64());
        let choice = &event["choices"][0];
        self.content.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let own = self.calls.entry(call["index"].as_u64().unwrap_or(0)).or_default();
            let function = &call["function"];
            own.id.push_str(call["id"].as_str().unwrap_or_default());
            own.name.push_str(function["name"].as_str().unwrap_or_default());
            own.arguments.push_str(function["arguments"].as_str().unwrap_or_default());
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.reason = Some(reason.to_owned());
        }
        self.is_signed |= event.get("tee_signature").is_some();
        self.last = Some(payload);
    }

    fn finish(self, ending: Ending, text: &str, around: &Exchange<'_>, context: &Context, out: &mut Out) {
        let bytes = text[self.begin..self.end].trim_end().as_bytes();
        let origin = Origin { format: Format::Stream, place: self.place, bytes };
        let mut response = self.last.and_then(Members::parse).unwrap_or_default();
        let id = self.id.as_deref().and_then(|id| serde_json::value::to_raw_value(id).ok());
        let created = self.created.and_then(|at| serde_json::value::to_raw_value(&at).ok());
        for (name, raw) in [("id", &id), ("created", &created)] {
            if let (false, Some(raw)) = (response.has(name), raw) {
                response.0.push((name.into(), raw));
            }
        }
        if ending == Ending::Cut && !self.is_signed {
            out.fault(&origin, "the stream ends before its last event: what is signed never came");
        }
        let mut exchange = Exchange {
            response,
            is_truncated: !self.is_signed && ending == Ending::Cut,
            request: around.request,
            asked: around.asked.clone(),
            answered: around.answered.clone(),
            at: around.at,
            latency_ms: around.latency_ms,
            status: around.status,
            ..Exchange::default()
        };
        if self.calls.is_empty() {
            exchange.output = Some(self.content);
        } else {
            let call = |c: &Call| json!({"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}});
            let calls: Vec<Value> = self.calls.values().map(call).collect();
            let message = json!({"role": "assistant", "content": self.content, "tool_calls": calls});
            let choice = json!({"index": 0, "message": message, "finish_reason": self.reason});
            exchange.assembled = Some(json!({"choices": [choice]}).to_string());
        }
        translate_exchange(&exchange, &origin, context, out);
    }
}
