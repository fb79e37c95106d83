//! What a request is signed with: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over its id, its time and its body, joined by
//! dots.
//!
//! Neither an id nor a time has a dot in it, so that no two requests are signed over the same bytes.

use crate::endpoint::SECRET_BYTES_MIN;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::Duration;
use thiserror::Error;

/// Names the events of a request: the first number and the last, joined by a hyphen. It is the same in every
/// repetition.
pub const ID_HEADER: &str = "seaway-webhook-id";
/// When the request was sent, in Unix seconds. A repetition has its own.
pub const TIMESTAMP_HEADER: &str = "seaway-timestamp";
/// The signatures, one for each secret of the endpoint: `v1=` and 64 hexadecimal digits, joined by commas.
pub const SIGNATURE_HEADER: &str = "seaway-signature";
/// In an answer: the last number that the receiver has taken. It need not be there.
pub const RECEIVED_HEADER: &str = "seaway-received";

/// What stands before a tag of this kind. A receiver passes over kinds that it does not know.
const KIND: &str = "v1=";
/// More signatures than this are not looked at.
const SIGNATURES_MAX: usize = 8;

/// A request as its receiver has it: three headers and the body, byte for byte.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// [`ID_HEADER`].
    pub id: &'a str,
    /// [`TIMESTAMP_HEADER`].
    pub timestamp: &'a str,
    /// [`SIGNATURE_HEADER`].
    pub signature: &'a str,
    /// The body, before anything has parsed it.
    pub body: &'a [u8],
}

/// Why a request is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The receiver's own secret is none.
    #[error("the secret has {length} bytes; 32 or more are expected")]
    Secret {
        /// Its length in bytes.
        length: usize,
    },
    /// A header that is not of this protocol.
    #[error("{header}: not as it is sent")]
    Header {
        /// The header.
        header: &'static str,
    },
    /// It was sent too long ago, or is ahead of the receiver's clock: a replay, or a wrong clock.
    #[error("sent at {timestamp}, and it is {now}")]
    Stale {
        /// When it was sent, in Unix seconds.
        timestamp: u64,
        /// The receiver's clock, in Unix seconds.
        now: u64,
    },
    /// No signature fits: another secret, or the request was changed.
    #[error("no signature fits this secret and this body")]
    Mismatch,
}

/// One item of [`SIGNATURE_HEADER`]: what a secret makes of an id, a time and a body.
pub fn signature(secret: &[u8], id: &str, timestamp: u64, body: &[u8]) -> String {
    let tag = mac(secret, id, &timestamp.to_string(), body).map(|mac| mac.finalize().into_bytes());
    // HMAC takes keys of every length. Were it otherwise, nothing would be signed, and nobody would accept that.
    tag.map(|tag| format!("{KIND}{}", hex::encode(tag))).unwrap_or_default()
}

/// Whether a request was signed with a secret, and not long ago: the receiver's side. `now` is the receiver's clock
/// in Unix seconds; five minutes are a good tolerance. Tags are compared in constant time. A receiver then still
/// passes over the events whose numbers it has taken before.
pub fn verify(secret: &[u8], signed: &Signed<'_>, now: u64, tolerance: Duration) -> Result<(), SignatureError> {
    if secret.len() < SECRET_BYTES_MIN {
        return Err(SignatureError::Secret { length: secret.len() });
    }
    if signed.id.is_empty() || !signed.id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err(SignatureError::Header { header: ID_HEADER });
    }
    let timestamp = signed.timestamp.parse::<u64>().ok().filter(|_| !signed.timestamp.starts_with('+'));
    let timestamp = timestamp.ok_or(SignatureError::Header { header: TIMESTAMP_HEADER })?;
    if timestamp.abs_diff(now) > tolerance.as_secs() {
        return Err(SignatureError::Stale { timestamp, now });
    }
    let fits = |item: &str| {
        let tag = item.trim().strip_prefix(KIND).and_then(|digits| hex::decode(digits).ok());
        let mac = mac(secret, signed.id, signed.timestamp, signed.body);
        tag.zip(mac).is_some_and(|(tag, mac)| mac.verify_slice(&tag).is_ok())
    };
    let found = signed.signature.split(',').take(SIGNATURES_MAX).any(fits);
    if found { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn mac(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"first":1,"last":2}"#;
    const TAG: &str = "v1=a47d8aeda36621050d7351bdb7680ae5a45c6bf20faf76d5a221f5464f7de042";
    const OF_OTHER: &str = "v1=7cc284840ee51c012b9b6221a12ecd538a368dcff1cb17214587772bab9bb176";
    const NOW: u64 = 1_700_000_000;

    fn secret() -> Vec<u8> {
        (0..32).collect()
    }

    fn verified(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Result<(), SignatureError> {
        verify(&secret(), &Signed { id, timestamp, signature, body }, NOW, Duration::from_secs(300))
    }

    /// The tags are of Python's `hmac`.
    #[test]
    fn the_tags_are_frozen() {
        assert_eq!(signature(&secret(), "1-2", NOW, BODY), TAG);
        assert_eq!(signature(&[b'k'; 40], "1-2", NOW, BODY), OF_OTHER);
    }

    #[test]
    fn any_signature_may_fit() {
        assert_eq!(verified("1-2", "1700000000", TAG, BODY), Ok(()));
        assert_eq!(verified("1-2", "1700000000", &format!("{OF_OTHER},{TAG}"), BODY), Ok(()));
        assert_eq!(verified("1-2", "1700000000", &format!("v2=future, {TAG}"), BODY), Ok(()));
        assert_eq!(verified("1-2", "1700000000", OF_OTHER, BODY), Err(SignatureError::Mismatch));
    }

    #[test]
    fn whatever_is_changed_is_seen() {
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(verified("1-3", "1700000000", TAG, BODY), mismatch);
        assert_eq!(verified("1-2", "1700000001", TAG, BODY), mismatch);
        assert_eq!(verified("1-2", "1700000000", TAG, br#"{"first":1,"last":3}"#), mismatch);
        assert_eq!(verified("1-2", "1700000000", &TAG[..TAG.len() - 2], BODY), mismatch, "a shortened tag");
        assert_eq!(verified("1-2", "1700000000", &TAG[KIND.len()..], BODY), mismatch, "a tag of no kind");
        assert_eq!(verified("1-2", "1700000000", "", BODY), mismatch);
        let late = SignatureError::Stale { timestamp: NOW - 301, now: NOW };
        assert_eq!(verified("1-2", "1699999699", TAG, BODY), Err(late));
        assert!(matches!(verified("1-2", "1700000301", TAG, BODY), Err(SignatureError::Stale { .. })));
        for timestamp in ["", "soon", "+1700000000", "-1"] {
            let header = SignatureError::Header { header: TIMESTAMP_HEADER };
            assert_eq!(verified("1-2", timestamp, TAG, BODY), Err(header), "{timestamp}");
        }
        assert_eq!(verified("1-2.1", "1700000000", TAG, BODY), Err(SignatureError::Header { header: ID_HEADER }));
    }

    #[test]
    fn an_empty_secret_accepts_nothing() {
        let forged = signature(b"", "1-2", NOW, BODY);
        let signed = Signed { id: "1-2", timestamp: "1700000000", signature: &forged, body: BODY };
        let accepted = verify(b"", &signed, NOW, Duration::from_secs(300));
        assert_eq!(accepted, Err(SignatureError::Secret { length: 0 }));
    }
}
