use super::*;
use crate::message::CodeOrText;
use seaway_types::reason::StatedReason;

const UETR: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

fn reported() -> Reported {
    Reported {
        account: AccountId([0x5e; 16]),
        number: None,
        servicer: "HARBHKHH".parse().unwrap(),
        currency: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        asset: "HKD@HARBHKHH".to_owned(),
    }
}

fn booked(credit: bool, minor_units: u64, nature: Nature) -> Booked {
    let details = PaymentDetails {
        end_to_end: "INVOICE-1".parse().unwrap(),
        debtor: AccountId([0x5e; 16]),
        creditor: AccountId([0x5f; 16]),
        debtor_agent: "HARBHKHH".parse().unwrap(),
        creditor_agent: "MERLSGSG".parse().unwrap(),
        amount: amount(12_000),
        charges: amount(500),
        purpose: None,
    };
    Booked {
        height: Height(4711),
        receipt: 3,
        place: 0,
        credit,
        amount: amount(minor_units),
        time: "2026-11-23T01:02:04.567Z".parse().unwrap(),
        value: "2026-11-23".parse().unwrap(),
        uetr: Some(UETR.parse().unwrap()),
        nature,
        payment: Some(details),
    }
}

fn stated(kind: Kind, entries: Vec<Booked>, closing: u64) -> Stated {
    let mut sums = Sums::default();
    entries.iter().for_each(|entry| sums.add(entry.credit, entry.amount.minor_units()));
    Stated {
        kind,
        of: reported(),
        receiver: None,
        day: "2026-11-23".parse().unwrap(),
        from: "2026-11-22T16:00:00.000Z".parse().unwrap(),
        to: "2026-11-23T16:00:00.000Z".parse().unwrap(),
        height: Height(5000),
        page: (1, true),
        balances: Balances { opening: amount(50_000), closing: amount(closing), available: amount(1) },
        sums: Some(sums),
        entries,
    }
}

#[test]
fn a_statement_that_does_not_add_up_is_not_written() {
    let entries = || vec![booked(false, 12_500, Nature::Payment), booked(true, 2_000, Nature::Payment)];
    for kind in [Kind::EndOfDay, Kind::Intraday] {
        assert!(stated(kind, entries(), 39_500).write().is_ok());
        let wrong = stated(kind, entries(), 39_501).write().unwrap_err();
        assert!(wrong.to_string().contains("not 39501"), "{wrong}");
    }
    // An entry alone has no balances.
    let text = stated(Kind::Entry, entries(), 0).write().unwrap();
    assert!(!text.contains("<Bal>") && text.contains("BkToCstmrDbtCdtNtfctn"));
}

#[test]
fn a_payment_shows_its_charges_apart_and_a_return_its_reason() {
    let back = Nature::Return(StatedReason::Ac04);
    let statement =
        stated(Kind::EndOfDay, vec![booked(false, 12_500, Nature::Payment), booked(true, 500, back)], 38_000);
    let text = statement.write().unwrap();
    let read: Message<AccountStatement> = Message::read(&text).unwrap();
    let read = read.document.statement;
    let [paid, returned] = read.entries.as_slice() else { panic!("{text}") };
    let parts = &paid.details[0].transactions;
    let amounts: Vec<&str> = parts.iter().map(|part| part.amount.as_ref().unwrap().number.as_str()).collect();
    assert_eq!((paid.amount.number.as_str(), amounts.as_slice()), ("125.00", &["120.00", "5.00"][..]));
    assert_eq!(parts[0].references.as_ref().unwrap().end_to_end.unwrap().as_str(), "INVOICE-1");
    let information = returned.details[0].transactions[0].returned.as_ref().unwrap();
    assert!(matches!(information.reason.as_ref().unwrap(), CodeOrText::Code(code) if code.as_str() == "AC04"));
    let totals = read.totals.unwrap().debits.unwrap();
    assert_eq!((totals.count.unwrap().as_str(), totals.sum.unwrap().as_str().to_owned()), ("1", "125.00".to_owned()));
}

#[test]
fn pages_between_have_intermediate_balances_and_names_of_their_own() {
    let first = Stated { page: (1, false), ..stated(Kind::EndOfDay, Vec::new(), 50_000) };
    let second = Stated { page: (2, true), ..first.clone() };
    let texts = [&first, &second].map(|page| page.write().unwrap());
    let read = texts.each_ref().map(|text| Message::<AccountStatement>::read(text).unwrap().document);
    assert_eq!(read[0].statement.id, read[1].statement.id);
    assert_ne!(read[0].group.id, read[1].group.id);
    let marked = |document: &AccountStatement| -> Vec<bool> {
        document.statement.balances.iter().map(|balance| balance.kind.sub_type.is_some()).collect()
    };
    assert_eq!(marked(&read[0]), [false, true], "opening, and booked so far");
    assert_eq!(marked(&read[1]), [true, false, false], "booked so far, closing, available");
}

#[test]
fn a_stream_writes_what_a_whole_statement_would() {
    let entries: Vec<Booked> = (0..50).map(|_| booked(false, 12_500, Nature::Payment)).collect();
    for (kind, receiver) in [
        (Kind::EndOfDay, None),
        (Kind::Intraday, None),
        (Kind::Entry, None),
        (Kind::EndOfDay, "LAMMHKHH".parse().ok()),
    ] {
        let mut whole = stated(kind, entries.clone(), 0);
        whole.balances = Balances { opening: amount(50 * 12_500), ..whole.balances };
        whole.receiver = receiver;
        let text = whole.write().unwrap();
        let empty = Stated { entries: Vec::new(), ..whole.clone() };
        // Only the message's own id follows from the entries of its page.
        let id = |text: &str| text.split_once("<MsgId>").unwrap().1.get(..32).unwrap().to_owned();
        let head = empty.text().unwrap();
        let head = head.replace(&id(&head), &id(&text));
        let mut streamed = Streamed::begin(Vec::new(), &head).unwrap();
        entries.iter().for_each(|entry| streamed.entry(&entry.stated(&whole.of).unwrap()).unwrap());
        assert_eq!(String::from_utf8(streamed.end().unwrap()).unwrap(), text);
    }
    assert!(matches!(Streamed::begin(Vec::new(), "<Document/>"), Err(StreamError::NoEnd)));
}

#[test]
fn sums_have_the_decimals_of_their_currency() {
    assert_eq!(major(5, Exponent::new(2).unwrap()), "0.05");
    assert_eq!(major(u128::from(u64::MAX) * 10, Exponent::new(3).unwrap()), "184467440737095516.150");
    assert_eq!(major(7, Exponent::ZERO), "7");
}
