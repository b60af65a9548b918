//! Pure, offline verification: bytes and pinned roots in, verdicts out. No I/O, no clock, no panic on any input.

pub mod abi;
pub mod attestation;
pub mod blob;
pub mod cbor;
pub mod hashes;
pub mod ladder;
pub mod malformed;
pub mod merkle;
pub mod note;
pub mod payment;
pub mod python_json;
pub mod receipt;
pub mod registry;
pub mod rlp;
pub mod roots;
pub mod settlement;
pub mod tee;
pub mod trust;
pub mod typed_data;
pub mod zk;

pub use malformed::Malformed;
