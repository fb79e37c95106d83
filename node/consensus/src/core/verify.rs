//! The checks that malachite asks for: certificates of prevotes, of rounds, of precommits.

// Its error type is large, and these answers go back to it as they are.
#![allow(clippy::result_large_err)]

use super::context::{Address, Context, CoreVote, Set};
use crate::verified::Verified;
use arc_malachitebft_core_types::{
    CertificateError, CommitCertificate, CommitSignature, NilOrVal, PolkaCertificate, PolkaSignature,
    RoundCertificate, RoundCertificateType, RoundSignature, ThresholdParam, ThresholdParams, Validator, ValidatorSet,
    VoteType,
};
use seaway_types::instruction::NetworkId;
use seaway_types::signature::{Evidence, SignatureCheck, SignatureEntry};
use std::collections::BTreeSet;

type Answer = Result<(), CertificateError<Context>>;

/// Asks that each vote is of another member, that they reach the threshold, and that all signatures hold.
fn verify_votes(
    network: NetworkId,
    set: &Set,
    threshold: ThresholdParam,
    votes: &[(CoreVote, Evidence)],
    verified: &mut Verified,
    bad: impl Fn(usize) -> CertificateError<Context>,
) -> Answer {
    let (mut seen, mut power, mut checks) = (BTreeSet::new(), 0u64, Vec::with_capacity(votes.len()));
    for (vote, evidence) in votes {
        let address: Address = vote.validator;
        let member = set.get_by_address(&address).ok_or(CertificateError::UnknownValidator(address))?;
        if !seen.insert(address) {
            return Err(CertificateError::DuplicateVote(address));
        }
        power = power.saturating_add(member.voting_power());
        let entry = SignatureEntry { key: address.0, evidence: *evidence };
        checks.push(SignatureCheck { entry, message: vote.vote(network).message() });
    }
    let total = set.total_voting_power();
    if !threshold.is_met(power, total) {
        let expected = threshold.min_expected(total);
        return Err(CertificateError::NotEnoughVotingPower { signed: power, total, expected });
    }
    verified.failed_in(&checks).first().map_or(Ok(()), |place| Err(bad(*place)))
}

/// Precommits that decide.
pub(crate) fn verify_commit(
    network: NetworkId,
    certificate: &CommitCertificate<Context>,
    set: &Set,
    thresholds: ThresholdParams,
    verified: &mut Verified,
) -> Answer {
    let vote = |one: &CommitSignature<Context>| {
        let vote = CoreVote {
            height: certificate.height,
            round: certificate.round,
            value: NilOrVal::Val(certificate.value_id),
            kind: VoteType::Precommit,
            validator: one.address,
        };
        (vote, one.signature)
    };
    let votes: Vec<_> = certificate.commit_signatures.iter().map(vote).collect();
    let bad = |place: usize| match certificate.commit_signatures.get(place) {
        Some(one) => CertificateError::InvalidCommitSignature(one.clone()),
        None => CertificateError::VerificationError(None),
    };
    verify_votes(network, set, thresholds.quorum, &votes, verified, bad)
}

/// Prevotes for one block.
pub(crate) fn verify_polka(
    network: NetworkId,
    certificate: &PolkaCertificate<Context>,
    set: &Set,
    thresholds: ThresholdParams,
    verified: &mut Verified,
) -> Answer {
    let vote = |one: &PolkaSignature<Context>| {
        let vote = CoreVote {
            height: certificate.height,
            round: certificate.round,
            value: NilOrVal::Val(certificate.value_id),
            kind: VoteType::Prevote,
            validator: one.address,
        };
        (vote, one.signature)
    };
    let votes: Vec<_> = certificate.polka_signatures.iter().map(vote).collect();
    let bad = |place: usize| match certificate.polka_signatures.get(place) {
        Some(one) => CertificateError::InvalidPolkaSignature(one.clone()),
        None => CertificateError::VerificationError(None),
    };
    verify_votes(network, set, thresholds.quorum, &votes, verified, bad)
}

/// Votes that justify entering a round.
pub(crate) fn verify_round(
    network: NetworkId,
    certificate: &RoundCertificate<Context>,
    set: &Set,
    thresholds: ThresholdParams,
    verified: &mut Verified,
) -> Answer {
    let threshold = match certificate.cert_type {
        RoundCertificateType::Skip => thresholds.honest,
        RoundCertificateType::Precommit => {
            let prevote = certificate.round_signatures.iter().find(|one| one.vote_type == VoteType::Prevote);
            if let Some(prevote) = prevote {
                return Err(CertificateError::InvalidVoteType(prevote.address));
            }
            thresholds.quorum
        }
    };
    let vote = |one: &RoundSignature<Context>| {
        let vote = CoreVote {
            height: certificate.height,
            round: certificate.round,
            value: one.value_id,
            kind: one.vote_type,
            validator: one.address,
        };
        (vote, one.signature)
    };
    let votes: Vec<_> = certificate.round_signatures.iter().map(vote).collect();
    let bad = |place: usize| match certificate.round_signatures.get(place) {
        Some(one) => CertificateError::InvalidRoundSignature(one.clone()),
        None => CertificateError::VerificationError(None),
    };
    verify_votes(network, set, threshold, &votes, verified, bad)
}
