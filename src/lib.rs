//! Backtrail: a terminal forensic explorer for the hours after a bad AI model release was rolled back.
//!
//! Rooms in layer order. A room may use only the rooms above it; `tests/rooms.rs` reads this list and checks.

pub mod model;
pub mod journal;
pub mod proof;
pub mod analysis;
pub mod store;
pub mod work;
pub mod report;
pub mod ui;
pub mod cli;

/// The commands' page, whose Rust is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
