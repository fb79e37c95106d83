//! Validators that lie, each in a way of its own. They run the same replica as all others; what differs is what they say.

use crate::disk::Guard;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use seaway_engine::{ConsensusMessage, Message, Signer};
use seaway_types::block::{
    Block, BlockDraft, BlockHeader, BlockId, Certificate, CommitSignature, FinalBlock, Proposal, Round,
    SignedProposal, SignedVote, Vote, VoteKind,
};
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// How it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Says nothing at all.
    Silent,
    /// Proposes one block to half of the others and another to the rest.
    Equivocator,
    /// Says the opposite of each of its votes too.
    DoubleVoter,
    /// Forgets what it signed whenever it restarts, and so may sign another thing.
    Amnesiac,
    /// Says again what it said long ago.
    Replayer,
    /// Proposes blocks whose state root is another one.
    WrongRoot,
    /// Proposes blocks that stand on another parent.
    WrongParent,
    /// Proposes, and hands out neither the block nor its instructions.
    Withholder,
    /// Sends frames with a bit flipped.
    Garbler,
    /// Passes no instruction on.
    Censor,
    /// Hands out blocks as decided whose certificates it made up.
    Forger,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Silent,
        Self::Equivocator,
        Self::DoubleVoter,
        Self::Amnesiac,
        Self::Replayer,
        Self::WrongRoot,
        Self::WrongParent,
        Self::Withholder,
        Self::Garbler,
        Self::Censor,
        Self::Forger,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("'{text}' is no adversary: expected one of {:?}", Self::ALL))
    }
}

/// A liar, with what it remembers of its lies.
#[derive(Clone, Debug)]
pub struct Adversary {
    kind: Kind,
    /// Messages that a replayer sent.
    old: Vec<Message>,
    /// The other validators, whose names a forger uses.
    others: Vec<PublicKey>,
    /// How often it forged.
    lies: u32,
    /// By which block another one was replaced.
    forged: BTreeMap<BlockId, BlockId>,
}

/// Something that is said, to everybody meant or to the nodes with even or odd places.
pub struct Saying {
    /// What.
    pub message: Message,
    /// To which half.
    pub half: Option<usize>,
}

/// What a replayer remembers.
const OLD_MAX: usize = 200;

impl Adversary {
    /// One of a kind.
    pub fn new(kind: Kind, others: Vec<PublicKey>) -> Self {
        Self { kind, old: Vec::new(), others, lies: 0, forged: BTreeMap::new() }
    }

    /// How it lies.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it says where an honest node says a message.
    pub fn says(
        &mut self,
        network: NetworkId,
        guard: &Guard,
        message: &Message,
        random: &mut ChaCha8Rng,
    ) -> Vec<Saying> {
        let all = |message: Message| Saying { message, half: None };
        let honest = || all(message.clone());
        match self.kind {
            Kind::Silent => Vec::new(),
            Kind::Amnesiac => vec![honest()],
            Kind::DoubleVoter => match opposite(guard, message) {
                // Now everybody hears both, now each half another one.
                Some(lie) if random.next_u32().is_multiple_of(2) => vec![all(lie), honest()],
                Some(lie) => halves(message.clone(), lie),
                None => vec![honest()],
            },
            Kind::Equivocator => self.two_blocks(network, guard, message),
            Kind::WrongRoot | Kind::WrongParent => {
                let forged = self.forged(network, guard, message);
                vec![all(forged.unwrap_or_else(|| message.clone()))]
            }
            Kind::Replayer => {
                if self.old.len() < OLD_MAX {
                    self.old.push(message.clone());
                } else {
                    let place = random.next_u32() as usize % OLD_MAX;
                    self.old[place] = message.clone();
                }
                let again = self.old[random.next_u32() as usize % self.old.len()].clone();
                vec![honest(), all(again)]
            }
            Kind::Withholder => match message {
                Message::Draft(_) | Message::Instructions(_) | Message::Announce(_) => Vec::new(),
                _ => vec![honest()],
            },
            Kind::Garbler => {
                let mut bytes = message.encode();
                let place = random.next_u32() as usize % bytes.len();
                bytes[place] ^= 1 << (random.next_u32() % 8);
                let garbled = Message::decode(&bytes).ok().map(all);
                [Some(honest()), garbled].into_iter().flatten().collect()
            }
            Kind::Forger => {
                [Some(honest()), self.made_up(network, guard, message).map(all)].into_iter().flatten().collect()
            }
            Kind::Censor => match message {
                Message::Instructions(_) | Message::Announce(_) => Vec::new(),
                _ => vec![honest()],
            },
        }
    }

    /// An empty block in place of a draft, as if it were decided: with a certificate that counts its own signature several
    /// times, or that has it under the names of others, or that has none.
    fn made_up(&mut self, network: NetworkId, guard: &Guard, message: &Message) -> Option<Message> {
        let Message::Draft(draft) = message else { return None };
        if !draft.body.instructions.is_empty() {
            return None;
        }
        let header = BlockHeader { time: draft.header.time.after_ms(1), ..draft.header };
        let (height, block, round) = (header.height, header.id(), Round(0));
        let vote = Vote { network, kind: VoteKind::Precommit, height, round, block: Some(block) };
        let evidence = guard.sign_anything(&vote.message());
        let own = CommitSignature { validator: guard.key(), evidence };
        self.lies += 1;
        let signers: Vec<CommitSignature> = match self.lies % 3 {
            0 => vec![own; 3],
            1 => {
                let mut names = self.others.clone();
                names.push(guard.key());
                names.sort_unstable();
                names.into_iter().map(|validator| CommitSignature { validator, evidence }).collect()
            }
            _ => Vec::new(),
        };
        let signatures = Bounded::new(signers).ok()?;
        let certificate = Certificate { height, round, block, signatures };
        let parent_certificate = draft.body.parent_certificate.clone();
        let block = Block { header, parent_certificate, instructions: Bounded::default() };
        Some(Message::Block(Box::new(FinalBlock { block, certificate })))
    }

    /// Its own proposal and votes for nodes with even places, those of another block for the rest.
    fn two_blocks(&mut self, network: NetworkId, guard: &Guard, message: &Message) -> Vec<Saying> {
        // It votes in each half for the block that this half has.
        let voted = || {
            let Message::Consensus(ConsensusMessage::Vote(signed)) = message else { return None };
            let block = *self.forged.get(&signed.vote.block?)?;
            let vote = Vote { block: Some(block), ..signed.vote };
            let evidence = guard.sign_anything(&vote.message());
            Some(Message::Consensus(ConsensusMessage::Vote(SignedVote { vote, evidence, ..*signed })))
        };
        match voted().or_else(|| self.forged(network, guard, message)) {
            Some(forged) => halves(message.clone(), forged),
            None => vec![Saying { message: message.clone(), half: None }],
        }
    }

    /// A draft with another header, and the proposal that names it.
    fn forged(&mut self, network: NetworkId, guard: &Guard, message: &Message) -> Option<Message> {
        match message {
            Message::Draft(draft) => {
                let mut header = draft.header;
                match self.kind {
                    Kind::WrongParent => header.parent = BlockId([7; 32]),
                    Kind::WrongRoot => header.state_root = Hash32([7; 32]),
                    _ => header.time = header.time.after_ms(1),
                }
                self.forged.insert(draft.header.id(), header.id());
                Some(Message::Draft(BlockDraft { header, body: draft.body.clone() }))
            }
            Message::Consensus(ConsensusMessage::Proposal(signed)) => {
                // The draft is said before the proposal that names it, or after: both orders name the same forgery.
                let block = *self.forged.get(&signed.proposal.block)?;
                let proposal = Proposal { network, block, ..signed.proposal };
                let evidence = guard.sign_anything(&proposal.message());
                let validator = guard.key();
                Some(Message::Consensus(ConsensusMessage::Proposal(SignedProposal { proposal, validator, evidence })))
            }
            _ => None,
        }
    }
}

/// One thing for nodes with even places, another for the rest.
fn halves(even: Message, odd: Message) -> Vec<Saying> {
    vec![Saying { message: even, half: Some(0) }, Saying { message: odd, half: Some(1) }]
}

/// A vote for no block where it voted for one.
fn opposite(guard: &Guard, message: &Message) -> Option<Message> {
    let Message::Consensus(ConsensusMessage::Vote(signed)) = message else { return None };
    let vote = Vote { block: None, ..signed.vote };
    let evidence = guard.sign_anything(&vote.message());
    let lie = SignedVote { vote, validator: signed.validator, evidence };
    (signed.vote.block.is_some() && signed.validator == guard.key())
        .then_some(Message::Consensus(ConsensusMessage::Vote(lie)))
}
