//! The full lists as CSV, streamed row by row: pages show their beginning, the report knows each by its digest.

use super::build::Facts;
use super::build::{agents, gaps, money, register, timeline};
use super::csv;
use super::model::{Attachment, Column, Field, Value};
use super::redact::Redactor;
use crate::journal::Column as Of;
use crate::model::{Hash, Row, Status};
use crate::store::Case;
use crate::work::WorkError;
use crate::work::rows::request_row;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

pub const AFFECTED: [Column; 12] = [
    Column::Left("request"),
    Column::Left("at (UTC)"),
    Column::Left("node"),
    Column::Left("agent"),
    Column::Left("claimed"),
    Column::Left("scheduled"),
    Column::Left("attested"),
    Column::Left("effective"),
    Column::Left("evidence"),
    Column::Left("pointer"),
    Column::Left("proof"),
    Column::Left("status"),
];

const RERUN: [Column; 5] = [
    Column::Left("request"),
    Column::Left("at (UTC)"),
    Column::Left("agent"),
    Column::Left("node"),
    Column::Left("evidence"),
];

const FAULTS: [Column; 5] = [
    Column::Left("journal"),
    Column::Right("line"),
    Column::Right("offset"),
    Column::Right("length"),
    Column::Left("reason"),
];

const FAILED: [Column; 4] =
    [Column::Left("request"), Column::Left("step"), Column::Left("verdict"), Column::Left("at (UTC)")];

pub const NODES: [Column; 7] = [
    Column::Left("node"),
    Column::Left("state"),
    Column::Left("from (UTC)"),
    Column::Left("to (UTC)"),
    Column::Right("requests"),
    Column::Right("late"),
    Column::Right("against schedule"),
];

type Rows<'f> = Box<dyn Iterator<Item = Result<Vec<Value>, WorkError>> + 'f>;

/// One list: its name, what it holds, its columns and its rows.
pub struct List {
    pub name: &'static str,
    pub what: &'static str,
    columns: &'static [Column],
    rows: for<'f> fn(&'f Facts<'_>) -> Result<Rows<'f>, WorkError>,
}

/// Every list of a report.
pub const LISTS: &[List] = &[
    List {
        name: "affected_requests.csv",
        what: "requests the faulty version served, and those that still point at it",
        columns: &AFFECTED,
        rows: |facts| Ok(Box::new(facts.exposure.affected.iter().map(|row| affected_row(facts, *row)))),
    },
    List {
        name: "rerun.csv",
        what: "requests to run again on the good version",
        columns: &RERUN,
        rows: |facts| {
            let faulty = facts.study.window.as_ref().map_or(0, |window| window.faulty);
            let affected = facts.exposure.affected.iter();
            Ok(Box::new(affected.filter_map(move |row| rerun_row(facts, *row, faulty).transpose())))
        },
    },
    List {
        name: "agents_to_notify.csv",
        what: "agents that received answers of the faulty version",
        columns: &agents::AGENTS,
        rows: |facts| Ok(Box::new(agents::exposed(facts).into_iter().map(Ok))),
    },
    List {
        name: "agents.csv",
        what: "every agent the faulty version answered: whether it changed, and whether that lasted",
        columns: &agents::CHANGED,
        rows: |facts| Ok(Box::new(agents::judged_rows(facts).into_iter().map(Ok))),
    },
    List {
        name: "payments.csv",
        what: "payments that hang on the faulty version, worst class first; amounts in base units",
        columns: &money::PAYMENTS,
        rows: |facts| Ok(Box::new(money::tied(facts)?.rows())),
    },
    List {
        name: "refunds.csv",
        what: "payments that certainly hang on it, whose money moved and did not come back",
        columns: &money::PAYMENTS,
        rows: |facts| Ok(Box::new(money::to_refund(facts)?.rows())),
    },
    List {
        name: "nodes.csv",
        what: "nodes that were meant to serve the faulty version, or did",
        columns: &NODES,
        rows: |facts| Ok(Box::new(super::build::node_rows(facts).into_iter().map(Ok))),
    },
    List {
        name: "timeline.csv",
        what: "releases, deployments, incident states and measurements in order",
        columns: &timeline::EVENTS,
        rows: |facts| Ok(Box::new(timeline::events(facts).into_iter().map(|event| Ok(event.cells())))),
    },
    List {
        name: "findings.csv",
        what: "every finding, worst first",
        columns: &gaps::FINDINGS,
        rows: |facts| Ok(Box::new(facts.findings.iter().map(|finding| Ok(gaps::finding_row(finding))))),
    },
    List {
        name: "gaps.csv",
        what: "silences out of rhythm",
        columns: &gaps::GAPS,
        rows: |facts| Ok(Box::new(gaps::gap_rows(facts).into_iter().map(Ok))),
    },
    List { name: "faults.csv", what: "lines that are no record", columns: &FAULTS, rows: fault_rows },
    List { name: "failed_proofs.csv", what: "every step that is false", columns: &FAILED, rows: failed_rows },
    List {
        name: "sources.csv",
        what: "the evidence register",
        columns: &register::REGISTER,
        rows: |facts| {
            Ok(Box::new(register::journals(facts).into_iter().map(|journal| Ok(register::row(&journal)))))
        },
    },
];

impl List {
    /// Writes the list and returns how many rows it has.
    pub fn write(
        &self,
        facts: &Facts<'_>,
        redactor: &Redactor,
        out: &mut dyn Write,
    ) -> Result<u64, WorkError> {
        let fail = |e: io::Error| WorkError::Refused(format!("{}: {e}", self.name));
        csv::line(out, self.columns.iter().map(|column| csv::cell(column.title()))).map_err(fail)?;
        let mut rows = 0;
        for row in (self.rows)(facts)? {
            csv::line(out, row?.into_iter().map(|value| csv::value(&redactor.value(value)))).map_err(fail)?;
            rows += 1;
        }
        Ok(rows)
    }
}

/// Every list by name, size and digest. Each is written once, into the hash.
pub fn attachments(facts: &Facts<'_>, redactor: &Redactor) -> Result<Vec<Attachment>, WorkError> {
    let attachment = |list: &List| {
        let mut sum = Sum::default();
        let rows = list.write(facts, redactor, &mut sum)?;
        let sha256 = Hash(sum.hash.finalize().into()).hex();
        Ok(Attachment { name: list.name, what: list.what, rows, bytes: sum.bytes, sha256 })
    };
    LISTS.iter().map(attachment).collect()
}

/// Counts and hashes what is written, and keeps none of it.
#[derive(Default)]
struct Sum {
    hash: Sha256,
    bytes: u64,
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn name(field: Field, text: String) -> Value {
    if text.is_empty() { Value::Absent } else { Value::Recorded(field, text) }
}

/// One affected request.
pub fn affected_row(facts: &Facts<'_>, row: Row) -> Result<Vec<Value>, WorkError> {
    let r = request_row(facts.study, row)?;
    Ok(vec![
        name(Field::Id, r.id),
        Value::Time(r.at),
        name(Field::Node, r.node),
        name(Field::Agent, r.agent),
        name(Field::Version, r.claimed),
        name(Field::Version, r.scheduled),
        name(Field::Version, r.attested),
        name(Field::Version, r.effective),
        Value::Words(r.evidence.name().to_owned()),
        if r.pointers.is_empty() { Value::Absent } else { Value::Words(r.pointers.to_string()) },
        r.proof.map_or(Value::Absent, |status| Value::Words(status.name().to_owned())),
        if r.status.is_empty() { Value::Absent } else { Value::Words(r.status) },
    ])
}

fn rerun_row(facts: &Facts<'_>, row: Row, faulty: u64) -> Result<Option<Vec<Value>>, WorkError> {
    let snapshot = &facts.study.snapshot;
    let attribution = snapshot.attribution(row)?;
    if attribution.effective != faulty {
        return Ok(None);
    }
    let of = |column: Of| Ok::<_, WorkError>(snapshot.name(column, snapshot.value(column, row)?).to_owned());
    Ok(Some(vec![
        name(Field::Id, snapshot.id(row)?),
        Value::Time(snapshot.at(row)?),
        name(Field::Agent, of(Of::Agent)?),
        name(Field::Node, of(Of::Node)?),
        Value::Words(attribution.evidence.name().to_owned()),
    ]))
}

fn fault_rows<'f>(facts: &'f Facts<'_>) -> Result<Rows<'f>, WorkError> {
    let journals = register::journals(facts);
    let sources = facts.study.snapshot.sources();
    let faults = Case::open(facts.study.snapshot.path())?.faults()?;
    Ok(Box::new(faults.into_iter().map(move |(source, fault)| {
        let place = sources.iter().position(|known| known.id == source);
        let journal = place.and_then(|place| journals.get(place)).map_or(String::new(), |j| j.name.clone());
        Ok(vec![
            name(Field::Source, journal),
            Value::Count(fault.line),
            Value::Count(fault.offset),
            Value::Count(fault.length),
            Value::Words(fault.reason),
        ])
    })))
}

fn failed_rows<'f>(facts: &'f Facts<'_>) -> Result<Rows<'f>, WorkError> {
    let failures = facts.verification.iter().flat_map(|verification| &verification.failures);
    let failed = failures.filter(|failure| failure.status == Status::Failed);
    let snapshot = &facts.study.snapshot;
    Ok(Box::new(failed.map(move |failure| {
        Ok(vec![
            name(Field::Id, snapshot.id(failure.row)?),
            Value::Words(failure.step.name().to_owned()),
            Value::Words(failure.status.name().to_owned()),
            Value::Time(snapshot.at(failure.row)?),
        ])
    })))
}
