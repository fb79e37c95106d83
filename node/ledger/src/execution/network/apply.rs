//! What the administration of the network changes.

use crate::execution::account::ensure_usable;
use crate::execution::context::Execution;
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::bounded::Bounded;
use seaway_types::instruction::admin::{Admin, ScheduleUpgrade, SetAsset, SetCalendar, SetThreshold, SetTierLimits};
use seaway_types::reason::Reason;
use seaway_types::state::{
    CalendarKey, Parameters, ScheduledSet, Threshold, Totals, Upgrade, ValidatorSet, Validators,
};
use seaway_types::time::Height;

impl<V: StateView> Execution<'_, V> {
    /// One administrative act. `came` tells which of its alternative authorities signed.
    pub fn administer(&mut self, admin: &Admin, came: usize) -> Result<(), Stop> {
        match admin {
            Admin::OpenAccount(open) => self.open_new_account(open),
            Admin::CloseAccount(close) => self.close_account(close),
            Admin::SetTier(set) => self.set_tier(set),
            Admin::Freeze(freeze) => self.freeze(freeze),
            Admin::Unfreeze(unfreeze) => self.unfreeze(unfreeze),
            Admin::ChangeKeys(change) => self.change_keys(change, came),
            Admin::VetoKeys(veto) => self.veto_keys(veto),
            Admin::SetParticipant(set) => {
                self.check_participant(set)?;
                Ok(self.state.put(set.bic, Some(set.participant.clone()))?)
            }
            Admin::SetAsset(set) => self.set_asset(set),
            Admin::SetCalendar(set) => self.set_calendar(set),
            Admin::SetTierLimits(set) => self.set_tier_limits(set),
            Admin::SetThreshold(set) => self.set_threshold(set),
            Admin::SetValidators(set) => self.set_validators(&set.validators),
            Admin::SetAuthority(set) => {
                ensure_usable(&set.authority)?;
                let authority = set.authority.clone();
                self.set_parameters(|parameters| parameters.authority = authority)
            }
            Admin::ScheduleUpgrade(upgrade) => self.schedule_upgrade(upgrade),
        }
    }

    fn set_parameters(&mut self, change: impl FnOnce(&mut Parameters)) -> Result<(), Stop> {
        let mut parameters = self.parameters.clone();
        change(&mut parameters);
        Ok(self.state.put((), Some(parameters))?)
    }

    fn set_asset(&mut self, set: &SetAsset) -> Result<(), Stop> {
        if self.check_asset(set)? {
            self.state.put(set.asset, Some(Totals::default()))?;
            self.set_parameters(|parameters| parameters.asset_count = set.asset.0)?;
        }
        Ok(self.state.put(set.asset, Some(set.record.clone()))?)
    }

    fn set_calendar(&mut self, set: &SetCalendar) -> Result<(), Stop> {
        if let CalendarKey::Asset(asset) = set.of {
            self.ensure_asset(asset)?;
        }
        ensure(set.calendar.check().is_ok(), || Reason::CalendarWrong)?;
        Ok(self.state.put(set.of, Some(set.calendar.clone()))?)
    }

    fn set_tier_limits(&mut self, set: &SetTierLimits) -> Result<(), Stop> {
        self.ensure_asset(set.asset)?;
        Ok(self.state.put((set.asset, set.tier), Some(set.limits))?)
    }

    fn set_threshold(&mut self, set: &SetThreshold) -> Result<(), Stop> {
        self.ensure_asset(set.asset)?;
        Ok(self.state.put((set.jurisdiction, set.asset), set.threshold.map(Threshold))?)
    }

    /// A set decided at height H acts from H + 2: H + 1 is already being voted on by the set that its header names.
    fn set_validators(&mut self, set: &ValidatorSet) -> Result<(), Stop> {
        self.check_validators(set)?;
        let present: Validators = self.must(&(), "the validators")?;
        let now = self.block.height;
        let since = Height(now.0.saturating_add(2));
        let in_force = present.0.iter().rposition(|scheduled| scheduled.since <= now).unwrap_or(0);
        let kept = present.0.iter().skip(in_force).filter(|scheduled| scheduled.since < since);
        let mut sets: Vec<ScheduledSet> = kept.cloned().collect();
        sets.push(ScheduledSet { since, set: set.clone() });
        let sets = Bounded::new(sets).map_err(|_| Reason::ValidatorsWrong { bic: None })?;
        Ok(self.state.put((), Some(Validators(sets)))?)
    }

    fn schedule_upgrade(&mut self, upgrade: &ScheduleUpgrade) -> Result<(), Stop> {
        self.check_upgrade(upgrade)?;
        let version = self.parameters.version_at(self.block.height);
        let next = Upgrade { version: upgrade.version, height: upgrade.height };
        self.set_parameters(|parameters| {
            parameters.version = version;
            parameters.upgrade = Some(next);
        })
    }
}
