use super::*;
use crate::message::tests::filled;
use crate::message::{CodeOrText, LongText, StatusReport};
use seaway_types::asset::{Asset, AssetId, AssetKind, CurrencyCode, Exponent};
use seaway_types::instruction::Leg;
use seaway_types::instruction::payment::Credit;

fn order(text: &str) -> Result<Order, Fault> {
    Request::read(text).unwrap().order()
}

fn assets() -> AssetBook {
    let asset = |code: &str, exponent: u8| Asset {
        code: code.parse::<CurrencyCode>().unwrap(),
        exponent: Exponent::new(exponent).unwrap(),
        issuer: "HARBHKHH".parse().unwrap(),
        kind: AssetKind::SettlementBankMoney,
        is_default: true,
        enabled: true,
        payment_max: None,
    };
    AssetBook::new(vec![(AssetId(1), asset("HKD", 2)), (AssetId(2), asset("JPY", 0))])
}

fn body(text: &str, salt: u8) -> Result<Body, Fault> {
    let request = Request::read(text).unwrap();
    let assets = assets();
    let accounts = [AccountId([1; 16]), AccountId([2; 16])];
    let known = Known { assets: &assets, accounts: &accounts, payments: &[], salt: &[salt; 32] };
    request.body(&request.order()?, &known)
}

fn credit(text: &str) -> Credit {
    let Body::Single(Leg::CreditTransfer(transfer)) = body(text, 0).unwrap() else { panic!("no credit transfer") };
    transfer.credits.first().unwrap().clone()
}

/// Replaces a part that must be there, and expects a fault at a path with a code.
fn refused(part: &str, by: &str, path: &str, code: &str) {
    let text = filled();
    assert!(text.contains(part), "{part}");
    let fault = body(&text.replacen(part, by, 1), 0).unwrap_err();
    assert!(fault.path.ends_with(path), "{fault}");
    assert_eq!(fault.rule.code(), code, "{fault}");
}

#[test]
fn a_message_becomes_a_credit_transfer() {
    let text = filled();
    let order = order(&text).unwrap();
    assert_eq!(order.accounts[0].name, AccountName::Number("hk-importer".to_owned()));
    let Body::Single(Leg::CreditTransfer(transfer)) = body(&text, 0).unwrap() else { panic!("no credit transfer") };
    assert_eq!((transfer.asset, transfer.debtor), (AssetId(1), AccountId([1; 16])));
    assert_eq!(transfer.settlement_date.unwrap().to_string(), "2026-11-23");
    let credit = credit(&text);
    assert_eq!(credit.amount.minor_units(), 12_500_000);
    assert_eq!(credit.end_to_end_id.as_str(), "INVOICE-2026-0817");
    assert_eq!(credit.purpose.unwrap().as_str(), "GDDS");
    assert!(credit.remittance_hash.is_some() && credit.party_data_hash.is_some() && credit.instructed.is_none());
}

#[test]
fn each_rule_has_its_reason() {
    refused("<NbOfTxs>1<", "<NbOfTxs>2<", "GrpHdr/NbOfTxs", "FF01");
    for method in ["INDA", "INGA", "COVE"] {
        refused(">CLRG<", &format!(">{method}<"), "SttlmInf/SttlmMtd", "AG01");
    }
    refused("<ChrgBr>SHAR<", "<ChrgBr>SLEV<", "ChrgBr", "AG01");
    refused("<UETR>0f8fad5b-d9cb-469f-a165-70867728950e</UETR>", "", "PmtId/UETR", "FF01");
    refused(">125000.00<", ">125000.005<", "IntrBkSttlmAmt", "AM09");
    refused(">125000.00<", ">0.00<", "IntrBkSttlmAmt", "AM01");
    refused("Ccy=\"HKD\"", "Ccy=\"XAU\"", "IntrBkSttlmAmt/@Ccy", "AM03");
    let agent = "<DbtrAgt><FinInstnId><BICFI>HARBHKHH";
    refused(agent, "<DbtrAgt><FinInstnId><BICFI>MERLSGSG", "InstgAgt/FinInstnId/BICFI", "AG01");
    refused("<FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>", "<FinInstnId/></DbtrAgt>", "BICFI", "RC01");
    refused("<Fr><FIId><FinInstnId><BICFI>HARBHKHH", "<Fr><FIId><FinInstnId><BICFI>THAMGB2L", "BICFI", "RC01");
    refused("<InstgAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstgAgt>", "", "InstgAgt", "FF01");
    refused("<DbtrAcct><Id><Othr><Id>hk-importer</Id></Othr></Id></DbtrAcct>", "", "DbtrAcct/Id", "AC01");
    refused("<CdtrAcct><Id><Othr><Id>sg-supplier</Id></Othr></Id></CdtrAcct>", "", "CdtrAcct/Id", "AC03");
    refused(
        "<Id>sg-supplier</Id></Othr></Id>",
        "<Id>sg-supplier</Id></Othr></Id><Ccy>USD</Ccy>",
        "CdtrAcct/Ccy",
        "CURR",
    );
    refused("<Nm>Changi Parts Pte Ltd</Nm>", "", "Cdtr/Nm", "BE01");
    // The address rule of November 2026.
    refused("<TwnNm>Singapore</TwnNm>", "", "Cdtr/PstlAdr/TwnNm", "BE04");
    refused("<Ctry>HK</Ctry>", "", "Dbtr/PstlAdr/Ctry", "BE07");
    let lines = "<AdrLine>a</AdrLine><AdrLine>b</AdrLine><AdrLine>";
    refused("<AdrLine>", lines, "Cdtr/PstlAdr/AdrLine[3]", "BE04");
}

#[test]
fn instructed_amounts_are_explained_by_rate_or_charges() {
    let with = |extra: &str| filled().replacen("<ChrgBr>SHAR</ChrgBr>", extra, 1);
    let fails = |extra: &str, path: &str, code: &str| {
        let fault = body(&with(extra), 0).unwrap_err();
        assert!(fault.path.ends_with(path) && fault.rule.code() == code, "{fault}");
    };
    let charge =
        "<ChrgsInf><Amt Ccy=\"HKD\">5.00</Amt><Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></ChrgsInf>";
    let less = with(&format!("<InstdAmt Ccy=\"HKD\">125005</InstdAmt><ChrgBr>SHAR</ChrgBr>{charge}"));
    assert_eq!(credit(&less).instructed.unwrap().amount.minor_units(), 12_500_500);
    fails("<InstdAmt Ccy=\"HKD\">125005.00</InstdAmt><ChrgBr>SHAR</ChrgBr>", "IntrBkSttlmAmt", "AM09");
    // Only what the debtor bears comes on top.
    let more = |bearer: &str| format!("<InstdAmt Ccy=\"HKD\">124995.00</InstdAmt><ChrgBr>{bearer}</ChrgBr>{charge}");
    assert!(body(&with(&more("DEBT")), 0).is_ok());
    fails(&more("SHAR"), "IntrBkSttlmAmt", "AM09");
    fails(&more("CRED"), "IntrBkSttlmAmt", "AM09");
    fails("<InstdAmt Ccy=\"USD\">16000.00</InstdAmt><ChrgBr>SHAR</ChrgBr>", "XchgRate", "CURR");
    fails("<XchgRate>7.8125</XchgRate><ChrgBr>SHAR</ChrgBr>", "XchgRate", "CURR");
    let rate = "<XchgRate>7.8125</XchgRate><ChrgBr>SHAR</ChrgBr>";
    let converted = credit(&with(&format!("<InstdAmt Ccy=\"USD\">16000.00</InstdAmt>{rate}"))).instructed.unwrap();
    assert_eq!((converted.rate_numerator, converted.rate_denominator), (78_125, 10_000));
    assert_eq!((converted.amount.minor_units(), converted.exponent.places()), (1_600_000, 2));
    fails(&format!("<InstdAmt Ccy=\"HKD\">125000.00</InstdAmt>{rate}"), "XchgRate", "CURR");
    // Widest numbers.
    let text = with("<InstdAmt Ccy=\"HKD\">9999999999999999.99</InstdAmt><ChrgBr>SHAR</ChrgBr>");
    assert_eq!(body(&text, 0).unwrap_err().rule.code(), "AM09");
}

#[test]
fn a_key_is_the_senders_and_the_messages() {
    let key = |text: &str| order(text).unwrap().key;
    let text = filled();
    assert_eq!(key(&text), key(&text.replace("125000", "125001")), "the key says nothing of the content");
    assert_ne!(key(&text), key(&text.replace("<BizMsgIdr>HARB-1", "<BizMsgIdr>HARB-2")));
    assert_eq!(key(&text), key(&text.replace("<MsgId>HARB-1", "<MsgId>HARB-2")), "the header's id comes first");
    // Without a header the message's own id counts.
    let document = &text[text.find("<Document").unwrap()..text.find("</Envelope").unwrap()];
    assert_eq!(key(&text), key(document));
    assert_ne!(key(document), key(&document.replace("<MsgId>HARB-1", "<MsgId>HARB-2")));
}

#[test]
fn bodies_are_alike_for_one_message_and_differ_for_another() {
    let text = filled();
    assert_eq!(body(&text, 1).unwrap(), body(&text, 1).unwrap());
    assert_ne!(body(&text, 1).unwrap(), body(&text, 2).unwrap(), "hashes are salted");
    for (part, other) in [("Lamma", "Lantau"), ("40 sensors", "41 sensors"), ("Des Voeux", "Queen's")] {
        assert_ne!(body(&text, 1).unwrap(), body(&text.replace(part, other), 1).unwrap(), "{part}");
    }
}

#[test]
fn answers_name_the_order_and_say_why() {
    let time = "2026-11-23T01:02:04.000Z".parse().unwrap();
    let request = Request::read(&filled()).unwrap();
    let order = request.order().unwrap();
    let reference = Some("7-0".parse().unwrap());
    let outcome = Outcome { status: Status::Credited, reason: None, time, reference, credits: Vec::new() };
    let answer = request.answer(&outcome).unwrap();
    assert_eq!(answer, request.answer(&outcome).unwrap());
    let report = Message::<StatusReport>::read(&answer.text).unwrap();
    assert_eq!(report.write(), answer.text);
    let transaction = &report.document.transaction;
    assert_eq!(transaction.uetr, Some(order.uetrs[0]));
    assert_eq!(transaction.original.as_ref().unwrap().id.as_str(), "HARB-1");
    assert_eq!(transaction.instructed.as_ref().unwrap().institution.bic, Some(order.sender));
    let request = Request::read(&filled().replace(">CLRG<", ">INDA<")).unwrap();
    let fault = request.order().unwrap_err();
    let answer = request.answer(&Outcome::refused(&fault, time)).unwrap();
    let report = Message::<StatusReport>::read(&answer.text).unwrap();
    let reason = report.document.transaction.reasons.first().unwrap();
    assert_eq!(reason.reason, Some(CodeOrText::Code(LongText::cut("AG01").unwrap())));
    assert!(reason.information.first().unwrap().as_str().contains("SttlmMtd"));
    assert_eq!(report.document.transaction.status, Status::Rejected);
    assert_eq!(report.write(), answer.text);
}

#[test]
fn one_fault_does_not_hide_another() {
    let text = filled();
    assert_eq!(faults(&text), []);
    let wrong = text
        .replace("<TwnNm>Singapore</TwnNm>", "")
        .replace(">CLRG<", ">CLRX<")
        .replace("<ChrgBr>", "<Nonsense/><ChrgBr>")
        .replace("<BizMsgIdr>HARB-1<", "<BizMsgIdr> <");
    let found = faults(&wrong);
    let paths: Vec<&str> = found.iter().map(|fault| fault.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(paths, ["BizMsgIdr", "SttlmMtd"], "{found:#?}");
    let wrong = text.replace("<ChrgBr>", "<Nonsense/><ChrgBr>").replace("<Nm>Lamma Instruments Ltd</Nm>", "");
    let found = faults(&wrong);
    assert!(
        found.len() == 2 && found[0].path.ends_with("/Nonsense") && found[1].path.ends_with("Dbtr/Nm"),
        "{found:#?}"
    );
    assert_eq!(faults("<Document/>").len(), 1);
    assert_eq!(faults("no message").len(), 1);
}
