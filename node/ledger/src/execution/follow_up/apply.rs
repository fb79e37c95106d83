//! What follows a payment, as it changes the state.

use super::check::ensure_stated;
use crate::execution::context::Execution;
use crate::execution::money::Place;
use crate::execution::payment::apply::status_for;
use crate::execution::stop::{Fault, Stop, ensure};
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::instruction::follow_up::{Accept, Confirm, RecallAnswer, RecallRequest, Refuse, Return};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::limits::RECALLS_MAX;
use seaway_types::reason::Reason;
use seaway_types::receipt::Status;
use seaway_types::state::{
    Account, Field, IndexEntry, IndexKey, IndexValue, Payment, PaymentFacts, PaymentStage, Recall, RecallStage,
};

impl<V: StateView> Execution<'_, V> {
    pub fn return_payment(&mut self, payback: &Return) -> Result<(), Stop> {
        self.uetr = Some(payback.payment.uetr);
        let payment = self.check_return(payback)?;
        let PaymentFacts { debtor, creditor, asset, .. } = payment.facts;
        // Money comes home: neither limits nor the balance cap of the one who paid it are asked.
        let (source, target) = (Place::On(creditor, Field::Available), Place::On(debtor, Field::Available));
        self.transfer(asset, source, target, payback.amount)?;
        Ok(self.state.put(payback.payment, Some(payment))?)
    }

    pub fn request_recall(&mut self, request: &RecallRequest) -> Result<(), Stop> {
        let key = request.payment;
        ensure_stated(request.reason, request.reason.codes().cancellation)?;
        let mut payment = self.settled(key)?;
        let asked = payment.recall.map_or(0, |recall| recall.asked);
        let open = payment.recall.is_some_and(|recall| recall.stage == RecallStage::Asked);
        ensure(!open && asked < RECALLS_MAX, || Reason::RecallNotPossible { payment: key, asked })?;
        payment.recall =
            Some(Recall { reason: request.reason, asked: asked.saturating_add(1), stage: RecallStage::Asked });
        Ok(self.state.put(key, Some(payment))?)
    }

    pub fn answer_recall(&mut self, answer: &RecallAnswer) -> Result<(), Stop> {
        let key = answer.payment;
        if let Some(reason) = answer.refusal {
            ensure_stated(reason, reason.codes().refusal)?;
        }
        let not_open = Reason::RecallNotOpen { payment: key };
        let mut payment: Payment = self.state.get(&key)?.ok_or(not_open)?;
        let recall = payment.recall.as_mut().filter(|recall| recall.stage == RecallStage::Asked).ok_or(not_open)?;
        recall.stage = match answer.refusal {
            Some(reason) => RecallStage::Refused { reason },
            None => RecallStage::Agreed,
        };
        Ok(self.state.put(key, Some(payment))?)
    }

    pub fn accept(&mut self, accept: &Accept) -> Result<(), Stop> {
        let key = accept.payment;
        self.uetr = Some(key.uetr);
        let (mut payment, deadline, _) = self.waiting(key)?;
        ensure(self.block.time < deadline, || Reason::DeadlinePassed { deadline })?;
        let PaymentFacts { debtor, creditor, asset, amount } = payment.facts;
        self.asset(asset)?;
        self.ensure_open(asset)?;
        let payer = self.payer(&debtor)?;
        self.active_debtor_agent(&payer)?;
        let account = self.payable(&creditor)?;
        self.active_creditor_agent(&account)?;
        let held = Place::On(debtor, Field::Held);
        self.pay(asset, held, (creditor, &account), amount)?;
        let charges = std::mem::take(&mut payment.charges);
        self.pay_charges(asset, held, debtor, &charges)?;
        self.state.remove_timer(Timer { at: deadline, subject: TimerSubject::Consent(key) });
        self.note(IndexKey::SettledLater(key));
        payment.stage = match status_for(&account, key.kind) {
            Status::Acsc => PaymentStage::Settled,
            _ => PaymentStage::Credited,
        };
        if payment.stage == PaymentStage::Credited {
            payment.forget_at = Some(self.forget_later(key));
        }
        Ok(self.state.put(key, Some(payment))?)
    }

    pub fn refuse(&mut self, refuse: &Refuse) -> Result<(), Stop> {
        let key = refuse.payment;
        self.uetr = Some(key.uetr);
        ensure_stated(refuse.reason, refuse.reason.codes().status)?;
        // Refusing is never too late: where many deadlines fall together, the block's own act may still be to come.
        let (payment, deadline, _) = self.waiting(key)?;
        self.state.remove_timer(Timer { at: deadline, subject: TimerSubject::Consent(key) });
        self.end_waiting(key, payment, PaymentStage::Refused { reason: refuse.reason })?;
        Ok(())
    }

    /// Gives a waiting payment's money and what it counted back to its debtor; returns the sum.
    pub fn end_waiting(
        &mut self,
        key: PaymentKey,
        mut payment: Payment,
        stage: PaymentStage,
    ) -> Result<Amount, Stop> {
        let PaymentStage::Waiting { counted, .. } = payment.stage else {
            return Err(Fault::Missing { what: "the wait of a payment" }.into());
        };
        self.uetr = Some(key.uetr);
        let PaymentFacts { debtor, asset, amount, .. } = payment.facts;
        let total = payment.charges.iter().try_fold(amount, |sum, charge| sum.checked_add(charge.amount));
        let total = total.ok_or(Fault::TotalRange { asset })?;
        let account: Account = self.must(&debtor, "the debtor of a payment")?;
        self.transfer(asset, Place::On(debtor, Field::Held), Place::On(debtor, Field::Available), total)?;
        self.restore(asset, &account, counted)?;
        payment.charges = Bounded::default();
        payment.stage = stage;
        payment.forget_at = Some(self.forget_later(key));
        self.state.put(key, Some(payment))?;
        Ok(total)
    }

    pub fn confirm(&mut self, confirm: &Confirm) -> Result<(), Stop> {
        let key = confirm.payment;
        let payment: Option<Payment> = self.state.get(&key)?;
        let settled = |payment: &Payment| payment.stage == PaymentStage::Settled;
        let mut payment = payment.filter(settled).ok_or(Reason::NotConfirmable { payment: key })?;
        payment.stage = PaymentStage::Credited;
        payment.forget_at = Some(self.forget_later(key));
        self.state.put(key, Some(payment))?;
        self.note(IndexKey::Confirmed(key));
        Ok(())
    }

    fn note(&mut self, key: IndexKey) {
        self.state.add_to_index(key, IndexEntry { height: self.block.height, value: IndexValue::Present });
    }
}
