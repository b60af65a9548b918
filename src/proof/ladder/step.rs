//! One rung of the ladder: what was asked, what was found, what follows and what does not.
//!
//! A result that is `Verified` can only be made by `judged`, from checks that were made; every other way of making one
//! refuses that word.

use super::reproduce::Command;
use crate::model::{Status, Step};

/// The answer to one of a step's three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Holds,
    Fails,
    /// It would hold, but under a key or root nobody pinned.
    Unpinned,
    /// The step does not ask this, or never came to it.
    NotAsked,
}

/// crypto: the maths holds. binding: the thing proved is this record. policy: issuer, time, quorum, pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    pub crypto: Check,
    pub binding: Check,
    pub policy: Check,
}

/// The first bytes of what was hashed or verified, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    pub head: Vec<u8>,
    pub length: u64,
}

const PREVIEW: usize = 4096;

/// One step's result. `claim`, `computed`, `recorded` and `reason` may hold recorded text: show them through `Untrusted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    pub step: Step,
    pub status: Status,
    pub checks: Checks,
    /// What the evidence says, in words.
    pub claim: String,
    /// What we found, beside what was recorded.
    pub computed: String,
    pub recorded: String,
    /// The bytes this rests on.
    pub bytes: Preview,
    pub reason: String,
    pub proves: &'static str,
    pub does_not_prove: &'static str,
    /// A command that shows the same with common tools.
    pub reproduce: Option<Command>,
}

impl StepResult {
    /// A step that could not be decided by checks. `Verified` is not to be had this way.
    pub(super) fn stopped(step: Step, status: Status, reason: impl Into<String>) -> Self {
        let status = if status == Status::Verified { Status::Unchecked } else { status };
        let none = Checks { crypto: Check::NotAsked, binding: Check::NotAsked, policy: Check::NotAsked };
        Self::new(step, status, none, reason.into())
    }

    /// A step decided by its checks: any that fails makes it failed, an unpinned root untrusted.
    pub(super) fn judged(step: Step, checks: Checks, reason: impl Into<String>) -> Self {
        Self::new(step, status_of(checks), checks, reason.into())
    }

    fn new(step: Step, status: Status, checks: Checks, reason: String) -> Self {
        let (proves, does_not_prove) = meaning(step);
        Self {
            step,
            status,
            checks,
            claim: String::new(),
            computed: String::new(),
            recorded: String::new(),
            bytes: Preview::default(),
            reason,
            proves,
            does_not_prove,
            reproduce: None,
        }
    }

    /// The same result without what only a reader needs; no check is made again, none is left out.
    pub(super) fn without_words(&self) -> Self {
        Self::new(self.step, self.status, self.checks, String::new())
    }

    pub(super) fn claim(mut self, claim: impl Into<String>) -> Self {
        self.claim = claim.into();
        self
    }

    pub(super) fn compared(mut self, computed: impl Into<String>, recorded: impl Into<String>) -> Self {
        self.computed = computed.into();
        self.recorded = recorded.into();
        self
    }

    pub(super) fn over(self, bytes: &[u8]) -> Self {
        self.over_start(bytes, bytes.len() as u64)
    }

    /// Over bytes of which only the start is at hand.
    pub(super) fn over_start(mut self, bytes: &[u8], length: u64) -> Self {
        self.bytes = Preview { head: bytes[..bytes.len().min(PREVIEW)].to_vec(), length };
        self
    }

    pub(super) fn reproduced_by(mut self, command: Command) -> Self {
        self.reproduce = Some(command);
        self
    }

    /// The same result made worse by something beside the checks; it can never become better.
    pub(super) fn lowered(mut self, status: Status, reason: impl Into<String>) -> Self {
        if status < self.status {
            self.status = status;
            self.reason = reason.into();
        }
        self
    }
}

/// A step whose input is not in evidence; the reason names it and where it is usually found.
pub(super) fn missing(step: Step, reason: &'static str) -> StepResult {
    StepResult::stopped(step, Status::Missing, reason)
}

/// A step whose inputs contradict each other, or have not their form.
pub(super) fn failed(step: Step, reason: impl Into<String>) -> StepResult {
    let checks = Checks { crypto: Check::NotAsked, binding: Check::Fails, policy: Check::NotAsked };
    StepResult::judged(step, checks, reason)
}

fn status_of(checks: Checks) -> Status {
    let all = [checks.crypto, checks.binding, checks.policy];
    if all.contains(&Check::Fails) {
        Status::Failed
    } else if !all.contains(&Check::Holds) {
        Status::Unchecked
    } else if all.contains(&Check::Unpinned) {
        Status::Untrusted
    } else {
        Status::Verified
    }
}

/// What a verified step proves, and what it does not.
const fn meaning(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Checkpoint => (
            "the pinned log key signed this size and root of this journal",
            "that the journal is complete, or that nobody was shown another root",
        ),
        Step::Witness => (
            "enough pinned witnesses saw this root and one they knew before it is its beginning",
            "that what the journal says is true",
        ),
        Step::Inclusion => (
            "these exact bytes are the line the checkpoint commits to",
            "that what the line says is true, or when it happened",
        ),
        Step::RequestHash => (
            "the recorded request, in its signed part, has the recorded hash",
            "unsigned fields: tool_choice, top_p, n, seed, stream, image bytes",
        ),
        Step::OutputHash => {
            ("the recorded output has the recorded hash", "that the output is right or was shown")
        }
        Step::Signature => (
            "the enclave's key signed this request hash, output hash and time",
            "which provider model answered: the signed name is the alias asked for; the time is the enclave's own",
        ),
        Step::TeeId => ("the key is the one this tee_id names", "that an enclave holds the key"),
        Step::Attestation => (
            "AWS vouches that an enclave with these PCRs held this signing key at the document's time",
            "that the build is a good one, or that the document was fresh",
        ),
        Step::Measurement => (
            "the build was approved, and its enclave enabled, at the record's time",
            "that the approved build behaves well",
        ),
        Step::Release => (
            "the measured build is the version the record claims",
            "what a floating alias resolved to at the provider",
        ),
        Step::Blob => ("the content has this id", "who made it, when, or that it was the content served"),
        Step::Leaf => (
            "this inference's own hashes make a leaf of the batch's tree",
            "that the batch is on a chain: the receipt shows that",
        ),
        Step::Batch => (
            "every leaf and node of the tree is consistent and leads to the settled root and size",
            "that the batch holds every inference of its time",
        ),
        Step::Receipt => (
            "the pinned block holds a successful transaction in which the pinned relay emitted this root",
            "that the relay checked anything: it does not",
        ),
        Step::Authorisation => (
            "the payer signed this payee, asset, amount and time",
            "that the money moved, or for which inferences",
        ),
        Step::Transfer => (
            "the pinned block holds the transfer of this amount from payer to payee",
            "what the payment was for",
        ),
    }
}
