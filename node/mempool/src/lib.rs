//! The instructions that wait for a block.
//!
//! Invariants: an instruction stands here at most once, and at most one for each submitter and key; no participant's
//! instructions fill more than a quarter of the room, and selection takes turns among participants, so that a busy bank
//! delays nobody else; what waits here is never called executed. Nothing that is refused here leaves a record.
//!
//! The pool asks of the ledger only what [`AdmissionView`] says.

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

mod admission;
mod pool;
#[cfg(test)]
mod tests;

pub use admission::{AdmissionView, LaneAndPolicy, Refused};
pub use pool::{Pool, Room, Waiting};
