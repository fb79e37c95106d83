//! Issue and redeem: money comes onto the ledger and leaves it against a settlement elsewhere.

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::identifier::{AccountId, HoldId};
use crate::text::Text35;
use crate::time::BlockTime;
use serde::{Deserialize, Serialize};

/// The issuer credits an account for money received elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issue {
    /// What is issued.
    pub asset: AssetId,
    /// Who gets it.
    pub account: AccountId,
    /// In minor units; above zero.
    pub amount: Amount,
    /// The settlement elsewhere; works once for an issuer, whether to issue or to redeem.
    pub reference: Text35,
}

/// A holder reserves funds to be paid out elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedeemRequest {
    /// Whose funds.
    pub account: AccountId,
    /// What is redeemed.
    pub asset: AssetId,
    /// In minor units; above zero.
    pub amount: Amount,
    /// First block time at which the funds come back if the issuer did not confirm.
    pub expires_at: BlockTime,
}

/// The issuer confirms that it paid out; the held funds leave the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedeemConfirm {
    /// The hold that the request made.
    pub hold: HoldId,
    /// The settlement elsewhere; works once for an issuer, whether to issue or to redeem.
    pub reference: Text35,
}
