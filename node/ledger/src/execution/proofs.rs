//! Proofs of what a block answered.

use super::block::ExecutedBlock;
use seaway_types::merkle;
use seaway_types::proof::ReceiptProof;

impl ExecutedBlock {
    /// Proves a receipt under the receipts root, and one credit's outcome under it. `None` where there is no such thing.
    pub fn prove(&self, receipt: usize, credit: Option<usize>) -> Option<ReceiptProof> {
        let credit = match credit {
            None => None,
            Some(credit) => {
                let outcomes = self.outcomes(receipt);
                let leaves = merkle::leaves(outcomes);
                Some((*outcomes.get(credit)?, merkle::path(&leaves, credit)?))
            }
        };
        Some(ReceiptProof {
            receipt: *self.receipts.get(receipt)?,
            path: merkle::path(&self.leaves, receipt)?,
            credit,
        })
    }
}
