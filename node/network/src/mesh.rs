//! Connections to all known peers, kept up.

use crate::ask::{Answerer, AskError, AskSpec, Asked, Asker};
use crate::doorway::Doorway;
use crate::lanes::{LaneSpec, Lanes, STOCK, read};
use crate::pace::Pace;
use crate::peer::{keypair, peer_id};
use crate::route::{Controls, Route, Streams};
use futures::StreamExt;
use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, InvalidProtocol, NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise, ping, tcp, yamux};
use libp2p_stream::IncomingStreams;
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Shortest and longest wait between attempts to connect.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// Handshakes in progress at a time, in all and of one address.
const PENDING_MAX: u32 = 256;
const PENDING_OF_ADDRESS_MAX: usize = 32;
/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections a peer may hold: each side dials one, and the last two may not be known to be gone yet.
const PER_PEER_MAX: u32 = 4;
/// How often a connection is tried, and how long an answer may take before it counts as gone: TCP alone notices a machine that lost its
/// power after minutes.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams of a lane that are read from at a time: one, and the one before it, to its end.
const READERS_MAX: usize = 2;
/// Connections in all.
const CONNECTIONS_MAX: u32 = 512;
/// Streams a peer may open on a connection: each lane, and again while one is being replaced; and questions.
const STREAMS_MAX: usize = 32;
/// Questions of peers that wait to be answered.
const QUESTIONS_MAX: usize = 16;

/// A peer that is dialled.
#[derive(Clone, Debug)]
pub struct KnownPeer {
    /// Its identity key.
    pub key: PublicKey,
    /// Where it listens.
    pub address: Multiaddr,
}

/// With what the network starts.
pub struct Config {
    /// The node's identity secret.
    pub identity: [u8; 32],
    /// Where to listen.
    pub listen: Vec<Multiaddr>,
    /// Whom to dial.
    pub peers: Vec<KnownPeer>,
    /// Who may connect; [`Network::allow`] replaces it.
    pub allowed: Vec<PublicKey>,
    /// Hash of the genesis. Nodes of another one have no protocol in common with it.
    pub genesis: Hash32,
    /// The lanes.
    pub lanes: &'static [LaneSpec],
    /// What may be asked.
    pub ask: AskSpec,
}

/// What happens on the network.
#[derive(Debug)]
pub enum NetworkEvent {
    /// A connection to a peer stands; told again for each further one.
    Up(PublicKey),
    /// The last one is gone.
    Down(PublicKey),
    /// A frame came.
    Frame {
        /// From whom.
        from: PublicKey,
        /// On which lane, by its place in [`Config::lanes`].
        lane: usize,
        /// The bytes.
        frame: Vec<u8>,
    },
}

/// Why the network does not start.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The identity key.
    #[error("the node's identity key is no Ed25519 secret")]
    Identity,
    /// libp2p.
    #[error("network: {0}")]
    Libp2p(String),
    /// An address.
    #[error("cannot listen on {address}: {problem}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// What is wrong.
        problem: String,
    },
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    // First, so that strangers are refused before anything else is set up.
    allowed: allow_block_list::Behaviour<AllowedPeers>,
    doorway: Doorway,
    limits: connection_limits::Behaviour,
    urgent: Streams,
    bulk: Streams,
    ping: ping::Behaviour,
}

impl Behaviour {
    fn new(own: PeerId) -> Self {
        let limits = ConnectionLimits::default()
            .with_max_pending_incoming(Some(PENDING_MAX))
            .with_max_pending_outgoing(Some(PENDING_MAX))
            .with_max_established(Some(CONNECTIONS_MAX))
            .with_max_established_per_peer(Some(PER_PEER_MAX));
        let ping = ping::Config::new().with_interval(PING_INTERVAL).with_timeout(PING_TIMEOUT);
        Self {
            allowed: allow_block_list::Behaviour::default(),
            doorway: Doorway::new(PENDING_OF_ADDRESS_MAX),
            limits: connection_limits::Behaviour::new(limits),
            urgent: Streams::new(Route::Urgent, own),
            bulk: Streams::new(Route::Bulk, own),
            ping: ping::Behaviour::new(ping),
        }
    }
}

type Peers = Arc<RwLock<HashMap<PublicKey, Lanes>>>;

/// A handle to the network.
#[derive(Clone)]
pub struct Network {
    peers: Peers,
    commands: mpsc::Sender<Command>,
    asker: Asker,
}

enum Command {
    Allow(Vec<PublicKey>),
    Drop(PublicKey),
}

impl Network {
    /// Sends a frame to a peer if it is connected. It may get lost.
    pub fn send(&self, to: &PublicKey, lane: usize, frame: Arc<Vec<u8>>) {
        if let Ok(peers) = self.peers.read()
            && let Some(lanes) = peers.get(to)
        {
            lanes.send(lane, frame);
        }
    }

    /// Asks a connected peer, and returns its answer.
    pub async fn ask(&self, to: &PublicKey, question: &[u8]) -> Result<Vec<u8>, AskError> {
        let connected = self.peers.read().is_ok_and(|peers| peers.contains_key(to));
        let peer = peer_id(to).filter(|_| connected).ok_or(AskError::NotConnected)?;
        self.asker.ask(peer, question).await
    }

    /// The peers that are connected, with the frames that were dropped because they were too slow.
    pub fn connected(&self) -> Vec<(PublicKey, u64)> {
        let list =
            |peers: &HashMap<PublicKey, Lanes>| peers.iter().map(|(key, lanes)| (*key, lanes.dropped())).collect();
        self.peers.read().map(|peers| list(&peers)).unwrap_or_default()
    }

    /// Replaces the list of those who may connect. Others are cut off.
    pub async fn allow(&self, allowed: Vec<PublicKey>) {
        let _gone = self.commands.send(Command::Allow(allowed)).await;
    }

    /// Closes all connections to a peer that broke the rules; it may connect again.
    pub fn drop_peer(&self, peer: PublicKey) {
        let _full = self.commands.try_send(Command::Drop(peer));
    }
}

/// Starts the network; what happens goes to `events`, one channel a lane, so that votes are heard while blocks wait. What
/// peers ask comes from the receiver.
pub fn start(
    config: Config,
    events: Vec<mpsc::Sender<NetworkEvent>>,
) -> Result<(Network, mpsc::Receiver<Asked>), NetworkError> {
    let identity = keypair(&config.identity).ok_or(NetworkError::Identity)?;
    let behaviour = Behaviour::new(PeerId::from_public_key(&identity.public()));
    let muxer = || {
        let mut muxer = yamux::Config::default();
        muxer.set_max_num_streams(STREAMS_MAX);
        muxer
    };
    let failed = |error: &dyn std::fmt::Display| NetworkError::Libp2p(error.to_string());
    let mut swarm = SwarmBuilder::with_existing_identity(identity)
        .with_tokio()
        .with_tcp(tcp::Config::new().nodelay(true), noise::Config::new, muxer)
        .map_err(|error| failed(&error))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| failed(&error))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(u64::from(u32::MAX))))
        .with_connection_timeout(HANDSHAKE_TIMEOUT)
        .build();
    for address in &config.listen {
        swarm
            .listen_on(address.clone())
            .map_err(|error| NetworkError::Listen { address: address.clone(), problem: error.to_string() })?;
    }
    let (commands, inbox) = mpsc::channel(16);
    let peers = Peers::default();
    let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
    let mut mesh = Mesh {
        keys: HashMap::new(),
        dials: Vec::new(),
        peers: peers.clone(),
        events,
        lanes: config.lanes,
        genesis: config.genesis,
        readers: HashMap::new(),
        paces: HashMap::new(),
        dialled: HashMap::new(),
        names: HashMap::new(),
        answerer: Answerer::new(config.ask, questions),
    };
    mesh.allow(&mut swarm, &config.allowed);
    mesh.dials.extend(config.peers.into_iter().filter_map(|peer| Dial::new(&peer)));
    let behaviour = swarm.behaviour();
    let controls = Controls { urgent: behaviour.urgent.control(), bulk: behaviour.bulk.control() };
    let mut incoming = Vec::new();
    // The streams of questions come after those of the lanes.
    let lanes = config.lanes.iter().map(|lane| (lane.protocol, lane.route));
    for (protocol, route) in lanes.chain([(config.ask.protocol, Route::Bulk)]) {
        let protocol = of_chain(protocol, &config.genesis).map_err(|error| failed(&error))?;
        let accepted = controls.of(route).clone().accept(protocol);
        incoming.push(accepted.map_err(|error| failed(&error))?);
    }
    let asked_of = of_chain(config.ask.protocol, &config.genesis).map_err(|error| failed(&error))?;
    let asker = Asker::new(controls.bulk.clone(), config.ask, asked_of);
    tokio::spawn(mesh.run(swarm, controls, incoming, inbox));
    Ok((Network { peers, commands, asker }, asked))
}

/// A protocol's name on the chain that begins with a genesis.
pub fn of_chain(protocol: &str, genesis: &Hash32) -> Result<StreamProtocol, InvalidProtocol> {
    StreamProtocol::try_from_owned(format!("{protocol}/{genesis}"))
}

/// An address that is dialled until it answers.
struct Dial {
    peer: PeerId,
    address: Multiaddr,
    at: Instant,
    backoff: Duration,
}

impl Dial {
    fn new(peer: &KnownPeer) -> Option<Self> {
        let at = Instant::now();
        Some(Self { peer: peer_id(&peer.key)?, address: peer.address.clone(), at, backoff: BACKOFF_MIN })
    }

    /// Waits longer each time, and not all at once: by up to a half, drawn from both ids and the wait.
    fn wait(&mut self, own: &PeerId) {
        let ids = own.to_bytes().into_iter().chain(self.peer.to_bytes());
        let spread = ids.fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let nanoseconds = u64::try_from(self.backoff.as_nanos()).unwrap_or(u64::MAX);
        let jitter = spread.wrapping_add(nanoseconds).wrapping_mul(0x9e37_79b9_7f4a_7c15) % (nanoseconds / 2).max(1);
        self.at = Instant::now() + self.backoff + Duration::from_nanos(jitter);
        self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
    }
}

struct Mesh {
    keys: HashMap<PeerId, PublicKey>,
    dials: Vec<Dial>,
    peers: Peers,
    events: Vec<mpsc::Sender<NetworkEvent>>,
    lanes: &'static [LaneSpec],
    genesis: Hash32,
    /// Who reads the streams that peers opened, of each lane the newest.
    readers: HashMap<(PeerId, usize), VecDeque<AbortHandle>>,
    /// How fast each peer is read from on each lane, whatever the number of its streams.
    paces: HashMap<(PeerId, usize), Pace>,
    /// The connections that this node dialled.
    dialled: HashMap<ConnectionId, PeerId>,
    /// The keys of those who are connected: they may be on the list no more when they go.
    names: HashMap<PeerId, PublicKey>,
    answerer: Answerer,
}

impl Mesh {
    async fn run(
        mut self,
        mut swarm: Swarm<Behaviour>,
        controls: Controls,
        incoming: Vec<IncomingStreams>,
        mut inbox: mpsc::Receiver<Command>,
    ) {
        let tagged =
            incoming.into_iter().enumerate().map(|(lane, streams)| streams.map(move |stream| (lane, stream)).boxed());
        let mut incoming = futures::stream::select_all(tagged);
        let mut tick = tokio::time::interval(BACKOFF_MIN);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = swarm.select_next_some() => self.on_swarm(event, &mut swarm, &controls).await,
                Some((lane, (peer, stream))) = incoming.next() => self.on_stream(lane, peer, stream),
                command = inbox.recv() => match command {
                    Some(Command::Allow(allowed)) => self.allow(&mut swarm, &allowed),
                    Some(Command::Drop(peer)) => {
                        if let Some(peer) = peer_id(&peer) {
                            let _unknown = swarm.disconnect_peer_id(peer);
                        }
                    }
                    None => return,
                },
                _ = tick.tick() => self.dial(&mut swarm),
            }
        }
    }

    fn allow(&mut self, swarm: &mut Swarm<Behaviour>, allowed: &[PublicKey]) {
        let wanted: HashMap<PeerId, PublicKey> =
            allowed.iter().filter_map(|key| Some((peer_id(key)?, *key))).collect();
        let behaviour = &mut swarm.behaviour_mut().allowed;
        for gone in self.keys.keys().filter(|peer| !wanted.contains_key(*peer)) {
            behaviour.disallow_peer(*gone);
        }
        for peer in wanted.keys() {
            behaviour.allow_peer(*peer);
        }
        self.paces.retain(|(peer, _), _| wanted.contains_key(peer));
        self.keys = wanted;
    }

    fn dial(&mut self, swarm: &mut Swarm<Behaviour>) {
        let now = Instant::now();
        for dial in &mut self.dials {
            if self.dialled.values().any(|peer| *peer == dial.peer) {
                dial.backoff = BACKOFF_MIN;
                dial.at = now;
            } else if dial.at <= now {
                dial.wait(swarm.local_peer_id());
                let options = DialOpts::peer_id(dial.peer)
                    .addresses(vec![dial.address.clone()])
                    .condition(PeerCondition::NotDialing)
                    // From the port on which this node listens two that dial each other at once would meet in one connection.
                    .allocate_new_port()
                    .build();
                if let Err(error) = swarm.dial(options) {
                    tracing::debug!(peer = %dial.peer, %error, "not dialled");
                }
            }
        }
    }

    async fn on_swarm(
        &mut self,
        event: SwarmEvent<BehaviourEvent>,
        swarm: &mut Swarm<Behaviour>,
        controls: &Controls,
    ) {
        match &event {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } if endpoint.is_dialer() => {
                self.dialled.insert(*connection_id, *peer_id);
            }
            SwarmEvent::ConnectionClosed { connection_id, .. } => drop(self.dialled.remove(connection_id)),
            _ => {}
        }
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, num_established, .. } if num_established.get() > 1 => {
                self.move_over(&peer_id);
                // It may have started anew, and the connections before it are dead.
                if let Some(key) = self.names.get(&peer_id).copied() {
                    self.tell(NetworkEvent::Up(key)).await;
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 1.., .. } => self.move_over(&peer_id),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                peer,
                connection,
                result: Err(error @ (ping::Failure::Timeout | ping::Failure::Other { .. })),
            })) => {
                tracing::info!(%peer, %error, "a connection is dead");
                swarm.close_connection(connection);
            }
            SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                let Some(key) = self.keys.get(&peer_id).copied() else { return };
                let lanes = Lanes::open(controls, peer_id, self.lanes, &self.genesis);
                self.names.insert(peer_id, key);
                if let Ok(mut peers) = self.peers.write() {
                    peers.insert(key, lanes);
                }
                tracing::info!(peer = %key, "connected");
                self.tell(NetworkEvent::Up(key)).await;
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } => {
                self.readers.retain(|(peer, _), _| *peer != peer_id);
                let key = self.names.remove(&peer_id);
                let gone =
                    |key: &PublicKey| self.peers.write().ok().and_then(|mut peers| peers.remove(key)).is_some();
                if let Some(key) = key.filter(gone) {
                    let cause = cause.map_or_else(String::new, |cause| cause.to_string());
                    tracing::info!(peer = %key, cause, "disconnected");
                    self.tell(NetworkEvent::Down(key)).await;
                }
            }
            SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } => {
                tracing::warn!(address = %send_back_addr, %error, "connection refused");
            }
            SwarmEvent::NewListenAddr { address, .. } => tracing::info!(%address, "listening for peers"),
            _ => {}
        }
    }

    /// Streams to a peer are opened anew, each on the connection that is right for it now.
    fn move_over(&self, peer: &PeerId) {
        if let (Some(key), Ok(peers)) = (self.names.get(peer), self.peers.read())
            && let Some(lanes) = peers.get(key)
        {
            lanes.move_over();
        }
    }

    async fn tell(&self, event: NetworkEvent) {
        if let Some(first) = self.events.first() {
            let _stopped = first.send(event).await;
        }
    }

    /// A peer opened a stream. A peer opens another for a lane when the first has failed or when there is a better connection; what it
    /// had written to the one before still comes. Whoever opens many to make this node hold as many half frames holds two.
    fn on_stream(&mut self, lane: usize, peer: PeerId, stream: libp2p::Stream) {
        let Some(key) = self.keys.get(&peer).copied() else { return };
        let (Some(events), Some(spec)) = (self.events.get(lane).cloned(), self.lanes.get(lane)) else {
            return self.answerer.answer(key, peer, stream);
        };
        let pace = self.paces.entry((peer, lane)).or_insert_with(|| Pace::new(STOCK)).clone();
        let reader = tokio::spawn(async move {
            if let Err(error) = read(stream, key, lane, spec, pace, events).await {
                tracing::debug!(peer = %key, lane = spec.protocol, %error, "stream ended");
            }
        });
        let readers = self.readers.entry((peer, lane)).or_default();
        readers.push_back(reader.abort_handle());
        if readers.len() > READERS_MAX
            && let Some(earliest) = readers.pop_front()
        {
            earliest.abort();
        }
    }
}
