//! Recorded text on its way to a person: nothing in it can move a cursor, reorder a line or hide.
//!
//! A journal may be written by the attacker. Everything that is a control, format, separator, bidi, zero-width or tag
//! character becomes a visible token before any terminal, report or error message sees it. The type has no `Display`,
//! so forgetting is a compile error.

/// Text somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untrusted<'a>(pub &'a str);

/// A run of text that is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Plain(String),
    /// A stand-in for a character that must not reach a screen, as `␛` or `⟦U+202E⟧`.
    Escape(String),
}

impl Untrusted<'_> {
    /// The text with every unsafe character replaced by a visible token.
    pub fn visible(self) -> String {
        if self.0.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return self.0.to_owned();
        }
        self.0.chars().fold(String::with_capacity(self.0.len()), |mut out, c| {
            match escape(c) {
                Some(token) => out.push_str(&token),
                None => out.push(c),
            }
            out
        })
    }

    /// The same, cut into plain and escaped runs so that a face can style the escapes.
    pub fn pieces(self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for c in self.0.chars() {
            match (escape(c), pieces.last_mut()) {
                (Some(token), Some(Piece::Escape(run))) => run.push_str(&token),
                (Some(token), _) => pieces.push(Piece::Escape(token)),
                (None, Some(Piece::Plain(run))) => run.push(c),
                (None, _) => pieces.push(Piece::Plain(c.to_string())),
            }
        }
        pieces
    }

    /// Whether the text holds anything a screen would not show as itself.
    pub fn hides_something(self) -> bool {
        self.0.chars().any(is_unsafe)
    }
}

/// Whether a character must not reach a screen as itself.
pub fn is_unsafe(c: char) -> bool {
    escape(c).is_some()
}

/// Bytes that may not even be UTF-8, made visible; a stray byte shows as `⟦xFF⟧`.
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&Untrusted(chunk.valid()).visible());
        for byte in chunk.invalid() {
            out.push_str(&format!("⟦x{byte:02X}⟧"));
        }
    }
    out
}

/// Text of several lines, made visible line by line: its own line ends stay line ends.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(|line| Untrusted(line).visible()).collect::<Vec<_>>().join("\n")
}

fn escape(c: char) -> Option<String> {
    let code = c as u32;
    match code {
        0x20..=0x7e => None,
        0x00..=0x1f => char::from_u32(0x2400 + code).map(String::from),
        0x7f => Some("␡".to_owned()),
        _ if is_unseen(code) => Some(format!("⟦U+{code:04X}⟧")),
        _ => None,
    }
}

/// Unicode 16 `Cc`, `Cf`, `Zl`, `Zp`, and the characters that take no space or only look like a space:
/// blank Hangul fillers, variation selectors, tags, the braille blank, and private or unassigned planes' ends.
fn is_unseen(code: u32) -> bool {
    matches!(code,
        0x80..=0x9f | 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
        | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
        | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unsafe_reaches_a_screen() {
        for (text, shown) in [
            ("plain id-7", "plain id-7"),
            ("\u{1b}[2J", "␛[2J"),
            ("a\u{202e}b", "a⟦U+202E⟧b"),
            ("\u{9b}31m", "⟦U+009B⟧31m"),
            ("x\u{200b}y\0", "x⟦U+200B⟧y␀"),
            ("漢字 é", "漢字 é"),
            ("\u{e0041}", "⟦U+E0041⟧"),
            ("a\nb\tc\r", "a␊b␉c␍"),
        ] {
            assert_eq!(Untrusted(text).visible(), shown);
        }
        assert_eq!(visible_bytes(b"ok\xff\xfe"), "ok⟦xFF⟧⟦xFE⟧");
    }

    #[test]
    fn pieces_say_what_was_escaped() {
        assert_eq!(
            Untrusted("a\u{1b}\u{7}b").pieces(),
            [Piece::Plain("a".into()), Piece::Escape("␛␇".into()), Piece::Plain("b".into())]
        );
    }
}
