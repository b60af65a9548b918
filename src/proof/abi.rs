//! Solidity's `abi.encode` for the few types that leaves and events are made of (Solidity ABI specification).
//!
//! ```text
//! head: one word for each value ─ static: the value; dynamic: the byte offset of its tail
//! tail: length word ‖ bytes padded with zeros to a multiple of 32
//! ```

use super::malformed::{Malformed, hex_array, hex_bytes};
use crate::model::Amount;

/// One 32-byte word.
pub type Word = [u8; 32];

/// A value and how Solidity lays it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// bytes32, uint256, address, bool: one word in the head.
    Static(Word),
    /// bytes, string.
    Dynamic(Vec<u8>),
}

impl Value {
    /// Reads a value as a tree dump writes it. Types beyond those of leaves are not known here.
    pub fn parse(kind: &str, text: &str) -> Result<Self, Malformed> {
        match kind {
            "bytes32" => {
                if !text.starts_with("0x") {
                    return Err(Malformed::new(0, "a bytes32 starts with 0x"));
                }
                hex_array(text).map(Self::Static)
            }
            "uint256" => Amount::parse(text)
                .map(|amount| Self::Static(amount.0.to_be_bytes()))
                .map_err(|what| Malformed::new(0, what)),
            "address" => hex_array::<20>(text).map(|address| Self::Static(address_word(&address))),
            "bytes" => {
                if !text.starts_with("0x") {
                    return Err(Malformed::new(0, "bytes start with 0x"));
                }
                hex_bytes(text).map(Self::Dynamic)
            }
            "string" => Ok(Self::Dynamic(text.as_bytes().to_vec())),
            _ => Err(Malformed::new(0, "a leaf type that is not known")),
        }
    }
}

/// An address as a word: twelve zero bytes before it.
pub fn address_word(address: &[u8; 20]) -> Word {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address);
    word
}

/// `abi.encode(values…)`.
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut head = Vec::with_capacity(values.len() * 32);
    let mut tail = Vec::new();
    for value in values {
        match value {
            Value::Static(word) => head.extend(word),
            Value::Dynamic(bytes) => {
                head.extend(length_word(values.len() * 32 + tail.len()));
                tail.extend(length_word(bytes.len()));
                tail.extend(bytes);
                tail.resize(tail.len().next_multiple_of(32), 0);
            }
        }
    }
    head.extend(tail);
    head
}

fn length_word(length: usize) -> Word {
    super::hashes::u256(length as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_values_are_laid_out_after_the_head() {
        let encoded =
            encode(&[Value::Static([1; 32]), Value::Dynamic(vec![0xab; 33]), Value::Static([2; 32])]);
        assert_eq!(encoded.len(), 32 * 3 + 32 + 64);
        assert_eq!(encoded[63], 96);
        assert_eq!(encoded[127], 33);
        assert_eq!(encoded[128 + 33..], [0; 31]);
    }

    #[test]
    fn what_a_type_cannot_hold_is_refused() {
        for (kind, text) in [
            ("bytes32", "0xab"),
            ("bytes32", "ab"),
            ("uint256", "-1"),
            ("uint256", "1.0"),
            ("address", "0x00"),
            ("bytes", "0xabc"),
            ("tuple", "1"),
        ] {
            assert!(Value::parse(kind, text).is_err(), "{kind} {text}");
        }
    }
}
