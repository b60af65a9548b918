//! Which build was it? An enclave's key and attestation, checked once for all its responses (PROOFS §3).

use super::reproduce::Command;
use super::step::{Check, Checks, StepResult, failed};
use crate::model::{Hash, Nanos, Status, Step};
use crate::proof::Malformed;
use crate::proof::attestation::Document;
use crate::proof::hashes::sha256;
use crate::proof::malformed::base64_bytes;
use crate::proof::tee::EnclaveKey;
use crate::proof::trust::{Contract, Trust};

/// An enclave's record, as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnclaveRecord<'a> {
    /// Base64 of the key's SubjectPublicKeyInfo.
    pub public_key: Option<&'a str>,
    pub pcr_hash: Option<&'a str>,
    /// Base64 of the COSE_Sign1 document.
    pub attestation: Option<&'a str>,
    pub tls_certificate: Option<&'a str>,
    pub registry: Option<Contract>,
    /// Whether the record itself lies under a verified checkpoint of a pinned log.
    pub is_logged: bool,
}

/// An enclave checked once for all its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedEnclave {
    key: Option<Result<EnclaveKey, Malformed>>,
    pcr_hash: Option<Hash>,
    attestation: StepResult,
    registered: bool,
}

impl CheckedEnclave {
    pub fn check(record: &EnclaveRecord<'_>, trust: &Trust) -> Self {
        let key = record.public_key.map(|text| base64_bytes(text).and_then(|der| EnclaveKey::parse(&der)));
        let document =
            record.attestation.map(|text| base64_bytes(text).and_then(|bytes| Document::parse(&bytes)));
        let attestation = match &document {
            None => StepResult::stopped(
                Step::Attestation,
                Status::Missing,
                "no attestation document; the gateway serves it and the registration transaction carries it",
            ),
            Some(Err(fault)) => failed(Step::Attestation, fault.to_string()),
            Some(Ok(document)) => {
                attestation_step(document, key.as_ref().and_then(|key| key.as_ref().ok()), record, trust)
            }
        };
        let measured = match &document {
            Some(Ok(document)) if attestation.status == Status::Verified => document.pcr_hash(),
            _ => None,
        };
        let registered =
            record.is_logged && record.registry.is_some_and(|registry| trust.pins_registry(&registry));
        Self {
            key,
            pcr_hash: measured.or_else(|| record.pcr_hash.and_then(Hash::parse)),
            attestation,
            registered,
        }
    }

    /// Its key, where the record holds one that can be read.
    pub fn key(&self) -> Option<&EnclaveKey> {
        self.key.as_ref()?.as_ref().ok()
    }

    /// Why the recorded key cannot be read.
    pub fn key_fault(&self) -> Option<Malformed> {
        self.key.as_ref()?.as_ref().err().copied()
    }

    pub fn pcr_hash(&self) -> Option<Hash> {
        self.pcr_hash
    }

    pub fn attestation_result(&self) -> &StepResult {
        &self.attestation
    }

    /// Whether its key and build are vouched for by AWS, or by a pinned registry as a pinned log recorded it.
    pub fn is_anchored(&self) -> bool {
        self.attestation.status == Status::Verified || self.registered
    }
}

fn attestation_step(
    document: &Document,
    key: Option<&EnclaveKey>,
    record: &EnclaveRecord<'_>,
    trust: &Trust,
) -> StepResult {
    let step = Step::Attestation;
    let Some(key) = key else {
        return StepResult::stopped(
            step,
            Status::Missing,
            "the signing key it should vouch for is not in evidence",
        );
    };
    let pcr_hash = document.pcr_hash();
    let (crypto, root, crypto_reason) = match document.chain_root() {
        Ok(root) if document.signature_holds() => (Check::Holds, Some(root), String::new()),
        Ok(root) => {
            (Check::Fails, Some(root), "the leaf certificate's key did not sign the document".to_owned())
        }
        Err(fault) => (Check::Fails, None, fault.to_string()),
    };
    let tls = record.tls_certificate.map(|text| base64_bytes(text).map(sha256));
    let bound = document.bound_keys();
    let binding_reason = match bound {
        None => "its user_data binds no keys",
        Some(bound) if !bound.binds(key.spki()) => "it vouches for another signing key",
        Some(bound) if tls.is_some_and(|tls| tls != Ok(bound.tls_certificate)) => {
            "it vouches for another TLS certificate"
        }
        _ if record.pcr_hash.is_some_and(|text| Hash::parse(text) != pcr_hash) => {
            "its PCRs are another build's"
        }
        _ => "",
    };
    let binding = if binding_reason.is_empty() { Check::Holds } else { Check::Fails };
    let pinned = root.is_some_and(|root| trust.pins_attestation_root(&root));
    let policy = match (document.is_debug(), pinned) {
        (true, _) => Check::Fails,
        (false, true) => Check::Holds,
        (false, false) => Check::Unpinned,
    };
    // That it is a debug enclave is told before what it binds: its PCRs are zero, so they are always another build's.
    let reason = match (crypto, binding, policy) {
        (Check::Fails, ..) => crypto_reason,
        (.., Check::Fails) => "a debug enclave: its PCRs are zero and its console can be read".to_owned(),
        (_, Check::Fails, _) => binding_reason.to_owned(),
        (.., Check::Unpinned) => "its chain ends at a root that is not AWS's".to_owned(),
        _ => "AWS's chain vouches for this key and build".to_owned(),
    };
    let time = document.at().map_or_else(|| "beyond 2262".to_owned(), Nanos::rfc3339);
    let signed = document.signed_bytes();
    let result = StepResult::judged(step, Checks { crypto, binding, policy }, reason)
        .claim(format!("at {time} an enclave held this key"))
        .compared(pcr_hash.map(|hash| hash.hex()).unwrap_or_default(), record.pcr_hash.unwrap_or_default())
        .over(&signed);
    match document.signature_der() {
        Some(signature) => result.reproduced_by(Command::Es384 {
            certificate: document.certificate.clone(),
            message: signed,
            signature,
        }),
        None => result,
    }
}
