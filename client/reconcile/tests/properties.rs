//! What holds for any two sides: no entry is lost, the order does not matter, and the breaks explain the difference.

use proptest::prelude::*;
use seaway_reconcile::{Class, Entries, Reading, Report, reconcile};

const HEAD: &str = "uetr,endToEndId,reference,direction,currency,amount,status\n";

/// A row whose names come from so few that they clash in every way.
fn row() -> impl Strategy<Value = String> {
    let uetr = prop_oneof![
        Just(""),
        Just("5ea3a700-0000-4000-8000-000000000001"),
        Just("5ea3a700-0000-4000-8000-000000000002"),
        Just("5ea3a700-0000-4000-8000-000000000003"),
    ];
    // Two names share their first 16 bytes.
    let end_to_end_id =
        prop_oneof![Just(""), Just("NOTPROVIDED"), Just("INV-2026-000000001"), Just("INV-2026-000000002")];
    let reference = prop_oneof![Just(""), Just("R1"), Just("R2")];
    let direction = prop_oneof![Just("C"), Just("D")];
    let currency = prop_oneof![3 => Just("HKD"), 1 => Just("JPY")];
    let amount = prop_oneof![Just("100"), Just("100.00"), Just("250.5"), Just("7")];
    let status = prop_oneof![4 => Just("booked"), 1 => Just("returned"), 1 => Just("rejected"), 1 => Just("pending")];
    let names = (uetr, end_to_end_id, reference);
    (names, direction, currency, amount, status).prop_map(|(names, direction, currency, amount, status)| {
        format!("{},{},{},{direction},{currency},{amount},{status}\n", names.0, names.1, names.2)
    })
}

fn rows() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(row(), 0..24)
}

fn shuffled() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

fn side(rows: &[String]) -> Entries {
    let mut entries = Entries::default();
    entries.read(format!("{HEAD}{}", rows.concat()).as_bytes(), &Reading::new("rows.csv")).unwrap();
    entries
}

fn compared(ledger: &[String], bank: &[String]) -> Report {
    reconcile(side(ledger), side(bank), false)
}

/// The report without the places in the files.
fn told(report: &Report) -> serde_json::Value {
    let mut told = serde_json::to_value(report).unwrap();
    for line in told["findings"].as_array_mut().unwrap() {
        for half in ["ledger", "bank"] {
            if let Some(entry) = line[half].as_object_mut() {
                entry.remove("number");
            }
        }
    }
    told
}

proptest! {
    #[test]
    fn the_order_of_the_files_changes_nothing(ledger in shuffled(), bank in shuffled()) {
        prop_assert_eq!(told(&compared(&ledger.0, &bank.0)), told(&compared(&ledger.1, &bank.1)));
    }

    #[test]
    fn the_breaks_explain_the_difference(ledger in rows(), bank in rows()) {
        for sum in compared(&ledger, &bank).sums() {
            prop_assert_eq!(sum.unexplained(), 0);
            prop_assert_eq!(sum.explained.values().sum::<i128>(), sum.difference());
        }
    }

    #[test]
    fn every_entry_is_in_one_place(ledger in rows(), bank in rows()) {
        let report = compared(&ledger, &bank);
        let matched = usize::try_from(report.count(Class::Matched)).unwrap();
        let here = report.lines().filter(|line| line.ledger.is_some()).count();
        let there = report.lines().filter(|line| line.bank.is_some()).count();
        prop_assert_eq!(matched + here, report.ledger().records().len());
        prop_assert_eq!(matched + there, report.bank().records().len());
        let listed: u64 = Class::ALL.iter().map(|class| report.count(*class)).sum();
        prop_assert_eq!(listed, report.count(Class::Matched) + report.lines().count() as u64);
    }

    #[test]
    fn a_file_agrees_with_itself(rows in shuffled()) {
        // What has no name cannot be recognised, not even by itself.
        let named = |row: &String| !row.starts_with(",,,") && !row.starts_with(",NOTPROVIDED,,");
        let keep = |rows: &[String]| rows.iter().filter(|row| named(row)).cloned().collect::<Vec<_>>();
        let report = compared(&keep(&rows.0), &keep(&rows.1));
        prop_assert!(report.is_reconciled());
        prop_assert!(report.lines().all(|line| line.ledger.is_some() && line.bank.is_some()));
    }

    #[test]
    fn anything_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400), start in "[<{u]") {
        let mut text = start.into_bytes();
        text.extend(bytes);
        let _either = Entries::default().read(text.as_slice(), &Reading::new("noise"));
    }

    #[test]
    fn a_damaged_statement_is_answered(noise in "[<>&/\"'a-z]{0,8}", place in 0usize..6_000, cut in 0usize..40) {
        let whole = include_str!("pack/bank.xml");
        let start = place.min(whole.len());
        let end = (start + cut).min(whole.len());
        let text = format!("{}{noise}{}", &whole[..start], &whole[end..]);
        let _either = Entries::default().read(text.as_bytes(), &Reading::new("damaged"));
    }
}
