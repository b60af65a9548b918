//! What registries, operators and enclaves said of themselves: enclaves checked once, standings folded, releases by build.

use crate::journal::import::IMAGE;
use crate::journal::read::bare_hex;
use crate::journal::text::Text;
use crate::journal::wire::{self, Record};
use crate::model::time::Span;
use crate::model::{Hash, Nanos, Row};
use crate::proof::ladder::{CheckedEnclave, EnclaveRecord, Release};
use crate::proof::malformed::hex_array;
use crate::proof::registry::{Event, Placed, Registry};
use crate::proof::trust::{Contract, Trust};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Enclaves, builds and releases in evidence, checked under some pins.
#[derive(Debug, Default)]
pub struct Registered {
    pub registry: Registry,
    enclaves: HashMap<String, (CheckedEnclave, Vec<Row>)>,
    releases: Vec<ReleaseTexts>,
    measurements: HashMap<Hash, Vec<Row>>,
}

/// The same while its records are still being read, in row order.
#[derive(Default)]
pub struct Gathering {
    events: Vec<Placed>,
    enclaves: HashMap<String, EnclaveTexts>,
    releases: Vec<ReleaseTexts>,
    measurements: HashMap<Hash, Vec<Row>>,
}

#[derive(Debug)]
struct ReleaseTexts {
    row: Row,
    model: String,
    version: String,
    pcr_hash: Option<String>,
    build: Option<Hash>,
    blob_id: Option<String>,
    is_floating: bool,
}

/// Whether a record lies under a verified checkpoint of a pinned log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    Yes,
    No,
}

impl Gathering {
    /// Takes in a release, measurement or enclave record; others say nothing here.
    pub fn add(&mut self, row: Row, record: &Record<'_>, at: Nanos, logged: Logged) {
        match record {
            Record::Release(r) => self.releases.push(ReleaseTexts {
                row,
                model: r.model.to_string(),
                version: r.version.to_string(),
                pcr_hash: r.pcr_hash.as_deref().map(str::to_owned),
                build: r.pcr_hash.as_deref().and_then(Hash::parse),
                blob_id: r.blob_id.as_deref().map(str::to_owned),
                is_floating: r.aliases.is_some_and(|aliases| aliases.get().contains("latest")),
            }),
            Record::Measurement(r) => {
                if let Some(pcr_hash) = Hash::parse(&r.pcr_hash) {
                    self.measurements.entry(pcr_hash).or_default().push(row);
                }
                self.events.extend(measurement_event(r, at));
            }
            Record::Enclave(r) => {
                let enclave = self.enclaves.entry(bare_hex(&r.tee_id).into_owned()).or_default();
                enclave.add(row, r, logged);
                self.events.extend(enclave_event(r, at));
            }
            _ => {}
        }
    }

    /// Checks each enclave's key and attestation once.
    pub fn checked(self, trust: &Trust) -> Registered {
        let enclaves =
            self.enclaves.into_iter().map(|(tee, texts)| (tee, (texts.checked(trust), texts.rows)));
        Registered {
            enclaves: enclaves.collect(),
            registry: Registry::fold(self.events),
            releases: self.releases,
            measurements: self.measurements,
        }
    }
}

impl Registered {
    pub fn enclave(&self, tee_id: Option<&str>) -> Option<&CheckedEnclave> {
        self.enclaves.get(&*bare_hex(tee_id?)).map(|(enclave, _)| enclave)
    }

    /// The release that bears the enclave's build, or else the version claimed.
    pub fn release(&self, r: &wire::Inference<'_>) -> Option<Release<'_>> {
        self.release_texts(r).map(|found| Release {
            version: &found.version,
            pcr_hash: found.pcr_hash.as_deref(),
            blob_id: found.blob_id.as_deref(),
            is_floating: found.is_floating,
        })
    }

    /// The blobs of all releases.
    pub fn blob_ids(&self) -> impl Iterator<Item = &str> {
        self.releases.iter().filter_map(|release| release.blob_id.as_deref())
    }

    /// The rows that say which build served a request: every state of its enclave and of that build, and its release.
    pub fn rows_behind(&self, r: &wire::Inference<'_>) -> Vec<Row> {
        let enclave = r.tee_id.as_deref().and_then(|tee| self.enclaves.get(&*bare_hex(tee)));
        let build = enclave.and_then(|(enclave, _)| enclave.pcr_hash());
        let approvals = build.and_then(|build| self.measurements.get(&build));
        let states = enclave.map(|(_, rows)| rows);
        let release = self.release_texts(r).map(|release| release.row);
        states.into_iter().chain(approvals).flatten().copied().chain(release).collect()
    }

    fn release_texts(&self, r: &wire::Inference<'_>) -> Option<&ReleaseTexts> {
        let measured = self.enclave(r.tee_id.as_deref()).and_then(CheckedEnclave::pcr_hash);
        // A build of the enclave's image serves every model; the model's own releases come first.
        let of = |model: &'_ str| {
            let model = model.to_owned();
            self.releases.iter().filter(move |release| release.model == model)
        };
        let of_model = || of(&r.model).chain(of(IMAGE));
        let by_build =
            measured.and_then(|measured| of_model().find(|release| release.build == Some(measured)));
        let claimed = r.version.as_deref();
        by_build.or_else(|| of_model().find(|release| Some(release.version.as_str()) == claimed))
    }
}

/// `8453`, `"8453"` or `"eip155:8453"`, as JSON.
pub(super) fn chain_id(json: Option<&RawValue>) -> Option<u64> {
    crate::proof::trust::chain_id(json?.get().trim_matches('"'))
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
    rows: Vec<Row>,
}

impl EnclaveTexts {
    fn add(&mut self, row: Row, r: &wire::Enclave<'_>, logged: Logged) {
        self.rows.push(row);
        let keep = |own: &mut Option<String>, text: &Option<Text<'_>>| {
            if own.is_none() {
                *own = text.as_deref().map(str::to_owned);
            }
        };
        // What vouches for an enclave must stand on the record that names its key and build.
        self.is_logged |= logged == Logged::Yes && r.public_key.is_some();
        keep(&mut self.public_key, &r.public_key);
        keep(&mut self.pcr_hash, &r.pcr_hash);
        keep(&mut self.attestation, &r.attestation);
        keep(&mut self.tls_certificate, &r.tls_certificate);
        let address = r.registry.as_deref().and_then(|text| hex_array(text).ok());
        let chain_id = chain_id(r.chain_id);
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
