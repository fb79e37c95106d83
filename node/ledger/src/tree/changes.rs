//! Changes to keys, as they come.

use super::slot::{Leaf, head, leaf};
use seaway_types::hash::Hash32;

/// Keys and the hashes of their new values, in any order, each key once.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    keys: Vec<Hash32>,
    /// Zero, which stands for nothing in the tree, for a key that goes.
    values: Vec<Hash32>,
}

impl Changes {
    /// Of as many keys as values; a value of zero removes its key.
    pub fn new(keys: Vec<Hash32>, values: Vec<Hash32>) -> Self {
        debug_assert_eq!(keys.len(), values.len(), "each key has its value");
        Self { keys, values }
    }

    /// Adds a change: the key's new value, or `None` to remove it. Zero is no value: no hash is.
    pub fn push(&mut self, key: Hash32, value: Option<Hash32>) {
        self.keys.push(key);
        self.values.push(value.unwrap_or(Hash32::ZERO));
    }

    /// As leaves, in rising order of keys.
    pub(super) fn sorted(&self) -> Vec<Leaf> {
        // Heads of keys nearly always differ, and move faster than whole changes.
        let changes = self.keys.iter().zip(&self.values);
        let mut order: Vec<(u64, (&Hash32, &Hash32))> =
            changes.map(|(key, value)| (head(&key.0), (key, value))).collect();
        order.sort_unstable_by(|(a, (key_a, _)), (b, (key_b, _))| a.cmp(b).then_with(|| key_a.cmp(key_b)));
        order.into_iter().map(|(_, (key, value))| leaf(key, value)).collect()
    }
}

impl FromIterator<(Hash32, Option<Hash32>)> for Changes {
    fn from_iter<I: IntoIterator<Item = (Hash32, Option<Hash32>)>>(changes: I) -> Self {
        let mut all = Self::default();
        changes.into_iter().for_each(|(key, value)| all.push(key, value));
        all
    }
}
