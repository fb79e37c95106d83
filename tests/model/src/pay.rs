//! Credit transfers, holds, issue and redemption.

use crate::{Count, Hold, MOST, Model, No, Payment, Stage, amount, plain};
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::identifier::{AccountId, HoldId};
use seaway_types::instruction::payment::{BulkMode, Charge, Credit, CreditKind, CreditTransfer, PaymentKey};
use seaway_types::instruction::{Body, Leg};
use seaway_types::limits::HOLD_LIFETIME_MS_MAX;
use seaway_types::reason::{Reason, StatedReason};
use seaway_types::receipt::{CreditOutcome, Status};
use seaway_types::state::{Account, AccountClass, AccountStatus, Field, PaymentFacts};
use seaway_types::time::{BlockTime, Day};

impl Model {
    pub(crate) fn transfer(
        &mut self,
        transfer: &CreditTransfer,
        leg: usize,
        body: &Body,
    ) -> Result<Vec<CreditOutcome>, (Option<usize>, No)> {
        let whole = matches!(body, Body::Bundle(_)) || transfer.mode == BulkMode::AllOrNothing;
        let debtor = self.check_debtor(transfer).map_err(|no| (None, no))?;
        let mut outcomes: Vec<CreditOutcome> = Vec::new();
        for (position, credit) in transfer.credits.iter().enumerate() {
            let before = self.clone();
            let key = PaymentKey { debtor_agent: debtor.agent, uetr: credit.uetr, kind: credit.kind };
            let taken = self.uetrs.contains_key(&key);
            let done = if taken && self.stands_earlier(body, leg, position) {
                Err(Reason::UetrRepeated { uetr: credit.uetr }.into())
            } else if taken {
                Err(Reason::UetrUsed { uetr: credit.uetr }.into())
            } else {
                self.one(transfer, &debtor, credit, whole)
            };
            let (status, reason) = match done {
                Ok(status) => (status, None),
                Err(No::Reject(reason)) if !whole => {
                    *self = before;
                    (Status::Rjct, Some(reason))
                }
                Err(no) => return Err((Some(position), no)),
            };
            self.take_uetr(transfer, credit, status);
            outcomes.push(CreditOutcome {
                leg: u8::try_from(leg).expect("few legs"),
                uetr: credit.uetr,
                kind: credit.kind,
                creditor: credit.creditor,
                asset: transfer.asset,
                amount: credit.amount,
                status,
                reason,
            });
        }
        Ok(outcomes)
    }

    /// Whether a credit's UETR and kind, under the same agent, stand earlier in its instruction.
    fn stands_earlier(&self, body: &Body, leg: usize, position: usize) -> bool {
        let mut before = Vec::new();
        for (l, body) in body.legs().iter().enumerate() {
            let Leg::CreditTransfer(transfer) = body else { continue };
            let agent = self.accounts[&transfer.debtor].agent;
            for (p, credit) in transfer.credits.iter().enumerate() {
                let name = (agent, credit.uetr, credit.kind);
                if (l, p) == (leg, position) {
                    return before.contains(&name);
                }
                before.push(name);
            }
        }
        false
    }

    pub(crate) fn take_uetr(&mut self, transfer: &CreditTransfer, credit: &Credit, status: Status) {
        let debtor_agent = self.accounts[&transfer.debtor].agent;
        let key = PaymentKey { debtor_agent, uetr: credit.uetr, kind: credit.kind };
        let facts = PaymentFacts {
            debtor: transfer.debtor,
            creditor: credit.creditor,
            asset: transfer.asset,
            amount: credit.amount,
        };
        self.uetrs.entry(key).or_insert((facts, status));
    }

    pub(crate) fn usable_asset(&self, asset: AssetId) -> Result<(), Reason> {
        match self.assets.get(&asset) {
            None => Err(Reason::AssetUnknown { asset }),
            Some(known) if !known.enabled => Err(Reason::AssetDisabled { asset }),
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn may_pay(&self, id: AccountId) -> Result<Account, Reason> {
        let account = self.accounts[&id].clone();
        if account.status == AccountStatus::Closed {
            return Err(Reason::DebtorClosed { account: id });
        }
        if account.debits_frozen() { Err(Reason::DebtorFrozen { account: id }) } else { Ok(account) }
    }

    pub(crate) fn may_receive(&self, id: AccountId) -> Result<Account, Reason> {
        let account = self.accounts.get(&id).ok_or(Reason::CreditorUnknown { account: id })?.clone();
        if account.status == AccountStatus::Closed {
            return Err(Reason::CreditorClosed { account: id });
        }
        if account.credits_frozen() { Err(Reason::CreditorFrozen { account: id }) } else { Ok(account) }
    }

    pub(crate) fn active(&self, bic: Bic) -> bool {
        self.participants.get(&bic).is_some_and(|bank| bank.active)
    }

    /// The asset is in use and settles now, both accounts may move money, and both their agents are active.
    pub(crate) fn both_banks_work(
        &self,
        asset: AssetId,
        payer: AccountId,
        payee: AccountId,
    ) -> Result<Account, Reason> {
        self.usable_asset(asset)?;
        self.must_settle_now(asset)?;
        let agent = self.may_pay(payer)?.agent;
        if !self.active(agent) {
            return Err(Reason::DebtorAgentSuspended { agent });
        }
        let receiver = self.may_receive(payee)?;
        if self.active(receiver.agent) {
            Ok(receiver)
        } else {
            Err(Reason::CreditorAgentSuspended { agent: receiver.agent })
        }
    }

    fn check_debtor(&self, transfer: &CreditTransfer) -> Result<Account, No> {
        self.usable_asset(transfer.asset)?;
        let (today, _, _) = self.today(transfer.asset);
        if let Some(given) = transfer.settlement_date
            && given != today
        {
            return Err(Reason::SettlementDate { given, today }.into());
        }
        self.must_settle_now(transfer.asset)?;
        let debtor = self.may_pay(transfer.debtor)?;
        if !self.active(debtor.agent) {
            return Err(Reason::DebtorAgentSuspended { agent: debtor.agent }.into());
        }
        Ok(debtor)
    }

    /// Everybody named in a credit; returns the creditor, and all banks concerned.
    fn check_parties(
        &self,
        transfer: &CreditTransfer,
        debtor: &Account,
        credit: &Credit,
    ) -> Result<(Account, Vec<Bic>), No> {
        let asset = transfer.asset;
        if credit.debtor_agent != debtor.agent {
            return Err(Reason::AgentMismatch { given: credit.debtor_agent, expected: debtor.agent }.into());
        }
        if !self.active(credit.instructing_agent) {
            return Err(Reason::InstructingAgentUnknown { agent: credit.instructing_agent }.into());
        }
        let creditor = self.may_receive(credit.creditor)?;
        if credit.creditor_agent != creditor.agent {
            return Err(Reason::AgentMismatch { given: credit.creditor_agent, expected: creditor.agent }.into());
        }
        if !self.active(creditor.agent) {
            return Err(Reason::CreditorAgentSuspended { agent: creditor.agent }.into());
        }
        if credit.creditor == transfer.debtor {
            return Err(Reason::SelfPayment { account: credit.creditor }.into());
        }
        let mut banks = vec![debtor.agent, credit.instructing_agent, creditor.agent, self.assets[&asset].issuer];
        for charge in &credit.charges {
            let taker = self.may_receive(charge.payee)?;
            if !self.active(taker.agent) {
                return Err(Reason::CreditorAgentSuspended { agent: taker.agent }.into());
            }
            if charge.payee == transfer.debtor {
                return Err(Reason::SelfPayment { account: charge.payee }.into());
            }
            banks.push(taker.agent);
        }
        Ok((creditor, banks))
    }

    fn one(
        &mut self,
        transfer: &CreditTransfer,
        debtor: &Account,
        credit: &Credit,
        whole: bool,
    ) -> Result<Status, No> {
        let asset = transfer.asset;
        if credit.amount.is_zero() || credit.charges.iter().any(|charge| charge.amount.is_zero()) {
            return Err(Reason::AmountZero.into());
        }
        let mut total = plain(credit.amount);
        for charge in &credit.charges {
            if total + plain(charge.amount) > MOST {
                return Err(Reason::SumTooLarge { present: amount(total), amount: charge.amount }.into());
            }
            total += plain(charge.amount);
        }
        let (creditor, banks) = self.check_parties(transfer, debtor, credit)?;
        self.below_maximum(asset, debtor, total)?;
        let ahead = match &credit.acceptance {
            Some(acceptance) => self.ahead(acceptance, creditor.agent)?,
            None => false,
        };
        let mut waits = false;
        if let Some(threshold) = self.threshold(asset, &banks)
            && total >= threshold
            && !ahead
        {
            if whole {
                return Err(Reason::AcceptanceMissing { threshold: amount(threshold) }.into());
            }
            waits = true;
        }
        let counted = self.count(asset, debtor, total)?;
        let available = self.has(transfer.debtor, asset, Field::Available);
        if available < total {
            return Err(Reason::InsufficientFunds { available: amount(available), needed: amount(total) }.into());
        }
        let key = PaymentKey { debtor_agent: debtor.agent, uetr: credit.uetr, kind: credit.kind };
        let facts = PaymentFacts { debtor: transfer.debtor, creditor: credit.creditor, asset, amount: credit.amount };
        let mut record = |charges: Vec<Charge>, stage, counted| {
            self.payments
                .insert(key, Payment { facts, charges, stage, counted, returned: 0, recall: None, forget: None });
        };
        if waits {
            let deadline = self.now.after_ms(self.timing.acceptance_window_ms);
            let unless_accepted =
                if credit.party_data_hash.is_some() { StatedReason::Rr03 } else { StatedReason::Rr02 };
            record(credit.charges.to_vec(), Stage::Waiting(deadline, unless_accepted), counted);
            self.shift(transfer.debtor, asset, Field::Available, Field::Held, total);
            return Ok(Status::Pdng);
        }
        let own_books = creditor.class == AccountClass::Settlement && credit.kind == CreditKind::Customer;
        if own_books {
            record(Vec::new(), Stage::Settled, None);
        }
        self.deliver(asset, (transfer.debtor, Field::Available), credit.creditor, plain(credit.amount))?;
        self.deliver_charges(asset, (transfer.debtor, Field::Available), &credit.charges)?;
        Ok(if own_books { Status::Acsc } else { Status::Accc })
    }

    pub(crate) fn deliver_charges(
        &mut self,
        asset: AssetId,
        from: (AccountId, Field),
        charges: &[Charge],
    ) -> Result<(), No> {
        for charge in charges {
            self.may_receive(charge.payee)?;
            if charge.payee == from.0 {
                return Err(Reason::SelfPayment { account: charge.payee }.into());
            }
            self.deliver(asset, from, charge.payee, plain(charge.amount))?;
        }
        Ok(())
    }

    /// Moves money to another holder; asks what all its accounts hold once the money has left.
    pub(crate) fn deliver(
        &mut self,
        asset: AssetId,
        from: (AccountId, Field),
        to: AccountId,
        value: i128,
    ) -> Result<(), No> {
        self.give(from.0, asset, from.1, -value);
        self.arrive(asset, to, value)
    }

    fn arrive(&mut self, asset: AssetId, to: AccountId, value: i128) -> Result<(), No> {
        let creditor = &self.accounts[&to];
        if let Some(maximum) = self.tiers.get(&(asset, creditor.tier)).and_then(|limits| limits.balance_max) {
            let mut booked = 0i128;
            for (id, account) in &self.accounts {
                if account.agent == creditor.agent && account.owner_id == creditor.owner_id {
                    booked += self.has(*id, asset, Field::Available);
                    booked += self.has(*id, asset, Field::Held) + self.has(*id, asset, Field::InContracts);
                }
            }
            if booked + value > plain(maximum) {
                let booked = u128::try_from(booked).expect("not negative");
                return Err(Reason::AboveBalanceMax { amount: amount(value), booked, maximum }.into());
            }
        }
        let present = self.whole(to, asset);
        if present + value > MOST {
            return Err(Reason::SumTooLarge { present: amount(present), amount: amount(value) }.into());
        }
        self.give(to, asset, Field::Available, value);
        Ok(())
    }

    pub(crate) fn below_maximum(&self, asset: AssetId, payer: &Account, value: i128) -> Result<(), Reason> {
        if let Some(maximum) = self.assets[&asset].payment_max
            && value > plain(maximum)
        {
            return Err(Reason::AboveNetworkMax { amount: amount(value), maximum });
        }
        let limits = self.tiers.get(&(asset, payer.tier));
        if let Some(maximum) = limits.and_then(|limits| limits.payment_max)
            && value > plain(maximum)
        {
            return Err(Reason::AbovePaymentMax { amount: amount(value), maximum });
        }
        Ok(())
    }

    pub(crate) fn threshold(&self, asset: AssetId, banks: &[Bic]) -> Option<i128> {
        let of = |bic: &Bic| self.thresholds.get(&(self.participants[bic].jurisdiction, asset)).copied();
        banks.iter().filter_map(of).min()
    }

    /// The day on which a holder's counts stand: it never goes back.
    pub fn counting_day(&self, agent: Bic, owner: seaway_types::OwnerId, asset: AssetId) -> Option<Day> {
        let own = |count: &&Count| count.agent == agent && count.owner == owner && count.asset == asset;
        self.counts.iter().filter(own).map(|count| count.day).max()
    }

    /// What a holder used on a day, and in its year.
    pub fn used(&self, agent: Bic, owner: seaway_types::OwnerId, asset: AssetId, day: Day) -> (i128, i128) {
        let own = |count: &&Count| count.agent == agent && count.owner == owner && count.asset == asset;
        let own: Vec<&Count> = self.counts.iter().filter(own).collect();
        let of_day = own.iter().filter(|count| count.day == day).map(|count| count.amount).sum();
        let of_year = own.iter().filter(|count| count.day.year() == day.year()).map(|count| count.amount).sum();
        (of_day, of_year)
    }

    pub(crate) fn count(&mut self, asset: AssetId, payer: &Account, value: i128) -> Result<Option<usize>, Reason> {
        let Some(limits) = self.tiers.get(&(asset, payer.tier)).copied() else { return Ok(None) };
        if limits.day_max.is_none() && limits.year_max.is_none() {
            return Ok(None);
        }
        let (today, _, _) = self.today(asset);
        let day = self.counting_day(payer.agent, payer.owner_id, asset).map_or(today, |last| last.max(today));
        let (of_day, of_year) = self.used(payer.agent, payer.owner_id, asset, day);
        for used in [of_day, of_year] {
            if used + value > MOST {
                return Err(Reason::SumTooLarge { present: amount(used), amount: amount(value) });
            }
        }
        if let Some(maximum) = limits.day_max
            && of_day + value > plain(maximum)
        {
            return Err(Reason::AboveDayMax { amount: amount(value), used: amount(of_day), maximum });
        }
        if let Some(maximum) = limits.year_max
            && of_year + value > plain(maximum)
        {
            return Err(Reason::AboveYearMax { amount: amount(value), used: amount(of_year), maximum });
        }
        let (agent, owner) = (payer.agent, payer.owner_id);
        self.counts.push(Count { agent, owner, asset, day, amount: value, open: value });
        Ok(Some(self.counts.len() - 1))
    }

    /// Gives back what of a count can still be restored.
    pub(crate) fn uncount(&mut self, line: Option<usize>) {
        if let Some(count) = line.and_then(|line| self.counts.get_mut(line)) {
            count.amount -= count.open;
            count.open = 0;
        }
    }

    pub(crate) fn leg(&mut self, leg: &Leg, new_hold: HoldId) -> Result<(), No> {
        match leg {
            Leg::Reserve(reserve) => {
                self.usable_asset(reserve.asset)?;
                self.must_settle_now(reserve.asset)?;
                let payer = self.may_pay(reserve.payer)?;
                self.check_time(reserve.amount.is_zero(), reserve.expires_at)?;
                if !self.active(payer.agent) {
                    return Err(Reason::DebtorAgentSuspended { agent: payer.agent }.into());
                }
                let payee = self.may_receive(reserve.payee)?;
                if !self.active(payee.agent) {
                    return Err(Reason::CreditorAgentSuspended { agent: payee.agent }.into());
                }
                if reserve.payee == reserve.payer {
                    return Err(Reason::SelfPayment { account: reserve.payee }.into());
                }
                let value = plain(reserve.amount);
                self.below_maximum(reserve.asset, &payer, value)?;
                if let Some(threshold) =
                    self.threshold(reserve.asset, &[payer.agent, payee.agent, self.assets[&reserve.asset].issuer])
                    && value >= threshold
                {
                    return Err(Reason::AcceptanceMissing { threshold: amount(threshold) }.into());
                }
                let counted = self.count(reserve.asset, &payer, value)?;
                let payee = Some((reserve.payee, reserve.uetr));
                let (payer, asset, ends) = (reserve.payer, reserve.asset, reserve.expires_at);
                self.hold(new_hold, Hold { payee, payer, asset, left: value, ends, counted })
            }
            Leg::Post(post) => {
                let hold = self.running(post.hold)?;
                let Some((payee, _)) = hold.payee else { return Err(Reason::HoldPurpose { hold: post.hold }.into()) };
                let value = plain(post.amount);
                if value == 0 {
                    return Err(Reason::AmountZero.into());
                }
                if value > hold.left {
                    return Err(Reason::AboveHeld { held: amount(hold.left), amount: post.amount }.into());
                }
                self.both_banks_work(hold.asset, hold.payer, payee)?;
                self.deliver(hold.asset, (hold.payer, Field::Held), payee, value)?;
                if let Some(line) = hold.counted {
                    self.counts[line].open -= value;
                }
                let left = hold.left - value;
                self.holds.get_mut(&post.hold).expect("running").left = left;
                self.holds.retain(|_, hold| hold.left > 0);
                Ok(())
            }
            Leg::Release(release) => {
                let id = release.hold;
                let hold = self.holds.get(&id).ok_or(Reason::HoldGone { hold: id })?.clone();
                self.shift(hold.payer, hold.asset, Field::Held, Field::Available, hold.left);
                self.uncount(hold.counted);
                self.holds.remove(&id);
                Ok(())
            }
            other => self.supply_leg(other, new_hold),
        }
    }

    fn supply_leg(&mut self, leg: &Leg, new_hold: HoldId) -> Result<(), No> {
        match leg {
            Leg::RedeemRequest(request) => {
                if !self.assets.contains_key(&request.asset) {
                    return Err(Reason::AssetUnknown { asset: request.asset }.into());
                }
                self.may_pay(request.account)?;
                self.check_time(request.amount.is_zero(), request.expires_at)?;
                let (payer, asset, left) = (request.account, request.asset, plain(request.amount));
                self.hold(new_hold, Hold { payee: None, payer, asset, left, ends: request.expires_at, counted: None })
            }
            Leg::Issue(issue) => {
                self.usable_asset(issue.asset)?;
                if issue.amount.is_zero() {
                    return Err(Reason::AmountZero.into());
                }
                let issuer = self.assets[&issue.asset].issuer;
                let bank = &self.participants[&issuer];
                if !bank.active || !bank.roles.issuer {
                    return Err(Reason::IssuerUnknown { issuer }.into());
                }
                self.use_reference(issuer, issue.reference)?;
                let receiver = self.may_receive(issue.account)?;
                if !self.active(receiver.agent) {
                    return Err(Reason::CreditorAgentSuspended { agent: receiver.agent }.into());
                }
                *self.issued.get_mut(&issue.asset).expect("known") += plain(issue.amount);
                self.arrive(issue.asset, issue.account, plain(issue.amount))
            }
            Leg::RedeemConfirm(confirm) => {
                let hold = self.running(confirm.hold)?;
                if hold.payee.is_some() {
                    return Err(Reason::HoldPurpose { hold: confirm.hold }.into());
                }
                self.may_pay(hold.payer)?;
                self.use_reference(self.assets[&hold.asset].issuer, confirm.reference)?;
                self.give(hold.payer, hold.asset, Field::Held, -hold.left);
                *self.redeemed.get_mut(&hold.asset).expect("known") += hold.left;
                self.holds.remove(&confirm.hold);
                Ok(())
            }
            other => self.follow_leg(other),
        }
    }

    fn follow_leg(&mut self, leg: &Leg) -> Result<(), No> {
        match leg {
            Leg::Return(back) => self.pay_back(back),
            Leg::RecallRequest(ask) => self.ask_recall(ask),
            Leg::RecallAnswer(answer) => self.answer_recall(answer),
            Leg::Accept(accept) => self.accept(accept.payment),
            Leg::Refuse(refuse) => self.refuse(refuse),
            Leg::Confirm(confirm) => self.confirm(confirm.payment),
            _ => Ok(()),
        }
    }

    fn check_time(&self, zero: bool, given: BlockTime) -> Result<(), Reason> {
        let (now, latest) = (self.now, self.now.after_ms(HOLD_LIFETIME_MS_MAX));
        if zero {
            Err(Reason::AmountZero)
        } else if given <= now || given > latest {
            Err(Reason::ExpiryOutOfRange { given, now, latest })
        } else {
            Ok(())
        }
    }

    fn hold(&mut self, id: HoldId, hold: Hold) -> Result<(), No> {
        let available = self.has(hold.payer, hold.asset, Field::Available);
        if available < hold.left {
            return Err(Reason::InsufficientFunds { available: amount(available), needed: amount(hold.left) }.into());
        }
        self.shift(hold.payer, hold.asset, Field::Available, Field::Held, hold.left);
        self.holds.insert(id, hold);
        Ok(())
    }

    fn running(&self, id: HoldId) -> Result<Hold, Reason> {
        let hold = self.holds.get(&id).ok_or(Reason::HoldGone { hold: id })?.clone();
        if self.now < hold.ends { Ok(hold) } else { Err(Reason::HoldExpired { hold: id, expires_at: hold.ends }) }
    }

    fn use_reference(&mut self, issuer: Bic, reference: seaway_types::text::Text35) -> Result<(), Reason> {
        match self.references.insert((issuer, reference), self.height) {
            None => Ok(()),
            Some(_) => Err(Reason::ReferenceUsed { issuer, reference }),
        }
    }
}
