//! R8: each target of `tests/fuzz` for a while, and the canary, which must fail.
//!
//! What a target is fed is kept in `tests/fuzz/corpus`; what a run finds beyond that goes to a folder below `target`, as do inputs
//! that break something.

use crate::{Card, say, threads};
use seaway_fuzz::{CANARY, TARGETS, Target};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Memory of a target in MiB.
const MEMORY_MIB: u32 = 2_048;
/// Seconds that one input may take.
const INPUT_SECONDS: u32 = 1;
/// The exit code of a run that one input held up for longer.
const TOO_SLOW: i32 = 70;

/// What came of a target.
struct Outcome {
    name: &'static str,
    inputs: u64,
    broken: Option<String>,
    slow: u64,
}

/// Runs the row.
pub fn fuzz(program: &Path, long: bool, card: &mut Card) {
    say("R8: fuzzing");
    let begun = Instant::now();
    let seconds = if long { 3_600 } else { 20 };
    let outcomes = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(program, target, seconds);
                    outcomes.lock().expect("no thread panics").push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panics");
    // What an earlier run found would find it again without any guidance.
    let _none = std::fs::remove_dir_all(folder(&CANARY));
    let canary = run(program, &CANARY, seconds).broken.is_some_and(|said| said.contains("canary"));
    for outcome in &outcomes {
        say(&format!("  {}: {} inputs", outcome.name, outcome.inputs));
        if let Some(broken) = &outcome.broken {
            say(&format!("R8: {}: {broken}", outcome.name));
        }
    }
    if !canary {
        say("R8: the canary did not fail: this fuzzer would find nothing");
    }
    let broken = outcomes.iter().filter(|outcome| outcome.broken.is_some()).count();
    // A target that was hardly run shows nothing.
    let enough = outcomes.iter().all(|outcome| outcome.inputs > 100);
    card.set("R8", "targets", outcomes.len());
    card.set("R8", "inputs", outcomes.iter().map(|outcome| outcome.inputs).sum::<u64>());
    card.set("R8", "violations", broken);
    card.set("R8", "slow_once", outcomes.iter().map(|outcome| outcome.slow).sum::<u64>());
    card.set("R8", "canary_found", canary);
    card.set("R8", "enough", enough);
    card.set("R8", "seconds", begun.elapsed().as_secs());
    card.passed("R8", broken == 0 && canary && enough && !outcomes.is_empty());
}

/// Where a run puts what it finds.
fn folder(target: &Target) -> PathBuf {
    Path::new("target/fuzz-found").join(target.name)
}

/// Where a target's inputs are kept.
fn kept(target: &Target) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus")).join(target.name)
}

fn run(program: &Path, target: &Target, seconds: u32) -> Outcome {
    let mut outcome = Outcome { name: target.name, inputs: 0, broken: None, slow: 0 };
    let begun = Instant::now();
    loop {
        let left = u64::from(seconds).saturating_sub(begun.elapsed().as_secs()).max(1);
        match once(program, target, left) {
            Err(problem) => outcome.broken = Some(problem),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                outcome.inputs += executed(&said);
                let artifact = said.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim()));
                match (output.status.code(), artifact) {
                    (Some(0), _) => {}
                    // The machine may have been busy with something else: an input that is slow is slow again.
                    (Some(TOO_SLOW), Some(input)) if !is_slow(program, target, input) => {
                        outcome.slow += 1;
                        if begun.elapsed().as_secs() < u64::from(seconds) {
                            continue;
                        }
                    }
                    (_, Some(input)) => {
                        let again = format!("SEAWAY_FUZZ_TARGET={} {} {input}", target.name, program.display());
                        outcome.broken = Some(format!("{}\nagain by: {again}", why(&said)));
                    }
                    _ => outcome.broken = Some(why(&said)),
                }
            }
        }
        return outcome;
    }
}

/// One run of the fuzzer over a target's kept inputs and what it finds beside them.
fn once(program: &Path, target: &Target, seconds: u64) -> Result<Output, String> {
    let found = folder(target);
    let inputs = found.join("inputs");
    std::fs::create_dir_all(&inputs).map_err(|error| format!("{}: {error}", inputs.display()))?;
    for (place, seed) in (target.seeds)().iter().enumerate() {
        let path = inputs.join(format!("seed-{place}"));
        std::fs::write(&path, seed).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut command = fuzzer(program, target);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", found.display()));
    command.arg(&inputs);
    command.args(Some(kept(target)).filter(|kept| kept.is_dir()));
    command.output().map_err(|error| format!("{}: {error}", program.display()))
}

fn fuzzer(program: &Path, target: &Target) -> Command {
    let mut command = Command::new(program);
    command.env("SEAWAY_FUZZ_TARGET", target.name);
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-timeout={INPUT_SECONDS}"));
    command.arg(format!("-timeout_exitcode={TOO_SLOW}"));
    command.arg(format!("-max_len={}", target.bytes_max));
    command.args(["-print_final_stats=1", "-verbosity=0"]);
    command
}

fn is_slow(program: &Path, target: &Target, input: &str) -> bool {
    fuzzer(program, target).arg(input).output().is_ok_and(|output| !output.status.success())
}

fn executed(said: &str) -> u64 {
    let line = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// What broke, as far as it was said: from the panic on, or the end.
fn why(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("stat::")).collect();
    let from = lines.iter().position(|line| line.contains("panicked at"));
    let from = from.unwrap_or(lines.len().saturating_sub(12));
    lines
        .iter()
        .skip(from)
        .take(12)
        .map(|line| line.chars().take(600).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n")
}
