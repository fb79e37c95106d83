//! Strangers, broken rules, bombs, slow clients, full disks and wrong clocks: each ends in a clean refusal, and the others
//! go on.

use crate::net::*;
use seaway_genesis::seed;
use seaway_network::{AskSpec, Config, KnownPeer, LaneSpec, Network, NetworkEvent, Route};
use seaway_types::signature::public_key;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The lanes of a node that keeps to no bound.
const LANES: &[LaneSpec] = &[LaneSpec {
    protocol: "/seaway/1/votes",
    route: Route::Urgent,
    frames_a_second_max: u32::MAX,
    bytes_a_second_max: u32::MAX,
    frame_bytes_max: 1 << 30,
    queue_frames_max: 64,
    queue_bytes_max: 1 << 30,
    inbox_frames_max: 64,
}];

/// A peer that says what we want, with an identity.
fn intruder(net: &Net, identity: [u8; 32]) -> (Network, mpsc::Receiver<NetworkEvent>) {
    let config = std::fs::read_to_string(net.cluster.nodes[0].home.join("seawayd.toml")).unwrap();
    let listen = config.split("listen = [").nth(1).unwrap().split('"').nth(1).unwrap().to_owned();
    let key = public_key(&seed::secret_key("node-HARBHKHH"));
    let (events, seen) = mpsc::channel(64);
    let config = Config {
        identity,
        listen: Vec::new(),
        peers: vec![KnownPeer { key, address: listen.parse().unwrap() }],
        allowed: vec![key],
        genesis: net.cluster.document.hash(),
        lanes: LANES,
        ask: AskSpec { protocol: "/seaway/1/ask", frame_bytes_max: 256 },
    };
    let (network, _asked) = seaway_network::start(config, vec![events]).unwrap();
    (network, seen)
}

impl Net {
    /// Bytes of memory that a node uses.
    fn resident(&self, place: usize) -> u64 {
        let id = self.cluster.process_id(place).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    }

    fn connect(&self, place: usize) -> TcpStream {
        let stream = TcpStream::connect(self.cluster.nodes[place].url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What a node answers to raw bytes, until it closes.
    fn answered(&self, request: &[u8]) -> String {
        let mut stream = self.connect(0);
        // The node may close while it is still being written to.
        let _closed = stream.write_all(request);
        let mut answer = String::new();
        let _reset = stream.read_to_string(&mut answer);
        answer
    }

    fn posted(&self, body: &str) -> String {
        let length = body.len();
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n";
        self.answered(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())
    }
}

#[tokio::test]
async fn a_stranger_is_refused_at_the_connection() {
    let net = net().await;
    let (_stranger, mut seen) = intruder(&net, [99; 32]);
    net.logs(0, "connection refused").await;
    // To the stranger the handshake seems done before it hears that it is not wanted.
    while !matches!(tokio::time::timeout(PATIENCE, seen.recv()).await.unwrap(), Some(NetworkEvent::Down(_))) {}
    let peers = net.cluster.client(0).unwrap().call("network_peers", json!({})).await.unwrap();
    let stranger = json!(public_key(&[99; 32]));
    assert!(peers["peers"].as_array().unwrap().iter().all(|peer| peer["node"] != stranger), "{peers}");
    net.pay(0).await;
}

#[tokio::test]
async fn a_member_that_breaks_the_rules_is_cut_off_and_costs_no_memory() {
    let mut net = net().await;
    net.pay(0).await;
    // The supervisor's own node is stopped; somebody has its key.
    assert!(net.cluster.stop(OBSERVER));
    let before = net.resident(0);
    let (network, mut seen) = intruder(&net, seed::secret_key("node-MONAHKHH"));
    let victim = public_key(&seed::secret_key("node-HARBHKHH"));
    let up = async |seen: &mut mpsc::Receiver<NetworkEvent>| {
        let event = tokio::time::timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
        assert!(matches!(event, NetworkEvent::Up(_)), "{event:?}");
    };
    up(&mut seen).await;
    // Frames of 64 MiB, announced and sent: the stream is closed at the length.
    let large = Arc::new(vec![7; 64 << 20]);
    for _ in 0..8 {
        network.send(&victim, 0, large.clone());
    }
    // Bytes that are no message: the connection is closed.
    for _ in 0..64 {
        network.send(&victim, 0, Arc::new(vec![0xFF; 100]));
    }
    net.logs(0, "peer broke the rules").await;
    net.pay(0).await;
    let grown = net.resident(0).saturating_sub(before);
    assert!(grown < 128 << 20, "the node grew by {} MiB", grown >> 20);
}

#[tokio::test]
async fn bombs_and_nonsense_over_rpc_are_refused() {
    let net = net().await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"network_status","params":{}}"#;
    assert!(net.posted(call).contains("\"height\""), "{}", net.posted(call));
    for (body, says) in [
        ("{", "-32700"),
        ("[]", "-32600"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"no_such","params":{}}"#, "-32601"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"account_get","params":{}}"#, "-32602"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"account_get","params":["x"]}"#, "-32602"),
    ] {
        let answer = net.posted(body);
        assert!(answer.contains(says), "{body}: {answer}");
    }
    let batch = format!("[{}]", vec![call; 101].join(","));
    assert!(net.posted(&batch).contains("-32010"), "a batch of 101: {}", net.posted(&batch));
    let nested = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"account_get","params":{}}}"#, "[".repeat(100_000));
    assert!(net.posted(&nested).contains("error"));
    let large = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"payment_submit","params":{{"bytes":"{}"}}}}"#,
        "00".repeat(3 << 20)
    );
    let answer = net.posted(&large);
    assert!(answer.contains("413") || answer.is_empty(), "{answer}");
    assert!(net.answered(b"nonsense\r\n\r\n").contains("400"));
    // An instruction of another network.
    let mut document = net.cluster.document.clone();
    document.network = "othernet".parse().unwrap();
    let foreign = seaway_cluster::Payer::new(&document).merchant_pays(100).unwrap();
    let refused = net.submit(0, &foreign).await.unwrap_err().to_string();
    assert!(refused.contains("othernet"), "{refused}");
    net.pay(0).await;
}

#[tokio::test]
async fn slow_clients_and_too_many_of_them_are_let_go() {
    let mut net = net().await;
    assert!(net.cluster.stop(0));
    let config = net.cluster.nodes[0].home.join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("per_address_max = 1024", "per_address_max = 16")).unwrap();
    net.cluster.start(0).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    // Headers that never end, and bodies.
    let mut slow: Vec<TcpStream> = (0..12).map(|_| net.connect(0)).collect();
    for (turn, stream) in slow.iter_mut().enumerate() {
        // Some say nothing at all.
        if turn % 3 == 0 {
            continue;
        }
        stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n").unwrap();
        if turn % 2 == 0 {
            stream.write_all(b"content-length: 1000\r\n\r\n{").unwrap();
        }
    }
    // Others are served meanwhile, and the seventeenth connection of one address is not.
    net.pay(0).await;
    let more: Vec<TcpStream> = (0..16).map(|_| net.connect(0)).collect();
    net.logs(0, "connection refused: too many").await;
    drop(more);
    for stream in &mut slow {
        // Closed or reset by the node; what ends by our own patience was not let go.
        let kind = stream.read_to_end(&mut Vec::new()).err().map(|error| error.kind());
        assert!(!matches!(kind, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "still held: {kind:?}");
    }
    net.pay(0).await;
}

#[tokio::test]
async fn a_clock_that_is_off_by_a_minute_costs_its_node_the_vote_and_nobody_else_anything() {
    let Some(library) = faketime() else { return };
    let mut net = net().await;
    net.pay(0).await;
    net.cluster.kill(2);
    net.cluster
        .start_with(
            2,
            &[("LD_PRELOAD", library.as_str()), ("FAKETIME", "+60s"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")],
        )
        .unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    for place in [0, 1, 3, 0, 1, 3] {
        let (signed, answer) = net.pay(place).await;
        net.knows(2, &signed).await;
        // No block took the wrong clock's time.
        let time = seaway_cluster::block_time_ms(&answer).unwrap();
        assert!(time < seaway_cluster::now_ms() + net.cluster.document.consensus.clock_bound_ms, "{answer}");
    }
    net.logs(2, "too far from this node's clock").await;
    net.agree(&[2, 0, 1, 3, OBSERVER]).await;
}

/// libfaketime, or a word that it is not installed.
fn faketime() -> Option<String> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    let path = folders.iter().map(|folder| format!("{folder}/faketime/libfaketimeMT.so.1"));
    let found = path.into_iter().find(|path| std::path::Path::new(path).exists());
    if found.is_none() {
        println!("skipped: libfaketime (Debian package faketime) is not installed");
    }
    found
}

#[tokio::test]
async fn a_full_disk_stops_its_node_by_name_and_no_other() {
    let mut net = net().await;
    net.pay(0).await;
    assert!(net.cluster.stop(3));
    let data = net.cluster.nodes[3].home.join("data");
    // A disk of its own, of a few megabytes, that only this process sees.
    let script = "mount -t tmpfs -o size=12m tmpfs \"$1\" && cp -a \"$2/.\" \"$1\" && shift 2 && exec \"$@\"";
    let kept = net.cluster.nodes[3].home.join("data-before");
    std::fs::rename(&data, &kept).unwrap();
    std::fs::create_dir(&data).unwrap();
    let wrapper: Vec<String> = ["unshare", "-rm", "sh", "-c", script, "sh"]
        .into_iter()
        .map(str::to_owned)
        .chain([data.display().to_string(), kept.display().to_string()])
        .collect();
    let may = std::process::Command::new("unshare").args(["-rm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: this machine does not let us mount in a namespace of our own");
        return;
    }
    net.cluster.start_within(3, &wrapper).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    let mut answered = Vec::new();
    while net.cluster.runs(3) {
        assert!(answered.len() < 5_000, "the disk never fills");
        let (signed, _) = net.pay(answered.len() % 3).await;
        answered.push(signed);
    }
    let log = std::fs::read_to_string(net.cluster.nodes[3].home.join("node.log")).unwrap();
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains("space left") && last.contains("data/"), "the full file is named: {last}");
    // With room again, and what it had before, it catches up and loses nothing.
    std::fs::remove_dir(&data).unwrap();
    std::fs::rename(&kept, &data).unwrap();
    net.cluster.start(3).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    for signed in answered.iter().rev().take(20) {
        net.knows(3, signed).await;
    }
    net.agree(&[3, 0, 1, 2, OBSERVER]).await;
}
