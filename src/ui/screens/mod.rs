//! The screens, one file each: its state, what keys do to it, and how it is drawn.

pub mod findings;
pub mod hours;
pub mod ladder;
pub mod overview;
pub mod proofs;
pub mod request;
pub mod requests;
pub mod start;
pub mod timeline;
pub mod timeline_view;
