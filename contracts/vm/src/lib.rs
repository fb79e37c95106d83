//! The clause machine: a language of contracts that a lawyer can read, a verifier, and an interpreter.
//!
//! Invariants: text and canonical bytes are each what the other gives ([`text`]); a [`Program`] exists only where the
//! verifier has shown that the contract ends, costs a known maximum, and pays everything out by its last deadline
//! ([`verify`]); running one is a pure function of the instance and the call ([`machine`]), never panics, and moves no money
//! itself: it says what should move, and the ledger, trusting nothing here, does it.
//!
//! The page of the language is `docs/contracts/language.md`. [`tell`] explains a contract to people.

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
pub mod machine;
mod program;
pub mod tell;
pub mod text;
pub mod verify;

pub use fault::{Fault, Part, Place, Rule};
pub use program::{Program, Refused};
