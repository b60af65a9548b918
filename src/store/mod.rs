//! The case file: columns of every record in packed chunks, the small things in tables. The only room that knows SQL.
//!
//! The journals stay the store of bytes. A case is an index and a notebook beside them, and can be made again from them.

pub mod case;
pub mod chunk;
pub mod log;
pub mod names;
pub mod packed;
pub mod snapshot;
pub mod source;
pub mod tables;
pub mod views;

pub use case::Case;
pub use chunk::Chunk;
pub use names::Dictionary;
pub use packed::Packed;
pub use snapshot::{Resolved, Snapshot, View};
pub use source::{Source, SourceState};

use std::path::PathBuf;

/// Why the case or a source could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open case {}: {reason}", path.display())]
    Open { path: PathBuf, reason: String },
    #[error("{} is not a Backtrail case", .0.display())]
    NotACase(PathBuf),
    #[error("case {} is only the beginning of one; run `backtrail ingest` with it again", .0.display())]
    Unfinished(PathBuf),
    #[error("case {} was written by a newer Backtrail (format {found}, this one knows {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the case file: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("the case file is damaged: {0}")]
    Damaged(String),
    #[error("cannot read {}: {reason}", path.display())]
    Source { path: PathBuf, reason: String },
}
