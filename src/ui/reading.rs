//! What is told while journals are still read: the rows there are, and of all that is computed from every record that
//! nobody knows it yet. An empty screen would say that there is nothing.

use super::model::{Model, Screen};
use crate::work::filter::{Field, Filter};

/// Whether not all journals are read.
pub fn is_partial(model: &Model) -> bool {
    model.study.as_deref().is_some_and(|study| !study.snapshot.is_sealed())
}

/// What stands in the place of a screen that is made of every record.
pub fn instead(model: &Model) -> Option<&'static str> {
    let words = match model.screen() {
        Screen::Timeline(_) => "the timeline is drawn when all journals are read",
        Screen::Agents(_) => "agents are judged when all journals are read",
        Screen::Settlements(_) => "payments are added up when all journals are read",
        Screen::Proofs(_) => "proofs can be verified when all journals are read",
        Screen::Findings(_) => FINDINGS,
        _ => return None,
    };
    is_partial(model).then_some(words)
}

pub const FINDINGS: &str = "findings are known when all journals are read";
pub const VERSIONS: &str = "versions are attributed when all journals are read";

/// Why a filter cannot tell yet what it would leave.
pub fn unknown(model: &Model, filter: &Filter) -> Option<String> {
    let field = filter.active().map(|clause| clause.field).find(|field| is_attributed(*field))?;
    is_partial(model).then(|| format!("{} is known when all journals are read", field.name()))
}

/// Whether a field is computed from more than the record itself.
pub const fn is_attributed(field: Field) -> bool {
    matches!(
        field,
        Field::Version
            | Field::Scheduled
            | Field::Attested
            | Field::Evidence
            | Field::Pointer
            | Field::Proof
            | Field::Tier
            | Field::Pair
    )
}
