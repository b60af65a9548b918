//! Whole incidents to practise and to measure on: journals as a network would write them, and the answer key.
//!
//! The same scenario, seed and number of records give the same bytes on every machine. `truth.json` is described in
//! `truth`; the explorer never reads it.

mod agents;
mod attribution;
mod authorisation;
mod builds;
mod content;
mod deeds;
mod dice;
mod fleet;
mod incident;
mod journals;
mod keys;
mod later;
mod lines;
mod load;
mod money;
mod payment;
mod pins;
mod records;
mod registry;
mod rollout;
mod scenario;
mod served;
mod settlement;
mod signing;
mod tamper;
mod thing;
mod traffic;
mod truth;
mod wallets;

#[cfg(test)]
mod tests;

pub use scenario::Scenario;

use flate2::Compression;
use flate2::write::GzEncoder;
use incident::Incident;
use journals::Journal;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Up to so many records are signed unless asked otherwise: an RSA signature takes longer than all the rest.
pub const SIGNED_BY_DEFAULT: usize = 20_000;
pub const DEFAULT_RECORDS: usize = 20_000;

/// An incident to be written.
#[derive(Clone, Copy, Debug)]
pub struct Simulation {
    pub scenario: Scenario,
    pub seed: u64,
    /// Number of inference records; actions, payments and the rest come on top.
    pub records: usize,
    /// Whether answers carry real signatures of enclaves with real keys.
    pub signed: bool,
    /// Where they are not signed: whether bytes that nobody signed stand in for signatures, as long and as hard to pack,
    /// and idle words for content, for measuring readers over lines of real length.
    pub stand_ins: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Lines in all journals, but for first lines and checkpoints.
    pub lines: u64,
    pub files: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error("cannot write into {}: it is not empty; name a directory that does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    #[error("cannot write {path}: {error}", path = .0.display(), error = .1)]
    Write(PathBuf, #[source] io::Error),
    #[error("cannot simulate {0} records: at most {1} fit the ids")]
    TooMany(usize, usize),
}

/// Ids are eight hex digits, and a request leads to less than four actions.
const MOST_RECORDS: usize = 1 << 30;

impl Simulation {
    /// A simulation that is signed when it is small.
    pub const fn new(scenario: Scenario, seed: u64, records: usize) -> Self {
        Self { scenario, seed, records, signed: records <= SIGNED_BY_DEFAULT, stand_ins: false }
    }

    /// Writes journals, trees, checkpoints, pins and the answer key into a directory that is new or empty.
    /// `progress` hears the number of lines written so far.
    pub fn write(&self, dir: &Path, progress: &mut dyn FnMut(u64)) -> Result<Summary, SimulateError> {
        if self.records > MOST_RECORDS {
            return Err(SimulateError::TooMany(self.records, MOST_RECORDS));
        }
        prepare(dir)?;
        let mut incident = Incident::new(self, dir)?;
        let notes = incident.run(self, progress)?;
        incident.keep_checkpoints(dir, &notes)?;
        incident.pin(dir)?;
        if self.scenario == Scenario::Tampered {
            incident.truth.tampered = tamper::tamper(dir, &incident.journals.all)?;
        }
        incident.write_truth(self, dir)?;
        if self.records <= SIGNED_BY_DEFAULT {
            compress(&incident.journals.all)?;
        }
        Ok(Summary { lines: incident.journals.lines, files: incident.journals.all.len() })
    }
}

/// Makes the directory, or finds it empty.
fn prepare(dir: &Path) -> Result<(), SimulateError> {
    let write = |error| SimulateError::Write(dir.to_owned(), error);
    fs::create_dir_all(dir).map_err(write)?;
    match fs::read_dir(dir).map_err(write)?.next() {
        None => Ok(()),
        Some(_) => Err(SimulateError::NotEmpty(dir.to_owned())),
    }
}

/// Packs one gateway's journal, as log collectors do. Big simulations stay plain: they measure reading.
fn compress(journals: &[Journal]) -> Result<(), SimulateError> {
    let Some(journal) = journals.iter().find(|journal| journal.name == "gw-ap-2") else { return Ok(()) };
    let path = journal.path.with_extension("jsonl.gz");
    let pack = || {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(&journal.path)?)?;
        fs::write(&path, packed.finish()?)?;
        fs::remove_file(&journal.path)
    };
    pack().map_err(|error| SimulateError::Write(path.clone(), error))
}

/// Writes a whole file.
fn write_file(path: &Path, text: &[u8]) -> Result<(), SimulateError> {
    fs::write(path, text).map_err(|error| SimulateError::Write(path.to_owned(), error))
}
