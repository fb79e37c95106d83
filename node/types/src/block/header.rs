//! Headers and bodies.

use super::Certificate;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::identifier::{WireId, hex_bytes};
use crate::instruction::{NetworkId, RawInstruction};
use crate::limits::BLOCK_INSTRUCTIONS_MAX;
use crate::state::ValidatorSet;
use crate::time::{BlockTime, Height};
use serde::{Deserialize, Serialize};

hex_bytes! {
    /// Names a block: the hash of its header. The parent of the first block is named by the genesis hash.
    BlockId, 32
}

/// What is certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockHeader {
    /// The network.
    pub network: NetworkId,
    /// Position in the chain, from 1.
    pub height: Height,
    /// The block before; at height 1 the genesis hash.
    pub parent: BlockId,
    /// Block time: later than the parent's.
    pub time: BlockTime,
    /// Version of the execution rules under which it was executed.
    pub version: u32,
    /// Hash of the body.
    pub body_root: Hash32,
    /// State root after the block.
    pub state_root: Hash32,
    /// Root over its receipts.
    pub receipts_root: Hash32,
    /// Hash of the set of validators that votes on it.
    pub validators: Hash32,
    /// Hash of the set that votes on the next block.
    pub next_validators: Hash32,
}

impl BlockHeader {
    /// The block's name.
    pub fn id(&self) -> BlockId {
        BlockId(Domain::BlockHeader.hash(&codec::encode(self)).0)
    }
}

/// Hash of a set of validators, as headers carry it.
pub fn validators_hash(set: &ValidatorSet) -> Hash32 {
    Domain::ValidatorSet.hash(&codec::encode(set))
}

/// What a block contains, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockBody {
    /// A certificate of the parent; none at height 1.
    pub parent_certificate: Option<Certificate>,
    /// The instructions, in the order of their execution.
    pub instructions: Bounded<WireId, BLOCK_INSTRUCTIONS_MAX>,
}

impl BlockBody {
    /// The body's hash.
    pub fn root(&self) -> Hash32 {
        Domain::BlockBody.hash(&codec::encode(self))
    }
}

/// A block as a proposer sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockDraft {
    /// The header.
    pub header: BlockHeader,
    /// The body.
    pub body: BlockBody,
}

/// A block with the bytes of its instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// The header.
    pub header: BlockHeader,
    /// A certificate of the parent; none at height 1.
    pub parent_certificate: Option<Certificate>,
    /// The instructions, in order.
    pub instructions: Bounded<RawInstruction, BLOCK_INSTRUCTIONS_MAX>,
}

impl Block {
    /// About how many canonical bytes it has: what is made to hold them need not grow.
    pub fn bytes_about(&self) -> usize {
        self.instructions.iter().map(|one| one.0.len() + 8).sum::<usize>() + (16 << 10)
    }

    /// The body that its instructions make.
    pub fn body(&self) -> BlockBody {
        let ids: Vec<WireId> = self.instructions.iter().map(RawInstruction::wire_id).collect();
        BlockBody {
            parent_certificate: self.parent_certificate.clone(),
            instructions: Bounded::new(ids).unwrap_or_default(),
        }
    }
}

/// A block that is decided, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinalBlock {
    /// The block.
    pub block: Block,
    /// The precommits that decided it, as one node holds them.
    pub certificate: Certificate,
}
