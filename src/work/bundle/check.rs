//! A bundle checked alone: its form first, then the same ladder as in a case, over what it holds and nothing else.

use super::container::{Files, MAX_BYTES, unpack};
use super::manifest::{BlobFile, Manifest, RecordFile, Request};
use super::{MANIFEST, RECIPE, SUMS, blob_name, note_name, recipe, record_name, sums};
use crate::journal::wire::{self, Record};
use crate::model::{Hash, Nanos, Row, Status, Step};
use crate::proof::blob::{BlobId, Content, Has};
use crate::proof::hashes::sha256;
use crate::proof::ladder::{
    BlobContent, CheckedCheckpoint, EvidenceFor, Inclusion, Journal, Path, RootAtSize, StepResult, blob_id,
    climb,
};
use crate::proof::trust::Trust;
use crate::work::WorkError;
use crate::work::archive::{Behind, Gathering, Logged, Paid, RequestLine, Settled, evidence_for, nonce_of};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;

/// What a bundle of the right form came to.
#[derive(Clone, Debug)]
pub struct CheckedBundle {
    pub sha256: Hash,
    pub length: usize,
    /// When the question was asked, by whoever made it.
    pub at: Nanos,
    pub requests: Vec<(String, Path)>,
    /// Every line in it, the requests too.
    pub records: Vec<CheckedRecord>,
    pub recipe: Recipe,
}

/// Whether the recipe is the one this version writes. Another may do anything when it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    Known,
    Other,
}

/// A line, and whether it is what was logged.
#[derive(Clone, Debug)]
pub struct CheckedRecord {
    pub file: String,
    pub kind: String,
    pub id: String,
    pub checkpoint: StepResult,
    pub inclusion: StepResult,
}

impl CheckedBundle {
    /// Whether anything in it is false.
    pub fn has_failed(&self) -> bool {
        let failed = |step: &StepResult| step.status == Status::Failed;
        self.requests.iter().any(|(_, path)| path.first_failed().is_some())
            || self.records.iter().any(|record| failed(&record.checkpoint) || failed(&record.inclusion))
    }
}

/// The bytes of a file that may be a bundle. Pipes and devices are refused, and what is longer than a bundle can be.
pub fn read(path: &std::path::Path) -> Result<Vec<u8>, WorkError> {
    let fail = |reason: String| WorkError::Read { path: path.to_owned(), reason };
    let regular = |meta: std::io::Result<std::fs::Metadata>| match meta {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(_) => Err(fail("not a regular file".to_owned())),
        Err(error) => Err(fail(error.to_string())),
    };
    // Asked before opening, for opening a pipe waits; and of the opened file, for names can change between.
    regular(std::fs::metadata(path))?;
    let file = File::open(path).map_err(|e| fail(e.to_string()))?;
    regular(file.metadata())?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
    Ok(bytes)
}

/// Checks a bundle under some pins. `Err` says why it is none, or has been changed since it was made.
pub fn check(bytes: &[u8], trust: &Trust) -> Result<CheckedBundle, String> {
    let files = unpack(bytes)?;
    let manifest = manifest_of(&files)?;
    let at = manifest.moment()?;
    let checkpoints: Vec<CheckedCheckpoint> = manifest
        .checkpoints
        .iter()
        .map(|note| checked_note(&files, &manifest, note, trust))
        .collect::<Result<_, _>>()?;
    if let Some(contradiction) = contradiction(&manifest, &checkpoints) {
        return Err(contradiction);
    }
    let lines: Vec<Line<'_>> = manifest
        .records
        .iter()
        .map(|file| Line::of(file, &files, &checkpoints, trust))
        .collect::<Result<_, _>>()?;
    let mut gathering = Gathering::default();
    for (place, line) in lines.iter().enumerate() {
        gathering.add(Row(place as u32), &line.record, line.at, line.logged);
    }
    let registered = gathering.checked(trust);
    let reused = reused(&lines);
    let mut contents = contents(&manifest, &files);
    let mut request = |request: &Request| {
        let own = &lines[request.record];
        let Record::Inference(r) = &own.record else {
            return Err(format!("{} is no request", own.file.file));
        };
        let settled = request.settlement.map(|place| settled(&lines[place], request, &r.id)).transpose()?;
        let paid = request.payment.map(|place| paid(&lines[place], trust, &reused, &r.id)).transpose()?;
        let blob = blob_id(registered.release(r).as_ref(), r.blob_id.as_deref());
        let blob = blob.and_then(|id| contents.get_mut(id)).map(|blob| named(blob));
        let behind = Behind {
            checkpoint: own.checkpoint,
            inclusion: own.inclusion(),
            settled: settled.as_ref(),
            paid: paid.as_ref(),
            blob: blob.map_or(BlobContent::Absent, BlobContent::Is),
        };
        let line = RequestLine { line: own.bytes, index: own.file.line, at: own.at, record: r };
        Ok((r.id.to_string(), climb(&evidence_for(&line, &behind, &registered, (trust, at)))))
    };
    let requests = manifest.requests.iter().map(&mut request).collect::<Result<_, String>>()?;
    let is_known = files.get(RECIPE).is_some_and(|text| *text == recipe().as_bytes());
    Ok(CheckedBundle {
        sha256: sha256(bytes),
        length: bytes.len(),
        at,
        requests,
        records: lines.into_iter().map(Line::checked).collect(),
        recipe: if is_known { Recipe::Known } else { Recipe::Other },
    })
}

/// The manifest, once every file has its sum and is one that the manifest names.
fn manifest_of(files: &Files) -> Result<Manifest, String> {
    let file = |name: &str| files.get(name).ok_or_else(|| format!("`{name}` is missing"));
    if sums(files).as_bytes() != file(SUMS)? {
        return Err(format!("{SUMS} does not name these files with these sums"));
    }
    file(RECIPE)?;
    let manifest = Manifest::parse(file(MANIFEST)?)?;
    let records =
        manifest.records.iter().enumerate().map(|(place, record)| (&record.file, record_name(place)));
    let notes = manifest.checkpoints.iter().enumerate().map(|(place, note)| (&note.file, note_name(place)));
    let mut named: BTreeSet<String> = [MANIFEST, RECIPE, SUMS].map(str::to_owned).into();
    let blobs = manifest.blobs.iter().enumerate().map(|(place, blob)| (&blob.file, blob_name(place)));
    for (name, expected) in records.chain(notes).chain(blobs) {
        if *name != expected || !files.contains_key(name) {
            return Err(format!("manifest.json names `{name}` where `{expected}` belongs, or it is missing"));
        }
        named.insert(expected);
    }
    match files.keys().find(|name| !named.contains(*name)) {
        Some(name) => Err(format!("`{name}` is named by nothing in manifest.json")),
        None => Ok(manifest),
    }
}

/// A blob in a bundle, and its content once a request asked for it.
struct Blob<'b> {
    id: BlobId,
    bytes: &'b [u8],
    content: Option<Content>,
}

/// Contents by the ids they are given as. More than are named are left as if they were not there.
fn contents<'b>(manifest: &'b Manifest, files: &'b Files) -> HashMap<&'b str, Blob<'b>> {
    let blob = |file: &'b BlobFile| {
        let id = BlobId::parse(&file.id).ok()?;
        Some((file.id.as_str(), Blob { id, bytes: &files[&file.file], content: None }))
    };
    manifest.blobs.iter().take(MOST_NAMED).filter_map(blob).collect()
}

/// Named when first asked for: seconds for a Walrus id.
fn named<'c>(blob: &'c mut Blob<'_>) -> &'c Content {
    blob.content.get_or_insert_with(|| {
        let mut content = Content::of(blob.bytes);
        if content.has(&blob.id) == Has::NotAsked {
            // Nobody stops it, so it never breaks.
            let _ = content.name(blob.bytes, &mut |_| ControlFlow::Continue(()));
        }
        content
    })
}

/// Blobs named for one bundle: each may take seconds, and whoever made the bundle chose how many.
const MOST_NAMED: usize = 16;

fn checked_note(
    files: &Files,
    manifest: &Manifest,
    note: &super::manifest::NoteFile,
    trust: &Trust,
) -> Result<CheckedCheckpoint, String> {
    let text = std::str::from_utf8(&files[&note.file]).map_err(|_| format!("{} is not UTF-8", note.file))?;
    let log = &manifest.logs[note.log];
    let journal =
        Journal { origin: log.origin.as_deref(), log_key: log.key.as_deref(), root: RootAtSize::NotHeld };
    Ok(CheckedCheckpoint::check(text, &journal, trust))
}

/// Two roots of one log at one size: whatever is proved under either, this bundle tells two stories.
fn contradiction(manifest: &Manifest, checkpoints: &[CheckedCheckpoint]) -> Option<String> {
    let mut roots = HashMap::new();
    for (note, checked) in manifest.checkpoints.iter().zip(checkpoints) {
        let Some((size, root)) = checked.committed() else { continue };
        let log = manifest.logs[note.log].origin.as_deref().ok_or(note.log);
        let (first, file) = roots.entry((log, size)).or_insert((root, note.file.as_str()));
        if *first != root {
            return Some(format!("{file} and {} commit to different roots of {size} lines", note.file));
        }
    }
    None
}

/// One record of a bundle, read and held against its checkpoint.
struct Line<'b> {
    file: &'b RecordFile,
    bytes: &'b [u8],
    record: Record<'b>,
    at: Nanos,
    checkpoint: Option<&'b CheckedCheckpoint>,
    path: Vec<Hash>,
    logged: Logged,
    /// Checkpoint and inclusion.
    results: [StepResult; 2],
}

impl<'b> Line<'b> {
    fn of(
        file: &'b RecordFile,
        files: &'b Files,
        checkpoints: &'b [CheckedCheckpoint],
        trust: &Trust,
    ) -> Result<Self, String> {
        let bytes = files[&file.file].as_slice();
        let (record, at) = wire::parse(bytes).map_err(|reason| format!("{}: {reason}", file.file))?;
        if record.kind().name() != file.kind || record.id() != file.id {
            return Err(format!(
                "{} is not the {} `{}` that manifest.json says",
                file.file, file.kind, file.id
            ));
        }
        let checkpoint = file.checkpoint.map(|note| &checkpoints[note]);
        let path: Vec<Hash> = file.path.iter().filter_map(|node| Hash::parse(node)).collect();
        let inclusion = if checkpoint.is_some() { Inclusion::Path(&path) } else { Inclusion::None };
        let bare = EvidenceFor::bare(trust, bytes, file.line, at, at);
        let climbed = climb(&EvidenceFor { checkpoint, inclusion, ..bare });
        let step = |step| climbed.step(step).cloned().ok_or_else(|| "a ladder without its steps".to_owned());
        let results = [step(Step::Checkpoint)?, step(Step::Inclusion)?];
        let verified = results.iter().all(|result| result.status == Status::Verified);
        let logged = if verified { Logged::Yes } else { Logged::No };
        Ok(Self { file, bytes, record, at, checkpoint, path, logged, results })
    }

    fn inclusion(&self) -> Inclusion<'_> {
        if self.checkpoint.is_some() { Inclusion::Path(&self.path) } else { Inclusion::None }
    }

    fn checked(self) -> CheckedRecord {
        let [checkpoint, inclusion] = self.results;
        let RecordFile { file, kind, id, .. } = self.file.clone();
        CheckedRecord { file, kind, id, checkpoint, inclusion }
    }
}

fn settled(line: &Line<'_>, request: &Request, id: &str) -> Result<Settled, String> {
    let settled = Settled::read(Row(0), line.bytes, |_| None).filter(|settled| settled.names(id));
    let mut settled = settled.ok_or_else(|| format!("{} does not settle `{id}`", line.file.file))?;
    if settled.merkle_proof.is_none() {
        settled.merkle_proof.clone_from(&request.leaf_proof);
    }
    Ok(settled)
}

fn paid(line: &Line<'_>, trust: &Trust, reused: &BTreeSet<Hash>, id: &str) -> Result<Paid, String> {
    let paid = Paid::read(Row(0), line.bytes, trust, |nonce| reused.contains(nonce));
    paid.filter(|paid| paid.names(id)).ok_or_else(|| format!("{} does not pay for `{id}`", line.file.file))
}

/// Nonces that payments of different ids share.
fn reused(lines: &[Line<'_>]) -> BTreeSet<Hash> {
    let mut users: HashMap<Hash, BTreeSet<&str>> = HashMap::new();
    for line in lines {
        if let Record::Payment(payment) = &line.record
            && let Some(nonce) = nonce_of(payment)
        {
            users.entry(nonce).or_default().insert(&payment.id);
        }
    }
    users.into_iter().filter(|(_, ids)| ids.len() > 1).map(|(nonce, _)| nonce).collect()
}
