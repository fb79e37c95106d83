//! Contracts on the ledger: the standard contracts run with real signatures, and what the kernel guards below them.

mod common;

use common::contracts::*;
use common::*;
use seaway_types::contract::*;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::{Admin, Freeze, Unfreeze};
use seaway_types::instruction::contract::*;
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::receipt::{BlockAct, InstructionReceipt, Receipt, Status};
use seaway_types::signature::sign;
use seaway_types::state::{AccountStatus, FreezeKind, Stage};
use seaway_types::{Amount, Bounded};
use seaway_vm::text;

fn in_contracts(net: &Net, account: AccountId) -> u64 {
    net.balance(account, HKD).in_contracts.minor_units()
}

#[test]
fn an_escrow_holds_and_releases() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    assert_eq!((net.available(ALICE), in_contracts(&net, ALICE)), (999_000, 1000));
    assert_eq!(net.call(of(ALICE), id, (1, 0), &[]).status, Status::Accc);
    assert_eq!((in_contracts(&net, ALICE), net.available(SUPPLIER)), (0, 1000));
    assert!(matches!(net.stage(id), Stage::Closed { .. }));
    assert!(matches!(reason(net.call(of(ALICE), id, (1, 0), &[])), Reason::ContractClosed { .. }));
}

#[test]
fn its_event_is_proven_by_the_receipt() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    let instruction = net.signed(of(ALICE), &[], Body::Single(called(id, (1, 0), &[])));
    let executed = net.execute(&[instruction]).unwrap();
    let event = executed.events(0).next().unwrap().clone();
    assert_eq!((event.before, event.after), (Some(1), None));
    assert_eq!(event.moved.len(), 1);
    assert_eq!(event.authorisers.to_vec(), [of(ALICE)]);
    let proof = executed.prove_event(0, 0).unwrap();
    assert_eq!(proof.verify(&executed.receipts_root()), Ok(()));
    let mut forged = proof.clone();
    forged.event.as_mut().unwrap().event.after = Some(0);
    assert!(forged.verify(&executed.receipts_root()).is_err());
}

#[test]
fn a_deadline_refunds_with_nobody_acting() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    assert_eq!(net.pass(9 * DAY_MS).len(), 0, "not before its time");
    let receipts = net.pass(2 * DAY_MS);
    assert!(matches!(receipts[0], Receipt::Act(BlockAct::DeadlinePassed { instance, .. }) if instance == id));
    assert_eq!((net.available(ALICE), in_contracts(&net, ALICE)), (1_000_000, 0));
}

#[test]
fn a_call_after_the_deadline_makes_it_happen_first() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    net.now = net.now.after_ms(11 * DAY_MS);
    // The own acts of the same block come before it.
    assert!(matches!(reason(net.call(of(ALICE), id, (1, 0), &[])), Reason::ContractClosed { .. }));
    assert_eq!(net.available(SUPPLIER), 0);
}

#[test]
fn the_arbiter_splits_within_the_pot() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    let too_much = net.call(bank(sg_bank()), id, (1, 1), &[Value::Money(money(1001))]);
    assert_eq!(reason(too_much), Reason::RequirementUnmet { block: 0, action: 0 });
    assert_eq!(net.call(bank(sg_bank()), id, (1, 1), &[Value::Money(money(400))]).status, Status::Accc);
    assert_eq!((net.available(ALICE), net.available(SUPPLIER)), (999_600, 400));
}

#[test]
fn strangers_and_wrong_words_are_refused() {
    let mut net = Net::default();
    let (id, code) = net.escrow();
    let release = || Body::Single(called(id, (1, 0), &[]));
    for who in [of(SUPPLIER), bank(hk_bank()), of(JOINT)] {
        assert!(matches!(net.void(who, &[who], release()), VoidReason::SignerForeign { .. }), "{who:?}");
    }
    let other = Body::Single(called(InstanceId([9; 32]), (1, 0), &[]));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], other), VoidReason::InstanceUnknown { .. }));
    let no_clause = Body::Single(called(id, (1, 7), &[]));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], no_clause), VoidReason::ClauseUnknown { .. }));
    assert_eq!(reason(net.call(of(ALICE), id, (0, 0), &[])), Reason::StateOther { given: 0, present: 1 });
    let arbiter = bank(sg_bank());
    for arguments in [vec![], vec![Value::Int(5)], vec![Value::Money(money(1)), Value::Money(money(1))]] {
        assert!(matches!(reason(net.call(arbiter, id, (1, 1), &arguments)), Reason::ArgumentWrong { .. }));
    }
    let register = RegisterCode { by: hk_bank(), code: program("Escrow").bytes().clone() };
    let twice = net.leg(bank(hk_bank()), Leg::RegisterCode(register));
    assert_eq!(reason(twice), Reason::CodeExists { code });
    assert_eq!(in_contracts(&net, ALICE), 1000, "nothing moved");
}

#[test]
fn a_call_replayed_does_nothing_twice() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    let instruction = net.signed(bank(sg_bank()), &[], Body::Single(called(id, (1, 1), &[Value::Money(money(10))])));
    net.block(std::slice::from_ref(&instruction));
    let after = |net: &Net| (net.available(SUPPLIER), net.available(ALICE), in_contracts(net, ALICE));
    assert_eq!(after(&net), (10, 999_990, 0), "divided once");
    assert!(matches!(net.void_of(instruction), VoidReason::AlreadyExecuted { .. }));
    assert_eq!(after(&net), (10, 999_990, 0));
}

#[test]
fn openings_that_do_not_fit_are_refused() {
    let mut net = Net::default();
    let code = net.register("Escrow");
    let good = Terms {
        code,
        parties: list(&[ALICE, SUPPLIER]),
        panels: list(&[list(&[bank(sg_bank())])]),
        assets: list(&[HKD]),
        parameters: list(&[Value::Money(money(1000)), net.time(DAY_MS), net.time(10 * DAY_MS)]),
    };
    let price = Value::Money(money(1000));
    type Expected = fn(&Reason) -> bool;
    let cases: Vec<(Terms, Expected)> = vec![
        (Terms { parties: list(&[ALICE]), ..good.clone() }, |r| matches!(r, Reason::TermsWrong { .. })),
        (Terms { parties: list(&[ALICE, ALICE]), ..good.clone() }, |r| matches!(r, Reason::TermsWrong { .. })),
        (Terms { parties: list(&[ALICE, NOBODY]), ..good.clone() }, |r| matches!(r, Reason::TermsWrong { .. })),
        (Terms { panels: list(&[list(&[])]), ..good.clone() }, |r| matches!(r, Reason::TermsWrong { .. })),
        (Terms { panels: list(&[]), ..good.clone() }, |r| matches!(r, Reason::TermsWrong { .. })),
        (Terms { assets: list(&[seaway_types::AssetId(77)]), ..good.clone() }, |r| {
            matches!(r, Reason::AssetUnknown { .. })
        }),
        (Terms { parameters: list(&[price, net.time(DAY_MS)]), ..good.clone() }, |r| {
            matches!(r, Reason::TermsWrong { .. })
        }),
        (Terms { parameters: list(&[Value::Int(5), net.time(1), net.time(2)]), ..good.clone() }, |r| {
            matches!(r, Reason::TermsWrong { .. })
        }),
        (Terms { parameters: list(&[Value::Money(Amount::ZERO), net.time(1), net.time(2)]), ..good.clone() }, |r| {
            matches!(r, Reason::TermsWrong { .. })
        }),
        (Terms { parameters: list(&[price, net.time(10), net.time(5000 * DAY_MS)]), ..good.clone() }, |r| {
            matches!(r, Reason::LifetimeTooLong { .. })
        }),
    ];
    for (position, (terms, expected)) in cases.into_iter().enumerate() {
        let uetr = net.uetr();
        let receipt = net.leg(of(ALICE), Leg::OpenContract(OpenContract { terms, uetr }));
        assert!(expected(&reason(receipt)), "case {position}: {:?}", receipt.reason);
    }
    let uetr = net.uetr();
    let open = Body::Single(Leg::OpenContract(OpenContract { terms: good.clone(), uetr }));
    assert!(matches!(net.void(of(SUPPLIER), &[of(SUPPLIER)], open.clone()), VoidReason::SignerForeign { .. }));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE), of(SUPPLIER)], open), VoidReason::SignerForeign { .. }));
    let unknown = Terms { code: Hash32([5; 32]), ..good };
    let open = Body::Single(Leg::OpenContract(OpenContract { terms: unknown, uetr }));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], open), VoidReason::CodeUnknown { .. }));
}

fn freeze(net: &mut Net, account: AccountId, by: seaway_types::Bic, kind: FreezeKind) {
    let receipt = net.admin(bank(by), Admin::Freeze(Freeze { account, by, kind }));
    assert_eq!(receipt.status, Status::Accc);
}

#[test]
fn a_frozen_party_cannot_act_and_its_pot_goes_to_nobody_else() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    freeze(&mut net, ALICE, hk_bank(), FreezeKind::NoDebits);
    assert!(matches!(reason(net.call(of(ALICE), id, (1, 0), &[])), Reason::DebtorFrozen { .. }));
    let split = net.call(bank(sg_bank()), id, (1, 1), &[Value::Money(money(400))]);
    assert!(matches!(reason(split), Reason::DebtorFrozen { .. }));
    // The seller may still give it back, and so does the deadline.
    assert_eq!(net.call(of(SUPPLIER), id, (1, 2), &[]).status, Status::Accc);
    assert_eq!(net.available(ALICE), 1_000_000);
}

/// Ten dollars in three monthly instalments, the first in a day: opened and funded.
fn instalments() -> (Net, InstanceId) {
    let mut net = Net::default();
    let code = net.register("Instalments");
    let first = net.time(DAY_MS);
    let terms = Terms {
        code,
        parties: list(&[ALICE, SUPPLIER]),
        panels: Bounded::default(),
        assets: list(&[HKD]),
        parameters: list(&[Value::Money(money(1000)), Value::Int(3), first, Value::Int(480)]),
    };
    let id = net.open(&[of(ALICE)], terms);
    assert_eq!(net.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
    (net, id)
}

#[test]
fn a_timeout_that_would_pay_from_a_frozen_pot_closes_instead() {
    let (mut net, id) = instalments();
    net.pass(DAY_MS);
    assert_eq!(net.available(SUPPLIER), 333, "the first instalment");
    freeze(&mut net, ALICE, hk_bank(), FreezeKind::NoDebits);
    net.pass(40 * DAY_MS);
    assert!(matches!(net.stage(id), Stage::Closed { .. }));
    assert_eq!((net.available(SUPPLIER), net.available(ALICE), in_contracts(&net, ALICE)), (333, 999_667, 0));
}

#[test]
fn instalments_pay_month_by_month_and_the_rest_with_the_last() {
    let (mut net, id) = instalments();
    let mut paid = Vec::new();
    for _ in 0..4 {
        net.pass(32 * DAY_MS);
        paid.push(net.available(SUPPLIER));
    }
    assert_eq!(paid, [333, 666, 1000, 1000]);
    assert!(net.state.tables().instances.get(&id).is_none(), "closed, and forgotten a week later");
}

#[test]
fn a_refund_that_has_nowhere_to_go_waits_in_suspense() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    freeze(&mut net, ALICE, supervisor(), FreezeKind::Full);
    net.pass(11 * DAY_MS);
    assert!(matches!(net.stage(id), Stage::Closed { .. }));
    assert_eq!(net.balance(ALICE, HKD).suspense, money(1000));
    let release = |units| {
        Body::Single(Leg::ReleaseSuspense(ReleaseSuspense {
            account: ALICE,
            asset: HKD,
            amount: money(units),
            to: ALICE,
            supervisor: supervisor(),
        }))
    };
    let alone = net.void(bank(hk_bank()), &[bank(hk_bank())], release(1000));
    assert!(matches!(alone, VoidReason::PolicyUnmet { .. }));
    let both = |net: &mut Net, units| net.run(bank(hk_bank()), &[bank(supervisor())], release(units));
    assert!(matches!(reason(both(&mut net, 1000)), Reason::CreditorFrozen { .. }));
    net.admin(bank(supervisor()), Admin::Unfreeze(Unfreeze { account: ALICE, by: supervisor() }));
    assert!(matches!(reason(both(&mut net, 1001)), Reason::SuspenseShort { .. }));
    assert_eq!(both(&mut net, 1000).status, Status::Accc);
    assert_eq!((net.available(ALICE), net.balance(ALICE, HKD).suspense), (1_000_000, Amount::ZERO));
}

/// The bank quotes SGD for HKD at 17/100, at most 50,000 HKD cents in all.
fn quote(net: &mut Net, takers: &[AccountId]) -> SignedOffer {
    let code = net.register("FxQuote");
    let rate = Ratio::new(17, 100).unwrap();
    let offer = Offer {
        network: "unit".parse().unwrap(),
        terms: Terms {
            code,
            parties: list(&[SG_OWN]),
            panels: Bounded::default(),
            assets: list(&[HKD, SGD]),
            parameters: list(&[Value::Ratio(rate), Value::Money(money(50_000)), net.time(600_000)]),
        },
        maker: 0,
        takers: list(takers),
        not_after: net.now.after_ms(600_000),
        nonce: net.key(),
        uetr: net.uetr(),
    };
    let signatures: Vec<_> = secret(bank(sg_bank())).iter().map(|secret| sign(secret, &offer.id().0)).collect();
    SignedOffer { offer, signatures: list(&signatures) }
}

fn allow(net: &mut Net, code: Hash32, total: u64) -> InstructionReceipt {
    let allowance = AllowanceKey { grantor: SG_OWN, purpose: AllowanceFor::Role { code, party: 0 }, asset: SGD };
    let terms = AllowanceTerms {
        each_max: money(5_000),
        total_max: money(total),
        not_before: net.now,
        not_after: net.now.after_ms(DAY_MS),
    };
    net.leg(bank(sg_bank()), Leg::SetAllowance(SetAllowance { allowance, terms: Some(terms) }))
}

fn take(signed: &SignedOffer, caller: AccountId, clause: u8, arguments: (u64, u64)) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Offer(signed.clone()),
        state: 0,
        clause,
        caller: Some(caller),
        arguments: list(&[Value::Money(money(arguments.0)), Value::Money(money(arguments.1))]),
        attestations: Bounded::default(),
    })
}

#[test]
fn a_quote_settles_both_legs_and_credits_the_payee_in_one_instruction() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[]);
    assert_eq!(allow(&mut net, signed.offer.terms.code, 8_000).status, Status::Accc);
    // 1,001 cents of SGD cost 5,889 of HKD, rounded up toward the dealer.
    let pay = {
        let credit = net.credit(SUPPLIER, 1001);
        let mut leg = transfer(ALICE, vec![credit], seaway_types::instruction::payment::BulkMode::AllOrNothing);
        if let Leg::CreditTransfer(transfer) = &mut leg {
            transfer.asset = SGD;
        }
        leg
    };
    let bundle = Body::Bundle(list(&[take(&signed, ALICE, 1, (1001, 6000)), pay]));
    let instruction = net.signed(of(ALICE), &[], bundle);
    let executed = net.execute(&[instruction]).unwrap();
    let Receipt::Instruction(receipt) = executed.receipts()[0] else { panic!() };
    assert_eq!((receipt.status, receipt.reason), (Status::Accc, None));
    let events: Vec<_> = executed.events(0).collect();
    assert_eq!(events.len(), 2, "opened, then called");
    let conversion = events[1].conversions[0];
    assert_eq!((conversion.amount, conversion.out, conversion.up), (money(1001), money(5889), true));
    assert_eq!(1001 * 100 + u128::from(conversion.remainder), 5889 * 17);
    executed.apply(&mut net.state);
    net.now = net.now.after_ms(1000);
    assert_eq!(net.available(ALICE), 1_000_000 - 5889);
    assert_eq!(net.balance(ALICE, SGD).available, money(1_000_000));
    assert_eq!(net.balance(SUPPLIER, SGD).available, money(5000 + 1001));
    assert_eq!(net.balance(SG_OWN, SGD).available, money(1_000_000 - 1001));
    // Limits are cumulative: 50,000 in all.
    let too_much = net.leg(of(ALICE), take(&signed, ALICE, 0, (44_112, 0)));
    assert!(matches!(reason(too_much), Reason::RequirementUnmet { .. }));
    // The allowance is the dealer's own bound: at most 5,000 at a time.
    let above = net.leg(of(ALICE), take(&signed, ALICE, 0, (44_000, 0)));
    assert!(matches!(reason(above), Reason::NotAllowed { .. }));
    assert_eq!(net.leg(of(ALICE), take(&signed, ALICE, 0, (10_000, 1700))).status, Status::Accc);
}

#[test]
fn a_quote_that_the_dealer_cannot_cover_is_ed05() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[]);
    allow(&mut net, signed.offer.terms.code, 1_000_000);
    // The dealer's money goes elsewhere.
    let mut leg = net.pay(SG_OWN, ALICE, 999_999);
    if let Leg::CreditTransfer(transfer) = &mut leg {
        transfer.asset = SGD;
        let mut credits = transfer.credits.to_vec();
        credits[0].debtor_agent = sg_bank();
        transfer.credits = list(&credits);
    }
    assert_eq!(net.leg(bank(sg_bank()), leg).status, Status::Accc);
    let receipt = net.leg(of(ALICE), take(&signed, ALICE, 0, (10_000, 0)));
    assert_eq!(reason(receipt).iso(), "ED05");
    assert_eq!(net.available(ALICE), 1_000_000);
}

#[test]
fn what_the_taker_lacks_itself_is_am04() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[]);
    allow(&mut net, signed.offer.terms.code, 1_000_000);
    let receipt = net.leg(of(SUPPLIER), take(&signed, SUPPLIER, 0, (10_000, 0)));
    assert_eq!(reason(receipt).iso(), "AM04");
}

#[test]
fn stale_foreign_and_withdrawn_quotes_are_refused() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[JOINT]);
    allow(&mut net, signed.offer.terms.code, 1_000_000);
    let foreign = net.leg(of(ALICE), take(&signed, ALICE, 0, (1000, 0)));
    assert_eq!(reason(foreign), Reason::TakerForeign { account: Some(ALICE) });
    let mut forged = signed.clone();
    forged.offer.takers = Bounded::default();
    let forged = SignedOffer { signatures: list(&[sign(&secret(of(ALICE))[0], &forged.offer.id().0)]), ..forged };
    let body = Body::Single(take(&forged, ALICE, 0, (1000, 0)));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], body), VoidReason::OfferUnmet { .. }));
    // Taken back before anybody took it.
    let withdraw = Leg::WithdrawOffer(WithdrawOffer { offer: signed.offer.clone() });
    assert_eq!(net.leg(bank(sg_bank()), withdraw.clone()).status, Status::Accc);
    assert!(matches!(reason(net.leg(bank(sg_bank()), withdraw)), Reason::ContractClosed { .. }));
    let both = [of(JOINT), bank(hk_bank())];
    let taken = net.run(both[0], &both[1..], Body::Single(take(&signed, JOINT, 0, (1000, 0))));
    assert!(matches!(reason(taken), Reason::ContractClosed { .. }));
    // The record outlives the offer, so that it never opens again.
    net.pass(599_000);
    assert!(net.state.tables().instances.get(&signed.offer.id()).is_some());
    let other =
        SignedOffer { offer: Offer { nonce: net.key(), ..signed.offer.clone() }, signatures: Bounded::default() };
    let signatures = list(&[sign(&secret(bank(sg_bank()))[0], &other.offer.id().0)]);
    let late = Body::Single(take(&SignedOffer { signatures, ..other }, JOINT, 0, (1000, 0)));
    assert!(matches!(reason(net.run(both[0], &both[1..], late)), Reason::OfferExpired { .. }));
}

#[test]
fn an_allowance_is_revoked_at_once() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[]);
    let code = signed.offer.terms.code;
    allow(&mut net, code, 1_000_000);
    assert_eq!(net.leg(of(ALICE), take(&signed, ALICE, 0, (1000, 0))).status, Status::Accc);
    let allowance = AllowanceKey { grantor: SG_OWN, purpose: AllowanceFor::Role { code, party: 0 }, asset: SGD };
    let revoke = Leg::SetAllowance(SetAllowance { allowance, terms: None });
    assert_eq!(net.leg(bank(sg_bank()), revoke).status, Status::Accc);
    assert!(matches!(reason(net.leg(of(ALICE), take(&signed, ALICE, 0, (1000, 0)))), Reason::NotAllowed { .. }));
}

#[test]
fn a_panel_collects_approvals_which_lapse_with_the_state() {
    let mut net = Net::default();
    let code = net.register("MilestoneEscrow");
    let mut members = [of(JOINT), bank(sg_bank()), bank(supervisor())];
    members.sort();
    let terms = Terms {
        code,
        parties: list(&[ALICE, SUPPLIER, AGENTED]),
        panels: list(&[list(&members)]),
        assets: list(&[HKD]),
        parameters: list(&[
            Value::Money(money(1000)),
            Value::Int(3),
            Value::Ratio(Ratio::new(1, 10).unwrap()),
            net.time(DAY_MS),
            net.time(100 * DAY_MS),
        ]),
    };
    let id = net.open(&[of(ALICE)], terms);
    assert_eq!(net.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
    let approve = |entry, member, withdraw| {
        Leg::ApproveCall(ApproveCall {
            instance: id,
            entry,
            clause: 0,
            arguments: arguments_hash(&Bounded::default()),
            member,
            withdraw,
        })
    };
    let alone = Body::Single(called(id, (1, 0), &[]));
    assert!(matches!(net.void(members[1], &[members[1]], alone), VoidReason::PolicyUnmet { .. }));
    assert_eq!(net.leg(of(JOINT), approve(1, of(JOINT), false)).status, Status::Accc);
    assert_eq!(reason(net.leg(of(JOINT), approve(1, of(JOINT), false))), Reason::ApprovalUnknown);
    assert_eq!(reason(net.leg(of(JOINT), approve(0, of(JOINT), false))), Reason::EntryOther { given: 0, present: 1 });
    assert_eq!(net.leg(of(JOINT), approve(1, of(JOINT), true)).status, Status::Accc);
    assert_eq!(net.leg(of(JOINT), approve(1, of(JOINT), false)).status, Status::Accc);
    // With one approval waiting, one signature more is enough, once.
    assert_eq!(net.call(bank(sg_bank()), id, (1, 0), &[]).status, Status::Accc);
    assert_eq!((net.available(SUPPLIER), net.available(AGENTED)), (300, 1_000_033));
    let again = Body::Single(called(id, (1, 0), &[]));
    assert!(
        matches!(net.void(members[1], &[members[1]], again), VoidReason::PolicyUnmet { .. }),
        "the approval lapsed"
    );
    // The buyer needs nobody; the last milestone pays the rest.
    assert_eq!(net.call(of(ALICE), id, (1, 0), &[]).status, Status::Accc);
    assert_eq!(net.call(of(ALICE), id, (1, 0), &[]).status, Status::Accc);
    assert_eq!((net.available(SUPPLIER), net.available(AGENTED)), (901, 1_000_099));
    assert!(matches!(net.stage(id), Stage::Closed { .. }));
}

#[test]
fn one_bundle_opens_and_funds() {
    let mut net = Net::default();
    let code = net.register("Escrow");
    let terms = Terms {
        code,
        parties: list(&[ALICE, SUPPLIER]),
        panels: list(&[list(&[bank(sg_bank())])]),
        assets: list(&[HKD]),
        parameters: list(&[Value::Money(money(1000)), net.time(DAY_MS), net.time(10 * DAY_MS)]),
    };
    let uetr = net.uetr();
    let mut envelope = net.envelope(of(ALICE), Body::Bundle(Bounded::default()));
    let id = InstanceId::of_opening(&of(ALICE), &envelope.key, 0);
    envelope.body = Body::Bundle(list(&[Leg::OpenContract(OpenContract { terms, uetr }), called(id, (0, 0), &[])]));
    let receipts = net.block(&[authentic(envelope, &secret(of(ALICE)))]);
    let Receipt::Instruction(receipt) = receipts[0] else { panic!() };
    assert_eq!((receipt.status, receipt.events), (Status::Accc, 2));
    assert_eq!(in_contracts(&net, ALICE), 1000);
}

#[test]
fn an_account_with_a_pot_does_not_close() {
    let mut net = Net::default();
    let (id, _) = net.escrow();
    let close = Admin::CloseAccount(seaway_types::instruction::admin::CloseAccount { account: ALICE });
    assert!(matches!(reason(net.admin(bank(hk_bank()), close)), Reason::AccountNotEmpty { .. }));
    // The seller's account is empty and closes; a release to it is refused, and the deadline refunds the buyer.
    let account = seaway_types::instruction::admin::CloseAccount { account: SUPPLIER };
    let drain = {
        let mut leg = net.pay(SUPPLIER, ALICE, 5000);
        if let Leg::CreditTransfer(transfer) = &mut leg {
            transfer.asset = SGD;
            let mut credits = transfer.credits.to_vec();
            credits[0].debtor_agent = sg_bank();
            transfer.credits = list(&credits);
        }
        leg
    };
    assert_eq!(net.leg(of(SUPPLIER), drain).status, Status::Accc);
    assert_eq!(net.admin(bank(sg_bank()), Admin::CloseAccount(account)).status, Status::Accc);
    assert_eq!(net.state.tables().accounts.get(&SUPPLIER).unwrap().status, AccountStatus::Closed);
    assert!(matches!(reason(net.call(of(ALICE), id, (1, 0), &[])), Reason::CreditorClosed { .. }));
    net.pass(11 * DAY_MS);
    assert_eq!(net.available(ALICE), 1_000_000);
}

#[test]
fn code_that_could_lock_funds_is_refused_with_rule_and_place() {
    let mut net = Net::default();
    let source = "contract Trap v1 parties a, b assets C param price: Money(C) param t: Time
        state one until t else pay price from a to b close clause \"1\" by a deposit price from a stay";
    let code = text::read(source).unwrap().code.bytes().unwrap();
    let receipt = net.leg(bank(hk_bank()), Leg::RegisterCode(RegisterCode { by: hk_bank(), code }));
    assert_eq!(reason(receipt), Reason::CodeRefused { rule: 6, state: Some(0), clause: None });
    let rubbish = CodeBytes(list(b"SWAY\x01rubbish"));
    let receipt = net.leg(bank(hk_bank()), Leg::RegisterCode(RegisterCode { by: hk_bank(), code: rubbish }));
    assert_eq!(reason(receipt), Reason::CodeRefused { rule: 1, state: None, clause: None });
}

/// Found by review: the takers of an offer bound only whoever took it first.
#[test]
fn an_offer_for_some_stays_for_these() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[ALICE]);
    allow(&mut net, signed.offer.terms.code, 1_000_000);
    assert_eq!(net.leg(of(ALICE), take(&signed, ALICE, 0, (1000, 0))).status, Status::Accc);
    let foreign = Reason::TakerForeign { account: Some(SUPPLIER) };
    assert_eq!(reason(net.leg(of(SUPPLIER), take(&signed, SUPPLIER, 0, (1000, 0)))), foreign);
    let Leg::CallContract(mut call) = take(&signed, SUPPLIER, 0, (1000, 0)) else { panic!() };
    call.target = Target::Instance(signed.offer.id());
    assert_eq!(reason(net.leg(of(SUPPLIER), Leg::CallContract(call))), foreign);
    assert_eq!(net.leg(of(ALICE), take(&signed, ALICE, 0, (1000, 0))).status, Status::Accc);
}

/// Found by attack: deadlines in the past, again and again, would have stood before everybody else's for days.
#[test]
fn deadlines_in_the_past_cannot_crowd_out_others() {
    let mut net = Net::default();
    let source = "contract Past v1 parties a assets C param t: Time param n: Int counter left = n
        state one until t else again left to one else close";
    let program = seaway_vm::Program::from_code(text::read(source).unwrap().code).unwrap();
    let register = RegisterCode { by: hk_bank(), code: program.bytes().clone() };
    assert_eq!(net.leg(bank(hk_bank()), Leg::RegisterCode(register)).status, Status::Accc);
    let terms = |count| Terms {
        code: program.hash(),
        parties: list(&[ALICE]),
        panels: Bounded::default(),
        assets: list(&[HKD]),
        parameters: list(&[Value::Time(seaway_types::BlockTime::default()), Value::Int(count)]),
    };
    let hold = net.hold(500, 10_000);
    let id = net.open(&[of(ALICE)], terms(600));
    let Stage::Live { deadline, .. } = net.stage(id) else { panic!() };
    assert!(deadline > seaway_types::BlockTime::default(), "it is over when it is entered, not before");
    let receipts = net.pass(20_000);
    let expired =
        |receipt: &Receipt| matches!(receipt, Receipt::Act(BlockAct::HoldExpired { hold: id, .. }) if *id == hold);
    assert!(receipts.iter().any(expired));
    let many = "contract Many v1 parties a assets C param t: Time param n: Int counter one = n counter two = n counter three = n
        counter four = n counter five = n state s until t else again one to s else again two to s else again three to s else
        again four to s else again five to s else close";
    let program = seaway_vm::Program::from_code(text::read(many).unwrap().code).unwrap();
    let register = RegisterCode { by: hk_bank(), code: program.bytes().clone() };
    assert_eq!(net.leg(bank(hk_bank()), Leg::RegisterCode(register)).status, Status::Accc);
    let uetr = net.uetr();
    let terms = Terms { code: program.hash(), ..terms(600) };
    let opened = net.leg(of(ALICE), Leg::OpenContract(OpenContract { terms, uetr }));
    assert_eq!(reason(opened), Reason::TooManyStays { stays: 3001 });
}

/// A delivery that surveyors weigh: what is paid follows from what they attest.
fn weighed(net: &mut Net) -> InstanceId {
    let source = "contract Weighed v1 parties buyer, seller panel surveyors = 2 of 3 assets C param price: Money(C) param t: Time
        state one until t else close
        clause \"1. Funding\" by buyer deposit price from buyer stay
        clause \"2. Delivery\" by seller (units: Int attested by surveyors on \"delivered\", note: Hash)
        let due = min(price / 10 * units, pot(buyer, C)) pay due from buyer to seller emit \"note\" note close";
    let program = seaway_vm::Program::from_code(text::read(source).unwrap().code).unwrap();
    let register = RegisterCode { by: hk_bank(), code: program.bytes().clone() };
    assert_eq!(net.leg(bank(hk_bank()), Leg::RegisterCode(register)).status, Status::Accc);
    let mut members = [of(JOINT), bank(sg_bank()), bank(supervisor())];
    members.sort();
    let terms = Terms {
        code: program.hash(),
        parties: list(&[ALICE, SUPPLIER]),
        panels: list(&[list(&members)]),
        assets: list(&[HKD]),
        parameters: list(&[Value::Money(money(1000)), net.time(DAY_MS)]),
    };
    let id = net.open(&[of(ALICE)], terms);
    assert_eq!(net.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
    id
}

/// What surveyors say of an instance, signed by some.
fn attested(
    net: &Net,
    id: InstanceId,
    (topic, units): (&str, i128),
    signers: &[seaway_types::instruction::Submitter],
) -> Attestation {
    let mut attestation = Attestation {
        argument: 0,
        topic: topic.parse().unwrap(),
        not_before: net.now,
        not_after: net.now.after_ms(60_000),
        signatures: Bounded::default(),
    };
    let message = attestation_message("unit".parse().unwrap(), &id, &attestation, &Value::Int(units));
    let mut entries: Vec<_> = signers.iter().flat_map(|who| secret(*who)).map(|key| sign(&key, &message)).collect();
    entries.sort();
    attestation.signatures = list(&entries);
    attestation
}

fn delivered(id: InstanceId, units: i128, attestations: &[Attestation]) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Instance(id),
        state: 0,
        clause: 1,
        caller: None,
        arguments: list(&[Value::Int(units), Value::Hash(Hash32([4; 32]))]),
        attestations: list(attestations),
    })
}

#[test]
fn what_a_panel_attests_counts_and_nothing_else_does() {
    let mut net = Net::default();
    let id = weighed(&mut net);
    let both = [of(JOINT), bank(supervisor())];
    let missing = Reason::AttestationMissing { position: 0 };
    let good = attested(&net, id, ("delivered", 7), &both);
    // Two signatures more to check count for two more.
    let body = Body::Single(delivered(id, 7, std::slice::from_ref(&good)));
    assert_eq!(body.cost(), seaway_types::limits::CONTRACT_COST + 2);
    let cases = [
        vec![],
        vec![attested(&net, id, ("delivered", 7), &both[..1])],
        vec![attested(&net, id, ("shipped", 7), &both)],
        vec![attested(&net, id, ("delivered", 7), &[of(JOINT), bank(supervisor()), of(ALICE)])],
        vec![good.clone(), good.clone()],
    ];
    for (position, attestations) in cases.into_iter().enumerate() {
        let receipt = net.leg(of(SUPPLIER), delivered(id, 7, &attestations));
        assert_eq!(reason(receipt), missing, "case {position}");
    }
    // Signed over another value or for another instance: the signature does not hold on the curve, so it is no instruction.
    for wrong in
        [attested(&net, id, ("delivered", 8), &both), attested(&net, InstanceId([1; 32]), ("delivered", 7), &both)]
    {
        let envelope = net.envelope(of(SUPPLIER), Body::Single(delivered(id, 7, &[wrong])));
        let raw = seaway_types::RawInstruction::from(&envelope.sign(&secret(of(SUPPLIER))));
        assert!(raw.decode().unwrap().authenticate().is_err());
    }
    // Its time must be now.
    net.now = net.now.after_ms(120_000);
    assert_eq!(reason(net.leg(of(SUPPLIER), delivered(id, 7, &[good]))), missing);
    let good = attested(&net, id, ("delivered", 7), &both);
    let instruction = net.signed(of(SUPPLIER), &[], Body::Single(delivered(id, 7, std::slice::from_ref(&good))));
    let executed = net.execute(&[instruction]).unwrap();
    let event = executed.events(0).next().unwrap().clone();
    assert_eq!(event.evidence.len(), 1, "the event names what it rests on");
    executed.apply(&mut net.state);
    assert_eq!((net.available(SUPPLIER), net.available(ALICE)), (700, 999_300));
}

/// Each new body, signed by everyone who must not: left out, and nothing changes.
#[test]
fn each_body_with_each_wrong_signer_is_left_out() {
    let mut net = Net::default();
    let signed = quote(&mut net, &[]);
    let (id, _) = net.escrow();
    let allowance = AllowanceKey { grantor: ALICE, purpose: AllowanceFor::Instance(id), asset: HKD };
    let release =
        ReleaseSuspense { account: ALICE, asset: HKD, amount: money(1), to: ALICE, supervisor: supervisor() };
    let approve = ApproveCall {
        instance: id,
        entry: 1,
        clause: 1,
        arguments: arguments_hash(&Bounded::default()),
        member: bank(sg_bank()),
        withdraw: false,
    };
    let everyone = [
        of(ALICE),
        of(JOINT),
        of(SUPPLIER),
        bank(hk_bank()),
        bank(sg_bank()),
        bank(supervisor()),
        seaway_types::instruction::Submitter::Authority,
    ];
    let bodies: Vec<(Leg, Vec<seaway_types::instruction::Submitter>)> = vec![
        (
            Leg::RegisterCode(RegisterCode { by: sg_bank(), code: program("Dvp").bytes().clone() }),
            vec![bank(sg_bank())],
        ),
        (called(id, (1, 0), &[]), vec![of(ALICE)]),
        (called(id, (1, 2), &[]), vec![of(SUPPLIER)]),
        (called(id, (1, 1), &[Value::Money(money(1))]), vec![bank(sg_bank())]),
        (take(&signed, ALICE, 0, (100, 0)), vec![of(ALICE)]),
        (Leg::WithdrawOffer(WithdrawOffer { offer: signed.offer.clone() }), vec![bank(sg_bank())]),
        (Leg::SetAllowance(SetAllowance { allowance, terms: None }), vec![of(ALICE)]),
        (Leg::ApproveCall(approve), vec![bank(sg_bank())]),
        (Leg::ReleaseSuspense(release), vec![bank(hk_bank()), bank(supervisor())]),
    ];
    let root = net.state.commitment().parts().root();
    for (leg, right) in bodies {
        for who in everyone {
            // Alone, and beside those who must sign: a foreign signature is refused as well.
            if right != [who] {
                net.void(who, &[who], Body::Single(leg.clone()));
            }
            if !right.contains(&who) {
                let signers: Vec<_> = right.iter().copied().chain([who]).collect();
                net.void(right[0], &signers, Body::Single(leg.clone()));
            }
        }
    }
    assert_eq!(net.state.commitment().parts().root(), root);
}
