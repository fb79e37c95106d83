//! What stands between nodes: each connection passes a link that carries bytes late, holds them up, or breaks.
//!
//! Links work on what TCP carries and change no byte: a real network delays and tears, it does not forge. Nothing is lost on a
//! link that is held up, as TCP would send it again; what is on the way when a link breaks is.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_cluster::Ports;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Bytes carried in one piece.
const PIECE_BYTES: usize = 16 << 10;
/// Pieces on their way on one connection; then the speaker waits, as TCP's window makes it.
const PIECES_MAX: usize = 256;

/// How a link is, from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Shortest and longest delay in milliseconds.
    pub delay_ms: (u64, u64),
    /// Whether nothing gets through for now.
    pub held: bool,
    /// How often its connections were broken.
    breaks: u64,
}

/// A link within a city: what a network of banks would see on a good day.
const GOOD: Condition = Condition { delay_ms: (1, 4), held: false, breaks: 0 };

type Pair = (usize, usize);

/// All links of a network, each of a speaker and a listener.
pub struct Links {
    conditions: BTreeMap<Pair, watch::Sender<Condition>>,
}

impl Links {
    /// Starts a link between each two nodes; only validators are dialled.
    pub async fn start(ports: Ports, nodes: usize, validators: usize, seed: u64) -> Result<Self, String> {
        let pairs = (0..nodes).flat_map(|one| (0..nodes).map(move |other| (one, other)));
        let pairs: Vec<Pair> = pairs.filter(|(one, other)| one != other).collect();
        let conditions: BTreeMap<Pair, watch::Sender<Condition>> =
            pairs.iter().map(|pair| (*pair, watch::Sender::new(GOOD))).collect();
        for (dialler, dialled) in pairs.into_iter().filter(|(_, dialled)| *dialled < validators) {
            let place = |node: usize| u16::try_from(node).map_err(|error| error.to_string());
            let address = ports.link(place(dialler)?, place(dialled)?);
            let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
            let there = conditions[&(dialler, dialled)].subscribe();
            let back = conditions[&(dialled, dialler)].subscribe();
            let seed = seed ^ (dialler as u64) << 8 ^ (dialled as u64) << 16;
            tokio::spawn(accept(listener, ports.peer(place(dialled)?), there, back, seed));
        }
        Ok(Self { conditions })
    }

    fn change(&self, wanted: impl Fn(Pair) -> bool, change: impl Fn(&mut Condition)) {
        for (_, condition) in self.conditions.iter().filter(|(pair, _)| wanted(**pair)) {
            condition.send_modify(&change);
        }
    }

    /// All links have a delay.
    pub fn delay(&self, delay_ms: (u64, u64)) {
        self.change(|_| true, |condition| condition.delay_ms = delay_ms);
    }

    /// Nothing gets from these speakers to these listeners, or it does again.
    pub fn hold(&self, wanted: impl Fn(Pair) -> bool, held: bool) {
        self.change(wanted, |condition| condition.held = held);
    }

    /// Connections of a node break.
    pub fn tear(&self, node: usize) {
        self.change(|(one, other)| one == node || other == node, |condition| condition.breaks += 1);
    }

    /// All is well again.
    pub fn heal(&self) {
        self.change(|_| true, |condition| (condition.held, condition.delay_ms) = (GOOD.held, GOOD.delay_ms));
    }
}

async fn accept(
    listener: TcpListener,
    target: std::net::SocketAddr,
    there: watch::Receiver<Condition>,
    back: watch::Receiver<Condition>,
    seed: u64,
) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    while let Ok((dialler, _)) = listener.accept().await {
        let seeds = (random.next_u64(), random.next_u64());
        tokio::spawn(carry(dialler, target, there.clone(), back.clone(), seeds));
    }
}

/// Carries one connection until either side closes it or the link breaks.
async fn carry(
    dialler: TcpStream,
    target: std::net::SocketAddr,
    there: watch::Receiver<Condition>,
    back: watch::Receiver<Condition>,
    seeds: (u64, u64),
) {
    let Ok(dialled) = TcpStream::connect(target).await else { return };
    let quick = dialler.set_nodelay(true).and_then(|()| dialled.set_nodelay(true));
    if quick.is_err() {
        return;
    }
    let (from_dialler, to_dialler) = dialler.into_split();
    let (from_dialled, to_dialled) = dialled.into_split();
    tokio::select! {
        () = one_way(from_dialler, to_dialled, there, seeds.0) => {}
        () = one_way(from_dialled, to_dialler, back, seeds.1) => {}
    }
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut condition: watch::Receiver<Condition>,
    seed: u64,
) {
    let breaks = condition.borrow().breaks;
    let mut torn = condition.clone();
    let delays = condition.clone();
    let (queue, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_MAX);
    let read = async move {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut due = Instant::now();
        let mut piece = vec![0; PIECE_BYTES];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let (low, high) = delays.borrow().delay_ms;
            let delay = low + random.next_u64() % (high.saturating_sub(low) + 1);
            // What was said first is heard first.
            due = due.max(Instant::now() + Duration::from_millis(delay));
            if queue.send((due, piece.iter().take(length).copied().collect())).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some((due, piece)) = pieces.recv().await {
            tokio::time::sleep_until(due).await;
            if condition.wait_for(|now| !now.held).await.is_err() || to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        // What was read before the speaker closed is still delivered.
        _ = async { tokio::join!(read, write) } => {}
        _ = torn.wait_for(|now| now.breaks != breaks) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// A connection from node 0 to node 1 over their link.
    async fn connected(ports: Ports, listener: &TcpListener) -> (TcpStream, TcpStream) {
        let dialler = TcpStream::connect(ports.link(0, 1)).await.unwrap();
        (dialler, listener.accept().await.unwrap().0)
    }

    async fn says(speaker: &mut TcpStream, listener: &mut TcpStream, word: &[u8; 4]) {
        speaker.write_all(word).await.unwrap();
        let mut heard = [0; 4];
        listener.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, *word);
    }

    #[tokio::test]
    async fn a_link_carries_both_ways_holds_one_and_tears() {
        let ports = Ports::own().apart();
        let listener = TcpListener::bind(ports.peer(1)).await.unwrap();
        let links = Links::start(ports, 2, 2, 1).await.unwrap();
        let (mut dialler, mut dialled) = connected(ports, &listener).await;
        says(&mut dialler, &mut dialled, b"ping").await;
        says(&mut dialled, &mut dialler, b"pong").await;
        // Held one way: the other way goes on, and what was said meanwhile comes when it is healed.
        links.hold(|pair| pair == (0, 1), true);
        dialler.write_all(b"held").await.unwrap();
        says(&mut dialled, &mut dialler, b"back").await;
        let early = dialled.try_read(&mut [0; 4]);
        assert_eq!(early.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
        links.heal();
        let mut heard = [0; 4];
        dialled.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"held");
        links.tear(1);
        assert!(matches!(dialled.read(&mut heard).await, Ok(0) | Err(_)));
        let (mut dialler, mut dialled) = connected(ports, &listener).await;
        says(&mut dialler, &mut dialled, b"anew").await;
    }
}
