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
    let level = |code: &str| format!("</PmtId><PmtTpInf><SvcLvl><Cd>{code}</Cd></SvcLvl></PmtTpInf>");
    refused("</PmtId>", &level("G004"), "PmtTpInf/SvcLvl[1]/Cd", "FF04");
    assert!(body(&filled().replacen("</PmtId>", &level("G001"), 1), 0).is_ok());
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
    // Who takes charges from the creditor says which; a debtor pays them once.
    fails("<ChrgBr>CRED</ChrgBr>", "CdtTrfTxInf/ChrgsInf", "FF01");
    let none = charge.replace("5.00", "0.00");
    assert!(body(&with(&format!("<ChrgBr>CRED</ChrgBr>{none}")), 0).is_ok());
    fails(&format!("<ChrgBr>DEBT</ChrgBr>{none}{none}"), "ChrgsInf[2]", "FF01");
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

/// Replaces a part that must be there.
fn with(text: &str, part: &str, by: &str) -> String {
    assert!(text.contains(part), "{part}");
    text.replacen(part, by, 1)
}

/// Expects faults at these paths and no others, in this order; paths of form begin at the envelope, those of rules below it.
#[track_caller]
fn has_faults(text: &str, paths: &[&str]) {
    let found = faults(text);
    let told: Vec<&str> =
        found.iter().map(|fault| fault.path.strip_prefix("/Envelope").unwrap_or(&fault.path)).collect();
    let transaction = |path: &&str| match path.strip_prefix('~') {
        Some(path) => format!("/Document/FIToFICstmrCdtTrf/CdtTrfTxInf{path}"),
        None => (*path).to_owned(),
    };
    assert_eq!(told, paths.iter().map(transaction).collect::<Vec<_>>(), "{found:#?}");
    // Whoever asks for one fault is told the first of them.
    let first = Request::read(text).and_then(|request| request.order()).err();
    assert_eq!(first.as_ref(), found.first());
}

const CREDITOR_ACCOUNT: &str = "<CdtrAcct><Id><Othr><Id>sg-supplier</Id></Othr></Id></CdtrAcct>";
const CREDITOR_AGENT: &str = "<CdtrAgt><FinInstnId><BICFI>MERLSGSG";

#[test]
fn one_fault_does_not_hide_another() {
    let text = filled();
    has_faults(&text, &[]);
    let wrong = with(&text, "<TwnNm>Singapore</TwnNm>", "");
    let wrong = with(&wrong, ">CLRG<", ">CLRX<");
    let wrong = with(&wrong, "<ChrgBr>", "<Nonsense/><ChrgBr>");
    let wrong = with(&wrong, "<BizMsgIdr>HARB-1<", "<BizMsgIdr> <");
    let method = "/Document/FIToFICstmrCdtTrf/GrpHdr/SttlmInf/SttlmMtd";
    has_faults(&wrong, &["/AppHdr/BizMsgIdr", method, "~/Nonsense", "~/Cdtr/PstlAdr/TwnNm"]);
    let wrong = with(&text, "<ChrgBr>", "<Nonsense/><ChrgBr>");
    let wrong = with(&wrong, "<Nm>Lamma Instruments Ltd</Nm>", "");
    has_faults(&wrong, &["~/Nonsense", "~/Dbtr/Nm"]);
    assert_eq!(faults("<Document/>").len(), 1);
    assert_eq!(faults("no message").len(), 1);
}

/// Form and rules, in parts that may and in parts that must be there.
#[test]
fn all_faults_are_told_at_once() {
    let text = with(&filled(), "<ChrgBr>SHAR<", "<ChrgBr>SLEV<");
    let text = with(&text, ">125000.00<", ">125000.001234<");
    let text = with(&text, CREDITOR_ACCOUNT, "<Tax/>");
    let text = with(&text, CREDITOR_AGENT, "<CdtrAgt><FinInstnId><BICFI>MERLSGS");
    let form = ["~/IntrBkSttlmAmt", "~/CdtrAgt/FinInstnId/BICFI", "~/Tax"];
    has_faults(&text, &[form.as_slice(), &["~/ChrgBr", "~/CdtrAcct/Id"]].concat());
    // What must be there and is not hides nothing either.
    let text = with(&filled(), "<EndToEndId>INVOICE-2026-0817</EndToEndId>", "");
    let text = with(&text, "<NbOfTxs>1<", "<NbOfTxs>2<");
    let text = with(&text, "<Fr><FIId><FinInstnId><BICFI>HARBHKHH", "<Fr><FIId><FinInstnId><BICFI>THAMGB2L");
    let text = with(&text, "<TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry>", "");
    let text = with(&text, "<CreDtTm>2026", "<CreDtTm>26");
    let form = ["/Document/FIToFICstmrCdtTrf/GrpHdr/CreDtTm", "~/PmtId/EndToEndId"];
    let rules = [
        "/Document/FIToFICstmrCdtTrf/GrpHdr/NbOfTxs",
        "/AppHdr/Fr/FIId/FinInstnId/BICFI",
        "~/Dbtr/PstlAdr/TwnNm",
        "~/Dbtr/PstlAdr/Ctry",
    ];
    has_faults(&text, &[form.as_slice(), &rules].concat());
    // A header that cannot be read hides nothing of the document.
    let text = with(&filled(), "head.001.001.02", "head.001.001.01");
    has_faults(&with(&text, "<ChrgBr>SHAR<", "<ChrgBr>SLEV<"), &["/AppHdr", "~/ChrgBr"]);
}

/// Each message has one fault, from which something follows that is not told.
#[test]
fn what_follows_from_a_fault_is_not_told() {
    let text = filled();
    let one = |part: &str, by: &str, path: &str| has_faults(&with(&text, part, by), &[path]);
    let name = "<Nm>Changi Parts Pte Ltd</Nm>";
    let address =
        "<PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry><AdrLine>10 Changi South Lane, 04-01</AdrLine></PstlAdr>";
    let creditor = text.find(name).map(|start| &text[start..text.find("</Cdtr>").unwrap()]).unwrap();
    one(creditor, "Changi Parts Pte Ltd", "~/Cdtr");
    one(creditor, "<Id><PrvtId/></Id>", "~/Cdtr/Id/PrvtId");
    one(address, "<PstlAdr>10 Changi South Lane, Singapore</PstlAdr>", "~/Cdtr/PstlAdr");
    one("<TwnNm>Singapore<", "<TwnNm> <", "~/Cdtr/PstlAdr/TwnNm");
    one("<Ctry>SG<", "<Ctry>Singapore<", "~/Cdtr/PstlAdr/Ctry");
    one(CREDITOR_AGENT, "<CdtrAgt><FinInstnId><BICFI>MERL", "~/CdtrAgt/FinInstnId/BICFI");
    one(
        "<InstgAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstgAgt>",
        "<InstgAgt/>",
        "~/InstgAgt/FinInstnId",
    );
    one("<DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>", "", "~/DbtrAgt");
    one("<Othr><Id>sg-supplier</Id></Othr>", "<IBAN>SG00</IBAN>", "~/CdtrAcct/Id/IBAN");
    one("<CdtrAcct>", "<CdtrAcct xmlns=\"urn:x\">", "~/CdtrAcct");
    one("<UETR>0f8f", "<UETR>0F8F", "~/PmtId/UETR");
    let (group, end) = (text.find("<GrpHdr>").unwrap(), text.find("<CdtTrfTxInf>").unwrap());
    one(&text[group..end], "", "/Document/FIToFICstmrCdtTrf/GrpHdr");
    one("<FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId>", "<FIId>Harbour</FIId>", "/AppHdr/Fr/FIId");
    one("<MsgDefIdr>pacs.008.001.08</MsgDefIdr>", "", "/AppHdr/MsgDefIdr");
    // Nothing is held against an amount of which number or currency cannot be read.
    let text = with(&text, "<Id>sg-supplier</Id></Othr></Id>", "<Id>sg-supplier</Id></Othr></Id><Ccy>HKD</Ccy>");
    let text =
        with(&text, "<ChrgBr>", "<InstdAmt Ccy=\"USD\">16000.00</InstdAmt><XchgRate>7.8125</XchgRate><ChrgBr>");
    has_faults(&text, &[]);
    let one = |part: &str, by: &str, path: &str| has_faults(&with(&text, part, by), &[path]);
    one("Ccy=\"HKD\"", "Ccy=\"hkd\"", "~/IntrBkSttlmAmt/@Ccy");
    one("Ccy=\"HKD\"", "", "~/IntrBkSttlmAmt/@Ccy");
    one(" Ccy=\"USD\"", "", "~/InstdAmt/@Ccy");
    one(">16000.00<", ">16,000.00<", "~/InstdAmt");
    one(">7.8125<", ">0<", "~/XchgRate");
}

#[test]
fn an_element_in_the_wrong_place_is_one_fault() {
    let (text, bearer) = (filled(), "<ChrgBr>SHAR</ChrgBr>");
    // One that must be there comes late: what stands in its place is told, and both are read.
    let late = with(&with(&text, bearer, ""), "<CdtrAgt>", &format!("{bearer}<CdtrAgt>"));
    has_faults(&late, &["~/InstgAgt"]);
    has_faults(&with(&late, ">SHAR<", ">SLEV<"), &["~/InstgAgt", "~/ChrgBr"]);
    has_faults(&with(&late, "<Nm>Lamma Instruments Ltd</Nm>", ""), &["~/InstgAgt", "~/Dbtr/Nm"]);
    // One that may be there comes late: it is told itself.
    let date = "<IntrBkSttlmDt>2026-11-23</IntrBkSttlmDt>";
    has_faults(&with(&with(&text, date, ""), bearer, &format!("{bearer}{date}")), &["~/IntrBkSttlmDt"]);
    // One under a wrong name is missing, and its name is unknown.
    let wrong = with(&with(&text, "<ChrgBr>", "<ChrgeBr>"), "</ChrgBr>", "</ChrgeBr>");
    has_faults(&wrong, &["~/ChrgBr", "~/ChrgeBr"]);
    // A second payment is one too many; the first is judged.
    let (start, end) = (text.find("<CdtTrfTxInf>").unwrap(), text.find("</FIToFICstmrCdtTrf>").unwrap());
    let twice = with(&text, &text[start..end], &text[start..end].repeat(2));
    has_faults(&with(&twice, bearer, "<ChrgBr>SLEV</ChrgBr>"), &["~", "~/ChrgBr"]);
}

#[test]
fn not_more_faults_are_told_than_somebody_reads() {
    let many: String = (0..1_000).map(|number| format!("<Nonsense{number}/>")).collect();
    let text = with(&filled(), "<ChrgBr>", &format!("{many}<ChrgBr>"));
    assert_eq!(faults(&text).len(), seaway_types::limits::ISO_FAULTS_MAX);
    // The same one is told once.
    has_faults(&with(&filled(), "<ChrgBr>", "<Nonsense>a</Nonsense><Nonsense>b</Nonsense><ChrgBr>"), &["~/Nonsense"]);
}
