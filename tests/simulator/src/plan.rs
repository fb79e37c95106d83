//! What goes wrong in a run, drawn from its seed: a swarm of faults, each class of which is there in about half of all runs.

use crate::adversary::Kind;
use crate::world::Weather;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fmt;

/// Something that happens to nodes at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node loses its power, and has it back after so many milliseconds.
    Crash(usize, u64),
    /// All nodes lose their power for so long.
    AllDown(u64),
    /// Nodes are as if the power could go before each action, in ten-thousandths, for so long.
    Fragile(u32, u64),
    /// Nodes cannot hear others, from whom they are cut off: pairs of speaker and listener.
    Cut(Vec<(usize, usize)>, u64),
    /// The clock of a node shows another time, by so many milliseconds.
    Clock(usize, i64),
    /// The disk of a node takes nothing, for so long: it stops before it says anything, and starts when that is over.
    DiskFull(usize, u64),
    /// The next sync of a node fails: it stops before it says anything, and starts after so long. What reached the disk is open.
    SyncFails(usize, u64),
    /// A node loses its power, and so many records at the end of its log cannot be read any more, though they were synced: to
    /// the node it looks as if they had been torn while they were written.
    LogTorn(usize, usize, u64),
    /// A node loses its power and its log.
    LogLost(usize, u64),
    /// A node loses its power and its database.
    BlocksLost(usize, u64),
    /// Nobody asks for anything for so long.
    Pause(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(place, ms) => write!(out, "node {place} loses power for {ms} ms"),
            Self::AllDown(ms) => write!(out, "all nodes lose power for {ms} ms"),
            Self::Fragile(permyriad, ms) => write!(out, "power goes before {permyriad} of 10000 actions for {ms} ms"),
            Self::Cut(pairs, ms) => write!(out, "for {ms} ms nothing comes from one to the other of {pairs:?}"),
            Self::Clock(place, ms) => write!(out, "the clock of node {place} is off by {ms} ms"),
            Self::DiskFull(place, ms) => write!(out, "the disk of node {place} takes nothing for {ms} ms"),
            Self::SyncFails(place, ms) => {
                write!(out, "the next sync of node {place} fails, and it is away for {ms} ms")
            }
            Self::LogTorn(place, entries, ms) => {
                write!(out, "node {place} loses the last {entries} records of its log, and power for {ms} ms")
            }
            Self::LogLost(place, ms) => write!(out, "node {place} loses its log, and power for {ms} ms"),
            Self::BlocksLost(place, ms) => write!(out, "node {place} loses its database, and power for {ms} ms"),
            Self::Pause(ms) => write!(out, "nobody asks for anything for {ms} ms"),
        }
    }
}

/// All that goes wrong in a run. A run follows from its plan alone.
#[derive(Clone, Debug)]
pub struct Plan {
    /// From what everything else was drawn, and from which the course of events is drawn.
    pub seed: u64,
    /// Validators.
    pub validators: usize,
    /// Observers.
    pub observers: usize,
    /// Heights of the first phase.
    pub heights: u64,
    /// How messages fare in it.
    pub weather: Weather,
    /// What happens, and when.
    pub faults: Vec<(u64, Fault)>,
    /// Who lies, and how.
    pub adversaries: Vec<(usize, Kind)>,
    /// Least and most milliseconds between two instructions.
    pub pause_ms: (u64, u64),
}

/// Over how long faults are spread, in milliseconds, for each height.
const HEIGHT_MS: u64 = 40;

struct Draw(ChaCha8Rng);

impl Draw {
    fn roll(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.next_u64() % (high - low + 1)
    }

    fn half(&mut self) -> bool {
        self.0.next_u32().is_multiple_of(2)
    }

    fn place(&mut self, below: usize) -> usize {
        self.0.next_u32() as usize % below
    }
}

impl Plan {
    /// A plan without faults.
    pub fn calm(seed: u64, validators: usize, heights: u64) -> Self {
        Self {
            seed,
            validators,
            observers: 1,
            heights,
            weather: Weather::FAIR,
            faults: Vec::new(),
            adversaries: Vec::new(),
            pause_ms: (2, 20),
        }
    }

    /// The plan of a seed: which classes of faults there are, and when.
    pub fn draw(seed: u64, validators: usize, heights: u64) -> Self {
        let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed ^ 0x5ea_0a75));
        let mut plan = Self::calm(seed, validators, heights);
        let nodes = validators + plan.observers;
        let span = heights * HEIGHT_MS;
        plan.pause_ms = [(2, 20), (1, 5), (20, 60)][draw.place(3)];
        if draw.half() {
            plan.weather.loss_permille = draw.roll(1, 300) as u32;
        }
        if draw.half() {
            plan.weather.twice_permille = draw.roll(1, 200) as u32;
        }
        if draw.half() {
            plan.weather.delay_ms_min = draw.roll(1, 8);
            plan.weather.delay_ms_max = [draw.roll(13, 60), draw.roll(60, 400), draw.roll(400, 3_000)][draw.place(3)];
        }
        // At most f validators are faulty for good: they lie, or their disks forget what they promised.
        let f = (validators - 1) / 3;
        let count = if draw.half() { draw.roll(1, f.max(1) as u64) as usize } else { 0 };
        let first = draw.place(validators);
        let mut forgetful = Vec::new();
        for turn in 0..count.min(f) {
            let place = (first + 2 * turn) % validators;
            if draw.place(3) > 0 {
                // Each way to lie in its turn, so that none is left out by chance.
                let kind = Kind::ALL[(seed as usize / 2 + turn) % Kind::ALL.len()];
                plan.adversaries.push((place, kind));
            } else {
                forgetful.push(place);
            }
        }
        let clocks = draw.place(validators);
        let many = |draw: &mut Draw, make: &dyn Fn(&mut Draw) -> Fault| {
            let count = if draw.half() { draw.roll(1, 4) } else { 0 };
            (0..count).map(|_| (draw.roll(0, span), make(draw))).collect::<Vec<_>>()
        };
        let away = |draw: &mut Draw| draw.roll(20, span / 4 + 20);
        let mut faults = many(&mut draw, &|draw| Fault::Crash(draw.place(nodes), away(draw)));
        faults.extend(many(&mut draw, &|draw| {
            Fault::Fragile(draw.roll(5, 150) as u32, draw.roll(100, span / 3 + 100))
        }));
        faults.extend(many(&mut draw, &|draw| Fault::Cut(cut(draw, nodes, validators), away(draw))));
        faults.extend(many(&mut draw, &|draw| {
            let by = draw.roll(0, 120_000) as i64 - 60_000;
            // Clocks of a minority: with more the network rightly waits.
            Fault::Clock((clocks + draw.place(f.max(1))) % validators, by)
        }));
        faults.extend(many(&mut draw, &|draw| Fault::DiskFull(draw.place(nodes), away(draw))));
        faults.extend(many(&mut draw, &|draw| Fault::SyncFails(draw.place(nodes), away(draw))));
        if draw.half() {
            let outage = [draw.roll(100, 10_000), 3_600_000][draw.place(2)];
            faults.push((draw.roll(0, span), Fault::AllDown(outage)));
        }
        if draw.half() {
            faults.push((draw.roll(0, span), Fault::Pause([draw.roll(500, 5_000), 130_000][draw.place(2)])));
        }
        for place in forgetful {
            let (at, away) = (draw.roll(0, span), away(&mut draw));
            let fault = match draw.place(3) {
                0 => Fault::LogLost(place, away),
                1 => Fault::LogTorn(place, 1 + draw.place(8), away),
                _ => Fault::BlocksLost(place, away),
            };
            faults.push((at, fault));
        }
        faults.sort_by_key(|(at, _)| *at);
        plan.faults = faults;
        plan
    }
}

/// Pairs that do not hear each other: two parts of the network, one node alone, or one that speaks unheard.
fn cut(draw: &mut Draw, nodes: usize, validators: usize) -> Vec<(usize, usize)> {
    let pairs = |one: &dyn Fn(usize) -> bool| {
        let sides = (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b)));
        sides.filter(|(a, b)| one(*a) != one(*b)).collect::<Vec<_>>()
    };
    let alone = draw.place(validators);
    match draw.place(3) {
        0 => {
            let mask = draw.0.next_u32();
            pairs(&|node| mask >> node & 1 == 1)
        }
        1 => pairs(&|node| node == alone),
        _ => (0..nodes).filter(|other| *other != alone).map(|other| (alone, other)).collect(),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Weather { delay_ms_min, delay_ms_max, loss_permille, twice_permille } = self.weather;
        writeln!(
            out,
            "seed {}: {} validators, {} observers, {} heights; messages take {delay_ms_min} to {delay_ms_max} ms, {loss_permille} of 1000 get \
             lost and {twice_permille} come twice; an instruction each {} to {} ms",
            self.seed, self.validators, self.observers, self.heights, self.pause_ms.0, self.pause_ms.1
        )?;
        for (place, kind) in &self.adversaries {
            writeln!(out, "  validator {place} is a {kind}")?;
        }
        for (at, fault) in &self.faults {
            writeln!(out, "  at {at} ms: {fault}")?;
        }
        Ok(())
    }
}
