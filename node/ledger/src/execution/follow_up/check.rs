//! What can be refused of what follows a payment.

use crate::execution::context::Execution;
use crate::execution::stop::{Fault, Stop, ensure};
use crate::state::StateView;
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::instruction::follow_up::Return;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::{Reason, StatedReason};
use seaway_types::receipt::Status;
use seaway_types::state::{Counted, IndexKey, IndexValue, Payment, PaymentFacts, PaymentStage};
use seaway_types::time::BlockTime;

impl<V: StateView> Execution<'_, V> {
    /// The record of a payment that was once taken, made from the index where there is none; `None` when it never settled.
    fn payment(&self, key: PaymentKey) -> Result<Option<Payment>, Fault> {
        if let Some(payment) = self.state.get::<Payment>(&key)? {
            return Ok(Some(payment));
        }
        let Some(IndexValue::Payment { facts, status }) =
            self.state.indexed(&IndexKey::Payment(key))?.map(|entry| entry.value)
        else {
            return Err(Fault::Missing { what: "a payment that an authority was asked for" });
        };
        let later = |key: IndexKey| self.state.indexed(&key).map(|entry| entry.is_some());
        let stage = match status {
            Status::Accc => PaymentStage::Credited,
            Status::Acsc if !later(IndexKey::Confirmed(key))? => PaymentStage::Settled,
            Status::Acsc => PaymentStage::Credited,
            // Its record is dropped only once it is on the creditor's account, so that is where it stands.
            Status::Pdng if later(IndexKey::SettledLater(key))? => PaymentStage::Credited,
            _ => return Ok(None),
        };
        Ok(Some(Payment {
            facts,
            charges: Bounded::default(),
            stage,
            returned: Amount::ZERO,
            recall: None,
            forget_at: None,
        }))
    }

    /// A payment that settled.
    pub(super) fn settled(&self, key: PaymentKey) -> Result<Payment, Stop> {
        let payment = self.payment(key)?;
        let settled = |payment: &Payment| matches!(payment.stage, PaymentStage::Settled | PaymentStage::Credited);
        Ok(payment.filter(settled).ok_or(Reason::NotSettled { payment: key })?)
    }

    /// A payment that waits for its creditor's agent, with its deadline and what it counted.
    pub(super) fn waiting(&self, key: PaymentKey) -> Result<(Payment, BlockTime, Option<Counted>), Stop> {
        let payment: Option<Payment> = self.state.get(&key)?;
        match payment {
            Some(payment) => match payment.stage {
                PaymentStage::Waiting { deadline, counted, .. } => Ok((payment, deadline, counted)),
                _ => Err(Reason::NotWaiting { payment: key }.into()),
            },
            None => Err(Reason::NotWaiting { payment: key }.into()),
        }
    }

    /// Guards of a return; returns the payment with the amount added to what was returned.
    pub(super) fn check_return(&mut self, payback: &Return) -> Result<Payment, Stop> {
        let key = payback.payment;
        ensure_stated(payback.reason, payback.reason.codes().payback)?;
        let mut payment = self.settled(key)?;
        let PaymentFacts { debtor, creditor, asset, amount: paid } = payment.facts;
        ensure(!payback.amount.is_zero(), || Reason::AmountZero)?;
        let (returned, amount) = (payment.returned, payback.amount);
        let sum = returned.checked_add(amount).filter(|sum| *sum <= paid || seeded(Mutant::ReturnedTwice));
        payment.returned = sum.ok_or(Reason::AbovePaid { paid, returned, amount })?;
        self.ensure_open(asset)?;
        let payer = self.payer(&creditor)?;
        self.active_debtor_agent(&payer)?;
        let payee = self.payable(&debtor)?;
        self.active_creditor_agent(&payee)?;
        Ok(payment)
    }
}

/// A reason may stand only where its column of the table has a code.
pub(super) fn ensure_stated(reason: StatedReason, code: Option<&'static str>) -> Result<(), Stop> {
    ensure(code.is_some(), || Reason::ReasonMisplaced { reason })
}
