//! BIC, the business identifier code of an institution (ISO 9362:2022).

use crate::text::{CodeError, code_bytes};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str =
    "a BIC of 8 or 11 characters: 4 letters or digits, 2 letters for the country, 2 and 3 letters or digits";

fn is_bic(bytes: &[u8; 11]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    bytes.iter().all(plain) && bytes.iter().skip(4).take(2).all(u8::is_ascii_uppercase)
}

code_bytes! {
    /// A BIC. The form of 8 characters names the head office, whose branch code is `XXX`: both are the same institution
    /// and one value here, written with 8 characters.
    Bic, 11, is_bic, "a BIC of 8 or 11 characters"
}

impl Bic {
    /// The country in the BIC, two letters.
    pub fn country(&self) -> &str {
        self.as_str().get(4..6).unwrap_or("")
    }
}

impl fmt::Display for Bic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        out.write_str(text.strip_suffix("XXX").unwrap_or(text))
    }
}

impl FromStr for Bic {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refused = || CodeError::new(text, EXPECTED);
        let mut bytes = *b"???????????";
        match text.len() {
            8 => {
                let (party, branch) = bytes.split_at_mut(8);
                party.copy_from_slice(text.as_bytes());
                branch.copy_from_slice(b"XXX");
            }
            11 => bytes.copy_from_slice(text.as_bytes()),
            _ => return Err(refused()),
        }
        Self::new(bytes).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_and_eleven_name_one_head_office() {
        let head: Bic = "HARBHKHH".parse().unwrap();
        assert_eq!(head, "HARBHKHHXXX".parse().unwrap());
        assert_eq!(head.to_string(), "HARBHKHH");
        assert_eq!(head.country(), "HK");
        assert_eq!("HARBHKHH001".parse::<Bic>().unwrap().to_string(), "HARBHKHH001");
        for bad in ["", "HARBHKH", "HARBHKHHX", "harbhkhh", "HARB12HH", "HARBHKHHXX-", "HÄRBHKH"] {
            assert!(bad.parse::<Bic>().is_err(), "{bad}");
        }
    }
}
