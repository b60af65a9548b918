//! `json.loads`, strictly: RFC 8259 text in, with the place of the first key that is there twice.

use super::{Json, Text};
use crate::proof::Malformed;

/// Longest text, deepest nesting and most values read; what exceeds them is malformed before it costs anything.
pub const MAX_BYTES: usize = 16 << 20;
pub const MAX_DEPTH: usize = 256;
pub const MAX_VALUES: usize = 1 << 20;

/// A parsed text. With a duplicate key two readers may honestly differ, so whatever rests on it is ambiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub value: Json,
    /// Byte offset just past the first object that names a key twice. Python keeps the last value at the first place.
    pub duplicate_key: Option<usize>,
}

pub fn parse(text: &str) -> Result<Document, Malformed> {
    if text.len() > MAX_BYTES {
        return Err(Malformed::new(MAX_BYTES, "JSON text above 16 MiB"));
    }
    let mut reader = Reader { text, at: 0, values: 0, duplicate_key: None };
    reader.skip_space();
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(Document { value, duplicate_key: reader.duplicate_key }),
        Some(_) => reader.fault("text after the JSON value"),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    duplicate_key: Option<usize>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return self.fault("more than a million JSON values");
        }
        if depth > MAX_DEPTH {
            return self.fault("JSON nested deeper than 256");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fault("a JSON value must start here"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Malformed> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fault("a key must start here");
            }
            let key = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return self.fault("a colon must follow a key");
            }
            self.skip_space();
            members.push((key, self.value(depth + 1)?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Json::Object(self.without_duplicates(members)));
            }
            if !self.take(b',') {
                return self.fault("a comma or a closing brace must follow");
            }
            self.skip_space();
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Malformed> {
        let mut values = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::List(values));
            }
            if !self.take(b',') {
                return self.fault("a comma or a closing bracket must follow");
            }
            self.skip_space();
        }
    }

    /// Sorting finds duplicates in n·log n however many keys an attacker sends.
    fn without_duplicates(&mut self, members: Vec<(Text, Json)>) -> Vec<(Text, Json)> {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|a, b| members[*a].0.cmp(&members[*b].0).then(a.cmp(b)));
        if order.windows(2).all(|pair| members[pair[0]].0 != members[pair[1]].0) {
            return members;
        }
        self.duplicate_key.get_or_insert(self.at);
        let mut kept: Vec<(usize, Text, Json)> = Vec::new();
        let mut members: Vec<Option<(Text, Json)>> = members.into_iter().map(Some).collect();
        for place in order {
            let Some((key, value)) = members[place].take() else { continue };
            match kept.last_mut() {
                Some((_, last, held)) if *last == key => *held = value,
                _ => kept.push((place, key, value)),
            }
        }
        kept.sort_by_key(|(place, ..)| *place);
        kept.into_iter().map(|(_, key, value)| (key, value)).collect()
    }

    fn string(&mut self) -> Result<Text, Malformed> {
        let mut text = Text::default();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|b| *b >= 0x20 && *b != b'"' && *b != b'\\').count();
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape(&mut text)?,
                Some(_) => return self.fault("a control character inside a string"),
                None => return self.fault("a string without its closing quote"),
            }
        }
    }

    fn escape(&mut self, text: &mut Text) -> Result<(), Malformed> {
        let code = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => 0x22,
            Some(b'\\') => 0x5c,
            Some(b'/') => 0x2f,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => 0x0a,
            Some(b'r') => 0x0d,
            Some(b't') => 0x09,
            Some(b'u') => return self.unicode_escape(text),
            _ => return self.fault("an unknown escape"),
        };
        self.at += 2;
        text.push_code_point(code);
        Ok(())
    }

    fn unicode_escape(&mut self, text: &mut Text) -> Result<(), Malformed> {
        let Some(first) = self.four_hex(self.at) else { return self.fault("\\u needs four hex digits") };
        self.at += 6;
        if (0xd800..0xdc00).contains(&first)
            && let Some(second @ 0xdc00..=0xdfff) = self.four_hex(self.at)
        {
            self.at += 6;
            text.push_code_point(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        } else {
            text.push_code_point(first);
        }
        Ok(())
    }

    /// The value of `\uXXXX` at a place, if that is what stands there.
    fn four_hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
    }

    fn number(&mut self) -> Result<Json, Malformed> {
        let start = self.at;
        self.take(b'-');
        let whole = self.digits();
        let leading_zero = self.text.as_bytes().get(self.at - whole) == Some(&b'0');
        if whole == 0 || (leading_zero && whole > 1) {
            return self.fault("a number has digits and no leading zero");
        }
        let mut is_float = false;
        if self.take(b'.') {
            is_float = true;
            if self.digits() == 0 {
                return self.fault("digits must follow the point");
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_float = true;
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return self.fault("digits must follow the exponent sign");
            }
        }
        let text = &self.text[start..self.at];
        match text {
            "-0" => Ok(Json::Integer("0".to_owned())),
            _ if !is_float => Ok(Json::Integer(text.to_owned())),
            _ => text.parse().map(Json::Float).map_err(|_| Malformed::new(start, "a number nobody can read")),
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return self.fault("a JSON value must start here");
        }
        self.at += word.len();
        Ok(value)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed::new(self.at, what))
    }
}
