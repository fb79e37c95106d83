//! Values of contracts.

use super::code::Type;
use crate::amount::Amount;
use crate::hash::Hash32;
use crate::time::BlockTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A fraction. The denominator is above zero; it need not be in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, try_from = "Written")]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    numerator: u64,
    denominator: u64,
}

impl TryFrom<Written> for Ratio {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Self::new(written.numerator, written.denominator).ok_or_else(|| "a ratio's denominator is zero".to_owned())
    }
}

impl Ratio {
    /// Largest part of a ratio: as large as an amount.
    pub const PART_MAX: u64 = crate::limits::AMOUNT_MAX;

    /// Takes a fraction whose denominator is not zero and whose parts are at most [`Ratio::PART_MAX`].
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        let legal = denominator > 0 && numerator.max(denominator) <= Self::PART_MAX;
        legal.then_some(Self { numerator, denominator })
    }

    /// The upper part.
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// The lower part.
    pub const fn denominator(self) -> u64 {
        self.denominator
    }
}

/// A value: a parameter, a variable, an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number; in JSON a string.
    Int(#[serde(with = "whole")] i128),
    /// Minor units of the asset that its type names.
    Money(Amount),
    /// A fraction, or a rate in minor units.
    Ratio(Ratio),
    /// A moment.
    Time(BlockTime),
    /// Milliseconds.
    Duration(u64),
    /// 32 bytes.
    Hash(Hash32),
}

impl Value {
    /// Whether it can stand where a type is asked.
    pub fn fits(&self, kind: Type) -> bool {
        matches!(
            (self, kind),
            (Self::Bool(_), Type::Bool)
                | (Self::Int(_), Type::Int | Type::Counter)
                | (Self::Money(_), Type::Money(_))
                | (Self::Ratio(_), Type::Ratio | Type::Rate(..))
                | (Self::Time(_), Type::Time)
                | (Self::Duration(_), Type::Duration)
                | (Self::Hash(_), Type::Hash)
        )
    }
}

impl fmt::Display for Value {
    /// As a person reads it; money in minor units, since the asset is not known here.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Money(value) => write!(out, "{value}"),
            Self::Ratio(value) => write!(out, "{}/{}", value.numerator, value.denominator),
            Self::Time(value) => write!(out, "{value}"),
            Self::Duration(value) => write!(out, "{value} ms"),
            Self::Hash(value) => write!(out, "{value}"),
        }
    }
}

/// A whole number of 128 bits: in JSON a string, because readers lose digits beyond 2^53.
mod whole {
    use super::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(value) } else { serializer.serialize_i128(*value) }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(|_| de::Error::custom(format!("'{text}' is no whole number of 128 bits")))
        } else {
            i128::deserialize(deserializer)
        }
    }
}
