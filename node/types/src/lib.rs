//! The words of Seaway, and nothing that acts: amounts, identifiers, keys, instructions, receipts, state records, proofs.
//!
//! Invariant of the crate: a value that exists is a legal value. Every constructor and every decoder checks its bounds
//! (all of them stand in [`limits`]) before it allocates, and each value has exactly one encoding ([`codec`]).
//!
//! Where to look: money in [`amount`] and [`asset`]; who is who in [`identifier`], [`bic`], [`lei`], [`iban`], [`uetr`];
//! who may sign in [`keys`] and [`signature`]; what can be asked in [`instruction`]; contracts as data in [`contract`]; what is answered in [`receipt`] and
//! [`reason`]; what is agreed upon in [`block`]; what the ledger remembers in [`state`]; how it is proven in [`merkle`] and [`proof`].

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

pub mod amount;
pub mod asset;
pub mod bic;
pub mod block;
pub mod booking;
pub mod bounded;
pub mod calendar;
pub mod codec;
pub mod contract;
pub mod feed;
pub mod genesis;
pub mod hash;
pub mod iban;
pub mod identifier;
pub mod instruction;
pub mod json;
pub mod keys;
pub mod lei;
pub mod limits;
pub mod merkle;
pub mod mutant;
pub mod party;
pub mod proof;
pub mod reason;
pub mod receipt;
pub mod signature;
pub mod state;
pub mod text;
pub mod time;
pub mod uetr;

pub use amount::{Amount, AmountError};
pub use asset::{AssetId, AssetKind, CurrencyCode, Exponent};
pub use bic::Bic;
pub use bounded::Bounded;
pub use calendar::Calendar;
pub use hash::Hash32;
pub use identifier::{AccountId, Digest, HoldId, InstructionKey, OwnerId, WireId};
pub use instruction::{
    AuthenticInstruction, Body, DecodedInstruction, Envelope, Instruction, RawInstruction, Submitter,
};
pub use keys::{KeyPolicy, PublicKey};
pub use reason::Reason;
pub use receipt::{Receipt, Status};
pub use text::ShortText;
pub use time::{BlockTime, Day, Height};
pub use uetr::Uetr;
