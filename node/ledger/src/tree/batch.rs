//! A block's changes to the tree, hashed many nodes at a time.

use super::forest::Forest;
use super::{Change, Kind, Leaf, Node, Tree, TreeUpdate, compare, key_of, leaf, slot_at};
use seaway_types::hash::{Domain, Hash32, block_of};
use std::hint::black_box;
use std::ops::Range;

/// Changes that are worked out together: what they read lies in the second cache from its first use to its last. Few in tests,
/// so that a handful of changes lies in several subtrees.
const TOGETHER: usize = if cfg!(test) { 4 } else { 512 };

/// Works out an update from changes in strictly rising order of keys.
///
/// Changes whose keys begin alike lie in one subtree: each such subtree is worked out by itself, from its slots to its top,
/// and then the levels above all of them.
pub(super) fn prepare(tree: &Tree, changes: &[Change]) -> TreeUpdate {
    debug_assert!(changes.is_sorted_by(|a, b| compare(&a.0.0, &b.0.0).is_lt()), "a key changes twice");
    let depth = changes.len().div_ceil(TOGETHER).next_power_of_two().trailing_zeros() as usize;
    let depth = depth.min(tree.depth);
    let mut update = TreeUpdate::nothing(tree, changes.len());
    let mut room = Room::default();
    let mut tops = Vec::new();
    for part in changes.chunk_by(|a, b| slot_at(&a.0, depth) == slot_at(&b.0, depth)) {
        let lowest = update.nodes.len();
        subtree(tree, part, &mut update, &mut room.forest);
        let top = climb(tree, (lowest, depth), &mut update.nodes, &mut room);
        tops.extend(update.nodes.get(top).unwrap_or_default());
    }
    // The tops of the subtrees once more, side by side, as the lowest level of what is above them.
    let lowest = update.nodes.len();
    update.nodes.append(&mut tops);
    let top = climb(tree, (lowest, 0), &mut update.nodes, &mut room);
    if let Some((_, top)) = update.nodes.get(top).and_then(<[_]>::first) {
        update.root = top.hash;
    }
    update
}

/// What is needed while an update is worked out, kept from one subtree to the next.
#[derive(Default)]
struct Room {
    forest: Forest,
    blocks: Vec<[u8; 64]>,
    hashes: Vec<Hash32>,
    waiting: Vec<usize>,
}

/// Works out the slots of one subtree, all of whose changes share their first bits: their leaves, and the nodes at
/// their tops.
fn subtree(tree: &Tree, changes: &[Change], update: &mut TreeUpdate, forest: &mut Forest) {
    warm(tree, changes);
    let new = |(key, value): &Change| leaf(key, &value.unwrap_or(Hash32::ZERO));
    let fresh: Vec<Leaf> = changes.iter().map(new).collect();
    // Leaves are hashed where they stand: most of a changed slot's stay as they are.
    let mut leaves: Vec<&Leaf> = Vec::with_capacity(changes.len() * (super::SLOT_LEAVES + 1));
    let mut slots: Vec<(usize, Range<usize>)> = Vec::with_capacity(changes.len());
    let mut at = 0;
    for group in changes.chunk_by(|a, b| slot_at(&a.0, tree.depth) == slot_at(&b.0, tree.depth)) {
        let Some((first, _)) = group.first() else { continue };
        let index = tree.slot_of(first);
        let before = tree.slot(index);
        let start = leaves.len();
        let fresh = fresh.get(at..at + group.len()).unwrap_or_default();
        at += group.len();
        let replaced = update.edits.len();
        if merge(before, group, fresh, &mut leaves, |place, value| update.edits.push((index, place, value))) {
            update.edits.truncate(replaced);
            let from = update.arena.len();
            update.arena.extend(leaves.get(start..).unwrap_or_default().iter().copied());
            update.slots.push((index, from, update.arena.len()));
        }
        update.leaves = update.leaves + (leaves.len() - start) - before.len();
        slots.push((index, start..leaves.len()));
    }
    forest.grow(&leaves, slots.iter().map(|(_, own)| own.clone()), tree.depth);
    let base = 1usize << tree.depth;
    let node = |((index, own), hash): (&(usize, Range<usize>), &Hash32)| {
        let kind = match own.len() {
            0 => Kind::Empty,
            1 => Kind::Leaf,
            _ => Kind::Inner,
        };
        (base + index, Node { hash: *hash, kind })
    };
    update.nodes.extend(slots.iter().zip(forest.tops()).map(node));
}

/// Reads a byte of every line of memory that the update will read. The reads of one pass do not wait for each other, so many
/// lines are fetched at a time; the work that follows would fetch line by line. Where the leaves lie is known only once
/// their slot is there, which is why they have a pass of their own.
fn warm(tree: &Tree, changes: &[Change]) {
    let mut seen = 0u8;
    for (key, _) in changes {
        let index = tree.slot_of(key);
        seen ^= u8::from(tree.slot(index).is_empty());
        let mut node = (1usize << tree.depth) + index;
        for _ in 0..4 {
            seen ^= tree.hashes.get(node ^ 1).map_or(0, |hash| hash.0[0]);
            node >>= 1;
        }
    }
    for (key, _) in changes {
        let index = tree.slot_of(key);
        seen ^= tree.slot(index).iter().fold(0, |seen, leaf| seen ^ leaf[0]);
        let node = (1usize << tree.depth) + index;
        seen ^= tree.kinds.get(node ^ 1).map_or(0, |kind| u8::from(*kind == Kind::Empty));
    }
    black_box(seen);
}

/// A slot's leaves after its changes: both lists are sorted, and a change stands for the leaf of its key. Tells `replaced`
/// of each leaf whose value alone changes, and says whether there are others: leaves that come or go.
fn merge<'l>(
    before: &'l [Leaf],
    changes: &[Change],
    fresh: &'l [Leaf],
    after: &mut Vec<&'l Leaf>,
    mut replaced: impl FnMut(usize, Hash32),
) -> bool {
    let mut others = false;
    let mut old = before.iter().enumerate().peekable();
    for ((key, value), fresh) in changes.iter().zip(fresh) {
        while let Some((_, leaf)) = old.next_if(|(_, leaf)| compare(key_of(leaf), &key.0).is_lt()) {
            after.push(leaf);
        }
        match (old.next_if(|(_, leaf)| *key_of(leaf) == key.0), value) {
            (Some((place, _)), Some(value)) => replaced(place, *value),
            (None, None) => continue,
            _ => others = true,
        }
        after.extend(value.is_some().then_some(fresh));
    }
    after.extend(old.map(|(_, leaf)| leaf));
    others
}

/// Works out the dense levels above the nodes from a place on, which are of one level, up to those at a depth; returns where
/// these stand among the nodes.
fn climb(
    tree: &Tree,
    (lowest, depth): (usize, usize),
    nodes: &mut Vec<(usize, Node)>,
    room: &mut Room,
) -> Range<usize> {
    let mut level = lowest..nodes.len();
    while nodes.get(level.start).is_some_and(|(index, _)| *index >= 2 << depth) {
        parents(tree, level.clone(), nodes, room);
        level = level.end..nodes.len();
    }
    level
}

/// Adds the parents of some nodes of one dense level, which stand in rising order.
fn parents(tree: &Tree, level: Range<usize>, nodes: &mut Vec<(usize, Node)>, room: &mut Room) {
    let Room { blocks, hashes, waiting, .. } = room;
    blocks.clear();
    hashes.clear();
    waiting.clear();
    let mut at = level.start;
    while at < level.end {
        let Some((index, node)) = nodes.get(at).copied() else { return };
        at += 1;
        let beside = nodes.get(at).filter(|(other, _)| *other == index ^ 1 && at < level.end);
        at += usize::from(beside.is_some());
        let sibling = beside.map_or_else(|| tree.node(index ^ 1), |(_, node)| *node);
        let (left, right) = if index % 2 == 0 { (node, sibling) } else { (sibling, node) };
        let parent = Node::above(left, right).unwrap_or_else(|| {
            blocks.push(block_of(&left.hash, &right.hash));
            waiting.push(nodes.len());
            Node { hash: Hash32::ZERO, kind: Kind::Inner }
        });
        nodes.push((index / 2, parent));
    }
    Domain::StateNode.hash_blocks(&*blocks, hashes);
    for (at, hash) in waiting.iter().zip(&*hashes) {
        if let Some((_, node)) = nodes.get_mut(*at) {
            node.hash = *hash;
        }
    }
}
