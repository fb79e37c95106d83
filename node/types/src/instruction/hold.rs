//! Holds: two-phase reservation of funds. Reserve, then post in whole or in parts, or release; expiry by block time alone.

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::identifier::{AccountId, HoldId};
use crate::time::BlockTime;
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// Moves funds from available to held. Its hold id follows from the instruction and the leg's position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reserve {
    /// Whose funds.
    pub payer: AccountId,
    /// Who may post them.
    pub payee: AccountId,
    /// What is reserved.
    pub asset: AssetId,
    /// In minor units; above zero.
    pub amount: Amount,
    /// First block time at which the hold is over; at most a year ahead.
    pub expires_at: BlockTime,
    /// Names the payment that the hold is for.
    pub uetr: Uetr,
}

/// The payee takes the held funds or a part of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostHold {
    /// Which hold.
    pub hold: HoldId,
    /// In minor units; above zero, at most what is still held.
    pub amount: Amount,
}

/// Gives what is still held back to the payer: by the payee at any time, by the payer once the hold is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseHold {
    /// Which hold.
    pub hold: HoldId,
}
