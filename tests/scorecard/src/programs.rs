//! Rows that other programs run.

use crate::{Card, say};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Fewer mutants than these show too little.
const MUTANTS_MIN: usize = 24;

/// A file of this process's own for what a program found.
fn found(row: &str) -> PathBuf {
    std::env::temp_dir().join(format!("seaway-{row}-{}.json", std::process::id()))
}

/// Runs a program that writes what it found to a file. Returns whether it ended well, and what it found.
fn run(program: &Path, arguments: &[&str], row: &str) -> (bool, Option<Value>) {
    let path = found(row);
    let status = Command::new(program).args(arguments).arg("--json").arg(&path).status();
    if let Err(error) = &status {
        say(&format!("{row}: {}: {error}", program.display()));
    }
    let found = std::fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok());
    // What could not be removed is in the temporary folder, and says nothing.
    let _gone = std::fs::remove_file(path);
    (status.is_ok_and(|status| status.success()), found)
}

/// R3: mutants of our own code, each of which must be caught.
pub fn hunt(program: &Path, card: &mut Card) {
    say("R3: mutants");
    let begun = Instant::now();
    let (well, found) = run(program, &[], "R3");
    let all = found.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
    let caught = |one: &&Value| !one["seed"].is_null();
    let caught = found.as_ref().and_then(Value::as_array).map_or(0, |all| all.iter().filter(caught).count());
    card.set("R3", "mutants", all);
    card.set("R3", "caught", caught);
    card.set("R3", "violations", all - caught);
    card.set("R3", "seconds", begun.elapsed().as_secs());
    card.passed("R3", well && all >= MUTANTS_MIN && all == caught);
}

/// R4 to R7, R9 and R10: real processes that are hurt.
pub fn hurt(program: &Path, row: &str, long: bool, card: &mut Card) {
    let mut arguments = vec![row];
    arguments.extend(long.then_some("--long"));
    let (well, found) = run(program, &arguments, row);
    let figures = found.and_then(|found| found.as_object().cloned()).unwrap_or_default();
    // A program that ended without a word has shown nothing.
    card.passed(row, well && !figures.is_empty());
    card.take(figures);
}

/// R12: frozen encodings, roots and receipts.
pub fn conformance(card: &mut Card) {
    say("R12: conformance");
    let mut command = Command::new("cargo");
    command.args(["test", "--locked", "--quiet", "-p", "seaway-conformance"]);
    let passed = command.status().is_ok_and(|status| status.success());
    card.set("R12", "failures", u8::from(!passed));
    card.passed("R12", passed);
}
