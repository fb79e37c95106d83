//! What fuzzing runs: a [`Target`] for each form that comes from outside, and for the ledger and the engine behind them.
//!
//! An error is a fine answer to any bytes. What is looked for are panics, hangs and memory without bound; besides, each
//! target asserts what must hold of an input that is taken: that it is written again as it was read, that two ways of asking
//! give one answer, that nothing false is proven. Its [`Target::seeds`] are valid examples made in code, so that a fuzzer
//! begins deep inside.
//!
//! `fuzz` (feature `libfuzzer`) runs the target that `SEAWAY_FUZZ_TARGET` names under libFuzzer; `fuzz-seeds DIR` writes the
//! seeds; `tests/corpora.rs` runs seeds and kept inputs like any test. [`CANARY`] must fail: a fuzzer that does not find
//! it within its time finds nothing else either.

mod day;
mod input;
mod property;
mod targets;
mod vectors;

use targets::{
    amount, canary, codec, consensus, contract, execution, frames, genesis, instruction, iso, proof, rpc, wal,
};

pub use targets::canary::INPUT as CANARY_INPUT;

/// Something that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Takes an input. Panics where what must hold does not.
    pub run: fn(&[u8]),
    /// Valid inputs to begin with; at least one.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Longest input in bytes that is worth its time.
    pub bytes_max: usize,
}

impl Target {
    /// Takes an input that is not too long; what is longer says nothing new.
    pub fn check(&self, input: &[u8]) {
        if input.len() <= self.bytes_max {
            (self.run)(input);
        }
    }
}

/// All targets that must never fail.
pub const TARGETS: &[Target] = &[
    codec::TARGET,
    instruction::TARGET,
    frames::TARGET,
    wal::TARGET,
    genesis::TARGET,
    rpc::TARGET,
    iso::TARGET,
    contract::TEXT,
    contract::BYTES,
    amount::TARGET,
    proof::TARGET,
    execution::TARGET,
    consensus::TARGET,
];

/// The target that must fail.
pub const CANARY: Target = canary::TARGET;

/// A target by its name, the canary among them.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().copied().chain([CANARY]).find(|target| target.name == name)
}
