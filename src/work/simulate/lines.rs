//! One journal line, put together in a buffer that is used again: no tree of values, no allocation.

use super::thing::Ref;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A JSON object in the making. Fields are written in the order they are given.
pub(super) struct Line {
    bytes: Vec<u8>,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::with_capacity(4096) }
    }

    /// Starts over: `{"kind":"…"`.
    pub(super) fn open(&mut self, kind: &str) -> &mut Self {
        self.bytes.clear();
        self.bytes.extend_from_slice(b"{\"kind\":\"");
        self.bytes.extend_from_slice(kind.as_bytes());
        self.bytes.push(b'"');
        self
    }

    /// Ends the object and gives the line, without a newline.
    pub(super) fn close(&mut self) -> &[u8] {
        self.bytes.push(b'}');
        &self.bytes
    }

    fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(b",\"");
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
    }

    /// A text that needs no escapes: one of our own names.
    pub(super) fn plain(&mut self, name: &str, text: &str) -> &mut Self {
        debug_assert!(text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\'), "{text} needs escapes");
        self.name(name);
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'"');
        self
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        serde_json::to_writer(&mut self.bytes, text).expect("a string is always written to a vector");
        self
    }

    /// A value that is JSON already.
    pub(super) fn json(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.bytes.extend_from_slice(json.as_bytes());
        self
    }

    pub(super) fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.name(name);
        push_decimal(&mut self.bytes, u128::from(number));
        self
    }

    /// An amount: a decimal string in base units (JOURNAL §2).
    pub(super) fn amount(&mut self, name: &str, amount: u128) -> &mut Self {
        self.name(name);
        self.bytes.push(b'"');
        push_decimal(&mut self.bytes, amount);
        self.bytes.push(b'"');
        self
    }

    pub(super) fn hex(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.name(name);
        self.bytes.extend_from_slice(b"\"0x");
        push_hex(&mut self.bytes, bytes);
        self.bytes.push(b'"');
        self
    }

    pub(super) fn base64(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.name(name);
        self.bytes.push(b'"');
        let start = self.bytes.len();
        self.bytes.resize(start + bytes.len().div_ceil(3) * 4, 0);
        STANDARD.encode_slice(bytes, &mut self.bytes[start..]).expect("base64 takes four bytes for three");
        self.bytes.push(b'"');
        self
    }

    pub(super) fn time(&mut self, name: &str, nanos: i64) -> &mut Self {
        self.name(name);
        self.bytes.push(b'"');
        push_rfc3339(&mut self.bytes, nanos);
        self.bytes.push(b'"');
        self
    }

    pub(super) fn reference(&mut self, name: &str, reference: Ref) -> &mut Self {
        self.name(name);
        self.bytes.push(b'"');
        reference.push(&mut self.bytes);
        self.bytes.push(b'"');
        self
    }

    /// A list of ids; nothing at all when there are none.
    pub(super) fn references(&mut self, name: &str, references: impl IntoIterator<Item = Ref>) -> &mut Self {
        let mut references = references.into_iter().peekable();
        if references.peek().is_none() {
            return self;
        }
        self.name(name);
        let mut separator = b'[';
        for reference in references {
            self.bytes.push(separator);
            self.bytes.push(b'"');
            reference.push(&mut self.bytes);
            self.bytes.push(b'"');
            separator = b',';
        }
        self.bytes.push(b']');
        self
    }
}

fn push_decimal(bytes: &mut Vec<u8>, mut number: u128) {
    let mut digits = [0; 39];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
        if let Ok(small) = u64::try_from(number) {
            // u128 division is ten times slower than u64's, and nearly every number is small.
            start = push_small(&mut digits, start, small);
            break;
        }
    }
    bytes.extend_from_slice(&digits[start..]);
}

fn push_small(digits: &mut [u8; 39], mut start: usize, mut number: u64) -> usize {
    while number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    start
}

pub(super) fn push_hex(bytes: &mut Vec<u8>, raw: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.extend(raw.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]));
}

/// RFC 3339 with six digits of fraction. `Nanos::rfc3339` says the same and takes ten times as long.
fn push_rfc3339(bytes: &mut Vec<u8>, nanos: i64) {
    let micros = nanos.div_euclid(1_000);
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let two = |n: i64| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    text[0..2].copy_from_slice(&two(year / 100));
    text[2..4].copy_from_slice(&two(year % 100));
    for (at, n) in [(5, month), (8, day), (11, second / 3600), (14, second / 60 % 60), (17, second % 60)] {
        text[at..at + 2].copy_from_slice(&two(n));
    }
    for (at, n) in [(20, fraction / 10_000), (22, fraction / 100 % 100), (24, fraction % 100)] {
        text[at..at + 2].copy_from_slice(&two(n));
    }
    bytes.extend_from_slice(&text);
}

/// Year, month and day of a day number since 1970 (Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Nanos;

    #[test]
    fn a_time_is_written_as_the_model_reads_it() {
        for nanos in [0, 1_000, 951_782_400_123_456_000, 1_790_992_800_000_001_000, 4_102_444_799_999_999_000]
        {
            let mut bytes = Vec::new();
            push_rfc3339(&mut bytes, nanos);
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(Nanos::parse(&text), Ok(Nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn a_number_is_written_as_rust_prints_it() {
        for number in [0, 9, 10, 123_456_789, u128::from(u64::MAX), u128::from(u64::MAX) + 1, u128::MAX] {
            let mut bytes = Vec::new();
            push_decimal(&mut bytes, number);
            assert_eq!(String::from_utf8(bytes).unwrap(), number.to_string());
        }
    }

    #[test]
    fn a_line_is_one_json_object() {
        let mut line = Line::new();
        line.open("inference").plain("id", "a").text("output", "two\n\"lines\"").base64("s", &[1, 2]);
        let value: serde_json::Value = serde_json::from_slice(line.close()).unwrap();
        assert_eq!(value["output"], "two\n\"lines\"");
        assert_eq!(value["s"], "AQI=");
    }
}
