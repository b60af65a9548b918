//! x402 payloads, requirements and settlement replies, versions 1 and 2, as JSON or as base64 headers → payments.
//!
//! A payment's id is made of what the payer signed (`x402:<nonce>` of an EIP-3009 authorisation), so the payload, the
//! facilitator's request and the chain's `AuthorizationUsed` meet in one payment without being joined.

use super::json::Value;
use super::line::quoted;
use super::value::{Members, hex_of, number, unix};
use super::{Context, Origin, Out};
use crate::model::{Amount, Nanos};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::borrow::Cow;

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    let beside = |name: &str| value.beside.and_then(|beside| beside.object(name));
    if let Some(payload) = members.object("paymentPayload") {
        let required = members.object("paymentRequirements");
        let text = joined(&payload, required.is_some().then(|| members.get("paymentRequirements")).flatten());
        return pay(&payload, required, &text, &Extra::default(), context.at, &value.origin, out);
    }
    if members.object("payload").is_some() {
        let required = beside("paymentRequirements");
        let text = String::from_utf8_lossy(value.origin.bytes);
        return pay(members, required, &text, &Extra::default(), context.at, &value.origin, out);
    }
    alone(members, &value.origin, context, out);
}

/// A document that is no payload: a reply or an offer.
fn alone(members: &Members<'_>, origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let (kind, what) = if members.has("success") {
        ("x402-settlement", "a settlement reply")
    } else if members.has("isValid") {
        ("x402-verification", "a verification reply")
    } else if members.has("accepts") {
        ("x402-requirement", "a payment requirement")
    } else {
        ("x402-document", "an x402 document")
    };
    let Some(at) = context.at else {
        let reason = format!(
            "kept, not mapped: {what} holds no time; keep it in its exchange (HAR), or --assume-at gives one"
        );
        return out.fault(origin, &reason);
    };
    reply(kind, members, at, origin, out);
}

/// A header by itself, a line of base64.
pub(super) fn encoded(text: &str, origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let plain = decoded(text);
    match plain.as_deref().and_then(Members::parse) {
        Some(members) if !members.has("payload") => alone(&members, origin, context, out),
        Some(members) => {
            let text = plain.as_deref().unwrap_or_default();
            pay(&members, None, text, &Extra::default(), context.at, origin, out);
        }
        None => out.fault(origin, "base64 that is no JSON object"),
    }
}

/// A reply or an offer: no payment by itself, for it names no amount or no payer.
fn reply(kind: &str, members: &Members<'_>, at: Nanos, origin: &Origin<'_>, out: &mut Out) {
    let id = format!("{kind}:{}", &hex::encode(<sha2::Sha256 as sha2::Digest>::digest(origin.bytes))[..32]);
    let mut line = out.record(kind, &id, at);
    for (name, raw) in &members.0 {
        if !["kind", "id", "at", "node", "import"].contains(&&**name) {
            line.raw(name, raw.get());
        }
    }
    line.assume("at").finish(origin);
}

/// A payment as HTTP headers carry it, with the reply's header if there is one.
pub(super) fn header(
    payload: &str,
    reply: Option<&str>,
    session: Option<&str>,
    at: Option<Nanos>,
    context: &Context,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let Some(text) = decoded(payload) else {
        return out.fault(origin, "a payment header that is not base64 of JSON");
    };
    let Some(members) = Members::parse(&text) else {
        return out.fault(origin, "a payment header that is no JSON object");
    };
    let reply = reply.and_then(decoded);
    let reply = reply.as_deref().and_then(Members::parse);
    let extra = Extra { reply: reply.as_ref(), session, at };
    pay(&members, None, &text, &extra, context.at, origin, out);
}

/// Who pays, of a payment header.
pub(super) fn payer_in_header(payload: &str) -> Option<String> {
    let text = decoded(payload)?;
    let signed = Members::parse(&text)?.object("payload")?;
    let from = |name: &str| signed.object(name).and_then(|a| a.text("from").map(Cow::into_owned));
    from("authorization").or_else(|| from("permit2Authorization"))
}

fn decoded(header: &str) -> Option<String> {
    let bytes = STANDARD.decode(header.trim()).or_else(|_| URL_SAFE.decode(header.trim())).ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with('{'))
}

/// A version 1 payload with its requirement put beside it, as the ladder reads it.
fn joined(payload: &Members<'_>, required: Option<&serde_json::value::RawValue>) -> String {
    let mut parts: Vec<String> = payload
        .0
        .iter()
        .map(|(name, raw)| format!("{}:{}", serde_json::Value::from(&**name), raw.get()))
        .collect();
    if let (Some(required), false) = (required, payload.has("accepted")) {
        parts.push(format!("\"paymentRequirements\":{}", required.get()));
    }
    format!("{{{}}}", parts.join(","))
}

/// What was captured around a payload.
#[derive(Default)]
struct Extra<'x, 'a> {
    reply: Option<&'x Members<'a>>,
    session: Option<&'x str>,
    at: Option<Nanos>,
}

fn pay(
    members: &Members<'_>,
    required: Option<Members<'_>>,
    text: &str,
    extra: &Extra<'_, '_>,
    fallback: Option<Nanos>,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let accepted = members.object("accepted").or(required).unwrap_or_default();
    let Some(payload) = members.object("payload") else {
        return out.fault(origin, "a payment payload without `payload`");
    };
    if payload.has("delegator") {
        return delegated(&payload, &accepted, extra.at, fallback, origin, out);
    }
    let exact = payload.object("authorization");
    let Some(signed) = exact.clone().or_else(|| payload.object("permit2Authorization")) else {
        return out.fault(origin, "kept, not mapped: neither an EIP-3009 nor a Permit2 authorisation");
    };
    let witness = signed.object("witness").unwrap_or_default();
    let permitted = signed.object("permitted").unwrap_or_default();
    let (Some(from), Some(to)) = (signed.text("from"), signed.text("to").or_else(|| witness.text("to")))
    else {
        return out.fault(origin, "an authorisation without `from` or `to`");
    };
    let amount =
        signed.text("value").or_else(|| permitted.text("amount")).or_else(|| plain(&signed, "value"));
    let Some(amount) = amount.filter(|text| Amount::parse(text).is_ok()) else {
        return out.fault(origin, "an authorisation whose amount is no decimal integer");
    };
    let after = signed.number("validAfter").or_else(|| witness.number("validAfter"));
    let Some(at) = extra.at.or_else(|| after.and_then(unix)).or(fallback) else {
        return out
            .fault(origin, "kept, not mapped: validAfter is 0, so no time is in it; --assume-at gives one");
    };
    let nonce = signed.text("nonce").or_else(|| plain(&signed, "nonce")).unwrap_or_default();
    let token = accepted.text("asset").or_else(|| permitted.text("token"));
    let network = accepted.text("network").or_else(|| members.text("network"));
    let settled =
        extra.reply.and_then(|reply| reply.text("transaction")).filter(|tx| hex_of::<32>(tx).is_some());
    let mut line = out.record("payment", &payment_id(&nonce, &from, exact.is_some()), at);
    line.text("payer", &from).text("payee", &to).text("amount", &amount);
    asset(&mut line, &accepted, token.as_deref(), network.as_deref());
    // Only the chain can say that it was settled; a reply is kept as said.
    line.text("state", "authorized");
    line.text("scheme", if exact.is_some() { "exact" } else { "upto" }).raw("authorization", text);
    line.maybe("session", extra.session).maybe("said_tx", settled.as_deref());
    if let Some(reply) = extra.reply {
        let said = reply.get("success").map_or("null", serde_json::value::RawValue::get);
        line.raw("said_success", said).maybe("said_error", reply.text("errorReason").as_deref());
    }
    if extra.at.is_none() {
        line.assume("at");
    }
    line.finish(origin);
}

/// ERC-7710: a delegation that only its manager on the chain can judge. It names no payment; its requirement does.
fn delegated(
    payload: &Members<'_>,
    accepted: &Members<'_>,
    at: Option<Nanos>,
    fallback: Option<Nanos>,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let (Some(payer), Some(payee), Some(amount)) =
        (payload.text("delegator"), accepted.text("payTo"), accepted.text("amount"))
    else {
        return out.fault(
            origin,
            "a delegation without `delegator`, or without the `payTo` and `amount` it is for",
        );
    };
    let Some(when) = at.or(fallback) else {
        return out.fault(origin, "kept, not mapped: a delegation holds no time; --assume-at gives one");
    };
    if Amount::parse(&amount).is_err() {
        return out.fault(origin, "a delegation for an amount that is no decimal integer");
    }
    let id = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(origin.bytes));
    let mut line = out.record("payment", &format!("delegation:{}", &id[..32]), when);
    line.text("payer", &payer).text("payee", &payee).text("amount", &amount);
    asset(&mut line, accepted, accepted.text("asset").as_deref(), accepted.text("network").as_deref());
    line.text("state", "authorized").text("scheme", "exact");
    line.maybe("delegation_manager", payload.text("delegationManager").as_deref());
    if at.is_none() {
        line.assume("at");
    }
    line.finish(origin);
}

/// `x402:<nonce>` of EIP-3009, whose nonces are random and used once per payer; Permit2 nonces are a payer's own numbers.
pub(super) fn payment_id(nonce: &str, payer: &str, is_exact: bool) -> String {
    let (nonce, payer) = (nonce.to_lowercase(), payer.to_lowercase());
    if is_exact { format!("x402:{nonce}") } else { format!("permit2:{payer}:{nonce}") }
}

fn plain<'a>(members: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
    members
        .get(name)
        .map(|raw| Cow::Borrowed(raw.get()))
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
}

fn asset(
    line: &mut super::line::Line<'_>,
    accepted: &Members<'_>,
    token: Option<&str>,
    network: Option<&str>,
) {
    let chain = network.and_then(chain_of);
    let extra = accepted.object("extra").unwrap_or_default();
    let known =
        token.zip(chain).and_then(|(token, chain)| TOKENS.iter().find(|known| known.is(chain, token)));
    let symbol =
        known.map(|known| known.symbol.to_owned()).or_else(|| extra.text("name").map(Cow::into_owned));
    let mut parts = Vec::new();
    if let Some(symbol) = symbol {
        parts.push(format!("\"symbol\":{}", quoted(&symbol)));
    }
    let decimals = extra.get("decimals").and_then(number).or(known.map(|known| known.decimals));
    parts.extend(
        decimals.filter(|decimals| *decimals < 256).map(|decimals| format!("\"decimals\":{decimals}")),
    );
    parts.extend(chain.map(|chain| format!("\"chain_id\":\"eip155:{chain}\"")));
    parts.extend(token.map(|token| format!("\"contract\":{}", quoted(token))));
    line.raw("asset", &format!("{{{}}}", parts.join(",")));
}

/// CAIP-2, or the names of version 1.
pub(super) fn chain_of(network: &str) -> Option<u64> {
    match network {
        "base" => Some(8453),
        "base-sepolia" => Some(84532),
        "avalanche" => Some(43114),
        "avalanche-fuji" => Some(43113),
        "iotex" => Some(4689),
        "polygon" => Some(137),
        _ => network.strip_prefix("eip155:")?.parse().ok(),
    }
}

/// A token whose decimals are known here, because no payload or log names them.
pub(super) struct Token {
    pub(super) chain: u64,
    pub(super) contract: &'static str,
    pub(super) symbol: &'static str,
    pub(super) decimals: u64,
}

impl Token {
    pub(super) fn is(&self, chain: u64, contract: &str) -> bool {
        self.chain == chain && self.contract.eq_ignore_ascii_case(contract)
    }
}

pub(super) const TOKENS: [Token; 3] = [
    Token {
        chain: 8453,
        contract: "0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB",
        symbol: "OPG",
        decimals: 18,
    },
    Token {
        chain: 8453,
        contract: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        symbol: "USDC",
        decimals: 6,
    },
    Token {
        chain: 84532,
        contract: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        symbol: "USDC",
        decimals: 6,
    },
];
