//! What validators say to each other while they agree, and what they note down of it.

use seaway_types::block::{BlockId, Round, SignedProposal, SignedVote, VoteKind};
use seaway_types::bounded::Bounded;
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use seaway_types::limits::VALIDATORS_MAX;
use seaway_types::signature::Evidence;
use seaway_types::time::Height;
use serde::{Deserialize, Serialize};

use crate::agreement::Timer;

/// Prevotes of more than two thirds for one block in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolkaCertificate {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The block.
    pub block: BlockId,
    /// Each validator's signature over its prevote.
    pub signatures: Bounded<(PublicKey, Evidence), VALIDATORS_MAX>,
}

/// Why a round may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoundChange {
    /// More than one third vote in it already.
    Skip,
    /// More than two thirds precommitted in the round before it.
    Precommits,
}

/// Votes that justify entering a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoundCertificate {
    /// The height.
    pub height: Height,
    /// The round of the votes.
    pub round: Round,
    /// Which kind.
    pub change: RoundChange,
    /// Each validator's vote: kind, block, key and signature.
    pub votes: Bounded<(VoteKind, Option<BlockId>, PublicKey, Evidence), VALIDATORS_MAX>,
}

/// A message of consensus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConsensusMessage {
    /// A vote.
    Vote(SignedVote),
    /// A proposal.
    Proposal(SignedProposal),
    /// A proof that a block was prevoted.
    Polka(PolkaCertificate),
    /// A proof that a round is over or has begun.
    Round(RoundCertificate),
}

impl ConsensusMessage {
    /// Its height.
    pub fn height(&self) -> Height {
        match self {
            Self::Vote(vote) => vote.vote.height,
            Self::Proposal(proposal) => proposal.proposal.height,
            Self::Polka(certificate) => certificate.height,
            Self::Round(certificate) => certificate.height,
        }
    }

    /// The network, of those that name it in clear; signatures bind it in the others.
    pub fn network(&self) -> Option<NetworkId> {
        match self {
            Self::Vote(vote) => Some(vote.vote.network),
            Self::Proposal(proposal) => Some(proposal.proposal.network),
            Self::Polka(_) | Self::Round(_) => None,
        }
    }
}

/// A line of the write-ahead log: what a validator took into account, so that after a crash it says nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// A vote, its own included.
    Vote(SignedVote),
    /// A proposal, its own included.
    Proposal(SignedProposal),
    /// A proof that a block was prevoted.
    Polka(PolkaCertificate),
    /// A time that ran out.
    Timeout(Timer),
    /// A block that was executed and found right or wrong.
    Checked {
        /// The height.
        height: Height,
        /// The round in which it came.
        round: Round,
        /// Who proposed it.
        proposer: PublicKey,
        /// The block.
        block: BlockId,
        /// Whether it was right.
        valid: bool,
    },
}

/// Two messages of one validator that no correct one sends both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Misbehaviour {
    /// Two votes of one kind in one round.
    Votes(SignedVote, SignedVote),
    /// Two proposals in one round.
    Proposals(SignedProposal, SignedProposal),
}
