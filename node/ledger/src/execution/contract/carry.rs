//! What calls and deadlines share: the movements that the machine asks for, carried out and checked, and what comes next.

use crate::execution::context::{Execution, Holder};
use crate::execution::money::Place;
use crate::execution::stop::{Stop, ensure};
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::contract::{AllowanceFor, AllowanceKey, Cause, ContractEvent, InstanceId, Moved, Pocket, Terms};
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::Submitter;
use seaway_types::limits::CODE_STATES_MAX;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::Reason;
use seaway_types::state::{Account, AccountStatus, Allowance, Field, Instance, Pot, Stage};
use seaway_types::text::Country;
use seaway_types::time::BlockTime;
use seaway_vm::Program;
use seaway_vm::machine::{Done, Flow, Where};
use std::collections::BTreeMap;

/// Whether something can be refused, or must go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A call: what cannot be is refused, with its reason.
    Call,
    /// A deadline: who cannot be paid finds it in suspense.
    Deadline,
}

/// An instance at work: its record, who plays the role left open, and where money went so far.
pub(super) struct Work<'a> {
    pub id: InstanceId,
    pub program: &'a Program,
    pub instance: Instance,
    pub caller: Option<AccountId>,
    pub mode: Mode,
    pub pots: BTreeMap<(u8, u8), Amount>,
    pub moved: Vec<Moved>,
}

impl<'a> Work<'a> {
    pub fn new(id: InstanceId, program: &'a Program, instance: Instance, mode: Mode) -> Self {
        let pots = instance.pots.iter().map(|pot| ((pot.party, pot.asset), pot.amount)).collect();
        Self { id, program, instance, caller: None, mode, pots, moved: Vec::new() }
    }

    fn terms(&self) -> &Terms {
        &self.instance.terms
    }

    /// The account of a party, or of the caller.
    pub fn account(&self, party: u8) -> Result<AccountId, Stop> {
        let named = self.terms().parties.get(usize::from(party)).copied();
        let found = named.or_else(|| self.caller.filter(|_| Some(party) == self.program.caller()));
        Ok(found.ok_or(Reason::KernelRefused)?)
    }

    fn asset(&self, position: u8) -> Result<AssetId, Stop> {
        Ok(*self.terms().assets.get(usize::from(position)).ok_or(Reason::KernelRefused)?)
    }

    fn add(&mut self, pot: (u8, u8), amount: Amount) -> Result<(), Stop> {
        let held = self.pots.entry(pot).or_default();
        *held = held.checked_add(amount).ok_or(Reason::SumTooLarge { present: *held, amount })?;
        Ok(())
    }

    fn take(&mut self, pot: (u8, u8), amount: Amount) -> Result<(), Stop> {
        let held = self.pots.entry(pot).or_default();
        *held = held.checked_sub(amount).ok_or(Reason::KernelRefused)?;
        if held.is_zero() {
            self.pots.remove(&pot);
        }
        Ok(())
    }
}

impl<V: StateView> Execution<'_, V> {
    /// Money of a party comes into its pot: deposited by it, or pulled within an allowance.
    pub(super) fn take_in(
        &mut self,
        work: &mut Work,
        (party, position): (u8, u8),
        amount: Amount,
        pulled: bool,
    ) -> Result<(), Stop> {
        let (id, asset) = (work.account(party)?, work.asset(position)?);
        let record = self.asset(asset)?;
        if work.mode == Mode::Call {
            self.ensure_open(asset)?;
        }
        let account = self.payer(&id)?;
        self.active_debtor_agent(&account)?;
        self.ensure_below_payment_max((asset, &record), &account, amount)?;
        let concerned = self.jurisdictions(work)?;
        if let Some(threshold) = self.threshold(asset, &record, concerned)? {
            ensure(amount < threshold, || Reason::AcceptanceMissing { threshold })?;
        }
        if pulled {
            self.use_allowance(work, party, id, asset, amount)?;
        }
        self.count(asset, &account, amount)?;
        let funded = if seeded(Mutant::PullUnfunded) { Ok(()) } else { self.ensure_funds(id, asset, amount) };
        match funded {
            // Whoever acts is never told that it lacks funds when it is the other side that does.
            Err(Stop::Rejected(_)) if pulled => return Err(Reason::OtherSideShort.into()),
            asked => asked?,
        }
        self.transfer(asset, Place::On(id, Field::Available), Place::On(id, Field::InContracts), amount)?;
        work.add((party, position), amount)?;
        work.moved.push(Moved { asset, amount, from: Pocket::Account(id), to: Pocket::Pot(id) });
        Ok(())
    }

    /// The jurisdictions of all who take part.
    fn jurisdictions(&mut self, work: &Work) -> Result<Vec<Country>, Stop> {
        let mut found = Vec::new();
        for id in work.instance.terms.parties.iter().chain(&work.caller) {
            let account: Account = self.must(id, "the account of a contract's party")?;
            found.extend(self.agent(&account.agent)?.map(|agent| agent.jurisdiction));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Counts a pull against the allowance for this instance, or where there is none, the one for its code and role.
    fn use_allowance(
        &mut self,
        work: &Work,
        party: u8,
        grantor: AccountId,
        asset: AssetId,
        amount: Amount,
    ) -> Result<(), Stop> {
        let now = self.block.time;
        let purposes =
            [AllowanceFor::Instance(work.id), AllowanceFor::Role { code: work.instance.terms.code, party }];
        for purpose in purposes {
            let key = AllowanceKey { grantor, purpose, asset };
            let Some(allowance) = self.state.get::<Allowance>(&key)? else { continue };
            let terms = allowance.terms;
            let used = allowance.used.checked_add(amount).filter(|used| *used <= terms.total_max);
            let in_window = terms.not_before <= now && now <= terms.not_after;
            return match used.filter(|_| in_window && amount <= terms.each_max) {
                Some(_) if seeded(Mutant::AllowanceNotCounted) => Ok(()),
                Some(used) => Ok(self.state.put(key, Some(Allowance { terms, used }))?),
                None => Err(Reason::NotAllowed { account: grantor }.into()),
            };
        }
        Err(Reason::NotAllowed { account: grantor }.into())
    }

    /// Carries out what the machine asks for, except what was pulled already, and holds the pots against its own.
    pub(super) fn carry_out(&mut self, work: &mut Work, done: &Done) -> Result<(), Stop> {
        for (place, flow) in done.flows.iter().enumerate() {
            let last = place.saturating_add(1) == done.flows.len();
            match *flow {
                Flow::Out { from, asset, amount, .. } if last && seeded(Mutant::SecondLegForgotten) => {
                    work.take((from, asset), amount)?;
                }
                Flow::In { pulled: true, .. } => {}
                Flow::In { party, asset, amount, pulled: false } => {
                    self.take_in(work, (party, asset), amount, false)?
                }
                Flow::Between { from, to, asset, amount } => self.move_between(work, (from, to), asset, amount)?,
                Flow::Out { from, to, asset, amount } => self.pay_out(work, (from, to), asset, amount)?,
            }
        }
        let same = work.pots.len() == done.pots.len()
            && done.pots.iter().all(|pot| work.pots.get(&(pot.party, pot.asset)) == Some(&pot.amount));
        ensure(same, || Reason::KernelRefused)
    }

    /// What is in a frozen owner's pot goes to nobody else.
    fn ensure_not_frozen(&self, owner: AccountId) -> Result<(), Stop> {
        let account: Account = self.must(&owner, "the owner of a pot")?;
        ensure(!account.debits_frozen(), || Reason::DebtorFrozen { account: owner })
    }

    fn move_between(&mut self, work: &mut Work, (from, to): (u8, u8), asset: u8, amount: Amount) -> Result<(), Stop> {
        let (giver, taker, id) = (work.account(from)?, work.account(to)?, work.asset(asset)?);
        work.take((from, asset), amount)?;
        work.add((to, asset), amount)?;
        if giver != taker {
            self.ensure_not_frozen(giver)?;
            let (source, target) = (Place::On(giver, Field::InContracts), Place::On(taker, Field::InContracts));
            match work.mode {
                // What lies in a pot is its owner's, so a call must not give it what it could not pay it.
                Mode::Call => {
                    let account = self.payee(id, &taker, work.mode)?;
                    self.pay_into(id, source, (target, &account), amount)?;
                }
                // Whoever is given a pot at a deadline has no say in it: where its account cannot take money, a later refund
                // waits in suspense.
                Mode::Deadline => self.transfer(id, source, target, amount)?,
            }
        }
        work.moved.push(Moved { asset: id, amount, from: Pocket::Pot(giver), to: Pocket::Pot(taker) });
        Ok(())
    }

    fn pay_out(&mut self, work: &mut Work, (from, to): (u8, u8), asset: u8, amount: Amount) -> Result<(), Stop> {
        let (giver, taker, id) = (work.account(from)?, work.account(to)?, work.asset(asset)?);
        work.take((from, asset), amount)?;
        if giver == taker {
            return self.refund(work, giver, id, amount);
        }
        self.ensure_not_frozen(giver)?;
        let source = Place::On(giver, Field::InContracts);
        let mark = self.mark();
        let to = match self.pay_account(id, source, taker, amount, work.mode) {
            Ok(()) => Pocket::Account(taker),
            Err(Stop::Rejected(_)) if work.mode == Mode::Deadline => {
                self.back_to(mark);
                self.transfer(id, source, Place::On(taker, Field::Suspense), amount)?;
                Pocket::Suspense(taker)
            }
            Err(stop) => return Err(stop),
        };
        work.moved.push(Moved { asset: id, amount, from: Pocket::Pot(giver), to });
        Ok(())
    }

    /// Pays an account as any payment does.
    fn pay_account(
        &mut self,
        asset: AssetId,
        source: Place,
        to: AccountId,
        amount: Amount,
        mode: Mode,
    ) -> Result<(), Stop> {
        let account = self.payee(asset, &to, mode)?;
        self.pay(asset, source, (to, &account), amount)
    }

    /// An account that can be paid now. Hours bind calls, not deadlines.
    fn payee(&mut self, asset: AssetId, to: &AccountId, mode: Mode) -> Result<Holder, Stop> {
        self.asset(asset)?;
        if mode == Mode::Call {
            self.ensure_open(asset)?;
        }
        let account = self.payable(to)?;
        self.active_creditor_agent(&account)?;
        Ok(account)
    }

    /// A pot's money goes back to its owner. It cannot fail: where the account cannot take it, it waits in suspense.
    fn refund(&mut self, work: &mut Work, owner: AccountId, asset: AssetId, amount: Amount) -> Result<(), Stop> {
        let account: Account = self.must(&owner, "the owner of a pot")?;
        // The owner's whole balance stays the same, so neither its cap nor 18 digits can be exceeded.
        let usable = match self.asset(asset) {
            Ok(_) => true,
            Err(Stop::Fault(fault)) => return Err(fault.into()),
            Err(_) => false,
        };
        let takes = usable && account.status == AccountStatus::Open && !account.credits_frozen();
        let (field, to) = if takes {
            (Field::Available, Pocket::Account(owner))
        } else {
            (Field::Suspense, Pocket::Suspense(owner))
        };
        self.transfer(asset, Place::On(owner, Field::InContracts), Place::On(owner, field), amount)?;
        work.moved.push(Moved { asset, amount, from: Pocket::Pot(owner), to });
        Ok(())
    }

    /// Refunds every pot.
    pub(super) fn refund_all(&mut self, work: &mut Work) -> Result<(), Stop> {
        for ((party, asset), amount) in std::mem::take(&mut work.pots) {
            let (owner, asset) = (work.account(party)?, work.asset(asset)?);
            self.refund(work, owner, asset, amount)?;
        }
        Ok(())
    }

    /// Takes over variables and what comes next; the contract stays, enters a state, or closes.
    pub(super) fn go_on(&mut self, work: &mut Work, done: &Done) -> Result<(), Stop> {
        work.instance.variables = fitting(done.variables.to_vec())?;
        match done.next {
            Where::Stay => Ok(()),
            Where::Close => self.close(work),
            Where::Enter(state) => {
                let program = work.program;
                let found = self.deadline_of(program, &work.instance.terms, &work.instance.variables, state)?;
                // Opening excludes it; were it wrong, a contract without a deadline would be worse than a closed one.
                let Some(deadline) = found else { return self.close(work) };
                self.stop_timer(work);
                let entry = match work.instance.stage {
                    Stage::Live { entry, .. } => entry.saturating_add(1),
                    Stage::Closed { .. } => 0,
                };
                self.state.set_timer(Timer { at: deadline, subject: TimerSubject::Contract(work.id) });
                work.instance.stage = Stage::Live { state, entry, entered: self.block.time, deadline };
                work.instance.approvals = Bounded::default();
                Ok(())
            }
        }
    }

    /// Closes a contract: each pot goes to its owner, and the record stays for a while.
    pub(super) fn close(&mut self, work: &mut Work) -> Result<(), Stop> {
        self.refund_all(work)?;
        self.stop_timer(work);
        let (stage, timer) = self.closed_stage(work.id, work.instance.not_after);
        if seeded(Mutant::ReleasedTwice) {
            return Ok(());
        }
        work.instance.stage = stage;
        work.instance.approvals = Bounded::default();
        self.state.set_timer(timer);
        Ok(())
    }

    /// Closed now; the record stays as long as payments' do, and at least until the offer that opened it is over.
    pub(super) fn closed_stage(&self, id: InstanceId, not_after: Option<BlockTime>) -> (Stage, Timer) {
        let at = self.block.time;
        let kept = at.after_ms(self.parameters.timing.payment_retention_ms);
        let forget_at = not_after.map_or(kept, |not_after| kept.max(not_after.after_ms(1)));
        (Stage::Closed { at, forget_at }, Timer { at: forget_at, subject: TimerSubject::ForgetContract(id) })
    }

    fn stop_timer(&mut self, work: &Work) {
        if let Stage::Live { deadline, .. } = work.instance.stage {
            self.state.remove_timer(Timer { at: deadline, subject: TimerSubject::Contract(work.id) });
        }
    }

    /// Writes the instance down as it is now.
    pub(super) fn settle_work(&mut self, work: &mut Work) -> Result<(), Stop> {
        let pots =
            work.pots.iter().map(|((party, asset), amount)| Pot { party: *party, asset: *asset, amount: *amount });
        work.instance.pots = fitting(pots.collect())?;
        Ok(self.state.put(work.id, Some(work.instance.clone()))?)
    }
}

/// The event of what was done to an instance.
pub(super) fn event_of(
    work: &mut Work,
    cause: Cause,
    before: u8,
    (authorisers, evidence): (Vec<Submitter>, Vec<Hash32>),
    done: Option<Done>,
) -> Result<ContractEvent, Reason> {
    let (conversions, emitted) = done.map(|done| (done.conversions, done.emitted)).unwrap_or_default();
    let after = match work.instance.stage {
        Stage::Live { state, .. } => Some(state),
        Stage::Closed { .. } => None,
    };
    debug_assert!(usize::from(before) < CODE_STATES_MAX);
    Ok(ContractEvent {
        instance: work.id,
        uetr: work.instance.uetr,
        cause,
        authorisers: fitting(authorisers)?,
        before: Some(before),
        after,
        evidence: fitting(evidence)?,
        moved: fitting(std::mem::take(&mut work.moved))?,
        conversions: fitting(conversions)?,
        emitted: fitting(emitted)?,
    })
}

/// A list whose length the verifier has bounded. Were the verifier wrong, a refusal is better than a record that lacks it.
pub(super) fn fitting<T, const MAX: usize>(list: Vec<T>) -> Result<Bounded<T, MAX>, Reason> {
    Bounded::new(list).map_err(|_| Reason::KernelRefused)
}
