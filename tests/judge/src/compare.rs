//! Compares the ledger with the model, record by record. What differs panics with both sides.

use seaway_ledger::execution::ExecutedBlock;
use seaway_ledger::state::MemoryState;
use seaway_model::{Answer, Model, REFUSED, Stage};
use seaway_types::contract::Code;
use seaway_types::hash::Hash32;
use seaway_types::instruction::{AuthenticInstruction, Leg, Submitter};
use seaway_types::reason::Reason;
use seaway_types::receipt::{BlockAct, CreditOutcome, PlacedReason, Receipt};
use seaway_types::state::{Field, HoldPurpose, IndexEntry, IndexKey, PaymentStage, Stage as ContractStage};
use seaway_types::time::Height;
use std::collections::BTreeMap;

/// Whether an instruction is about contracts, at least with one of its legs.
pub fn about_contracts(instruction: &AuthenticInstruction) -> bool {
    let about = |leg: &Leg| {
        matches!(
            leg,
            Leg::RegisterCode(_)
                | Leg::OpenContract(_)
                | Leg::CallContract(_)
                | Leg::ApproveCall(_)
                | Leg::WithdrawOffer(_)
                | Leg::SetAllowance(_)
                | Leg::ReleaseSuspense(_)
        )
    };
    instruction.envelope().body.legs().iter().any(about)
}

/// An act without the hash of its event: the model tells no events.
fn without_event(act: &BlockAct) -> BlockAct {
    match *act {
        BlockAct::DeadlinePassed { instance, .. } => BlockAct::DeadlinePassed { instance, event: Hash32::ZERO },
        other => other,
    }
}

/// What a block answered, as whoever executed it tells.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Receipts: first of the block's own acts, then one for each instruction.
    pub receipts: &'a [Receipt],
    /// Outcomes of credits, by the position of their receipt.
    pub outcomes: &'a dyn Fn(usize) -> Vec<CreditOutcome>,
}

/// The same acts, and the same answer to each instruction of a block and to each credit.
pub fn same_answers(told: Told<'_>, block: &[AuthenticInstruction], acts: &[BlockAct], answers: &[Answer]) {
    let own = told.receipts.iter().filter_map(|receipt| match receipt {
        Receipt::Act(act) => Some(without_event(act)),
        Receipt::Instruction(_) => None,
    });
    assert_eq!(own.collect::<Vec<_>>(), acts.iter().map(without_event).collect::<Vec<_>>());
    assert_eq!(told.receipts.len(), acts.len() + answers.len());
    assert_eq!(block.len(), answers.len());
    for (position, (instruction, answer)) in block.iter().zip(answers).enumerate() {
        let place = acts.len() + position;
        let Receipt::Instruction(receipt) = &told.receipts[place] else { panic!("an act after the acts") };
        let asked = instruction.envelope();
        assert_eq!(receipt.status, answer.status, "{:?} or {:?} on {asked:?}", receipt.reason, answer.reason);
        if about_contracts(instruction) {
            same_refusal(receipt.reason, answer.reason, &format!("{asked:?}"));
        } else {
            assert_eq!(receipt.reason, answer.reason, "{asked:?}");
        }
        assert_eq!((told.outcomes)(place), answer.credits);
        assert_eq!(receipt.credits as usize, answer.credits.len());
    }
}

/// Everything that a block answered is provable under its receipts root.
pub fn all_provable(executed: &ExecutedBlock) {
    let root = executed.receipts_root();
    for place in 0..executed.receipts().len() {
        assert_eq!(executed.prove(place, None).expect("a receipt").verify(&root), Ok(()));
        for credit in 0..executed.outcomes(place).len() {
            assert_eq!(executed.prove(place, Some(credit)).expect("a credit").verify(&root), Ok(()));
        }
        for event in 0..executed.events(place).count() {
            assert_eq!(executed.prove_event(place, event).expect("an event").verify(&root), Ok(()));
        }
    }
}

/// The same refusal of an act on contracts, at the same leg, with the same numbers. Only what the machine itself refuses the
/// model knows no better than by that.
fn same_refusal(ledger: Option<PlacedReason>, model: Option<PlacedReason>, asked: &str) {
    let of_machine = |reason: &Reason| {
        matches!(
            reason,
            Reason::RequirementUnmet { .. }
                | Reason::Arithmetic { .. }
                | Reason::PotShort { .. }
                | Reason::CallerPotLeft
        )
    };
    match (ledger, model) {
        (Some(ledger), Some(model)) if of_machine(&ledger.reason) => {
            assert_eq!((ledger.leg, ledger.credit), (model.leg, model.credit), "{asked}");
            let of_pull = matches!(
                model.reason,
                Reason::NotAllowed { .. }
                    | Reason::OtherSideShort
                    | Reason::AfterCutOff { .. }
                    | Reason::AcceptanceMissing { .. }
                    | Reason::DebtorFrozen { .. }
                    | Reason::DebtorAgentSuspended { .. }
            );
            assert!(model.reason == REFUSED || of_pull, "{:?} or {model:?} on {asked}", ledger.reason);
        }
        // Terms and arguments may be wrong in several ways at once; which is named first is each one's own matter.
        (Some(ledger), Some(model))
            if matches!(ledger.reason, Reason::TermsWrong { .. } | Reason::ArgumentWrong { .. }) =>
        {
            assert_eq!((ledger.leg, ledger.credit), (model.leg, model.credit), "{asked}");
            let kinds = [ledger.reason, model.reason].map(|reason| std::mem::discriminant(&reason));
            assert_eq!(kinds[0], kinds[1], "{ledger:?} or {model:?} on {asked}");
        }
        (ledger, model) => assert_eq!(ledger, model, "{asked}"),
    }
}

/// The index beside a state: in memory, or partly on a disk.
#[derive(Clone, Copy)]
pub struct Index<'a> {
    /// Finds an entry.
    pub find: &'a dyn Fn(&IndexKey) -> Option<IndexEntry>,
    /// How many there are.
    pub len: usize,
}

/// The same records, and the same index.
pub fn same_state(state: &MemoryState, index: Index<'_>, model: &Model) {
    let tables = state.tables();
    let mut money = BTreeMap::new();
    for ((account, asset), balance) in tables.balances.sorted() {
        assert!(!balance.is_zero(), "a record of nothing");
        for field in Field::ALL {
            money.insert((*account, *asset, field), i128::from(balance.get(field).minor_units()));
        }
    }
    money.retain(|_, value| *value != 0);
    let expected: BTreeMap<_, _> =
        model.money.iter().filter(|(_, value)| **value != 0).map(|(key, value)| (*key, *value)).collect();
    assert_eq!(money, expected);
    for (asset, totals) in tables.totals.sorted() {
        assert!(totals.balanced(), "{asset}");
        assert_eq!(totals.issued as i128, model.issued[asset], "{asset}");
        assert_eq!(totals.redeemed as i128, model.redeemed[asset], "{asset}");
        for field in Field::ALL {
            let sum: i128 =
                model.money.iter().filter(|((_, a, f), _)| a == asset && *f == field).map(|(_, v)| v).sum();
            assert_eq!(totals.get(field) as i128, sum, "{field:?} of {asset}");
        }
    }
    assert_eq!(tables.accounts.sorted(), model.accounts.iter().collect::<Vec<_>>());
    assert_eq!(tables.participants.sorted(), model.participants.iter().collect::<Vec<_>>());
    assert_eq!(tables.assets.sorted(), model.assets.iter().collect::<Vec<_>>());
    assert_eq!(tables.calendars.sorted(), model.calendars.iter().collect::<Vec<_>>());
    assert_eq!(tables.totals.len(), model.issued.len());
    assert_eq!(tables.tier_limits.sorted(), model.tiers.iter().collect::<Vec<_>>());
    let thresholds = tables.thresholds.sorted().into_iter();
    let thresholds: Vec<_> = thresholds.map(|(of, set)| (*of, i128::from(set.0.minor_units()))).collect();
    assert_eq!(thresholds, model.thresholds.iter().map(|(of, set)| (*of, *set)).collect::<Vec<_>>());
    same_government(state, model);
    same_holds(state, model);
    same_payments(state, model);
    same_contracts(state, model);
    let counted: std::collections::BTreeSet<_> =
        model.counts.iter().map(|count| (count.agent, count.owner, count.asset)).collect();
    assert_eq!(tables.usages.len(), counted.len(), "a limit counter that one of the two forgot");
    for ((agent, owner, asset), usage) in tables.usages.sorted() {
        assert_eq!(model.counting_day(*agent, *owner, *asset), Some(usage.day));
        let (of_day, of_year) = model.used(*agent, *owner, *asset, usage.day);
        assert_eq!(
            (i128::from(usage.day_used.minor_units()), i128::from(usage.year_used.minor_units())),
            (of_day, of_year)
        );
    }
    for (key, (digest, height)) in &model.keys {
        let entry = (index.find)(&IndexKey::Instruction(key.0, key.1)).expect("a key once taken stays taken");
        assert_eq!(entry.height, *height);
        assert!(
            matches!(entry.value, seaway_types::state::IndexValue::Instruction { digest: d, .. } if d == *digest)
        );
    }
    let others = model.uetrs.len() + model.settled_later.len() + model.confirmed.len() + model.references.len();
    assert_eq!(index.len, model.keys.len() + others);
    for (key, (facts, status)) in &model.uetrs {
        let entry = (index.find)(&IndexKey::Payment(*key)).expect("a UETR once taken stays taken");
        assert_eq!(entry.value, seaway_types::state::IndexValue::Payment { facts: *facts, status: *status });
    }
    let later = model.settled_later.iter().map(|(key, height)| (IndexKey::SettledLater(*key), height));
    let confirmed = model.confirmed.iter().map(|(key, height)| (IndexKey::Confirmed(*key), height));
    let references = model.references.iter().map(|((issuer, text), at)| (IndexKey::Reference(*issuer, *text), at));
    for (key, height) in later.chain(confirmed).chain(references) {
        assert_eq!((index.find)(&key).map(|entry| entry.height), Some(*height), "{key:?}");
    }
}

/// The same authority, the same rules, and the same sets of validators now and in what is decided already.
fn same_government(state: &MemoryState, model: &Model) {
    let tables = state.tables();
    let parameters = tables.parameters.get(&()).expect("the parameters");
    assert_eq!(parameters.authority, model.authority);
    assert_eq!((parameters.network, parameters.timing), (model.network, model.timing));
    assert_eq!(usize::from(parameters.asset_count), model.assets.len());
    let validators = tables.validators.get(&()).expect("the validators");
    for height in (0..4).map(|ahead| Height(model.height.0 + ahead)) {
        assert_eq!(validators.at(height), Some(model.validators_at(height)), "at height {height}");
        assert_eq!(parameters.version_at(height), model.rules_at(height), "at height {height}");
    }
    // Kept are the set that was in force when the last one was decided, and those that followed it.
    let kept = model.sets.range(Height(model.decided.0 + 1)..).count() + 1;
    let newest = model.sets.iter().rev().take(kept).map(|(since, set)| (*since, set));
    assert!(validators.0.iter().rev().map(|scheduled| (scheduled.since, &scheduled.set)).eq(newest));
    let upgrade = parameters.upgrade.map(|upgrade| (upgrade.version, upgrade.height));
    assert_eq!(upgrade, model.upgrade);
}

fn same_holds(state: &MemoryState, model: &Model) {
    let tables = state.tables();
    assert_eq!(tables.holds.len(), model.holds.len());
    for (id, hold) in tables.holds.sorted() {
        let other = &model.holds[id];
        let payee = match hold.purpose {
            HoldPurpose::Payment { payee, uetr } => Some((payee, uetr)),
            HoldPurpose::Redemption => None,
        };
        assert_eq!(
            (payee, hold.payer, hold.asset, hold.expires_at),
            (other.payee, other.payer, other.asset, other.ends)
        );
        assert_eq!(i128::from(hold.amount.minor_units()), other.left);
        let open = other.counted.map(|line| model.counts[line].open);
        assert_eq!(hold.counted.map(|counted| i128::from(counted.amount.minor_units())), open);
    }
}

fn same_payments(state: &MemoryState, model: &Model) {
    let tables = state.tables();
    assert_eq!(tables.payments.len(), model.payments.len());
    for (key, payment) in tables.payments.sorted() {
        let other = &model.payments[key];
        let stage = match payment.stage {
            PaymentStage::Waiting { deadline, lapses, .. } => Stage::Waiting(deadline, lapses),
            PaymentStage::Settled => Stage::Settled,
            PaymentStage::Credited => Stage::Credited,
            PaymentStage::Refused { reason } => Stage::Refused(reason),
            PaymentStage::Lapsed { reason } => Stage::Lapsed(reason),
        };
        assert_eq!((payment.facts, stage, payment.recall), (other.facts, other.stage.clone(), other.recall));
        assert_eq!(payment.charges.to_vec(), other.charges);
        assert_eq!(payment.forget_at, other.forget, "when the record is dropped follows from the record");
        assert_eq!(i128::from(payment.returned.minor_units()), other.returned);
    }
}

fn same_contracts(state: &MemoryState, model: &Model) {
    let tables = state.tables();
    let codes: Vec<(&Hash32, &Code)> =
        tables.codes.sorted().into_iter().map(|(hash, code)| (hash, code.code())).collect();
    assert_eq!(codes, model.codes.iter().collect::<Vec<_>>());
    assert_eq!(tables.instances.len(), model.contracts.len(), "a contract that one of the two forgot");
    for (id, instance) in tables.instances.sorted() {
        let other = &model.contracts[id];
        let opened = (&*instance.terms, instance.uetr, instance.not_after);
        assert_eq!(opened, (&other.terms, other.uetr, other.not_after), "{id}");
        let stage = match instance.stage {
            ContractStage::Live { state, entry, entered, deadline } => {
                (Some((state, entry, entered, deadline)), None)
            }
            ContractStage::Closed { forget_at, .. } => (None, Some(forget_at)),
        };
        assert_eq!(stage, (other.live, other.forget_at), "{id}");
        assert_eq!(instance.variables.to_vec(), other.variables, "{id}");
        let pots: BTreeMap<(u8, u8), i128> =
            instance.pots.iter().map(|pot| ((pot.party, pot.asset), i128::from(pot.amount.minor_units()))).collect();
        assert_eq!(pots, other.pots, "{id}");
        let approvals: Vec<(u8, Hash32, Submitter)> =
            instance.approvals.iter().map(|one| (one.clause, one.arguments, one.member)).collect();
        assert_eq!(approvals, other.approvals.iter().copied().collect::<Vec<_>>(), "{id}");
    }
    let allowances: Vec<_> = tables
        .allowances
        .sorted()
        .into_iter()
        .map(|(key, allowance)| (*key, (allowance.terms, i128::from(allowance.used.minor_units()))))
        .collect();
    assert_eq!(allowances, model.allowances.iter().map(|(key, granted)| (*key, *granted)).collect::<Vec<_>>());
}
