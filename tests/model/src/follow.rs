//! What follows a payment.

use crate::{Model, No, Payment, Stage, amount, plain};
use seaway_types::instruction::follow_up::{RecallAnswer, RecallRequest, Refuse, Return};
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::reason::{Reason, StatedReason};
use seaway_types::receipt::Status;
use seaway_types::state::{AccountClass, Field, Recall, RecallStage};

fn fits(reason: StatedReason, column: Option<&str>) -> Result<(), Reason> {
    if column.is_some() { Ok(()) } else { Err(Reason::ReasonMisplaced { reason }) }
}

impl Model {
    /// A settled payment: its record, or one made from what the index keeps for ever.
    fn settled(&self, key: PaymentKey) -> Result<Payment, Reason> {
        let no = Reason::NotSettled { payment: key };
        if let Some(payment) = self.payments.get(&key) {
            let settled = matches!(payment.stage, Stage::Settled | Stage::Credited);
            return if settled { Ok(payment.clone()) } else { Err(no) };
        }
        let (facts, status) = self.uetrs[&key];
        let confirmed = self.confirmed.contains_key(&key);
        let stage = match status {
            Status::Accc => Stage::Credited,
            Status::Acsc if confirmed => Stage::Credited,
            Status::Acsc => Stage::Settled,
            Status::Pdng if self.settled_later.contains_key(&key) => Stage::Credited,
            _ => return Err(no),
        };
        Ok(Payment { facts, charges: Vec::new(), stage, counted: None, returned: 0, recall: None, forget: None })
    }

    pub(crate) fn pay_back(&mut self, back: &Return) -> Result<(), No> {
        fits(back.reason, back.reason.codes().payback)?;
        let mut payment = self.settled(back.payment)?;
        let facts = payment.facts;
        let value = plain(back.amount);
        if value == 0 {
            return Err(Reason::AmountZero.into());
        }
        if payment.returned + value > plain(facts.amount) {
            let returned = amount(payment.returned);
            return Err(Reason::AbovePaid { paid: facts.amount, returned, amount: back.amount }.into());
        }
        self.must_settle_now(facts.asset)?;
        let agent = self.may_pay(facts.creditor)?.agent;
        if !self.participants[&agent].active {
            return Err(Reason::DebtorAgentSuspended { agent }.into());
        }
        let agent = self.may_receive(facts.debtor)?.agent;
        if !self.participants[&agent].active {
            return Err(Reason::CreditorAgentSuspended { agent }.into());
        }
        let available = self.has(facts.creditor, facts.asset, Field::Available);
        if available < value {
            return Err(Reason::InsufficientFunds { available: amount(available), needed: back.amount }.into());
        }
        let present = self.whole(facts.debtor, facts.asset);
        if present + value > crate::MOST {
            return Err(Reason::SumTooLarge { present: amount(present), amount: back.amount }.into());
        }
        self.give(facts.creditor, facts.asset, Field::Available, -value);
        self.give(facts.debtor, facts.asset, Field::Available, value);
        payment.returned += value;
        self.payments.insert(back.payment, payment);
        Ok(())
    }

    pub(crate) fn ask_recall(&mut self, ask: &RecallRequest) -> Result<(), No> {
        fits(ask.reason, ask.reason.codes().cancellation)?;
        let mut payment = self.settled(ask.payment)?;
        let asked = payment.recall.map_or(0, |recall| recall.asked);
        if asked >= 3 || payment.recall.is_some_and(|recall| recall.stage == RecallStage::Asked) {
            return Err(Reason::RecallNotPossible { payment: ask.payment, asked }.into());
        }
        payment.recall = Some(Recall { reason: ask.reason, asked: asked + 1, stage: RecallStage::Asked });
        self.payments.insert(ask.payment, payment);
        Ok(())
    }

    pub(crate) fn answer_recall(&mut self, answer: &RecallAnswer) -> Result<(), No> {
        if let Some(reason) = answer.refusal {
            fits(reason, reason.codes().refusal)?;
        }
        let no = Reason::RecallNotOpen { payment: answer.payment };
        let payment = self.payments.get_mut(&answer.payment).ok_or(no)?;
        match &mut payment.recall {
            Some(recall) if recall.stage == RecallStage::Asked => {
                recall.stage = answer.refusal.map_or(RecallStage::Agreed, |reason| RecallStage::Refused { reason });
                Ok(())
            }
            _ => Err(no.into()),
        }
    }

    fn waiting(&self, key: PaymentKey) -> Result<Payment, Reason> {
        let payment = self.payments.get(&key).ok_or(Reason::NotWaiting { payment: key })?;
        match payment.stage {
            Stage::Waiting(..) => Ok(payment.clone()),
            _ => Err(Reason::NotWaiting { payment: key }),
        }
    }

    pub(crate) fn accept(&mut self, key: PaymentKey) -> Result<(), No> {
        let payment = self.waiting(key)?;
        if let Stage::Waiting(deadline, _) = payment.stage
            && self.now >= deadline
        {
            return Err(Reason::DeadlinePassed { deadline }.into());
        }
        let facts = payment.facts;
        let creditor = self.both_banks_work(facts.asset, facts.debtor, facts.creditor)?;
        let from = (facts.debtor, Field::Held);
        self.deliver(facts.asset, from, facts.creditor, plain(facts.amount))?;
        self.deliver_charges(facts.asset, from, &payment.charges)?;
        self.settled_later.insert(key, self.height);
        let own_books = creditor.class == AccountClass::Settlement && key.kind == CreditKind::Customer;
        let later = self.now.after_ms(self.timing.payment_retention_ms);
        let record = self.payments.get_mut(&key).expect("waiting");
        record.charges.clear();
        record.counted = None;
        record.stage = if own_books { Stage::Settled } else { Stage::Credited };
        record.forget = if own_books { None } else { Some(later) };
        Ok(())
    }

    pub(crate) fn refuse(&mut self, refuse: &Refuse) -> Result<(), No> {
        fits(refuse.reason, refuse.reason.codes().status)?;
        self.waiting(refuse.payment)?;
        self.stop_waiting(refuse.payment, Stage::Refused(refuse.reason));
        Ok(())
    }

    /// Gives a waiting payment's money back; returns how much.
    pub(crate) fn stop_waiting(&mut self, key: PaymentKey, stage: Stage) -> i128 {
        let later = self.now.after_ms(self.timing.payment_retention_ms);
        let record = self.payments.get_mut(&key).expect("waiting");
        let facts = record.facts;
        let back = plain(facts.amount) + record.charges.iter().map(|charge| plain(charge.amount)).sum::<i128>();
        let counted = record.counted.take();
        record.charges.clear();
        record.stage = stage;
        record.forget = Some(later);
        self.uncount(counted);
        self.shift(facts.debtor, facts.asset, Field::Held, Field::Available, back);
        back
    }

    pub(crate) fn confirm(&mut self, key: PaymentKey) -> Result<(), No> {
        let later = self.now.after_ms(self.timing.payment_retention_ms);
        match self.payments.get_mut(&key) {
            Some(payment) if payment.stage == Stage::Settled => {
                payment.stage = Stage::Credited;
                payment.forget = Some(later);
                self.confirmed.insert(key, self.height);
                Ok(())
            }
            _ => Err(Reason::NotConfirmable { payment: key }.into()),
        }
    }
}
