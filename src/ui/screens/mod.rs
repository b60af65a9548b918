//! The screens, one file each: its state, what keys do to it, and how it is drawn.

pub mod agents;
pub mod agents_view;
pub mod answers;
pub mod compare;
pub mod console;
pub mod findings;
pub mod hours;
pub mod ladder;
pub mod notes;
pub mod notes_view;
pub mod overview;
pub mod payments_table;
pub mod proofs;
pub mod request;
pub mod request_view;
pub mod requests;
pub mod requests_view;
pub mod settlements;
pub mod settlements_view;
pub mod stack;
pub mod start;
pub mod timeline;
pub mod timeline_marks;
pub mod timeline_view;
