//! IBAN, the international bank account number (ISO 13616-1). Exists at the edges only: the ledger knows opaque ids.

use crate::lei::{modulo_97, possible};
use crate::text::CodeError;
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "an IBAN: 2 letters, 2 check digits, 11 to 30 capitals or digits, without spaces";

/// An IBAN with valid check digits, in the electronic form without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Iban(String);

impl Iban {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Iban {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let bytes = text.as_bytes();
        let country = bytes.iter().take(2).all(u8::is_ascii_uppercase);
        let digits = bytes.iter().skip(2).take(2).all(u8::is_ascii_digit);
        // The first four characters count last, and 98 minus the remainder gives the check digits (ISO 7064).
        let rotated = bytes.iter().skip(4).chain(bytes.iter().take(4)).copied();
        if (15..=34).contains(&bytes.len())
            && country
            && digits
            && possible(bytes.iter().skip(2).take(2))
            && modulo_97(rotated) == Some(1)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(CodeError::new(text, EXPECTED))
        }
    }
}

impl fmt::Display for Iban {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        for good in
            ["GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"]
        {
            assert_eq!(good.parse::<Iban>().unwrap().as_str(), good);
        }
        for bad in [
            "GB82WEST12345698765433",
            "GB82 WEST 1234 5698 7654 32",
            "gb82west12345698765432",
            "GB82",
            "",
            "1282WEST12345698765432",
        ] {
            assert!(bad.parse::<Iban>().is_err(), "{bad}");
        }
    }
}
