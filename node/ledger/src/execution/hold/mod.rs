//! Holds: reserve, post in whole or in parts, release. They end by block time alone.
//!
//! A hold at or above the threshold of a jurisdiction concerned is refused: its posting could not wait for acceptance.

mod apply;
mod check;
