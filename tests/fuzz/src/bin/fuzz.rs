//! `fuzz`: one target under libFuzzer, the one that `SEAWAY_FUZZ_TARGET` names. Takes libFuzzer's arguments.
//!
//! An unknown name ends it with exit code 2 before anything is fuzzed.

#![no_main]
#![allow(unsafe_code)] // `fuzz_target!` exports what libFuzzer calls by name, and does nothing else that is unsafe.

use seaway_fuzz::{CANARY, TARGETS, Target, find};
use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(init: { target(); }, |input: &[u8]| target().check(input));

/// Looked up once.
fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("SEAWAY_FUZZ_TARGET").unwrap_or_default();
        find(&name).unwrap_or_else(|| {
            let names: Vec<&str> = TARGETS.iter().chain([&CANARY]).map(|target| target.name).collect();
            eprintln!("SEAWAY_FUZZ_TARGET is '{name}'; expected one of {}", names.join(", "));
            std::process::exit(2)
        })
    })
}
