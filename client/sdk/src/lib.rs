//! Pay over Seaway from Rust.
//!
//! A payment is built ([`Payment`]), signed, kept ([`Signed`]), and submitted with [`Client::settle`]: the bytes that were
//! signed are sent again and again, through another validator if need be, until the answer is final. Sending them twice is
//! harmless, because the ledger knows the instruction's key; signing anew would be another payment.

mod client;
mod payment;

pub use client::{Client, ClientError};
pub use payment::{Payment, PaymentError, Signed};
