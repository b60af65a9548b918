//! Values as people read them: one formatter for every page, so that a number looks the same wherever it stands.

use super::model::{Report, Text, Value};
use super::redact::MARK;
use crate::model::Untrusted;
use crate::model::time::Zone;
use crate::work::findings::grouped;

/// A value as a person reads it; unsafe characters made visible, nothing escaped for a format yet.
pub fn plain(report: &Report, value: &Value) -> String {
    match value {
        Value::Absent => "—".to_owned(),
        Value::Count(n) => grouped(*n),
        Value::Share { part, whole } => share(*part, *whole),
        Value::Real(number) => real(*number),
        Value::Time(at) => at.short(Zone::Utc),
        Value::Length(span) => span.to_string(),
        Value::Money { shown, .. } => Untrusted(shown).visible(),
        Value::Digest(text) => Untrusted(text).visible(),
        Value::Words(text) => Untrusted(text).visible(),
        Value::Recorded(_, text) => short(&Untrusted(text).visible()),
        // Within a sentence a share is its percentage: the whole stands with the figure itself.
        Value::Figure(id) => report.figure(id).map_or("—".to_owned(), |figure| match &figure.value {
            Value::Share { part, whole } => percent(*part, *whole),
            other => plain(report, other),
        }),
    }
}

/// A sentence in plain words.
pub fn sentence(report: &Report, text: &Text) -> String {
    text.iter().map(|value| plain(report, value)).collect()
}

/// `10.2 % (238 of 2,326)`.
pub fn share(part: u64, whole: u64) -> String {
    format!("{} ({} of {})", percent(part, whole), grouped(part), grouped(whole))
}

/// `7.7 %`, or `—` of nothing. Never rounded up to 100 or down to 0.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    match (part, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "<0.1 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// At most six digits after the point, without trailing zeros.
pub fn real(number: f64) -> String {
    if !number.is_finite() {
        return "—".to_owned();
    }
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Ids made to be endless are cut in the middle on pages; JSON and CSV keep them whole.
fn short(text: &str) -> String {
    // A commitment is checked by all of its digits.
    if text.len() <= LONGEST || (text.contains(MARK) && text.len() <= 4 * LONGEST) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= LONGEST {
        return text.to_owned();
    }
    let (head, tail): (String, String) =
        (chars[..60].iter().collect(), chars[chars.len() - 16..].iter().collect());
    format!("{head}…{tail} ({} characters)", grouped(chars.len() as u64))
}

const LONGEST: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_everything() {
        for (part, whole, shown) in [
            (0, 10, "0 % (0 of 10)"),
            (1, 1_000_000, "<0.1 % (1 of 1,000,000)"),
            (999_999, 1_000_000, "99.9 % (999,999 of 1,000,000)"),
            (10, 10, "100.0 % (10 of 10)"),
            (238, 2326, "10.2 % (238 of 2,326)"),
            (0, 0, "— (0 of 0)"),
        ] {
            assert_eq!(share(part, whole), shown);
        }
    }

    #[test]
    fn a_measure_has_six_digits_and_no_tail() {
        for (number, shown) in [(0.25, "0.25"), (-0.000_000_1, "0"), (1.0 / 3.0, "0.333333"), (f64::NAN, "—")]
        {
            assert_eq!(real(number), shown);
        }
    }
}
