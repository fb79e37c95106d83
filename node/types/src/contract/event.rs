//! What a contract did: one event for each opening, call and timeout.

use super::terms::InstanceId;
use super::value::{Ratio, Value};
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::identifier::AccountId;
use crate::instruction::Submitter;
use crate::limits::{CLAUSE_ACTIONS_MAX, CLAUSE_ARGUMENTS_MAX, EVENT_MOVEMENTS_MAX, SIGNATURES_MAX};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// See the module. A leaf of the tree of outcomes in the instruction's receipt; the receipt of a block's own act names its
/// hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractEvent {
    /// Which instance.
    pub instance: InstanceId,
    /// Names it end to end.
    pub uetr: Uetr,
    /// What made it happen.
    pub cause: Cause,
    /// Who signed for it.
    pub authorisers: Bounded<Submitter, SIGNATURES_MAX>,
    /// State before, by position; absent where it was opened.
    pub before: Option<u8>,
    /// State after, by position; absent where it is closed.
    pub after: Option<u8>,
    /// Hashes of the attestations that it rests on.
    pub evidence: Bounded<Hash32, CLAUSE_ARGUMENTS_MAX>,
    /// Where money went, in order.
    pub moved: Bounded<Moved, EVENT_MOVEMENTS_MAX>,
    /// Exchanges of one asset into another, in order.
    pub conversions: Bounded<Conversion, CLAUSE_ACTIONS_MAX>,
    /// What it tells.
    pub emitted: Bounded<Emitted, CLAUSE_ACTIONS_MAX>,
}

impl ContractEvent {
    /// Its hash: a leaf in the receipt of its instruction, or what the receipt of a block's own act names.
    pub fn leaf(&self) -> Hash32 {
        Domain::ContractEvent.hash(&codec::encode(self))
    }
}

/// What made an event happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// It was opened.
    Opened,
    /// A clause was called.
    Called {
        /// Its position in the state.
        clause: u8,
        /// Who played the role left open.
        caller: Option<AccountId>,
        /// What the call gave.
        arguments: Bounded<Value, CLAUSE_ARGUMENTS_MAX>,
    },
    /// A deadline passed.
    TimedOut,
    /// A deadline passed, and what the contract says could not be done: an owner is frozen, or the machine was wrong.
    ClosedByKernel,
    /// The maker of an offer took it back.
    Withdrawn,
}

/// Where a contract's money is or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pocket {
    /// What is available on an account.
    Account(AccountId),
    /// The pot of an account in this instance.
    Pot(AccountId),
    /// Suspense at an account: its owner could not be paid.
    Suspense(AccountId),
}

/// A movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moved {
    /// Of what.
    pub asset: AssetId,
    /// How much, in minor units; above zero.
    pub amount: Amount,
    /// From where.
    pub from: Pocket,
    /// To where.
    pub to: Pocket,
}

/// An exchange: `amount · numerator = out · denominator + remainder` exactly where it was rounded down, and
/// `amount · numerator + remainder = out · denominator` where it was rounded up. The remainder is recorded, never paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conversion {
    /// Minor units given.
    pub amount: Amount,
    /// The rate, turned so that it multiplies what was given.
    pub rate: Ratio,
    /// Minor units that come out.
    pub out: Amount,
    /// What rounding left, below the rate's denominator.
    pub remainder: u64,
    /// Whether it was rounded up.
    pub up: bool,
}

/// Something told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Emitted {
    /// Under which label.
    pub label: super::code::Label,
    /// What.
    pub value: Value,
}
