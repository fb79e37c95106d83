//! The state tree: one root over all records, updated a block at a time, with proofs of presence and absence.
//!
//! Shape (see [`seaway_types::proof`]): a leaf stands at the shortest prefix of its key that no other leaf shares, an empty
//! subtree is zero, every other node is the hash of its two children. The shape, and so the root, depends on the leaves
//! alone and not on the order in which they came.
//!
//! Layout: the upper levels are a dense array of hashes; below them each slot keeps its few leaves sorted in one exact
//! allocation and no inner nodes at all. A block's changes are grouped by slot, the slots' subtrees are hashed anew level
//! by level across all of them, thousands of nodes in one call to the vector units, and then the dense levels above.
//! The number of dense levels follows the number of leaves, so that a slot holds about `SLOT_LEAVES` on average.
//!
//! [`Tree::prepare`] only reads: a validator prepares several candidate blocks over the same parent and applies one.

mod batch;
mod forest;
#[cfg(test)]
mod tests;

use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::proof::{PathEnd, TreePath, bit};

/// Leaves that a slot holds on average when the tree grows another dense level. Measured: `docs/performance.md`.
const SLOT_LEAVES: usize = 6;

/// A leaf: its key and the hash of its value, side by side, so that it is a block to hash as it stands. Its own
/// hash is made anew when its slot changes, which costs less than the memory to keep it.
type Leaf = [u8; 64];

fn leaf(key: &Hash32, value: &Hash32) -> Leaf {
    seaway_types::hash::block_of(key, value)
}

fn key_of(leaf: &Leaf) -> &[u8; 32] {
    leaf.first_chunk().unwrap_or(&[0; 32])
}

fn value_of(leaf: &Leaf) -> &[u8; 32] {
    leaf.last_chunk().unwrap_or(&[0; 32])
}

/// The first bits of a key as a number.
fn head(key: &[u8; 32]) -> u64 {
    u64::from_be_bytes(*key.first_chunk().unwrap_or(&[0; 8]))
}

/// Compares two keys. Their heads nearly always differ, and a number compares faster than a slice.
fn compare(a: &[u8; 32], b: &[u8; 32]) -> std::cmp::Ordering {
    head(a).cmp(&head(b)).then_with(|| a.cmp(b))
}

/// The bit of a leaf's key that decides at a depth.
fn side(leaf: &Leaf, depth: usize) -> bool {
    leaf.get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
}

fn end_at(leaf: &Leaf) -> PathEnd {
    PathEnd::Leaf(Hash32(*key_of(leaf)), Hash32(*value_of(leaf)))
}

/// A node's hash and what kind of node it is: only a node that is no single leaf is hashed with an empty sibling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    hash: Hash32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Empty,
    Leaf,
    Inner,
}

impl Node {
    const EMPTY: Self = Self { hash: Hash32::ZERO, kind: Kind::Empty };

    /// The node above two others, unless it must be hashed.
    fn above(left: Self, right: Self) -> Option<Self> {
        match (left.kind, right.kind) {
            (Kind::Empty, Kind::Empty | Kind::Leaf) => Some(right),
            (Kind::Leaf, Kind::Empty) => Some(left),
            _ => None,
        }
    }
}

/// A change to one key: its new value hash, or `None` to remove it.
pub type Change = (Hash32, Option<Hash32>);

/// See the module.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Number of dense levels below the root: slots number 2^depth.
    depth: usize,
    /// Dense nodes in heap order: the root at 1, children of n at 2n and 2n + 1, slots' subtrees from 2^depth on.
    hashes: Vec<Hash32>,
    kinds: Vec<Kind>,
    slots: Vec<Box<[Leaf]>>,
    leaves: usize,
}

/// A prepared update: the new root, and what to write when it is applied.
#[derive(Clone, Debug)]
pub struct TreeUpdate {
    root: Hash32,
    leaves: usize,
    /// Leaves that keep their places and change their values: slot, place in it, value hash.
    edits: Vec<(usize, usize, Hash32)>,
    /// Slots whose leaves come or go, and where their leaves begin and end in the arena.
    slots: Vec<(usize, usize, usize)>,
    /// Leaves of these slots, one slot after the other.
    arena: Vec<Leaf>,
    nodes: Vec<(usize, Node)>,
}

impl TreeUpdate {
    /// An update that changes nothing yet, with room for so many changes.
    fn nothing(tree: &Tree, changes: usize) -> Self {
        Self {
            root: tree.root(),
            leaves: tree.leaves,
            edits: Vec::with_capacity(changes),
            slots: Vec::new(),
            arena: Vec::new(),
            nodes: Vec::with_capacity(changes * 7),
        }
    }

    /// The root after the update.
    pub fn root(&self) -> Hash32 {
        self.root
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::with_depth(0)
    }
}

impl Tree {
    fn with_depth(depth: usize) -> Self {
        let slots = 1 << depth;
        Self {
            depth,
            hashes: vec![Hash32::ZERO; 2 * slots],
            kinds: vec![Kind::Empty; 2 * slots],
            slots: vec![Box::default(); slots],
            leaves: 0,
        }
    }

    /// The root; zero for an empty tree.
    pub fn root(&self) -> Hash32 {
        self.node(1).hash
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.leaves
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves == 0
    }

    fn node(&self, index: usize) -> Node {
        match (self.hashes.get(index), self.kinds.get(index)) {
            (Some(hash), Some(kind)) => Node { hash: *hash, kind: *kind },
            _ => Node::EMPTY,
        }
    }

    fn slot_of(&self, key: &Hash32) -> usize {
        slot_at(key, self.depth)
    }

    fn slot(&self, index: usize) -> &[Leaf] {
        self.slots.get(index).map_or(&[], |slot| slot)
    }

    /// The value hash of a key.
    pub fn get(&self, key: &Hash32) -> Option<Hash32> {
        let slot = self.slot(self.slot_of(key));
        slot.iter().find(|leaf| *key_of(leaf) == key.0).map(|leaf| Hash32(*value_of(leaf)))
    }

    /// Takes an update. It must have been prepared on this tree in its present state.
    pub fn apply(&mut self, update: TreeUpdate) {
        self.write(update);
        let slots = 1usize << self.depth;
        // Between the two bounds lies a factor of four, so that a tree at a border does not grow and shrink in turn.
        if self.leaves > slots * SLOT_LEAVES || (self.depth > 0 && self.leaves * 2 < slots * SLOT_LEAVES / 2) {
            self.resize();
        }
    }

    fn write(&mut self, update: TreeUpdate) {
        for (index, start, end) in update.slots {
            if let (Some(slot), Some(leaves)) = (self.slots.get_mut(index), update.arena.get(start..end)) {
                *slot = leaves.into();
            }
        }
        for (index, place, value) in update.edits {
            if let Some(leaf) = self.slots.get_mut(index).and_then(|slot| slot.get_mut(place)) {
                leaf[32..].copy_from_slice(&value.0);
            }
        }
        for (index, node) in update.nodes {
            if let (Some(hash), Some(kind)) = (self.hashes.get_mut(index), self.kinds.get_mut(index)) {
                *hash = node.hash;
                *kind = node.kind;
            }
        }
        self.leaves = update.leaves;
    }

    /// Lays all leaves out anew with as many dense levels as their number asks for. The root stays.
    fn resize(&mut self) {
        let wanted = (self.leaves.div_ceil(SLOT_LEAVES)).next_power_of_two().trailing_zeros() as usize;
        let leaves: Vec<Leaf> =
            std::mem::take(&mut self.slots).iter().flat_map(|slot| slot.iter().copied()).collect();
        let mut other = Self::with_depth(wanted);
        let changes: Vec<Change> =
            leaves.iter().map(|leaf| (Hash32(*key_of(leaf)), Some(Hash32(*value_of(leaf))))).collect();
        let update = batch::prepare(&other, &changes);
        other.write(update);
        *self = other;
    }

    /// Works out an update without changing anything. Keys may stand in any order, each once.
    pub fn prepare(&self, changes: &[Change]) -> TreeUpdate {
        if changes.is_sorted_by(|a, b| compare(&a.0.0, &b.0.0).is_lt()) {
            return batch::prepare(self, changes);
        }
        // Heads of keys nearly always differ, and move faster than whole changes.
        let mut order: Vec<(u64, &Change)> = changes.iter().map(|change| (head(&change.0.0), change)).collect();
        order.sort_unstable_by(|(a, (key_a, _)), (b, (key_b, _))| a.cmp(b).then_with(|| key_a.cmp(key_b)));
        let changes: Vec<Change> = order.into_iter().map(|(_, change)| *change).collect();
        batch::prepare(self, &changes)
    }

    /// The path of a key: proves its value, or that it has none.
    pub fn path(&self, key: &Hash32) -> TreePath {
        let mut siblings = Vec::new();
        let mut index = 1;
        for depth in 0..self.depth {
            if self.node(index).kind != Kind::Inner {
                break;
            }
            let side = usize::from(bit(key, depth));
            siblings.push(self.node(2 * index + (1 - side)).hash);
            index = 2 * index + side;
        }
        let end = match self.node(index).kind {
            Kind::Empty => PathEnd::Empty,
            // A single leaf anywhere below: it stands in one of the slots under this node.
            Kind::Leaf => self.only_leaf_under(index),
            Kind::Inner => descend(self.slot(self.slot_of(key)), key, self.depth, &mut siblings),
        };
        TreePath { end, siblings: Bounded::new(siblings).unwrap_or_default() }
    }

    fn only_leaf_under(&self, mut index: usize) -> PathEnd {
        let slots = 1usize << self.depth;
        while index < slots {
            index = if self.node(2 * index).kind == Kind::Empty { 2 * index + 1 } else { 2 * index };
        }
        self.slot(index - slots).first().map_or(PathEnd::Empty, end_at)
    }
}

/// The first `depth` bits of a key as a number.
fn slot_at(key: &Hash32, depth: usize) -> usize {
    let bits = head(&key.0);
    if depth == 0 { 0 } else { usize::try_from(bits >> (64 - depth)).unwrap_or(0) }
}

/// Walks below the dense levels, where inner nodes are not kept: hashes siblings as it goes.
fn descend(leaves: &[Leaf], key: &Hash32, depth: usize, siblings: &mut Vec<Hash32>) -> PathEnd {
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
fn subtree_root(leaves: &[Leaf], depth: usize) -> Hash32 {
    match leaves {
        [] => Hash32::ZERO,
        [only] => seaway_types::hash::Domain::StateLeaf.hash(only),
        _ => {
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !side(leaf, depth)));
            let (left, right) = (subtree_root(left, depth + 1), subtree_root(right, depth + 1));
            seaway_types::hash::Domain::StateNode.hash_pair(&left, &right)
        }
    }
}
