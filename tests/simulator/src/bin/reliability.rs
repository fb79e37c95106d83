//! `reliability`: the scorecard of docs/reliability.md. Runs its rows and writes them as JSON, the same names each time; a row that is
//! not built yet says so and counts for nothing.
//!
//! Exit codes: 0 every row that ran passed, 1 one did not, 2 bad arguments.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // It bounds how long rows take.

use clap::{Args, Parser};
use seaway_simulator::{Campaign, Swarm, twins};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Runs the scorecard.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    form: Form,
    /// Writes the rows as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The program that hunts mutants, built with '--cfg seaway_mutants'.
    #[arg(long)]
    mutants: PathBuf,
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

/// Rows by name: numbers, or a word on why there is none.
type Rows = BTreeMap<String, String>;

/// Seeds, and seconds after which no further one starts.
struct Size {
    seeds: u64,
    seconds: u64,
    scenarios: u64,
    twins_seconds: u64,
}

const SHORT: Size = Size { seeds: 200, seconds: 420, scenarios: 1_000, twins_seconds: 150 };
const LONG: Size = Size { seeds: 20_000, seconds: u64::MAX, scenarios: 1_000_000, twins_seconds: u64::MAX };

/// Rows of the plan that are not built.
const MISSING: [&str; 7] = ["R4", "R5", "R6", "R7", "R8", "R9", "R10"];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let size = if arguments.form.long { LONG } else { SHORT };
    std::panic::set_hook(Box::new(|_| ()));
    let mut rows = Rows::new();
    let passed = [
        simulation(&size, &mut rows),
        doubles(&size, &mut rows),
        hunt(&arguments.mutants, &mut rows),
        conformance(&mut rows),
    ];
    for row in MISSING {
        rows.insert(format!("{row}.state"), "\"not built\"".to_owned());
    }
    let lines: Vec<String> = rows.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    say(&text);
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, text)
    {
        say(&format!("{}: {error}", path.display()));
        return ExitCode::FAILURE;
    }
    if passed.into_iter().all(|row| row) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[allow(clippy::print_stdout)] // The tool's output.
fn say(text: &str) {
    println!("{text}");
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn note(rows: &mut Rows, row: &str, unit: &str, campaign: &Campaign, seconds: f64) {
    for (violation, again) in &campaign.broken {
        say(&format!("{row}: {violation}\n  again: {again}"));
    }
    let mut set = |name: &str, value: u64| drop(rows.insert(format!("{row}.{name}"), value.to_string()));
    set(unit, campaign.runs);
    set("violations", campaign.broken.len() as u64);
    set("heights", campaign.heights);
    set("instructions", campaign.instructions);
    set("states", campaign.states);
    set("evidence", campaign.evidence);
    rows.insert(format!("{row}.seconds"), format!("{seconds:.0}"));
}

/// R1: the swarm.
fn simulation(size: &Size, rows: &mut Rows) -> bool {
    say("R1: seeds of the swarm");
    let begun = Instant::now();
    let swarm = Swarm { validators: None, heights: 200, calm: false };
    let stop = || begun.elapsed().as_secs() >= size.seconds;
    let campaign = swarm.run(0..size.seeds, threads(), &stop);
    note(rows, "R1", "seeds", &campaign, begun.elapsed().as_secs_f64());
    rows.insert("R1.repeated".to_owned(), campaign.repeated.to_string());
    // A run that had next to nothing to judge shows nothing.
    let enough = campaign.runs >= size.seeds / 4
        && [campaign.repeated, campaign.instructions, campaign.rejected, campaign.evidence, campaign.states]
            .iter()
            .all(|count| *count > 0);
    rows.insert("R1.enough".to_owned(), u8::from(enough).to_string());
    campaign.broken.is_empty() && enough
}

/// R2: twins.
fn doubles(size: &Size, rows: &mut Rows) -> bool {
    say("R2: scenarios of twins");
    let begun = Instant::now();
    let stop = || begun.elapsed().as_secs() >= size.twins_seconds;
    let campaign = twins(None, 0..size.scenarios, threads(), &stop);
    note(rows, "R2", "scenarios", &campaign, begun.elapsed().as_secs_f64());
    // Without a proof of double signing the twins never lied, and nothing was tested.
    campaign.broken.is_empty() && campaign.evidence > 0
}

/// R3: mutants of our own code, each of which must be caught.
fn hunt(program: &Path, rows: &mut Rows) -> bool {
    say("R3: mutants");
    let begun = Instant::now();
    let found = std::env::temp_dir().join(format!("seaway-mutants-{}.json", std::process::id()));
    let mut command = Command::new(program);
    command.arg("--json").arg(&found);
    let status = command.status();
    if let Err(error) = &status {
        say(&format!("{}: {error}", program.display()));
    }
    let caught = status.is_ok_and(|status| status.success());
    let text = std::fs::read_to_string(&found).unwrap_or_default();
    // What could not be removed is in the temporary folder, and says nothing.
    let _gone = std::fs::remove_file(&found);
    let (all, survived) = (text.matches("\"mutant\"").count(), text.matches("\"seed\":null").count());
    rows.insert("R3.mutants".to_owned(), all.to_string());
    rows.insert("R3.caught".to_owned(), (all - survived).to_string());
    rows.insert("R3.seconds".to_owned(), format!("{:.0}", begun.elapsed().as_secs_f64()));
    caught && all > 0
}

/// R12: frozen encodings, roots and receipts.
fn conformance(rows: &mut Rows) -> bool {
    say("R12: conformance");
    let mut command = Command::new("cargo");
    command.args(["test", "--locked", "--quiet", "-p", "seaway-conformance"]);
    let passed = command.status().is_ok_and(|status| status.success());
    rows.insert("R12.failures".to_owned(), u8::from(!passed).to_string());
    passed
}
