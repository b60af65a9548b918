//! A line that is no record, with the place and the reason.

/// A faulty line. It stays in the evidence (it is a leaf like any other) and reading goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line index in its journal, from 0.
    pub line: u64,
    /// Byte offset of the line's first byte.
    pub offset: u64,
    /// Bytes in the line, without its newline.
    pub length: u64,
    pub reason: String,
}
