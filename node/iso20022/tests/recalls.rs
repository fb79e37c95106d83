//! camt.056 and camt.029 through the public door: each rule with its place and its reason, and what is answered.

mod beside;

use beside::{assets, check_whole, has_faults};
use seaway_iso20022::Fault;
use seaway_iso20022::message::{Confirmation, Message, Resolution, ResolutionStatus, Status};
use seaway_iso20022::order::{Known, KnownPayment, Outcome, Request, faults};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::follow_up::{RecallAnswer, RecallRequest};
use seaway_types::instruction::payment::CreditKind;
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::StatedReason;
use seaway_types::state::PaymentFacts;

/// Harbour Bank asks back what it paid to Merlion Bank.
const REQUEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope>
  <AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
    <Fr><FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId></Fr>
    <To><FIId><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></FIId></To>
    <BizMsgIdr>HARB-2</BizMsgIdr>
    <MsgDefIdr>camt.056.001.08</MsgDefIdr>
    <BizSvc>seaway.devnet.01</BizSvc>
    <CreDt>2026-11-24T01:02:03.000+00:00</CreDt>
  </AppHdr>
  <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.08">
    <FIToFIPmtCxlReq>
      <Assgnmt>
        <Id>HARB-2</Id>
        <Assgnr><Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></Assgnr>
        <Assgne><Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></Assgne>
        <CreDtTm>2026-11-24T01:02:03.000+00:00</CreDtTm>
      </Assgnmt>
      <Undrlyg>
        <TxInf>
          <CxlId>HARB-CXL-1</CxlId>
          <Case>
            <Id>HARB-CASE-1</Id>
            <Cretr><Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></Cretr>
          </Case>
          <OrgnlGrpInf><OrgnlMsgId>HARB-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
          <OrgnlEndToEndId>INVOICE-2026-0817</OrgnlEndToEndId>
          <OrgnlUETR>0f8fad5b-d9cb-469f-a165-70867728950e</OrgnlUETR>
          <OrgnlIntrBkSttlmAmt Ccy="HKD">125000.00</OrgnlIntrBkSttlmAmt>
          <OrgnlIntrBkSttlmDt>2026-11-23</OrgnlIntrBkSttlmDt>
          <CxlRsnInf>
            <Orgtr><Nm>Lamma Instruments Ltd</Nm></Orgtr>
            <Rsn><Cd>DUPL</Cd></Rsn>
            <AddtlInf>Paid twice by mistake</AddtlInf>
          </CxlRsnInf>
        </TxInf>
      </Undrlyg>
    </FIToFIPmtCxlReq>
  </Document>
</Envelope>
"#;

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn paid(returned: u64) -> KnownPayment {
    let (debtor, creditor) = (AccountId([1; 16]), AccountId([2; 16]));
    let facts = PaymentFacts { debtor, creditor, asset: AssetId(1), amount: amount(12_500_000) };
    KnownPayment { facts, returned: amount(returned), recalled: false }
}

fn body(text: &str, payment: KnownPayment) -> Result<Body, Fault> {
    let request = Request::read(text)?;
    let assets = assets();
    let known = Known { assets: &assets, accounts: &[], payments: &[payment], salt: &[0; 32] };
    request.body(&request.order()?, &known)
}

fn refused(part: &str, by: &str, path: &str, code: &str) {
    assert!(REQUEST.contains(part), "{part}");
    let fault = body(&REQUEST.replacen(part, by, 1), paid(0)).unwrap_err();
    assert!(fault.path.ends_with(path), "{fault}");
    assert_eq!(fault.rule.code(), code, "{fault}");
}

/// The resolution that answers, checked against schema and usage rules.
fn resolution(outcome: &Outcome) -> Message<Resolution> {
    let answer = Request::read(REQUEST).unwrap().answer(outcome).unwrap();
    assert_eq!(answer.definition, "camt.029.001.09");
    check_whole(&answer.text);
    let resolution: Message<Resolution> = Message::read(&answer.text).unwrap();
    assert_eq!(resolution.write(), answer.text);
    resolution
}

fn outcome(status: Status, reason: Option<(&str, &str)>) -> Outcome {
    let reason = reason.map(|(code, text)| (code.to_owned(), text.to_owned()));
    let time = "2026-11-24T01:02:04.567Z".parse().unwrap();
    Outcome { status, reason, time, reference: Some("7-0".parse().unwrap()), credits: Vec::new() }
}

#[test]
fn a_request_becomes_a_recall_of_the_senders_payment() {
    check_whole(&Request::read(REQUEST).unwrap().write());
    assert_eq!(faults(REQUEST), []);
    let order = Request::read(REQUEST).unwrap().order().unwrap();
    assert_eq!((order.sender.to_string().as_str(), order.payments.len()), ("HARBHKHH", 1));
    let key = order.payments[0].key;
    assert_eq!((key.debtor_agent, key.kind), (order.sender, CreditKind::Customer));
    let expected = Leg::RecallRequest(RecallRequest { payment: key, reason: StatedReason::Dupl });
    assert_eq!(body(REQUEST, paid(12_499_999)), Ok(Body::Single(expected)));
    for (definition, kind) in
        [("pacs.009.001.08", CreditKind::Institution), ("pacs.009.001.08COV", CreditKind::Cover)]
    {
        let text = REQUEST.replace("pacs.008.001.08", definition);
        assert_eq!(Request::read(&text).unwrap().order().unwrap().payments[0].key.kind, kind);
    }
}

#[test]
fn each_rule_has_its_reason() {
    refused(
        ">HARBHKHH</BICFI></FinInstnId></Agt></Assgnr>",
        ">THAMGB2L</BICFI></FinInstnId></Agt></Assgnr>",
        "BICFI",
        "RC01",
    );
    let agent = "<Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></Assgne>";
    refused(agent, "<Agt><FinInstnId/></Agt></Assgne>", "Assgne/Agt/FinInstnId/BICFI", "RC01");
    refused(agent, "<Pty><Nm>Changi Parts</Nm></Pty></Assgne>", "Assgnmt/Assgne/Pty", "RC01");
    refused("<Cd>DUPL<", "<Cd>FOCR<", "CxlRsnInf/Rsn/Cd", "FF01");
    refused("<Cd>DUPL</Cd>", "<Prtry>DUPL</Prtry>", "CxlRsnInf/Rsn/Prtry", "FF01");
    refused("<Rsn><Cd>DUPL</Cd></Rsn>", "", "CxlRsnInf/Rsn", "FF01");
    refused("pacs.008.001.08<", "pain.001.001.09<", "OrgnlGrpInf/OrgnlMsgNmId", "FF01");
    refused("<OrgnlUETR>0f8fad5b-d9cb-469f-a165-70867728950e</OrgnlUETR>", "", "TxInf/OrgnlUETR", "FF01");
    refused(">125000.00<", ">125000.01<", "OrgnlIntrBkSttlmAmt", "AM09");
    refused("Ccy=\"HKD\"", "Ccy=\"USD\"", "OrgnlIntrBkSttlmAmt/@Ccy", "CURR");
    refused("<Undrlyg>", "<CtrlData><NbOfTxs>1</NbOfTxs></CtrlData><Undrlyg>", "FIToFIPmtCxlReq/CtrlData", "FF01");
    let fault = body(REQUEST, paid(12_500_000)).unwrap_err();
    assert_eq!((fault.rule.code(), fault.path.ends_with("OrgnlUETR")), ("ARDT", true), "{fault}");
}

#[test]
fn the_infrastructure_answers_whether_the_request_is_noted() {
    let noted = resolution(&outcome(Status::Credited, None));
    assert_eq!(noted.document.status, ResolutionStatus::Confirmed(Confirmation::Pending));
    let answered = &noted.document.details.transaction;
    assert_eq!(answered.case.as_ref().unwrap().id.as_str(), "HARB-CASE-1");
    assert!(answered.reason.is_none());
    for (code, said) in [("NOOR", "NOOR"), ("ARDT", "ARDT"), ("AM09", "NARR"), ("FF01", "NARR")] {
        let refused = resolution(&outcome(Status::Rejected, Some((code, "there is no such payment; é"))));
        assert_eq!(refused.document.status, ResolutionStatus::Confirmed(Confirmation::Rejected));
        let text = refused.write();
        assert!(text.contains(&format!("<Cd>{said}</Cd>")) && text.contains(&format!("<AddtlInf>{code} ")), "{text}");
    }
}

#[test]
fn answers_to_two_banks_have_two_ids() {
    let time = "2026-11-24T01:02:04.567Z".parse().unwrap();
    let id = |text: &str| {
        let reason = Some(("NOOR".to_owned(), "there is no such payment".to_owned()));
        let outcome = Outcome { status: Status::Rejected, reason, time, reference: None, credits: Vec::new() };
        let answer = Request::read(text).unwrap().answer(&outcome).unwrap();
        Message::<Resolution>::read(&answer.text).unwrap().document.assignment.id
    };
    assert_ne!(id(REQUEST), id(&REQUEST.replace("HARBHKHH", "THAMGB2L")));
}

#[test]
fn the_creditors_agent_refuses_or_agrees() {
    let noted = resolution(&outcome(Status::Rejected, Some(("NOAS", "no answer")))).write();
    let request = Request::read(&noted).unwrap();
    assert_eq!(request.answer(&outcome(Status::Credited, None)), None);
    let order = request.order().unwrap();
    assert_eq!(order.sender.to_string(), "MERLSGSG");
    assert_eq!(order.payments[0].key.debtor_agent.to_string(), "HARBHKHH");
    let answers = |text: &str| body(text, paid(0));
    let leg = |refusal| Ok(Body::Single(Leg::RecallAnswer(RecallAnswer { payment: order.payments[0].key, refusal })));
    assert_eq!(answers(&noted), leg(Some(StatedReason::Noas)));
    let reason = &noted[noted.find("<CxlStsRsnInf>").unwrap()..noted.find("</TxInfAndSts>").unwrap()];
    let agreed = noted.replace("RJCR", "CNCL");
    assert_eq!(answers(&agreed.replace(reason, "")), leg(None));
    assert!(answers(&agreed).unwrap_err().path.ends_with("CxlStsRsnInf"));
    assert!(answers(&noted.replace(reason, "")).unwrap_err().path.ends_with("CxlStsRsnInf"));
    let pending = answers(&noted.replace("RJCR", "PDCR")).unwrap_err();
    assert_eq!(pending.rule.code(), "AG01", "{pending}");
    let other = answers(&noted.replace("NOAS", "DUPL")).unwrap_err();
    assert!(other.path.ends_with("CxlStsRsnInf/Rsn/Cd"), "{other}");
}

#[test]
fn all_faults_are_told_at_once() {
    let with = |text: &str, part: &str, by: &str| {
        assert!(text.contains(part), "{part}");
        text.replacen(part, by, 1)
    };
    let text = with(REQUEST, "<Cd>DUPL<", "<Cd>FOCR<");
    let text = with(&text, "<OrgnlUETR>0f8fad5b-d9cb-469f-a165-70867728950e</OrgnlUETR>", "");
    let text = with(&text, "<Orgtr><Nm>Lamma Instruments Ltd</Nm></Orgtr>", "<Orgtr/>");
    let text = with(&text, "<To><FIId><FinInstnId><BICFI>MERLSGSG", "<To><FIId><FinInstnId><BICFI>THAMGB2L");
    let rules = ["AppHdr/To/FIId/FinInstnId/BICFI", "CxlRsnInf/Orgtr/Nm", "CxlRsnInf/Rsn/Cd", "TxInf/OrgnlUETR"];
    has_faults(&text, &rules);
    let text = with(&text, "<OrgnlMsgId>HARB-1</OrgnlMsgId>", "");
    has_faults(&text, &[["OrgnlGrpInf/OrgnlMsgId"].as_slice(), &rules].concat());
    // What follows from another fault is not told.
    let agent = "<Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></Assgnr>";
    has_faults(&with(REQUEST, agent, "<Pty>Harbour Bank</Pty></Assgnr>"), &["Assgnr/Pty"]);
    let refusal = resolution(&outcome(Status::Rejected, Some(("NOAS", "no answer")))).write();
    has_faults(&refusal, &[]);
    has_faults(&with(&refusal, "<Conf>RJCR<", "<Conf>NONE<"), &["Sts/Conf"]);
    has_faults(&with(&refusal, "<Conf>RJCR</Conf>", "<RjctdMod/>"), &["Sts/RjctdMod"]);
}
