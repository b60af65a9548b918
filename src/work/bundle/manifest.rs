//! What a bundle says of its files: which log each record stands in and where, and what belongs to which request.

use crate::model::{Hash, Kind, Nanos};
use serde::{Deserialize, Serialize};

/// The form of `manifest.json`.
pub const SCHEMA: &str = "backtrail/bundle/1";

/// Fields that are not listed are refused: what nobody checks could say anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema: String,
    /// When the question was asked: what was revoked by then is told.
    pub at: String,
    pub logs: Vec<Log>,
    pub checkpoints: Vec<NoteFile>,
    pub records: Vec<RecordFile>,
    pub requests: Vec<Request>,
    /// Contents of blobs, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<BlobFile>,
}

/// A journal, by what its first line says: claims, until they are pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub origin: Option<String>,
    pub key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteFile {
    pub file: String,
    pub log: usize,
}

/// A line of a journal and its way to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordFile {
    pub file: String,
    pub kind: String,
    pub id: String,
    pub log: usize,
    /// Leaf index, from 0.
    pub line: u64,
    pub checkpoint: Option<usize>,
    /// RFC 9162 inclusion proof to that checkpoint, lowest sibling first, in hex.
    pub path: Vec<String>,
}

/// The content of a blob that a request rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobFile {
    pub file: String,
    /// As its release or its request names it.
    pub id: String,
}

/// Places are indices into `records`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub record: usize,
    pub settlement: Option<usize>,
    /// The siblings of its settlement leaf up to the settled root, in hex with 0x.
    pub leaf_proof: Option<Vec<String>>,
    pub payment: Option<usize>,
}

/// Kinds that a bundle may hold.
pub const KINDS: [Kind; 6] =
    [Kind::Inference, Kind::Release, Kind::Measurement, Kind::Enclave, Kind::Payment, Kind::Settlement];

impl Manifest {
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is texts, numbers and lists");
        text.push('\n');
        text
    }

    /// Reads a manifest; `Err` says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("manifest.json: {error}"))?;
        if manifest.schema != SCHEMA {
            return Err(format!("manifest.json is `{}`, not {SCHEMA}", manifest.schema));
        }
        if manifest.text().as_bytes() != bytes {
            return Err("manifest.json is not written as bundles write it".to_owned());
        }
        manifest.check().map_err(|what| format!("manifest.json: {what}"))?;
        Ok(manifest)
    }

    /// The moment of the question.
    pub fn moment(&self) -> Result<Nanos, String> {
        Nanos::parse(&self.at).map_err(|reason| format!("`at` is {reason}"))
    }

    fn check(&self) -> Result<(), String> {
        self.moment()?;
        let (logs, notes, records) = (self.logs.len(), self.checkpoints.len(), self.records.len());
        let notes_fit = self.checkpoints.iter().all(|note| note.log < logs);
        let records_fit = self.records.iter().all(|record| {
            record.log < logs
                && record
                    .checkpoint
                    .is_none_or(|note| note < notes && self.checkpoints[note].log == record.log)
                && record.path.iter().all(|node| node.len() == 64 && Hash::parse(node).is_some())
        });
        let kind = |record: usize| self.records.get(record).map(|record| record.kind.as_str());
        let requests_fit = self.requests.iter().all(|request| {
            kind(request.record) == Some(Kind::Inference.name())
                && request.settlement.is_none_or(|record| kind(record) == Some(Kind::Settlement.name()))
                && request.payment.is_none_or(|record| kind(record) == Some(Kind::Payment.name()))
        });
        if !(notes_fit && records_fit && requests_fit) {
            return Err("it points at what is not there".to_owned());
        }
        let known = |record: &RecordFile| KINDS.iter().any(|kind| kind.name() == record.kind);
        if let Some(record) = self.records.iter().find(|record| !known(record)) {
            return Err(format!("a `{}` record is no part of a bundle", record.kind));
        }
        let asked = |n: usize| self.requests.iter().filter(|request| request.record == n).count();
        let of_requests = (0..records).filter(|n| kind(*n) == Some(Kind::Inference.name()));
        if self.requests.is_empty() || !of_requests.into_iter().all(|n| asked(n) == 1) {
            return Err("each inference in it is one of its requests, and there is one at least".to_owned());
        }
        Ok(())
    }
}
