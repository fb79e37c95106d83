//! The types that malachite's `Context` asks for. Each wraps one of ours.

use arc_malachitebft_core_types::{self as core, NilOrVal, Round as CoreRound, SignedExtension, VoteType};
use seaway_types::block::{self, BlockId, Vote, VoteKind};
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use seaway_types::signature::Evidence;
use seaway_types::state::ValidatorSet;
use seaway_types::time::Height;
use std::fmt;

/// The validator whose turn it is: they take turns by height and round, in the order of their keys.
pub fn proposer(validators: &ValidatorSet, height: Height, round: block::Round) -> Option<PublicKey> {
    let count = u64::try_from(validators.0.len()).ok()?;
    let turn = height.0.wrapping_add(u64::from(round.0)).checked_rem(count)?;
    validators.0.get(usize::try_from(turn).ok()?).map(|validator| validator.key)
}

/// See `arc_malachitebft_core_types::Context`.
#[derive(Clone, Debug)]
pub(crate) struct Context;

/// A validator is named by its consensus key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub PublicKey);

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl core::Address for Address {}

/// A height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At(pub u64);

impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl core::Height for At {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// The value agreed upon: a block by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named(pub BlockId);

impl core::Value for Named {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

/// Blocks travel beside consensus, so parts of proposals carry nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoPart;

impl core::ProposalPart<Context> for NoPart {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

/// A proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoreProposal {
    pub height: At,
    pub round: CoreRound,
    pub value: Named,
    pub pol_round: CoreRound,
    pub proposer: Address,
}

impl core::Proposal<Context> for CoreProposal {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> CoreRound {
        self.round
    }

    fn value(&self) -> &Named {
        &self.value
    }

    fn take_value(self) -> Named {
        self.value
    }

    fn pol_round(&self) -> CoreRound {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoreVote {
    pub height: At,
    pub round: CoreRound,
    pub value: NilOrVal<BlockId>,
    pub kind: VoteType,
    pub validator: Address,
}

impl CoreVote {
    /// What is signed.
    pub fn vote(&self, network: NetworkId) -> Vote {
        let kind = match self.kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        };
        let block = match self.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        };
        // A vote without a round does not exist; malachite's type would allow it.
        let round = block::Round(self.round.as_u32().unwrap_or(0));
        Vote { network, kind, height: Height(self.height.0), round, block }
    }
}

impl core::Vote<Context> for CoreVote {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> CoreRound {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.validator
    }

    fn extension(&self) -> Option<&SignedExtension<Context>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Context>> {
        None
    }

    fn extend(self, _extension: SignedExtension<Context>) -> Self {
        self
    }
}

/// A validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub address: Address,
    pub power: u64,
}

impl core::Validator<Context> for Member {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.address.0
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// A set of validators in rising order of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set(Vec<Member>);

impl From<&ValidatorSet> for Set {
    fn from(set: &ValidatorSet) -> Self {
        let member = |validator: &seaway_types::state::Validator| Member {
            address: Address(validator.key),
            power: validator.power,
        };
        Self(set.0.iter().map(member).collect())
    }
}

impl core::ValidatorSet<Context> for Set {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.iter().fold(0, |sum, member| sum.saturating_add(member.power))
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        self.0.iter().find(|member| member.address == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.get(index)
    }
}

/// Signatures as our types have them. Signing and checking happen in our own code, so this only names types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheme;

impl core::SigningScheme for Scheme {
    type DecodingError = seaway_types::codec::CodecError;
    type Signature = Evidence;
    type PublicKey = PublicKey;
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Evidence, Self::DecodingError> {
        seaway_types::codec::decode(bytes, seaway_types::limits::INSTRUCTION_BYTES_MAX)
    }

    fn encode_signature(signature: &Evidence) -> Vec<u8> {
        seaway_types::codec::encode(signature)
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, Self::DecodingError> {
        seaway_types::codec::decode(bytes, seaway_types::limits::INSTRUCTION_BYTES_MAX)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        seaway_types::codec::encode(key)
    }
}

impl core::Context for Context {
    type Address = Address;
    type Height = At;
    type ProposalPart = NoPart;
    type Proposal = CoreProposal;
    type Validator = Member;
    type ValidatorSet = Set;
    type Timeouts = core::LinearTimeouts;
    type Value = Named;
    type Vote = CoreVote;
    type Extension = ();
    type SigningScheme = Scheme;

    // The engine refuses an empty set before it starts a height; the trait leaves no other way to say so.
    #[allow(clippy::indexing_slicing)]
    fn select_proposer<'a>(&self, set: &'a Set, height: At, round: CoreRound) -> &'a Member {
        let turn = height.0.wrapping_add(u64::from(round.as_u32().unwrap_or(0)));
        let place = turn.checked_rem(set.0.len() as u64).unwrap_or(0);
        &set.0[usize::try_from(place).unwrap_or(0)]
    }

    fn new_proposal(
        &self,
        height: At,
        round: CoreRound,
        value: Named,
        pol_round: CoreRound,
        proposer: Address,
    ) -> CoreProposal {
        CoreProposal { height, round, value, pol_round, proposer }
    }

    fn new_prevote(&self, height: At, round: CoreRound, value: NilOrVal<BlockId>, validator: Address) -> CoreVote {
        CoreVote { height, round, value, kind: VoteType::Prevote, validator }
    }

    fn new_precommit(&self, height: At, round: CoreRound, value: NilOrVal<BlockId>, validator: Address) -> CoreVote {
        CoreVote { height, round, value, kind: VoteType::Precommit, validator }
    }
}
