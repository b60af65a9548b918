//! How far the faulty version reaches a thing (ANALYSIS §6).

use std::fmt;

/// Nearest first. `T0` and `T1` are certain, `T2` likely, `T3` possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tier {
    /// Served by the faulty version.
    T0 = 0,
    /// A recorded chain of parents, causes and caches leads to T0.
    T1 = 1,
    /// State of an agent after T0 or T1, and that agent is shown to have changed.
    T2 = 2,
    /// Merely reachable in time.
    T3 = 3,
}

impl Tier {
    pub const ALL: [Self; 4] = [Self::T0, Self::T1, Self::T2, Self::T3];

    pub const fn name(self) -> &'static str {
        match self {
            Self::T0 => "T0",
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::T3 => "T3",
        }
    }

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::T0 => "served by the faulty version",
            Self::T1 => "a recorded chain leads to the faulty version",
            Self::T2 => "state of an agent that changed",
            Self::T3 => "merely reachable in time",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.name().eq_ignore_ascii_case(name))
    }

    /// As a column stores it: 0 is "not reached".
    pub const fn code(tier: Option<Self>) -> u8 {
        match tier {
            None => 0,
            Some(tier) => tier as u8 + 1,
        }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier as u8 + 1 == code)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
