//! A block's changes to the tree, hashed many nodes at a time.

use super::{Change, Kind, Leaf, Node, Tree, TreeUpdate, slot_at};
use seaway_types::hash::{Domain, Hash32, block_of};
use seaway_types::proof::bit;

/// Works out an update from changes in strictly rising order of keys.
pub(super) fn prepare(tree: &Tree, changes: &[Change]) -> TreeUpdate {
    let mut slots = Vec::new();
    let mut forest = Forest::default();
    let mut tops = Vec::new();
    let mut leaves = tree.leaves;
    for group in changes.chunk_by(|a, b| slot_at(&a.0, tree.depth) == slot_at(&b.0, tree.depth)) {
        let Some(first) = group.first() else { continue };
        let index = tree.slot_of(&first.0);
        let before = tree.slot(index);
        let after = merge(before, group);
        leaves = leaves + after.len() - before.len();
        tops.push((
            index,
            forest.plant(&after, tree.depth),
            kind_of(after.len()),
        ));
        slots.push((index, after));
    }
    forest.hash();
    let base = 1usize << tree.depth;
    let mut level: Vec<(usize, Node)> = tops
        .iter()
        .map(|(index, top, kind)| {
            (
                base + index,
                Node {
                    hash: forest.get(*top),
                    kind: *kind,
                },
            )
        })
        .collect();
    let mut nodes = level.clone();
    while level.first().is_some_and(|(index, _)| *index > 1) {
        level = parents(tree, &level);
        nodes.extend_from_slice(&level);
    }
    let root = level.first().map_or(tree.root(), |(_, node)| node.hash);
    TreeUpdate {
        root,
        leaves,
        slots,
        nodes,
    }
}

fn kind_of(leaves: usize) -> Kind {
    match leaves {
        0 => Kind::Empty,
        1 => Kind::Leaf,
        _ => Kind::Inner,
    }
}

/// A slot's leaves after its changes: both lists are sorted, and a change stands for the leaf of its key.
fn merge(before: &[Leaf], changes: &[Change]) -> Box<[Leaf]> {
    let mut after = Vec::with_capacity(before.len() + changes.len());
    let mut old = before.iter().peekable();
    for (key, value) in changes {
        while let Some(leaf) = old.next_if(|leaf| leaf.key < *key) {
            after.push(*leaf);
        }
        old.next_if(|leaf| leaf.key == *key);
        after.extend(value.map(|value| Leaf { key: *key, value }));
    }
    after.extend(old);
    after.into_boxed_slice()
}

/// The parents of some nodes of one dense level, which stand in rising order.
fn parents(tree: &Tree, level: &[(usize, Node)]) -> Vec<(usize, Node)> {
    let mut above = Vec::with_capacity(level.len());
    let mut blocks = Vec::with_capacity(level.len());
    let mut waiting = Vec::with_capacity(level.len());
    for siblings in level.chunk_by(|a, b| a.0 / 2 == b.0 / 2) {
        let Some((first, _)) = siblings.first() else {
            continue;
        };
        let parent = first / 2;
        let child = |index: usize| {
            siblings
                .iter()
                .find(|(at, _)| *at == index)
                .map_or_else(|| tree.node(index), |(_, node)| *node)
        };
        let node = match Node::join(child(2 * parent), child(2 * parent + 1)) {
            Ok(node) => node,
            Err(block) => {
                blocks.push(block);
                waiting.push(above.len());
                Node {
                    hash: Hash32::ZERO,
                    kind: Kind::Inner,
                }
            }
        };
        above.push((parent, node));
    }
    let mut hashes = Vec::new();
    Domain::StateNode.hash_blocks(&blocks, &mut hashes);
    for (at, hash) in waiting.into_iter().zip(hashes) {
        if let Some((_, node)) = above.get_mut(at) {
            node.hash = hash;
        }
    }
    above
}

/// The subtrees of many slots, planted one after the other and hashed together, level by level from the leaves up.
#[derive(Default)]
struct Forest {
    /// Hashes of the leaves, in order of planting.
    leaf_blocks: Vec<[u8; 64]>,
    leaf_hashes: Vec<Hash32>,
    /// Inner nodes by height above the leaves; each names its children.
    heights: Vec<Vec<(Place, Place)>>,
    inner_hashes: Vec<Vec<Hash32>>,
}

/// Where a node of the forest stands.
#[derive(Clone, Copy)]
enum Place {
    Empty,
    Leaf(usize),
    Inner(usize, usize),
}

impl Forest {
    /// Adds the subtree of leaves that share `depth` bits; returns its top.
    fn plant(&mut self, leaves: &[Leaf], depth: usize) -> Place {
        match leaves {
            [] => Place::Empty,
            [only] => {
                self.leaf_blocks.push(block_of(&only.key, &only.value));
                Place::Leaf(self.leaf_blocks.len() - 1)
            }
            _ => {
                let (left, right) =
                    leaves.split_at(leaves.partition_point(|leaf| !bit(&leaf.key, depth)));
                let children = (self.plant(left, depth + 1), self.plant(right, depth + 1));
                let height = height(children.0).max(height(children.1));
                if self.heights.len() <= height {
                    self.heights.resize_with(height + 1, Vec::new);
                }
                let nodes = self.heights.get_mut(height).map_or(0, |row| {
                    row.push(children);
                    row.len()
                });
                Place::Inner(height, nodes.saturating_sub(1))
            }
        }
    }

    fn hash(&mut self) {
        Domain::StateLeaf.hash_blocks(&self.leaf_blocks, &mut self.leaf_hashes);
        for row in &self.heights {
            let blocks: Vec<[u8; 64]> = row
                .iter()
                .map(|(left, right)| block_of(&self.get(*left), &self.get(*right)))
                .collect();
            let mut hashes = Vec::new();
            Domain::StateNode.hash_blocks(&blocks, &mut hashes);
            self.inner_hashes.push(hashes);
        }
    }

    fn get(&self, place: Place) -> Hash32 {
        let found = match place {
            Place::Empty => None,
            Place::Leaf(at) => self.leaf_hashes.get(at),
            Place::Inner(height, at) => self.inner_hashes.get(height).and_then(|row| row.get(at)),
        };
        found.copied().unwrap_or(Hash32::ZERO)
    }
}

/// Height of the node above this one.
fn height(child: Place) -> usize {
    match child {
        Place::Empty | Place::Leaf(_) => 0,
        Place::Inner(height, _) => height + 1,
    }
}
