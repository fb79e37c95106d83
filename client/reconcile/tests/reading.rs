//! Every format as others write it, and what is refused.

use seaway_reconcile::{Class, Direction, Entries, Fault, Kind, Reading, reconcile};
use std::io::{BufReader, Read};

const UETR: &str = "5ea3a700-0000-4000-8000-000000000001";

fn read(text: &str, how: &Reading<'_>) -> Result<Entries, Fault> {
    let mut entries = Entries::default();
    entries.read(text.as_bytes(), how)?;
    Ok(entries)
}

fn plain(text: &str) -> Result<Entries, Fault> {
    read(text, &Reading::new("file"))
}

fn refused(text: &str) -> String {
    plain(text).expect_err("it is refused").to_string()
}

/// Amount, direction, kind and names of each entry.
fn told(entries: &Entries) -> Vec<String> {
    let each = entries.records().iter().map(|record| {
        let uetr = record.uetr().map(|uetr| uetr.to_string().split_off(34)).unwrap_or_default();
        let (end_to_end_id, reference) = (entries.end_to_end_id(record), entries.reference(record));
        let (units, code, kind) = (record.units().count() / 1_000, record.direction().iso(), record.kind());
        format!("{units} {} {code} {kind:?} {uetr}|{end_to_end_id}|{reference}", record.currency())
    });
    each.collect()
}

fn camt(message: &str, holder: &str, entries: &str) -> String {
    let (kind, root) = message.split_once(' ').unwrap();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{kind}\">\
         <{root}><GrpHdr><MsgId>1</MsgId></GrpHdr><{holder}><Acct><Id><IBAN>GB1</IBAN></Id></Acct>{entries}</{holder}>\
         </{root}></Document>"
    )
}

fn statement(entries: &str) -> String {
    camt("camt.053.001.08 BkToCstmrStmt", "Stmt", entries)
}

fn entry(inside: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"HKD\">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <AcctSvcrRef>E</AcctSvcrRef>{inside}</Ntry>"
    )
}

#[test]
fn the_three_messages_and_later_versions_are_read() {
    for (message, holder) in [
        ("camt.052.001.08 BkToCstmrAcctRpt", "Rpt"),
        ("camt.053.001.08 BkToCstmrStmt", "Stmt"),
        ("camt.054.001.08 BkToCstmrDbtCdtNtfctn", "Ntfctn"),
        ("camt.053.001.13 BkToCstmrStmt", "Stmt"),
    ] {
        let entries = plain(&camt(message, holder, &entry(""))).unwrap();
        assert_eq!(told(&entries), ["1000 HKD CRDT Booked ||E"], "{message}");
    }
    for other in ["camt.053.001.02 BkToCstmrStmt", "camt.056.001.09 FIToFIPmtCxlReq", "pacs.008.001.08 X"] {
        let fault = refused(&camt(other, "Stmt", ""));
        assert!(fault.contains("expected the namespace of camt.052"), "{fault}");
    }
}

#[test]
fn a_message_may_lie_in_an_envelope_and_have_a_prefix() {
    let text = statement(&entry("")).replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "");
    assert_eq!(plain(&format!("\u{feff} \n<Envelope><AppHdr/>{text}{text}</Envelope>")).unwrap().records().len(), 2);
    let prefixed =
        text.replace("xmlns=", "xmlns:c=").replace("</", "</c:").replace('<', "<c:").replace("<c:/c:", "</c:");
    assert_eq!(plain(&prefixed).unwrap().records().len(), 1);
}

#[test]
fn details_become_entries_of_their_own() {
    let detail = |inside: &str| format!("<TxDtls>{inside}</TxDtls>");
    let names = format!("<Refs><EndToEndId> A&amp;B </EndToEndId><UETR>{UETR}</UETR></Refs>");
    let two = entry(&format!(
        "<NtryDtls>{}{}</NtryDtls>",
        detail(&format!("{names}<Amt Ccy=\"HKD\">12.5</Amt>")),
        detail(
            "<Refs><AcctSvcrRef>D</AcctSvcrRef></Refs><CdtDbtInd>DBIT</CdtDbtInd>\
             <AmtDtls><TxAmt><Amt Ccy=\"HKD\">2.5</Amt></TxAmt></AmtDtls><RtrInf/>"
        )
    ));
    let entries = plain(&statement(&two)).unwrap();
    assert_eq!(told(&entries), ["1250 HKD CRDT Booked 01|A&B|", "250 HKD DBIT Returned ||D"]);
    assert_eq!(entries.uneven(), 0);

    // One detail takes what it lacks from its entry; an amount that was ordered in another currency is not what moved.
    let one = entry(&format!("<NtryDtls>{}</NtryDtls>", detail(&format!("{names}<Amt Ccy=\"EUR\">1.10</Amt>"))));
    assert_eq!(told(&plain(&statement(&one)).unwrap()), ["1000 HKD CRDT Booked 01|A&B|E"]);

    let lacking = entry(&format!("<NtryDtls>{}{}</NtryDtls>", detail(&names), detail("")));
    assert!(refused(&statement(&lacking)).contains("there are several"));
    let uneven = entry(&format!("<NtryDtls>{}</NtryDtls>", detail("<Amt Ccy=\"HKD\">9.00</Amt>")));
    assert_eq!(plain(&statement(&uneven)).unwrap().uneven(), 1);
}

#[test]
fn reversals_are_returns_and_only_what_is_booked_counts() {
    let reversal = entry("<RvslInd>true</RvslInd>");
    assert_eq!(told(&plain(&statement(&reversal)).unwrap()), ["1000 HKD CRDT Returned ||E"]);
    for code in ["PDNG", "INFO", "FUTR"] {
        let entries = plain(&statement(&entry("").replace("BOOK", code))).unwrap();
        assert_eq!((entries.records().len(), entries.not_booked()), (0, 1), "{code}");
    }
}

#[test]
fn a_fault_names_entry_path_value_and_what_was_expected() {
    let good = entry(&format!("<NtryDtls><TxDtls><Refs><UETR>{UETR}</UETR></Refs></TxDtls></NtryDtls>"));
    for (given, instead, expected) in [
        (">10.00<", ">10,00<", "/Ntry/Amt: '10,00': expected an amount of at most 18 digits"),
        ("Ccy=\"HKD\"", "", "/Ntry/Amt: the attribute Ccy is missing"),
        ("\"HKD\"", "\"hkd\"", "/Ntry/Amt: 'hkd': expected a currency code"),
        ("CRDT", "C", "/Ntry/CdtDbtInd: 'C': expected CRDT or DBIT"),
        ("BOOK", "DONE", "/Ntry/Sts/Cd: 'DONE': expected BOOK, PDNG"),
        ("<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>", "/Ntry/Sts/Prtry: 'BOOK': expected a status of ISO 20022"),
        ("<Cd>BOOK</Cd>", "", "/TxDtls: Sts/Cd is missing"),
        (UETR, "5ea3a700", "/Refs/UETR: '5ea3a700': expected a UETR"),
        ("BOOK", "<b/>", "/Ntry/Sts/Cd: 'b': expected a text"),
    ] {
        let fault = refused(&statement(&good.replacen(given, instead, 1)));
        assert!(fault.starts_with("file: entry 1: /Document/BkToCstmrStmt/Stmt/Ntry"), "{fault}");
        assert!(fault.contains(expected), "{fault}\nwithout {expected}");
    }
}

#[test]
fn hostile_xml_is_refused() {
    let statement = statement(&entry("<X/>"));
    let doctype = statement.replace("?><", "?><!DOCTYPE d [<!ENTITY a \"aaaa\">]><");
    let entity = statement.replace(">10.00<", ">&a;<");
    let instruction = statement.replace("<X/>", "<?php x?>");
    let latin = statement.replace("UTF-8", "ISO-8859-1");
    let deep = statement.replace("<X/>", &format!("{}{}", "<X>".repeat(70), "</X>".repeat(70)));
    let long = statement.replace("<X/>", &format!("<{}/>", "X".repeat(200)));
    let wordy = statement.replace("CRDT", &"C".repeat(300));
    let cut = statement.split_at(statement.len() - "</BkToCstmrStmt></Document>".len()).0.to_owned();
    let crossed = statement.replace("<X/>", "<X><Y></X></Y>");
    let name = statement.replace("<X/>", &format!("<AcctSvcrRef>{}</AcctSvcrRef>", "r".repeat(200)));
    for (text, expected) in [
        (doctype, "a document type is refused"),
        (entity, "the entity is refused"),
        (instruction, "a processing instruction is refused"),
        (latin, "expected the encoding UTF-8"),
        (deep, "more than 64 deep"),
        (long, "expected the name of an element"),
        (wordy, "a text of more than 256 bytes"),
        (cut, "the file ends within"),
        (crossed, "ill-formed"),
        (name, "a reference of more than 140 bytes"),
        ("<a/>".to_owned(), "there is no Document"),
        (format!("{statement}text"), "text outside of the document"),
    ] {
        let fault = refused(&text);
        assert!(fault.contains(expected), "{fault}\nwithout {expected}");
    }
}

/// A file of any length that is one piece: it must be given up, not kept.
#[test]
fn a_piece_without_end_is_given_up() {
    let endless = |start: &'static str, byte: u8| {
        let body = std::io::repeat(byte).take(1 << 40);
        BufReader::new(start.as_bytes().chain(body))
    };
    for (start, byte) in [
        ("<D><!--", b'x'),
        ("<D a='", b'x'),
        ("<D>", b'x'),
        ("uetr,direction,currency,amount\n\"", b'x'),
        ("{\"entries\":[{\"postings\":[{\"amount\":\"", b'1'),
    ] {
        let fault = Entries::default().read(endless(start, byte), &Reading::new("endless")).unwrap_err();
        assert!(fault.to_string().contains("a single piece of more than"), "{start}: {fault}");
    }
}

#[test]
fn statements_of_two_accounts_are_told_apart() {
    let one = statement(&entry(""));
    let other = one.replace("GB1", "GB2");
    let both = format!("<E>{}{}</E>", body(&one), body(&other));
    assert!(refused(&both).contains("entries of two accounts, 'GB1' and 'GB2'"));
    let entries = read(&both, &Reading { account: Some("GB2"), ..Reading::new("file") }).unwrap();
    assert_eq!((entries.records().len(), entries.elsewhere()), (1, 1));
}

fn body(text: &str) -> &str {
    text.split_once("?>").unwrap().1
}

#[test]
fn csv_is_read_as_it_comes() {
    let text = format!(
        "\u{feff}Status;Amount;Note;End-to-End ID;CCY;credit_debit;UETR\r\n\
         returned;1000.50;\"a;b\"\"\";INV 1;HKD;crdt;{}\r\n\r\n\
         ;7;x;NOTPROVIDED;JPY;D;\r\n\
         PDNG;8;x;;JPY;D;\r\n",
        UETR.to_uppercase()
    );
    let entries = read(&text, &Reading { delimiter: b';', ..Reading::new("file") }).unwrap();
    assert_eq!(told(&entries), ["100050 HKD CRDT Returned 01|INV 1|", "700 JPY DBIT Booked ||"]);
    assert_eq!(entries.not_booked(), 1);
}

#[test]
fn csv_faults_name_row_and_column() {
    let row = |rows: &str| format!("uetr,direction,currency,amount\n{rows}\n");
    for (text, expected) in [
        ("uetr,currency,amount\n".to_owned(), "row 1: the column 'direction' is missing"),
        ("direction,currency,amount\n".to_owned(), "a column that names the payment is missing"),
        ("uetr,UETR,direction,currency,amount\n".to_owned(), "row 1: 'uetr': the column is there twice"),
        (row(",C,HKD,-1"), "row 2, amount: '-1': expected digits"),
        (row(",C,HKD,1\n,X,HKD,1"), "row 3, direction: 'X': expected CRDT or DBIT"),
        (row(",C,HK,1"), "row 2, currency: 'HK'"),
        (row("abc,C,HKD,1"), "row 2, uetr: 'abc'"),
        (row(",C,HKD"), "found record with 3 fields"),
        (String::new(), "the file is empty"),
    ] {
        let fault = refused(&text);
        assert!(fault.contains(expected), "{fault}\nwithout {expected}");
    }
}

fn posting(direction: &str, part: &str, amount: &str, receipt: u32) -> serde_json::Value {
    serde_json::json!({
        "creditDebit": direction, "part": part, "amount": amount, "balanceAfter": "0.00 HKD", "receipt": receipt,
        "uetr": UETR,
    })
}

#[test]
fn movements_within_the_account_are_no_entries() {
    let answer = serde_json::json!({
        "account": "00", "height": "9", "cursor": null,
        "entries": [
            // A hold is posted in part, and the rest released, later.
            {"height": "9", "blockTime": "2026-11-20T10:00:00Z", "postings": [
                posting("DBIT", "held", "80.00 HKD", 0),
                posting("DBIT", "held", "20.00 HKD", 1),
                posting("CRDT", "available", "20.00 HKD", 1),
            ]},
            {"height": "8", "blockTime": "2026-11-20T09:00:00Z", "postings": [
                posting("DBIT", "available", "100.00 HKD", 3),
                posting("CRDT", "held", "100.00 HKD", 3),
                posting("CRDT", "suspense", "5.00 HKD", 4),
            ]},
        ],
    });
    let expected = ["8000 HKD DBIT Booked 01||"];
    assert_eq!(told(&plain(&serde_json::to_string_pretty(&answer).unwrap()).unwrap()), expected);
    let lines: String = answer["entries"].as_array().unwrap().iter().map(|entry| format!("{entry}\n")).collect();
    assert_eq!(told(&plain(&lines).unwrap()), expected);
    let mut taken = Entries::default();
    taken.take(answer, &Reading::new("node")).unwrap();
    assert_eq!(told(&taken), expected);
}

/// What a node tells with details of a block: a payment with two charges, a return, two movements of one payment, and money
/// that came onto the ledger.
fn detailed() -> serde_json::Value {
    let one = |direction: &str, amount: &str, receipt: u32, nature: &str| {
        let mut one = posting(direction, "available", amount, receipt);
        one["reference"] = format!("9-{receipt}").into();
        one["endToEndId"] = "INV-1".into();
        one["nature"] = nature.into();
        one
    };
    let mut issued = one("CRDT", "7.00 HKD", 3, "supply");
    issued["uetr"] = serde_json::Value::Null;
    issued["endToEndId"] = serde_json::Value::Null;
    let postings = [
        one("DBIT", "300.00 HKD", 0, "payment"),
        one("DBIT", "3.00 HKD", 0, "charge"),
        one("DBIT", "2.00 HKD", 0, "charge"),
        one("CRDT", "300.00 HKD", 1, "return"),
        one("CRDT", "40.00 HKD", 2, "payment"),
        one("CRDT", "2.5 HKD", 2, "payment"),
        issued,
    ];
    serde_json::json!({"height": "9", "blockTime": "2026-11-20T10:00:00Z", "postings": postings})
}

#[test]
fn details_give_entries_the_names_and_the_parts_that_statements_have() {
    let entries = plain(&detailed().to_string()).unwrap();
    let expected = [
        "30000 HKD DBIT Booked 01|INV-1|9-0",
        "500 HKD DBIT Booked 01|INV-1|9-0",
        "30000 HKD CRDT Returned 01|INV-1|9-1",
        "4250 HKD CRDT Booked 01|INV-1|9-2",
        "700 HKD CRDT Booked ||9-3",
    ];
    assert_eq!(told(&entries), expected);
    assert_eq!(entries.records().iter().map(|record| record.number()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    // Page by page the numbers go on.
    let mut taken = Entries::default();
    for _ in 0..2 {
        taken.take(serde_json::json!({"entries": [detailed()]}), &Reading::new("node")).unwrap();
    }
    assert_eq!(taken.records().last().unwrap().number(), 10);
    // Where it is not told what is a charge, a payment and its charges are one, and a return looks like a payment.
    let words = detailed().to_string().replace("\"charge\"", "null").replace("\"return\"", "null");
    let (paid, back) = ("30500 HKD DBIT Booked 01|INV-1|9-0", "30000 HKD CRDT Booked 01|INV-1|9-1");
    let whole = [paid, back, expected[3], expected[4]];
    assert_eq!(told(&plain(&words).unwrap()), whole);
}

#[test]
fn a_bank_that_knows_one_name_alone_agrees_with_a_node() {
    for (head, names) in [("uetr", [UETR; 3]), ("endToEndId", ["INV-1"; 3]), ("reference", ["9-0", "9-1", "9-2"])] {
        let [paid, back, got] = names;
        let rows = format!("{paid},D,HKD,300\n{paid},D,HKD,5\n{back},C,HKD,300\n{got},C,HKD,42.5\n");
        let bank = format!("{head},direction,currency,amount\n{rows}");
        let report = reconcile(plain(&detailed().to_string()).unwrap(), plain(&bank).unwrap(), false);
        assert_eq!((report.count(Class::Matched), report.count(Class::Returned)), (3, 1), "{head}");
        // What came onto the ledger has a reference alone.
        assert_eq!((report.count(Class::MissingThere), report.breaks()), (1, 1), "{head}");
        assert_eq!(report.lines().last().unwrap().reference, Some("9-3"));
    }
}

#[test]
fn answers_of_two_assets_of_one_currency_are_told_apart() {
    let postings =
        [posting("CRDT", "available", "1.00 HKD", 0), posting("CRDT", "available", "2.00 HKD@PEARHKHH", 0)];
    let text = serde_json::json!({ "postings": postings }).to_string();
    assert!(refused(&text).contains("two assets of one currency, HKD and HKD@PEARHKHH"));
    let entries = read(&text, &Reading { asset: Some("HKD@PEARHKHH"), ..Reading::new("file") }).unwrap();
    assert_eq!((told(&entries), entries.elsewhere()), (vec!["200 HKD CRDT Booked 01||".to_owned()], 1));
    assert!(refused("{\"answer\": 1}").contains("expected an answer of account_entries"));
    assert!(refused("{\"entries\": 1}").contains("value 1"));
}

#[test]
fn a_node_and_a_bank_agree_on_a_return_that_only_the_bank_marks() {
    let postings = [posting("DBIT", "available", "3.00 HKD", 0), posting("CRDT", "available", "3.00 HKD", 7)];
    let ledger = plain(&serde_json::json!({ "postings": postings }).to_string()).unwrap();
    let head = "uetr,direction,currency,amount,status\n";
    let bank = plain(&format!("{head}{UETR},D,HKD,3,booked\n{UETR},C,HKD,3,returned\n")).unwrap();
    assert_eq!(bank.records().iter().map(|record| record.kind()).collect::<Vec<_>>(), [Kind::Booked, Kind::Returned]);
    let report = reconcile(ledger, bank, false);
    assert_eq!((report.count(Class::Matched), report.count(Class::Returned), report.breaks()), (1, 1, 0));
    let line = report.lines().next().unwrap();
    assert_eq!((line.direction, line.returned), (Direction::Credit, true));
}
