//! State keys, all in one place, and how a record becomes a leaf of the state tree.
//!
//! A key is encoded canonically and filled up to exactly one BLAKE3 block, so that thousands are hashed at once. Its hash
//! says where the leaf stands.

use crate::asset::AssetId;
use crate::bic::Bic;
use crate::contract::{AllowanceKey, InstanceId};
use crate::hash::{Domain, Hash32, block, block_of};
use crate::identifier::{AccountId, Digest, HoldId, InstructionKey, OwnerId};
use crate::instruction::Submitter;
use crate::instruction::payment::PaymentKey;
use crate::state::account::Tier;
use crate::text::Country;
use serde::{Deserialize, Serialize};

/// Whose calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CalendarKey {
    /// An asset's: its cut-off, value date and limit day.
    Asset(AssetId),
    /// A jurisdiction's: banking days.
    Jurisdiction(Country),
}

/// Names a record of the state. Tags are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StateKey {
    /// The parameters.
    Parameters,
    /// The validators.
    Validators,
    /// A participant.
    Participant(Bic),
    /// An asset.
    Asset(AssetId),
    /// An asset's running totals.
    Totals(AssetId),
    /// An account.
    Account(AccountId),
    /// What an account holds of an asset.
    Balance(AccountId, AssetId),
    /// A hold.
    Hold(HoldId),
    /// A payment with a life after its instruction.
    Payment(PaymentKey),
    /// A tier's limits in an asset.
    TierLimits(AssetId, Tier),
    /// A holder's use of its limits.
    Usage(Bic, OwnerId, AssetId),
    /// A calendar.
    Calendar(CalendarKey),
    /// A jurisdiction's threshold in an asset.
    Threshold(Country, AssetId),
    /// A contract's code, by its hash.
    ContractCode(Hash32),
    /// An instance of a contract.
    Instance(InstanceId),
    /// An allowance.
    Allowance(AllowanceKey),
}

impl StateKey {
    /// The key as one block, filled up; its hash in [`Domain::StateKey`] is the tree key.
    pub fn block(&self) -> [u8; 64] {
        // The commonest key by far is written by hand; a test holds it equal to the codec's form.
        if let Self::Balance(account, asset) = self {
            let mut block = [0; 64];
            block[0] = 6;
            block[4..20].copy_from_slice(account.as_bytes());
            block[20..22].copy_from_slice(&asset.0.to_le_bytes());
            block[22] = 0x80;
            return block;
        }
        block(self)
    }
}

/// Where a record's leaf stands in the state tree.
pub fn tree_key(key: &StateKey) -> Hash32 {
    Domain::StateKey.hash(&key.block())
}

/// Where an instruction's leaf stands in the tree of its `valid_until` minute.
pub fn window_key(submitter: &Submitter, key: &InstructionKey) -> Hash32 {
    Domain::StateKey.hash(&window_block(submitter, key))
}

/// What [`window_key`] is the hash of: one block.
pub fn window_block(submitter: &Submitter, key: &InstructionKey) -> [u8; 64] {
    block(&(submitter, key))
}

/// Hash of a record's canonical bytes, filled up.
pub fn value_hash(bytes: &[u8]) -> Hash32 {
    Domain::StateValue.hash_filled(bytes)
}

/// Hash of a leaf: its place and its value.
pub fn leaf_hash(place: &Hash32, value: &Hash32) -> Hash32 {
    Domain::StateLeaf.hash(&block_of(place, value))
}

/// What the tree keeps of an instruction until a while after its `valid_until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstructionLeaf {
    /// What was signed.
    pub digest: Digest,
    /// The body without its envelope.
    pub body_hash: Hash32,
}

impl InstructionLeaf {
    /// Its canonical bytes, which are one block as they are: their hash in [`Domain::InstructionLeaf`] is its value in the tree.
    pub fn block(&self) -> [u8; 64] {
        block_of(&Hash32(self.digest.0), &self.body_hash)
    }

    /// Its value in the tree of its minute.
    pub fn value(&self) -> Hash32 {
        Domain::InstructionLeaf.hash(&self.block())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn an_instructions_leaf_by_hand_is_the_codecs() {
        let leaf = InstructionLeaf { digest: Digest([7; 32]), body_hash: Hash32([8; 32]) };
        assert_eq!(leaf.block().to_vec(), codec::encode(&leaf));
    }

    #[test]
    fn the_balance_key_by_hand_is_the_codecs() {
        let key = StateKey::Balance(AccountId(*b"0123456789abcdef"), AssetId(0x1234));
        assert_eq!(key.block(), block(&key));
    }

    #[test]
    fn the_longest_keys_fit_in_a_block() {
        let bic: Bic = "HARBHKHH".parse().unwrap();
        let uetr = crate::uetr::Uetr::from_random([1; 16]);
        let payment = PaymentKey { debtor_agent: bic, uetr, kind: crate::instruction::payment::CreditKind::Cover };
        let purpose = crate::contract::AllowanceFor::Role { code: Hash32([1; 32]), party: 1 };
        let allowance = AllowanceKey { grantor: AccountId([1; 16]), purpose, asset: AssetId(1) };
        for key in [
            StateKey::Payment(payment),
            StateKey::Usage(bic, OwnerId([1; 16]), AssetId(1)),
            StateKey::Allowance(allowance),
        ] {
            assert!(codec::encode(&key).len() < 64);
        }
        assert!(codec::encode(&(Submitter::Account(AccountId([1; 16])), InstructionKey([1; 16]))).len() < 64);
    }
}
