//! The very engine that `seawayd` runs, many times over, in virtual time: one seed, one course of events.
//!
//! [`World`] holds the replicas, the network between them and their disks. A crash keeps what was synced, of the rest
//! nothing; messages are late, lost or doubled as [`Weather`] says. After each decision the world asks that all replicas
//! decided the same block ([`World::check`]).

mod adversary;
mod campaign;
mod contracts;
mod course;
mod disk;
mod load;
mod minimise;
mod plan;
mod twins;
mod world;

pub use adversary::{Adversary, Kind, Saying};
pub use campaign::{Campaign, Swarm, run_twice, twins};
pub use course::{Report, run};
pub use disk::{Disk, Guard};
pub use load::Load;
pub use minimise::minimise;
pub use plan::{Fault, Plan};
pub use twins::{scenario, scenarios};
pub use world::{Node, Weather, Without, World};
