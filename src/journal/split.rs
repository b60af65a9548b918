//! A stream of bytes, cut into blocks of whole lines. Holds one unfinished line and never more than the line limit.

use super::LINE_LIMIT;

/// Where a line stands in its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line index from 0.
    pub line: u64,
    /// Byte offset of its first byte.
    pub offset: u64,
}

/// The lines of a block of whole lines, without their newlines, each with its place.
pub fn lines(block: &[u8], start: Place) -> impl Iterator<Item = (&[u8], Place)> {
    let mut begin = 0;
    memchr::memchr_iter(b'\n', block).enumerate().map(move |(n, end)| {
        let place = Place { line: start.line + n as u64, offset: start.offset + begin as u64 };
        let line = &block[begin..end];
        begin = end + 1;
        (line, place)
    })
}

/// Most lines in one piece: half of what the tree remembers of its recent sizes.
pub const PIECE_LINES: usize = 32_768;

/// What a stretch of a journal is.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Whole lines, each with its newline. The place is the first line's.
    Lines { start: Place, bytes: Vec<u8> },
    /// Part of a line over the limit, for hashing only; its newline is not among the bytes.
    LongPart(Vec<u8>),
    /// The newline of a line over the limit.
    LongEnd { place: Place, length: u64 },
    /// What follows the last newline, when the stream is over.
    Tail { place: Place, bytes: Vec<u8> },
    /// The stream ended inside a line over the limit.
    LongTail { place: Place, length: u64 },
}

/// Cuts a stream. Give `cut` what `carry` returned plus what was read after it.
#[derive(Debug)]
pub struct Splitter {
    next: Place,
    carry: Vec<u8>,
    long: Option<u64>,
    limit: usize,
}

impl Splitter {
    /// Starts at a place that is the beginning of a line.
    pub fn new(start: Place) -> Self {
        Self::with_limit(start, LINE_LIMIT)
    }

    pub fn with_limit(start: Place, limit: usize) -> Self {
        Self { next: start, carry: Vec::new(), long: None, limit }
    }

    /// The unfinished line so far: read the next bytes behind it and call `cut`.
    pub fn carry(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.carry)
    }

    /// Cuts one block into pieces; what is left of it is carried.
    pub fn cut(&mut self, mut block: Vec<u8>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(length) = self.long {
            block = match memchr::memchr(b'\n', &block) {
                None => {
                    self.long = Some(length + block.len() as u64);
                    pieces.push(Piece::LongPart(block));
                    return pieces;
                }
                Some(end) => {
                    let rest = block.split_off(end + 1);
                    block.pop();
                    let length = length + block.len() as u64;
                    pieces.push(Piece::LongPart(block));
                    pieces.push(Piece::LongEnd { place: self.next, length });
                    self.next = Place { line: self.next.line + 1, offset: self.next.offset + length + 1 };
                    self.long = None;
                    rest
                }
            };
        }
        self.cut_lines(block, &mut pieces);
        pieces
    }

    fn cut_lines(&mut self, mut block: Vec<u8>, pieces: &mut Vec<Piece>) {
        let rest = match memchr::memrchr(b'\n', &block) {
            None => block,
            Some(last) => {
                let rest = block.split_off(last + 1);
                self.cut_many(block, pieces);
                rest
            }
        };
        if rest.len() > self.limit {
            self.long = Some(rest.len() as u64);
            pieces.push(Piece::LongPart(rest));
        } else {
            self.carry = rest;
        }
    }

    /// Whole lines, at most `PIECE_LINES` to a piece.
    fn cut_many(&mut self, mut block: Vec<u8>, pieces: &mut Vec<Piece>) {
        while !block.is_empty() {
            let nth = memchr::memchr_iter(b'\n', &block).nth(PIECE_LINES - 1);
            let rest = nth.map_or_else(Vec::new, |nth| block.split_off(nth + 1));
            let start = self.next;
            self.next.line += match nth {
                Some(_) => PIECE_LINES as u64,
                None => memchr::memchr_iter(b'\n', &block).count() as u64,
            };
            self.next.offset += block.len() as u64;
            pieces.push(Piece::Lines { start, bytes: std::mem::replace(&mut block, rest) });
        }
    }

    /// The stream is over; `carry` is what `carry()` returned last.
    pub fn finish(self, carry: Vec<u8>) -> Option<Piece> {
        match self.long {
            Some(length) => Some(Piece::LongTail { place: self.next, length }),
            None if carry.is_empty() => None,
            None => Some(Piece::Tail { place: self.next, bytes: carry }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Held = Vec<(Place, Option<Vec<u8>>)>;

    /// Every line with its place, `None` for the bytes of one over the limit; then the tail.
    fn cut_all(text: &[u8], step: usize, limit: usize) -> (Held, Option<Piece>) {
        let mut splitter = Splitter::with_limit(Place { line: 0, offset: 0 }, limit);
        let mut found = Vec::new();
        for part in text.chunks(step) {
            let mut block = splitter.carry();
            block.extend_from_slice(part);
            for piece in splitter.cut(block) {
                match piece {
                    Piece::Lines { start, bytes } => {
                        found.extend(lines(&bytes, start).map(|(line, place)| (place, Some(line.to_vec()))));
                    }
                    Piece::LongEnd { place, .. } => found.push((place, None)),
                    _ => {}
                }
            }
        }
        let carry = splitter.carry();
        (found, splitter.finish(carry))
    }

    proptest! {
        #[test]
        fn however_a_stream_is_read_its_lines_are_the_same(text in "[ab\n]{0,200}", step in 1usize..40, limit in 1usize..20) {
            let bytes = text.as_bytes();
            let (found, tail) = cut_all(bytes, step, limit);
            let mut offset = 0;
            let whole: Vec<&str> = text.split('\n').collect();
            prop_assert_eq!(found.len(), whole.len() - 1);
            for (line, (place, held)) in whole.iter().zip(&found) {
                prop_assert_eq!(place.offset, offset);
                if let Some(held) = held {
                    prop_assert_eq!(&held[..], line.as_bytes());
                } else {
                    prop_assert!(line.len() > limit);
                }
                offset += line.len() as u64 + 1;
            }
            prop_assert_eq!(tail.is_some(), !whole[whole.len() - 1].is_empty());
        }
    }
}
