//! UETR, the unique end-to-end transaction reference: a UUID version 4 in lower case (ISO 20022 `UUIDv4Identifier`).
//!
//! It names a payment from the first agent to the last and is shared by the payment's returns and recalls. It is not an
//! idempotency key and not an internal id.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use thiserror::Error;
use uuid::{Uuid, Variant};

/// A checked UETR.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uetr([u8; 16]);

/// A text or bytes that are no UETR.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{given}' is no UETR: expected a UUID version 4 in lower case, as in 8a562c67-ca16-48ba-b074-65581be6f001")]
pub struct UetrError {
    /// What was given, cut to 60 characters.
    pub given: String,
}

impl Uetr {
    /// Checks version and variant of 16 bytes.
    pub fn new(bytes: [u8; 16]) -> Result<Self, UetrError> {
        let uuid = Uuid::from_bytes(bytes);
        if uuid.get_version_num() == 4 && uuid.get_variant() == Variant::RFC4122 {
            Ok(Self(bytes))
        } else {
            Err(UetrError { given: uuid.hyphenated().to_string() })
        }
    }

    /// Makes a UETR of 16 random bytes by setting the version and variant bits (RFC 9562, section 5.4).
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(random).into_uuid().into_bytes())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Hash for Uetr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // In one word, and without a length that never differs.
        state.write_u128(u128::from_le_bytes(self.0));
    }
}

impl fmt::Display for Uetr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", Uuid::from_bytes(self.0).hyphenated())
    }
}

impl fmt::Debug for Uetr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Uetr({self})")
    }
}

impl FromStr for Uetr {
    type Err = UetrError;

    fn from_str(text: &str) -> Result<Self, UetrError> {
        let refused = || UetrError { given: text.chars().take(60).collect() };
        let uetr =
            Uuid::try_parse(text).ok().and_then(|uuid| Self::new(uuid.into_bytes()).ok()).ok_or_else(refused)?;
        // `Uuid` also reads upper case, braces and missing hyphens; the standard has one form.
        if uetr.to_string() == text { Ok(uetr) } else { Err(refused()) }
    }
}

impl Serialize for Uetr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u128(u128::from_le_bytes(self.0))
        }
    }
}

impl<'de> Deserialize<'de> for Uetr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            Self::new(u128::deserialize(deserializer)?.to_le_bytes()).map_err(de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_version_four_in_lower_case_only() {
        let text = "8a562c67-ca16-48ba-b074-65581be6f001";
        assert_eq!(text.parse::<Uetr>().unwrap().to_string(), text);
        for bad in [
            "8A562C67-CA16-48BA-B074-65581BE6F001",
            "8a562c67ca1648bab07465581be6f001",
            "{8a562c67-ca16-48ba-b074-65581be6f001}",
            "8a562c67-ca16-18ba-b074-65581be6f001",
            "8a562c67-ca16-48ba-7074-65581be6f001",
            "00000000-0000-0000-0000-000000000000",
            "",
        ] {
            assert!(bad.parse::<Uetr>().is_err(), "{bad}");
        }
        assert!(Uetr::new([0; 16]).is_err());
        assert!(Uetr::new(*Uetr::from_random([0xff; 16]).as_bytes()).is_ok());
    }
}
