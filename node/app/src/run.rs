//! `seawayd run`: puts the parts together, and takes them apart again in order.

use crate::backend::NodeBackend;
use crate::feed::Feed;
use crate::home::{Home, hash_seed};
use crate::inbound::{
    Known, LANES, SUBMISSIONS_MAX, SharedChecked, Submission, check_submissions, end_with_a_panic, hear,
};
use crate::inbox::{Sender, inbox};
use crate::log;
use crate::parties::{self, Parties};
use crate::questions::{self, QUESTIONS};
use crate::quotes::Board;
use crate::reads::participants;
use crate::runner::{Input, NodeReplica, Runner, now};
use crate::shared::Shared;
use crate::webhooks::Webhooks;
use seaway_engine::{LogEntry, Question, Record, Setup, Signer, Step, TipBlock};
use seaway_network::{Asked, KnownPeer, Network};
use seaway_rpc::NodeStatus;
use seaway_signer::GuardedKey;
use seaway_storage::{Database, Opened, Wal};
use seaway_types::Bic;
use seaway_types::block::{FinalBlock, VoteKind};
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use seaway_types::signature::public_key;
use seaway_types::state::Validators;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Runs a node until it is told to stop.
pub fn run(root: &Path, observer: bool) -> Result<(), String> {
    let mut home = Home::open(root)?;
    home.config.observer |= observer;
    log::start(&home.config.log)?;
    end_with_a_panic();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("tokio: {error}"))?;
    let mut threads = Threads::new();
    let done = runtime.block_on(serve(&home, &mut threads));
    runtime.shutdown_timeout(Duration::from_secs(5));
    // They end with what fed them. Whoever still held the database when the process ends would find RocksDB taken down under it.
    for thread in threads {
        let _panicked = thread.join();
    }
    done
}

/// The threads that feed the engine.
type Threads = Vec<JoinHandle<()>>;

/// Opens everything and says what it found.
pub fn check(root: &Path) -> Result<(), String> {
    let home = Home::open(root)?;
    let document = home.genesis()?;
    println!("genesis   {} ({})", document.fingerprint(), document.network);
    println!("node      {}", public_key(&*home.node_key()?));
    if !home.config.observer {
        println!("consensus {}", home.consensus_key()?.key());
    }
    if home.directory()?.is_some() {
        println!("salt      is the one of agent.salt_check");
    }
    for endpoint in home.webhooks()? {
        println!("webhook   {} to {}", endpoint.name, endpoint.url);
    }
    home.make_folders()?;
    let Opened { tip, .. } =
        Database::open(&home.database(), &document, hash_seed()?).map_err(|error| error.to_string())?;
    let (_, log) = Wal::open(&home.wal()).map_err(|error| error.to_string())?;
    println!("database  height {}, block {}", tip.height, tip.id);
    println!("log       {} entries beyond it", log.iter().filter(|entry| entry.height() > tip.height).count());
    Ok(())
}

/// Which nodes are whose: they are the allow-list.
#[derive(Default)]
struct Registry {
    nodes: BTreeMap<PublicKey, BTreeSet<Bic>>,
}

impl Registry {
    fn read(database: &Database, own: &PublicKey) -> Result<Self, String> {
        let mut registry = Self::default();
        for (bic, participant) in participants(database).map_err(|fault| format!("{fault:?}"))? {
            if !participant.active {
                continue;
            }
            let nodes = participant.nodes.iter().filter(|node| *node != own);
            for node in nodes {
                registry.nodes.entry(*node).or_default().insert(bic);
            }
        }
        Ok(registry)
    }

    fn allowed(&self) -> Vec<PublicKey> {
        self.nodes.keys().copied().collect()
    }
}

/// The parts of a node that runs.
struct Parts {
    database: Database,
    shared: Arc<Shared>,
    registry: Arc<RwLock<Registry>>,
    network: Network,
    node: PublicKey,
    server: seaway_rpc::Server,
    webhooks: Webhooks,
    engine: Sender,
    /// Ends when the engine's thread does.
    running: tokio::task::JoinHandle<Result<(), String>>,
    /// Told when the registry of participants may have changed.
    changes: mpsc::Receiver<()>,
}

/// Opens disk, keys, network and RPC, and starts the engine.
async fn assemble(home: &Home, threads: &mut Threads) -> Result<Parts, String> {
    let document = home.genesis()?;
    home.make_folders()?;
    let identity = home.node_key()?;
    let opened = Database::open(&home.database(), &document, hash_seed()?);
    let Opened { database, state, tip } = opened.map_err(|error| error.to_string())?;
    let (wal, log) = Wal::open(&home.wal()).map_err(|error| error.to_string())?;
    let signer = if home.config.observer { None } else { Some(guarded(home, &log, tip.height)?) };
    let node = public_key(&identity);
    let status = status_of(&document, node, signer.as_ref().map(Signer::key), &tip);
    let shared = Arc::new(Shared::new(status));
    let (engine, inputs) = inbox();
    let registry = Arc::new(RwLock::new(Registry::read(&database, &node)?));
    let known = SharedChecked::default();
    let directory = home.directory()?.map(Arc::new);
    let inside = Inside {
        genesis: document.hash(),
        network: document.network,
        registry: &registry,
        engine: &engine,
        checked: &known,
        database: &database,
        shared: &shared,
    };
    let (network, asked) = start_network(home, *identity, &inside, threads)?;
    let board = Arc::new(Board::new(document.network));
    let feed = Arc::new(Feed::open(&database)?);
    let parties = Parties::open(database.clone(), shared.clone(), identity)?;
    tokio::spawn(parties::deliver(parties.clone(), network.clone()));
    tokio::spawn(questions::answer(directory.clone(), board.clone(), parties.clone(), database.clone(), asked));
    let (registry_changed, changes) = mpsc::channel(1);
    let start = Instant::now();
    let setup = Setup { timing: document.consensus, state, tip, store: database.clone(), signer, log };
    let mut first = Vec::new();
    let mut replica =
        NodeReplica::start(setup, now(start), &mut first).map_err(|fault| format!("starting: {fault}"))?;
    replica.stored();
    let submissions = start_submissions(home, &inside, threads)?;
    let backend = NodeBackend {
        database: database.clone(),
        document,
        shared: shared.clone(),
        network: network.clone(),
        submissions,
        engine: engine.clone(),
        directory,
        board,
        parties,
        feed: feed.clone(),
        simulating: Mutex::default(),
    };
    let backend = Arc::new(backend);
    let server = start_rpc(home, backend.clone()).await?;
    tokio::spawn(feed.clone().follow(database.clone(), shared.tips()));
    let webhooks = Webhooks::start(home, &backend, &feed)?;
    let runner = Runner {
        replica,
        wal,
        database: database.clone(),
        network: network.clone(),
        shared: shared.clone(),
        registry_changed,
        questions: Vec::new(),
        start,
    };
    let running = tokio::task::spawn_blocking(move || runner.run(&inputs, first));
    Ok(Parts { database, shared, registry, network, node, server, webhooks, engine, running, changes })
}

fn status_of(
    document: &GenesisDocument,
    node: PublicKey,
    validator: Option<PublicKey>,
    tip: &TipBlock,
) -> NodeStatus {
    tracing::info!(
        network = %document.network,
        genesis = document.fingerprint(),
        node = %node,
        role = if validator.is_some() { "validator" } else { "observer" },
        height = tip.height.0,
        "starting"
    );
    NodeStatus {
        network: document.network,
        genesis: document.hash(),
        node,
        validator,
        height: tip.height,
        tip: tip.id,
        time: tip.time,
        waiting: 0,
        executed: 0,
        halted: None,
    }
}

async fn start_rpc(home: &Home, backend: Arc<NodeBackend>) -> Result<seaway_rpc::Server, String> {
    let rpc = &home.config.rpc;
    let config = seaway_rpc::Config {
        listen: rpc.listen,
        connections_max: rpc.connections_max,
        connections_per_address_max: rpc.connections_per_address_max,
        open_reads: rpc.open_reads,
        tls: rpc.tls.as_ref().map(|tls| home.tls(tls)),
    };
    let server = seaway_rpc::start(config, backend).await.map_err(|error| error.to_string())?;
    tracing::info!(address = %server.address, "listening for clients");
    Ok(server)
}

async fn serve(home: &Home, threads: &mut Threads) -> Result<(), String> {
    let mut parts = assemble(home, threads).await?;
    let mut sweep = tokio::time::interval(Duration::from_secs(10));
    let mut stop = std::pin::pin!(told_to_stop());
    loop {
        tokio::select! {
            done = &mut parts.running => {
                parts.server.stop();
                parts.webhooks.stop().await;
                return match done {
                    Ok(Err(why)) => Err(format!("halted: {why}")),
                    Ok(Ok(())) => Ok(()),
                    Err(error) => Err(format!("the engine's thread ended: {error}")),
                };
            }
            () = &mut stop => {
                tracing::info!("stopping");
                parts.server.stop();
                let engine = parts.engine.clone();
                let _told = tokio::task::spawn_blocking(move || drop(engine.send(Input::Stop))).await;
                stop.set(told_to_stop());
            }
            Some(()) = parts.changes.recv() => {
                let fresh = Registry::read(&parts.database, &parts.node)?;
                let allowed = fresh.allowed();
                // Before any of them can connect.
                if let Ok(mut registry) = parts.registry.write() {
                    *registry = fresh;
                }
                parts.network.allow(allowed).await;
            }
            _ = sweep.tick() => parts.shared.sweep(),
        }
    }
}

/// The consensus key, with its guard compared to the log.
fn guarded(home: &Home, log: &[LogEntry], decided: seaway_types::Height) -> Result<GuardedKey, String> {
    let mut signer = home.consensus_key()?;
    let key = signer.key();
    let own = |entry: &LogEntry| match entry {
        LogEntry::Consensus(_, Record::Vote(signed)) if signed.validator == key => {
            let vote = &signed.vote;
            let step = match vote.kind {
                VoteKind::Prevote => Step::Prevote,
                VoteKind::Precommit => Step::Precommit,
            };
            Some(Question { height: vote.height, round: vote.round, step, message: vote.message() })
        }
        LogEntry::Consensus(_, Record::Proposal(signed)) if signed.validator == key => {
            let proposal = &signed.proposal;
            let (height, round) = (proposal.height, proposal.round);
            Some(Question { height, round, step: Step::Propose, message: proposal.message() })
        }
        _ => None,
    };
    signer.reconcile(log.iter().filter_map(own).max_by_key(Question::place), decided);
    signer.keep().map_err(|error| error.to_string())?;
    if let Some(height) = signer.silent_through() {
        tracing::error!(
            height = height.0,
            "this validator signed more than its log tells: the log was lost. It signs nothing up to this height"
        );
    }
    Ok(signer)
}

/// What the network's threads feed, and what they ask.
struct Inside<'a> {
    genesis: Hash32,
    network: NetworkId,
    registry: &'a Arc<RwLock<Registry>>,
    engine: &'a Sender,
    checked: &'a SharedChecked,
    database: &'a Database,
    shared: &'a Arc<Shared>,
}

/// Where submissions go; nowhere on an observer.
fn start_submissions(
    home: &Home,
    inside: &Inside<'_>,
    threads: &mut Threads,
) -> Result<Option<mpsc::Sender<Submission>>, String> {
    if home.config.observer {
        return Ok(None);
    }
    let (sender, receiver) = mpsc::channel(SUBMISSIONS_MAX);
    let Inside { engine, shared, checked, .. } = *inside;
    let thread = check_submissions(receiver, engine.clone(), shared.clone(), checked.clone());
    threads.push(thread.map_err(|error| error.to_string())?);
    Ok(Some(sender))
}

fn start_network(
    home: &Home,
    identity: [u8; 32],
    inside: &Inside<'_>,
    threads: &mut Threads,
) -> Result<(Network, mpsc::Receiver<Asked>), String> {
    let peers = home.config.network.peers.iter();
    let peers = peers.map(|peer| KnownPeer { key: peer.node, address: peer.address.clone() }).collect();
    let Inside { genesis, network, registry, engine, checked, database, shared } = *inside;
    let allowed = registry.read().map(|registry| registry.allowed()).unwrap_or_default();
    let config = seaway_network::Config {
        identity,
        listen: home.config.network.listen.clone(),
        peers,
        allowed,
        genesis,
        lanes: LANES,
        ask: QUESTIONS,
    };
    let (senders, receivers): (Vec<_>, Vec<_>) =
        LANES.iter().map(|lane| mpsc::channel(lane.inbox_frames_max)).unzip();
    let handle: Arc<OnceLock<Network>> = Arc::default();
    for (spec, events) in LANES.iter().zip(receivers) {
        let (handle, registry) = (handle.clone(), registry.clone());
        let (database, shared) = (database.clone(), shared.clone());
        let told = Known {
            institutions: Box::new(move |peer| {
                let known = registry.read().ok().and_then(|known| known.nodes.get(peer).cloned());
                known.unwrap_or_default()
            }),
            is_certified: Box::new(move |block| {
                let next = shared.status().height.0.saturating_add(1);
                (next..next.saturating_add(SYNC_WINDOW)).contains(&block.block.header.height.0)
                    && is_certified(&database, network, block)
            }),
        };
        let name = spec.protocol.rsplit('/').next().unwrap_or("lane");
        let thread = hear(name, events, engine.clone(), checked.clone(), told, move || handle.get().cloned());
        threads.push(thread.map_err(|error| error.to_string())?);
    }
    let (network, asked) = seaway_network::start(config, senders).map_err(|error| error.to_string())?;
    let _first = handle.set(network.clone());
    Ok((network, asked))
}

/// Blocks beyond the next one that a node may have asked for.
const SYNC_WINDOW: u64 = 16;

/// Whether the validators that are known for its height have certified a block. Where the disk cannot be read, the engine, which reads
/// it too, says so.
fn is_certified(database: &Database, network: NetworkId, block: &FinalBlock) -> bool {
    let FinalBlock { block, certificate } = block;
    let header = &block.header;
    if block.body().root() != header.body_root {
        return false;
    }
    let known = database.record::<Validators>(&());
    let Ok(Some(known)) = known else { return true };
    let set = known.at(header.height);
    set.is_some_and(|set| certificate.verify(network, header.height, header.id(), set).is_ok())
}

/// Returns when the process is asked to end.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
