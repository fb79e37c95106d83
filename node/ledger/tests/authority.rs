//! The authority matrix: each body, signed by everyone who is not entitled, is left out of the block with a reason, takes
//! no key and changes nothing; signed by who is, it runs.

mod common;

use common::*;
use seaway_types::AccountId;
use seaway_types::Calendar;
use seaway_types::instruction::admin::*;
use seaway_types::instruction::follow_up::*;
use seaway_types::instruction::hold::{PostHold, ReleaseHold, Reserve};
use seaway_types::instruction::payment::*;
use seaway_types::instruction::supply::*;
use seaway_types::instruction::{Body, Leg, Submitter};
use seaway_types::reason::{StatedReason, VoidReason};
use seaway_types::receipt::Status;
use seaway_types::state::{
    AccountClass, CalendarKey, DebitAuthority, FreezeKind, Hold, HoldPurpose, Tier, TierLimits, ValidatorSet,
};
use seaway_types::time::Height;

/// Everybody who could sign anything here.
fn everybody() -> Vec<Submitter> {
    let accounts = [ALICE, AGENTED, JOINT, SUPPLIER, SG_OWN].map(of);
    let banks = [hk_bank(), sg_bank(), supervisor()].map(bank);
    accounts.into_iter().chain(banks).chain([Submitter::Authority]).collect()
}

/// A body, and the lists of parties of which each is entitled.
struct Row {
    name: &'static str,
    body: Body,
    entitled: Vec<Vec<Submitter>>,
}

fn row(name: &'static str, body: Body, entitled: &[&[Submitter]]) -> Row {
    Row { name, body, entitled: entitled.iter().map(|side| side.to_vec()).collect() }
}

fn leg(name: &'static str, leg: Leg, entitled: &[&[Submitter]]) -> Row {
    row(name, Body::Single(leg), entitled)
}

fn admin(name: &'static str, admin: Admin, entitled: &[&[Submitter]]) -> Row {
    row(name, Body::Admin(admin), entitled)
}

/// A network with a settled payment, a waiting one, one to confirm, a hold, an expired-to-be hold and a redemption.
struct Scene {
    net: Net,
    settled: PaymentKey,
    waiting: PaymentKey,
    confirmable: PaymentKey,
    hold: seaway_types::HoldId,
    redemption: seaway_types::HoldId,
}

fn scene() -> Scene {
    let mut net = Net::default();
    let threshold = SetThreshold { jurisdiction: "SG".parse().unwrap(), asset: HKD, threshold: Some(money(5000)) };
    assert_eq!(net.admin(Submitter::Authority, Admin::SetThreshold(threshold)).status, Status::Accc);
    let mut pay = |creditor, units| {
        let credit = net.credit(creditor, units);
        let key = PaymentKey { debtor_agent: hk_bank(), uetr: credit.uetr, kind: CreditKind::Customer };
        let body = transfer(ALICE, vec![credit], BulkMode::EachOnItsOwn);
        (key, net.leg(of(ALICE), body).status)
    };
    let (settled, first) = pay(SUPPLIER, 1000);
    let (waiting, second) = pay(SUPPLIER, 6000);
    let (confirmable, third) = pay(SG_OWN, 1000);
    assert_eq!((first, second, third), (Status::Accc, Status::Pdng, Status::Acsc));
    let hold = net.hold(500, 3_600_000);
    let request =
        RedeemRequest { account: ALICE, asset: HKD, amount: money(300), expires_at: net.now.after_ms(3_600_000) };
    assert_eq!(net.leg(of(ALICE), Leg::RedeemRequest(request)).status, Status::Accc);
    let is_redemption = |hold: &Hold| hold.purpose == HoldPurpose::Redemption;
    let holds = net.state.tables().holds.sorted();
    let redemption = *holds.iter().find(|(_, hold)| is_redemption(hold)).unwrap().0;
    let recall = RecallRequest { payment: settled, reason: StatedReason::Dupl };
    assert_eq!(net.leg(of(ALICE), Leg::RecallRequest(recall)).status, Status::Accc);
    Scene { net, settled, waiting, confirmable, hold, redemption }
}

fn rows(scene: &mut Scene) -> Vec<Row> {
    let (alice, hk, sg) = (of(ALICE), bank(hk_bank()), bank(sg_bank()));
    let authority = Submitter::Authority;
    let Scene { net, settled, waiting, confirmable, hold, redemption } = scene;
    let (settled, waiting, confirmable, hold, redemption) = (*settled, *waiting, *confirmable, *hold, *redemption);
    let later = net.now.after_ms(1_000_000);
    let uetr = net.uetr();
    let reserve = |payer| Reserve { payer, payee: SUPPLIER, asset: HKD, amount: money(1), expires_at: later, uetr };
    let redeem = |account| RedeemRequest { account, asset: HKD, amount: money(1), expires_at: later };
    let payback = Return { payment: settled, amount: money(1), reason: StatedReason::Cust };
    let issue = Issue { asset: HKD, account: SUPPLIER, amount: money(1), reference: "R1".parse().unwrap() };
    let keys = policy(of(NOBODY));
    let new = open(NOBODY, hk_bank(), DebitAuthority::Holder, AccountClass::Customer, 0);
    let participant = participant(sg_bank(), "SG", &[]);
    let calendar = |of| SetCalendar { of, calendar: Calendar::default() };
    let freeze = |by| Freeze { account: ALICE, by, kind: FreezeKind::NoCredits };
    vec![
        leg("pay, holder", net.pay(ALICE, SUPPLIER, 1), &[&[alice]]),
        leg("pay, agent", net.pay(AGENTED, SUPPLIER, 1), &[&[hk]]),
        leg("pay, both", net.pay(JOINT, SUPPLIER, 1), &[&[of(JOINT), hk]]),
        leg("reserve, holder", Leg::Reserve(reserve(ALICE)), &[&[alice]]),
        leg("reserve, agent", Leg::Reserve(reserve(AGENTED)), &[&[hk]]),
        leg("reserve, both", Leg::Reserve(reserve(JOINT)), &[&[of(JOINT), hk]]),
        leg("post", Leg::Post(PostHold { hold, amount: money(1) }), &[&[of(SUPPLIER)]]),
        leg("release before expiry", Leg::Release(ReleaseHold { hold }), &[&[of(SUPPLIER)]]),
        leg("release of a redemption", Leg::Release(ReleaseHold { hold: redemption }), &[&[hk]]),
        leg("issue", Leg::Issue(issue), &[&[hk]]),
        leg("redeem", Leg::RedeemRequest(redeem(JOINT)), &[&[of(JOINT), hk]]),
        leg(
            "confirm a redemption",
            Leg::RedeemConfirm(RedeemConfirm { hold: redemption, reference: "R2".parse().unwrap() }),
            &[&[hk]],
        ),
        leg("return", Leg::Return(payback), &[&[of(SUPPLIER)], &[sg]]),
        leg(
            "recall",
            Leg::RecallRequest(RecallRequest { payment: confirmable, reason: StatedReason::Dupl }),
            &[&[alice], &[hk]],
        ),
        leg("answer", Leg::RecallAnswer(RecallAnswer { payment: settled, refusal: None }), &[&[sg]]),
        leg("accept", Leg::Accept(Accept { payment: waiting }), &[&[sg]]),
        leg("refuse", Leg::Refuse(Refuse { payment: waiting, reason: StatedReason::Rr03 }), &[&[sg]]),
        leg("confirm", Leg::Confirm(Confirm { payment: confirmable }), &[&[sg]]),
        row(
            "bundle",
            Body::Bundle(vec![net.pay(ALICE, SUPPLIER, 1), net.pay(AGENTED, SUPPLIER, 1)].try_into().unwrap()),
            &[&[alice, hk]],
        ),
        admin("open account", Admin::OpenAccount(new), &[&[hk]]),
        admin("close account", Admin::CloseAccount(CloseAccount { account: SUPPLIER }), &[&[sg]]),
        admin("set tier", Admin::SetTier(SetTier { account: ALICE, tier: Tier(3) }), &[&[hk]]),
        admin("freeze by the agent", Admin::Freeze(freeze(hk_bank())), &[&[hk]]),
        admin("freeze by the supervisor", Admin::Freeze(freeze(supervisor())), &[&[bank(supervisor())]]),
        admin("freeze by a stranger", Admin::Freeze(freeze(sg_bank())), &[]),
        admin("unfreeze", Admin::Unfreeze(Unfreeze { account: ALICE, by: hk_bank() }), &[&[hk]]),
        admin(
            "change keys",
            Admin::ChangeKeys(ChangeKeys { account: ALICE, owner: keys.clone() }),
            &[&[alice], &[hk]],
        ),
        admin("veto keys", Admin::VetoKeys(VetoKeys { account: ALICE }), &[&[alice]]),
        admin("participant", Admin::SetParticipant(SetParticipant { bic: sg_bank(), participant }), &[&[authority]]),
        admin(
            "asset",
            Admin::SetAsset(SetAsset {
                asset: SGD,
                record: asset("SGD", sg_bank(), seaway_types::AssetKind::SettlementBankMoney),
            }),
            &[&[authority]],
        ),
        admin("calendar of an asset", Admin::SetCalendar(calendar(CalendarKey::Asset(SGD))), &[&[sg], &[authority]]),
        admin(
            "calendar of a country",
            Admin::SetCalendar(calendar(CalendarKey::Jurisdiction("SG".parse().unwrap()))),
            &[&[authority]],
        ),
        admin(
            "limits",
            Admin::SetTierLimits(SetTierLimits { asset: SGD, tier: Tier(9), limits: TierLimits::default() }),
            &[&[authority]],
        ),
        admin(
            "threshold",
            Admin::SetThreshold(SetThreshold { jurisdiction: "US".parse().unwrap(), asset: SGD, threshold: None }),
            &[&[authority]],
        ),
        admin(
            "validators",
            Admin::SetValidators(SetValidators { validators: ValidatorSet::default() }),
            &[&[authority]],
        ),
        admin("authority", Admin::SetAuthority(SetAuthority { authority: keys }), &[&[authority]]),
        admin(
            "upgrade",
            Admin::ScheduleUpgrade(ScheduleUpgrade { version: 9, height: Height(900) }),
            &[&[authority]],
        ),
    ]
}

#[test]
fn each_body_with_each_wrong_signer_is_left_out() {
    let mut scene = scene();
    let rows = rows(&mut scene);
    let mut net = scene.net;
    let root = net.state.commitment().parts().root();
    let mut tried = 0;
    for row in &rows {
        for who in everybody() {
            let entitled = |side: &Vec<Submitter>| side.iter().all(|party| *party == who);
            if row.entitled.iter().any(entitled) {
                continue;
            }
            let reason = net.void(who, &[who], row.body.clone());
            assert!(matches!(reason.iso(), "DS0H" | "AG01"), "{} by {who:?}: {reason}", row.name);
            tried += 1;
        }
        for side in &row.entitled {
            let instruction = net.signed(side[0], &side[1..], row.body.clone());
            let outcome = net.execute(std::slice::from_ref(&instruction));
            assert!(outcome.is_ok(), "{} by {side:?}: {outcome:?}", row.name);
            // With one signature too many it is left out again: a stranger's key belongs to no policy needed.
            let stranger = net.void(side[0], &[side.as_slice(), &[of(NOBODY)]].concat(), row.body.clone());
            assert!(matches!(stranger, VoidReason::SignerForeign { .. }), "{}: {stranger}", row.name);
            // And a submitter who is no party takes no key, whoever signed.
            let foreign = net.void(of(NOBODY), side, row.body.clone());
            assert!(matches!(foreign, VoidReason::SubmitterForeign { .. }), "{}: {foreign}", row.name);
        }
    }
    assert!(tried > 250, "{tried} combinations");
    assert_eq!(net.state.commitment().parts().root(), root, "nothing of this changed the state");
}

#[test]
fn a_missing_second_signature_is_counted() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(JOINT, SUPPLIER, 1));
    let hk = bank(hk_bank());
    let unmet = |who| VoidReason::PolicyUnmet { who, signed: 0, threshold: 1 };
    assert_eq!(net.void(of(JOINT), &[of(JOINT)], body.clone()), unmet(hk));
    assert_eq!(net.void(hk, &[hk], body.clone()), unmet(of(JOINT)));
    assert_eq!(net.run(of(JOINT), &[hk], body).status, Status::Accc);
    // Two of two must sign for the network; one is not enough.
    let authority = SetAuthority { authority: policy(of(NOBODY)) };
    let envelope = net.envelope(Submitter::Authority, Body::Admin(Admin::SetAuthority(authority)));
    let one = authentic(envelope, &secret(Submitter::Authority)[..1]);
    assert_eq!(net.void_of(one), VoidReason::PolicyUnmet { who: Submitter::Authority, signed: 1, threshold: 2 });
}

#[test]
fn who_is_not_there_cannot_be_signed_for() {
    let mut net = Net::default();
    let body = Body::Single(net.pay(NOBODY, SUPPLIER, 1));
    assert_eq!(net.void(of(NOBODY), &[of(NOBODY)], body), VoidReason::AccountUnknown { account: NOBODY });
    let hold = seaway_types::HoldId([1; 16]);
    let body = Body::Single(Leg::Release(ReleaseHold { hold }));
    assert_eq!(net.void(of(ALICE), &[of(ALICE)], body), VoidReason::HoldUnknown { hold });
    let payment = PaymentKey { debtor_agent: hk_bank(), uetr: net.uetr(), kind: CreditKind::Cover };
    let body = Body::Single(Leg::Confirm(Confirm { payment }));
    assert_eq!(net.void(of(ALICE), &[of(ALICE)], body), VoidReason::PaymentUnknown { payment });
    let open = open(NOBODY, "AAAAUS33".parse().unwrap(), DebitAuthority::Holder, AccountClass::Customer, 0);
    let bic = open.agent;
    let body = Body::Admin(Admin::OpenAccount(open));
    assert_eq!(net.void(bank(bic), &[bank(bic)], body), VoidReason::ParticipantUnknown { bic });
}

#[test]
fn the_payer_releases_a_hold_only_once_it_is_over() {
    let mut net = Net::default();
    let hold = net.hold(500, 60_000);
    let release = || Body::Single(Leg::Release(ReleaseHold { hold }));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], release()), VoidReason::SignerForeign { .. }));
    assert_eq!(net.run(of(SUPPLIER), &[], release()).status, Status::Accc);
    assert_eq!(net.available(ALICE), 1_000_000);
}

#[test]
fn stripping_a_signature_burns_no_key() {
    let mut net = Net::default();
    let hold = net.hold(500, 600_000);
    let legs = vec![Leg::Release(ReleaseHold { hold }), net.pay(ALICE, SUPPLIER, 5)];
    let envelope = net.envelope(of(ALICE), Body::Bundle(legs.try_into().unwrap()));
    let both: Vec<_> = [secret(of(ALICE)), secret(of(SUPPLIER))].concat();
    // The payer's signature alone, taken from the signed bundle, must not run and fail it.
    let stripped = authentic(envelope.clone(), &secret(of(ALICE)));
    assert!(matches!(net.void_of(stripped), VoidReason::PolicyUnmet { .. } | VoidReason::SignerForeign { .. }));
    let receipts = net.block(&[authentic(envelope, &both)]);
    assert!(matches!(receipts[0], seaway_types::Receipt::Instruction(receipt) if receipt.status == Status::Accc));
}

#[test]
fn an_acceptance_by_a_stranger_voids_the_instruction() {
    let mut net = Net::default();
    let mut credit = net.credit(SUPPLIER, 10);
    let not_after = net.now.after_ms(1000);
    let network = "unit".parse().unwrap();
    let said = |credit: &Credit| acceptance_message(network, ALICE, HKD, credit, not_after);
    let sign = |who: Submitter, credit: &Credit| seaway_types::signature::sign(&secret(who)[0], &said(credit));
    let with = |entries: Vec<_>| Some(Acceptance { not_after, signatures: entries.try_into().unwrap() });
    credit.acceptance = with(vec![sign(bank(hk_bank()), &credit)]);
    let body = Body::Single(transfer(ALICE, vec![credit.clone()], BulkMode::AllOrNothing));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], body), VoidReason::AcceptanceUnmet { signed: 0, .. }));
    credit.acceptance = with(vec![sign(bank(sg_bank()), &credit)]);
    let body = Body::Single(transfer(ALICE, vec![credit.clone()], BulkMode::AllOrNothing));
    assert_eq!(net.run(of(ALICE), &[], body).status, Status::Accc);
    // The word given for a customer's payment does not hold for another kind.
    credit.kind = CreditKind::Institution;
    let envelope = net.envelope(of(ALICE), Body::Single(transfer(ALICE, vec![credit], BulkMode::AllOrNothing)));
    let decoded = seaway_types::RawInstruction::from(&envelope.sign(&secret(of(ALICE)))).decode().unwrap();
    assert!(decoded.authenticate().is_err());
}

#[test]
fn keys_change_with_delay_and_veto() {
    let mut net = Net::default();
    let change = |owner: AccountId| Admin::ChangeKeys(ChangeKeys { account: ALICE, owner: policy(of(owner)) });
    assert_eq!(net.admin(bank(hk_bank()), change(NOBODY)).status, Status::Accc);
    assert_eq!(net.admin(of(ALICE), Admin::VetoKeys(VetoKeys { account: ALICE })).status, Status::Accc);
    net.now = net.now.after_ms(4 * 86_400_000);
    assert!(net.block(&[]).is_empty(), "a veto ends the wait");
    assert_eq!(net.admin(bank(hk_bank()), change(NOBODY)).status, Status::Accc);
    net.now = net.now.after_ms(3 * 86_400_000);
    assert_eq!(net.block(&[]).len(), 1, "after three days the block changes them by itself");
    let body = Body::Single(net.pay(ALICE, SUPPLIER, 1));
    assert!(matches!(net.void(of(ALICE), &[of(ALICE)], body.clone()), VoidReason::SignerForeign { .. }));
    let envelope = net.envelope(of(ALICE), body);
    let receipts = net.block(&[authentic(envelope, &secret(of(NOBODY)))]);
    assert_eq!(receipts.len(), 1);
    assert_eq!(net.state.tables().accounts.get(&ALICE).unwrap().owner, policy(of(NOBODY)));
}
