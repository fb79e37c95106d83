//! A block's changes over the parent state, with savepoints: what fails leaves no trace.

use super::map::PointMap;
use super::tables::{Changes, Slot, Stored, Undo};
use super::view::{ReadFault, StateView, Timer};
use seaway_types::bic::Bic;
use seaway_types::hash::{Domain, Hash32, Messages};
use seaway_types::identifier::{AccountId, InstructionKey, OwnerId};
use seaway_types::instruction::Submitter;
use seaway_types::state::{Account, IndexEntry, IndexKey, InstructionLeaf, window_block};
use seaway_types::time::BlockTime;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a block changes. Held beside the parent state until it is applied or dropped.
#[derive(Clone, Debug)]
pub struct BlockChanges {
    /// Records.
    pub records: Changes,
    /// New entries of the index.
    pub index: PointMap<IndexKey, IndexEntry>,
    /// New leaves of instructions: minute of `valid_until`, place in its tree, leaf.
    pub leaves: Vec<(u64, Hash32, InstructionLeaf)>,
    /// Timers set.
    pub timers_set: BTreeSet<Timer>,
    /// Timers of the parent state that are gone.
    pub timers_gone: BTreeSet<Timer>,
    /// Accounts opened, by whose they are, in order of opening.
    pub opened: BTreeMap<(Bic, OwnerId), Vec<AccountId>>,
    /// Minutes whose instruction leaves are pruned before this one.
    pub pruned_before: u64,
}

/// One change to take back.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // The journal is short-lived, and a box for each entry would cost more.
enum Journal {
    Record(Undo),
    Indexed(IndexKey),
    Leaf,
    TimerSet(Timer),
    TimerGone(Timer),
    Opened((Bic, OwnerId)),
}

/// See the module.
#[derive(Debug)]
pub struct Overlay<'a, V> {
    view: &'a V,
    changes: BlockChanges,
    /// Submitters and keys of the new leaves of instructions, from which their places are hashed together at the end.
    leaf_keys: Vec<(Submitter, InstructionKey)>,
    journal: Vec<Journal>,
}

/// A point to which changes can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint(usize);

impl<'a, V: StateView> Overlay<'a, V> {
    /// No changes yet.
    pub fn new(view: &'a V) -> Self {
        let seed = view.hash_seed();
        let changes = BlockChanges {
            records: Changes::with_seed(seed),
            index: PointMap::with_seed(seed),
            leaves: Vec::new(),
            timers_set: BTreeSet::new(),
            timers_gone: BTreeSet::new(),
            opened: BTreeMap::new(),
            pruned_before: 0,
        };
        Self { view, changes, leaf_keys: Vec::new(), journal: Vec::new() }
    }

    /// Makes room for what so many instructions with so many credits nearly always change.
    pub fn expect(&mut self, instructions: usize, credits: usize) {
        self.changes.leaves.reserve(instructions);
        self.leaf_keys.reserve(instructions);
        self.changes.index.reserve(instructions + credits);
        self.changes.records.balances.reserve(instructions + credits);
    }

    /// The parent state.
    pub fn view(&self) -> &'a V {
        self.view
    }

    /// The changes so far, without the places of new leaves.
    pub fn changes(&self) -> &BlockChanges {
        &self.changes
    }

    /// The changes, at the end.
    pub fn into_changes(self) -> BlockChanges {
        let Self { mut changes, leaf_keys, .. } = self;
        let mut messages = Messages::new(Domain::StateKey, leaf_keys.len());
        leaf_keys.iter().for_each(|(submitter, key)| messages.push_block(&window_block(submitter, key)));
        for ((_, place, _), hash) in changes.leaves.iter_mut().zip(messages.hashes()) {
            *place = hash;
        }
        changes
    }

    /// Minutes before this one are pruned with the block.
    pub fn prune_before(&mut self, minute: u64) {
        self.changes.pruned_before = minute;
    }

    /// Looks at a record as it is now, where it stands.
    pub fn look<R: Stored, T>(&self, key: &R::Key, at: impl FnOnce(Option<&R>) -> T) -> Result<T, ReadFault> {
        match R::changes(&self.changes.records).get(key) {
            Some(slot) => Ok(at(slot.now.as_ref())),
            None => self.view.look(key, at),
        }
    }

    /// A record as it is now.
    pub fn get<R: Stored>(&self, key: &R::Key) -> Result<Option<R>, ReadFault> {
        self.look(key, |record| record.cloned())
    }

    /// Sets or removes a record.
    pub fn put<R: Stored>(&mut self, key: R::Key, record: Option<R>) -> Result<(), ReadFault> {
        let slots = R::changes_mut(&mut self.changes.records);
        let half = slots.half_of(&key);
        let known = slots.position_with(half, &key);
        let previous = match known.and_then(|position| slots.at_mut(position)) {
            Some((_, slot)) => Some(std::mem::replace(&mut slot.now, record)),
            None => {
                let (before, place) = self.view.find(&key, standing)?;
                slots.add(half, key, Slot { before, place, now: record });
                None
            }
        };
        self.journal.push(Journal::Record(R::undo(key, previous)));
        Ok(())
    }

    /// Changes a record in place with one look-up. Where `change` fails nothing changes.
    pub fn modify<R: Stored, T, E: From<ReadFault>>(
        &mut self,
        key: R::Key,
        change: impl FnOnce(&mut Option<R>) -> Result<T, E>,
    ) -> Result<T, E> {
        let slots = R::changes_mut(&mut self.changes.records);
        let half = slots.half_of(&key);
        let known = slots.position_with(half, &key);
        if let Some((_, slot)) = known.and_then(|position| slots.at_mut(position)) {
            let mut now = slot.now.clone();
            let answer = change(&mut now)?;
            let previous = std::mem::replace(&mut slot.now, now);
            self.journal.push(Journal::Record(R::undo(key, Some(previous))));
            return Ok(answer);
        }
        let (before, place) = self.view.find(&key, standing)?;
        let mut now: Option<R> = before.clone();
        let answer = change(&mut now)?;
        slots.add(half, key, Slot { before, place, now });
        self.journal.push(Journal::Record(R::undo(key, None)));
        Ok(answer)
    }

    /// An entry of the index.
    pub fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        match self.changes.index.get(key) {
            Some(entry) => Ok(Some(*entry)),
            None => self.view.indexed(key),
        }
    }

    /// Adds an entry to the index. The caller has asked that it is new.
    pub fn add_to_index(&mut self, key: IndexKey, entry: IndexEntry) {
        self.changes.index.insert(key, entry);
        self.journal.push(Journal::Indexed(key));
    }

    /// Adds an instruction's leaf to the minute of its `valid_until`.
    pub fn add_leaf(&mut self, minute: u64, of: (Submitter, InstructionKey), leaf: InstructionLeaf) {
        self.changes.leaves.push((minute, Hash32::ZERO, leaf));
        self.leaf_keys.push(of);
        self.journal.push(Journal::Leaf);
    }

    /// Sets a timer.
    pub fn set_timer(&mut self, timer: Timer) {
        if self.changes.timers_gone.remove(&timer) {
            self.journal.push(Journal::TimerGone(timer));
        } else if self.changes.timers_set.insert(timer) {
            self.journal.push(Journal::TimerSet(timer));
        }
    }

    /// Removes a timer that is set.
    pub fn remove_timer(&mut self, timer: Timer) {
        if self.changes.timers_set.remove(&timer) {
            self.journal.push(Journal::TimerSet(timer));
        } else if self.changes.timers_gone.insert(timer) {
            self.journal.push(Journal::TimerGone(timer));
        }
    }

    /// Opens an account.
    pub fn open(&mut self, id: AccountId, account: Account) -> Result<(), ReadFault> {
        let whose = (account.agent, account.owner_id);
        self.changes.opened.entry(whose).or_default().push(id);
        self.journal.push(Journal::Opened(whose));
        self.put(id, Some(account))
    }

    /// The accounts of a holder at an agent.
    pub fn accounts_of(&self, agent: &Bic, owner: &OwnerId) -> Result<Vec<AccountId>, ReadFault> {
        let mut accounts = self.view.accounts_of(agent, owner)?;
        accounts.extend(self.changes.opened.get(&(*agent, *owner)).into_iter().flatten());
        Ok(accounts)
    }

    /// Timers of the parent state that are due, in order.
    pub fn due(&self, now: BlockTime, count_max: usize) -> Result<Vec<Timer>, ReadFault> {
        self.view.due(now, count_max)
    }

    /// A point to come back to. Valid until [`Overlay::keep`].
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.journal.len())
    }

    /// Takes back all changes since the savepoint.
    pub fn back_to(&mut self, savepoint: Savepoint) {
        while self.journal.len() > savepoint.0 {
            let Some(entry) = self.journal.pop() else {
                return;
            };
            let changes = &mut self.changes;
            match entry {
                Journal::Record(undo) => changes.records.undo(undo),
                Journal::Indexed(key) => drop(changes.index.remove(&key)),
                Journal::Leaf => drop((changes.leaves.pop(), self.leaf_keys.pop())),
                // A timer's entry toggles: whichever list holds it loses it, or the other way round.
                Journal::TimerSet(timer) => toggle(&mut changes.timers_set, timer),
                Journal::TimerGone(timer) => toggle(&mut changes.timers_gone, timer),
                Journal::Opened(whose) => {
                    let theirs = changes.opened.get_mut(&whose);
                    theirs.map(Vec::pop);
                }
            }
        }
    }

    /// Keeps all changes so far for good; earlier savepoints are void.
    pub fn keep(&mut self) {
        self.journal.clear();
    }
}

/// A record as a block begins with it, and its place.
fn standing<R: Clone>(found: Option<(u32, &R)>) -> (Option<R>, Option<u32>) {
    (found.map(|(_, record)| record.clone()), found.map(|(place, _)| place))
}

fn toggle(set: &mut BTreeSet<Timer>, timer: Timer) {
    if !set.remove(&timer) {
        set.insert(timer);
    }
}
