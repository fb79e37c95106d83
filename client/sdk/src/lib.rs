//! Pay over Seaway from Rust.
//!
//! A payment is built ([`Payment`]), signed, kept ([`Signed`]), and submitted with [`Client::settle`]: the bytes that were
//! signed are sent again and again, through another validator if need be, until the answer is final. Sending them twice is
//! harmless, because the ledger knows the instruction's key; signing anew would be another payment.
//!
//! A bank that has a pacs.008 hands it to [`settle_message`] and gets a pacs.002. What becomes final is followed with
//! [`Client::follow`]. Contracts, offers and allowances are acts too ([`Act`]).

mod act;
mod client;
mod exchange;
mod message;
mod payment;
mod statement;
mod stream;
mod trust;
mod written;

pub use act::{Act, new_key, new_uetr, sign_offer};
pub use client::{Client, ClientError};
pub use exchange::{Exchange, NoQuote, Quote, take};
pub use message::{MessageError, MessageKeys, Prepared, Settled, prepare_message, settle_message};
pub use payment::{Payment, PaymentError, Signed};
pub use statement::{
    Anchor, BlockProof, EntryProof, Move, PageProof, Proven, Since, StatementProofs, verify_statement,
};
pub use stream::{Stream, Topic};
pub use trust::Trust;
pub use written::{duration, read_value};
