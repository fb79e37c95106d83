//! A network of real `seawayd` processes on loopback. Each process that is started here is ended here, by its id.

mod cluster;
mod pay;
pub mod purchase;

pub use cluster::{Cluster, Node, Ports, now_ms};
pub use pay::{Payer, block_time_ms};
pub use purchase::Purchases;
