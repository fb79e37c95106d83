//! A hash map for point access: fast like any hash map, without its unordered iteration.
//!
//! Entries stand in a list in the order in which they came (a removed one is replaced by the last), and the hash table
//! beside it holds their positions alone. So iteration order follows from the operations alone and is the same on every
//! replica, and a million entries waste no room on empty buckets.

use super::places::{Places, half};
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use std::hash::{Hash, Hasher};

/// Entries in one allocation, so that growth never copies the whole list.
const CHUNK: usize = 4096;

/// A keyed hash. Both halves of its seed are a node's own: with the library's fixed half, whoever knows it can choose ids whose hash does
/// not depend on the other half, and so collide on all nodes.
#[derive(Clone, Debug)]
pub(super) struct Seeded {
    seed: u64,
    shared: SharedSeed,
}

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, shared: SharedSeed::from_u64(seed) }
    }

    pub(super) fn hash_one<T: Hash>(&self, value: T) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.seed, &self.shared);
        value.hash(&mut hasher);
        hasher.finish()
    }
}

/// See the module. The seed decides only where entries lie in memory: a node draws its own, so that nobody can choose keys
/// that collide on all nodes.
#[derive(Clone, Debug)]
pub struct PointMap<K, V> {
    hasher: Seeded,
    places: Places,
    chunks: Vec<Vec<(K, V)>>,
    length: usize,
}

impl<K: Eq + Hash, V> PointMap<K, V> {
    /// An empty map.
    pub fn with_seed(seed: u64) -> Self {
        Self { hasher: Seeded::new(seed), places: Places::default(), chunks: Vec::new(), length: 0 }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn entry(chunks: &[Vec<(K, V)>], position: u32) -> Option<&(K, V)> {
        let position = position as usize;
        chunks.get(position / CHUNK)?.get(position % CHUNK)
    }

    /// The seed of its hashes.
    pub(super) fn seed(&self) -> u64 {
        self.hasher.seed
    }

    /// Half of each key's hash, with where its entry stands, roughly in rising order of the halves.
    pub(super) fn halves(&self) -> impl Iterator<Item = (u32, u32)> {
        self.places.all()
    }

    /// Half of a key's hash, for whoever asks more than once.
    pub(super) fn half_of(&self, key: &K) -> u32 {
        half(self.hasher.hash_one(key))
    }

    /// Where a key's entry stands in the list. It stays there while no entry is removed.
    pub(super) fn position(&self, key: &K) -> Option<u32> {
        if self.length == 0 {
            return None;
        }
        self.position_with(self.half_of(key), key)
    }

    /// As [`Self::position`], with half of the key's hash.
    pub(super) fn position_with(&self, half: u32, key: &K) -> Option<u32> {
        self.places.find(half, |position| Self::entry(&self.chunks, position).is_some_and(|(other, _)| other == key))
    }

    /// The entry at a position of the list.
    pub(super) fn at(&self, position: u32) -> Option<&(K, V)> {
        Self::entry(&self.chunks, position)
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        Self::entry(&self.chunks, self.position(key)?).map(|(_, value)| value)
    }

    /// Looks keys up without waiting for one before the next: first where all of them may stand, then what stands there, of
    /// which the key is compared and `touch` reads the rest. So the processor fetches the memory of many at a time. Changes
    /// nothing.
    pub fn fetch<'a>(&self, keys: impl Iterator<Item = &'a K>, touch: impl Fn(&V) -> bool)
    where
        K: 'a,
    {
        let keys: Vec<(u32, &K)> = keys.map(|key| (self.half_of(key), key)).collect();
        self.places.touch(keys.iter().map(|(half, _)| *half));
        let there = |(half, key): &&(u32, &K)| {
            let found = self.places.likely(*half).and_then(|position| Self::entry(&self.chunks, position));
            found.is_some_and(|(other, value)| touch(value) | (other == *key))
        };
        std::hint::black_box(keys.iter().filter(there).count());
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let position = self.position(key)?;
        self.at_mut(position).map(|(_, value)| value)
    }

    /// The entry at a position of the list, whose value may be changed.
    pub(super) fn at_mut(&mut self, position: u32) -> Option<(&K, &mut V)> {
        let position = position as usize;
        self.chunks.get_mut(position / CHUNK)?.get_mut(position % CHUNK).map(|(key, value)| (&*key, value))
    }

    /// Makes room for so many more entries, so that the table does not grow step by step.
    pub fn reserve(&mut self, more: usize) {
        self.places.reserve(more);
    }

    /// Sets a value; returns the one that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let half = self.half_of(&key);
        if let Some((_, present)) = self.position_with(half, &key).and_then(|position| self.at_mut(position)) {
            return Some(std::mem::replace(present, value));
        }
        self.add(half, key, value);
        None
    }

    /// Adds an entry whose key has none, with half of the key's hash.
    pub(super) fn add(&mut self, half: u32, key: K, value: V) {
        let Self { places, chunks, length, .. } = self;
        // The largest number names nothing, see `Places`.
        let (Ok(position), Ok(_)) = (u32::try_from(*length), u32::try_from(*length + 1)) else {
            return;
        };
        places.add(half, position);
        match chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push((key, value)),
            // The first chunk grows like any list, for the many maps that stay small.
            last => {
                let mut chunk = if last.is_some() { Vec::with_capacity(CHUNK) } else { Vec::new() };
                chunk.push((key, value));
                chunks.push(chunk);
            }
        }
        *length += 1;
    }

    /// Removes a key; returns its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let Self { hasher, places, chunks, length } = self;
        let same = |position| Self::entry(chunks, position).is_some_and(|(other, _)| other == key);
        let hole = places.remove(half(hasher.hash_one(key)), same)?;
        let last = u32::try_from(*length - 1).ok()?;
        if hole != last {
            let moved = Self::entry(chunks, last).map(|(key, _)| hasher.hash_one(key))?;
            places.moved(half(moved), last, hole);
        }
        *length -= 1;
        let tail = chunks.last_mut()?.pop()?;
        if chunks.last().is_some_and(Vec::is_empty) {
            chunks.pop();
        }
        if hole == last {
            return Some(tail.1);
        }
        let place = chunks.get_mut(hole as usize / CHUNK)?.get_mut(hole as usize % CHUNK)?;
        Some(std::mem::replace(place, tail).1)
    }

    /// All entries, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.chunks.iter().flatten().map(|(key, value)| (key, value))
    }

    /// By what entries would be ordered if memory decided it: another order with each seed.
    pub(super) fn hash_of(&self, key: &K) -> u64 {
        self.hasher.hash_one(key)
    }

    /// All entries in rising order of keys.
    pub fn sorted(&self) -> Vec<(&K, &V)>
    where
        K: Ord,
    {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn does_what_an_ordered_map_does(seed: u64, steps in proptest::collection::vec((0u16..300, proptest::option::of(any::<u8>())), 0..2000)) {
            let mut map = PointMap::with_seed(seed);
            let mut other = PointMap::with_seed(seed ^ 1);
            let mut model = BTreeMap::new();
            for (key, value) in steps {
                let (a, b, c) = match value {
                    Some(value) => (map.insert(key, value), other.insert(key, value), model.insert(key, value)),
                    None => (map.remove(&key), other.remove(&key), model.remove(&key)),
                };
                prop_assert_eq!((a, b), (c, c));
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(map.sorted(), model.iter().collect::<Vec<_>>());
            prop_assert!(map.iter().eq(other.iter()), "the order does not depend on the seed");
            prop_assert!((0..300).all(|key| map.get(&key) == model.get(&key)));
        }
    }

    #[test]
    fn nobody_can_choose_ids_that_collide_whatever_the_seed() {
        // The constant with which foldhash multiplies when its shared half is left as it comes: 0 on one side makes all hashes 0.
        let word = 0xc0ac_29b7_c97c_50dd_u64.to_le_bytes();
        let id = |n: u64| {
            seaway_types::hash::Hash32([n.to_le_bytes(), word, n.to_le_bytes(), word].concat().try_into().unwrap())
        };
        let different = |hasher: Seeded| -> usize {
            (0..1_000).map(|n| hasher.hash_one(id(n))).collect::<std::collections::BTreeSet<u64>>().len()
        };
        assert_eq!(
            different(Seeded { seed: 7, shared: SharedSeed::global_fixed().clone() }),
            1,
            "the ids are well chosen"
        );
        assert_eq!(different(Seeded::new(7)), 1_000);
    }

    #[test]
    fn survives_many_chunks() {
        let mut map = PointMap::with_seed(1);
        for n in 0..20_000u32 {
            map.insert(n, n);
        }
        for n in (0..20_000).step_by(3) {
            assert_eq!(map.remove(&n), Some(n));
        }
        assert!((0..20_000).all(|n| map.get(&n) == (n % 3 != 0).then_some(&n)));
    }
}
