//! The course of a run: a phase in which everything may happen and nothing may break, and one in which all is well again and the
//! network must go on.

use crate::plan::{Fault, Plan};
use crate::world::{Weather, World};
use seaway_genesis::ceremony;
use seaway_judge::{Invariant, Judged, Violation, said_by};
use seaway_traffic::{Random, World as Traffic};
use seaway_types::genesis::ConsensusTiming;
use seaway_types::hash::Hash32;
use seaway_types::time::{BlockTime, Height};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The first invariant that was broken.
    pub violation: Option<Violation>,
    /// Heights that were reached.
    pub height: Height,
    /// How much there was to judge.
    pub judged: Judged,
    /// Hash over every message: equal plans give equal ones.
    pub trace: Hash32,
}

/// Heights that the network must make once all is well.
const HEIGHTS_AFTER: u64 = 10;

/// How much is asked for at one height before clients grow patient.
const PATIENCE: u64 = 40;

/// Virtual time after which the first phase ends, however few heights there are, for each height wanted.
const HEIGHT_MS_MAX: u64 = 300;

/// Runs a plan, and tells what happens as it does.
pub fn run(plan: &Plan, tell: &mut dyn FnMut(String)) -> Report {
    let mut course = Course::new(plan, tell);
    let ended = catch_unwind(AssertUnwindSafe(|| course.go()));
    if let Err(panic) = ended {
        let what = said_by(&*panic);
        course.world.judge.accuse(Invariant::Running, what);
    }
    let judge = &course.world.judge;
    Report {
        violation: judge.violations().first().cloned(),
        height: judge.model().height,
        judged: judge.judged,
        trace: course.world.trace(),
    }
}

/// The devnet's timing bounds; its ceremony signs much, and is held once.
fn devnet_timing() -> ConsensusTiming {
    static TIMING: OnceLock<ConsensusTiming> = OnceLock::new();
    let devnet = || ceremony::devnet().expect("the devnet's genesis").document().expect("its document");
    *TIMING.get_or_init(|| devnet().consensus)
}

struct Course<'a> {
    plan: &'a Plan,
    world: World,
    traffic: Traffic,
    random: Random,
    start_ms: u64,
    /// What ends later: when, and what.
    ends: Vec<(u64, Fault)>,
    quiet_until: u64,
    /// How often somebody wanted to ask for something since a height.
    asked: (u64, u64),
    tell: &'a mut dyn FnMut(String),
}

impl<'a> Course<'a> {
    fn new(plan: &'a Plan, tell: &'a mut dyn FnMut(String)) -> Self {
        let traffic = Traffic::new(plan.seed);
        let mut genesis = traffic.genesis.clone();
        genesis.consensus = devnet_timing();
        let start_ms = genesis.time.ms() + 1_000;
        let mut world = World::of(genesis, start_ms, plan.seed, (plan.validators, plan.observers));
        world.weather = plan.weather;
        for (place, kind) in &plan.adversaries {
            world.corrupt(*place, *kind);
        }
        let random = Random::new(plan.seed ^ 0x10ad);
        Self { plan, world, traffic, random, start_ms, ends: Vec::new(), quiet_until: 0, asked: (0, 0), tell }
    }

    fn broken(&self) -> bool {
        !self.world.judge.violations().is_empty()
    }

    fn height(&self) -> u64 {
        self.world.judge.model().height.0
    }

    fn say(&mut self, what: &str) {
        let line = format!("{:>9} ms, height {:>4}: {what}", self.world.now_ms, self.height());
        (self.tell)(line);
    }

    fn go(&mut self) {
        let mut faults = self.plan.faults.iter().peekable();
        let limit = self.plan.heights * HEIGHT_MS_MAX;
        let mut passed = 0;
        while !self.broken() && (self.height() < self.plan.heights || faults.peek().is_some()) && passed < limit {
            while let Some((_, fault)) = faults.next_if(|(at, _)| *at <= passed) {
                self.begin(fault);
            }
            let pause = self.random.roll(self.plan.pause_ms.0, self.plan.pause_ms.1);
            self.ask();
            self.world.run_until(self.world.now_ms + pause);
            passed += pause;
            self.end_what_is_over();
        }
        if !self.broken() {
            self.recover();
        }
    }

    /// Hands an instruction to one node or to several.
    fn ask(&mut self) {
        // Clients wait for answers too: where nothing goes on, less and less is asked for.
        let height = self.height();
        let (of, asked) = self.asked;
        self.asked = if of == height { (of, asked + 1) } else { (height, 0) };
        let patient = asked > PATIENCE && !asked.is_multiple_of(PATIENCE);
        if self.world.now_ms < self.quiet_until || patient {
            return;
        }
        let now = BlockTime::from_ms(self.start_ms + self.world.now_ms).expect("a time");
        let instruction = self.traffic.instruction(self.world.judge.model(), now);
        let copies = if self.random.chance(10) { self.random.roll(2, 4) } else { 1 };
        for _ in 0..copies {
            let place = self.random.roll(0, self.plan.validators as u64 - 1) as usize;
            if self.world.nodes[place].replica.is_some() {
                self.world.submit_this(place, instruction.clone());
            }
        }
    }

    fn begin(&mut self, fault: &Fault) {
        self.say(&fault.to_string());
        let now = self.world.now_ms;
        let mut later = |ms: u64| self.ends.push((now + ms, fault.clone()));
        match fault {
            Fault::Crash(place, ms) => self.take_down(*place, now + ms),
            Fault::LogLost(place, ms) => {
                self.take_down(*place, now + ms);
                self.world.nodes[*place].disk.lose_log();
            }
            Fault::LogTorn(place, entries, ms) => {
                self.take_down(*place, now + ms);
                self.world.nodes[*place].disk.lose_end_of_log(*entries);
            }
            Fault::BlocksLost(place, ms) => {
                self.take_down(*place, now + ms);
                self.world.nodes[*place].disk.lose_blocks();
            }
            Fault::AllDown(ms) => {
                for place in 0..self.world.nodes.len() {
                    self.take_down(place, now + ms);
                }
                // Nothing else can happen meanwhile.
                self.world.run_until(now + ms);
            }
            Fault::Fragile(permyriad, ms) => {
                later(*ms);
                self.world.fragile_permyriad = *permyriad;
            }
            Fault::Cut(pairs, ms) => {
                later(*ms);
                self.world.cut.extend(pairs);
            }
            Fault::Clock(place, by) => self.world.nodes[*place].clock_offset_ms = *by,
            Fault::SyncFails(place, ms) => self.world.nodes[*place].sync_fails = Some(*ms),
            Fault::DiskFull(place, ms) => self.world.nodes[*place].disk_full_until = now + ms,
            Fault::Pause(ms) => {
                self.quiet_until = now + ms;
                self.world.run_until(now + ms);
            }
        }
    }

    fn take_down(&mut self, place: usize, until: u64) {
        if self.world.nodes[place].replica.is_some() {
            self.world.crash(place);
        }
        self.world.start_at(place, until);
    }

    fn end_what_is_over(&mut self) {
        let now = self.world.now_ms;
        let (over, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ends).into_iter().partition(|(at, _)| *at <= now);
        self.ends = rest;
        for (_, fault) in over {
            match fault {
                Fault::Fragile(..) => self.world.fragile_permyriad = 0,
                Fault::Cut(pairs, _) => self.world.cut.retain(|pair| !pairs.contains(pair)),
                _ => {}
            }
        }
    }

    /// All is well again, but for the liars: the network makes heights, settles what waits, and all nodes agree.
    fn recover(&mut self) {
        self.say("all is well again");
        let world = &mut self.world;
        world.weather = Weather::FAIR;
        world.fragile_permyriad = 0;
        world.cut.clear();
        for node in &mut world.nodes {
            node.clock_offset_ms = 0;
            node.disk_full_until = 0;
            node.sync_fails = None;
        }
        world.start_all();
        let timing = world.document.consensus;
        let round_ms = timing.propose_ms + timing.prevote_ms + timing.precommit_ms;
        // Whoever waits at a late round waits as long as timeouts ever get, once each step.
        let bound = 20 * Weather::FAIR.delay_ms_max + 3 * timing.timeout_max_ms + 2 * HEIGHTS_AFTER * round_ms;
        let from = self.height();
        self.must_reach("the next height", from + 1, bound, Self::height);
        // From then on a height takes four message delays and the time until somebody asks for something; liars cost a round each
        // time that it is their turn, and so do nodes that still fetch what they missed.
        let liars = self.plan.adversaries.len() as u64;
        let brisk = HEIGHTS_AFTER * (4 * Weather::FAIR.delay_ms_max + 20) + (1 + liars) * 4 * round_ms;
        self.must_reach("ten more heights", from + 1 + HEIGHTS_AFTER, brisk, Self::height);
        self.must_reach("all nodes", from + 1 + HEIGHTS_AFTER, bound, Self::lowest);
        if self.broken() {
            return;
        }
        // Time enough for whatever waits.
        self.world.run_until(self.world.now_ms + bound);
        // A liar may wake the network at any moment: let a height that has begun be finished.
        for _ in 0..100 {
            if self.lowest() == self.height() {
                break;
            }
            self.world.run_until(self.world.now_ms + 20);
        }
        self.world.look();
        self.world.look_for_lost();
        if self.lowest() != self.height() && !self.broken() {
            self.world.judge.accuse(Invariant::Liveness, "a node was left behind");
        }
        self.say("the end");
    }

    /// Lets time pass, and somebody ask for something, until a height is reached.
    fn must_reach(&mut self, what: &str, height: u64, within_ms: u64, reached: impl Fn(&Self) -> u64) {
        let until = self.world.now_ms + within_ms;
        while !self.broken() && reached(self) < height && self.world.now_ms < until {
            self.ask();
            self.world.run_until(self.world.now_ms + 10);
        }
        if !self.broken() && reached(self) < height {
            let what =
                format!("{what}: {within_ms} ms were not enough for height {height}; {} is reached", reached(self));
            self.world.judge.accuse(Invariant::Liveness, what);
        }
    }

    /// The lowest height of an honest node.
    fn lowest(&self) -> u64 {
        let liar = |place: usize| self.plan.adversaries.iter().any(|(one, _)| *one == place);
        let honest = self.world.nodes.iter().enumerate().filter(|(place, _)| !liar(*place));
        honest.map(|(_, node)| node.replica.as_ref().map_or(0, |replica| replica.tip().height.0)).min().unwrap_or(0)
    }
}
