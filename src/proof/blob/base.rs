//! The two text forms of CIDs that no dependency reads: base32 without padding, and base58 of Bitcoin.

use crate::proof::Malformed;

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// RFC 4648 base32, lower case, no padding, zero trailing bits.
pub(super) fn base32(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0u32);
    for (at, byte) in text.bytes().enumerate() {
        let value = match byte {
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return Err(Malformed::new(at, "not lower-case base32")),
        };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    if held >= 5 || bits != 0 {
        return Err(Malformed::new(text.len(), "base32 with spare bits"));
    }
    Ok(out)
}

/// Base58 takes n² steps; the caller bounds the length.
pub(super) fn base58(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut number: Vec<u8> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        let digit = BASE58.iter().position(|b| *b == byte).ok_or(Malformed::new(at, "not base58"))?;
        let mut carry = digit;
        for place in number.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            number.insert(0, carry as u8);
        }
    }
    let zeros = text.bytes().take_while(|b| *b == b'1').count();
    Ok([vec![0; zeros], number].concat())
}
