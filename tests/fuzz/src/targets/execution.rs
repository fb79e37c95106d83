//! The ledger against the naive model: both execute what random traffic asks, with bytes of it changed by the input.

use crate::Target;
use crate::input::Choices;
use seaway_judge::compare;
use seaway_ledger::execution::{BlockContext, BlockFault, ExecutedBlock, build_block, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_model::{Answer, Model};
use seaway_traffic::{World, secrets};
use seaway_types::AccountId;
use seaway_types::codec;
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::reason::VoidReason;
use seaway_types::receipt::BlockAct;
use seaway_types::signature::public_key;
use seaway_types::state::IndexKey;
use seaway_types::time::{BlockTime, Height};
use seaway_vm::{Program, Refused};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "execution", run, seeds, bytes_max: 512 };

/// So many instructions at most for one input.
const INSTRUCTIONS_MAX: usize = 30;
/// Of the byte before a block: how many instructions it has less one, and whether they stand in one block.
const COUNT: u8 = 3;
const TOGETHER: u8 = 4;
/// Changed bytes of one instruction at most.
const CHANGES_MAX: u8 = 3;

/// Eight bytes for the seed of the traffic, then for each block one byte, and for each of its instructions the changes. Ledger and
/// model give the same answers and come to the same state.
fn run(input: &[u8]) {
    let mut choices = Choices(input);
    let Some(seed) = choices.number() else { return };
    let mut world = World::new(seed);
    let mut both = Both::new(&world);
    let mut asked = 0;
    while let Some(choice) = choices.byte().filter(|_| asked < INSTRUCTIONS_MAX) {
        let time = world.later(both.state.tip().time);
        let count = usize::from(choice & COUNT) + 1;
        asked += count;
        let waiting = (0..count).map(|_| changed(world.instruction(&both.model, time), &mut choices)).collect();
        if choice & TOGETHER == 0 {
            both.one_by_one(time, waiting);
        } else {
            both.together(time, waiting);
        }
    }
}

/// An instruction with bytes of its envelope changed, and signed anew by those who had signed it; as it was, where that makes no
/// instruction that the model can judge.
fn changed(instruction: AuthenticInstruction, choices: &mut Choices) -> AuthenticInstruction {
    let mut bytes = codec::encode(instruction.envelope());
    for _ in 0..choices.byte().unwrap_or(0) % (CHANGES_MAX + 1) {
        let (Some(place), Some(change)) = (choices.word(), choices.byte()) else { break };
        let place = usize::from(place) % bytes.len();
        bytes[place] ^= change;
    }
    let envelope = codec::decode::<Envelope>(&bytes, INSTRUCTION_BYTES_MAX).ok();
    envelope.and_then(|envelope| signed_anew(envelope, &instruction)).unwrap_or(instruction)
}

fn signed_anew(envelope: Envelope, before: &AuthenticInstruction) -> Option<AuthenticInstruction> {
    if envelope == *before.envelope() || !is_judged(&envelope.body) {
        return None;
    }
    let secret = |key: &PublicKey| *known_secrets().get(key).expect("the traffic signs with published keys");
    let signers: Vec<[u8; 32]> = before.signers().map(secret).collect();
    RawInstruction::from(&envelope.sign(&signers)).decode().ok()?.authenticate().ok()
}

/// Whether the model has a word on it: it knows no administration but what the traffic makes, and has no verifier.
fn is_judged(body: &Body) -> bool {
    let is_judged = |leg: &Leg| match leg {
        Leg::RegisterCode(register) => !matches!(Program::from_bytes(&register.code), Err(Refused::Faults(_))),
        _ => true,
    };
    !matches!(body, Body::Admin(_)) && body.legs().iter().all(is_judged)
}

/// The secrets of everybody who signs in the traffic, by their public keys.
fn known_secrets() -> &'static BTreeMap<PublicKey, [u8; 32]> {
    static SECRETS: OnceLock<BTreeMap<PublicKey, [u8; 32]>> = OnceLock::new();
    SECRETS.get_or_init(|| {
        let genesis = World::new(0).genesis;
        let banks = genesis.participants.iter().map(|(bic, _)| Submitter::Participant(*bic));
        let accounts = (0..=u8::MAX).map(|number| Submitter::Account(AccountId([number; 16])));
        let all = banks.chain(accounts).chain([Submitter::Authority]).flat_map(secrets);
        all.map(|secret| (public_key(&secret), secret)).collect()
    })
}

/// The two ledgers.
struct Both {
    state: MemoryState,
    model: Model,
}

impl Both {
    fn new(world: &World) -> Self {
        let state = state_of(&world.genesis, 1).expect("the genesis state");
        Self { state, model: Model::new(&world.genesis) }
    }

    fn context(&self, time: BlockTime) -> BlockContext {
        BlockContext { height: Height(self.state.tip().height.0 + 1), time }
    }

    /// Each instruction as a block of its own, so that the two must also agree on what is void.
    fn one_by_one(&mut self, mut time: BlockTime, waiting: Vec<AuthenticInstruction>) {
        for instruction in waiting {
            let block = [instruction];
            let before = self.state.commitment().parts().root();
            let executed = execute_block(&self.state, self.state.commitment(), self.context(time), &block);
            match (executed, self.model.block(time, &block)) {
                (Ok(executed), Ok((acts, answers))) => self.agree(executed, &block, &acts, &answers),
                (Err(BlockFault::Void { position: 0, reason }), Err((0, expected))) => {
                    // Where authority is missing, and of contracts, the model says only that something is.
                    let vague = matches!(expected, VoidReason::SubmitterForeign { .. });
                    assert!(
                        vague || compare::about_contracts(&block[0]) || reason == expected,
                        "{reason} {expected}"
                    );
                    assert_eq!(self.state.commitment().parts().root(), before);
                }
                (ledger, model) => {
                    let ledger = ledger.map(|_| "executed");
                    panic!("ledger {ledger:?}, model {model:?} on {:?}", block[0].envelope());
                }
            }
            time = time.after_ms(1);
        }
    }

    /// Several as one block: what the builder includes, a validator executes the same, and so does the model.
    fn together(&mut self, time: BlockTime, waiting: Vec<AuthenticInstruction>) {
        let (state, count) = (&self.state, waiting.len());
        let built = build_block(state, state.commitment(), self.context(time), waiting).expect("a block is built");
        assert_eq!(built.included.len() + built.left_out.len(), count);
        let executed = execute_block(state, state.commitment(), self.context(time), &built.included);
        let executed = executed.expect("what was built is valid");
        assert_eq!(executed.receipts(), built.executed.receipts());
        assert_eq!(executed.state_root(), built.executed.state_root());
        assert_eq!(executed.receipts_root(), built.executed.receipts_root());
        let (acts, answers) = self.model.block(time, &built.included).expect("the builder left out what is void");
        self.agree(executed, &built.included, &acts, &answers);
    }

    /// Same answers, all of them provable; then the same state, and no money lost.
    fn agree(
        &mut self,
        executed: ExecutedBlock,
        block: &[AuthenticInstruction],
        acts: &[BlockAct],
        answers: &[Answer],
    ) {
        let outcomes = |place: usize| executed.outcomes(place).to_vec();
        let told = compare::Told { receipts: executed.receipts(), outcomes: &outcomes };
        compare::same_answers(told, block, acts, answers);
        compare::all_provable(&executed);
        let announced = executed.state_root();
        executed.apply(&mut self.state);
        assert_eq!(self.state.commitment().parts().root(), announced);
        assert!(self.model.conserved(), "the model itself lost money");
        let state = &self.state;
        let find = |key: &IndexKey| state.indexed(key).expect("memory reads");
        compare::same_state(state, compare::Index { find: &find, len: state.index_len() }, &self.model);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let plain = |seed: u64| [seed.to_le_bytes().as_slice(), &[0, 0, 1, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 0]].concat();
    // One changed byte each, at places that rise.
    let step = |place: u8| [0, 1, place.wrapping_mul(37), 0, 1 << (place % 8)];
    let changing = |seed: u64| {
        let steps: Vec<u8> = (0..20).flat_map(step).collect();
        [seed.to_le_bytes().as_slice(), &steps].concat()
    };
    (1..=12).map(plain).chain((1..=12).map(changing)).collect()
}
