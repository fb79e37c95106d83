//! Limits of a holder: counted per (agent, owner id, asset), gross, when money is first bound.

use super::context::Execution;
use super::stop::{Stop, ensure};
use crate::state::{ReadFault, StateView};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetId};
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::Reason;
use seaway_types::state::{Account, Counted, TierLimits, Usage};

impl<V: StateView> Execution<'_, V> {
    /// Largest single payment: of the network (AM13), then of the payer's tier (AM02).
    pub fn ensure_below_payment_max(
        &self,
        asset: (AssetId, &Asset),
        payer: &Account,
        amount: Amount,
    ) -> Result<(), Stop> {
        let (id, asset) = asset;
        if let Some(maximum) = asset.payment_max {
            ensure(amount <= maximum, || Reason::AboveNetworkMax { amount, maximum })?;
        }
        let maximum = |limits: Option<&TierLimits>| limits.and_then(|limits| limits.payment_max);
        match self.state.look(&(id, payer.tier), maximum)? {
            Some(maximum) => ensure(amount <= maximum, || Reason::AbovePaymentMax { amount, maximum }),
            None => Ok(()),
        }
    }

    /// Counts money that is bound now toward the day and the year of its holder (AM14).
    pub fn count(&mut self, asset: AssetId, payer: &Account, amount: Amount) -> Result<Option<Counted>, Stop> {
        let limits: Option<TierLimits> = self.state.get(&(asset, payer.tier))?;
        let Some(limits) = limits.filter(TierLimits::counts).filter(|_| !seeded(Mutant::DayNotCounted)) else {
            return Ok(None);
        };
        let today = self.session(asset)?.local.day;
        let day = self.state.modify((payer.agent, payer.owner_id, asset), |now: &mut Option<Usage>| {
            let mut usage = now.unwrap_or_default();
            // A calendar that is set back must not open a spent day anew: days only move forward.
            let day = today.max(usage.day);
            if day.year() != usage.day.year() {
                usage.year_used = Amount::ZERO;
            }
            if day != usage.day {
                usage.day_used = Amount::ZERO;
            }
            usage.day = day;
            let sum = |used: Amount| used.checked_add(amount).ok_or(Reason::SumTooLarge { present: used, amount });
            let (day_used, year_used) = (sum(usage.day_used)?, sum(usage.year_used)?);
            if let Some(maximum) = limits.day_max {
                ensure(day_used <= maximum, || Reason::AboveDayMax { amount, used: usage.day_used, maximum })?;
            }
            if let Some(maximum) = limits.year_max {
                ensure(year_used <= maximum, || Reason::AboveYearMax { amount, used: usage.year_used, maximum })?;
            }
            *now = Some(Usage { day, day_used, year_used });
            Ok::<_, Stop>(day)
        })?;
        Ok(Some(Counted { day, amount }))
    }

    /// Gives back what was counted, where its day and its year are still the present ones.
    pub fn restore(&mut self, asset: AssetId, payer: &Account, counted: Option<Counted>) -> Result<(), Stop> {
        let Some(counted) = counted else {
            return Ok(());
        };
        self.state.modify((payer.agent, payer.owner_id, asset), |now: &mut Option<Usage>| {
            if let Some(usage) = now {
                let less = |used: Amount| used.checked_sub(counted.amount).unwrap_or(Amount::ZERO);
                if usage.day == counted.day {
                    usage.day_used = less(usage.day_used);
                }
                if usage.day.year() == counted.day.year() {
                    usage.year_used = less(usage.year_used);
                }
            }
            Ok::<_, ReadFault>(())
        })?;
        Ok(())
    }
}
