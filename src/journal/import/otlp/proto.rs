//! OTLP as protobuf: an `ExportTraceServiceRequest`, several end to end, or each after its length as collectors write files.
//!
//! The outer messages are walked by hand, because a decoder does not say where a span stands; spans are decoded by prost.

use super::{Attribute, Attributes, Span};
use crate::journal::import::{Context, Format, Origin, Out, Unit};
use crate::journal::split::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde_json::{Map, Value};
use std::borrow::Cow;

#[derive(Clone, PartialEq, Message)]
struct WireSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Pair>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Scalar", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<Scalar>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Scalar {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Truth(bool),
    #[prost(int64, tag = "3")]
    Integer(i64),
    #[prost(double, tag = "4")]
    Float(f64),
    #[prost(message, tag = "5")]
    List(List),
    #[prost(message, tag = "6")]
    Map(Pairs),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Pairs {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Pair>,
}

/// Whether a file's first bytes are traces: a message of nothing but field 1, which begins with a resource.
pub(crate) fn tell(start: &[u8]) -> bool {
    let plain = |bytes: &[u8]| {
        let mut rest = bytes;
        let is_group = matches!(decode_key(&mut rest), Ok((1, WireType::LengthDelimited)));
        let length = decode_varint(&mut rest).unwrap_or(0);
        is_group
            && length > 1
            && matches!(rest.first(), Some(0x0a | 0x12))
            && rest.get(1).is_some_and(|b| *b > 1)
    };
    let framed = start.len() > 8 && start[0] == 0 && plain(&start[4..]);
    // Text is never this: a newline at the start of a journal is followed by a brace or another newline.
    (start.first() == Some(&0x0a) && start.iter().take(64).any(|b| *b < 9) && plain(start)) || framed
}

pub(crate) fn translate(unit: &Unit<'_>, context: &Context, out: &mut Out) {
    let walk = Walk { unit, context };
    let is_framed = unit.bytes.first() == Some(&0);
    if !is_framed {
        return walk.requests(unit.bytes, out);
    }
    let mut rest = unit.bytes;
    while !rest.is_empty() {
        let message = rest.split_first_chunk::<4>().and_then(|(length, after)| {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            (length <= after.len()).then(|| after.split_at(length))
        });
        let Some((message, after)) = message else {
            return out
                .fault(&walk.origin(rest), "a message that was cut: its length says more than there is");
        };
        walk.requests(message, out);
        rest = after;
    }
}

struct Walk<'w, 'a> {
    unit: &'w Unit<'a>,
    context: &'w Context,
}

impl<'a> Walk<'_, 'a> {
    /// A binary file is one line.
    fn origin(&self, part: &'a [u8]) -> Origin<'a> {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.unit.bytes.as_ptr() as usize) as u64;
        let place = Place { line: self.unit.place.line, offset: self.unit.place.offset + offset };
        Origin { format: Format::OtlpProto, place, bytes: part }
    }

    fn requests(&self, bytes: &'a [u8], out: &mut Out) {
        let (groups, cut) = fields(bytes);
        for (_, group) in groups.into_iter().filter(|(tag, _)| *tag == 1) {
            self.group(group, out);
        }
        self.say(cut, out);
    }

    /// The spans of one resource. Its resource may stand after them.
    fn group(&self, bytes: &'a [u8], out: &mut Out) {
        let (parts, cut) = fields(bytes);
        let resource = parts.iter().find(|(tag, _)| *tag == 1).map(|(_, bytes)| Resource::decode(*bytes));
        let resource = match resource {
            Some(Ok(resource)) => resource,
            Some(Err(_)) => {
                out.fault(
                    &self.origin(bytes),
                    "a resource that cannot be read; its spans are read without it",
                );
                Resource::default()
            }
            None => Resource::default(),
        };
        let resource = attributes(&resource.attributes);
        for (_, scope) in parts.iter().filter(|(tag, _)| *tag == 2) {
            let (spans, cut) = fields(scope);
            for (_, bytes) in spans.into_iter().filter(|(tag, _)| *tag == 2) {
                match WireSpan::decode(bytes) {
                    Ok(wire) => super::write(&span(&wire), &resource, &self.origin(bytes), self.context, out),
                    Err(error) => {
                        out.fault(&self.origin(bytes), &format!("a span that cannot be read: {error}"));
                    }
                }
            }
            self.say(cut, out);
        }
        self.say(cut, out);
    }

    fn say(&self, cut: Option<&'a [u8]>, out: &mut Out) {
        if let Some(rest) = cut {
            let shown = &rest[..rest.len().min(4096)];
            out.fault(&self.origin(shown), "no protobuf from here on: cut, or not OTLP");
        }
    }
}

type Fields<'a> = Vec<(u32, &'a [u8])>;

/// The length-delimited fields of a message, and the rest where it stops being one.
fn fields(bytes: &[u8]) -> (Fields<'_>, Option<&[u8]>) {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let before = rest;
        let Some(after) = next(&mut rest) else { return (found, Some(before)) };
        found.extend(after);
    }
    (found, None)
}

/// Takes one field off; `Some(None)` for one that is no message, `None` where there is none.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Option<(u32, &'a [u8])>> {
    let (tag, wire) = decode_key(rest).ok()?;
    let skip = match wire {
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
            let (field, after) = rest.split_at_checked(length)?;
            *rest = after;
            return Some(Some((tag, field)));
        }
        WireType::Varint => {
            decode_varint(rest).ok()?;
            0
        }
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        WireType::StartGroup | WireType::EndGroup => return None,
    };
    *rest = rest.get(skip..)?;
    Some(None)
}

fn span(wire: &WireSpan) -> Span<'_> {
    let id = |bytes: &[u8]| Cow::Owned(hex::encode(bytes));
    Span {
        trace: id(&wire.trace),
        id: id(&wire.id),
        parent: id(&wire.parent),
        name: Cow::Borrowed(&wire.name),
        start: wire.start,
        end: wire.end,
        attributes: attributes(&wire.attributes),
        events: wire
            .events
            .iter()
            .map(|event| (Cow::Borrowed(event.name.as_str()), attributes(&event.attributes)))
            .collect(),
        links: wire.links.iter().map(|link| (id(&link.trace), id(&link.id))).collect(),
        is_error: wire.status.as_ref().is_some_and(|status| status.code == 2),
    }
}

fn attributes(pairs: &[Pair]) -> Attributes<'_> {
    Attributes(pairs.iter().filter_map(pair).collect())
}

fn pair(pair: &Pair) -> Option<(Cow<'_, str>, Attribute<'_>)> {
    Some((Cow::Borrowed(&pair.key), attribute(pair.value.as_ref()?.value.as_ref()?)))
}

fn attribute(value: &Scalar) -> Attribute<'_> {
    match value {
        Scalar::Text(text) => Attribute::Text(Cow::Borrowed(text)),
        Scalar::Bytes(bytes) => Attribute::Text(Cow::Owned(STANDARD.encode(bytes))),
        other => Attribute::Json(Cow::Owned(json(other).to_string())),
    }
}

fn json(value: &Scalar) -> Value {
    let inner = |value: &AnyValue| value.value.as_ref().map_or(Value::Null, json);
    match value {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Truth(truth) => (*truth).into(),
        Scalar::Integer(number) => (*number).into(),
        Scalar::Float(number) => (*number).into(),
        Scalar::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Scalar::List(list) => list.values.iter().map(inner).collect(),
        Scalar::Map(map) => {
            let pair = |pair: &Pair| (pair.key.clone(), pair.value.as_ref().map_or(Value::Null, inner));
            map.values.iter().map(pair).collect::<Map<_, _>>().into()
        }
    }
}
