//! Every proof of a case, on every core: verdicts kept in the case under the hash of evidence and pins, chunk by chunk,
//! so that stopping costs nothing and asking again costs a look-up.

use super::archive::{Archive, Outside};
use super::copies::Copied;
use super::ingest::{Phase, Progress, Watcher};
use super::parallel::each_row;
use super::study::{self, Study};
use super::{Cancel, WorkError, proof_findings, seal};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Hash, Kind, Nanos, Row, Status, Step, Verdicts};
use crate::store::{Case, Packed, StoreError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What was pinned, as given: the hash of it is part of what verdicts are kept under.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    /// The text of `trust.toml`; empty pins nothing.
    pub trust: String,
    pub outside: Vec<Outside>,
    /// What copies of journals held elsewhere came to.
    pub copies: Vec<Copied>,
    /// Contents of blobs: files, or folders of them.
    pub blobs: Vec<PathBuf>,
    /// When the question is asked; by default the time of the last record.
    pub now: Option<Nanos>,
}

impl Pins {
    /// What was asked before, where nothing else is said now; what stands beside pins adds up.
    pub fn over(self, asked: Self) -> Self {
        let mut outside = self.outside;
        let is_new = |one: &Outside| outside.iter().all(|known| known.note != one.note);
        let more: Vec<Outside> = asked.outside.into_iter().filter(is_new).collect();
        outside.extend(more);
        let mut blobs = self.blobs;
        blobs.extend(asked.blobs);
        blobs.dedup();
        Self {
            trust: if self.trust.is_empty() { asked.trust } else { self.trust },
            outside,
            copies: if self.copies.is_empty() { asked.copies } else { self.copies },
            blobs,
            now: self.now.or(asked.now),
        }
    }
}

/// What verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Requests by step and status.
    pub steps: BTreeMap<Step, BTreeMap<Status, u64>>,
    /// Requests by the worst status of their path.
    pub paths: BTreeMap<Status, u64>,
    /// What failed, was revoked or is ambiguous, in row order. A checkpoint's own failure is told once, with its journal.
    pub failures: Vec<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub row: Row,
    pub step: Step,
    pub status: Status,
}

/// Verifies what is not yet verified under these pins, and makes attribution and findings follow.
pub fn verify(case: &mut Case, pins: &Pins, watcher: &mut Watcher<'_>) -> Result<Verification, WorkError> {
    let study = Study::open(case.path())?;
    let archive = Archive::open(&study, pins)?;
    name_blobs(&archive, watcher)?;
    archive.blobs.remember(case)?;
    let key = key_of(&study, pins, &archive, &watcher.cancel)?;
    let chunks = study.snapshot.chunks().len();
    for n in 0..chunks {
        watcher.cancel.check()?;
        if case.verdicts(n as u32, &key)?.is_none() {
            let verdicts = verify_chunk(&study, &archive, n, &watcher.cancel)?;
            case.put_verdicts(n as u32, &key, &Packed::new(&verdicts))?;
        }
        let progress = Progress {
            bytes: n as u64 + 1,
            total: chunks as u64,
            records: 0,
            phase: Phase::Verifying,
            snapshot: None,
        };
        (watcher.report)(progress);
    }
    let verification = tally(case, &study, &key)?;
    // Copies tell lines, not verdicts: they are part of the findings alone.
    let copies = serde_json::to_string(&pins.copies).unwrap_or_default();
    let told = case.meta("copies")?.unwrap_or_else(|| "[]".to_owned());
    if case.meta("verified")?.as_deref() != Some(&key) || told != copies {
        let findings = proof_findings::findings(&study, &archive, &verification, &pins.copies)?;
        let attribution = seal::attribution_under(case, &key, &watcher.cancel)?;
        case.atomically(|case| {
            seal::put_attribution(case, &attribution)?;
            study::forget(case)?;
            case.put_proof_findings(&findings)?;
            case.set_meta("verified", &key)?;
            case.set_meta("trust", &pins.trust)?;
            case.set_meta("outside", &outside_as_json(&pins.outside))?;
            case.set_meta("copies", &copies)?;
            case.set_meta("blobs", &paths_as_json(&pins.blobs))?;
            case.set_meta("asked_at", &pins.now.map_or_else(String::new, |now| now.0.to_string()))
        })?;
    }
    if !study::is_remembered(case)? {
        study::remember_served(case, &watcher.cancel)?;
        study::remember_reached(case, &watcher.cancel)?;
    }
    Ok(verification)
}

/// What was verified last, if anything was.
pub fn last(case: &Case, study: &Study) -> Result<Option<Verification>, WorkError> {
    case.meta("verified")?.map(|key| tally(case, study, &key)).transpose()
}

/// The pins a case was last verified under; nothing where it was not.
pub fn asked(case: &Case) -> Result<Pins, WorkError> {
    let notes: Vec<(String, String)> =
        serde_json::from_str(&case.meta("outside")?.unwrap_or_default()).unwrap_or_default();
    let outside = notes.into_iter().map(|(path, note)| Outside { path: path.into(), note }).collect();
    let now = case.meta("asked_at")?.and_then(|nanos| nanos.parse().ok()).map(Nanos);
    let copies = serde_json::from_str(&case.meta("copies")?.unwrap_or_default()).unwrap_or_default();
    let blobs: Vec<String> =
        serde_json::from_str(&case.meta("blobs")?.unwrap_or_default()).unwrap_or_default();
    // What was given once may be gone by now: then it is missing again, and no mistake.
    let blobs = blobs.into_iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    Ok(Pins { trust: case.meta("trust")?.unwrap_or_default(), outside, copies, blobs, now })
}

/// Which files are the contents of which blobs: seconds for each that no earlier question named.
fn name_blobs(archive: &Archive, watcher: &mut Watcher<'_>) -> Result<(), WorkError> {
    const PARTS: f32 = 1000.0;
    let cancel = watcher.cancel.clone();
    archive.name_blobs(&cancel, &mut |part| {
        (watcher.report)(Progress {
            bytes: (part * PARTS) as u64,
            total: PARTS as u64,
            records: 0,
            phase: Phase::Naming,
            snapshot: None,
        });
    })
}

/// From wherever the question is asked the next time.
fn paths_as_json(paths: &[PathBuf]) -> String {
    let whole = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let paths: Vec<String> = paths.iter().map(|path| whole(path).to_string_lossy().into_owned()).collect();
    serde_json::to_string(&paths).unwrap_or_default()
}

fn outside_as_json(outside: &[Outside]) -> String {
    let notes: Vec<_> =
        outside.iter().map(|outside| (outside.path.to_string_lossy(), &outside.note)).collect();
    serde_json::to_string(&notes).unwrap_or_default()
}

/// The hash of everything that verdicts depend on.
fn key_of(study: &Study, pins: &Pins, archive: &Archive, cancel: &Cancel) -> Result<String, WorkError> {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    for source in study.snapshot.sources() {
        add(&source.sha256.unwrap_or_default().0);
        add(&source.root.unwrap_or_default().0);
    }
    add(pins.trust.as_bytes());
    pins.outside.iter().for_each(|outside| add(outside.note.as_bytes()));
    add(&pins.now.map_or(0, |now| now.0).to_le_bytes());
    for (id, sha256) in archive.blobs.evidence() {
        add(id.as_bytes());
        add(&sha256.0);
    }
    archive.trees(cancel)?.iter().for_each(|dump| add(&dump.0));
    Ok(Hash(hash.finalize().into()).hex())
}

fn verify_chunk(study: &Study, archive: &Archive, n: usize, cancel: &Cancel) -> Result<Vec<u64>, WorkError> {
    let rows = requests_in(study, n)?;
    let found = each_row(&rows, cancel, |row| Ok(archive.verdicts_of(row)?.unwrap_or_default().0))?;
    let mut verdicts = vec![0; study.snapshot.chunks()[n].rows as usize];
    for (row, verdict) in rows.iter().zip(found) {
        verdicts[row.place()] = verdict;
    }
    Ok(verdicts)
}

/// The counted requests of one chunk.
pub fn requests_in(study: &Study, n: usize) -> Result<Vec<Row>, StoreError> {
    let chunk = &study.snapshot.chunks()[n];
    let kinds = study.snapshot.passing(chunk, Column::Kind)?;
    let flags = study.snapshot.passing(chunk, Column::Flags)?;
    let is_request = |place: &usize| {
        kinds.value(*place) == Kind::Inference as u64 && flags.value(*place) & Flags::DUPLICATE == 0
    };
    Ok((0..chunk.rows as usize).filter(is_request).map(|place| Row::new(n, place)).collect())
}

fn tally(case: &Case, study: &Study, key: &str) -> Result<Verification, WorkError> {
    let mut verification = Verification::default();
    for n in 0..study.snapshot.chunks().len() {
        let Some(verdicts) = case.verdicts(n as u32, key)? else {
            continue;
        };
        verdicts.each(|place, code| verification.add(Row::new(n, place), Verdicts(code)));
    }
    Ok(verification)
}

impl Verification {
    fn add(&mut self, row: Row, verdicts: Verdicts) {
        let Some(worst) = verdicts.worst() else {
            return;
        };
        *self.paths.entry(worst).or_default() += 1;
        for step in Step::ALL {
            let Some(status) = verdicts.status(step) else {
                continue;
            };
            *self.steps.entry(step).or_default().entry(status).or_default() += 1;
            let is_shared = matches!(step, Step::Checkpoint | Step::Witness);
            if status <= Status::Ambiguous && !is_shared {
                self.failures.push(Failure { row, step, status });
            }
        }
    }

    /// Whether anything is false.
    pub fn has_failed(&self) -> bool {
        self.steps.values().any(|statuses| statuses.contains_key(&Status::Failed))
    }

    pub fn count(&self, step: Step, status: Status) -> u64 {
        self.steps.get(&step).and_then(|statuses| statuses.get(&status)).copied().unwrap_or(0)
    }
}
