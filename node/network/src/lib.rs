//! libp2p between nodes: TCP, Noise, Yamux; a full mesh of long-lived streams, one a lane in each direction, over two
//! connections to each peer.
//!
//! Invariants: only peers on the allow-list get a connection; what is read is bounded before it is allocated; what is sent
//! and cannot be delivered is dropped, never queued without bound (the engine asks again); what comes is taken at a bounded
//! rate; a lane never waits for another, and what is urgent goes over a connection of its own.
//!
//! Beside the lanes a node may ask another one something and gets one answer ([`Network::ask`]).
//!
//! A frame is its length in 4 bytes, big-endian, and its bytes. Discovery is configuration: there is no gossip.

mod ask;
mod doorway;
mod lanes;
mod mesh;
mod pace;
mod peer;
mod route;

pub use ask::{AskError, AskSpec, Asked};
pub use lanes::{LaneSpec, Lanes, STOCK};
pub use libp2p::Multiaddr;
pub use mesh::{Config, KnownPeer, Network, NetworkError, NetworkEvent, of_chain, start};
pub use pace::Pace;
pub use route::Route;
