//! Sealed boxes, as libsodium's `crypto_box_seal` makes them: X25519 with a key drawn for each box, XSalsa20 and Poly1305.
//!
//! A node has one key, its Ed25519 identity, which stands on the ledger. It signs with that key and opens with the X25519 key that follows
//! from it, as libsodium's `crypto_sign_ed25519_pk_to_curve25519` has it. That the two uses do not weaken each other is shown in "On using
//! the same key pair for Ed25519 and an X25519 based KEM" (Thormarker, ePrint 2021/509).

use crypto_box::SEALBYTES;
use crypto_box::aead::OsRng;
use ed25519_dalek::{SigningKey, VerifyingKey};
use seaway_types::codec::CodecError;
use seaway_types::keys::PublicKey;
use seaway_types::limits::{PARTY_BUNDLE_BYTES_MAX, PARTY_BUNDLE_MAX, PARTY_SEALED_BYTES_MAX};
use thiserror::Error;
use zeroize::Zeroizing;

const _: () = assert!(PARTY_BUNDLE_BYTES_MAX + SEALBYTES == PARTY_SEALED_BYTES_MAX);

/// Why something is not sealed or not opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// A key that is no point, or one of small order: what is sealed to it could be read by everybody.
    #[error("nothing can be sealed to {key}")]
    Key {
        /// The key.
        key: PublicKey,
    },
    /// Too long.
    #[error("{length} bytes are more than the {length_max} allowed here")]
    TooLong {
        /// Length in bytes.
        length: usize,
        /// The bound in bytes.
        length_max: usize,
    },
    /// Too many at once.
    #[error("party data of {count} payments is more than the {PARTY_BUNDLE_MAX} allowed in one bundle")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// It does not open.
    #[error("it is sealed to another key, or was changed")]
    Closed,
    /// What was in it cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// Seals bytes so that only the holder of a key can open them.
pub fn seal(bytes: &[u8], to: &PublicKey) -> Result<Vec<u8>, SealError> {
    if bytes.len() > PARTY_BUNDLE_BYTES_MAX {
        return Err(SealError::TooLong { length: bytes.len(), length_max: PARTY_BUNDLE_BYTES_MAX });
    }
    let key = exchange_key(to).ok_or(SealError::Key { key: *to })?;
    // It fails for no bytes within the bound.
    key.seal(&mut OsRng, bytes).map_err(|_| SealError::Closed)
}

/// Opens what was sealed to the key of this Ed25519 secret.
pub fn open(sealed: &[u8], identity: &[u8; 32]) -> Result<Vec<u8>, SealError> {
    if sealed.len() > PARTY_SEALED_BYTES_MAX {
        return Err(SealError::TooLong { length: sealed.len(), length_max: PARTY_SEALED_BYTES_MAX });
    }
    if sealed.len() < SEALBYTES {
        return Err(SealError::Closed);
    }
    let secret = Zeroizing::new(SigningKey::from_bytes(identity).to_scalar_bytes());
    crypto_box::SecretKey::from_bytes(*secret).unseal(sealed).map_err(|_| SealError::Closed)
}

/// The X25519 key of an identity key, if it belongs to anybody.
fn exchange_key(key: &PublicKey) -> Option<crypto_box::PublicKey> {
    let PublicKey::Ed25519(bytes) = key else { return None };
    let point = VerifyingKey::from_bytes(bytes).ok().filter(|_| key.is_usable())?;
    Some(crypto_box::PublicKey::from_bytes(point.to_montgomery().to_bytes()))
}
