//! libp2p between nodes: TCP, Noise, Yamux; a full mesh of long-lived streams, one a lane in each direction.
//!
//! Invariants: only peers on the allow-list get a connection; what is read is bounded before it is allocated; what is sent
//! and cannot be delivered is dropped, never queued without bound (the engine asks again); a lane never waits for another.
//!
//! Beside the lanes a node may ask another one something and gets one answer ([`Network::ask`]).
//!
//! A frame is its length in 4 bytes, big-endian, and its bytes. Discovery is configuration: there is no gossip.

mod ask;
mod doorway;
mod lanes;
mod mesh;
mod peer;

pub use ask::{AskError, AskSpec, Asked};
pub use lanes::{LaneSpec, Lanes};
pub use libp2p::Multiaddr;
pub use mesh::{Config, KnownPeer, Network, NetworkError, NetworkEvent, start};
