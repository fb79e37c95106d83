//! Calls: a clause is run for whoever may act; an offer is taken, or taken back; a panel's members approve.

use super::carry::{Mode, Work, event_of, fitting};
use crate::execution::authority::Party;
use crate::execution::context::Execution;
use crate::execution::instruction::Placed;
use crate::execution::stop::{Stop, ensure};
use crate::state::{StateView, Timer};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::contract::{Actor, Cause, Clause, ContractEvent, InstanceId, SignedOffer, arguments_hash};
use seaway_types::hash::{Domain, Hash32};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::Submitter;
use seaway_types::instruction::contract::{ApproveCall, CallContract, Target, WithdrawOffer};
use seaway_types::limits::INSTANCE_BYTES_MAX;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::{Reason, TermsPart, TermsProblem, VoidReason};
use seaway_types::state::{Approval, Instance, Stage};
use seaway_types::time::BlockTime;
use seaway_vm::machine::{self, Refusal, Situation, Why};

/// How many overdue deadlines one call lets pass before it is refused; the blocks' own acts go on with the rest. More would
/// make a call cost more than it counts.
const OVERDUE_MAX: usize = 2;

impl<V: StateView> Execution<'_, V> {
    /// Runs a clause. `came` is the position of the actor that signed.
    pub fn call_contract(&mut self, call: &CallContract, came: usize, placed: Placed) -> Result<(), Stop> {
        let id = call.target.id();
        let instance = self.called_instance(id, call)?;
        self.uetr = Some(instance.uetr);
        let instance = self.let_deadlines_pass(id, instance)?;
        let Stage::Live { state, entered, .. } = instance.stage else {
            return Err(Reason::ContractClosed { instance: id }.into());
        };
        ensure(state == call.state, || Reason::StateOther { given: call.state, present: state })?;
        let code = self.code(instance.terms.code)?;
        let unknown = VoidReason::ClauseUnknown { state: call.state, clause: call.clause };
        let clauses = code.code().states.get(usize::from(state)).map(|state| &state.clauses);
        let clause = clauses.and_then(|clauses| clauses.get(usize::from(call.clause))).ok_or(unknown)?;
        let actor = *clause.actors.get(came).ok_or(unknown)?;
        let mut work = Work::new(id, &code, instance, Mode::Call);
        let authorisers = self.actors(&mut work, actor, call, placed)?;
        check_arguments(clause, call)?;
        let evidence = self.check_attestations(&work, clause, call)?;
        let (terms, variables, pots) =
            (work.instance.terms.clone(), work.instance.variables.clone(), work.instance.pots.clone());
        let (program, now, parameters) = (&*code, self.block.time, &*terms.parameters);
        let situation = Situation { program, parameters, variables: &variables, pots: &pots, now, entered };
        let mut refused = None;
        let mut pull = |party, asset, amount| {
            self.try_pull(&mut work, (party, asset), amount).unwrap_or_else(|stop| {
                refused = Some(stop);
                false
            })
        };
        let ran = machine::call(&situation, state, call.clause, &call.arguments, &mut pull);
        let done = match (ran, refused) {
            (_, Some(stop @ Stop::Fault(_))) => return Err(stop),
            (Err(Refusal { why: Why::Pull, .. }), Some(stop)) => return Err(stop),
            (Err(refusal), _) => return Err(reason_of(refusal).into()),
            (Ok(done), _) => done,
        };
        self.carry_out(&mut work, &done)?;
        let cause = Cause::Called { clause: call.clause, caller: work.caller, arguments: call.arguments.clone() };
        // An approval is good for one call, also where the state goes on.
        let used = arguments_hash(&call.arguments);
        work.instance.approvals.retain(|approval| approval.clause != call.clause || approval.arguments != used);
        self.go_on(&mut work, &done)?;
        self.settle_work(&mut work)?;
        let event = event_of(&mut work, cause, state, (authorisers, evidence), Some(done))?;
        self.tell(event);
        Ok(())
    }

    /// Pulls, or leaves everything as it was and says why not.
    pub(super) fn try_pull(
        &mut self,
        work: &mut Work,
        pot: (u8, u8),
        amount: seaway_types::amount::Amount,
    ) -> Result<bool, Stop> {
        let mark = self.mark();
        match self.take_in(work, pot, amount, true) {
            Ok(()) => Ok(true),
            Err(stop) => {
                self.back_to(mark);
                Err(stop)
            }
        }
    }

    /// What is called: an open instance, or one that the offer opens now.
    fn called_instance(&mut self, id: InstanceId, call: &CallContract) -> Result<Instance, Stop> {
        let found: Option<Instance> = self.state.get(&id)?;
        match (found, &call.target) {
            (Some(Instance { stage: Stage::Closed { .. }, .. }), Target::Offer(signed))
                if seeded(Mutant::WithdrawnOfferTaken) =>
            {
                self.take_offer(id, signed, call)
            }
            (Some(instance), _) => Ok(instance),
            (None, Target::Offer(signed)) => self.take_offer(id, signed, call),
            (None, Target::Instance(_)) => Err(VoidReason::InstanceUnknown { instance: id }.into()),
        }
    }

    fn take_offer(&mut self, id: InstanceId, signed: &SignedOffer, call: &CallContract) -> Result<Instance, Stop> {
        let offer = &signed.offer;
        let not_after = offer.not_after;
        ensure(self.block.time <= not_after, || Reason::OfferExpired { not_after })?;
        let latest = self.block.time.after_ms(seaway_types::limits::CONTRACT_LIFETIME_MS_MAX);
        ensure(not_after <= latest, || Reason::LifetimeTooLong { end: not_after, latest })?;
        let rising = offer.takers.windows(2).all(|pair| matches!(pair, [before, after] if before < after));
        let code = self.code(offer.terms.code)?;
        ensure(rising && code.obligors() == [offer.maker], || Reason::TermsWrong {
            part: TermsPart::Maker,
            position: offer.maker,
            problem: TermsProblem::NotAlone,
        })?;
        ensure_taker(call)?;
        let authorisers = self.accounts_at(&offer.terms, &[offer.maker]);
        self.open_instance(id, &offer.terms, offer.uetr, Some(offer), authorisers)
    }

    /// A call first lets deadlines of its own instance pass that are over.
    fn let_deadlines_pass(&mut self, id: InstanceId, mut instance: Instance) -> Result<Instance, Stop> {
        let now = self.block.time;
        let overdue = |instance: &Instance| match instance.stage {
            Stage::Live { deadline, .. } => Some(deadline).filter(|deadline| *deadline <= now),
            Stage::Closed { .. } => None,
        };
        for _ in 0..OVERDUE_MAX {
            if overdue(&instance).is_some() {
                let (event, next) = self.pass_deadline(id, instance)?;
                self.tell(event);
                instance = next;
            }
        }
        match overdue(&instance) {
            Some(deadline) => Err(Reason::DeadlinePassed { deadline }.into()),
            None => Ok(instance),
        }
    }

    /// Who acts: it must not be frozen. Binds the role left open.
    fn actors(
        &mut self,
        work: &mut Work,
        actor: Actor,
        call: &CallContract,
        placed: Placed,
    ) -> Result<Vec<Submitter>, Stop> {
        let submitter = placed.instruction.envelope().submitter;
        if let Some(account) = call.caller {
            // Somebody who is a party already cannot stand on both sides.
            let stranger = !work.instance.terms.parties.contains(&account);
            ensure(stranger, || Reason::SelfPayment { account })?;
        }
        match actor {
            Actor::Party(party) => {
                let account = work.account(party)?;
                self.payer(&account)?;
                Ok(vec![Submitter::Account(account)])
            }
            Actor::Caller => {
                let account: AccountId = call.caller.ok_or(VoidReason::CallerMissing)?;
                // Whom an offer names is asked each time, not only of the first who took it.
                match &call.target {
                    Target::Offer(_) => ensure_taker(call)?,
                    Target::Instance(_) => {
                        ensure(!work.instance.named_takers, || Reason::TakerForeign { account: call.caller })?;
                    }
                }
                self.payer(&account)?;
                work.caller = Some(account);
                Ok(vec![Submitter::Account(account)])
            }
            Actor::Anyone => {
                if let Submitter::Account(account) = submitter {
                    self.payer(&account)?;
                }
                Ok(vec![submitter])
            }
            Actor::Panel(panel) => {
                let members = work.instance.terms.panels.get(usize::from(panel)).cloned().unwrap_or_default();
                let signers = || placed.instruction.signers();
                let mut found = Vec::new();
                for member in &members {
                    let Party { policy, .. } = self.party_of(member)?;
                    let approved = work.instance.approvals.iter().any(|approval| {
                        approval.member == *member
                            && approval.clause == call.clause
                            && approval.arguments == arguments_hash(&call.arguments)
                    });
                    if approved || policy.count(signers()) >= usize::from(policy.threshold()) {
                        found.push(*member);
                    }
                }
                // Approvals that counted when authority was asked may have lapsed, or been used by an earlier leg.
                let threshold =
                    work.program.code().panels.get(usize::from(panel)).map_or(u8::MAX, |panel| panel.threshold);
                let agreeing = u8::try_from(found.len()).unwrap_or(u8::MAX);
                if agreeing < threshold {
                    return Err(VoidReason::PanelUnmet { agreeing, threshold }.into());
                }
                Ok(found)
            }
        }
    }

    /// Each argument that must be attested is, by enough members of the panel and for now. Returns the hashes of what was signed.
    fn check_attestations(&self, work: &Work, clause: &Clause, call: &CallContract) -> Result<Vec<Hash32>, Stop> {
        let mut evidence = Vec::new();
        let mut given = call.attestations.iter();
        for (position, argument) in clause.arguments.iter().enumerate() {
            let Some(attested) = argument.attested else { continue };
            let missing = Reason::AttestationMissing { position: u8::try_from(position).unwrap_or(u8::MAX) };
            let attestation = given.next().ok_or(missing)?;
            let now = self.block.time;
            let in_window = attestation.not_before <= now && now <= attestation.not_after;
            let about = usize::from(attestation.argument) == position && attestation.topic == attested.topic;
            ensure(in_window && about, || missing)?;
            let members = work.instance.terms.panels.get(usize::from(attested.panel)).ok_or(missing)?;
            let threshold =
                work.program.code().panels.get(usize::from(attested.panel)).map_or(u8::MAX, |panel| panel.threshold);
            let keys = || attestation.signatures.iter().map(|entry| &entry.key);
            let mut agreeing = 0usize;
            let mut known = 0usize;
            for member in members {
                let policy = self.party_of(member)?.policy;
                known = known.saturating_add(policy.count(keys()));
                agreeing =
                    agreeing.saturating_add(usize::from(policy.count(keys()) >= usize::from(policy.threshold())));
            }
            ensure(agreeing >= usize::from(threshold) && known >= attestation.signatures.len(), || missing)?;
            evidence.push(Domain::Attestation.hash(&codec::encode(attestation)));
        }
        match given.next() {
            Some(surplus) => Err(Reason::AttestationMissing { position: surplus.argument }.into()),
            None => Ok(evidence),
        }
    }

    pub fn approve_call(&mut self, approve: &ApproveCall) -> Result<(), Stop> {
        let id = approve.instance;
        let mut instance: Instance = self.state.get(&id)?.ok_or(VoidReason::InstanceUnknown { instance: id })?;
        let Stage::Live { state, entry, deadline, .. } = instance.stage else {
            return Err(Reason::ContractClosed { instance: id }.into());
        };
        ensure(self.block.time < deadline, || Reason::DeadlinePassed { deadline })?;
        ensure(entry == approve.entry, || Reason::EntryOther { given: approve.entry, present: entry })?;
        let code = self.code(instance.terms.code)?;
        let clauses = code.code().states.get(usize::from(state)).map(|state| &state.clauses);
        let clause = clauses.and_then(|clauses| clauses.get(usize::from(approve.clause)));
        let clause = clause.ok_or(Reason::ApprovalUnknown)?;
        let on_panel = clause.actors.iter().any(|actor| match actor {
            Actor::Panel(panel) => instance
                .terms
                .panels
                .get(usize::from(*panel))
                .is_some_and(|members| members.contains(&approve.member)),
            _ => false,
        });
        let approval = Approval { clause: approve.clause, arguments: approve.arguments, member: approve.member };
        let mut approvals = instance.approvals.to_vec();
        let present = approvals.iter().position(|other| *other == approval);
        match (present, approve.withdraw) {
            (Some(position), true) => drop(approvals.remove(position)),
            // A member has one approval a clause: a newer one takes the place of the older.
            (None, false) if on_panel => {
                approvals.retain(|other| (other.clause, other.member) != (approval.clause, approval.member));
                approvals.push(approval);
            }
            _ => return Err(Reason::ApprovalUnknown.into()),
        }
        approvals.sort_unstable();
        let count = u8::try_from(approvals.len()).unwrap_or(u8::MAX);
        instance.approvals = Bounded::new(approvals).map_err(|_| Reason::ApprovalsFull { count })?;
        Ok(self.state.put(id, Some(instance))?)
    }

    pub fn withdraw_offer(&mut self, withdraw: &WithdrawOffer) -> Result<(), Stop> {
        let offer = &withdraw.offer;
        let id = offer.id();
        self.uetr = Some(offer.uetr);
        let found: Option<Instance> = self.state.get(&id)?;
        let Some(instance) = found else {
            let not_after = offer.not_after;
            ensure(self.block.time <= not_after, || Reason::OfferExpired { not_after })?;
            return self.bury_offer(id, withdraw);
        };
        let instance = self.let_deadlines_pass(id, instance)?;
        let Stage::Live { state: before, .. } = instance.stage else {
            return Err(Reason::ContractClosed { instance: id }.into());
        };
        let code = self.code(offer.terms.code)?;
        let mut work = Work::new(id, &code, instance, Mode::Call);
        self.close(&mut work)?;
        self.settle_work(&mut work)?;
        let authorisers = self.accounts_at(&offer.terms, &[offer.maker]);
        let event = event_of(&mut work, Cause::Withdrawn, before, (authorisers, Vec::new()), None)?;
        self.tell(event);
        Ok(())
    }

    /// An offer that nobody took: its closed record keeps anybody from taking it, until it would be over anyway.
    fn bury_offer(&mut self, id: InstanceId, withdraw: &WithdrawOffer) -> Result<(), Stop> {
        let offer = &withdraw.offer;
        let latest = self.block.time.after_ms(seaway_types::limits::CONTRACT_LIFETIME_MS_MAX);
        let not_after: BlockTime = offer.not_after;
        ensure(not_after <= latest, || Reason::LifetimeTooLong { end: not_after, latest })?;
        let (stage, timer): (Stage, Timer) = self.closed_stage(id, Some(not_after));
        let instance = Instance {
            terms: offer.terms.clone().into(),
            uetr: offer.uetr,
            not_after: Some(not_after),
            named_takers: !offer.takers.is_empty(),
            stage,
            variables: Bounded::default(),
            pots: Bounded::default(),
            approvals: Bounded::default(),
        };
        let bytes = codec::encode(&instance).len();
        ensure(bytes <= INSTANCE_BYTES_MAX, || Reason::TermsTooLarge {
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        })?;
        self.state.set_timer(timer);
        self.state.put(id, Some(instance))?;
        let authorisers = self.accounts_at(&offer.terms, &[offer.maker]);
        self.tell(ContractEvent {
            instance: id,
            uetr: offer.uetr,
            cause: Cause::Withdrawn,
            authorisers: fitting(authorisers)?,
            before: None,
            after: None,
            evidence: Bounded::default(),
            moved: Bounded::default(),
            conversions: Bounded::default(),
            emitted: Bounded::default(),
        });
        Ok(())
    }
}

/// Whoever takes an offer that names its takers is one of them.
fn ensure_taker(call: &CallContract) -> Result<(), Stop> {
    let Target::Offer(signed) = &call.target else { return Ok(()) };
    let takers = &signed.offer.takers;
    let named = call.caller.is_some_and(|account| takers.contains(&account));
    ensure(takers.is_empty() || named, || Reason::TakerForeign { account: call.caller })
}

fn check_arguments(clause: &Clause, call: &CallContract) -> Result<(), Stop> {
    let count = clause.arguments.len();
    let wrong = |position: usize| Reason::ArgumentWrong { position: u8::try_from(position).unwrap_or(u8::MAX) };
    ensure(call.arguments.len() == count, || wrong(count.min(call.arguments.len())))?;
    let unfit = call.arguments.iter().zip(&clause.arguments).position(|(value, argument)| !value.fits(argument.kind));
    unfit.map_or(Ok(()), |position| Err(wrong(position).into()))
}

fn reason_of(refusal: Refusal) -> Reason {
    let Refusal { block, action, why } = refusal;
    match why {
        Why::Requirement => Reason::RequirementUnmet { block, action },
        Why::Arithmetic => Reason::Arithmetic { block, action },
        Why::PotShort { party, held, needed } => Reason::PotShort { party, held, needed },
        Why::CallerPotLeft => Reason::CallerPotLeft,
        Why::Pull | Why::Broken => Reason::KernelRefused,
    }
}
