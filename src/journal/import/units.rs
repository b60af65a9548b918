//! A source cut into what is translated by itself: lines, or the values of a document and the elements of its arrays.

use crate::journal::read::Place;
use serde_json::value::RawValue;

/// A stretch of a source.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    pub bytes: &'a [u8],
    pub place: Place,
}

/// How a source of JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A value on each line.
    Lines,
    /// Values that span lines, or one long array.
    Document,
}

/// Judged by the first line that is not blank: a whole JSON object on it means lines. A file of one line is a document
/// too, and reads the same either way.
pub fn layout(start: &[u8]) -> Layout {
    let first = start.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty());
    let is_whole = |line: &[u8]| {
        line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<&RawValue>(line).is_ok()
    };
    // A first line that is longer than what is looked at is no whole value yet, and yet no document.
    let is_cut = !start.contains(&b'\n');
    match first {
        Some(line) if is_whole(line) || (is_cut && line.trim_ascii_start().starts_with(b"{")) => {
            Layout::Lines
        }
        _ => Layout::Document,
    }
}

/// The values of a document, one after the other; those that are arrays, element by element. The place and reason of
/// the end, where it is no proper one.
pub fn units(bytes: &[u8]) -> (Vec<Unit<'_>>, Option<(Place, String)>) {
    let mut found = Vec::new();
    let mut places = Lines { bytes, counted: 0, line: 0 };
    let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut values = serde_json::Deserializer::from_slice(&bytes[mark..]).into_iter::<&RawValue>();
    loop {
        let end = mark + values.byte_offset();
        match values.next() {
            None => return (found, None),
            Some(Ok(value)) => push(value, bytes, &mut places, &mut found),
            Some(Err(error)) => {
                // The elements of an array that was cut are still evidence.
                let rest = &bytes[end..];
                let cut = elements_of_cut_array(rest);
                let after = cut.last().map_or(end, |last| offset_in(bytes, last) + last.len());
                for value in cut {
                    let offset = offset_in(bytes, value);
                    found.push(Unit { bytes: value.as_bytes(), place: places.at(offset) });
                }
                let reason = format!("not JSON from here on: {}", short(&error));
                return (found, Some((places.at(after.min(bytes.len())), reason)));
            }
        }
    }
}

fn short(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().chars().take(120).collect()
}

fn push<'a>(value: &'a RawValue, bytes: &[u8], places: &mut Lines<'_>, found: &mut Vec<Unit<'a>>) {
    let text = value.get();
    let elements: Option<Vec<&RawValue>> =
        text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten();
    for value in elements.unwrap_or_else(|| vec![value]) {
        let place = places.at(offset_in(bytes, value.get()));
        found.push(Unit { bytes: value.get().as_bytes(), place });
    }
}

fn offset_in(bytes: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize)
}

/// The whole elements at the head of `[…` that never ends.
fn elements_of_cut_array(bytes: &[u8]) -> Vec<&str> {
    let Some(mut rest) = bytes.trim_ascii_start().strip_prefix(b"[") else { return Vec::new() };
    let mut found = Vec::new();
    loop {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
        let Some(Ok(value)) = values.next() else { return found };
        let next = rest[values.byte_offset()..].trim_ascii_start();
        // A number or word at the very end may have lost its tail.
        if next.is_empty() && !value.get().ends_with(['}', ']', '"']) {
            return found;
        }
        found.push(value.get());
        match next.strip_prefix(b",") {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> Place {
        let from = self.counted.min(offset);
        self.line += memchr::memchr_iter(b'\n', &self.bytes[from..offset]).count() as u64;
        self.counted = offset;
        Place { line: self.line, offset: offset as u64 }
    }
}
