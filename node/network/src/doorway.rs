//! Handshakes in progress, counted by address: whoever begins many and ends none takes up the room of its own address alone, and
//! members that come from elsewhere still find the door open.

use libp2p::core::Endpoint;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll};
use thiserror::Error;

/// Why a connection is not taken.
#[derive(Debug, Error)]
#[error("{pending} handshakes of {address} are in progress; at most {at_most} may be")]
struct Crowded {
    address: IpAddr,
    pending: usize,
    at_most: usize,
}

/// See the module.
pub struct Doorway {
    at_most: usize,
    pending: HashMap<ConnectionId, IpAddr>,
}

impl Doorway {
    /// So many handshakes of one address at a time.
    pub fn new(at_most: usize) -> Self {
        Self { at_most, pending: HashMap::new() }
    }
}

fn address_of(remote: &Multiaddr) -> Option<IpAddr> {
    remote.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(host_of(ip)),
        _ => None,
    })
}

/// Whoever has one address of IPv6 has all that begin with the same 64 bits (RFC 6177).
fn host_of(ip: Ipv6Addr) -> IpAddr {
    let mapped = ip.to_ipv4_mapped().map(IpAddr::from);
    mapped.unwrap_or_else(|| Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into())
}

impl NetworkBehaviour for Doorway {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(address) = address_of(remote) else { return Ok(()) };
        let pending = self.pending.values().filter(|one| **one == address).count();
        if pending >= self.at_most {
            return Err(ConnectionDenied::new(Crowded { address, pending, at_most: self.at_most }));
        }
        self.pending.insert(connection, address);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        // Failed, refused by another rule, or too slow.
        if let FromSwarm::ListenFailure(failure) = event {
            self.pending.remove(&failure.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}
