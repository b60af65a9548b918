//! What kinds of record a journal holds, and how one record is named inside a case.

use std::fmt;

/// A record's place in a case: chunk number × 65,536 + place in the chunk. Stable while the case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u32);

impl Row {
    pub const fn new(chunk: usize, place: usize) -> Self {
        Self(((chunk as u32) << 16) | place as u32)
    }

    pub const fn chunk(self) -> usize {
        (self.0 >> 16) as usize
    }

    pub const fn place(self) -> usize {
        (self.0 & 0xffff) as usize
    }
}

/// JOURNAL §3. The numbers are stored in cases and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Other = 0,
    Journal = 1,
    Checkpoint = 2,
    Release = 3,
    Deployment = 4,
    Incident = 5,
    Measurement = 6,
    Enclave = 7,
    Inference = 8,
    Action = 9,
    Message = 10,
    Payment = 11,
    Settlement = 12,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Other,
        Self::Journal,
        Self::Checkpoint,
        Self::Release,
        Self::Deployment,
        Self::Incident,
        Self::Measurement,
        Self::Enclave,
        Self::Inference,
        Self::Action,
        Self::Message,
        Self::Payment,
        Self::Settlement,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Journal => "journal",
            Self::Checkpoint => "checkpoint",
            Self::Release => "release",
            Self::Deployment => "deployment",
            Self::Incident => "incident",
            Self::Measurement => "measurement",
            Self::Enclave => "enclave",
            Self::Inference => "inference",
            Self::Action => "action",
            Self::Message => "message",
            Self::Payment => "payment",
            Self::Settlement => "settlement",
        }
    }

    /// The kind a record names; anything unknown is `Other`.
    pub fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| *kind != Self::Other && kind.name() == name).unwrap_or(Self::Other)
    }

    pub fn from_code(code: u64) -> Self {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code).copied()).unwrap_or(Self::Other)
    }

    /// Kinds marked † in JOURNAL: a later record of the same id is the next state of the same thing.
    pub const fn has_states(self) -> bool {
        matches!(self, Self::Incident | Self::Measurement | Self::Enclave | Self::Payment | Self::Settlement)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
