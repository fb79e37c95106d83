//! Elements that hold a text.

use super::element::Element;
use super::schema::{Value, no_attributes};
use crate::fault::{Fault, Rule};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::asset::{CurrencyCode, Exponent};
use seaway_types::bic::Bic;
use seaway_types::iban::Iban;
use seaway_types::lei::Lei;
use seaway_types::text::{Country, Purpose, Text35};
use seaway_types::time::{BlockTime, Day};
use std::fmt;
use std::str::FromStr;

/// The text of an element that holds no others.
pub(crate) fn text(element: &Element) -> Result<&str, Fault> {
    match element.children.first() {
        Some(child) => Err(Fault::new("", Rule::Unknown("a text".to_owned())).within(&child.name)),
        None => Ok(&element.text),
    }
}

/// Reads by `FromStr`, writes by `Display`.
macro_rules! plain {
    ($($type:ty: $expected:literal,)+) => {$(
        impl Value for $type {
            fn read(element: &Element) -> Result<Self, Fault> {
                no_attributes(element)?;
                let text = text(element)?;
                text.parse().map_err(|_| Fault::new(text, Rule::Form($expected.to_owned())))
            }

            fn write(&self, element: &mut Element) {
                element.text = self.to_string();
            }
        }
    )+};
}

plain! {
    Text35: "1 to 35 printable ASCII characters without spaces at the ends",
    Bic: "a BIC of 8 or 11 characters",
    Lei: "an LEI with its check digits",
    Iban: "an IBAN with its check digits, without spaces",
    Uetr: "a UUID of version 4 in lower case",
    Day: "a date as in 2026-11-22",
    Country: "a country of two capitals (ISO 3166)",
    Purpose: "a purpose code of four capitals or digits",
    Decimal: "a decimal number of at most 11 digits, above zero",
    Number: "a whole number of at most 18 digits",
    Moment: "a time with its offset, as in 2026-11-22T09:30:00+00:00",
}

/// One to `MAX` characters that XML and people can carry: no control characters, no spaces at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongText<const MAX: usize>(String);

impl<const MAX: usize> LongText<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text cut to the bound, with what it may not hold left out; `None` when nothing is left.
    pub fn cut(text: &str) -> Option<Self> {
        let cut: String = text.chars().filter(|one| !one.is_control()).take(MAX).collect();
        let cut = cut.trim();
        (!cut.is_empty()).then(|| Self(cut.to_owned()))
    }
}

impl<const MAX: usize> Value for LongText<MAX> {
    fn read(element: &Element) -> Result<Self, Fault> {
        no_attributes(element)?;
        let text = text(element)?;
        let legal = !text.chars().any(char::is_control) && text.trim() == text;
        if legal && (1..=MAX).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            let expected = format!("1 to {MAX} characters, no control characters, no spaces at the ends");
            Err(Fault::new(text, Rule::Form(expected)))
        }
    }

    fn write(&self, element: &mut Element) {
        element.text.clone_from(&self.0);
    }
}

/// An amount with its currency; decimals as the message wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// The currency, ISO 4217.
    pub currency: CurrencyCode,
    /// The number: at most 18 digits, 5 of them decimals.
    pub number: String,
}

impl Money {
    /// The amount in minor units.
    pub fn amount(&self, exponent: Exponent) -> Result<Amount, String> {
        Amount::parse_major(&self.number, exponent).map_err(|error| error.to_string())
    }
}

impl Value for Money {
    fn read(element: &Element) -> Result<Self, Fault> {
        let number = text(element)?.to_owned();
        let (mut currency, mut other) = (None, Ok(()));
        for (name, value) in &element.attributes {
            let expected = || Rule::Form("a currency code of three capitals (ISO 4217)".to_owned());
            match name.as_str() {
                "Ccy" => currency = Some(value.parse().map_err(|_| Fault::new(value, expected()).within("@Ccy"))?),
                _ => other = Err(Fault::new(value, Rule::Unknown("Ccy".to_owned())).within(&format!("@{name}"))),
            }
        }
        other?;
        let currency = currency.ok_or_else(|| Fault::new("", Rule::Missing).within("@Ccy"))?;
        let (whole, decimals) = number.split_once('.').unwrap_or((&number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = number.bytes().filter(u8::is_ascii_digit).count();
        if digits(whole) && digits(decimals) && decimals.len() <= 5 && length <= 18 {
            Ok(Self { currency, number })
        } else {
            let expected = "an amount of at most 18 digits, 5 of them decimals".to_owned();
            Err(Fault::new(&number, Rule::Form(expected)))
        }
    }

    fn write(&self, element: &mut Element) {
        element.attributes.push(("Ccy".to_owned(), self.currency.to_string()));
        element.text.clone_from(&self.number);
    }
}

/// A rate: a decimal number above zero of at most 11 digits, 10 of them decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// The number as a fraction of integers.
    pub fn fraction(&self) -> (u64, u64) {
        let (whole, decimals) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let numerator = format!("{whole}{decimals}").parse().unwrap_or(0);
        let denominator = 10u64.saturating_pow(u32::try_from(decimals.len()).unwrap_or(0));
        (numerator, denominator)
    }
}

impl FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = text.bytes().filter(u8::is_ascii_digit).count();
        let above_zero = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let fine = digits(whole) && digits(decimals) && decimals.len() <= 10 && length <= 11 && above_zero;
        if fine { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A whole number, as it was written: schemas let zeros stand behind a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let fine = digits(whole) && whole.len() <= 18 && digits(decimals) && decimals.bytes().all(|one| one == b'0');
        if fine { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A moment, written with its offset as CBPR+ wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub BlockTime);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        write!(out, "{}+00:00", text.strip_suffix('Z').unwrap_or(&text))
    }
}
