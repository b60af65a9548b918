//! The models and their versions: one that is rolled back, and one that has nothing to do with it.

use super::dice::Dice;
use crate::model::Hash;
use crate::proof::hashes::keccak256;

/// A version of a model, as a place in `BUILDS`.
pub(super) type BuildNo = u8;

pub(super) struct Name {
    pub(super) model: usize,
    pub(super) version: &'static str,
    pub(super) parent: Option<&'static str>,
}

pub(super) const RISK_SCORER: usize = 0;
pub(super) const DOC_SUMMARIZER: usize = 1;
pub(super) const MODELS: [&str; 2] = ["risk-scorer", "doc-summarizer"];

pub(super) const GOOD: BuildNo = 0;
pub(super) const FAULTY: BuildNo = 1;
pub(super) const OLD_SUMMARIZER: BuildNo = 2;
pub(super) const NEW_SUMMARIZER: BuildNo = 3;
pub(super) const BUILDS: [Name; 4] = [
    Name { model: RISK_SCORER, version: "2.4.0", parent: Some("2.3.2") },
    Name { model: RISK_SCORER, version: "2.4.1", parent: Some("2.4.0") },
    Name { model: DOC_SUMMARIZER, version: "1.8.2", parent: None },
    Name { model: DOC_SUMMARIZER, version: "1.9.0", parent: Some("1.8.2") },
];

/// What an enclave of a build measures as.
pub(super) struct Measured {
    pub(super) pcrs: [[u8; 48]; 3],
    /// keccak256(pcr0‖pcr1‖pcr2), PROOFS §3.
    pub(super) pcr_hash: Hash,
    /// Thirty-two bytes in base64url: the shape of a Walrus blob id.
    pub(super) blob: [u8; 32],
}

pub(super) fn measured(dice: &mut Dice) -> Vec<Measured> {
    BUILDS
        .iter()
        .map(|_| {
            let pcrs = [dice.bytes(), dice.bytes(), dice.bytes()];
            let pcr_hash = keccak256(pcrs.concat());
            Measured { pcrs, pcr_hash, blob: dice.bytes() }
        })
        .collect()
}
