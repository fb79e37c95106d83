//! Replicas agree, in three message delays, whatever crashes and gets lost.

use seaway_engine::Step;
use seaway_simulator::{Disk, Guard, Kind, Weather, World};
use seaway_types::block::{Vote, VoteKind};
use seaway_types::time::Height;

#[test]
fn a_payment_is_final_everywhere_in_three_message_delays() {
    for validators in [4, 7] {
        let mut world = World::new(1, validators, 1);
        world.run_until(100);
        world.submit(0);
        assert!(world.run_to_height(Height(1), 1_000), "{validators} validators decide");
        world.check();
        // The payment travels to the proposer first; then proposal, prevote, precommit.
        let took = world.final_at[&Height(1)] - 100;
        assert!((3 * 8..=4 * 12).contains(&took), "{validators} validators took {took} ms");
        for replica in world.running() {
            assert!(replica.pool().is_empty(), "what is settled waits no longer");
        }
    }
}

#[test]
fn under_load_heights_follow_each_other_in_three_message_delays() {
    for validators in [4, 7] {
        let mut world = World::new(2, validators, 0);
        for tick in 0..200 {
            world.submit(tick % validators);
            world.run_until(world.now_ms + 5);
        }
        world.run_until(world.now_ms + 200);
        world.check();
        let times: Vec<u64> = world.final_at.values().copied().collect();
        let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = &gaps[2..gaps.len() - 2];
        let mean = middle.iter().sum::<u64>() as f64 / middle.len() as f64;
        assert!((3.0 * 8.0..=3.0 * 12.0).contains(&mean), "{validators} validators: {mean} ms a height");
        println!("{validators} validators: {mean:.1} ms a height over {} heights", middle.len());
    }
}

#[test]
fn equal_seeds_give_equal_courses() {
    let course = |seed| {
        let mut world = World::new(seed, 4, 1);
        world.weather = Weather { loss_permille: 20, twice_permille: 20, ..Weather::FAIR };
        for tick in 0..50 {
            world.submit(tick % 4);
            world.run_until(world.now_ms + 7);
        }
        world.run_until(5_000);
        world.check();
        world.trace()
    };
    assert_eq!(course(7), course(7));
    assert_ne!(course(7), course(8));
}

#[test]
fn a_quiet_network_is_quiet_and_makes_a_block_a_minute() {
    let mut world = World::new(3, 4, 0);
    world.run_until(59_000);
    assert_eq!(world.final_at.len(), 0, "nothing happens on an idle network");
    world.run_until(61_000);
    assert_eq!(world.final_at.len(), 1, "an idle block");
    world.run_until(181_500);
    assert_eq!(world.final_at.len(), 3);
    world.check();
}

#[test]
fn loss_delays_and_does_not_stop() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 1);
        world.weather = Weather { loss_permille: 50, twice_permille: 20, ..Weather::FAIR };
        for tick in 0..60 {
            world.submit(tick % 4);
            world.run_until(world.now_ms + 20);
        }
        world.weather = Weather::FAIR;
        world.run_until(world.now_ms + 20_000);
        world.check();
        let settled = |world: &World| world.running().map(|one| one.pool().len()).collect::<Vec<_>>();
        assert!(settled(&world).iter().all(|left| *left == 0), "seed {seed}: all settled, {:?}", settled(&world));
        let heights: Vec<_> = world.running().map(|one| one.tip().height).collect();
        assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}: {heights:?}");
    }
}

#[test]
fn crashes_and_restarts_lose_nothing() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 1);
        for tick in 0..120_usize {
            if world.nodes[tick % 4].replica.is_some() {
                world.submit(tick % 4);
            }
            world.run_until(world.now_ms + 11);
            let victim = (tick / 12 + seed as usize) % 4;
            match tick % 12 {
                3 => world.crash(victim),
                9 => world.start(victim),
                _ => {}
            }
        }
        world.run_until(world.now_ms + 10_000);
        world.check();
        let heights: Vec<_> = world.running().map(|one| one.tip().height).collect();
        assert_eq!(heights.len(), 5);
        assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}: {heights:?}");
        assert!(heights[0] > Height(0), "seed {seed}: {heights:?}");
    }
}

/// How many validators have precommitted a block of the next height.
fn locked(world: &World, next: Height) -> usize {
    let nothing = |round| {
        let (network, kind) = (world.document.network, VoteKind::Precommit);
        Vote { network, kind, height: next, round, block: None }.message()
    };
    let last = world.nodes.iter().filter_map(|node| node.guard.as_ref()?.last());
    last.filter(|last| (last.height, last.step) == (next, Step::Precommit) && last.message != nothing(last.round))
        .count()
}

#[test]
fn all_crash_at_once_and_go_on_with_the_block_that_they_are_locked_on() {
    for seed in 0..20 {
        let mut world = World::new(seed, 4, 0);
        for tick in 0..20_usize {
            world.submit(tick % 4);
            world.run_until(world.now_ms + 9 + seed % 5);
        }
        world.run_until(world.now_ms + 1_000);
        let next = Height(world.final_at.len() as u64 + 1);
        world.submit(0);
        while locked(&world, next) < 2 {
            world.run_until(world.now_ms + 1);
            assert!(!world.final_at.contains_key(&next), "seed {seed}: stopped too late");
        }
        for place in 0..4 {
            world.crash(place);
        }
        let outage = world.true_time_ms(world.now_ms);
        // An hour without anybody: the block's time is older than the clock rule allows by then, and no other block can be decided.
        world.run_until(world.now_ms + 3_600_000);
        for place in 0..4 {
            world.start(place);
        }
        world.run_until(world.now_ms + 2_000);
        world.submit(1);
        world.run_until(world.now_ms + 10_000);
        world.check();
        assert!(world.final_at.contains_key(&next), "seed {seed}: it goes on");
        let blocks = world.nodes[0].disk.blocks();
        let block = blocks.iter().find(|block| block.block.header.height == next).expect("it is stored");
        assert!(block.block.header.time.ms() < outage, "seed {seed}: another block was decided");
    }
}

#[test]
fn two_of_four_down_is_no_progress_and_no_lie() {
    let mut world = World::new(5, 4, 1);
    world.submit(0);
    world.run_until(500);
    let before = world.final_at.len();
    world.crash(2);
    world.crash(3);
    world.submit(0);
    world.run_until(10_000);
    assert_eq!(world.final_at.len(), before, "no quorum, no block");
    world.start(2);
    world.run_until(40_000);
    assert!(world.final_at.len() > before, "three of four go on");
    world.check();
}

/// Gaps between heights, in ms, with the first validator down: it would propose every height whose number the count divides.
fn gaps_with_one_down(validators: usize, crash: impl Fn(&mut World)) -> Vec<u64> {
    let mut world = World::new(21, validators, 0);
    world.run_until(100);
    crash(&mut world);
    for tick in 0..120 {
        world.submit(1 + tick % (validators - 1));
        world.run_until(world.now_ms + 5);
    }
    world.run_until(world.now_ms + 1_000);
    world.check();
    let times: Vec<u64> = world.final_at.values().copied().collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn who_is_known_to_be_down_is_not_waited_for() {
    // A height of its turn takes a round of votes more, of 12 ms a message at most. With 7, one of the 6 others may be late: the
    // usual wait for votes stays.
    let timing = World::new(1, 4, 0).document.consensus;
    for (validators, longest) in [(4, 6 * 12), (7, 6 * 12 + timing.precommit_ms)] {
        let gaps = gaps_with_one_down(validators, |world| world.crash(0));
        assert!(gaps.len() > validators && gaps.iter().all(|gap| *gap <= longest), "{validators}: {gaps:?}");
    }
    // Who is silent while its connections stand costs the timeout: nobody knows better.
    let gaps = gaps_with_one_down(4, |world| world.corrupt(0, Kind::Silent));
    assert!(gaps.iter().any(|gap| *gap >= timing.propose_ms), "{gaps:?}");
}

#[test]
fn votes_of_who_has_gone_do_not_stand_for_those_who_are_here() {
    // Rounds of the other three that were given up.
    let given_up = |seed: u64, gone: bool| {
        let mut world = World::new(seed, 4, 0);
        world.weather = Weather { delay_ms_min: 2, delay_ms_max: 40, ..Weather::FAIR };
        world.corrupt(3, Kind::DoubleVoter);
        world.run_until(100);
        if gone {
            world.lose_sight_of(3);
        }
        for tick in 0..40 {
            world.submit(tick % 3);
            world.run_until(world.now_ms + 25);
        }
        world.run_until(world.now_ms + 1_000);
        world.check();
        let rounds = world.nodes[0].disk.blocks().iter().map(|block| block.certificate.round.0).collect::<Vec<_>>();
        let turns = (1..).zip(&rounds).filter(|(height, _)| height % 4 != 3);
        turns.filter(|(_, round)| **round > 0).count()
    };
    let in_all = |gone: bool| (0..20).map(|seed| given_up(seed, gone)).sum::<usize>();
    let (gone, here) = (in_all(true), in_all(false));
    println!("given up: {gone} rounds when it has gone, {here} when it is here");
    assert!(gone <= here + 5, "{gone} rounds given up when it has gone, {here} when it is here");
}

/// One payment after the other, until so many more blocks are final.
fn pay(world: &mut World, place: usize, heights: u64) {
    for _ in 0..heights {
        let next = Height(world.final_at.len() as u64 + 1);
        world.submit(place);
        assert!(world.run_to_height(next, world.now_ms + 5_000), "height {next} is reached");
    }
}

fn put_back(world: &mut World, place: usize, backup: &Disk) {
    world.crash(place);
    world.nodes[place].disk.put_back(backup);
    world.start(place);
}

#[test]
fn a_validator_put_back_from_an_old_backup_signs_nothing_anew() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 0);
        world.run_until(100);
        // It would be its turn at the next height, and it has something to propose.
        pay(&mut world, 0, 4);
        let backup = world.nodes[1].disk.backup();
        pay(&mut world, 0, 6);
        put_back(&mut world, 1, &backup);
        world.submit(1);
        world.run_until(world.now_ms + 3_000);
        world.check();
        let heights: Vec<Height> = world.running().map(|one| one.tip().height).collect();
        assert!(
            heights.iter().all(|height| *height == heights[0] && *height >= Height(11)),
            "seed {seed}: {heights:?}"
        );
    }
}

#[test]
fn a_validator_put_back_within_a_height_is_reminded_of_what_it_said() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 0);
        world.run_until(100);
        pay(&mut world, 0, 1);
        let backup = world.nodes[1].disk.backup();
        // The proposer of height 2 is down, so the two that are left vote for nothing.
        world.crash(2);
        world.crash(3);
        world.submit(1);
        world.run_until(world.now_ms + 500);
        assert!(world.nodes[1].guard.as_ref().and_then(Guard::last).is_some_and(|last| last.height == Height(2)));
        // The proposer is back, and would find a voter that has forgotten.
        world.start(2);
        world.start(3);
        put_back(&mut world, 1, &backup);
        pay(&mut world, 0, 4);
        world.check();
    }
}

#[test]
fn one_payment_submitted_to_all_settles_once() {
    let mut world = World::new(6, 4, 0);
    world.run_until(50);
    let instruction = world.submit(0);
    for place in 1..4 {
        world.submit_this(place, instruction.clone());
    }
    world.run_until(2_000);
    world.check();
    let found: usize = world.nodes[0].disk.blocks().iter().map(|block| block.block.instructions.len()).sum();
    assert_eq!(found, 1);
}

/// How many seeds a test runs; `SEAWAY_SEEDS` sets another number.
fn seeds() -> u64 {
    std::env::var("SEAWAY_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[test]
fn power_cuts_in_the_middle_of_steps_lose_nothing_and_nobody_signs_twice() {
    for seed in 0..seeds() {
        let mut world = World::new(seed, 4, 1);
        world.fragile_permyriad = 60;
        world.weather = Weather { loss_permille: 10, ..Weather::FAIR };
        for tick in 0..150_usize {
            if world.nodes[tick % 4].replica.is_some() {
                world.submit(tick % 4);
            }
            world.run_until(world.now_ms + 13);
        }
        world.fragile_permyriad = 0;
        world.weather = Weather::FAIR;
        world.run_until(world.now_ms + 20_000);
        world.check();
        let heights: Vec<_> = world.running().map(|one| one.tip().height).collect();
        assert_eq!(heights.len(), 5, "seed {seed}");
        assert!(
            heights.windows(2).all(|pair| pair[0] == pair[1]) && heights[0] > Height(0),
            "seed {seed}: {heights:?}"
        );
    }
}

#[test]
fn a_clock_that_is_off_proposes_nothing_that_others_take() {
    let mut world = World::new(9, 4, 0);
    let bound = world.document.consensus.clock_bound_ms;
    world.nodes[0].clock_offset_ms = 60_000;
    world.nodes[1].clock_offset_ms = -(i64::try_from(bound).unwrap() / 2);
    for tick in 0..80_usize {
        // Payments signed by the right time.
        world.submit(1 + tick % 3);
        world.run_until(world.now_ms + 50);
    }
    world.run_until(world.now_ms + 10_000);
    world.check();
    assert!(world.final_at.len() > 10, "three right clocks go on: {}", world.final_at.len());
    for block in world.nodes[2].disk.blocks() {
        let header = block.block.header;
        let truth = world.true_time_ms(world.final_at[&header.height]);
        assert!(header.time.ms() < truth + bound, "height {} was taken from the future", header.height);
    }
}

#[test]
fn a_node_cut_off_keeps_nothing_to_itself_for_ever() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 1);
        world.run_until(50);
        let alone: Vec<_> = (1..5).map(|other| (0, other)).collect();
        world.part(&alone);
        // Node 0 admits payments that nobody else hears of, while the others go on.
        for tick in 0..20_usize {
            world.submit(0);
            world.submit(1 + tick % 3);
            world.run_until(world.now_ms + 40);
        }
        let reached = world.nodes[1].replica.as_ref().unwrap().tip().height;
        assert!(reached > Height(5), "seed {seed}: three go on without the fourth: {reached}");
        assert_eq!(
            world.nodes[0].replica.as_ref().unwrap().tip().height,
            Height(0),
            "seed {seed}: one decides nothing"
        );
        world.cut.clear();
        world.run_until(world.now_ms + 20_000);
        world.check();
        let settled: usize = world.nodes[2].disk.blocks().iter().map(|block| block.block.instructions.len()).sum();
        assert_eq!(settled, 40, "seed {seed}: all of both sides are settled");
        let heights: Vec<_> = world.running().map(|one| one.tip().height).collect();
        assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}: {heights:?}");
    }
}

#[test]
fn two_halves_decide_nothing_and_go_on_together_afterwards() {
    for seed in 0..10 {
        let mut world = World::new(seed, 4, 0);
        for tick in 0..10_usize {
            world.submit(tick % 4);
            world.run_until(world.now_ms + 7 + seed);
        }
        world.part(&[(0, 2), (0, 3), (1, 2), (1, 3)]);
        world.run_until(world.now_ms + 1_000);
        let before = world.final_at.len();
        for place in 0..4 {
            world.submit(place);
        }
        world.run_until(world.now_ms + 10_000);
        assert_eq!(world.final_at.len(), before, "seed {seed}: neither half has a quorum");
        world.cut.clear();
        world.run_until(world.now_ms + 20_000);
        world.check();
        let settled: usize = world.nodes[3].disk.blocks().iter().map(|block| block.block.instructions.len()).sum();
        assert_eq!(settled, 14, "seed {seed}: all are settled");
    }
}
