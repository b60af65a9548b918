//! Was the build approved then, and which version is it? Measurement, release, blob (PROOFS §3–4).

use super::EvidenceFor;
use super::enclave::CheckedEnclave;
use super::step::{Check, Checks, StepResult, failed};
use crate::model::{Hash, Status, Step};
use crate::proof::blob::{BlobId, CidCheck, MAX_BLOB, NETWORK_SHARDS, walrus_id};
use crate::proof::registry::{Standing, ThenAndNow};
use crate::proof::tee::EnclaveKey;

/// What a release record says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Release<'a> {
    pub version: &'a str,
    pub pcr_hash: Option<&'a str>,
    pub blob_id: Option<&'a str>,
    /// The requested name is resolved by the provider, as `…-latest`.
    pub is_floating: bool,
}

/// The content behind a blob id. Naming a Walrus blob takes seconds, so it is asked for.
#[derive(Clone, Copy, Debug)]
pub enum BlobContent<'a> {
    Absent,
    NotAsked,
    Bytes(&'a [u8]),
}

pub(super) fn steps(evidence: &EvidenceFor<'_>) -> Vec<StepResult> {
    let attestation = match evidence.enclave {
        Some(enclave) => evidence.lent(enclave.attestation_result()),
        None => absent(evidence, Step::Attestation),
    };
    vec![attestation, measurement_step(evidence), release_step(evidence), blob_step(evidence)]
}

fn absent(evidence: &EvidenceFor<'_>, step: Step) -> StepResult {
    match evidence.response.tee_id {
        Some(_) => StepResult::stopped(
            step,
            Status::Missing,
            "no `enclave` record of this tee_id; its registry has one",
        ),
        None => StepResult::stopped(step, Status::NotApplicable, "the record names no enclave"),
    }
}

fn measurement_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Measurement;
    let Some(enclave) = evidence.enclave else { return absent(evidence, step) };
    let Some(pcr_hash) = enclave.pcr_hash() else {
        let reason = "the enclave's build is not in evidence; its attestation or registry record names it";
        return StepResult::stopped(step, Status::Missing, reason);
    };
    let unknown = ThenAndNow { then: Standing::Unknown, now: Standing::Unknown };
    let build =
        evidence.registry.map_or(unknown.clone(), |r| r.measurement(&pcr_hash, evidence.at, evidence.now));
    let tee_id = enclave.key().map(EnclaveKey::tee_id);
    let instance =
        evidence.registry.zip(tee_id).map_or(unknown, |(r, id)| r.enclave(&id, evidence.at, evidence.now));
    for (standing, what) in
        [(&instance.then, "the enclave was disabled"), (&build.then, "the build was revoked")]
    {
        if let Standing::Revoked { at, .. } = standing {
            let reason = format!("{what} at {at}, at or before the record's time");
            return StepResult::stopped(step, Status::Revoked, reason).compared(pcr_hash.hex(), "");
        }
    }
    if let Standing::Later { from } = build.then {
        return failed(step, format!("the build was approved only later, at {from}"))
            .compared(pcr_hash.hex(), "");
    }
    let pin = evidence.trust.measurement(&pcr_hash);
    let result = match (&build.then, pin) {
        (Standing::Good { label, .. }, None) => {
            let reason =
                format!("approved as {label} by registry events in the journal; the build is not pinned");
            StepResult::stopped(step, Status::Asserted, reason)
        }
        (_, Some(pin)) => approved(enclave, &pin.version),
        _ => {
            let reason =
                "attested but unpublished: no approval of this build is in evidence; its registry holds any";
            StepResult::stopped(step, Status::Missing, reason)
        }
    };
    let recorded = pin.map_or_else(String::new, |pin| pin.pcr_hash.hex());
    with_since(result, &build.now, &instance.now)
        .claim("an approved build")
        .compared(pcr_hash.hex(), recorded)
}

/// A pinned build: verified only if something better than the enclave's own record says the enclave ran it.
fn approved(enclave: &CheckedEnclave, version: &str) -> StepResult {
    if !enclave.is_anchored() {
        let reason =
            format!("the build is pinned as {version}, but only the enclave's own record says it ran it");
        return StepResult::stopped(Step::Measurement, Status::Asserted, reason);
    }
    let checks = Checks { crypto: Check::NotAsked, binding: Check::Holds, policy: Check::Holds };
    StepResult::judged(Step::Measurement, checks, format!("the build is pinned as {version}"))
}

/// Verified then, revoked since: told, and not counted against the record.
fn with_since(mut result: StepResult, build: &Standing, instance: &Standing) -> StepResult {
    for (standing, what) in [(build, "build revoked since"), (instance, "enclave disabled since")] {
        if let Standing::Revoked { at, .. } = standing {
            result.reason.push_str(&format!("; {what}, at {at}"));
        }
    }
    result
}

fn release_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Release;
    let Some(pcr_hash) = evidence.enclave.and_then(CheckedEnclave::pcr_hash) else {
        let status = if evidence.response.tee_id.is_some() { Status::Missing } else { Status::NotApplicable };
        let reason = "no measured build: the version is what the record claims, or its node's schedule";
        return StepResult::stopped(step, status, reason)
            .compared("", evidence.claimed_version.unwrap_or_default());
    };
    let pinned = evidence.trust.measurement(&pcr_hash).map(|pin| pin.version.as_str());
    let released =
        evidence.release.filter(|release| release.pcr_hash.and_then(Hash::parse) == Some(pcr_hash));
    let Some(measured) = pinned.or(released.map(|release| release.version)) else {
        let reason = "no release in evidence bears this build";
        return StepResult::stopped(step, Status::Missing, reason).compared(pcr_hash.hex(), "");
    };
    let Some(claimed) = evidence.claimed_version else {
        let reason = format!("the record claims no version; its build is {measured}");
        return StepResult::stopped(step, Status::NotApplicable, reason).compared(measured, "");
    };
    if claimed != measured {
        return failed(step, "the measured build is another version than the record claims")
            .compared(measured, claimed);
    }
    if pinned.is_none() {
        let reason = "the release record maps this build to it; the build is not pinned";
        return StepResult::stopped(step, Status::Asserted, reason).compared(measured, claimed);
    }
    let anchored = evidence.enclave.is_some_and(CheckedEnclave::is_anchored);
    let checks = Checks { crypto: Check::NotAsked, binding: Check::Holds, policy: Check::Holds };
    let result = StepResult::judged(step, checks, "the measured build is the version claimed");
    let result = if anchored {
        result
    } else {
        result.lowered(Status::Asserted, "only the enclave's own record names its build")
    };
    let floating = released.is_some_and(|release| release.is_floating);
    let result = if floating {
        result
            .lowered(Status::Asserted, "a floating alias: which provider model answered is bound by nothing")
    } else {
        result
    };
    result.claim(format!("served by {claimed}")).compared(measured, claimed)
}

fn blob_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Blob;
    let released = evidence.release.and_then(|release| release.blob_id);
    let Some(id) = released.or(evidence.claimed_blob) else {
        return StepResult::stopped(
            step,
            Status::NotApplicable,
            "no blob id: the version is known by its build",
        );
    };
    if let (Some(released), Some(claimed)) = (released, evidence.claimed_blob)
        && released != claimed
    {
        return failed(step, "the record claims another blob than the release").compared(released, claimed);
    }
    let parsed = match BlobId::parse(id) {
        Ok(parsed) => parsed,
        Err(fault) => return failed(step, fault.to_string()).compared("", id),
    };
    match evidence.blob {
        BlobContent::Absent => StepResult::stopped(
            step,
            Status::Missing,
            "the blob is not in evidence; a Walrus aggregator or IPFS holds it",
        ),
        BlobContent::NotAsked => {
            StepResult::stopped(step, Status::Unchecked, "naming a blob takes seconds: not asked for")
        }
        BlobContent::Bytes(content) => blob_named(&parsed, content),
    }
    .compared("", id)
}

fn blob_named(id: &BlobId, content: &[u8]) -> StepResult {
    let matches = match id {
        BlobId::Walrus(id) => walrus_id(content, NETWORK_SHARDS).map(|found| found == *id),
        BlobId::Ipfs(cid) => match cid.check_content(content) {
            CidCheck::Matches => Some(true),
            CidCheck::Differs => Some(false),
            CidCheck::Unsupported => None,
        },
    };
    match matches {
        Some(true) => {
            let checks = Checks { crypto: Check::Holds, binding: Check::Holds, policy: Check::NotAsked };
            StepResult::judged(Step::Blob, checks, "the content has this id").over(content)
        }
        Some(false) => failed(Step::Blob, "the content has another id").over(content),
        None => {
            let reason =
                format!("content above {MAX_BLOB} bytes, or a CID of several blocks or another hash");
            StepResult::stopped(Step::Blob, Status::Unsupported, reason)
        }
    }
}
