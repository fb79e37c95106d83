//! Keys and key policies: who may sign.

use crate::limits::POLICY_KEYS_MAX;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smallvec::SmallVec;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A public key. An enum from the first day, so that a new kind of key breaks no bytes: the tag comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PublicKey {
    /// An Ed25519 key, 32 bytes (RFC 8032). Validity of a signature is defined by ZIP-215, see [`crate::signature`].
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// Whether the key may stand in a policy. A key that is no point verifies nothing, and for one of small order anyone
    /// can make a signature that ZIP-215 takes: neither belongs to anybody.
    pub fn is_usable(&self) -> bool {
        match self {
            Self::Ed25519(bytes) => {
                let point = curve25519_dalek::edwards::CompressedEdwardsY(*bytes).decompress();
                point.is_some_and(|point| !point.is_small_order())
            }
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519(bytes) => write!(out, "ed25519:{}", hex::encode(bytes)),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut bytes = [0; 32];
        let digits =
            text.strip_prefix("ed25519:").filter(|digits| !digits.bytes().any(|byte| byte.is_ascii_uppercase()));
        match digits.map(|digits| hex::decode_to_slice(digits, &mut bytes)) {
            Some(Ok(())) => Ok(Self::Ed25519(bytes)),
            _ => Err(format!(
                "'{}' is no public key: expected ed25519: and 64 lower-case hexadecimal digits",
                text.chars().take(80).collect::<String>()
            )),
        }
    }
}

/// The canonical form of a key: a tag, then the key.
#[derive(Serialize, Deserialize)]
enum KeyForm {
    Ed25519(crate::hash::Hash32),
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        match self {
            Self::Ed25519(bytes) => KeyForm::Ed25519(crate::hash::Hash32(*bytes)).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        KeyForm::deserialize(deserializer).map(|KeyForm::Ed25519(bytes)| Self::Ed25519(bytes.0))
    }
}

/// A set of keys of which some must sign: `threshold` of `keys`.
///
/// Keys are sorted and none stands twice; 1 ≤ threshold ≤ keys ≤ 16.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyPolicy {
    threshold: u8,
    /// Nearly every policy holds one key, which then needs no allocation of its own.
    keys: SmallVec<[PublicKey; 1]>,
}

/// A policy that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a policy of {threshold} of {keys} keys is refused: expected 1 to {POLICY_KEYS_MAX} different keys in rising order, and a threshold from 1 to their number"
)]
pub struct PolicyError {
    /// Signatures asked for.
    pub threshold: u8,
    /// Keys given.
    pub keys: usize,
}

impl KeyPolicy {
    /// A policy of one key.
    pub fn single(key: PublicKey) -> Self {
        Self { threshold: 1, keys: SmallVec::from_buf([key]) }
    }

    /// A policy of some of several keys, in any order; none may stand twice.
    pub fn new(threshold: u8, keys: &[PublicKey]) -> Result<Self, PolicyError> {
        let mut sorted: SmallVec<[PublicKey; 1]> = keys.iter().copied().collect();
        sorted.sort_unstable();
        Self::of_sorted(threshold, sorted)
    }

    fn of_sorted(threshold: u8, keys: SmallVec<[PublicKey; 1]>) -> Result<Self, PolicyError> {
        let rising = keys.iter().zip(keys.iter().skip(1)).all(|(before, after)| before < after);
        if rising && keys.len() <= POLICY_KEYS_MAX && (1..=keys.len()).contains(&usize::from(threshold)) {
            Ok(Self { threshold, keys })
        } else {
            Err(PolicyError { threshold, keys: keys.len() })
        }
    }

    /// How many must sign.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The keys, sorted.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whether a key belongs to the policy.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    /// The first key that may not stand in a policy, see [`PublicKey::is_usable`].
    pub fn unusable_key(&self) -> Option<PublicKey> {
        self.keys.iter().copied().find(|key| !key.is_usable())
    }

    /// How many of the signers belong to the policy.
    pub fn count<'a>(&self, signers: impl IntoIterator<Item = &'a PublicKey>) -> usize {
        signers.into_iter().filter(|key| self.contains(key)).count()
    }
}

impl<'de> Deserialize<'de> for KeyPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Form {
            threshold: u8,
            keys: crate::bounded::Bounded<PublicKey, POLICY_KEYS_MAX>,
        }
        let form = Form::deserialize(deserializer)?;
        Self::of_sorted(form.threshold, SmallVec::from_slice(&form.keys)).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_sorted_and_possible() {
        let key = |n: u8| PublicKey::Ed25519([n; 32]);
        let policy = KeyPolicy::new(2, &[key(3), key(1), key(2)]).unwrap();
        assert_eq!(policy.keys(), [key(1), key(2), key(3)]);
        assert_eq!(policy.count(&[key(1), key(3), key(9)]), 2);
        assert!(KeyPolicy::new(0, &[key(1)]).is_err());
        assert!(KeyPolicy::new(2, &[key(1)]).is_err());
        assert!(KeyPolicy::new(1, &[]).is_err());
        assert!(KeyPolicy::new(1, &[key(1), key(1)]).is_err());
        let many: Vec<_> = (0..17).map(key).collect();
        assert!(KeyPolicy::new(1, &many).is_err());
        let unsorted = crate::codec::encode(&(1u8, vec![key(2), key(1)]));
        assert!(crate::codec::decode::<KeyPolicy>(&unsorted, 1000).is_err());
        let bytes = crate::codec::encode(&policy);
        assert_eq!(crate::codec::decode::<KeyPolicy>(&bytes, 1000), Ok(policy));
        assert_eq!(key(7).to_string().parse::<PublicKey>(), Ok(key(7)));
    }
}
