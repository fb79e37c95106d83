//! `simulator`: runs seeds or scenarios of twins, replays one, tells what happened in it, and finds the least plan that breaks
//! the same.
//!
//! Exit codes: 0 nothing broken, 1 an invariant broken, 2 bad arguments.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // It measures how many seeds a second it runs.

use clap::Parser;
use seaway_simulator::{Campaign, Swarm, minimise, run_twice, twins};
use std::process::ExitCode;
use std::time::Instant;

/// Replicas in seeded virtual time, judged by the model.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Replays one seed, twice: it must take the same course.
    #[arg(long, conflicts_with_all = ["seeds", "twins"])]
    seed: Option<u64>,
    /// Runs so many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Runs so many scenarios of twins instead, spread evenly over all there are.
    #[arg(long)]
    twins: Option<u64>,
    /// The first seed or scenario.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many validators; 4 mostly and others in turns where it is not said.
    #[arg(long)]
    validators: Option<usize>,
    /// Heights of the first phase.
    #[arg(long, default_value_t = 200)]
    heights: u64,
    /// Without any fault.
    #[arg(long)]
    calm: bool,
    /// Tells what happens.
    #[arg(long, requires = "seed")]
    explain: bool,
    /// Looks for the least plan that breaks the same.
    #[arg(long, requires = "seed")]
    minimise: bool,
    /// Starts no further seed after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; as many as the machine runs at once where it is not said.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let swarm = Swarm { validators: arguments.validators, heights: arguments.heights, calm: arguments.calm };
    // What is broken is told below, with its seed; the backtraces of comparisons would only hide it.
    std::panic::set_hook(Box::new(|_| ()));
    if let Some(seed) = arguments.seed {
        return one(&arguments, &swarm, seed);
    }
    let begun = Instant::now();
    let stop = || arguments.seconds.is_some_and(|most| begun.elapsed().as_secs() >= most);
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let from = arguments.from;
    let (what, campaign) = match arguments.twins {
        Some(count) => ("scenarios", twins(arguments.validators, from..from + count, threads, &stop)),
        None => ("seeds", swarm.run(from..from + arguments.seeds, threads, &stop)),
    };
    tell(what, &campaign, begun.elapsed().as_secs_f64(), threads)
}

#[allow(clippy::print_stdout)] // The tool's output.
fn one(arguments: &Arguments, swarm: &Swarm, seed: u64) -> ExitCode {
    let plan = swarm.plan(seed);
    print!("{plan}");
    let report = run_twice(&plan, &mut |line| {
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
fn tell(what: &str, campaign: &Campaign, seconds: f64, threads: usize) -> ExitCode {
    for (violation, again) in &campaign.broken {
        println!("{violation}\n  again: {again}");
    }
    let Campaign { runs, heights, instructions, rejected, states, evidence, broken, .. } = campaign;
    println!(
        "{runs} {what}, {heights} heights, {instructions} instructions of which {rejected} were rejected, {states} states compared, \
         {evidence} proofs of double signing, {} violations; {seconds:.1} s, {:.2} {what} a second and thread",
        broken.len(),
        *runs as f64 / seconds / threads as f64
    );
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
