//! Agreement of validators on one block a height. It knows blocks by their ids alone, and neither ledger nor execution.
//!
//! Invariants: what is said is recorded first ([`Output::Record`] comes before the [`Output::Publish`] that depends on it,
//! and whoever carries the outputs out makes the records durable before anything is sent); no step is ever signed twice
//! with different content ([`Signer`] refuses); equal inputs give equal outputs.
//!
//! The algorithm is Tendermint (Buchman, Kwon, Milosevic, "The latest gossip on BFT consensus", 2018) as the malachite core
//! implements it. The module `core` holds all that touches malachite; [`Agreement`] is what the engine sees.

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

mod agreement;
mod core;
mod message;
mod signer;
mod verified;

pub use agreement::{Agreement, Fault, Input, Output, Timeouts, Timer, TimerKind, is_authentic};
pub use core::proposer;
pub use message::{ConsensusMessage, Misbehaviour, PolkaCertificate, Record, RoundCertificate, RoundChange};
pub use signer::{Question, Signer, Step};
pub use verified::Verified;
