//! The one way in which money moves: from one place to another, the same amount out of the first and into the second.

use super::context::{Execution, Holder};
use super::stop::{Fault, Stop};
use crate::state::StateView;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::Reason;
use seaway_types::receipt::Posting;
use seaway_types::state::{Balance, Field, TierLimits, Totals};

/// Where money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A part of an account's balance.
    On(AccountId, Field),
    /// Outside all accounts: what the issuer has not issued, or has redeemed.
    Issuer,
}

impl<V: StateView> Execution<'_, V> {
    /// Moves money within or between accounts, on or off the ledger. The receiving balance's cap is not asked here.
    pub fn transfer(&mut self, asset: AssetId, source: Place, target: Place, amount: Amount) -> Result<(), Stop> {
        self.debit(asset, source, amount)?;
        self.credit(asset, target, amount)?;
        self.move_totals(asset, source, target, amount)
    }

    /// Pays another holder: the balance cap of its tier is asked when the money arrives (AM21), after it has left.
    pub fn pay(
        &mut self,
        asset: AssetId,
        source: Place,
        to: (AccountId, &Holder),
        amount: Amount,
    ) -> Result<(), Stop> {
        let (creditor, account) = to;
        self.pay_into(asset, source, (Place::On(creditor, Field::Available), account), amount)
    }

    /// As [`Self::pay`], into any part of a balance.
    pub fn pay_into(
        &mut self,
        asset: AssetId,
        source: Place,
        (target, account): (Place, &Holder),
        amount: Amount,
    ) -> Result<(), Stop> {
        self.debit(asset, source, amount)?;
        self.ensure_below_cap(asset, account, amount)?;
        self.credit(asset, target, amount)?;
        self.move_totals(asset, source, target, amount)
    }

    fn debit(&mut self, asset: AssetId, source: Place, amount: Amount) -> Result<(), Stop> {
        let Place::On(id, field) = source else {
            self.post(None, asset, Field::Available, false, amount, Amount::ZERO);
            return Ok(());
        };
        let after = self.state.modify((id, asset), |now: &mut Option<Balance>| {
            let mut balance = now.unwrap_or_default();
            let part = balance.get_mut(field);
            let rest = part.checked_sub(amount).ok_or(match field {
                Field::Available => Stop::Rejected(Reason::InsufficientFunds { available: *part, needed: amount }),
                _ => Stop::Fault(Fault::HeldShort { account: id }),
            })?;
            *part = rest;
            // A balance of nothing is no record, so that the tree holds only what somebody has.
            *now = (!balance.is_zero()).then_some(balance);
            Ok::<_, Stop>(rest)
        })?;
        self.post(Some(id), asset, field, false, amount, after);
        Ok(())
    }

    fn credit(&mut self, asset: AssetId, target: Place, amount: Amount) -> Result<(), Stop> {
        let Place::On(id, field) = target else {
            self.post(None, asset, Field::Available, true, amount, Amount::ZERO);
            return Ok(());
        };
        let after = self.state.modify((id, asset), |now: &mut Option<Balance>| {
            let balance = now.get_or_insert_default();
            // The whole balance stays within 18 digits, so that what is held can always go back to available: a block's
            // own acts must not fail.
            let present = balance.whole();
            if !seeded(Mutant::OverflowUnchecked) {
                present.checked_add(amount).ok_or(Reason::SumTooLarge { present, amount })?;
            }
            let part = balance.get_mut(field);
            *part = part.checked_add(amount).ok_or(Reason::SumTooLarge { present: *part, amount })?;
            Ok::<_, Stop>(*part)
        })?;
        self.post(Some(id), asset, field, true, amount, after);
        Ok(())
    }

    fn post(
        &mut self,
        account: Option<AccountId>,
        asset: AssetId,
        field: Field,
        credit: bool,
        amount: Amount,
        after: Amount,
    ) {
        let receipt = self.receipt_position();
        self.postings.push(Posting { account, asset, field, credit, amount, after, receipt, uetr: self.uetr });
    }

    fn move_totals(&mut self, asset: AssetId, source: Place, target: Place, amount: Amount) -> Result<(), Stop> {
        let units = u128::from(amount.minor_units());
        let (from, to) = match (source, target) {
            (Place::On(_, from), Place::On(_, to)) if from == to => return Ok(()),
            (Place::On(_, from), Place::On(_, to)) => (Some(from), Some(to)),
            (Place::On(_, from), Place::Issuer) => (Some(from), None),
            (Place::Issuer, Place::On(_, to)) => (None, Some(to)),
            (Place::Issuer, Place::Issuer) => return Ok(()),
        };
        self.state.modify(asset, |now: &mut Option<Totals>| {
            let totals = now.as_mut().ok_or(Fault::Missing { what: "the totals of an asset" })?;
            let range = Fault::TotalRange { asset };
            match from {
                Some(field) => *totals.get_mut(field) = totals.get(field).checked_sub(units).ok_or(range.clone())?,
                None => totals.issued = totals.issued.checked_add(units).ok_or(range.clone())?,
            }
            match to {
                Some(field) => *totals.get_mut(field) = totals.get(field).checked_add(units).ok_or(range)?,
                None => totals.redeemed = totals.redeemed.checked_add(units).ok_or(range)?,
            }
            Ok::<_, Stop>(())
        })
    }

    fn ensure_below_cap(&mut self, asset: AssetId, account: &Holder, amount: Amount) -> Result<(), Stop> {
        let maximum = |limits: Option<&TierLimits>| limits.and_then(|limits| limits.balance_max);
        let Some(maximum) = self.state.look(&(asset, account.tier), maximum)? else {
            return Ok(());
        };
        let mut booked: u128 = 0;
        for other in self.state.accounts_of(&account.agent, &account.owner_id)? {
            let balance: Option<Balance> = self.state.get(&(other, asset))?;
            booked = booked.saturating_add(balance.unwrap_or_default().booked());
        }
        let after = booked.saturating_add(u128::from(amount.minor_units()));
        super::stop::ensure(after <= u128::from(maximum.minor_units()), || Reason::AboveBalanceMax {
            amount,
            booked,
            maximum,
        })
    }
}
