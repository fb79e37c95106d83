//! Money: an integer count of an asset's minor unit, never negative, never above 18 digits, never a float.

use crate::asset::Exponent;
use crate::limits::AMOUNT_MAX;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A count of minor units, 0 ..= 10^18 − 1. What it counts is said by the asset beside it.
///
/// Arithmetic is checked and returns `None` outside the range; there is no wrapping and no saturating form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// Why a text or a number is no amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// More than 10^18 − 1 minor units.
    #[error("{minor_units} minor units are more than the largest amount of {AMOUNT_MAX} (18 digits, ISO 20022)")]
    TooLarge {
        /// The number that failed.
        minor_units: u128,
    },
    /// The text has more decimals than the asset.
    #[error("'{text}' has {decimals} decimals, the asset has {exponent}")]
    TooPrecise {
        /// The text as given.
        text: String,
        /// Decimals in the text.
        decimals: usize,
        /// Decimals of the asset.
        exponent: u8,
    },
    /// The text starts with a sign.
    #[error("'{text}' has a sign; an amount is written without one, and is never negative")]
    Signed {
        /// The text as given.
        text: String,
    },
    /// The text is no decimal number.
    #[error("'{text}' is no decimal number; expected digits, then at most one point and digits, as in 1000.00")]
    NotDecimal {
        /// The text as given, cut to 40 characters.
        text: String,
    },
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, 10^18 − 1 minor units.
    pub const MAX: Self = Self(AMOUNT_MAX);

    /// Takes a count of minor units, or says that it is too large.
    pub const fn new(minor_units: u64) -> Result<Self, AmountError> {
        if minor_units > AMOUNT_MAX {
            return Err(AmountError::TooLarge { minor_units: minor_units as u128 });
        }
        Ok(Self(minor_units))
    }

    /// The count of minor units.
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` beyond 18 digits.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) if sum <= AMOUNT_MAX => Some(Self(sum)),
            _ => None,
        }
    }

    /// The difference, or `None` below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Reads a decimal number in major units, such as `1000.00` with exponent 2 for 100,000 minor units.
    ///
    /// Missing decimals are zero (`12.5` is `12.50`); surplus decimals are refused even when they are zero, because a
    /// writer who gives three decimals to a currency of two has mistaken the currency.
    ///
    /// ```
    /// use seaway_types::{Amount, Exponent};
    /// let cents = Exponent::new(2).unwrap();
    /// let price = Amount::parse_major("1000.5", cents).unwrap();
    /// assert_eq!((price.minor_units(), price.to_major(cents).as_str()), (100_050, "1000.50"));
    /// assert!(Amount::parse_major("1000.500", cents).is_err());
    /// ```
    pub fn parse_major(text: &str, exponent: Exponent) -> Result<Self, AmountError> {
        let clipped = || text.chars().take(40).collect::<String>();
        if text.starts_with(['-', '+']) {
            return Err(AmountError::Signed { text: clipped() });
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || (text.contains('.') && !digits(decimals)) || text.len() > 40 {
            return Err(AmountError::NotDecimal { text: clipped() });
        }
        let places = usize::from(exponent.places());
        if decimals.len() > places {
            return Err(AmountError::TooPrecise {
                text: clipped(),
                decimals: decimals.len(),
                exponent: exponent.places(),
            });
        }
        let padding = std::iter::repeat_n(b'0', places - decimals.len());
        let mut minor_units: u128 = 0;
        for digit in whole.bytes().chain(decimals.bytes()).chain(padding) {
            // At most 44 digits reach this loop, so saturation is reached only by numbers that are too large anyway.
            minor_units = minor_units.saturating_mul(10).saturating_add(u128::from(digit - b'0'));
        }
        match u64::try_from(minor_units) {
            Ok(units) => Self::new(units),
            Err(_) => Err(AmountError::TooLarge { minor_units }),
        }
    }

    /// Writes the amount in major units with all decimals of the asset: `1000.00`.
    pub fn to_major(self, exponent: Exponent) -> String {
        let places = usize::from(exponent.places());
        let digits = format!("{:0width$}", self.0, width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        if places == 0 { whole.to_owned() } else { format!("{whole}.{decimals}") }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads a count of minor units.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse_major(text, Exponent::ZERO)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            // JSON numbers lose digits beyond 2^53 in many readers, so amounts are strings.
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(n: u8) -> Exponent {
        Exponent::new(n).unwrap()
    }

    #[test]
    fn reads_and_writes_each_exponent() {
        for (text, exponent, minor_units) in
            [("1000", 0, 1000), ("1000.00", 2, 100_000), ("0.001", 3, 1), ("12.3456", 4, 123_456), ("7.5", 2, 750)]
        {
            let amount = Amount::parse_major(text, places(exponent)).unwrap();
            assert_eq!(amount.minor_units(), minor_units, "{text}");
            assert_eq!(Amount::parse_major(&amount.to_major(places(exponent)), places(exponent)), Ok(amount));
        }
        assert_eq!(Amount::new(5).unwrap().to_major(places(2)), "0.05");
        assert_eq!(Amount::MAX.to_major(places(2)), "9999999999999999.99");
    }

    #[test]
    fn refuses_with_the_reason() {
        let two = places(2);
        assert!(matches!(Amount::parse_major("-1.00", two), Err(AmountError::Signed { .. })));
        assert!(matches!(Amount::parse_major("+1.00", two), Err(AmountError::Signed { .. })));
        assert!(matches!(
            Amount::parse_major("1.000", two),
            Err(AmountError::TooPrecise { decimals: 3, exponent: 2, .. })
        ));
        assert!(matches!(Amount::parse_major("1.0", places(0)), Err(AmountError::TooPrecise { .. })));
        for text in ["", ".", "1.", ".5", "1e5", "1,000", " 1", "1 ", "０", "0x10", "NaN", &"9".repeat(41)] {
            assert!(matches!(Amount::parse_major(text, two), Err(AmountError::NotDecimal { .. })), "{text}");
        }
        assert!(matches!(Amount::parse_major("10000000000000000.00", two), Err(AmountError::TooLarge { .. })));
        assert!(matches!(Amount::parse_major(&"9".repeat(40), two), Err(AmountError::TooLarge { .. })));
        assert_eq!(Amount::parse_major("9999999999999999.99", two), Ok(Amount::MAX));
        assert!(Amount::new(AMOUNT_MAX + 1).is_err());
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        let one = Amount::new(1).unwrap();
        assert_eq!(Amount::MAX.checked_add(one), None);
        assert_eq!(Amount::ZERO.checked_sub(one), None);
        assert_eq!(Amount::MAX.checked_sub(one).unwrap().checked_add(one), Some(Amount::MAX));
    }
}
