//! Fuzzy find by Skim's scoring: the best of any number of names for what a person half remembers.

use crate::work::parallel::each_stretch;
use crate::work::{Cancel, WorkError};
use fuzzy_matcher::FuzzyMatcher;
use fuzzy_matcher::skim::SkimMatcherV2;
use std::cmp::Reverse;

/// The places of the best matches among so many names, best first, at most `most`; on every core.
pub fn best<'n>(
    pattern: &str,
    names: usize,
    name: impl Fn(usize) -> &'n str + Sync,
    most: usize,
    cancel: &Cancel,
) -> Result<Vec<usize>, WorkError> {
    let pieces = each_stretch(names, cancel, |range| {
        let matcher = SkimMatcherV2::default().smart_case();
        let scored = |place| {
            let text = name(place);
            // Of equal scores the shorter is the nearer, then the one that was listed first.
            Some((Reverse(matcher.fuzzy_match(text, pattern)?), text.len(), place))
        };
        let mut scored: Vec<_> = range.filter_map(scored).collect();
        scored.sort_unstable();
        scored.truncate(most);
        scored
    })?;
    let mut scored = pieces.concat();
    scored.sort_unstable();
    Ok(scored.into_iter().take(most).map(|(_, _, place)| place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_remembered_is_found() {
        let names = ["treasury-12", "trader-1", "support-17", "gw-eu-1"];
        let best = |text| best(text, names.len(), |n| names[n], 9, &Cancel::default()).unwrap();
        assert_eq!(best("try12")[0], 0);
        assert_eq!(best("eu1")[0], 3);
        assert!(best("zzz").is_empty());
    }
}
