//! What execution needs of the parent state. Storage implements it over RocksDB, the simulator over its disk,
//! [`super::MemoryState`] over memory.

use super::tables::Stored;
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::contract::InstanceId;
use seaway_types::identifier::{AccountId, HoldId, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::state::{IndexEntry, IndexKey};
use seaway_types::time::{BlockTime, Height};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A read that failed. The replica stops: better stopped than wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("reading the state failed: {0}")]
pub struct ReadFault(pub String);

/// The block on which a state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its height.
    pub height: Height,
    /// Its time.
    pub time: BlockTime,
}

/// What happens when block time comes. Timers are not in the state tree: the records that they wait for are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimerSubject {
    /// A hold is over.
    Hold(HoldId),
    /// A waiting credit is refused.
    Consent(PaymentKey),
    /// A change of keys takes effect.
    Keys(AccountId),
    /// The record of a finished payment is dropped; no receipt.
    Forget(PaymentKey),
    /// A contract's deadline.
    Contract(InstanceId),
    /// The record of a closed contract is dropped; no receipt.
    ForgetContract(InstanceId),
}

/// A timer. Due timers fire in this order: by time, then by subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timer {
    /// First block time at which it fires.
    pub at: BlockTime,
    /// What happens.
    pub subject: TimerSubject,
}

/// What a run of instructions will read.
#[derive(Clone, Debug, Default)]
pub struct Soon {
    /// Accounts with an asset: the account, and its balance.
    pub balances: Vec<(AccountId, AssetId)>,
    /// Contracts, with the balances of their parties.
    pub instances: Vec<InstanceId>,
    /// Entries of the index.
    pub index: Vec<IndexKey>,
}

/// A consistent view of the state after one block.
pub trait StateView {
    /// The block after which it stands.
    fn tip(&self) -> Tip;

    /// Looks at a record, and where it stands in its table: a hint for whoever writes it back.
    fn find<R: Stored, T>(&self, key: &R::Key, at: impl FnOnce(Option<(u32, &R)>) -> T) -> Result<T, ReadFault>;

    /// Looks at a record where it stands.
    fn look<R: Stored, T>(&self, key: &R::Key, at: impl FnOnce(Option<&R>) -> T) -> Result<T, ReadFault> {
        self.find(key, |found| at(found.map(|(_, record)| record)))
    }

    /// A record.
    fn read<R: Stored>(&self, key: &R::Key) -> Result<Option<R>, ReadFault> {
        self.look(key, |record| record.cloned())
    }

    /// An entry of the index.
    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault>;

    /// The first timers due at a time, in order, at most so many; deadlines of contracts among them are at most
    /// [`seaway_types::limits::BLOCK_DEADLINES_MAX`], and those that wait keep no other timer from its turn.
    fn due(&self, now: BlockTime, count_max: usize) -> Result<Vec<Timer>, ReadFault>;

    /// The accounts of a holder at an agent, in any order.
    fn accounts_of(&self, agent: &Bic, owner: &OwnerId) -> Result<Vec<AccountId>, ReadFault>;

    /// Told what will be read soon, so that the reads need not wait for each other. Changes no answer.
    fn warm(&self, soon: &Soon);

    /// Seed for hash maps: changes nothing but where things lie in memory.
    fn hash_seed(&self) -> u64;
}
