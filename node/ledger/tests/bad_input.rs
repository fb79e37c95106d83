//! Bad input: each has its own reason, changes nothing but the key that it takes, and never panics.

mod common;

use common::*;
use seaway_ledger::execution::{BlockContext, BlockFault, execute_block};
use seaway_types::calendar::{BusinessDay, OffsetChange};
use seaway_types::instruction::admin::*;
use seaway_types::instruction::follow_up::Return;
use seaway_types::instruction::hold::{PostHold, ReleaseHold, Reserve};
use seaway_types::instruction::payment::*;
use seaway_types::instruction::supply::{Issue, RedeemConfirm, RedeemRequest};
use seaway_types::instruction::{Body, Leg, Submitter};
use seaway_types::limits::RULES_VERSION;
use seaway_types::reason::{Reason, StatedReason, VoidReason};
use seaway_types::receipt::{Receipt, Status};
use seaway_types::state::{AccountClass, CalendarKey, DebitAuthority, FreezeKind, Tier, TierLimits};
use seaway_types::time::{BlockTime, Day, Height};
use seaway_types::{AssetId, Calendar, Uetr};

fn pay(net: &mut Net, edit: impl FnOnce(&mut CreditTransfer)) -> Reason {
    let Leg::CreditTransfer(mut transfer) = net.pay(ALICE, SUPPLIER, 100) else { unreachable!() };
    edit(&mut transfer);
    let money = net.state.tables().balances.sorted().iter().map(|(_, b)| b.booked()).sum::<u128>();
    let reason = reason(net.leg(of(ALICE), Leg::CreditTransfer(transfer)));
    assert_eq!(net.state.tables().balances.sorted().iter().map(|(_, b)| b.booked()).sum::<u128>(), money);
    assert_eq!(net.available(ALICE), 1_000_000, "{reason}");
    reason
}

/// What is expected of a change to a good payment.
type Case = (Reason, &'static str, Box<dyn FnOnce(&mut CreditTransfer)>);

fn edit(transfer: &mut CreditTransfer, change: impl FnOnce(&mut Credit)) {
    let mut credits = std::mem::take(&mut transfer.credits).into_inner();
    change(&mut credits[0]);
    transfer.credits = credits.try_into().unwrap();
}

#[test]
fn each_mistake_in_a_payment_has_its_own_reason() {
    let net = &mut Net::default();
    let other = sg_bank();
    let cases: Vec<Case> = vec![
        (Reason::AmountZero, "AM01", Box::new(|t| edit(t, |c| c.amount = money(0)))),
        (
            Reason::AmountZero,
            "AM01",
            Box::new(|t| {
                edit(t, |c| c.charges = vec![Charge { payee: AGENTED, amount: money(0) }].try_into().unwrap())
            }),
        ),
        (
            Reason::InsufficientFunds { available: money(1_000_000), needed: money(1_000_001) },
            "AM04",
            Box::new(|t| edit(t, |c| c.amount = money(1_000_001))),
        ),
        (
            Reason::SumTooLarge { present: seaway_types::Amount::MAX, amount: money(1) },
            "AM09",
            Box::new(|t| {
                edit(t, |c| {
                    c.amount = seaway_types::Amount::MAX;
                    c.charges = vec![Charge { payee: AGENTED, amount: money(1) }].try_into().unwrap();
                })
            }),
        ),
        (Reason::CreditorUnknown { account: NOBODY }, "AC03", Box::new(|t| edit(t, |c| c.creditor = NOBODY))),
        (
            Reason::SelfPayment { account: ALICE },
            "AG01",
            Box::new(|t| {
                edit(t, |c| {
                    c.creditor = ALICE;
                    c.creditor_agent = hk_bank();
                })
            }),
        ),
        (Reason::AssetUnknown { asset: AssetId(77) }, "AM03", Box::new(|t| t.asset = AssetId(77))),
        (
            Reason::AgentMismatch { given: other, expected: hk_bank() },
            "RC01",
            Box::new(move |t| edit(t, |c| c.debtor_agent = other)),
        ),
        (
            Reason::AgentMismatch { given: hk_bank(), expected: other },
            "RC01",
            Box::new(|t| edit(t, |c| c.creditor_agent = hk_bank())),
        ),
        (
            Reason::InstructingAgentUnknown { agent: "AAAAUS33".parse().unwrap() },
            "RC01",
            Box::new(|t| edit(t, |c| c.instructing_agent = "AAAAUS33".parse().unwrap())),
        ),
    ];
    for (expected, iso, change) in cases {
        let reason = pay(net, change);
        assert_eq!((reason, reason.iso()), (expected, iso));
    }
    let today = Day::of_local_ms(START_MS);
    let given = today.next();
    assert_eq!(pay(net, |t| t.settlement_date = Some(given)), Reason::SettlementDate { given, today });
    assert_eq!(pay(net, |t| t.settlement_date = Some(given)).iso(), "DT01");
}

#[test]
fn keys_and_uetrs_are_used_once() {
    let mut net = Net::default();
    let first = net.signed(of(ALICE), &[], Body::Bundle(vec![net_pay()].try_into().unwrap()));
    net.block(std::slice::from_ref(&first));
    assert_eq!(net.void_of(first.clone()), VoidReason::AlreadyExecuted { height: Height(1) });
    let mut other = first.envelope().clone();
    other.valid_until = other.valid_until.after_ms(1);
    assert_eq!(net.void_of(authentic(other, &secret(of(ALICE)))), VoidReason::KeyTaken { height: Height(1) });
    // Twice in one block is void as well, under any content.
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 1));
    let twice = net.signed(of(ALICE), &[], body);
    match net.execute(&[twice.clone(), twice]) {
        Err(BlockFault::Void { position: 1, reason: VoidReason::AlreadyExecuted { .. } }) => {}
        other => panic!("{:?}", other.map(|_| ())),
    }
    // The same UETR under a new key is AM05, and another kind is another payment.
    let credit = net.credit(SUPPLIER, 5);
    let leg = |credit: &Credit| transfer(ALICE, vec![credit.clone()], BulkMode::AllOrNothing);
    assert_eq!(net.leg(of(ALICE), leg(&credit)).status, Status::Accc);
    assert_eq!(reason(net.leg(of(ALICE), leg(&credit))), Reason::UetrUsed { uetr: credit.uetr });
    let institution = Credit { kind: CreditKind::Institution, ..credit.clone() };
    assert_eq!(net.leg(of(ALICE), leg(&institution)).status, Status::Accc);
    // A rejection takes the UETR too.
    let poor = Credit { amount: money(900_000_000), uetr: net.uetr(), ..credit };
    assert_eq!(reason(net.leg(of(ALICE), leg(&poor))).iso(), "AM04");
    let rich = Credit { amount: money(1), ..poor };
    assert_eq!(reason(net.leg(of(ALICE), leg(&rich))), Reason::UetrUsed { uetr: rich.uetr });
}

fn net_pay() -> Leg {
    Net::default().pay(ALICE, SUPPLIER, 7)
}

#[test]
fn a_uetr_twice_in_one_bulk_instruction_is_told_apart() {
    let mut net = Net::default();
    let one = net.credit(SUPPLIER, 10);
    let two = Credit { amount: money(20), ..one.clone() };
    let three = net.credit(SUPPLIER, 30);
    let bulk = |mode| transfer(ALICE, vec![one.clone(), two.clone(), three.clone()], mode);
    let own = net.signed(of(ALICE), &[], Body::Single(bulk(BulkMode::EachOnItsOwn)));
    let executed = net.execute(&[own]).unwrap();
    let became: Vec<_> = executed.outcomes(0).iter().map(|outcome| (outcome.status, outcome.reason)).collect();
    let repeated = Reason::UetrRepeated { uetr: one.uetr };
    assert_eq!(became, [(Status::Accc, None), (Status::Rjct, Some(repeated)), (Status::Accc, None)]);
    let Receipt::Instruction(receipt) = executed.receipts()[0] else { panic!() };
    assert_eq!(receipt.status, Status::Part);
    let all = net.leg(of(ALICE), bulk(BulkMode::AllOrNothing));
    assert_eq!(all.reason.unwrap().credit, Some(1));
    assert_eq!(reason(all), repeated);
    assert_eq!(net.available(SUPPLIER), 0, "all or none");
}

#[test]
fn network_and_time_of_an_instruction_are_asked_first() {
    let mut net = Net::default();
    let mut envelope = net.envelope(of(ALICE), Body::Single(net_pay()));
    let right = envelope.clone();
    envelope.network = "elsewhere".parse().unwrap();
    let void = net.void_of(authentic(envelope, &secret(of(ALICE))));
    assert!(matches!(void, VoidReason::WrongNetwork { .. }));
    assert_eq!(void.iso(), "FF01");
    let until = |ms: i64| {
        let valid_until = BlockTime::from_ms((net.now.ms() as i64 + ms) as u64).unwrap();
        authentic(seaway_types::Envelope { valid_until, ..right.clone() }, &secret(of(ALICE)))
    };
    assert_eq!(net.void_of(until(-1)).iso(), "TM01");
    assert!(net.execute(&[until(0)]).is_ok(), "the last moment is still in time");
    assert!(net.execute(&[until(900_000)]).is_ok());
    assert!(matches!(net.void_of(until(900_001)), VoidReason::TooFarAhead { .. }));
    // Administration may lie further ahead.
    let mut admin =
        net.envelope(bank(hk_bank()), Body::Admin(Admin::SetTier(SetTier { account: ALICE, tier: Tier(0) })));
    admin.valid_until = net.now.after_ms(604_800_000);
    assert!(net.execute(&[authentic(admin, &secret(bank(hk_bank())))]).is_ok());
}

#[test]
fn a_block_follows_its_parent() {
    let net = Net::default();
    let at = |height, ms| {
        let context = BlockContext { height: Height(height), time: BlockTime::from_ms(ms).unwrap() };
        execute_block(&net.state, net.state.commitment(), context, &[]).map(|_| ())
    };
    assert!(matches!(at(2, START_MS + 1), Err(BlockFault::Height { .. })));
    assert!(matches!(at(1, START_MS), Err(BlockFault::Time { .. })));
    assert_eq!(at(1, START_MS + 1), Ok(()));
}

#[test]
fn an_older_program_stops_before_an_upgrade_by_name() {
    let mut net = Net::default();
    let upgrade = |version, height| Admin::ScheduleUpgrade(ScheduleUpgrade { version, height: Height(height) });
    assert!(matches!(
        reason(net.admin(Submitter::Authority, upgrade(RULES_VERSION, 9))),
        Reason::UpgradeInPast { .. }
    ));
    assert!(matches!(
        reason(net.admin(Submitter::Authority, upgrade(RULES_VERSION + 1, 2))),
        Reason::UpgradeInPast { .. }
    ));
    assert_eq!(net.admin(Submitter::Authority, upgrade(RULES_VERSION + 1, 5)).status, Status::Accc);
    assert!(net.block(&[]).is_empty(), "height 4 is still under the old rules");
    let stopped = BlockFault::Version { height: Height(5), needed: RULES_VERSION + 1, known: RULES_VERSION };
    assert_eq!(net.execute(&[]).map(|_| ()), Err(stopped));
}

#[test]
fn after_cut_off_nothing_settles() {
    let mut net = Net::default();
    let day = Day::of_local_ms(START_MS + 8 * 3_600_000);
    let hours = Calendar {
        offsets: vec![OffsetChange { starts: BlockTime::default(), minutes: 480 }].try_into().unwrap(),
        days: vec![BusinessDay { day, opening: 0, cut_off: 1 }].try_into().unwrap(),
    };
    let set = |calendar| Admin::SetCalendar(SetCalendar { of: CalendarKey::Asset(HKD), calendar });
    assert_eq!(net.admin(bank(hk_bank()), set(hours)).status, Status::Accc);
    let paid = net.pay(ALICE, SUPPLIER, 1);
    assert_eq!(reason(net.leg(of(ALICE), paid)).iso(), "TM01");
    let wrong = Calendar {
        days: vec![BusinessDay { day, opening: 5, cut_off: 5 }].try_into().unwrap(),
        ..Calendar::default()
    };
    assert_eq!(reason(net.admin(Submitter::Authority, set(wrong))), Reason::CalendarWrong);
}

#[test]
fn an_account_with_money_anywhere_does_not_close() {
    let mut net = Net::default();
    let close = |account| Admin::CloseAccount(CloseAccount { account });
    let booked = Reason::AccountNotEmpty { account: SUPPLIER, asset: SGD, booked: 5000 };
    assert_eq!(reason(net.admin(bank(sg_bank()), close(SUPPLIER))), booked);
    let held =
        RedeemRequest { account: SUPPLIER, asset: SGD, amount: money(5000), expires_at: net.now.after_ms(60_000) };
    assert_eq!(net.leg(of(SUPPLIER), Leg::RedeemRequest(held)).status, Status::Accc);
    assert_eq!(reason(net.admin(bank(sg_bank()), close(SUPPLIER))), booked, "held money counts");
    let hold = *net.state.tables().holds.sorted()[0].0;
    let confirm = Leg::RedeemConfirm(RedeemConfirm { hold, reference: "OUT-1".parse().unwrap() });
    assert_eq!(net.leg(bank(sg_bank()), confirm).status, Status::Accc);
    assert_eq!(net.admin(bank(sg_bank()), close(SUPPLIER)).status, Status::Accc);
    let paid = net.pay(ALICE, SUPPLIER, 1);
    assert_eq!(reason(net.leg(of(ALICE), paid)), Reason::CreditorClosed { account: SUPPLIER });
    assert_eq!(reason(net.admin(bank(sg_bank()), close(SUPPLIER))), Reason::AccountClosed { account: SUPPLIER });
    let again = open(SUPPLIER, sg_bank(), DebitAuthority::Holder, AccountClass::Customer, 0);
    assert_eq!(
        reason(net.admin(bank(sg_bank()), Admin::OpenAccount(again))),
        Reason::AccountExists { account: SUPPLIER }
    );
}

#[test]
fn a_bundle_that_uses_one_hold_twice_is_rejected_and_halts_nobody() {
    let mut net = Net::default();
    let hold = net.hold(500, 600_000);
    let uses = [
        Leg::Release(ReleaseHold { hold }),
        Leg::Post(PostHold { hold, amount: money(500) }),
        Leg::Post(PostHold { hold, amount: money(1) }),
    ];
    for first in &uses[..2] {
        for second in &uses {
            let legs = vec![first.clone(), second.clone()];
            let receipt = net.run(of(SUPPLIER), &[], Body::Bundle(legs.try_into().unwrap()));
            assert_eq!(receipt.reason.unwrap().leg, 1);
            assert_eq!(reason(receipt), Reason::HoldGone { hold });
        }
    }
    assert_eq!(net.balance(ALICE, HKD).held, money(500));
}

#[test]
fn what_is_held_always_finds_its_way_back() {
    // Money that arrives while other money is held must leave room for what is held to come back.
    let mut net = Net::default();
    let huge = 900_000_000_000_000_000;
    let issue = |n: u32| {
        Leg::Issue(Issue {
            asset: POINTS,
            account: ALICE,
            amount: money(huge),
            reference: format!("MINT-{n}").parse().unwrap(),
        })
    };
    assert_eq!(net.leg(bank(hk_bank()), issue(1)).status, Status::Accc);
    let uetr = net.uetr();
    let expires_at = net.now.after_ms(2000);
    let reserve = Reserve { payer: ALICE, payee: SUPPLIER, asset: POINTS, amount: money(huge), expires_at, uetr };
    assert_eq!(net.leg(of(ALICE), Leg::Reserve(reserve)).status, Status::Accc);
    let refused = reason(net.leg(bank(hk_bank()), issue(2)));
    assert_eq!(refused, Reason::SumTooLarge { present: money(huge + 500), amount: money(huge) });
    assert_eq!(reason(net.leg(bank(hk_bank()), issue(2))).iso(), "AM09");
    assert_eq!(net.balance(ALICE, POINTS).available, money(huge + 500), "the hold came back by itself");
}

#[test]
fn a_frozen_account_neither_pays_nor_redeems() {
    let mut net = Net::default();
    let request =
        RedeemRequest { account: ALICE, asset: HKD, amount: money(100), expires_at: net.now.after_ms(600_000) };
    assert_eq!(net.leg(of(ALICE), Leg::RedeemRequest(request)).status, Status::Accc);
    let redemption = *net.state.tables().holds.sorted()[0].0;
    let hold = net.hold(500, 600_000);
    let freeze = |kind| Admin::Freeze(Freeze { account: ALICE, by: supervisor(), kind });
    assert_eq!(net.admin(bank(supervisor()), freeze(FreezeKind::NoDebits)).status, Status::Accc);
    let frozen = Reason::DebtorFrozen { account: ALICE };
    let paid = net.pay(ALICE, SUPPLIER, 1);
    assert_eq!(reason(net.leg(of(ALICE), paid)), frozen);
    assert_eq!(reason(net.leg(of(SUPPLIER), Leg::Post(PostHold { hold, amount: money(5) }))), frozen);
    let confirm = || Leg::RedeemConfirm(RedeemConfirm { hold: redemption, reference: "OUT".parse().unwrap() });
    assert_eq!(reason(net.leg(bank(hk_bank()), confirm())), frozen);
    let incoming = net.pay(AGENTED, ALICE, 5);
    assert_eq!(net.leg(bank(hk_bank()), incoming).status, Status::Accc, "credits still post");
    assert_eq!(net.admin(bank(supervisor()), freeze(FreezeKind::Full)).status, Status::Accc);
    let incoming = net.pay(AGENTED, ALICE, 5);
    assert_eq!(reason(net.leg(bank(hk_bank()), incoming)), Reason::CreditorFrozen { account: ALICE });
    // Only who froze unfreezes, even after its role is gone.
    let unfreeze = |by| Admin::Unfreeze(Unfreeze { account: ALICE, by });
    assert_eq!(reason(net.admin(bank(hk_bank()), unfreeze(hk_bank()))), Reason::NotFrozenBy { bic: hk_bank() });
    let retired = SetParticipant { bic: supervisor(), participant: participant(supervisor(), "HK", &["SG"]) };
    assert_eq!(net.admin(Submitter::Authority, Admin::SetParticipant(retired)).status, Status::Accc);
    assert_eq!(net.admin(bank(supervisor()), unfreeze(supervisor())).status, Status::Accc);
    assert_eq!(net.leg(bank(hk_bank()), confirm()).status, Status::Accc);
}

#[test]
fn limits_count_what_is_bound_and_give_back_what_is_released() {
    let mut net = Net::default();
    let limits = |limits| Admin::SetTierLimits(SetTierLimits { asset: HKD, tier: Tier(0), limits });
    let day = TierLimits { day_max: Some(money(1000)), payment_max: Some(money(700)), ..TierLimits::default() };
    assert_eq!(net.admin(Submitter::Authority, limits(day)).status, Status::Accc);
    let (amount, maximum) = (money(701), money(700));
    let paid = net.pay(ALICE, SUPPLIER, 701);
    assert_eq!(reason(net.leg(of(ALICE), paid)), Reason::AbovePaymentMax { amount, maximum });
    // A charge hides nothing from the maximum.
    let mut credit = net.credit(SUPPLIER, 1);
    credit.charges = vec![Charge { payee: AGENTED, amount: money(700) }].try_into().unwrap();
    let hidden = transfer(ALICE, vec![credit], BulkMode::AllOrNothing);
    assert_eq!(reason(net.leg(of(ALICE), hidden)), Reason::AbovePaymentMax { amount, maximum });
    let hold = net.hold(600, 600_000);
    let over = Reason::AboveDayMax { amount: money(401), used: money(600), maximum: money(1000) };
    let paid = net.pay(ALICE, SUPPLIER, 401);
    assert_eq!((reason(net.leg(of(ALICE), paid)), over.iso()), (over, "AM14"));
    assert_eq!(net.leg(of(SUPPLIER), Leg::Post(PostHold { hold, amount: money(200) })).status, Status::Accc);
    assert_eq!(net.leg(of(SUPPLIER), Leg::Release(ReleaseHold { hold })).status, Status::Accc);
    let paid = net.pay(ALICE, SUPPLIER, 700);
    assert_eq!(net.leg(of(ALICE), paid).status, Status::Accc, "the released 400 count no more, the posted 200 do");
    let paid = net.pay(ALICE, SUPPLIER, 101);
    assert_eq!(reason(net.leg(of(ALICE), paid)).iso(), "AM14");
    let cap = TierLimits { balance_max: Some(money(1_000_100)), ..TierLimits::default() };
    assert_eq!(net.admin(Submitter::Authority, limits(cap)).status, Status::Accc);
    let paid = net.pay(AGENTED, JOINT, 101);
    let full = Reason::AboveBalanceMax { amount: money(101), booked: 1_000_000, maximum: money(1_000_100) };
    assert_eq!((reason(net.leg(bank(hk_bank()), paid)), full.iso()), (full, "AM21"));
}

#[test]
fn returns_never_exceed_what_was_paid() {
    let mut net = Net::default();
    let credit = net.credit(SUPPLIER, 100);
    let payment = PaymentKey { debtor_agent: hk_bank(), uetr: credit.uetr, kind: CreditKind::Customer };
    assert_eq!(net.leg(of(ALICE), transfer(ALICE, vec![credit], BulkMode::AllOrNothing)).status, Status::Accc);
    let back = |units, reason| Leg::Return(Return { payment, amount: money(units), reason });
    let misplaced = Reason::ReasonMisplaced { reason: StatedReason::Legl };
    assert_eq!(reason(net.leg(of(SUPPLIER), back(1, StatedReason::Legl))), misplaced);
    assert_eq!(net.leg(of(SUPPLIER), back(60, StatedReason::Cust)).status, Status::Accc);
    let above = Reason::AbovePaid { paid: money(100), returned: money(60), amount: money(41) };
    assert_eq!(reason(net.leg(of(SUPPLIER), back(41, StatedReason::Cust))), above);
    net.now = net.now.after_ms(30 * 86_400_000);
    assert_eq!(net.leg(of(SUPPLIER), back(40, StatedReason::Focr)).status, Status::Accc);
    assert_eq!(reason(net.leg(of(SUPPLIER), back(1, StatedReason::Cust))).iso(), "AM09");
    assert_eq!((net.available(ALICE), net.available(SUPPLIER)), (1_000_000, 0));
    let unknown = PaymentKey { uetr: Uetr::from_random([3; 16]), ..payment };
    let body = Body::Single(Leg::Return(Return { payment: unknown, amount: money(1), reason: StatedReason::Cust }));
    assert_eq!(net.void(of(SUPPLIER), &[of(SUPPLIER)], body), VoidReason::PaymentUnknown { payment: unknown });
}

#[test]
fn a_reference_elsewhere_works_once() {
    let mut net = Net::default();
    let reference = "RTGS-1".parse().unwrap();
    let issue = || Leg::Issue(Issue { asset: HKD, account: ALICE, amount: money(5), reference });
    assert_eq!(net.leg(bank(hk_bank()), issue()).status, Status::Accc);
    let used = Reason::ReferenceUsed { issuer: hk_bank(), reference };
    assert_eq!((reason(net.leg(bank(hk_bank()), issue())), used.iso()), (used, "AM05"));
    assert_eq!(net.available(ALICE), 1_000_005);
}

#[test]
fn a_key_that_anyone_can_sign_for_owns_nothing() {
    // The identity of the curve: under ZIP-215 an all-zero response verifies for every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let key = seaway_types::PublicKey::Ed25519(identity);
    let weak = seaway_types::KeyPolicy::single(key);
    let mut net = Net::default();
    let refused = Reason::KeyUnusable { key };
    let change = Admin::ChangeKeys(ChangeKeys { account: ALICE, owner: weak.clone() });
    assert_eq!(reason(net.admin(of(ALICE), change)), refused);
    let opened = OpenAccount {
        owner: weak.clone(),
        ..open(NOBODY, hk_bank(), DebitAuthority::Holder, AccountClass::Customer, 0)
    };
    assert_eq!(reason(net.admin(bank(hk_bank()), Admin::OpenAccount(opened))), refused);
    let authority = Admin::SetAuthority(SetAuthority { authority: weak.clone() });
    assert_eq!(reason(net.admin(Submitter::Authority, authority)), refused);
    let mut record = participant(sg_bank(), "SG", &[]);
    record.policy = weak;
    let set = Admin::SetParticipant(SetParticipant { bic: sg_bank(), participant: record });
    assert_eq!(reason(net.admin(Submitter::Authority, set)), refused);
    let mut unsorted = participant(supervisor(), "HK", &["HK"]);
    unsorted.roles.supervisor_of = vec!["SG".parse().unwrap(), "HK".parse().unwrap()].try_into().unwrap();
    let set = Admin::SetParticipant(SetParticipant { bic: supervisor(), participant: unsorted });
    assert_eq!(reason(net.admin(Submitter::Authority, set)), Reason::JurisdictionsUnsorted);
}

#[test]
fn a_suspended_issuer_issues_nothing() {
    let mut net = Net::default();
    let mut record = participant(sg_bank(), "SG", &[]);
    record.active = false;
    let set = Admin::SetParticipant(SetParticipant { bic: sg_bank(), participant: record });
    assert_eq!(net.admin(Submitter::Authority, set).status, Status::Accc);
    let issue = Leg::Issue(Issue { asset: SGD, account: ALICE, amount: money(5), reference: "R".parse().unwrap() });
    assert_eq!(reason(net.leg(bank(sg_bank()), issue)), Reason::IssuerUnknown { issuer: sg_bank() });
    let paid = net.pay(ALICE, SUPPLIER, 1);
    assert_eq!(reason(net.leg(of(ALICE), paid)), Reason::CreditorAgentSuspended { agent: sg_bank() });
}

#[test]
fn a_full_house_says_so() {
    let mut net = Net::default();
    for n in 0..65u8 {
        let id = seaway_types::AccountId([100 + n; 16]);
        let owner_id = seaway_types::OwnerId([5; 16]);
        let opened =
            OpenAccount { owner_id, ..open(id, hk_bank(), DebitAuthority::Holder, AccountClass::Customer, 0) };
        let receipt = net.admin(bank(hk_bank()), Admin::OpenAccount(opened));
        match n {
            64 => assert_eq!(reason(receipt), Reason::OwnerAccountsFull { count: 64 }),
            _ => assert_eq!(receipt.status, Status::Accc),
        }
    }
    let record = |code: &str, issuer| asset(code, issuer, seaway_types::AssetKind::SettlementBankMoney);
    let set = |id, record| Admin::SetAsset(SetAsset { asset: AssetId(id), record });
    let next = Reason::AssetIdNotNext { given: AssetId(9), next: AssetId(4) };
    assert_eq!(reason(net.admin(Submitter::Authority, set(9, record("EUR", hk_bank())))), next);
    let private = Reason::AssetRecord { asset: AssetId(4) };
    assert_eq!(reason(net.admin(Submitter::Authority, set(4, record("ZZB", hk_bank())))), private);
    let issuer = Reason::IssuerUnknown { issuer: supervisor() };
    assert_eq!(reason(net.admin(Submitter::Authority, set(4, record("EUR", supervisor())))), issuer);
    let twin = Reason::AssetNameTaken { asset: HKD };
    assert_eq!(reason(net.admin(Submitter::Authority, set(4, record("HKD", hk_bank())))), twin);
    let default = Reason::DefaultTaken { asset: HKD };
    assert_eq!(reason(net.admin(Submitter::Authority, set(4, record("HKD", sg_bank())))), default);
    assert_eq!(net.admin(Submitter::Authority, set(4, record("EUR", sg_bank()))).status, Status::Accc);
}
