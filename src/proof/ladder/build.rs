//! Was the build approved then, and which version is it? Measurement, release, blob (PROOFS §3–4).

use super::EvidenceFor;
use super::enclave::CheckedEnclave;
use super::reproduce::Command;
use super::step::{Check, Checks, StepResult, failed};
use crate::model::{Hash, Status, Step};
use crate::proof::blob::{BlobId, Content, Has, MAX_BLOB};
use crate::proof::hashes::sha256;
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

/// The content behind a blob id, as far as it is in evidence.
#[derive(Clone, Copy, Debug)]
pub enum BlobContent<'a> {
    Absent,
    /// A file that may be it is at hand; naming it takes seconds and was not asked for.
    Waiting,
    Is(&'a Content),
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

/// The blob that a record rests on: its release's, or else the one it claims.
pub fn blob_id<'a>(release: Option<&Release<'a>>, claimed: Option<&'a str>) -> Option<&'a str> {
    release.and_then(|release| release.blob_id).or(claimed)
}

fn blob_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Blob;
    let released = evidence.release.and_then(|release| release.blob_id);
    let Some(id) = blob_id(evidence.release.as_ref(), evidence.claimed_blob) else {
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
    let result = match evidence.blob {
        BlobContent::Absent => StepResult::stopped(
            step,
            Status::Missing,
            "the content is not in evidence; a Walrus aggregator or IPFS holds it: put it into blobs/ beside the \
             journals, or give it with --blob",
        ),
        BlobContent::Waiting => StepResult::stopped(
            step,
            Status::Unchecked,
            "content is at hand; its id takes seconds to compute, and nobody waited for it",
        ),
        BlobContent::Is(content) => named(&parsed, content, evidence),
    };
    if result.recorded.is_empty() { result.compared("", id) } else { result }
}

fn named(id: &BlobId, content: &Content, evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Blob;
    let result = match content.has(id) {
        Has::Yes => {
            let checks = Checks { crypto: Check::Holds, binding: Check::Holds, policy: Check::NotAsked };
            StepResult::judged(step, checks, "the content has this id")
        }
        Has::No => failed(step, "the content has another id"),
        Has::NotAsked => {
            let reason = "its Walrus id takes seconds to compute, and nobody waited for it";
            return StepResult::stopped(step, Status::Unchecked, reason);
        }
        Has::Unsupported => {
            let reason =
                format!("content above {MAX_BLOB} bytes, or a CID of several blocks or another hash");
            return StepResult::stopped(step, Status::Unsupported, reason);
        }
    };
    if !evidence.tells() {
        return result;
    }
    let result = result.claim(format!("{} bytes of content", content.length));
    match (id, content.block(id)) {
        (BlobId::Ipfs(cid), Some(block)) => result
            .over(&block)
            .compared(sha256(&block).hex(), hex::encode(&cid.digest))
            .reproduced_by(Command::Sha256(block)),
        (BlobId::Walrus(id), _) => {
            let computed = content.walrus().map(|id| id.text()).unwrap_or_default();
            result.over_start(content.head(), content.length).compared(computed, id.text())
        }
        _ => result.over_start(content.head(), content.length),
    }
}
