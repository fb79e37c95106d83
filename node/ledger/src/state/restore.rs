//! A state put together again from what a storage kept of it.

use super::commitment::Commitment;
use super::memory::MemoryState;
use super::tables::Stored;
use super::view::{Timer, Tip};
use crate::tree::Changes;
use seaway_types::codec::{self, CodecError};
use seaway_types::hash::Hash32;
use seaway_types::limits::DECODE_MEMORY_MAX;
use seaway_types::state::{InstructionLeaf, StateKey, tree_key, value_hash};
use std::collections::BTreeMap;

/// Takes records, leaves and timers in any order, and makes the state of them. Its root is worked out anew, so that the
/// caller can compare it with the one that was certified.
#[derive(Debug)]
pub struct Restored {
    state: MemoryState,
    records: Changes,
    leaves: BTreeMap<u64, Changes>,
}

impl Restored {
    /// Nothing yet.
    pub fn new(tip: Tip, seed: u64) -> Self {
        Self { state: MemoryState::new(tip, seed), records: Changes::default(), leaves: BTreeMap::new() }
    }

    /// A record by its state key.
    pub fn record(&mut self, key: StateKey, bytes: &[u8]) -> Result<(), CodecError> {
        self.records.push(tree_key(&key), Some(value_hash(bytes)));
        let state = &mut self.state;
        match key {
            StateKey::Parameters => put::<seaway_types::state::Parameters>(state, (), bytes),
            StateKey::Validators => put::<seaway_types::state::Validators>(state, (), bytes),
            StateKey::Participant(bic) => put::<seaway_types::state::Participant>(state, bic, bytes),
            StateKey::Asset(asset) => put::<seaway_types::asset::Asset>(state, asset, bytes),
            StateKey::Totals(asset) => put::<seaway_types::state::Totals>(state, asset, bytes),
            StateKey::Account(account) => {
                put::<seaway_types::state::Account>(state, account, bytes)?;
                state.add_owner(&account);
                Ok(())
            }
            StateKey::Balance(account, asset) => put::<seaway_types::state::Balance>(state, (account, asset), bytes),
            StateKey::Hold(hold) => put::<seaway_types::state::Hold>(state, hold, bytes),
            StateKey::Payment(payment) => put::<seaway_types::state::Payment>(state, payment, bytes),
            StateKey::TierLimits(asset, tier) => put::<seaway_types::state::TierLimits>(state, (asset, tier), bytes),
            StateKey::Usage(agent, owner, asset) => {
                put::<seaway_types::state::Usage>(state, (agent, owner, asset), bytes)
            }
            StateKey::Calendar(of) => put::<seaway_types::calendar::Calendar>(state, of, bytes),
            StateKey::Threshold(country, asset) => {
                put::<seaway_types::state::Threshold>(state, (country, asset), bytes)
            }
            StateKey::ContractCode(code) => put::<super::RegisteredCode>(state, code, bytes),
            StateKey::Instance(instance) => put::<seaway_types::state::Instance>(state, instance, bytes),
            StateKey::Allowance(allowance) => put::<seaway_types::state::Allowance>(state, allowance, bytes),
        }
    }

    /// An instruction's leaf in the window.
    pub fn leaf(&mut self, minute: u64, place: Hash32, leaf: &InstructionLeaf) {
        self.leaves.entry(minute).or_default().push(place, Some(leaf.value()));
    }

    /// A timer.
    pub fn timer(&mut self, timer: Timer) {
        self.state.add_timer(timer);
    }

    /// The state, with the running hash over its index.
    pub fn finish(self, index: Hash32) -> MemoryState {
        let Self { mut state, records, leaves } = self;
        state.set_commitment(Commitment::restored(&records, leaves, index));
        state
    }
}

fn put<R: Stored>(state: &mut MemoryState, key: R::Key, bytes: &[u8]) -> Result<(), CodecError> {
    let record: R = codec::decode(bytes, DECODE_MEMORY_MAX)?;
    R::table_mut(state.tables_mut()).insert(key, record);
    Ok(())
}
