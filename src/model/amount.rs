//! Money as whole base units up to 2^256−1, never a float.

use ruint::aliases::U256;
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

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// In whole units of an asset with so many decimals, exactly: `0.041`, `1250`, `0.000001`.
    pub fn in_units(self, decimals: u8) -> String {
        let digits = self.0.to_string();
        let decimals = usize::from(decimals);
        let padded = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = padded.split_at(padded.len() - decimals);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
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
