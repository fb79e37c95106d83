//! Messages made from the ledger alone: each is valid, says what the ledger says, and would ask for the same if a bank
//! sent it.

mod beside;

use beside::{assets, check_whole};
use seaway_iso20022::message::{
    Agent, CancellationRequest, CodeOrText, Confirmation, Document, Header, HeaderParty, LongText, Message, Moment,
    PaymentReturn, Resolution, ResolutionStatus, Status, StatusReport,
};
use seaway_iso20022::order::{
    CreditResult, Known, KnownPayment, Original, Outcome, Place, Request, credit_status, follow_up,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetId, Exponent};
use seaway_types::bounded::Bounded;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::follow_up::{Accept, RecallAnswer, RecallRequest, Return};
use seaway_types::instruction::payment::{ChargeBearer, Credit, CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::StatedReason;
use seaway_types::state::PaymentFacts;
use seaway_types::text::Text35;
use seaway_types::time::BlockTime;
use std::collections::BTreeSet;

const PAYER: &str = "HARBHKHH";
const PAYEE: &str = "MERLSGSG";
const KINDS: [CreditKind; 3] = [CreditKind::Customer, CreditKind::Institution, CreditKind::Cover];

fn time() -> BlockTime {
    "2026-11-24T01:02:04.567Z".parse().unwrap()
}

fn money(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

fn key(kind: CreditKind) -> PaymentKey {
    let uetr = "0f8fad5b-d9cb-469f-a165-70867728950e".parse().unwrap();
    PaymentKey { debtor_agent: PAYER.parse().unwrap(), uetr, kind }
}

/// Harbour Bank paid 125,000 Hong Kong dollars to Merlion Bank.
fn original(kind: CreditKind) -> Original {
    Original {
        payment: key(kind),
        end_to_end: "INVOICE-2026-0817".parse().unwrap(),
        creditor_agent: PAYEE.parse().unwrap(),
        currency: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        paid: money(12_500_000),
        paid_on: "2026-11-23".parse().unwrap(),
        reference: "4711-0".parse().unwrap(),
    }
}

fn place(leg: u8) -> Place {
    Place { reference: "4800-3".parse().unwrap(), leg, time: time(), day: "2026-11-24".parse().unwrap() }
}

/// The message of a leg, of which it is expected to be one.
fn made(leg: &Leg, kind: CreditKind, definition: &str) -> String {
    let answer = follow_up(leg, &original(kind), &place(0)).unwrap();
    assert_eq!(answer.definition, definition);
    assert_eq!(follow_up(leg, &original(kind), &place(0)), Some(answer.clone()), "the same each time");
    answer.text
}

/// What a message would ask for.
fn asks(text: &str) -> Body {
    let (debtor, creditor) = (AccountId([1; 16]), AccountId([2; 16]));
    let facts = PaymentFacts { debtor, creditor, asset: AssetId(1), amount: money(12_500_000) };
    let payment = KnownPayment { facts, returned: Amount::ZERO, recalled: false };
    let assets = assets();
    let known = Known { assets: &assets, accounts: &[], payments: &[payment], salt: &[0; 32] };
    let request = Request::read(text).unwrap();
    request.body(&request.order().unwrap(), &known).unwrap()
}

/// Checks a message under the header with which it would be sent on: usage rules are about both.
fn check_under_header<D: Document>(text: &str, id: Text35, from: &str, to: &str) {
    let party = |bic: &str| HeaderParty::Institution(Agent::of(bic.parse().unwrap()));
    let header = Header {
        from: party(from),
        to: party(to),
        id,
        definition: LongText::cut(D::DEFINITION).unwrap(),
        service: LongText::cut("seaway.devnet.01"),
        created: Moment(time()),
        possible_duplicate: None,
        priority: None,
    };
    let message: Message<D> = Message::read(text).unwrap();
    assert_eq!(message.write(), text);
    check_whole(&Message { header: Some(header), document: message.document }.write());
}

fn recalls(kind: CreditKind, reason: StatedReason) -> Leg {
    Leg::RecallRequest(RecallRequest { payment: key(kind), reason })
}

fn answers(kind: CreditKind, refusal: Option<StatedReason>) -> Leg {
    Leg::RecallAnswer(RecallAnswer { payment: key(kind), refusal })
}

#[test]
fn a_recall_is_a_request_to_cancel() {
    for reason in StatedReason::ALL {
        let leg = recalls(CreditKind::Customer, reason);
        if reason.codes().cancellation.is_none() {
            assert_eq!(follow_up(&leg, &original(CreditKind::Customer), &place(0)), None, "{reason}");
            continue;
        }
        let text = made(&leg, CreditKind::Customer, "camt.056.001.08");
        assert_eq!(asks(&text), Body::Single(leg));
        let request: Message<CancellationRequest> = Message::read(&text).unwrap();
        let id = request.document.assignment.id;
        assert_eq!(id.as_str().len(), 32);
        check_under_header::<CancellationRequest>(&text, id, PAYER, PAYEE);
    }
    for kind in KINDS {
        let leg = recalls(kind, StatedReason::Dupl);
        let text = made(&leg, kind, "camt.056.001.08");
        assert_eq!(asks(&text), Body::Single(leg), "the kind is known again");
        for part in [
            "<OrgnlMsgId>NOTPROVIDED<",
            "<OrgnlEndToEndId>INVOICE-2026-0817<",
            "<OrgnlClrSysRef>4711-0<",
            "<OrgnlIntrBkSttlmAmt Ccy=\"HKD\">125000.00<",
            "<OrgnlIntrBkSttlmDt>2026-11-23<",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn the_answer_to_a_recall_refuses_or_agrees() {
    let resolution = |kind, refusal| {
        let leg = answers(kind, refusal);
        let text = made(&leg, kind, "camt.029.001.09");
        assert_eq!(asks(&text), Body::Single(leg));
        let resolution: Message<Resolution> = Message::read(&text).unwrap();
        (text, resolution.document)
    };
    for reason in StatedReason::ALL {
        if reason.codes().refusal.is_none() {
            let leg = answers(CreditKind::Customer, Some(reason));
            assert_eq!(follow_up(&leg, &original(CreditKind::Customer), &place(0)), None, "{reason}");
            continue;
        }
        let (text, document) = resolution(CreditKind::Customer, Some(reason));
        assert_eq!(document.status, ResolutionStatus::Confirmed(Confirmation::Rejected));
        check_under_header::<Resolution>(&text, document.assignment.id, PAYEE, PAYER);
    }
    for kind in KINDS {
        let (text, document) = resolution(kind, None);
        assert_eq!(document.status, ResolutionStatus::Confirmed(Confirmation::Cancelled));
        assert_eq!(document.details.transaction.reason, None);
        check_under_header::<Resolution>(&text, document.assignment.id, PAYEE, PAYER);
        // Recall and answer are of one case.
        let recall = made(&recalls(kind, StatedReason::Cust), kind, "camt.056.001.08");
        let recall: Message<CancellationRequest> = Message::read(&recall).unwrap();
        let case = document.details.transaction.case;
        assert!(case.is_some());
        assert_eq!(recall.document.underlying.transaction.case, case);
    }
}

#[test]
fn a_return_gives_back_what_the_ledger_gave_back() {
    for kind in KINDS {
        for (amount, reason) in [(12_500_000, StatedReason::Focr), (1, StatedReason::Narr), (5, StatedReason::Ac04)] {
            let leg = Leg::Return(Return { payment: key(kind), amount: money(amount), reason });
            let text = made(&leg, kind, "pacs.004.001.09");
            let back: Message<PaymentReturn> = Message::read(&text).unwrap();
            check_under_header::<PaymentReturn>(&text, back.document.group.id, PAYEE, PAYER);
            assert_eq!(back.document.transaction.reference.unwrap().as_str(), "4800-3");
            let information = &back.document.transaction.reason.unwrap().information;
            let said: Vec<&str> = information.iter().map(LongText::as_str).collect();
            assert_eq!(said.contains(&"PART"), amount < 12_500_000, "{said:?}");
            assert_eq!(said.contains(&"the ledger holds the code alone"), reason == StatedReason::Narr, "{said:?}");
            // Settlement gives the reference: who sends the same has none yet.
            assert_eq!(asks(&text.replace("<ClrSysRef>4800-3</ClrSysRef>", "")), Body::Single(leg));
        }
    }
}

#[test]
fn what_is_done_twice_is_told_twice() {
    let back = Return { payment: key(CreditKind::Customer), amount: money(5), reason: StatedReason::Cust };
    let id = |place: &Place| {
        let answer = follow_up(&Leg::Return(back.clone()), &original(CreditKind::Customer), place).unwrap();
        let message: Message<PaymentReturn> = Message::read(&answer.text).unwrap();
        message.document.group.id
    };
    let elsewhere = Place { reference: "4800-4".parse().unwrap(), ..place(0) };
    let ids = BTreeSet::from([id(&place(0)), id(&place(1)), id(&elsewhere)]);
    assert_eq!(ids.len(), 3);
    let accept = Leg::Accept(Accept { payment: key(CreditKind::Customer) });
    assert_eq!(follow_up(&accept, &original(CreditKind::Customer), &place(0)), None);
}

fn credit(kind: CreditKind) -> Credit {
    let PaymentKey { debtor_agent, uetr, .. } = key(kind);
    Credit {
        kind,
        uetr,
        end_to_end_id: "INVOICE-2026-0817".parse().unwrap(),
        creditor: AccountId([2; 16]),
        amount: money(12_500_000),
        instructing_agent: debtor_agent,
        debtor_agent,
        creditor_agent: PAYEE.parse().unwrap(),
        instructed: None,
        charge_bearer: ChargeBearer::Shared,
        charges: Bounded::default(),
        purpose: None,
        party_data_hash: None,
        remittance_hash: None,
        acceptance: None,
    }
}

#[test]
fn a_credit_is_reported_as_it_stands() {
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        for status in [Status::Pending, Status::Settled, Status::Credited, Status::Rejected] {
            let rejected = status == Status::Rejected;
            let reason = rejected.then(|| ("RR03".to_owned(), "the creditor's agent did not answer".to_owned()));
            let result = CreditResult { uetr: key(kind).uetr, status, reason, time: time() };
            let answer = credit_status(&credit(kind), &result, "4711-0".parse().unwrap()).unwrap();
            assert_eq!(answer.definition, "pacs.002.001.10");
            let report: Message<StatusReport> = Message::read(&answer.text).unwrap();
            let (id, transaction) = (report.document.group.id, &report.document.transaction);
            let original = transaction.original.as_ref().unwrap();
            assert_eq!((original.id.as_str(), original.created), ("NOTPROVIDED", None));
            let definition = if kind == CreditKind::Customer { "pacs.008.001.08" } else { "pacs.009.001.08" };
            assert_eq!(original.definition.as_str(), definition);
            assert_eq!((transaction.status, transaction.uetr), (status, Some(result.uetr)));
            assert_eq!(transaction.end_to_end.unwrap().as_str(), "INVOICE-2026-0817");
            assert_eq!(transaction.reference.unwrap().as_str(), "4711-0");
            let code = transaction.reasons.first().and_then(|reason| reason.reason.clone());
            assert_eq!(code, rejected.then(|| CodeOrText::Code(LongText::cut("RR03").unwrap())));
            check_under_header::<StatusReport>(&answer.text, id, PAYEE, PAYER);
            assert!(ids.insert(id), "each report has an id of its own");
        }
    }
    let other = Credit { end_to_end_id: "INVOICE-2026-0818".parse().unwrap(), ..credit(CreditKind::Customer) };
    let result = CreditResult { uetr: other.uetr, status: Status::Pending, reason: None, time: time() };
    let answer = credit_status(&other, &result, "4711-0".parse().unwrap()).unwrap();
    let report: Message<StatusReport> = Message::read(&answer.text).unwrap();
    assert!(ids.insert(report.document.group.id));
}

/// A camt.029 answers that a request is noted, or why it is not: before that there is none.
#[test]
fn a_request_that_is_not_yet_noted_has_no_answer() {
    let text = made(&recalls(CreditKind::Customer, StatedReason::Cust), CreditKind::Customer, "camt.056.001.08");
    let request = Request::read(&text).unwrap();
    let answer = |status| {
        let outcome = Outcome { status, reason: None, time: time(), reference: None, credits: Vec::new() };
        request.answer(&outcome)
    };
    assert_eq!((answer(Status::Received), answer(Status::Authentic)), (None, None));
    assert!(answer(Status::Credited).is_some());
}
