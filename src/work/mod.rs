//! The verbs both faces use, with progress and cancellation: ingest, seal, select, overview, timeline, explain.

pub mod adopt;
pub mod agents;
pub mod archive;
pub mod blast;
pub mod blobs;
pub mod bundle;
pub mod copies;
pub mod explain;
pub mod exposure;
pub mod filter;
pub mod findings;
pub mod fold;
pub mod happenings;
pub mod ingest;
pub mod ledger;
pub mod lines;
pub mod notebook;
pub mod open;
pub mod own_rules;
pub mod pairs;
pub mod parallel;
pub mod payments;
pub mod proof_findings;
pub mod registry;
pub mod rows;
pub mod rules;
pub mod save;
pub mod seal;
pub mod select;
pub mod session;
pub mod settings;
pub mod sheet;
pub mod simulate;
pub mod stack;
pub mod study;
pub mod targets;
pub mod timeline;
pub mod verify;
pub mod web;

use crate::store::StoreError;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a verb could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot read {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("cannot write {}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
    #[error("{} changed since this case read it: {what}; recorded {recorded}, found {found}. The case was left as it is; \
             open the changed file with another --case", path.display())]
    Changed { path: PathBuf, what: &'static str, recorded: String, found: String },
    #[error("{}: {what}", path.display())]
    Unfit { path: PathBuf, what: String },
    #[error("stopped; run the same command again to go on from here")]
    Cancelled,
    #[error("{0}")]
    Refused(String),
}

/// A flag that asks long work to stop soon.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn check(&self) -> Result<(), WorkError> {
        if self.is_cancelled() { Err(WorkError::Cancelled) } else { Ok(()) }
    }
}
