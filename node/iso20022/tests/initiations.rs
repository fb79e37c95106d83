//! pain.001 through the public door: many credits in one instruction, each rule with its place and its reason, and the answer.

mod beside;

use beside::{assets, check_whole, sample};
use seaway_iso20022::Fault;
use seaway_iso20022::message::{InitiationReport, Message, Status};
use seaway_iso20022::order::{AccountName, CreditResult, Known, Outcome, Request, faults};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{BulkMode, CreditTransfer};
use seaway_types::instruction::{Body, Leg};
use seaway_types::limits::{CREDITS_MAX, ISO_FAULTS_MAX};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope>
  <AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
    <Fr><FIId><FinInstnId><BICFI>LAMMHKHH</BICFI></FinInstnId></FIId></Fr>
    <To><FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId></To>
    <BizMsgIdr>LAMMA-1</BizMsgIdr>
    <MsgDefIdr>pain.001.001.09</MsgDefIdr>
    <BizSvc>seaway.devnet.01</BizSvc>
    <CreDt>2026-11-23T01:02:03.000+00:00</CreDt>
  </AppHdr>
  <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
    <CstmrCdtTrfInitn>
      <GrpHdr>
        <MsgId>LAMMA-1</MsgId>
        <CreDtTm>2026-11-23T01:02:03.000+00:00</CreDtTm>
        <NbOfTxs>{count}</NbOfTxs>
        <CtrlSum>{sum}</CtrlSum>
        <InitgPty><Nm>Lamma Instruments Ltd</Nm></InitgPty>
      </GrpHdr>
      <PmtInf>
        <PmtInfId>LAMMA-1</PmtInfId>
        <PmtMtd>TRF</PmtMtd>
        <ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt>
        <Dbtr>
          <Nm>Lamma Instruments Ltd</Nm>
          <PstlAdr><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr>
        </Dbtr>
        <DbtrAcct><Id><Othr><Id>hk-importer</Id></Othr></Id></DbtrAcct>
        <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>
"#;

const TAIL: &str = "      </PmtInf>\n    </CstmrCdtTrfInitn>\n  </Document>\n</Envelope>\n";

/// One payment; the second has no UETR of its own.
fn credit(number: usize) -> String {
    let uetr =
        if number == 2 { String::new() } else { format!("<UETR>0f8fad5b-d9cb-469f-a165-{number:012x}</UETR>") };
    format!(
        r#"<CdtTrfTxInf>
          <PmtId><InstrId>L-{number}</InstrId><EndToEndId>INVOICE-{number}</EndToEndId>{uetr}</PmtId>
          <Amt><InstdAmt Ccy="HKD">{number}.50</InstdAmt></Amt>
          <CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt>
          <Cdtr>
            <Nm>Supplier {number}</Nm>
            <PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry></PstlAdr>
          </Cdtr>
          <CdtrAcct><Id><Othr><Id>supplier-{number}</Id></Othr></Id></CdtrAcct>
          <RmtInf><Ustrd>Invoice {number}</Ustrd></RmtInf>
        </CdtTrfTxInf>
"#
    )
}

fn message(count: usize) -> String {
    let sum = count * (count + 1) / 2 * 10 + count * 5;
    let head = HEAD.replace("{count}", &count.to_string()).replace("{sum}", &format!("{}.{}", sum / 10, sum % 10));
    head + &(1..=count).map(credit).collect::<String>() + TAIL
}

fn transfer(text: &str) -> Result<CreditTransfer, Fault> {
    let request = Request::read(text)?;
    let order = request.order()?;
    let accounts: Vec<AccountId> = order
        .accounts
        .iter()
        .enumerate()
        .map(|(place, _)| AccountId([u8::try_from(place % 251).unwrap(); 16]))
        .collect();
    let assets = assets();
    let known = Known { assets: &assets, accounts: &accounts, payments: &[], salt: &[7; 32] };
    match request.body(&order, &known)? {
        Body::Single(Leg::CreditTransfer(transfer)) => Ok(transfer),
        other => panic!("{other:?}"),
    }
}

fn refused(part: &str, by: &str, path: &str, code: &str) {
    let text = message(3);
    assert!(text.contains(part), "{part}");
    let fault = transfer(&text.replacen(part, by, 1)).unwrap_err();
    assert!(fault.path.ends_with(path), "{fault}");
    assert_eq!(fault.rule.code(), code, "{fault}");
}

#[test]
fn many_credits_are_one_instruction() {
    let text = message(3);
    let request = Request::read(&text).unwrap();
    check_whole(&request.write());
    assert_eq!(Request::read(&request.write()).as_ref(), Ok(&request));
    assert_eq!(faults(&text), []);
    let order = request.order().unwrap();
    assert_eq!(order.accounts[0].name, AccountName::Number("hk-importer".to_owned()));
    assert_eq!((order.accounts.len(), order.sender.to_string().as_str()), (4, "HARBHKHH"));
    let transfer = transfer(&text).unwrap();
    assert_eq!((transfer.mode, transfer.credits.len()), (BulkMode::EachOnItsOwn, 3));
    assert_eq!(transfer.settlement_date.unwrap().to_string(), "2026-11-23");
    let amounts: Vec<u64> = transfer.credits.iter().map(|credit| credit.amount.minor_units()).collect();
    assert_eq!(amounts, [150, 250, 350]);
    assert_eq!(transfer.credits[1].uetr, order.uetrs[1]);
    assert_eq!(transfer.credits[1].creditor, AccountId([2; 16]));
    // As many as an instruction holds, and no more.
    assert_eq!(self::transfer(&message(CREDITS_MAX)).unwrap().credits.len(), CREDITS_MAX);
    let fault = self::transfer(&message(CREDITS_MAX + 1)).unwrap_err();
    assert!(fault.path.ends_with("CdtTrfTxInf[4097]"), "{fault}");
}

#[test]
fn keys_and_missing_uetrs_follow_from_the_message() {
    let order = |text: &str| Request::read(text).unwrap().order().unwrap();
    let (text, first) = (message(3), order(&message(3)));
    assert_eq!(first, order(&text));
    let made = first.uetrs[1].to_string();
    assert_eq!((&made[14..15], made.len()), ("4", 36));
    assert!(["8", "9", "a", "b"].contains(&&made[19..20]));
    let other = order(&text.replace("<BizMsgIdr>LAMMA-1", "<BizMsgIdr>LAMMA-2"));
    assert!(other.key != first.key && other.uetrs[1] != first.uetrs[1] && other.uetrs[0] == first.uetrs[0]);
    // Another customer's message of the same id.
    assert_ne!(order(&text.replace("hk-importer", "hk-merchant")).key, first.key);
    assert_eq!(order(&text.replace("INVOICE-3", "INVOICE-4")).key, first.key, "the key says nothing of the content");
}

#[test]
fn each_rule_has_its_place_and_its_reason() {
    refused("<PmtMtd>TRF<", "<PmtMtd>CHK<", "PmtInf/PmtMtd", "AG01");
    refused("<NbOfTxs>3<", "<NbOfTxs>4<", "GrpHdr/NbOfTxs", "AM19");
    refused("<CtrlSum>7.5<", "<CtrlSum>7.6<", "GrpHdr/CtrlSum", "AM16");
    refused("<CtrlSum>7.5<", "<CtrlSum>7,5<", "GrpHdr/CtrlSum", "AM16");
    let method = "<PmtMtd>TRF</PmtMtd>";
    refused(method, &format!("{method}<NbOfTxs>2</NbOfTxs>"), "PmtInf/NbOfTxs", "AM20");
    refused(method, &format!("{method}<CtrlSum>7.4</CtrlSum>"), "PmtInf/CtrlSum", "AM17");
    let initiating = "<InitgPty><Nm>Lamma Instruments Ltd</Nm>";
    let address = format!("{initiating}<PstlAdr><Ctry>HK</Ctry></PstlAdr>");
    refused(initiating, &address, "GrpHdr/InitgPty/PstlAdr/TwnNm", "BE07");
    refused("<To><FIId><FinInstnId><BICFI>HARBHKHH", "<To><FIId><FinInstnId><BICFI>THAMGB2L", "BICFI", "RC01");
    refused(
        "<BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>",
        "</FinInstnId></DbtrAgt>",
        "DbtrAgt/FinInstnId/BICFI",
        "RC01",
    );
    refused("<TwnNm>Hong Kong</TwnNm>", "", "Dbtr/PstlAdr/TwnNm", "BE07");
    refused("<TwnNm>Singapore</TwnNm>", "", "CdtTrfTxInf[1]/Cdtr/PstlAdr/TwnNm", "BE04");
    refused("<Nm>Supplier 2</Nm>", "", "CdtTrfTxInf[2]/Cdtr/Nm", "BE01");
    refused("Ccy=\"HKD\">2.50", "Ccy=\"USD\">2.50", "CdtTrfTxInf[2]/Amt/InstdAmt/@Ccy", "CURR");
    refused("000000000003</UETR>", "000000000001</UETR>", "CdtTrfTxInf[3]/PmtId/UETR", "AM05");
    refused(
        "<CdtrAcct><Id><Othr><Id>supplier-3</Id></Othr></Id></CdtrAcct>",
        "",
        "CdtTrfTxInf[3]/CdtrAcct/Id",
        "AC03",
    );
    refused(
        "<CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt>",
        "",
        "CdtTrfTxInf[1]/CdtrAgt",
        "RC01",
    );
}

#[test]
fn what_one_message_cannot_hold_is_refused() {
    let refuses = |text: &str, path: &str, code: &str| {
        let fault = transfer(text).unwrap_err();
        assert!(fault.path.ends_with(path) && fault.rule.code() == code, "{fault}");
    };
    let text = message(2);
    let block = &text[text.find("<PmtInf>").unwrap()..text.find("</PmtInf>").unwrap() + 9];
    refuses(&text.replace(block, &block.repeat(2)), "CstmrCdtTrfInitn/PmtInf", "FF01");
    let bearer = |code: &str| text.replace("</DbtrAgt>", &format!("</DbtrAgt><ChrgBr>{code}</ChrgBr>"));
    refuses(&bearer("SLEV"), "PmtInf/ChrgBr", "AG01");
    let own = text.replacen("</Amt>", "</Amt><ChrgBr>SLEV</ChrgBr>", 1);
    refuses(&own, "CdtTrfTxInf[1]/ChrgBr", "AG01");
    assert!(transfer(&bearer("DEBT")).is_ok());
    let equivalent = "<EqvtAmt><Amt Ccy=\"HKD\">1.50</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>";
    refuses(&text.replace("<InstdAmt Ccy=\"HKD\">1.50</InstdAmt>", equivalent), "Amt/EqvtAmt", "FF01");
    refuses(&text.replace("\"HKD\"", "\"XAU\""), "CdtTrfTxInf[1]/Amt/InstdAmt/@Ccy", "AM03");
    refuses(&text.replace(">1.50<", ">1.505<").replace(">4.0<", ">4.005<"), "CdtTrfTxInf[1]/Amt/InstdAmt", "AM09");
}

#[test]
fn the_answer_tells_of_each_payment() {
    let request = Request::read(&message(3)).unwrap();
    let order = request.order().unwrap();
    let credit = |place: usize, status, why: Option<&str>| CreditResult {
        uetr: order.uetrs[place],
        status,
        reason: why.map(|code| (code.to_owned(), "the account; there is none".to_owned())),
        time: "2026-11-23T01:02:04.500Z".parse().unwrap(),
    };
    let credits = vec![
        credit(0, Status::Credited, None),
        credit(1, Status::Rejected, Some("AC04")),
        credit(2, Status::Pending, None),
    ];
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let reference = Some("7-0".parse().unwrap());
    let outcome = Outcome { status: Status::Partly, reason: None, time, reference, credits };
    let answer = request.answer(&outcome).unwrap();
    assert_eq!(answer.definition, "pain.002.001.10");
    check_whole(&answer.text);
    let report: Message<InitiationReport> = Message::read(&answer.text).unwrap();
    assert_eq!(report.write(), answer.text);
    assert_eq!(report.document.original.status, Some(Status::Partly));
    let each = &report.document.payments.as_ref().unwrap().credits;
    let statuses: Vec<&str> = each.iter().map(|one| one.status.unwrap().code()).collect();
    assert_eq!(statuses, ["ACCC", "RJCT", "PDNG"]);
    assert_eq!(each[1].uetr, Some(order.uetrs[1]));
    assert_eq!(each[0].accepted.unwrap().to_string(), "2026-11-23T01:02:04.500+00:00", "each has its own time");
    // One that is refused as a whole.
    let text = message(3).replace("<PmtMtd>TRF<", "<PmtMtd>CHK<");
    let request = Request::read(&text).unwrap();
    let answer = request.answer(&Outcome::refused(&request.order().unwrap_err(), time)).unwrap();
    check_whole(&answer.text);
    assert!(
        answer.text.contains("<GrpSts>RJCT</GrpSts>") && answer.text.contains("<Cd>AG01</Cd>"),
        "{}",
        answer.text
    );
}

/// Other content under the same id is another body: whatever stands beside the ledger is covered by a hash.
#[test]
fn another_message_has_another_body() {
    let text = message(3);
    let agent = "</DbtrAgt>";
    let others = [
        text.replace(agent, &format!("{agent}<UltmtDbtr><Nm>Lamma Holding</Nm></UltmtDbtr>")),
        text.replace("<InitgPty><Nm>Lamma", "<InitgPty><Nm>Lantau"),
        text.replace("<PmtMtd>TRF<", "<PmtMtd>TRA<"),
        text.replace("<ReqdExctnDt>", "<PmtTpInf><InstrPrty>HIGH</InstrPrty></PmtTpInf><ReqdExctnDt>"),
        text.replace("Hong Kong", "Kowloon"),
        text.replace("Supplier 3", "Supplier 4"),
        text.replace("Invoice 3", "Invoice 4"),
    ];
    let first = transfer(&text).unwrap();
    for other in others {
        assert_ne!(other, text);
        assert_ne!(transfer(&other).unwrap(), first, "{other}");
    }
    // Remittance has a hash of its own.
    let other = transfer(&text.replace("Invoice 3", "Invoice 4")).unwrap();
    assert_eq!(other.credits[2].party_data_hash, first.credits[2].party_data_hash);
    assert_ne!(other.credits[2].remittance_hash, first.credits[2].remittance_hash);
}

#[test]
fn a_payment_without_its_account_is_not_left_out() {
    let request = Request::read(&message(3)).unwrap();
    let order = request.order().unwrap();
    let assets = assets();
    let accounts = [AccountId([1; 16]); 3];
    let known = Known { assets: &assets, accounts: &accounts, payments: &[], salt: &[7; 32] };
    let fault = request.body(&order, &known).unwrap_err();
    assert!(fault.path.ends_with("CdtTrfTxInf[3]/CdtrAcct"), "{fault}");
}

/// Expects faults at these places and no others, in this order; `~` is the block of payments.
#[track_caller]
fn has_faults(text: &str, paths: &[&str]) {
    let found = faults(text);
    let told: Vec<&str> =
        found.iter().map(|fault| fault.path.strip_prefix("/Envelope").unwrap_or(&fault.path)).collect();
    let expected = paths.iter().map(|path| path.replace('~', "/Document/CstmrCdtTrfInitn/PmtInf"));
    assert_eq!(told, expected.collect::<Vec<_>>(), "{found:#?}");
    let first = Request::read(text).and_then(|request| request.order()).err();
    assert_eq!(first.as_ref(), found.first());
}

const AGENT: &str = "<CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt>";
const GROUP: &str = "/Document/CstmrCdtTrfInitn/GrpHdr";

/// Each fault stands where it says, whatever is wrong with other payments.
#[test]
fn faults_name_the_places_of_the_message() {
    let text = message(3).replacen(AGENT, "", 1).replace("<Nm>Supplier 3</Nm>", "");
    has_faults(&text, &["~/CdtTrfTxInf[1]/CdtrAgt", "~/CdtTrfTxInf[3]/Cdtr/Nm"]);
    // One of form and one of a rule.
    let text = message(3).replace("<EndToEndId>INVOICE-2</EndToEndId>", "").replace("<Nm>Supplier 3</Nm>", "");
    has_faults(&text, &["~/CdtTrfTxInf[2]/PmtId/EndToEndId", "~/CdtTrfTxInf[3]/Cdtr/Nm"]);
    // One word that holds for all is one fault.
    let text = message(3).replace("</DbtrAgt>", "</DbtrAgt><ChrgBr>SLEV</ChrgBr>");
    has_faults(&text, &["~/ChrgBr"]);
    // A payment that cannot be read is a payment.
    let text = message(3);
    let (start, end) = (text.find("<CdtTrfTxInf>").unwrap() + 13, text.find("</CdtTrfTxInf>").unwrap());
    has_faults(&text.replace(&text[start..end], "nothing"), &["~/CdtTrfTxInf[1]"]);
}

#[test]
fn counts_and_sums_are_judged_where_they_can_be() {
    let wrong = message(3).replace("<NbOfTxs>3<", "<NbOfTxs>4<").replace("<CtrlSum>7.5<", "<CtrlSum>7.6<");
    let [count, sum] = ["NbOfTxs", "CtrlSum"].map(|name| format!("{GROUP}/{name}"));
    has_faults(&wrong, &[count.as_str(), sum.as_str()]);
    let method = "<PmtMtd>TRF</PmtMtd>";
    let text = wrong.replace(method, &format!("{method}<NbOfTxs>5</NbOfTxs><CtrlSum>7,5</CtrlSum>"));
    has_faults(&text, &[count.as_str(), sum.as_str(), "~/NbOfTxs", "~/CtrlSum"]);
    // Of an amount that cannot be read there is no sum, and its currency is not held against another.
    let text = wrong.replace(">2.50<", ">2,50<");
    has_faults(&text, &["~/CdtTrfTxInf[2]/Amt/InstdAmt", count.as_str()]);
    let text = message(3).replace("Ccy=\"HKD\">1.50", "Ccy=\"hkd\">1.50");
    has_faults(&text, &["~/CdtTrfTxInf[1]/Amt/InstdAmt/@Ccy"]);
    // Without payments that can be read there is neither.
    let text = message(3);
    let block = &text[text.find("<PmtInf>").unwrap()..text.find("</PmtInf>").unwrap() + 9];
    has_faults(&text.replace(block, ""), &["~"]);
    has_faults(&text.replace("<CdtTrfTxInf>", "<CdtTrfTxInf xmlns=\"urn:x\">"), &["~/CdtTrfTxInf"]);
}

#[test]
fn payments_are_told_apart_though_their_agent_is_wrong() {
    let text = message(3).replace("000000000003</UETR>", "000000000001</UETR>");
    let text = text.replace("HARBHKHH</BICFI></FinInstnId></DbtrAgt>", "HARB</BICFI></FinInstnId></DbtrAgt>");
    has_faults(&text, &["~/DbtrAgt/FinInstnId/BICFI", "~/CdtTrfTxInf[3]/PmtId/UETR"]);
    // As many as are told of a message.
    let found = faults(&message(150).replace(AGENT, ""));
    assert_eq!(found.len(), ISO_FAULTS_MAX);
    assert!(found.iter().all(|fault| fault.path.ends_with("/CdtrAgt")), "{found:#?}");
}

#[test]
fn answers_to_two_customers_have_two_ids_and_are_valid() {
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let answer = |text: &str| {
        let request = Request::read(text).unwrap();
        let answer = request.answer(&Outcome::refused(&request.order().unwrap_err(), time)).unwrap();
        check_whole(&answer.text);
        Message::<InitiationReport>::read(&answer.text).unwrap().document
    };
    let text = message(3).replace("<PmtMtd>TRF<", "<PmtMtd>CHK<");
    let (one, other) = (answer(&text), answer(&text.replace("hk-importer", "hk-merchant")));
    assert_ne!(one.group.id, other.group.id);
    assert!(one.group.initiating.is_some());
    // A number that is none is not said again.
    let text = message(3).replace("<NbOfTxs>3<", "<NbOfTxs>three<");
    assert_eq!(answer(&text).original.count, None);
}

/// The published sample is paid by cheque.
#[test]
fn the_sample_is_read_and_refused() {
    let Some((_, document)) = sample("pain.001.min.xml") else { return };
    let request = Request::read(&document).unwrap();
    assert_eq!(Request::read(&request.write()).as_ref(), Ok(&request));
    let fault = request.order().unwrap_err();
    assert!(fault.path.ends_with("PmtInf/PmtMtd") && fault.rule.code() == "AG01", "{fault}");
    let transfer = Request::read(&document.replace("CHK", "TRF")).unwrap().order().unwrap_err();
    assert!(transfer.path.ends_with("DbtrAgt/FinInstnId/BICFI"), "{transfer}");
}
