//! Deadlines: what a contract does by itself when block time has come. It always ends well.

use super::carry::{Mode, Work, event_of};
use crate::execution::context::Execution;
use crate::execution::stop::{Fault, Stop};
use crate::state::StateView;
use seaway_types::contract::{Cause, ContractEvent, InstanceId};
use seaway_types::receipt::BlockAct;
use seaway_types::state::{Instance, Stage};
use seaway_vm::machine::{self, Done, Situation};

impl<V: StateView> Execution<'_, V> {
    /// The block's own act for a deadline whose timer rang.
    pub fn end_of_state(&mut self, id: InstanceId) -> Result<BlockAct, Stop> {
        let instance: Instance = self.must(&id, "a contract that a timer waits for")?;
        self.uetr = Some(instance.uetr);
        let (event, _) = self.pass_deadline(id, instance)?;
        let hash = event.leaf();
        self.tell(event);
        Ok(BlockAct::DeadlinePassed { instance: id, event: hash })
    }

    /// Carries out what the contract says for its deadline; where that cannot be, each pot goes to its owner.
    pub(super) fn pass_deadline(
        &mut self,
        id: InstanceId,
        instance: Instance,
    ) -> Result<(ContractEvent, Instance), Stop> {
        let Stage::Live { state, .. } = instance.stage else {
            return Err(Fault::Missing { what: "a live contract that a timer waits for" }.into());
        };
        let code = self.code(instance.terms.code)?;
        let mark = self.mark();
        let mut work = Work::new(id, &code, instance.clone(), Mode::Deadline);
        let (cause, done) = match self.run_timeout(&mut work, state) {
            Ok(done) => (Cause::TimedOut, Some(done)),
            Err(Stop::Fault(fault)) => return Err(fault.into()),
            Err(_) => {
                self.back_to(mark);
                work = Work::new(id, &code, instance, Mode::Deadline);
                self.close(&mut work)?;
                (Cause::ClosedByKernel, None)
            }
        };
        self.settle_work(&mut work)?;
        let event = event_of(&mut work, cause, state, (Vec::new(), Vec::new()), done)?;
        Ok((event, work.instance))
    }

    fn run_timeout(&mut self, work: &mut Work, state: u8) -> Result<Done, Stop> {
        let Stage::Live { entered, .. } = work.instance.stage else {
            return Err(Fault::Missing { what: "a live contract" }.into());
        };
        let (terms, variables, pots) =
            (work.instance.terms.clone(), work.instance.variables.clone(), work.instance.pots.clone());
        let program = work.program;
        let situation = Situation {
            program,
            parameters: &terms.parameters,
            variables: &variables,
            pots: &pots,
            now: self.block.time,
            entered,
        };
        let mut fault = None;
        let mut pull = |party, asset, amount| {
            self.try_pull(work, (party, asset), amount).unwrap_or_else(|stop| {
                if let Stop::Fault(found) = stop {
                    fault = Some(found);
                }
                false
            })
        };
        let ran = machine::timeout(&situation, state, &mut pull);
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        let done = ran.map_err(|_| seaway_types::reason::Reason::KernelRefused)?;
        self.carry_out(work, &done)?;
        self.go_on(work, &done)?;
        Ok(done)
    }
}
