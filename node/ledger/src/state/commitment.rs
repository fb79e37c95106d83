//! The hashes over a state: the tree of records, the window of instruction leaves, and the running hash over the index.

use super::map::PointMap;
use super::overlay::BlockChanges;
use super::tables::{ForEachChange, Slot, Stored};
use crate::tree::{Changes, Tree, TreeUpdate};
use seaway_types::codec;
use seaway_types::hash::{Domain, Hash32, Messages};
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::Submitter;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::proof::{StateParts, StateProof, WindowProof, minute_key};
use seaway_types::state::{IndexEntry, IndexKey, StateKey, tree_key, window_key};
use seaway_types::time::{BlockTime, Height};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// See the module.
#[derive(Clone, Debug)]
pub struct Commitment {
    records: Tree,
    window: Tree,
    minutes: BTreeMap<u64, Tree>,
    index: Hash32,
}

impl Default for Commitment {
    fn default() -> Self {
        Self { records: Tree::default(), window: Tree::default(), minutes: BTreeMap::new(), index: Hash32::ZERO }
    }
}

/// A prepared update of all of it.
#[derive(Clone, Debug)]
pub struct CommitmentUpdate {
    parts: StateParts,
    records: TreeUpdate,
    window: TreeUpdate,
    minutes: Vec<(u64, TreeUpdate)>,
    pruned_before: u64,
}

impl CommitmentUpdate {
    /// The parts under the state root after the block.
    pub fn parts(&self) -> StateParts {
        self.parts
    }
}

/// Collects changed records, whose keys and values are hashed together.
struct Collector {
    keys: Messages,
    values: Messages,
}

impl ForEachChange for Collector {
    type Error = Infallible;

    fn change<R: Stored>(&mut self, key: &R::Key, slot: &Slot<R>) -> Result<(), Infallible> {
        self.keys.push_block(&R::state_key(key).block());
        match &slot.now {
            Some(record) => self.values.push(record),
            None => self.values.push_nothing(),
        }
        Ok(())
    }
}

impl Commitment {
    /// Made anew from all records, all leaves of the window, and the running hash over the index.
    pub(super) fn restored(records: &Changes, leaves: BTreeMap<u64, Changes>, index: Hash32) -> Self {
        let minutes: BTreeMap<u64, Tree> =
            leaves.into_iter().map(|(minute, leaves)| (minute, tree_of(&leaves))).collect();
        let window: Changes = minutes.iter().map(|(minute, tree)| (minute_key(*minute), Some(tree.root()))).collect();
        Self { records: tree_of(records), window: tree_of(&window), minutes, index }
    }

    /// The parts under the state root.
    pub fn parts(&self) -> StateParts {
        StateParts { records: self.records.root(), window: self.window.root(), index: self.index }
    }

    /// Works out the roots after a block, without changing anything.
    pub fn prepare(&self, height: Height, changes: &BlockChanges) -> CommitmentUpdate {
        let records = self.records.prepare(&record_changes(changes));
        let minutes = self.prepare_minutes(changes);
        let pruned = self.minutes.range(..changes.pruned_before).map(|(minute, _)| (minute_key(*minute), None));
        let grown = minutes.iter().map(|(minute, update)| (minute_key(*minute), Some(update.root())));
        let window = self.window.prepare(&pruned.chain(grown).collect::<Changes>());
        let index = self.next_index(height, changes);
        CommitmentUpdate {
            parts: StateParts { records: records.root(), window: window.root(), index },
            records,
            window,
            minutes,
            pruned_before: changes.pruned_before,
        }
    }

    fn prepare_minutes(&self, changes: &BlockChanges) -> Vec<(u64, TreeUpdate)> {
        let mut of_minute: BTreeMap<u64, Changes> = BTreeMap::new();
        // Whoever asks what would come of an instruction long over gets no leaf in a minute that is pruned.
        let kept = || changes.leaves.iter().filter(|(minute, ..)| *minute >= changes.pruned_before);
        let mut values = Messages::new(Domain::InstructionLeaf, changes.leaves.len());
        kept().for_each(|(_, _, leaf)| values.push_block(&leaf.block()));
        for ((minute, place, _), value) in kept().zip(values.hashes()) {
            of_minute.entry(*minute).or_default().push(*place, Some(value));
        }
        let empty = Tree::default();
        let update =
            |(minute, leaves): (u64, Changes)| (minute, self.minutes.get(&minute).unwrap_or(&empty).prepare(&leaves));
        of_minute.into_iter().map(update).collect()
    }

    fn next_index(&self, height: Height, changes: &BlockChanges) -> Hash32 {
        if changes.index.is_empty() {
            return self.index;
        }
        let mut bytes = Vec::with_capacity(changes.index.len() * 112);
        let mut entries = in_order(&changes.index);
        if seeded(Mutant::OrderOfMemory) {
            entries.sort_unstable_by_key(|(key, _)| changes.index.hash_of(key));
        }
        for (key, entry) in entries {
            entry.put_hashed(key, &mut bytes);
        }
        let mut hasher = Domain::IndexEntries.hasher();
        hasher.update(self.index.as_bytes()).update(&codec::encode(&height)).update(&bytes);
        Hash32(*hasher.finalize().as_bytes())
    }

    /// Takes an update prepared on this commitment in its present state.
    pub fn apply(&mut self, update: CommitmentUpdate) {
        self.records.apply(update.records);
        self.window.apply(update.window);
        self.minutes = self.minutes.split_off(&update.pruned_before);
        for (minute, tree) in update.minutes {
            self.minutes.entry(minute).or_default().apply(tree);
        }
        self.index = update.parts.index;
    }

    /// Proves a record or its absence under the present state root.
    pub fn prove(&self, key: &StateKey) -> StateProof {
        StateProof { parts: self.parts(), path: self.records.path(&tree_key(key)) }
    }

    /// Proves an instruction's leaf or its absence under the present state root.
    pub fn prove_instruction(
        &self,
        submitter: &Submitter,
        key: &InstructionKey,
        valid_until: BlockTime,
    ) -> WindowProof {
        let minute = valid_until.minute();
        WindowProof {
            parts: self.parts(),
            minute: self.window.path(&minute_key(minute)),
            leaf: self.minutes.get(&minute).map(|tree| tree.path(&window_key(submitter, key))),
        }
    }

    /// Number of minutes whose instruction leaves are kept.
    pub fn minutes_kept(&self) -> usize {
        self.minutes.len()
    }
}

fn tree_of(leaves: &Changes) -> Tree {
    let mut tree = Tree::default();
    let update = tree.prepare(leaves);
    tree.apply(update);
    tree
}

/// The entries in the order of their keys. Heads are compared first, which stand side by side.
fn in_order(index: &PointMap<IndexKey, IndexEntry>) -> Vec<(&IndexKey, &IndexEntry)> {
    let mut heads: Vec<(u128, (&IndexKey, &IndexEntry))> =
        index.iter().map(|(key, entry)| (key.head(), (key, entry))).collect();
    heads.sort_unstable_by(|(a, (key_a, _)), (b, (key_b, _))| a.cmp(b).then_with(|| key_a.cmp(key_b)));
    heads.into_iter().map(|(_, entry)| entry).collect()
}

/// The changed records as changes of the tree.
fn record_changes(changes: &BlockChanges) -> Changes {
    let count = changes.records.len();
    let (keys, values) = (Messages::new(Domain::StateKey, count), Messages::new(Domain::StateValue, count));
    let mut collector = Collector { keys, values };
    let Ok(()) = changes.records.visit(&mut collector);
    Changes::new(collector.keys.hashes(), collector.values.hashes())
}
