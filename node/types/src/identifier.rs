//! Fixed-size identifiers. In canonical bytes each is its bytes and nothing else; in JSON it is lower-case hexadecimal.

/// Declares a newtype over a byte array with hex text form and length-free canonical form.
macro_rules! hex_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{}({self})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let mut bytes = [0; $length];
                let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if lower => Ok(Self(bytes)),
                    _ => Err(format!(
                        "'{}' is no {}: expected {} lower-case hexadecimal digits",
                        text.chars().take(80).collect::<String>(), stringify!($name), 2 * $length
                    )),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    // Written as wide little-endian integers: the same bytes as one by one, in a fraction of the calls.
                    use serde::ser::SerializeTuple;
                    let (words, _) = self.0.as_chunks::<16>();
                    let mut tuple = serializer.serialize_tuple($length / 16)?;
                    for word in words {
                        tuple.serialize_element(&u128::from_le_bytes(*word))?;
                    }
                    tuple.end()
                }
            }
        }

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                // In wide words, and without a length that never differs.
                self.0.as_chunks::<16>().0.iter().for_each(|part| state.write_u128(u128::from_le_bytes(*part)));
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    const { assert!($length % 16 == 0) };
                    let words = <[u128; $length / 16]>::deserialize(deserializer)?;
                    let mut bytes = [0; $length];
                    for (part, word) in bytes.as_chunks_mut::<16>().0.iter_mut().zip(words) {
                        *part = word.to_le_bytes();
                    }
                    Ok(Self(bytes))
                }
            }
        }
    };
}
pub(crate) use hex_bytes;

hex_bytes! {
    /// Names an account: a hash keyed with a salt that its agent keeps, so that names and IBANs stay off the ledger.
    AccountId, 16
}

hex_bytes! {
    /// The agent's opaque id that joins the accounts of one holder, for limits.
    OwnerId, 16
}

hex_bytes! {
    /// The client's idempotency key: chosen by the submitter, unique for it for ever.
    InstructionKey, 16
}

hex_bytes! {
    /// Names a hold: derived from the instruction that reserved it and the leg's position.
    HoldId, 16
}

hex_bytes! {
    /// What is signed: the hash of an instruction's canonical bytes without signatures.
    Digest, 32
}

hex_bytes! {
    /// What blocks name: the hash of an instruction's canonical bytes with signatures.
    WireId, 32
}

impl AccountId {
    /// The id that an agent gives to its account `reference` (an IBAN, an internal number) under its secret `salt`.
    pub fn derive(salt: &[u8; 32], reference: &str) -> Self {
        let mut hasher = crate::hash::Domain::AccountId.hasher();
        hasher.update(salt).update(reference.as_bytes());
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }
}
