//! The ladder of one request: from the record's bytes to who paid, sixteen steps, each computed whatever the others say.
//!
//! ```text
//! EvidenceFor ─ climb ─▶ Path { steps in ladder order, worst, first that failed }
//! ```
//! What many records share (a checkpoint, an enclave, a batch, a payment) is checked once and lent to each:
//! `CheckedCheckpoint`, `CheckedEnclave`, `CheckedBatch`, `CheckedPayment` can only be made by checking.

mod build;
mod enclave;
mod logged;
mod paid;
mod reproduce;
mod response;
mod settled;
mod step;

pub use build::{BlobContent, Release, blob_id};
pub use enclave::{CheckedEnclave, EnclaveRecord};
pub use logged::{CheckedCheckpoint, Inclusion, Journal, RootAtSize};
pub use paid::{CheckedPayment, Payment};
pub use reproduce::{Command, KECCAK, MAX_COMMAND_BYTES};
pub use response::Response;
pub use settled::{CheckedBatch, Settlement, leaf_hashes};
pub use step::{Check, Checks, Preview, StepResult};

use super::registry::Registry;
use super::trust::Trust;
use crate::model::{Nanos, Status, Step, Verdicts};

/// Everything in evidence about one inference. Absent parts are `None`; the ladder says what is missing and where it is
/// usually found.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceFor<'a> {
    pub trust: &'a Trust,
    /// The record's time, by its recorder's clock.
    pub at: Nanos,
    /// When the question is asked: what was revoked since is told by it.
    pub now: Nanos,
    /// The record's line, without its newline, and its index in the journal.
    pub line: &'a [u8],
    pub index: u64,
    /// The first checkpoint whose size is above the index.
    pub checkpoint: Option<&'a CheckedCheckpoint>,
    pub inclusion: Inclusion<'a>,
    pub response: Response<'a>,
    pub enclave: Option<&'a CheckedEnclave>,
    pub registry: Option<&'a Registry>,
    /// The version and blob id the record itself claims.
    pub claimed_version: Option<&'a str>,
    pub claimed_blob: Option<&'a str>,
    /// The release that bears the measured build, or else the claimed version.
    pub release: Option<Release<'a>>,
    pub blob: BlobContent<'a>,
    pub settlement: Option<Settlement<'a>>,
    pub payment: Option<&'a CheckedPayment>,
    pub telling: Telling,
}

/// Whether results carry the words, bytes and commands that people read. Statuses are the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    Words,
    VerdictsOnly,
}

impl<'a> EvidenceFor<'a> {
    /// A record of which nothing is known but its line.
    pub fn bare(trust: &'a Trust, line: &'a [u8], index: u64, at: Nanos, now: Nanos) -> Self {
        Self {
            trust,
            at,
            now,
            line,
            index,
            checkpoint: None,
            inclusion: Inclusion::None,
            response: Response::default(),
            enclave: None,
            registry: None,
            claimed_version: None,
            claimed_blob: None,
            release: None,
            blob: BlobContent::Absent,
            settlement: None,
            payment: None,
            telling: Telling::Words,
        }
    }

    /// The same evidence, asked for verdicts only: a million requests are told by their counts.
    pub fn without_words(self) -> Self {
        Self { telling: Telling::VerdictsOnly, ..self }
    }

    fn tells(&self) -> bool {
        self.telling == Telling::Words
    }

    /// A result that was made once for many, as this question needs it.
    fn lent(&self, result: &StepResult) -> StepResult {
        if self.tells() { result.clone() } else { result.without_words() }
    }
}

/// All steps of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub steps: Vec<StepResult>,
}

impl Path {
    /// All statuses, as cases keep them.
    pub fn verdicts(&self) -> Verdicts {
        Verdicts::of(self.steps.iter().map(|result| (result.step, result.status)))
    }

    /// The worst status among the required steps; steps that do not apply never worsen it.
    pub fn worst(&self) -> Status {
        self.verdicts().worst().unwrap_or(Status::Unchecked)
    }

    /// The lowest rung that failed: where to look first.
    pub fn first_failed(&self) -> Option<&StepResult> {
        self.steps.iter().find(|step| step.status == Status::Failed)
    }

    pub fn step(&self, step: Step) -> Option<&StepResult> {
        self.steps.iter().find(|result| result.step == step)
    }
}

/// Computes every step. Costs one RSA verification (82 µs) and, where there is a payment, one recovery; the rest is hashes.
pub fn climb(evidence: &EvidenceFor<'_>) -> Path {
    let response = response::steps(evidence);
    let mut steps = logged::steps(evidence);
    steps.extend(response);
    steps.extend(build::steps(evidence));
    steps.extend(settled::steps(evidence));
    steps.extend(paid::steps(evidence));
    Path { steps }
}

/// The signature step alone.
pub fn signature(evidence: &EvidenceFor<'_>) -> StepResult {
    response::signature_step(evidence)
}

#[cfg(test)]
mod tests;
