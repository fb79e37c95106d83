//! The index of a state in memory. It only grows, so each block's entries stay as the block left them, and one table over
//! all blocks says where a key's entry stands.

use super::map::{PointMap, Seeded};
use super::places::{Places, half};
use seaway_types::state::{IndexEntry, IndexKey};
use std::sync::Arc;

/// The new entries of one block.
pub(super) type Entries = Arc<PointMap<IndexKey, IndexEntry>>;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct History {
    seed: u64,
    hasher: Seeded,
    places: Places,
    /// Each block's entries, and how many came before them.
    blocks: Vec<(u32, Entries)>,
    length: u32,
}

impl History {
    pub fn with_seed(seed: u64) -> Self {
        Self { seed, hasher: Seeded::new(seed), places: Places::default(), blocks: Vec::new(), length: 0 }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Adds a block's entries, none of whose keys is here.
    pub fn take(&mut self, entries: Entries) {
        // So many at a time: first where each belongs, so that the reads need not wait for each other.
        const RUN: usize = 256;
        if entries.is_empty() {
            return;
        }
        let first = self.length;
        // A block's entries were hashed when it was executed, nearly always with this very seed.
        let halves: Vec<(u32, u32)> = if entries.seed() == self.seed {
            entries.halves().collect()
        } else {
            (0..).zip(entries.iter()).map(|(position, (key, _))| (self.half_of(key), position)).collect()
        };
        debug_assert_eq!(halves.len(), entries.len(), "every entry has its place");
        if !self.places.has_room(halves.len()) {
            // It only grows, and seldom is better than by little.
            self.places.reserve(halves.len().max(self.len() / 2));
        }
        for run in halves.chunks(RUN) {
            self.places.touch(run.iter().map(|(half, _)| *half));
            for (half, position) in run {
                self.places.add(*half, first.saturating_add(*position));
            }
        }
        self.length = first.saturating_add(u32::try_from(halves.len()).unwrap_or(u32::MAX));
        self.blocks.push((first, entries));
    }

    /// Half of a key's hash.
    pub fn half_of(&self, key: &IndexKey) -> u32 {
        half(self.hasher.hash_one(key))
    }

    /// The entry of a key, with half of its hash.
    pub fn get(&self, half: u32, key: &IndexKey) -> Option<&IndexEntry> {
        if self.length == 0 {
            return None;
        }
        let same = |number| self.at(number).is_some_and(|(other, _)| other == key);
        let number = self.places.find(half, same)?;
        self.at(number).map(|(_, entry)| entry)
    }

    fn at(&self, number: u32) -> Option<&(IndexKey, IndexEntry)> {
        let block = self.blocks.partition_point(|(first, _)| *first <= number).checked_sub(1)?;
        let (first, entries) = self.blocks.get(block)?;
        entries.at(number - first)
    }

    /// Reads where keys would stand, without waiting for one before the next. Changes nothing.
    pub fn fetch<'a>(&self, keys: impl Iterator<Item = &'a IndexKey>) {
        if self.length > 0 {
            self.places.touch(keys.map(|key| self.half_of(key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use seaway_types::identifier::InstructionKey;
    use seaway_types::instruction::Submitter;
    use seaway_types::state::IndexValue;
    use seaway_types::time::Height;
    use std::collections::BTreeMap;

    fn key(number: u16) -> IndexKey {
        let mut key = [7; 16];
        key[..2].copy_from_slice(&number.to_le_bytes());
        IndexKey::Instruction(Submitter::Authority, InstructionKey(key))
    }

    proptest! {
        #[test]
        fn finds_what_any_block_brought(seed: u64, blocks in proptest::collection::vec(proptest::collection::btree_set(any::<u16>(), 0..700), 0..6)) {
            let mut history = History::with_seed(seed);
            let mut model: BTreeMap<IndexKey, u64> = BTreeMap::new();
            for (height, block) in (1u64..).zip(blocks) {
                let mut entries = PointMap::with_seed(seed ^ (height % 2));
                for key in block.into_iter().map(key) {
                    if let std::collections::btree_map::Entry::Vacant(place) = model.entry(key) {
                        place.insert(height);
                        entries.insert(key, IndexEntry { height: Height(height), value: IndexValue::Present });
                    }
                }
                // What is taken back leaves its place to the last one.
                let taken_back: Vec<IndexKey> = entries.iter().map(|(key, _)| *key).step_by(5).collect();
                for key in taken_back {
                    entries.remove(&key);
                    model.remove(&key);
                }
                history.take(Arc::new(entries));
                prop_assert_eq!(history.len(), model.len());
            }
            for key in (0..u16::MAX).step_by(7).map(key).chain(model.keys().copied()) {
                prop_assert_eq!(history.get(history.half_of(&key), &key).map(|entry| entry.height.0), model.get(&key).copied());
            }
        }
    }
}
