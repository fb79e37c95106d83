//! `reliability`: the scorecard of docs/reliability.md. Runs its rows and writes them as JSON, the same names each time.
//!
//! Exit codes: 0 every row passed, 1 one did not, 2 bad arguments.

mod fuzzing;
mod programs;
mod simulated;

use clap::{Args, Parser, ValueEnum};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the scorecard.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    form: Form,
    /// Only these rows; all without it.
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true)]
    rows: Vec<Row>,
    /// Writes the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The program that hunts mutants, built with '--cfg seaway_mutants'.
    #[arg(long)]
    mutants: PathBuf,
    /// The program that hurts real processes.
    #[arg(long)]
    faults: PathBuf,
    /// The program that fuzzes, built so that it tells which code an input reaches.
    #[arg(long)]
    fuzz: PathBuf,
}

#[derive(Args)]
#[group(multiple = false)]
struct Form {
    /// What CI runs: minutes. This is what runs where nothing is said.
    #[arg(long)]
    short: bool,
    /// Days.
    #[arg(long)]
    long: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Row {
    /// The simulator's swarm.
    R1,
    /// Twins.
    R2,
    /// Mutants of our own code.
    R3,
    /// Outages of real processes.
    R4,
    /// A kill at each sync.
    R5,
    /// Failing disks.
    R6,
    /// Damaged files.
    R7,
    /// Fuzzing.
    R8,
    /// Abuse by clients.
    R9,
    /// Abuse by peers.
    R10,
    /// Frozen encodings, roots, receipts.
    R12,
}

/// What rows came to: figures by `ROW.figure`, and rows that did not pass.
#[derive(Default)]
pub struct Card {
    figures: Map<String, Value>,
    failed: Vec<String>,
}

impl Card {
    /// Sets a figure of a row.
    pub fn set(&mut self, row: &str, figure: &str, value: impl Into<Value>) {
        self.figures.insert(format!("{row}.{figure}"), value.into());
    }

    /// Takes figures over that already have their names.
    pub fn take(&mut self, figures: Map<String, Value>) {
        self.figures.extend(figures);
    }

    /// Takes over what other rows came to.
    pub fn absorb(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.failed.extend(other.failed);
    }

    /// A row that must have passed.
    pub fn passed(&mut self, row: &str, passed: bool) {
        if !passed {
            self.failed.push(row.to_owned());
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let long = arguments.form.long;
    let mut card = Card::default();
    let wanted = |row: &Row| arguments.rows.is_empty() || arguments.rows.contains(row);
    for row in Row::value_variants().iter().copied().filter(wanted) {
        match row {
            // Outages are mostly waited for: they run beside the swarm, which needs the processors.
            Row::R1 if wanted(&Row::R4) => std::thread::scope(|scope| {
                let outages = scope.spawn(|| {
                    let mut card = Card::default();
                    programs::hurt(&arguments.faults, "R4", long, &mut card);
                    card
                });
                simulated::swarm(long, &mut card);
                match outages.join() {
                    Ok(outages) => card.absorb(outages),
                    Err(_) => card.passed("R4", false),
                }
            }),
            Row::R1 => simulated::swarm(long, &mut card),
            Row::R4 if wanted(&Row::R1) => {}
            Row::R2 => simulated::double_lives(long, &mut card),
            Row::R3 => programs::hunt(&arguments.mutants, &mut card),
            Row::R4 | Row::R5 | Row::R6 | Row::R7 | Row::R9 | Row::R10 => {
                programs::hurt(&arguments.faults, &format!("{row:?}"), long, &mut card);
            }
            Row::R8 => fuzzing::fuzz(&arguments.fuzz, long, &mut card),
            Row::R12 => programs::conformance(&mut card),
        }
    }
    card.set("all", "failed", card.failed.clone());
    let text = format!("{:#}\n", json!(card.figures));
    say(&text);
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, text)
    {
        say(&format!("{}: {error}", path.display()));
        return ExitCode::FAILURE;
    }
    if card.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints for whoever waits.
#[allow(clippy::print_stdout)] // The tool's output.
pub fn say(text: &str) {
    println!("{text}");
}

/// How many things run side by side.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
