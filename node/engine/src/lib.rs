//! The whole replica as one machine without I/O: [`Replica::step`] takes the time and an [`Event`], and appends what is to be
//! done to a list of [`Action`]s.
//!
//! Invariants: equal events at equal times give equal actions; [`Action`]s are carried out in order, and what is said
//! ([`Action::Send`]) follows what must be durable before it ([`Action::Log`], [`Action::KeepSigned`]); a client hears
//! `final` ([`Action::Final`]) only after [`Action::Persist`]; nothing that a peer sends makes memory grow beyond the
//! bounds of [`seaway_types::limits`].
//!
//! ```text
//! submitted or passed on ─► spread (pool, dissemination) ─► agree (consensus: build, check, vote) ─► chain (apply)
//!                                                           sync (decided elsewhere) ─────────────────┘
//! ```
//!
//! `seawayd` runs it on a thread with a real disk and network; `tests/simulator` runs the same in virtual time.

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

mod action;
mod agree;
mod candidate;
mod chain;
mod left_out;
mod listen;
mod message;
mod patience;
mod replica;
mod simulate;
mod spread;
mod store;
mod sync;
mod wake;

pub use action::{Action, Decided, Event, LogEntry, Now, Peer, To};
pub use message::{Lane, Message, PeerFault, authentic, authenticate};
pub use replica::{Replica, Setup};
pub use seaway_consensus::{ConsensusMessage, Misbehaviour, Question, Record, Signer, Step, Timer, TimerKind};
pub use seaway_ledger::execution::BlockFault;
pub use seaway_mempool::Refused;
pub use spread::in_messages;
pub use store::{Store, TipBlock, View};
