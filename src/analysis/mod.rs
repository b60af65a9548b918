//! What happened, computed: attribution, the faulty window, what still points at it. Folds over values, no I/O, no clock.

pub mod attest;
pub mod attribution;
pub mod containment;
pub mod drift;
pub mod gaps;
pub mod incident;
pub mod money;
pub mod reconcile;
pub mod schedule;
pub mod settled;
pub mod stats;
pub mod taint;
pub mod web;
pub mod window;

pub use attribution::{Attribution, Claim};
pub use incident::{Incident, Origin};
pub use schedule::Schedule;
pub use window::{NodeState, Window};

use crate::model::time::{SECOND, Span};

/// How far a recorder's clock may be off before a record near a switch counts as on its other side (ANALYSIS §1).
pub const CLOCK_TOLERANCE: Span = Span(2 * SECOND);

/// A number in one of a case's dictionaries; 0 is "absent".
pub type Number = u64;
