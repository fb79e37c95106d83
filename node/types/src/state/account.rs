//! Accounts, balances, freezes, limits.

use crate::amount::Amount;
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::identifier::OwnerId;
use crate::keys::KeyPolicy;
use crate::limits::FREEZES_MAX;
use crate::time::{BlockTime, Day};
use serde::{Deserialize, Serialize};

/// A tier of customer due diligence; limits hang on it. Tiers without limits in an asset are unlimited there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tier(pub u8);

/// Whose money an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountClass {
    /// A customer's: a credit to it is on the creditor's account at once (ACCC).
    Customer,
    /// The agent's own: a customer's credit to it still has to be booked by the agent (ACSC until confirmed).
    Settlement,
}

/// Who must sign a debit; named at opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DebitAuthority {
    /// The holder.
    Holder,
    /// The servicing agent, as a bank that signs its customers' messages.
    Agent,
    /// Holder and agent together.
    Both,
}

/// What a freeze stops. Credits that still post under `NoDebits` stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FreezeKind {
    /// Nothing leaves.
    NoDebits,
    /// Nothing arrives.
    NoCredits,
    /// Neither.
    Full,
}

/// A freeze and who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Freeze {
    /// Who froze.
    pub by: Bic,
    /// What stops.
    pub kind: FreezeKind,
}

/// Whether an account is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountStatus {
    /// In use.
    Open,
    /// Closed for good.
    Closed,
}

/// A change of keys by the agent that waits for its delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyChange {
    /// When it takes effect.
    pub at: BlockTime,
    /// The new policy.
    pub owner: KeyPolicy,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// The servicing agent.
    pub agent: Bic,
    /// Joins the accounts of one holder at one agent, for limits.
    pub owner_id: OwnerId,
    /// Who signs as owner.
    pub owner: KeyPolicy,
    /// Customer's or agent's own.
    pub class: AccountClass,
    /// Who must sign a debit.
    pub debit_authority: DebitAuthority,
    /// Which limits hold.
    pub tier: Tier,
    /// In use or closed.
    pub status: AccountStatus,
    /// Freezes in force, in rising order of who made them. Boxed because nearly no account has any.
    pub freezes: Option<Box<Bounded<Freeze, FREEZES_MAX>>>,
    /// A change of keys that waits.
    pub key_change: Option<Box<KeyChange>>,
}

impl Account {
    /// Freezes in force.
    pub fn freezes(&self) -> &[Freeze] {
        self.freezes.as_ref().map_or(&[], |freezes| freezes)
    }

    /// Whether nothing may leave.
    pub fn debits_frozen(&self) -> bool {
        self.freezes().iter().any(|freeze| freeze.kind != FreezeKind::NoCredits)
    }

    /// Whether nothing may arrive.
    pub fn credits_frozen(&self) -> bool {
        self.freezes().iter().any(|freeze| freeze.kind != FreezeKind::NoDebits)
    }
}

/// A part of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// Free to use.
    Available,
    /// Reserved by a hold or a waiting credit.
    Held,
    /// In pots of contracts.
    InContracts,
    /// Refunded with nowhere to go; released by agent and supervisor.
    Suspense,
}

impl Field {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Available, Self::Held, Self::InContracts, Self::Suspense];
}

/// What an account holds of an asset. Booked is the sum of the first three; all four together stay within 18 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Balance {
    /// Free to use.
    pub available: Amount,
    /// Reserved.
    pub held: Amount,
    /// In pots of contracts.
    pub in_contracts: Amount,
    /// Refunded with nowhere to go.
    pub suspense: Amount,
}

impl Balance {
    /// One part.
    pub fn get(&self, field: Field) -> Amount {
        match field {
            Field::Available => self.available,
            Field::Held => self.held,
            Field::InContracts => self.in_contracts,
            Field::Suspense => self.suspense,
        }
    }

    /// One part, to change.
    pub fn get_mut(&mut self, field: Field) -> &mut Amount {
        match field {
            Field::Available => &mut self.available,
            Field::Held => &mut self.held,
            Field::InContracts => &mut self.in_contracts,
            Field::Suspense => &mut self.suspense,
        }
    }

    /// Available, held and in contracts, in minor units.
    pub fn booked(&self) -> u128 {
        [self.available, self.held, self.in_contracts].iter().map(|part| u128::from(part.minor_units())).sum()
    }

    /// All four parts together; at most [`Amount::MAX`], which the ledger keeps.
    pub fn whole(&self) -> Amount {
        let parts = Field::ALL.map(|field| self.get(field));
        parts.iter().try_fold(Amount::ZERO, |sum, part| sum.checked_add(*part)).unwrap_or(Amount::MAX)
    }

    /// Whether nothing is held in any part.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// What accounts of a tier may do in an asset. Absent means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TierLimits {
    /// Largest single payment (AM02).
    pub payment_max: Option<Amount>,
    /// Gross in a local day of the asset's calendar, over all accounts of the holder (AM14).
    pub day_max: Option<Amount>,
    /// Gross in a local year (AM14).
    pub year_max: Option<Amount>,
    /// Largest booked balance over all accounts of the holder, asked when a credit posts (AM21).
    pub balance_max: Option<Amount>,
}

impl TierLimits {
    /// Whether usage must be counted.
    pub fn counts(&self) -> bool {
        self.day_max.is_some() || self.year_max.is_some()
    }
}

/// What a holder has used of its limits in an asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Usage {
    /// The local day that `day_used` belongs to; its year is that of `year_used`.
    pub day: Day,
    /// Gross on that day, in minor units.
    pub day_used: Amount,
    /// Gross in that year, in minor units.
    pub year_used: Amount,
}
