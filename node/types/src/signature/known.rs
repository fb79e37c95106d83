//! Public keys that were decompressed before: a fifth of the time of a signature check, and banks and merchants sign again.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use std::collections::BTreeMap;

/// Keys in one generation: some 200 bytes each.
const GENERATION_MAX: usize = 4_096;

/// Decompressed keys, in two generations, so that what is old goes at once and nothing is looked through. What it holds
/// changes how long a check takes, never what it answers.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys {
    young: BTreeMap<[u8; 32], EdwardsPoint>,
    old: BTreeMap<[u8; 32], EdwardsPoint>,
}

impl KnownKeys {
    /// The point of an encoding; `None` when it is none.
    pub(super) fn point(&mut self, key: &[u8; 32]) -> Option<EdwardsPoint> {
        if let Some(point) = self.young.get(key) {
            return Some(*point);
        }
        let point = match self.old.get(key) {
            Some(point) => *point,
            None => CompressedEdwardsY(*key).decompress()?,
        };
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(*key, point);
        Some(point)
    }
}
