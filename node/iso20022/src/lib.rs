//! ISO 20022 messages and our types, each from the other.
//!
//! Invariants: nothing of a message is dropped unread: an element that these types do not hold is refused with its path; a
//! text is bounded before it is parsed, and so are depth and number of elements; a document type or an entity of its own
//! is refused; what is written is valid against the schema of its message.
//!
//! Words: a *message* is a document with or without its business header ([`message`]); an *order* is what a message asks of
//! the ledger, with accounts as the message names them ([`order`]); a *statement* tells what the ledger booked on an account
//! ([`statement`]); a *fault* says where a message is wrong, by XPath
//! ([`Fault`]).
//!
//! Forms are those of CBPR+, the usage rules for cross-border payments, on a settlement infrastructure's own leg.

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

mod fault;
mod faults;
pub mod message;
pub mod order;
pub mod statement;
mod xml;

pub use fault::{Fault, Rule};
