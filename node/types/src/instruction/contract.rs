//! Contracts: register code, open, call, take an offer, approve, allow.

use super::Submitter;
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::contract::{AllowanceKey, Attestation, CodeBytes, InstanceId, Offer, SignedOffer, Terms, Value};
use crate::hash::Hash32;
use crate::identifier::AccountId;
use crate::limits::CLAUSE_ARGUMENTS_MAX;
use crate::time::BlockTime;
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// Stores code for good, under its hash. Not in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterCode {
    /// The participant that registers it and signs.
    pub by: Bic,
    /// The canonical bytes.
    pub code: CodeBytes,
}

/// Opens a contract. Exactly those sign whose money the code may take or hold. Its id is
/// [`InstanceId::of_opening`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenContract {
    /// Under what terms.
    pub terms: Terms,
    /// Names what comes of it end to end.
    pub uetr: Uetr,
}

/// What a call acts on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::large_enum_variant)] // One exists per call; a box would only add a hop.
pub enum Target {
    /// An open instance.
    Instance(InstanceId),
    /// An offer: opened by this call if it never was before.
    Offer(SignedOffer),
}

impl Target {
    /// The instance's id.
    pub fn id(&self) -> InstanceId {
        match self {
            Self::Instance(id) => *id,
            Self::Offer(signed) => signed.offer.id(),
        }
    }
}

/// Acts on a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallContract {
    /// On what.
    pub target: Target,
    /// The state in which the clause stands, by position.
    pub state: u8,
    /// The clause, by position in the state.
    pub clause: u8,
    /// The account that plays the role left open, where the code has one and the clause needs it.
    pub caller: Option<AccountId>,
    /// One for each argument of the clause.
    pub arguments: Bounded<Value, CLAUSE_ARGUMENTS_MAX>,
    /// One for each argument that must be attested, in their order.
    pub attestations: Bounded<Attestation, CLAUSE_ARGUMENTS_MAX>,
}

impl CallContract {
    /// How many signatures it carries besides the instruction's own: those of an offer, and of attestations.
    pub fn signatures_inside(&self) -> usize {
        let offer = match &self.target {
            Target::Offer(signed) => signed.signatures.len(),
            Target::Instance(_) => 0,
        };
        self.attestations.iter().map(|attestation| attestation.signatures.len()).sum::<usize>() + offer
    }
}

/// A member of a panel approves a call before it is made. It binds the instance, this very stay in the state, the clause
/// and its arguments, and lapses when the state is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveCall {
    /// Which instance.
    pub instance: InstanceId,
    /// The number of the stay: how often states were entered so far.
    pub entry: u32,
    /// The clause, by position in the state.
    pub clause: u8,
    /// [`crate::contract::arguments_hash`] of the arguments.
    pub arguments: Hash32,
    /// Who approves.
    pub member: Submitter,
    /// True takes the approval back.
    pub withdraw: bool,
}

/// The maker takes an offer back: before it was taken nobody can any more, afterwards the contract is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawOffer {
    /// Which.
    pub offer: Offer,
}

/// What may be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowanceTerms {
    /// Most in one pull, in minor units.
    pub each_max: Amount,
    /// Most in all, in minor units, what was pulled before counted in.
    pub total_max: Amount,
    /// First block time at which it counts.
    pub not_before: BlockTime,
    /// Last block time at which it counts.
    pub not_after: BlockTime,
}

/// Grants an allowance, changes it, or revokes it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAllowance {
    /// Whose money, for what, and of which asset.
    pub allowance: AllowanceKey,
    /// What may be pulled; absent revokes.
    pub terms: Option<AllowanceTerms>,
}

/// Pays out of suspense: what a contract could not refund. Signed by the account's agent and by a supervisor of its
/// jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseSuspense {
    /// In whose suspense it is.
    pub account: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// In minor units; above zero, at most what is there.
    pub amount: Amount,
    /// Who is paid: the same account, or another that agent and supervisor name.
    pub to: AccountId,
    /// The supervisor that signs.
    pub supervisor: Bic,
}
