//! R5: a node is killed at one sync or rename after the other. Whatever it told a client as final is on its disk alone, without
//! asking anybody.

use crate::honest::{Answered, Told, submit};
use crate::injected::{self, Injection, most_by_one_thread, traced};
use crate::row::Row;
use crate::{Size, audit};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_cluster::{Cluster, Payer, Ports};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The node that is hurt.
pub const VICTIM: usize = 3;
/// How long anything may take before it is called broken.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Payments of a trial.
const PAYMENTS: usize = 200;

/// The calls at which a node is killed, and at how many of each in the short form: strace counts each by itself.
const CALLS: [(&str, u64); 3] = [("fdatasync", 6), ("fsync", 2), ("rename", 3)];

/// A network in which one validator is hurt, trial after trial, and everything that it told.
pub struct Hurt {
    /// The network: the four validators run.
    pub cluster: Cluster,
    /// Everything that the victim told as final.
    pub told: Vec<Told>,
    payer: Payer,
}

impl Hurt {
    /// Starts the network.
    pub async fn new(size: &Size) -> Result<Self, String> {
        let mut cluster = Cluster::make(&size.root, Ports::own())?;
        (0..4).try_for_each(|place| cluster.start(place))?;
        cluster.connected(PATIENCE).await?;
        let payer = Payer::new(&cluster.document);
        Ok(Self { cluster, told: Vec::new(), payer })
    }

    /// A file beside the homes.
    pub fn file(&self, name: &str) -> PathBuf {
        self.cluster.nodes[VICTIM].home.with_file_name(name)
    }

    /// Pays through the victim until it is gone or has settled so many payments. Returns whether it is gone.
    pub async fn pay(&mut self, payments: usize) -> Result<bool, String> {
        let client = self.cluster.client(VICTIM)?;
        for cents in (1..=500).cycle().take(payments) {
            let signed = self.payer.merchant_pays(cents)?;
            let begun = Instant::now();
            loop {
                match submit(&client, &signed).await {
                    Ok(height) => {
                        let (took, at) = (begun.elapsed(), Instant::now());
                        self.told.push(Told { signed, cents, height, took, at });
                        break;
                    }
                    Err(Answered::Wrong(what)) => return Err(what),
                    Err(Answered::Nothing(_)) if !self.cluster.runs(VICTIM) => return Ok(true),
                    Err(Answered::Nothing(why)) if begun.elapsed() > PATIENCE => return Err(why),
                    Err(Answered::Nothing(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        }
        Ok(false)
    }

    /// What the victim told is on a copy of its disk, which asks nobody; and that disk verifies.
    pub async fn look_at_its_disk(&mut self, row: &mut Row, trial: &str) -> Result<(), String> {
        let lone = self.cluster.add_lone_copy(VICTIM)?;
        self.cluster.start(lone)?;
        self.cluster.reaches(lone, 0, PATIENCE).await.map_err(|problem| format!("{trial}: {problem}"))?;
        let height = self.cluster.height(lone).await?;
        let credits = audit::credits(&self.cluster.client(lone)?, height).await?;
        self.cluster.kill(lone);
        let mut wrong = audit::against(&self.told, &credits);
        wrong.extend(audit::disks(&self.cluster, &[lone])?);
        wrong.into_iter().for_each(|what| row.broken(format!("{trial}: {what}")));
        self.cluster.remove_lone_copy();
        Ok(())
    }

    /// The victim starts unhurt, all agree, and all end well.
    pub async fn end(mut self, row: &mut Row) -> Result<(), String> {
        self.cluster.kill(VICTIM);
        self.cluster.start(VICTIM)?;
        self.cluster.connected(PATIENCE).await?;
        self.pay(1).await?;
        let places = [0, 1, 2, VICTIM];
        audit::audit(&self.cluster, &places, &self.told).await?.into_iter().for_each(|what| row.broken(what));
        row.ensure(self.cluster.stop_all(), || "a node did not stop well".to_owned());
        audit::disks(&self.cluster, &places)?.into_iter().for_each(|what| row.broken(what));
        row.set("payments", self.told.len());
        Ok(())
    }
}

/// So many numbers of 1 to a last one, spread over all; all of them where there are not more.
pub fn sample(random: &mut ChaCha8Rng, last: u64, count: u64) -> Vec<u64> {
    if count >= last {
        return (1..=last).collect();
    }
    let part = |place: u64| place * last / count;
    (0..count).map(|place| 1 + part(place) + random.next_u64() % (part(place + 1) - part(place)).max(1)).collect()
}

/// Runs the row.
pub async fn run(size: &Size, row: &mut Row) -> Result<(), String> {
    if !injected::available() {
        return Err("strace is not there or may not trace; scripts/setup installs it".to_owned());
    }
    let mut random = ChaCha8Rng::seed_from_u64(size.seed);
    let mut hurt = Hurt::new(size).await?;
    // How many there are of each, in a life with all payments.
    let log = hurt.file("strace.log");
    hurt.cluster.kill(VICTIM);
    let names: Vec<&str> = CALLS.iter().map(|(calls, _)| *calls).collect();
    row.counts(&["kills", "not_reached"]);
    hurt.cluster.start_within(VICTIM, &traced(&names.join(","), None, &log))?;
    hurt.pay(PAYMENTS).await?;
    row.ensure(hurt.cluster.stop(VICTIM), || "a traced node did not stop well".to_owned());
    for (calls, few) in CALLS {
        let there = most_by_one_thread(&log, calls)?;
        row.set(calls, there);
        let before = row.counted("kills");
        for when in sample(&mut random, there, if size.long { u64::MAX } else { few }) {
            let trial = format!("killed at call {when} of {calls}");
            let injection = Injection { calls, what: "signal=KILL", when, paths: Vec::new() };
            let log = hurt.file("hurt.log");
            hurt.cluster.start_within(VICTIM, &traced(calls, Some(&injection), &log))?;
            if hurt.pay(PAYMENTS).await.map_err(|problem| format!("{trial}: {problem}"))? {
                row.count("kills");
            } else {
                row.count("not_reached");
                hurt.cluster.kill(VICTIM);
            }
            hurt.look_at_its_disk(row, &trial).await?;
        }
        row.ensure(row.counted("kills") > before, || format!("it was never killed at {calls}"));
    }
    row.ensure(hurt.told.len() > PAYMENTS, || "next to nothing was told between the kills".to_owned());
    hurt.end(row).await
}
