//! JSON objects as lists of members, and the values foreign systems write in several ways: numbers as text, hex with and
//! without `0x`, times as seconds or RFC 3339.

use crate::journal::text::Text;
use crate::model::Nanos;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The members of one object in the order they stand in. Values stay text until they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The last member of that name, as serde_json and Python read it.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)?;
        (found.get() != "null").then_some(found)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A name that stands twice: two readers may differ.
    pub fn twice(&self) -> Option<&str> {
        // Of the few names an object has, comparing all is cheaper than sorting them.
        if self.0.len() <= 24 {
            let later = |n: usize, name: &str| self.0[n + 1..].iter().any(|(other, _)| other == name);
            return self
                .0
                .iter()
                .enumerate()
                .find(|(n, (name, _))| later(*n, name))
                .map(|(_, (name, _))| &**name);
        }
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }

    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    pub fn object(&self, name: &str) -> Option<Members<'a>> {
        self.get(name).and_then(|raw| Self::parse(raw.get()))
    }

    pub fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        self.get(name).and_then(list)
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(number)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A JSON string.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    // What is raw was read as JSON already: a string without an escape is what stands between its quotes.
    if let Some(inner) = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && memchr::memchr(b'\\', inner.as_bytes()).is_none()
    {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

pub fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A count: a JSON integer, its decimal text, or `0x` hex.
pub fn number(raw: &RawValue) -> Option<u64> {
    let inner = raw.get().trim_matches('"');
    match inner.strip_prefix("0x").or_else(|| inner.strip_prefix("0X")) {
        Some(digits) if raw.get().starts_with('"') => u64::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => inner.parse().ok(),
    }
}

/// A moment: RFC 3339, or Unix time in seconds, milli-, micro- or nanoseconds told by its size.
pub fn moment(raw: &RawValue) -> Option<Nanos> {
    if let Some(count) = number(raw) {
        return unix(count);
    }
    let inner = text(raw);
    match inner {
        Some(inner) => moment_of(&inner),
        // Seconds with a fraction, as Python's time.time().
        None => raw
            .get()
            .parse::<f64>()
            .ok()
            .filter(|s| (1e8..9.2e9).contains(s))
            .map(|s| Nanos((s * 1e9) as i64)),
    }
}

/// RFC 3339, or the same with a space for `T` or without an offset, which is taken for UTC.
pub fn moment_of(text: &str) -> Option<Nanos> {
    if let Ok(at) = Nanos::parse(text) {
        return Some(at);
    }
    let joined = text.trim().replacen(' ', "T", 1).replace(' ', "");
    let has_offset = joined.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-']));
    let whole = if has_offset { with_colon(&joined) } else { format!("{joined}Z") };
    Nanos::parse(&whole).ok().or_else(|| text.parse().ok().and_then(unix))
}

/// `+0100` as `+01:00`.
fn with_colon(text: &str) -> String {
    let bytes = text.as_bytes();
    let n = bytes.len();
    let bare = n > 5 && matches!(bytes[n - 5], b'+' | b'-') && bytes[n - 4..].iter().all(u8::is_ascii_digit);
    if bare { format!("{}:{}", &text[..n - 2], &text[n - 2..]) } else { text.to_owned() }
}

/// Unix time by its number of digits: seconds until the year 5138, then milliseconds, microseconds, nanoseconds.
pub fn unix(count: u64) -> Option<Nanos> {
    let scale = match count {
        0 => return None,
        1..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let nanos = count.checked_mul(scale)?;
    i64::try_from(nanos).ok().map(Nanos)
}

/// Hex of exactly `N` bytes with or without `0x`.
pub fn hex_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    alloy_primitives::hex::decode_to_slice(digits, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).expect("a test's JSON is right")
    }

    #[test]
    fn numbers_and_moments_are_read_in_the_ways_they_are_written() {
        for (json, found) in
            [("7", Some(7)), ("\"7\"", Some(7)), ("\"0x1f\"", Some(31)), ("-1", None), ("1.5", None)]
        {
            assert_eq!(number(raw(json)), found, "{json}");
        }
        let second = Some(Nanos(1_774_353_587_000_000_000));
        for json in [
            "1774353587",
            "\"1774353587\"",
            "1774353587000",
            "\"2026-03-24T11:59:47Z\"",
            "\"2026-03-24 11:59:47\"",
            "\"2026-03-24T12:59:47+0100\"",
            "\"0x69c27cb3\"",
            "1774353587.0",
        ] {
            assert_eq!(moment(raw(json)), second, "{json}");
        }
        for json in ["0", "\"\"", "\"soon\"", "true", "1e400"] {
            assert_eq!(moment(raw(json)), None, "{json}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_told() {
        let members = Members::parse(r#"{"a":1,"b":2,"a":3}"#).expect("an object");
        assert_eq!(members.twice(), Some("a"));
        assert_eq!(members.number("a"), Some(3));
    }
}
