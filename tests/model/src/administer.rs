//! Administration of accounts, assets, limits.

use crate::{Model, No, plain};
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::{Admin, OpenAccount, SetAsset};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::state::{Account, AccountStatus, CalendarKey, Field, Freeze, KeyChange};

pub(crate) fn opened(open: &OpenAccount) -> Account {
    Account {
        agent: open.agent,
        owner_id: open.owner_id,
        owner: open.owner.clone(),
        class: open.class,
        debit_authority: open.debit_authority,
        tier: open.tier,
        status: AccountStatus::Open,
        freezes: None,
        key_change: None,
    }
}

impl Model {
    fn used_account(&mut self, id: AccountId) -> Result<&mut Account, Reason> {
        let account = self.accounts.get_mut(&id).expect("its authority was asked");
        if account.status == AccountStatus::Open { Ok(account) } else { Err(Reason::AccountClosed { account: id }) }
    }

    pub(crate) fn administer(&mut self, admin: &Admin, side: usize) -> Result<(), No> {
        match admin {
            Admin::OpenAccount(open) => {
                let bank = &self.participants[&open.agent];
                if !bank.roles.agent {
                    return Err(VoidReason::RoleMissing { bic: open.agent }.into());
                }
                if !bank.active {
                    return Err(Reason::DebtorAgentSuspended { agent: open.agent }.into());
                }
                if self.accounts.contains_key(&open.account) {
                    return Err(Reason::AccountExists { account: open.account }.into());
                }
                let same = |account: &&Account| account.agent == open.agent && account.owner_id == open.owner_id;
                let count = self.accounts.values().filter(same).count();
                if count >= 64 {
                    return Err(Reason::OwnerAccountsFull { count: u16::try_from(count).expect("few") }.into());
                }
                self.accounts.insert(open.account, opened(open));
            }
            Admin::CloseAccount(close) => {
                let account = close.account;
                self.used_account(account)?;
                let assets: Vec<AssetId> = self.assets.keys().copied().collect();
                for asset in assets {
                    let booked: i128 = Field::ALL.iter().map(|field| self.has(account, asset, *field)).sum();
                    if booked > 0 {
                        let booked = u128::try_from(booked).expect("not negative");
                        return Err(Reason::AccountNotEmpty { account, asset, booked }.into());
                    }
                }
                self.used_account(account)?.status = AccountStatus::Closed;
            }
            Admin::SetTier(set) => self.used_account(set.account)?.tier = set.tier,
            Admin::Freeze(freeze) => {
                let account = self.used_account(freeze.account)?;
                let mut freezes = account.freezes().to_vec();
                freezes.retain(|other| other.by != freeze.by);
                if freezes.len() >= 8 {
                    return Err(Reason::FreezesFull { count: 8 }.into());
                }
                freezes.push(Freeze { by: freeze.by, kind: freeze.kind });
                freezes.sort_by_key(|freeze| freeze.by);
                account.freezes = Some(Box::new(freezes.try_into().expect("at most eight")));
            }
            Admin::Unfreeze(unfreeze) => {
                let account = self.used_account(unfreeze.account)?;
                let mut freezes = account.freezes().to_vec();
                freezes.retain(|other| other.by != unfreeze.by);
                if freezes.len() == account.freezes().len() {
                    return Err(Reason::NotFrozenBy { bic: unfreeze.by }.into());
                }
                let none = freezes.is_empty();
                account.freezes = if none { None } else { Some(Box::new(freezes.try_into().expect("fewer"))) };
            }
            other => self.administer_keys(other, side)?,
        }
        Ok(())
    }

    fn administer_keys(&mut self, admin: &Admin, side: usize) -> Result<(), No> {
        match admin {
            Admin::ChangeKeys(change) => {
                let at = self.now.after_ms(3 * 24 * 3600 * 1000);
                let account = self.used_account(change.account)?;
                account.key_change = None;
                if side == 0 {
                    account.owner = change.owner.clone();
                } else {
                    account.key_change = Some(Box::new(KeyChange { at, owner: change.owner.clone() }));
                }
            }
            Admin::VetoKeys(veto) => {
                let account = self.used_account(veto.account)?;
                if account.key_change.take().is_none() {
                    return Err(Reason::NoKeyChange { account: veto.account }.into());
                }
            }
            other => self.administer_network(other)?,
        }
        Ok(())
    }

    fn administer_network(&mut self, admin: &Admin) -> Result<(), No> {
        match admin {
            Admin::SetParticipant(set) => {
                self.participants.insert(set.bic, set.participant.clone());
            }
            Admin::SetAsset(set) => self.set_asset(set)?,
            Admin::SetCalendar(set) => {
                if let CalendarKey::Asset(asset) = set.of {
                    self.known(asset)?;
                }
                if set.calendar.check().is_err() {
                    return Err(Reason::CalendarWrong.into());
                }
                self.calendars.insert(set.of, set.calendar.clone());
            }
            Admin::SetTierLimits(set) => {
                self.known(set.asset)?;
                self.tiers.insert((set.asset, set.tier), set.limits);
            }
            Admin::SetThreshold(set) => {
                self.known(set.asset)?;
                self.thresholds.remove(&(set.jurisdiction, set.asset));
                if let Some(threshold) = set.threshold {
                    self.thresholds.insert((set.jurisdiction, set.asset), plain(threshold));
                }
            }
            other => self.govern(other)?,
        }
        Ok(())
    }

    fn known(&self, asset: AssetId) -> Result<(), Reason> {
        if self.assets.contains_key(&asset) { Ok(()) } else { Err(Reason::AssetUnknown { asset }) }
    }

    fn set_asset(&mut self, set: &SetAsset) -> Result<(), No> {
        let (asset, new) = (set.asset, &set.record);
        let next = AssetId(u16::try_from(self.assets.len()).expect("few") + 1);
        match self.assets.get(&asset) {
            Some(old) => {
                let fixed = old.code == new.code && old.exponent == new.exponent;
                if !fixed || old.issuer != new.issuer || old.kind != new.kind {
                    return Err(Reason::AssetRecord { asset }.into());
                }
            }
            None if asset != next => return Err(Reason::AssetIdNotNext { given: asset, next }.into()),
            None if !new.code_fits_kind() => return Err(Reason::AssetRecord { asset }.into()),
            None => {
                let issuer = self.participants.get(&new.issuer);
                if !issuer.is_some_and(|issuer| issuer.active && issuer.roles.issuer) {
                    return Err(Reason::IssuerUnknown { issuer: new.issuer }.into());
                }
            }
        }
        let namesake = |other: &&AssetId| {
            let other = &self.assets[*other];
            other.code == new.code && other.issuer == new.issuer
        };
        let names: Vec<&AssetId> = self.assets.keys().filter(|id| **id != asset).collect();
        let first_default = names.iter().position(|id| {
            let other = &self.assets[*id];
            other.is_default && new.is_default && other.code == new.code
        });
        if let Some(at) = names.iter().position(namesake)
            && first_default.is_none_or(|default| at <= default)
        {
            return Err(Reason::AssetNameTaken { asset: *names[at] }.into());
        }
        let rival =
            self.assets.iter().find(|(id, other)| **id != asset && other.is_default && other.code == new.code);
        if let (true, Some((rival, _))) = (new.is_default, rival) {
            return Err(Reason::DefaultTaken { asset: *rival }.into());
        }
        self.assets.insert(asset, new.clone());
        self.issued.entry(asset).or_insert(0);
        self.redeemed.entry(asset).or_insert(0);
        Ok(())
    }
}
