//! What a credit transfer changes.

use super::check::{Payer, Position};
use crate::execution::block::warm_credits;
use crate::execution::context::{Execution, Holder};
use crate::execution::instruction::{LegOutcome, Placed, together};
use crate::execution::money::Place;
use crate::execution::stop::{Fault, Halt, Stop, ensure};
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{BulkMode, Charge, Credit, CreditKind, CreditTransfer, PaymentKey};
use seaway_types::limits::CHARGES_MAX;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::Reason;
use seaway_types::receipt::{CreditOutcome, Status};
use seaway_types::state::{
    Account, AccountClass, Balance, Field, IndexEntry, IndexKey, IndexValue, Payment, PaymentFacts, PaymentStage,
};

impl<V: StateView> Execution<'_, V> {
    /// Pays each credit in order. In an instruction that is all or none the first refusal ends the whole.
    pub fn credit_transfer(
        &mut self,
        transfer: &CreditTransfer,
        leg: usize,
        placed: Placed,
    ) -> Result<LegOutcome, Halt> {
        let all_or_none = placed.all_or_none || transfer.mode == BulkMode::AllOrNothing;
        let placed = Placed { all_or_none, ..placed };
        let payer = self.check_transfer(transfer).map_err(|stop| stop.at(leg, None))?;
        let mut status = None;
        let mut credits = Vec::with_capacity(transfer.credits.len());
        for (position, credit) in transfer.credits.iter().enumerate() {
            warm_credits(self.state.view(), transfer, position);
            let mark = self.mark();
            let (became, reason) = match self.credit_one(&payer, credit, placed, Position { leg, credit: position }) {
                Ok(became) => (became, None),
                Err(Stop::Rejected(reason)) if !all_or_none => {
                    self.back_to(mark);
                    (Status::Rjct, Some(reason))
                }
                Err(stop) => return Err(stop.at(leg, Some(position))),
            };
            self.take_uetr(&payer.account, transfer.debtor, transfer.asset, credit, became).map_err(Halt::Fault)?;
            status = Some(together(status, became));
            credits.push(CreditOutcome::of(leg, transfer.asset, credit, became, reason));
        }
        Ok(LegOutcome { status: status.unwrap_or(Status::Accc), credits })
    }

    /// Takes a credit's UETR, if nobody had it before.
    pub fn take_uetr(
        &mut self,
        debtor_account: &Account,
        debtor: AccountId,
        asset: AssetId,
        credit: &Credit,
        status: Status,
    ) -> Result<(), Fault> {
        let key = IndexKey::Payment(PaymentKey {
            debtor_agent: debtor_account.agent,
            uetr: credit.uetr,
            kind: credit.kind,
        });
        if status == Status::Rjct && self.state.indexed(&key)?.is_some() {
            return Ok(());
        }
        let facts = PaymentFacts { debtor, creditor: credit.creditor, asset, amount: credit.amount };
        let value = IndexValue::Payment { facts, status };
        self.state.add_to_index(key, IndexEntry { height: self.block.height, value });
        Ok(())
    }

    fn credit_one(&mut self, payer: &Payer, credit: &Credit, placed: Placed, at: Position) -> Result<Status, Stop> {
        self.uetr = Some(credit.uetr);
        let payee = self.check_credit(payer, credit, placed, at)?;
        let (asset, debtor) = (payer.transfer.asset, payer.transfer.debtor);
        let counted = self.count(asset, &payer.account, payee.total)?;
        // Where one amount leaves at once, the debit itself asks; only with charges the whole is asked for before.
        if !credit.charges.is_empty() {
            self.ensure_funds(debtor, asset, payee.total)?;
        }
        let key = PaymentKey { debtor_agent: payer.account.agent, uetr: credit.uetr, kind: credit.kind };
        if payee.waits {
            let deadline = self.block.time.after_ms(self.parameters.timing.acceptance_window_ms);
            let (available, held) = (Place::On(debtor, Field::Available), Place::On(debtor, Field::Held));
            self.transfer(asset, available, held, payee.total)?;
            self.state.set_timer(Timer { at: deadline, subject: TimerSubject::Consent(key) });
            let stage = PaymentStage::Waiting { deadline, counted, lapses: credit.unaccepted() };
            self.remember(key, payer, credit, credit.charges.clone(), stage)?;
            return Ok(Status::Pdng);
        }
        let source = Place::On(debtor, Field::Available);
        self.pay(asset, source, (credit.creditor, &payee.account), credit.amount)?;
        self.pay_charges(asset, source, debtor, &credit.charges)?;
        let status = status_for(&payee.account, credit.kind);
        if status == Status::Acsc {
            self.remember(key, payer, credit, Bounded::default(), PaymentStage::Settled)?;
        }
        Ok(status)
    }

    /// Asks for the whole sum before any of it moves, so that the refusal names the whole.
    pub fn ensure_funds(&self, account: AccountId, asset: AssetId, needed: Amount) -> Result<(), Stop> {
        let balance: Option<Balance> = self.state.get(&(account, asset))?;
        let available = balance.unwrap_or_default().available;
        ensure(needed <= available, || Reason::InsufficientFunds { available, needed })
    }

    /// Pays charges to the accounts that take them.
    pub fn pay_charges(
        &mut self,
        asset: AssetId,
        source: Place,
        debtor: AccountId,
        charges: &[Charge],
    ) -> Result<(), Stop> {
        for charge in charges.iter().filter(|_| !seeded(Mutant::ChargesForgotten)) {
            let account = self.payable(&charge.payee)?;
            ensure(charge.payee != debtor, || Reason::SelfPayment { account: charge.payee })?;
            self.pay(asset, source, (charge.payee, &account), charge.amount)?;
        }
        Ok(())
    }

    fn remember(
        &mut self,
        key: PaymentKey,
        payer: &Payer,
        credit: &Credit,
        charges: Bounded<Charge, CHARGES_MAX>,
        stage: PaymentStage,
    ) -> Result<(), Stop> {
        let facts = PaymentFacts {
            debtor: payer.transfer.debtor,
            creditor: credit.creditor,
            asset: payer.transfer.asset,
            amount: credit.amount,
        };
        Ok(self.state.put(
            key,
            Some(Payment { facts, charges, stage, returned: Amount::ZERO, recall: None, forget_at: None }),
        )?)
    }
}

/// ACCC where the creditor's account is on the ledger, ACSC where its agent still has to credit its own books.
pub(in crate::execution) fn status_for(creditor: &Holder, kind: CreditKind) -> Status {
    if creditor.class == AccountClass::Settlement && kind == CreditKind::Customer {
        Status::Acsc
    } else {
        Status::Accc
    }
}
