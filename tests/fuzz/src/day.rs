//! The devnet's example day, executed and certified once: what true blocks, records and proofs look like.
//!
//! The network is the devnet without its calendars, so that its genesis is small: inputs carry it along.

use seaway_genesis::ceremony;
use seaway_genesis::written::WrittenGenesis;
use seaway_ledger::execution::{BlockContext, ExecutedBlock, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{ForEachChange, MemoryState, Slot, StateView, Stored};
use seaway_types::block::{
    Block, BlockHeader, BlockId, Certificate, CommitSignature, FinalBlock, LedgerProof, Round, SettlementProof,
    Subject, validators_hash,
};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::genesis::{GenesisDocument, SignedGenesis};
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::{AuthenticInstruction, DecodedInstruction, RawInstruction, Submitter};
use seaway_types::proof::ReceiptProof;
use seaway_types::signature::{SignatureEntry, public_key, sign};
use seaway_types::state::{InstructionLeaf, StateKey, Validators};
use seaway_types::time::{BlockTime, Height};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::OnceLock;

const DAY: &str = include_str!("../../conformance/vectors/day.json");

/// The day as the frozen vectors have it; what they say of receipts belongs to another genesis.
#[derive(Deserialize)]
struct Written {
    blocks: Vec<WrittenBlock>,
}

#[derive(Deserialize)]
struct WrittenBlock {
    time: BlockTime,
    wires: Vec<RawInstruction>,
}

/// Records by their keys, in canonical bytes.
#[derive(Default)]
pub(crate) struct Records(pub BTreeMap<StateKey, Vec<u8>>);

impl ForEachChange for Records {
    type Error = Infallible;

    fn change<R: Stored>(&mut self, key: &R::Key, slot: &Slot<R>) -> Result<(), Infallible> {
        self.0.extend(slot.now.as_ref().map(|record| (R::state_key(key), codec::encode(record))));
        Ok(())
    }
}

/// A block of the day.
pub(crate) struct Decided {
    /// With its certificate.
    pub block: FinalBlock,
    /// Its instructions.
    pub instructions: Vec<AuthenticInstruction>,
    /// What it did.
    pub executed: ExecutedBlock,
    /// All records after it.
    pub records: Records,
}

/// See the module.
pub(crate) struct Day {
    /// The genesis, as people write it.
    pub written: WrittenGenesis,
    /// The same, with its approvals.
    pub signed: SignedGenesis,
    /// Its hash.
    pub hash: Hash32,
    /// Its canonical bytes in hexadecimal, as proofs carry it.
    pub genesis: String,
    /// The blocks, from height 1.
    pub blocks: Vec<Decided>,
    /// The state after the last.
    pub state: MemoryState,
}

/// The day; it is lived once.
pub(crate) fn day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(Day::lived)
}

impl Day {
    fn lived() -> Self {
        let mut draft = WrittenGenesis::parse(ceremony::DEVNET).expect("the devnet's draft");
        draft.calendars.clear();
        let written = ceremony::devnet_of(draft).expect("the devnet's ceremony");
        let signed = written.signed().expect("the devnet's document");
        let document = &signed.document;
        let mut secrets: Vec<[u8; 32]> =
            ceremony::devnet_validators(&written).into_iter().map(|(_, secret)| secret).collect();
        secrets.sort_by_key(public_key);
        let day: Written = serde_json::from_str(DAY).expect("the frozen day");
        let mut state = state_of(document, 1).expect("the genesis state");
        let hash = document.hash();
        let mut parent = (BlockId(hash.0), None);
        let mut blocks = Vec::new();
        for next in day.blocks {
            let (block, instructions, executed) = decided(document, &state, &secrets, parent, next);
            parent = (block.block.header.id(), Some(block.certificate.clone()));
            executed.clone().apply(&mut state);
            let mut records = Records::default();
            state.visit_records(&mut records);
            blocks.push(Decided { block, instructions, executed, records });
        }
        let genesis = hex::encode(codec::encode(document));
        Self { hash, genesis, blocks, state, written, signed }
    }

    /// The block whose header this is; nobody else has signed any.
    pub fn block_of(&self, header: &BlockHeader) -> Option<&Decided> {
        self.blocks.iter().find(|decided| decided.block.block.header == *header)
    }

    /// A true proof of a settlement.
    pub fn settlement(&self, decided: &Decided, receipt: ReceiptProof) -> SettlementProof {
        SettlementProof {
            genesis: self.genesis.clone(),
            lineage: Bounded::default(),
            header: decided.block.block.header,
            certificate: decided.block.certificate.clone(),
            receipt,
        }
    }

    /// True proofs of all settlements, and of each one's first credit.
    pub fn settlements(&self) -> Vec<SettlementProof> {
        let mut proofs = Vec::new();
        for decided in &self.blocks {
            for place in 0..decided.executed.receipts().len() {
                let proven = [None, Some(0)].into_iter().filter_map(|credit| decided.executed.prove(place, credit));
                proofs.extend(proven.map(|receipt| self.settlement(decided, receipt)));
            }
        }
        proofs
    }

    /// The true proof of a record at the end of the day, or that there is none.
    pub fn record(&self, key: StateKey) -> LedgerProof {
        let record = self.last().records.0.get(&key).map(hex::encode);
        self.ledger(Subject::Record { key, record, proof: self.state.commitment().prove(&key) })
    }

    /// The true proof of an instruction at the end of the day, or of what would prove that there was none.
    pub fn instruction(&self, submitter: Submitter, key: InstructionKey, valid_until: BlockTime) -> LedgerProof {
        let executed = self.executed(&submitter, &key);
        let same = executed.filter(|one| one.envelope().valid_until.minute() == valid_until.minute());
        let leaf = same.map(|one| InstructionLeaf { digest: one.digest(), body_hash: one.body_hash() });
        let proof = self.state.commitment().prove_instruction(&submitter, &key, valid_until);
        self.ledger(Subject::Instruction { submitter, key, valid_until, leaf, proof })
    }

    /// The instruction that took a key.
    pub fn executed(&self, submitter: &Submitter, key: &InstructionKey) -> Option<&AuthenticInstruction> {
        let mut all = self.blocks.iter().flat_map(|decided| &decided.instructions);
        all.find(|one| one.envelope().submitter == *submitter && one.envelope().key == *key)
    }

    /// The last block.
    pub fn last(&self) -> &Decided {
        self.blocks.last().expect("a day has blocks")
    }

    fn ledger(&self, subject: Subject) -> LedgerProof {
        LedgerProof {
            genesis: self.genesis.clone(),
            lineage: Bounded::default(),
            header: self.last().block.block.header,
            certificate: self.last().block.certificate.clone(),
            subject,
        }
    }
}

/// Executes a block over a state and lets all validators sign it.
fn decided(
    document: &GenesisDocument,
    state: &MemoryState,
    secrets: &[[u8; 32]],
    (parent, parent_certificate): (BlockId, Option<Certificate>),
    written: WrittenBlock,
) -> (FinalBlock, Vec<AuthenticInstruction>, ExecutedBlock) {
    let authentic = |raw: &RawInstruction| raw.clone().decode().and_then(DecodedInstruction::authenticate);
    let instructions: Vec<AuthenticInstruction> =
        written.wires.iter().map(|raw| authentic(raw).expect("an authentic instruction")).collect();
    let height = Height(state.tip().height.0 + 1);
    let context = BlockContext { height, time: written.time };
    let executed = execute_block(state, state.commitment(), context, &instructions).expect("a block of the day");
    let known = state.read::<Validators>(&()).expect("memory reads").expect("the validators");
    let set = |height| validators_hash(known.at(height).expect("a set in force"));
    let header = BlockHeader {
        network: document.network,
        height,
        parent,
        time: written.time,
        version: seaway_ledger::VERSION,
        body_root: Hash32::ZERO,
        state_root: executed.state_root(),
        receipts_root: executed.receipts_root(),
        validators: set(height),
        next_validators: set(Height(height.0 + 1)),
    };
    let instructions_raw = Bounded::new(written.wires).expect("a few instructions");
    let mut block = Block { header, parent_certificate, instructions: instructions_raw };
    block.header.body_root = block.body().root();
    let certificate = certified(&block.header, secrets);
    (FinalBlock { block, certificate }, instructions, executed)
}

fn certified(header: &BlockHeader, secrets: &[[u8; 32]]) -> Certificate {
    let (height, block) = (header.height, header.id());
    let unsigned = Certificate { height, round: Round(0), block, signatures: Bounded::default() };
    let message = unsigned.vote(header.network).message();
    let signature = |secret: &[u8; 32]| {
        let SignatureEntry { key, evidence } = sign(secret, &message);
        CommitSignature { validator: key, evidence }
    };
    let signatures = Bounded::new(secrets.iter().map(signature).collect()).expect("a few validators");
    Certificate { signatures, ..unsigned }
}
