//! One validator's part in the agreement, height by height.

use crate::core::{self, Address, At, Context, Named, Set};
use crate::message::{ConsensusMessage, Misbehaviour, Record};
use crate::signer::{Question, Signer, Step};
use crate::verified::Verified;
use arc_malachitebft_core_consensus::{
    self as malachite, Effect, LivenessMsg, LocallyProposedValue, Params, ProposedValue, Resumable, Resume,
    SignedConsensusMsg, State, process,
};
use arc_malachitebft_core_types::{
    CommitCertificate, Round as CoreRound, SignedMessage, ThresholdParams, Validity, ValueOrigin, ValuePayload,
    VoteExtensionPolicy, VoteType,
};
use seaway_types::block::{BlockId, Certificate, Proposal, Round, SignedVote, VoteKind};
use seaway_types::genesis::ConsensusTiming;
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use seaway_types::limits::VALIDATORS_MAX;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::signature::{Ed25519Signature, Evidence, SignatureCheck, SignatureEntry};
use seaway_types::state::ValidatorSet;
use seaway_types::time::Height;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use thiserror::Error;

/// Messages of future heights that wait: of how many heights, and how many of each (8 rounds of 2n + 1).
const QUEUE_HEIGHTS_MAX: usize = 2;
const QUEUE_MESSAGES_MAX: usize = 8 * (2 * VALIDATORS_MAX + 1);

/// Stands for a signature that was refused. Its s is not canonical, so that it holds for nobody.
const REFUSED: Evidence = Evidence::Ed25519(Ed25519Signature([0xff; 64]));

/// What a timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TimerKind {
    /// A proposal.
    Propose,
    /// Prevotes for one block.
    Prevote,
    /// Precommits for one block.
    Precommit,
    /// The time to say again what was said, in case it was lost.
    Rebroadcast,
}

/// A timer of consensus. It names its height, so that one which rings late is known to be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timer {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// What it waits for.
    pub kind: TimerKind,
}

/// How long timers run, in milliseconds: each grows by half its base a round, up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts(pub ConsensusTiming);

impl Timeouts {
    /// How long a timer runs.
    pub fn duration_ms(&self, timer: Timer) -> u64 {
        let timing = &self.0;
        let base = match timer.kind {
            TimerKind::Propose => timing.propose_ms,
            TimerKind::Prevote => timing.prevote_ms,
            TimerKind::Precommit => timing.precommit_ms,
            TimerKind::Rebroadcast => {
                timing.propose_ms.saturating_add(timing.prevote_ms).saturating_add(timing.precommit_ms)
            }
        };
        let growth = (base / 2).saturating_mul(u64::from(timer.round.0));
        base.saturating_add(growth).min(timing.timeout_max_ms)
    }
}

/// What comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message of another validator. Its signature is checked.
    Message(ConsensusMessage),
    /// The answer to [`Output::Build`].
    Built {
        /// The round asked about.
        round: Round,
        /// The block.
        block: BlockId,
    },
    /// A proposed block was executed.
    Checked {
        /// The round of its proposal.
        round: Round,
        /// Who proposed it.
        proposer: PublicKey,
        /// The block.
        block: BlockId,
        /// Whether it is right. Never false for a reason that can change: malachite remembers it for ever.
        valid: bool,
    },
    /// A timer rang.
    Timeout(Timer),
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write to the log; durable before any message of the same step is sent.
    Record(Record),
    /// Send to all validators.
    Publish(ConsensusMessage),
    /// Set a timer.
    Schedule(Timer),
    /// Take a timer back.
    Cancel(Timer),
    /// Take all timers back.
    CancelAll,
    /// A round began.
    RoundStarted {
        /// The round.
        round: Round,
        /// Whose turn it is.
        proposer: PublicKey,
    },
    /// Build a block and answer with [`Input::Built`].
    Build(Round),
    /// Send a block again to all validators.
    Restream(BlockId),
    /// A block is decided.
    Decided(Certificate),
    /// Proof that validators said two things at once.
    Misbehaved(Vec<Misbehaviour>),
}

/// What halts the replica.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("consensus cannot go on: {0}")]
pub struct Fault(pub String);

/// See the module.
pub struct Agreement {
    state: State<Context>,
    network: NetworkId,
    verified: Verified,
}

/// More than two thirds decide; more than a third counts as some correct validator.
fn thresholds() -> ThresholdParams {
    let usual = ThresholdParams::default();
    if seeded(Mutant::QuorumOfAThird) { ThresholdParams { quorum: usual.honest, ..usual } } else { usual }
}

impl Agreement {
    /// Not started at any height.
    pub fn new(network: NetworkId, key: PublicKey, validators: &ValidatorSet) -> Self {
        let params = Params {
            address: Address(key),
            threshold_params: thresholds(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        let state = State::new(Context, At(0), Set::from(validators), params, QUEUE_HEIGHTS_MAX, QUEUE_MESSAGES_MAX);
        Self { state, network, verified: Verified::default() }
    }

    /// The signatures that were found valid lately.
    pub fn verified(&mut self) -> &mut Verified {
        &mut self.verified
    }

    /// The height at which it is, or was last.
    pub fn height(&self) -> Height {
        Height(self.state.height().0)
    }

    /// The round, once the height has started.
    pub fn round(&self) -> Option<Round> {
        self.state.round().as_u32().map(Round)
    }

    /// Whether a validator's vote of a round is here.
    pub fn has_vote(&self, kind: VoteKind, round: Round, validator: PublicKey) -> bool {
        let kind = match kind {
            VoteKind::Prevote => VoteType::Prevote,
            VoteKind::Precommit => VoteType::Precommit,
        };
        let votes = self.state.driver.votes().per_round(CoreRound::new(round.0));
        votes.is_some_and(|votes| votes.get_vote(kind, &Address(validator)).is_some())
    }

    /// What a validator said last at the height at which this one is, or was last, as far as it came here.
    pub fn last_vote_of(&self, validator: PublicKey) -> Option<SignedVote> {
        let whose = Address(validator);
        let votes = self.state.driver.votes().all_rounds().values().rev().find_map(|votes| {
            votes.get_vote(VoteType::Precommit, &whose).or_else(|| votes.get_vote(VoteType::Prevote, &whose))
        });
        votes.map(|vote| core::vote_out(self.network, vote))
    }

    /// Starts a height. What is left of an earlier one is dropped, so the caller has its decision.
    pub fn start<S: Signer>(
        &mut self,
        height: Height,
        validators: &ValidatorSet,
        signer: &mut S,
    ) -> Result<Vec<Output>, Fault> {
        let mut outputs = self.leave_height();
        outputs.extend(self.process(start_input(height, validators)?, signer)?);
        Ok(outputs)
    }

    /// Starts a height in which this validator already took part before it stopped: what it noted down then is taken
    /// into account first, so that it says nothing else now.
    pub fn resume<S: Signer>(
        &mut self,
        height: Height,
        validators: &ValidatorSet,
        records: &[Record],
        signer: &mut S,
    ) -> Result<Vec<Output>, Fault> {
        let me = signer.key();
        let mut outputs = self.leave_height();
        // What others said of this height meanwhile comes after what was noted down: otherwise it could move the core to a
        // later round, in which the log's votes and proposals set no lock any more.
        let buffered: Vec<_> = self.state.input_queue.take(&At(height.0)).collect();
        outputs.extend(self.process(start_input(height, validators)?, signer)?);
        let inputs: Vec<_> = records.iter().map(core::record_in).collect();
        self.state.record_recovered_own_precommit_extensions(&inputs);
        self.state.index_wal_entries(&inputs);
        for input in inputs {
            outputs.extend(self.process(input, signer)?);
        }
        self.state.reset_entries_index();
        for input in buffered {
            outputs.extend(self.process(input, signer)?);
        }
        outputs.retain(|output| !matches!(output, Output::Record(record) if records.contains(record)));
        let asked = outputs.iter().rev().find_map(|output| match output {
            Output::Build(round) => Some(*round),
            _ => None,
        });
        outputs.retain(|output| !matches!(output, Output::Build(_)));
        // A block is built for the present round alone, and never a second one where one was noted down.
        let (Some(round), true) = (asked, self.state.driver.step_is_propose()) else {
            return Ok(outputs);
        };
        if self.round() != Some(round) {
            return Ok(outputs);
        }
        let own = records.iter().find_map(|record| match record {
            Record::Checked { round: of, proposer, block, valid: true, .. } if *of == round && *proposer == me => {
                Some(*block)
            }
            _ => None,
        });
        match own {
            Some(block) => outputs.extend(self.handle(Input::Built { round, block }, signer)?),
            None => outputs.push(Output::Build(round)),
        }
        Ok(outputs)
    }

    /// Takes one input.
    pub fn handle<S: Signer>(&mut self, input: Input, signer: &mut S) -> Result<Vec<Output>, Fault> {
        let height = self.state.height();
        let core_input = match input {
            Input::Message(message) => core::message_in(&message),
            Input::Built { round, block } => malachite::Input::Propose(LocallyProposedValue {
                height,
                round: CoreRound::new(round.0),
                value: Named(block),
            }),
            Input::Checked { round, proposer, block, valid } => malachite::Input::ProposedValue(
                ProposedValue {
                    height,
                    round: CoreRound::new(round.0),
                    valid_round: CoreRound::Nil,
                    proposer: Address(proposer),
                    value: Named(block),
                    validity: Validity::from_bool(valid),
                },
                ValueOrigin::Consensus,
            ),
            Input::Timeout(timer) if timer.height.0 != height.0 => return Ok(Vec::new()),
            Input::Timeout(timer) => malachite::Input::TimeoutElapsed(core::timer_in(timer)),
        };
        self.process(core_input, signer)
    }

    /// What was proven at a height that is left without malachite's own decision: sync brought it.
    fn leave_height(&mut self) -> Vec<Output> {
        let evidence = malachite::MisbehaviorEvidence {
            proposals: self.state.driver.take_proposal_evidence(),
            votes: self.state.driver.take_vote_evidence(),
        };
        let found = core::misbehaviour_out(self.network, evidence);
        if found.is_empty() { Vec::new() } else { vec![Output::Misbehaved(found)] }
    }

    fn process<S: Signer>(&mut self, input: malachite::Input<Context>, signer: &mut S) -> Result<Vec<Output>, Fault> {
        let height = match &input {
            malachite::Input::StartHeight(height, ..) => Height(height.0),
            _ => self.height(),
        };
        let verified = &mut self.verified;
        let mut handler = Handler { network: self.network, height, outputs: Vec::new(), signer, verified };
        let state = &mut self.state;
        let done: Result<(), malachite::Error<Context>> = process!(
            input: input,
            state: state,
            metrics: &(),
            with: effect => Ok::<_, Infallible>(handler.carry_out(effect))
        );
        done.map_err(|error| Fault(error.to_string()))?;
        Ok(handler.outputs)
    }
}

fn start_input(height: Height, validators: &ValidatorSet) -> Result<malachite::Input<Context>, Fault> {
    if validators.0.is_empty() {
        return Err(Fault(format!("height {height} has no validators")));
    }
    Ok(malachite::Input::StartHeight(At(height.0), Set::from(validators), false, None, VoteExtensionPolicy::Disabled))
}

/// Checks a message of a height before anything reacts to it: a member of the set signed it, and proposals come from whose
/// turn it is. Certificates are checked by the core alone, for they wake nobody.
pub fn is_authentic(
    message: &ConsensusMessage,
    network: NetworkId,
    validators: &ValidatorSet,
    verified: &mut Verified,
) -> bool {
    match message {
        ConsensusMessage::Vote(vote) => {
            vote.vote.network == network && validators.get(&vote.validator).is_some() && verified.holds(&vote.check())
        }
        ConsensusMessage::Proposal(signed) => {
            let proposal = &signed.proposal;
            proposal.network == network
                && core::proposer(validators, proposal.height, proposal.round) == Some(signed.validator)
                && verified.holds(&signed.check())
        }
        ConsensusMessage::Polka(_) | ConsensusMessage::Round(_) => false,
    }
}

/// Carries out malachite's effects: answers questions at once, and notes down the rest in order.
struct Handler<'a, S> {
    network: NetworkId,
    height: Height,
    outputs: Vec<Output>,
    signer: &'a mut S,
    verified: &'a mut Verified,
}

impl<S: Signer> Handler<'_, S> {
    /// Cannot fail: malachite is left in an undefined state when an effect does.
    fn carry_out(&mut self, effect: Effect<Context>) -> Resume<Context> {
        match effect {
            Effect::SignVote(vote, resume) => {
                let evidence = self.sign_vote(&vote);
                resume.resume_with(SignedMessage::new(vote, evidence))
            }
            Effect::SignProposal(proposal, resume) => {
                let evidence = self.sign_proposal(&proposal);
                resume.resume_with(SignedMessage::new(proposal, evidence))
            }
            Effect::VerifySignature(message, key, resume) => {
                let signed = match &message.message {
                    malachite::ConsensusMsg::Vote(vote) => vote.vote(self.network).message(),
                    malachite::ConsensusMsg::Proposal(proposal) => self.unsigned(proposal).message(),
                };
                let entry = SignatureEntry { key, evidence: message.signature };
                resume.resume_with(self.verified.holds(&SignatureCheck { entry, message: signed }))
            }
            Effect::VerifyCommitCertificate(certificate, set, thresholds, resume) => {
                resume.resume_with(core::verify_commit(self.network, &certificate, &set, thresholds, self.verified))
            }
            Effect::VerifyExtendedCommitCertificate(certificate, set, thresholds, _, resume) => {
                let plain = certificate.trim_vote_extensions();
                resume.resume_with(core::verify_commit(self.network, &plain, &set, thresholds, self.verified))
            }
            Effect::VerifyPolkaCertificate(certificate, set, thresholds, resume) => {
                resume.resume_with(core::verify_polka(self.network, &certificate, &set, thresholds, self.verified))
            }
            Effect::VerifyRoundCertificate(certificate, set, thresholds, resume) => {
                resume.resume_with(core::verify_round(self.network, &certificate, &set, thresholds, self.verified))
            }
            // Vote extensions are switched off at every height, so neither is ever asked.
            Effect::ExtendVote(.., resume) => resume.resume_with(None),
            Effect::VerifyVoteExtension(.., resume) => resume.resume_with(Ok(())),
            plain => {
                self.note_down(plain);
                Resume::Continue
            }
        }
    }

    /// Effects that ask nothing back.
    fn note_down(&mut self, effect: Effect<Context>) {
        let network = self.network;
        let output = match effect {
            Effect::CancelAllTimeouts(_) => Some(Output::CancelAll),
            Effect::CancelTimeout(timeout, _) => core::timer_out(self.height, timeout).map(Output::Cancel),
            Effect::ScheduleTimeout(timeout, _) => core::timer_out(self.height, timeout).map(Output::Schedule),
            Effect::StartRound(_, round, proposer, _, _) => {
                round.as_u32().map(|round| Output::RoundStarted { round: Round(round), proposer: proposer.0 })
            }
            Effect::PublishConsensusMsg(message, _) => publish(
                *message.signature(),
                match &message {
                    SignedConsensusMsg::Vote(vote) => ConsensusMessage::Vote(core::vote_out(network, vote)),
                    SignedConsensusMsg::Proposal(proposal) => {
                        ConsensusMessage::Proposal(core::proposal_out(network, proposal))
                    }
                },
            ),
            Effect::PublishLivenessMsg(message, _) => match &message {
                LivenessMsg::Vote(vote) => {
                    publish(vote.signature, ConsensusMessage::Vote(core::vote_out(network, vote)))
                }
                LivenessMsg::PolkaCertificate(polka) => {
                    Some(Output::Publish(ConsensusMessage::Polka(core::polka_out(polka))))
                }
                LivenessMsg::SkipRoundCertificate(certificate) => {
                    Some(Output::Publish(ConsensusMessage::Round(core::round_out(certificate))))
                }
            },
            Effect::RepublishVote(vote, _) => {
                publish(vote.signature, ConsensusMessage::Vote(core::vote_out(network, &vote)))
            }
            Effect::RepublishRoundCertificate(certificate, _) => {
                Some(Output::Publish(ConsensusMessage::Round(core::round_out(&certificate))))
            }
            Effect::GetValue(_, round, _, _) => round.as_u32().map(|round| Output::Build(Round(round))),
            Effect::RestreamProposal(_, _, _, _, block, _) => Some(Output::Restream(block)),
            Effect::Decide(certificate, _, _) => Some(self.decided(&certificate)),
            Effect::Finalize(_, _, evidence, _) => {
                let found = core::misbehaviour_out(network, evidence);
                (!found.is_empty()).then_some(Output::Misbehaved(found))
            }
            Effect::WalAppend(height, input, _) => {
                core::record_out(network, Height(height.0), &input).map(Output::Record)
            }
            // Answered in `carry_out`, or of the sync path that the engine goes around.
            _ => None,
        };
        self.outputs.extend(output);
    }

    fn decided(&self, certificate: &CommitCertificate<Context>) -> Output {
        Output::Decided(core::certificate_out(certificate))
    }

    fn unsigned(&self, proposal: &<Context as arc_malachitebft_core_types::Context>::Proposal) -> Proposal {
        core::proposal_out(self.network, &SignedMessage::new(*proposal, REFUSED)).proposal
    }

    fn sign_proposal(&mut self, proposal: &<Context as arc_malachitebft_core_types::Context>::Proposal) -> Evidence {
        let ours = self.unsigned(proposal);
        self.sign(ours.height, ours.round, Step::Propose, ours.message())
    }

    fn sign_vote(&mut self, vote: &<Context as arc_malachitebft_core_types::Context>::Vote) -> Evidence {
        let ours = vote.vote(self.network);
        let step = match ours.kind {
            VoteKind::Prevote => Step::Prevote,
            VoteKind::Precommit => Step::Precommit,
        };
        self.sign(ours.height, ours.round, step, ours.message())
    }

    fn sign(&mut self, height: Height, round: Round, step: Step, message: [u8; 32]) -> Evidence {
        self.signer.sign(&Question { height, round, step, message }).unwrap_or(REFUSED)
    }
}

/// A message that was not signed is not sent: the validator stays silent.
fn publish(evidence: Evidence, message: ConsensusMessage) -> Option<Output> {
    (evidence != REFUSED).then_some(Output::Publish(message))
}
