//! JSON as CPython's `json` module reads and writes it, because that is what a gateway signs (PROOFS §2).
//!
//! `json.dumps(value, sort_keys=True)`: `", "` and `": "`, keys in code-point order at every level, ASCII only (DEL too is `\u007f`), integers
//! without bound, floats by `repr`. serde_json does none of these and keeps the last of two equal keys in silence.

mod parse;
mod repr;
mod text;

pub use parse::{Document, MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse};
pub use text::Text;

/// A JSON value that has lost nothing CPython would keep. Object members stay in insertion order.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// Decimal digits with an optional minus; `-0` is `0`, as in Python.
    Integer(String),
    Float(f64),
    Text(Text),
    List(Vec<Json>),
    Object(Vec<(Text, Json)>),
}

impl Json {
    pub fn text(text: &str) -> Self {
        Self::Text(Text::from(text))
    }

    /// A member of an object; `None` for every other value.
    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(name, _)| name.as_bytes() == key.as_bytes()).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// A member that is there and is not `null`, as Python's `d.get(key) is not None`.
    pub fn given(&self, key: &str) -> Option<&Self> {
        self.member(key).filter(|value| **value != Self::Null)
    }

    /// The text of a string without lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_str(),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// Python's `bool(value)`.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Integer(digits) => digits != "0",
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.as_bytes().is_empty(),
            Self::List(values) => !values.is_empty(),
            Self::Object(members) => !members.is_empty(),
        }
    }

    /// Python's `float(value)` for numbers; `None` where Python would raise.
    pub fn to_float(&self) -> Option<f64> {
        match self {
            Self::Integer(digits) => digits.parse().ok().filter(|value: &f64| value.is_finite()),
            Self::Float(value) => Some(*value),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }

    /// `json.dumps(value, sort_keys=True)`: the bytes that were signed.
    pub fn dumps(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(value) => out.push_str(&json_float(*value)),
            Self::Text(text) => text.write_json(out),
            Self::List(values) => {
                out.push('[');
                for (place, value) in values.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                out.push('{');
                for (place, (key, value)) in sorted.into_iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    key.write_json(out);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Python's `str(value)` of a list or object, `repr` of the rest: how gateways before 2026-06 signed list contents.
    pub fn python_repr(&self) -> String {
        let mut out = String::new();
        repr::write(self, &mut out);
        out
    }
}

/// `json.dumps` of a float.
fn json_float(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ if value.is_nan() => "NaN".to_owned(),
        _ => float_repr(value),
    }
}

/// CPython's `repr` of a finite float: shortest digits that read back, an exponent iff below 1e-4 or from 1e16.
pub fn float_repr(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    if !(-4..16).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{direction}{:02}", exponent.unsigned_abs());
    }
    let digits = mantissa.replace('.', "");
    let shift = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(shift - 1));
    }
    if digits.len() <= shift + 1 {
        return format!("{sign}{digits}{}.0", "0".repeat(shift + 1 - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..=shift], &digits[shift + 1..])
}

#[cfg(test)]
mod tests;
