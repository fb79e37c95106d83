//! One signature.

use super::{Evidence, SignatureCheck};
use crate::keys::PublicKey;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

/// A signature taken apart: the terms of the equation. The key is still compressed, because a batch meets the same key
/// often and opens it once.
pub(super) struct Terms {
    /// R, opened.
    pub commitment: EdwardsPoint,
    /// s.
    pub response: Scalar,
    /// k = SHA-512(R ‖ A ‖ M).
    pub challenge: Scalar,
    /// A.
    pub key: CompressedEdwardsY,
}

/// The terms of a check, or `None` when s is not canonical or R is no point.
pub(super) fn terms(check: &SignatureCheck) -> Option<Terms> {
    let (PublicKey::Ed25519(key), Evidence::Ed25519(signature)) = (&check.entry.key, &check.entry.evidence);
    let (commitment, response) = signature.0.split_first_chunk::<32>()?;
    let response = Option::from(Scalar::from_canonical_bytes(response.try_into().ok()?))?;
    let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(check.message).finalize();
    Some(Terms {
        commitment: CompressedEdwardsY(*commitment).decompress()?,
        response,
        challenge: Scalar::from_bytes_mod_order_wide(&hash.into()),
        key: CompressedEdwardsY(*key),
    })
}

/// Whether the signature is valid.
pub fn verify(check: &SignatureCheck) -> bool {
    let Some(terms) = terms(check) else {
        return false;
    };
    let Some(key) = terms.key.decompress() else {
        return false;
    };
    let difference = EdwardsPoint::vartime_double_scalar_mul_basepoint(&terms.challenge, &-key, &terms.response)
        - terms.commitment;
    difference.mul_by_cofactor().is_identity()
}
