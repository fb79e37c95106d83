//! ISO 20022 messages as banks send them, and what they ask of the ledger.

use crate::Target;
use crate::day::day;
use seaway_genesis::ceremony;
use seaway_iso20022::message::{
    CreditTransfer, Document, InitiationReport, Message, Resolution, Status, StatusReport,
};
use seaway_iso20022::order::{Known, KnownPayment, Outcome, Request, faults};
use seaway_types::amount::Amount;
use seaway_types::state::PaymentFacts;
use seaway_types::time::BlockTime;
use seaway_types::{AccountId, AssetId};
use std::fmt::Debug;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "iso", run, seeds, bytes_max: 32 << 10 };

/// A message that is read is written as a text that is read as the same. Whatever a message asks is answered by one that can be
/// read, and is asked of the ledger the same way each time; a message that is in order has no faults, and any other has some.
fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _report: Option<Message<StatusReport>> = read(&text);
    let request = Request::read(&text);
    let order = request.as_ref().map_err(Clone::clone).and_then(Request::order);
    assert_eq!(faults(&text).is_empty(), order.is_ok());
    let Ok(request) = request else { return };
    assert_eq!(Request::read(&request.write()).as_ref(), Ok(&request));
    let time = BlockTime::from_ms(1_793_691_000_000).expect("a time");
    let order = match order {
        Ok(order) => order,
        Err(fault) => return readable(&request, &Outcome::refused(&fault, time)),
    };
    let book = day().signed.document.asset_book();
    let accounts: Vec<AccountId> = order.accounts.iter().map(|_| AccountId([1; 16])).collect();
    let amount = Amount::new(1_000_000).expect("an amount");
    let facts = PaymentFacts { debtor: AccountId([1; 16]), creditor: AccountId([2; 16]), asset: AssetId(1), amount };
    let payment = KnownPayment { facts, returned: Amount::ZERO, recalled: true };
    let payments: Vec<KnownPayment> = order.payments.iter().map(|_| payment).collect();
    let known = Known { assets: &book, accounts: &accounts, payments: &payments, salt: &[3; 32] };
    let body = request.body(&order, &known);
    assert_eq!(body, request.body(&order, &known));
    if let Err(fault) = &body {
        readable(&request, &Outcome::refused(fault, time));
    }
    let refused = Some(("AM04".to_owned(), "the account holds less".to_owned()));
    for (status, reason) in [(Status::Rejected, refused), (Status::Credited, None), (Status::Partly, None)] {
        readable(&request, &Outcome { status, reason, time, reference: "7-1".parse().ok(), credits: Vec::new() });
    }
}

/// An answer, if there is one, can be read and says the same then.
fn readable(request: &Request, outcome: &Outcome) {
    let Some(answer) = request.answer(outcome) else { return };
    match answer.definition.as_str() {
        "pacs.002.001.10" => assert!(read::<StatusReport>(&answer.text).is_some(), "{}", answer.text),
        "camt.029.001.09" => assert!(read::<Resolution>(&answer.text).is_some(), "{}", answer.text),
        "pain.002.001.10" => assert!(read::<InitiationReport>(&answer.text).is_some(), "{}", answer.text),
        other => panic!("{other} answers"),
    }
}

/// The message in a text, if there is one: then it can be read from what it is written as.
fn read<D: Document + PartialEq + Debug>(text: &str) -> Option<Message<D>> {
    let message: Message<D> = Message::read(text).ok()?;
    let written = message.write();
    match Message::<D>::read(&written) {
        Ok(again) => assert!(again == message, "{message:?} is written as {written}"),
        Err(fault) => panic!("{fault}: {written}"),
    }
    Some(message)
}

fn seeds() -> Vec<Vec<u8>> {
    let filled = ceremony::DEVNET_PACS008
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e");
    let message: Message<CreditTransfer> = Message::read(&filled).expect("the devnet's message");
    let time = BlockTime::from_ms(1_793_691_000_000).expect("a time");
    let reason = Some(("AM04".to_owned(), "the account holds less".to_owned()));
    let outcome =
        Outcome { status: Status::Rejected, reason, time, reference: "7-1".parse().ok(), credits: Vec::new() };
    let report = Request::Customer(message.clone()).answer(&outcome).expect("an answer").text;
    let exchanged = filled.replacen(
        "<ChrgBr>",
        "<InstdAmt Ccy=\"USD\">16000.00</InstdAmt><XchgRate>7.8125</XchgRate><ChrgBr>",
        1,
    );
    let iban = filled.replace("<Othr><Id>sg-supplier</Id></Othr>", "<IBAN>GB82WEST12345698765432</IBAN>");
    let alone = Message { header: None, ..message };
    let texts = [filled, alone.write(), report, exchanged, iban];
    texts.into_iter().map(String::into_bytes).collect()
}
