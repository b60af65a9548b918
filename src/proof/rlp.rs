//! RLP, strictly: one encoding for each value and nothing after it (Ethereum yellow paper, appendix B).

use super::malformed::Malformed;

pub const MAX_BYTES: usize = 4 << 20;
pub const MAX_DEPTH: usize = 64;
pub const MAX_ITEMS: usize = 1 << 18;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rlp<'a> {
    Bytes(&'a [u8]),
    List(Vec<Self>),
}

impl<'a> Rlp<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::new(MAX_BYTES, "RLP above 4 MiB"));
        }
        let mut reader = Reader { bytes, at: 0, items: 0 };
        let value = reader.value(bytes.len(), 0)?;
        if reader.at != bytes.len() {
            return Err(Malformed::new(reader.at, "bytes after the RLP value"));
        }
        Ok(value)
    }

    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::List(_) => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::Bytes(_) => None,
            Self::List(items) => Some(items),
        }
    }

    /// A whole number without leading zeros, as RLP writes one.
    pub fn as_u64(&self) -> Option<u64> {
        match self.as_bytes()? {
            [0, ..] => None,
            digits if digits.len() <= 8 => {
                Some(digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
            }
            _ => None,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => encode_bytes(bytes),
            Self::List(items) => encode_list(&items.iter().map(Self::encode).collect::<Vec<_>>()),
        }
    }
}

pub fn encode_bytes(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [header(0x80, bytes.len()), bytes.to_vec()].concat(),
    }
}

/// A list of items that are encoded already.
pub fn encode_list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    [header(0xc0, payload.len()), payload].concat()
}

pub fn encode_u64(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    encode_bytes(&bytes[(value.leading_zeros() / 8) as usize..])
}

fn header(base: u8, length: usize) -> Vec<u8> {
    if length <= 55 {
        return vec![base + length as u8];
    }
    let digits = (length as u64).to_be_bytes();
    let digits = &digits[(length as u64).leading_zeros() as usize / 8..];
    [&[base + 55 + digits.len() as u8], digits].concat()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: usize,
}

impl<'a> Reader<'a> {
    /// One value that ends at or before `end`.
    fn value(&mut self, end: usize, depth: usize) -> Result<Rlp<'a>, Malformed> {
        self.items += 1;
        if self.items > MAX_ITEMS || depth > MAX_DEPTH {
            return self.fault("RLP of too many items or too deep");
        }
        let first = self.take(1, end)?[0];
        match first {
            0x00..=0x7f => Ok(Rlp::Bytes(&self.bytes[self.at - 1..self.at])),
            0x80..=0xbf => {
                let length = self.length(first - 0x80, end)?;
                let start = self.at;
                let bytes = self.take(length, end)?;
                match bytes {
                    [byte] if *byte < 0x80 => Err(Malformed::new(start, "a small byte in long form")),
                    _ => Ok(Rlp::Bytes(bytes)),
                }
            }
            0xc0.. => {
                let length = self.length(first - 0xc0, end)?;
                let start = self.at;
                self.take(length, end)?;
                let stop = self.at;
                self.at = start;
                let mut items = Vec::new();
                while self.at < stop {
                    items.push(self.value(stop, depth + 1)?);
                }
                Ok(Rlp::List(items))
            }
        }
    }

    /// A length from the rest of a header: up to 55 directly, else in that many bytes without leading zeros.
    fn length(&mut self, short: u8, end: usize) -> Result<usize, Malformed> {
        if short <= 55 {
            return Ok(usize::from(short));
        }
        let start = self.at;
        let digits = self.take(usize::from(short - 55), end)?;
        let length = digits.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
        if digits[0] == 0 || length <= 55 {
            return Err(Malformed::new(start, "a length not in its shortest form"));
        }
        usize::try_from(length).map_err(|_| Malformed::new(start, "a length beyond the bytes"))
    }

    fn take(&mut self, length: usize, end: usize) -> Result<&'a [u8], Malformed> {
        match self.at.checked_add(length).filter(|stop| *stop <= end) {
            Some(stop) => {
                let taken = &self.bytes[self.at..stop];
                self.at = stop;
                Ok(taken)
            }
            None => self.fault("fewer bytes than announced"),
        }
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed::new(self.at, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bombs() {
        assert_eq!(encode_u64(0), [0x80]);
        assert_eq!(encode_u64(127), [127]);
        assert_eq!(encode_u64(256), [0x82, 1, 0]);
        for hex_text in
            ["", "bfffffffffffffffff", "ffffffffffffffffff", "8100", "b800", "c0c0", "81", "f80101"]
        {
            assert!(Rlp::parse(&hex::decode(hex_text).unwrap()).is_err(), "{hex_text}");
        }
        assert!(Rlp::parse(&[0xc1; 100]).is_err());
    }
}
