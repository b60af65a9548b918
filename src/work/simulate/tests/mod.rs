//! What holds of every simulated incident, found by a reader that shares no code with the simulator.

mod bytes;
mod key;
mod proofs;

use super::*;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use tempfile::TempDir;

const SIGNED: Simulation =
    Simulation { scenario: Scenario::Default, seed: 7, records: 900, signed: true, stand_ins: false };
const UNSIGNED: Simulation =
    Simulation { scenario: Scenario::Default, seed: 7, records: 12_000, signed: false, stand_ins: false };

/// A simulation on disk, its journals read back: lines by journal name.
struct Written {
    dir: TempDir,
    journals: BTreeMap<String, Vec<Vec<u8>>>,
    truth: Value,
}

impl Written {
    fn new(simulation: Simulation) -> Self {
        let dir = tempfile::tempdir().unwrap();
        simulation.write(dir.path(), &mut |_| ()).unwrap();
        let mut journals = BTreeMap::new();
        for file in fs::read_dir(dir.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if let Some(journal) = name.strip_suffix(".jsonl") {
                journals.insert(journal.to_owned(), lines(&fs::read(&path).unwrap()));
            } else if let Some(journal) = name.strip_suffix(".jsonl.gz") {
                let mut bytes = Vec::new();
                GzDecoder::new(fs::File::open(&path).unwrap()).read_to_end(&mut bytes).unwrap();
                journals.insert(journal.to_owned(), lines(&bytes));
            }
        }
        let truth = serde_json::from_slice(&fs::read(dir.path().join("truth.json")).unwrap()).unwrap();
        Self { dir, journals, truth }
    }

    /// Every record in every journal, exact duplicates once.
    fn records(&self) -> Vec<Value> {
        let mut seen = std::collections::BTreeSet::new();
        let all = self.journals.values().flatten();
        all.filter(|line| seen.insert(*line)).filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    fn of_kind(&self, kind: &str) -> Vec<Value> {
        self.records()
            .into_iter()
            .filter(|record| record["kind"] == kind && record["id"] != "req-lost")
            .collect()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }
}

/// Lines that ended; a torn tail is not among them.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.pop();
    lines
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_default()
}
