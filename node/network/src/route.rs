//! Two connections to a peer, so that what is urgent waits behind nothing.
//!
//! The streams of a connection share its TCP send buffer: on a slow link a vote would wait until megabytes of blocks that were
//! written before it have gone. Each of two nodes dials the other: what the one with the lesser id dialled is for what is urgent,
//! the other connection for the rest. While there is one alone, because only one can be dialled, both share it; so streams are taken
//! on either.

use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::ConnectionEstablished;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use libp2p_stream::{Behaviour, Control};
use std::collections::HashMap;
use std::task::{Context, Poll};

/// Which of a peer's connections streams are opened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The one that the lesser of both ids dialled.
    Urgent,
    /// The other one.
    Bulk,
}

/// What opens streams, of each route.
#[derive(Clone)]
pub(crate) struct Controls {
    pub urgent: Control,
    pub bulk: Control,
}

impl Controls {
    pub fn of(&self, route: Route) -> &Control {
        match route {
            Route::Urgent => &self.urgent,
            Route::Bulk => &self.bulk,
        }
    }
}

/// Opens streams on one of a peer's connections, and takes them on all.
pub struct Streams {
    route: Route,
    own: PeerId,
    /// It opens streams on any connection that it knows of, so it is told of one a peer.
    inner: Behaviour,
    standing: HashMap<PeerId, Vec<Standing>>,
}

/// A connection.
#[derive(Clone)]
struct Standing {
    id: ConnectionId,
    endpoint: ConnectedPoint,
}

impl Streams {
    pub fn new(route: Route, own: PeerId) -> Self {
        Self { route, own, inner: Behaviour::new(), standing: HashMap::new() }
    }

    /// What opens streams.
    pub fn control(&self) -> Control {
        self.inner.new_control()
    }

    /// The connection on which streams to a peer are opened: the newest of those that fit, or of all.
    fn chosen(&self, peer: &PeerId) -> Option<Standing> {
        let standing = self.standing.get(peer)?;
        let urgent = |one: &Standing| one.endpoint.is_dialer() == (self.own < *peer);
        let fits = |one: &&Standing| urgent(one) == (self.route == Route::Urgent);
        standing.iter().rfind(fits).or_else(|| standing.last()).cloned()
    }

    /// Changes the connections of a peer, and tells which one is used from now on.
    fn change(&mut self, peer_id: PeerId, change: impl FnOnce(&mut Vec<Standing>)) {
        let before = self.chosen(&peer_id);
        let standing = self.standing.entry(peer_id).or_default();
        change(standing);
        if standing.is_empty() {
            self.standing.remove(&peer_id);
        }
        let after = self.chosen(&peer_id);
        if before.as_ref().map(|one| one.id) == after.as_ref().map(|one| one.id) {
            return;
        }
        if let Some(Standing { id: connection_id, endpoint }) = after {
            self.inner.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint: &endpoint,
                failed_addresses: &[],
                other_established: 0,
            }));
        }
        if let Some(Standing { id: connection_id, endpoint }) = before {
            self.inner.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id,
                connection_id,
                endpoint: &endpoint,
                cause: None,
                remaining_established: 0,
            }));
        }
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = <Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = <Behaviour as NetworkBehaviour>::ToSwarm;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished { peer_id, connection_id, endpoint, .. }) => {
                let one = Standing { id: connection_id, endpoint: endpoint.clone() };
                self.change(peer_id, |standing| standing.push(one));
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, connection_id, .. }) => {
                self.change(peer_id, |standing| standing.retain(|one| one.id != connection_id));
            }
            other => self.inner.on_swarm_event(other),
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, connection: ConnectionId, event: THandlerOutEvent<Self>) {
        self.inner.on_connection_handler_event(peer, connection, event);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(context)
    }
}
