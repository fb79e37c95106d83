//! The ledger: double-entry accounts, and the pure execution of instructions on them.
//!
//! Invariants: money moves only by [`execution`]'s one transfer, which debits and credits the same amount; after each block
//! the balances that it touched add up to the running totals, and those to what was issued and not redeemed; equal state
//! and equal block bytes give equal receipts and an equal state root, on every machine.
//!
//! The life of a block here: [`execution::build_block`] or [`execution::execute_block`] runs it on an overlay over a
//! [`state::StateView`] and returns an [`execution::ExecutedBlock`] with receipts and roots, and nothing has changed yet;
//! [`state::MemoryState::apply`] makes it the new state, or it is dropped. The state tree of [`tree`] gives roots and proofs.

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

pub mod execution;
pub mod genesis;
pub mod state;
pub mod tree;

/// The version of the execution rules that this program knows.
pub const VERSION: u32 = seaway_types::limits::RULES_VERSION;
