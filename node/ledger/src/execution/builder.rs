//! Building a block: which of the waiting instructions to include, and in which order.
//!
//! The builder executes while it builds. What is void is left out with its reason. What ends for lack of funds in any part
//! (AM04, or ED05 of a dealer) is set aside and tried again after the others, until a pass settles none or two passes are
//! done; only then it is included as a rejection. So A pays B pays C in one block rarely depends on who came first.
//! Validators know nothing of this: they execute what they are given, in its order.

use super::block::{ExecutedBlock, RUN, begin, finish, warm_run};
use super::bounds::{Limits, cost_of};
use super::context::BlockContext;
use super::context::Execution;
use super::stop::{BlockFault, Fault, Stop};
use crate::state::{Commitment, StateView};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::limits::{
    BUILDER_BLOCK_CREDITS_MAX, BUILDER_BLOCK_INSTRUCTIONS_MAX, BUILDER_CREDITS_MAX, BUILDER_PASSES_MAX,
};
use seaway_types::reason::VoidReason;
use seaway_types::receipt::{InstructionReceipt, Receipt};

/// A block as its proposer built it.
#[derive(Clone, Debug)]
pub struct BuiltBlock {
    /// The instructions included, in order.
    pub included: Vec<AuthenticInstruction>,
    /// Those left out, with the reason.
    pub left_out: Vec<(AuthenticInstruction, VoidReason)>,
    /// The block, executed.
    pub executed: ExecutedBlock,
}

/// Builds a block over a state from the instructions that wait, in order of preference.
pub fn build_block<V: StateView>(
    view: &V,
    commitment: &Commitment,
    context: BlockContext,
    waiting: Vec<AuthenticInstruction>,
) -> Result<BuiltBlock, BlockFault> {
    let mut builder = Builder {
        execution: begin(view, context)?,
        included: Vec::new(),
        left_out: Vec::new(),
        limits: Limits::default(),
        tried: 0,
    };
    let credits: usize = waiting.iter().map(cost_of).sum();
    let instructions = waiting.len().min(BUILDER_BLOCK_INSTRUCTIONS_MAX);
    builder.execution.expect(instructions, credits.min(BUILDER_BLOCK_CREDITS_MAX));
    let mut aside = builder.pass(waiting, Lacking::SetAside)?;
    for _ in 0..BUILDER_PASSES_MAX {
        let before = aside.len();
        aside = builder.pass(aside, Lacking::SetAside)?;
        if aside.len() == before {
            break;
        }
    }
    builder.pass(aside, Lacking::Include)?;
    let Builder { execution, included, left_out, .. } = builder;
    Ok(BuiltBlock { included, left_out, executed: finish(execution, commitment)? })
}

/// What to do with an instruction that lacks funds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacking {
    SetAside,
    Include,
}

struct Builder<'a, V> {
    execution: Execution<'a, V>,
    included: Vec<AuthenticInstruction>,
    left_out: Vec<(AuthenticInstruction, VoidReason)>,
    limits: Limits,
    tried: usize,
}

impl<V: StateView> Builder<'_, V> {
    /// Executes instructions one after the other; returns those that were set aside.
    fn pass(
        &mut self,
        instructions: Vec<AuthenticInstruction>,
        lacking: Lacking,
    ) -> Result<Vec<AuthenticInstruction>, Fault> {
        let mut aside = Vec::new();
        let mut waiting = instructions.into_iter();
        loop {
            let run: Vec<_> = waiting.by_ref().take(RUN).collect();
            if run.is_empty() {
                return Ok(aside);
            }
            warm_run(self.execution.state.view(), &run);
            for instruction in run {
                self.include(instruction, lacking, &mut aside)?;
            }
        }
    }

    /// Executes one instruction, and includes it, sets it aside, or leaves it out.
    fn include(
        &mut self,
        instruction: AuthenticInstruction,
        lacking: Lacking,
        aside: &mut Vec<AuthenticInstruction>,
    ) -> Result<(), Fault> {
        let mut limits = self.limits;
        self.tried = self.tried.saturating_add(cost_of(&instruction));
        if self.tried > BUILDER_CREDITS_MAX || limits.take(&instruction).is_err() {
            self.left_out.push((instruction, VoidReason::BlockFull));
            return Ok(());
        }
        let mark = self.execution.mark();
        let position = u32::try_from(self.included.len()).unwrap_or(u32::MAX);
        match self.execution.execute(&instruction, position) {
            Ok(()) if lacking == Lacking::SetAside && self.last_lacks_funds() => {
                self.execution.back_to(mark);
                self.execution.forget_answers()?;
                aside.push(instruction);
            }
            Ok(()) => {
                self.execution.state.keep();
                self.limits = limits;
                self.included.push(instruction);
            }
            Err(Stop::Void(reason)) => {
                self.execution.back_to(mark);
                self.execution.forget_answers()?;
                self.left_out.push((instruction, reason));
            }
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Rejected(_)) => return Err(Fault::Missing { what: "the place of a rejection" }),
        }
        Ok(())
    }

    /// Whether the instruction executed last ended for lack of funds in any part.
    fn last_lacks_funds(&self) -> bool {
        let lacks = |iso: &str| iso == "AM04" || iso == "ED05";
        let Some(Receipt::Instruction(InstructionReceipt { reason, credits, .. })) = self.execution.receipts.last()
        else {
            return false;
        };
        let credits_lack = *credits > 0
            && self.execution.outcomes.last().is_some_and(|(_, outcomes)| {
                outcomes.iter().filter_map(|outcome| outcome.reason).any(|reason| lacks(reason.iso()))
            });
        credits_lack || reason.is_some_and(|placed| lacks(placed.reason.iso()))
    }
}
