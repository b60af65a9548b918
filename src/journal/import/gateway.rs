//! OpenGradient gateway responses and what SDKs and relays keep of them → inferences (PROOFS §2).
//!
//! ```text
//! {…,"choices":[…],"tee_signature":…}                 a response, v1
//! {"finish_reason","message","model","request_hash","timestamp",…}   a response, v0
//! {"chat_output":…,"payment_hash":…}                  SDK TextGenerationOutput
//! {"tee_id","request_hash","output_hash","signature"} SDK TeeProof
//! {"input":…,"output":…,"teeSignature":…}             the individual settlement's Walrus blob
//! {"request":…,"response":…}                          an exchange: any of these with its request and headers
//! ```

use super::json::Value;
use super::line::Line;
use super::tell::shape;
use super::value::{Members, moment, moment_of, number, unix};
use super::{Context, Format, Origin, Out};
use crate::model::Nanos;
use base64::Engine;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The agent of a request nobody put a name to.
const NOBODY: &str = "(unknown)";

/// A response with what was found around it.
#[derive(Default)]
pub(super) struct Exchange<'a> {
    pub(super) request: Option<&'a RawValue>,
    pub(super) response: Members<'a>,
    pub(super) raw: Option<&'a RawValue>,
    pub(super) asked: Headers<'a>,
    pub(super) answered: Headers<'a>,
    /// When the capture says that it was answered.
    pub(super) at: Option<Nanos>,
    pub(super) latency_ms: Option<u64>,
    /// HTTP status.
    pub(super) status: Option<u64>,
    /// The text put together from a stream.
    pub(super) output: Option<String>,
    /// A response put together from a stream.
    pub(super) assembled: Option<String>,
    /// The stream ended before its end.
    pub(super) is_truncated: bool,
}

/// HTTP headers; names are lower case.
#[derive(Clone, Default)]
pub(super) struct Headers<'a>(pub(super) Vec<(String, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    pub(super) fn of(members: Option<Members<'a>>) -> Self {
        let members = members.unwrap_or_default().0.into_iter();
        Self(
            members.filter_map(|(name, raw)| Some((name.to_lowercase(), super::value::text(raw)?))).collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

/// Reads an object as a request beside its response, if it is one.
pub(super) fn exchange<'a>(members: &Members<'a>) -> Option<Exchange<'a>> {
    const RESPONSES: [&str; 5] = ["response_body", "response", "output", "body", "result"];
    const REQUESTS: [&str; 4] = ["request_body", "request", "input", "body"];
    let (name, raw, response) = RESPONSES.iter().find_map(|name| {
        let raw = members.get(name)?;
        let response = Members::parse(raw.get())?;
        // One level of `{status, headers, body}` around the answer is looked through.
        let inner = response.get("body").and_then(|raw| Some((raw, Members::parse(raw.get())?)));
        let (raw, response) = inner.unwrap_or((raw, response));
        (shape(&response) == Some(Format::Gateway)).then_some((*name, raw, response))
    })?;
    let request = REQUESTS.iter().filter(|other| **other != name).find_map(|name| {
        let raw = members.get(name).filter(|raw| raw.get().starts_with('{'))?;
        if memchr::memmem::find(raw.get().as_bytes(), b"\"body\"").is_none() {
            return Some(raw);
        }
        let object = Members::parse(raw.get())?;
        let inner = object.get("body").filter(|_| !object.has("messages") && !object.has("prompt"));
        inner.or(Some(raw)).filter(|raw| raw.get().starts_with('{'))
    });
    let at = ["at", "time", "timestamp", "created_at", "date"]
        .iter()
        .find_map(|name| members.get(name).and_then(moment));
    Some(Exchange {
        request,
        response,
        raw: Some(raw),
        asked: Headers::of(members.object("request_headers")),
        answered: Headers::of(members.object("response_headers").or_else(|| members.object("headers"))),
        at,
        latency_ms: members.number("latency_ms").or_else(|| members.number("duration_ms")),
        status: members.number("status").or_else(|| members.number("status_code")),
        ..Exchange::default()
    })
}

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    if members.has("teeSignature")
        && members.has("output")
        && let Some(mut found) = exchange(members)
    {
        found.at = None;
        return translate_exchange(&found, &value.origin, context, out);
    }
    let raw = std::str::from_utf8(value.origin.bytes).ok().and_then(|text| serde_json::from_str(text).ok());
    let mut found = Exchange { response: members.clone(), raw, ..Exchange::default() };
    if let Some(beside) = value.beside {
        let request =
            ["request", "request_body", "canonical_request"].iter().find_map(|name| beside.get(name));
        found.request = request.filter(|raw| raw.get().starts_with('{'));
    }
    translate_exchange(&found, &value.origin, context, out);
}

/// The fields of a response that proofs are made of, under whatever names they stand.
struct Tee<'a> {
    id: Option<Cow<'a, str>>,
    request_hash: Option<Cow<'a, str>>,
    output_hash: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    timestamp: Option<u64>,
    /// A signature of the first scheme signs its time as text.
    is_v0: bool,
}

fn tee<'a>(exchange: &'a Exchange<'a>) -> Tee<'a> {
    let response = &exchange.response;
    let text = |names: &[&str], header: &str| {
        let own = names.iter().find_map(|name| response.text(name)).filter(|text| !text.is_empty());
        own.or_else(|| exchange.answered.get(header).map(Cow::Borrowed))
    };
    let is_v0 =
        response.has("request_hash") && !response.has("output_hash") && !response.has("tee_output_hash");
    let times = ["tee_timestamp", "timestamp"];
    let stamped = times.iter().find_map(|name| response.get(name));
    let timestamp =
        stamped.and_then(|raw| number(raw).or_else(|| moment(raw).map(|at| at.unix().unsigned_abs())));
    let header = || exchange.answered.get("x-tee-timestamp").and_then(|text| text.parse().ok());
    let fingerprint = response.text("system_fingerprint").filter(|text| is_signature(text));
    Tee {
        id: text(&["tee_id"], "x-tee-id").or_else(|| text(&[], "x-opengradient-tee-id")),
        request_hash: text(&["tee_request_hash", "request_hash"], "x-tee-request-hash"),
        output_hash: text(&["tee_output_hash", "output_hash"], "x-tee-output-hash"),
        signature: text(&["tee_signature", "signature", "signature_b64"], "x-tee-signature").or(fingerprint),
        timestamp: timestamp.filter(|_| !is_v0).or_else(header),
        is_v0,
    }
}

/// The first gateways put their signature where OpenAI has a fingerprint: base64 of an RSA signature, 256 bytes or more.
fn is_signature(text: &str) -> bool {
    text.len() >= 340
        && base64::engine::general_purpose::STANDARD.decode(text).is_ok_and(|bytes| bytes.len() >= 256)
}

pub(super) fn translate_exchange(
    exchange: &Exchange<'_>,
    origin: &Origin<'_>,
    context: &Context,
    out: &mut Out,
) {
    let response = &exchange.response;
    let tee = tee(exchange);
    let named = ["created", "timestamp"].iter().find_map(|name| response.get(name).and_then(moment));
    // SDK outputs carry their time as text.
    let sdk = response.text("tee_timestamp").and_then(|text| moment_of(&text));
    let known = tee.timestamp.and_then(unix).or(sdk).or(named).or(exchange.at);
    let Some(at) = known.or(context.at) else {
        let reason =
            "kept, not mapped: no time in it (neither tee_timestamp nor created); --assume-at gives one";
        return out.fault(origin, reason);
    };
    let request = exchange.request.and_then(|raw| Members::parse(raw.get())).unwrap_or_default();
    let model = request.text("model").or_else(|| response.text("model"));
    let id = id_of(response, &tee, origin);
    let (agent, is_named) = agent(exchange, &request, context);
    let mut line = out.record("inference", &id, at);
    line.text("agent", &agent).text("model", model.as_deref().unwrap_or("(unknown)"));
    if known.is_none() {
        line.assume("at");
    }
    if !is_named {
        line.assume("agent");
    }
    if model.is_none() {
        line.assume("model");
    }
    tee_fields(&mut line, &tee);
    content(&mut line, exchange, &tee);
    outcome(&mut line, exchange);
    settlement(&mut line, exchange);
    said(&mut line, exchange);
    line.finish(origin);
}

/// The response's own id, else one made of what is signed, so that two captures of one answer have one id.
fn id_of(response: &Members<'_>, tee: &Tee<'_>, origin: &Origin<'_>) -> String {
    if let Some(id) = response.text("id").filter(|id| !id.is_empty()) {
        return id.into_owned();
    }
    let bare = |text: &Option<Cow<'_, str>>| {
        text.as_deref().map(|text| text.trim_start_matches("0x").to_lowercase()).unwrap_or_default()
    };
    let signed = match (&tee.request_hash, &tee.signature) {
        (None, None) => hex::encode(Sha256::digest(origin.bytes)),
        _ => {
            let signature = bare(&tee.signature);
            hex::encode(Sha256::digest(format!(
                "{}|{}|{signature}",
                bare(&tee.request_hash),
                bare(&tee.output_hash)
            )))
        }
    };
    format!("response-{}", &signed[..32])
}

fn tee_fields(line: &mut Line<'_>, tee: &Tee<'_>) {
    line.maybe("tee_id", tee.id.as_deref());
    line.maybe("tee_request_hash", tee.request_hash.as_deref());
    line.maybe("tee_output_hash", tee.output_hash.as_deref());
    line.maybe("tee_signature", tee.signature.as_deref());
    line.maybe_number("tee_timestamp", tee.timestamp);
    if tee.signature.is_some() || tee.request_hash.is_some() {
        line.text("proof", "tee");
    }
    if tee.is_v0 {
        line.text("scheme", "v0");
    }
}

fn content(line: &mut Line<'_>, exchange: &Exchange<'_>, tee: &Tee<'_>) {
    let response = &exchange.response;
    line.maybe_raw("request", exchange.request);
    if let Some(output) = &exchange.output {
        line.text("output", output);
    } else if let Some(output) = response.text("completion_output") {
        line.text("output", &output);
    } else if let Some(chat) = response.get("chat_output") {
        // The shape that the output's hash is computed from: the message as a choice.
        let reason = response.get("finish_reason").map_or("null", RawValue::get);
        line.raw(
            "response",
            &format!(r#"{{"choices":[{{"message":{},"finish_reason":{reason}}}]}}"#, chat.get()),
        );
    } else if let Some(assembled) = &exchange.assembled {
        line.raw("response", assembled);
    } else if response.has("choices") || tee.is_v0 {
        line.maybe_raw("response", exchange.raw);
    }
}

fn outcome(line: &mut Line<'_>, exchange: &Exchange<'_>) {
    let response = &exchange.response;
    let usage = response.object("usage").unwrap_or_default();
    line.maybe_number("tokens_in", usage.number("prompt_tokens").or_else(|| usage.number("input_tokens")));
    line.maybe_number(
        "tokens_out",
        usage.number("completion_tokens").or_else(|| usage.number("output_tokens")),
    );
    line.maybe_number("latency_ms", exchange.latency_ms);
    let is_error = response.get("error").is_some() || exchange.status.is_some_and(|status| status >= 400);
    let status = match (exchange.is_truncated, is_error) {
        (true, _) => "truncated",
        (_, true) => "error",
        _ => "ok",
    };
    line.text("status", status);
    if is_error {
        line.maybe("error", exchange.status.map(|status| format!("http-{status}")).as_deref());
    }
    line.maybe("provider_model", response.text("model").as_deref());
}

/// Where the answer says that it was, or would be, settled: joined with the chain's own events, never believed alone.
fn settlement(line: &mut Line<'_>, exchange: &Exchange<'_>) {
    let (asked, answered, response) = (&exchange.asked, &exchange.answered, &exchange.response);
    line.maybe("session", answered.get("x-upto-session").or_else(|| asked.get("x-upto-session")));
    let own = |name: &str| response.text(name);
    let header = |name: &str| answered.get(name).map(Cow::Borrowed);
    line.maybe("settlement_type", asked.get("x-settlement-type"));
    let tx = header("x-settlement-tx-hash").or_else(|| own("data_settlement_transaction_hash"));
    line.maybe("settlement_tx", tx.as_deref());
    let blob = header("x-settlement-walrus-blob-id").or_else(|| own("data_settlement_blob_id"));
    line.maybe("settlement_blob", blob.as_deref());
    line.maybe("payment_hash", own("payment_hash").as_deref());
}

/// Who says that it was verified. Say-so: the ladder verifies by itself.
fn said(line: &mut Line<'_>, exchange: &Exchange<'_>) {
    if let Some(block) = exchange.response.get("opengradient_verification") {
        line.text("verified_by", "og-veil says so").raw("opengradient_verification", block.get());
    } else if exchange.answered.get("x-opengradient-verified").is_some() {
        line.text("verified_by", "og-veil says so");
    } else if exchange.response.has("signing_key_pem") {
        line.text("verified_by", "the SDK says so");
    }
}

/// The best name there is, and whether it is one.
fn agent(exchange: &Exchange<'_>, request: &Members<'_>, context: &Context) -> (String, bool) {
    let labels = &context.labels;
    let key = exchange.asked.get("authorization").map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
    let key = key.or_else(|| exchange.asked.get("x-api-key"));
    let session = exchange.answered.get("x-upto-session").or_else(|| exchange.asked.get("x-upto-session"));
    let paid = ["payment-signature", "x-payment"].iter().find_map(|name| exchange.asked.get(name));
    let payer = paid.and_then(super::x402::payer_in_header);
    let user = request.text("user");
    let asked =
        [("api_key", key), ("session", session), ("payer", payer.as_deref()), ("user", user.as_deref())];
    let labelled = asked.iter().find_map(|(field, value)| labels.agent(field, (*value)?));
    if let Some(agent) = labelled {
        return (agent.to_owned(), true);
    }
    match payer.or_else(|| user.map(Cow::into_owned)).or_else(|| session.map(|s| format!("session {s}"))) {
        Some(name) => (name, true),
        None => (NOBODY.to_owned(), false),
    }
}
