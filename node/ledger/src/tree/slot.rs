//! The leaves of a slot: sorted by their keys, without inner nodes.

use seaway_types::hash::{Domain, Hash32, block_of};
use seaway_types::proof::{PathEnd, bit};

/// A leaf: its key and the hash of its value, side by side, so that it is a block to hash as it stands. Its own
/// hash is made anew when its slot changes, which costs less than the memory to keep it.
pub(super) type Leaf = [u8; 64];

pub(super) fn leaf(key: &Hash32, value: &Hash32) -> Leaf {
    block_of(key, value)
}

pub(super) fn key_of(leaf: &Leaf) -> &[u8; 32] {
    leaf.first_chunk().unwrap_or(&[0; 32])
}

pub(super) fn value_of(leaf: &Leaf) -> &[u8; 32] {
    leaf.last_chunk().unwrap_or(&[0; 32])
}

/// The first bits of a key as a number.
pub(super) fn head(key: &[u8; 32]) -> u64 {
    u64::from_be_bytes(*key.first_chunk().unwrap_or(&[0; 8]))
}

/// Compares two keys. Their heads nearly always differ, and a number compares faster than a slice.
pub(super) fn compare(a: &[u8; 32], b: &[u8; 32]) -> std::cmp::Ordering {
    head(a).cmp(&head(b)).then_with(|| a.cmp(b))
}

/// The bit of a leaf's key that decides at a depth.
pub(super) fn side(leaf: &Leaf, depth: usize) -> bool {
    leaf.get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
}

pub(super) fn end_at(leaf: &Leaf) -> PathEnd {
    PathEnd::Leaf(Hash32(*key_of(leaf)), Hash32(*value_of(leaf)))
}

/// A slot's leaves after its changes, handed out one by one: both lists are sorted, and a change stands for the leaf of its key, or
/// for none where its value is zero. Tells `place` for each change where the leaf of its key stands before, and says whether
/// leaves come or go.
pub(super) fn merge<'l>(
    before: &'l [Leaf],
    changes: &'l [Leaf],
    mut leaf: impl FnMut(&'l Leaf),
    mut place: impl FnMut(Option<usize>),
) -> bool {
    let mut comes_or_goes = false;
    let mut old = before.iter().enumerate().peekable();
    for change in changes {
        while let Some((_, stays)) = old.next_if(|(_, old)| compare(key_of(old), key_of(change)).is_lt()) {
            leaf(stays);
        }
        let present = old.next_if(|(_, old)| key_of(old) == key_of(change)).map(|(at, _)| at);
        place(present);
        let stays = *value_of(change) != [0; 32];
        comes_or_goes |= present.is_some() != stays;
        if stays {
            leaf(change);
        }
    }
    old.for_each(|(_, stays)| leaf(stays));
    comes_or_goes
}

/// Walks below the dense levels, where inner nodes are not kept: hashes siblings as it goes.
pub(super) fn descend(leaves: &[Leaf], key: &Hash32, depth: usize, siblings: &mut Vec<Hash32>) -> PathEnd {
    match leaves {
        [] => PathEnd::Empty,
        [only] => end_at(only),
        _ => {
            let middle = leaves.partition_point(|leaf| !side(leaf, depth));
            let (left, right) = leaves.split_at(middle);
            let (own, other) = if bit(key, depth) { (right, left) } else { (left, right) };
            siblings.push(subtree_root(other, depth + 1));
            descend(own, key, depth + 1, siblings)
        }
    }
}

/// The root of a few leaves that share `depth` bits: the plain definition, one hash at a time.
pub(super) fn subtree_root(leaves: &[Leaf], depth: usize) -> Hash32 {
    match leaves {
        [] => Hash32::ZERO,
        [only] => Domain::StateLeaf.hash(only),
        _ => {
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !side(leaf, depth)));
            let (left, right) = (subtree_root(left, depth + 1), subtree_root(right, depth + 1));
            Domain::StateNode.hash_pair(&left, &right)
        }
    }
}
