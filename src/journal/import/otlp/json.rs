//! OTLP as JSON: what file exporters write, one `ExportTraceServiceRequest` on a line or in a document.

use super::{Attribute, Attributes, Span};
use crate::journal::import::value::number;
use crate::journal::import::{Context, Format, Origin, Out};
use crate::journal::text::Text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

#[derive(Deserialize)]
struct Traces<'a> {
    #[serde(borrow, rename = "resourceSpans", alias = "resource_spans", default)]
    resources: Vec<Resources<'a>>,
}

#[derive(Deserialize)]
struct Resources<'a> {
    #[serde(borrow, default)]
    resource: Option<Resource<'a>>,
    #[serde(
        borrow,
        rename = "scopeSpans",
        alias = "scope_spans",
        alias = "instrumentationLibrarySpans",
        default
    )]
    scopes: Vec<Scope<'a>>,
}

#[derive(Deserialize, Default)]
struct Resource<'a> {
    #[serde(borrow, default)]
    attributes: Vec<Pair<'a>>,
}

#[derive(Deserialize)]
struct Scope<'a> {
    #[serde(borrow, default)]
    spans: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow, rename = "traceId", alias = "trace_id", default)]
    trace: Text<'a>,
    #[serde(borrow, rename = "spanId", alias = "span_id", default)]
    id: Text<'a>,
    #[serde(borrow, rename = "parentSpanId", alias = "parent_span_id", default)]
    parent: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, rename = "startTimeUnixNano", alias = "start_time_unix_nano", default)]
    start: Option<&'a RawValue>,
    #[serde(borrow, rename = "endTimeUnixNano", alias = "end_time_unix_nano", default)]
    end: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attributes: Vec<Pair<'a>>,
    #[serde(borrow, default)]
    events: Vec<Event<'a>>,
    #[serde(borrow, default)]
    links: Vec<Link<'a>>,
    #[serde(borrow, default)]
    status: Option<Status<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    attributes: Vec<Pair<'a>>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow, rename = "traceId", alias = "trace_id", default)]
    trace: Text<'a>,
    #[serde(borrow, rename = "spanId", alias = "span_id", default)]
    id: Text<'a>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow, default)]
    value: Option<AnyValue<'a>>,
}

#[derive(Deserialize)]
struct AnyValue<'a> {
    #[serde(borrow, rename = "stringValue", alias = "string_value", default)]
    text: Option<Text<'a>>,
    #[serde(borrow, rename = "intValue", alias = "int_value", default)]
    integer: Option<&'a RawValue>,
    #[serde(borrow, rename = "doubleValue", alias = "double_value", default)]
    float: Option<&'a RawValue>,
    #[serde(borrow, rename = "boolValue", alias = "bool_value", default)]
    truth: Option<&'a RawValue>,
    #[serde(borrow, rename = "arrayValue", alias = "array_value", default)]
    list: Option<List<'a>>,
    #[serde(borrow, rename = "kvlistValue", alias = "kvlist_value", default)]
    map: Option<Pairs<'a>>,
    #[serde(borrow, rename = "bytesValue", alias = "bytes_value", default)]
    bytes: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow, default)]
    values: Vec<AnyValue<'a>>,
}

#[derive(Deserialize)]
struct Pairs<'a> {
    #[serde(borrow, default)]
    values: Vec<Pair<'a>>,
}

/// One document of traces.
pub(crate) fn translate(origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let text = std::str::from_utf8(origin.bytes).unwrap_or_default();
    let traces: Traces<'_> = match serde_json::from_str(text) {
        Ok(traces) => traces,
        Err(error) => return out.fault(origin, &format!("not OTLP: {error}")),
    };
    let mut any = false;
    for group in traces.resources {
        let resource = attributes(group.resource.unwrap_or_default().attributes);
        for raw in group.scopes.into_iter().flat_map(|scope| scope.spans) {
            any = true;
            let place = origin.part(Format::Otlp, raw.get());
            match serde_json::from_str::<Written<'_>>(raw.get()) {
                Ok(written) => super::write(&span(written), &resource, &place, context, out),
                Err(error) => out.fault(&place, &format!("a span that cannot be read: {error}")),
            }
        }
    }
    if !any {
        out.fault(origin, "kept, not mapped: no spans in it");
    }
}

fn span(written: Written<'_>) -> Span<'_> {
    let time = |raw: Option<&RawValue>| raw.and_then(number).unwrap_or(0);
    let code = written.status.and_then(|status| status.code).map_or("", RawValue::get);
    Span {
        trace: hex_id(written.trace.0, 16),
        id: hex_id(written.id.0, 8),
        parent: written.parent.map(|parent| hex_id(parent.0, 8)).unwrap_or_default(),
        name: written.name.0,
        start: time(written.start),
        end: time(written.end),
        attributes: attributes(written.attributes),
        events: written
            .events
            .into_iter()
            .map(|event| (event.name.0, attributes(event.attributes)))
            .collect(),
        links: written
            .links
            .into_iter()
            .map(|link| (hex_id(link.trace.0, 16), hex_id(link.id.0, 8)))
            .collect(),
        is_error: matches!(code, "2" | "\"STATUS_CODE_ERROR\""),
    }
}

/// Ids are hex in OTLP's JSON; plain protobuf-to-JSON mappers write base64.
fn hex_id(text: Cow<'_, str>, size: usize) -> Cow<'_, str> {
    if text.len() == size * 2 && !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return text;
    }
    match STANDARD.decode(text.as_bytes()) {
        Ok(bytes) if bytes.len() == size => Cow::Owned(hex::encode(bytes)),
        _ => Cow::Owned(text.to_lowercase()),
    }
}

fn attributes(pairs: Vec<Pair<'_>>) -> Attributes<'_> {
    Attributes(pairs.into_iter().filter_map(|pair| Some((pair.key.0, plain(pair.value?)?))).collect())
}

fn plain(value: AnyValue<'_>) -> Option<Attribute<'_>> {
    if let Some(text) = value.text {
        return Some(Attribute::Text(text.0));
    }
    if value.list.is_some() || value.map.is_some() {
        return Some(Attribute::Json(Cow::Owned(json(value).to_string())));
    }
    // Numbers of 64 bits are text in this encoding; bytes stay base64.
    let bare = |raw: &'_ RawValue| raw.get().trim_matches('"').to_owned();
    let number = value.integer.or(value.float).or(value.truth).map(bare).map(Cow::Owned);
    number.map(Attribute::Json).or(value.bytes.map(|bytes| Attribute::Text(bytes.0)))
}

fn json(value: AnyValue<'_>) -> Value {
    if let Some(list) = value.list {
        return list.values.into_iter().map(json).collect();
    }
    if let Some(map) = value.map {
        let pair = |pair: Pair<'_>| (pair.key.0.into_owned(), pair.value.map_or(Value::Null, json));
        return map.values.into_iter().map(pair).collect::<Map<_, _>>().into();
    }
    plain(value).map_or(Value::Null, |plain| plain.json())
}
