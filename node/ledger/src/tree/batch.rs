//! A block's changes to the tree, hashed many nodes at a time.

use super::dense::{Nodes, Room};
use super::forest::Forest;
use super::slot::{Leaf, compare, key_of, merge};
use super::{Kind, Node, Touched, Tree, TreeUpdate, slot_at};
use std::hint::black_box;

/// Changes that are worked out together: what they read lies in the second cache from its first use to its last. Few in tests,
/// so that a handful of changes lies in several subtrees.
const TOGETHER: usize = if cfg!(test) { 4 } else { 512 };

/// Works out an update from changes in strictly rising order of keys.
///
/// Changes whose keys begin alike lie in one subtree: each such subtree is worked out by itself, from its slots to its top,
/// and then the levels above all of them.
pub(super) fn prepare(tree: &Tree, changes: Vec<Leaf>) -> TreeUpdate {
    debug_assert!(changes.is_sorted_by(|a, b| compare(key_of(a), key_of(b)).is_lt()), "a key changes twice");
    let depth = changes.len().div_ceil(TOGETHER).next_power_of_two().trailing_zeros() as usize;
    let depth = depth.min(tree.dense.depth());
    let count = changes.len();
    let mut update = TreeUpdate {
        root: tree.root(),
        leaves: tree.leaves,
        changes: Vec::new(),
        places: Vec::with_capacity(count),
        slots: Vec::with_capacity(count),
        nodes: Nodes::with_capacity(count * 7),
    };
    let (mut forest, mut room) = (Forest::default(), Room::default());
    let mut tops = Nodes::default();
    for part in changes.chunk_by(|a, b| slot_at(key_of(a), depth) == slot_at(key_of(b), depth)) {
        let lowest = update.nodes.len();
        subtree(tree, part, &mut update, &mut forest);
        let top = update.nodes.climb(&tree.dense, lowest, depth, &mut room);
        tops.extend(&update.nodes, top);
    }
    // The tops of the subtrees once more, side by side, as the lowest level of what is above them.
    let lowest = update.nodes.len();
    update.nodes.extend(&tops, 0..tops.len());
    update.nodes.climb(&tree.dense, lowest, 0, &mut room);
    if let Some(root) = update.nodes.last() {
        update.root = *root;
    }
    TreeUpdate { changes, ..update }
}

/// Works out the slots of one subtree, all of whose changes share their first bits: their leaves, and the nodes at
/// their tops.
fn subtree(tree: &Tree, changes: &[Leaf], update: &mut TreeUpdate, forest: &mut Forest) {
    warm(tree, changes);
    // Leaves are hashed where they stand: most of a changed slot's stay as they are.
    let mut leaves: Vec<&Leaf> = Vec::with_capacity(changes.len() * (super::SLOT_LEAVES + 1));
    let mut ends = Vec::with_capacity(changes.len());
    let first = update.slots.len();
    let depth = tree.dense.depth();
    for group in changes.chunk_by(|a, b| slot_at(key_of(a), depth) == slot_at(key_of(b), depth)) {
        let Some(index) = group.first().map(|change| slot_at(key_of(change), depth)) else { continue };
        let before = tree.slot(index);
        let start = leaves.len();
        let place = |at: Option<usize>| update.places.push(small(at.unwrap_or(usize::MAX)));
        let comes_or_goes = merge(before, group, |leaf| leaves.push(leaf), place);
        let length = leaves.len() - start;
        update.leaves = update.leaves + length - before.len();
        let length = comes_or_goes.then_some(small(length));
        update.slots.push(Touched { slot: small(index), end: small(update.places.len()), length });
        ends.push(leaves.len());
    }
    let starts = std::iter::once(&0).chain(&ends);
    forest.grow(&leaves, starts.zip(&ends).map(|(start, end)| *start..*end), depth);
    let mut start = 0;
    for ((touched, end), hash) in update.slots.iter().skip(first).zip(&ends).zip(forest.tops()) {
        let kind = match end - std::mem::replace(&mut start, *end) {
            0 => Kind::Empty,
            1 => Kind::Leaf,
            _ => Kind::Inner,
        };
        update.nodes.push((1 << depth) + touched.slot as usize, Node { hash: *hash, kind });
    }
}

/// A number of changes, leaves or slots, of which there are far less than 2^32; the largest number for what is none of them.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Reads a byte of every line of memory that the update will read. The reads of one pass do not wait for each other, so many
/// lines are fetched at a time; the work that follows would fetch line by line. Where the leaves lie is known only once
/// their slot is there, which is why they have a pass of their own.
fn warm(tree: &Tree, changes: &[Leaf]) {
    let mut seen = 0u8;
    for change in changes {
        let index = tree.slot_of(key_of(change));
        seen ^= u8::from(tree.slot(index).is_empty());
        let mut node = (1usize << tree.dense.depth()) + index;
        for _ in 0..4 {
            seen ^= tree.dense.touch(node);
            node >>= 1;
        }
    }
    for change in changes {
        let index = tree.slot_of(key_of(change));
        seen ^= tree.slot(index).iter().fold(0, |seen, leaf| seen ^ leaf[0]);
    }
    black_box(seen);
}
