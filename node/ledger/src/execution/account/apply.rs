//! What the administration of accounts changes.

use crate::execution::context::Execution;
use crate::execution::stop::{Stop, ensure};
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::bounded::Bounded;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::{ChangeKeys, CloseAccount, Freeze, OpenAccount, SetTier, Unfreeze, VetoKeys};
use seaway_types::limits::{FREEZES_MAX, KEY_CHANGE_DELAY_MS};
use seaway_types::reason::Reason;
use seaway_types::state::{self, Account, AccountStatus, KeyChange};

impl<V: StateView> Execution<'_, V> {
    pub fn open_new_account(&mut self, open: &OpenAccount) -> Result<(), Stop> {
        self.check_open(open)?;
        Ok(self.state.open(open.account, account_of(open))?)
    }

    pub fn close_account(&mut self, close: &CloseAccount) -> Result<(), Stop> {
        let mut account = self.open_account(close.account)?;
        self.ensure_empty(close.account)?;
        account.status = AccountStatus::Closed;
        Ok(self.state.put(close.account, Some(account))?)
    }

    pub fn set_tier(&mut self, set: &SetTier) -> Result<(), Stop> {
        let mut account = self.open_account(set.account)?;
        account.tier = set.tier;
        Ok(self.state.put(set.account, Some(account))?)
    }

    pub fn freeze(&mut self, freeze: &Freeze) -> Result<(), Stop> {
        let mut account = self.open_account(freeze.account)?;
        let mut freezes: Vec<state::Freeze> = account.freezes().to_vec();
        freezes.retain(|present| present.by != freeze.by);
        freezes.push(state::Freeze { by: freeze.by, kind: freeze.kind });
        freezes.sort_unstable_by_key(|freeze| freeze.by);
        ensure(freezes.len() <= FREEZES_MAX, || Reason::FreezesFull {
            count: u8::try_from(account.freezes().len()).unwrap_or(u8::MAX),
        })?;
        account.freezes = Bounded::new(freezes).ok().map(Box::new);
        Ok(self.state.put(freeze.account, Some(account))?)
    }

    pub fn unfreeze(&mut self, unfreeze: &Unfreeze) -> Result<(), Stop> {
        let mut account = self.open_account(unfreeze.account)?;
        let by = unfreeze.by;
        let rest: Vec<state::Freeze> = account.freezes().iter().filter(|freeze| freeze.by != by).copied().collect();
        ensure(rest.len() < account.freezes().len(), || Reason::NotFrozenBy { bic: by })?;
        account.freezes = if rest.is_empty() { None } else { Bounded::new(rest).ok().map(Box::new) };
        Ok(self.state.put(unfreeze.account, Some(account))?)
    }

    /// `came` is 0 for the owner, whose change holds at once, and 1 for the agent, whose change waits for a veto.
    pub fn change_keys(&mut self, change: &ChangeKeys, came: usize) -> Result<(), Stop> {
        let mut account = self.open_account(change.account)?;
        super::ensure_usable(&change.owner)?;
        self.end_key_change(change.account, &mut account);
        if came == 0 {
            account.owner = change.owner.clone();
        } else {
            let at = self.block.time.after_ms(KEY_CHANGE_DELAY_MS);
            account.key_change = Some(Box::new(KeyChange { at, owner: change.owner.clone() }));
            self.state.set_timer(Timer { at, subject: TimerSubject::Keys(change.account) });
        }
        Ok(self.state.put(change.account, Some(account))?)
    }

    pub fn veto_keys(&mut self, veto: &VetoKeys) -> Result<(), Stop> {
        let mut account = self.open_account(veto.account)?;
        ensure(account.key_change.is_some(), || Reason::NoKeyChange { account: veto.account })?;
        self.end_key_change(veto.account, &mut account);
        Ok(self.state.put(veto.account, Some(account))?)
    }

    fn end_key_change(&mut self, id: AccountId, account: &mut Account) {
        if let Some(change) = account.key_change.take() {
            self.state.remove_timer(Timer { at: change.at, subject: TimerSubject::Keys(id) });
        }
    }
}

/// The account that an opening makes.
pub(crate) fn account_of(open: &OpenAccount) -> Account {
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
