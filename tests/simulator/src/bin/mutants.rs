//! `mutants`: seeds one fault after the other into our own code and asks the judge whether it sees it. Only a build with
//! `--cfg seaway_mutants` has any.
//!
//! Exit codes: 0 each one caught, 1 one survived, 2 this build has none.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // It measures how long it takes.

use clap::Parser;
use std::process::ExitCode;

/// Seeds faults into our own code and asks the judge whether it sees them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Seeds that are tried at most for each.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// Heights of each run.
    #[arg(long, default_value_t = 60)]
    heights: u64,
    /// Only mutants whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Writes what came of each as JSON.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

#[cfg(not(seaway_mutants))]
#[allow(clippy::print_stderr)] // The tool's output.
fn main() -> ExitCode {
    let _arguments = Arguments::parse();
    eprintln!("this build has no mutants: build it with RUSTFLAGS='--cfg seaway_mutants'");
    ExitCode::from(2)
}

#[cfg(seaway_mutants)]
fn main() -> ExitCode {
    hunt::all(&Arguments::parse())
}

#[cfg(seaway_mutants)]
mod hunt {
    use super::Arguments;
    use seaway_judge::Violation;
    use seaway_simulator::{Fault, Kind, Plan, run};
    use seaway_types::mutant::{Mutant, seed};
    use std::process::ExitCode;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Instant;

    /// Runs all mutants. What catches one must see nothing where there is none: the same plan runs again without it.
    #[allow(clippy::print_stdout)] // The tool's output.
    pub fn all(arguments: &Arguments) -> ExitCode {
        std::panic::set_hook(Box::new(|_| ()));
        let wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
        let mut survivors = Vec::new();
        let mut rows = Vec::new();
        for mutant in Mutant::ALL.iter().filter(|mutant| wanted(&format!("{mutant:?}"))) {
            let begun = Instant::now();
            seed(Some(*mutant));
            let mut caught = caught(arguments);
            seed(None);
            if let Some((place, _)) = &caught
                && let Some(without) = run(&plan(*place, arguments.heights), &mut |_| ()).violation
            {
                println!("seed {place} breaks something without any mutant: {without}");
                caught = None;
            }
            let seconds = begun.elapsed().as_secs_f64();
            match &caught {
                Some((place, violation)) => {
                    println!("{mutant:?}: caught by {} with seed {place} ({seconds:.1} s)", violation.invariant);
                }
                None => {
                    println!("{mutant:?}: SURVIVED {} seeds ({seconds:.1} s)", arguments.seeds);
                    survivors.push(*mutant);
                }
            }
            let (place, by) = caught.map_or((None, None), |(place, found)| (Some(place), Some(found.invariant)));
            rows.push(format!(
                "{{\"mutant\":\"{mutant:?}\",\"seed\":{},\"by\":{}}}",
                place.map_or("null".to_owned(), |place| place.to_string()),
                by.map_or("null".to_owned(), |by| format!("\"{by}\""))
            ));
        }
        println!("{} mutants, {} caught", rows.len(), rows.len() - survivors.len());
        if let Some(path) = &arguments.json {
            std::fs::write(path, format!("[{}]\n", rows.join(","))).expect("the file is written");
        }
        if survivors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The plan of a seed; in every other one there is a liar, of each kind in turn.
    fn plan(place: u64, heights: u64) -> Plan {
        let mut plan = Plan::draw(place, 4, heights);
        if place % 2 == 1 {
            let turn = (place / 2) as usize;
            plan.adversaries = vec![(turn / Kind::ALL.len() % 4, Kind::ALL[turn % Kind::ALL.len()])];
            let forgets =
                |fault: &Fault| matches!(fault, Fault::LogLost(..) | Fault::LogTorn(..) | Fault::BlocksLost(..));
            plan.faults.retain(|(_, fault)| !forgets(fault));
        }
        plan
    }

    /// The first seed in which something is broken.
    fn caught(arguments: &Arguments) -> Option<(u64, Violation)> {
        let next = AtomicU64::new(0);
        let found: Mutex<Option<(u64, Violation)>> = Mutex::new(None);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let known = found.lock().expect("no thread panics").is_some();
                        if known || place >= arguments.seeds {
                            return;
                        }
                        let report = run(&plan(place, arguments.heights), &mut |_| ());
                        if let Some(violation) = report.violation {
                            let mut found = found.lock().expect("no thread panics");
                            if found.as_ref().is_none_or(|(other, _)| place < *other) {
                                *found = Some((place, violation));
                            }
                        }
                    }
                });
            }
        });
        found.into_inner().expect("no thread panics")
    }
}
