//! What clients and operators ask of the disk. Answers cover everything up to the tip.

use crate::answers::{StoredAnswers, StoredCredits};
use crate::database::{BlockReceipts, ContractReaders, Database, StorageError};
use crate::keys::{
    self, CALENDARS, CONTRACTS, ENTRIES, EVIDENCE, HELD, INDEX, LEAVES, LINEAGE, PARTIES, RECEIPTS, STATE,
};
use crate::movements;
use rocksdb::{Direction, IteratorMode};
use seaway_engine::Misbehaviour;
use seaway_ledger::state::Stored;
use seaway_types::Uetr;
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::block::{FinalBlock, LineageStep};
use seaway_types::calendar::Calendar;
use seaway_types::codec::{self, CodecError};
use seaway_types::contract::{ContractEvent, InstanceId};
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::Submitter;
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::limits::FRAME_BYTES_MAX;
use seaway_types::receipt::Posting;
use seaway_types::state::{Balance, IndexEntry, InstructionLeaf, StateKey, ValidatorSet, window_key};
use seaway_types::time::{BlockTime, Height};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The movements of money on an account in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// The block.
    pub height: Height,
    /// The movements, in order.
    pub postings: Vec<Posting>,
}

/// A credit transfer by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedPayment {
    /// Its name.
    pub payment: PaymentKey,
    /// Where it is and what it said.
    pub entry: IndexEntry,
}

/// A contract's event, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The block.
    pub height: Height,
    /// The block's time.
    pub time: BlockTime,
    /// Position of the receipt in it.
    pub receipt: u32,
    /// Place among the events of that receipt.
    pub place: usize,
    /// The event.
    pub event: ContractEvent,
}

impl Database {
    /// A record of the state.
    pub fn record<R: Stored>(&self, key: &R::Key) -> Result<Option<R>, StorageError> {
        self.get(STATE, &codec::encode(&R::state_key(key)))
    }

    /// The records whose keys begin alike, with the keys.
    pub fn records<R: Stored>(&self, begins: &StateKey, bytes: usize) -> Result<Vec<(StateKey, R)>, StorageError> {
        let prefix = codec::encode(begins).into_iter().take(bytes).collect::<Vec<u8>>();
        self.scan(STATE, &prefix, &prefix, usize::MAX, Direction::Forward, |key| {
            codec::decode::<StateKey>(key, FRAME_BYTES_MAX).ok()
        })
    }

    /// The canonical bytes of a record of the state.
    pub fn record_bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.db().get_pinned_cf(self.family(STATE)?, codec::encode(key));
        Ok(found.map_err(|error| self.failed(&error))?.map(|bytes| bytes.to_vec()))
    }

    /// What an instruction left, while its minute is kept.
    pub fn leaf(
        &self,
        submitter: &Submitter,
        key: &InstructionKey,
        valid_until: BlockTime,
    ) -> Result<Option<InstructionLeaf>, StorageError> {
        self.get(LEAVES, &keys::leaf(valid_until.minute(), &window_key(submitter, key)))
    }

    /// Records in order of their keys from one on, whose keys begin alike: those that are wanted, at most so many.
    pub fn records_from<R: Stored>(
        &self,
        from: &StateKey,
        bytes: usize,
        count_max: usize,
        wanted: impl Fn(&R) -> bool,
    ) -> Result<Vec<(StateKey, R)>, StorageError> {
        let start = codec::encode(from);
        let prefix: Vec<u8> = start.iter().copied().take(bytes).collect();
        let mut found = Vec::new();
        for pair in self.db().iterator_cf(self.family(STATE)?, IteratorMode::From(&start, Direction::Forward)) {
            let (key, value) = pair.map_err(|error| self.failed(&error))?;
            if !key.starts_with(&prefix) || found.len() >= count_max {
                break;
            }
            let record: R = codec::decode(&value, FRAME_BYTES_MAX).map_err(|error| self.damaged(STATE, error))?;
            if wanted(&record) {
                let key = codec::decode(&key, FRAME_BYTES_MAX).map_err(|error| self.damaged(STATE, error))?;
                found.push((key, record));
            }
        }
        Ok(found)
    }

    /// Receipts of a block.
    pub fn receipts(&self, height: Height) -> Result<Option<BlockReceipts>, StorageError> {
        let Some(stored) = self.answers(height)? else { return Ok(None) };
        let StoredAnswers { receipts, outcomes, events } = stored;
        let block = if outcomes.iter().any(|(_, credits)| credits.need_instruction()) {
            self.read_block(height)?.map(|found| found.block)
        } else {
            None
        };
        let first = receipts.len().saturating_sub(block.as_ref().map_or(0, |block| block.instructions.len()));
        let whole = |(position, credits): (u32, StoredCredits<'_>)| {
            let place = (position as usize).checked_sub(first);
            let instruction = block.as_ref().zip(place).and_then(|(block, place)| block.instructions.get(place));
            credits
                .whole(instruction)
                .map(|credits| (position, credits))
                .map_err(|error| self.damaged(RECEIPTS, error))
        };
        let outcomes = outcomes.into_iter().map(whole).collect::<Result<_, _>>()?;
        Ok(Some(BlockReceipts { receipts: receipts.into_owned(), outcomes, events: events.into_owned() }))
    }

    /// The same as it is stored.
    pub(crate) fn answers(&self, height: Height) -> Result<Option<StoredAnswers<'static>>, StorageError> {
        self.get(RECEIPTS, &keys::height(height))
    }

    /// All credit transfers with a UETR.
    pub fn payments(&self, uetr: &Uetr) -> Result<Vec<IndexedPayment>, StorageError> {
        let prefix = keys::payments_of(uetr);
        let name = |key: &[u8]| {
            let rest = key.get(prefix.len()..)?;
            let (kind, debtor_agent): (CreditKind, Bic) = codec::decode(rest, FRAME_BYTES_MAX).ok()?;
            Some(PaymentKey { debtor_agent, uetr: *uetr, kind })
        };
        let found: Vec<(PaymentKey, IndexEntry)> =
            self.scan(INDEX, &prefix, &prefix, usize::MAX, Direction::Forward, name)?;
        Ok(found.into_iter().map(|(payment, entry)| IndexedPayment { payment, entry }).collect())
    }

    /// The movements on an account, newest first, of blocks up to a height, at most so many blocks.
    pub fn entries(
        &self,
        account: &AccountId,
        up_to: Height,
        count_max: usize,
    ) -> Result<Vec<AccountEntry>, StorageError> {
        self.entries_along(account, up_to, count_max, Direction::Reverse)
    }

    /// The movements on an account, oldest first, of blocks from a height on, at most so many blocks.
    pub fn entries_from(
        &self,
        account: &AccountId,
        from: Height,
        count_max: usize,
    ) -> Result<Vec<AccountEntry>, StorageError> {
        self.entries_along(account, from, count_max, Direction::Forward)
    }

    fn entries_along(
        &self,
        account: &AccountId,
        first: Height,
        count_max: usize,
        direction: Direction,
    ) -> Result<Vec<AccountEntry>, StorageError> {
        let start = keys::entries(account, first);
        // What the genesis gave stands at height 0 for [`Self::balance_at`], and no block moved it.
        let height = |key: &[u8]| Some(Height(u64::from_be_bytes(*key.last_chunk::<8>()?))).filter(|at| at.0 > 0);
        self.walk(ENTRIES, account.as_bytes(), &start, count_max, direction, |key, value| {
            let (_, postings) = movements::decode(account, value)?;
            Ok(height(key).map(|height| AccountEntry { height, postings }))
        })
    }

    /// What an account held of an asset after a block: what the last block up to it that moved the asset there left.
    pub fn balance_at(&self, account: &AccountId, asset: AssetId, at: Height) -> Result<Balance, StorageError> {
        let held = self.db().get_pinned_cf(self.family(HELD)?, keys::held(account, asset));
        if held.map_err(|error| self.failed(&error))?.is_none() {
            return Ok(Balance::default());
        }
        let start = keys::entries(account, at);
        let from = IteratorMode::From(&start, Direction::Reverse);
        for pair in self.db().iterator_cf(self.family(ENTRIES)?, from) {
            let (key, value) = pair.map_err(|error| self.failed(&error))?;
            if !key.starts_with(account.as_bytes()) {
                break;
            }
            let (held, _) = movements::decode(account, &value).map_err(|error| self.damaged(ENTRIES, error))?;
            if let Some((_, balance)) = held.into_iter().find(|(of, _)| *of == asset) {
                return Ok(balance);
            }
        }
        Ok(Balance::default())
    }

    /// The calendars that an asset had, each with the height of the block that set it; the genesis set that of height 0.
    pub fn calendars(&self, asset: AssetId) -> Result<Vec<(Height, Calendar)>, StorageError> {
        let prefix = asset.0.to_be_bytes();
        let height = |key: &[u8]| Some(Height(u64::from_be_bytes(*key.last_chunk::<8>()?)));
        self.scan(CALENDARS, &prefix, &prefix, usize::MAX, Direction::Forward, height)
    }

    /// The events of a contract in the blocks from a height on, oldest first, at most so many blocks: each with its block's
    /// height, the position of its receipt, and its place among the events of that receipt.
    pub fn contract_events(
        &self,
        instance: &InstanceId,
        from: Height,
        blocks_max: usize,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let start = keys::contract(instance, from);
        let height = |key: &[u8]| Some(Height(u64::from_be_bytes(*key.last_chunk::<8>()?)));
        let blocks: Vec<(Height, Vec<u32>)> =
            self.scan(CONTRACTS, instance.as_bytes(), &start, blocks_max, Direction::Forward, height)?;
        let mut found = Vec::new();
        for (height, positions) in blocks {
            let damaged = |what: &str| {
                self.damaged(CONTRACTS, format!("{what} at height {height}, to which contract {instance} points"))
            };
            let block = self.read_block(height)?.ok_or_else(|| damaged("there is no block"))?.block.header;
            let events = self.answers(height)?.ok_or_else(|| damaged("there are no receipts"))?.events;
            for position in positions {
                let position = position as usize;
                let (receipt, event) = events.get(position).ok_or_else(|| damaged("there is no such event"))?;
                let place = events.iter().take(position).filter(|(other, _)| other == receipt).count();
                let (receipt, event) = (*receipt, event.clone());
                found.push(StoredEvent { height, time: block.time, receipt, place, event });
            }
        }
        Ok(found)
    }

    /// The contracts that an account is a party of, or that it took as an offer, by rising id from one on; with the height at
    /// which it was opened, or last taken by this account.
    pub fn contracts_of(
        &self,
        account: &AccountId,
        from: &InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, StorageError> {
        let start = keys::party(account, from);
        let instance = |key: &[u8]| Some(InstanceId(*key.last_chunk::<32>()?));
        self.scan(PARTIES, &keys::contracts_of(account), &start, count_max, Direction::Forward, instance)
    }

    /// The contracts that a UETR names, by rising id from one on, with the height at which they were opened; at most so many.
    pub fn contracts_named(
        &self,
        uetr: &Uetr,
        from: &InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, StorageError> {
        let start = keys::named(uetr, from);
        let instance = |key: &[u8]| Some(InstanceId(*key.last_chunk::<32>()?));
        self.scan(PARTIES, &keys::contracts_named(uetr), &start, count_max, Direction::Forward, instance)
    }

    /// Who may read of a contract; nobody where it was never open.
    pub fn contract_readers(&self, instance: &InstanceId) -> Result<ContractReaders, StorageError> {
        let start = keys::readers(instance);
        let found: Vec<((), ContractReaders)> =
            self.scan(PARTIES, &start, &start, 1, Direction::Forward, |_| Some(()))?;
        Ok(found.into_iter().next().map(|(_, readers)| readers).unwrap_or_default())
    }

    /// The changes of the set of validators before a height, in order.
    pub fn lineage(&self, before: Height) -> Result<Vec<LineageStep>, StorageError> {
        let mut steps = Vec::new();
        let height = |key: &[u8]| Some(Height(u64::from_be_bytes(*key.first_chunk::<8>()?)));
        let changes: Vec<(Height, ValidatorSet)> =
            self.scan(LINEAGE, &[], &[], usize::MAX, Direction::Forward, height)?;
        for (height, next) in changes.into_iter().filter(|(height, _)| *height < before) {
            if let Some(FinalBlock { block, certificate }) = self.read_block(height)? {
                steps.push(LineageStep { header: block.header, certificate, next });
            }
        }
        Ok(steps)
    }

    /// What validators were seen to do, oldest first.
    pub fn evidence(&self, count_max: usize) -> Result<Vec<Misbehaviour>, StorageError> {
        let found: Vec<((), Misbehaviour)> =
            self.scan(EVIDENCE, &[], &[], count_max, Direction::Forward, |_| Some(()))?;
        Ok(found.into_iter().map(|(_, one)| one).collect())
    }

    /// Values whose keys begin with a prefix, from a key on.
    fn scan<K, T: Serialize + DeserializeOwned>(
        &self,
        family: &'static str,
        prefix: &[u8],
        start: &[u8],
        count_max: usize,
        direction: Direction,
        name: impl Fn(&[u8]) -> Option<K>,
    ) -> Result<Vec<(K, T)>, StorageError> {
        self.walk(family, prefix, start, count_max, direction, |key, value| {
            let value = codec::decode_own(value)?;
            Ok(name(key).map(|key| (key, value)))
        })
    }

    /// What is read of the pairs from a key on whose keys begin alike, at most so many.
    fn walk<T>(
        &self,
        family: &'static str,
        prefix: &[u8],
        start: &[u8],
        count_max: usize,
        direction: Direction,
        read: impl Fn(&[u8], &[u8]) -> Result<Option<T>, CodecError>,
    ) -> Result<Vec<T>, StorageError> {
        let mut found = Vec::new();
        for pair in self.db().iterator_cf(self.family(family)?, IteratorMode::From(start, direction)) {
            let (key, value) = pair.map_err(|error| self.failed(&error))?;
            if !key.starts_with(prefix) || found.len() >= count_max {
                break;
            }
            found.extend(read(&key, &value).map_err(|error| self.damaged(family, error))?);
        }
        Ok(found)
    }
}
