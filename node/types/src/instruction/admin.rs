//! Administration: accounts by their agents and owners, everything of the network by its authority.

use crate::amount::Amount;
use crate::asset::{Asset, AssetId};
use crate::bic::Bic;
use crate::calendar::Calendar;
use crate::identifier::{AccountId, OwnerId};
use crate::keys::KeyPolicy;
use crate::state::{
    AccountClass, CalendarKey, DebitAuthority, FreezeKind, Participant, Tier, TierLimits, ValidatorSet,
};
use crate::text::Country;
use crate::time::Height;
use serde::{Deserialize, Serialize};

/// An administrative act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Admin {
    /// By the servicing agent.
    OpenAccount(OpenAccount),
    /// By the servicing agent; only at zero.
    CloseAccount(CloseAccount),
    /// By the servicing agent.
    SetTier(SetTier),
    /// By the agent, or a supervisor of its jurisdiction.
    Freeze(Freeze),
    /// By whoever froze.
    Unfreeze(Unfreeze),
    /// By the owner at once, or by the agent with a delay of three days.
    ChangeKeys(ChangeKeys),
    /// By the owner, against a change that its agent made and that is still waiting.
    VetoKeys(VetoKeys),
    /// By the authority: registers or replaces.
    SetParticipant(SetParticipant),
    /// By the authority: registers or changes what may change.
    SetAsset(SetAsset),
    /// By the asset's issuer or the authority.
    SetCalendar(SetCalendar),
    /// By the authority.
    SetTierLimits(SetTierLimits),
    /// By the authority.
    SetThreshold(SetThreshold),
    /// By the authority; acts two heights later.
    SetValidators(SetValidators),
    /// By the authority: who it is from now on.
    SetAuthority(SetAuthority),
    /// By the authority.
    ScheduleUpgrade(ScheduleUpgrade),
}

/// Opens an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenAccount {
    /// Its id, derived by the agent; must be new.
    pub account: AccountId,
    /// The servicing agent.
    pub agent: Bic,
    /// Whose it is, for limits.
    pub owner_id: OwnerId,
    /// Who signs as owner.
    pub owner: KeyPolicy,
    /// A customer's, or the agent's own.
    pub class: AccountClass,
    /// Who may debit it.
    pub debit_authority: DebitAuthority,
    /// Which limits hold.
    pub tier: Tier,
}

/// Closes an account that holds nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseAccount {
    /// Which account.
    pub account: AccountId,
}

/// Puts an account under other limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetTier {
    /// Which account.
    pub account: AccountId,
    /// The new tier.
    pub tier: Tier,
}

/// Stops debits, credits or both. A second freeze by the same participant replaces its first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Freeze {
    /// Which account.
    pub account: AccountId,
    /// Who freezes: the account's agent, or a supervisor of its jurisdiction.
    pub by: Bic,
    /// What stops.
    pub kind: FreezeKind,
}

/// Ends the freeze that `by` made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unfreeze {
    /// Which account.
    pub account: AccountId,
    /// Who froze.
    pub by: Bic,
}

/// Replaces an owner's keys. An owner's own change takes effect at once and ends a waiting change by the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeKeys {
    /// Which account.
    pub account: AccountId,
    /// The new policy.
    pub owner: KeyPolicy,
}

/// Ends a waiting change of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VetoKeys {
    /// Which account.
    pub account: AccountId,
}

/// Registers a participant or replaces its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetParticipant {
    /// Its BIC.
    pub bic: Bic,
    /// The whole record.
    pub participant: Participant,
}

/// Registers an asset under the next free id, or changes its default mark, whether it is enabled, and its maximum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAsset {
    /// Its id.
    pub asset: AssetId,
    /// The whole record.
    pub record: Asset,
}

/// Sets a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCalendar {
    /// Of an asset or a jurisdiction.
    pub of: CalendarKey,
    /// The whole calendar.
    pub calendar: Calendar,
}

/// Sets what accounts of a tier may do in an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetTierLimits {
    /// The asset.
    pub asset: AssetId,
    /// The tier.
    pub tier: Tier,
    /// The limits.
    pub limits: TierLimits,
}

/// Sets from which amount a credit waits for the creditor agent's acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetThreshold {
    /// The jurisdiction that asks for it.
    pub jurisdiction: Country,
    /// The asset in which the amount counts.
    pub asset: AssetId,
    /// Smallest amount that waits; absent for never.
    pub threshold: Option<Amount>,
}

/// Sets the validators. Each proves that it holds its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetValidators {
    /// The whole set.
    pub validators: ValidatorSet,
}

/// Replaces the network's authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAuthority {
    /// The new policy.
    pub authority: KeyPolicy,
}

/// Names the height from which another version of the execution rules holds. An older program stops before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleUpgrade {
    /// The version of the rules.
    pub version: u32,
    /// The first height under it.
    pub height: Height,
}
