//! Selective disclosure: chosen requests with all that is needed to check them, and nothing else, in one file that others
//! can check alone.
//!
//! ```text
//! RECIPE.txt              how to check it with sha256sum, python3 and openssl
//! SHA256SUMS              of every other file
//! blobs/0001.bin          contents of blobs, where content is asked for
//! checkpoints/0001.txt    signed notes, as they are
//! manifest.json           which log, line and path; what belongs to which request
//! records/0001.json       lines of journals, byte for byte, without their newline
//! ```
//! A line is hashed whole, so it is given whole. Lines that hold more than a request's proof — the text of a request or an
//! answer, a whole settlement tree — are refused unless content is asked for.

mod check;
mod container;
mod make;
mod manifest;
mod paths;

pub use check::{CheckedBundle, CheckedRecord, Recipe, check, read};
pub use container::{Files, MAX_BYTES, pack, unpack};
pub use make::{Bundle, Content, give, make};
pub use manifest::{Manifest, SCHEMA};

use crate::proof::hashes::sha256;
use crate::proof::ladder::KECCAK;
use std::fmt::Write;

const MANIFEST: &str = "manifest.json";
const RECIPE: &str = "RECIPE.txt";
const SUMS: &str = "SHA256SUMS";

/// The recipe every bundle of this version carries.
pub fn recipe() -> String {
    include_str!("recipe.txt").replace("\nKECCAK\n", &format!("\n{}\n", KECCAK.trim_end()))
}

/// What `sha256sum --check` reads: the sum of every file but this one.
fn sums(files: &Files) -> String {
    files.iter().filter(|(name, _)| *name != SUMS).fold(String::new(), |mut text, (name, bytes)| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}  {name}", sha256(bytes));
        text
    })
}

fn record_name(place: usize) -> String {
    format!("records/{:04}.json", place + 1)
}

fn blob_name(place: usize) -> String {
    format!("blobs/{:04}.bin", place + 1)
}

fn note_name(place: usize) -> String {
    format!("checkpoints/{:04}.txt", place + 1)
}
