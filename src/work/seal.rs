//! The end of ingest: ids indexed, duplicates found, records put in time order, versions attributed.
//!
//! Everything here is computed from what the case holds, so a kill in the middle costs only doing it again.

use super::ingest::{Phase, Progress, Watcher};
use super::parallel::{each_chunk, each_piece, sort};
use super::registry::{self, Context};
use super::targets::targets;
use super::{Cancel, WorkError, study};
use crate::analysis::Claim;
use crate::analysis::attribution::Memory;
use crate::analysis::gaps::Gaps;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::journal::import::essence;
use crate::model::{Kind, Nanos, Row, Verdicts};
use crate::store::chunk::Chunk;
use crate::store::snapshot::TARGET_CELL;
use crate::store::{Case, Packed, Snapshot, StoreError};
use std::collections::{BTreeMap, HashMap};

/// Seals a case whose sources have all been read.
pub fn seal(case: &mut Case, watcher: &mut Watcher<'_>) -> Result<(), WorkError> {
    let snapshot = case.snapshot()?;
    let records = snapshot.rows();
    let mut tell = |done: u64| {
        let report = Progress { bytes: done, total: 4, records, phase: Phase::Sealing, snapshot: None };
        (watcher.report)(report);
    };
    tell(0);
    let (flags, targets) = index_ids(case, &snapshot, &watcher.cancel)?;
    tell(1);
    let order = time_order(&snapshot, &flags)?;
    tell(2);
    let context = registry::context(case, &snapshot)?;
    let derived = attribute_all(&snapshot, &context, &Verified::default(), &watcher.cancel)?;
    tell(3);
    let gaps = gaps(&snapshot, &order)?;
    let repeated = count_repeats(&snapshot, &flags);
    case.atomically(|case| {
        case.write_order(&order)?;
        put_attribution(case, &derived)?;
        for (chunk, packed) in &targets {
            case.write_cell(*chunk, TARGET_CELL, packed)?;
        }
        write_flags(case, &snapshot, &flags)?;
        for mut source in case.sources()? {
            (source.duplicates, source.conflicts) = repeated.get(&source.id).copied().unwrap_or_default();
            case.put_source(&source)?;
        }
        // What was verified was verified of what the journals held before.
        case.forget_meta("verified")?;
        case.put_proof_findings(&[])?;
        case.set_meta("gaps", &gaps)?;
        study::forget(case)?;
        case.set_meta("sealed", "yes")
    })?;
    study::remember_served(case, &watcher.cancel)?;
    tell(4);
    Ok(())
}

/// Indexes ids and finds the records that repeat one. The sorted prints, 16 bytes a record, live only here.
fn index_ids(case: &mut Case, snapshot: &Snapshot, cancel: &Cancel) -> Result<Indexed, WorkError> {
    let prints = sorted_prints(snapshot, cancel)?;
    case.atomically(|case| case.write_index(&prints))?;
    let flags = repeats(snapshot, &prints, cancel)?;
    let targets = targets(snapshot, &prints, &flags, cancel)?;
    Ok((flags, targets))
}

/// What repeats, and per chunk the rows its edges lead to.
type Indexed = (HashMap<Row, u64>, Vec<(u32, Packed)>);

/// Every record's id print with its row, sorted as the index stores them.
fn sorted_prints(snapshot: &Snapshot, cancel: &Cancel) -> Result<Vec<(i64, Row)>, WorkError> {
    let mut prints = Vec::with_capacity(usize::try_from(snapshot.rows()).unwrap_or(0));
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        cancel.check()?;
        let column = snapshot.passing(chunk, Column::Print)?;
        column.each(|place, print| prints.push((print.cast_signed(), Row::new(n, place))));
    }
    // In place: a stable sort would hold half of it again.
    sort(&mut prints);
    Ok(prints)
}

/// A record with the bytes of its line.
type RowLine = (Row, Vec<u8>);

/// Records that repeat an id, with what that makes them. Their lines are read again, on every core.
fn repeats(
    snapshot: &Snapshot,
    prints: &[(i64, Row)],
    cancel: &Cancel,
) -> Result<HashMap<Row, u64>, WorkError> {
    let parts = between_groups(prints);
    let found = each_piece(parts.len(), cancel, |n| {
        let mut flags = HashMap::new();
        for group in parts[n].chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            mark_group(snapshot, group, &mut flags)?;
        }
        Ok::<_, StoreError>(flags)
    })?;
    let mut flags = HashMap::new();
    for found in found {
        flags.extend(found?);
    }
    Ok(flags)
}

/// Cuts sorted prints into some hundred parts, never between two that are equal.
fn between_groups(prints: &[(i64, Row)]) -> Vec<&[(i64, Row)]> {
    let share = prints.len() / 256 + 1;
    let mut rest = prints;
    let mut parts = Vec::new();
    while let Some((last, _)) = rest.get(share) {
        let (part, after) = rest.split_at(rest.partition_point(|(print, _)| print <= last));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn mark_group(
    snapshot: &Snapshot,
    group: &[(i64, Row)],
    flags: &mut HashMap<Row, u64>,
) -> Result<(), StoreError> {
    let mut same: BTreeMap<(Kind, String), Vec<RowLine>> = BTreeMap::new();
    for (_, row) in group {
        let (mut line, id) = snapshot.line_and_id(*row)?;
        if snapshot.source_of(*row)?.imported.is_some() {
            // The same thing read from two places is the same thing.
            line.truncate(essence(&line).len());
        }
        same.entry((snapshot.kind(*row)?, id)).or_default().push((*row, line));
    }
    for ((kind, _), mut rows) in same.into_iter().filter(|(_, rows)| rows.len() > 1) {
        rows.sort_by_key(|(row, _)| *row);
        mark_repeats(snapshot, kind, &rows, flags)?;
    }
    Ok(())
}

/// Of records with one kind and id: later identical lines are duplicates; the rest are states, or conflicts.
fn mark_repeats(
    snapshot: &Snapshot,
    kind: Kind,
    rows: &[RowLine],
    flags: &mut HashMap<Row, u64>,
) -> Result<(), StoreError> {
    let mut seen: HashMap<&[u8], Row> = HashMap::new();
    let mut distinct = Vec::new();
    for (row, line) in rows {
        if seen.contains_key(line.as_slice()) {
            *flags.entry(*row).or_default() |= Flags::DUPLICATE;
        } else {
            seen.insert(line, *row);
            distinct.push((snapshot.at(*row)?, *row));
        }
    }
    if distinct.len() < 2 {
        return Ok(());
    }
    if kind.has_states() {
        distinct.sort();
        distinct.pop();
        for (_, row) in distinct {
            *flags.entry(row).or_default() |= Flags::SUPERSEDED;
        }
    } else {
        for (_, row) in distinct {
            *flags.entry(row).or_default() |= Flags::CONFLICT;
        }
    }
    Ok(())
}

/// Rows but duplicates, by time and then by row.
fn time_order(snapshot: &Snapshot, flags: &HashMap<Row, u64>) -> Result<Vec<Row>, WorkError> {
    let mut keyed: Vec<(u64, Row)> = Vec::with_capacity(usize::try_from(snapshot.rows()).unwrap_or(0));
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        let at = snapshot.passing(chunk, Column::At)?;
        at.each(|place, at| keyed.push((at, Row::new(n, place))));
    }
    keyed.retain(|(_, row)| flags.get(row).is_none_or(|flags| flags & Flags::DUPLICATE == 0));
    sort(&mut keyed);
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// A derived column of one chunk.
pub type DerivedCell = (u32, Column, Packed);

/// Attributes all requests again: where proofs were verified, only an enclave that signed attests.
pub fn attribution_under(case: &Case, key: &str, cancel: &Cancel) -> Result<Vec<DerivedCell>, WorkError> {
    let snapshot = case.snapshot()?;
    let context = registry::context(case, &snapshot)?;
    let verified = Verified::under(case, &snapshot, key)?;
    attribute_all(&snapshot, &context, &verified, cancel)
}

/// Writes what attribution came to, in a transaction with what it follows from.
pub fn put_attribution(case: &Case, derived: &[DerivedCell]) -> Result<(), StoreError> {
    derived.iter().try_for_each(|(chunk, column, packed)| case.write_cell(*chunk, *column as u8, packed))
}

/// The verdicts of each chunk, where there are any.
#[derive(Default)]
struct Verified(Vec<Option<Packed>>);

impl Verified {
    fn under(case: &Case, snapshot: &Snapshot, key: &str) -> Result<Self, WorkError> {
        let chunks = snapshot.chunks().iter();
        Ok(Self(chunks.map(|chunk| case.verdicts(chunk.id, key)).collect::<Result<_, _>>()?))
    }

    /// Whether a request's enclave may attest its version: it signed, or nobody has looked yet.
    fn lets_attest(&self, chunk: u32, place: usize) -> bool {
        let verdicts = self.0.get(chunk as usize).and_then(Option::as_ref);
        verdicts.is_none_or(|verdicts| Verdicts(verdicts.value(place)).attests())
    }
}

/// Scheduled, attested and effective versions and their evidence, chunk by chunk on every core.
fn attribute_all(
    snapshot: &Snapshot,
    context: &Context,
    verified: &Verified,
    cancel: &Cancel,
) -> Result<Vec<DerivedCell>, WorkError> {
    let cells = each_chunk(snapshot, cancel, |_, chunk| attribute(snapshot, context, verified, chunk))?;
    Ok(cells.into_iter().flatten().collect())
}

fn attribute(
    snapshot: &Snapshot,
    context: &Context,
    verified: &Verified,
    chunk: &Chunk,
) -> Result<[DerivedCell; 4], StoreError> {
    let mut memory = Memory::default();
    let column = |column: Column| snapshot.passing(chunk, column);
    let kind = column(Column::Kind)?;
    let (at, node, model) = (column(Column::At)?, column(Column::Node)?, column(Column::Model)?);
    let (version, blob, tee) = (column(Column::Version)?, column(Column::Blob)?, column(Column::Tee)?);
    let mut derived: [Vec<u64>; 4] = std::array::from_fn(|_| vec![0; chunk.rows as usize]);
    kind.each(|place, code| {
        if code != Kind::Inference as u64 {
            return;
        }
        let claim = Claim {
            at: Nanos(at.value(place).cast_signed()),
            node: node.value(place),
            model: model.value(place),
            version: version.value(place),
            blob: blob.value(place),
            tee: if verified.lets_attest(chunk.id, place) { tee.value(place) } else { 0 },
        };
        let attribution = context.attributor.attribute(claim, &mut memory);
        derived[0][place] = attribution.scheduled;
        derived[1][place] = attribution.attested;
        derived[2][place] = attribution.effective;
        derived[3][place] = attribution.evidence as u64;
    });
    let columns = [Column::Scheduled, Column::Attested, Column::Effective, Column::Evidence];
    let mut derived =
        derived.into_iter().zip(columns).map(|(values, column)| (chunk.id, column, Packed::new(&values)));
    Ok(std::array::from_fn(|_| derived.next().expect("four columns were made")))
}

/// Gaps as text for the case: `node,from,to` per line.
fn gaps(snapshot: &Snapshot, order: &[Row]) -> Result<String, WorkError> {
    let (kind, node, at) =
        (snapshot.column(Column::Kind)?, snapshot.column(Column::Node)?, snapshot.column(Column::At)?);
    let mut gaps = Gaps::default();
    for row in order {
        if kind.value(*row) == Kind::Inference as u64 {
            gaps.record(node.value(*row), Nanos(at.value(*row).cast_signed()));
        }
    }
    let lines = gaps.found().into_iter().map(|gap| format!("{},{},{}", gap.node, gap.from.0, gap.to.0));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Duplicates and conflicts per source.
fn count_repeats(snapshot: &Snapshot, flags: &HashMap<Row, u64>) -> BTreeMap<u32, (u64, u64)> {
    let mut counts: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (row, flags) in flags {
        let source = snapshot.chunks()[row.chunk()].source;
        let count = counts.entry(source).or_default();
        count.0 += u64::from(flags & Flags::DUPLICATE != 0);
        count.1 += u64::from(flags & Flags::CONFLICT != 0);
    }
    counts
}

fn write_flags(case: &Case, snapshot: &Snapshot, flags: &HashMap<Row, u64>) -> Result<(), StoreError> {
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        let mut column = snapshot.passing(chunk, Column::Flags)?.to_vec();
        let before = column.clone();
        for (place, value) in column.iter_mut().enumerate() {
            *value = (*value & Flags::TORN) | flags.get(&Row::new(n, place)).copied().unwrap_or(0);
        }
        if column != before {
            case.write_cell(chunk.id, Column::Flags as u8, &Packed::new(&column))?;
        }
    }
    Ok(())
}
