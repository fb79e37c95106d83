//! What comes in and what goes out.

use crate::message::Message;
use seaway_consensus::{Misbehaviour, Question, Record};
use seaway_ledger::execution::AppliedBlock;
use seaway_mempool::Refused;
use seaway_types::Bic;
use seaway_types::block::{Block, BlockId, FinalBlock};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::keys::PublicKey;
use seaway_types::reason::VoidReason;
use seaway_types::time::{BlockTime, Height};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The time, as a step is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The clock on the wall, in milliseconds since 1970. It may jump; only block times and the clock rule read it.
    pub clock_ms: u64,
    /// Milliseconds since some start, never falling. Timers read it.
    pub elapsed_ms: u64,
}

/// A node, by its identity key (not its consensus key).
pub type Peer = PublicKey;

/// What happens to a replica.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // One at a time passes through; a box would only add a hop.
pub enum Event {
    /// The moment that [`crate::Replica::next_wake`] named has come.
    Wake,
    /// A connection to a peer stands.
    PeerUp {
        /// The peer.
        peer: Peer,
        /// Whose node it is: who names it in the registry.
        institutions: BTreeSet<Bic>,
    },
    /// It is gone.
    PeerDown(Peer),
    /// A message came.
    Message {
        /// From whom.
        from: Peer,
        /// The message.
        message: Message,
    },
    /// A client submits; its signatures were checked.
    Submitted {
        /// Named again in the answer.
        ticket: u64,
        /// The instruction.
        instruction: AuthenticInstruction,
    },
    /// A peer passes instructions on; their signatures were checked.
    PassedOn {
        /// From whom.
        from: Peer,
        /// The instructions.
        instructions: Vec<AuthenticInstruction>,
    },
    /// A decided block came; the signatures of its instructions were checked, its certificate was not.
    Block {
        /// From whom.
        from: Peer,
        /// The block with its certificate.
        block: Box<FinalBlock>,
        /// Its instructions.
        instructions: Vec<AuthenticInstruction>,
    },
}

/// A line of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogEntry {
    /// A block that was executed here, before it is voted for: after a crash its bytes are still there.
    Block(Block),
    /// What consensus took into account at a height.
    Consensus(Height, Record),
}

impl LogEntry {
    /// Its height.
    pub fn height(&self) -> Height {
        match self {
            Self::Block(block) => block.header.height,
            Self::Consensus(height, _) => *height,
        }
    }
}

/// To whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// All connected validators.
    Validators,
    /// Everybody connected.
    All,
    /// One peer.
    One(Peer),
}

/// A decided block with what it did.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The block and a certificate.
    pub block: FinalBlock,
    /// Its instructions.
    pub instructions: Vec<AuthenticInstruction>,
    /// What it did.
    pub applied: AppliedBlock,
}

/// What is to be done, in order.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // One at a time passes through; a box would only add a hop.
pub enum Action {
    /// Append to the write-ahead log; durable before any message of consensus or proposed block later in the list is sent.
    Log(Vec<LogEntry>),
    /// Make the double-sign guard's record durable, after the log and before anything later in the list is done.
    KeepSigned,
    /// Send. May get lost.
    Send {
        /// To whom.
        to: To,
        /// What.
        message: Message,
    },
    /// Store a decided block in one batch, durably, and drop the log up to its height.
    Persist(Arc<Decided>),
    /// Tell those who wait that a block is final.
    Final(Arc<Decided>),
    /// Answer a submission.
    Admission {
        /// The ticket of the submission.
        ticket: u64,
        /// `Ok` when it waits now for a block.
        answer: Result<(), Refused>,
    },
    /// Tell whoever waits for this instruction that it is in no block: it was left out for a reason that stays.
    LeftOut {
        /// The instruction.
        instruction: AuthenticInstruction,
        /// Why.
        reason: VoidReason,
    },
    /// Keep the proof of what validators did, and show it to supervisors.
    Misbehaved(Vec<Misbehaviour>),
    /// This validator's key signed something of which this node does not know: it was put back from a backup, or another node has
    /// the same key. It signs nothing up to that height.
    Forgotten(Question),
    /// A block was proposed whose time lies too far from our clock: one of the two clocks is wrong. We do not vote for it.
    IllTimed {
        /// The block.
        block: BlockId,
        /// Its time.
        time: BlockTime,
        /// Our clock, in milliseconds since 1970.
        clock_ms: u64,
    },
    /// Stop: an invariant is broken or a read failed. Better stopped than wrong.
    Halt(String),
}
