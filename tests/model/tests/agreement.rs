//! Random sequences of instructions through the ledger and the model: every answer, balance, hold, limit, payment and
//! contract must be the same, and money conserved after each block.
//!
//! `SEAWAY_SEQUENCES` sets how many sequences run (10,000 by default); `SEAWAY_SEED` runs the one that failed.

use seaway_judge::compare;
use seaway_ledger::VERSION;
use seaway_ledger::execution::{BlockContext, BlockFault, ExecutedBlock, build_block, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_model::Model;
use seaway_traffic::World;
use seaway_types::contract::{Cause, ContractEvent};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::receipt::{BlockAct, Receipt, Status};
use seaway_types::time::{BlockTime, Height};
use std::collections::BTreeMap;
use std::sync::Mutex;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What sequences reached, so that a generator that reaches nothing is noticed.
type Reached = BTreeMap<String, u64>;

#[test]
fn ledger_and_model_agree() {
    let seeds = match number("SEAWAY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEAWAY_SEQUENCES").unwrap_or(10_000),
    };
    let many = seeds.end - seeds.start;
    let reached = Mutex::new(Reached::new());
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        for thread in 0..threads {
            let (seeds, reached) = (seeds.clone(), &reached);
            scope.spawn(move || {
                let mut own = Reached::new();
                for seed in seeds.filter(|seed| seed % threads == thread) {
                    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sequence(seed, &mut own)));
                    assert!(failed.is_ok(), "sequence {seed} fails; run it alone with SEAWAY_SEED={seed}");
                }
                let mut all = reached.lock().unwrap();
                own.into_iter().for_each(|(what, count)| *all.entry(what).or_insert(0) += count);
            });
        }
    });
    let reached = reached.into_inner().unwrap();
    println!("{many} sequences reached {reached:#?}");
    if many >= 2_000 {
        for wanted in
            ["ACCC", "ACSC", "PDNG", "PART", "RJCT AM04", "RJCT AM05", "RJCT AM14", "RJCT AM21", "RJCT AM02"]
                .into_iter()
                .chain(["RJCT AM13", "RJCT AC06", "RJCT AC04", "RJCT AC03", "RJCT TM01", "RJCT AG01", "RJCT AM09"])
                .chain([
                    "act hold",
                    "act lapse RR02",
                    "act lapse RR03",
                    "act keys",
                    "void AM05",
                    "void DS0H",
                    "void TM01",
                    "forgotten",
                ])
                .chain(["act deadline", "contract opened", "contract called", "contract closed", "quote taken"])
                .chain([
                    "offer withdrawn",
                    "RJCT ED05",
                    "RJCT MD01",
                    "stopped before other rules",
                    "3 sets of validators",
                ])
        {
            assert!(reached.contains_key(wanted), "no sequence reached {wanted}: the generator is too tame");
        }
        for standard in seaway_contracts::STANDARD {
            let wanted = format!("{} called", standard.name);
            assert!(reached.contains_key(&wanted), "no sequence reached {wanted}: the generator is too tame");
        }
        let missed: Vec<_> = REASONS.iter().filter(|reason| !reached.contains_key(**reason)).collect();
        assert!(missed.is_empty(), "no sequence reached {missed:?}: the generator is too tame");
    }
}

fn sequence(seed: u64, reached: &mut Reached) {
    let mut world = World::new(seed).governed();
    let mut state = state_of(&world.genesis, seed).unwrap();
    let mut model = Model::new(&world.genesis);
    states_agree(&state, &model);
    for _ in 0..world.roll(3, 9) {
        let time = world.later(state.tip().time);
        let count = world.roll(1, 6) as usize;
        let waiting: Vec<AuthenticInstruction> = (0..count).map(|_| world.instruction(&model, time)).collect();
        if stops_for_other_rules(&state, &model, time, &waiting) {
            *reached.entry("stopped before other rules".to_owned()).or_insert(0) += 1;
            return;
        }
        if world.chance(50) {
            one_by_one(&mut state, &mut model, &mut world, time, waiting, reached);
        } else {
            together(&mut state, &mut model, time, waiting, reached);
        }
    }
}

/// Whether the next height is under rules that this program does not know: then it executes no block, and says so.
fn stops_for_other_rules(
    state: &MemoryState,
    model: &Model,
    time: BlockTime,
    waiting: &[AuthenticInstruction],
) -> bool {
    let context = context(state, time);
    let needed = model.rules_at(context.height);
    if needed == VERSION {
        return false;
    }
    let stopped = BlockFault::Version { height: context.height, needed, known: VERSION };
    assert_eq!(execute_block(state, state.commitment(), context, waiting).err(), Some(stopped.clone()));
    assert_eq!(build_block(state, state.commitment(), context, waiting.to_vec()).err(), Some(stopped));
    true
}

fn answers_agree(
    executed: &ExecutedBlock,
    block: &[AuthenticInstruction],
    acts: &[BlockAct],
    answers: &[seaway_model::Answer],
) {
    let outcomes = |place: usize| executed.outcomes(place).to_vec();
    let told = compare::Told { receipts: executed.receipts(), outcomes: &outcomes };
    compare::same_answers(told, block, acts, answers);
    compare::all_provable(executed);
}

fn states_agree(state: &MemoryState, model: &Model) {
    let find = |key: &seaway_types::state::IndexKey| state.indexed(key).unwrap();
    compare::same_state(state, compare::Index { find: &find, len: state.index_len() }, model);
}

fn context(state: &MemoryState, time: BlockTime) -> BlockContext {
    BlockContext { height: Height(state.tip().height.0 + 1), time }
}

/// Each instruction as a block of its own, so that the two must also agree on what is void.
fn one_by_one(
    state: &mut MemoryState,
    model: &mut Model,
    world: &mut World,
    mut time: BlockTime,
    waiting: Vec<AuthenticInstruction>,
    reached: &mut Reached,
) {
    for instruction in waiting {
        let block = [instruction];
        if stops_for_other_rules(state, model, time, &block) {
            return;
        }
        let before = state.commitment().parts().root();
        match (execute_block(state, state.commitment(), context(state, time), &block), model.block(time, &block)) {
            (Ok(executed), Ok((acts, answers))) => {
                answers_agree(&executed, &block, &acts, &answers);
                note(&executed, model, reached);
                apply(executed, state, model, reached);
            }
            (Err(BlockFault::Void { position: 0, reason }), Err((0, expected))) => {
                // Of contracts both say that something is missing, each what it asks first.
                if !compare::about_contracts(&block[0]) {
                    assert_eq!(reason, expected, "{:?}", block[0].envelope());
                    *reached.entry(variant(&reason)).or_insert(0) += 1;
                }
                *reached.entry(format!("void {}", reason.iso())).or_insert(0) += 1;
                assert_eq!(state.commitment().parts().root(), before);
            }
            (ledger, judge) => {
                panic!("ledger {:?}, model {judge:?} on {:?}", ledger.map(|_| "done"), block[0].envelope())
            }
        }
        time = time.after_ms(world.roll(1, 2_000));
    }
}

/// Several as one block: what the builder includes, the validator executes the same, and so does the model.
fn together(
    state: &mut MemoryState,
    model: &mut Model,
    time: BlockTime,
    waiting: Vec<AuthenticInstruction>,
    reached: &mut Reached,
) {
    let count = waiting.len();
    let built = build_block(state, state.commitment(), context(state, time), waiting).unwrap();
    assert_eq!(built.included.len() + built.left_out.len(), count);
    let executed = execute_block(state, state.commitment(), context(state, time), &built.included).unwrap();
    assert_eq!(executed.receipts(), built.executed.receipts());
    assert_eq!(executed.state_root(), built.executed.state_root());
    assert_eq!(executed.receipts_root(), built.executed.receipts_root());
    let (acts, answers) = model.block(time, &built.included).expect("the builder left out what is void");
    answers_agree(&executed, &built.included, &acts, &answers);
    note(&executed, model, reached);
    apply(executed, state, model, reached);
}

fn apply(executed: ExecutedBlock, state: &mut MemoryState, model: &Model, reached: &mut Reached) {
    let (announced, payments) = (executed.state_root(), state.tables().payments.len());
    executed.apply(state);
    if state.tables().payments.len() < payments {
        *reached.entry("forgotten".to_owned()).or_insert(0) += 1;
    }
    assert_eq!(state.commitment().parts().root(), announced);
    assert!(model.conserved(), "the model itself lost money");
    let sets = state.tables().validators.get(&()).map_or(0, |sets| sets.0.len());
    *reached.entry(format!("{sets} sets of validators")).or_insert(0) += 1;
    states_agree(state, model);
}

fn note(executed: &ExecutedBlock, model: &Model, reached: &mut Reached) {
    for (position, receipt) in executed.receipts().iter().enumerate() {
        for event in executed.events(position) {
            note_event(event, model, reached);
        }
        let mut reach = |what: String| *reached.entry(what).or_insert(0) += 1;
        match receipt {
            Receipt::Act(BlockAct::HoldExpired { .. }) => reach("act hold".to_owned()),
            Receipt::Act(BlockAct::PaymentLapsed { reason, .. }) => reach(format!("act lapse {}", reason.iso())),
            Receipt::Act(BlockAct::KeysChanged { .. }) => reach("act keys".to_owned()),
            Receipt::Act(BlockAct::DeadlinePassed { .. }) => reach("act deadline".to_owned()),
            Receipt::Instruction(receipt) => match receipt.reason {
                Some(placed) => {
                    reach(format!("RJCT {}", placed.reason.iso()));
                    reach(variant(&placed.reason));
                }
                None => reach(receipt.status.iso().to_owned()),
            },
        }
        for outcome in executed.outcomes(position).iter().filter(|outcome| outcome.status == Status::Rjct) {
            let reason = outcome.reason.expect("a rejected credit has a reason");
            reach(format!("RJCT {}", reason.iso()));
            reach(variant(&reason));
        }
    }
}

fn note_event(event: &ContractEvent, model: &Model, reached: &mut Reached) {
    let mut reach = |what: String| *reached.entry(what).or_insert(0) += 1;
    let contract = model.contracts.get(&event.instance);
    let code = contract.and_then(|contract| model.codes.get(&contract.terms.code));
    let name = code.map_or("?", |code| code.name.as_str());
    match &event.cause {
        Cause::Opened => reach("contract opened".to_owned()),
        Cause::Called { caller, .. } => {
            reach("contract called".to_owned());
            reach(format!("{name} called"));
            if caller.is_some() {
                reach("quote taken".to_owned());
            }
        }
        Cause::TimedOut => reach(format!("{name} timed out")),
        Cause::ClosedByKernel => reach("contract closed by the ledger".to_owned()),
        Cause::Withdrawn => reach("offer withdrawn".to_owned()),
    }
    if event.after.is_none() {
        reach("contract closed".to_owned());
    }
}

/// The name of a reason.
fn variant(reason: &impl std::fmt::Debug) -> String {
    let shown = format!("{reason:?}");
    // Of an empty set nobody is told; the other faults are.
    if shown.starts_with("ValidatorsWrong") && shown.contains("Some") {
        return "ValidatorsWrong of one".to_owned();
    }
    shown.split([' ', '{']).next().unwrap_or("").to_owned()
}

/// Reasons that sequences must produce: all that do not take a full house or a record that no honest tool writes.
const REASONS: [&str; 74] = [
    "WrongNetwork",
    "AlreadyExecuted",
    "KeyTaken",
    "Expired",
    "TooFarAhead",
    "PolicyUnmet",
    "SignerForeign",
    "SubmitterForeign",
    "RoleMissing",
    "AccountUnknown",
    "HoldUnknown",
    "PaymentUnknown",
    "AcceptanceUnmet",
    "UetrUsed",
    "UetrRepeated",
    "ReferenceUsed",
    "AmountZero",
    "SumTooLarge",
    "AbovePaymentMax",
    "AboveNetworkMax",
    "AboveDayMax",
    "AboveYearMax",
    "AboveBalanceMax",
    "InsufficientFunds",
    "CreditorUnknown",
    "DebtorClosed",
    "CreditorClosed",
    "DebtorFrozen",
    "CreditorFrozen",
    "SelfPayment",
    "AssetUnknown",
    "AssetDisabled",
    "AgentMismatch",
    "DebtorAgentSuspended",
    "CreditorAgentSuspended",
    "AfterCutOff",
    "SettlementDate",
    "AcceptanceMissing",
    "ExpiryOutOfRange",
    "HoldPurpose",
    "HoldGone",
    "AboveHeld",
    "NotWaiting",
    "NotConfirmable",
    "NotSettled",
    "AbovePaid",
    "ReasonMisplaced",
    "RecallNotPossible",
    "RecallNotOpen",
    "AccountExists",
    "AccountClosed",
    "AccountNotEmpty",
    "NotFrozenBy",
    "NoKeyChange",
    "AssetNameTaken",
    "ValidatorsWrong",
    "ValidatorsWrong of one",
    "ValidatorUnknown",
    "KeyUnusable",
    "UpgradeInPast",
    "CodeExists",
    "CodeRefused",
    "TermsWrong",
    "LifetimeTooLong",
    "ContractClosed",
    "StateOther",
    "ArgumentWrong",
    "RequirementUnmet",
    "ApprovalUnknown",
    "EntryOther",
    "OfferExpired",
    "TakerForeign",
    "NotAllowed",
    "OtherSideShort",
];
