//! The evidence behind requests: what many share — keys, checkpoints, enclaves, batches — checked once, then lent to each.

use super::WorkError;
use super::study::Study;
use crate::journal::Column;
use crate::journal::batch::EdgeKind;
use crate::journal::import::IMAGE;
use crate::journal::read::bare_hex;
use crate::journal::wire::{self, Record};
use crate::model::time::Span;
use crate::model::{Amount, Hash, Kind, Nanos, Row, Status};
use crate::proof::ladder::{
    BlobContent, CheckedBatch, CheckedCheckpoint, CheckedEnclave, EnclaveRecord, EvidenceFor, Inclusion,
    Journal, Path, Payment, Release, Response, RootAtSize, Settlement, climb,
};
use crate::proof::malformed::hex_array;
use crate::proof::note::Checkpoint;
use crate::proof::payment::parse as parse_authorization;
use crate::proof::registry::{Event, Placed, Registry};
use crate::proof::trust::{Contract, Trust};
use crate::store::{Case, Snapshot, Source, StoreError};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
    pub checked: CheckedCheckpoint,
}

/// What is in evidence of a case, checked once under some pins.
#[derive(Debug)]
pub struct Archive {
    snapshot: Snapshot,
    pub trust: Trust,
    /// When the question is asked.
    pub now: Nanos,
    /// Of every source, smallest first.
    pub checkpoints: BTreeMap<u32, Vec<Held>>,
    enclaves: HashMap<String, CheckedEnclave>,
    pub registry: Registry,
    releases: Vec<ReleaseTexts>,
    /// Rows that pay for or settle the id with this print.
    pays: HashMap<u64, Vec<Row>>,
    settles: HashMap<u64, Vec<Row>>,
    /// Nonces that more than one payment uses.
    reused: HashSet<Hash>,
    batches: Mutex<HashMap<Row, Option<Arc<CheckedBatch>>>>,
}

#[derive(Debug)]
struct ReleaseTexts {
    model: String,
    version: String,
    pcr_hash: Option<String>,
    blob_id: Option<String>,
    is_floating: bool,
}

/// The largest tree dump read from a file of its own.
const DUMP_LIMIT: u64 = 64 << 20;

impl Archive {
    /// Gathers and checks what requests share. `now` is when the question is asked; by default the last record's time.
    pub fn open(
        study: &Study,
        trust: Trust,
        outside: &[Outside],
        now: Option<Nanos>,
    ) -> Result<Self, WorkError> {
        let snapshot = study.snapshot.clone();
        let case = Case::open(snapshot.path())?;
        let now = now.unwrap_or_else(|| study.fold.span.map_or(Nanos(0), |(_, to)| Nanos(to)));
        let checkpoints = checkpoints(&case, &snapshot, &trust, outside)?;
        let small = case.kept(&[Kind::Release, Kind::Measurement, Kind::Enclave])?;
        let mut events = Vec::new();
        let mut enclaves: HashMap<String, EnclaveTexts> = HashMap::new();
        let mut releases = Vec::new();
        for (row, _, line) in &small {
            let Ok((record, at)) = wire::parse(line) else {
                continue;
            };
            match &record {
                Record::Release(r) => releases.push(ReleaseTexts {
                    model: r.model.to_string(),
                    version: r.version.to_string(),
                    pcr_hash: r.pcr_hash.as_deref().map(str::to_owned),
                    blob_id: r.blob_id.as_deref().map(str::to_owned),
                    is_floating: r.aliases.is_some_and(|aliases| aliases.get().contains("latest")),
                }),
                Record::Measurement(r) => events.extend(measurement_event(r, at)),
                Record::Enclave(r) => {
                    let is_logged = is_logged(&snapshot, &checkpoints, *row)?;
                    enclaves.entry(bare_hex(&r.tee_id).into_owned()).or_default().add(r, is_logged);
                    events.extend(enclave_event(r, at));
                }
                _ => {}
            }
        }
        let enclaves = enclaves.into_iter().map(|(tee, texts)| (tee, texts.checked(&trust))).collect();
        let (pays, settles) = links(&snapshot)?;
        let reused = reused_nonces(&snapshot)?;
        Ok(Self {
            snapshot,
            trust,
            now,
            checkpoints,
            enclaves,
            registry: Registry::fold(events),
            releases,
            pays,
            settles,
            reused,
            batches: Mutex::default(),
        })
    }

    /// The proof path of a request. Records of other kinds have none.
    pub fn path_of(&self, row: Row) -> Result<Option<Path>, StoreError> {
        let line = self.snapshot.line(row)?;
        let Ok((Record::Inference(r), at)) = wire::parse(&line) else {
            return Ok(None);
        };
        let index = self.snapshot.value(Column::Line, row)?;
        let tee = r.tee_id.as_deref().map(|tee| bare_hex(tee).into_owned());
        let enclave = tee.as_ref().and_then(|tee| self.enclaves.get(tee));
        let source = self.snapshot.source_of(row)?;
        let checkpoint = self.covering(source, index);
        let print = self.snapshot.value(Column::Print, row)?;
        let settlement_line = self.line_naming(&self.settles, print, &r.id)?;
        let settlement = settlement_line.as_ref().and_then(|(row, line)| Some((*row, settlement_of(line)?)));
        let batch = settlement.as_ref().map(|(row, s)| self.batch(*row, s)).transpose()?.flatten();
        let merkle_proof: Option<Vec<&str>> = settlement.as_ref().and_then(|(_, s)| {
            s.merkle_proof.as_ref().map(|proof| proof.iter().map(|hash| &**hash).collect())
        });
        let payment_line = self.line_naming(&self.pays, print, &r.id)?;
        let payment = payment_line.as_ref().and_then(|(_, line)| payment_of(line));
        let evidence = EvidenceFor {
            checkpoint,
            inclusion: match source.imported {
                Some(_) => Inclusion::Imported,
                None => Inclusion::WholeJournal,
            },
            response: Response {
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
            },
            enclave,
            registry: Some(&self.registry),
            claimed_version: r.version.as_deref(),
            claimed_blob: r.blob_id.as_deref(),
            release: self.release(&r.model, enclave, r.version.as_deref()),
            blob: BlobContent::Absent,
            settlement: settlement.as_ref().map(|(_, s)| Settlement {
                mode: &s.mode,
                merkle_root: s.merkle_root.as_deref(),
                batch_size: s.batch_size,
                merkle_proof: merkle_proof.as_deref(),
                batch: batch.as_deref(),
                chain_id: s.chain_id.and_then(|raw| chain_id(raw.get())),
                contract: s.contract.as_deref(),
                tx_hash: s.tx_hash.as_deref(),
                receipt_status: s.receipt_status.and_then(|status| u8::try_from(status).ok()),
                receipt: None,
            }),
            payment: payment.as_ref().map(|payment| self.payment(payment)),
            ..EvidenceFor::bare(&self.trust, &line, index, at, self.now)
        };
        Ok(Some(climb(&evidence)))
    }

    /// The smallest checkpoint above a line; of those, one that is right before one that is not.
    fn covering(&self, source: &Source, index: u64) -> Option<&CheckedCheckpoint> {
        // A torn record is no leaf: no checkpoint can cover it.
        let held = self.checkpoints.get(&source.id).filter(|_| index < source.lines)?;
        let first = held.partition_point(|held| held.size <= index);
        held.get(first).map(|held| &held.checked)
    }

    /// The latest record among those linked to a print that really names the id.
    fn line_naming(
        &self,
        links: &HashMap<u64, Vec<Row>>,
        print: u64,
        id: &str,
    ) -> Result<Option<(Row, Vec<u8>)>, StoreError> {
        for row in links.get(&print).into_iter().flatten().rev() {
            let line = self.snapshot.line(*row)?;
            let names =
                wire::parse(&line).is_ok_and(|(record, _)| record.links().iter().any(|(_, to)| *to == id));
            if names {
                return Ok(Some((*row, line)));
            }
        }
        Ok(None)
    }

    fn release(
        &self,
        model: &str,
        enclave: Option<&CheckedEnclave>,
        claimed: Option<&str>,
    ) -> Option<Release<'_>> {
        let measured = enclave.and_then(CheckedEnclave::pcr_hash);
        let own = || self.releases.iter().filter(|release| release.model == model);
        let images = || self.releases.iter().filter(|release| release.model == IMAGE);
        // A build of the enclave's image serves every model.
        let of_model = || own().chain(images());
        let by_build = measured.and_then(|measured| {
            of_model().find(|release| release.pcr_hash.as_deref().and_then(Hash::parse) == Some(measured))
        });
        let found =
            by_build.or_else(|| of_model().find(|release| Some(release.version.as_str()) == claimed))?;
        Some(Release {
            version: &found.version,
            pcr_hash: found.pcr_hash.as_deref(),
            blob_id: found.blob_id.as_deref(),
            is_floating: found.is_floating,
        })
    }

    /// A settlement's tree, from its record or from the file it names beside its journal.
    fn batch(&self, row: Row, s: &wire::Settlement<'_>) -> Result<Option<Arc<CheckedBatch>>, StoreError> {
        if let Some(known) = self.batches.lock().unwrap_or_else(PoisonError::into_inner).get(&row) {
            return Ok(known.clone());
        }
        let text = match (s.tree, &s.tree_file) {
            (Some(tree), _) => Some(tree.get().to_owned()),
            (None, Some(file)) => tree_file(self.snapshot.source_of(row)?, file),
            (None, None) => None,
        };
        let batch = text.map(|text| Arc::new(CheckedBatch::check(&text)));
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).insert(row, batch.clone());
        Ok(batch)
    }

    fn payment<'p>(&self, p: &'p wire::Payment<'p>) -> Payment<'p> {
        let settled_at = p.settled_at.as_deref().and_then(|at| Nanos::parse(at).ok());
        let authorization = p.authorization.map(RawValue::get);
        let nonce =
            authorization.and_then(|text| parse_authorization(text).ok()).map(|signed| signed.nonce_key());
        Payment {
            authorization,
            state: &p.state,
            payer: hex_array(&p.payer).ok(),
            payee: hex_array(&p.payee).ok(),
            amount: Amount::parse(&p.amount).ok(),
            token: p.asset.contract.as_deref().and_then(|text| hex_array(text).ok()),
            chain_id: p.asset.chain_id.and_then(|raw| chain_id(raw.get())),
            settled_at: settled_at.and_then(|at| u64::try_from(at.unix()).ok()),
            tx_hash: p.tx_hash.as_deref(),
            receipt_status: p.receipt_status.and_then(|status| u8::try_from(status).ok()),
            receipt: None,
            // What one inference costs is in no record: the sum cannot be checked.
            expected: None,
            is_nonce_reused: nonce.is_some_and(|nonce| self.reused.contains(&nonce)),
        }
    }
}

fn settlement_of(line: &[u8]) -> Option<Box<wire::Settlement<'_>>> {
    match wire::parse(line) {
        Ok((Record::Settlement(settlement), _)) => Some(settlement),
        _ => None,
    }
}

fn payment_of(line: &[u8]) -> Option<Box<wire::Payment<'_>>> {
    match wire::parse(line) {
        Ok((Record::Payment(payment), _)) => Some(payment),
        _ => None,
    }
}

/// `8453`, `"8453"` or `"eip155:8453"`, as JSON.
fn chain_id(json: &str) -> Option<u64> {
    let text = json.trim_matches('"');
    text.strip_prefix("eip155:").unwrap_or(text).parse().ok()
}

/// A tree dump beside its journal. A path that leaves the journal's folder is not followed.
fn tree_file(source: &Source, file: &str) -> Option<String> {
    let relative = std::path::Path::new(file);
    let stays = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path = source.path.parent()?.join(relative);
    let meta = std::fs::symlink_metadata(&path).ok()?;
    if !stays || !meta.is_file() || meta.len() > DUMP_LIMIT {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

/// An enclave's record, put together from all its states.
#[derive(Default)]
struct EnclaveTexts {
    public_key: Option<String>,
    pcr_hash: Option<String>,
    attestation: Option<String>,
    tls_certificate: Option<String>,
    registry: Option<Contract>,
    is_logged: bool,
}

impl EnclaveTexts {
    fn add(&mut self, r: &wire::Enclave<'_>, is_logged: bool) {
        let keep = |own: &mut Option<String>, text: &Option<crate::journal::text::Text<'_>>| {
            if own.is_none() {
                *own = text.as_deref().map(str::to_owned);
            }
        };
        // What vouches for an enclave must stand on the record that names its key and build.
        self.is_logged |= is_logged && r.public_key.is_some();
        keep(&mut self.public_key, &r.public_key);
        keep(&mut self.pcr_hash, &r.pcr_hash);
        keep(&mut self.attestation, &r.attestation);
        keep(&mut self.tls_certificate, &r.tls_certificate);
        let address = r.registry.as_deref().and_then(|text| hex_array(text).ok());
        let chain_id = r.chain_id.and_then(|raw| chain_id(raw.get()));
        let contract = address.zip(chain_id).map(|(address, chain_id)| Contract { chain_id, address });
        self.registry = self.registry.or(contract);
    }

    fn checked(&self, trust: &Trust) -> CheckedEnclave {
        let record = EnclaveRecord {
            public_key: self.public_key.as_deref(),
            pcr_hash: self.pcr_hash.as_deref(),
            attestation: self.attestation.as_deref(),
            tls_certificate: self.tls_certificate.as_deref(),
            registry: self.registry,
            is_logged: self.is_logged,
        };
        CheckedEnclave::check(&record, trust)
    }
}

fn measurement_event(r: &wire::Measurement<'_>, at: Nanos) -> Option<Placed> {
    let pcr_hash = Hash::parse(&r.pcr_hash)?;
    let grace = Span::seconds(r.grace_s.map_or(0, |seconds| seconds.clamp(0.0, 1e9) as i64));
    let event = match &*r.state {
        "approved" => Event::MeasurementApproved { pcr_hash, label: r.version.to_string() },
        _ => Event::MeasurementRevoked { pcr_hash, grace },
    };
    Some(Placed { at, block: r.block_number.unwrap_or(0), log: r.log_index.unwrap_or(0), event })
}

fn enclave_event(r: &wire::Enclave<'_>, at: Nanos) -> Option<Placed> {
    let tee_id = Hash::parse(&r.tee_id)?;
    let pcr_hash = r.pcr_hash.as_deref().and_then(Hash::parse);
    let event = match &*r.state {
        "registered" => Event::EnclaveRegistered { tee_id, pcr_hash },
        "enabled" => Event::EnclaveEnabled { tee_id },
        "disabled" => Event::EnclaveDisabled { tee_id },
        _ => Event::EnclaveRemoved { tee_id },
    };
    Some(Placed { at, block: r.block_number.unwrap_or(0), log: 0, event })
}

/// Every checkpoint held against the journal it is of, smallest first.
fn checkpoints(
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
    Held { row, source, origin, size, checked: CheckedCheckpoint::check(note, &journal, trust) }
}

/// Whether a verified checkpoint of a pinned log covers a record.
fn is_logged(
    snapshot: &Snapshot,
    checkpoints: &BTreeMap<u32, Vec<Held>>,
    row: Row,
) -> Result<bool, StoreError> {
    let line = snapshot.value(Column::Line, row)?;
    let held = checkpoints.get(&snapshot.source_of(row)?.id);
    let covers = |held: &Held| held.size > line && held.checked.log_result().status == Status::Verified;
    Ok(held.is_some_and(|held| held.iter().any(covers)))
}

/// Rows by the print of the id they name.
type ByPrint = HashMap<u64, Vec<Row>>;

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

/// Nonces that authorisations of different payments share. States of one payment share theirs rightly.
fn reused_nonces(snapshot: &Snapshot) -> Result<HashSet<Hash>, StoreError> {
    let kinds = snapshot.column(Column::Kind)?;
    let mut seen: HashMap<Hash, String> = HashMap::new();
    let mut reused = HashSet::new();
    for n in 0..snapshot.chunks().len() {
        let mut rows = Vec::new();
        kinds.cell(n).each(|place, kind| {
            if kind == Kind::Payment as u64 {
                rows.push(Row::new(n, place));
            }
        });
        for row in rows {
            let line = snapshot.line(row)?;
            let Some(payment) = payment_of(&line) else {
                continue;
            };
            let signed = payment.authorization.and_then(|raw| parse_authorization(raw.get()).ok());
            if let Some(nonce) = signed.map(|signed| signed.nonce_key()) {
                let first = seen.entry(nonce).or_insert_with(|| payment.id.to_string());
                if *first != *payment.id {
                    reused.insert(nonce);
                }
            }
        }
    }
    Ok(reused)
}

/// The roots of a journal at some sizes, by one more pass over it; sizes beyond its end have none.
pub fn roots_at(path: &std::path::Path, sizes: &[u64]) -> Result<BTreeMap<u64, Hash>, WorkError> {
    let roots = super::ingest::roots_of(path, sizes)?;
    Ok(sizes.iter().filter_map(|size| Some((*size, roots.at(*size)?))).collect())
}
