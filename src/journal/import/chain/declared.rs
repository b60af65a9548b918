//! Declarations whose structs name their members, which alloy's own reading of Solidity leaves out: types for alloy, names
//! for people.
//!
//! ```text
//! event E(string id, (uint8 mode, string[] stop)[] request)
//!         └ alloy: event E(string id, (uint8,string[])[] request)      names: id, request{mode, stop}
//! ```

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::hex::encode_prefixed;
use serde_json::{Map, Value};

/// A parameter or member, and the members of its struct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) members: Vec<Self>,
}

/// The declaration as alloy reads it, and the names in it.
pub(super) fn declared(text: &str) -> (String, Vec<Named>) {
    let open = text.find('(').unwrap_or(text.len());
    let (types, names) = parameters(&text[open..], Keep::Names);
    (format!("{}{types}", &text[..open]), names)
}

/// Whether a parameter's name stays in the text: inside of structs alloy reads types only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Names,
    Types,
}

/// `(type name, (…)[] name)` → the same with bare types inside of structs.
fn parameters(text: &str, keep: Keep) -> (String, Vec<Named>) {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or_default();
    let (mut types, mut names) = (Vec::new(), Vec::new());
    for parameter in at_commas(inner) {
        let parameter = parameter.trim();
        let end = if parameter.starts_with('(') { closing(parameter) } else { 0 };
        let (members, written) = match end {
            0 => (Vec::new(), parameter.split(' ').next().unwrap_or_default().to_owned()),
            _ => {
                let (types, members) = parameters(&parameter[..end], Keep::Types);
                let suffix = parameter[end..].split(' ').next().unwrap_or_default();
                (members, format!("{types}{suffix}"))
            }
        };
        let rest = parameter[end..].split_once(' ').map_or("", |(_, rest)| rest);
        let name = rest.rsplit(' ').next().unwrap_or_default().to_owned();
        types.push(if keep == Keep::Names { format!("{written} {rest}") } else { written });
        names.push(Named { name, members });
    }
    (format!("({})", types.join(", ")), names)
}

/// The place after the bracket that closes the first one.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    let end = text.char_indices().find(|(_, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if !text.trim().is_empty() {
        parts.push(&text[begin..]);
    }
    parts
}

/// A value as JSON: structs as objects, numbers beyond 2^53 as text, bytes as hex.
pub(super) fn json(value: &DynSolValue, members: &[Named]) -> Value {
    match value {
        DynSolValue::Tuple(values) => {
            let name = |n: usize| members.get(n).map_or_else(|| n.to_string(), |named| named.name.clone());
            let inner = |n: usize| members.get(n).map_or(&[][..], |named| &named.members);
            let pairs = values.iter().enumerate().map(|(n, value)| (name(n), json(value, inner(n))));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => {
            values.iter().map(|value| json(value, members)).collect()
        }
        DynSolValue::Bool(truth) => (*truth).into(),
        DynSolValue::Uint(number, _) => match u64::try_from(*number) {
            Ok(number) if number <= 1 << 53 => number.into(),
            _ => number.to_string().into(),
        },
        DynSolValue::Int(number, _) => match i64::try_from(*number) {
            Ok(number) if number.unsigned_abs() <= 1 << 53 => number.into(),
            _ => number.to_string().into(),
        },
        other => shown(other).into(),
    }
}

/// A value as text: words and addresses as hex with `0x`, numbers as decimal digits, bytes as hex.
pub(super) fn shown(value: &DynSolValue) -> String {
    match value {
        DynSolValue::FixedBytes(word, size) => encode_prefixed(&word[..*size]),
        DynSolValue::Address(address) => encode_prefixed(address),
        DynSolValue::Uint(number, _) => match u128::try_from(*number) {
            Ok(number) => number.to_string(),
            Err(_) => number.to_string(),
        },
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Bytes(bytes) => encode_prefixed(bytes),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Bool(truth) => truth.to_string(),
        other => other
            .as_fixed_seq()
            .or(other.as_array())
            .map_or_else(String::new, |parts| parts.iter().map(shown).collect::<Vec<_>>().join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_parted_into_types_and_names() {
        let (types, names) = declared(
            "event E(string id, address indexed who, (uint8 mode, (string k, int128[] v)[] rows)[] request)",
        );
        assert_eq!(types, "event E(string id, address indexed who, (uint8, (string, int128[])[])[] request)");
        let leaf = |name: &str| Named { name: name.to_owned(), members: Vec::new() };
        let rows = Named { name: "rows".to_owned(), members: vec![leaf("k"), leaf("v")] };
        let request = Named { name: "request".to_owned(), members: vec![leaf("mode"), rows] };
        assert_eq!(names, [leaf("id"), leaf("who"), request]);
        assert_eq!(declared("event Settled()"), ("event Settled()".to_owned(), Vec::new()));
    }
}
