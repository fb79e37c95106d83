//! What nodes say to each other, on which lane, and the checks that need not wait for the engine's turn.

use crate::action::{Event, Peer};
use seaway_consensus::ConsensusMessage;
use seaway_types::block::{BlockDraft, BlockId, FinalBlock};
use seaway_types::bounded::Bounded;
use seaway_types::codec::{self, CodecError};
use seaway_types::identifier::WireId;
use seaway_types::instruction::authenticate_batch;
use seaway_types::instruction::{AuthenticInstruction, FormError, RawInstruction};
use seaway_types::limits::{BLOCK_INSTRUCTIONS_MAX, FRAME_BYTES_MAX};
use seaway_types::signature::KnownKeys;
use seaway_types::time::Height;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most instructions in one message.
pub const PASSED_ON_MAX: usize = 1_024;

/// A message between nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Message {
    /// A message of consensus.
    Consensus(ConsensusMessage),
    /// The height that the sender has decided.
    Status(Height),
    /// A proposed block; its proposal comes as a message of consensus.
    Draft(BlockDraft),
    /// Asks for a proposed block.
    WantDraft(BlockId),
    /// Asks for decided blocks from a height on, so many at most.
    WantBlocks(Height, u32),
    /// A decided block.
    Block(Box<FinalBlock>),
    /// Instructions that wait for a block.
    Instructions(Bounded<RawInstruction, PASSED_ON_MAX>),
    /// The sender holds these instructions.
    Announce(Bounded<WireId, BLOCK_INSTRUCTIONS_MAX>),
    /// Asks for instructions.
    WantInstructions(Bounded<WireId, BLOCK_INSTRUCTIONS_MAX>),
}

/// The streams between two nodes. What is said on one never waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Votes, proposals, heights: small, and never behind bulk data.
    Votes,
    /// Blocks and requests for them.
    Blocks,
    /// Instructions.
    Instructions,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 3] = [Self::Votes, Self::Blocks, Self::Instructions];
}

impl Message {
    /// The lane on which it goes.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Consensus(_) | Self::Status(_) => Lane::Votes,
            Self::Draft(_) | Self::WantDraft(_) | Self::WantBlocks(..) | Self::Block(_) => Lane::Blocks,
            Self::Instructions(_) | Self::Announce(_) | Self::WantInstructions(_) => Lane::Instructions,
        }
    }

    /// The bytes of its frame.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a frame.
    pub fn decode(frame: &[u8]) -> Result<Self, CodecError> {
        codec::decode(frame, FRAME_BYTES_MAX)
    }
}

/// What a correct peer never sends. Its connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeerFault {
    /// An instruction that cannot be well-formed or authentic.
    #[error("the peer passed on an instruction that no correct node admits: {0}")]
    Instruction(#[from] FormError),
}

/// Turns a message into an event: decodes the instructions in it and checks their signatures in one batch. It is pure and
/// touches no state, so it runs beside the engine. `known` may give instructions whose signatures were checked before.
pub fn authenticate(
    from: Peer,
    message: Message,
    known: impl Fn(&WireId) -> Option<AuthenticInstruction>,
    keys: &mut KnownKeys,
) -> Result<Event, PeerFault> {
    match message {
        Message::Instructions(raw) => {
            Ok(Event::PassedOn { from, instructions: authentic(raw.into_inner(), known, keys)? })
        }
        Message::Block(block) => {
            let instructions = authentic(block.block.instructions.to_vec(), known, keys)?;
            Ok(Event::Block { from, block, instructions })
        }
        message => Ok(Event::Message { from, message }),
    }
}

/// Decodes instructions and checks their signatures in one batch; those that are known were checked before.
pub fn authentic(
    raw: Vec<RawInstruction>,
    known: impl Fn(&WireId) -> Option<AuthenticInstruction>,
    keys: &mut KnownKeys,
) -> Result<Vec<AuthenticInstruction>, FormError> {
    let found: Vec<Option<AuthenticInstruction>> = raw.iter().map(|one| known(&one.wire_id())).collect();
    let fresh = raw.into_iter().zip(&found).filter(|(_, found)| found.is_none());
    let decoded = fresh.map(|(raw, _)| raw.decode()).collect::<Result<Vec<_>, _>>()?;
    let mut checked = authenticate_batch(decoded, keys).into_iter();
    let mut all = Vec::with_capacity(found.len());
    for one in found {
        match one {
            Some(known) => all.push(known),
            // As many were checked as were not known.
            None => all.extend(checked.next().transpose()?),
        }
    }
    Ok(all)
}
