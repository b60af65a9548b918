//! The evidence behind requests: what many share — keys, checkpoints, enclaves, batches — checked once, then lent to each.

mod checkpoints;
mod linked;
mod registered;
mod trees;

pub use checkpoints::{Held, Outside, roots_at};
use linked::Weigh;
pub use linked::{Paid, Settled, nonce_of};
pub use registered::{Gathering, Logged, Registered};

use super::blobs::{Blobs, Found};
use super::parallel::each_row;
use super::study::Study;
use super::verify::Pins;
use super::{Cancel, WorkError};
use crate::journal::Column;
use crate::journal::batch::EdgeKind;
use crate::journal::wire::{self, Record};
use crate::model::{Hash, Kind, Nanos, Row, Status, Verdicts};
use crate::proof::ladder::{
    BlobContent, CheckedCheckpoint, EvidenceFor, Inclusion, Path, Response, blob_id, climb, signature,
};
use crate::proof::trust::Trust;
use crate::store::{Case, Snapshot, Source, StoreError};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What is in evidence of a case, checked once under some pins.
#[derive(Debug)]
pub struct Archive {
    snapshot: Snapshot,
    pub trust: Trust,
    /// When the question is asked.
    pub now: Nanos,
    /// Of every source, smallest first.
    pub checkpoints: BTreeMap<u32, Vec<Held>>,
    pub registered: Registered,
    pub blobs: Blobs,
    /// Rows that pay for or settle the id with this print.
    pays: ByPrint,
    settles: ByPrint,
    /// Payments by the nonce they share with another.
    reused: HashMap<Hash, Vec<Row>>,
    paid: Mutex<Lent<Paid>>,
    settled: Mutex<Lent<Settled>>,
}

/// Rows by the print of the id they name.
type ByPrint = HashMap<u64, Vec<Row>>;

/// What was read and checked of shared records lately: they are asked for by requests of about the same time.
#[derive(Debug)]
struct Lent<T> {
    known: HashMap<Row, Option<Arc<T>>>,
    weight: usize,
}

/// Names and tree nodes remembered at a time, some 100 bytes each.
const LENT: usize = 1 << 20;

/// What stands behind one request beside its own line.
#[derive(Clone, Copy, Debug)]
pub struct Behind<'b> {
    pub checkpoint: Option<&'b CheckedCheckpoint>,
    pub inclusion: Inclusion<'b>,
    pub settled: Option<&'b Settled>,
    pub paid: Option<&'b Paid>,
    pub blob: BlobContent<'b>,
}

/// One request's line, where it stands, and what it says.
#[derive(Debug)]
pub struct RequestLine<'l> {
    pub line: &'l [u8],
    pub index: u64,
    pub at: Nanos,
    pub record: &'l wire::Inference<'l>,
}

impl Archive {
    /// Gathers and checks what requests share. Contents of blobs are looked for, and not read.
    pub fn open(study: &Study, pins: &Pins) -> Result<Self, WorkError> {
        let trust = Trust::parse(&pins.trust)
            .map_err(|what| WorkError::Refused(format!("the trust file: {what}")))?;
        let snapshot = study.snapshot.clone();
        let case = Case::open(snapshot.path())?;
        let now = pins.now.unwrap_or_else(|| study.fold.span.map_or(Nanos(0), |(_, to)| Nanos(to)));
        let checkpoints = checkpoints::checkpoints(&case, &snapshot, &trust, &pins.outside)?;
        let blobs = Blobs::at_hand(snapshot.sources(), &pins.blobs)?;
        blobs.recall(&case)?;
        let mut gathering = Gathering::default();
        for (row, _, line) in &case.kept(&[Kind::Release, Kind::Measurement, Kind::Enclave])? {
            if let Ok((record, at)) = wire::parse(line) {
                let logged = checkpoints::logged(&snapshot, &checkpoints, *row)?;
                gathering.add(*row, &record, at, logged);
            }
        }
        let registered = gathering.checked(&trust);
        let (pays, settles) = links(&snapshot)?;
        let reused = reused_nonces(&snapshot)?;
        let (paid, settled) = (Mutex::default(), Mutex::default());
        Ok(Self {
            snapshot,
            trust,
            now,
            checkpoints,
            registered,
            blobs,
            pays,
            settles,
            reused,
            paid,
            settled,
        })
    }

    /// The proof path of a request. Records of other kinds have none.
    pub fn path_of(&self, row: Row) -> Result<Option<Path>, StoreError> {
        self.with_evidence(row, climb)
    }

    /// The verdicts of the same path, without the words that only a reader needs.
    pub fn verdicts_of(&self, row: Row) -> Result<Option<Verdicts>, StoreError> {
        self.with_evidence(row, |evidence| climb(&evidence.without_words()).verdicts())
    }

    /// The signature's verdict alone, for measuring what it costs.
    pub fn signature_of(&self, row: Row) -> Result<Option<Status>, StoreError> {
        self.snapshot.read_line(row, |line, (record, at)| {
            let Record::Inference(r) = record else { return None };
            let evidence = EvidenceFor {
                response: response_of(&r),
                enclave: self.registered.enclave(r.tee_id.as_deref()),
                ..EvidenceFor::bare(&self.trust, line, 0, at, self.now)
            };
            Some(signature(&evidence.without_words()).status)
        })
    }

    /// Reads and names contents until it is known which is the blob of a request.
    pub fn name_blob(&self, row: Row, cancel: &Cancel, tell: &mut dyn FnMut(f32)) -> Result<(), WorkError> {
        let id = self.snapshot.read_line(row, |_, (record, _)| match record {
            Record::Inference(r) => self.blob_id(&r).map(str::to_owned),
            _ => None,
        })?;
        id.map_or(Ok(()), |id| self.blobs.name(&id, cancel, tell).map(drop))
    }

    /// The same for every blob that a release or a request names. Settlements name the records of their batches by blob
    /// ids too: those are no content that was served.
    pub fn name_blobs(&self, cancel: &Cancel, tell: &mut dyn FnMut(f32)) -> Result<(), WorkError> {
        if self.blobs.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<&str> =
            self.claimed_blobs()?.into_iter().chain(self.registered.blob_ids()).collect();
        let all = ids.len() as f32;
        for (n, id) in ids.into_iter().enumerate() {
            self.blobs.name(id, cancel, &mut |part| tell((n as f32 + part) / all))?;
        }
        Ok(())
    }

    /// The blobs that requests name.
    fn claimed_blobs(&self) -> Result<BTreeSet<&str>, StoreError> {
        let mut numbers = BTreeSet::new();
        for chunk in self.snapshot.chunks() {
            let kinds = self.snapshot.passing(chunk, Column::Kind)?;
            let blobs = self.snapshot.passing(chunk, Column::Blob)?;
            blobs.each(|place, blob| {
                if blob != 0 && kinds.value(place) == Kind::Inference as u64 {
                    numbers.insert(blob);
                }
            });
        }
        Ok(numbers.into_iter().map(|blob| self.snapshot.name(Column::Blob, blob)).collect())
    }

    /// The blob that a request rests on.
    pub fn blob_id<'r>(&'r self, r: &'r wire::Inference<'_>) -> Option<&'r str> {
        blob_id(self.registered.release(r).as_ref(), r.blob_id.as_deref())
    }

    fn with_evidence<T>(
        &self,
        row: Row,
        climb: impl FnOnce(&EvidenceFor<'_>) -> T,
    ) -> Result<Option<T>, StoreError> {
        self.snapshot.read_line(row, |line, (record, at)| match record {
            Record::Inference(r) => self.climbed(row, (line, at), &r, climb).map(Some),
            _ => Ok(None),
        })?
    }

    fn climbed<T>(
        &self,
        row: Row,
        (line, at): (&[u8], Nanos),
        r: &wire::Inference<'_>,
        climb: impl FnOnce(&EvidenceFor<'_>) -> T,
    ) -> Result<T, StoreError> {
        let index = self.snapshot.value(Column::Line, row)?;
        let print = self.snapshot.value(Column::Print, row)?;
        let settled = self.settled(print, &r.id)?;
        let paid = self.paid(print, &r.id)?;
        let found = self.blob_id(r).map_or(Found::Absent, |id| self.blobs.found(id));
        let behind = Behind {
            checkpoint: self.covering(self.snapshot.source_of(row)?, index).map(|held| &held.checked),
            inclusion: match self.snapshot.source_of(row)?.imported {
                Some(_) => Inclusion::Imported,
                None => Inclusion::WholeJournal,
            },
            settled: settled.as_deref(),
            paid: paid.as_deref(),
            blob: found.content(),
        };
        let request = RequestLine { line, index, at, record: r };
        Ok(climb(&evidence_for(&request, &behind, &self.registered, (&self.trust, self.now))))
    }

    /// The smallest checkpoint above a line; of those, one that is right before one that is not.
    pub fn covering(&self, source: &Source, index: u64) -> Option<&Held> {
        // A torn record is no leaf: no checkpoint can cover it.
        let held = self.checkpoints.get(&source.id).filter(|_| index < source.lines)?;
        let first = held.partition_point(|held| held.size <= index);
        held.get(first)
    }

    /// The smallest checkpoint above a line that a pinned log vouches for, or else the smallest above it.
    pub fn vouching(&self, source: &Source, index: u64) -> Option<&Held> {
        let covering = self.covering(source, index)?;
        let held = self.checkpoints.get(&source.id)?;
        let vouches =
            |held: &&Held| held.size > index && held.checked.log_result().status == Status::Verified;
        Some(held.iter().find(vouches).unwrap_or(covering))
    }

    /// The latest settlement that names a request.
    pub fn settled(&self, print: u64, id: &str) -> Result<Option<Arc<Settled>>, StoreError> {
        for row in self.settles.get(&print).into_iter().flatten().rev() {
            let read = |line: &[u8]| {
                let source = self.snapshot.source_of(*row)?;
                Ok(Settled::read(*row, line, |settlement| self.tree_of(source, settlement)))
            };
            if let Some(settled) = self.lent(&self.settled, *row, read)?.filter(|settled| settled.names(id)) {
                return Ok(Some(settled));
            }
        }
        Ok(None)
    }

    /// The latest payment that names a request.
    pub fn paid(&self, print: u64, id: &str) -> Result<Option<Arc<Paid>>, StoreError> {
        for row in self.pays.get(&print).into_iter().flatten().rev() {
            let is_reused = |nonce: &Hash| self.reused.contains_key(nonce);
            let read = |line: &[u8]| Ok(Paid::read(*row, line, &self.trust, is_reused));
            if let Some(paid) = self.lent(&self.paid, *row, read)?.filter(|paid| paid.names(id)) {
                return Ok(Some(paid));
            }
        }
        Ok(None)
    }

    /// The payments that use one nonce, where there are several.
    pub fn sharing(&self, nonce: &Hash) -> &[Row] {
        self.reused.get(nonce).map(Vec::as_slice).unwrap_or_default()
    }

    /// A shared record as it was read before, or as it is read now. Reading happens outside the lock: two threads may
    /// read the same record, which costs time once and changes nothing.
    fn lent<T: Weigh>(
        &self,
        lent: &Mutex<Lent<T>>,
        row: Row,
        read: impl FnOnce(&[u8]) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        let lock = || lent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().known.get(&row) {
            return Ok(known.clone());
        }
        let found = read(&self.snapshot.line(row)?)?.map(Arc::new);
        lock().keep(row, found.clone());
        Ok(found)
    }
}

impl<T: Weigh> Lent<T> {
    fn keep(&mut self, row: Row, found: Option<Arc<T>>) {
        let weight = 1 + found.as_ref().map_or(0, |found| found.weight());
        if self.weight + weight > LENT {
            self.known.clear();
            self.weight = 0;
        }
        self.weight += weight;
        self.known.insert(row, found);
    }
}

impl<T> Default for Lent<T> {
    fn default() -> Self {
        Self { known: HashMap::new(), weight: 0 }
    }
}

/// Everything the ladder is climbed with.
pub fn evidence_for<'e>(
    request: &RequestLine<'e>,
    behind: &Behind<'e>,
    registered: &'e Registered,
    (trust, now): (&'e Trust, Nanos),
) -> EvidenceFor<'e> {
    let r = request.record;
    EvidenceFor {
        checkpoint: behind.checkpoint,
        inclusion: behind.inclusion,
        response: response_of(r),
        enclave: registered.enclave(r.tee_id.as_deref()),
        registry: Some(&registered.registry),
        claimed_version: r.version.as_deref(),
        claimed_blob: r.blob_id.as_deref(),
        release: registered.release(r),
        blob: behind.blob,
        settlement: behind.settled.map(Settled::evidence),
        payment: behind.paid.map(|paid| &paid.checked),
        ..EvidenceFor::bare(trust, request.line, request.index, request.at, now)
    }
}

/// What a request's record says of its answer.
pub fn response_of<'r>(r: &'r wire::Inference<'_>) -> Response<'r> {
    Response {
        proof: r.proof.as_deref(),
        scheme: r.scheme.as_deref(),
        request: r.request.map(RawValue::get),
        response: r.response.map(RawValue::get),
        output: r.output.as_deref(),
        tee_id: r.tee_id.as_deref(),
        request_hash: r.tee_request_hash.as_deref(),
        output_hash: r.tee_output_hash.as_deref(),
        timestamp: r.tee_timestamp,
        signature: r.tee_signature.as_deref(),
        zk: r.zk.map(RawValue::get),
    }
}

/// Which payments and settlements name which id.
fn links(snapshot: &Snapshot) -> Result<(ByPrint, ByPrint), StoreError> {
    let (mut pays, mut settles) = (ByPrint::new(), ByPrint::new());
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        for edge in snapshot.edges(chunk)?.iter() {
            let by_print = match edge.kind {
                EdgeKind::Pays => &mut pays,
                EdgeKind::Settles => &mut settles,
                _ => continue,
            };
            by_print.entry(edge.print).or_default().push(Row::new(n, edge.place as usize));
        }
    }
    Ok((pays, settles))
}

/// Payments whose authorisations share a nonce. States of one payment share theirs rightly.
fn reused_nonces(snapshot: &Snapshot) -> Result<HashMap<Hash, Vec<Row>>, WorkError> {
    let kinds = snapshot.column(Column::Kind)?;
    let mut rows = Vec::new();
    for n in 0..snapshot.chunks().len() {
        kinds.cell(n).each(|place, kind| {
            if kind == Kind::Payment as u64 {
                rows.push(Row::new(n, place));
            }
        });
    }
    let nonce = |row| {
        snapshot.read_line(row, |_, (record, _)| match record {
            Record::Payment(payment) => nonce_of(&payment).map(|nonce| (nonce, row, payment.id.to_string())),
            _ => None,
        })
    };
    let mut seen: HashMap<Hash, Vec<(Row, String)>> = HashMap::new();
    for (nonce, row, id) in each_row(&rows, &Cancel::default(), nonce)?.into_iter().flatten() {
        let users = seen.entry(nonce).or_default();
        if users.iter().all(|(_, known)| *known != id) {
            users.push((row, id));
        }
    }
    let reused = seen.into_iter().filter(|(_, users)| users.len() > 1);
    Ok(reused.map(|(nonce, users)| (nonce, users.into_iter().map(|(row, _)| row).collect())).collect())
}
