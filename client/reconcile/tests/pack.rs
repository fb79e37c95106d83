//! Ten payments with one of each break: what the ledger says, as a statement and as a node's answer, and what a bank says as
//! CSV and as camt.

use seaway_reconcile::{Class, Entries, Kind, Line, Reading, Record, Report, decimal, reconcile};
use serde_json::{Value, json};

const LEDGER: &str = include_str!("pack/ledger.xml");
const BANK_CSV: &str = include_str!("pack/bank.csv");
const BANK_XML: &str = include_str!("pack/bank.xml");

fn side(file: &str, text: &str) -> Entries {
    let mut entries = Entries::default();
    entries.read(text.as_bytes(), &Reading::new(file)).unwrap();
    entries
}

/// The ledger's side as a node tells it with details: each payment in a block of its own, the newest first.
fn answer() -> String {
    let ledger = side("ledger.xml", LEDGER);
    let block = |(height, record): (u64, &Record)| {
        let amount = decimal(record.booked().abs(), 2);
        let reference = match ledger.reference(record) {
            "" => format!("{height}-0"),
            own => own.to_owned(),
        };
        let posting = json!({
            "creditDebit": record.direction(),
            "part": "available",
            "amount": format!("{amount} HKD"),
            "receipt": 0,
            "reference": reference,
            "uetr": record.uetr(),
            "endToEndId": ledger.end_to_end_id(record),
            "nature": if record.kind() == Kind::Returned { "return" } else { "payment" },
        });
        json!({"height": height.to_string(), "postings": [posting]})
    };
    let mut blocks: Vec<Value> = (1..).zip(ledger.records()).map(block).collect();
    blocks.reverse();
    json!({"account": "5ea3a700", "entries": blocks, "cursor": null}).to_string()
}

fn report(file: &str, text: &str) -> Report {
    reconcile(side("ledger.xml", LEDGER), side(file, text), false)
}

fn only(report: &Report, class: Class) -> Line<'_> {
    let mut lines = report.lines().filter(|line| line.class == class);
    let line = lines.next().unwrap();
    assert_eq!(lines.next(), None, "{class:?}");
    line
}

fn payment(line: &Line<'_>) -> String {
    line.uetr.unwrap().to_string().split_off(34)
}

/// What both forms of the bank's side have in common.
fn check(report: &Report) {
    let counts = Class::ALL.map(|class| report.count(class));
    assert_eq!(counts[0], 6, "{counts:?}");
    assert_eq!(counts[3..], [1, 1, 1, 1, 0], "{counts:?}");
    assert_eq!((report.breaks(), report.is_reconciled(), report.exit_code()), (4, false, 2));

    let differs = only(report, Class::AmountDiffers);
    assert_eq!(payment(&differs), "05");
    assert_eq!((differs.ledger.unwrap().amount, differs.bank.unwrap().amount), ("500.00".into(), "505.00".into()));
    let duplicate = only(report, Class::Duplicate);
    assert_eq!((payment(&duplicate).as_str(), duplicate.ledger.is_none()), ("06", true));
    assert_eq!(payment(&only(report, Class::MissingHere)), "07");
    assert_eq!(payment(&only(report, Class::MissingThere)), "08");
    let returned = only(report, Class::Returned);
    assert_eq!((payment(&returned).as_str(), returned.is_break, returned.returned), ("09", false, true));

    let [sum] = report.sums() else { panic!("one currency") };
    let shown = |units| sum.show(units);
    assert_eq!((shown(sum.ledger.credit), shown(sum.ledger.debit)), ("1580.50".into(), "2539.00".into()));
    assert_eq!((shown(sum.bank.credit), shown(sum.bank.debit)), ("1788.50".into(), "2480.00".into()));
    assert_eq!(shown(sum.difference()), "-267.00");
    let explained: Vec<(Class, String)> = sum.explained.iter().map(|(class, part)| (*class, shown(*part))).collect();
    let expected = [
        (Class::AmountDiffers, "5.00"),
        (Class::Duplicate, "-120.00"),
        (Class::MissingHere, "-88.00"),
        (Class::MissingThere, "-64.00"),
    ];
    assert_eq!(explained, expected.map(|(class, part)| (class, part.to_owned())));
    assert_eq!(sum.unexplained(), 0);
}

#[test]
fn a_csv_file_gives_one_of_each() {
    let report = report("bank.csv", BANK_CSV);
    check(&report);
    let rejected = only(&report, Class::Rejected);
    assert_eq!((payment(&rejected).as_str(), rejected.is_break), ("10", false));
    let there = rejected.bank.unwrap();
    assert_eq!((there.kind, there.file, there.number), (Kind::Rejected, "bank.csv", 12));
}

#[test]
fn a_statement_gives_one_of_each_but_rejections() {
    let report = report("bank.xml", BANK_XML);
    check(&report);
    assert_eq!(report.count(Class::Rejected), 0);
    assert_eq!((report.bank().not_booked(), report.bank().uneven()), (1, 0));
}

#[test]
fn a_nodes_answer_gives_what_a_statement_gives() {
    for (file, text) in [("bank.csv", BANK_CSV), ("bank.xml", BANK_XML)] {
        check(&reconcile(side("entries.json", &answer()), side(file, text), false));
    }
    let both = reconcile(side("ledger.xml", LEDGER), side("entries.json", &answer()), false);
    assert_eq!((both.count(Class::Matched), both.count(Class::Returned), both.breaks()), (8, 1, 0));
}

#[test]
fn a_rejection_of_what_is_booked_is_a_break() {
    let text = BANK_CSV.replace("D,HKD,1000.00,booked", "D,HKD,1000.00,rejected");
    let report = report("bank.csv", &text);
    let line = only(&report, Class::RejectedButBooked);
    assert_eq!((payment(&line).as_str(), line.is_break), ("01", true));
    let [sum] = report.sums() else { panic!("one currency") };
    assert_eq!(sum.explained[&Class::RejectedButBooked], -100_000_000);
    assert_eq!(sum.unexplained(), 0);
}

#[test]
fn a_return_that_one_side_misses_is_marked() {
    let without = |text: &str| -> String {
        let lines = text.lines().filter(|line| !line.ends_with("returned"));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let report = report("bank.csv", &without(BANK_CSV));
    assert_eq!(report.count(Class::Returned), 0);
    let missing: Vec<(String, bool)> = report
        .lines()
        .filter(|line| line.class == Class::MissingThere)
        .map(|line| (payment(&line), line.returned))
        .collect();
    assert_eq!(missing, [("08".to_owned(), false), ("09".to_owned(), true)]);
}

#[test]
fn a_mirror_account_sees_the_other_direction() {
    let turned: String = BANK_CSV.replace(",C,", ",x,").replace(",D,", ",C,").replace(",x,", ",D,");
    let report = reconcile(side("ledger.xml", LEDGER), side("bank.csv", &turned), true);
    check(&report);
}

#[test]
fn the_report_is_told_in_json() {
    let told = serde_json::to_value(report("bank.csv", BANK_CSV)).unwrap();
    assert_eq!(told["reconciled"], false);
    assert_eq!(told["breaks"], 4);
    assert_eq!(told["counts"]["matched"], 6);
    assert_eq!(told["counts"]["amountDiffers"], 1);
    assert_eq!(told["sums"][0]["difference"], "-267.00");
    assert_eq!(told["sums"][0]["explained"]["missingHere"], "-88.00");
    let findings = told["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 6);
    let differs = findings.iter().find(|line| line["class"] == "amountDiffers").unwrap();
    assert_eq!(differs["break"], true);
    assert_eq!(differs["direction"], "DBIT");
    assert_eq!(differs["endToEndId"], "INV-2045");
    assert_eq!(differs["ledger"]["amount"], "500.00");
    assert_eq!(differs["bank"]["file"], "bank.csv");
}

#[test]
fn a_side_against_itself_agrees() {
    for (file, text) in [("ledger.xml", LEDGER), ("bank.csv", BANK_CSV), ("bank.xml", BANK_XML)] {
        let report = reconcile(side(file, text), side(file, text), false);
        assert!(report.is_reconciled(), "{file}");
        assert_eq!(report.exit_code(), 0);
    }
}
