//! The small kinds of a case, read from their kept lines into what attribution looks things up in.

use super::WorkError;
use crate::analysis::attribution::Attributor;
use crate::analysis::incident::IncidentState;
use crate::analysis::schedule::Deployment;
use crate::analysis::{CLOCK_TOLERANCE, Number, Schedule};
use crate::journal::import::IMAGE;
use crate::journal::read::bare_hex;
use crate::journal::wire::{self, Record};
use crate::journal::{Column, Names};
use crate::model::{Kind, Nanos, Row};
use crate::store::{Case, Snapshot};
use std::collections::{BTreeSet, HashMap};

/// What the registry, the operators and the responders wrote down.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub attributor: Attributor,
    pub deployments: Vec<Deployment>,
    pub incidents: Vec<IncidentState>,
    pub releases: Vec<Release>,
    /// Everything that makes a mark on the timeline, in time order.
    pub marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub row: Row,
    pub at: Nanos,
    pub model: Number,
    pub version: Number,
    pub parent: Number,
}

/// A moment worth a mark: a release, a deployment, an incident state, a measurement approved or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub row: Row,
    pub at: Nanos,
    pub kind: Kind,
    /// 0 where it concerns no single node.
    pub node: Number,
    pub model: Number,
    pub version: Number,
    /// `release`, `rollback`, `declared`, `revoked`…
    pub word: String,
}

const SMALL: [Kind; 5] = [Kind::Release, Kind::Deployment, Kind::Incident, Kind::Measurement, Kind::Enclave];

/// Reads the context of a case. Lines that were too long to keep are read from their journals.
pub fn context(case: &Case, snapshot: &Snapshot) -> Result<Context, WorkError> {
    let mut context = Context::default();
    context.attributor.tolerance = CLOCK_TOLERANCE;
    let mut lines = case.kept(&SMALL)?;
    let kept: BTreeSet<Row> = lines.iter().map(|(row, _, _)| *row).collect();
    for row in rows_of(snapshot, &SMALL)?.into_iter().filter(|row| !kept.contains(row)) {
        lines.push((row, snapshot.kind(row)?, snapshot.line(row)?));
    }
    let mut blobs: HashMap<(Number, Number), BTreeSet<Number>> = HashMap::new();
    for (row, _, line) in &lines {
        if let Ok((record, at)) = wire::parse(line) {
            context.add(snapshot, *row, at, &record, &mut blobs);
        }
    }
    // A blob that two versions share tells neither.
    let clear = blobs.into_iter().filter(|(_, versions)| versions.len() == 1);
    context.attributor.blobs = clear.filter_map(|(key, versions)| Some((key, *versions.first()?))).collect();
    context.attributor.schedule = Schedule::new(&context.deployments);
    context.marks.sort_by_key(|mark| (mark.at, mark.row));
    Ok(context)
}

/// All records of some kinds that are there few of, looked for chunk by chunk.
fn rows_of(snapshot: &Snapshot, kinds: &[Kind]) -> Result<Vec<Row>, WorkError> {
    let mut rows = Vec::new();
    let view = snapshot.column(Column::Kind)?;
    for n in 0..snapshot.chunks().len() {
        view.cell(n).each(|place, code| {
            if kinds.contains(&Kind::from_code(code)) {
                rows.push(Row::new(n, place));
            }
        });
    }
    Ok(rows)
}

impl Context {
    fn add(
        &mut self,
        snapshot: &Snapshot,
        row: Row,
        at: Nanos,
        record: &Record<'_>,
        blobs: &mut HashMap<(Number, Number), BTreeSet<Number>>,
    ) {
        let number = |names: Names, text: &str| u64::from(snapshot.names(names).find(text).unwrap_or(0));
        let version = |text: &str| number(Names::Version, text);
        let model = |text: &str| number(Names::Model, text);
        let mark = |node: Number, model: Number, version: Number, word: &str| Mark {
            row,
            at,
            kind: record.kind(),
            node,
            model,
            version,
            word: word.to_owned(),
        };
        match record {
            Record::Release(r) => {
                let (model, own) = (model(&r.model), version(&r.version));
                if let Some(measurement) = &r.pcr_hash {
                    let measurement = bare_hex(measurement).into_owned();
                    if *r.model == *IMAGE {
                        self.attributor.registry.image(measurement, own);
                    } else {
                        self.attributor.registry.release(measurement, model, own);
                    }
                }
                if let Some(blob) = &r.blob_id {
                    blobs.entry((number(Names::Blob, blob), model)).or_default().insert(own);
                }
                let parent = r.parent.as_deref().map_or(0, version);
                self.releases.push(Release { row, at, model, version: own, parent });
                self.marks.push(mark(0, model, own, "release"));
            }
            Record::Deployment(r) => {
                let rollback = r.reason.as_deref() == Some("rollback");
                let deployment = Deployment {
                    at,
                    node: r.node.as_deref().map_or(0, |node| number(Names::Node, node)),
                    model: model(&r.model),
                    version: version(&r.version),
                    active: &*r.state == "active",
                    rollback,
                };
                self.deployments.push(deployment);
                let word = r.reason.as_deref().unwrap_or(&r.state);
                self.marks.push(mark(deployment.node, deployment.model, deployment.version, word));
            }
            Record::Incident(r) => {
                let (model, own) = (model(&r.model), version(&r.version));
                self.incidents.push(IncidentState {
                    id: r.id.to_string(),
                    at,
                    state: r.state.to_string(),
                    title: r.title.as_deref().unwrap_or_default().to_owned(),
                    model,
                    version: own,
                    good: r.good_version.as_deref().map_or(0, version),
                });
                self.marks.push(mark(0, model, own, &r.state));
            }
            Record::Measurement(r) => {
                if &*r.state == "approved" {
                    let measurement = bare_hex(&r.pcr_hash).into_owned();
                    self.attributor.registry.approval(measurement, at, version(&r.version));
                }
                self.marks.push(mark(0, 0, version(&r.version), &r.state));
            }
            Record::Enclave(r) => {
                if let Some(measurement) = &r.pcr_hash {
                    let tee = number(Names::Tee, &bare_hex(&r.tee_id));
                    self.attributor.registry.enclave(tee, bare_hex(measurement).into_owned());
                }
            }
            _ => {}
        }
    }
}
