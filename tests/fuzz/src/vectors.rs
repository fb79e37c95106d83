//! The frozen vectors of `tests/conformance`: one signed instruction for each body.

use seaway_types::instruction::RawInstruction;
use serde::Deserialize;

const INSTRUCTIONS: &str = include_str!("../../conformance/vectors/instructions.json");

#[derive(Deserialize)]
struct Vectors {
    instructions: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    wire: RawInstruction,
}

/// All of them.
pub(crate) fn instructions() -> Vec<RawInstruction> {
    let vectors: Vectors = serde_json::from_str(INSTRUCTIONS).expect("the frozen vectors");
    vectors.instructions.into_iter().map(|vector| vector.wire).collect()
}
