//! What can be refused of the administration of accounts.

use crate::execution::context::Execution;
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::OpenAccount;
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::ACCOUNTS_PER_OWNER_MAX;
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::state::{Account, AccountStatus, Balance, Field, Participant};

/// Each key of a policy can be held by somebody alone.
pub fn ensure_usable(policy: &KeyPolicy) -> Result<(), Stop> {
    policy.unusable_key().map_or(Ok(()), |key| Err(Reason::KeyUnusable { key }.into()))
}

impl<V: StateView> Execution<'_, V> {
    /// Guards of an opening. Only an active participant with the role of an agent services accounts.
    pub(super) fn check_open(&self, open: &OpenAccount) -> Result<(), Stop> {
        let agent: Participant = self.must(&open.agent, "the agent that an authority was asked for")?;
        if !agent.roles.agent {
            return Err(VoidReason::RoleMissing { bic: open.agent }.into());
        }
        ensure(agent.active, || Reason::DebtorAgentSuspended { agent: open.agent })?;
        ensure_usable(&open.owner)?;
        let present: Option<Account> = self.state.get(&open.account)?;
        ensure(present.is_none(), || Reason::AccountExists { account: open.account })?;
        let count = self.state.accounts_of(&open.agent, &open.owner_id)?.len();
        ensure(count < ACCOUNTS_PER_OWNER_MAX, || Reason::OwnerAccountsFull {
            count: u16::try_from(count).unwrap_or(u16::MAX),
        })
    }

    /// An account that is in use.
    pub(super) fn open_account(&self, id: AccountId) -> Result<Account, Stop> {
        let account: Account = self.must(&id, "an account that an authority was asked for")?;
        ensure(account.status == AccountStatus::Open, || Reason::AccountClosed { account: id })?;
        Ok(account)
    }

    /// An account closes only at zero: in every asset, suspense included.
    pub(super) fn ensure_empty(&self, id: AccountId) -> Result<(), Stop> {
        for asset in (1..=self.parameters.asset_count).map(AssetId) {
            if let Some(balance) = self.state.get::<Balance>(&(id, asset))? {
                let booked = Field::ALL.iter().map(|field| u128::from(balance.get(*field).minor_units())).sum();
                return Err(Reason::AccountNotEmpty { account: id, asset, booked }.into());
            }
        }
        Ok(())
    }
}
