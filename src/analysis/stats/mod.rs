//! The statistics that the analysis rests on: pure functions over counts, held against scipy and statsmodels to 1e-9.

pub mod combine;
pub mod rank;
pub mod resample;
pub mod tables;
pub mod tails;
