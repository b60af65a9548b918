//! Plain values every other room speaks: times, hashes, amounts, record kinds, verdicts, findings.
//!
//! Nothing here reads a file, a clock or a terminal, and nothing here can fail except by saying what is wrong with a text.

pub mod amount;
pub mod evidence;
pub mod fault;
pub mod finding;
pub mod hash;
pub mod record;
pub mod tier;
pub mod time;
pub mod untrusted;
pub mod verdict;

pub use amount::{Amount, Total};
pub use evidence::{Evidence, Pointers};
pub use fault::Fault;
pub use finding::{Finding, Severity};
pub use hash::Hash;
pub use record::{Kind, Row};
pub use tier::Tier;
pub use time::Nanos;
pub use untrusted::Untrusted;
pub use verdict::{Status, Step, Verdicts};
