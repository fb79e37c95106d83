//! ISO 20022 messages as banks send them, and what they ask of the ledger.

use crate::Target;
use crate::day::day;
use seaway_genesis::ceremony;
use seaway_iso20022::message::{CreditTransfer, Document, Message, Status, StatusReport};
use seaway_iso20022::order::{Order, Outcome, rejection};
use seaway_types::AccountId;
use seaway_types::time::BlockTime;
use std::fmt::Debug;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "iso", run, seeds, bytes_max: 32 << 10 };

/// A message that is read is written as a text that is read as the same. Whatever a pacs.008 says is answered by a pacs.002 that
/// can be read, and what it asks of the ledger is asked the same way each time.
fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _report: Option<Message<StatusReport>> = read(&text);
    let Some(message) = read::<CreditTransfer>(&text) else { return };
    let time = BlockTime::from_ms(1_793_691_000_000).expect("a time");
    let order = match Order::new(message.clone()) {
        Ok(order) => order,
        Err(fault) => return readable(&rejection(&message, &fault, time)),
    };
    let book = day().signed.document.asset_book();
    let (debtor, creditor) = (AccountId([1; 16]), AccountId([2; 16]));
    let body = order.body(&book, debtor, creditor, &[3; 32]);
    assert_eq!(body, order.body(&book, debtor, creditor, &[3; 32]));
    if let Err(fault) = &body {
        readable(&rejection(&message, fault, time));
    }
    let refused = Some(("AM04".to_owned(), "the account holds less".to_owned()));
    let reference = "7-1".parse().ok();
    readable(&order.answer(&Outcome { status: Status::Rejected, reason: refused, time, reference }));
    readable(&order.answer(&Outcome { status: Status::Credited, reason: None, time, reference }));
}

/// The message in a text, if there is one: then it can be read from what it is written as.
fn read<D: Document + PartialEq + Debug>(text: &str) -> Option<Message<D>> {
    let message: Message<D> = Message::read(text).ok()?;
    readable(&message);
    Some(message)
}

/// What we write can be read, as the same.
fn readable<D: Document + PartialEq + Debug>(message: &Message<D>) {
    let written = message.write();
    match Message::<D>::read(&written) {
        Ok(read) => assert!(read == *message, "{message:?} is written as {written}"),
        Err(fault) => panic!("{fault}: {written}"),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let filled = ceremony::DEVNET_PACS008
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e");
    let message: Message<CreditTransfer> = Message::read(&filled).expect("the devnet's message");
    let order = Order::new(message.clone()).expect("the devnet's message is an order");
    let time = BlockTime::from_ms(1_793_691_000_000).expect("a time");
    let report = order.answer(&Outcome {
        status: Status::Rejected,
        reason: Some(("AM04".to_owned(), "the account holds less".to_owned())),
        time,
        reference: "7-1".parse().ok(),
    });
    let exchanged = filled.replacen(
        "<ChrgBr>",
        "<InstdAmt Ccy=\"USD\">16000.00</InstdAmt><XchgRate>7.8125</XchgRate><ChrgBr>",
        1,
    );
    let iban = filled.replace("<Othr><Id>sg-supplier</Id></Othr>", "<IBAN>GB82WEST12345698765432</IBAN>");
    let alone = Message { header: None, ..message };
    let texts = [filled, alone.write(), report.write(), exchanged, iban];
    texts.into_iter().map(String::into_bytes).collect()
}
