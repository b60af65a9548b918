//! Inferences put on a chain: settlements with all their states joined.

use crate::journal::batch::TxForm;
use crate::model::{Nanos, Row};

/// One settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Its last record.
    pub row: Row,
    pub at: Nanos,
    pub mode: Mode,
    pub state: SettlementState,
    pub settled_at: Option<Nanos>,
    pub tx: u64,
    pub form: TxForm,
    /// Fingerprint of its leaf, 0 if none is named.
    pub leaf: u64,
    pub size: Option<u64>,
    /// Inferences it settles that are in the journals, by row.
    pub members: Vec<Row>,
    /// Of them: served by the faulty version.
    pub faulty: u64,
    /// Named, and in no journal.
    pub unknown: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Private,
    Batch,
    Individual,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Batch => "batch",
            Self::Individual => "individual",
        }
    }

    pub fn of(word: &str) -> Self {
        match word {
            "private" => Self::Private,
            "individual" => Self::Individual,
            _ => Self::Batch,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettlementState {
    Pending,
    Settled,
    Failed,
    /// Says settled; its receipt says reverted.
    Reverted,
}

impl SettlementState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Reverted => "reverted",
        }
    }

    pub fn of(word: &str, receipt: Option<bool>) -> Self {
        match word {
            "settled" if receipt == Some(false) => Self::Reverted,
            "settled" => Self::Settled,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}
