//! What the engine asks of a storage, and the view that execution and admission get.

use seaway_ledger::state::{MemoryState, PointMap, ReadFault, Soon, StateView, Stored, Timer, Tip};
use seaway_mempool::{AdmissionView, LaneAndPolicy};
use seaway_types::bic::Bic;
use seaway_types::block::{BlockId, Certificate, FinalBlock};
use seaway_types::identifier::{AccountId, Digest, InstructionKey, OwnerId};
use seaway_types::instruction::{NetworkId, Submitter};
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::VoidReason;
use seaway_types::state::{Account, IndexEntry, IndexKey, IndexValue, Parameters, Participant, Timing};
use seaway_types::time::{BlockTime, Height};
use std::cell::RefCell;

/// The block on which a replica stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipBlock {
    /// Its height; 0 for the genesis.
    pub height: Height,
    /// Its name; the genesis hash at height 0.
    pub id: BlockId,
    /// Its time.
    pub time: BlockTime,
    /// A certificate of it; none at height 0.
    pub certificate: Option<Certificate>,
}

/// What grows without bound and so stays on disk. Answers cover all blocks up to the last [`crate::Action::Persist`].
pub trait Store {
    /// An entry of the index.
    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault>;

    /// Those of some keys that have no entry in the index: nearly all that are asked for are new, and many together cost a
    /// disk less than one by one.
    fn absent(&self, keys: &[IndexKey]) -> Result<Vec<IndexKey>, ReadFault>;

    /// A decided block.
    fn block(&self, height: Height) -> Result<Option<FinalBlock>, ReadFault>;
}

/// The state after the tip: records in memory, the index on disk.
#[derive(Debug)]
pub struct View<'a, S> {
    /// Records, timers, and the index entries of blocks not yet stored.
    state: &'a MemoryState,
    /// The rest of the index.
    store: &'a S,
    /// Parameters as they stand.
    parameters: &'a Parameters,
    /// Keys that were announced and found to have no entry on disk.
    absent: RefCell<PointMap<IndexKey, ()>>,
}

impl<'a, S> View<'a, S> {
    /// A view of a state, the disk that goes with it, and the parameters in it.
    pub fn new(state: &'a MemoryState, store: &'a S, parameters: &'a Parameters) -> Self {
        let absent = RefCell::new(PointMap::with_seed(state.hash_seed()));
        Self { state, store, parameters, absent }
    }
}

impl<S: Store> StateView for View<'_, S> {
    fn tip(&self) -> Tip {
        self.state.tip()
    }

    fn find<R: Stored, T>(&self, key: &R::Key, at: impl FnOnce(Option<(u32, &R)>) -> T) -> Result<T, ReadFault> {
        self.state.find(key, at)
    }

    fn indexed(&self, key: &IndexKey) -> Result<Option<IndexEntry>, ReadFault> {
        match self.state.indexed(key)? {
            Some(entry) => Ok(Some(entry)),
            None if seeded(Mutant::KeyIndexNotRestored) && matches!(key, IndexKey::Instruction(..)) => Ok(None),
            None if seeded(Mutant::UetrIndexNotRestored) && matches!(key, IndexKey::Payment(_)) => Ok(None),
            None if self.absent.borrow().get(key).is_some() => Ok(None),
            None => self.store.indexed(key),
        }
    }

    fn due(&self, now: BlockTime, count_max: usize) -> Result<Vec<Timer>, ReadFault> {
        self.state.due(now, count_max)
    }

    fn accounts_of(&self, agent: &Bic, owner: &OwnerId) -> Result<Vec<AccountId>, ReadFault> {
        self.state.accounts_of(agent, owner)
    }

    fn warm(&self, soon: &Soon) {
        self.state.warm(soon);
        let mut known = self.absent.borrow_mut();
        let unknown: Vec<IndexKey> = soon.index.iter().filter(|key| known.get(key).is_none()).copied().collect();
        if unknown.is_empty() {
            return;
        }
        // A fault is told by whoever reads the entry itself.
        for key in self.store.absent(&unknown).unwrap_or_default() {
            known.insert(key, ());
        }
    }

    fn hash_seed(&self) -> u64 {
        self.state.hash_seed()
    }
}

impl<S: Store> AdmissionView for View<'_, S> {
    type Error = ReadFault;

    fn network(&self) -> NetworkId {
        self.parameters.network
    }

    fn timing(&self) -> Timing {
        self.parameters.timing
    }

    fn lane(&self, submitter: &Submitter) -> Result<Result<LaneAndPolicy, VoidReason>, ReadFault> {
        Ok(match *submitter {
            Submitter::Authority => Ok((None, self.parameters.authority.clone())),
            Submitter::Participant(bic) => match self.state.read::<Participant>(&bic)? {
                Some(found) => Ok((Some(bic), found.policy)),
                None => Err(VoidReason::ParticipantUnknown { bic }),
            },
            Submitter::Account(account) => match self.state.read::<Account>(&account)? {
                Some(found) => Ok((Some(found.agent), found.owner)),
                None => Err(VoidReason::AccountUnknown { account }),
            },
        })
    }

    fn taken(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<(Height, Digest)>, ReadFault> {
        let entry = StateView::indexed(self, &IndexKey::Instruction(*submitter, *key))?;
        let entry = entry.filter(|_| !seeded(Mutant::IdempotencyOff));
        Ok(entry.and_then(|entry| match entry.value {
            IndexValue::Instruction { digest, .. } => Some((entry.height, digest)),
            IndexValue::Payment { .. } | IndexValue::Present => None,
        }))
    }
}
