//! EIP-712 typed data: the digest a wallet shows a person and signs.
//!
//! `digest = keccak256(1901 ‖ domain separator ‖ hashStruct(message))`, `hashStruct = keccak256(typeHash ‖ words)`.

use super::abi::{Word, address_word};
use super::hashes::{keccak256, keccak256_of};
use super::malformed::{Malformed, hex_array, hex_bytes};
use super::python_json::Json;
use crate::model::Hash;
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// Struct types by name: each a list of (field, type).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Types(BTreeMap<String, Vec<(String, String)>>);

/// Most struct types, and deepest nesting of values, followed.
const MAX_TYPES: usize = 256;
const MAX_DEPTH: usize = 32;

impl Types {
    /// Reads `{"Mail": [{"name": …, "type": …}, …], …}`. Faults carry no offset: the JSON was parsed before.
    pub fn of_json(json: &Json) -> Result<Self, Malformed> {
        let Json::Object(members) = json else { return Err(malformed("types is an object")) };
        if members.len() > MAX_TYPES {
            return Err(malformed("more than 256 struct types"));
        }
        let mut types = BTreeMap::new();
        for (name, fields) in members {
            let name = name.as_str().ok_or(malformed("a type's name is text"))?;
            let fields = fields.as_list().ok_or(malformed("a type is a list of fields"))?;
            let field = |field: &Json| {
                let text = |name| field.member(name).and_then(Json::as_str).map(str::to_owned);
                Some((text("name")?, text("type")?))
            };
            let fields: Option<Vec<_>> = fields.iter().map(field).collect();
            types.insert(name.to_owned(), fields.ok_or(malformed("a field has a name and a type"))?);
        }
        Ok(Self(types))
    }

    /// `Mail(Person from,Person to,string contents)Person(string name,address wallet)`.
    pub fn encode_type(&self, primary: &str) -> Result<String, Malformed> {
        let mut used = BTreeSet::new();
        let mut waiting = vec![primary.to_owned()];
        while let Some(name) = waiting.pop() {
            let fields = self.0.get(&name).ok_or(malformed("a struct type that is not declared"))?;
            if used.insert(name) {
                let kinds = fields.iter().map(|(_, kind)| element(kind).to_owned());
                waiting.extend(kinds.filter(|kind| self.0.contains_key(kind)));
            }
        }
        used.remove(primary);
        let text = std::iter::once(primary).chain(used.iter().map(String::as_str)).map(|name| {
            let fields: Vec<_> = self.0[name].iter().map(|(field, kind)| format!("{kind} {field}")).collect();
            format!("{name}({})", fields.join(","))
        });
        Ok(text.collect())
    }

    pub fn hash_struct(&self, primary: &str, value: &Json) -> Result<Hash, Malformed> {
        self.encode_struct(primary, value, 0).map(keccak256)
    }

    /// The type hash and one word for each field.
    pub fn encode_data(&self, primary: &str, value: &Json) -> Result<Vec<u8>, Malformed> {
        self.encode_struct(primary, value, 0)
    }

    fn encode_struct(&self, primary: &str, value: &Json, depth: usize) -> Result<Vec<u8>, Malformed> {
        let fields = self.0.get(primary).ok_or(malformed("a struct type that is not declared"))?;
        let mut encoded = keccak256(self.encode_type(primary)?).0.to_vec();
        for (name, kind) in fields {
            let value = value.member(name).ok_or(malformed("a field of the struct is missing"))?;
            encoded.extend(self.word(kind, value, depth + 1)?);
        }
        Ok(encoded)
    }

    fn word(&self, kind: &str, value: &Json, depth: usize) -> Result<Word, Malformed> {
        if depth > MAX_DEPTH {
            return Err(malformed("typed data nested deeper than 32"));
        }
        if let Some((inner, length)) = array_of(kind) {
            let values = value.as_list().ok_or(malformed("an array is a list"))?;
            if length.is_some_and(|length| length != values.len()) {
                return Err(malformed("an array of another length than its type"));
            }
            let words = values.iter().map(|value| self.word(inner, value, depth + 1));
            let words: Vec<Word> = words.collect::<Result<_, _>>()?;
            return Ok(keccak256(words.concat()).0);
        }
        if self.0.contains_key(kind) {
            return self.encode_struct(kind, value, depth).map(|encoded| keccak256(encoded).0);
        }
        atomic(kind, value)
    }
}

/// The domain separator of a domain, whose fields are those it has, in EIP-712's order.
pub fn domain_separator(domain: &Json) -> Result<Hash, Malformed> {
    let order = [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
        ("salt", "bytes32"),
    ];
    let fields = order.into_iter().filter(|(name, _)| domain.given(name).is_some());
    let fields = fields.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    Types(BTreeMap::from([("EIP712Domain".to_owned(), fields)])).hash_struct("EIP712Domain", domain)
}

/// keccak256(0x1901 ‖ domain separator ‖ struct hash).
pub fn digest(domain_separator: &Hash, struct_hash: &Hash) -> Hash {
    keccak256_of(&[&[0x19, 0x01], &domain_separator.0, &struct_hash.0])
}

fn atomic(kind: &str, value: &Json) -> Result<Word, Malformed> {
    match (kind, value) {
        ("bool", Json::Bool(value)) => Ok(integer_word(U256::from(u8::from(*value)))),
        ("string", Json::Text(text)) => Ok(keccak256(text.as_str().ok_or(malformed("a lone surrogate"))?).0),
        ("bytes", _) => Ok(keccak256(hex_bytes(hex_text(value)?)?).0),
        ("address", _) => Ok(address_word(&hex_array(hex_text(value)?)?)),
        _ => match (sized(kind, "bytes"), sized(kind, "uint"), sized(kind, "int")) {
            (Some(size @ 1..=32), ..) => fixed_bytes(size, value),
            (_, Some(bits), _) if is_width(bits) => unsigned(bits, value),
            (.., Some(bits)) if is_width(bits) => signed(bits, value),
            _ => Err(malformed("a value that does not fit its type, or a type that is not known")),
        },
    }
}

fn fixed_bytes(size: usize, value: &Json) -> Result<Word, Malformed> {
    let bytes = hex_bytes(hex_text(value)?)?;
    if bytes.len() != size {
        return Err(malformed("bytesN of another length"));
    }
    let mut word = [0; 32];
    word[..size].copy_from_slice(&bytes);
    Ok(word)
}

fn unsigned(bits: usize, value: &Json) -> Result<Word, Malformed> {
    let (negative, magnitude) = integer(value)?;
    if (negative && !magnitude.is_zero()) || magnitude.bit_len() > bits {
        return Err(malformed("an integer outside its type"));
    }
    Ok(integer_word(magnitude))
}

/// Two's complement; the lowest value of a type has one bit more than the highest.
fn signed(bits: usize, value: &Json) -> Result<Word, Malformed> {
    let (negative, magnitude) = integer(value)?;
    let lowest = U256::from(1) << (bits - 1);
    if (negative && magnitude > lowest) || (!negative && magnitude >= lowest) {
        return Err(malformed("an integer outside its type"));
    }
    Ok(integer_word(if negative { magnitude.wrapping_neg() } else { magnitude }))
}

/// Sign and magnitude of a JSON integer, or of text in decimal or `0x` hex.
fn integer(value: &Json) -> Result<(bool, U256), Malformed> {
    let text = match value {
        Json::Integer(digits) => digits.as_str(),
        other => other.as_str().ok_or(malformed("an integer is a number or text"))?,
    };
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |rest| (rest, 16));
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let number = plain.then(|| U256::from_str_radix(digits, radix).ok()).flatten();
    number.map(|number| (negative, number)).ok_or(malformed("not an integer of 256 bits"))
}

fn integer_word(value: U256) -> Word {
    value.to_be_bytes()
}

fn hex_text(value: &Json) -> Result<&str, Malformed> {
    value.as_str().filter(|text| text.starts_with("0x")).ok_or(malformed("bytes and addresses start with 0x"))
}

/// The number after a prefix: `uint256` → 256.
fn sized(kind: &str, prefix: &str) -> Option<usize> {
    let digits = kind.strip_prefix(prefix)?;
    (!digits.starts_with('0') && digits.len() <= 3).then(|| digits.parse().ok()).flatten()
}

fn is_width(bits: usize) -> bool {
    (8..=256).contains(&bits) && bits.is_multiple_of(8)
}

/// `T[3]` → (T, 3), `T[]` → (T, any).
fn array_of(kind: &str) -> Option<(&str, Option<usize>)> {
    let (inner, length) = kind.strip_suffix(']')?.rsplit_once('[')?;
    if length.is_empty() { Some((inner, None)) } else { Some((inner, Some(length.parse().ok()?))) }
}

/// The type inside all array brackets.
fn element(kind: &str) -> &str {
    kind.split('[').next().unwrap_or(kind)
}

const fn malformed(what: &'static str) -> Malformed {
    Malformed::new(0, what)
}
