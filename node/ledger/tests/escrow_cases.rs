//! Cases that escrow ledgers elsewhere got wrong (`../shared/vectors/escrow-cases.json`), on the standard contract HashTimeLock:
//! its `t_from` is their finish-after, its `t_end` their cancel-after.
//!
//! Without counterpart here, with the reason:
//!
//! - c12, destination tags: an account is its holder's own, and references travel in the end-to-end id.
//! - c14, c15, an escrow without cancel-after: refused on purpose, because it could hold money for ever (c01).
//! - c23, surplus fulfilment: a clause has its arguments, no more and no less; another number of them is refused, which is
//!   tested as c24 and c25.
//! - c27 to c30, encodings of crypto-conditions: the lock is 32 bytes of SHA-256 and cannot be malformed; what is no
//!   instruction is refused before it reaches the ledger (`bad_input.rs`). A wrong secret is tested as c29.
//! - c34, transfer rates: the ledger takes nothing out of what is paid; there is no such rate.
//! - c36, a deleted trust line: an account cannot close while a pot of its is open, and what it cannot take goes to suspense;
//!   both are tested in `contracts.rs`.

mod common;

use common::contracts::*;
use common::*;
use seaway_types::Bounded;
use seaway_types::contract::*;
use seaway_types::hash::Hash32;
use seaway_types::instruction::admin::{Admin, Freeze};
use seaway_types::instruction::contract::OpenContract;
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::{Reason, TermsPart, VoidReason};
use seaway_types::receipt::{InstructionReceipt, Receipt, Status};
use seaway_types::state::{FreezeKind, Stage, TierLimits};
use sha2::{Digest, Sha256};

const TESTED: [&str; 21] = [
    "c01", "c03", "c04", "c05", "c06", "c08", "c09", "c10", "c11", "c13", "c16", "c18", "c19", "c20", "c22", "c24",
    "c25", "c29", "c31", "c33", "c40",
];
const NO_COUNTERPART: [&str; 9] = ["c12", "c14", "c15", "c23", "c27", "c28", "c30", "c34", "c36"];

const SECRET: Value = Value::Hash(Hash32([7; 32]));

fn lock() -> Value {
    Value::Hash(Hash32(Sha256::digest([7; 32]).into()))
}

/// Terms by which Alice pays the supplier, between two times.
fn terms(net: &Net, code: Hash32, units: u64, (from_ms, end_ms): (u64, u64)) -> Terms {
    Terms {
        code,
        parties: list(&[ALICE, SUPPLIER]),
        panels: Bounded::default(),
        assets: list(&[HKD]),
        parameters: list(&[
            Value::Money(money(units)),
            lock(),
            net.time(end_ms.min(DAY_MS) / 2),
            net.time(from_ms),
            net.time(end_ms),
        ]),
    }
}

fn opened(net: &mut Net, terms: Terms) -> InstructionReceipt {
    let uetr = net.uetr();
    net.leg(of(ALICE), Leg::OpenContract(OpenContract { terms, uetr }))
}

/// A funded lock of 1,000, to be opened from the second day to the tenth.
fn locked() -> (Net, InstanceId) {
    let mut net = Net::default();
    let code = net.register("HashTimeLock");
    let terms = terms(&net, code, 1000, (DAY_MS, 10 * DAY_MS));
    let id = net.open(&[of(ALICE)], terms);
    assert_eq!(net.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
    (net, id)
}

#[test]
fn every_case_is_tested_or_has_its_reason() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/escrow-cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: ../shared/vectors/escrow-cases.json is absent, so the list of cases is not compared");
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    for case in cases["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let known = TESTED.contains(&id) ^ NO_COUNTERPART.contains(&id);
        assert!(known, "case {id} is neither tested nor explained: {case}");
    }
}

#[test]
fn opening() {
    let mut net = Net::default();
    let code = net.register("HashTimeLock");
    let refused = |receipt: InstructionReceipt, part| {
        assert!(matches!(reason(receipt), Reason::TermsWrong { part: found, .. } if found == part), "{receipt:?}");
    };
    // c01: both times must be given.
    let mut without = terms(&net, code, 1000, (DAY_MS, 10 * DAY_MS));
    without.parameters = list(&without.parameters[..3]);
    refused(opened(&mut net, without), TermsPart::Parameter);
    // c04, c05: the end after the beginning.
    for times in [(DAY_MS, DAY_MS), (2 * DAY_MS, DAY_MS)] {
        let wrong = terms(&net, code, 1000, times);
        refused(opened(&mut net, wrong), TermsPart::Condition);
    }
    // c08: nobody there to pay.
    let mut nobody = terms(&net, code, 1000, (DAY_MS, 10 * DAY_MS));
    nobody.parties = list(&[ALICE, NOBODY]);
    refused(opened(&mut net, nobody), TermsPart::Party);
    // c09; c10 cannot be said: an amount below zero has no bytes.
    let nothing = terms(&net, code, 0, (DAY_MS, 10 * DAY_MS));
    refused(opened(&mut net, nothing), TermsPart::Condition);
    assert!(serde_json::from_str::<Value>("{\"money\":\"-1\"}").is_err());
    // c31: an empty lock has no bytes either.
    assert!(serde_json::from_str::<Value>("{\"hash\":\"\"}").is_err());
    // c06: a beginning in the past just means that it can be opened at once.
    let past = terms(&net, code, 1000, (0, 10 * DAY_MS));
    assert_eq!(opened(&mut net, past).status, Status::Accc);
    // c11: more than there is.
    let much = terms(&net, code, 1_000_001, (DAY_MS, 10 * DAY_MS));
    let id = net.open(&[of(ALICE)], much);
    assert!(matches!(reason(net.call(of(ALICE), id, (0, 0), &[])), Reason::InsufficientFunds { .. }));
}

#[test]
fn finishing() {
    let (mut net, id) = locked();
    let claim = |net: &mut Net, secret: &[Value]| net.call(of(JOINT), id, (1, 0), secret);
    let both = [of(JOINT)];
    // c13: not before its time, whoever asks and however often.
    for _ in 0..3 {
        assert_eq!(reason(claim(&mut net, &[SECRET])), Reason::RequirementUnmet { block: 0, action: 0 });
    }
    net.pass(DAY_MS);
    // c24, c25: without the secret, or with something beside it.
    assert!(matches!(reason(claim(&mut net, &[])), Reason::ArgumentWrong { .. }));
    assert!(matches!(reason(claim(&mut net, &[SECRET, SECRET])), Reason::ArgumentWrong { .. }));
    assert!(matches!(reason(claim(&mut net, &[Value::Int(7)])), Reason::ArgumentWrong { .. }));
    // c29: another secret.
    assert_eq!(reason(claim(&mut net, &[lock()])), Reason::RequirementUnmet { block: 0, action: 1 });
    // c22: of another contract.
    let other = Body::Single(called(InstanceId([1; 32]), (1, 0), &[SECRET]));
    assert!(matches!(net.void(both[0], &both, other), VoidReason::InstanceUnknown { .. }));
    // c16, c19: nobody cancels before the end, and there is no clause for it; finishing succeeds.
    let before = net.pass(1);
    assert!(before.is_empty());
    // c03, c20: a third party finishes, and the money goes to the payee.
    assert_eq!(claim(&mut net, &[SECRET]).status, Status::Accc);
    assert_eq!((net.available(SUPPLIER), net.available(JOINT)), (1000, 1_000_000));
    // c33: nothing is paid twice.
    assert!(matches!(reason(claim(&mut net, &[SECRET])), Reason::ContractClosed { .. }));
    assert!(net.pass(20 * DAY_MS).iter().all(|receipt| !matches!(receipt, Receipt::Act(_))));
    assert_eq!(net.available(SUPPLIER), 1000);
}

#[test]
fn cancelling_needs_nobody() {
    // c18: after the end it is refunded, by nobody's call.
    let (mut net, id) = locked();
    net.pass(10 * DAY_MS);
    assert!(matches!(net.stage(id), Stage::Closed { .. }));
    assert_eq!(net.available(ALICE), 1_000_000);
    // c33 again.
    assert!(matches!(reason(net.call(of(JOINT), id, (1, 0), &[SECRET])), Reason::ContractClosed { .. }));
}

#[test]
fn a_payee_that_cannot_take_it() {
    // c40: above the payee's cap the claim is refused, by whomever, and the refund comes all the same.
    let mut genesis = genesis();
    genesis.tier_limits = list(&[seaway_types::instruction::admin::SetTierLimits {
        asset: HKD,
        tier: seaway_types::state::Tier(0),
        limits: TierLimits { balance_max: Some(money(1_000_000)), ..TierLimits::default() },
    }]);
    let mut net = Net::of(&genesis);
    let code = net.register("HashTimeLock");
    let mut to_joint = terms(&net, code, 1000, (0, 10 * DAY_MS));
    to_joint.parties = list(&[ALICE, JOINT]);
    let id = net.open(&[of(ALICE)], to_joint);
    assert_eq!(net.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
    assert!(matches!(reason(net.call(of(SUPPLIER), id, (1, 0), &[SECRET])), Reason::AboveBalanceMax { .. }));
    let frozen = Freeze { account: JOINT, by: hk_bank(), kind: FreezeKind::NoCredits };
    assert_eq!(net.admin(bank(hk_bank()), Admin::Freeze(frozen)).status, Status::Accc);
    assert!(matches!(reason(net.call(of(SUPPLIER), id, (1, 0), &[SECRET])), Reason::CreditorFrozen { .. }));
    net.pass(10 * DAY_MS);
    assert_eq!((net.available(ALICE), net.available(JOINT)), (1_000_000, 1_000_000));
}
