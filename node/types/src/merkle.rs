//! The tree over a block's receipts, and over the outcomes of one instruction's credits.
//!
//! Leaves stand in order; a level's odd last node moves up unhashed, as in RFC 6962, section 2.1. Leaves and inner nodes
//! are hashed in different domains, so that neither is ever taken for the other. A proof names position and count, so
//! that the place of a leaf is proven with the leaf.

use crate::bounded::Bounded;
use crate::hash::{Domain, Hash32, Messages, block_of};
use crate::limits::MERKLE_PATH_MAX;
use serde::{Deserialize, Serialize};

/// Hash of the leaf that a value is: of its canonical bytes, filled up.
pub fn leaf<T: Serialize>(value: &T) -> Hash32 {
    Domain::ReceiptLeaf.hash_value(value)
}

/// Hashes of the leaves of some values, in order.
pub fn leaves<'v, T: Serialize + 'v>(values: impl IntoIterator<Item = &'v T>) -> Vec<Hash32> {
    let values = values.into_iter();
    let mut messages = Messages::new(Domain::ReceiptLeaf, values.size_hint().0);
    values.for_each(|value| messages.push(value));
    messages.hashes()
}

/// What closes a tree: without the count in the root, the second of two leaves and the third of three could be proven by one
/// path.
fn seal(count: usize, top: Hash32) -> (u64, Hash32) {
    (u64::try_from(count).unwrap_or(u64::MAX), top)
}

/// The root over leaf hashes and their number; zero for none.
pub fn root(leaves: &[Hash32]) -> Hash32 {
    top(leaves).map_or(Hash32::ZERO, |top| Domain::ReceiptRoot.hash_value(&seal(leaves.len(), top)))
}

/// The roots of many trees, each equal to [`root`] of its leaves.
pub fn roots<'l>(trees: impl Iterator<Item = &'l [Hash32]>) -> Vec<Hash32> {
    let mut messages = Messages::new(Domain::ReceiptRoot, trees.size_hint().0);
    let mut is_empty = Vec::with_capacity(trees.size_hint().0);
    for leaves in trees {
        let top = top(leaves);
        is_empty.push(top.is_none());
        messages.push(&seal(leaves.len(), top.unwrap_or(Hash32::ZERO)));
    }
    let root = |(hash, is_empty): (Hash32, bool)| if is_empty { Hash32::ZERO } else { hash };
    messages.hashes().into_iter().zip(is_empty).map(root).collect()
}

/// The node above all leaves.
fn top(leaves: &[Hash32]) -> Option<Hash32> {
    if leaves.len() < 2 {
        return leaves.first().copied();
    }
    let mut level = above(leaves);
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied()
}

fn above(level: &[Hash32]) -> Vec<Hash32> {
    let (pairs, odd) = level.as_chunks::<2>();
    let blocks: Vec<[u8; 64]> = pairs.iter().map(|[left, right]| block_of(left, right)).collect();
    let mut next = Vec::with_capacity(pairs.len() + 1);
    Domain::ReceiptNode.hash_blocks(&blocks, &mut next);
    next.extend_from_slice(odd);
    next
}

/// Proves that a leaf stands at a position among so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MerklePath {
    /// Position of the leaf.
    pub position: u32,
    /// Number of leaves.
    pub count: u32,
    /// Siblings from the leaf upwards.
    pub siblings: Bounded<Hash32, MERKLE_PATH_MAX>,
}

/// The path of a leaf; `None` when there is no such position.
pub fn path(leaves: &[Hash32], position: usize) -> Option<MerklePath> {
    leaves.get(position)?;
    let mut siblings = Vec::new();
    let mut level = leaves.to_vec();
    let mut place = position;
    while level.len() > 1 {
        siblings.extend(level.get(place ^ 1));
        level = above(&level);
        place /= 2;
    }
    Some(MerklePath {
        position: u32::try_from(position).ok()?,
        count: u32::try_from(leaves.len()).ok()?,
        siblings: Bounded::new(siblings).ok()?,
    })
}

impl MerklePath {
    /// The root that the leaf and this path lead to; `None` when the path does not fit position and count.
    pub fn root(&self, leaf: Hash32) -> Option<Hash32> {
        if self.position >= self.count {
            return None;
        }
        let mut siblings = self.siblings.iter();
        let (mut hash, mut place, mut count) = (leaf, self.position, self.count);
        while count > 1 {
            if place % 2 == 1 {
                hash = Domain::ReceiptNode.hash_pair(siblings.next()?, &hash);
            } else if place + 1 < count {
                hash = Domain::ReceiptNode.hash_pair(&hash, siblings.next()?);
            }
            place /= 2;
            count = count.div_ceil(2);
        }
        siblings.next().is_none().then(|| Domain::ReceiptRoot.hash_value(&(u64::from(self.count), hash)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(count: usize) -> Vec<Hash32> {
        (0..count).map(|n| leaf(&n.to_le_bytes())).collect()
    }

    #[test]
    fn each_leaf_is_proven_at_its_place_only() {
        for count in 1..40 {
            let leaves = hashes(count);
            let root = root(&leaves);
            assert_eq!(
                roots([&leaves[..], &[], &leaves[..1]].into_iter()),
                [root, Hash32::ZERO, self::root(&leaves[..1])]
            );
            for position in 0..count {
                let path = path(&leaves, position).unwrap();
                assert_eq!(path.root(leaves[position]), Some(root), "{position} of {count}");
                for other in (0..count).filter(|other| *other != position) {
                    assert_ne!(path.root(leaves[other]), Some(root));
                    let moved = MerklePath { position: other as u32, ..path.clone() };
                    assert_ne!(moved.root(leaves[position]), Some(root), "{position} as {other} of {count}");
                }
                for (other, of) in (1..50).flat_map(|of| (0..of).map(move |other| (other, of))) {
                    let claimed = MerklePath { position: other, count: of, ..path.clone() };
                    let same = (other as usize, of as usize) == (position, count);
                    assert_eq!(
                        claimed.root(leaves[position]) == Some(root),
                        same,
                        "{position} of {count} as {other} of {of}"
                    );
                }
            }
            assert_eq!(path(&leaves, count), None);
        }
    }

    #[test]
    fn surplus_or_missing_siblings_are_refused() {
        let leaves = hashes(5);
        let good = path(&leaves, 2).unwrap();
        let mut longer = good.clone();
        longer.siblings.push(Hash32::ZERO).unwrap();
        assert_eq!(longer.root(leaves[2]), None);
        let shorter = MerklePath { siblings: good.siblings[..2].to_vec().try_into().unwrap(), ..good };
        assert_eq!(shorter.root(leaves[2]), None);
        assert_eq!(root(&[]), Hash32::ZERO);
    }
}
