//! Fuzzy find by Skim's scoring: the best of some thousand names for what a person half remembers.

use fuzzy_matcher::FuzzyMatcher;
use fuzzy_matcher::skim::SkimMatcherV2;

/// The places of the best matches among candidates, best first, at most `most`.
pub fn best<'c>(pattern: &str, candidates: impl Iterator<Item = &'c str>, most: usize) -> Vec<usize> {
    let matcher = SkimMatcherV2::default().smart_case();
    let mut scored: Vec<(i64, usize, usize)> = candidates
        .enumerate()
        .filter_map(|(place, text)| Some((matcher.fuzzy_match(text, pattern)?, text.len(), place)))
        .collect();
    // Of equal scores the shorter is the nearer, then the one that was listed first.
    scored.sort_by_key(|(score, length, place)| (std::cmp::Reverse(*score), *length, *place));
    scored.into_iter().take(most).map(|(_, _, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_remembered_is_found() {
        let names = ["treasury-12", "trader-1", "support-17", "gw-eu-1"];
        assert_eq!(best("try12", names.into_iter(), 9)[0], 0);
        assert_eq!(best("eu1", names.into_iter(), 9)[0], 3);
        assert!(best("zzz", names.into_iter(), 9).is_empty());
    }
}
