//! Impact on payments and money.

use super::{Facts, empty, words};
use crate::report::model::{Block, Section, Text};

pub fn section_of(_facts: &Facts<'_>) -> Section {
    empty(
        "money",
        "Impact: payments and money",
        "this version of Backtrail does not yet class payments by what they paid for; the payments themselves are in the view \
         `payments` of `backtrail query`",
    )
}

/// What the money asks somebody to decide.
pub fn decisions(_facts: &Facts<'_>) -> Vec<Text> {
    Vec::new()
}

/// What is to be refunded.
pub fn refunds(_facts: &Facts<'_>) -> Vec<Block> {
    vec![Block::Prose(vec![words(
        "No list of refunds is made yet, because payments are not classed by what they paid for.",
    )])]
}
