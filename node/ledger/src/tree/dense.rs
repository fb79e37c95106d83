//! The dense levels: the hashes of all nodes from the root down to the slots' tops, and how they are worked out anew, many
//! nodes at a time.

use super::{Kind, Node};
use seaway_types::hash::{Domain, Hash32};
use std::ops::Range;

/// See the module. Nodes stand in heap order: the root is node 1, the children of node n are 2n and 2n + 1.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    depth: usize,
    /// The hashes of each node's children side by side, so that what a node is the hash of need not be put together.
    /// Pair 0 holds the root in its right half.
    pairs: Vec<[u8; 64]>,
    /// A bit for each node: whether it is an inner one. With a hash of zero it is empty, else a leaf.
    inner: Vec<u64>,
}

/// A block's half that a node's hash fills.
fn half(pair: &[u8; 64], right: bool) -> &[u8; 32] {
    let half = if right { pair.last_chunk() } else { pair.first_chunk() };
    half.unwrap_or(&[0; 32])
}

/// Puts a hash into the left or the right half of a block.
pub(super) fn fill(block: &mut [u8; 64], right: bool, hash: &Hash32) {
    let (left_half, right_half) = block.split_at_mut(32);
    if right { right_half } else { left_half }.copy_from_slice(&hash.0);
}

impl Dense {
    /// So many levels below the root, all empty.
    pub fn with_depth(depth: usize) -> Self {
        Self { depth, pairs: vec![[0; 64]; 1 << depth], inner: vec![0; (2usize << depth).div_ceil(64)] }
    }

    /// Number of levels below the root. The lowest is that of the slots' tops, 2^depth of them.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// A node; an empty one where there is none.
    pub fn node(&self, index: usize) -> Node {
        let Some(pair) = self.pairs.get(index / 2) else { return Node::EMPTY };
        let hash = Hash32(*half(pair, index % 2 == 1));
        Node { hash, kind: self.kind(index, &hash.0) }
    }

    fn kind(&self, index: usize, hash: &[u8; 32]) -> Kind {
        if self.inner.get(index / 64).is_some_and(|bits| bits >> (index % 64) & 1 == 1) {
            Kind::Inner
        } else if *hash == [0; 32] {
            Kind::Empty
        } else {
            Kind::Leaf
        }
    }

    /// A byte of the line where a node and its sibling stand: to read it ahead.
    pub fn touch(&self, index: usize) -> u8 {
        self.pairs.get(index / 2).map_or(0, |pair| pair[0])
    }

    /// Takes nodes over.
    pub fn write(&mut self, nodes: &Nodes) {
        for ((index, kind), hash) in nodes.places.iter().zip(&nodes.hashes) {
            let index = *index as usize;
            if let Some(pair) = self.pairs.get_mut(index / 2) {
                fill(pair, index % 2 == 1, hash);
            }
            if let Some(bits) = self.inner.get_mut(index / 64) {
                let bit = 1 << (index % 64);
                let now = if *kind == Kind::Inner { *bits | bit } else { *bits & !bit };
                // Nearly always it is as before, and what is not written need not be written back to memory.
                if now != *bits {
                    *bits = now;
                }
            }
        }
    }
}

/// Nodes with their new hashes: of one subtree after the other, level by level, each level in rising order.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    places: Vec<(u32, Kind)>,
    hashes: Vec<Hash32>,
}

/// What is needed while levels are worked out, kept from one use to the next.
#[derive(Default)]
pub(super) struct Room {
    parents: Vec<(u32, Kind)>,
    blocks: Vec<[u8; 64]>,
    /// Parents that are no hash of two but what stands below them, a leaf or nothing, with its hash.
    lifted: Vec<(usize, Hash32)>,
}

impl Nodes {
    /// Room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self { places: Vec::with_capacity(count), hashes: Vec::with_capacity(count) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The last one's hash.
    pub fn last(&self) -> Option<&Hash32> {
        self.hashes.last()
    }

    /// Adds a node.
    pub fn push(&mut self, index: usize, node: Node) {
        self.places.push((u32::try_from(index).unwrap_or(u32::MAX), node.kind));
        self.hashes.push(node.hash);
    }

    /// Adds some of others.
    pub fn extend(&mut self, others: &Self, which: Range<usize>) {
        self.places.extend_from_slice(others.places.get(which.clone()).unwrap_or_default());
        self.hashes.extend_from_slice(others.hashes.get(which).unwrap_or_default());
    }

    /// Works out the levels above the nodes from a place on, which are of one level, up to those at a depth; returns where
    /// these stand.
    pub fn climb(&mut self, dense: &Dense, lowest: usize, depth: usize, room: &mut Room) -> Range<usize> {
        let mut level = lowest..self.len();
        while self.places.get(level.start).is_some_and(|(index, _)| *index as usize >= 2 << depth) {
            self.add_parents(dense, level.clone(), room);
            level = level.end..self.len();
        }
        level
    }

    fn add_parents(&mut self, dense: &Dense, level: Range<usize>, room: &mut Room) {
        let Room { parents, blocks, lifted } = room;
        parents.clear();
        blocks.clear();
        lifted.clear();
        let places = self.places.get(level.clone()).unwrap_or_default();
        let hashes = self.hashes.get(level).unwrap_or_default();
        let mut nodes = places.iter().zip(hashes).peekable();
        while let Some(((index, kind), hash)) = nodes.next() {
            let parent = index / 2;
            // What stands there already is the sibling, unless that changes too.
            let mut block = dense.pairs.get(parent as usize).copied().unwrap_or([0; 64]);
            fill(&mut block, index % 2 == 1, hash);
            let sibling = nodes.next_if(|((other, _), _)| *other == index ^ 1);
            if let Some((_, hash)) = sibling {
                fill(&mut block, true, hash);
            }
            let mut above = Kind::Inner;
            // A parent that is no hash of two has an empty child.
            if *half(&block, false) == [0; 32] || *half(&block, true) == [0; 32] {
                let beside = index ^ 1;
                let other = Hash32(*half(&block, beside % 2 == 1));
                let kind_beside =
                    sibling.map_or_else(|| dense.kind(beside as usize, &other.0), |((_, kind), _)| *kind);
                let (own, other) = (Node { hash: *hash, kind: *kind }, Node { hash: other, kind: kind_beside });
                if let Some(node) = Node::above(own, other) {
                    above = node.kind;
                    lifted.push((self.hashes.len() + blocks.len(), node.hash));
                }
            }
            parents.push((parent, above));
            blocks.push(block);
        }
        self.places.extend_from_slice(parents);
        Domain::StateNode.hash_blocks(&*blocks, &mut self.hashes);
        for (at, hash) in &*lifted {
            if let Some(place) = self.hashes.get_mut(*at) {
                *place = *hash;
            }
        }
    }
}
