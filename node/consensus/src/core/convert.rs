//! The way between malachite's words and ours.

use super::context::{Address, At, Context, CoreProposal, CoreVote, Named};
use crate::agreement::{Timer, TimerKind};
use crate::message::{ConsensusMessage, Misbehaviour, PolkaCertificate, Record, RoundCertificate, RoundChange};
use arc_malachitebft_core_consensus as consensus;
use arc_malachitebft_core_types::{
    self as core, NilOrVal, PolkaSignature, Round as CoreRound, RoundCertificateType, RoundSignature, SignedMessage,
    Timeout, TimeoutKind, Validity, ValueOrigin, VoteType,
};
use seaway_types::block::{Certificate, CommitSignature, Proposal, Round, SignedProposal, SignedVote, VoteKind};
use seaway_types::bounded::Bounded;
use seaway_types::instruction::NetworkId;
use seaway_types::time::Height;

type CoreInput = consensus::Input<Context>;

fn round_in(round: Round) -> CoreRound {
    CoreRound::new(round.0)
}

fn round_number(round: CoreRound) -> Round {
    Round(round.as_u32().unwrap_or(0))
}

fn kind_in(kind: VoteKind) -> VoteType {
    match kind {
        VoteKind::Prevote => VoteType::Prevote,
        VoteKind::Precommit => VoteType::Precommit,
    }
}

fn kind_out(kind: VoteType) -> VoteKind {
    match kind {
        VoteType::Prevote => VoteKind::Prevote,
        VoteType::Precommit => VoteKind::Precommit,
    }
}

fn vote_in(signed: &SignedVote) -> SignedMessage<Context, CoreVote> {
    let vote = &signed.vote;
    let core = CoreVote {
        height: At(vote.height.0),
        round: round_in(vote.round),
        value: vote.block.map_or(NilOrVal::Nil, NilOrVal::Val),
        kind: kind_in(vote.kind),
        validator: Address(signed.validator),
    };
    SignedMessage::new(core, signed.evidence)
}

pub(crate) fn vote_out(network: NetworkId, signed: &SignedMessage<Context, CoreVote>) -> SignedVote {
    SignedVote {
        vote: signed.message.vote(network),
        validator: signed.message.validator.0,
        evidence: signed.signature,
    }
}

fn proposal_in(signed: &SignedProposal) -> SignedMessage<Context, CoreProposal> {
    let proposal = &signed.proposal;
    let core = CoreProposal {
        height: At(proposal.height.0),
        round: round_in(proposal.round),
        value: Named(proposal.block),
        pol_round: proposal.valid_round.map_or(CoreRound::Nil, round_in),
        proposer: Address(signed.validator),
    };
    SignedMessage::new(core, signed.evidence)
}

pub(crate) fn proposal_out(network: NetworkId, signed: &SignedMessage<Context, CoreProposal>) -> SignedProposal {
    let core = &signed.message;
    let proposal = Proposal {
        network,
        height: Height(core.height.0),
        round: round_number(core.round),
        block: core.value.0,
        valid_round: core.pol_round.as_u32().map(Round),
    };
    SignedProposal { proposal, validator: core.proposer.0, evidence: signed.signature }
}

fn polka_in(polka: &PolkaCertificate) -> core::PolkaCertificate<Context> {
    let signature = |(key, evidence): &(_, _)| PolkaSignature::new(Address(*key), *evidence);
    core::PolkaCertificate {
        height: At(polka.height.0),
        round: round_in(polka.round),
        value_id: polka.block,
        polka_signatures: polka.signatures.iter().map(signature).collect(),
    }
}

pub(crate) fn polka_out(polka: &core::PolkaCertificate<Context>) -> PolkaCertificate {
    let signatures = polka.polka_signatures.iter().map(|one| (one.address.0, one.signature)).collect();
    PolkaCertificate {
        height: Height(polka.height.0),
        round: round_number(polka.round),
        block: polka.value_id,
        // Its signers are distinct validators, which are no more than the bound.
        signatures: Bounded::new(signatures).unwrap_or_default(),
    }
}

fn round_certificate_in(certificate: &RoundCertificate) -> core::RoundCertificate<Context> {
    let signature = |(kind, block, key, evidence): &(VoteKind, Option<_>, _, _)| {
        RoundSignature::new(kind_in(*kind), block.map_or(NilOrVal::Nil, NilOrVal::Val), Address(*key), *evidence)
    };
    core::RoundCertificate {
        height: At(certificate.height.0),
        round: round_in(certificate.round),
        cert_type: match certificate.change {
            RoundChange::Skip => RoundCertificateType::Skip,
            RoundChange::Precommits => RoundCertificateType::Precommit,
        },
        round_signatures: certificate.votes.iter().map(signature).collect(),
    }
}

pub(crate) fn round_out(certificate: &core::RoundCertificate<Context>) -> RoundCertificate {
    let vote = |one: &RoundSignature<Context>| {
        let block = match one.value_id {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        };
        (kind_out(one.vote_type), block, one.address.0, one.signature)
    };
    RoundCertificate {
        height: Height(certificate.height.0),
        round: round_number(certificate.round),
        change: match certificate.cert_type {
            RoundCertificateType::Skip => RoundChange::Skip,
            RoundCertificateType::Precommit => RoundChange::Precommits,
        },
        votes: Bounded::new(certificate.round_signatures.iter().map(vote).collect()).unwrap_or_default(),
    }
}

pub(crate) fn certificate_out(certificate: &core::CommitCertificate<Context>) -> Certificate {
    let mut signatures: Vec<CommitSignature> = certificate
        .commit_signatures
        .iter()
        .map(|one| CommitSignature { validator: one.address.0, evidence: one.signature })
        .collect();
    signatures.sort_unstable();
    signatures.dedup_by_key(|one| one.validator);
    Certificate {
        height: Height(certificate.height.0),
        round: round_number(certificate.round),
        block: certificate.value_id,
        signatures: Bounded::new(signatures).unwrap_or_default(),
    }
}

pub(crate) fn timer_in(timer: Timer) -> Timeout {
    let kind = match timer.kind {
        TimerKind::Propose => TimeoutKind::Propose,
        TimerKind::Prevote => TimeoutKind::Prevote,
        TimerKind::Precommit => TimeoutKind::Precommit,
        TimerKind::Rebroadcast => TimeoutKind::Rebroadcast,
    };
    Timeout::new(round_in(timer.round), kind)
}

/// `None` for the timer of a feature that we do not use: collecting more precommits after a decision.
pub(crate) fn timer_out(height: Height, timeout: Timeout) -> Option<Timer> {
    let kind = match timeout.kind {
        TimeoutKind::Propose => TimerKind::Propose,
        TimeoutKind::Prevote => TimerKind::Prevote,
        TimeoutKind::Precommit => TimerKind::Precommit,
        TimeoutKind::Rebroadcast => TimerKind::Rebroadcast,
        TimeoutKind::FinalizeHeight(_) => return None,
    };
    Some(Timer { height, round: round_number(timeout.round), kind })
}

pub(crate) fn message_in(message: &ConsensusMessage) -> CoreInput {
    match message {
        ConsensusMessage::Vote(vote) => CoreInput::Vote(vote_in(vote)),
        ConsensusMessage::Proposal(proposal) => CoreInput::Proposal(proposal_in(proposal)),
        ConsensusMessage::Polka(polka) => CoreInput::PolkaCertificate(polka_in(polka)),
        ConsensusMessage::Round(certificate) => CoreInput::RoundCertificate(round_certificate_in(certificate)),
    }
}

pub(crate) fn record_in(record: &Record) -> CoreInput {
    match record {
        Record::Vote(vote) => CoreInput::Vote(vote_in(vote)),
        Record::Proposal(proposal) => CoreInput::Proposal(proposal_in(proposal)),
        Record::Polka(polka) => CoreInput::PolkaCertificate(polka_in(polka)),
        Record::Timeout(timer) => CoreInput::TimeoutElapsed(timer_in(*timer)),
        Record::Checked { height, round, proposer, block, valid } => CoreInput::ProposedValue(
            consensus::ProposedValue {
                height: At(height.0),
                round: round_in(*round),
                valid_round: CoreRound::Nil,
                proposer: Address(*proposer),
                value: Named(*block),
                validity: Validity::from_bool(*valid),
            },
            ValueOrigin::Consensus,
        ),
    }
}

/// `None` for inputs that malachite never asks to record.
pub(crate) fn record_out(network: NetworkId, height: Height, input: &CoreInput) -> Option<Record> {
    match input {
        CoreInput::Vote(vote) => Some(Record::Vote(vote_out(network, vote))),
        CoreInput::Proposal(proposal) => Some(Record::Proposal(proposal_out(network, proposal))),
        CoreInput::PolkaCertificate(polka) => Some(Record::Polka(polka_out(polka))),
        CoreInput::TimeoutElapsed(timeout) => timer_out(height, *timeout).map(Record::Timeout),
        CoreInput::ProposedValue(value, _) => Some(Record::Checked {
            height: Height(value.height.0),
            round: round_number(value.round),
            proposer: value.proposer.0,
            block: value.value.0,
            valid: value.validity.is_valid(),
        }),
        CoreInput::StartHeight(..)
        | CoreInput::RoundCertificate(_)
        | CoreInput::Propose(_)
        | CoreInput::SyncValueResponse(_) => None,
    }
}

pub(crate) fn misbehaviour_out(
    network: NetworkId,
    evidence: consensus::MisbehaviorEvidence<Context>,
) -> Vec<Misbehaviour> {
    let votes = evidence.votes.into_iter().flat_map(|(_, pairs)| pairs);
    let votes = votes.map(|(one, other)| Misbehaviour::Votes(vote_out(network, &one), vote_out(network, &other)));
    let proposals = evidence.proposals.into_iter().flat_map(|(_, pairs)| pairs);
    let proposals = proposals
        .map(|(one, other)| Misbehaviour::Proposals(proposal_out(network, &one), proposal_out(network, &other)));
    votes.chain(proposals).collect()
}
