//! Bytes of a provenance journal → records and faults. Parsing never fails: what is no record is a fault with a place.
//!
//! Nothing here does I/O. `split` cuts a stream into whole lines, `read` turns lines into a `Batch` of columns,
//! `wire` is the form of each kind of record on its line, `framing` tells compressed bytes from plain ones, `import` turns
//! what other systems write into such lines.

pub mod batch;
pub mod framing;
pub mod import;
pub mod read;
pub mod split;
pub mod text;
pub mod wire;
pub mod writer;

pub use batch::{Batch, Column, Names};
pub use wire::Record;
pub use writer::Writer;

/// The longest line that is read as a record (JOURNAL §1); a longer one is a fault and is never held in memory.
pub const LINE_LIMIT: usize = 16 << 20;

/// A stable 64-bit fingerprint of an id. Equal ids have equal prints; equal prints must be checked by bytes,
/// because whoever writes a journal can make prints collide.
pub fn print_of(id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(id.as_bytes())
}
