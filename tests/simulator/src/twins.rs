//! Twins (Bano and others, 2022): f validators each run twice with one key, and the network is split in another way in each of some
//! windows, systematically. Both halves of a twin are honest by themselves, so together they lie in every way that two honest
//! replicas with one key can.

use crate::course::Report;
use crate::world::{Weather, World};
use seaway_genesis::ceremony;
use seaway_judge::{Invariant, said_by};
use seaway_traffic::World as Traffic;
use seaway_types::time::BlockTime;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Windows in each of which the network is split in one way.
const WINDOWS: u32 = 4;
/// How long a window lasts: some rounds on a fair day, or the timeouts of one.
const WINDOW_MS: u64 = 250;
/// Heights that must follow once nothing is split.
const HEIGHTS_AFTER: u64 = 3;

/// How many scenarios there are for so many validators.
pub fn scenarios(validators: usize) -> u64 {
    splits(validators).pow(WINDOWS)
}

/// In how many ways the nodes can be split in two, all together among them.
fn splits(validators: usize) -> u64 {
    1 << (validators + faulty(validators) - 1)
}

fn faulty(validators: usize) -> usize {
    (validators - 1) / 3
}

/// Runs a scenario: its number, in the base of the splits, names the split of each window.
pub fn scenario(validators: usize, number: u64) -> Report {
    let traffic = Traffic::new(number);
    let mut genesis = traffic.genesis.clone();
    let devnet = ceremony::devnet().expect("the devnet's genesis").document().expect("its document");
    genesis.consensus = devnet.consensus;
    let start_ms = genesis.time.ms() + 1_000;
    let mut world = World::of(genesis, start_ms, number, (validators, 0));
    world.weather = Weather::FAIR;
    for place in 0..faulty(validators) {
        world.add_twin(place);
    }
    let ended = catch_unwind(AssertUnwindSafe(|| go(&mut world, traffic, (validators, number), start_ms)));
    if let Err(panic) = ended {
        let what = said_by(&*panic);
        world.judge.accuse(Invariant::Running, what);
    }
    let judge = &world.judge;
    Report {
        violation: judge.violations().first().cloned(),
        height: judge.model().height,
        judged: judge.judged,
        trace: world.trace(),
    }
}

fn go(world: &mut World, mut traffic: Traffic, (validators, number): (usize, u64), start_ms: u64) {
    let mut ask = |world: &mut World, turn: usize| {
        let now = BlockTime::from_ms(start_ms + world.now_ms).expect("a time");
        let instruction = traffic.instruction(world.judge.model(), now);
        world.submit_this(turn % world.nodes.len(), instruction);
    };
    let mut left = number;
    let mut turn = 0;
    for _ in 0..WINDOWS {
        let split = left % splits(validators);
        left /= splits(validators);
        // The last node is always on the second side: a split and its mirror image are one.
        let side = |node: usize| split >> node & 1;
        let nodes = 0..world.nodes.len();
        let pairs = nodes.clone().flat_map(|a| nodes.clone().map(move |b| (a, b)));
        world.cut = pairs.filter(|(a, b)| side(*a) != side(*b)).collect();
        let until = world.now_ms + WINDOW_MS;
        while world.now_ms < until {
            turn += 1;
            ask(world, turn);
            world.run_until((world.now_ms + 25).min(until));
        }
    }
    world.cut.clear();
    let timing = world.document.consensus;
    let from = world.judge.model().height.0;
    let until = world.now_ms + 2 * timing.timeout_max_ms;
    let honest = faulty(validators)..validators;
    let lowest = |world: &World| {
        let heights =
            honest.clone().map(|place| world.nodes[place].replica.as_ref().map_or(0, |one| one.tip().height.0));
        heights.min().unwrap_or(0)
    };
    while lowest(world) < from + HEIGHTS_AFTER && world.now_ms < until && world.judge.violations().is_empty() {
        turn += 1;
        ask(world, turn);
        world.run_until(world.now_ms + 25);
    }
    if lowest(world) < from + HEIGHTS_AFTER && world.judge.violations().is_empty() {
        let what = format!("once nothing was split, heights went from {from} to {} only", lowest(world));
        world.judge.accuse(Invariant::Liveness, what);
    }
    world.look();
}
