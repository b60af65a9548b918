//! The verbs both faces use: each reads, computes or writes whole things and tells its progress.

pub mod simulate;
