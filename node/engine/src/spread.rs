//! How instructions get to all validators: each is passed on once by the node that admitted it first; whoever still holds one
//! after a propose timeout announces it, so that no single node can bury a payment.

use crate::action::{Action, Peer, To};
use crate::message::{Message, PASSED_ON_MAX};
use crate::replica::{Halt, Replica};
use crate::store::Store;
use crate::sync::LOOK_UP_COST;
use seaway_consensus::Signer;
use seaway_types::bounded::Bounded;
use seaway_types::identifier::WireId;
use seaway_types::instruction::{AuthenticInstruction, RawInstruction};
use seaway_types::limits::BLOCK_INSTRUCTIONS_MAX;
use seaway_types::time::BlockTime;
use std::collections::BTreeSet;

/// Bytes of instructions in one message: small enough that many come in turns.
const PASSED_ON_BYTES_MAX: usize = 1 << 20;

/// Instructions in messages of bounded size.
pub fn in_messages(raw: Vec<RawInstruction>) -> impl Iterator<Item = Message> {
    let mut parts: Vec<Vec<RawInstruction>> = Vec::new();
    let mut bytes = 0usize;
    for one in raw {
        bytes = bytes.saturating_add(one.0.len());
        match parts.last_mut() {
            Some(part) if part.len() < PASSED_ON_MAX && bytes <= PASSED_ON_BYTES_MAX => part.push(one),
            _ => {
                bytes = one.0.len();
                parts.push(vec![one]);
            }
        }
    }
    parts.into_iter().map(|part| Message::Instructions(Bounded::new(part).unwrap_or_default()))
}

impl<S: Store, K: Signer> Replica<S, K> {
    /// A client submits an instruction.
    pub(crate) fn submit(&mut self, ticket: u64, instruction: AuthenticInstruction) -> Result<(), Halt> {
        let raw = instruction.raw().clone();
        let answer = match self.admit(instruction)? {
            Ok(new) => {
                if new {
                    self.pass_on(To::Validators, vec![raw]);
                }
                Ok(())
            }
            Err(refused) => Err(refused),
        };
        self.done.after.push(Action::Admission { ticket, answer });
        Ok(())
    }

    /// A peer passes instructions on.
    pub(crate) fn receive(&mut self, _from: Peer, instructions: Vec<AuthenticInstruction>) -> Result<(), Halt> {
        for instruction in instructions {
            // A block may hold what this pool has no room for, or took for expired by its own clock.
            if self.candidates.waits_for(&instruction.wire_id()) {
                self.candidates.put_beside(instruction.clone());
            }
            if self.left_out.holds(&instruction.wire_id(), self.now.elapsed_ms) {
                continue;
            }
            // What is refused here is not needed here: the sender keeps it.
            let _refused = self.admit(instruction)?;
        }
        for block in self.candidates.proposed_at(self.next_height()) {
            self.try_check(block, None)?;
        }
        Ok(())
    }

    fn admit(&mut self, instruction: AuthenticInstruction) -> Result<Result<bool, seaway_mempool::Refused>, Halt> {
        // A quiet network's last block may be old: what is valid now is asked of the later of both times.
        let now = BlockTime::from_ms(self.now.clock_ms).unwrap_or(self.tip.time).max(self.tip.time);
        let view = crate::store::View::new(&self.state, &self.store, &self.parameters);
        Ok(self.pool.admit(&view, now, self.now.elapsed_ms, instruction)?)
    }

    /// Sends instructions in messages of bounded size.
    fn pass_on(&mut self, to: To, raw: Vec<RawInstruction>) {
        for message in in_messages(raw) {
            self.send(to, message);
        }
    }

    /// Announces what has waited for longer than a proposer needs.
    pub(crate) fn announce_overdue(&mut self) {
        let now = self.now.elapsed_ms;
        let ids = self.pool.overdue(now.saturating_sub(self.announce_after_ms()), now, BLOCK_INSTRUCTIONS_MAX);
        if !ids.is_empty() {
            self.send(To::Validators, Message::Announce(Bounded::new(ids).unwrap_or_default()));
        }
    }

    /// How long an instruction waits before it is announced: a few rounds, so that under load only what is really stuck is.
    fn announce_after_ms(&self) -> u64 {
        self.timing.propose_ms.saturating_mul(3)
    }

    /// Tells a validator that has just connected what waits here.
    pub(crate) fn announce_pool(&mut self, peer: Peer) {
        let ids: Vec<WireId> = self.pool.ids().take(BLOCK_INSTRUCTIONS_MAX).copied().collect();
        if !ids.is_empty() {
            self.send(To::One(peer), Message::Announce(Bounded::new(ids).unwrap_or_default()));
        }
    }

    /// Asks for what a peer announces and this node lacks.
    pub(crate) fn hear_announcement(&mut self, from: Peer, ids: &[WireId]) {
        let now = self.now.elapsed_ms;
        if !self.may_ask(&from, ids.len().saturating_mul(LOOK_UP_COST)) {
            return;
        }
        let lacks = |id: &&WireId| self.pool.get(id).is_none() && !self.left_out.holds(id, now);
        let lacking: Vec<WireId> = ids.iter().filter(lacks).copied().collect();
        if !lacking.is_empty() {
            self.send(To::One(from), Message::WantInstructions(Bounded::new(lacking).unwrap_or_default()));
        }
    }

    /// Sends the instructions that a peer asks for, of the pool and of proposed blocks; each once, however often it is named.
    pub(crate) fn answer_instructions(&mut self, from: Peer, ids: &[WireId]) {
        if !self.may_ask(&from, ids.len().saturating_mul(LOOK_UP_COST)) {
            return;
        }
        let find = |id: &WireId| {
            let found =
                self.pool.get(id).or_else(|| self.candidates.beside(id)).or_else(|| self.candidates.within(id));
            found.map(|one| one.raw().clone())
        };
        let ids: BTreeSet<&WireId> = ids.iter().collect();
        let raw: Vec<RawInstruction> = ids.into_iter().filter_map(find).collect();
        let bytes = raw.iter().map(|one| one.0.len()).sum();
        self.may_ask(&from, bytes);
        self.pass_on(To::One(from), raw);
    }
}
