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
    hasher: Seeded,
    places: Places,
    /// Each block's entries, and how many came before them.
    blocks: Vec<(u32, Entries)>,
    length: u32,
}

impl History {
    pub fn with_seed(seed: u64) -> Self {
        Self { hasher: Seeded::new(seed), places: Places::default(), blocks: Vec::new(), length: 0 }
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
        let halves: Vec<u32> = entries.iter().map(|(key, _)| half(self.hasher.hash_one(key))).collect();
        self.places.reserve(halves.len());
        for run in halves.chunks(RUN) {
            self.places.touch(run.iter().copied());
            for known in run {
                self.places.add(*known, self.length);
                self.length = self.length.saturating_add(1);
            }
        }
        self.blocks.push((first, entries));
    }

    /// The entry of a key.
    pub fn get(&self, key: &IndexKey) -> Option<&IndexEntry> {
        if self.length == 0 {
            return None;
        }
        let same = |number| self.at(number).is_some_and(|(other, _)| other == key);
        let number = self.places.find(half(self.hasher.hash_one(key)), same)?;
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
            self.places.touch(keys.map(|key| half(self.hasher.hash_one(key))));
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
                let mut entries = PointMap::with_seed(seed);
                for key in block.into_iter().map(key) {
                    if let std::collections::btree_map::Entry::Vacant(place) = model.entry(key) {
                        place.insert(height);
                        entries.insert(key, IndexEntry { height: Height(height), value: IndexValue::Present });
                    }
                }
                history.take(Arc::new(entries));
                prop_assert_eq!(history.len(), model.len());
            }
            for key in (0..u16::MAX).step_by(7).map(key).chain(model.keys().copied()) {
                prop_assert_eq!(history.get(&key).map(|entry| entry.height.0), model.get(&key).copied());
            }
        }
    }
}
