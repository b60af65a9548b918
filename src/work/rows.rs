//! Requests as people read them: names for numbers, and the id from the journal's own bytes.

use super::WorkError;
use super::study::Study;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::time::{SECOND, Span};
use crate::model::{Evidence, Nanos, Pointers, Row, Status, Tier, Verdicts};

/// One request. Names are recorded text and must be shown through `Untrusted`; an empty name is "absent".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    pub row: Row,
    pub id: String,
    pub at: Nanos,
    pub node: String,
    pub agent: String,
    pub model: String,
    pub claimed: String,
    pub scheduled: String,
    pub attested: String,
    pub effective: String,
    pub evidence: Evidence,
    pub pointers: Pointers,
    pub status: String,
    pub error: String,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub latency: Option<Span>,
    /// The worst verdict of its proof path, where proofs were verified.
    pub proof: Option<Status>,
    /// How far the faulty version reached it; nothing while that is not computed.
    pub tier: Option<Option<Tier>>,
    pub is_torn: bool,
    pub is_in_conflict: bool,
}

/// The requests at some rows, in the same order.
pub fn page(study: &Study, rows: &[Row]) -> Result<Vec<RequestRow>, WorkError> {
    rows.iter().map(|row| request_row(study, *row)).collect()
}

/// One request. An id that cannot be read because its journal is gone or changed is said to be so, not left out.
pub fn request_row(study: &Study, row: Row) -> Result<RequestRow, WorkError> {
    let snapshot = &study.snapshot;
    let value = |column: Column| snapshot.value(column, row);
    let name = |column: Column| value(column).map(|number| snapshot.name(column, number).to_owned());
    let minus_one = |column: Column| value(column).map(|number| number.checked_sub(1));
    let attribution = snapshot.attribution(row)?;
    let at = snapshot.at(row)?;
    let flags = value(Column::Flags)?;
    Ok(RequestRow {
        row,
        id: snapshot.id(row).unwrap_or_else(|_| "(journal unreadable)".to_owned()),
        at,
        node: name(Column::Node)?,
        agent: name(Column::Agent)?,
        model: name(Column::Model)?,
        claimed: name(Column::Version)?,
        scheduled: name(Column::Scheduled)?,
        attested: name(Column::Attested)?,
        effective: name(Column::Effective)?,
        evidence: attribution.evidence,
        // While journals are read nothing is attributed, which is not the same as lacking every evidence.
        pointers: match snapshot.is_sealed() {
            true => attribution.pointers(value(Column::Model)?, at, study.window.as_ref()),
            false => Pointers::default(),
        },
        status: name(Column::State)?,
        error: name(Column::Category)?,
        tokens_in: minus_one(Column::TokensIn)?,
        tokens_out: minus_one(Column::TokensOut)?,
        latency: minus_one(Column::Latency)?
            .map(|micros| Span(i64::try_from(micros).unwrap_or(i64::MAX).saturating_mul(SECOND / 1_000_000))),
        proof: snapshot.verdicts(row)?.and_then(Verdicts::worst),
        tier: study.blast_known().map(|blast| blast.taint.tier(row)),
        is_torn: flags & Flags::TORN != 0,
        is_in_conflict: flags & Flags::CONFLICT != 0,
    })
}
