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
mod changes;
mod dense;
mod forest;
mod slot;
#[cfg(test)]
mod tests;

pub use changes::Changes;
use dense::{Dense, Nodes};
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::proof::{PathEnd, TreePath, bit};
use slot::{Leaf, descend, end_at, head, key_of, merge, value_of};

/// Leaves that a slot holds on average when the tree grows another dense level. Measured: `docs/performance.md`.
const SLOT_LEAVES: usize = 6;

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

/// See the module.
#[derive(Clone, Debug)]
pub struct Tree {
    dense: Dense,
    /// As many as the dense levels have nodes in the lowest.
    slots: Vec<Box<[Leaf]>>,
    leaves: usize,
}

/// A prepared update: the new root, and what to write when it is applied.
#[derive(Clone, Debug)]
pub struct TreeUpdate {
    root: Hash32,
    leaves: usize,
    /// The changes in rising order of keys: new leaves, or a value of zero for a key that goes.
    changes: Vec<Leaf>,
    /// Where in its slot the leaf of each change stands; the largest number where it does not stand there yet.
    places: Vec<u32>,
    slots: Vec<Touched>,
    nodes: Nodes,
}

/// A slot and its changes.
#[derive(Clone, Copy, Debug)]
struct Touched {
    slot: u32,
    /// Where its changes end; they begin where those of the slot before end.
    end: u32,
    /// How many leaves it has afterwards, if leaves come or go. Otherwise only values change.
    length: Option<u32>,
}

impl TreeUpdate {
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
        Self { dense: Dense::with_depth(depth), slots: vec![Box::default(); 1 << depth], leaves: 0 }
    }

    /// The root; zero for an empty tree.
    pub fn root(&self) -> Hash32 {
        self.dense.node(1).hash
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.leaves
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves == 0
    }

    fn slot_of(&self, key: &[u8; 32]) -> usize {
        slot_at(key, self.dense.depth())
    }

    fn slot(&self, index: usize) -> &[Leaf] {
        self.slots.get(index).map_or(&[], |slot| slot)
    }

    /// The value hash of a key.
    pub fn get(&self, key: &Hash32) -> Option<Hash32> {
        let slot = self.slot(self.slot_of(&key.0));
        slot.iter().find(|leaf| *key_of(leaf) == key.0).map(|leaf| Hash32(*value_of(leaf)))
    }

    /// Takes an update. It must have been prepared on this tree in its present state.
    pub fn apply(&mut self, update: TreeUpdate) {
        self.write(update);
        let slots = 1usize << self.dense.depth();
        // Between the two bounds lies a factor of four, so that a tree at a border does not grow and shrink in turn.
        if self.leaves > slots * SLOT_LEAVES || (self.dense.depth() > 0 && self.leaves * 2 < slots * SLOT_LEAVES / 2)
        {
            self.resize();
        }
    }

    fn write(&mut self, update: TreeUpdate) {
        let mut at = 0;
        for Touched { slot, end, length } in update.slots {
            let (start, end) = (std::mem::replace(&mut at, end as usize), end as usize);
            let changes = update.changes.get(start..end).unwrap_or_default();
            let places = update.places.get(start..end).unwrap_or_default();
            let Some(slot) = self.slots.get_mut(slot as usize) else { continue };
            if let Some(length) = length {
                let mut after = Vec::with_capacity(length as usize);
                merge(slot, changes, |leaf| after.push(*leaf), |_| {});
                *slot = after.into_boxed_slice();
                continue;
            }
            for (change, place) in changes.iter().zip(places) {
                if let Some(leaf) = slot.get_mut(*place as usize) {
                    *leaf = *change;
                }
            }
        }
        self.dense.write(&update.nodes);
        self.leaves = update.leaves;
    }

    /// Lays all leaves out anew with as many dense levels as their number asks for. The root stays.
    fn resize(&mut self) {
        let wanted = (self.leaves.div_ceil(SLOT_LEAVES)).next_power_of_two().trailing_zeros() as usize;
        let slots = std::mem::take(&mut self.slots);
        let leaves: Vec<Leaf> = slots.iter().flat_map(|slot| slot.iter().copied()).collect();
        drop(slots);
        let mut other = Self::with_depth(wanted);
        let update = batch::prepare(&other, leaves);
        other.write(update);
        *self = other;
    }

    /// Works out an update without changing anything. Keys may stand in any order, each once.
    pub fn prepare(&self, changes: &Changes) -> TreeUpdate {
        batch::prepare(self, changes.sorted())
    }

    /// The path of a key: proves its value, or that it has none.
    pub fn path(&self, key: &Hash32) -> TreePath {
        let mut siblings = Vec::new();
        let mut index = 1;
        for depth in 0..self.dense.depth() {
            if self.dense.node(index).kind != Kind::Inner {
                break;
            }
            let side = usize::from(bit(key, depth));
            siblings.push(self.dense.node(2 * index + (1 - side)).hash);
            index = 2 * index + side;
        }
        let end = match self.dense.node(index).kind {
            Kind::Empty => PathEnd::Empty,
            // A single leaf anywhere below: it stands in one of the slots under this node.
            Kind::Leaf => self.only_leaf_under(index),
            Kind::Inner => descend(self.slot(self.slot_of(&key.0)), key, self.dense.depth(), &mut siblings),
        };
        TreePath { end, siblings: Bounded::new(siblings).unwrap_or_default() }
    }

    fn only_leaf_under(&self, mut index: usize) -> PathEnd {
        let slots = 1usize << self.dense.depth();
        while index < slots {
            index = if self.dense.node(2 * index).kind == Kind::Empty { 2 * index + 1 } else { 2 * index };
        }
        self.slot(index - slots).first().map_or(PathEnd::Empty, end_at)
    }
}

/// The first `depth` bits of a key as a number.
fn slot_at(key: &[u8; 32], depth: usize) -> usize {
    let bits = head(key);
    if depth == 0 { 0 } else { usize::try_from(bits >> (64 - depth)).unwrap_or(0) }
}
