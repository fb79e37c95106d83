//! Instances of contracts, and allowances.

use crate::amount::Amount;
use crate::bounded::Bounded;
use crate::contract::{SharedTerms, Value};
use crate::hash::Hash32;
use crate::instruction::Submitter;
use crate::instruction::contract::AllowanceTerms;
use crate::limits::{APPROVALS_MAX, CODE_VARIABLES_MAX, POTS_MAX};
use crate::time::BlockTime;
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// An instance of a contract. Its money lies in the `in_contracts` part of the owners' balances; the pots say whose it is
/// here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instance {
    /// Under what terms it was opened.
    pub terms: SharedTerms,
    /// Names it end to end.
    pub uetr: Uetr,
    /// Last block time at which the offer that opened it can be taken; absent where it was opened directly.
    pub not_after: Option<BlockTime>,
    /// Whether the offer that opened it names who may take it: then the role left open is played through the offer alone.
    pub named_takers: bool,
    /// Where it stands.
    pub stage: Stage,
    /// What changes.
    pub variables: Bounded<Value, CODE_VARIABLES_MAX>,
    /// Pots that are not empty, by rising party and asset.
    pub pots: Bounded<Pot, POTS_MAX>,
    /// Approvals that wait in this stay, by rising clause, arguments and member.
    pub approvals: Bounded<Approval, APPROVALS_MAX>,
}

/// Where an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// In a state.
    Live {
        /// The state, by position.
        state: u8,
        /// How often states were entered before.
        entry: u32,
        /// When this one was.
        entered: BlockTime,
        /// First block time at which it is over.
        deadline: BlockTime,
    },
    /// Over.
    Closed {
        /// Since when.
        at: BlockTime,
        /// When the record is dropped.
        forget_at: BlockTime,
    },
}

/// What a party has in an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pot {
    /// The party, by position.
    pub party: u8,
    /// The asset, by position.
    pub asset: u8,
    /// In minor units.
    pub amount: Amount,
}

/// A member's approval of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// The clause, by position in the state.
    pub clause: u8,
    /// Hash of the arguments.
    pub arguments: Hash32,
    /// Who.
    pub member: Submitter,
}

/// What contracts may pull from an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    /// What was granted.
    pub terms: AllowanceTerms,
    /// What was pulled so far, in minor units.
    pub used: Amount,
}
