//! Many signatures at once.
//!
//! `[8](Σ zᵢsᵢ B − Σ zᵢRᵢ − Σ zᵢkᵢAᵢ) = 0` with random 128-bit zᵢ holds for a batch of valid signatures always, and for a
//! batch with an invalid one with probability 2⁻¹²⁸. The coefficients come from a BLAKE3 stream over the whole batch, so
//! that nobody can choose signatures to fit them and no random source is needed. Terms of one key are added up before the
//! multiplication: a batch in which a bank signs often costs little more than half.

use super::known::KnownKeys;
use super::single::{Terms, terms, verify};
use super::{Evidence, SignatureCheck};
use crate::hash::Domain;
use crate::keys::PublicKey;
use crate::mutant::{Mutant, seeded};
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use std::collections::BTreeMap;

/// Whether all signatures are valid. True for none at all.
pub fn verify_batch(checks: &[SignatureCheck]) -> bool {
    verify_batch_knowing(checks, &mut KnownKeys::default())
}

/// The same, with keys that were decompressed before.
pub fn verify_batch_knowing(checks: &[SignatureCheck], keys: &mut KnownKeys) -> bool {
    if let [only] = checks {
        return verify(only);
    }
    let half = checks.len() / 2;
    let checks = if seeded(Mutant::HalfTheSignatures) { checks.get(..half).unwrap_or(checks) } else { checks };
    let Some(all) = checks.iter().map(terms).collect::<Option<Vec<Terms>>>() else {
        return false;
    };
    let mut stream = {
        let mut hasher = Domain::BatchCoefficients.hasher();
        for check in checks {
            let (PublicKey::Ed25519(key), Evidence::Ed25519(signature)) = (&check.entry.key, &check.entry.evidence);
            hasher.update(key).update(&signature.0).update(&check.message);
        }
        hasher.finalize_xof()
    };
    let mut base = Scalar::ZERO;
    let mut of_key: BTreeMap<[u8; 32], Scalar> = BTreeMap::new();
    let mut scalars = Vec::with_capacity(2 * all.len() + 1);
    let mut points: Vec<EdwardsPoint> = Vec::with_capacity(2 * all.len() + 1);
    for part in &all {
        let mut random = [0; 16];
        stream.fill(&mut random);
        let coefficient = Scalar::from(u128::from_le_bytes(random));
        base += coefficient * part.response;
        *of_key.entry(part.key.0).or_insert(Scalar::ZERO) += coefficient * part.challenge;
        scalars.push(-coefficient);
        points.push(part.commitment);
    }
    for (key, sum) in of_key {
        let Some(key) = keys.point(&key) else {
            return false;
        };
        scalars.push(-sum);
        points.push(key);
    }
    scalars.push(base);
    points.push(ED25519_BASEPOINT_POINT);
    EdwardsPoint::vartime_multiscalar_mul(&scalars, &points).mul_by_cofactor().is_identity()
}

/// The positions of the invalid signatures, found by halving a failed batch: cheap while bad ones are few.
pub fn failed_in(checks: &[SignatureCheck]) -> Vec<usize> {
    fn search(checks: &[SignatureCheck], offset: usize, failed: &mut Vec<usize>) {
        if verify_batch(checks) {
            return;
        }
        if checks.len() == 1 {
            failed.push(offset);
            return;
        }
        let middle = checks.len() / 2;
        let (left, right) = checks.split_at(middle);
        search(left, offset, failed);
        search(right, offset + middle, failed);
    }
    let mut failed = Vec::new();
    search(checks, 0, &mut failed);
    failed
}
