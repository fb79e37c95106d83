//! Statements against the schemas and usage rules, and the published samples of camt messages.

mod beside;

use beside::{check, check_whole, part, round_trip, sample, usage_faults};
use seaway_iso20022::message::{AccountReport, EntryNotification};
use seaway_iso20022::statement::{Balances, Booked, Kind, Nature, PaymentDetails, Reported, Stated, Sums};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetKind, Exponent};
use seaway_types::identifier::AccountId;
use seaway_types::reason::StatedReason;
use seaway_types::time::Height;

fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

fn booked(place: u32, credit: bool, minor_units: u64, nature: Nature) -> Booked {
    let payment = PaymentDetails {
        end_to_end: "INVOICE-2026-0817".parse().unwrap(),
        debtor: AccountId([1; 16]),
        creditor: AccountId([2; 16]),
        debtor_agent: "HARBHKHH".parse().unwrap(),
        creditor_agent: "MERLSGSG".parse().unwrap(),
        amount: amount(12_000),
        charges: amount(500),
        purpose: "GDDS".parse().ok(),
    };
    Booked {
        height: Height(u64::MAX),
        receipt: place,
        place,
        credit,
        amount: amount(minor_units),
        time: "2026-11-23T01:02:04.567Z".parse().unwrap(),
        value: "2026-11-23".parse().unwrap(),
        uetr: "0f8fad5b-d9cb-469f-a165-70867728950e".parse().ok(),
        nature,
        payment: (nature != Nature::Supply).then_some(payment),
    }
}

fn stated(kind: Kind, code: &str, places: u8) -> Stated {
    let (code, issuer) = (code.parse().unwrap(), "HARBHKHH".parse().unwrap());
    let exponent = Exponent::new(places).unwrap();
    let kind_of = AssetKind::SettlementBankMoney;
    let asset = Asset { code, exponent, issuer, kind: kind_of, is_default: true, enabled: true, payment_max: None };
    let reason = Nature::Return(StatedReason::Focr);
    let entries = vec![
        booked(0, true, 900_000, Nature::Supply),
        booked(1, false, 12_500, Nature::Payment),
        booked(2, true, 500, reason),
        booked(3, true, 25, Nature::Charge),
        booked(4, false, 7, Nature::Other),
    ];
    let mut sums = Sums::default();
    entries.iter().for_each(|entry| sums.add(entry.credit, entry.amount.minor_units()));
    Stated {
        kind,
        of: Reported::of(AccountId([1; 16]), issuer, &asset),
        receiver: "LAMMHKHH".parse().ok(),
        day: "2026-11-23".parse().unwrap(),
        from: "2026-11-22T16:00:00Z".parse().unwrap(),
        to: "2026-11-23T16:00:00Z".parse().unwrap(),
        height: Height(u64::MAX >> 5),
        page: (1, true),
        balances: Balances { opening: amount(5), closing: amount(888_023), available: amount(0) },
        sums: Some(sums),
        entries,
    }
}

#[test]
fn statements_keep_schemas_and_usage_rules() {
    for (code, places) in [("HKD", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4)] {
        for kind in [Kind::EndOfDay, Kind::Intraday, Kind::Entry] {
            let whole = stated(kind, code, places);
            check_whole(&whole.write().unwrap());
            let with_iban = |mut stated: Stated| {
                let iban = "GB33BUKB20201555555555".parse().unwrap();
                stated.of.number = Some(seaway_iso20022::message::AccountChoice::Iban(iban));
                stated
            };
            check_whole(&with_iban(whole.clone()).write().unwrap());
            let nothing = Balances { closing: amount(5), ..whole.balances };
            let empty = Stated { entries: Vec::new(), sums: None, balances: nothing, page: (99_999, false), ..whole };
            check(&format!("{}.xsd", kind.definition()), part(&empty.write().unwrap(), "Document"));
        }
    }
}

/// The oracle adds up by itself: it finds fault with a statement of ours that somebody changed.
#[test]
fn a_changed_statement_is_found() {
    let text = stated(Kind::EndOfDay, "HKD", 2).write().unwrap();
    let changed = text.replacen("<Amt Ccy=\"HKD\">8880.23</Amt>", "<Amt Ccy=\"HKD\">8880.24</Amt>", 1);
    assert_ne!(text, changed);
    if let Some((found, said)) = usage_faults(&changed) {
        assert!(found, "{said}");
    }
}

#[test]
fn samples_are_read_and_written_again() {
    if let Some((whole, document)) = sample("camt.052.min.xml") {
        round_trip::<AccountReport>(&whole);
        check("camt.052.001.08.xsd", &document);
    }
    if let Some((whole, document)) = sample("camt.054.min.xml") {
        round_trip::<EntryNotification>(&whole);
        check("camt.054.001.08.xsd", &document);
    }
}
