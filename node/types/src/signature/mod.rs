//! The one definition of a valid signature: the cofactored equation of ZIP-215, alone and in batches alike.
//!
//! `[8][s]B = [8]R + [8][k]A` with k = SHA-512(R ‖ A ‖ M) mod ℓ, where s must be canonical (below ℓ) and A and R may be any
//! encoding that decompresses, small-order and non-canonical ones included (ZIP-215, "Explicitly Defining and Modifying
//! Ed25519 Validation Rules"). Invariant: [`verify`] and [`verify_batch`] agree on every input. ed25519-dalek's own strict
//! and batch checks disagree on crafted input, and two validators that disagree about a signature split the network.

mod batch;
mod known;
mod single;
#[cfg(test)]
mod tests;

pub use batch::{failed_in, verify_batch, verify_batch_knowing};
pub use known::KnownKeys;
pub use single::verify;

use crate::identifier::hex_bytes;
use crate::keys::PublicKey;
use serde::{Deserialize, Serialize};

hex_bytes! {
    /// 64 bytes of an Ed25519 signature, R then s.
    Ed25519Signature, 64
}

/// What proves that a key signed. Tagged as [`PublicKey`] is; a passkey will bring more than 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Evidence {
    /// An Ed25519 signature.
    Ed25519(Ed25519Signature),
}

/// A key and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureEntry {
    /// The key that signed.
    pub key: PublicKey,
    /// Its signature.
    pub evidence: Evidence,
}

/// One curve check: did this key sign this message? Messages are 32-byte hashes of a domain of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignatureCheck {
    /// The key and its signature.
    pub entry: SignatureEntry,
    /// What was signed.
    pub message: [u8; 32],
}

/// Signs with an Ed25519 secret key, for clients, tools and tests. The ledger never does.
pub fn sign(secret: &[u8; 32], message: &[u8; 32]) -> SignatureEntry {
    use ed25519_dalek::Signer;
    let key = ed25519_dalek::SigningKey::from_bytes(secret);
    SignatureEntry {
        key: PublicKey::Ed25519(key.verifying_key().to_bytes()),
        evidence: Evidence::Ed25519(Ed25519Signature(key.sign(message).to_bytes())),
    }
}

/// The public key of an Ed25519 secret key.
pub fn public_key(secret: &[u8; 32]) -> PublicKey {
    PublicKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(secret).verifying_key().to_bytes())
}
