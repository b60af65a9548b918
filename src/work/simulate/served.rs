//! One answered request, complete but for its signature and its line.

use super::attribution::Attribution;
use super::builds::BuildNo;
use super::content::Content;
use super::thing::{Link, Ref, Thing, Tier};
use crate::model::Hash;

/// How an answer came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    /// The class of the error.
    Error(&'static str),
}

/// What an answer's proof is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// No enclave was involved.
    None,
    /// Signed by the enclave it names.
    Genuine,
    /// A signature that the key never made.
    Forged,
    /// The proof of an earlier answer of the same enclave, shown again.
    Replayed,
    /// The enclave is named and the signature was not kept.
    Unsigned,
    /// The enclave named is a placeholder that no registry knows.
    Placeholder,
}

/// The hashes a signature covers (PROOFS §2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claims {
    pub(super) request_hash: Hash,
    pub(super) output_hash: Hash,
    pub(super) timestamp: i64,
}

pub(super) struct Served {
    pub(super) number: u64,
    /// True time.
    pub(super) true_at: i64,
    /// By the recorder's clock.
    pub(super) at: i64,
    pub(super) agent: usize,
    /// Whose journal holds it.
    pub(super) journal: usize,
    /// The node it names.
    pub(super) node: Option<usize>,
    pub(super) model: usize,
    /// The true version.
    pub(super) build: BuildNo,
    pub(super) claimed: Option<BuildNo>,
    pub(super) boot: usize,
    pub(super) proof: Proof,
    pub(super) claims: Claims,
    pub(super) signature: Option<Box<[u8; 256]>>,
    pub(super) content: Option<Box<Content>>,
    pub(super) parent: Option<Link>,
    pub(super) cache_of: Option<Link>,
    pub(super) session: u64,
    pub(super) outcome: Outcome,
    pub(super) tokens_in: u32,
    pub(super) tokens_out: u32,
    pub(super) latency_ms: u32,
    pub(super) attribution: Attribution,
    pub(super) tier: Tier,
}

impl Served {
    pub(super) const fn reference(&self) -> Ref {
        Ref::new(Thing::Inference, self.number)
    }

    /// Records content, and makes the hashes those of the content.
    pub(super) fn record(&mut self, content: Content) {
        (self.claims.request_hash, self.claims.output_hash) = content.hashes();
        self.content = Some(Box::new(content));
    }

    pub(super) const fn link(&self) -> Link {
        Link { to: self.reference(), at: self.at, tier: self.tier }
    }
}
