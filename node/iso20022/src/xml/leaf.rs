//! Elements that hold a text.

use super::element::Element;
use super::schema::{Value, no_attributes};
use crate::fault::Rule;
use crate::faults::Faults;
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
pub(crate) fn text<'a>(element: &'a Element, faults: &mut Faults) -> Option<&'a str> {
    let Some(child) = element.children.first() else { return Some(&element.text) };
    faults.note_extra(&child.name, "", Rule::Unknown("a text".to_owned()));
    faults.doubt(None);
    None
}

/// Reads by `FromStr`, writes by `Display`. What may have to be there has a text that stands in for it.
macro_rules! plain {
    ($($type:ty: $expected:literal $(or $stand_in:literal)?,)+) => {$(
        impl Value for $type {
            fn read(element: &Element, faults: &mut Faults) -> Option<Self> {
                no_attributes(element, faults);
                let text = text(element, faults)?;
                let read = text.parse::<Self>().ok();
                if read.is_none() {
                    faults.note(text, Rule::Form($expected.to_owned()));
                }
                read
            }

            $(fn stand_in() -> Option<Self> {
                $stand_in.parse().ok()
            })?

            fn write(&self, element: &mut Element) {
                element.text = self.to_string();
            }
        }
    )+};
}

plain! {
    Text35: "1 to 35 printable ASCII characters without spaces at the ends" or "NOTPROVIDED",
    Bic: "a BIC of 8 or 11 characters",
    Lei: "an LEI with its check digits",
    Iban: "an IBAN with its check digits, without spaces",
    Uetr: "a UUID of version 4 in lower case",
    Day: "a date as in 2026-11-22" or "1970-01-01",
    Country: "a country of two capitals (ISO 3166)",
    Purpose: "a purpose code of four capitals or digits",
    Decimal: "a decimal number of at most 11 digits, above zero",
    Number: "a whole number of at most 18 digits",
    Moment: "a time with its offset, as in 2026-11-22T09:30:00+00:00" or "1970-01-01T00:00:00Z",
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
    fn read(element: &Element, faults: &mut Faults) -> Option<Self> {
        no_attributes(element, faults);
        let text = text(element, faults)?;
        let legal = !text.chars().any(char::is_control) && text.trim() == text;
        let fine = legal && (1..=MAX).contains(&text.chars().count());
        if !fine {
            let expected = format!("1 to {MAX} characters, no control characters, no spaces at the ends");
            faults.note(text, Rule::Form(expected));
        }
        // Where it has a fault it still says what is meant, and what stands beside it can be judged.
        Some(Self(text.to_owned()))
    }

    fn stand_in() -> Option<Self> {
        Some(Self(String::new()))
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

    fn read_currency(element: &Element, faults: &mut Faults) -> Option<CurrencyCode> {
        let stated = element.attributes.iter().find(|(name, _)| name == "Ccy").map(|(_, code)| code);
        let currency: Option<CurrencyCode> = stated.and_then(|code| code.parse().ok());
        if let Some(code) = stated
            && currency.is_none()
        {
            let expected = Rule::Form("a currency code of three capitals (ISO 4217)".to_owned());
            faults.note_part("@Ccy", code, expected);
        }
        for (name, value) in element.attributes.iter().filter(|(name, _)| name != "Ccy") {
            faults.note_extra(&format!("@{name}"), value, Rule::Unknown("Ccy".to_owned()));
        }
        if stated.is_none() {
            faults.note_part("@Ccy", "", Rule::Missing);
        }
        currency
    }

    /// ISO 4217's code where no currency is involved, in the place of one that cannot be read.
    fn no_currency() -> Option<CurrencyCode> {
        "XXX".parse().ok()
    }
}

impl Value for Money {
    fn read(element: &Element, faults: &mut Faults) -> Option<Self> {
        let number = text(element, faults)?;
        let currency = Self::read_currency(element, faults);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = number.bytes().filter(u8::is_ascii_digit).count();
        let fine = digits(whole) && digits(decimals) && decimals.len() <= 5 && length <= 18;
        if !fine {
            faults.note(number, Rule::Form("an amount of at most 18 digits, 5 of them decimals".to_owned()));
        }
        // Where its number has a fault, what stands beside it can still be judged.
        Some(Self { currency: currency.or_else(Self::no_currency)?, number: number.to_owned() })
    }

    fn stand_in() -> Option<Self> {
        Some(Self { currency: Self::no_currency()?, number: String::new() })
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
