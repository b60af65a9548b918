//! What a registry's view functions answered, decoded or as ABI words → enclaves. State now, not history.

use super::{Context, Origin, Out, Value};
use crate::journal::import::value::{moment, unix};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha3::{Digest, Keccak256};

/// `getTEE` with and without the OHTTP configuration, and lists of either.
const SHAPES: [&str; 4] = [
    "(address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256,(uint8,uint16,uint16,uint16,bytes,bytes,uint256))[]",
    "(address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256)[]",
    "(address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256,(uint8,uint16,uint16,uint16,bytes,bytes,uint256))",
    "(address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256)",
];

/// An answer decoded by whoever asked: `{owner, endpoint, publicKey, pcrHash, enabled, registeredAt, …}`.
pub(super) fn object(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    let bytes = |name: &str| {
        let text = members.text(name)?;
        match text.strip_prefix("0x") {
            Some(digits) => hex::decode(digits).ok(),
            None => STANDARD.decode(text.as_bytes()).ok().or_else(|| hex::decode(text.as_bytes()).ok()),
        }
    };
    let Some(key) = bytes("publicKey").filter(|key| !key.is_empty()) else {
        return out.fault(&value.origin, "an enclave without a public key in hex or base64");
    };
    let flag = |name: &str| members.get(name).map(|raw| raw.get() == "true");
    let record = Record {
        key,
        certificate: bytes("tlsCertificate").unwrap_or_default(),
        pcr_hash: members.text("pcrHash").unwrap_or_default().into_owned(),
        endpoint: members.text("endpoint").unwrap_or_default().into_owned(),
        is_enabled: flag("enabled").or_else(|| flag("active")).unwrap_or(true),
        registered: members.get("registeredAt").and_then(moment),
        registry: value.beside.and_then(|beside| beside.text("registry")).map(std::borrow::Cow::into_owned),
    };
    record.write(context, &value.origin, out);
}

/// A bare ABI result. It is read only if encoding what was read gives the same bytes.
pub(super) fn result(text: &str, origin: &Origin<'_>, context: &Context, out: &mut Out) -> bool {
    let Ok(bytes) = hex::decode(text.strip_prefix("0x").unwrap_or(text)) else { return false };
    if let Some(ids) = ids(&bytes) {
        enabled(&ids, origin, context, out);
        return true;
    }
    if bytes.len() < 11 * 32 {
        return false;
    }
    for shape in SHAPES {
        let Ok(kind) = DynSolType::parse(shape) else { continue };
        let Ok(value) = kind.abi_decode(&bytes) else { continue };
        if value.abi_encode() != bytes {
            continue;
        }
        let several = value.as_array().map(<[DynSolValue]>::to_vec);
        let records = several.unwrap_or_else(|| vec![value]);
        for record in records.iter().filter_map(|value| Record::of(value.as_tuple()?)) {
            record.write(context, origin, out);
        }
        return true;
    }
    false
}

/// What the first generation's `getActiveTEEs` answers, and `getEnabledTEEs` of all: `bytes32[]`. Ids are hashes, so words
/// that begin with zeros are something else.
fn ids(bytes: &[u8]) -> Option<Vec<String>> {
    let (words, []) = bytes.as_chunks::<32>() else { return None };
    let [offset, length, ids @ ..] = words else { return None };
    let is_number = |word: &[u8; 32], n: usize| {
        word[..24] == [0; 24] && word[24..] == u64::try_from(n).unwrap_or(u64::MAX).to_be_bytes()
    };
    let fits = is_number(offset, 32) && is_number(length, ids.len()) && !ids.is_empty();
    (fits && ids.iter().all(|id| id[..4] != [0; 4] && id[28..] != [0; 4]))
        .then(|| ids.iter().map(|id| format!("0x{}", hex::encode(id))).collect())
}

/// Which enclaves were enabled when somebody asked; the answer does not say when that was.
fn enabled(ids: &[String], origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let Some(at) = context.at else {
        let reason =
            "kept, not mapped: a list of enclaves holds no time; --assume-at says when it was asked for";
        return out.fault(origin, reason);
    };
    let id = hex::encode(Keccak256::digest(ids.concat()));
    let mut line = out.record("registry-answer", &format!("enabled:{}", &id[..32]), at);
    line.texts("enabled", ids).maybe_number("chain_id", context.chain).assume("at").finish(origin);
}

struct Record {
    key: Vec<u8>,
    certificate: Vec<u8>,
    pcr_hash: String,
    endpoint: String,
    is_enabled: bool,
    registered: Option<crate::model::Nanos>,
    registry: Option<String>,
}

impl Record {
    fn of(fields: &[DynSolValue]) -> Option<Self> {
        Some(Self {
            endpoint: fields.get(2)?.as_str()?.to_owned(),
            key: fields.get(3)?.as_bytes()?.to_vec(),
            certificate: fields.get(4)?.as_bytes()?.to_vec(),
            pcr_hash: fields.get(5)?.as_fixed_bytes().map(|(word, _)| format!("0x{}", hex::encode(word)))?,
            is_enabled: fields.get(7)?.as_bool()?,
            registered: fields.get(8)?.as_uint().and_then(|(at, _)| u64::try_from(at).ok()).and_then(unix),
            registry: None,
        })
    }

    fn write(&self, context: &Context, origin: &Origin<'_>, out: &mut Out) {
        let Some(at) = self.registered.or(context.at) else {
            return out
                .fault(origin, "kept, not mapped: an enclave without registeredAt; --assume-at gives one");
        };
        let tee = format!("0x{}", hex::encode(Keccak256::digest(&self.key)));
        let mut line = out.record("enclave", &format!("enclave:{tee}"), at);
        // It was registered then; that it is disabled now says nothing of when.
        line.text("tee_id", &tee).text("state", "registered").text("public_key", &STANDARD.encode(&self.key));
        line.text("pcr_hash", &self.pcr_hash).text("endpoint", &self.endpoint);
        if !self.certificate.is_empty() {
            line.text("tls_certificate", &STANDARD.encode(&self.certificate));
        }
        line.raw("enabled_when_asked", if self.is_enabled { "true" } else { "false" });
        line.maybe_number("chain_id", context.chain).maybe("registry", self.registry.as_deref());
        if self.registered.is_none() {
            line.assume("at");
        }
        line.finish(origin);
    }
}
