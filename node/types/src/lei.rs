//! LEI, the legal entity identifier (ISO 17442-1), and the check digits that it shares with the IBAN (ISO 7064, MOD 97-10).

use crate::text::{code_bytes, code_text};

/// The remainder modulo 97 of a text in which letters count as the numbers 10 to 35; `None` on other characters.
pub(crate) fn modulo_97(mut characters: impl Iterator<Item = u8>) -> Option<u32> {
    characters.try_fold(0u32, |rest, character| match character {
        b'0'..=b'9' => Some((rest * 10 + u32::from(character - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(character - b'A') + 10) % 97),
        _ => None,
    })
}

/// Check digits are 98 less a remainder, so 02 to 98; 00, 01 and 99 satisfy the sum but are never made.
pub(crate) fn possible<'a>(digits: impl Iterator<Item = &'a u8>) -> bool {
    let value = digits.fold(0u32, |value, digit| value * 10 + u32::from(digit.saturating_sub(b'0')));
    (2..=98).contains(&value)
}

fn is_lei(bytes: &[u8; 20]) -> bool {
    bytes.iter().skip(18).all(u8::is_ascii_digit)
        && possible(bytes.iter().skip(18))
        && modulo_97(bytes.iter().copied()) == Some(1)
}

code_bytes! {
    /// An LEI with valid check digits.
    Lei, 20, is_lei, "an LEI: 18 capitals or digits and 2 check digits"
}
code_text!(Lei, 20, "an LEI: 18 capitals or digits and 2 check digits");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        // The Global LEI Foundation's own, and one of a published example.
        assert!("506700GE1G29325QX363".parse::<Lei>().is_ok());
        assert!("5493001KJTIIGC8Y1R12".parse::<Lei>().is_ok());
        for bad in ["506700GE1G29325QX364", "506700GE1G29325QX36", "506700ge1g29325qx363", "", "506700GE1G29325QX3A3"]
        {
            assert!(bad.parse::<Lei>().is_err(), "{bad}");
        }
    }
}
