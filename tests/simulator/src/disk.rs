//! What survives a crash.

use seaway_engine::{Decided, LogEntry, Question, Signer, Store, TipBlock};
use seaway_ledger::state::{MemoryState, ReadFault};
use seaway_types::block::FinalBlock;
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Evidence, public_key, sign};
use seaway_types::state::{IndexEntry, IndexKey};
use seaway_types::time::Height;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A disk: blocks, index and log. Cloning it gives another handle to the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Rc<RefCell<Content>>);

#[derive(Clone, Debug, Default)]
struct Content {
    blocks: BTreeMap<Height, (FinalBlock, Vec<AuthenticInstruction>)>,
    /// The state after the last block, where the node went down in good order after a step.
    state: Option<(MemoryState, TipBlock)>,
    index: BTreeMap<IndexKey, IndexEntry>,
    log: Vec<LogEntry>,
    /// Noted, and gone with a crash.
    noted: Vec<LogEntry>,
    guard: Option<Question>,
}

impl Disk {
    /// Notes entries down for the log, as a real node does: they are synced when something is said.
    pub fn note(&self, entries: Vec<LogEntry>) {
        self.0.borrow_mut().noted.extend(entries);
    }

    /// Makes the log durable.
    pub fn sync(&self) {
        let mut content = self.0.borrow_mut();
        let noted = std::mem::take(&mut content.noted);
        content.log.extend(noted);
    }

    /// How many entries of the log are noted and not synced.
    pub fn unsynced(&self) -> usize {
        self.0.borrow().noted.len()
    }

    /// The power goes: of what was not synced, only so many entries from the beginning reached the disk.
    pub fn crash(&self, kept: usize) {
        let mut content = self.0.borrow_mut();
        let mut noted = std::mem::take(&mut content.noted);
        noted.truncate(kept);
        content.log.extend(noted);
    }

    /// A copy of all that is on it now.
    pub fn backup(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// All is again as it was when a copy was made.
    pub fn put_back(&self, backup: &Self) {
        *self.0.borrow_mut() = backup.0.borrow().clone();
    }

    /// How many entries its index has.
    pub fn index_len(&self) -> usize {
        self.0.borrow().index.len()
    }

    /// The height of the last block.
    pub fn height(&self) -> Height {
        self.0.borrow().blocks.keys().next_back().copied().unwrap_or(Height(0))
    }

    /// The blocks are lost, and all that follows from them: the node fetches them anew.
    pub fn lose_blocks(&self) {
        let mut content = self.0.borrow_mut();
        content.blocks.clear();
        content.state = None;
        content.index.clear();
    }

    /// The last entries of the log cannot be read any more.
    pub fn lose_end_of_log(&self, entries: usize) {
        let mut content = self.0.borrow_mut();
        let left = content.log.len().saturating_sub(entries);
        content.log.truncate(left);
    }

    /// The whole log is lost, as by a mistaken hand or a restored backup.
    pub fn lose_log(&self) {
        self.0.borrow_mut().log.clear();
    }

    /// Stores a decided block and cuts the log.
    pub fn persist(&self, decided: &Decided) {
        let mut content = self.0.borrow_mut();
        let height = decided.block.block.header.height;
        content.blocks.insert(height, (decided.block.clone(), decided.instructions.clone()));
        content.state = None;
        content.index.extend(decided.applied.index.iter().map(|(key, entry)| (*key, *entry)));
        content.log.retain(|entry| entry.height() > height);
        content.noted.retain(|entry| entry.height() > height);
    }

    /// Makes the guard's record durable.
    pub fn keep_signed(&self, question: Option<Question>) {
        self.0.borrow_mut().guard = question;
    }

    /// The guard's record.
    pub fn signed(&self) -> Option<Question> {
        self.0.borrow().guard
    }

    /// What the log holds.
    pub fn read_log(&self) -> Vec<LogEntry> {
        self.0.borrow().log.clone()
    }

    /// All blocks, in order.
    pub fn blocks(&self) -> Vec<FinalBlock> {
        self.0.borrow().blocks.values().map(|(block, _)| block.clone()).collect()
    }

    /// All blocks with their instructions, in order.
    pub fn decided(&self) -> Vec<(FinalBlock, Vec<AuthenticInstruction>)> {
        self.0.borrow().blocks.values().cloned().collect()
    }

    /// Keeps the state after the last block, if it is that: a real disk has its records.
    pub fn keep_state(&self, state: &MemoryState, tip: &TipBlock) {
        if tip.height == self.height() {
            self.0.borrow_mut().state = Some((state.clone(), tip.clone()));
        }
    }

    /// The state after the last block, if it was kept.
    pub fn state(&self) -> Option<(MemoryState, TipBlock)> {
        self.0.borrow().state.clone()
    }
}

impl Store for Disk {
    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        Ok(self.0.borrow().index.get(key).copied())
    }

    fn absent(&self, keys: &[IndexKey]) -> Result<Vec<IndexKey>, ReadFault> {
        let disk = self.0.borrow();
        Ok(keys.iter().filter(|key| !disk.index.contains_key(key)).copied().collect())
    }

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, ReadFault> {
        Ok(self.0.borrow().blocks.get(&height).map(|(block, _)| block.clone()))
    }
}

/// A validator's key with its guard.
#[derive(Clone, Debug)]
pub struct Guard {
    secret: [u8; 32],
    key: PublicKey,
    last: Rc<RefCell<Option<Question>>>,
    /// Nothing is signed up to this height.
    silent_through: Rc<Cell<Height>>,
}

impl Guard {
    /// A key that has signed nothing.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, key: public_key(&secret), last: Rc::default(), silent_through: Rc::default() }
    }

    /// The same key, with nothing signed.
    pub fn twin(&self) -> Self {
        Self::new(self.secret)
    }

    /// Signs whatever it is told: an adversary's key.
    pub fn sign_anything(&self, message: &[u8; 32]) -> Evidence {
        sign(&self.secret, message).evidence
    }

    /// What it signed last.
    pub fn last(&self) -> Option<Question> {
        *self.last.borrow()
    }

    /// After a crash: only what the disk kept is known.
    pub fn restart(&self, kept: Option<Question>) {
        *self.last.borrow_mut() = kept;
        self.silent_through.set(Height(0));
    }
}

impl Signer for Guard {
    fn key(&self) -> PublicKey {
        self.key
    }

    fn sign(&mut self, question: &Question) -> Option<Evidence> {
        if question.height <= self.silent_through.get() {
            return None;
        }
        let mut last = self.last.borrow_mut();
        let known = last.map(|last| (last.place(), last.message));
        let fresh = known.is_none_or(|(place, _)| question.place() > place);
        let same = known == Some((question.place(), question.message));
        if !fresh && !same {
            return None;
        }
        if fresh {
            *last = Some(*question);
        }
        Some(sign(&self.secret, &question.message).evidence)
    }

    fn remind(&mut self, signed: &Question) -> bool {
        let mut last = self.last.borrow_mut();
        if last.is_some_and(|last| last == *signed || last.place() > signed.place()) {
            return false;
        }
        *last = Some(*signed);
        self.silent_through.set(self.silent_through.get().max(signed.height));
        true
    }
}
