//! Contracts under loss, crashes and restarts: deadlines come with nobody acting, and no exchange has one leg alone.

use seaway_simulator::{Weather, World};
use seaway_types::state::Stage;
use seaway_types::time::Height;

#[test]
fn contracts_settle_whole_or_not_at_all_in_any_weather() {
    let mut closed = 0;
    let mut heights = 0;
    let mut exchanges = (0, 0);
    for seed in 0..12 {
        let mut world = World::new(seed, 4, 1);
        world.submit_beginnings(0);
        assert!(world.run_to_height(Height(1), 2_000), "the codes are registered");
        if seed % 2 == 1 {
            world.weather = Weather { loss_permille: 30, twice_permille: 30, ..Weather::FAIR };
            world.fragile_permyriad = 5;
        }
        for tick in 0..150 {
            world.submit_contract(tick % 4);
            world.submit(tick % 4);
            world.run_until(world.now_ms + 20);
        }
        world.weather = Weather::FAIR;
        world.fragile_permyriad = 0;
        // Everything that was opened is over some seconds later, without another instruction.
        world.run_until(world.now_ms + 20_000);
        world.check();
        let (versus, quoted) = world.whole_exchanges();
        exchanges = (exchanges.0 + versus, exchanges.1 + quoted);
        let replica = world.running().next().expect("a replica runs");
        heights += replica.tip().height.0;
        for (id, instance) in replica.state().tables().instances.sorted() {
            assert!(matches!(instance.stage, Stage::Closed { .. }), "seed {seed}: {id} is open for ever");
            closed += 1;
        }
    }
    println!("{closed} contracts closed by themselves or by call over {heights} heights");
    assert!(closed > 300, "the load opens too few contracts: {closed}");
    assert!(exchanges.0 > 0 && exchanges.1 > 0, "no exchange was carried out, so none was checked: {exchanges:?}");
}
