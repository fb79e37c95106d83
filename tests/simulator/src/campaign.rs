//! Many runs side by side: seeds of the swarm, scenarios of twins.

use crate::course::{Report, run};
use crate::plan::Plan;
use crate::twins::{scenario, scenarios};
use seaway_judge::{Invariant, Violation};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What many runs came to.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    /// Runs that ended.
    pub runs: u64,
    /// Of these, those that ran twice and took the same course.
    pub repeated: u64,
    /// Heights made.
    pub heights: u64,
    /// Instructions executed.
    pub instructions: u64,
    /// Of these, rejected ones.
    pub rejected: u64,
    /// States held against the model's.
    pub states: u64,
    /// Proofs of double signing.
    pub evidence: u64,
    /// What was broken, with the command that shows it again.
    pub broken: Vec<(Violation, String)>,
}

impl Campaign {
    fn add(&mut self, report: Report, again: impl FnOnce() -> String) {
        self.runs += 1;
        self.heights += report.height.0;
        self.instructions += report.judged.instructions;
        self.rejected += report.judged.rejected;
        self.states += report.judged.states;
        self.evidence += report.judged.evidence;
        self.broken.extend(report.violation.map(|violation| (violation, again())));
    }
}

/// Which runs.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// How many validators; 4 mostly, 7 and 10 in turns, where it is not said.
    pub validators: Option<usize>,
    /// Heights of the first phase.
    pub heights: u64,
    /// Without any fault.
    pub calm: bool,
}

impl Swarm {
    /// The plan of a seed.
    pub fn plan(&self, seed: u64) -> Plan {
        let validators = self.validators.unwrap_or(match seed % 16 {
            10 => 7,
            4 => 10,
            _ => 4,
        });
        if self.calm {
            Plan::calm(seed, validators, self.heights)
        } else {
            Plan::draw(seed, validators, self.heights)
        }
    }

    fn again(&self, plan: &Plan) -> String {
        let calm = if self.calm { " --calm" } else { "" };
        format!("simulator --seed {} --validators {} --heights {}{calm}", plan.seed, plan.validators, plan.heights)
    }

    /// Runs seeds until there are no more or it is told to stop. One in ten runs twice, and must take the same course.
    pub fn run(&self, seeds: Range<u64>, threads: usize, stop: &(dyn Fn() -> bool + Sync)) -> Campaign {
        side_by_side(seeds, threads, stop, |seed, all| {
            let plan = self.plan(seed);
            let twice = seed.is_multiple_of(10);
            let report = if twice { run_twice(&plan, &mut |_| ()) } else { run(&plan, &mut |_| ()) };
            let mut all = all.lock().expect("no thread panics");
            all.repeated += u64::from(twice);
            all.add(report, || self.again(&plan));
        })
    }
}

/// Runs a plan and runs it again: both must take the same course to the same end.
pub fn run_twice(plan: &Plan, tell: &mut dyn FnMut(String)) -> Report {
    let mut report = run(plan, tell);
    let again = run(plan, &mut |_| ());
    let same = (again.trace, again.height, again.judged) == (report.trace, report.height, report.judged);
    if !same && report.violation.is_none() {
        let what = "another course the second time".to_owned();
        report.violation = Some(Violation { invariant: Invariant::Determinism, height: report.height, what });
    }
    report
}

/// Runs scenarios of twins, by their turn, spread evenly over all there are; of 4 validators mostly, where it is not said.
pub fn twins(
    validators: Option<usize>,
    turns: Range<u64>,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Campaign {
    side_by_side(turns, threads, stop, |turn, all| {
        let mixed = validators.is_none();
        let validators = validators.unwrap_or(if turn.is_multiple_of(8) { 7 } else { 4 });
        let index = if mixed && validators == 7 {
            turn / 8
        } else if mixed {
            turn - turn / 8 - 1
        } else {
            turn
        };
        // An odd stride visits each of a number of scenarios that is a power of two.
        let number = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) % scenarios(validators);
        let report = scenario(validators, number);
        let again = || format!("simulator --twins 1 --from {index} --validators {validators}");
        all.lock().expect("no thread panics").add(report, again);
    })
}

fn side_by_side(
    turns: Range<u64>,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    one: impl Fn(u64, &Mutex<Campaign>) + Sync,
) -> Campaign {
    let next = AtomicU64::new(turns.start);
    let all = Mutex::new(Campaign::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= turns.end || stop() {
                        return;
                    }
                    one(turn, &all);
                }
            });
        }
    });
    all.into_inner().expect("no thread panics")
}
