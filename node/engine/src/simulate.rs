//! What an instruction would be answered now: executed over the tip like a block of its own, and dropped.

use crate::replica::Replica;
use crate::store::Store;
use seaway_consensus::Signer;
use seaway_ledger::execution::{BlockContext, BlockFault, ExecutedBlock, simulate};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::time::{BlockTime, Height};

impl<S: Store, K: Signer> Replica<S, K> {
    /// The height of the tip, and the block that would follow it at this time with this instruction alone. Its last receipt
    /// is the instruction's.
    pub fn simulate(
        &self,
        now: BlockTime,
        instruction: AuthenticInstruction,
    ) -> Result<(Height, ExecutedBlock), BlockFault> {
        let tip = self.tip();
        let context = BlockContext { height: self.next_height(), time: now.max(tip.time.after_ms(1)) };
        let executed = simulate(&self.view(), self.state().commitment(), context, &instruction)?;
        Ok((tip.height, executed))
    }
}
