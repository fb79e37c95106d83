//! R4: nodes are killed, held up, cut off and torn from each other while clients pay. Nobody loses a payment or pays twice, all
//! end on one chain, and whoever comes back is there within seconds.

use crate::honest::Clients;
use crate::links::Links;
use crate::row::{Row, percentile};
use crate::{Size, audit};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_cluster::{Cluster, Ports};
use std::time::{Duration, Instant};

const VALIDATORS: usize = 4;
const NODES: usize = 5;
/// How long anything may take before it is called broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// Aim of the scorecard for whoever comes back.
const REJOIN_MS_MAX: f64 = 10_000.0;

const KINDS: [&str; 8] =
    ["kills", "stops", "cuts", "cuts_one_way", "tears", "slow_spells", "kills_of_two", "kills_of_all"];

struct Course {
    cluster: Cluster,
    links: Links,
    random: ChaCha8Rng,
    rejoined_ms: Vec<f64>,
}

/// Runs the row.
pub async fn run(size: &Size, row: &mut Row) -> Result<(), String> {
    let lasts = Duration::from_secs(if size.long { 12 * 3_600 } else { 90 });
    let ports = Ports::own().apart();
    let links = Links::start(ports, NODES, VALIDATORS, size.seed).await?;
    let mut cluster = Cluster::make(&size.root, ports)?;
    cluster.start_all()?;
    cluster.connected(PATIENCE).await?;
    let clients = Clients::start(&cluster, &[0, 1, 2, 3], 4, Duration::from_millis(100), size.seed)?;
    let random = ChaCha8Rng::seed_from_u64(size.seed);
    let mut course = Course { cluster, links, random, rejoined_ms: Vec::new() };
    row.counts(&KINDS);
    let begun = Instant::now();
    while begun.elapsed() < lasts {
        let fault = course.roll(0, 9);
        course.happens(fault, row).await.map_err(|problem| format!("fault {fault}: {problem}"))?;
    }
    course.links.heal();
    let (told, wrong) = clients.end().await;
    wrong.into_iter().for_each(|what| row.broken(what));
    let places: Vec<usize> = (0..NODES).collect();
    let wrong = audit::audit(&course.cluster, &places, &told).await?;
    wrong.into_iter().for_each(|what| row.broken(what));
    row.ensure(course.cluster.stop_all(), || "a node did not stop well".to_owned());
    audit::disks(&course.cluster, &places)?.into_iter().for_each(|what| row.broken(what));
    row.set("payments", told.len());
    row.set("rejoins", course.rejoined_ms.len());
    let slowest = percentile(&mut course.rejoined_ms, 99);
    row.set("rejoin_ms_p50", percentile(&mut course.rejoined_ms, 50).round());
    row.set("rejoin_ms_p99", slowest.round());
    row.ensure(slowest <= REJOIN_MS_MAX, || format!("rejoining took {slowest:.0} ms"));
    row.ensure(KINDS.iter().filter(|kind| row.counted(kind) > 0).count() >= 6, || {
        "fewer than six kinds of outages came".to_owned()
    });
    row.ensure(told.len() > 100, || format!("{} payments are too few to show anything", told.len()));
    Ok(())
}

impl Course {
    fn roll(&mut self, low: u64, high: u64) -> u64 {
        low + self.random.next_u64() % (high - low + 1)
    }

    async fn pause(&mut self, low_ms: u64, high_ms: u64) {
        let pause = self.roll(low_ms, high_ms);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    async fn happens(&mut self, fault: u64, row: &mut Row) -> Result<(), String> {
        // Links are cut around validators.
        let nodes = if matches!(fault, 4 | 5 | 8) { VALIDATORS } else { NODES };
        let place = self.roll(0, nodes as u64 - 1) as usize;
        let validator = place;
        match fault {
            0..=2 => {
                row.count("kills");
                self.cluster.kill(place);
                self.pause(0, 3_000).await;
                self.cluster.start(place)?;
            }
            3 => {
                row.count("stops");
                self.cluster.hold_up(place, true)?;
                self.pause(300, 4_000).await;
                self.cluster.hold_up(place, false)?;
            }
            4 => {
                row.count("cuts");
                self.links.hold(|(one, other)| (one == validator) != (other == validator), true);
                self.pause(300, 5_000).await;
                self.links.heal();
            }
            5 => {
                row.count("cuts_one_way");
                self.links.hold(|(one, _)| one == validator, true);
                self.pause(300, 4_000).await;
                self.links.heal();
            }
            6 => {
                row.count("tears");
                self.links.tear(place);
            }
            7 => {
                row.count("slow_spells");
                self.links.delay((20, 150));
                self.pause(1_000, 3_000).await;
                self.links.heal();
            }
            8 => {
                row.count("kills_of_two");
                let other = (validator + 1) % VALIDATORS;
                self.cluster.kill(validator);
                self.cluster.kill(other);
                self.pause(300, 2_000).await;
                self.cluster.start(validator)?;
                self.cluster.start(other)?;
                self.rejoins(other).await?;
            }
            _ => {
                row.count("kills_of_all");
                (0..NODES).for_each(|place| self.cluster.kill(place));
                self.pause(0, 500).await;
                self.cluster.start_all()?;
            }
        }
        self.rejoins(place).await?;
        self.pause(0, 500).await;
        Ok(())
    }

    /// A node is back when it has the height that any other had when it could be.
    async fn rejoins(&mut self, place: usize) -> Result<(), String> {
        let begun = Instant::now();
        let mut height = 0;
        for other in (0..NODES).filter(|other| *other != place) {
            self.cluster.reaches(other, 0, PATIENCE).await?;
            height = height.max(self.cluster.height(other).await?);
        }
        self.cluster.reaches(place, height, PATIENCE).await?;
        self.rejoined_ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        Ok(())
    }
}
