//! Consensus at the next height: hearing, checking and building blocks, and carrying out what the core asks for.

use crate::action::{Action, LogEntry, Now, Peer, To};
use crate::candidate::{ASK_AGAIN_MS, Candidate, Expected, ROUNDS_AHEAD_MAX, Stage};
use crate::message::Message;
use crate::replica::{Halt, Replica};
use crate::store::Store;
use crate::sync::LOOK_UP_COST;
use seaway_consensus::{ConsensusMessage, Input, Output, Record, Signer};
use seaway_ledger::execution::{BlockContext, BlockFault, ExecutedBlock, build_block, execute_block};
use seaway_mempool::Room;
use seaway_types::block::{Block, BlockBody, BlockDraft, BlockHeader, BlockId, Round, validators_hash};
use seaway_types::bounded::Bounded;
use seaway_types::identifier::WireId;
use seaway_types::instruction::{AuthenticInstruction, RawInstruction};
use seaway_types::limits::{BLOCK_BYTES_MAX, BLOCK_INSTRUCTIONS_MAX};
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::VoidReason;
use seaway_types::signature::KnownKeys;
use seaway_types::time::{BlockTime, Height};

impl<S: Store, K: Signer> Replica<S, K> {
    /// A message of consensus came.
    pub(crate) fn hear_consensus(&mut self, from: Peer, message: ConsensusMessage) -> Result<(), Halt> {
        if self.is_reminded(&message)? {
            return Ok(());
        }
        if message.height() <= self.tip.height {
            // Whoever still votes for a decided height lacks its block.
            return if matches!(message, ConsensusMessage::Vote(_)) {
                self.help(from, message.height())
            } else {
                Ok(())
            };
        }
        if self.agreement.is_none() || !self.knock(&message)? {
            return Ok(());
        }
        if let ConsensusMessage::Proposal(signed) = &message {
            let proposal = signed.proposal;
            let expected = Expected {
                height: proposal.height,
                round: proposal.round,
                proposer: signed.validator,
                valid_round: proposal.valid_round,
                at: self.now,
            };
            let present = self.round().unwrap_or_default();
            if proposal.round.0 <= present.0.saturating_add(ROUNDS_AHEAD_MAX) {
                self.candidates.expect(proposal.block, expected);
            }
            self.consult(Input::Message(message))?;
            return self.try_check(proposal.block, Some(from));
        }
        self.consult(Input::Message(message))
    }

    /// Asks the core, and queues what it wants done.
    pub(crate) fn consult(&mut self, input: Input) -> Result<(), Halt> {
        let (Some(agreement), Some(signer)) = (&mut self.agreement, &mut self.signer) else {
            return Ok(());
        };
        self.outputs.extend(agreement.handle(input, signer)?);
        Ok(())
    }

    /// Carries out one output of the core.
    pub(crate) fn carry_out(&mut self, output: Output) -> Result<(), Halt> {
        match output {
            Output::Record(record) => {
                self.done.signed |= self.is_own(&record);
                self.done.log.push(LogEntry::Consensus(self.next_height(), record));
            }
            Output::Publish(message) => self.say(message),
            Output::Schedule(timer) => {
                let at = self.now.elapsed_ms.saturating_add(self.patience_ms(timer)?);
                self.timers.retain(|(_, set)| *set != timer);
                self.timers.insert((at, timer));
            }
            Output::Cancel(timer) => self.timers.retain(|(_, set)| *set != timer),
            Output::CancelAll => self.timers.clear(),
            // Blocks that came before the height started can be checked from now on.
            Output::RoundStarted { .. } => {
                for block in self.candidates.proposed_at(self.next_height()) {
                    self.try_check(block, None)?;
                }
            }
            Output::Build(round) => self.build(round)?,
            Output::Restream(block) => self.send_draft(To::Validators, block),
            Output::Decided(certificate) => self.decide(certificate)?,
            Output::Misbehaved(found) => self.done.after.push(Action::Misbehaved(found)),
        }
        Ok(())
    }

    /// Whether this validator signed what is recorded.
    fn is_own(&self, record: &Record) -> bool {
        let key = self.signer.as_ref().map(Signer::key);
        match record {
            Record::Vote(vote) => Some(vote.validator) == key,
            Record::Proposal(proposal) => Some(proposal.validator) == key,
            Record::Polka(_) | Record::Timeout(_) | Record::Checked { .. } => false,
        }
    }

    /// Builds a block of what waits, executes it, and proposes it.
    fn build(&mut self, round: Round) -> Result<(), Halt> {
        let height = self.next_height();
        let earliest = self.tip.time.after_ms(u64::from(!seeded(Mutant::TimeNotRising)));
        let time = BlockTime::from_ms(self.now.clock_ms).unwrap_or(earliest).max(earliest);
        let over = self.pool.expire(time);
        self.tell_left_out(over.into_iter().map(|one| {
            let valid_until = one.envelope().valid_until;
            (one, VoidReason::Expired { valid_until, now: time })
        }));
        let waiting = self.pool.select(Room::default());
        let built = build_block(&self.view(), self.state.commitment(), BlockContext { height, time }, waiting);
        let built = built.map_err(|fault| Halt(format!("building block {height}: {fault}")))?;
        let lasting: Vec<_> =
            built.left_out.into_iter().filter(|(_, reason)| !matches!(reason, VoidReason::BlockFull)).collect();
        for (instruction, _) in &lasting {
            self.pool.remove(&instruction.wire_id());
            self.left_out.note(instruction.wire_id(), self.now.elapsed_ms);
        }
        self.tell_left_out(lasting.into_iter());
        let ids: Vec<WireId> = built.included.iter().map(|one| one.wire_id()).collect();
        let body = BlockBody {
            parent_certificate: self.tip.certificate.clone(),
            instructions: Bounded::new(ids).map_err(|error| Halt(error.to_string()))?,
        };
        let header = self.header_of(&built.executed, &body)?;
        let id = header.id();
        let draft = BlockDraft { header, body };
        self.done.log.push(LogEntry::Block(block_of(&draft, &built.included)));
        let stage = Stage::Right(Box::new(built.executed), built.included);
        self.candidates.insert(id, Candidate { draft, stage });
        self.send_draft(To::Validators, id);
        self.consult(Input::Built { round, block: id })
    }

    fn tell_left_out(&mut self, left_out: impl Iterator<Item = (AuthenticInstruction, VoidReason)>) {
        self.done.after.extend(left_out.map(|(instruction, reason)| Action::LeftOut { instruction, reason }));
    }

    /// The header that a block executed over the tip must have.
    fn header_of(&self, executed: &ExecutedBlock, body: &BlockBody) -> Result<BlockHeader, Halt> {
        let BlockContext { height, time } = executed.context();
        let following = Height(height.0.saturating_add(1));
        Ok(BlockHeader {
            network: self.parameters.network,
            height,
            parent: self.tip.id,
            time,
            version: seaway_ledger::VERSION,
            body_root: body.root(),
            state_root: executed.state_root(),
            receipts_root: executed.receipts_root(),
            validators: validators_hash(&self.validators_at(height)?),
            next_validators: validators_hash(&self.validators_at(following)?),
        })
    }

    /// A proposed block came.
    pub(crate) fn take_draft(&mut self, from: Peer, draft: BlockDraft) -> Result<(), Halt> {
        let next = self.next_height();
        let height = draft.header.height;
        let timely = height == next || height.0 == next.0.saturating_add(1);
        if self.agreement.is_none() || !timely || draft.body.root() != draft.header.body_root {
            return Ok(());
        }
        let id = draft.header.id();
        self.candidates.keep(id, draft, from);
        self.try_check(id, Some(from))
    }

    /// Executes a block once it is proposed and all its parts are here, and tells consensus.
    pub(crate) fn try_check(&mut self, id: BlockId, from: Option<Peer>) -> Result<(), Halt> {
        let proposals = self.candidates.expected_of(&id, self.next_height());
        if !self.started || proposals.is_empty() {
            self.candidates.found(&id);
            return Ok(());
        }
        let Some(candidate) = self.candidates.get(&id) else {
            self.ask_for_parts(id, from);
            return Ok(());
        };
        if matches!(candidate.stage, Stage::Drafted | Stage::IllTimed) {
            if !self.passes_clock_rule(id, &proposals) {
                self.candidates.found(&id);
                return Ok(());
            }
            let Some(instructions) = self.collect(&id) else {
                self.ask_for_parts(id, from);
                return Ok(());
            };
            self.candidates.found(&id);
            self.check(id, instructions)?;
        }
        let valid = match self.candidates.get(&id).map(|candidate| &candidate.stage) {
            Some(Stage::Right(..)) => true,
            Some(Stage::Wrong) => false,
            _ => return Ok(()),
        };
        for Expected { round, proposer, .. } in proposals {
            self.consult(Input::Checked { round, proposer, block: id, valid })?;
        }
        Ok(())
    }

    /// The clock rule: asked once, when a block is first proposed to us live and without a proof of an earlier round. A
    /// block that fails it is not fed to consensus, so that the round times out; a later proof brings it back.
    fn passes_clock_rule(&mut self, id: BlockId, proposals: &[Expected]) -> bool {
        let bound = self.timing.clock_bound_ms;
        let Some(candidate) = self.candidates.get_mut(&id) else { return false };
        let time = candidate.draft.header.time.ms();
        let timely = |at: &Now| time.abs_diff(at.clock_ms) <= bound || seeded(Mutant::ClockRuleOff);
        let passes = proposals.iter().any(|one| one.valid_round.is_some() || timely(&one.at));
        candidate.stage = if passes { Stage::Drafted } else { Stage::IllTimed };
        if !passes {
            let (time, clock_ms) = (candidate.draft.header.time, self.now.clock_ms);
            self.done.after.push(Action::IllTimed { block: id, time, clock_ms });
        }
        passes
    }

    /// The instructions of a block, if all are here.
    fn collect(&self, id: &BlockId) -> Option<Vec<AuthenticInstruction>> {
        let candidate = self.candidates.get(id)?;
        let find = |id: &WireId| self.pool.get(id).or_else(|| self.candidates.beside(id)).cloned();
        candidate.draft.body.instructions.iter().map(find).collect()
    }

    /// Executes a block and compares what it says of itself.
    fn check(&mut self, id: BlockId, instructions: Vec<AuthenticInstruction>) -> Result<(), Halt> {
        let Some(candidate) = self.candidates.get(&id) else { return Ok(()) };
        let draft = candidate.draft.clone();
        let stage = match self.executed(&draft, &instructions)? {
            Some(executed) => {
                self.done.log.push(LogEntry::Block(block_of(&draft, &instructions)));
                Stage::Right(Box::new(executed), instructions)
            }
            None => Stage::Wrong,
        };
        self.candidates.insert(id, Candidate { draft, stage });
        Ok(())
    }

    /// The block executed over the tip; `None` when it is wrong, which is a pure function of parent state and bytes.
    pub(crate) fn executed(
        &mut self,
        draft: &BlockDraft,
        instructions: &[AuthenticInstruction],
    ) -> Result<Option<ExecutedBlock>, Halt> {
        let header = &draft.header;
        if !self.parent_fits(draft)? || bytes_of(instructions) > BLOCK_BYTES_MAX {
            return Ok(None);
        }
        let context = BlockContext { height: header.height, time: header.time };
        let executed = match execute_block(&self.view(), self.state.commitment(), context, instructions) {
            Ok(executed) => executed,
            Err(fault @ (BlockFault::Fault(_) | BlockFault::Version { .. })) => return Err(Halt(fault.to_string())),
            Err(_) => return Ok(None),
        };
        let mut expected = self.header_of(&executed, &draft.body)?;
        if seeded(Mutant::RootUnchecked) {
            expected.state_root = header.state_root;
        }
        if seeded(Mutant::ParentUnchecked) {
            expected.parent = header.parent;
        }
        let same = expected == *header;
        Ok(same.then_some(executed))
    }

    /// Whether a block's certificate of its parent is one, and the parent is the tip.
    fn parent_fits(&mut self, draft: &BlockDraft) -> Result<bool, Halt> {
        let (header, tip) = (&draft.header, &self.tip);
        if header.parent != tip.id {
            return Ok(seeded(Mutant::ParentUnchecked));
        }
        let Some(certificate) = &draft.body.parent_certificate else {
            return Ok(tip.height == Height(0));
        };
        if tip.certificate.as_ref() == Some(certificate) {
            return Ok(true);
        }
        let validators = self.validators_at(tip.height)?;
        let checks = certificate.checks(self.parameters.network, tip.height, tip.id, &validators);
        // Most of its votes came here too, when the parent was decided.
        Ok(checks.is_ok_and(|checks| self.verified().failed_in(&checks).is_empty()))
    }

    /// Asks for the draft or the instructions that a block lacks: first of whom it came from, then of each validator.
    fn ask_for_parts(&mut self, id: BlockId, from: Option<Peer>) {
        let now_ms = self.now.elapsed_ms;
        let peers: Vec<Peer> = self.peers.iter().filter(|(_, peer)| peer.validator).map(|(peer, _)| *peer).collect();
        let missing = self.candidates.missing(id, from, now_ms);
        if missing.ask_at_ms > now_ms {
            return;
        }
        let turn = missing.asked.checked_rem(peers.len().max(1)).unwrap_or(0);
        let whom = match missing.first {
            Some(first) if missing.asked == 0 => Some(first),
            _ => peers.get(turn).copied(),
        };
        missing.asked = missing.asked.saturating_add(1);
        missing.ask_at_ms = now_ms.saturating_add(ASK_AGAIN_MS);
        let Some(whom) = whom else { return };
        let message = match self.candidates.get(&id) {
            None => Message::WantDraft(id),
            Some(candidate) => {
                let known = |id: &&WireId| self.pool.get(id).is_none() && self.candidates.beside(id).is_none();
                let ids: Vec<WireId> = candidate.draft.body.instructions.iter().filter(known).copied().collect();
                Message::WantInstructions(Bounded::new(ids).unwrap_or_default())
            }
        };
        self.send(To::One(whom), message);
    }

    /// Asks again for what did not come.
    pub(crate) fn ask_again(&mut self) -> Result<(), Halt> {
        for id in self.candidates.due(self.now.elapsed_ms) {
            self.try_check(id, None)?;
        }
        Ok(())
    }

    pub(crate) fn answer_draft(&mut self, from: Peer, block: BlockId) {
        let named = self.candidates.get(&block).map_or(0, |candidate| candidate.draft.body.instructions.len());
        if self.may_ask(&from, LOOK_UP_COST.saturating_add(named.saturating_mul(size_of::<WireId>()))) {
            self.send_draft(To::One(from), block);
        }
    }

    fn send_draft(&mut self, to: To, block: BlockId) {
        if let Some(candidate) = self.candidates.get(&block) {
            let message = Message::Draft(candidate.draft.clone());
            self.send(to, message);
        }
    }

    /// Takes part again in a height: the blocks that were executed then are executed again, then consensus goes through
    /// what it noted down.
    pub(crate) fn resume_height(&mut self, entries: Vec<LogEntry>) -> Result<(), Halt> {
        let height = self.next_height();
        let mut records: Vec<Record> = Vec::new();
        for entry in entries {
            match entry {
                LogEntry::Consensus(_, record) => records.push(record),
                LogEntry::Block(block) => self.take_back(&block)?,
            }
        }
        let validators = self.validators_at(height)?;
        let (Some(agreement), Some(signer)) = (&mut self.agreement, &mut self.signer) else {
            return Ok(());
        };
        self.outputs.extend(agreement.resume(height, &validators, &records, signer)?);
        self.started = true;
        Ok(())
    }

    fn take_back(&mut self, block: &Block) -> Result<(), Halt> {
        let draft = BlockDraft { header: block.header, body: block.body() };
        let instructions =
            crate::message::authentic(block.instructions.to_vec(), |_| None, &mut KnownKeys::default())
                .map_err(|error| Halt(format!("the log holds a block with a bad instruction: {error}")))?;
        let id = draft.header.id();
        if let Some(executed) = self.executed(&draft, &instructions)? {
            let stage = Stage::Right(Box::new(executed), instructions);
            self.candidates.insert(id, Candidate { draft, stage });
        }
        Ok(())
    }
}

/// A block with the bytes of its instructions.
pub(crate) fn block_of(draft: &BlockDraft, instructions: &[AuthenticInstruction]) -> Block {
    let raw: Vec<RawInstruction> = instructions.iter().map(|one| one.raw().clone()).collect();
    Block {
        header: draft.header,
        parent_certificate: draft.body.parent_certificate.clone(),
        // Execution has refused blocks with more.
        instructions: Bounded::<_, BLOCK_INSTRUCTIONS_MAX>::new(raw).unwrap_or_default(),
    }
}

fn bytes_of(instructions: &[AuthenticInstruction]) -> usize {
    instructions.iter().map(|one| one.raw().0.len()).sum()
}
