//! The chain grows: a decided block becomes the state.

use crate::action::{Action, Decided};
use crate::agree::block_of;
use crate::candidate::{Candidate, Stage};
use crate::replica::{Halt, Replica};
use crate::store::{Store, TipBlock};
use seaway_consensus::Signer;
use seaway_ledger::execution::ExecutedBlock;
use seaway_ledger::state::StateView;
use seaway_types::block::{BlockDraft, Certificate, FinalBlock};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::state::Parameters;
use std::sync::Arc;

impl<S: Store, K: Signer> Replica<S, K> {
    /// Consensus decided a block of the next height.
    pub(crate) fn decide(&mut self, certificate: Certificate) -> Result<(), Halt> {
        let Some(Candidate { draft, stage }) = self.candidates.take(&certificate.block) else {
            return Err(Halt(format!("block {} was decided, but it is not here", certificate.block)));
        };
        let Stage::Right(executed, instructions) = stage else {
            return Err(Halt(format!("block {} was decided, but was not found right here", certificate.block)));
        };
        self.grow(draft, certificate, *executed, instructions)
    }

    /// Makes a decided block the tip.
    pub(crate) fn grow(
        &mut self,
        draft: BlockDraft,
        certificate: Certificate,
        executed: ExecutedBlock,
        instructions: Vec<AuthenticInstruction>,
    ) -> Result<(), Halt> {
        let header = draft.header;
        let block = FinalBlock { block: block_of(&draft, &instructions), certificate: certificate.clone() };
        let applied = executed.apply(&mut self.state);
        let missing = || Halt("the parameters are gone".to_owned());
        self.parameters = self.state.read::<Parameters>(&())?.ok_or_else(missing)?;
        self.tip =
            TipBlock { height: header.height, id: header.id(), time: header.time, certificate: Some(certificate) };
        self.tip_since_ms = self.now.elapsed_ms;
        if header.next_validators != header.validators {
            self.note_validators()?;
        }
        self.started = false;
        self.remembered = self.remembered.split_off(&self.next_height());
        self.timers.clear();
        self.candidates.forget(header.height);
        self.forget_knocks();
        if !applied.receipts.is_empty() {
            self.left_out.forget();
        }
        for instruction in &instructions {
            let envelope = instruction.envelope();
            if !seeded(Mutant::PoolKeepsSettled) {
                self.pool.remove_key(&envelope.submitter, &envelope.key);
            }
        }
        let decided = Arc::new(Decided { block, instructions, applied });
        let (store, tell) = (Action::Persist(decided.clone()), Action::Final(decided));
        let in_order = if seeded(Mutant::FinalBeforeDurable) { [tell, store] } else { [store, tell] };
        self.done.after.extend(in_order);
        self.announce_tip();
        Ok(())
    }

    /// The disk has everything up to the tip: its index answers from now on.
    pub fn stored(&mut self) {
        self.state.forget_index();
    }
}
