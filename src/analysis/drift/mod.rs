//! Which agents changed while the faulty version served them, and which stayed changed (ANALYSIS §3).
//!
//! Values in, values out, one agent at a time; `work::agents` runs it over a fleet on every core.
//!
//! ```text
//! strip      an agent's records in time order, eight bytes each
//! phases     before · during · after by exposure, counted into columns
//! controls   what agents without exposure did meanwhile, as running sums over time
//! table      pooled columns and the difference in differences of one window
//! dispersion how much more counts scatter than independent draws
//! signature  the direction in which the fleet moved
//! window     all p-values of one window, true or placebo
//! verdict    empirical null, false discoveries, effect gates
//! lasting    whether what changed is back
//! ```

pub mod controls;
pub mod dispersion;
pub mod lasting;
pub mod phases;
pub mod signature;
pub mod strip;
pub mod table;
pub mod verdict;
pub mod window;

/// What is compared between the phases of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// What it did: categories of its `action` records.
    Actions,
    /// How its requests came out: the class of error, else the status.
    Outcomes,
    /// Length of the answers, in tenths of the baseline.
    Tokens,
    /// How long they took, in tenths of the baseline.
    Latency,
    /// Which action follows which.
    Transitions,
    /// Requests per hour.
    Volume,
}

impl Feature {
    pub const ALL: [Self; 6] =
        [Self::Actions, Self::Outcomes, Self::Tokens, Self::Latency, Self::Transitions, Self::Volume];
    /// Those with a distribution over categories.
    pub const MIXES: [Self; 5] =
        [Self::Actions, Self::Outcomes, Self::Tokens, Self::Latency, Self::Transitions];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Outcomes => "outcomes",
            Self::Tokens => "output tokens",
            Self::Latency => "latency",
            Self::Transitions => "transitions",
            Self::Volume => "volume",
        }
    }

    /// Its columns among those of `Counts`.
    pub const fn columns(self) -> std::ops::Range<usize> {
        match self {
            Self::Actions => 0..16,
            Self::Outcomes => 16..32,
            Self::Tokens => 32..42,
            Self::Latency => 42..52,
            Self::Transitions => 52..84,
            Self::Volume => 84..85,
        }
    }

    /// Whether its categories have an order, so that ranks mean something.
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Tokens | Self::Latency)
    }
}

/// Columns of all features; the last counts requests.
pub const COLUMNS: usize = 85;
/// The widest feature.
pub const WIDEST: usize = 32;

/// Counts of one stretch of records, by column.
pub type Counts = [u32; COLUMNS];

/// Fewer records than this on either side, and nothing is tested.
pub const ENOUGH: f64 = 30.0;
