//! Proofs over the state tree, and how they are checked without a ledger.
//!
//! The state root covers three parts: the tree of records, the window of instruction leaves, and the running hash over the
//! index beside them. The window is a tree over `valid_until` minutes whose leaves are the roots of one tree for each
//! minute, so that a minute is pruned as one subtree.
//!
//! Shape of a tree: a leaf stands at the shortest prefix of its 256-bit key that no other leaf shares; an empty subtree is
//! zero; every other node is the hash of its two children. So a path is short, and absence is shown by an empty subtree or
//! by another leaf on the way.

use crate::bounded::Bounded;
use crate::codec;
use crate::contract::ContractEvent;
use crate::hash::{Domain, Hash32};
use crate::identifier::InstructionKey;
use crate::instruction::Submitter;
use crate::limits::TREE_DEPTH_MAX;
use crate::merkle::{self, MerklePath};
use crate::receipt::{BlockAct, CreditOutcome, InstructionReceipt, Receipt};
use crate::state::{InstructionLeaf, StateKey, Timing, leaf_hash, tree_key, value_hash, window_key};
use crate::time::BlockTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The parts under a state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateParts {
    /// Root of the tree of records.
    pub records: Hash32,
    /// Root of the window of instruction leaves.
    pub window: Hash32,
    /// Running hash over the index.
    pub index: Hash32,
}

impl StateParts {
    /// The state root.
    pub fn root(&self) -> Hash32 {
        Domain::StateRoot.hash(&codec::encode(self))
    }
}

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PathEnd {
    /// Nothing: the subtree is empty.
    Empty,
    /// A leaf with this key and value hash.
    Leaf(Hash32, Hash32),
}

/// A path from a leaf, or from where it would stand, up to the root of its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TreePath {
    /// What stands there.
    pub end: PathEnd,
    /// Siblings from the root downwards.
    pub siblings: Bounded<Hash32, TREE_DEPTH_MAX>,
}

/// The bit of a key that decides at a depth: 0 for left.
pub fn bit(key: &Hash32, depth: usize) -> bool {
    key.0.get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
}

impl TreePath {
    fn fold(&self, key: &Hash32, bottom: Hash32) -> Hash32 {
        self.siblings.iter().enumerate().rev().fold(bottom, |hash, (depth, sibling)| {
            if bit(key, depth) {
                Domain::StateNode.hash_pair(sibling, &hash)
            } else {
                Domain::StateNode.hash_pair(&hash, sibling)
            }
        })
    }

    /// The root under which `key` has `value`, as this path says; `None` when it says something else.
    pub fn root_with(&self, key: &Hash32, value: &Hash32) -> Option<Hash32> {
        (self.end == PathEnd::Leaf(*key, *value)).then(|| self.fold(key, leaf_hash(key, value)))
    }

    /// The root under which `key` has no value, as this path says; `None` when it says something else.
    pub fn root_without(&self, key: &Hash32) -> Option<Hash32> {
        let bottom = match &self.end {
            PathEnd::Empty => Hash32::ZERO,
            PathEnd::Leaf(other, value) => {
                let shared = (0..self.siblings.len()).all(|depth| bit(other, depth) == bit(key, depth));
                if other == key || !shared {
                    return None;
                }
                leaf_hash(other, value)
            }
        };
        Some(self.fold(key, bottom))
    }
}

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// Its paths do not lead to the root.
    #[error("the proof does not lead to the root {expected}")]
    RootMismatch {
        /// The root given.
        expected: Hash32,
    },
    /// It says something else than asked.
    #[error("the proof is about something else than what was asked")]
    OtherSubject,
    /// Absence proven at a time when it means nothing.
    #[error("at {header_time} absence proves nothing: it must lie after {valid_until} and before {pruned_at}")]
    OutsideWindow {
        /// Time of the header.
        header_time: BlockTime,
        /// The instruction's `valid_until`.
        valid_until: BlockTime,
        /// When its minute is pruned.
        pruned_at: BlockTime,
    },
}

/// Proves a record, or its absence, under a state root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateProof {
    /// The parts under the root.
    pub parts: StateParts,
    /// The path in the tree of records.
    pub path: TreePath,
}

impl StateProof {
    /// Checks that `key` has the record with these canonical bytes, or none.
    pub fn verify(&self, root: &Hash32, key: &StateKey, record: Option<&[u8]>) -> Result<(), ProofError> {
        let key = tree_key(key);
        let records = match record {
            Some(bytes) => self.path.root_with(&key, &value_hash(bytes)),
            None => self.path.root_without(&key),
        };
        check_parts(&self.parts, root, records.ok_or(ProofError::OtherSubject)?, self.parts.records)
    }
}

/// Proves an instruction's leaf, or its absence, under a state root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowProof {
    /// The parts under the root.
    pub parts: StateParts,
    /// Path of the minute in the window.
    pub minute: TreePath,
    /// Path in the tree of that minute; absent when the minute has no tree.
    pub leaf: Option<TreePath>,
}

/// When the tree of the minute that holds `valid_until` is pruned: the first block time at or after this.
pub fn pruned_at(valid_until: BlockTime, timing: &Timing) -> BlockTime {
    let minute_end = (valid_until.minute() + 1).saturating_mul(crate::limits::MINUTE_MS);
    BlockTime::from_ms(minute_end.saturating_add(timing.leaf_retention_ms)).unwrap_or(valid_until.after_ms(u64::MAX))
}

/// Where a minute's tree stands in the window.
pub fn minute_key(minute: u64) -> Hash32 {
    Domain::StateKey.hash_value(&minute)
}

impl WindowProof {
    /// Checks that the instruction with this submitter, key and `valid_until` left this leaf.
    pub fn verify_present(
        &self,
        root: &Hash32,
        submitter: &Submitter,
        key: &InstructionKey,
        valid_until: BlockTime,
        leaf: &InstructionLeaf,
    ) -> Result<(), ProofError> {
        let place = window_key(submitter, key);
        let path = self.leaf.as_ref().ok_or(ProofError::OtherSubject)?;
        let minute = path.root_with(&place, &leaf.value()).ok_or(ProofError::OtherSubject)?;
        self.check_minute(root, valid_until, Some(minute))
    }

    /// Checks that no instruction with this submitter, key and `valid_until` was executed. It counts only under a header
    /// after `valid_until` and before the minute is pruned: earlier it may still come, later a settled one looks the same.
    pub fn verify_absent(
        &self,
        root: &Hash32,
        header_time: BlockTime,
        timing: &Timing,
        submitter: &Submitter,
        key: &InstructionKey,
        valid_until: BlockTime,
    ) -> Result<(), ProofError> {
        let pruned_at = pruned_at(valid_until, timing);
        if header_time <= valid_until || header_time >= pruned_at {
            return Err(ProofError::OutsideWindow { header_time, valid_until, pruned_at });
        }
        let minute = match &self.leaf {
            Some(path) => Some(path.root_without(&window_key(submitter, key)).ok_or(ProofError::OtherSubject)?),
            None => None,
        };
        self.check_minute(root, valid_until, minute)
    }

    fn check_minute(&self, root: &Hash32, valid_until: BlockTime, tree: Option<Hash32>) -> Result<(), ProofError> {
        let place = minute_key(valid_until.minute());
        let window = match tree {
            Some(tree) => self.minute.root_with(&place, &tree),
            None => self.minute.root_without(&place),
        };
        check_parts(&self.parts, root, window.ok_or(ProofError::OtherSubject)?, self.parts.window)
    }
}

fn check_parts(parts: &StateParts, root: &Hash32, reached: Hash32, claimed: Hash32) -> Result<(), ProofError> {
    if reached == claimed && parts.root() == *root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch { expected: *root })
    }
}

/// Checks a leaf of the tree in a receipt: its credits' outcomes, and after them its events.
fn check_outcome(
    receipt: &InstructionReceipt,
    path: &MerklePath,
    leaf: Hash32,
    in_its_part: bool,
) -> Result<(), ProofError> {
    let count = receipt.credits.checked_add(u32::from(receipt.events));
    let fits = path.root(leaf) == Some(receipt.outcomes_root) && Some(path.count) == count && in_its_part;
    if fits { Ok(()) } else { Err(ProofError::RootMismatch { expected: receipt.outcomes_root }) }
}

/// Proves a receipt under a receipts root, and one credit's outcome or one event under the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptProof {
    /// The receipt.
    pub receipt: Receipt,
    /// Its path to the receipts root.
    pub path: MerklePath,
    /// One credit's outcome and its path to the root in the receipt.
    pub credit: Option<(CreditOutcome, MerklePath)>,
    /// A contract's event that the receipt tells of.
    pub event: Option<EventProof>,
}

/// Proves a contract's event under a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventProof {
    /// The event.
    pub event: ContractEvent,
    /// Its path to the root in the receipt of an instruction; the receipt of a block's own act names its hash instead.
    pub path: Option<MerklePath>,
}

impl ReceiptProof {
    /// Checks the receipt under the root, and the credit under the receipt.
    pub fn verify(&self, receipts_root: &Hash32) -> Result<(), ProofError> {
        let mismatch = ProofError::RootMismatch { expected: *receipts_root };
        if self.path.root(merkle::leaf(&self.receipt)) != Some(*receipts_root) {
            return Err(mismatch);
        }
        match (&self.credit, &self.receipt) {
            (None, _) => {}
            (Some((outcome, path)), Receipt::Instruction(receipt)) => {
                let leaf = merkle::leaf(outcome);
                check_outcome(receipt, path, leaf, path.position < receipt.credits)?;
            }
            (Some(_), Receipt::Act(_)) => return Err(ProofError::OtherSubject),
        }
        let Some(EventProof { event, path }) = &self.event else { return Ok(()) };
        match (path, &self.receipt) {
            (Some(path), Receipt::Instruction(receipt)) => {
                check_outcome(receipt, path, event.leaf(), path.position >= receipt.credits)
            }
            (None, Receipt::Act(BlockAct::DeadlinePassed { event: named, .. })) if *named == event.leaf() => Ok(()),
            _ => Err(ProofError::OtherSubject),
        }
    }
}
