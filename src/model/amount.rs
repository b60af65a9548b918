//! Money as whole base units up to 2^256−1, never a float.

use ruint::Uint;
use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An amount in an asset's base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub U256);

impl Amount {
    pub const ZERO: Self = Self(U256::ZERO);

    /// Reads a decimal integer as JOURNAL §2 writes it: digits only, no sign, no leading zero.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err("an amount is a string of decimal digits");
        }
        if text.len() > 1 && text.starts_with('0') {
            return Err("an amount has no leading zero");
        }
        U256::from_str_radix(text, 10).map(Self).map_err(|_| "an amount is at most 2^256-1")
    }

    /// `part` of `of` equal shares, rounded down. All of it where there are no shares.
    pub fn share(self, part: u64, of: u64) -> Self {
        if part >= of {
            return self;
        }
        let wide = Wide::from(self.0) * Wide::from(part) / Wide::from(of);
        Self(U256::from(wide))
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// In whole units of an asset with so many decimals, exactly: `0.041`, `1250`, `0.000001`.
    pub fn in_units(self, decimals: u8) -> String {
        in_units(&self.0.to_string(), decimals)
    }
}

/// Room for 2^64 amounts of 2^256−1: a sum never wraps.
type Wide = Uint<320, 5>;

/// A sum of amounts, exact even beyond 2^256−1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Total(Wide);

impl Total {
    pub fn add(&mut self, amount: Amount) {
        self.0 += Wide::from(amount.0);
    }

    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// The difference; nothing where the other is larger.
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum as an amount, but never more than a limit.
    pub fn at_most(self, limit: Amount) -> Amount {
        if self.0 >= Wide::from(limit.0) { limit } else { Amount(U256::from(self.0)) }
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Larger than any token on an EVM chain can count: some amount in it cannot be true.
    pub fn is_beyond_uint256(self) -> bool {
        self.0 > Wide::from(U256::MAX)
    }

    /// In whole units of an asset with so many decimals, exactly.
    pub fn in_units(self, decimals: u8) -> String {
        in_units(&self.0.to_string(), decimals)
    }
}

/// As a decimal string: JSON numbers are not exact.
impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Wide::from_str_radix(&text, 10).map(Self).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Puts the point into decimal digits: `0.041`, `1250`.
fn in_units(digits: &str, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_last_unit() {
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        for (text, decimals, shown) in [
            ("41000000000000000", 18, "0.041"),
            ("1", 6, "0.000001"),
            ("1250000", 3, "1250"),
            ("0", 18, "0"),
            ("7", 0, "7"),
            (most, 0, most),
        ] {
            assert_eq!(Amount::parse(text).unwrap().in_units(decimals), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-1",
            "+1",
            "1.0",
            "1e3",
            "01",
            "0x10",
            " 1",
            "115792089237316195423570985008687907853269984665640564039457584007913129639936",
        ] {
            assert!(Amount::parse(text).is_err(), "{text}");
        }
    }
}
