//! What verification may say of one step (PROOFS §0). A verdict is never rounded up.

use std::fmt;

/// Worst first, in the order a path is judged by; `NotApplicable` never worsens a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// All inputs are present and a check is false.
    Failed = 1,
    /// Holds, but a revocation took effect at or before the event.
    Revoked = 2,
    /// Two readings of the same bytes differ.
    Ambiguous = 3,
    /// A needed input is not in evidence.
    Missing = 4,
    /// Known, but not implemented here.
    Unsupported = 5,
    /// Not asked for, or over budget.
    Unchecked = 6,
    /// Somebody's word only.
    Asserted = 7,
    /// Correct, under a key or root nobody pinned.
    Untrusted = 8,
    /// Crypto, binding and policy hold to a pinned root at the stated time.
    Verified = 9,
    /// No such step for this record.
    NotApplicable = 10,
}

impl Status {
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::Revoked,
        Self::Ambiguous,
        Self::Missing,
        Self::Unsupported,
        Self::Unchecked,
        Self::Asserted,
        Self::Untrusted,
        Self::Verified,
        Self::NotApplicable,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Revoked => "revoked",
            Self::Ambiguous => "ambiguous",
            Self::Missing => "missing",
            Self::Unsupported => "unsupported",
            Self::Unchecked => "unchecked",
            Self::Asserted => "asserted",
            Self::Untrusted => "untrusted",
            Self::Verified => "verified",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The steps of a request's ladder, in ladder order; names are a contract (DESIGN §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    Checkpoint = 1,
    Witness = 2,
    Inclusion = 3,
    RequestHash = 4,
    OutputHash = 5,
    Signature = 6,
    TeeId = 7,
    Attestation = 8,
    Measurement = 9,
    Release = 10,
    Blob = 11,
    Leaf = 12,
    Batch = 13,
    Receipt = 14,
    Authorisation = 15,
    Transfer = 16,
}

impl Step {
    pub const ALL: [Self; 16] = [
        Self::Checkpoint,
        Self::Witness,
        Self::Inclusion,
        Self::RequestHash,
        Self::OutputHash,
        Self::Signature,
        Self::TeeId,
        Self::Attestation,
        Self::Measurement,
        Self::Release,
        Self::Blob,
        Self::Leaf,
        Self::Batch,
        Self::Receipt,
        Self::Authorisation,
        Self::Transfer,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Witness => "witness",
            Self::Inclusion => "inclusion",
            Self::RequestHash => "request-hash",
            Self::OutputHash => "output-hash",
            Self::Signature => "signature",
            Self::TeeId => "tee-id",
            Self::Attestation => "attestation",
            Self::Measurement => "measurement",
            Self::Release => "release",
            Self::Blob => "blob",
            Self::Leaf => "leaf",
            Self::Batch => "batch",
            Self::Receipt => "receipt",
            Self::Authorisation => "authorisation",
            Self::Transfer => "transfer",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// All step statuses of one request: four bits each, in ladder order from the lowest. Stored in cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(pub u64);

impl Verdicts {
    pub fn of(steps: impl Iterator<Item = (Step, Status)>) -> Self {
        Self(steps.fold(0, |all, (step, status)| all | (status as u64) << Self::shift(step)))
    }

    const fn shift(step: Step) -> u32 {
        (step as u32 - 1) * 4
    }

    /// `None` where the request was not verified.
    pub fn status(self, step: Step) -> Option<Status> {
        let code = self.0 >> Self::shift(step) & 0xf;
        Status::ALL.into_iter().find(|status| *status as u64 == code)
    }

    /// The worst status of the path.
    pub fn worst(self) -> Option<Status> {
        Step::ALL.into_iter().filter_map(|step| self.status(step)).min()
    }

    /// Whether the enclave's word counts for which version served it: its key is the one named, and it signed.
    pub fn attests(self) -> bool {
        let holds =
            |step| matches!(self.status(step), Some(Status::Verified | Status::Untrusted | Status::Asserted));
        holds(Step::Signature) && holds(Step::TeeId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_statuses_fit_one_number() {
        let given: Vec<(Step, Status)> = Step::ALL.into_iter().zip(Status::ALL.into_iter().cycle()).collect();
        let verdicts = Verdicts::of(given.iter().copied());
        assert!(given.iter().all(|(step, status)| verdicts.status(*step) == Some(*status)));
        assert_eq!(verdicts.worst(), Some(Status::Failed));
        assert_eq!(Verdicts(0).worst(), None);
    }
}
