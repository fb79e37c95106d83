//! The judge of a network: it hears what every node was told is final and what every validator said, keeps the model beside it,
//! and writes down which [`Invariant`] is broken. It shares no rule with the nodes: the ledger's answers are held against
//! `seaway-model`, certificates against a count of its own with the curve's own verifier.

pub mod compare;

use compare::{Index, Told};
use ed25519_dalek::{Signature, VerifyingKey};
use seaway_engine::{ConsensusMessage, Decided, Message, Misbehaviour, Step};
use seaway_ledger::state::{MemoryState, StateView};
use seaway_model::Model;
use seaway_types::block::{BlockId, Certificate, FinalBlock, Round, VoteKind};
use seaway_types::codec;
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::{AuthenticInstruction, Instruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::merkle;
use seaway_types::receipt::Receipt;
use seaway_types::signature::Evidence;
use seaway_types::time::{BlockTime, Height};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What must hold, whatever happens to nodes, disks, clocks and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No two blocks are final at one height, and no two answers of one block.
    Agreement,
    /// Each final block has a certificate that a verifier of its own accepts.
    Certificate,
    /// Each instruction of a final block carries signatures that hold.
    Authentic,
    /// Each final block stands on the one before, and its time rises and is not from the future.
    Chain,
    /// The state of each node has the root that the final block names.
    Root,
    /// Receipts, outcomes and the whole state are the model's.
    Model,
    /// The model itself conserves money.
    Conservation,
    /// An instruction key is executed once, for ever.
    Once,
    /// What is told as final is on that node's disk.
    Durable,
    /// No correct validator says two things for one step.
    Promises,
    /// Evidence names Byzantine validators only.
    Evidence,
    /// No correct node stops because of others, or by itself.
    Running,
    /// Once all is well again, the network goes on within a bounded time.
    Liveness,
    /// Every node replays from the genesis to the state that it has.
    Replay,
    /// What a node took in ends settled, rejected, left out for a reason, or over.
    Kept,
    /// What is settled waits in no pool.
    Pool,
    /// Equal seeds give equal courses.
    Determinism,
}

impl fmt::Display for Invariant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

/// An invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// The last height that was judged.
    pub height: Height,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at height {}: {}", self.invariant, self.height, self.what)
    }
}

/// See the crate.
pub struct Judge {
    document: GenesisDocument,
    model: Model,
    /// What was final first at each height, and the bytes of its answers.
    finals: BTreeMap<Height, (BlockId, Vec<u8>)>,
    last: (BlockId, BlockTime),
    root: Option<Hash32>,
    executed: BTreeMap<(Submitter, InstructionKey), Height>,
    said: BTreeMap<(PublicKey, Height, Round, Step), [u8; 32]>,
    byzantine: BTreeSet<PublicKey>,
    violations: Vec<Violation>,
    /// How much there was to judge: a run that judged nothing shows nothing.
    pub judged: Judged,
}

/// How much a judge saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Final blocks.
    pub blocks: u64,
    /// Instructions in them.
    pub instructions: u64,
    /// Of these, rejected ones.
    pub rejected: u64,
    /// What blocks did by themselves.
    pub acts: u64,
    /// States held against the model's.
    pub states: u64,
    /// Things that validators said.
    pub said: u64,
    /// Proofs of misbehaviour.
    pub evidence: u64,
}

impl Judge {
    /// Of a network that starts from a document; some of its validators may be Byzantine.
    pub fn new(document: &GenesisDocument, byzantine: BTreeSet<PublicKey>) -> Self {
        Self {
            model: Model::new(document),
            finals: BTreeMap::new(),
            last: (BlockId(document.hash().0), document.time),
            root: None,
            executed: BTreeMap::new(),
            said: BTreeMap::new(),
            byzantine,
            violations: Vec::new(),
            judged: Judged::default(),
            document: document.clone(),
        }
    }

    /// The model after the last final block.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether an instruction is in a final block.
    pub fn was_executed(&self, submitter: &Submitter, key: &InstructionKey) -> bool {
        self.executed.contains_key(&(*submitter, *key))
    }

    /// A validator is Byzantine: it may say anything, and may be accused.
    pub fn expect_lies_of(&mut self, key: PublicKey) {
        self.byzantine.insert(key);
    }

    /// The blocks on a node's disk are the final ones.
    pub fn saw_chain(&mut self, place: usize, blocks: &[FinalBlock]) {
        for block in blocks {
            let header = &block.block.header;
            let same = self.finals.get(&header.height).is_none_or(|(id, _)| *id == header.id());
            self.ensure(Invariant::Agreement, same, || format!("node {place} has another block {}", header.height));
        }
    }

    /// What was broken so far, in the order in which it was seen.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Writes down that something is broken.
    pub fn accuse(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.violations.push(Violation { invariant, height: self.model.height, what: what.into() });
    }

    fn ensure(&mut self, invariant: Invariant, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.accuse(invariant, what());
        }
    }

    /// A node was told that a block is final, at a true time.
    pub fn heard_final(&mut self, place: usize, decided: &Decided, latest: BlockTime) {
        let header = &decided.block.block.header;
        let (height, id) = (header.height, header.id());
        let answers = codec::encode(&(&decided.applied.receipts, &decided.applied.outcomes));
        if let Some((first, told)) = self.finals.get(&height) {
            let same = *first == id && *told == answers;
            self.ensure(Invariant::Agreement, same, || format!("node {place} heard another block or other answers"));
            return;
        }
        let (parent, before) = self.last;
        let follows = height.0 == self.model.height.0 + 1 && header.parent == parent;
        self.ensure(Invariant::Chain, follows, || format!("{header:?} does not follow {parent:?}"));
        let timely = before < header.time && header.time <= latest;
        self.ensure(Invariant::Chain, timely, || format!("{} is not after {before} and until {latest}", header.time));
        let block = &decided.block.block;
        let raw = decided.instructions.iter().map(|one| one.raw());
        let whole = block.body().root() == header.body_root && block.instructions.iter().eq(raw);
        self.ensure(Invariant::Chain, whole, || "the body is not what the header names".to_owned());
        let told = merkle::root(&merkle::leaves(&decided.applied.receipts)) == header.receipts_root;
        self.ensure(Invariant::Root, told, || "the receipts are not what the header names".to_owned());
        let certified = certified(&self.document, height, id, &decided.block.certificate);
        self.ensure(Invariant::Certificate, certified.is_ok(), || certified.err().unwrap_or_default());
        for instruction in &decided.instructions {
            let authentic = signed(instruction);
            self.ensure(Invariant::Authentic, authentic.is_ok(), || authentic.err().unwrap_or_default());
            let envelope = instruction.envelope();
            let earlier = self.executed.insert((envelope.submitter, envelope.key), height);
            self.ensure(Invariant::Once, earlier.is_none(), || {
                format!("key {:?} of {:?} was executed before", envelope.key, envelope.submitter)
            });
        }
        self.finals.insert(height, (id, answers));
        self.last = (id, header.time);
        self.root = Some(header.state_root);
        self.hold_against_model(decided);
    }

    fn hold_against_model(&mut self, decided: &Decided) {
        let header = &decided.block.block.header;
        let receipts = &decided.applied.receipts;
        let rejected = |receipt: &&Receipt| matches!(receipt, Receipt::Instruction(one) if one.reason.is_some());
        self.judged.blocks += 1;
        self.judged.instructions += decided.instructions.len() as u64;
        self.judged.rejected += receipts.iter().filter(rejected).count() as u64;
        self.judged.acts += receipts.len().saturating_sub(decided.instructions.len()) as u64;
        let (acts, answers) = match self.model.block(header.time, &decided.instructions) {
            Ok(expected) => expected,
            Err((position, reason)) => {
                self.accuse(Invariant::Model, format!("instruction {position} voids the block: {reason}"));
                return;
            }
        };
        let outcomes = |place: usize| {
            let found = decided.applied.outcomes.iter().find(|(of, _)| *of as usize == place);
            found.map_or_else(Vec::new, |(_, outcomes)| outcomes.clone())
        };
        let told = Told { receipts, outcomes: &outcomes };
        let same = agrees(|| compare::same_answers(told, &decided.instructions, &acts, &answers));
        self.ensure(Invariant::Model, same.is_ok(), || same.err().unwrap_or_default());
        let conserved = self.model.conserved();
        self.ensure(Invariant::Conservation, conserved, || "the model lost money".to_owned());
    }

    /// A node's state, which is compared where it stands at the height that was judged last.
    pub fn saw_state(&mut self, place: usize, state: &MemoryState, index: Index<'_>) {
        if state.tip().height != self.model.height || !self.violations.is_empty() {
            return;
        }
        self.judged.states += 1;
        let root = state.commitment().parts().root();
        let named = self.root.is_none_or(|named| named == root);
        self.ensure(Invariant::Root, named, || {
            format!("node {place} has root {root}, which the block does not name")
        });
        let same = agrees(|| compare::same_state(state, index, &self.model));
        self.ensure(Invariant::Model, same.is_ok(), || format!("node {place}: {}", same.err().unwrap_or_default()));
    }

    /// A validator said something to others; over all its lives it must not contradict itself.
    pub fn heard(&mut self, message: &Message) {
        let (key, step, height, round, content) = match message {
            Message::Consensus(ConsensusMessage::Vote(signed)) => {
                let vote = &signed.vote;
                let step = if vote.kind == VoteKind::Prevote { Step::Prevote } else { Step::Precommit };
                (signed.validator, step, vote.height, vote.round, vote.message())
            }
            Message::Consensus(ConsensusMessage::Proposal(signed)) => {
                let proposal = &signed.proposal;
                (signed.validator, Step::Propose, proposal.height, proposal.round, proposal.message())
            }
            _ => return,
        };
        self.judged.said += 1;
        if self.byzantine.contains(&key) {
            return;
        }
        let said = *self.said.entry((key, height, round, step)).or_insert(content);
        self.ensure(Invariant::Promises, said == content, || {
            format!("{key} said two things for {step:?} of round {} at height {height}", round.0)
        });
    }

    /// A node found proof of what a validator did.
    pub fn saw_evidence(&mut self, place: usize, found: &Misbehaviour) {
        self.judged.evidence += 1;
        // Both were said by one Byzantine validator, for one step, and they differ.
        let (said, key, same_step) = match found {
            Misbehaviour::Votes(a, b) => (
                [(a.validator, a.evidence, a.vote.message()), (b.validator, b.evidence, b.vote.message())],
                a.validator,
                (a.vote.height, a.vote.round, a.vote.kind) == (b.vote.height, b.vote.round, b.vote.kind),
            ),
            Misbehaviour::Proposals(a, b) => (
                [(a.validator, a.evidence, a.proposal.message()), (b.validator, b.evidence, b.proposal.message())],
                a.validator,
                (a.proposal.height, a.proposal.round) == (b.proposal.height, b.proposal.round),
            ),
        };
        let proven = said.iter().all(|(by, evidence, message)| *by == key && holds(by, evidence, message).is_ok());
        let fair = proven && same_step && said[0].2 != said[1].2 && self.byzantine.contains(&key);
        self.ensure(Invariant::Evidence, fair, || format!("node {place} accuses {key} with {found:?}"));
    }
}

/// Whether a comparison comes to its end; otherwise what it said.
fn agrees(compare: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(compare)).map_err(|panic| said_by(&*panic))
}

/// What a panic said.
pub fn said_by(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").chars().take(2_000).collect()
}

/// Whether a signature holds, by the curve's own verifier.
fn holds(key: &PublicKey, evidence: &Evidence, message: &[u8; 32]) -> Result<(), String> {
    let PublicKey::Ed25519(bytes) = key else { return Err("an unknown kind of key".to_owned()) };
    let Evidence::Ed25519(signature) = evidence else { return Err("an unknown kind of signature".to_owned()) };
    let verifier = VerifyingKey::from_bytes(bytes).map_err(|error| format!("{key}: {error}"))?;
    let signature = Signature::from_bytes(&signature.0);
    verifier.verify_strict(message, &signature).map_err(|error| format!("a signature of {key}: {error}"))
}

/// Whether all signatures of an instruction hold, read anew from its bytes.
fn signed(instruction: &AuthenticInstruction) -> Result<(), String> {
    let read: Instruction =
        codec::decode(&instruction.raw().0, INSTRUCTION_BYTES_MAX).map_err(|error| error.to_string())?;
    let digest = read.envelope.digest();
    read.signatures.iter().try_for_each(|entry| holds(&entry.key, &entry.evidence, &digest.0))
}

/// More than two thirds of the document's voting power signed precommits for this very block, counted here once more.
fn certified(document: &GenesisDocument, height: Height, id: BlockId, given: &Certificate) -> Result<(), String> {
    if (given.height, given.block) != (height, id) {
        return Err(format!("the certificate is of another block: {given:?}"));
    }
    let message = given.vote(document.network).message();
    let mut signers: BTreeSet<PublicKey> = BTreeSet::new();
    for one in &given.signatures {
        holds(&one.validator, &one.evidence, &message)?;
        if !signers.insert(one.validator) {
            return Err(format!("{} signed twice", one.validator));
        }
    }
    let set = &document.validators.0;
    let power = |counts: &dyn Fn(&PublicKey) -> bool| {
        set.iter().filter(|one| counts(&one.key)).map(|one| u128::from(one.power)).sum::<u128>()
    };
    let (signed, all) = (power(&|key| signers.contains(key)), power(&|_| true));
    let known = signers.iter().all(|key| set.iter().any(|one| one.key == *key));
    if known && 3 * signed > 2 * all { Ok(()) } else { Err(format!("{signed} of {all} signed height {height}")) }
}
