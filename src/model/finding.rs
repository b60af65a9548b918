//! What an investigator should look at: a rule, how bad, about what, and the records that show it.

use crate::model::record::Row;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One finding. The sentence is ours; names inside it are recorded text and must be shown through `Untrusted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, as `late-serving`.
    pub rule: String,
    pub severity: Severity,
    /// What it is about: a node, an id, a source's path.
    pub subject: String,
    pub sentence: String,
    /// Records that show it, in time order. At most `EVIDENCE_SHOWN`; `count` is the true number.
    pub evidence: Vec<Row>,
    pub count: u64,
}

/// How many evidence rows a finding carries; the list behind it is a filter, not a copy.
pub const EVIDENCE_SHOWN: usize = 100;
