//! Addresses that no other network on this machine has.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

/// Nodes of one network.
const NODES_MAX: u16 = 8;

/// Where the nodes listen: for peers from the first port on, one a node, for clients from the second on.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    ip: Ipv4Addr,
    peers: u16,
    clients: u16,
    /// Ports of whatever stands between each two nodes, if anything does.
    between: Option<u16>,
}

impl Ports {
    /// Those that the documents name, on 127.0.0.1.
    pub const DEVNET: Self = Self { ip: Ipv4Addr::LOCALHOST, peers: 26_601, clients: 8_601, between: None };

    /// The same ports on a loopback address that no other network uses: it is made of this process's id, which has at
    /// most 22 bits (proc(5), pid_max), and the network's place in the process.
    ///
    /// A port that was free a moment ago is not reserved: it lies in the range from which the kernel takes the ports of
    /// outgoing connections, and a node that is down for a while would lose it. An address of one's own cannot be lost.
    pub fn own() -> Self {
        static NETWORKS: AtomicU16 = AtomicU16::new(0);
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        // The upper half of 127.0.0.0/8, so that the address that everybody uses is not among them.
        let ip = Ipv4Addr::new(127, 128 | (high & 0x3F), middle, low);
        let place = NETWORKS.fetch_add(1, Ordering::Relaxed) % 256 * NODES_MAX;
        Self { ip, peers: 26_601 + place, clients: 8_601 + place, between: None }
    }

    /// Where a node listens for peers, as a multiaddress.
    pub fn listen(&self, place: u16) -> String {
        multiaddress(self.peer(place))
    }

    /// Where a node listens for clients.
    pub fn rpc(&self, place: u16) -> String {
        format!("{}:{}", self.ip, self.clients + place)
    }

    /// Where a node listens for peers.
    pub fn peer(&self, place: u16) -> SocketAddr {
        SocketAddr::from((self.ip, self.peers + place))
    }

    /// The same ports, but each node dials each other one at an address of that pair: something stands between them there and
    /// carries what they say.
    pub fn apart(self) -> Self {
        // Eight nodes at most, in each of the networks of [`Ports::own`]; below the range from which the kernel takes ports.
        Self { between: Some(10_000 + (self.peers - 26_601) * NODES_MAX), ..self }
    }

    /// Where the node at `from` dials the node at `to`.
    pub fn link(&self, from: u16, to: u16) -> SocketAddr {
        match self.between {
            Some(first) => SocketAddr::from((self.ip, first + from * NODES_MAX + to)),
            None => self.peer(to),
        }
    }

    pub(crate) fn dialled(&self, from: u16, to: u16) -> String {
        multiaddress(self.link(from, to))
    }
}

fn multiaddress(address: SocketAddr) -> String {
    format!("/ip4/{}/tcp/{}", address.ip(), address.port())
}
