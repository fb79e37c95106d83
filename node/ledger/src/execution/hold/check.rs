//! What can be refused of holds.

use crate::execution::context::{Execution, Holder};
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::amount::Amount;
use seaway_types::identifier::{AccountId, HoldId};
use seaway_types::instruction::hold::{PostHold, Reserve};
use seaway_types::limits::HOLD_LIFETIME_MS_MAX;
use seaway_types::reason::Reason;
use seaway_types::state::{Account, Hold, HoldPurpose};
use seaway_types::time::BlockTime;

impl<V: StateView> Execution<'_, V> {
    /// Guards of a reservation; returns the payer's account.
    pub(super) fn check_reserve(&mut self, reserve: &Reserve) -> Result<Account, Stop> {
        let asset = self.asset(reserve.asset)?;
        self.ensure_open(reserve.asset)?;
        let payer = self.payer(&reserve.payer)?;
        ensure(!reserve.amount.is_zero(), || Reason::AmountZero)?;
        self.ensure_expiry(reserve.expires_at)?;
        let agent = self.active_debtor_agent(&payer)?;
        let payee = self.payable(&reserve.payee)?;
        let payee_agent = self.active_creditor_agent(&payee)?;
        ensure(reserve.payee != reserve.payer, || Reason::SelfPayment { account: reserve.payee })?;
        self.ensure_below_payment_max((reserve.asset, &asset), &payer, reserve.amount)?;
        if let Some(threshold) =
            self.threshold(reserve.asset, &asset, [agent.jurisdiction, payee_agent.jurisdiction])?
        {
            ensure(reserve.amount < threshold, || Reason::AcceptanceMissing { threshold })?;
        }
        Ok(payer)
    }

    /// An expiry lies ahead, and not further than a hold may live.
    pub fn ensure_expiry(&self, given: BlockTime) -> Result<(), Stop> {
        let now = self.block.time;
        let latest = now.after_ms(HOLD_LIFETIME_MS_MAX);
        ensure(now < given && given <= latest, || Reason::ExpiryOutOfRange { given, now, latest })
    }

    /// A hold that was there when authority was asked; an earlier leg of the same bundle may have used it up.
    pub fn hold_left(&self, id: HoldId) -> Result<Hold, Stop> {
        Ok(self.state.get(&id)?.ok_or(Reason::HoldGone { hold: id })?)
    }

    /// A hold that still runs.
    pub fn running_hold(&self, id: HoldId) -> Result<Hold, Stop> {
        let hold = self.hold_left(id)?;
        let expires_at = hold.expires_at;
        ensure(self.block.time < expires_at, || Reason::HoldExpired { hold: id, expires_at })?;
        Ok(hold)
    }

    /// Guards of a posting; returns the hold, and who is paid.
    pub(super) fn check_post(&mut self, post: &PostHold) -> Result<(Hold, AccountId, Holder), Stop> {
        let hold = self.running_hold(post.hold)?;
        let HoldPurpose::Payment { payee, .. } = hold.purpose else {
            return Err(Reason::HoldPurpose { hold: post.hold }.into());
        };
        ensure(!post.amount.is_zero(), || Reason::AmountZero)?;
        ensure_within(hold.amount, post.amount)?;
        self.asset(hold.asset)?;
        self.ensure_open(hold.asset)?;
        let payer = self.payer(&hold.payer)?;
        self.active_debtor_agent(&payer)?;
        let account = self.payable(&payee)?;
        self.active_creditor_agent(&account)?;
        Ok((hold, payee, account))
    }
}

fn ensure_within(held: Amount, amount: Amount) -> Result<(), Stop> {
    ensure(amount <= held, || Reason::AboveHeld { held, amount })
}
