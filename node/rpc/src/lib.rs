//! JSON-RPC 2.0 of a node, over HTTP and WebSocket on one port.
//!
//! The crate knows methods, shapes and bounds, and nothing of disks or consensus: [`Backend`] is what a node offers it. Every
//! method stands in one table ([`methods::TABLE`]) with its parameters and who may call it; `rpc_discover` is made from it.
//! A payment's rejection is a result; an error says that the question could not be answered ([`Fault`]).

mod access;
mod backend;
mod batch;
mod cursor;
mod fault;
mod methods;
mod server;
mod show;
mod tls;

pub use access::challenge_message;
pub use backend::{
    About, Answered, Backend, BlockAnswers, DeadLetter, EventFound, FxNews, NodeStatus, PaymentFound, PeerStatus,
    Placed, QuoteFound, ReceiptPart, Redelivered, Simulated, Standing, Travels, Wait, Wanted, WebhookStanding,
};
pub use fault::Fault;
pub use methods::{Access, Method, TABLE, feed_events};
pub use server::{Config, Server, ServerError, start};
pub use tls::Tls;
