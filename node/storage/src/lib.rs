//! The disk of a node.
//!
//! Invariants: a decided block, its certificate, its receipts, its entries and the state after it are written in one RocksDB
//! batch, synced, before anybody hears `final` ([`Database::persist`]); what consensus takes into account is in the
//! write-ahead log, synced, before anything is said ([`Wal::sync`]); after kill −9 at any moment both open again, or
//! refuse by naming the file that is damaged.

mod answers;
mod beside;
mod database;
mod feed;
mod keys;
mod movements;
mod queries;
mod wal;

pub use beside::{Beside, Outgoing};
pub use database::{BlockReceipts, ContractReaders, Database, Opened, StorageError};
pub use feed::Agents;
pub use queries::{AccountEntry, IndexedPayment, StoredEvent};
pub use wal::{Wal, WalError};
