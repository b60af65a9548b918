//! The place of a part inside a whole that was read from some place: byte offset by address, line by counting newlines.

use super::{Format, Origin, Unit};
use crate::journal::split::Place;

/// Finds places in one unit. Asked in rising order, each newline is counted once.
pub(super) struct Places<'a> {
    unit: Unit<'a>,
    counted: usize,
    line: u64,
}

impl<'a> Places<'a> {
    pub(super) fn new(unit: &Unit<'a>) -> Self {
        Self { unit: *unit, counted: 0, line: unit.place.line }
    }

    /// The origin of a part of the unit, which must be borrowed from it; of the whole unit for anything else.
    pub(super) fn origin(&mut self, format: Format, part: &'a str) -> Origin<'a> {
        let begin = (part.as_ptr() as usize).wrapping_sub(self.unit.bytes.as_ptr() as usize);
        if begin > self.unit.bytes.len() || part.len() > self.unit.bytes.len() - begin {
            return Origin { format, place: self.unit.place, bytes: self.unit.bytes };
        }
        Origin { format, place: self.at(begin), bytes: part.as_bytes() }
    }

    /// The unit as a whole.
    pub(super) fn whole(&self, format: Format) -> Origin<'a> {
        Origin { format, place: self.unit.place, bytes: self.unit.bytes }
    }

    fn at(&mut self, begin: usize) -> Place {
        if begin < self.counted {
            (self.counted, self.line) = (0, self.unit.place.line);
        }
        self.line += memchr::memchr_iter(b'\n', &self.unit.bytes[self.counted..begin]).count() as u64;
        self.counted = begin;
        Place { line: self.line, offset: self.unit.place.offset + begin as u64 }
    }
}
