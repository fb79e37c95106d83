//! What clients do who mean harm to a node's JSON-RPC.
//!
//! Each attack is bounded in its connections and in what it asks a second, so that on a small machine it shows what the
//! node refuses and gives back, and not who gets the processor. Attackers come from an address of their own: the node's
//! bound on connections from one address must stop them, and leave honest clients alone.
//!
//! Two kinds: connections that are held for as long as the node lets them ([`Slow`]), and requests that are posted again
//! and again, each on a connection of its own ([`posting`]).

use super::Done;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all, pending};
use seaway_genesis::seed;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::WriteHalf;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Interval, MissedTickBehavior};

/// From where attackers connect: a loopback address that nobody else uses.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 66, 6, 6);
/// Connections held at a time where they cost their owner next to nothing: more than one address may have (128).
const HELD: usize = 192;
/// The same where each may cost the node megabytes.
const HELD_LARGE: usize = 48;
/// The time between two pieces of what is said slowly.
const DRIP: Duration = Duration::from_millis(100);
/// The largest body, and the largest message on a WebSocket, that the node takes.
const BODY_BYTES_MAX: usize = 4 << 20;
/// What the kernel keeps for who never reads: little, so that the rest stays with the node.
const UNREAD_BYTES: u32 = 4 << 10;
/// How much of an answer is looked at.
const LOOKED_AT_BYTES: usize = 4 << 10;
/// A request for a WebSocket (RFC 6455, 4.1).
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
/// Bodies and requests that say nothing.
const NONSENSE: &[&[u8]] = &[
    b"",
    b"{",
    b"[",
    b"[]",
    b"[1,2,3]",
    b"[{},{},{}]",
    b"null",
    b"\xff\xfe{}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
    b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"network_status\"}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\u0000\",\"params\":{}}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ledger_block\",\"params\":{\"height\":\"-1\"}}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account_get\",\"params\":[\"x\"]}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"payment_submit\",\"params\":{\"bytes\":\"zz\"}}",
    b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"payment_subscribe\",\"params\":{}}",
];

/// Where an attack goes, how long, and with what.
pub struct Target {
    /// Where the node listens.
    pub address: SocketAddr,
    /// When the attack ends.
    pub until: Instant,
    /// A signed payment in hexadecimal, that settled long ago or will settle once.
    pub instruction: String,
}

/// An attack.
pub struct Attack {
    /// Its name, for the report.
    pub name: &'static str,
    /// Whether the node must refuse all of it; otherwise some of it must get through to show anything.
    pub refused: bool,
    /// Attacks until the target's time is over.
    pub run: fn(Target) -> BoxFuture<'static, Done>,
}

/// All attacks.
pub const ATTACKS: &[Attack] = &[
    Attack { name: "slow headers", refused: false, run: |target| hold(target, slow_headers()).boxed() },
    Attack {
        name: "large headers without an end",
        refused: true,
        run: |target| hold(target, large_headers()).boxed(),
    },
    Attack { name: "slow bodies", refused: false, run: |target| hold(target, slow_bodies()).boxed() },
    Attack {
        name: "bodies that lack their last byte",
        refused: false,
        run: |target| hold(target, almost_whole_bodies()).boxed(),
    },
    Attack { name: "oversize bodies", refused: true, run: |target| oversize(target).boxed() },
    Attack { name: "malformed requests", refused: false, run: |target| malformed(target).boxed() },
    Attack { name: "deep JSON", refused: true, run: |target| deep(target).boxed() },
    Attack { name: "batches of 101", refused: true, run: |target| large_batches(target).boxed() },
    Attack { name: "batches of 100 heavy calls", refused: false, run: |target| heavy_batches(target).boxed() },
    Attack {
        name: "subscriptions on one WebSocket",
        refused: false,
        run: |target| hold(target, subscriptions(1, 500, 20)).boxed(),
    },
    Attack {
        name: "subscriptions on many WebSockets",
        refused: false,
        run: |target| hold(target, subscriptions(32, 33, 1)).boxed(),
    },
    Attack {
        name: "WebSockets opened and left",
        refused: false,
        run: |target| hold(target, silent_sockets()).boxed(),
    },
    Attack {
        name: "messages announced and not sent",
        refused: false,
        run: |target| hold(target, announced_messages()).boxed(),
    },
    Attack { name: "messages too large", refused: false, run: |target| hold(target, oversize_messages()).boxed() },
    Attack { name: "answers never read", refused: false, run: |target| hold(target, unread_answers()).boxed() },
    Attack { name: "WebSockets never read", refused: false, run: |target| hold(target, unread_sockets()).boxed() },
    Attack { name: "churn", refused: false, run: |target| churn(target).boxed() },
    Attack {
        name: "one instruction from 100 connections",
        refused: false,
        run: |target| one_instruction(target).boxed(),
    },
    Attack {
        name: "one instruction in batches",
        refused: false,
        run: |target| one_instruction_in_batches(target).boxed(),
    },
    Attack { name: "wrong tokens", refused: false, run: |target| wrong_tokens(target).boxed() },
    Attack { name: "challenges that nobody answers", refused: false, run: |target| challenges(target).boxed() },
];

/// So many turns a second and no more, until a time.
pub(super) struct Pace {
    ticks: Interval,
    until: Instant,
}

impl Pace {
    /// At least one turn a second.
    pub(super) fn new(a_second: u32, until: Instant) -> Self {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / a_second.max(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, until }
    }

    /// Waits for the next turn; false when the time is over.
    pub(super) async fn turn(&mut self) -> bool {
        self.ticks.tick().await;
        Instant::now() < self.until
    }
}

/// What comes of a future before a time.
pub(super) async fn before<T>(until: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(until.into(), future).await.ok()
}

/// Runs all at once, and adds up what they did.
pub(super) fn side_by_side<F: Future<Output = Done>>(
    workers: impl IntoIterator<Item = F>,
) -> impl Future<Output = Done> {
    let all = join_all(workers);
    all.map(|done| {
        let tried = done.iter().map(|one| one.tried).sum();
        let refused = done.iter().map(|one| one.refused).sum();
        Done { tried, refused }
    })
}

/// Connections that are held for as long as the node lets them.
pub(super) struct Slow {
    /// How many at a time.
    pub connections: usize,
    /// What is said at once.
    pub begins: Vec<u8>,
    /// What is said from time to time after that; nothing where the attacker just waits.
    pub drip: Vec<u8>,
    /// Whether the attacker reads. Who does not read does not see either that the node let go, unless it writes.
    pub reads: bool,
}

/// Holds connections; each that the node lets go is made again, once a second at most.
pub(super) async fn hold(target: Target, slow: Slow) -> Done {
    side_by_side((0..slow.connections).map(|_| held(&target, &slow))).await
}

async fn held(target: &Target, slow: &Slow) -> Done {
    let mut done = Done::default();
    let mut turns = Pace::new(1, target.until);
    while turns.turn().await {
        done.tried += 1;
        let Some(mut stream) = connect(target, slow.reads).await else {
            done.refused += 1;
            continue;
        };
        done.refused += u64::from(before(target.until, feed(&mut stream, slow)).await.is_some());
    }
    done
}

async fn connect(target: &Target, reads: bool) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    if !reads {
        socket.set_recv_buffer_size(UNREAD_BYTES).ok()?;
    }
    socket.bind(SocketAddr::new(SOURCE.into(), 0)).ok()?;
    before(target.until, socket.connect(target.address)).await?.ok()
}

/// Feeds a connection until the node lets it go.
async fn feed(stream: &mut TcpStream, slow: &Slow) {
    let (mut from, mut to) = stream.split();
    let heard = async {
        if !slow.reads {
            pending::<()>().await;
        }
        let mut buffer = [0; 4_096];
        while matches!(from.read(&mut buffer).await, Ok(count) if count > 0) {}
    };
    tokio::select! {
        _failed = drip(&mut to, slow) => {}
        () = heard => {}
    }
}

/// Ends only where the node takes nothing more.
async fn drip(to: &mut WriteHalf<'_>, slow: &Slow) -> io::Result<()> {
    to.write_all(&slow.begins).await?;
    let mut ticks = tokio::time::interval(DRIP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        to.write_all(&slow.drip).await?;
    }
}

/// Posts from so many connections at a time, from each so often a second. The requests are made of a number.
async fn posting(target: &Target, workers: u64, a_second: u32, request: impl Fn(u64) -> Vec<u8> + Sync) -> Done {
    side_by_side((0..workers).map(|worker| poster(target, worker, a_second, &request))).await
}

async fn poster(target: &Target, worker: u64, a_second: u32, request: &(impl Fn(u64) -> Vec<u8> + Sync)) -> Done {
    let mut done = Done::default();
    let mut turns = Pace::new(a_second, target.until);
    while turns.turn().await {
        let answer = exchange(target, &request(worker.wrapping_add(done.tried))).await;
        done.tried += 1;
        let served = answer.is_some_and(|said| said.starts_with("HTTP/1.1 200") && !said.contains("\"error\""));
        done.refused += u64::from(!served);
    }
    done
}

/// Sends a request and reads the answer, of which it returns the beginning; nothing where the node says nothing.
async fn exchange(target: &Target, request: &[u8]) -> Option<String> {
    let mut stream = connect(target, true).await?;
    let answered = async {
        // The node may close while it is still being written to; what it said before is read all the same.
        let _closed = stream.write_all(request).await;
        let (mut said, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            if said.len() < LOOKED_AT_BYTES {
                said.extend_from_slice(&buffer[..count]);
            }
        }
        said
    };
    let said = before(target.until, answered).await?;
    (!said.is_empty()).then(|| String::from_utf8_lossy(&said).into_owned())
}

/// The head of a request that announces a body.
fn head(announced: usize, more: &str) -> Vec<u8> {
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    format!("{head}{more}content-length: {announced}\r\n\r\n").into_bytes()
}

/// A request on a connection that is closed after it, with more header lines.
fn post_with(more: &str, body: &[u8]) -> Vec<u8> {
    let mut request = head(body.len(), &format!("connection: close\r\n{more}"));
    request.extend_from_slice(body);
    request
}

fn post(body: impl AsRef<[u8]>) -> Vec<u8> {
    post_with("", body.as_ref())
}

fn call(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

fn batch(calls: &[String]) -> String {
    format!("[{}]", calls.join(","))
}

/// A frame of a WebSocket (RFC 6455, 5.2) that announces so many bytes. Its mask is zero and changes nothing.
fn frame(announced: usize, text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0xFF];
    frame.extend((announced as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

fn message(text: &str) -> Vec<u8> {
    frame(text.len(), text)
}

/// What is said on a WebSocket right after its request.
fn upgraded(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    frames.into_iter().fold(UPGRADE.to_vec(), |mut said, frame| {
        said.extend(frame);
        said
    })
}

/// Subscribes from the first block on: to everything, and to an account on which nothing ever moved.
fn subscribe(number: usize) -> Vec<u8> {
    let (everything, nothing) = (json!({"from": "1"}), json!({"from": "1", "account": "00".repeat(16)}));
    message(&match number % 2 {
        0 => call("payment_subscribe", everything),
        _ => call("account_subscribe", nothing),
    })
}

fn slow_headers() -> Slow {
    let begins = b"POST / HTTP/1.1\r\nhost: x\r\nx-slow: ".to_vec();
    Slow { connections: HELD, begins, drip: b"a".to_vec(), reads: true }
}

/// As many bytes of headers as an HTTP server keeps before it gives up, more or less.
fn large_headers() -> Slow {
    let lines: String = (0..75).map(|line| format!("x-{line}: {}\r\n", "a".repeat(5_000))).collect();
    let begins = format!("POST / HTTP/1.1\r\nhost: x\r\n{lines}x-slow: ").into_bytes();
    Slow { connections: HELD, begins, drip: b"a".to_vec(), reads: true }
}

fn slow_bodies() -> Slow {
    Slow { connections: HELD, begins: head(1 << 20, ""), drip: b" ".to_vec(), reads: true }
}

fn almost_whole_bodies() -> Slow {
    let mut begins = head(BODY_BYTES_MAX, "");
    begins.resize(begins.len() + BODY_BYTES_MAX - 1, b' ');
    Slow { connections: HELD_LARGE, begins, drip: Vec::new(), reads: true }
}

fn subscriptions(connections: usize, at_once: usize, then: usize) -> Slow {
    let drip = (0..then).flat_map(subscribe).collect();
    Slow { connections, begins: upgraded((0..at_once).map(subscribe)), drip, reads: true }
}

/// Who never says anything after the request, as a client whose machine is gone.
fn silent_sockets() -> Slow {
    Slow { connections: HELD, begins: UPGRADE.to_vec(), drip: Vec::new(), reads: true }
}

/// A few bytes for which a careless node makes room for megabytes.
fn announced_messages() -> Slow {
    let begins = upgraded([frame(BODY_BYTES_MAX, "{")]);
    Slow { connections: HELD_LARGE, begins, drip: Vec::new(), reads: true }
}

fn oversize_messages() -> Slow {
    let begins = upgraded([frame(128 << 20, "{")]);
    Slow { connections: 8, begins, drip: vec![b' '; 64 << 10], reads: true }
}

fn unread_answers() -> Slow {
    let body = batch(&vec![call("rpc_discover", json!({})); 100]);
    let mut request = head(body.len(), "");
    request.extend(body.as_bytes());
    Slow { connections: HELD_LARGE, begins: request.clone(), drip: request, reads: false }
}

fn unread_sockets() -> Slow {
    let drip = message(&batch(&vec![call("rpc_discover", json!({})); 10]));
    Slow { connections: 8, begins: upgraded((0..32).map(subscribe)), drip, reads: false }
}

async fn oversize(target: Target) -> Done {
    let sent = post(" ".repeat(2 * BODY_BYTES_MAX));
    let mut announced = head(1 << 30, "");
    announced.resize(announced.len() + BODY_BYTES_MAX + (64 << 10), b' ');
    let requests = [sent, announced];
    posting(&target, 4, 2, |number| requests[number as usize % requests.len()].clone()).await
}

async fn malformed(target: Target) -> Done {
    let request = |number: u64| {
        let nonsense = NONSENSE[number as usize % NONSENSE.len()];
        match number % 7 {
            // What is no HTTP at all, among it the beginning of a TLS handshake.
            0 => [nonsense, b"\r\n\r\n"].concat(),
            1 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            _ => post(nonsense),
        }
    };
    posting(&target, 10, 20, request).await
}

async fn deep(target: Target) -> Done {
    let within = r#"{"jsonrpc":"2.0","id":1,"method":"account_get","params":"#;
    let requests = [
        post(format!("{within}{}}}", "[".repeat(100_000))),
        post(format!("{within}{}0{}}}", "[".repeat(100_000), "]".repeat(100_000))),
        post(format!("{within}{}0{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000))),
        post("[".repeat(500_000)),
        post("{\"id\":".repeat(100_000)),
    ];
    posting(&target, 5, 10, |number| requests[number as usize % requests.len()].clone()).await
}

async fn large_batches(target: Target) -> Done {
    let request = post(batch(&vec![call("network_status", json!({})); 101]));
    posting(&target, 10, 10, |_| request.clone()).await
}

/// What reads most, of an account that moves with each honest payment, and what must ask the engine.
async fn heavy_batches(target: Target) -> Done {
    let account = seed::account("HARBHKHH", "hk-merchant");
    let heavy = [
        call("account_balances", json!({"account": account, "height": "0"})),
        call("account_entries", json!({"account": account, "count": 100})),
        call("payment_list", json!({"account": account, "count": 100})),
        call("ledger_proof", json!({"account": account})),
        call("instruction_status", json!({"submitter": {"account": account}, "key": "00".repeat(16)})),
    ];
    let calls: Vec<String> = heavy.iter().cycle().take(100).cloned().collect();
    let request = post(batch(&calls));
    posting(&target, 2, 1, |_| request.clone()).await
}

/// A connection for each request, and none is kept.
async fn churn(target: Target) -> Done {
    let metrics = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec();
    let requests = [post(call("network_status", json!({}))), metrics];
    posting(&target, 8, 25, |number| requests[number as usize % requests.len()].clone()).await
}

fn submit(target: &Target) -> String {
    call("payment_submit", json!({"bytes": target.instruction, "wait": "final", "timeoutMs": 5_000}))
}

async fn one_instruction(target: Target) -> Done {
    let request = post(submit(&target));
    posting(&target, 100, 2, |_| request.clone()).await
}

/// Each of the hundred asks for the answer of a block that is on the disk.
async fn one_instruction_in_batches(target: Target) -> Done {
    let request = post(batch(&vec![submit(&target); 100]));
    posting(&target, 2, 1, |_| request.clone()).await
}

async fn wrong_tokens(target: Target) -> Done {
    let request = |number: u64| {
        let (hash, signature) = (format!("{number:064x}"), format!("{number:0128x}"));
        let answer = json!({"challenge": hash, "key": format!("ed25519:{hash}"), "signature": signature});
        let read = call("account_get", json!({"account": seed::account("HARBHKHH", "hk-merchant")}));
        match number % 4 {
            0 => post(call("auth_token", answer)),
            1 => post_with(&format!("authorization: Bearer {hash}\r\n"), read.as_bytes()),
            2 => post_with(&format!("authorization: Bearer {}\r\n", hash.repeat(100)), read.as_bytes()),
            _ => post(call("auth_token", json!({"challenge": signature, "key": hash, "signature": "x"}))),
        }
    };
    posting(&target, 10, 20, request).await
}

/// The node remembers each for a while.
async fn challenges(target: Target) -> Done {
    let request = post(batch(&vec![call("auth_challenge", json!({})); 100]));
    posting(&target, 4, 2, |_| request.clone()).await
}
