//! A bundle from a case: the chosen requests, what stands behind them, and no other record.

use super::check::{CheckedBundle, check};
use super::container::{Files, pack};
use super::manifest::{BlobFile, Log, Manifest, NoteFile, RecordFile, Request, SCHEMA};
use super::paths::{Wanted, paths};
use super::{MANIFEST, RECIPE, SUMS, blob_name, note_name, recipe, record_name, sums};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::journal::wire::{self, Record};
use crate::model::{Hash, Kind, Row};
use crate::proof::ladder::{CheckedBatch, leaf_hashes};
use crate::proof::settlement::Dump;
use crate::store::Source;
use crate::work::archive::{Archive, Held, Paid, Settled, response_of};
use crate::work::blobs::{Blobs, Found};
use crate::work::save::{Existing, save};
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Whether lines that hold the text of requests and answers, or whole trees, may be given; and contents of blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Refused,
    Included,
}

/// A bundle that is not yet written anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub manifest: Manifest,
    pub bytes: Vec<u8>,
}

/// A chosen request and the records that only it needs.
struct Chosen {
    row: Row,
    settlement: Option<Row>,
    leaf_proof: Option<Vec<String>>,
    payment: Option<Row>,
    /// The id of the blob it rests on.
    blob: Option<String>,
}

/// Gathers the requests with these ids. The same case, ids and pins give the same bytes.
pub fn make(study: &Study, archive: &Archive, ids: &[String], content: Content) -> Result<Bundle, WorkError> {
    let mut lines: BTreeMap<Row, Vec<u8>> = BTreeMap::new();
    let mut chosen: BTreeMap<Row, Chosen> = BTreeMap::new();
    for id in ids {
        for row in requests_called(study, id)? {
            chosen.insert(row, choose(study, archive, row, &mut lines)?);
        }
    }
    for (row, line) in &lines {
        refuse_content(study, *row, line, content)?;
    }
    let places: BTreeMap<Row, usize> = lines.keys().enumerate().map(|(place, row)| (*row, place)).collect();
    let mut manifest =
        Manifest { schema: SCHEMA.to_owned(), at: archive.now.rfc3339(), ..Manifest::default() };
    let mut files = Files::new();
    add_records(study, archive, &lines, &chosen, (&mut manifest, &mut files))?;
    if content == Content::Included {
        add_blobs(archive, &chosen, (&mut manifest, &mut files))?;
    }
    let place = |row: Row| places.get(&row).copied();
    manifest.requests = chosen
        .into_values()
        .map(|one| Request {
            record: places[&one.row],
            settlement: one.settlement.and_then(place),
            leaf_proof: one.leaf_proof,
            payment: one.payment.and_then(place),
        })
        .collect();
    files.extend(lines.into_values().enumerate().map(|(place, line)| (record_name(place), line)));
    files.insert(MANIFEST.to_owned(), manifest.text().into_bytes());
    files.insert(RECIPE.to_owned(), recipe().into_bytes());
    files.insert(SUMS.to_owned(), sums(&files).into_bytes());
    let bytes = pack(&files).ok_or_else(|| {
        WorkError::Refused("a bundle this large is read by nobody; choose fewer requests".to_owned())
    })?;
    Ok(Bundle { manifest, bytes })
}

/// Makes a bundle, reads it back as its reader will, and writes it to a file.
pub fn give(
    study: &Study,
    archive: &Archive,
    ids: &[String],
    content: Content,
    (path, existing): (&Path, Existing),
) -> Result<CheckedBundle, WorkError> {
    let made = make(study, archive, ids, content)?;
    let checked = check(&made.bytes, &archive.trust).map_err(|what| {
        WorkError::Refused(format!("the bundle does not read back ({what}); nothing was written"))
    })?;
    save(path, &made.bytes, existing, &study.evidence())?;
    Ok(checked)
}

/// The counted requests with an id: more than one where records conflict.
fn requests_called(study: &Study, id: &str) -> Result<Vec<Row>, WorkError> {
    let snapshot = &study.snapshot;
    let all = snapshot.find_id(id)?;
    let mut rows = Vec::new();
    for row in &all {
        if snapshot.kind(*row)? == Kind::Inference && snapshot.is_counted(*row)? {
            rows.push(*row);
        }
    }
    match (rows.is_empty(), all.first()) {
        (false, _) => Ok(rows),
        (true, None) => Err(WorkError::Refused(format!("no record is called `{id}`"))),
        (true, Some(row)) => {
            let kind = snapshot.kind(*row)?;
            Err(WorkError::Refused(format!("`{id}` is a {kind} record; a bundle is made of requests")))
        }
    }
}

/// A request with what stands behind it; all their lines go into `lines`.
fn choose(
    study: &Study,
    archive: &Archive,
    row: Row,
    lines: &mut BTreeMap<Row, Vec<u8>>,
) -> Result<Chosen, WorkError> {
    let line = study.snapshot.line(row)?;
    let Ok((Record::Inference(r), _)) = wire::parse(&line) else {
        return Err(WorkError::Refused(format!("row {} is no request", row.0)));
    };
    let print = study.snapshot.value(Column::Print, row)?;
    let (settled, paid) = (archive.settled(print, &r.id)?, archive.paid(print, &r.id)?);
    let mut behind = archive.registered.rows_behind(&r);
    behind.extend(settled.as_ref().map(|settled| settled.row));
    behind.extend(paid.as_ref().map(|paid| paid.row));
    // That a nonce was used twice is only shown by both payments.
    let nonce = paid.as_ref().and_then(|paid: &std::sync::Arc<Paid>| paid.nonce);
    behind.extend(nonce.iter().flat_map(|nonce| archive.sharing(nonce)));
    for row in behind {
        if !lines.contains_key(&row) && study.snapshot.value(Column::Flags, row)? & Flags::DUPLICATE == 0 {
            lines.insert(row, study.snapshot.line(row)?);
        }
    }
    let leaf_proof = settled.as_deref().and_then(|settled| leaf_proof(settled, &r));
    let blob = archive.blob_id(&r).map(str::to_owned);
    let chosen = Chosen {
        row,
        settlement: settled.map(|settled| settled.row),
        leaf_proof,
        payment: paid.map(|paid| paid.row),
        blob,
    };
    drop(r);
    lines.insert(row, line);
    Ok(chosen)
}

/// The siblings of the request's leaf, from the tree that is not given itself.
fn leaf_proof(settled: &Settled, r: &wire::Inference<'_>) -> Option<Vec<String>> {
    if settled.merkle_proof.is_some() || settled.holds_tree {
        return None;
    }
    let dump: &Dump = settled.batch.as_ref().and_then(CheckedBatch::dump)?;
    let proof = leaf_hashes(&response_of(r)).iter().find_map(|leaf| dump.proof(leaf))?;
    Some(proof.iter().map(|node| format!("0x{node}")).collect())
}

/// A line that holds more than the proof of a request is given only when that was asked for.
fn refuse_content(study: &Study, row: Row, line: &[u8], content: Content) -> Result<(), WorkError> {
    if content == Content::Included {
        return Ok(());
    }
    let Ok((record, _)) = wire::parse(line) else { return Ok(()) };
    let held = match &record {
        Record::Inference(r) => {
            let parts = [
                (r.request.is_some(), "the request's text"),
                (r.response.is_some() || r.output.is_some(), "the answer's text"),
            ];
            parts
                .into_iter()
                .filter(|(held, _)| *held)
                .map(|(_, what)| what)
                .collect::<Vec<_>>()
                .join(" and ")
        }
        Record::Settlement(s) if s.tree.is_some() => "the tree of its whole batch".to_owned(),
        _ => String::new(),
    };
    if held.is_empty() {
        return Ok(());
    }
    Err(WorkError::Refused(format!(
        "{} `{}` ({}, line {}) holds {held}, and a line can only be given whole, for it is hashed whole. Nothing was \
         written; --include-content gives it",
        record.kind(),
        record.id(),
        study.snapshot.source_of(row)?.name(),
        study.snapshot.value(Column::Line, row)? + 1,
    )))
}

/// The contents that are at hand, right or wrong: whoever checks the bundle names them again.
fn add_blobs(
    archive: &Archive,
    chosen: &BTreeMap<Row, Chosen>,
    (manifest, files): (&mut Manifest, &mut Files),
) -> Result<(), WorkError> {
    let ids: BTreeSet<&str> = chosen.values().filter_map(|one| one.blob.as_deref()).collect();
    for id in ids {
        if let Found::Is(_, path) = archive.blobs.name(id, &Cancel::default(), &mut |_| {})? {
            let file = blob_name(manifest.blobs.len());
            files.insert(file.clone(), Blobs::bytes(&path)?);
            manifest.blobs.push(BlobFile { file, id: id.to_owned() });
        }
    }
    Ok(())
}

/// Every line with its log, checkpoint and path; the notes become files.
fn add_records(
    study: &Study,
    archive: &Archive,
    lines: &BTreeMap<Row, Vec<u8>>,
    chosen: &BTreeMap<Row, Chosen>,
    (manifest, files): (&mut Manifest, &mut Files),
) -> Result<(), WorkError> {
    let mut logs: BTreeMap<u32, usize> = BTreeMap::new();
    let mut notes: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    let mut wanted: BTreeMap<u32, Vec<(usize, Wanted)>> = BTreeMap::new();
    let mut journals: BTreeMap<u32, &Source> = BTreeMap::new();
    for (place, (row, line)) in lines.iter().enumerate() {
        let source = study.snapshot.source_of(*row)?;
        let index = study.snapshot.value(Column::Line, *row)?;
        let log = *logs.entry(source.id).or_insert_with(|| {
            manifest.logs.push(Log { origin: source.origin.clone(), key: source.log_key.clone() });
            manifest.logs.len() - 1
        });
        journals.insert(source.id, source);
        let is_request = chosen.contains_key(row);
        let held = if is_request { archive.covering(source, index) } else { archive.vouching(source, index) };
        let checkpoint = held.map(|Held { note, size, .. }| {
            wanted.entry(source.id).or_default().push((place, (index, *size)));
            *notes.entry((source.id, note)).or_insert_with(|| {
                let file = note_name(manifest.checkpoints.len());
                files.insert(file.clone(), note.as_bytes().to_vec());
                manifest.checkpoints.push(NoteFile { file, log });
                manifest.checkpoints.len() - 1
            })
        });
        let (kind, id) = wire::parse(line)
            .map(|(record, _)| (record.kind().name().to_owned(), record.id().to_owned()))
            .unwrap_or_default();
        let file = record_name(place);
        manifest.records.push(RecordFile { file, kind, id, log, line: index, checkpoint, path: Vec::new() });
    }
    for (source, wanted) in wanted {
        let sizes: Vec<Wanted> = wanted.iter().map(|(_, wanted)| *wanted).collect();
        for ((place, _), path) in wanted.iter().zip(paths(&journals[&source].plain, &sizes)?) {
            manifest.records[*place].path = path.iter().map(Hash::hex).collect();
        }
    }
    Ok(())
}
