//! A state held in memory: for replay by auditors, tests, benchmarks, and as the hot part of a node.

use super::commitment::{Commitment, CommitmentUpdate};
use super::history::{Entries, History};
use super::map::{PointMap, Seeded};
use super::overlay::BlockChanges;
use super::places::{Places, half};
use super::tables::{ForEachChange, Stored, Tables};
use super::view::{ReadFault, Soon, StateView, Timer, TimerSubject, Tip};
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::identifier::{AccountId, OwnerId};
use seaway_types::limits::BLOCK_DEADLINES_MAX;
use seaway_types::state::{Account, IndexEntry, IndexKey, Instance, Stage};
use seaway_types::time::BlockTime;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug)]
pub struct MemoryState {
    tip: Tip,
    seed: u64,
    tables: Tables,
    index: History,
    /// The entries of the newest block, shared with whoever stores them: they join the others with the next block, if nobody
    /// has stored them until then.
    newest: Entries,
    timers: BTreeSet<Timer>,
    owners: Owners,
    commitment: Commitment,
}

/// Which accounts belong to a holder. Derived from the accounts, so not part of the state tree.
///
/// It holds positions in the table of accounts, from which none is ever removed.
#[derive(Clone, Debug)]
struct Owners {
    hasher: Seeded,
    places: Places,
}

impl Owners {
    fn add(&mut self, accounts: &PointMap<AccountId, Account>, id: &AccountId) {
        let position = accounts.position(id);
        if let Some((position, (_, account))) = position.and_then(|at| accounts.at(at).map(|found| (at, found))) {
            self.places.add(half(self.hasher.hash_one((&account.agent, &account.owner_id))), position);
        }
    }

    fn find(&self, accounts: &PointMap<AccountId, Account>, agent: &Bic, owner: &OwnerId) -> Vec<AccountId> {
        let mut found = Vec::new();
        self.places.find(half(self.hasher.hash_one((agent, owner))), |position| {
            let theirs = accounts.at(position).filter(|(_, one)| one.agent == *agent && one.owner_id == *owner);
            found.extend(theirs.map(|(id, _)| *id));
            // All are wanted, so that the search goes on to its end.
            false
        });
        found
    }
}

impl MemoryState {
    /// An empty state at a tip, for the genesis to fill.
    pub fn new(tip: Tip, seed: u64) -> Self {
        Self {
            tip,
            seed,
            tables: Tables::with_seed(seed),
            index: History::with_seed(seed),
            newest: Arc::new(PointMap::with_seed(seed)),
            timers: BTreeSet::new(),
            owners: Owners { hasher: Seeded::new(seed), places: Places::default() },
            commitment: Commitment::default(),
        }
    }

    /// The tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The hashes over the state, for roots and proofs.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// How many entries of the index are in memory.
    pub fn index_len(&self) -> usize {
        self.index.len() + self.newest.len()
    }

    /// Drops the index from memory: a storage has its entries from now on, and answers for them.
    pub fn forget_index(&mut self) {
        self.index = History::with_seed(self.seed);
        self.newest = Arc::new(PointMap::with_seed(self.seed));
    }

    /// Timers that wait, in order.
    pub fn timers(&self) -> &BTreeSet<Timer> {
        &self.timers
    }

    /// Visits every record, as if all had changed from nothing.
    pub fn visit_records<V: ForEachChange<Error = Infallible>>(&self, visitor: &mut V) {
        self.tables.visit(visitor);
    }

    pub(super) fn tables_mut(&mut self) -> &mut Tables {
        &mut self.tables
    }

    pub(super) fn add_owner(&mut self, account: &AccountId) {
        self.owners.add(&self.tables.accounts, account);
    }

    pub(super) fn add_timer(&mut self, timer: Timer) {
        self.timers.insert(timer);
    }

    pub(super) fn set_commitment(&mut self, commitment: Commitment) {
        self.commitment = commitment;
    }

    /// Takes the index entries of a block that is applied.
    pub fn take_index(&mut self, entries: Arc<PointMap<IndexKey, IndexEntry>>) {
        self.index.take(std::mem::replace(&mut self.newest, entries));
    }

    /// Makes a block's changes the new state, but for its index entries. They must have been made over this state.
    pub fn apply(&mut self, tip: Tip, changes: &BlockChanges, update: CommitmentUpdate) {
        debug_assert!(changes.index.is_empty(), "entries of the index are taken by themselves");
        for timer in &changes.timers_gone {
            self.timers.remove(timer);
        }
        self.timers.extend(&changes.timers_set);
        changes.records.write_to(&mut self.tables);
        for account in changes.opened.values().flatten() {
            self.owners.add(&self.tables.accounts, account);
        }
        self.commitment.apply(update);
        self.tip = tip;
    }
}

impl StateView for MemoryState {
    fn tip(&self) -> Tip {
        self.tip
    }

    fn find<R: Stored, T>(&self, key: &R::Key, at: impl FnOnce(Option<(u32, &R)>) -> T) -> Result<T, ReadFault> {
        let table = R::table(&self.tables);
        let place = table.position(key);
        Ok(at(place.and_then(|place| table.at(place).map(|(_, record)| (place, record)))))
    }

    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        let half = self.index.half_of(key);
        let newest = if self.newest.seed() == self.seed {
            self.newest.position_with(half, key)
        } else {
            self.newest.position(key)
        };
        let newest = newest.and_then(|position| self.newest.at(position)).map(|(_, entry)| entry);
        Ok(newest.or_else(|| self.index.get(half, key)).copied())
    }

    fn due(&self, now: BlockTime, count_max: usize) -> Result<Vec<Timer>, ReadFault> {
        let mut deadlines = 0;
        let fits = |timer: &&Timer| {
            deadlines += usize::from(matches!(timer.subject, TimerSubject::Contract(_)));
            deadlines <= BLOCK_DEADLINES_MAX || !matches!(timer.subject, TimerSubject::Contract(_))
        };
        let due = self.timers.iter().take_while(|timer| timer.at <= now);
        Ok(due.filter(fits).take(count_max).copied().collect())
    }

    fn accounts_of(&self, agent: &Bic, owner: &OwnerId) -> Result<Vec<AccountId>, ReadFault> {
        Ok(self.owners.find(&self.tables.accounts, agent, owner))
    }

    fn warm(&self, soon: &Soon) {
        let Tables { accounts, balances, instances, .. } = &self.tables;
        // What lies behind a contract is fetched once the contracts are there.
        instances.fetch(soon.instances.iter(), |one| matches!(one.stage, Stage::Live { .. }));
        let contracts = soon.instances.iter().filter_map(|id| instances.get(id));
        let behind: Vec<(AccountId, AssetId)> = contracts.flat_map(pockets).collect();
        let pockets = || soon.balances.iter().chain(&behind);
        accounts.fetch(pockets().map(|(id, _)| id), |one| {
            one.freezes.is_some() | (one.tier.0 < u8::MAX) | one.owner.keys().is_empty()
        });
        balances.fetch(pockets(), |one| !one.available.is_zero());
        self.index.fetch(soon.index.iter());
    }

    fn hash_seed(&self) -> u64 {
        self.seed
    }
}

/// Where the money of a contract most likely goes: the first parties' accounts in its first asset.
fn pockets(instance: &Instance) -> impl Iterator<Item = (AccountId, AssetId)> {
    let asset = instance.terms.assets.first().copied();
    asset.into_iter().flat_map(|asset| instance.terms.parties.iter().take(4).map(move |party| (*party, asset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::contract::InstanceId;
    use seaway_types::identifier::HoldId;
    use seaway_types::time::Height;

    #[test]
    fn a_backlog_of_deadlines_keeps_no_other_timer_waiting() {
        let at = |ms: u64| BlockTime::from_ms(1_800_000_000_000 + ms).unwrap();
        let mut state = MemoryState::new(Tip { height: Height(0), time: at(0) }, 1);
        for number in 0u32..20_000 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            state.add_timer(Timer { at: at(1), subject: TimerSubject::Contract(InstanceId(id)) });
        }
        let hold = TimerSubject::Hold(HoldId([1; 16]));
        state.add_timer(Timer { at: at(2), subject: hold });
        state.add_timer(Timer { at: at(4), subject: TimerSubject::Hold(HoldId([2; 16])) });
        let due = state.due(at(3), 16_384).unwrap();
        assert_eq!(due.len(), BLOCK_DEADLINES_MAX + 1);
        assert_eq!(due.last().unwrap().subject, hold);
        assert_eq!(state.due(at(3), 5).unwrap().len(), 5);
    }
}
