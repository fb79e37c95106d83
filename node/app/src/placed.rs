//! Where an instruction stands in a block and what the block answered to it: from what was just decided, or from the disk.

use seaway_rpc::{Fault, Placed};
use seaway_storage::Database;
use seaway_types::block::BlockHeader;
use seaway_types::contract::ContractEvent;
use seaway_types::receipt::{CreditOutcome, Receipt};
use seaway_types::time::Height;

/// The answers of one block.
pub struct Answers<'a> {
    /// The block's header.
    pub header: &'a BlockHeader,
    /// How many instructions it holds; their receipts follow those of its own acts.
    pub instructions: usize,
    /// Its receipts.
    pub receipts: &'a [Receipt],
    /// Outcomes of credits, by the position of their receipt.
    pub outcomes: &'a [(u32, Vec<CreditOutcome>)],
    /// Events of contracts, by the position of their receipt.
    pub events: &'a [(u32, ContractEvent)],
}

impl Answers<'_> {
    /// The position of the receipt of an instruction, by its place among the instructions.
    pub fn position(&self, place: usize) -> usize {
        self.receipts.len().saturating_sub(self.instructions).saturating_add(place)
    }

    /// The answer whose receipt stands at a position; an error where no instruction's receipt stands there.
    pub fn at(&self, position: usize) -> Result<Placed, Fault> {
        let missing = || Fault::Internal(format!("block {} has no receipt {position}", self.header.height));
        let Some(Receipt::Instruction(receipt)) = self.receipts.get(position) else { return Err(missing()) };
        let position = u32::try_from(position).map_err(|_| missing())?;
        // Both lists stand in the order of receipts.
        let begins = self.events.partition_point(|(of, _)| *of < position);
        let events = self.events.iter().skip(begins).take_while(|(of, _)| *of == position);
        let credits = self.outcomes.binary_search_by_key(&position, |(of, _)| *of).ok();
        let credits = credits.and_then(|at| self.outcomes.get(at));
        Ok(Placed {
            block: self.header.id(),
            height: self.header.height,
            time: self.header.time,
            position,
            receipt: *receipt,
            credits: credits.map(|(_, credits)| credits.clone()).unwrap_or_default(),
            events: events.map(|(_, event)| event.clone()).collect(),
        })
    }

    /// The answers to all instructions, in order.
    pub fn all(&self) -> Result<Vec<Placed>, Fault> {
        (0..self.instructions).map(|place| self.at(self.position(place))).collect()
    }
}

/// Reads a block of the disk and asks its answers.
pub fn of_stored<T>(
    database: &Database,
    height: Height,
    ask: impl FnOnce(&Answers<'_>, &seaway_types::block::Block) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let failed = |error: seaway_storage::StorageError| Fault::Internal(error.to_string());
    let missing = || Fault::Unknown { what: "block at height", value: height.to_string() };
    let block = database.read_block(height).map_err(failed)?.ok_or_else(missing)?.block;
    let stored = database.receipts(height).map_err(failed)?.ok_or_else(missing)?;
    let answers = Answers {
        header: &block.header,
        instructions: block.instructions.len(),
        receipts: &stored.receipts,
        outcomes: &stored.outcomes,
        events: &stored.events,
    };
    ask(&answers, &block)
}
