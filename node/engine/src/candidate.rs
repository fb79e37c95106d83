//! Blocks that may be decided at the next height: proposed, fetched, executed.
//!
//! A block is executed once, whatever the number of rounds in which it is proposed. What is missing is asked for, never
//! called wrong.

use crate::action::{Now, Peer};
use seaway_ledger::execution::ExecutedBlock;
use seaway_types::block::{BlockDraft, BlockId, Round};
use seaway_types::identifier::WireId;
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::keys::PublicKey;
use seaway_types::time::Height;
use std::collections::BTreeMap;

/// Most drafts kept: two heights, and a few rounds of each.
const DRAFTS_MAX: usize = 24;

/// Most proposals noted: two heights, and some more rounds than consensus looks ahead.
const EXPECTED_MAX: usize = 64;

/// Most proposals noted of one round: a correct proposer makes one, and a second one proves that it is not.
const EXPECTED_OF_ROUND_MAX: usize = 2;

/// So many rounds ahead of the present one a proposal is noted: as far as consensus itself looks.
pub(crate) const ROUNDS_AHEAD_MAX: u32 = 10;

/// How long to wait for what a block lacks before it is asked for, in milliseconds: proposals overtake their blocks, and blocks the
/// instructions in them.
pub(crate) const ASK_FIRST_MS: u64 = 10;

/// How long to wait for what was asked of one peer before another is asked, in milliseconds.
pub(crate) const ASK_AGAIN_MS: u64 = 50;

/// A proposer's signed word, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub height: Height,
    pub round: Round,
    pub proposer: PublicKey,
    pub valid_round: Option<Round>,
    /// When it came.
    pub at: Now,
}

/// How far a block has come.
pub(crate) enum Stage {
    /// Its body is here; its instructions may not be.
    Drafted,
    /// Its time lay too far from our clock when it was first proposed. Only a later round's proof can bring it back.
    IllTimed,
    /// Executed, and its roots are right.
    Right(Box<ExecutedBlock>, Vec<AuthenticInstruction>),
    /// Executed, and it is wrong for good.
    Wrong,
}

/// A block by its draft.
pub(crate) struct Candidate {
    pub draft: BlockDraft,
    pub stage: Stage,
}

/// All candidates of the next height, and drafts of the one after it.
#[derive(Default)]
pub(crate) struct Candidates {
    blocks: BTreeMap<BlockId, Candidate>,
    /// Who sent the drafts among them.
    drafted_by: BTreeMap<BlockId, Peer>,
    expected: BTreeMap<(BlockId, Round), Expected>,
    /// Instructions asked for, with when to ask again, and of how many peers they were asked.
    missing: BTreeMap<BlockId, Missing>,
    /// Instructions that came for a block and could not be admitted to the pool.
    beside_pool: BTreeMap<WireId, AuthenticInstruction>,
}

/// What a block lacks.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    /// Who is asked first: it sent the draft or the proposal.
    pub first: Option<Peer>,
    pub ask_at_ms: u64,
    pub asked: usize,
}

impl Candidates {
    pub fn get(&self, id: &BlockId) -> Option<&Candidate> {
        self.blocks.get(id)
    }

    pub fn get_mut(&mut self, id: &BlockId) -> Option<&mut Candidate> {
        self.blocks.get_mut(id)
    }

    pub fn take(&mut self, id: &BlockId) -> Option<Candidate> {
        self.drafted_by.remove(id);
        self.blocks.remove(id)
    }

    /// Keeps a draft. When there are too many, one that nobody vouched for makes room, of whoever sent most such: a peer that sends
    /// many takes the place of none but its own.
    pub fn keep(&mut self, id: BlockId, draft: BlockDraft, from: Peer) {
        if self.blocks.contains_key(&id) {
            return;
        }
        self.drafted_by.insert(id, from);
        self.blocks.insert(id, Candidate { draft, stage: Stage::Drafted });
        if self.blocks.len() > DRAFTS_MAX
            && let Some(spare) = self.spare()
        {
            self.take(&spare);
        }
    }

    /// The draft that is missed least.
    fn spare(&self) -> Option<BlockId> {
        let vouched = |id: &BlockId| self.expected.keys().any(|(block, _)| block == id);
        let mut spare: BTreeMap<Peer, Vec<BlockId>> = BTreeMap::new();
        for (id, peer) in self.drafted_by.iter().filter(|(id, _)| !vouched(id)) {
            spare.entry(*peer).or_default().push(*id);
        }
        spare.into_values().max_by_key(Vec::len).and_then(|ids| ids.first().copied())
    }

    pub fn insert(&mut self, id: BlockId, candidate: Candidate) {
        self.blocks.insert(id, candidate);
    }

    /// Notes a proposal. A proposer may sign as many as it likes for its own rounds: more than two of a round are dropped, and
    /// when there are too many in all, the earliest round makes room, so that a long disagreement still ends.
    pub fn expect(&mut self, id: BlockId, expected: Expected) {
        let round = (expected.height, expected.round);
        if self.expected.values().filter(|one| (one.height, one.round) == round).count() >= EXPECTED_OF_ROUND_MAX {
            return;
        }
        if self.expected.len() >= EXPECTED_MAX {
            let earliest = self.expected.iter().min_by_key(|(_, one)| (one.height, one.round)).map(|(name, _)| *name);
            earliest.map(|name| self.expected.remove(&name));
        }
        self.expected.insert((id, expected.round), expected);
    }

    /// The proposals of a block at a height.
    pub fn expected_of(&self, id: &BlockId, height: Height) -> Vec<Expected> {
        let of_block = self.expected.range((*id, Round(0))..=(*id, Round(u32::MAX)));
        of_block.map(|(_, expected)| *expected).filter(|expected| expected.height == height).collect()
    }

    /// Blocks proposed at a height, drafted or not.
    pub fn proposed_at(&self, height: Height) -> Vec<BlockId> {
        let mut ids: Vec<BlockId> =
            self.expected.iter().filter(|(_, one)| one.height == height).map(|((id, _), _)| *id).collect();
        ids.dedup();
        ids
    }

    /// Whether any block is proposed in a round.
    pub fn is_proposed(&self, height: Height, round: Round) -> bool {
        self.expected.values().any(|one| (one.height, one.round) == (height, round))
    }

    pub fn missing(&mut self, id: BlockId, first: Option<Peer>, now_ms: u64) -> &mut Missing {
        let ask_at_ms = now_ms.saturating_add(ASK_FIRST_MS);
        self.missing.entry(id).or_insert(Missing { first, ask_at_ms, asked: 0 })
    }

    pub fn found(&mut self, id: &BlockId) {
        self.missing.remove(id);
    }

    /// Blocks of which something is to be asked for now.
    pub fn due(&self, now_ms: u64) -> Vec<BlockId> {
        self.missing.iter().filter(|(_, missing)| missing.ask_at_ms <= now_ms).map(|(id, _)| *id).collect()
    }

    pub fn ask_again_at(&self) -> Option<u64> {
        self.missing.values().map(|missing| missing.ask_at_ms).min()
    }

    /// Whether a block waits for this instruction.
    pub fn waits_for(&self, id: &WireId) -> bool {
        let lacking = self.missing.keys().filter_map(|block| self.blocks.get(block));
        lacking.flat_map(|candidate| candidate.draft.body.instructions.iter()).any(|wanted| wanted == id)
    }

    pub fn put_beside(&mut self, instruction: AuthenticInstruction) {
        self.beside_pool.insert(instruction.wire_id(), instruction);
    }

    pub fn beside(&self, id: &WireId) -> Option<&AuthenticInstruction> {
        self.beside_pool.get(id)
    }

    /// An instruction of a block that was executed here.
    pub fn within(&self, id: &WireId) -> Option<&AuthenticInstruction> {
        let of = |candidate: &'_ Candidate| match &candidate.stage {
            Stage::Right(_, instructions) => instructions.iter().position(|one| one.wire_id() == *id),
            _ => None,
        };
        self.blocks.values().find_map(|candidate| match (&candidate.stage, of(candidate)) {
            (Stage::Right(_, instructions), Some(place)) => instructions.get(place),
            _ => None,
        })
    }

    /// Forgets everything up to a height.
    pub fn forget(&mut self, decided: Height) {
        self.blocks.retain(|_, candidate| candidate.draft.header.height > decided);
        let blocks = &self.blocks;
        self.drafted_by.retain(|id, _| blocks.contains_key(id));
        self.expected.retain(|_, expected| expected.height > decided);
        let blocks = &self.blocks;
        let expected = &self.expected;
        self.missing.retain(|id, _| blocks.contains_key(id) || expected.keys().any(|(block, _)| block == id));
        self.beside_pool.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::block::{BlockBody, BlockHeader};
    use seaway_types::bounded::Bounded;
    use seaway_types::hash::Hash32;
    use seaway_types::time::BlockTime;

    #[test]
    fn who_sends_many_drafts_displaces_its_own_alone() {
        let draft = |n: u64| {
            let none = Hash32::ZERO;
            let header = BlockHeader {
                network: "testnet".parse().unwrap(),
                height: Height(n),
                parent: BlockId([0; 32]),
                time: BlockTime::default(),
                version: 1,
                body_root: none,
                state_root: none,
                receipts_root: none,
                validators: none,
                next_validators: none,
            };
            BlockDraft { header, body: BlockBody { parent_certificate: None, instructions: Bounded::default() } }
        };
        let [honest, liar] = [1, 2].map(|n| PublicKey::Ed25519([n; 32]));
        let mut candidates = Candidates::default();
        let id = |n: u64| draft(n).header.id();
        candidates.keep(id(0), draft(0), honest);
        for n in 1..1_000 {
            candidates.keep(id(n), draft(n), liar);
        }
        assert!(candidates.get(&id(0)).is_some());
        assert_eq!((candidates.blocks.len(), candidates.drafted_by.len()), (DRAFTS_MAX, DRAFTS_MAX));
    }

    #[test]
    fn a_proposer_that_signs_without_end_fills_no_memory() {
        let mut candidates = Candidates::default();
        let at = Now { clock_ms: 0, elapsed_ms: 0 };
        for n in 0..10_000u32 {
            let mut id = BlockId([0; 32]);
            id.0[..4].copy_from_slice(&n.to_le_bytes());
            let proposer = PublicKey::Ed25519([1; 32]);
            let expected = Expected { height: Height(1), round: Round(n / 100), proposer, valid_round: None, at };
            candidates.expect(id, expected);
        }
        assert_eq!(candidates.expected.len(), EXPECTED_MAX);
        assert_eq!(candidates.expected.values().filter(|one| one.round == Round(99)).count(), EXPECTED_OF_ROUND_MAX);
    }
}
