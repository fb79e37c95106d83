//! The subtrees of many slots, hashed together level by level from the leaves up.
//!
//! An inner node is a block of 64 bytes, which its children's hashes fill as they come: so no hash is looked up again, and
//! nodes of equal height, whose children are all there, go to the vector units together.

use super::dense::fill;
use super::slot::{Leaf, key_of, side};
use seaway_types::hash::{Domain, Hash32};
use std::ops::Range;

/// See the module. Its lists are kept from one use to the next.
#[derive(Default)]
pub(super) struct Forest {
    leaf_hashes: Vec<Hash32>,
    /// What each inner node is the hash of.
    blocks: Vec<[u8; 64]>,
    /// Where each inner node's hash goes.
    targets: Vec<Target>,
    /// Height of each inner node above the leaves, less one.
    heights: Vec<u16>,
    /// The inner nodes by rising height.
    order: Vec<u32>,
    hashes: Vec<Hash32>,
    /// Nodes that wait for their right neighbours, with the depth at which they part from these.
    waiting: Vec<(Part, usize)>,
    tops: Vec<Hash32>,
}

/// A node below the dense levels.
#[derive(Clone, Copy)]
enum Part {
    /// By its place among the leaves.
    Leaf(usize),
    /// By its place among the inner nodes.
    Inner(usize),
}

/// Where a hash goes.
#[derive(Clone, Copy)]
enum Target {
    /// Into a half of an inner node's block.
    Half(u32, bool),
    /// It is the top of a slot.
    Top(u32),
    /// Its parent is not there yet.
    Unknown,
}

/// How many first bits two keys share.
fn shared_bits(a: &Leaf, b: &Leaf) -> usize {
    let mut shared = 0;
    for (a, b) in key_of(a).as_chunks::<8>().0.iter().zip(key_of(b).as_chunks::<8>().0) {
        let different = u64::from_be_bytes(*a) ^ u64::from_be_bytes(*b);
        shared += different.leading_zeros() as usize;
        if different != 0 {
            break;
        }
    }
    shared
}

impl Forest {
    /// Works out the tops of slots. Each slot's leaves are a run of `leaves` in rising order of keys, which share their first
    /// `depth` bits.
    pub fn grow(&mut self, leaves: &[&Leaf], slots: impl Iterator<Item = Range<usize>>, depth: usize) {
        let Self { leaf_hashes, blocks, targets, heights, tops, .. } = self;
        leaf_hashes.clear();
        blocks.clear();
        targets.clear();
        heights.clear();
        tops.clear();
        Domain::StateLeaf.hash_blocks(leaves.iter().copied(), leaf_hashes);
        for slot in slots {
            self.plant(leaves, slot, depth);
        }
        self.hash();
    }

    /// Hashes of the tops, slot by slot; zero for an empty one.
    pub fn tops(&self) -> &[Hash32] {
        &self.tops
    }

    /// Adds the inner nodes of one slot, from left to right. Where two neighbours part decides how high the node above them
    /// stands: whatever parts deeper is complete before.
    fn plant(&mut self, leaves: &[&Leaf], slot: Range<usize>, depth: usize) {
        let Some(mut last) = slot.clone().next() else {
            self.tops.push(Hash32::ZERO);
            return;
        };
        let mut part = Part::Leaf(last);
        for next in slot.skip(1) {
            let (Some(a), Some(b)) = (leaves.get(last), leaves.get(next)) else { return };
            let parts_at = shared_bits(a, b);
            part = self.close(part, a, parts_at + 1);
            self.waiting.push((part, parts_at));
            (last, part) = (next, Part::Leaf(next));
        }
        if let Some(leaf) = leaves.get(last) {
            part = self.close(part, leaf, depth);
        }
        self.top(part);
    }

    /// Joins a node with those that wait for it, as far as they part at a depth or below it, and lifts it to that depth. The
    /// leaf is one below the node.
    fn close(&mut self, mut part: Part, leaf: &Leaf, depth: usize) -> Part {
        while let Some((left, at)) = self.waiting.pop_if(|(_, at)| *at >= depth) {
            part = self.join(Some(left), Some(part));
            // A node that is no single leaf is hashed with nothing beside it up to where it meets another.
            let above = self.waiting.last().map_or(depth, |(_, next)| depth.max(next + 1));
            for lifted in (above..at).rev() {
                let (left, right) = if side(leaf, lifted) { (None, Some(part)) } else { (Some(part), None) };
                part = self.join(left, right);
            }
        }
        part
    }

    /// The inner node above one or two others.
    fn join(&mut self, left: Option<Part>, right: Option<Part>) -> Part {
        let own = self.blocks.len();
        let mut block = [0; 64];
        let mut height = 0;
        for (side, child) in [(false, left), (true, right)] {
            match child {
                None => {}
                Some(Part::Leaf(at)) => {
                    if let Some(hash) = self.leaf_hashes.get(at) {
                        fill(&mut block, side, hash);
                    }
                }
                Some(Part::Inner(at)) => {
                    self.aim(at, Target::Half(u32::try_from(own).unwrap_or(u32::MAX), side));
                    height = height.max(self.heights.get(at).map_or(0, |below| below + 1));
                }
            }
        }
        self.blocks.push(block);
        self.heights.push(height);
        self.targets.push(Target::Unknown);
        Part::Inner(own)
    }

    fn top(&mut self, part: Part) {
        let slot = self.tops.len();
        let hash = match part {
            Part::Leaf(at) => self.leaf_hashes.get(at).copied(),
            Part::Inner(at) => {
                self.aim(at, Target::Top(u32::try_from(slot).unwrap_or(u32::MAX)));
                None
            }
        };
        self.tops.push(hash.unwrap_or(Hash32::ZERO));
    }

    fn aim(&mut self, node: usize, target: Target) {
        if let Some(place) = self.targets.get_mut(node) {
            *place = target;
        }
    }

    /// Hashes all inner nodes, the lowest first. Their order is that of a counting sort: the nodes of each height are counted, and
    /// then get their places one after the other.
    fn hash(&mut self) {
        let Self { blocks, targets, heights, order, hashes, tops, .. } = self;
        let mut ends: Vec<usize> = Vec::new();
        for height in heights.iter().map(|height| usize::from(*height)) {
            if ends.len() <= height {
                ends.resize(height + 1, 0);
            }
            if let Some(count) = ends.get_mut(height) {
                *count += 1;
            }
        }
        let mut next: Vec<usize> = Vec::with_capacity(ends.len());
        let mut sum = 0;
        for end in &mut ends {
            next.push(sum);
            sum += *end;
            *end = sum;
        }
        order.clear();
        order.resize(heights.len(), 0);
        for (node, height) in (0u32..).zip(&*heights) {
            if let Some(next) = next.get_mut(usize::from(*height)) {
                if let Some(place) = order.get_mut(*next) {
                    *place = node;
                }
                *next += 1;
            }
        }
        let mut start = 0;
        for end in ends {
            let row = order.get(start..end).unwrap_or_default();
            start = end;
            hashes.clear();
            Domain::StateNode.hash_blocks(row.iter().filter_map(|node| blocks.get(*node as usize)), hashes);
            for (node, hash) in row.iter().zip(&*hashes) {
                match targets.get(*node as usize) {
                    Some(Target::Half(above, side)) => {
                        if let Some(block) = blocks.get_mut(*above as usize) {
                            fill(block, *side, hash);
                        }
                    }
                    Some(Target::Top(slot)) => {
                        if let Some(top) = tops.get_mut(*slot as usize) {
                            *top = *hash;
                        }
                    }
                    Some(Target::Unknown) | None => {}
                }
            }
        }
    }
}
