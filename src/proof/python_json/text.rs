//! A Python string: code points, which may include the lone surrogates that Rust's `str` cannot hold.

/// Code points in generalised UTF-8 (WTF-8), whose byte order is code-point order. Well-formed unless surrogates stand alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl Text {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, unless a lone surrogate makes it one that UTF-8 cannot carry (Python's `.encode()` raises there).
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Appends a code point up to U+10FFFF, surrogates included.
    pub(super) fn push_code_point(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.push_str(c.encode_utf8(&mut [0; 4])),
            None => self.0.extend([
                0xe0 | (code >> 12 & 0x0f) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]),
        }
    }

    pub(super) fn code_points(&self) -> CodePoints<'_> {
        CodePoints(&self.0)
    }

    /// A quoted JSON string in ASCII, escapes as `json.dumps` writes them.
    pub(super) fn write_json(&self, out: &mut String) {
        out.push('"');
        for code in self.code_points() {
            match code {
                0x22 => out.push_str("\\\""),
                0x5c => out.push_str("\\\\"),
                0x08 => out.push_str("\\b"),
                0x0c => out.push_str("\\f"),
                0x0a => out.push_str("\\n"),
                0x0d => out.push_str("\\r"),
                0x09 => out.push_str("\\t"),
                0x20..=0x7e => out.push(char::from(code as u8)),
                0x1_0000.. => {
                    let offset = code - 0x1_0000;
                    let (high, low) = (0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
                    out.push_str(&format!("\\u{high:04x}\\u{low:04x}"));
                }
                _ => out.push_str(&format!("\\u{code:04x}")),
            }
        }
        out.push('"');
    }
}

/// Code points of WTF-8 bytes that `Text` itself wrote.
pub(super) struct CodePoints<'a>(&'a [u8]);

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        let (extra, lead) = match first {
            0x00..=0x7f => (0, u32::from(*first)),
            0x80..=0xdf => (1, u32::from(first & 0x1f)),
            0xe0..=0xef => (2, u32::from(first & 0x0f)),
            0xf0.. => (3, u32::from(first & 0x07)),
        };
        let (tail, rest) = rest.split_at_checked(extra)?;
        self.0 = rest;
        Some(tail.iter().fold(lead, |code, byte| code << 6 | u32::from(byte & 0x3f)))
    }
}
