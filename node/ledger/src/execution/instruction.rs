//! One instruction: the ladder of guards before its key is taken, then its legs.

use super::authority::Chosen;
use super::context::Execution;
use super::stop::{Fault, Halt, Stop};
use crate::state::StateView;
use seaway_types::hash::Hash32;
use seaway_types::instruction::payment::CreditTransfer;
use seaway_types::instruction::{AuthenticInstruction, Body, Leg};
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::receipt::{CreditOutcome, InstructionReceipt, PlacedReason, Receipt, Status};
use seaway_types::state::{IndexEntry, IndexKey, IndexValue, InstructionLeaf};

/// What became of one leg.
pub(super) struct LegOutcome {
    pub status: Status,
    pub credits: Vec<CreditOutcome>,
}

impl LegOutcome {
    /// Done, without credits.
    pub fn done() -> Self {
        Self { status: Status::Accc, credits: Vec::new() }
    }
}

/// An instruction as its legs see it.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub instruction: &'a AuthenticInstruction,
    /// Whether a failing part stops the whole.
    pub all_or_none: bool,
}

impl<V: StateView> Execution<'_, V> {
    /// Executes an instruction and makes its receipt. When it is void or halts, the caller goes back to where it was.
    pub fn execute(&mut self, instruction: &AuthenticInstruction, position: u32) -> Result<(), Stop> {
        self.ensure_for_this_network(instruction)?;
        self.ensure_new(instruction)?;
        self.ensure_timely(instruction)?;
        let chosen = match self.authorise(instruction) {
            Err(Stop::Void(VoidReason::PolicyUnmet { .. })) if seeded(Mutant::StrippedSignatureBurnsKey) => {
                self.take_key(instruction, position);
                let reason = PlacedReason { leg: 0, credit: None, reason: Reason::KernelRefused };
                self.record(instruction, Status::Rjct, Some(reason), Vec::new());
                return Ok(());
            }
            chosen => chosen?,
        };
        self.first_places = None;
        self.uetr = None;
        self.take_key(instruction, position);
        let all_or_none = matches!(instruction.envelope().body, Body::Bundle(_));
        let placed = Placed { instruction, all_or_none };
        let mark = self.mark();
        let (status, reason, credits) = match self.run(placed, &chosen) {
            Ok((status, credits)) => (status, None, credits),
            Err(Halt::Rejected(placed_reason)) => {
                if !seeded(Mutant::RejectedMovesMoney) {
                    self.back_to(mark);
                }
                if !seeded(Mutant::RejectedUetrStaysFree) {
                    self.take_remaining_uetrs(placed)?;
                }
                (Status::Rjct, Some(placed_reason), Vec::new())
            }
            Err(Halt::Void(reason)) => return Err(reason.into()),
            Err(Halt::Fault(fault)) => return Err(fault.into()),
        };
        if matches!(instruction.envelope().body, Body::Admin(_)) {
            self.forget_answers()?;
        }
        self.record(instruction, status, reason, credits);
        Ok(())
    }

    fn ensure_for_this_network(&self, instruction: &AuthenticInstruction) -> Result<(), Stop> {
        let (given, expected) = (instruction.envelope().network, self.parameters.network);
        if given == expected { Ok(()) } else { Err(VoidReason::WrongNetwork { given, expected }.into()) }
    }

    /// Idempotency for ever: a key is taken once for a submitter, whatever the content.
    fn ensure_new(&self, instruction: &AuthenticInstruction) -> Result<(), Stop> {
        let envelope = instruction.envelope();
        let Some(entry) = self.state.indexed(&IndexKey::Instruction(envelope.submitter, envelope.key))? else {
            return Ok(());
        };
        let height = entry.height;
        Err(match entry.value {
            IndexValue::Instruction { .. } if seeded(Mutant::IdempotencyOff) => return Ok(()),
            IndexValue::Instruction { digest, .. } if digest == instruction.digest() => {
                VoidReason::AlreadyExecuted { height }
            }
            _ => VoidReason::KeyTaken { height },
        }
        .into())
    }

    fn ensure_timely(&self, instruction: &AuthenticInstruction) -> Result<(), Stop> {
        let envelope = instruction.envelope();
        let now = self.block.time;
        if now > envelope.valid_until && !self.only_asked {
            return Err(VoidReason::Expired { valid_until: envelope.valid_until, now }.into());
        }
        let timing = &self.parameters.timing;
        let ahead_ms =
            if envelope.body.may_wait() { timing.admin_validity_max_ms } else { timing.payment_validity_max_ms };
        let latest = now.after_ms(ahead_ms);
        if envelope.valid_until > latest {
            return Err(VoidReason::TooFarAhead { valid_until: envelope.valid_until, latest }.into());
        }
        Ok(())
    }

    fn take_key(&mut self, instruction: &AuthenticInstruction, position: u32) {
        let envelope = instruction.envelope();
        let (submitter, key) = (envelope.submitter, envelope.key);
        let value = IndexValue::Instruction { digest: instruction.digest(), position };
        self.state
            .add_to_index(IndexKey::Instruction(submitter, key), IndexEntry { height: self.block.height, value });
        let leaf = InstructionLeaf { digest: instruction.digest(), body_hash: instruction.body_hash() };
        self.state.add_leaf(envelope.valid_until.minute(), (submitter, key), leaf);
    }

    fn run(&mut self, placed: Placed, chosen: &Chosen) -> Result<(Status, Vec<CreditOutcome>), Halt> {
        let body = &placed.instruction.envelope().body;
        if let Body::Admin(admin) = body {
            self.administer(admin, chosen.first().copied().unwrap_or(0)).map_err(|stop| stop.at(0, None))?;
            return Ok((Status::Accc, Vec::new()));
        }
        let mut status = None;
        let mut credits = Vec::new();
        for (position, leg) in body.legs().iter().enumerate() {
            let came = chosen.get(position).copied().unwrap_or(0);
            let outcome = self.run_leg(leg, position, came, placed)?;
            status = Some(together(status, outcome.status));
            // Nearly always there is one leg, whose list need not be copied.
            if credits.is_empty() {
                credits = outcome.credits;
            } else {
                credits.extend(outcome.credits);
            }
        }
        Ok((status.unwrap_or(Status::Accc), credits))
    }

    fn run_leg(&mut self, leg: &Leg, position: usize, came: usize, placed: Placed) -> Result<LegOutcome, Halt> {
        self.uetr = None;
        if let Leg::CreditTransfer(transfer) = leg {
            return self.credit_transfer(transfer, position, placed);
        }
        let done = match leg {
            Leg::CreditTransfer(_) => Ok(()),
            Leg::Reserve(reserve) => self.reserve(reserve, position, placed),
            Leg::Post(post) => self.post_hold(post),
            Leg::Release(release) => self.release_hold(release),
            Leg::Issue(issue) => self.issue(issue),
            Leg::RedeemRequest(request) => self.request_redemption(request, position, placed),
            Leg::RedeemConfirm(confirm) => self.confirm_redemption(confirm),
            Leg::Return(payback) => self.return_payment(payback),
            Leg::RecallRequest(request) => self.request_recall(request),
            Leg::RecallAnswer(answer) => self.answer_recall(answer),
            Leg::Accept(accept) => self.accept(accept),
            Leg::Refuse(refuse) => self.refuse(refuse),
            Leg::Confirm(confirm) => self.confirm(confirm),
            Leg::RegisterCode(register) => self.register_code(register),
            Leg::OpenContract(open) => self.open_contract(open, position, placed),
            Leg::CallContract(call) => self.call_contract(call, came, placed),
            Leg::ApproveCall(approve) => self.approve_call(approve),
            Leg::WithdrawOffer(withdraw) => self.withdraw_offer(withdraw),
            Leg::SetAllowance(set) => self.set_allowance(set),
            Leg::ReleaseSuspense(release) => self.release_suspense(release),
        };
        done.map(|()| LegOutcome::done()).map_err(|stop| stop.at(position, None))
    }

    /// A rejected instruction takes its UETRs too: whoever tries again does so under new ones.
    fn take_remaining_uetrs(&mut self, placed: Placed) -> Result<(), Fault> {
        for leg in placed.instruction.envelope().body.legs() {
            let Leg::CreditTransfer(CreditTransfer { debtor, credits, asset, .. }) = leg else {
                continue;
            };
            let account =
                self.must::<seaway_types::state::Account>(debtor, "the debtor of an authorised transfer")?;
            for credit in credits {
                self.take_uetr(&account, *debtor, *asset, credit, Status::Rjct)?;
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        instruction: &AuthenticInstruction,
        status: Status,
        reason: Option<PlacedReason>,
        credits: Vec<CreditOutcome>,
    ) {
        let envelope = instruction.envelope();
        let position = self.receipt_position();
        // Events stand in the order of receipts, so those of this one are the last.
        let events = self.events.iter().rev().take_while(|(receipt, _)| *receipt == position).count();
        let receipt = InstructionReceipt {
            submitter: envelope.submitter,
            key: envelope.key,
            digest: instruction.digest(),
            status,
            reason,
            credits: u32::try_from(credits.len()).unwrap_or(u32::MAX),
            events: u16::try_from(events).unwrap_or(u16::MAX),
            // The roots of all receipts are worked out together when the block ends.
            outcomes_root: Hash32::ZERO,
        };
        if !credits.is_empty() {
            self.outcomes.push((position, credits));
        }
        self.receipts.push(Receipt::Instruction(receipt));
    }
}

/// The status of several parts together: equal ones stay, a waiting one makes the whole wait, and a rejected one among
/// others makes it PART.
pub(super) fn together(so_far: Option<Status>, next: Status) -> Status {
    match (so_far, next) {
        (None, next) => next,
        (Some(status), next) if status == next => status,
        (Some(Status::Part), _) | (_, Status::Part) => Status::Part,
        (Some(Status::Rjct), _) | (_, Status::Rjct) => Status::Part,
        (Some(Status::Pdng), _) | (_, Status::Pdng) => Status::Pdng,
        _ => Status::Acsc,
    }
}
