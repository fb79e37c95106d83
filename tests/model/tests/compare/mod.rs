//! Compares the ledger with the model, record by record.

use seaway_ledger::execution::ExecutedBlock;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_model::{Answer, Model, Stage};
use seaway_types::receipt::{BlockAct, Receipt};
use seaway_types::state::{Field, HoldPurpose, IndexKey, PaymentStage};
use std::collections::BTreeMap;

/// The same acts, and the same answer to each instruction and each credit.
pub fn same_answers(executed: &ExecutedBlock, acts: &[BlockAct], answers: &[Answer]) {
    let own: Vec<BlockAct> = executed
        .receipts()
        .iter()
        .filter_map(|receipt| match receipt {
            Receipt::Act(act) => Some(*act),
            Receipt::Instruction(_) => None,
        })
        .collect();
    assert_eq!(own, acts);
    assert_eq!(executed.receipts().len(), acts.len() + answers.len());
    for (position, answer) in answers.iter().enumerate() {
        let place = acts.len() + position;
        let Receipt::Instruction(receipt) = &executed.receipts()[place] else { panic!("an act after the acts") };
        assert_eq!((receipt.status, receipt.reason), (answer.status, answer.reason));
        assert_eq!(executed.outcomes(place), answer.credits);
        assert_eq!(receipt.credits as usize, answer.credits.len());
        // Everything that was answered is provable under the receipts root.
        let proof = executed.prove(place, None).unwrap();
        assert_eq!(proof.verify(&executed.receipts_root()), Ok(()));
        for credit in 0..answer.credits.len() {
            assert_eq!(executed.prove(place, Some(credit)).unwrap().verify(&executed.receipts_root()), Ok(()));
        }
    }
}

/// The same records.
pub fn same_state(state: &MemoryState, model: &Model) {
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
    same_holds(state, model);
    same_payments(state, model);
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
        let entry =
            state.indexed(&IndexKey::Instruction(key.0, key.1)).unwrap().expect("a key once taken stays taken");
        assert_eq!(entry.height, *height);
        assert!(
            matches!(entry.value, seaway_types::state::IndexValue::Instruction { digest: d, .. } if d == *digest)
        );
    }
    let others = model.uetrs.len() + model.settled_later.len() + model.confirmed.len() + model.references.len();
    assert_eq!(state.index().len(), model.keys.len() + others);
    for (key, (facts, status)) in &model.uetrs {
        let entry = state.indexed(&IndexKey::Payment(*key)).unwrap().expect("a UETR once taken stays taken");
        assert_eq!(entry.value, seaway_types::state::IndexValue::Payment { facts: *facts, status: *status });
    }
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
            PaymentStage::Waiting { deadline, .. } => Stage::Waiting(deadline),
            PaymentStage::Settled => Stage::Settled,
            PaymentStage::Credited => Stage::Credited,
            PaymentStage::Refused { reason } => Stage::Refused(reason),
            PaymentStage::Lapsed => Stage::Lapsed,
        };
        assert_eq!((payment.facts, stage, payment.recall), (other.facts, other.stage.clone(), other.recall));
        assert_eq!(payment.charges.to_vec(), other.charges);
        assert_eq!(payment.forget_at, other.forget, "when the record is dropped follows from the record");
        assert_eq!(i128::from(payment.returned.minor_units()), other.returned);
    }
}
