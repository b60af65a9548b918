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
    /// Where it stands in the file that was imported, when the line above is one an importer wrote.
    pub imported: Option<Stretch>,
}

/// A stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Line index from 0.
    pub line: u64,
    pub offset: u64,
    pub length: u64,
}

impl Fault {
    /// Where a person finds it: in the file they gave.
    pub fn place(&self) -> Stretch {
        self.imported.unwrap_or(Stretch { line: self.line, offset: self.offset, length: self.length })
    }
}
