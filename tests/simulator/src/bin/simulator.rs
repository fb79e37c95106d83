//! `simulator`: runs seeds, replays one, tells what happened in it, and finds the least plan that breaks the same.
//!
//! Exit codes: 0 nothing broken, 1 an invariant broken, 2 bad arguments.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // It measures how many seeds a second it runs.

use clap::Parser;
use seaway_simulator::{Plan, minimise, run};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Replicas in seeded virtual time, judged by the model.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Replays one seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Runs so many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many validators; 4, 7 and 10 in turns where it is not said.
    #[arg(long)]
    validators: Option<usize>,
    /// Heights of the first phase.
    #[arg(long, default_value_t = 200)]
    heights: u64,
    /// Without any fault.
    #[arg(long)]
    calm: bool,
    /// Tells what happens.
    #[arg(long)]
    explain: bool,
    /// Looks for the least plan that breaks the same.
    #[arg(long)]
    minimise: bool,
    /// Starts no further seed after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; as many as the machine runs at once where it is not said.
    #[arg(long)]
    threads: Option<usize>,
}

impl Arguments {
    fn plan(&self, seed: u64) -> Plan {
        let validators = self.validators.unwrap_or(match seed % 8 {
            6 => 7,
            7 => 10,
            _ => 4,
        });
        if self.calm {
            Plan::calm(seed, validators, self.heights)
        } else {
            Plan::draw(seed, validators, self.heights)
        }
    }

    /// The command that runs a seed again.
    fn again(&self, plan: &Plan) -> String {
        let calm = if self.calm { " --calm" } else { "" };
        format!("simulator --seed {} --validators {} --heights {}{calm}", plan.seed, plan.validators, plan.heights)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What is broken is told below, with its seed; the backtraces of comparisons would only hide it.
    std::panic::set_hook(Box::new(|_| ()));
    match arguments.seed {
        Some(seed) => one(&arguments, seed),
        None => many(&arguments),
    }
}

#[allow(clippy::print_stdout)] // The tool's output.
fn one(arguments: &Arguments, seed: u64) -> ExitCode {
    let plan = arguments.plan(seed);
    print!("{plan}");
    let report = run(&plan, &mut |line| {
        if arguments.explain {
            println!("{line}");
        }
    });
    println!("{:?}", report.judged);
    println!("trace {} at height {}", report.trace, report.height);
    let Some(violation) = report.violation else {
        println!("nothing is broken");
        return ExitCode::SUCCESS;
    };
    println!("{violation}");
    if arguments.minimise {
        let least = minimise(&plan, violation.invariant, &mut |_| ());
        print!("the same breaks with\n{least}");
    }
    ExitCode::FAILURE
}

#[allow(clippy::print_stdout)] // The tool's output.
fn many(arguments: &Arguments) -> ExitCode {
    let begun = Instant::now();
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let next = AtomicU64::new(arguments.from);
    let broken = Mutex::new(BTreeMap::new());
    let totals = Mutex::new((0u64, 0u64, 0u64, 0u64));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let late = arguments.seconds.is_some_and(|most| begun.elapsed().as_secs() >= most);
                    if late || seed >= arguments.from + arguments.seeds {
                        return;
                    }
                    let plan = arguments.plan(seed);
                    let report = run(&plan, &mut |_| ());
                    // One seed in ten runs twice, and must take the same course.
                    let repeated = seed.is_multiple_of(10).then(|| run(&plan, &mut |_| ()).trace);
                    let mut totals = totals.lock().expect("no thread panics");
                    totals.0 += 1;
                    totals.1 += report.height.0;
                    totals.2 += report.judged.instructions;
                    totals.3 += report.judged.rejected;
                    let mut broken = broken.lock().expect("no thread panics");
                    if let Some(violation) = report.violation {
                        println!("seed {seed}: {violation}\n  again: {}", arguments.again(&plan));
                        broken.insert(seed, violation.invariant.to_string());
                    } else if repeated.is_some_and(|trace| trace != report.trace) {
                        println!("seed {seed}: another course the second time\n  again: {}", arguments.again(&plan));
                        broken.insert(seed, "Determinism".to_owned());
                    }
                }
            });
        }
    });
    let (seeds, heights, instructions, rejected) = totals.into_inner().expect("no thread panics");
    let broken = broken.into_inner().expect("no thread panics");
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds, {heights} heights, {instructions} instructions of which {rejected} were rejected, {} violations, {seconds:.1} s, \
         {:.2} seeds a second and thread",
        broken.len(),
        seeds as f64 / seconds / threads as f64
    );
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
