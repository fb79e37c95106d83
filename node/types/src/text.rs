//! Short texts of bounded length, held in place.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// One to `MAX` printable ASCII characters, neither beginning nor ending with a space: an identifier of a message such
/// as `Max35Text`. `MAX` is at most 255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortText<const MAX: usize> {
    bytes: [u8; MAX],
    length: u8,
}

/// ISO 20022 `Max35Text`, as end-to-end ids and external references are.
pub type Text35 = ShortText<{ crate::limits::TEXT_35 }>;

/// A text that is empty, too long, or has characters outside the set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{given}' is refused: expected 1 to {length_max} printable ASCII characters without spaces at the ends")]
pub struct TextError {
    /// What was given, cut to 80 characters.
    pub given: String,
    /// The bound in characters.
    pub length_max: usize,
}

impl<const MAX: usize> ShortText<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        let used = self.bytes.get(..usize::from(self.length)).unwrap_or(&[]);
        std::str::from_utf8(used).unwrap_or("")
    }
}

impl<const MAX: usize> FromStr for ShortText<MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        const { assert!(MAX <= 255) };
        let legal = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let trimmed = !text.starts_with(' ') && !text.ends_with(' ');
        match u8::try_from(text.len()) {
            Ok(length) if (1..=MAX).contains(&text.len()) && legal && trimmed => {
                let mut bytes = [0; MAX];
                for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
                    *place = byte;
                }
                Ok(Self { bytes, length })
            }
            _ => Err(TextError { given: text.chars().take(80).collect(), length_max: MAX }),
        }
    }
}

impl<const MAX: usize> fmt::Display for ShortText<MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl<const MAX: usize> fmt::Debug for ShortText<MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.as_str())
    }
}

impl<const MAX: usize> Serialize for ShortText<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for ShortText<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const MAX: usize>;
        impl<const MAX: usize> de::Visitor<'_> for Reader<MAX> {
            type Value = ShortText<MAX>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a text of 1 to {MAX} printable ASCII characters")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// Reads bytes as the codes below write them: in wide numbers while they fit, then one by one.
pub(crate) fn read_wide<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    struct Reader<const N: usize>;
    impl<'de, const N: usize> de::Visitor<'de> for Reader<N> {
        type Value = [u8; N];

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "{N} characters")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut parts: A) -> Result<[u8; N], A::Error> {
            let mut bytes = [0; N];
            let (words, rest) = bytes.as_chunks_mut::<8>();
            let short = || de::Error::invalid_length(0, &self);
            for word in words {
                *word = parts.next_element::<u64>()?.ok_or_else(short)?.to_le_bytes();
            }
            for byte in rest {
                *byte = parts.next_element()?.ok_or_else(short)?;
            }
            Ok(bytes)
        }
    }
    deserializer.deserialize_tuple(N / 8 + N % 8, Reader::<N>)
}

/// Declares a fixed-length code of upper-case letters and digits whose canonical form is its bytes.
macro_rules! code_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal, $check:path, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Checks the characters and the rule of the code.
            pub fn new(bytes: [u8; $length]) -> Result<Self, $crate::text::CodeError> {
                if $check(&bytes) {
                    Ok(Self(bytes))
                } else {
                    Err($crate::text::CodeError::new(&String::from_utf8_lossy(&bytes), $expected))
                }
            }

            /// The characters.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or("")
            }

            /// The characters, each a byte.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{self}")
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                // Written as wide little-endian integers where they fit: the same bytes as one by one, in fewer calls.
                use serde::ser::SerializeTuple;
                let (words, rest) = self.0.as_chunks::<8>();
                let mut tuple = serializer.serialize_tuple(words.len() + rest.len())?;
                for word in words {
                    tuple.serialize_element(&u64::from_le_bytes(*word))?;
                }
                for byte in rest {
                    tuple.serialize_element(byte)?;
                }
                tuple.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                } else {
                    Self::new($crate::text::read_wide(deserializer)?).map_err(serde::de::Error::custom)
                }
            }
        }
    };
}
pub(crate) use code_bytes;

/// Declares the plain text form of a code: exactly its characters.
macro_rules! code_text {
    ($name:ident, $length:literal, $expected:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::CodeError;

            fn from_str(text: &str) -> Result<Self, $crate::text::CodeError> {
                <[u8; $length]>::try_from(text.as_bytes())
                    .map_err(|_| $crate::text::CodeError::new(text, $expected))
                    .and_then(Self::new)
            }
        }
    };
}
pub(crate) use code_text;

/// A text that is no code of the kind expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{given}' is refused: expected {expected}")]
pub struct CodeError {
    /// What was given, cut to 60 characters.
    pub given: String,
    /// What was expected.
    pub expected: &'static str,
}

impl CodeError {
    pub(crate) fn new(given: &str, expected: &'static str) -> Self {
        Self { given: given.chars().take(60).collect(), expected }
    }
}

fn is_country(bytes: &[u8; 2]) -> bool {
    bytes.iter().all(u8::is_ascii_uppercase)
}

code_bytes! {
    /// A jurisdiction: ISO 3166-1 alpha-2 country code.
    Country, 2, is_country, "an ISO 3166 country code of two capitals, as in HK"
}
code_text!(Country, 2, "an ISO 3166 country code of two capitals, as in HK");

fn is_purpose(bytes: &[u8; 4]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

code_bytes! {
    /// A purpose code of ISO 20022's external code list (`ExternalPurpose1Code`), four characters.
    Purpose, 4, is_purpose, "a purpose code of four capitals or digits, as in GDDS"
}
code_text!(Purpose, 4, "a purpose code of four capitals or digits, as in GDDS");
