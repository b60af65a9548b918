//! What a file's first bytes say it is. Names are not trusted: a `.jsonl` may be gzip and a `.gz` may be text.

/// How a journal's bytes are wrapped, or what the file is instead of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Plain,
    Gzip,
    Zstd,
    /// Certainly no journal; says what it looks like.
    Foreign(&'static str),
}

/// How many leading bytes `Framing::of` wants to see.
pub const PROBE: usize = 512;

const FOREIGN: [(&[u8], &str); 10] = [
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "an ELF program"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\0", "xz data"),
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "UTF-16 text; a journal is UTF-8"),
    (b"\xfe\xff", "UTF-16 text; a journal is UTF-8"),
    (b"MZ", "a Windows program"),
];

impl Framing {
    /// Judges a file by its first bytes (up to `PROBE`).
    pub fn of(start: &[u8]) -> Self {
        if start.starts_with(&[0x1f, 0x8b]) {
            return Self::Gzip;
        }
        if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Self::Zstd;
        }
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Self::Foreign(what);
        }
        if start.trim_ascii_start().starts_with(b"{") {
            // Whatever follows, as the NULs of a file that was made longer than it was filled.
            return Self::Plain;
        }
        let binary = start.iter().filter(|b| **b == 0 || (**b < 0x20 && !b.is_ascii_whitespace())).count();
        if binary * 4 > start.len() { Self::Foreign("binary data") } else { Self::Plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_bytes_tell_what_a_file_is() {
        for (start, framing) in [
            (&b"{\"kind\":"[..], Framing::Plain),
            (b"", Framing::Plain),
            (b"\x1f\x8b\x08", Framing::Gzip),
            (b"\x28\xb5\x2f\xfd\x04", Framing::Zstd),
            (b"SQLite format 3\0", Framing::Foreign("an SQLite database")),
            (b"{}\n\0\0\0\0\0\0\0\0\0", Framing::Plain),
            (b"\0\0\0\0\0\0", Framing::Foreign("binary data")),
        ] {
            assert_eq!(Framing::of(start), framing);
        }
    }
}
