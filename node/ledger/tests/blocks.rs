//! Blocks: speculation, the builder's order, the block's own acts, proofs, and the window of instruction leaves.

mod common;

use common::*;
use seaway_ledger::execution::{ExecutedBlock, build_block, simulate};
use seaway_ledger::state::StateView;
use seaway_types::codec;
use seaway_types::instruction::admin::*;
use seaway_types::instruction::payment::BulkMode;
use seaway_types::instruction::{Body, Submitter};
use seaway_types::limits::CREDITS_MAX;
use seaway_types::proof::{ProofError, pruned_at};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::receipt::{BlockAct, Receipt, Status};
use seaway_types::signature::{public_key, sign};
use seaway_types::state::{InstructionLeaf, StateKey, Validator, ValidatorSet, possession_message};
use seaway_types::time::Height;

#[test]
fn a_block_is_speculation_until_it_is_applied() {
    let mut net = Net::default();
    let before = net.state.commitment().parts().root();
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 10));
    let one = net.signed(of(ALICE), &[], body);
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 20));
    let other = net.signed(of(ALICE), &[], body);
    let (a, b) = (net.execute(std::slice::from_ref(&one)).unwrap(), net.execute(&[other]).unwrap());
    assert_ne!(a.state_root(), b.state_root());
    assert_eq!(net.state.commitment().parts().root(), before, "executing changes nothing");
    drop(b);
    let again = net.execute(&[one]).unwrap();
    assert_eq!((a.state_root(), a.receipts_root()), (again.state_root(), again.receipts_root()));
    let announced = a.state_root();
    a.apply(&mut net.state);
    assert_eq!(net.state.commitment().parts().root(), announced);
    assert_eq!(net.available(SUPPLIER), 10);
}

#[test]
fn the_builder_orders_for_lack_of_funds() {
    // C pays D pays E, submitted in the wrong order: each can pay only with what the one before it brings.
    let mut net = Net::default();
    let steps = [(AGENTED, JOINT, 1_500_000), (ALICE, AGENTED, 900_000), (JOINT, SUPPLIER, 2_400_000)];
    let waiting: Vec<_> = steps
        .iter()
        .map(|(debtor, creditor, units)| {
            let body = Body::Single(net.pay(*debtor, *creditor, *units));
            let who = if *debtor == AGENTED { bank(hk_bank()) } else { of(*debtor) };
            let also: &[Submitter] = if *debtor == JOINT { &[bank(hk_bank())] } else { &[] };
            net.signed(who, also, body)
        })
        .collect();
    let built = build_block(&net.state, net.state.commitment(), net.context(), waiting.clone()).unwrap();
    assert!(built.left_out.is_empty());
    let statuses = |executed: &ExecutedBlock| -> Vec<Status> {
        let status = |receipt: &Receipt| match receipt {
            Receipt::Instruction(receipt) => receipt.status,
            Receipt::Act(_) => panic!("no act here"),
        };
        executed.receipts().iter().map(status).collect()
    };
    assert_eq!(statuses(&built.executed), [Status::Accc; 3]);
    let executed = net.execute(&built.included).unwrap();
    assert_eq!(executed.state_root(), built.executed.state_root());
    // As they came, two of them fail: the order is the builder's work, not the validator's.
    let as_they_came = net.execute(&waiting).unwrap();
    assert_eq!(statuses(&as_they_came), [Status::Rjct, Status::Accc, Status::Rjct]);
}

#[test]
fn the_builder_includes_what_really_lacks_funds_as_a_rejection() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(SUPPLIER, ALICE, 1));
    let poor = net.signed(of(SUPPLIER), &[], body);
    let mut stranger = poor.envelope().clone();
    stranger.key = net.key();
    let stranger = authentic(stranger, &secret(of(NOBODY)));
    let waiting = vec![poor.clone(), stranger, poor];
    let built = build_block(&net.state, net.state.commitment(), net.context(), waiting).unwrap();
    assert_eq!(built.included.len(), 1);
    let Receipt::Instruction(receipt) = built.executed.receipts()[0] else { panic!() };
    assert_eq!(receipt.status, Status::Rjct);
    let reasons: Vec<_> = built.left_out.iter().map(|(_, reason)| reason.iso()).collect();
    assert_eq!(reasons, ["DS0H", "AM05"]);
}

#[test]
fn a_full_block_leaves_the_rest_for_the_next() {
    let mut net = Net::default();
    let waiting: Vec<_> = (0..26)
        .map(|_| {
            let credits = (0..CREDITS_MAX).map(|_| net.credit(SUPPLIER, 0)).collect();
            let body = Body::Single(transfer(ALICE, credits, BulkMode::EachOnItsOwn));
            let envelope = net.envelope(of(ALICE), body);
            authentic(envelope, &secret(of(ALICE)))
        })
        .collect();
    let built = build_block(&net.state, net.state.commitment(), net.context(), waiting.clone()).unwrap();
    assert_eq!((built.included.len(), built.left_out.len()), (24, 2), "100,000 credits hold 24 of 4,096");
    assert!(built.left_out.iter().all(|(_, reason)| *reason == VoidReason::BlockFull));
    assert!(net.execute(&waiting).is_err(), "a validator refuses the larger block");
}

#[test]
fn receipts_and_single_credits_are_proven() {
    let mut net = Net::default();
    let hold = net.hold(500, 2_000);
    net.now = net.now.after_ms(60_000);
    let credits = (1..=9).map(|units| net.credit(SUPPLIER, units)).collect();
    let body = Body::Single(transfer(ALICE, credits, BulkMode::EachOnItsOwn));
    let bulk = net.signed(of(ALICE), &[], body);
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 3));
    let single = net.signed(of(ALICE), &[], body);
    let executed = net.execute(&[bulk, single]).unwrap();
    let root = executed.receipts_root();
    assert!(matches!(executed.receipts()[0], Receipt::Act(BlockAct::HoldExpired { hold: id, .. }) if id == hold));
    for receipt in 0..3 {
        assert_eq!(executed.prove(receipt, None).unwrap().verify(&root), Ok(()), "the block's own acts too");
    }
    let proof = executed.prove(1, Some(6)).unwrap();
    assert_eq!(proof.verify(&root), Ok(()));
    assert_eq!(proof.credit.as_ref().unwrap().0.amount, money(7));
    assert!(executed.prove(1, Some(9)).is_none() && executed.prove(3, None).is_none());
    assert!(executed.prove(0, Some(0)).is_none(), "an act has no credits");
    // A flipped bit anywhere in what is proven is noticed.
    let bytes = codec::encode(&proof);
    for position in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[position / 8] ^= 1 << (position % 8);
        if let Ok(other) = codec::decode::<seaway_types::proof::ReceiptProof>(&changed, 100_000) {
            assert!(other.verify(&root).is_err(), "bit {position}");
        }
    }
}

#[test]
fn balances_are_proven_and_so_is_their_absence() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 42));
    net.run(of(ALICE), &[], body);
    let root = net.state.commitment().parts().root();
    let key = StateKey::Balance(SUPPLIER, HKD);
    let record = codec::encode(&net.balance(SUPPLIER, HKD));
    let proof = net.state.commitment().prove(&key);
    assert_eq!(proof.verify(&root, &key, Some(&record)), Ok(()));
    assert!(proof.verify(&root, &key, None).is_err());
    let other = codec::encode(&net.balance(ALICE, HKD));
    assert!(proof.verify(&root, &key, Some(&other)).is_err());
    assert!(proof.verify(&seaway_types::Hash32::ZERO, &key, Some(&record)).is_err());
    let nothing = StateKey::Balance(NOBODY, HKD);
    assert_eq!(net.state.commitment().prove(&nothing).verify(&root, &nothing, None), Ok(()));
    assert!(net.state.commitment().prove(&nothing).verify(&root, &key, None).is_err());
}

#[test]
fn an_instruction_is_proven_executed_or_not_within_its_window() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 1));
    let instruction = net.signed(of(ALICE), &[], body);
    net.block(std::slice::from_ref(&instruction));
    let envelope = instruction.envelope().clone();
    let (who, key, until) = (envelope.submitter, envelope.key, envelope.valid_until);
    let timing = genesis().timing;
    let leaf = InstructionLeaf { digest: instruction.digest(), body_hash: instruction.body_hash() };
    let root = net.state.commitment().parts().root();
    let proof = net.state.commitment().prove_instruction(&who, &key, until);
    assert_eq!(proof.verify_present(&root, &who, &key, until, &leaf), Ok(()));
    let missing = net.key();
    let absent = net.state.commitment().prove_instruction(&who, &missing, until);
    let early = absent.verify_absent(&root, until, &timing, &who, &missing, until);
    assert!(matches!(early, Err(ProofError::OutsideWindow { .. })), "it may still come");
    assert!(proof.verify_absent(&root, until.after_ms(1), &timing, &who, &key, until).is_err());
    // After its last moment absence means something; a minute without any tree shows it too.
    net.now = until.after_ms(1);
    net.block(&[]);
    let (root, time) = (net.state.commitment().parts().root(), net.state.tip().time);
    let absent = net.state.commitment().prove_instruction(&who, &missing, until);
    assert_eq!(absent.verify_absent(&root, time, &timing, &who, &missing, until), Ok(()));
    let quiet = until.after_ms(600_000);
    let absent = net.state.commitment().prove_instruction(&who, &missing, quiet);
    let later = quiet.after_ms(1);
    assert_eq!(absent.verify_absent(&root, later, &timing, &who, &missing, quiet), Ok(()));
    // Pruned as one subtree at the block time that the verifier computes itself; from then on absence proves nothing,
    // and the key is taken all the same.
    let pruned = pruned_at(until, &timing);
    net.now = seaway_types::BlockTime::from_ms(pruned.ms() - 1).unwrap();
    net.block(&[]);
    assert_eq!(net.state.commitment().minutes_kept(), 1);
    net.now = pruned;
    net.block(&[]);
    assert_eq!(net.state.commitment().minutes_kept(), 0);
    let root = net.state.commitment().parts().root();
    let gone = net.state.commitment().prove_instruction(&who, &key, until);
    let late = gone.verify_absent(&root, pruned, &timing, &who, &key, until);
    assert!(matches!(late, Err(ProofError::OutsideWindow { .. })));
    let mut again = envelope;
    again.valid_until = net.now.after_ms(1000);
    assert!(matches!(net.void_of(authentic(again, &secret(of(ALICE)))), VoidReason::KeyTaken { .. }));
}

#[test]
fn validators_act_two_heights_later() {
    let mut net = Net::default();
    let validator = |n: u8, bic| {
        let secret = [n; 32];
        let key = public_key(&secret);
        let possession = sign(&secret, &possession_message("unit".parse().unwrap(), bic, &key)).evidence;
        Validator { bic, key, power: 1, possession }
    };
    let set = |mut list: Vec<Validator>| {
        list.sort_by_key(|validator| validator.key);
        Admin::SetValidators(SetValidators { validators: ValidatorSet(list.try_into().unwrap()) })
    };
    let (one, two) = (validator(1, hk_bank()), validator(2, sg_bank()));
    assert_eq!(reason(net.admin(Submitter::Authority, set(vec![]))), Reason::ValidatorsWrong { bic: None });
    let supervisor = set(vec![validator(3, supervisor())]);
    assert!(matches!(reason(net.admin(Submitter::Authority, supervisor)), Reason::ValidatorUnknown { .. }));
    assert_eq!(net.admin(Submitter::Authority, set(vec![one.clone()])).status, Status::Accc);
    let decided = net.state.tip().height.0;
    assert_eq!(net.admin(Submitter::Authority, set(vec![one.clone(), two.clone()])).status, Status::Accc);
    let sets = net.state.tables().validators.get(&()).unwrap();
    let count = |height| sets.at(Height(height)).map(|set| set.0.len());
    assert_eq!(
        [count(decided), count(decided + 1), count(decided + 2), count(decided + 3)],
        [Some(0), Some(0), Some(1), Some(2)]
    );
    // A key that the validator does not prove to hold is refused before the ledger is asked.
    let mut stolen = two;
    stolen.key = public_key(&[9; 32]);
    let envelope = net.envelope(Submitter::Authority, Body::Admin(set(vec![stolen])));
    let decoded = seaway_types::RawInstruction::from(&envelope.sign(&secret(Submitter::Authority))).decode().unwrap();
    assert!(decoded.authenticate().is_err());
}

#[test]
fn postings_net_to_zero_and_tell_the_balance_after_each() {
    let mut net = Net::default();
    let mut credit = net.credit(SUPPLIER, 70);
    let uetr = credit.uetr;
    credit.charges =
        vec![seaway_types::instruction::payment::Charge { payee: AGENTED, amount: money(5) }].try_into().unwrap();
    let body = Body::Single(transfer(ALICE, vec![credit], BulkMode::AllOrNothing));
    let instruction = net.signed(of(ALICE), &[], body);
    let executed = net.execute(&[instruction]).unwrap();
    let signed = |credit: bool, units: u64| if credit { units as i64 } else { -(units as i64) };
    let sum: i64 = executed.postings().iter().map(|p| signed(p.credit, p.amount.minor_units())).sum();
    assert_eq!((sum, executed.postings().len()), (0, 4));
    assert!(executed.postings().iter().all(|posting| posting.uetr == Some(uetr) && posting.receipt == 0));
    let last = executed.postings().iter().rfind(|posting| posting.account == Some(ALICE)).unwrap();
    assert_eq!(last.after, money(999_925));
}

/// Whoever asks what would come of an instruction signs it as long over, and may name a minute that this very block prunes.
#[test]
fn asking_with_an_instruction_long_over_leaves_no_leaf() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 1));
    let settled = net.signed(of(ALICE), &[], body.clone());
    let until = settled.envelope().valid_until;
    net.block(&[settled]);
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 2));
    let mut asked = net.envelope(of(ALICE), body);
    for now in [until.after_ms(1), pruned_at(until, &genesis().timing)] {
        net.now = now;
        asked.valid_until = until;
        let asked = authentic(asked.clone(), &secret(of(ALICE)));
        assert!(matches!(net.void_of(asked.clone()), VoidReason::Expired { .. }), "no block takes it");
        let would = simulate(&net.state, net.state.commitment(), net.context(), &asked).unwrap();
        assert!(matches!(would.receipts(), [Receipt::Instruction(receipt)] if receipt.status == Status::Accc));
        let empty = net.execute(&[]).unwrap();
        assert_eq!(empty.changes().pruned_before > until.minute(), now != until.after_ms(1));
        empty.apply(&mut net.state);
    }
    assert_eq!(net.state.commitment().minutes_kept(), 0);
}
