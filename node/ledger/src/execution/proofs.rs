//! Proofs of what a block answered.

use super::block::ExecutedBlock;
use seaway_types::contract::ContractEvent;
use seaway_types::hash::Hash32;
use seaway_types::merkle;
use seaway_types::proof::{EventProof, ReceiptProof};
use seaway_types::receipt::Receipt;

impl ExecutedBlock {
    /// Proves a receipt under the receipts root, and one credit's outcome under it. `None` where there is no such thing.
    pub fn prove(&self, receipt: usize, credit: Option<usize>) -> Option<ReceiptProof> {
        let events: Vec<Hash32> = self.events(receipt).map(ContractEvent::leaf).collect();
        let credit = match credit {
            None => None,
            Some(credit) => {
                let outcomes = self.outcomes(receipt);
                let mut leaves = merkle::leaves(outcomes);
                leaves.extend(events);
                Some((*outcomes.get(credit)?, merkle::path(&leaves, credit)?))
            }
        };
        Some(ReceiptProof {
            receipt: *self.receipts.get(receipt)?,
            path: merkle::path(&self.leaves, receipt)?,
            credit,
            event: None,
        })
    }

    /// Proves an event of a contract in a receipt, by its position among those of that receipt.
    pub fn prove_event(&self, receipt: usize, event: usize) -> Option<ReceiptProof> {
        let found = self.events(receipt).nth(event)?.clone();
        let path = match self.receipts.get(receipt)? {
            Receipt::Act(_) => None,
            Receipt::Instruction(_) => {
                let mut leaves = merkle::leaves(self.outcomes(receipt));
                let position = leaves.len().saturating_add(event);
                leaves.extend(self.events(receipt).map(ContractEvent::leaf));
                Some(merkle::path(&leaves, position)?)
            }
        };
        let event = Some(EventProof { event: found, path });
        Some(ReceiptProof { event, ..self.prove(receipt, None)? })
    }
}
