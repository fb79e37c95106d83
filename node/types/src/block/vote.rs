//! What validators sign while they agree: proposals and votes.
//!
//! Each message names its network and is hashed in a domain of its own before it is signed, so that no signature of one
//! network or purpose can stand for another.

use super::BlockId;
use crate::codec;
use crate::hash::Domain;
use crate::instruction::NetworkId;
use crate::keys::PublicKey;
use crate::signature::{Evidence, SignatureCheck, SignatureEntry};
use crate::time::Height;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An attempt to agree on a block at a height, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Round(pub u32);

impl fmt::Display for Round {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// The two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VoteKind {
    /// For a block that was executed and found right, or for none.
    Prevote,
    /// To decide a block that more than two thirds prevoted, or none.
    Precommit,
}

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Vote {
    /// The network.
    pub network: NetworkId,
    /// Which of the two.
    pub kind: VoteKind,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// For this block; `None` is a vote for no block in this round.
    pub block: Option<BlockId>,
}

impl Vote {
    /// What is signed.
    pub fn message(&self) -> [u8; 32] {
        Domain::Vote.hash(&codec::encode(self)).0
    }
}

/// A vote with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedVote {
    /// The vote.
    pub vote: Vote,
    /// Whose.
    pub validator: PublicKey,
    /// The signature over [`Vote::message`].
    pub evidence: Evidence,
}

impl SignedVote {
    /// The curve check that it needs.
    pub fn check(&self) -> SignatureCheck {
        SignatureCheck {
            entry: SignatureEntry { key: self.validator, evidence: self.evidence },
            message: self.vote.message(),
        }
    }
}

/// A proposer's word that its block of a round is this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// The network.
    pub network: NetworkId,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The block.
    pub block: BlockId,
    /// The earlier round in which more than two thirds prevoted it, when it is proposed again.
    pub valid_round: Option<Round>,
}

impl Proposal {
    /// What is signed.
    pub fn message(&self) -> [u8; 32] {
        Domain::Proposal.hash(&codec::encode(self)).0
    }
}

/// A proposal with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// Whose.
    pub validator: PublicKey,
    /// The signature over [`Proposal::message`].
    pub evidence: Evidence,
}

impl SignedProposal {
    /// The curve check that it needs.
    pub fn check(&self) -> SignatureCheck {
        SignatureCheck {
            entry: SignatureEntry { key: self.validator, evidence: self.evidence },
            message: self.proposal.message(),
        }
    }
}
