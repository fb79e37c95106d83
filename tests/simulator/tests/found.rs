//! What the simulator found, kept; and a few seeds that every test run replays.

use seaway_simulator::{Swarm, World, run};

/// A liar passed on again and again what is void, and each time it cost empty blocks: the network never slept.
#[test]
fn who_repeats_void_instructions_keeps_nobody_awake() {
    let mut world = World::new(11, 4, 0);
    // Nothing of contracts was registered, so this is void, which only execution finds out.
    let void = world.submit_contract(0);
    world.run_until(3_000);
    let before = world.final_at.len();
    assert!(before > 0, "it cost the network some empty blocks, once");
    for _ in 0..100 {
        world.pass_on(3, &void);
        world.run_until(world.now_ms + 50);
    }
    let made = world.final_at.len() - before;
    assert_eq!(made, 0, "empty blocks in 5 s, of which nobody asked for anything new");
    world.check();
}

/// With these numbers something broke once, of the judge or of the nodes. What a seed draws has changed since, so they stand for
/// any others: what was found is held by tests of its own, as above.
#[test]
fn a_few_seeds_break_nothing() {
    for (seed, validators, heights) in
        [(2, 4, 100), (20, 4, 200), (49, 4, 100), (102, 7, 100), (108, 4, 100), (243, 4, 100)]
    {
        let plan = Swarm { validators: Some(validators), heights, calm: false }.plan(seed);
        let report = run(&plan, &mut |_| ());
        assert!(report.violation.is_none(), "{plan}{}", report.violation.unwrap());
        assert!(report.judged.blocks > 0 && report.judged.states > 0, "seed {seed} judged nothing");
    }
}
