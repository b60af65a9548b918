//! Any bytes through the `copy` target.
#![no_main]
#[expect(dead_code, reason = "each binary runs one of the targets")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::copy(bytes));
