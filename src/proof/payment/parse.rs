//! The x402 payload, versions 1 and 2, as a payment record's `authorization` holds it.

use super::{Address, Authorization, Signed};
use crate::model::{Amount, Hash};
use crate::proof::Malformed;
use crate::proof::malformed::{hex_array, hex_bytes};
use crate::proof::python_json::{Json, parse as parse_json};
use ruint::aliases::U256;

/// Why a version 1 payload alone cannot be checked: not a fault of the payload.
pub const NO_REQUIREMENT: &str =
    "no `accepted` requirement beside the payload: asset and domain are not known";

/// Reads a payload. Version 1 names no asset and no domain, so `accepted` must be there, from the version 2 payload or put
/// beside it by the recorder.
pub fn parse(text: &str) -> Result<Signed, Malformed> {
    let document = parse_json(text)?;
    if let Some(at) = document.duplicate_key {
        return Err(Malformed::new(at, "a key is there twice"));
    }
    let json = document.value;
    let accepted = json.member("accepted").or_else(|| json.member("paymentRequirements"));
    let accepted = accepted.ok_or(malformed(NO_REQUIREMENT))?;
    let payload = json.member("payload").ok_or(malformed("no payload"))?;
    let signature = text_of(payload, "signature")?;
    if !signature.starts_with("0x") {
        return Err(malformed("a signature starts with 0x"));
    }
    let signature = hex_bytes(signature)?;
    let network = accepted.member("network").or_else(|| json.member("network")).and_then(Json::as_str);
    let chain_id = network.and_then(chain_id).ok_or(malformed("a network is eip155 and a number"))?;
    let token = address(accepted, "asset")?;
    match (payload.member("authorization"), payload.member("permit2Authorization")) {
        (Some(authorization), None) => transfer(authorization, accepted, chain_id, token, signature),
        (None, Some(authorization)) => permit(authorization, chain_id, token, signature),
        _ => Err(malformed("a payload has one of authorization and permit2Authorization")),
    }
}

fn transfer(
    json: &Json,
    accepted: &Json,
    chain_id: u64,
    token: Address,
    signature: Vec<u8>,
) -> Result<Signed, Malformed> {
    let extra = accepted.member("extra").ok_or(malformed("no token name and version in `extra`"))?;
    let nonce = text_of(json, "nonce")?;
    Ok(Signed {
        authorization: Authorization::Transfer {
            token_name: text_of(extra, "name")?.to_owned(),
            token_version: text_of(extra, "version")?.to_owned(),
            nonce: Hash(hex_array(nonce)?),
        },
        chain_id,
        token,
        from: address(json, "from")?,
        to: address(json, "to")?,
        amount: number(json, "value")?,
        valid_after: number(json, "validAfter")?,
        valid_before: number(json, "validBefore")?,
        signature,
    })
}

fn permit(json: &Json, chain_id: u64, asset: Address, signature: Vec<u8>) -> Result<Signed, Malformed> {
    let permitted = json.member("permitted").ok_or(malformed("no permitted"))?;
    let witness = json.member("witness").ok_or(malformed("no witness"))?;
    let token = address(permitted, "token")?;
    if token != asset {
        return Err(malformed("the permitted token is not the accepted asset"));
    }
    Ok(Signed {
        authorization: Authorization::Permit2 {
            spender: address(json, "spender")?,
            facilitator: address(witness, "facilitator")?,
            nonce: number(json, "nonce")?,
        },
        chain_id,
        token,
        from: address(json, "from")?,
        to: address(witness, "to")?,
        amount: number(permitted, "amount")?,
        valid_after: number(witness, "validAfter")?,
        valid_before: number(json, "deadline")?,
        signature,
    })
}

/// CAIP-2 `eip155:8453`, or one of the names version 1 used.
fn chain_id(network: &str) -> Option<u64> {
    match network {
        "base" => Some(8453),
        "base-sepolia" => Some(84532),
        _ => network.strip_prefix("eip155:")?.parse().ok(),
    }
}

fn text_of<'a>(json: &'a Json, name: &str) -> Result<&'a str, Malformed> {
    json.member(name).and_then(Json::as_str).ok_or(malformed("a field of the payload is missing or no text"))
}

fn address(json: &Json, name: &str) -> Result<Address, Malformed> {
    let text = text_of(json, name)?;
    if !text.starts_with("0x") {
        return Err(malformed("an address starts with 0x"));
    }
    hex_array(text)
}

/// Decimal text or number; a Permit2 nonce may be hex of 32 bytes.
fn number(json: &Json, name: &str) -> Result<Amount, Malformed> {
    let text = match json.member(name) {
        Some(Json::Integer(digits)) => digits.as_str(),
        _ => text_of(json, name)?,
    };
    if text.starts_with("0x") {
        return hex_array(text).map(|word| Amount(U256::from_be_bytes::<32>(word)));
    }
    Amount::parse(text).map_err(malformed)
}

const fn malformed(what: &'static str) -> Malformed {
    Malformed::new(0, what)
}
