//! pacs.004 through the public door: from the text to the instruction's body and to the answer, each rule with its place and
//! its reason; and the message of a return that the ledger knows of.

mod beside;

use beside::{check, check_whole, has_faults, part, round_trip, sample};
use seaway_iso20022::Fault;
use seaway_iso20022::message::{CodeOrText, Message, PaymentReturn, Returned, Status, StatusReport};
use seaway_iso20022::order::{Known, KnownPayment, Order, Outcome, Request};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId, AssetKind, Exponent};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::follow_up::{RecallAnswer, Return};
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::StatedReason;
use seaway_types::state::PaymentFacts;

/// Merlion Bank in Singapore returns what Harbour Bank in Hong Kong paid.
const RETURN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope>
  <AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
    <Fr><FIId><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></FIId></Fr>
    <To><FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId></To>
    <BizMsgIdr>MERL-4</BizMsgIdr>
    <MsgDefIdr>pacs.004.001.09</MsgDefIdr>
    <BizSvc>seaway.devnet.01</BizSvc>
    <CreDt>2026-11-24T01:02:03.000+00:00</CreDt>
  </AppHdr>
  <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09">
    <PmtRtr>
      <GrpHdr>
        <MsgId>MERL-4</MsgId>
        <CreDtTm>2026-11-24T01:02:03.000+00:00</CreDtTm>
        <NbOfTxs>1</NbOfTxs>
        <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
      </GrpHdr>
      <TxInf>
        <RtrId>MERL-4-R</RtrId>
        <OrgnlGrpInf>
          <OrgnlMsgId>HARB-1</OrgnlMsgId>
          <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>
          <OrgnlCreDtTm>2026-11-23T01:02:03.000+00:00</OrgnlCreDtTm>
        </OrgnlGrpInf>
        <OrgnlInstrId>HARB-1-I</OrgnlInstrId>
        <OrgnlEndToEndId>INVOICE-2026-0817</OrgnlEndToEndId>
        <OrgnlTxId>HARB-1-T</OrgnlTxId>
        <OrgnlUETR>0f8fad5b-d9cb-469f-a165-70867728950e</OrgnlUETR>
        <OrgnlIntrBkSttlmAmt Ccy="HKD">125000.00</OrgnlIntrBkSttlmAmt>
        <OrgnlIntrBkSttlmDt>2026-11-23</OrgnlIntrBkSttlmDt>
        <RtrdIntrBkSttlmAmt Ccy="HKD">125000.00</RtrdIntrBkSttlmAmt>
        <IntrBkSttlmDt>2026-11-24</IntrBkSttlmDt>
        <ChrgBr>SHAR</ChrgBr>
        <InstgAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></InstgAgt>
        <InstdAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstdAgt>
        <RtrChain>
          <Dbtr>
            <Pty>
              <Nm>Changi Parts Pte Ltd</Nm>
              <PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry></PstlAdr>
            </Pty>
          </Dbtr>
          <DbtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></DbtrAgt>
          <CdtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></CdtrAgt>
          <Cdtr>
            <Pty>
              <Nm>Lamma Instruments Ltd</Nm>
              <PstlAdr><StrtNm>Des Voeux Road Central</StrtNm><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr>
            </Pty>
          </Cdtr>
        </RtrChain>
        <RtrRsnInf>
          <Orgtr><Nm>Changi Parts Pte Ltd</Nm></Orgtr>
          <Rsn><Cd>AC04</Cd></Rsn>
          <AddtlInf>Account closed in October</AddtlInf>
        </RtrRsnInf>
        <OrgnlTxRef>
          <PmtTpInf><SvcLvl><Cd>G001</Cd></SvcLvl></PmtTpInf>
          <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>
          <CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt>
        </OrgnlTxRef>
      </TxInf>
    </PmtRtr>
  </Document>
</Envelope>
"#;

const AMOUNT: &str = "<RtrdIntrBkSttlmAmt Ccy=\"HKD\">125000.00<";
const INFORMATION: &str = "<AddtlInf>Account closed in October</AddtlInf>";

/// Replaces a part that must be there.
fn with(text: &str, part: &str, by: &str) -> String {
    assert!(text.contains(part), "{part}");
    text.replacen(part, by, 1)
}

/// The return of another amount, which says that it is a partial one.
fn partial(amount: &str) -> String {
    let text = with(RETURN, AMOUNT, &format!("<RtrdIntrBkSttlmAmt Ccy=\"HKD\">{amount}<"));
    with(&text, INFORMATION, "<AddtlInf>PART</AddtlInf>")
}

fn money(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

/// 125,000 Hong Kong dollars, of which something was returned.
fn paid(returned: u64, recalled: bool) -> KnownPayment {
    let (debtor, creditor) = (AccountId([1; 16]), AccountId([2; 16]));
    let facts = PaymentFacts { debtor, creditor, asset: AssetId(1), amount: money(12_500_000) };
    KnownPayment { facts, returned: money(returned), recalled }
}

fn assets() -> AssetBook {
    let asset = |code: &str, exponent: u8| Asset {
        code: code.parse().unwrap(),
        exponent: Exponent::new(exponent).unwrap(),
        issuer: "HARBHKHH".parse().unwrap(),
        kind: AssetKind::SettlementBankMoney,
        // A payment is returned in what was paid, default or not.
        is_default: false,
        enabled: true,
        payment_max: None,
    };
    AssetBook::new(vec![(AssetId(1), asset("HKD", 2)), (AssetId(2), asset("JPY", 0))])
}

fn order(text: &str) -> Result<Order, Fault> {
    Request::read(text)?.order()
}

fn body(text: &str, payment: KnownPayment) -> Result<Body, Fault> {
    let request = Request::read(text)?;
    let assets = assets();
    let known = Known { assets: &assets, accounts: &[], payments: &[payment], salt: &[0; 32] };
    request.body(&request.order()?, &known)
}

/// The payment's name: the agent that gets the money back is the one that had paid.
fn key(kind: CreditKind) -> PaymentKey {
    let uetr = "0f8fad5b-d9cb-469f-a165-70867728950e".parse().unwrap();
    PaymentKey { debtor_agent: "HARBHKHH".parse().unwrap(), uetr, kind }
}

fn returns(minor_units: u64, reason: StatedReason) -> Body {
    let payback = Return { payment: key(CreditKind::Customer), amount: money(minor_units), reason };
    Body::Single(Leg::Return(payback))
}

#[track_caller]
fn fails(text: &str, payment: KnownPayment, path: &str, code: &str) -> Fault {
    let fault = body(text, payment).unwrap_err();
    assert!(fault.path.ends_with(path), "{fault}");
    assert_eq!(fault.rule.code(), code, "{fault}");
    fault
}

/// Expects a fault at a path with a code, when a part is replaced.
#[track_caller]
fn refused(part: &str, by: &str, path: &str, code: &str) {
    fails(&with(RETURN, part, by), paid(0, false), path, code);
}

#[test]
fn a_message_becomes_a_return() {
    let order = order(RETURN).unwrap();
    assert_eq!(order.sender, "MERLSGSG".parse().unwrap());
    assert!(order.accounts.is_empty());
    let named = order.payments.first().unwrap();
    assert_eq!((named.key, named.unknown), (key(CreditKind::Customer), "NARR"));
    assert_eq!(named.path, "/Document/PmtRtr/TxInf/OrgnlUETR");
    assert_eq!(order.uetrs, [named.key.uetr]);
    assert_eq!(body(RETURN, paid(0, false)), Ok(returns(12_500_000, StatedReason::Ac04)));
    // What CBPR+ does not ask for may be left out.
    let (start, end) = (RETURN.find("<OrgnlTxRef>").unwrap(), RETURN.find("</TxInf>").unwrap());
    let short = format!("{}{}", &RETURN[..start], &RETURN[end..]);
    let (start, end) = (short.find("<RtrChain>").unwrap(), short.find("<RtrRsnInf>").unwrap());
    let short = format!("{}{}", &short[..start], &short[end..]);
    assert_eq!(body(&short, paid(0, false)), body(RETURN, paid(0, false)));
}

#[test]
fn who_returns_what_was_recalled_agrees_to_the_recall() {
    let Body::Bundle(legs) = body(RETURN, paid(0, true)).unwrap() else { panic!("no bundle") };
    let payment = key(CreditKind::Customer);
    let answer = Leg::RecallAnswer(RecallAnswer { payment, refusal: None });
    let payback = Leg::Return(Return { payment, amount: money(12_500_000), reason: StatedReason::Ac04 });
    assert_eq!(legs.to_vec(), [answer, payback]);
}

#[test]
fn the_kind_of_payment_is_told_by_its_message() {
    let name = "<OrgnlMsgNmId>pacs.008.001.08<";
    let level = "<SvcLvl><Cd>G001</Cd></SvcLvl>";
    let kind = |definition: &str, own: &str| {
        let text = with(RETURN, name, &format!("<OrgnlMsgNmId>{definition}<"));
        order(&with(&text, level, own)).map(|order| order.payments[0].key.kind)
    };
    let core = "<SvcLvl><Cd>G004</Cd></SvcLvl>";
    for (definition, own, expected) in [
        ("pacs.008.001.08", level, CreditKind::Customer),
        ("pacs.008.001.12", core, CreditKind::Customer),
        ("pacs.009.001.08", core, CreditKind::Institution),
        ("pacs.009.001.10", "", CreditKind::Institution),
        ("pacs.009.001.08", "<SvcLvl><Prtry>G001</Prtry></SvcLvl>", CreditKind::Institution),
        ("pacs.009.001.08", level, CreditKind::Cover),
        ("pacs.009.001.08COV", core, CreditKind::Cover),
    ] {
        assert_eq!(kind(definition, own), Ok(expected), "{definition} {own}");
    }
    for other in ["pacs.008", "pacs.008.001.8", "pacs.008.001.08COV", "pacs.009.001.COV", "pacs.003.001.08", "MT103"]
    {
        let fault = kind(other, level).unwrap_err();
        assert!(fault.path.ends_with("OrgnlGrpInf/OrgnlMsgNmId"), "{fault}");
        assert_eq!((fault.rule.code(), fault.value.as_str()), ("FF01", other));
    }
}

#[test]
fn each_rule_has_its_place_and_its_reason() {
    refused("<NbOfTxs>1<", "<NbOfTxs>2<", "/Document/PmtRtr/GrpHdr/NbOfTxs", "FF01");
    for method in ["INDA", "INGA", "COVE"] {
        refused(">CLRG<", &format!(">{method}<"), "/Document/PmtRtr/GrpHdr/SttlmInf/SttlmMtd", "AG01");
    }
    refused("<OrgnlUETR>0f8fad5b-d9cb-469f-a165-70867728950e</OrgnlUETR>", "", "TxInf/OrgnlUETR", "FF01");
    refused("0f8fad5b-d9cb-469f", "0f8fad5b-d9cb-169f", "TxInf/OrgnlUETR", "FF01");
    let header = "<Fr><FIId><FinInstnId><BICFI>";
    refused(&format!("{header}MERLSGSG"), &format!("{header}THAMGB2L"), "Fr/FIId/FinInstnId/BICFI", "RC01");
    refused("<InstgAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></InstgAgt>", "", "TxInf/InstgAgt", "FF01");
    refused(
        "<InstdAgt><FinInstnId><BICFI>HARBHKHH</BICFI>",
        "<InstdAgt><FinInstnId>",
        "InstdAgt/FinInstnId/BICFI",
        "RC01",
    );
    refused("<OrgnlMsgId>HARB-1</OrgnlMsgId>", "", "OrgnlGrpInf/OrgnlMsgId", "FF01");
    let (start, end) = (RETURN.find("<OrgnlGrpInf>").unwrap(), RETURN.find("<OrgnlInstrId>").unwrap());
    refused(&RETURN[start..end], "", "TxInf/OrgnlGrpInf", "FF01");
    // Agents and parties, in the roles of the return and of the payment.
    for (place, agent) in [
        ("RtrChain/DbtrAgt", "<DbtrAgt><FinInstnId><BICFI>MERLSGSG"),
        ("RtrChain/CdtrAgt", "<CdtrAgt><FinInstnId><BICFI>HARBHKHH"),
        ("OrgnlTxRef/DbtrAgt", "<DbtrAgt><FinInstnId><BICFI>HARBHKHH"),
        ("OrgnlTxRef/CdtrAgt", "<CdtrAgt><FinInstnId><BICFI>MERLSGSG"),
    ] {
        let other = format!("{}THAMGB2L", &agent[..agent.len() - 8]);
        refused(agent, &other, &format!("{place}/FinInstnId/BICFI"), "AG01");
    }
    refused("<Nm>Changi Parts Pte Ltd</Nm>", "", "RtrChain/Dbtr/Pty/Nm", "BE01");
    refused("<TwnNm>Singapore</TwnNm>", "", "RtrChain/Dbtr/Pty/PstlAdr/TwnNm", "BE07");
    refused("<Ctry>HK</Ctry>", "", "RtrChain/Cdtr/Pty/PstlAdr/Ctry", "BE04");
    refused("<Orgtr><Nm>Changi Parts Pte Ltd</Nm></Orgtr>", "<Orgtr/>", "RtrRsnInf/Orgtr/Nm", "BE01");
    // What is not supported is refused where it stands, and never dropped.
    refused("<ChrgBr>", "<CompstnAmt Ccy=\"HKD\">5.00</CompstnAmt><ChrgBr>", "TxInf/CompstnAmt", "FF01");
    refused("<InstgAgt>", "<ClrSysRef>7-0</ClrSysRef><InstgAgt>", "TxInf/ClrSysRef", "FF01");
    refused("</RtrRsnInf>", "</RtrRsnInf><RtrRsnInf/>", "TxInf/RtrRsnInf", "FF01");
    refused("</PmtTpInf>", "</PmtTpInf><RmtInf/>", "OrgnlTxRef/RmtInf", "FF01");
    refused("<DbtrAgt>", "<PrvsInstgAgt1/><DbtrAgt>", "RtrChain/PrvsInstgAgt1", "FF01");
    refused("</TxInf>", "</TxInf><TxInf/>", "PmtRtr/TxInf", "FF01");
}

#[test]
fn all_faults_are_told_at_once() {
    has_faults(RETURN, &[]);
    let text = with(RETURN, "<NbOfTxs>1<", "<NbOfTxs>2<");
    let text = with(&text, "<Cd>AC04<", "<Cd>NARR-1<");
    let text = with(&text, "<ChrgBr>SHAR<", "<ChrgBr>SLEV<");
    let text = with(&text, "<DbtrAgt><FinInstnId><BICFI>MERLSGSG", "<DbtrAgt><FinInstnId><BICFI>THAMGB2L");
    let text = with(&text, "<TwnNm>Singapore</TwnNm><Ctry>SG</Ctry>", "");
    let text = with(&text, "<IntrBkSttlmDt>2026-11-24<", "<IntrBkSttlmDt>2026-11-29<");
    let town = "RtrChain/Dbtr/Pty/PstlAdr";
    let (town, country) = (format!("{town}/TwnNm"), format!("{town}/Ctry"));
    let rules = [
        "GrpHdr/NbOfTxs",
        "RtrRsnInf/Rsn/Cd",
        "TxInf/ChrgBr",
        &town,
        &country,
        "RtrChain/DbtrAgt/FinInstnId/BICFI",
        "TxInf/IntrBkSttlmDt",
    ];
    has_faults(&text, &rules);
    // Form comes first, and what cannot be read is held against nothing.
    let text = with(&text, "<CreDtTm>2026-11-24T01:02:03.000+00:00<", "<CreDtTm>yesterday<");
    let [rules @ .., _] = rules;
    has_faults(&text, &[["GrpHdr/CreDtTm"].as_slice(), &rules].concat());
    let dollars = "<RtrdInstdAmt Ccy=\"usd\">16000.00</RtrdInstdAmt><ChrgBr>";
    has_faults(&with(RETURN, "<ChrgBr>", dollars), &["TxInf/RtrdInstdAmt/@Ccy"]);
}

#[test]
fn institutions_return_to_institutions() {
    let (start, end) = (RETURN.find("<Dbtr>").unwrap(), RETURN.find("<DbtrAgt>").unwrap());
    let bank = "<Dbtr><Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></Dbtr>";
    let text = with(RETURN, &RETURN[start..end], bank);
    assert!(body(&text, paid(0, false)).is_ok());
    check("pacs.004.001.09.xsd", part(&Request::read(&text).unwrap().write(), "Document"));
    let nobody = with(&text, bank, "<Dbtr><Agt><FinInstnId/></Agt></Dbtr>");
    fails(&nobody, paid(0, false), "RtrChain/Dbtr/Agt/FinInstnId/BICFI", "RC01");
    let both = with(&text, bank, "<Dbtr><Agt><FinInstnId/></Agt><Pty/></Dbtr>");
    fails(&both, paid(0, false), "RtrChain/Dbtr/Pty", "FF01");
}

#[test]
fn never_more_is_returned_than_is_left() {
    assert_eq!(body(&partial("0.01"), paid(0, false)), Ok(returns(1, StatedReason::Ac04)));
    assert_eq!(body(&partial("25000.5"), paid(9_999_950, false)), Ok(returns(2_500_050, StatedReason::Ac04)));
    let fault = fails(&partial("25000.51"), paid(9_999_950, false), "TxInf/RtrdIntrBkSttlmAmt", "AM09");
    let said =
        "25000.50 HKD@HARBHKHH are left to return, 99999.50 HKD@HARBHKHH of 125000.00 HKD@HARBHKHH were returned";
    assert!(fault.to_string().contains(said), "{fault}");
    assert_eq!(fault.value, "25000.51");
    fails(&partial("125000.01"), paid(0, false), "TxInf/RtrdIntrBkSttlmAmt", "AM09");
    fails(&partial("9999999999999999.99"), paid(0, false), "TxInf/RtrdIntrBkSttlmAmt", "AM09");
    // Twice is a duplicate, whatever the second one says.
    let fault = fails(RETURN, paid(12_500_000, false), "TxInf/RtrdIntrBkSttlmAmt", "AM05");
    assert!(fault.to_string().contains("all 125000.00 HKD@HARBHKHH were returned"), "{fault}");
    fails(&partial("0.01"), paid(12_500_000, true), "TxInf/RtrdIntrBkSttlmAmt", "AM05");
    fails(&partial("0.00"), paid(0, false), "TxInf/RtrdIntrBkSttlmAmt", "AM01");
    fails(&partial("1.005"), paid(0, false), "TxInf/RtrdIntrBkSttlmAmt", "AM09");
    refused(AMOUNT, "<RtrdIntrBkSttlmAmt Ccy=\"USD\">125000.00<", "TxInf/RtrdIntrBkSttlmAmt/@Ccy", "CURR");
    refused(AMOUNT, "<RtrdIntrBkSttlmAmt>125000.00<", "TxInf/RtrdIntrBkSttlmAmt/@Ccy", "FF01");
    // What it says of the payment must hold.
    let original = "<OrgnlIntrBkSttlmAmt Ccy=\"HKD\">125000.00<";
    refused(original, "<OrgnlIntrBkSttlmAmt Ccy=\"HKD\">125000.01<", "TxInf/OrgnlIntrBkSttlmAmt", "AM09");
    refused(original, "<OrgnlIntrBkSttlmAmt Ccy=\"USD\">125000.00<", "TxInf/OrgnlIntrBkSttlmAmt/@Ccy", "CURR");
    let unsaid = with(RETURN, &format!("{original}/OrgnlIntrBkSttlmAmt>"), "");
    assert_eq!(body(&unsaid, paid(0, false)), body(RETURN, paid(0, false)));
    // Decimals are those of what was paid.
    let yen = RETURN.replace("HKD", "JPY");
    let mut payment = paid(0, false);
    payment.facts.asset = AssetId(2);
    fails(&yen, payment, "TxInf/RtrdIntrBkSttlmAmt", "AM09");
    payment.facts.amount = money(125_000);
    assert_eq!(body(&yen.replace("125000.00", "125000"), payment), Ok(returns(125_000, StatedReason::Ac04)));
    payment.facts.asset = AssetId(3);
    fails(&yen, payment, "TxInf/RtrdIntrBkSttlmAmt", "AM03");
}

#[test]
fn a_partial_return_says_so() {
    let silent = partial("25000.00").replace("<AddtlInf>PART</AddtlInf>", INFORMATION);
    let fault = fails(&silent, paid(0, false), "RtrRsnInf/AddtlInf", "FF01");
    assert_eq!(fault.value, "Account closed in October");
    let both = silent.replace(INFORMATION, &format!("{INFORMATION}<AddtlInf>PART</AddtlInf>"));
    assert_eq!(body(&both, paid(0, false)), Ok(returns(2_500_000, StatedReason::Ac04)));
    // The rest of it is less than was paid too.
    fails(&silent, paid(10_000_000, false), "RtrRsnInf/AddtlInf", "FF01");
}

#[test]
fn charges_are_explained() {
    let bearer = "<ChrgBr>SHAR</ChrgBr>";
    let charge = "<ChrgsInf><Amt Ccy=\"HKD\">50.00</Amt><Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></ChrgsInf>";
    let with_amount = |amount: &str, charges: &str| {
        let text = with(RETURN, AMOUNT, &format!("<RtrdIntrBkSttlmAmt Ccy=\"HKD\">{amount}<"));
        with(&text, bearer, charges)
    };
    let back = "<RtrdInstdAmt Ccy=\"HKD\">125000</RtrdInstdAmt>";
    // Whoever bears them, what was taken is told; and nobody need say that it is a part.
    for bears in ["SHAR", "CRED"] {
        let less = with_amount("124950.00", &format!("{back}<ChrgBr>{bears}</ChrgBr>{charge}"));
        assert_eq!(body(&less, paid(0, false)), Ok(returns(12_495_000, StatedReason::Ac04)), "{bears}");
    }
    let fails = |amount: &str, charges: &str, path: &str, code: &str| {
        fails(&with_amount(amount, charges), paid(0, false), path, code);
    };
    fails("124950.00", &format!("{back}{bearer}"), "RtrdIntrBkSttlmAmt", "AM09");
    fails("124949.00", &format!("{back}{bearer}{charge}"), "RtrdIntrBkSttlmAmt", "AM09");
    fails("124950.00", &format!("{back}<ChrgBr>DEBT</ChrgBr>{charge}"), "RtrdIntrBkSttlmAmt", "AM09");
    fails("124950.00", &format!("{back}{charge}"), "TxInf/ChrgBr", "FF01");
    fails("125000.00", "<ChrgBr>SLEV</ChrgBr>", "TxInf/ChrgBr", "AG01");
    let debtor = "<RtrdInstdAmt Ccy=\"HKD\">124950.00</RtrdInstdAmt><ChrgBr>DEBT</ChrgBr>";
    let whole = with_amount("125000.00", &format!("{debtor}{charge}"));
    assert_eq!(body(&whole, paid(0, false)), Ok(returns(12_500_000, StatedReason::Ac04)));
    // Another currency needs its rate, and only another currency has one.
    let (dollars, rate) = ("<RtrdInstdAmt Ccy=\"USD\">16000.00</RtrdInstdAmt>", "<XchgRate>7.8125</XchgRate>");
    fails("125000.00", &format!("{dollars}{bearer}"), "TxInf/XchgRate", "CURR");
    fails("125000.00", &format!("{back}{rate}{bearer}"), "TxInf/XchgRate", "CURR");
    fails("125000.00", &format!("{rate}{bearer}"), "TxInf/XchgRate", "CURR");
    let converted = with_amount("125000.00", &format!("{dollars}{rate}{bearer}"));
    assert_eq!(body(&converted, paid(0, false)), body(RETURN, paid(0, false)));
    let silent = with_amount("125000.00", "");
    assert_eq!(body(&silent, paid(0, false)), body(RETURN, paid(0, false)));
}

#[test]
fn it_settles_on_the_day_on_which_it_is_made() {
    let on = |date: &str, time: &str| {
        let text = with(RETURN, "<IntrBkSttlmDt>2026-11-24<", &format!("<IntrBkSttlmDt>{date}<"));
        with(&text, "<CreDtTm>2026-11-24T01:02:03.000+00:00<", &format!("<CreDtTm>{time}<"))
    };
    for (date, time) in [
        ("2026-11-23", "2026-11-24T01:02:03Z"),
        ("2026-11-24", "2026-11-24T01:02:03Z"),
        ("2026-11-25", "2026-11-24T10:00:00.000+00:00"),
        // Time has its offset in the message, and days begin where the asset is.
        ("2026-11-24", "2026-11-24T23:30:00+08:00"),
    ] {
        assert_eq!(body(&on(date, time), paid(0, false)), body(RETURN, paid(0, false)), "{date} {time}");
    }
    for (date, time) in [
        ("2026-11-22", "2026-11-24T01:02:03Z"),
        ("2026-11-25", "2026-11-24T09:59:59.999Z"),
        ("2026-11-23", "2026-11-24T12:00:00Z"),
        ("2026-11-24", "1970-01-01T00:00:00Z"),
    ] {
        fails(&on(date, time), paid(0, false), "TxInf/IntrBkSttlmDt", "DT01");
    }
    let undated = with(RETURN, "<IntrBkSttlmDt>2026-11-24</IntrBkSttlmDt>", "");
    assert_eq!(body(&undated, paid(0, false)), body(RETURN, paid(0, false)));
}

#[test]
fn only_reasons_of_returns_are_taken() {
    for reason in StatedReason::ALL {
        let text = with(RETURN, "<Cd>AC04<", &format!("<Cd>{reason}<"));
        if reason.codes().payback.is_some() {
            assert_eq!(body(&text, paid(0, false)), Ok(returns(12_500_000, reason)));
        } else {
            let fault = fails(&text, paid(0, false), "RtrRsnInf/Rsn/Cd", "FF01");
            assert_eq!(fault.value, reason.iso());
            assert!(fault.to_string().contains("AC01, AC03, AC04"), "{fault}");
        }
    }
    refused("<Cd>AC04<", "<Cd>ac04<", "RtrRsnInf/Rsn/Cd", "FF01");
    refused("<Cd>AC04</Cd>", "<Prtry>AC04</Prtry>", "RtrRsnInf/Rsn/Prtry", "FF01");
    refused("<Rsn><Cd>AC04</Cd></Rsn>", "", "RtrRsnInf/Rsn", "FF01");
    let (start, end) = (RETURN.find("<RtrRsnInf>").unwrap(), RETURN.find("<OrgnlTxRef>").unwrap());
    refused(&RETURN[start..end], "", "TxInf/RtrRsnInf", "FF01");
}

#[test]
fn a_message_is_the_same_each_time_and_another_message_is_not() {
    let key = order(RETURN).unwrap().key;
    assert_eq!(key, order(&RETURN.replace("125000", "125001")).unwrap().key);
    assert_eq!(key, order(part(RETURN, "Document")).unwrap().key, "with or without its header");
    assert_ne!(key, order(&RETURN.replace("MERL-4<", "MERL-5<")).unwrap().key);
    let request = Request::read(RETURN).unwrap();
    assert_eq!(request.definition(), "pacs.004.001.09");
    assert_eq!(Request::read(&request.write()).as_ref(), Ok(&request));
    check_whole(&request.write());
}

/// CBPR+: the report of a return names the return's message, and the payment by the ids that the return has of it.
#[test]
fn the_answer_is_a_status_report() {
    let request = Request::read(RETURN).unwrap();
    let time = "2026-11-24T01:02:04.567Z".parse().unwrap();
    let reference = Some("8-3".parse().unwrap());
    let outcome = Outcome { status: Status::Credited, reason: None, time, reference, credits: Vec::new() };
    let answer = request.answer(&outcome).unwrap();
    check_whole(&answer.text);
    let report: Message<StatusReport> = Message::read(&answer.text).unwrap();
    let transaction = &report.document.transaction;
    let original = transaction.original.as_ref().unwrap();
    assert_eq!((original.id.as_str(), original.definition.as_str()), ("MERL-4", "pacs.004.001.09"));
    assert_eq!(transaction.instruction.unwrap().as_str(), "HARB-1-I");
    assert_eq!(transaction.end_to_end.unwrap().as_str(), "INVOICE-2026-0817");
    assert_eq!(transaction.transaction.unwrap().as_str(), "HARB-1-T");
    assert_eq!(transaction.uetr, Some(key(CreditKind::Customer).uetr));
    assert_eq!(transaction.instructed.as_ref().unwrap().institution.bic, Some(request.order().unwrap().sender));
    let fault = body(RETURN, paid(12_500_000, false)).unwrap_err();
    let answer = request.answer(&Outcome::refused(&fault, time)).unwrap();
    check_whole(&answer.text);
    let report: Message<StatusReport> = Message::read(&answer.text).unwrap();
    assert_eq!(report.document.transaction.status, Status::Rejected);
    let reason = report.document.transaction.reasons.first().unwrap();
    let Some(CodeOrText::Code(code)) = &reason.reason else { panic!("no code") };
    assert_eq!(code.as_str(), "AM05");
}

fn known_return(kind: CreditKind, amount: u64, reason: StatedReason) -> Returned {
    Returned {
        id: "SEAWAY-8-3".parse().unwrap(),
        time: "2026-11-24T01:02:04.567Z".parse().unwrap(),
        day: "2026-11-24".parse().unwrap(),
        reference: None,
        payment: key(kind),
        message: "NOTPROVIDED".parse().unwrap(),
        end_to_end: Some("INVOICE-2026-0817".parse().unwrap()),
        creditor_agent: "MERLSGSG".parse().unwrap(),
        currency: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        paid: money(12_500_000),
        paid_on: None,
        amount: money(amount),
        reason,
    }
}

/// What is written of a return would make the same return, if a bank sent it.
#[test]
fn a_return_that_the_ledger_knows_is_written() {
    for kind in [CreditKind::Customer, CreditKind::Institution, CreditKind::Cover] {
        for (amount, returned) in [(12_500_000, 0), (1, 100)] {
            let known = known_return(kind, amount, StatedReason::Focr);
            let message = Message { header: None, document: PaymentReturn::of(&known).unwrap() };
            let text = message.write();
            check("pacs.004.001.09.xsd", &text);
            assert_eq!(Message::read(&text).as_ref(), Ok(&message));
            let payback = Return { payment: key(kind), amount: money(amount), reason: StatedReason::Focr };
            assert_eq!(body(&text, paid(returned, false)), Ok(Body::Single(Leg::Return(payback))));
        }
    }
    let known = Returned {
        reference: Some("8-3".parse().unwrap()),
        end_to_end: None,
        ..known_return(CreditKind::Customer, 5, StatedReason::Rr04)
    };
    let text = Message { header: None, document: PaymentReturn::of(&known).unwrap() }.write();
    check("pacs.004.001.09.xsd", &text);
    assert!(text.contains("<ClrSysRef>8-3</ClrSysRef>") && text.contains("<AddtlInf>PART</AddtlInf>"), "{text}");
    for reason in StatedReason::ALL {
        let written = PaymentReturn::of(&known_return(CreditKind::Customer, 5, reason));
        assert_eq!(written.is_some(), reason.codes().payback.is_some(), "{reason}");
    }
}

/// The published sample settles on an agent's books, has a reason that is none, and does not say what it returns.
#[test]
fn the_sample_is_read_and_answered() {
    let Some((whole, document)) = sample("pacs.004.min.xml") else { return };
    round_trip::<PaymentReturn>(&whole);
    let message: Message<PaymentReturn> = Message::read(&document).unwrap();
    check("pacs.004.001.09.xsd", &message.write());
    let request = Request::read(&document).unwrap();
    let fault = request.order().unwrap_err();
    assert_eq!((fault.path.as_str(), fault.rule.code()), ("/Document/PmtRtr/GrpHdr/SttlmInf/SttlmMtd", "AG01"));
    let outcome = Outcome::refused(&fault, "2026-11-23T01:02:04.567Z".parse().unwrap());
    let answer = request.answer(&outcome).unwrap().text;
    check("pacs.002.001.10.xsd", &answer);
    let report: Message<StatusReport> = Message::read(&answer).unwrap();
    assert_eq!(report.document.transaction.uetr, message.document.transaction.uetr);
    let ours = with(&document, ">INDA<", ">CLRG<");
    assert!(order(&ours).unwrap_err().path.ends_with("RtrRsnInf/Rsn/Cd"));
    let ours = with(&ours, "EXCd", "AC04");
    assert!(order(&ours).unwrap_err().path.ends_with("TxInf/OrgnlGrpInf"));
}
