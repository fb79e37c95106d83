//! A network of real `seawayd` processes on loopback. Each process that is started here is ended here, by its id.

mod cluster;
mod pay;
mod ports;
pub mod purchase;

pub use cluster::{Cluster, Node, copy_folder, now_ms};
pub use pay::{Payer, block_time_ms};
pub use ports::Ports;
pub use purchase::Purchases;
