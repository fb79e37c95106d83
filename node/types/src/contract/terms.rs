//! Under what terms a contract is opened, offers signed ahead, what panels attest, and who allows what to be pulled.

use super::code::Label;
use super::value::Value;
use crate::asset::AssetId;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::identifier::{AccountId, InstructionKey, hex_bytes};
use crate::instruction::{NetworkId, Submitter};
use crate::limits::{
    CLAUSE_ARGUMENTS_MAX, CODE_ASSETS_MAX, CODE_PANELS_MAX, CODE_PARAMETERS_MAX, CODE_PARTIES_MAX, OFFER_TAKERS_MAX,
    PANEL_MEMBERS_MAX, SIGNATURES_MAX,
};
use crate::signature::SignatureEntry;
use crate::time::BlockTime;
use crate::uetr::Uetr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

hex_bytes! {
    /// Names an instance: derived from the instruction that opened it, or from the offer.
    InstanceId, 32
}

impl InstanceId {
    /// The id of the instance that the leg at a position of an instruction opens.
    pub fn of_opening(submitter: &Submitter, key: &InstructionKey, leg: u8) -> Self {
        Self(Domain::ContractInstance.hash(&codec::encode(&(submitter, key, leg))).0)
    }
}

/// What an opening fills in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Which code.
    pub code: Hash32,
    /// The account of each party, in the order of the header.
    pub parties: Bounded<AccountId, CODE_PARTIES_MAX>,
    /// The members of each panel, each list in rising order.
    pub panels: Bounded<Bounded<Submitter, PANEL_MEMBERS_MAX>, CODE_PANELS_MAX>,
    /// Each asset.
    pub assets: Bounded<AssetId, CODE_ASSETS_MAX>,
    /// Each parameter.
    pub parameters: Bounded<Value, CODE_PARAMETERS_MAX>,
}

/// Terms that never change and are carried along at each call: clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedTerms(Arc<Terms>);

impl From<Terms> for SharedTerms {
    fn from(terms: Terms) -> Self {
        Self(Arc::new(terms))
    }
}

impl Deref for SharedTerms {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.0
    }
}

impl Serialize for SharedTerms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedTerms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Terms::deserialize(deserializer).map(Self::from)
    }
}

/// An opening that its one obligor signed ahead. Whoever takes it opens the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offer {
    /// The network that it is meant for.
    pub network: NetworkId,
    /// Under what terms.
    pub terms: Terms,
    /// Who signs: a party by its position, the only one that the code obliges.
    pub maker: u8,
    /// Who may take it, in rising order; empty for anyone.
    pub takers: Bounded<AccountId, OFFER_TAKERS_MAX>,
    /// Last block time at which it can be taken.
    pub not_after: BlockTime,
    /// Tells two offers of the same terms apart.
    pub nonce: InstructionKey,
    /// Names what comes of it end to end.
    pub uetr: Uetr,
}

impl Offer {
    /// The id of the instance that it opens; also what its maker signs.
    pub fn id(&self) -> InstanceId {
        InstanceId(Domain::ContractOffer.hash(&codec::encode(self)).0)
    }
}

/// An offer with its maker's signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedOffer {
    /// What was signed.
    pub offer: Offer,
    /// Signatures over its id, in rising order of their keys.
    pub signatures: Bounded<SignatureEntry, SIGNATURES_MAX>,
}

/// A panel's word that a value is so, in one instance and for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attestation {
    /// Position of the argument that it is about.
    pub argument: u8,
    /// About what; the code says which topic it must be.
    pub topic: Label,
    /// First block time at which it counts.
    pub not_before: BlockTime,
    /// Last block time at which it counts.
    pub not_after: BlockTime,
    /// The panel's signatures over [`attestation_message`], in rising order of their keys.
    pub signatures: Bounded<SignatureEntry, SIGNATURES_MAX>,
}

/// What a panel signs to attest a value.
pub fn attestation_message(
    network: NetworkId,
    instance: &InstanceId,
    attestation: &Attestation,
    value: &Value,
) -> [u8; 32] {
    let window = (attestation.not_before, attestation.not_after);
    Domain::Attestation.hash(&codec::encode(&(network, instance, attestation.topic, value, window))).0
}

/// Names the arguments of a call for those who approve it beforehand.
pub fn arguments_hash(arguments: &Bounded<Value, CLAUSE_ARGUMENTS_MAX>) -> Hash32 {
    Domain::ContractArguments.hash(&codec::encode(arguments))
}

/// Which contracts may pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowanceFor {
    /// One instance.
    Instance(InstanceId),
    /// Every instance of a code in which the grantor plays a party, by its position.
    Role {
        /// The code.
        code: Hash32,
        /// The party.
        party: u8,
    },
}

/// Names an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowanceKey {
    /// Whose money.
    pub grantor: AccountId,
    /// For what.
    pub purpose: AllowanceFor,
    /// Of what.
    pub asset: AssetId,
}
