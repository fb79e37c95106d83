//! The body of a JSON-RPC request, sent to a real server on loopback whose node stands at the end of the example day.
//!
//! It goes the whole way: HTTP, batches, the methods' parameters, and what they read. The server runs in this process, so that
//! coverage of it is seen.

mod link;
mod node;
mod seeds;

use crate::Target;
use seaway_rpc::{Config, Server};
use seaway_types::codec;
use seaway_types::instruction::Envelope;
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "rpc", run, seeds: seeds::seeds, bytes_max: 32 << 10 };

/// Name of the server's threads, by which a panic is known to be one of theirs.
const THREADS: &str = "seaway-fuzz-rpc";

/// Whether one of them panicked: the server answers that as any other fault of its own.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Every body is answered, with an answer that puts the blame on the caller.
fn run(input: &[u8]) {
    let (status, answer) = link::ask(address(), input);
    assert!(!PANICKED.swap(false, Ordering::SeqCst), "a method panicked");
    assert!(matches!(status, 200 | 400 | 413), "the server answers {status}");
    match serde_json::from_slice(&answer) {
        Ok(Value::Array(answers)) => answers.iter().for_each(answered),
        Ok(answer) => answered(&answer),
        // Notifications are answered by nothing.
        Err(error) => assert!(answer.is_empty(), "{error}: {}", String::from_utf8_lossy(&answer)),
    }
}

/// One answer: a result or an error, and never that the node failed. What is given to be signed says what is shown.
fn answered(answer: &Value) {
    let message = answer["error"]["message"].as_str().unwrap_or("");
    assert!(!message.starts_with("the node failed"), "{message}");
    let result = &answer["result"];
    let (Some(bytes), Some(digest), Some(shown)) =
        (result["bytes"].as_str(), result["digest"].as_str(), result.get("envelope"))
    else {
        return;
    };
    let bytes = hex::decode(bytes).expect("bytes in hexadecimal");
    let envelope: Envelope = codec::decode(&bytes, INSTRUCTION_BYTES_MAX).expect("an envelope to sign");
    assert_eq!(envelope.digest().to_string(), digest);
    let read: Envelope = serde_json::from_value(shown.clone()).expect("an envelope that is shown");
    assert_eq!(read, envelope, "shown is another envelope than is to be signed");
}

/// Where the server listens; it starts with the first question, and runs as long as this process.
fn address() -> SocketAddr {
    static SERVER: OnceLock<(Runtime, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        note_panics();
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        let runtime = threads.worker_threads(1).thread_name(THREADS).enable_all().build().expect("a runtime");
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            connections_max: 64,
            connections_per_address_max: 64,
            open_reads: true,
            tls: None,
        };
        let started = seaway_rpc::start(config, Arc::new(node::Node::new()));
        let server = runtime.block_on(started).expect("a server on loopback");
        (runtime, server)
    });
    server.address
}

/// Notes panics of the server's threads, before what is done about panics anyway.
fn note_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(THREADS) {
            PANICKED.store(true, Ordering::SeqCst);
        }
        before(panic);
    }));
}
