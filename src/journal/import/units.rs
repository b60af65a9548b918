//! A source cut into what is translated by itself: lines, or the values of a document and the elements of its arrays.

use super::tell::{is_encoded, shape};
use super::value::Members;
use crate::journal::split::Place;
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

/// Judged by the first line that is not blank: a whole JSON object on it means lines. A document that was cut
/// is read as one, for what is whole in it.
pub fn layout(start: &[u8]) -> Layout {
    let first = start.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty());
    let is_whole = |line: &[u8]| {
        line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<&RawValue>(line).is_ok()
    };
    // A file without any newline is a document, and ends where it ends: nothing of it is torn.
    let has_newline = start.contains(&b'\n');
    match first {
        Some(line) if is_encoded(line) || has_newline && is_whole(line) => Layout::Lines,
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
                let cut = elements_of_cut(rest, offset_of(&error, rest));
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

/// Where reading stopped.
fn offset_of(error: &serde_json::Error, bytes: &[u8]) -> usize {
    let mut begins = memchr::memchr_iter(b'\n', bytes).map(|newline| newline + 1);
    let begin = match error.line() {
        0 | 1 => 0,
        line => begins.nth(line - 2).unwrap_or(bytes.len()),
    };
    (begin + error.column()).min(bytes.len())
}

/// The whole elements of the outermost arrays of a document that was cut: the logs of half an answer, the entries of half an
/// archive. Of an array that ended before the cut only those of a known shape, for they are what a document is about.
fn elements_of_cut(bytes: &[u8], cut: usize) -> Vec<&str> {
    let (mut open, mut outermost): (Vec<u8>, Vec<(usize, bool)>) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < cut {
        match bytes[i] {
            b'[' if !open.contains(&b'[') => {
                outermost.push((i, false));
                open.push(b'[');
            }
            // Inside of an array only its end matters.
            byte @ (b'{' | b'[') => open.push(byte),
            byte @ (b'}' | b']') => {
                open.pop();
                if let (b']', Some((_, is_whole)), false) = (byte, outermost.last_mut(), open.contains(&b'['))
                {
                    *is_whole = true;
                }
            }
            b'"' => i = end_of_string(bytes, i + 1),
            _ => {}
        }
        i += 1;
    }
    let is_known = |text: &&str| Members::parse(text).is_some_and(|members| shape(&members).is_some());
    let elements = outermost.into_iter().map(|(at, is_whole)| {
        let found = elements_of_cut_array(&bytes[at..]).into_iter();
        found.filter(|text| !is_whole || is_known(text)).collect::<Vec<_>>()
    });
    elements.flatten().collect()
}

/// The place of the quote that ends a string, or the end of all.
fn end_of_string(bytes: &[u8], mut i: usize) -> usize {
    while let Some(found) = bytes.get(i..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        i += found;
        if bytes[i] == b'"' {
            return i;
        }
        i += 2;
    }
    bytes.len()
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
