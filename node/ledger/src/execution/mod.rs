//! Execution of blocks: a pure function of parent state and block.
//!
//! One pass: first the block's own acts (`acts`), then the instructions in order. For each instruction the guards stand
//! in a straight ladder: network, idempotency, validity, authority (`authority`); then it takes its key, and its legs run
//! (`payment`, `hold`, `supply`, `follow_up`, `contract`, `account`, `network`: each a `check` of what can be refused and an
//! `apply` of what then changes). What is refused before the key is taken voids the block; what is refused later is a
//! receipt with its reason, and leaves no other trace.

mod account;
mod acts;
mod authority;
mod block;
mod bounds;
mod builder;
mod conservation;
mod context;
mod contract;
mod follow_up;
mod hold;
mod instruction;
mod limits;
mod money;
mod network;
mod payment;
mod proofs;
mod stop;
mod supply;

pub(crate) use account::account_of;

pub use block::{AppliedBlock, ExecutedBlock, execute_block, simulate};
pub use builder::{BuiltBlock, build_block};
pub use context::{BlockContext, Outcomes};
pub use stop::{BlockFault, Fault};
