//! Everything that is decided, in RocksDB.

use crate::answers::StoredAnswers;
use crate::keys::{
    self, BLOCKS, BOOKED, CALENDARS, CONTRACTS, ENTRIES, EVIDENCE, FAMILIES, HELD, INDEX, LEAVES, LINEAGE, META,
    PARTIES, RECEIPTS, STATE, TIMERS,
};
use crate::movements::{self, Held};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, IteratorMode, Options,
    WriteBatch, WriteOptions,
};
use seaway_engine::{Decided, Misbehaviour, Store, TipBlock};
use seaway_ledger::execution::{AppliedBlock, Outcomes};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{ForEachChange, MemoryState, ReadFault, Restored, Slot, Stored, Timer, Tip};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::block::{BlockId, Certificate, FinalBlock};
use seaway_types::booking;
use seaway_types::codec::{self, CodecError};
use seaway_types::contract::{Cause, ContractEvent, Terms};
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::Submitter;
use seaway_types::limits::DECODE_MEMORY_MAX;
use seaway_types::receipt::{Posting, Receipt};
use seaway_types::state::{Balance, CalendarKey, IndexEntry, IndexKey, InstructionLeaf, StateKey, Validators};
use seaway_types::time::{BlockTime, Height};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// The layout of the database that this program writes.
const LAYOUT_VERSION: u32 = 8;

/// Memory for blocks read from disk, shared by all families, in bytes.
const CACHE_BYTES: usize = 12 << 20;
/// Memory for what is not yet written to tables, over all families, in bytes.
const WRITE_BUFFERS_BYTES: usize = 40 << 20;
/// Memory of one family's write buffer, in bytes.
const WRITE_BUFFER_BYTES: usize = 16 << 20;
/// RocksDB's default, which LZ4 does not read.
const WINDOW_BITS: i32 = -14;
/// Below zero it is LZ4's acceleration.
const LZ4_LEVEL: i32 = -8;
/// How long RocksDB may take to open: its own files alone, before the state is put together.
const OPEN_TIMEOUT: Duration = Duration::from_secs(45);
/// Files held open.
const OPEN_FILES_MAX: i32 = 256;

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum StorageError {
    /// RocksDB failed.
    #[error("database {path}: {problem}")]
    Rocks {
        /// The folder.
        path: String,
        /// What it says.
        problem: String,
    },
    /// It belongs to another network or genesis.
    #[error("database {path} belongs to the genesis {found}; this node starts from {expected}")]
    OtherGenesis {
        /// The folder.
        path: String,
        /// The genesis it was made for.
        found: String,
        /// The genesis of this node.
        expected: Hash32,
    },
    /// It was written by another version.
    #[error("database {path} has layout {found}; this program knows {expected}")]
    OtherLayout {
        /// The folder.
        path: String,
        /// Its layout.
        found: String,
        /// The layout known.
        expected: u32,
    },
    /// A value that cannot be read.
    #[error("database {path}, family {family}: a value is damaged: {problem}")]
    Damaged {
        /// The folder.
        path: String,
        /// The column family.
        family: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The state does not have the root that was certified.
    #[error(
        "database {path}: the state at height {height} has root {found}, but {expected} was certified; sync this node anew"
    )]
    OtherRoot {
        /// The folder.
        path: String,
        /// The height.
        height: Height,
        /// The root that the records give.
        found: Hash32,
        /// The root in the header.
        expected: Hash32,
    },
}

/// What a block answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockReceipts {
    /// Receipts in order.
    pub receipts: Vec<Receipt>,
    /// Outcomes of credits, by the position of their receipt.
    pub outcomes: Vec<Outcomes>,
    /// Events of contracts, by the position of their receipt.
    pub events: Vec<(u32, ContractEvent)>,
}

/// Who may read of a contract, kept for good: the record itself is forgotten some time after it closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractReaders {
    /// Its parties, and accounts on its panels.
    pub accounts: Vec<AccountId>,
    /// Institutions on its panels.
    pub participants: Vec<Bic>,
}

impl ContractReaders {
    /// Those whom terms name.
    pub fn of(terms: &Terms) -> Self {
        let mut readers = Self { accounts: terms.parties.to_vec(), participants: Vec::new() };
        for member in terms.panels.iter().flatten() {
            match member {
                Submitter::Account(id) => readers.accounts.push(*id),
                Submitter::Participant(bic) => readers.participants.push(*bic),
                Submitter::Authority => {}
            }
        }
        readers
    }
}

/// What the database says of its tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredTip {
    height: Height,
    id: BlockId,
    time: BlockTime,
    certificate: Option<Certificate>,
    index: Hash32,
}

/// A database that is open, with the state after its tip.
pub struct Opened {
    /// The database.
    pub database: Database,
    /// The state.
    pub state: MemoryState,
    /// The tip.
    pub tip: TipBlock,
}

/// See the module. Clones are handles to the same database.
#[derive(Clone)]
pub struct Database {
    db: Arc<DB>,
    path: String,
}

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_db_write_buffer_size(WRITE_BUFFERS_BYTES);
    options.set_max_total_wal_size(4 * WRITE_BUFFERS_BYTES as u64);
    options.set_keep_log_file_num(4);
    // Blocks have one writer; what is written beside them is little.
    options.set_allow_concurrent_memtable_write(false);
    options
}

/// Families into which blocks write in the order of keys.
const IN_ORDER: [&str; 2] = [INDEX, ENTRIES];
/// What is inserted into memory is looked for near what was inserted last under the same first byte. Only RocksDB's text form of
/// options has this one.
const INSERT_NEAR_THE_LAST: &str = "memtable_insert_with_hint_prefix_extractor=rocksdb.FixedPrefix.1";

fn family_options(cache: &Cache, family: &str) -> Result<Options, rocksdb::Error> {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // Most questions to the index are about keys that are not there.
    table.set_bloom_filter(10.0, false);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut options = if IN_ORDER.contains(&family) {
        Options::default().get_options_from_string(INSERT_NEAR_THE_LAST)?
    } else {
        Options::default()
    };
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    // LZ4 that looks less hard: names and hashes are not to be compressed, and the zeros between them are found all the same.
    options.set_compression_options(WINDOW_BITS, LZ4_LEVEL, 0, 0);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(0.05);
    Ok(options)
}

/// Opens RocksDB, on a thread of its own: with one wrong bit in its manifest it may read for ever instead of saying so. What it has to
/// read is bounded (its logs hold what fits the write buffers), so its time can be too.
fn opened(path: PathBuf) -> Result<DB, String> {
    let (done, opened) = mpsc::channel();
    let open = move || {
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let family = |name: &&'static str| Ok(ColumnFamilyDescriptor::new(*name, family_options(&cache, name)?));
        let families: Result<Vec<_>, rocksdb::Error> = FAMILIES.iter().map(family).collect();
        // Whoever asked may have given up.
        let _late = done.send(families.and_then(|families| DB::open_cf_descriptors(&options(), path, families)));
    };
    thread::Builder::new().name("db-open".to_owned()).spawn(open).map_err(|error| error.to_string())?;
    match opened.recv_timeout(OPEN_TIMEOUT) {
        Ok(opened) => opened.map_err(rocksdb::Error::into_string),
        Err(_) => Err(format!(
            "it could not be opened within {} seconds: its manifest is damaged, or its disk is very slow",
            OPEN_TIMEOUT.as_secs()
        )),
    }
}

impl Database {
    /// Opens the database in a folder, or makes it from the genesis, and puts the state together.
    pub fn open(path: &Path, document: &GenesisDocument, hash_seed: u64) -> Result<Opened, StorageError> {
        let name = path.display().to_string();
        let failed = |problem: String| StorageError::Rocks { path: name.clone(), problem };
        let db = opened(path.to_owned()).map_err(failed)?;
        let database = Self { db: Arc::new(db), path: name };
        database.check_identity(document)?;
        match database.get::<StoredTip>(META, keys::TIP)? {
            Some(tip) => database.restore(tip, hash_seed),
            None => database.begin(document, hash_seed),
        }
    }

    fn check_identity(&self, document: &GenesisDocument) -> Result<(), StorageError> {
        let path = self.path.clone();
        let expected = document.hash();
        match self.get_raw(META, keys::GENESIS)? {
            None => {
                let mut batch = WriteBatch::default();
                batch.put_cf(self.family(META)?, keys::GENESIS, expected.as_bytes());
                batch.put_cf(self.family(META)?, keys::LAYOUT, LAYOUT_VERSION.to_le_bytes());
                self.write(batch)
            }
            Some(found) if found != expected.as_bytes() => {
                Err(StorageError::OtherGenesis { path, found: hex::encode(&found), expected })
            }
            Some(_) => match self.get_raw(META, keys::LAYOUT)? {
                Some(found) if found == LAYOUT_VERSION.to_le_bytes() => Ok(()),
                found => {
                    let number = found.and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
                    let found = number.map_or_else(|| "of no number".to_owned(), |number| number.to_string());
                    Err(StorageError::OtherLayout { path, found, expected: LAYOUT_VERSION })
                }
            },
        }
    }

    /// The state of the genesis, written record by record.
    fn begin(self, document: &GenesisDocument, hash_seed: u64) -> Result<Opened, StorageError> {
        let state = state_of(document, hash_seed)
            .map_err(|fault| StorageError::Rocks { path: self.path.clone(), problem: fault.to_string() })?;
        let id = BlockId(document.hash().0);
        let index = state.commitment().parts().index;
        let tip = StoredTip { height: Height(0), id, time: document.time, certificate: None, index };
        let mut writer = Writer { batch: WriteBatch::default(), family: self.family(STATE)? };
        state.visit_records(&mut writer);
        let mut batch = writer.batch;
        for account in document.accounts.iter().filter(|account| !account.balances.is_empty()) {
            let opening = |(asset, available): &(AssetId, Amount)| {
                (*asset, Balance { available: *available, ..Balance::default() })
            };
            let held: Held = account.balances.iter().map(opening).collect();
            let key = keys::entries(&account.open.account, Height(0));
            batch.put_cf(self.family(ENTRIES)?, key, movements::encode(&held, &[]));
            for (asset, _) in account.balances.iter() {
                batch.put_cf(self.family(HELD)?, keys::held(&account.open.account, *asset), []);
            }
        }
        for (of, calendar) in document.calendars.iter() {
            if let CalendarKey::Asset(asset) = of {
                let key = keys::calendar(*asset, Height(0));
                batch.put_cf(self.family(CALENDARS)?, key, codec::encode(calendar));
            }
        }
        batch.put_cf(self.family(META)?, keys::TIP, codec::encode(&tip));
        self.write(batch)?;
        Ok(Opened { tip: tip_block(tip), state, database: self })
    }

    /// Reads the state, and compares its root with the certified one.
    fn restore(self, tip: StoredTip, hash_seed: u64) -> Result<Opened, StorageError> {
        let mut restored = Restored::new(Tip { height: tip.height, time: tip.time }, hash_seed);
        self.each(STATE, |key, value| {
            let key: StateKey = codec::decode(key, DECODE_MEMORY_MAX)?;
            restored.record(key, value)
        })?;
        self.each(LEAVES, |key, value| {
            let (minute, place) = key.split_first_chunk::<8>().ok_or(CodecError::NotCanonical)?;
            let place = Hash32(place.try_into().map_err(|_| CodecError::NotCanonical)?);
            let leaf: InstructionLeaf = codec::decode(value, DECODE_MEMORY_MAX)?;
            restored.leaf(u64::from_be_bytes(*minute), place, &leaf);
            Ok(())
        })?;
        self.each(TIMERS, |key, _| {
            restored.timer(codec::decode::<Timer>(key, DECODE_MEMORY_MAX)?);
            Ok(())
        })?;
        let state = restored.finish(tip.index);
        let found = state.commitment().parts().root();
        if let Some(block) = self.read_block(tip.height)? {
            let expected = block.block.header.state_root;
            if found != expected {
                let path = self.path;
                return Err(StorageError::OtherRoot { path, height: tip.height, found, expected });
            }
        }
        Ok(Opened { tip: tip_block(tip), state, database: self })
    }

    /// Where a contract's events are found, and an account's contracts.
    fn index_contracts(
        &self,
        batch: &mut WriteBatch,
        height: Height,
        applied: &AppliedBlock,
    ) -> Result<(), StorageError> {
        let mut by_contract: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for (position, (_, event)) in (0u32..).zip(&applied.events) {
            by_contract.entry(event.instance).or_default().push(position);
        }
        for (instance, positions) in by_contract {
            batch.put_cf(self.family(CONTRACTS)?, keys::contract(&instance, height), codec::encode(&positions));
        }
        let parties = self.family(PARTIES)?;
        for (_, event) in &applied.events {
            let instance = event.instance;
            let terms = || {
                let slot = applied.changes.records.instances.get(&instance);
                slot.and_then(|slot| slot.now.as_ref()).map(|instance| &instance.terms)
            };
            let told: Vec<AccountId> = match (&event.cause, event.before) {
                (Cause::Opened, _) => terms().map_or_else(Vec::new, |terms| terms.parties.to_vec()),
                // An offer that nobody took may name anybody as a party: only who signed it finds it among its own.
                (Cause::Withdrawn, None) => event.authorisers.iter().filter_map(Submitter::account).collect(),
                (Cause::Called { caller, .. }, _) => caller.iter().copied().collect(),
                _ => Vec::new(),
            };
            for account in told {
                batch.put_cf(parties, keys::party(&account, &instance), codec::encode(&height));
            }
            if let (Cause::Opened, Some(terms)) = (&event.cause, terms()) {
                batch.put_cf(parties, keys::named(&event.uetr, &instance), codec::encode(&height));
                batch.put_cf(parties, keys::readers(&instance), codec::encode(&ContractReaders::of(terms)));
            }
        }
        Ok(())
    }

    /// The movements on accounts, what they left, and how many bookings they are.
    fn write_entries(
        &self,
        batch: &mut WriteBatch,
        height: Height,
        applied: &AppliedBlock,
    ) -> Result<(), StorageError> {
        let (entries, held) = (self.family(ENTRIES)?, self.family(HELD)?);
        let balances = &applied.changes.records.balances;
        let mut by_account: HashMap<AccountId, Vec<Posting>> = HashMap::new();
        for posting in &applied.postings {
            if let Some(account) = posting.account {
                by_account.entry(account).or_default().push(*posting);
            }
        }
        // In the order of accounts: feeds number what was booked in it.
        let mut by_account: Vec<(AccountId, Vec<Posting>)> = by_account.into_iter().collect();
        by_account.sort_unstable_by_key(|(account, _)| *account);
        let mut booked: Vec<(AccountId, u32)> = Vec::new();
        for (account, postings) in by_account {
            let mut moved: Vec<AssetId> = postings.iter().map(|posting| posting.asset).collect();
            moved.sort_unstable();
            moved.dedup();
            let mut after: Held = Vec::with_capacity(moved.len());
            for asset in moved {
                let slot = balances.get(&(account, asset));
                after.push((asset, slot.and_then(|slot| slot.now).unwrap_or_default()));
                // A balance of nothing is no record: this one may be the first.
                if slot.is_none_or(|slot| slot.before.is_none()) {
                    batch.put_cf(held, keys::held(&account, asset), []);
                }
            }
            let count = u32::try_from(booking::count(&postings)).unwrap_or(u32::MAX);
            if count > 0 {
                booked.push((account, count));
            }
            batch.put_cf(entries, keys::entries(&account, height), movements::encode(&after, &postings));
        }
        if !booked.is_empty() {
            batch.put_cf(self.family(BOOKED)?, keys::height(height), codec::encode(&booked));
        }
        Ok(())
    }

    /// Writes a decided block and everything that follows from it in one batch, durably.
    pub fn persist(&self, decided: &Decided) -> Result<(), StorageError> {
        let Decided { block, applied, instructions } = decided;
        let header = &block.block.header;
        let height = keys::height(header.height);
        let batch =
            WriteBatch::with_capacity_bytes(2 * block.block.bytes_about() + BESIDE_BYTES * applied.postings.len());
        let mut writer = Writer { batch, family: self.family(STATE)? };
        let Ok(()) = applied.changes.records.visit(&mut writer);
        let mut batch = writer.batch;
        let (index, leaves) = (self.family(INDEX)?, self.family(LEAVES)?);
        // In the order of their keys, so that what the database touches for one is near what it touched for the last. Their first
        // bytes order all but a few, and are compared side by side.
        let named = |(key, entry)| {
            let name = keys::index(key);
            (u128::from_be_bytes(name.first_chunk().copied().unwrap_or_default()), name, entry)
        };
        let mut named: Vec<(u128, Vec<u8>, &IndexEntry)> = applied.index.iter().map(named).collect();
        named.sort_unstable_by_key(|(head, ..)| *head);
        let mut value = Vec::new();
        for (_, name, entry) in named {
            value.clear();
            codec::encode_into(entry, &mut value);
            batch.put_cf(index, name, &value);
        }
        for (minute, place, leaf) in &applied.changes.leaves {
            batch.put_cf(leaves, keys::leaf(*minute, place), codec::encode(leaf));
        }
        if applied.changes.pruned_before > 0 {
            let end = applied.changes.pruned_before.to_be_bytes();
            batch.delete_range_cf(self.family(LEAVES)?, [0u8; 8], end);
        }
        for timer in &applied.changes.timers_gone {
            batch.delete_cf(self.family(TIMERS)?, codec::encode(timer));
        }
        for timer in &applied.changes.timers_set {
            batch.put_cf(self.family(TIMERS)?, codec::encode(timer), []);
        }
        self.write_entries(&mut batch, header.height, applied)?;
        for (of, slot) in applied.changes.records.calendars.iter() {
            if let (CalendarKey::Asset(asset), Some(calendar)) = (of, &slot.now) {
                let key = keys::calendar(*asset, header.height);
                batch.put_cf(self.family(CALENDARS)?, key, codec::encode(calendar));
            }
        }
        self.index_contracts(&mut batch, header.height, applied)?;
        let AppliedBlock { receipts, outcomes, events, .. } = applied;
        let answers = StoredAnswers::of(receipts, outcomes, events, instructions);
        let mut bytes = Vec::with_capacity(block.block.bytes_about());
        codec::encode_into(&answers, &mut bytes);
        batch.put_cf(self.family(RECEIPTS)?, height, &bytes);
        bytes.clear();
        codec::encode_into(block, &mut bytes);
        batch.put_cf(self.family(BLOCKS)?, height, &bytes);
        if header.validators != header.next_validators {
            let known = self.record::<Validators>(&())?;
            let following = Height(header.height.0.saturating_add(1));
            let next = known.as_ref().and_then(|validators| validators.at(following)).cloned().unwrap_or_default();
            batch.put_cf(self.family(LINEAGE)?, height, codec::encode(&next));
        }
        let tip = StoredTip {
            height: header.height,
            id: header.id(),
            time: header.time,
            certificate: Some(block.certificate.clone()),
            index: applied.index_root,
        };
        batch.put_cf(self.family(META)?, keys::TIP, codec::encode(&tip));
        self.write(batch)
    }

    /// Keeps proofs of what validators did.
    pub fn keep_evidence(&self, found: &[Misbehaviour]) -> Result<(), StorageError> {
        let mut batch = WriteBatch::default();
        for (number, one) in (0u32..).zip(found) {
            let (height, round) = match one {
                Misbehaviour::Votes(vote, _) => (vote.vote.height, vote.vote.round),
                Misbehaviour::Proposals(signed, _) => (signed.proposal.height, signed.proposal.round),
            };
            batch.put_cf(self.family(EVIDENCE)?, keys::evidence(height, round, number), codec::encode(one));
        }
        self.write(batch)
    }

    pub(crate) fn write(&self, batch: WriteBatch) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(batch, &options).map_err(|error| self.failed(&error))
    }

    pub(crate) fn failed(&self, error: &rocksdb::Error) -> StorageError {
        StorageError::Rocks { path: self.path.clone(), problem: error.to_string() }
    }

    pub(crate) fn db(&self) -> &DB {
        &self.db
    }

    pub(crate) fn family(&self, name: &'static str) -> Result<&ColumnFamily, StorageError> {
        let missing = || StorageError::Damaged {
            path: self.path.clone(),
            family: name,
            problem: "the column family is missing".to_owned(),
        };
        self.db.cf_handle(name).ok_or_else(missing)
    }

    pub(crate) fn damaged(&self, family: &'static str, problem: impl ToString) -> StorageError {
        StorageError::Damaged { path: self.path.clone(), family, problem: problem.to_string() }
    }

    fn get_raw(&self, family: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.db.get_cf(self.family(family)?, key).map_err(|error| self.failed(&error))
    }

    pub(crate) fn get<T: Serialize + DeserializeOwned>(
        &self,
        family: &'static str,
        key: &[u8],
    ) -> Result<Option<T>, StorageError> {
        let found = self.db.get_pinned_cf(self.family(family)?, key).map_err(|error| self.failed(&error))?;
        let decode = |bytes: &[u8]| codec::decode_own(bytes).map_err(|error| self.damaged(family, error));
        found.map(|bytes| decode(&bytes)).transpose()
    }

    fn each(
        &self,
        family: &'static str,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), CodecError>,
    ) -> Result<(), StorageError> {
        for pair in self.db.iterator_cf(self.family(family)?, IteratorMode::Start) {
            let (key, value) = pair.map_err(|error| self.failed(&error))?;
            take(&key, &value).map_err(|error| self.damaged(family, error))?;
        }
        Ok(())
    }

    /// A decided block.
    pub fn read_block(&self, height: Height) -> Result<Option<FinalBlock>, StorageError> {
        self.get(BLOCKS, &keys::height(height))
    }
}

/// What a block writes beside its own bytes and receipts for each movement of money: about half of an index entry, and its
/// own, in bytes. A batch that begins with room for everything is not copied while it grows.
const BESIDE_BYTES: usize = 128;

fn tip_block(tip: StoredTip) -> TipBlock {
    TipBlock { height: tip.height, id: tip.id, time: tip.time, certificate: tip.certificate }
}

/// Writes changed records into a batch.
struct Writer<'a> {
    batch: WriteBatch,
    family: &'a ColumnFamily,
}

impl ForEachChange for Writer<'_> {
    type Error = Infallible;

    fn change<R: Stored>(&mut self, key: &R::Key, slot: &Slot<R>) -> Result<(), Infallible> {
        let key = codec::encode(&R::state_key(key));
        match &slot.now {
            Some(record) => self.batch.put_cf(self.family, key, codec::encode(record)),
            None => self.batch.delete_cf(self.family, key),
        }
        Ok(())
    }
}

impl Store for Database {
    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        self.get(INDEX, &keys::index(key)).map_err(|error| ReadFault(error.to_string()))
    }

    fn absent(&self, asked: &[IndexKey]) -> Result<Vec<IndexKey>, ReadFault> {
        let fault = |error: StorageError| ReadFault(error.to_string());
        let names: Vec<Vec<u8>> = asked.iter().map(keys::index).collect();
        let found = self.db.batched_multi_get_cf(self.family(INDEX).map_err(fault)?, &names, false);
        let mut absent = Vec::with_capacity(asked.len());
        for (key, found) in asked.iter().zip(found) {
            if found.map_err(|error| fault(self.failed(&error)))?.is_none() {
                absent.push(*key);
            }
        }
        Ok(absent)
    }

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, ReadFault> {
        self.read_block(height).map_err(|error| ReadFault(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_layout_and_another_genesis_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut document = seaway_genesis::ceremony::devnet().unwrap().document().unwrap();
        let open = |document: &GenesisDocument| Database::open(folder.path(), document, 1);
        let database = open(&document).unwrap().database;
        let mut batch = WriteBatch::default();
        batch.put_cf(database.family(META).unwrap(), keys::LAYOUT, 7u32.to_le_bytes());
        database.write(batch).unwrap();
        drop(database);
        let refused = open(&document).err().unwrap().to_string();
        assert!(refused.ends_with(&format!("has layout 7; this program knows {LAYOUT_VERSION}")), "{refused}");
        document.network = "other".parse().unwrap();
        assert!(matches!(open(&document), Err(StorageError::OtherGenesis { .. })));
    }
}
