//! What each field of an imported record is worth: bytes a proof covers, somebody's word, or our own arithmetic.

use super::Format;

/// Why a field may be believed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Proof material: the ladder checks it; what holds is verified, whoever handed it over.
    Proof,
    /// Whoever wrote the source says so.
    Claim,
    /// Computed here from other fields.
    Computed,
}

impl Standing {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Claim => "claim",
            Self::Computed => "computed",
        }
    }
}

/// A field of a record (or several, as `tee_*`), its standing, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub standing: Standing,
    pub why: &'static str,
}

const fn proof(name: &'static str, why: &'static str) -> Field {
    Field { name, standing: Standing::Proof, why }
}

const fn claim(name: &'static str, why: &'static str) -> Field {
    Field { name, standing: Standing::Claim, why }
}

const fn computed(name: &'static str, why: &'static str) -> Field {
    Field { name, standing: Standing::Computed, why }
}

const GATEWAY: &[Field] = &[
    proof("tee_signature", "the enclave's RSA-PSS signature, checked by the step `signature`"),
    proof("tee_request_hash", "signed; recomputed from `request` where that was recorded"),
    proof("tee_output_hash", "signed; recomputed from `response` or `output`"),
    proof("tee_timestamp", "signed: the enclave's own clock"),
    proof("tee_id", "must be the hash of the key that signs"),
    claim("at", "tee_timestamp if there is one, else the gateway's `created`"),
    claim("model", "the name asked for, which is what the enclave signs; not which model answered"),
    claim("tokens_in, tokens_out", "the gateway's count; not signed"),
    claim("verified_by", "a client or relay says that it verified; say-so, never a proof"),
    claim(
        "agent",
        "no gateway record names one: a label, the payer, the session, the request's `user`, or nobody",
    ),
    claim("settlement_tx, settlement_blob", "headers of the answer; the chain's own event is the evidence"),
];

const OTLP: &[Field] = &[
    claim("every field", "what the instrumented program says of itself: nothing here is signed"),
    claim(
        "version",
        "gen_ai.response.model, the provider's own word; or the service's version, where assumed",
    ),
    claim("agent", "gen_ai.agent.name or id; the service, where assumed"),
    claim("parents, causes", "the span's parent and links: who called whom, not who used what"),
];

const MAPPED: &[Field] = &[claim("every field", "whoever wrote the file, read as the map says")];

const CHAIN: &[Field] = &[
    claim(
        "every field",
        "an RPC node's answer. Receipts of Ethereum-like chains could prove it; logs alone do not",
    ),
    claim("at", "the block's time, from the log or from a block document among the sources"),
    proof(
        "attestation, public_key",
        "calldata of the registration: checked by the step `attestation` like any other",
    ),
    computed("tee_id", "of a registration: keccak256 of its public key"),
    computed("pcr_hash", "of an approval's calldata: keccak256 of the three measurements"),
];

const TREE: &[Field] = &[
    proof("tree", "every node is recomputed by the step `batch`"),
    proof("merkle_root", "the tree's own root; what was settled is the event's root"),
    claim("at", "the latest time in its leaves; a tree says nothing of when it was settled"),
];

const X402: &[Field] = &[
    proof("authorization", "the payer's EIP-712 signature, checked by the step `authorisation`"),
    claim("at", "the earliest time the payer allows; when it was paid is the chain's to say"),
    claim("state", "authorised, not paid: a signature moves no money"),
    claim("settlement", "a facilitator's reply; `transaction` may be a job id, or never have been broadcast"),
];

const JOB: &[Field] = &[
    claim(
        "every field",
        "a facilitator's word. `succeeded` means that the job ended, not that anything is on a chain",
    ),
    claim(
        "state",
        "settled only if a transaction hash is there and nothing says buffered or skipped; else pending or failed",
    ),
];

const MEASUREMENTS: &[Field] = &[
    claim("pcrs", "whoever wrote the file; a reproducible build or the registry's approval can confirm them"),
    computed("pcr_hash", "keccak256(pcr0 ‖ pcr1 ‖ pcr2), as the registry computes it"),
    claim("at", "the commit's date, which its author chose"),
];

const ATTESTATION: &[Field] = &[
    proof(
        "attestation",
        "AWS's signature over all of it: checked by the step `attestation` once an enclave with the key it binds is there",
    ),
    proof("at, pcrs, signing_key_sha256", "signed in the document"),
    computed("pcr_hash", "keccak256(pcr0 ‖ pcr1 ‖ pcr2), as the registry computes it"),
    claim("tee_id", "the module's name: the document holds no tee_id, only the hash of the key it binds"),
    claim("state", "the document does not say that anybody registered or approved it"),
];

pub(super) const fn fields(format: Format) -> &'static [Field] {
    match format {
        Format::Gateway | Format::Stream | Format::Har => GATEWAY,
        Format::Otlp | Format::OtlpProto => OTLP,
        Format::Chain => CHAIN,
        Format::MappedJson | Format::MappedCsv => MAPPED,
        Format::Tree => TREE,
        Format::X402 => X402,
        Format::Job => JOB,
        Format::Measurements | Format::GitLog => MEASUREMENTS,
        Format::Attestation => ATTESTATION,
    }
}
