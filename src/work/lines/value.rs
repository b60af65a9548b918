//! What stands in a cell of a list, as what it is: lists are sorted by it, and `<` and `>` ask it, never its text.

use crate::model::{Amount, Nanos};
use crate::work::filter::moment;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub enum Value {
    Whole(i128),
    Real(f64),
    /// One of a few words with an order of their own: its place, and the place of any such word.
    Ranked(usize, fn(&str) -> Option<usize>),
    Moment(Nanos),
    /// In base units of an asset, by the asset's number; amounts of two assets are never held against each other.
    Amount {
        asset: usize,
        decimals: Option<u8>,
        amount: Amount,
    },
    Text(String),
    /// Not recorded, or not known: comes last in both directions.
    Nothing,
}

impl Value {
    pub fn whole(number: impl Into<i128>) -> Self {
        Self::Whole(number.into())
    }

    pub fn moment(at: Option<Nanos>) -> Self {
        at.map_or(Self::Nothing, Self::Moment)
    }

    pub fn real(number: Option<f64>) -> Self {
        number.map_or(Self::Nothing, Self::Real)
    }

    /// An empty text is nothing.
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text.to_owned()) }
    }

    /// What a query brought: a whole number of any size also where SQL keeps it as text.
    pub fn told(text: &str) -> Self {
        match Amount::parse(text) {
            Ok(amount) => Self::Amount { asset: 0, decimals: None, amount },
            Err(_) => Self::text(text),
        }
    }

    pub const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The order of values in a column.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            // Rounding keeps the order, so this is one order for both.
            (Self::Whole(a), Self::Real(b)) => (*a as f64).total_cmp(b).then(Ordering::Less),
            (Self::Real(a), Self::Whole(b)) => a.total_cmp(&(*b as f64)).then(Ordering::Greater),
            (Self::Ranked(a, _), Self::Ranked(b, _)) => a.cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Amount { asset: a, amount: x, .. }, Self::Amount { asset: b, amount: y, .. }) => {
                (a, x).cmp(&(b, y))
            }
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.sort().cmp(&other.sort()),
        }
    }

    /// Numbers before moments before amounts before texts.
    const fn sort(&self) -> u8 {
        match self {
            Self::Whole(_) | Self::Real(_) => 0,
            Self::Ranked(..) => 1,
            Self::Moment(_) => 2,
            Self::Amount { .. } => 3,
            Self::Text(_) => 4,
            Self::Nothing => 5,
        }
    }

    /// Held against what a person typed; nothing where the two cannot be compared. A bare time of day belongs to `day`.
    pub fn against(&self, typed: &str, day: Nanos) -> Option<Ordering> {
        let number = || typed.trim_end_matches(['%', ' ']).replace(',', "");
        match self {
            Self::Whole(own) => match number().parse::<i128>() {
                Ok(whole) => Some(own.cmp(&whole)),
                Err(_) => (*own as f64).partial_cmp(&number().parse().ok()?),
            },
            Self::Real(own) => own.partial_cmp(&number().parse().ok()?),
            Self::Ranked(own, place) => place(typed).map(|other| own.cmp(&other)),
            Self::Moment(own) => moment(typed, day).map(|other| own.cmp(&other)),
            Self::Amount { decimals, amount, .. } => against_units(*amount, decimals.unwrap_or(0), &number()),
            Self::Text(own) => Some(own.as_str().cmp(typed)),
            Self::Nothing => None,
        }
    }
}

/// `0.0125` against base units, exactly: what is finer than a base unit lies between two of them.
fn against_units(own: Amount, decimals: u8, typed: &str) -> Option<Ordering> {
    let (whole, part) = typed.split_once('.').unwrap_or((typed, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() + part.len() == 0 {
        return None;
    }
    let room = usize::from(decimals);
    let (kept, rest) = part.split_at(part.len().min(room));
    let units = format!("{whole}{kept:0<room$}");
    let units = units.trim_start_matches('0');
    let Ok(other) = Amount::parse(if units.is_empty() { "0" } else { units }) else {
        // More than any amount there is.
        return Some(Ordering::Less);
    };
    let finer = if rest.bytes().any(|b| b != b'0') { Ordering::Less } else { Ordering::Equal };
    Some(own.cmp(&other).then(finer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: &str) -> Value {
        Value::Amount { asset: 1, decimals: Some(6), amount: Amount::parse(amount).unwrap() }
    }

    #[test]
    fn amounts_are_held_against_what_is_typed_without_rounding() {
        for (amount, typed, order) in [
            ("12500", "0.0125", Some(Ordering::Equal)),
            ("12500", "0.01250000", Some(Ordering::Equal)),
            ("12500", "0.01250001", Some(Ordering::Less)),
            ("12501", "0.0125", Some(Ordering::Greater)),
            ("9007199254740993000001", "9,007,199,254,740,993", Some(Ordering::Greater)),
            ("1", &"9".repeat(90), Some(Ordering::Less)),
            ("0", "0", Some(Ordering::Equal)),
            ("1", ".5", Some(Ordering::Less)),
            ("1", "x", None),
            ("1", ".", None),
            ("1", "-1", None),
        ] {
            assert_eq!(usd(amount).against(typed, Nanos(0)), order, "{amount} against {typed}");
        }
    }

    #[test]
    fn values_have_one_order_whatever_they_are() {
        let place = |word: &str| ["low", "high"].iter().position(|known| *known == word);
        let rising = [
            Value::Whole(-3),
            Value::Real(-2.5),
            Value::Whole(9_007_199_254_740_992),
            Value::Whole(9_007_199_254_740_993),
            Value::Real(1e300),
            Value::Ranked(0, place),
            Value::Ranked(1, place),
            Value::Moment(Nanos(-1)),
            Value::Moment(Nanos(1)),
            usd("9"),
            usd("10"),
            Value::Amount { asset: 2, decimals: None, amount: Amount::parse("1").unwrap() },
            Value::text("a"),
            Value::text("b"),
            Value::text(""),
        ];
        for (n, a) in rising.iter().enumerate() {
            for (m, b) in rising.iter().enumerate() {
                assert_eq!(a.compare(b), n.cmp(&m), "{a:?} and {b:?}");
            }
        }
        assert_eq!(Value::Ranked(1, place).against("low", Nanos(0)), Some(Ordering::Greater));
        assert_eq!(Value::Moment(Nanos(1)).against("00:00", Nanos(5)), Some(Ordering::Greater));
        assert_eq!(Value::Real(7.7).against("7.7 %", Nanos(0)), Some(Ordering::Equal));
    }
}
