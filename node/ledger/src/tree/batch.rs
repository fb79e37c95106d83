//! A block's changes to the tree, hashed many nodes at a time.

use super::{Change, Kind, Leaf, Node, Tree, TreeUpdate, compare, key_of, leaf, side, slot_at};
use seaway_types::hash::{Domain, Hash32, block_of};
use std::hint::black_box;

/// Changes that are worked out together: what they read lies in the second cache from its first use to its last.
const TOGETHER: usize = 512;

/// Works out an update from changes in strictly rising order of keys.
///
/// Changes whose keys begin alike lie in one subtree: each such subtree is worked out by itself, from its slots to its top,
/// and then the levels above all of them.
pub(super) fn prepare(tree: &Tree, changes: &[Change]) -> TreeUpdate {
    let depth = changes.len().div_ceil(TOGETHER).next_power_of_two().trailing_zeros() as usize;
    let depth = depth.min(tree.depth);
    let mut update = TreeUpdate {
        root: tree.root(),
        leaves: tree.leaves,
        arena: Vec::with_capacity(changes.len() * (super::SLOT_LEAVES + 2)),
        slots: Vec::with_capacity(changes.len()),
        nodes: Vec::with_capacity(changes.len() * 6),
    };
    let alike = changes.chunk_by(|a, b| slot_at(&a.0, depth) == slot_at(&b.0, depth));
    let mut level: Vec<(usize, Node)> = alike.flat_map(|part| subtree(tree, part, depth, &mut update)).collect();
    while level.first().is_some_and(|(index, _)| *index > 1) {
        level = parents(tree, &level);
        update.nodes.extend_from_slice(&level);
    }
    if let Some((_, top)) = level.first() {
        update.root = top.hash;
    }
    update
}

/// Works out one subtree, all of whose changes share their first bits; returns its top.
fn subtree(tree: &Tree, changes: &[Change], depth: usize, update: &mut TreeUpdate) -> Vec<(usize, Node)> {
    warm(tree, changes);
    let TreeUpdate { leaves, arena, slots, nodes, .. } = update;
    let (first_leaf, first_slot) = (arena.len(), slots.len());
    for group in changes.chunk_by(|a, b| slot_at(&a.0, tree.depth) == slot_at(&b.0, tree.depth)) {
        let Some(first) = group.first() else { continue };
        let index = tree.slot_of(&first.0);
        let start = arena.len();
        merge(tree.slot(index), group, arena);
        *leaves = *leaves + (arena.len() - start) - tree.slot(index).len();
        slots.push((index, start, arena.len()));
    }
    let mut level = hash_slots(tree, arena, first_leaf, slots.get(first_slot..).unwrap_or_default());
    nodes.extend_from_slice(&level);
    while level.first().is_some_and(|(index, _)| *index >= 2 << depth) {
        level = parents(tree, &level);
        nodes.extend_from_slice(&level);
    }
    level
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

/// A slot's leaves after its changes: both lists are sorted, and a change stands for the leaf of its key.
fn merge(before: &[Leaf], changes: &[Change], after: &mut Vec<Leaf>) {
    let mut old = before.iter().peekable();
    for (key, value) in changes {
        while let Some(leaf) = old.next_if(|leaf| compare(key_of(leaf), &key.0).is_lt()) {
            after.push(*leaf);
        }
        old.next_if(|leaf| compare(key_of(leaf), &key.0).is_eq());
        after.extend(value.as_ref().map(|value| leaf(key, value)));
    }
    after.extend(old);
}

/// The tops of the changed slots' subtrees, as nodes of the lowest dense level; their leaves stand in the arena from a place on.
fn hash_slots(tree: &Tree, arena: &[Leaf], from: usize, slots: &[(usize, usize, usize)]) -> Vec<(usize, Node)> {
    let arena = arena.get(from..).unwrap_or_default();
    let mut leaf_hashes = Vec::with_capacity(arena.len());
    Domain::StateLeaf.hash_blocks(arena, &mut leaf_hashes);
    let mut forest =
        Forest { leaf_hashes, joins: Vec::with_capacity(arena.len()), rows: Vec::new(), inner_hashes: Vec::new() };
    let plant = |(_, start, end): &(usize, usize, usize)| forest.plant(arena, start - from, end - from, tree.depth).0;
    let tops: Vec<Place> = slots.iter().map(plant).collect();
    forest.hash();
    let base = 1usize << tree.depth;
    let node = |((index, start, end), top): (&(usize, usize, usize), Place)| {
        let kind = match end - start {
            0 => Kind::Empty,
            1 => Kind::Leaf,
            _ => Kind::Inner,
        };
        (base + index, Node { hash: forest.get(top), kind })
    };
    slots.iter().zip(tops).map(node).collect()
}

/// The parents of some nodes of one dense level, which stand in rising order.
fn parents(tree: &Tree, level: &[(usize, Node)]) -> Vec<(usize, Node)> {
    let mut above = Vec::with_capacity(level.len());
    let mut blocks = Vec::with_capacity(level.len());
    let mut waiting = Vec::with_capacity(level.len());
    for siblings in level.chunk_by(|a, b| a.0 / 2 == b.0 / 2) {
        let (left, right) = match siblings {
            [(_, left), (_, right)] => (*left, *right),
            [(index, left)] if index % 2 == 0 => (*left, tree.node(index + 1)),
            [(index, right)] => (tree.node(index - 1), *right),
            _ => continue,
        };
        let node = Node::join(left, right).unwrap_or_else(|block| {
            blocks.push(block);
            waiting.push(above.len());
            Node { hash: Hash32::ZERO, kind: Kind::Inner }
        });
        above.extend(siblings.first().map(|(index, _)| (index / 2, node)));
    }
    let mut hashes = Vec::with_capacity(blocks.len());
    Domain::StateNode.hash_blocks(&blocks, &mut hashes);
    for (at, hash) in waiting.into_iter().zip(hashes) {
        if let Some((_, node)) = above.get_mut(at) {
            node.hash = hash;
        }
    }
    above
}

/// The subtrees of many slots, hashed together level by level from the leaves up.
struct Forest {
    /// Hashes of the leaves, by their places in the arena.
    leaf_hashes: Vec<Hash32>,
    /// Inner nodes: the two children.
    joins: Vec<(Place, Place)>,
    /// Inner nodes by height above the leaves.
    rows: Vec<Vec<u32>>,
    /// Hashes of the inner nodes.
    inner_hashes: Vec<Hash32>,
}

/// Where a node of the forest stands.
#[derive(Clone, Copy)]
enum Place {
    Empty,
    Leaf(u32),
    Inner(u32),
}

impl Forest {
    /// Adds the subtree of the leaves between two places, which share `depth` bits; returns its top and its height.
    fn plant(&mut self, arena: &[Leaf], start: usize, end: usize, depth: usize) -> (Place, usize) {
        let leaves = arena.get(start..end).unwrap_or(&[]);
        match leaves {
            [] => (Place::Empty, 0),
            [_] => (Place::Leaf(u32::try_from(start).unwrap_or(u32::MAX)), 0),
            _ => {
                // Slots hold a handful of leaves: counting is quicker than halving.
                let middle = start + leaves.iter().take_while(|leaf| !side(leaf, depth)).count();
                let (left, left_height) = self.plant(arena, start, middle, depth + 1);
                let (right, right_height) = self.plant(arena, middle, end, depth + 1);
                let height = left_height.max(right_height);
                let place = u32::try_from(self.joins.len()).unwrap_or(u32::MAX);
                self.joins.push((left, right));
                if self.rows.len() <= height {
                    self.rows.resize_with(height + 1, Vec::new);
                }
                if let Some(row) = self.rows.get_mut(height) {
                    row.push(place);
                }
                (Place::Inner(place), height + 1)
            }
        }
    }

    fn hash(&mut self) {
        self.inner_hashes = vec![Hash32::ZERO; self.joins.len()];
        let (mut blocks, mut hashes) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let joins = row.iter().filter_map(|at| self.joins.get(*at as usize));
            blocks.clear();
            blocks.extend(joins.map(|(left, right)| block_of(&self.get(*left), &self.get(*right))));
            hashes.clear();
            Domain::StateNode.hash_blocks(&blocks, &mut hashes);
            for (at, hash) in row.iter().zip(&hashes) {
                if let Some(place) = self.inner_hashes.get_mut(*at as usize) {
                    *place = *hash;
                }
            }
        }
    }

    fn get(&self, place: Place) -> Hash32 {
        let found = match place {
            Place::Empty => None,
            Place::Leaf(at) => self.leaf_hashes.get(at as usize),
            Place::Inner(at) => self.inner_hashes.get(at as usize),
        };
        found.copied().unwrap_or(Hash32::ZERO)
    }
}
