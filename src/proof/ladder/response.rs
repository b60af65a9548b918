//! Did this enclave say this? Request hash, output hash, signature, tee_id (PROOFS §2) — and, for zkML, the proof's binding.

use super::EvidenceFor;
use super::enclave::CheckedEnclave;
use super::reproduce::Command;
use super::step::{Check, Checks, StepResult, failed, missing};
use crate::model::{Hash, Nanos, Status, Step};
use crate::proof::malformed::base64_bytes;
use crate::proof::python_json::{Json, parse};
use crate::proof::tee::{
    EnclaveKey, MISSING_SIGNATURE, PLACEHOLDER_TEE_ID, Scheme, message_hash, output_hash, output_text,
    readings, v0_signed_text,
};
use crate::proof::zk;

/// The response's fields as the record holds them; JSON as the exact text of the record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Response<'a> {
    /// `tee`, `zkml`, `vanilla` or `none`.
    pub proof: Option<&'a str>,
    pub scheme: Option<&'a str>,
    pub request: Option<&'a str>,
    pub response: Option<&'a str>,
    pub output: Option<&'a str>,
    pub tee_id: Option<&'a str>,
    pub request_hash: Option<&'a str>,
    pub output_hash: Option<&'a str>,
    pub timestamp: Option<u64>,
    pub signature: Option<&'a str>,
    /// The zkML proof document.
    pub zk: Option<&'a str>,
}

impl Response<'_> {
    fn has_tee_fields(&self) -> bool {
        [self.tee_id, self.request_hash, self.output_hash, self.signature].iter().any(Option::is_some)
    }

    fn scheme(&self) -> Option<Scheme> {
        self.scheme.and_then(Scheme::of)
    }
}

pub(super) fn steps(evidence: &EvidenceFor<'_>) -> Vec<StepResult> {
    let response = &evidence.response;
    if response.proof != Some("tee") && !response.has_tee_fields() {
        let absent =
            |step| StepResult::stopped(step, Status::NotApplicable, "the record carries no TEE proof");
        let signature = match response.proof {
            Some("zkml") => zk_step(response),
            _ => absent(Step::Signature),
        };
        return vec![absent(Step::RequestHash), absent(Step::OutputHash), signature, absent(Step::TeeId)];
    }
    vec![request_step(response), output_step(response), signature_step(evidence), tee_id_step(evidence)]
}

fn request_step(response: &Response<'_>) -> StepResult {
    let step = Step::RequestHash;
    let recorded = match hash(step, response.request_hash, "the record holds no tee_request_hash") {
        Ok(recorded) => recorded,
        Err(result) => return *result,
    };
    let Some(text) = response.request else {
        return missing(step, "the request was not recorded; the client or the gateway's log may hold it")
            .compared("", recorded.hex());
    };
    let document = match parse(text) {
        Ok(document) => document,
        Err(fault) => return failed(step, fault.to_string()).compared("", recorded.hex()),
    };
    let found = match readings(&document.value, response.scheme()) {
        Ok(found) => found,
        Err(reason) => return failed(step, reason.to_string()).compared("", recorded.hex()),
    };
    let matched = found.iter().find(|reading| reading.hash == recorded);
    let Some(shown) = matched.or(found.first()) else { return missing(step, "no reading of the request") };
    let result = match matched {
        Some(reading) => {
            recomputed(step, Check::Holds, format!("the request hashes to it, as {}", reading.scheme))
        }
        None => recomputed(step, Check::Fails, "no known form of the request hashes to it".to_owned()),
    };
    let bytes = shown.canonical.as_bytes();
    let command = match shown.scheme {
        Scheme::V0 => Command::Sha256(bytes.to_vec()),
        _ => Command::Keccak { bytes: bytes.to_vec(), twice: false },
    };
    let result = result.claim("the recorded request was signed").compared(shown.hash.hex(), recorded.hex());
    doubted(result.over(bytes).reproduced_by(command), document.duplicate_key)
}

fn output_step(response: &Response<'_>) -> StepResult {
    let step = Step::OutputHash;
    if response.scheme() == Some(Scheme::V0) {
        return output_in_message(response);
    }
    let recorded = match hash(step, response.output_hash, "the record holds no tee_output_hash") {
        Ok(recorded) => recorded,
        Err(result) => return *result,
    };
    let (output, document) = match (response.output, response.response) {
        (Some(output), _) => (output.to_owned(), None),
        (None, Some(text)) => match parse(text) {
            Ok(document) => match output_text(&document.value) {
                Ok(output) => (output, Some(document)),
                Err(reason) => return failed(step, reason.to_string()).compared("", recorded.hex()),
            },
            Err(fault) => return failed(step, fault.to_string()).compared("", recorded.hex()),
        },
        (None, None) => {
            return missing(step, "the output was not recorded; the client may hold it")
                .compared("", recorded.hex());
        }
    };
    let computed = output_hash(&output);
    let binding = if computed == recorded { Check::Holds } else { Check::Fails };
    let reason =
        if computed == recorded { "the output hashes to it" } else { "the output hashes to something else" };
    let result = recomputed(step, binding, reason.to_owned())
        .claim("the recorded output was signed")
        .compared(computed.hex(), recorded.hex())
        .over(output.as_bytes())
        .reproduced_by(Command::Keccak { bytes: output.into_bytes(), twice: false });
    doubted(result, document.and_then(|document| document.duplicate_key))
}

/// Scheme v0 signs the message itself: an output that is recorded beside it must be the one in it.
fn output_in_message(response: &Response<'_>) -> StepResult {
    let step = Step::OutputHash;
    let signed = response.response.and_then(|text| parse(text).ok());
    let signed =
        signed.as_ref().and_then(|document| document.value.member("message")?.member("content")?.as_str());
    let Some(output) = response.output else {
        let reason = "scheme v0 signs the message itself, not its hash";
        return StepResult::stopped(step, Status::NotApplicable, reason);
    };
    let Some(signed) = signed else {
        return missing(step, "no text of the signed message is recorded to hold the output against");
    };
    let (binding, reason) = match signed == output {
        true => (Check::Holds, "the recorded output is the one in the signed message"),
        false => (Check::Fails, "the signed message holds another output"),
    };
    recomputed(step, binding, reason.to_owned())
        .claim("the recorded output was signed")
        .compared(signed, output)
        .over(signed.as_bytes())
}

pub(super) fn signature_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::Signature;
    let response = &evidence.response;
    let Some(text) = response.signature else {
        return missing(step, "the record holds no tee_signature; the response's headers carry it");
    };
    let signature = match base64_bytes(text) {
        Ok(bytes) if bytes == MISSING_SIGNATURE => {
            return missing(step, "the recorder stored one byte, 0xd3: it never had a signature");
        }
        Ok(bytes) => bytes,
        Err(fault) => return failed(step, format!("tee_signature: {fault}")),
    };
    let key = match key(evidence, step) {
        Ok(key) => key,
        Err(result) => return *result,
    };
    let Signed { bytes: signed, scheme, holds, names_another, duplicate } =
        match verified(response, key, &signature) {
            Ok(found) => found,
            Err(result) => return *result,
        };
    let salt = if scheme == Scheme::V0 { key.longest_salt() } else { 32 };
    // The named enclave must be the one whose key this is, or the signature proves another's word.
    let names = response.tee_id.and_then(Hash::parse).map(|tee_id| tee_id == key.tee_id());
    let is_bound = names != Some(false) && names_another.is_none();
    let binding = if is_bound { Check::Holds } else { Check::Fails };
    let anchored = evidence.enclave.is_some_and(CheckedEnclave::is_anchored);
    let crypto = if holds { Check::Holds } else { Check::Fails };
    let policy = if anchored { Check::Holds } else { Check::Unpinned };
    let checks = Checks { crypto, binding, policy };
    if !evidence.tells() {
        return doubted(StepResult::judged(step, checks, String::new()), duplicate);
    }
    let reason = match (crypto, binding, policy) {
        (Check::Fails, ..) => "the enclave's key did not sign these hashes and this time".to_owned(),
        (_, Check::Fails, _) if names_another.is_some() => {
            format!("the signed response names another {} than the record", names_another.unwrap_or_default())
        }
        (_, Check::Fails, _) => "signed by the key of another enclave than the record names".to_owned(),
        (.., Check::Unpinned) => {
            format!("signed ({scheme}) by a key that neither AWS nor a pinned registry vouches for")
        }
        _ => format!("signed by the enclave's key ({scheme})"),
    };
    doubted(StepResult::judged(step, checks, reason), duplicate)
        .claim("this enclave signed this request and output at this time")
        .compared(format!("message {}", hex::encode(&signed[..signed.len().min(32)])), text)
        .over(&signed)
        .reproduced_by(Command::Pss { key: key.spki().to_vec(), message: signed, signature, salt })
}

/// What a signature covers.
struct Signed {
    bytes: Vec<u8>,
    scheme: Scheme,
    holds: bool,
    /// What the signed text names otherwise than the record does.
    names_another: Option<&'static str>,
    /// Where the signed JSON has a key twice.
    duplicate: Option<usize>,
}

impl Signed {
    /// Scheme v0: five fields of the response as JSON, of which the record repeats two.
    fn v0(response: &Response<'_>, key: &EnclaveKey, signature: &[u8]) -> Option<Self> {
        let document = parse(response.response?).ok()?;
        let bytes = v0_signed_text(&document.value)?.into_bytes();
        let holds = key.verifies_v0(&bytes, signature);
        let text = |name| document.value.member(name).and_then(Json::as_str);
        let request = text("request_hash").and_then(Hash::parse);
        let other_request = response.request_hash.is_some_and(|own| Hash::parse(own) != request);
        let time = text("timestamp").and_then(|text| Nanos::parse(text).ok());
        let time = time.and_then(|time| u64::try_from(time.unix()).ok());
        let other_time = response.timestamp.zip(time).is_some_and(|(own, signed)| own != signed);
        let names_another = match (other_request, other_time) {
            (true, _) => Some("request hash"),
            (_, true) => Some("time"),
            _ => None,
        };
        Some(Self { bytes, scheme: Scheme::V0, holds, names_another, duplicate: document.duplicate_key })
    }
}

/// What the signature covers, and whether it holds: by the scheme recorded, else v1 where its fields are there, else v0. No
/// signature is verified twice.
fn verified(response: &Response<'_>, key: &EnclaveKey, signature: &[u8]) -> Result<Signed, Box<StepResult>> {
    let step = Step::Signature;
    let v0 = || Signed::v0(response, key, signature);
    let recorded = response.scheme();
    if recorded == Some(Scheme::V0) {
        if let Some(Err(fault)) = response.response.map(parse) {
            return Err(Box::new(failed(step, format!("the signed response: {fault}"))));
        }
        let reason = "scheme v0 signs five fields of the response, which was not recorded with all of them";
        return v0().ok_or_else(|| Box::new(missing(step, reason)));
    }
    let request = hash(step, response.request_hash, "the record holds no tee_request_hash")?;
    let output = hash(step, response.output_hash, "the record holds no tee_output_hash")?;
    let Some(timestamp) = response.timestamp else {
        return Err(Box::new(missing(step, "the record holds no tee_timestamp")));
    };
    let message = message_hash(&request, &output, timestamp).0.to_vec();
    let holds = key.verifies_v1(&message, signature);
    if recorded.is_none()
        && !holds
        && let Some(found) = v0().filter(|found| found.holds)
    {
        return Ok(found);
    }
    let scheme = recorded.unwrap_or(Scheme::V1);
    Ok(Signed { bytes: message, scheme, holds, names_another: None, duplicate: None })
}

fn tee_id_step(evidence: &EvidenceFor<'_>) -> StepResult {
    let step = Step::TeeId;
    let recorded = match hash(step, evidence.response.tee_id, "the record names no enclave") {
        Ok(recorded) => recorded,
        Err(result) => return *result,
    };
    if recorded == PLACEHOLDER_TEE_ID {
        return missing(step, "the tee_id is the placeholder gateways write when they have none")
            .compared("", recorded.hex());
    }
    let key = match key(evidence, step) {
        Ok(key) => key,
        Err(result) => return result.compared("", recorded.hex()),
    };
    let computed = key.tee_id();
    let binding = if computed == recorded { Check::Holds } else { Check::Fails };
    let reason = if computed == recorded { "the key is the one it names" } else { "the key is another's" };
    let result = recomputed(step, binding, reason.to_owned());
    if !evidence.tells() {
        return result;
    }
    result
        .claim("the key in evidence is this enclave's")
        .compared(computed.hex(), recorded.hex())
        .over(key.spki())
        .reproduced_by(Command::Keccak { bytes: key.spki().to_vec(), twice: false })
}

/// A zkML proof is bound, never verified here.
fn zk_step(response: &Response<'_>) -> StepResult {
    let step = Step::Signature;
    let Some(text) = response.zk else {
        return missing(step, "the record says zkml and holds no proof document");
    };
    let document = match zk::parse(text) {
        Ok(document) => document,
        Err(fault) => return failed(step, fault.to_string()),
    };
    let bound = document.bind(None, None);
    let unsupported = "a zkML proof: parsed, and only an external verifier can check it";
    let result = StepResult::stopped(step, Status::Unsupported, unsupported).over(&document.proof);
    if bound.output == Some(false) {
        result.lowered(Status::Failed, "its public outputs are others")
    } else {
        result
    }
}

/// The enclave's key, or the result that ends the step: a key that is not there is missing, one that is none has failed.
fn key<'a>(evidence: &EvidenceFor<'a>, step: Step) -> Result<&'a EnclaveKey, Box<StepResult>> {
    let absent = "the enclave's public key is not in evidence; its registry record holds it";
    let fault = evidence.enclave.and_then(CheckedEnclave::key_fault);
    evidence.enclave.and_then(CheckedEnclave::key).ok_or_else(|| {
        Box::new(fault.map_or_else(
            || missing(step, absent),
            |fault| failed(step, format!("the enclave's public key: {fault}")),
        ))
    })
}

/// A recorded 32-byte hash, or the result that ends the step.
fn hash(step: Step, text: Option<&str>, absent: &'static str) -> Result<Hash, Box<StepResult>> {
    let text = text.ok_or_else(|| Box::new(missing(step, absent)))?;
    Hash::parse(text).ok_or_else(|| Box::new(failed(step, "the recorded hash is not 32 bytes of hex")))
}

/// Two readers may honestly differ about JSON with a key twice.
fn doubted(result: StepResult, duplicate: Option<usize>) -> StepResult {
    match duplicate {
        Some(at) if result.status != Status::Failed => result.lowered(
            Status::Ambiguous,
            format!("a key is there twice, before byte {at}: readers may differ"),
        ),
        _ => result,
    }
}

/// A step that is the recomputation of a hash: its root is the step that signs or settles that hash.
fn recomputed(step: Step, binding: Check, reason: String) -> StepResult {
    StepResult::judged(step, Checks { crypto: Check::NotAsked, binding, policy: Check::NotAsked }, reason)
}
