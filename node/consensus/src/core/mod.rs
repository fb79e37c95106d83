//! Everything that touches malachite: its context in our types, and the way between its words and ours.

mod context;
mod convert;
mod verify;

pub use context::proposer;
pub(crate) use context::{Address, At, Context, Named, Set};
pub(crate) use convert::{
    certificate_out, message_in, misbehaviour_out, polka_out, proposal_out, record_in, record_out, round_out,
    timer_in, timer_out, vote_out,
};
pub(crate) use verify::{verify_commit, verify_polka, verify_round};
