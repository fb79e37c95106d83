//! Each rule that keeps promises has a world in which it does not hold, and in which something breaks: so the tests of
//! `network.rs` would fail without it.

use seaway_engine::Misbehaviour;
use seaway_judge::Invariant;
use seaway_simulator::{Kind, Weather, Without, World};
use seaway_types::time::Height;

/// Seeds that are tried until something breaks.
const SEEDS: u64 = 60;

/// A world of four validators under load whose nodes lose power in the middle of steps.
fn power_cuts(seed: u64, without: Without, logs_get_lost: bool) -> World {
    let mut world = World::new(seed, 4, 0);
    (world.without, world.logs_get_lost) = (without, logs_get_lost);
    world.fragile_permyriad = 150;
    world.weather = Weather { loss_permille: 20, ..Weather::FAIR };
    for tick in 0..120_usize {
        if world.nodes[tick % 4].replica.is_some() {
            world.submit(tick % 4);
        }
        world.run_until(world.now_ms + 13);
    }
    world
}

fn lied(world: &World) -> bool {
    let lies = [Invariant::Promises, Invariant::Agreement];
    world.judge.violations().iter().any(|found| lies.contains(&found.invariant))
}

#[test]
fn what_was_said_before_the_log_was_synced_is_forgotten() {
    // The guard would notice too: without it the order of log and speech stands alone.
    let guardless = Without { guard: true, ..Without::default() };
    let careless = Without { sync_before_saying: true, ..guardless };
    for seed in 0..SEEDS {
        let world = power_cuts(seed, guardless, false);
        assert!(!lied(&world), "seed {seed}: the log alone keeps promises: {:?}", world.judge.violations());
    }
    assert!((0..SEEDS).any(|seed| lied(&power_cuts(seed, careless, false))), "nobody ever said two things");
}

#[test]
fn where_the_log_is_lost_the_guard_alone_keeps_promises() {
    for seed in 0..SEEDS {
        assert!(!lied(&power_cuts(seed, Without::default(), true)), "seed {seed}: the guard alone keeps promises");
    }
    let guardless = Without { guard: true, ..Without::default() };
    assert!((0..SEEDS).any(|seed| lied(&power_cuts(seed, guardless, true))), "nobody ever said two things");
}

#[test]
fn without_block_sync_who_missed_votes_is_left_behind() {
    let behind = |block_sync: bool| {
        (0..10).any(|seed| {
            let mut world = World::new(seed, 4, 0);
            world.without = Without { block_sync: !block_sync, ..Without::default() };
            world.weather = Weather { loss_permille: 50, ..Weather::FAIR };
            for tick in 0..60 {
                world.submit(tick % 4);
                world.run_until(world.now_ms + 20);
            }
            world.weather = Weather::FAIR;
            world.run_until(world.now_ms + 20_000);
            let heights: Vec<Height> = world.running().map(|one| one.tip().height).collect();
            heights.windows(2).any(|pair| pair[0] != pair[1])
        })
    };
    assert!(behind(false), "all keep up without it: then what is it for?");
    assert!(!behind(true));
}

#[test]
fn without_the_clock_rule_a_block_from_the_future_is_taken() {
    let taken = |clock_rule: bool| {
        let mut world = World::with_consensus(9, 4, |timing| {
            if !clock_rule {
                timing.clock_bound_ms = u64::MAX;
            }
        });
        world.nodes[0].clock_offset_ms = 60_000;
        for tick in 0..40_usize {
            world.submit(1 + tick % 3);
            world.run_until(world.now_ms + 50);
        }
        world.run_until(world.now_ms + 5_000);
        world.check();
        let blocks = world.nodes[2].disk.blocks();
        blocks.iter().any(|block| {
            let header = block.block.header;
            header.time.ms() > world.true_time_ms(world.final_at[&header.height]) + 30_000
        })
    };
    assert!(taken(false));
    assert!(!taken(true));
}

#[test]
fn a_validator_with_two_faces_is_seen_and_changes_nothing() {
    let mut seen = 0;
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 1);
        world.corrupt(3, Kind::DoubleVoter);
        for tick in 0..40 {
            world.submit(tick % 3);
            world.run_until(world.now_ms + 25);
        }
        world.reform();
        world.run_until(world.now_ms + 20_000);
        world.check();
        let heights: Vec<Height> = world.running().map(|one| one.tip().height).collect();
        assert!(
            heights.windows(2).all(|pair| pair[0] == pair[1]) && heights[0] > Height(5),
            "seed {seed}: {heights:?}"
        );
        let liar = world.document.validators.0.get(3).expect("four validators").key;
        for (by, misbehaviour) in &world.evidence {
            let Misbehaviour::Votes(first, second) = misbehaviour else { panic!("votes only: {misbehaviour:?}") };
            assert_eq!((first.validator, second.validator), (liar, liar), "node {by} accuses somebody else");
            assert!(first.vote.block != second.vote.block && first.vote.height == second.vote.height);
            seen += 1;
        }
    }
    assert!(seen > 0, "nobody noticed");
}
