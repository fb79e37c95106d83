//! Frames between nodes.

use crate::Target;
use crate::day::day;
use crate::vectors;
use seaway_consensus::{PolkaCertificate, RoundCertificate, RoundChange};
use seaway_engine::{ConsensusMessage, Event, Lane, Message, authenticate};
use seaway_types::block::{
    BlockDraft, Certificate, CommitSignature, Proposal, Round, SignedProposal, SignedVote, VoteKind,
};
use seaway_types::bounded::Bounded;
use seaway_types::instruction::{AuthenticInstruction, DecodedInstruction, FormError, RawInstruction};
use seaway_types::keys::PublicKey;
use seaway_types::signature::{KnownKeys, sign};
use seaway_types::time::Height;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "frames", run, seeds, bytes_max: 64 << 10 };

/// What decodes is encoded as the same frame; the instructions in it are taken exactly where each of them is authentic.
fn run(input: &[u8]) {
    let Ok(message) = Message::decode(input) else { return };
    assert!(message.encode() == input, "decoded, and encoded otherwise");
    assert!(Lane::ALL.contains(&message.lane()));
    let raw = match &message {
        Message::Instructions(raw) => raw.to_vec(),
        Message::Block(block) => block.block.instructions.to_vec(),
        _ => Vec::new(),
    };
    let expected = each_authentic(raw);
    match authenticate(PublicKey::Ed25519([7; 32]), message, |_| None, &mut KnownKeys::default()) {
        Ok(Event::PassedOn { instructions, .. } | Event::Block { instructions, .. }) => {
            assert_eq!(expected, Ok(instructions));
        }
        Ok(event) => assert!(matches!(event, Event::Message { .. }), "a frame is no event of this node's own"),
        Err(_) => assert!(expected.is_err(), "each is authentic alone, and together they are refused"),
    }
}

/// All of them, if each is authentic on its own.
fn each_authentic(raw: Vec<RawInstruction>) -> Result<Vec<AuthenticInstruction>, FormError> {
    raw.into_iter().map(|one| one.decode().and_then(DecodedInstruction::authenticate)).collect()
}

/// A message of each kind; `consensus` feeds them to replicas too.
pub(crate) fn messages() -> Vec<Message> {
    let decided = day().last();
    let (block, certificate) = (&decided.block.block, &decided.block.certificate);
    let raw: Vec<RawInstruction> = vectors::instructions().into_iter().take(3).collect();
    let ids: Vec<_> = raw.iter().map(RawInstruction::wire_id).collect();
    let mut messages: Vec<Message> = consensus(certificate).into_iter().map(Message::Consensus).collect();
    messages.extend([
        Message::Status(Height(7)),
        Message::Draft(BlockDraft { header: block.header, body: block.body() }),
        Message::WantDraft(block.header.id()),
        Message::WantBlocks(Height(1), 16),
        Message::Instructions(Bounded::new(raw).expect("three")),
        Message::Announce(Bounded::new(ids.clone()).expect("three")),
        Message::WantInstructions(Bounded::new(ids).expect("three")),
    ]);
    messages.extend(day().blocks.iter().map(|decided| Message::Block(Box::new(decided.block.clone()))));
    messages
}

fn consensus(certificate: &Certificate) -> Vec<ConsensusMessage> {
    let network = day().signed.document.network;
    let Certificate { height, round, block, signatures } = certificate.clone();
    let vote = certificate.vote(network);
    let signed = |one: &CommitSignature| SignedVote { vote, validator: one.validator, evidence: one.evidence };
    let votes: Vec<SignedVote> = signatures.iter().map(signed).collect();
    let proposal = Proposal { network, height, round, block, valid_round: Some(Round(0)) };
    let entry = sign(&[7; 32], &proposal.message());
    let polka = votes.iter().map(|one| (one.validator, one.evidence)).collect();
    let precommits =
        votes.iter().map(|one| (VoteKind::Precommit, Some(block), one.validator, one.evidence)).collect();
    let mut messages: Vec<ConsensusMessage> = votes.iter().map(|one| ConsensusMessage::Vote(*one)).collect();
    messages.extend([
        ConsensusMessage::Proposal(SignedProposal { proposal, validator: entry.key, evidence: entry.evidence }),
        ConsensusMessage::Polka(PolkaCertificate {
            height,
            round,
            block,
            signatures: Bounded::new(polka).expect("few validators"),
        }),
        ConsensusMessage::Round(RoundCertificate {
            height,
            round,
            change: RoundChange::Precommits,
            votes: Bounded::new(precommits).expect("few validators"),
        }),
    ]);
    messages
}

fn seeds() -> Vec<Vec<u8>> {
    messages().iter().map(Message::encode).collect()
}
