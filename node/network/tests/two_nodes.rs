//! Two nodes over real TCP, with a gate on each connection that the test can close.

use seaway_network::{AskError, AskSpec, Asked, Config, KnownPeer, LaneSpec, Network, NetworkEvent, Route};
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use seaway_types::signature::public_key;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

const URGENT: usize = 0;
const BULK: usize = 1;
const SLOW: usize = 2;
const LANES: &[LaneSpec] = &[
    lane("/test/urgent", Route::Urgent, u32::MAX),
    lane("/test/bulk", Route::Bulk, u32::MAX),
    lane("/test/slow", Route::Bulk, 1),
];
/// How long the test waits for what must come; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

const fn lane(protocol: &'static str, route: Route, bytes_a_second_max: u32) -> LaneSpec {
    LaneSpec {
        protocol,
        route,
        frame_bytes_max: 1 << 20,
        frames_a_second_max: u32::MAX,
        bytes_a_second_max,
        queue_frames_max: 1_024,
        queue_bytes_max: 64 << 20,
        inbox_frames_max: 8,
    }
}

/// What stands between a dialler and whom it dials.
#[derive(Clone)]
struct Gate {
    open: watch::Sender<bool>,
    carried: Arc<AtomicU64>,
}

impl Gate {
    async fn start(at: SocketAddr, target: SocketAddr) -> Self {
        let gate = Self { open: watch::Sender::new(true), carried: Arc::default() };
        let listener = TcpListener::bind(at).await.unwrap();
        let carry = gate.clone();
        tokio::spawn(async move {
            while let Ok((dialler, _)) = listener.accept().await {
                let Ok(dialled) = TcpStream::connect(target).await else { continue };
                let ((one, to_one), (other, to_other)) = (dialler.into_split(), dialled.into_split());
                tokio::spawn(carry.clone().carry(one, to_other));
                tokio::spawn(carry.clone().carry(other, to_one));
            }
        });
        gate
    }

    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut open = self.open.subscribe();
        let mut piece = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            if open.wait_for(|open| *open).await.is_err() || to.write_all(&piece[..length]).await.is_err() {
                return;
            }
            self.carried.fetch_add(length as u64, Ordering::Relaxed);
        }
    }

    fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

struct Node {
    key: PublicKey,
    network: Network,
    lanes: Vec<mpsc::Receiver<NetworkEvent>>,
    asked: mpsc::Receiver<Asked>,
}

impl Node {
    fn start(secret: [u8; 32], listen: SocketAddr, peer: PublicKey, through: SocketAddr) -> Self {
        Self::of_chain(Hash32([1; 32]), secret, listen, peer, through)
    }

    fn of_chain(genesis: Hash32, secret: [u8; 32], listen: SocketAddr, peer: PublicKey, through: SocketAddr) -> Self {
        let address = |at: SocketAddr| format!("/ip4/{}/tcp/{}", at.ip(), at.port()).parse().expect("a multiaddress");
        let (events, lanes) = LANES.iter().map(|lane| mpsc::channel(lane.inbox_frames_max)).unzip();
        let config = Config {
            identity: secret,
            listen: vec![address(listen)],
            peers: vec![KnownPeer { key: peer, address: address(through) }],
            allowed: vec![peer],
            genesis,
            lanes: LANES,
            ask: AskSpec { protocol: "/test/ask", frame_bytes_max: 256 },
        };
        let (network, asked) = seaway_network::start(config, events).unwrap();
        Self { key: public_key(&secret), network, lanes, asked }
    }

    /// The next frame of a lane, but for those of [`settle`].
    async fn frame(&mut self, lane: usize) -> Vec<u8> {
        loop {
            let event = tokio::time::timeout(PATIENCE, self.lanes[lane].recv()).await;
            if let Some(frame) = told(event.expect("something comes in time").expect("it runs")) {
                return frame;
            }
        }
    }

    /// A frame of a lane that is here already.
    fn here(&mut self, lane: usize) -> Option<Vec<u8>> {
        std::iter::from_fn(|| self.lanes[lane].try_recv().ok()).find_map(told)
    }
}

/// The length of frames that only show whether a connection stands.
const SETTLING: usize = 100_000;

/// A frame that tells something.
fn told(event: NetworkEvent) -> Option<Vec<u8>> {
    match event {
        NetworkEvent::Frame { frame, .. } if frame.len() != SETTLING => Some(frame),
        _ => None,
    }
}

/// The addresses of a test: of this process's own, because others may use the same ports.
fn at(test: u16, port: u16) -> SocketAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(127, 128 | (high & 0x3f), middle, low), 7_000 + 10 * test + port))
}

/// Two nodes; and the gates of what is urgent and of what is bulk.
async fn two_nodes(test: u16) -> ([Node; 2], [Gate; 2]) {
    let at = |port: u16| at(test, port);
    // libp2p's ids rise as the keys in them do.
    let mut secrets = [[1; 32], [2; 32]];
    secrets.sort_by_key(public_key);
    let [lesser, greater] = secrets.map(|secret| public_key(&secret));
    let urgent = Gate::start(at(1), at(4)).await;
    let bulk = Gate::start(at(2), at(3)).await;
    let one = Node::start(secrets[0], at(3), greater, at(1));
    let other = Node::start(secrets[1], at(4), lesser, at(2));
    ([one, other], [urgent, bulk])
}

/// Sends until frames pass the gate that they ought to: both connections stand then.
async fn settle(from: &Node, to: &mut Node, lane: usize, right: &Gate) {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < PATIENCE, "lane {lane} never goes over its own connection");
        let before = right.carried();
        from.network.send(&to.key, lane, Arc::new(vec![0; SETTLING]));
        let came = tokio::time::timeout(Duration::from_millis(100), to.lanes[lane].recv()).await;
        if came.is_ok() && right.carried() - before >= SETTLING as u64 {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_urgent_passes_what_is_bulk() {
    let ([one, mut other], [urgent, bulk]) = two_nodes(1).await;
    settle(&one, &mut other, URGENT, &urgent).await;
    settle(&one, &mut other, BULK, &bulk).await;
    // Nothing of the bulk gets through: more of it waits than all buffers on the way hold.
    bulk.open.send_replace(false);
    const FRAMES: u8 = 48;
    for n in 0..FRAMES {
        one.network.send(&other.key, BULK, Arc::new(vec![n; 1 << 20]));
    }
    for n in 0..100 {
        one.network.send(&other.key, URGENT, Arc::new(vec![n; 100]));
        assert_eq!(other.frame(URGENT).await, vec![n; 100]);
    }
    assert_eq!(other.here(BULK), None, "the gate was open");
    bulk.open.send_replace(true);
    for n in 0..FRAMES {
        assert_eq!(other.frame(BULK).await, vec![n; 1 << 20], "nothing is lost, and in order");
    }
}

#[tokio::test]
async fn with_one_connection_alone_both_share_it() {
    let at = |port: u16| at(2, port);
    let secrets = [[1; 32], [2; 32]];
    let [first, second] = secrets.map(|secret| public_key(&secret));
    // Nothing answers where the second one dials.
    let mut one = Node::start(secrets[0], at(3), second, at(4));
    let mut other = Node::start(secrets[1], at(4), first, at(5));
    for (lane, n) in [(URGENT, 1), (BULK, 2)] {
        let mut came = None;
        while came.is_none() {
            one.network.send(&other.key, lane, Arc::new(vec![n; 10]));
            other.network.send(&one.key, lane, Arc::new(vec![n; 10]));
            let both = async { (one.frame(lane).await, other.frame(lane).await) };
            came = tokio::time::timeout(Duration::from_millis(100), both).await.ok();
        }
        assert_eq!(came, Some((vec![n; 10], vec![n; 10])));
    }
}

#[tokio::test]
async fn nodes_of_different_chains_have_nothing_to_say_to_each_other() {
    let at = |port: u16| at(4, port);
    let secrets = [[1; 32], [2; 32], [3; 32]];
    let [first, second, third] = secrets.map(|secret| public_key(&secret));
    let one = Node::start(secrets[0], at(1), second, at(2));
    let mut same = Node::start(secrets[1], at(2), first, at(1));
    let strange = Node::of_chain(Hash32([2; 32]), secrets[2], at(3), first, at(1));
    one.network.allow(vec![second, third]).await;
    tokio::spawn(async move {
        while let Some(Asked { bytes, answer, .. }) = same.asked.recv().await {
            let _gone = answer.send(bytes);
        }
    });
    let connected = |key: PublicKey| one.network.connected().iter().any(|(peer, _)| *peer == key);
    let start = Instant::now();
    while !(connected(second) && connected(third)) {
        assert!(start.elapsed() < PATIENCE, "both connect: the registry names them");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(one.network.ask(&second, b"anybody there?").await.unwrap(), b"anybody there?");
    match one.network.ask(&third, b"anybody there?").await {
        Err(AskError::Stream(why)) => assert!(why.contains("does not support"), "{why}"),
        other => panic!("{other:?}"),
    }
    drop(strange);
}

#[tokio::test]
async fn who_sends_too_much_is_read_from_no_further() {
    let ([one, mut other], [_, bulk]) = two_nodes(3).await;
    settle(&one, &mut other, BULK, &bulk).await;
    // The stock is good for one byte; what comes then would take the lane hours.
    one.network.send(&other.key, SLOW, Arc::new(vec![1]));
    assert_eq!(other.frame(SLOW).await, [1]);
    one.network.send(&other.key, SLOW, Arc::new(vec![2; 10_000]));
    for n in 0..200 {
        one.network.send(&other.key, BULK, Arc::new(vec![n; 100]));
        assert_eq!(other.frame(BULK).await, vec![n; 100], "the other lanes go on");
    }
    assert!(other.here(SLOW).is_none(), "it was read in spite of its pace");
}
