//! What the ledger remembers: one record type for each table, the keys that name them, and how they enter the state tree.
//!
//! These types live here and not in the ledger because whoever checks a proof must read the record that it proves.

mod account;
mod contract;
mod key;
mod network;
mod payment;

pub use account::{
    Account, AccountClass, AccountStatus, Balance, DebitAuthority, Field, Freeze, FreezeKind, KeyChange, Tier,
    TierLimits, Usage,
};
pub use contract::{Allowance, Approval, Instance, Pot, Stage};
pub use key::{CalendarKey, InstructionLeaf, StateKey, leaf_hash, tree_key, value_hash, window_block, window_key};
pub use network::{
    Parameters, Participant, Roles, ScheduledSet, Threshold, Timing, Totals, Upgrade, Validator, ValidatorSet,
    ValidatorSetError, Validators, possession_message,
};
pub use payment::{
    Counted, Hold, HoldPurpose, IndexEntry, IndexKey, IndexValue, Payment, PaymentFacts, PaymentStage, Recall,
    RecallStage,
};
