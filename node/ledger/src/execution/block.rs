//! A block: executed on an overlay, with receipts and roots, and applied only if it is decided.

use super::bounds::Limits;
use super::conservation;
use super::context::{BlockContext, Execution, Outcomes};
use super::stop::{BlockFault, Fault, Stop};
use crate::VERSION;
use crate::state::{BlockChanges, Commitment, CommitmentUpdate, MemoryState, PointMap, Soon, StateView, Tip};
use seaway_types::asset::AssetId;
use seaway_types::contract::ContractEvent;
use seaway_types::hash::Hash32;
use seaway_types::instruction::contract::{CallContract, Target};
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::instruction::{AuthenticInstruction, Leg};
use seaway_types::merkle;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::receipt::{CreditOutcome, Posting, Receipt};
use seaway_types::state::{IndexEntry, IndexKey};
use std::sync::Arc;

/// A block that was executed over its parent state. Nothing has changed yet: apply it, or drop it.
#[derive(Clone, Debug)]
pub struct ExecutedBlock {
    pub(super) context: BlockContext,
    pub(super) receipts: Vec<Receipt>,
    pub(super) leaves: Vec<Hash32>,
    pub(super) outcomes: Vec<Outcomes>,
    postings: Vec<Posting>,
    pub(super) events: Vec<(u32, ContractEvent)>,
    receipts_root: Hash32,
    changes: BlockChanges,
    update: CommitmentUpdate,
}

/// What would come of one instruction in the next block: for whoever asks, and never to be applied. It may be signed as
/// long over, so that whoever is asked can do nothing with it.
pub fn simulate<V: StateView>(
    view: &V,
    commitment: &Commitment,
    context: BlockContext,
    instruction: &AuthenticInstruction,
) -> Result<ExecutedBlock, BlockFault> {
    let mut execution = begin(view, context)?;
    execution.only_asked = true;
    match execution.execute(instruction, 0) {
        Ok(()) => finish(execution, commitment),
        Err(Stop::Void(reason)) => Err(BlockFault::Void { position: 0, reason }),
        Err(Stop::Fault(fault)) => Err(fault.into()),
        Err(Stop::Rejected(_)) => Err(Fault::Missing { what: "the place of a rejection" }.into()),
    }
}

/// Executes a block as a validator does: its instructions in their order, every one of them.
pub fn execute_block<V: StateView>(
    view: &V,
    commitment: &Commitment,
    context: BlockContext,
    instructions: &[AuthenticInstruction],
) -> Result<ExecutedBlock, BlockFault> {
    let mut limits = Limits::default();
    for instruction in instructions {
        limits.take(instruction)?;
    }
    let mut execution = begin(view, context)?;
    execution.expect(limits.instructions, limits.credits);
    for (position, instruction) in instructions.iter().enumerate() {
        if position % RUN == 0 {
            warm_run(view, instructions.get(position..).unwrap_or(&[]));
        }
        match execution.execute(instruction, u32::try_from(position).unwrap_or(u32::MAX)) {
            Ok(()) => execution.state.keep(),
            Err(Stop::Void(reason)) => return Err(BlockFault::Void { position, reason }),
            Err(Stop::Fault(fault)) => return Err(fault.into()),
            // A rejection ends as a receipt; one that comes here was raised where only void reasons may be.
            Err(Stop::Rejected(_)) => {
                return Err(Fault::Missing { what: "the place of a rejection" }.into());
            }
        }
    }
    finish(execution, commitment)
}

/// Instructions whose reads are announced together: few enough that what is fetched is still near when it is used.
pub(super) const RUN: usize = 256;

/// Most credits of a transfer that is announced as a whole.
const SHORT: usize = 16;
/// Credits of a long transfer that are announced together.
const CREDITS_RUN: usize = 128;

/// Announces the reads of the next credits of a long transfer, where a run of them begins.
pub(super) fn warm_credits<V: StateView>(view: &V, transfer: &CreditTransfer, position: usize) {
    if transfer.credits.len() > SHORT && position.is_multiple_of(CREDITS_RUN) {
        let mut soon = Soon::default();
        let run = transfer.credits.iter().skip(position).take(CREDITS_RUN);
        announce(&mut soon, transfer.asset, run);
        view.warm(&soon);
    }
}

fn announce<'c>(soon: &mut Soon, asset: AssetId, credits: impl IntoIterator<Item = &'c Credit>) {
    for credit in credits {
        soon.balances.push((credit.creditor, asset));
        let (debtor_agent, uetr, kind) = (credit.debtor_agent, credit.uetr, credit.kind);
        soon.index.push(IndexKey::Payment(PaymentKey { debtor_agent, uetr, kind }));
    }
}

/// Announces the reads of the next run of instructions.
pub(super) fn warm_run<V: StateView>(view: &V, instructions: &[AuthenticInstruction]) {
    let mut soon = Soon::default();
    for instruction in instructions.iter().take(RUN) {
        let envelope = instruction.envelope();
        soon.index.push(IndexKey::Instruction(envelope.submitter, envelope.key));
        for leg in envelope.body.legs() {
            match leg {
                Leg::CreditTransfer(transfer) => {
                    soon.balances.push((transfer.debtor, transfer.asset));
                    // A long one announces its credits while it runs.
                    if transfer.credits.len() <= SHORT {
                        announce(&mut soon, transfer.asset, &transfer.credits);
                    }
                }
                Leg::CallContract(CallContract { target: Target::Instance(id), .. }) => soon.instances.push(*id),
                _ => {}
            }
        }
    }
    view.warm(&soon);
}

/// Starts a block: checks that it follows its parent, and carries out its own acts.
pub(super) fn begin<V: StateView>(view: &V, context: BlockContext) -> Result<Execution<'_, V>, BlockFault> {
    let parent = view.tip();
    if context.height.0 != parent.height.0.saturating_add(1) {
        return Err(BlockFault::Height { given: context.height, parent: parent.height });
    }
    if context.time < parent.time || (context.time == parent.time && !seeded(Mutant::TimeNotRising)) {
        return Err(BlockFault::Time { given: context.time, parent: parent.time });
    }
    let mut execution = Execution::new(view, context)?;
    let needed = execution.parameters.version_at(context.height);
    if needed != VERSION {
        return Err(BlockFault::Version { height: context.height, needed, known: VERSION });
    }
    execution.carry_out_own_acts()?;
    execution.state.keep();
    Ok(execution)
}

/// Ends a block: asks conservation, and works out the roots.
pub(super) fn finish<V: StateView>(
    execution: Execution<'_, V>,
    commitment: &Commitment,
) -> Result<ExecutedBlock, BlockFault> {
    conservation::check(&execution.state.changes().records)?;
    let Execution { block: context, mut receipts, outcomes, postings, events, state, .. } = execution;
    set_outcomes_roots(&mut receipts, &outcomes, &events);
    let leaves = merkle::leaves(&receipts);
    let changes = state.into_changes();
    let update = commitment.prepare(context.height, &changes);
    Ok(ExecutedBlock {
        context,
        receipts_root: merkle::root(&leaves),
        leaves,
        receipts,
        outcomes,
        postings,
        events,
        changes,
        update,
    })
}

/// Sets the roots over each instruction's outcomes and events.
fn set_outcomes_roots(receipts: &mut [Receipt], outcomes: &[Outcomes], events: &[(u32, ContractEvent)]) {
    let mut credits = merkle::leaves(outcomes.iter().flat_map(|(_, outcomes)| outcomes)).into_iter();
    let mut events = events.iter().peekable();
    let mut leaves = Vec::with_capacity(credits.len());
    let mut trees = Vec::with_capacity(receipts.len());
    for (position, receipt) in (0u32..).zip(&*receipts) {
        let first = leaves.len();
        if let Receipt::Instruction(receipt) = receipt {
            leaves.extend(credits.by_ref().take(usize::try_from(receipt.credits).unwrap_or(usize::MAX)));
        }
        while let Some((_, event)) = events.next_if(|(of, _)| *of == position) {
            leaves.push(event.leaf());
        }
        trees.push(first..leaves.len());
    }
    debug_assert!(credits.len() == 0 && events.next().is_none(), "outcomes or events without a receipt");
    let roots = merkle::roots(trees.into_iter().map(|tree| leaves.get(tree).unwrap_or_default()));
    for (receipt, root) in receipts.iter_mut().zip(roots) {
        if let Receipt::Instruction(receipt) = receipt {
            receipt.outcomes_root = root;
        }
    }
}

impl ExecutedBlock {
    /// Height and time.
    pub fn context(&self) -> BlockContext {
        self.context
    }

    /// The state root after the block.
    pub fn state_root(&self) -> Hash32 {
        self.update.parts().root()
    }

    /// The root over the receipts.
    pub fn receipts_root(&self) -> Hash32 {
        self.receipts_root
    }

    /// Receipts: first of the block's own acts, then one for each instruction.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Outcomes of the credits of the instruction whose receipt stands at a position.
    pub fn outcomes(&self, receipt: usize) -> &[CreditOutcome] {
        let found = self.outcomes.iter().find(|(position, _)| usize::try_from(*position) == Ok(receipt));
        found.map_or(&[], |(_, outcomes)| outcomes)
    }

    /// Events of the contracts in the receipt at a position.
    pub fn events(&self, receipt: usize) -> impl Iterator<Item = &ContractEvent> {
        let here = move |(position, _): &&(u32, ContractEvent)| usize::try_from(*position) == Ok(receipt);
        self.events.iter().filter(here).map(|(_, event)| event)
    }

    /// All movements of money, in order.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What it changes.
    pub fn changes(&self) -> &BlockChanges {
        &self.changes
    }

    /// Makes it the new state. It must have been executed over this state. What is left says what happened, for those who
    /// store it and tell of it.
    pub fn apply(self, state: &mut MemoryState) -> AppliedBlock {
        let Self { context, receipts, outcomes, postings, events, mut changes, update, .. } = self;
        let empty = PointMap::with_seed(state.hash_seed());
        let index = Arc::new(std::mem::replace(&mut changes.index, empty));
        state.apply(Tip { height: context.height, time: context.time }, &changes, update);
        state.take_index(index.clone());
        let index_root = state.commitment().parts().index;
        AppliedBlock { context, receipts, outcomes, postings, events, changes, index, index_root }
    }
}

/// What a block did that is now part of the state.
#[derive(Clone, Debug)]
pub struct AppliedBlock {
    /// Height and time.
    pub context: BlockContext,
    /// Receipts: first of the block's own acts, then one for each instruction.
    pub receipts: Vec<Receipt>,
    /// Outcomes of credits, by the position of their receipt.
    pub outcomes: Vec<Outcomes>,
    /// All movements of money, in order.
    pub postings: Vec<Posting>,
    /// Events of contracts, by the position of their receipt.
    pub events: Vec<(u32, ContractEvent)>,
    /// What it changed, but for the index.
    pub changes: BlockChanges,
    /// The new entries of the index.
    pub index: Arc<PointMap<IndexKey, IndexEntry>>,
    /// The running hash over the index after it.
    pub index_root: Hash32,
}
