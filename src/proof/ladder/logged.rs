//! Is this record what was logged? Checkpoint, witnesses, inclusion (PROOFS §1).

use super::EvidenceFor;
use super::reproduce::Command;
use super::step::{Check, Checks, StepResult};
use crate::model::{Hash, Status, Step};
use crate::proof::merkle::{leaf_hash, verify_inclusion};
use crate::proof::note::{Checkpoint, Signed, VerifierKey};
use crate::proof::trust::Trust;

/// What a journal says of itself, and its root at the checkpoint's size.
#[derive(Clone, Copy, Debug)]
pub struct Journal<'a> {
    pub origin: Option<&'a str>,
    /// The verifier key in its first line: a claim until it is pinned.
    pub log_key: Option<&'a str>,
    pub root: RootAtSize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootAtSize {
    /// Over the journal's own first lines, as many as the checkpoint says.
    Recomputed(Hash),
    /// The journal ends before the checkpoint's size.
    BeyondEnd { lines: u64 },
    /// Only parts of the journal are in evidence, as in a bundle: paths must lead to the root.
    NotHeld,
}

/// How a record's place in the tree is shown.
#[derive(Clone, Copy, Debug)]
pub enum Inclusion<'a> {
    None,
    /// The line was read from the very journal whose root was recomputed for the checkpoint.
    WholeJournal,
    /// The record was imported: its source is no log, so there is no tree it could be in.
    Imported,
    /// An RFC 9162 inclusion proof.
    Path(&'a [Hash]),
}

/// A checkpoint, checked once for all records under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCheckpoint {
    committed: Option<(u64, Hash)>,
    root: RootAtSize,
    log: StepResult,
    witness: StepResult,
}

impl CheckedCheckpoint {
    pub fn check(note: &str, journal: &Journal<'_>, trust: &Trust) -> Self {
        match Checkpoint::parse(note) {
            Ok(checkpoint) => Self {
                committed: Some((checkpoint.size, checkpoint.root)),
                root: journal.root,
                log: log_step(&checkpoint, journal, trust),
                witness: witness_step(&checkpoint, trust),
            },
            Err(fault) => {
                let bad = |step| {
                    let checks =
                        Checks { crypto: Check::Fails, binding: Check::NotAsked, policy: Check::NotAsked };
                    StepResult::judged(step, checks, fault.to_string()).over(note.as_bytes())
                };
                let witness =
                    StepResult::stopped(Step::Witness, Status::Missing, "no readable checkpoint to witness");
                Self { committed: None, root: journal.root, log: bad(Step::Checkpoint), witness }
            }
        }
    }

    /// Size and root, if the note could be read.
    pub fn committed(&self) -> Option<(u64, Hash)> {
        self.committed
    }

    pub fn log_result(&self) -> &StepResult {
        &self.log
    }

    pub fn witness_result(&self) -> &StepResult {
        &self.witness
    }
}

pub(super) fn steps(evidence: &EvidenceFor<'_>) -> Vec<StepResult> {
    if matches!(evidence.inclusion, Inclusion::Imported) {
        let no_log = "imported: its source is no log, so nothing could commit to it; the case holds the file's SHA-256";
        let none = |step| StepResult::stopped(step, Status::NotApplicable, no_log);
        return vec![none(Step::Checkpoint), none(Step::Witness), none(Step::Inclusion)];
    }
    let Some(checkpoint) = evidence.checkpoint else {
        let nowhere =
            "no checkpoint covers this line; a later `checkpoint` record, the log or a witness may hold one";
        let missing = |step| StepResult::stopped(step, Status::Missing, nowhere);
        return vec![missing(Step::Checkpoint), missing(Step::Witness), missing(Step::Inclusion)];
    };
    vec![
        evidence.lent(&checkpoint.log),
        evidence.lent(&checkpoint.witness),
        inclusion_step(evidence, checkpoint),
    ]
}

fn log_step(checkpoint: &Checkpoint, journal: &Journal<'_>, trust: &Trust) -> StepResult {
    let pinned = trust.log(&checkpoint.origin).map(|log| log.key.clone());
    let claimed = || journal.log_key.and_then(|key| VerifierKey::parse(key).ok());
    let key = pinned.clone().or_else(claimed);
    let (crypto, signed) = match key.as_ref().map(|key| key.verify(&checkpoint.note)) {
        None => {
            (Check::NotAsked, "no key to check its signature with: neither pinned nor named by the journal")
        }
        Some(Signed::Valid | Signed::CosignedAt(_)) => (Check::Holds, "signed by the log key"),
        Some(Signed::Absent) => (Check::Fails, "the log key did not sign it"),
        Some(Signed::Invalid) => (Check::Fails, "the signature under the log key is wrong"),
    };
    let (binding, bound) = bound(checkpoint, journal);
    let policy = if pinned.is_some() { Check::Holds } else { Check::Unpinned };
    let reason = match (crypto, binding, policy) {
        (_, Check::Fails, _) => bound,
        (Check::Holds, _, Check::Unpinned) => "signed by a log key that nobody pinned",
        _ => signed,
    };
    let checks = Checks { crypto, binding, policy };
    let result = StepResult::judged(Step::Checkpoint, checks, reason)
        .claim(format!("{} has {} lines", checkpoint.origin, checkpoint.size))
        .compared(computed_root(journal.root), checkpoint.root.hex())
        .over(checkpoint.note.body.as_bytes());
    let result = shown_by(result, key.as_ref(), checkpoint);
    match (crypto, binding) {
        (Check::NotAsked, Check::Holds) => result.lowered(Status::Asserted, signed),
        (Check::NotAsked, Check::NotAsked) => result.lowered(Status::Missing, signed),
        _ => result,
    }
}

/// With the command that verifies a key's signature under a note, where it has one there.
fn shown_by(result: StepResult, key: Option<&VerifierKey>, checkpoint: &Checkpoint) -> StepResult {
    match key.and_then(|key| Some((key.public_key, key.signed_in(&checkpoint.note)?))) {
        Some((key, (message, signature))) => {
            result.reproduced_by(Command::Ed25519 { key, message: message.into_bytes(), signature })
        }
        None => result,
    }
}

fn bound(checkpoint: &Checkpoint, journal: &Journal<'_>) -> (Check, &'static str) {
    if journal.origin.is_some_and(|origin| origin != checkpoint.origin) {
        return (Check::Fails, "the checkpoint is of another log than this journal");
    }
    match journal.root {
        RootAtSize::Recomputed(root) if root == checkpoint.root => (Check::Holds, ""),
        RootAtSize::Recomputed(_) => (Check::Fails, "the journal's lines up to that size have another root"),
        RootAtSize::BeyondEnd { .. } => {
            (Check::Fails, "cut tail: the journal has fewer lines than were committed to")
        }
        RootAtSize::NotHeld => (Check::NotAsked, ""),
    }
}

fn computed_root(root: RootAtSize) -> String {
    match root {
        RootAtSize::Recomputed(root) => root.hex(),
        RootAtSize::BeyondEnd { lines } => format!("the journal ends after {lines} lines"),
        RootAtSize::NotHeld => String::new(),
    }
}

fn witness_step(checkpoint: &Checkpoint, trust: &Trust) -> StepResult {
    if trust.witnesses.is_empty() {
        return StepResult::stopped(Step::Witness, Status::NotApplicable, "no witness is pinned");
    }
    let mut seen = 0;
    for witness in &trust.witnesses {
        match witness.verify(&checkpoint.note) {
            Signed::Valid | Signed::CosignedAt(_) => seen += 1,
            Signed::Absent => {}
            Signed::Invalid => {
                let checks =
                    Checks { crypto: Check::Fails, binding: Check::NotAsked, policy: Check::NotAsked };
                let reason = format!("the cosignature of {} is wrong", witness.name);
                let result = StepResult::judged(Step::Witness, checks, reason);
                return shown_by(result.over(checkpoint.note.body.as_bytes()), Some(witness), checkpoint);
            }
        }
    }
    let count = format!("{seen} of {} pinned witnesses", trust.witnesses.len());
    let result = if seen < trust.quorum {
        let reason = format!("{count} cosigned, {} are needed; the others may hold one", trust.quorum);
        StepResult::stopped(Step::Witness, Status::Missing, reason)
    } else {
        let checks = Checks { crypto: Check::Holds, binding: Check::Holds, policy: Check::Holds };
        StepResult::judged(Step::Witness, checks, format!("{count} cosigned"))
    };
    let cosigned = trust.witnesses.iter().find(|witness| witness.signed_in(&checkpoint.note).is_some());
    let result = result.compared(seen.to_string(), trust.quorum.to_string());
    shown_by(result.over(checkpoint.note.body.as_bytes()), cosigned, checkpoint)
}

fn inclusion_step(evidence: &EvidenceFor<'_>, checkpoint: &CheckedCheckpoint) -> StepResult {
    let missing = |reason| StepResult::stopped(Step::Inclusion, Status::Missing, reason);
    let Some((size, root)) = checkpoint.committed else {
        return missing("no readable checkpoint to be included in");
    };
    if evidence.index >= size {
        return missing("the line comes after the checkpoint; a later checkpoint may cover it");
    }
    let holds = match evidence.inclusion {
        Inclusion::None | Inclusion::Imported => {
            return missing("no inclusion proof; whoever holds the whole journal can make one");
        }
        Inclusion::WholeJournal => checkpoint.root == RootAtSize::Recomputed(root),
        Inclusion::Path(path) => {
            verify_inclusion(&leaf_hash(evidence.line), evidence.index, size, path, &root)
        }
    };
    let binding = if holds { Check::Holds } else { Check::Fails };
    let policy = if checkpoint.log.status == Status::Verified { Check::Holds } else { Check::Unpinned };
    let reason = match (binding, policy) {
        (Check::Fails, _) => "the line does not lead to the checkpoint's root",
        (_, Check::Unpinned) => "the line leads to a root that no pinned log vouches for",
        _ => "the line leads to the checkpoint's root",
    };
    let result = StepResult::judged(Step::Inclusion, Checks { crypto: binding, binding, policy }, reason);
    if !evidence.tells() {
        return result;
    }
    let (leaf, leaf_bytes) = (leaf_hash(evidence.line), [&[0], evidence.line].concat());
    result
        .claim(format!("line {} of {size}", evidence.index))
        .compared(format!("leaf {leaf}"), format!("root {root}"))
        .over(&leaf_bytes)
        .reproduced_by(Command::Sha256(leaf_bytes))
}
