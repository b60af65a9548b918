//! Every checkpoint of a case, those in journals and those from outside, held against the lines it commits to.

use super::registered::Logged;
use crate::journal::Column;
use crate::journal::wire::{self, Record};
use crate::model::{Hash, Row, Status};
use crate::proof::ladder::{CheckedCheckpoint, Journal, RootAtSize};
use crate::proof::note::Checkpoint;
use crate::proof::trust::Trust;
use crate::store::{Case, Snapshot, StoreError};
use crate::work::{WorkError, ingest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A checkpoint from outside, beside the journals.
#[derive(Clone, Debug)]
pub struct Outside {
    pub path: PathBuf,
    pub note: String,
}

/// A checkpoint held against its journal.
#[derive(Clone, Debug)]
pub struct Held {
    /// The record it stands in, or nothing for one from outside.
    pub row: Option<Row>,
    pub source: u32,
    pub origin: String,
    pub size: u64,
    /// The signed note itself.
    pub note: String,
    pub checked: CheckedCheckpoint,
}

/// Every checkpoint held against the journal it is of, smallest first.
pub(super) fn checkpoints(
    case: &Case,
    snapshot: &Snapshot,
    trust: &Trust,
    outside: &[Outside],
) -> Result<BTreeMap<u32, Vec<Held>>, WorkError> {
    let rows = case.checkpoints()?;
    let sources = snapshot.sources();
    let mut wanted: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut given = Vec::new();
    for one in outside {
        let parsed = Checkpoint::parse(&one.note).map_err(|malformed| WorkError::Unfit {
            path: one.path.clone(),
            what: format!("no checkpoint: {malformed}"),
        })?;
        let of = sources.iter().find(|source| source.origin.as_deref() == Some(parsed.origin.as_str()));
        let of = of.ok_or_else(|| WorkError::Unfit {
            path: one.path.clone(),
            what: format!("no journal here is of the log `{}`", parsed.origin),
        })?;
        wanted.entry(of.id).or_default().push(parsed.size);
        given.push((of.id, parsed.origin, parsed.size, one.note.clone()));
    }
    for row in rows.iter().filter(|row| row.verdict == "pending") {
        wanted.entry(row.source).or_default().push(row.size);
    }
    let roots = wanted
        .into_iter()
        .filter_map(|(id, sizes)| Some((sources.iter().find(|source| source.id == id)?, sizes)))
        .map(|(source, sizes)| Ok((source.id, roots_at(&source.plain, &sizes)?)))
        .collect::<Result<BTreeMap<u32, BTreeMap<u64, Hash>>, WorkError>>()?;
    let root = |source: u32, size: u64| roots.get(&source).and_then(|roots| roots.get(&size)).copied();
    let mut held: BTreeMap<u32, Vec<Held>> = BTreeMap::new();
    for row in rows {
        let line = snapshot.line(row.row)?;
        let Ok((Record::Checkpoint(record), _)) = wire::parse(&line) else {
            continue;
        };
        let computed = row.computed.or_else(|| root(row.source, row.size));
        let one = (Some(row.row), row.source, row.origin, row.size, &*record.note);
        held.entry(row.source).or_default().push(hold(snapshot, trust, one, computed));
    }
    for (source, origin, size, note) in &given {
        let one = (None, *source, origin.clone(), *size, note.as_str());
        held.entry(*source).or_default().push(hold(snapshot, trust, one, root(*source, *size)));
    }
    for held in held.values_mut() {
        // Of checkpoints at one size the one that holds comes first; the others are findings.
        held.sort_by_key(|held| (held.size, std::cmp::Reverse(held.checked.log_result().status)));
    }
    Ok(held)
}

/// Where a checkpoint stands, of which log and size, and its note.
type Noted<'n> = (Option<Row>, u32, String, u64, &'n str);

fn hold(
    snapshot: &Snapshot,
    trust: &Trust,
    (row, source, origin, size, note): Noted<'_>,
    root: Option<Hash>,
) -> Held {
    let journal = snapshot.sources().iter().find(|known| known.id == source);
    let lines = journal.map_or(0, |journal| journal.lines);
    let root = match root {
        Some(root) => RootAtSize::Recomputed(root),
        None if size > lines => RootAtSize::BeyondEnd { lines },
        None => RootAtSize::NotHeld,
    };
    let journal = Journal {
        origin: journal.and_then(|journal| journal.origin.as_deref()),
        log_key: journal.and_then(|journal| journal.log_key.as_deref()),
        root,
    };
    Held {
        row,
        source,
        origin,
        size,
        note: note.to_owned(),
        checked: CheckedCheckpoint::check(note, &journal, trust),
    }
}

/// Whether a verified checkpoint of a pinned log covers a record.
pub(super) fn logged(
    snapshot: &Snapshot,
    checkpoints: &BTreeMap<u32, Vec<Held>>,
    row: Row,
) -> Result<Logged, StoreError> {
    let line = snapshot.value(Column::Line, row)?;
    let held = checkpoints.get(&snapshot.source_of(row)?.id);
    let covers = |held: &Held| held.size > line && held.checked.log_result().status == Status::Verified;
    Ok(if held.is_some_and(|held| held.iter().any(covers)) { Logged::Yes } else { Logged::No })
}

/// The roots of a journal at some sizes, by one more pass over it; sizes beyond its end have none.
pub fn roots_at(path: &Path, sizes: &[u64]) -> Result<BTreeMap<u64, Hash>, WorkError> {
    let roots = ingest::roots_of(path, sizes)?;
    Ok(sizes.iter().filter_map(|size| Some((*size, roots.at(*size)?))).collect())
}
