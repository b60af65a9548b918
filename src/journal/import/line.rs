//! Lines of a journal as importers write them: record members first, `import` last.

use super::Format;
use crate::journal::split::Place;
use crate::model::{Nanos, Stretch};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The bytes a record was read from, and where they stand in the source.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub format: Format,
    pub place: Place,
    pub bytes: &'a [u8],
}

impl<'a> Origin<'a> {
    /// A part of these bytes, which must be borrowed from them; all of them for anything else.
    pub fn part(&self, format: Format, part: &'a str) -> Self {
        let begin = (part.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize);
        if begin > self.bytes.len() || part.len() > self.bytes.len() - begin {
            return Self { format, ..*self };
        }
        let line = self.place.line + memchr::memchr_iter(b'\n', &self.bytes[..begin]).count() as u64;
        let place = Place { line, offset: self.place.offset + begin as u64 };
        Self { format, place, bytes: part.as_bytes() }
    }
}

/// How the reason begins of what is kept, counted, and no record: nothing is wrong with it.
pub const UNMAPPED: &str = "kept, not mapped";

/// What some stretch of a source came to.
#[derive(Debug, Default)]
pub struct Out {
    pub lines: Vec<u8>,
    pub records: u64,
    pub faults: u64,
}

impl Out {
    /// Begins a record.
    pub fn record(&mut self, kind: &str, id: &str, at: Nanos) -> Line<'_> {
        self.records += 1;
        self.lines.extend_from_slice(b"{\"kind\":");
        quote(&mut self.lines, kind);
        let mut line = Line { out: &mut self.lines, assumed: Vec::new() };
        // An id longer than a journal allows is named by its hash.
        match id.len() {
            1..=256 => line.text("id", id),
            _ => line.text("id", &format!("sha256-{}", hex::encode(Sha256::digest(id)))),
        };
        line.text("at", &at.rfc3339());
        line
    }

    /// What is no record, kept with its place.
    pub fn fault(&mut self, origin: &Origin<'_>, reason: &str) {
        self.faults += 1;
        self.lines.extend_from_slice(b"{\"fault\":");
        quote(&mut self.lines, reason);
        Line { out: &mut self.lines, assumed: Vec::new() }.finish(origin);
    }
}

impl Out {
    /// Takes lines that were read from bytes inside `origin` (as a decoded body), which from now on point to it.
    pub fn take_as(&mut self, inner: &Self, origin: &Origin<'_>) {
        for line in inner.lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            self.lines.extend_from_slice(essence(line));
            let assumed = origin_of(line).map(|provenance| provenance.assumed).unwrap_or_default();
            point(&mut self.lines, origin, &assumed);
        }
        self.records += inner.records;
        self.faults += inner.faults;
    }
}

/// A record in the making. `finish` must end it.
#[must_use = "a line that is not finished is broken JSON"]
pub struct Line<'o> {
    out: &'o mut Vec<u8>,
    assumed: Vec<&'static str>,
}

impl Line<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(b',');
        quote(self.out, name);
        self.out.push(b':');
    }

    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        quote(self.out, value);
        self
    }

    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.name(name);
        digits(self.out, value);
        self
    }

    pub fn maybe_number(&mut self, name: &str, value: Option<u64>) -> &mut Self {
        if let Some(value) = value {
            self.number(name, value);
        }
        self
    }

    /// JSON as it stands in the source, on one line: a newline between tokens becomes a space.
    pub fn raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        let from = self.out.len();
        self.out.extend_from_slice(value.as_bytes());
        // Inside a JSON string no raw newline can stand, so these are all between tokens.
        let newlines = |b: &mut u8| *b = if matches!(b, b'\n' | b'\r') { b' ' } else { *b };
        if memchr::memchr2(b'\n', b'\r', value.as_bytes()).is_some() {
            self.out[from..].iter_mut().for_each(newlines);
        }
        self
    }

    pub fn maybe_raw(&mut self, name: &str, value: Option<&RawValue>) -> &mut Self {
        if let Some(value) = value {
            self.raw(name, value.get());
        }
        self
    }

    pub fn texts<T: AsRef<str>>(&mut self, name: &str, values: &[T]) -> &mut Self {
        if !values.is_empty() {
            self.name(name);
            for (n, value) in values.iter().enumerate() {
                self.out.push(if n == 0 { b'[' } else { b',' });
                quote(self.out, value.as_ref());
            }
            self.out.push(b']');
        }
        self
    }

    /// Says that a member is the importer's word, because the source holds none.
    pub fn assume(&mut self, name: &'static str) -> &mut Self {
        self.assumed.push(name);
        self
    }

    /// Ends the line with its pointer into the source.
    pub fn finish(&mut self, origin: &Origin<'_>) {
        point(self.out, origin, &self.assumed);
    }
}

/// The last member of a line, and its end.
fn point<T: AsRef<str>>(out: &mut Vec<u8>, origin: &Origin<'_>, assumed: &[T]) {
    out.extend_from_slice(IMPORT);
    out.extend_from_slice(origin.format.name().as_bytes());
    let Place { line, offset } = origin.place;
    for (name, number) in
        [("\",\"line\":", line), (",\"offset\":", offset), (",\"length\":", origin.bytes.len() as u64)]
    {
        out.extend_from_slice(name.as_bytes());
        digits(out, number);
    }
    out.extend_from_slice(b",\"sha256\":\"");
    let mut hash = [0; 64];
    let sha256: [u8; 32] = Sha256::digest(origin.bytes).into();
    hex::encode_to_slice(sha256, &mut hash).expect("32 bytes are 64 digits");
    out.extend_from_slice(&hash);
    out.push(b'"');
    Line { out, assumed: Vec::new() }.texts("assumed", assumed);
    out.extend_from_slice(b"}}\n");
}

fn digits(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [b'0'; 20];
    let mut begin = text.len();
    while begin == text.len() || number > 0 {
        begin -= 1;
        text[begin] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text[begin..]);
}

/// A JSON string. Line and paragraph separators and controls are escaped, as serde_json does the latter.
fn quote(out: &mut Vec<u8>, text: &str) {
    // No early end: all bytes are looked at at once.
    let is_plain = |plain: bool, b: &u8| plain & (*b >= 0x20) & (*b != b'"') & (*b != b'\\');
    if text.as_bytes().iter().fold(true, is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

/// The same by itself.
pub(super) fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

/// How the pointer begins; nothing a record can hold looks like it after it.
pub(super) const IMPORT_MEMBER: &str = ",\"import\":{\"format\":\"";
const IMPORT: &[u8] = IMPORT_MEMBER.as_bytes();

/// A line of an imported source without its pointer: what two readings of one thing have in common.
pub fn essence(line: &[u8]) -> &[u8] {
    memchr::memmem::rfind(line, IMPORT).map_or(line, |end| &line[..end])
}

/// Where an imported line came from, as the line itself says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Provenance {
    pub format: String,
    /// Line index from 0, byte offset and length in the source.
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    /// Of those bytes, when they were read.
    pub sha256: String,
    /// The file, where it is not the one the line's source was made of: a record completed by a join.
    #[serde(default)]
    pub source: Option<String>,
    /// Members that are the importer's word.
    #[serde(default)]
    pub assumed: Vec<String>,
}

#[derive(Deserialize)]
struct Imported {
    #[serde(default)]
    fault: Option<String>,
    import: Provenance,
}

/// Reads the pointer of an imported line; `None` for a line that has none.
pub fn origin_of(line: &[u8]) -> Option<Provenance> {
    serde_json::from_slice::<Imported>(line).ok().map(|imported| imported.import)
}

/// Reads a line that says it is no record: the reason, and the stretch of the source it is about.
pub fn fault_of(line: &[u8]) -> Option<(String, Stretch)> {
    if !line.starts_with(b"{\"fault\":") {
        return None;
    }
    let imported: Imported = serde_json::from_slice(line).ok()?;
    let Provenance { line, offset, length, .. } = imported.import;
    Some((imported.fault?, Stretch { line, offset, length }))
}
