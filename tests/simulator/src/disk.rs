//! What survives a crash.

use seaway_engine::{Decided, LogEntry, Question, Signer, Step, Store};
use seaway_ledger::state::ReadFault;
use seaway_types::block::{FinalBlock, Round};
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Evidence, public_key, sign};
use seaway_types::state::{IndexEntry, IndexKey};
use seaway_types::time::Height;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A disk: blocks, index and log. Cloning it gives another handle to the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Rc<RefCell<Content>>);

#[derive(Debug, Default)]
struct Content {
    blocks: BTreeMap<Height, FinalBlock>,
    index: BTreeMap<IndexKey, IndexEntry>,
    log: Vec<LogEntry>,
    guard: Option<Question>,
}

impl Disk {
    /// Appends to the log, synced.
    pub fn log(&self, entries: Vec<LogEntry>) {
        self.0.borrow_mut().log.extend(entries);
    }

    /// Stores a decided block and cuts the log.
    pub fn persist(&self, decided: &Decided) {
        let mut content = self.0.borrow_mut();
        let height = decided.block.block.header.height;
        content.blocks.insert(height, decided.block.clone());
        content.index.extend(decided.applied.changes.index.iter().map(|(key, entry)| (*key, *entry)));
        content.log.retain(|entry| entry.height() > height);
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
        self.0.borrow().blocks.values().cloned().collect()
    }
}

impl Store for Disk {
    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        Ok(self.0.borrow().index.get(key).copied())
    }

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, ReadFault> {
        Ok(self.0.borrow().blocks.get(&height).cloned())
    }
}

type Given = BTreeMap<(Height, Round, Step), [u8; 32]>;

/// A validator's key with its guard. Every signature that it ever gave, over all its lives, stands in `given`, so that the
/// world can ask whether two contradict each other.
#[derive(Clone, Debug)]
pub struct Guard {
    secret: [u8; 32],
    last: Rc<RefCell<Option<Question>>>,
    given: Rc<RefCell<Given>>,
    /// How often it gave two different signatures for one step.
    pub doubled: Rc<RefCell<usize>>,
}

impl Guard {
    /// A key that has signed nothing.
    pub fn new(secret: [u8; 32]) -> Self {
        Self {
            secret,
            last: Rc::new(RefCell::new(None)),
            given: Rc::new(RefCell::new(BTreeMap::new())),
            doubled: Rc::new(RefCell::new(0)),
        }
    }

    /// What it signed last.
    pub fn last(&self) -> Option<Question> {
        *self.last.borrow()
    }

    /// After a crash: only what the disk kept is known.
    pub fn restart(&self, kept: Option<Question>) {
        *self.last.borrow_mut() = kept;
    }
}

impl Signer for Guard {
    fn key(&self) -> PublicKey {
        public_key(&self.secret)
    }

    fn sign(&mut self, question: &Question) -> Option<Evidence> {
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
        let before = self.given.borrow_mut().insert(question.place(), question.message);
        if before.is_some_and(|before| before != question.message) {
            *self.doubled.borrow_mut() += 1;
        }
        Some(sign(&self.secret, &question.message).evidence)
    }
}
