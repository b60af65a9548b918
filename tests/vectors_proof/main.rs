//! The proof room against published vectors, read from `../shared/vectors` (or `BACKTRAIL_VECTORS`).
//!
//! Without that folder the tests say so and pass; with `CI=true` they fail, so that no pipeline is green by absence.

#[cfg(test)]
mod attestation;
#[cfg(test)]
mod blob;
#[cfg(test)]
mod evm;
#[cfg(test)]
#[path = "../common/vectors.rs"]
mod folder;
#[cfg(test)]
mod merkle;
#[cfg(test)]
mod note;
#[cfg(test)]
mod payment;
#[cfg(test)]
mod python;
#[cfg(test)]
mod settlement;
#[cfg(test)]
mod tee;
#[cfg(test)]
mod wycheproof;
