//! CBOR for COSE_Sign1, strictly: shortest heads, nothing after the value, no key twice (RFC 8949 §4.2.1).
//!
//! No tags, floats, chunked strings or simple values beyond false, true and null: attestation documents use none, and what
//! is not read cannot be read in two ways. Maps and arrays may end by a break byte: the Nitro hypervisor writes them so.

use super::malformed::Malformed;

pub const MAX_BYTES: usize = 1 << 20;
pub const MAX_DEPTH: usize = 8;
pub const MAX_ITEMS: usize = 4096;

/// One value, borrowing from the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cbor<'a> {
    Unsigned(u64),
    /// The number −1−n.
    Negative(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Bool(bool),
    Null,
}

impl<'a> Cbor<'a> {
    /// Reads exactly one value from exactly these bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::new(MAX_BYTES, "CBOR above 1 MiB"));
        }
        let mut reader = Reader { bytes, at: 0, items: 0 };
        let value = reader.value(0)?;
        if reader.at != bytes.len() {
            return reader.fault("bytes after the CBOR value");
        }
        Ok(value)
    }

    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.iter().find(|(k, _)| *k == Cbor::Text(key)).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// A byte string's header, as the shortest form writes it.
pub fn bytes_header(length: usize) -> Vec<u8> {
    let length = length as u64;
    match length {
        0..=23 => vec![0x40 | length as u8],
        24..=0xff => vec![0x58, length as u8],
        0x100..=0xffff => [&[0x59][..], &(length as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[0x5a][..], &(length as u32).to_be_bytes()].concat(),
        _ => [&[0x5b][..], &length.to_be_bytes()].concat(),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Cbor<'a>, Malformed> {
        self.items += 1;
        if self.items > MAX_ITEMS {
            return self.fault("more than 4096 CBOR items");
        }
        if depth > MAX_DEPTH {
            return self.fault("CBOR nested deeper than 8");
        }
        let start = self.at;
        match self.bytes.get(start) {
            Some(0x9f) => {
                self.at += 1;
                return self.array(None, depth);
            }
            Some(0xbf) => {
                self.at += 1;
                return self.map(None, depth);
            }
            _ => {}
        }
        let (major, argument) = self.head()?;
        match major {
            0 => Ok(Cbor::Unsigned(argument)),
            1 => Ok(Cbor::Negative(argument)),
            2 => self.take(argument).map(Cbor::Bytes),
            3 => {
                let text = std::str::from_utf8(self.take(argument)?);
                text.map(Cbor::Text).map_err(|_| Malformed::new(start, "a text that is not UTF-8"))
            }
            4 => self.array(Some(argument), depth),
            5 => self.map(Some(argument), depth),
            7 => match argument {
                20 => Ok(Cbor::Bool(false)),
                21 => Ok(Cbor::Bool(true)),
                22 => Ok(Cbor::Null),
                _ => Err(Malformed::new(start, "a float or simple value")),
            },
            _ => Err(Malformed::new(start, "a tag")),
        }
    }

    fn array(&mut self, length: Option<u64>, depth: usize) -> Result<Cbor<'a>, Malformed> {
        let mut left = length;
        let mut values = Vec::new();
        while self.has_more(&mut left)? {
            values.push(self.value(depth + 1)?);
        }
        Ok(Cbor::Array(values))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Result<Cbor<'a>, Malformed> {
        let mut left = length;
        let mut members = Vec::new();
        let mut keys: Vec<&[u8]> = Vec::new();
        while self.has_more(&mut left)? {
            let start = self.at;
            let key = self.value(depth + 1)?;
            if !matches!(key, Cbor::Text(_) | Cbor::Unsigned(_) | Cbor::Negative(_)) {
                return Err(Malformed::new(start, "a key that is neither text nor a number"));
            }
            keys.push(&self.bytes[start..self.at]);
            members.push((key, self.value(depth + 1)?));
        }
        // Such keys have one encoding here, so equal keys are equal bytes.
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.fault("a map names a key twice");
        }
        Ok(Cbor::Map(members))
    }

    /// Counts one item down, or looks for the break byte where the length was left open.
    fn has_more(&mut self, left: &mut Option<u64>) -> Result<bool, Malformed> {
        match left {
            Some(0) => Ok(false),
            Some(n) => {
                *n -= 1;
                Ok(true)
            }
            None if self.bytes.get(self.at) == Some(&0xff) => {
                self.at += 1;
                Ok(false)
            }
            None if self.at == self.bytes.len() => self.fault("no break byte"),
            None => Ok(true),
        }
    }

    /// Major type and argument; arguments must take their shortest form.
    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        let start = self.at;
        let first = self.take(1)?[0];
        let (major, short) = (first >> 5, first & 0x1f);
        let (argument, least) = match short {
            0..=23 => return Ok((major, u64::from(short))),
            24 => (self.number(1)?, 24),
            25 => (self.number(2)?, 0x100),
            26 => (self.number(4)?, 0x1_0000),
            27 => (self.number(8)?, 0x1_0000_0000),
            _ => return Err(Malformed::new(start, "an indefinite or reserved length")),
        };
        if argument < least || major == 7 {
            return Err(Malformed::new(start, "not the shortest form"));
        }
        Ok((major, argument))
    }

    fn number(&mut self, width: u64) -> Result<u64, Malformed> {
        Ok(self.take(width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
            Some(taken) => {
                self.at += taken.len();
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
    fn what_is_strict_is_read_and_everything_else_is_refused() {
        let bytes = hex::decode("a3616101616282f5f6616341ff").unwrap();
        let value = Cbor::parse(&bytes).unwrap();
        assert_eq!(value.member("a"), Some(&Cbor::Unsigned(1)));
        assert_eq!(value.member("b"), Some(&Cbor::Array(vec![Cbor::Bool(true), Cbor::Null])));
        assert_eq!(value.member("c").and_then(Cbor::as_bytes), Some(&[0xff][..]));
        let open = hex::decode("bf61619f01ffff").unwrap();
        assert_eq!(Cbor::parse(&open).unwrap().member("a"), Some(&Cbor::Array(vec![Cbor::Unsigned(1)])));
        for (hex_text, what) in [
            ("", "nothing"),
            ("1800", "long form of 0"),
            ("190017", "long form of 23"),
            ("5f4101ff", "indefinite"),
            ("9f01", "no break"),
            ("ff", "break alone"),
            ("a1400001", "bytes as key"),
            ("bf616101616102ff", "duplicate in an open map"),
            ("c001", "tag"),
            ("f90000", "float"),
            ("f7", "undefined"),
            ("f814", "long false"),
            ("a26161016161 02", "duplicate"),
            ("61ff", "UTF-8"),
            ("0000", "trailing"),
            ("5bffffffffffffffff", "length bomb"),
            ("9bffffffffffffffff", "count bomb"),
            ("818181818181818181818100", "depth"),
            ("1c", "reserved"),
        ] {
            let bytes = hex::decode(hex_text.replace(' ', "")).unwrap();
            assert!(Cbor::parse(&bytes).is_err(), "{what}");
        }
    }

    #[test]
    fn headers_are_the_shortest() {
        for (length, header) in
            [(0, "40"), (23, "57"), (24, "5818"), (255, "58ff"), (256, "590100"), (65536, "5a00010000")]
        {
            assert_eq!(hex::encode(bytes_header(length)), header);
        }
    }
}
