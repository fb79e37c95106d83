//! What a block may hold.

use super::stop::BlockFault;
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::limits::{BLOCK_CREDITS_MAX, BLOCK_INSTRUCTIONS_MAX};

/// Counts what a block holds against its bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub instructions: usize,
    /// Credits and other legs.
    pub credits: usize,
}

impl Limits {
    /// Takes one more instruction, or says which bound it breaks.
    pub fn take(&mut self, instruction: &AuthenticInstruction) -> Result<(), BlockFault> {
        let next =
            Self { instructions: self.instructions + 1, credits: self.credits.saturating_add(cost_of(instruction)) };
        let bounds = [
            ("instructions", next.instructions, BLOCK_INSTRUCTIONS_MAX),
            ("credits and legs", next.credits, BLOCK_CREDITS_MAX),
        ];
        if let Some((what, count, count_max)) = bounds.into_iter().find(|(_, count, count_max)| count > count_max) {
            return Err(BlockFault::TooLarge { what, count, count_max });
        }
        *self = next;
        Ok(())
    }
}

/// What an instruction counts.
pub(super) fn cost_of(instruction: &AuthenticInstruction) -> usize {
    instruction.envelope().body.cost()
}
