//! R9 and R10: a node is abused, by clients and by peers, while honest clients pay. They go on being served, and the abused node
//! ends with the memory and the descriptors that it had.
//!
//! Attacks keep to a rate, so that they measure what the node refuses and not who gets the processor. How long honest clients wait is
//! a figure; it is held against its aim in the long form only, because on a machine that others use too a time is no fact about
//! the node.

mod clients;
mod peers;

use crate::honest::Clients;
use crate::row::{Row, percentile};
use crate::{Size, audit};
use futures::future::BoxFuture;
use seaway_cluster::{Cluster, Payer, Ports};
use seaway_genesis::seed;
use seaway_types::signature::public_key;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The node that is abused.
const VICTIM: usize = 0;
/// The validator whose identity is abused; its own node is stopped then.
const TAKEN: usize = 3;
/// How long anything may take before it is called broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes by which the abused node may have grown when all is over.
const GROWTH_BYTES_MAX: u64 = 64 << 20;
/// Bytes by which it may grow meanwhile.
const PEAK_BYTES_MAX: u64 = 768 << 20;
/// Connections that one address may have to it: attackers come from one.
const CONNECTIONS_OF_ADDRESS_MAX: &str = "connections_per_address_max = 128";
/// Honest clients.
const CLIENTS: u64 = 4;
/// How often memory is looked at during an attack.
const LOOK: Duration = Duration::from_millis(50);
/// Descriptors that come and go with honest clients' connections.
const DESCRIPTORS_SLACK: usize = 16;

/// What an attack did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Connections, requests or frames.
    pub tried: u64,
    /// Of these, those that the node refused, cut off or answered with an error.
    pub refused: u64,
}

/// Honest clients, the abused node, and what was measured.
struct Siege {
    cluster: Cluster,
    clients: Clients,
    quiet_ms: Vec<f64>,
    worst: (f64, &'static str),
    gap_ms: f64,
    /// Most memory seen during an attack.
    peak: (u64, &'static str),
}

impl Siege {
    async fn begin(size: &Size, stopped: Option<usize>, calm: Duration) -> Result<Self, String> {
        let mut cluster =
            Cluster::make(&size.root.join(if stopped.is_some() { "taken" } else { "whole" }), Ports::own())?;
        let config = cluster.nodes[VICTIM].home.join("seawayd.toml");
        let text = std::fs::read_to_string(&config).map_err(|error| error.to_string())?;
        let text = text.replace("connections_per_address_max = 1024", CONNECTIONS_OF_ADDRESS_MAX);
        if !text.contains(CONNECTIONS_OF_ADDRESS_MAX) {
            return Err("the bound on connections could not be configured".to_owned());
        }
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        // The supervisor's node does not run: somebody has its key.
        let running: Vec<usize> = (0..4).filter(|place| Some(*place) != stopped).collect();
        running.iter().try_for_each(|place| cluster.start(*place))?;
        cluster.connected(PATIENCE).await?;
        let clients = Clients::start(&cluster, &running, CLIENTS, Duration::from_millis(50), size.seed)?;
        let mut siege =
            Self { cluster, clients, quiet_ms: Vec::new(), worst: (0.0, "none"), gap_ms: 0.0, peak: (0, "none") };
        siege.calm(calm).await;
        Ok(siege)
    }

    /// Nobody attacks for a while.
    async fn calm(&mut self, lasts: Duration) {
        let begun = Instant::now();
        tokio::time::sleep(lasts).await;
        self.quiet_ms.extend(self.clients.waits_ms(begun, Instant::now()));
    }

    /// An attack, and how honest clients fare meanwhile.
    async fn attack(
        &mut self,
        (name, refused): (&'static str, bool),
        row: &mut Row,
        attack: BoxFuture<'static, Done>,
    ) -> Result<(), String> {
        let begun = Instant::now();
        let mut attack = attack;
        let mut looks = tokio::time::interval(LOOK);
        let done = loop {
            tokio::select! {
                done = &mut attack => break done,
                _ = looks.tick() => {
                    // A node that has just ended is found below.
                    let bytes = self.usage().map_or(0, |(bytes, _)| bytes);
                    if bytes > self.peak.0 {
                        self.peak = (bytes, name);
                    }
                }
            }
        };
        let over = Instant::now();
        self.all_answered().await?;
        let mut waits = self.clients.waits_ms(begun, over);
        let slowest = percentile(&mut waits, 99);
        let mebibytes = self.usage().map_or(0, |(bytes, _)| bytes >> 20);
        println!(
            "  {name}: {} tried, {} refused; honest p99 {slowest:.0} ms of {}; {mebibytes} MiB",
            done.tried,
            done.refused,
            waits.len()
        );
        let reached = if refused { done.refused == done.tried } else { done.tried > done.refused };
        row.ensure(done.tried > 0 && reached, || format!("{name}: {} tried, {} refused", done.tried, done.refused));
        if !self.cluster.runs(VICTIM) {
            return Err(format!("{name}: the node ended: {}", self.cluster.ended(VICTIM, PATIENCE).await?));
        }
        self.gap_ms = self.gap_ms.max(percentile(&mut waits, 100));
        if slowest > self.worst.0 {
            self.worst = (slowest, name);
        }
        row.count("attacks");
        Ok(())
    }

    /// Each client has heard of a payment since now, or as good as: nobody who began to wait during an attack waits any more.
    async fn all_answered(&mut self) -> Result<(), String> {
        let (begun, enough) = (Instant::now(), self.clients.count() + 2 * CLIENTS as usize);
        while self.clients.count() < enough {
            if begun.elapsed() > PATIENCE {
                return Err("honest clients are not served any more".to_owned());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Memory in bytes, and descriptors, of the abused node.
    fn usage(&self) -> Result<(u64, usize), String> {
        let id = self.cluster.process_id(VICTIM).ok_or("the abused node does not run")?;
        let failed = |error: std::io::Error| error.to_string();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).map_err(failed)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kibibytes: u64 = line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let descriptors = std::fs::read_dir(format!("/proc/{id}/fd")).map_err(failed)?.count();
        Ok((kibibytes << 10, descriptors))
    }

    /// All is over: what was taken is given back, and honest clients were told the truth.
    async fn end(mut self, before: (u64, usize), row: &mut Row, size: &Size, part: &str) -> Result<(), String> {
        let begun = Instant::now();
        let after = loop {
            let now = self.usage()?;
            let back = now.1 <= before.1 + DESCRIPTORS_SLACK && now.0 <= before.0 + GROWTH_BYTES_MAX;
            if back || begun.elapsed() > PATIENCE {
                break now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let grown = after.0.saturating_sub(before.0);
        row.set(&format!("{part}rss_mib_before"), before.0 >> 20);
        row.set(&format!("{part}rss_mib_after"), after.0 >> 20);
        row.set(&format!("{part}descriptors_before"), before.1);
        row.set(&format!("{part}descriptors_after"), after.1);
        row.ensure(grown <= GROWTH_BYTES_MAX, || format!("the node grew by {} MiB", grown >> 20));
        row.ensure(after.1 <= before.1 + DESCRIPTORS_SLACK, || {
            format!("{} descriptors before, {} after", before.1, after.1)
        });
        let peak = self.peak.0.saturating_sub(before.0);
        row.set(&format!("{part}rss_mib_peak"), self.peak.0 >> 20);
        row.ensure(peak <= PEAK_BYTES_MAX, || format!("{}: the node grew by {} MiB", self.peak.1, peak >> 20));
        let quiet = percentile(&mut self.quiet_ms, 99);
        row.set(&format!("{part}honest_p99_ms_quiet"), quiet.round());
        row.set(&format!("{part}honest_p99_ms_worst"), self.worst.0.round());
        row.set(&format!("{part}worst_attack"), self.worst.1);
        let timing = self.cluster.document.consensus;
        let gap_max = 2 * (timing.propose_ms + timing.prevote_ms + timing.precommit_ms);
        row.set(&format!("{part}honest_max_ms"), self.gap_ms.round());
        if size.long {
            row.ensure(self.worst.0 <= 2.0 * quiet, || {
                format!("{}: p99 {:.0} ms, {quiet:.0} without", self.worst.1, self.worst.0)
            });
            row.ensure(self.gap_ms <= gap_max as f64, || format!("nothing was final for {:.0} ms", self.gap_ms));
        }
        let (told, wrong) = self.clients.end().await;
        wrong.into_iter().for_each(|what| row.broken(what));
        let places: Vec<usize> = (0..4).filter(|place| self.cluster.process_id(*place).is_some()).collect();
        audit::audit(&self.cluster, &places, &told).await?.into_iter().for_each(|what| row.broken(what));
        row.ensure(self.cluster.stop_all(), || "a node did not stop well".to_owned());
        audit::disks(&self.cluster, &places)?.into_iter().for_each(|what| row.broken(what));
        row.set(&format!("{part}payments"), told.len());
        Ok(())
    }
}

/// How long an attack lasts, and how long it is calm before and after all of them.
fn lasts(size: &Size) -> (Duration, Duration) {
    if size.long {
        (Duration::from_secs(300), Duration::from_secs(120))
    } else {
        (Duration::from_secs(2), Duration::from_secs(4))
    }
}

/// R9: clients.
pub async fn by_clients(size: &Size, row: &mut Row) -> Result<(), String> {
    let (attack, calm) = lasts(size);
    let mut siege = Siege::begin(size, None, calm).await?;
    let before = siege.usage()?;
    let url = siege.cluster.nodes[VICTIM].url.trim_start_matches("http://").to_owned();
    let address: SocketAddr = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let payer = Payer::new(&siege.cluster.document);
    for one in clients::ATTACKS {
        let instruction = payer.merchant_pays(1)?.bytes_in_hex();
        let target = clients::Target { address, until: Instant::now() + attack, instruction };
        siege.attack((one.name, one.refused), row, (one.run)(target)).await?;
    }
    siege.calm(calm).await;
    siege.end(before, row, size, "").await
}

/// R10: peers, once with all validators and once with one stopped whose identity somebody has.
pub async fn by_peers(size: &Size, row: &mut Row) -> Result<(), String> {
    let (attack, calm) = lasts(size);
    for (taken, label, part) in [(None, "node-MONAHKHH", ""), (Some(TAKEN), "node-HUDSUS33", "as_validator_")] {
        let mut siege = Siege::begin(size, taken, calm).await?;
        let before = siege.usage()?;
        let listen = siege.cluster.ports.listen(VICTIM as u16);
        let listen: seaway_network::Multiaddr = listen.parse().map_err(|error| format!("{listen}: {error}"))?;
        let victim = public_key(&seed::secret_key(&format!("node-{}", siege.cluster.nodes[VICTIM].bic)));
        // Strangers need no identity: once is enough.
        for one in peers::PEER_ATTACKS.iter().filter(|one| one.member || taken.is_none()) {
            let target = peers::PeerTarget {
                listen: listen.clone(),
                victim,
                until: Instant::now() + attack,
                document: siege.cluster.document.clone(),
                identity: seed::secret_key(label),
            };
            siege.attack((one.name, one.refused), row, (one.run)(target)).await?;
        }
        siege.calm(calm).await;
        siege.end(before, row, size, part).await?;
    }
    Ok(())
}
