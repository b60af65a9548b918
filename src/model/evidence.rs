//! How a request's version is known, and what is odd about it (ANALYSIS §1).

use std::fmt;

/// The strongest evidence for a request's effective version, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Evidence {
    #[default]
    None = 0,
    /// Only the record's own `version` or `blob_id` says so.
    Claimed = 1,
    /// The node's deployment interval says so.
    Scheduled = 2,
    /// The enclave's measurement says so.
    Attested = 3,
}

impl Evidence {
    pub const ALL: [Self; 4] = [Self::None, Self::Claimed, Self::Scheduled, Self::Attested];

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Claimed => "claimed",
            Self::Scheduled => "scheduled",
            Self::Attested => "attested",
        }
    }

    pub fn from_code(code: u64) -> Self {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code).copied()).unwrap_or_default()
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What still points at the release that is gone: a set of flags on one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointers(pub u8);

impl Pointers {
    /// Claims the faulty version, was served by another, after the rollback.
    pub const STALE: Self = Self(1);
    /// Served by the faulty version after the rollback.
    pub const LATE: Self = Self(2);
    /// Claims another version than the faulty one that served it.
    pub const SHADOW: Self = Self(4);
    /// The attested version is not the scheduled one.
    pub const CONFLICT: Self = Self(8);
    /// No evidence of any version.
    pub const UNATTRIBUTED: Self = Self(16);

    pub const ALL: [(Self, &'static str); 5] = [
        (Self::STALE, "stale-pointer"),
        (Self::LATE, "late-serving"),
        (Self::SHADOW, "shadow-serving"),
        (Self::CONFLICT, "version-conflict"),
        (Self::UNATTRIBUTED, "unattributed"),
    ];

    pub const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub const fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(flag, _)| flag)
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| name)
    }
}

/// Comma-joined names, as the `pointer` column of the `requests` view shows them.
impl fmt::Display for Pointers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.write_str(&names.join(","))
    }
}
