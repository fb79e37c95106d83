//! Every seed and every kept input through its target, as any test: what fuzzing once found stays found.
//!
//! Inputs are kept below `tests/fuzz/corpus/TARGET/`, under any name.

use seaway_fuzz::{CANARY, CANARY_INPUT, TARGETS, Target, find};
use seaway_judge::said_by;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Files below a folder; none where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder that can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a target is tried with, each under the name that a failure is told by.
fn inputs(target: &Target) -> Vec<(String, Vec<u8>)> {
    let seeds = (target.seeds)().into_iter().enumerate();
    let mut inputs: Vec<(String, Vec<u8>)> = seeds.map(|(place, seed)| (format!("seed {place}"), seed)).collect();
    assert!(!inputs.is_empty(), "{} has no seed", target.name);
    let longest = inputs.iter().map(|(_, seed)| seed.len()).max().unwrap_or(0);
    assert!(longest <= target.bytes_max, "{} takes {} bytes; a seed has {longest}", target.name, target.bytes_max);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    for path in files(&corpus) {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        inputs.push((path.display().to_string(), bytes));
    }
    inputs
}

#[test]
fn seeds_and_kept_inputs_pass() {
    for target in TARGETS {
        for (name, input) in inputs(target) {
            // Kept inputs run whole, however long they are.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(&input))) {
                panic!("{} fails on {name}: {}", target.name, said_by(&*panic));
            }
        }
    }
}

#[test]
fn the_canary_fails_on_its_input_alone() {
    for (name, input) in inputs(&CANARY) {
        assert!(catch_unwind(|| CANARY.check(&input)).is_ok(), "{name}");
    }
    assert!(catch_unwind(|| CANARY.check(CANARY_INPUT)).is_err(), "the canary takes its input");
}

#[test]
fn each_target_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for target in TARGETS {
        assert_eq!(find(target.name).map(|found| found.name), Some(target.name));
    }
    assert!(!names.contains(CANARY.name) && find(CANARY.name).is_some());
    assert!(find("").is_none());
}
