//! The target that must fail, so that a fuzzer that finds nothing is known to have looked.

use crate::Target;

/// The input on which it fails; what follows does not matter.
pub const INPUT: &[u8] = b"SWAY";

/// See the module.
pub(crate) const TARGET: Target = Target { name: "canary", run, seeds: || vec![vec![0; 8]], bytes_max: 64 };

/// Each byte that is right is a step further, which coverage shows: a fuzzer that is led by it needs seconds, one that guesses
/// four bytes at once needs billions of tries.
fn run(input: &[u8]) {
    for (place, expected) in INPUT.iter().enumerate() {
        // Kept apart, so that the compiler does not make one comparison of the four.
        if std::hint::black_box(input.get(place)) != Some(expected) {
            return;
        }
    }
    panic!("the canary was found");
}
