//! Why bytes are not what they should be, and where: every parser in this room says it the same way.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fmt;

/// Input that does not have its form. `at` is the byte offset in what was parsed; `what` is ours, never recorded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub at: usize,
    pub what: &'static str,
}

impl Malformed {
    pub const fn new(at: usize, what: &'static str) -> Self {
        Self { at, what }
    }

    /// The same fault seen from the outer text that holds the inner one at `base`.
    pub const fn within(self, base: usize) -> Self {
        Self { at: base.saturating_add(self.at), what: self.what }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed at byte {}: {}", self.at, self.what)
    }
}

/// RFC 4648 §4 with padding and zero trailing bits: one text for each value.
pub fn base64_bytes(text: &str) -> Result<Vec<u8>, Malformed> {
    STANDARD.decode(text).map_err(|error| Malformed::new(offset_of(&error, text), "not strict base64"))
}

/// RFC 4648 §5 without padding, as blob ids are written.
pub fn base64url_bytes(text: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|error| Malformed::new(offset_of(&error, text), "not strict base64url"))
}

pub fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn base64url_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Hex of any case, with or without `0x` (JOURNAL §2).
pub fn hex_bytes(text: &str) -> Result<Vec<u8>, Malformed> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let base = text.len() - digits.len();
    hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { index, .. } => {
            Malformed::new(base + index, "not a hex digit")
        }
        _ => Malformed::new(text.len(), "an odd number of hex digits"),
    })
}

/// Hex that must be exactly `N` bytes.
pub fn hex_array<const N: usize>(text: &str) -> Result<[u8; N], Malformed> {
    let bytes = hex_bytes(text)?;
    bytes.try_into().map_err(|_| Malformed::new(0, "hex of another length than this field has"))
}

fn offset_of(error: &base64::DecodeError, text: &str) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _) => *at,
        base64::DecodeError::InvalidLastSymbol { .. } => text.len().saturating_sub(1),
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_each_value() {
        assert_eq!(base64_bytes("AA=="), Ok(vec![0]));
        for text in ["AA", "AB==", "A===", "AA==\n", "_w=="] {
            assert!(base64_bytes(text).is_err(), "{text}");
        }
        assert_eq!(base64url_bytes("_w"), Ok(vec![255]));
        assert!(base64url_bytes("_w==").is_err());
        assert_eq!(hex_bytes("0xFf00"), Ok(vec![255, 0]));
        assert_eq!(hex_bytes("0xFg00").map_err(|m| m.at), Err(3));
        assert!(hex_bytes("abc").is_err());
    }
}
