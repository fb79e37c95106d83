//! pacs.009 through the public door: from the text to the instruction's body and to the answer, each rule with its place and
//! its reason.

mod beside;

use beside::{check, check_whole, has_faults, part, round_trip, sample};
use seaway_iso20022::Fault;
use seaway_iso20022::message::{InstitutionTransfer, Message, Status, StatusReport};
use seaway_iso20022::order::{AccountName, Known, Order, Outcome, Request};
use seaway_types::asset::{Asset, AssetBook, AssetId, AssetKind, Exponent};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{Body, Leg};

/// Harbour Bank in Hong Kong pays Merlion Bank in Singapore out of its own pocket.
const CORE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope>
  <AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
    <Fr><FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId></Fr>
    <To><FIId><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></FIId></To>
    <BizMsgIdr>HARB-9</BizMsgIdr>
    <MsgDefIdr>pacs.009.001.08</MsgDefIdr>
    <BizSvc>seaway.devnet.01</BizSvc>
    <CreDt>2026-11-23T01:02:03.000+00:00</CreDt>
  </AppHdr>
  <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08">
    <FICdtTrf>
      <GrpHdr>
        <MsgId>HARB-9</MsgId>
        <CreDtTm>2026-11-23T01:02:03.000+00:00</CreDtTm>
        <NbOfTxs>1</NbOfTxs>
        <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
      </GrpHdr>
      <CdtTrfTxInf>
        <PmtId>
          <InstrId>HARB-9-1</InstrId>
          <EndToEndId>LIQUIDITY-1123</EndToEndId>
          <TxId>HARB-9-T</TxId>
          <UETR>7a562c67-ca16-48ba-b074-65581be6f001</UETR>
        </PmtId>
        <PmtTpInf><InstrPrty>HIGH</InstrPrty><SvcLvl><Cd>G004</Cd></SvcLvl></PmtTpInf>
        <IntrBkSttlmAmt Ccy="HKD">2500000.00</IntrBkSttlmAmt>
        <IntrBkSttlmDt>2026-11-23</IntrBkSttlmDt>
        <SttlmPrty>HIGH</SttlmPrty>
        <InstgAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstgAgt>
        <InstdAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></InstdAgt>
        <Dbtr><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Dbtr>
        <DbtrAcct><Id><Othr><Id>harbour-nostro</Id></Othr></Id></DbtrAcct>
        <Cdtr><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Cdtr>
        <CdtrAcct><Id><Othr><Id>merlion-nostro</Id></Othr></Id></CdtrAcct>
        <Purp><Cd>INTC</Cd></Purp>
        <RmtInf><Ustrd>Liquidity of 23 November</Ustrd></RmtInf>
      </CdtTrfTxInf>
    </FICdtTrf>
  </Document>
</Envelope>
"#;

/// The customer's payment that makes it a cover.
const UNDERLYING: &str = r#"<UndrlygCstmrCdtTrf>
          <UltmtDbtr><Nm>Lamma Holdings Ltd</Nm></UltmtDbtr>
          <InitgPty><Nm>Lamma Treasury Ltd</Nm></InitgPty>
          <Dbtr>
            <Nm>Lamma Instruments Ltd</Nm>
            <PstlAdr><StrtNm>Des Voeux Road Central</StrtNm><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr>
          </Dbtr>
          <DbtrAcct><Id><Othr><Id>hk-importer</Id></Othr></Id></DbtrAcct>
          <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>
          <CdtrAgt>
            <FinInstnId>
              <Nm>Changi Savings Bank</Nm>
              <PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry></PstlAdr>
            </FinInstnId>
          </CdtrAgt>
          <Cdtr>
            <Nm>Changi Parts Pte Ltd</Nm>
            <PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry><AdrLine>10 Changi South Lane, 04-01</AdrLine></PstlAdr>
          </Cdtr>
          <CdtrAcct><Id><Othr><Id>sg-supplier</Id></Othr></Id></CdtrAcct>
          <UltmtCdtr><Nm>Changi Group Pte Ltd</Nm></UltmtCdtr>
          <RmtInf><Ustrd>Invoice 2026-0817</Ustrd></RmtInf>
          <InstdAmt Ccy="HKD">2500000.00</InstdAmt>
        </UndrlygCstmrCdtTrf>
      </CdtTrfTxInf>"#;

fn cover() -> String {
    // CBPR+ tells tracked covers apart by their service level.
    CORE.replace("</CdtTrfTxInf>", UNDERLYING).replace("G004", "G001")
}

/// Replaces a part that must be there.
fn with(text: &str, part: &str, by: &str) -> String {
    assert!(text.contains(part), "{part}");
    text.replacen(part, by, 1)
}

fn order(text: &str) -> Result<Order, Fault> {
    Request::read(text)?.order()
}

fn body(text: &str, salt: u8) -> Result<Body, Fault> {
    let request = Request::read(text)?;
    let asset = |code: &str, exponent: u8| Asset {
        code: code.parse().unwrap(),
        exponent: Exponent::new(exponent).unwrap(),
        issuer: "HARBHKHH".parse().unwrap(),
        kind: AssetKind::SettlementBankMoney,
        is_default: true,
        enabled: true,
        payment_max: None,
    };
    let assets = AssetBook::new(vec![(AssetId(1), asset("HKD", 2)), (AssetId(2), asset("JPY", 0))]);
    let accounts = [AccountId([1; 16]), AccountId([2; 16])];
    let known = Known { assets: &assets, accounts: &accounts, payments: &[], salt: &[salt; 32] };
    request.body(&request.order()?, &known)
}

fn transfer(text: &str) -> CreditTransfer {
    match body(text, 0).unwrap() {
        Body::Single(Leg::CreditTransfer(transfer)) => transfer,
        other => panic!("{other:?}"),
    }
}

fn credit(text: &str) -> Credit {
    transfer(text).credits.first().unwrap().clone()
}

/// Expects a fault at a path with a code, when a part is replaced.
fn refused(text: &str, part: &str, by: &str, path: &str, code: &str) {
    let fault = body(&with(text, part, by), 0).unwrap_err();
    assert!(fault.path.ends_with(path), "{fault}");
    assert_eq!(fault.rule.code(), code, "{fault}");
}

#[test]
fn a_message_becomes_a_payment_between_institutions() {
    let order = order(CORE).unwrap();
    assert_eq!(order.sender, "HARBHKHH".parse().unwrap());
    assert_eq!(order.uetrs[0].to_string(), "7a562c67-ca16-48ba-b074-65581be6f001");
    assert!(order.payments.is_empty());
    let names: Vec<_> = order.accounts.iter().map(|named| (named.agent.to_string(), named.name.clone())).collect();
    let named = |agent: &str, number: &str| (agent.to_owned(), AccountName::Number(number.to_owned()));
    assert_eq!(names, [named("HARBHKHH", "harbour-nostro"), named("MERLSGSG", "merlion-nostro")]);
    let transfer = transfer(CORE);
    assert_eq!((transfer.asset, transfer.debtor), (AssetId(1), AccountId([1; 16])));
    assert_eq!(transfer.mode, BulkMode::EachOnItsOwn);
    assert_eq!(transfer.settlement_date.unwrap().to_string(), "2026-11-23");
    let credit = credit(CORE);
    assert_eq!((credit.kind, credit.creditor), (CreditKind::Institution, AccountId([2; 16])));
    assert_eq!((credit.amount.minor_units(), credit.end_to_end_id.as_str()), (250_000_000, "LIQUIDITY-1123"));
    assert_eq!(
        (credit.debtor_agent.to_string(), credit.creditor_agent.to_string()),
        ("HARBHKHH".into(), "MERLSGSG".into())
    );
    assert_eq!((credit.charge_bearer, credit.charges.len()), (ChargeBearer::Shared, 0));
    assert_eq!(credit.purpose.unwrap().as_str(), "INTC");
    assert!(credit.party_data_hash.is_some() && credit.remittance_hash.is_some() && credit.instructed.is_none());
}

#[test]
fn the_customers_payment_makes_it_a_cover() {
    let credit = credit(&cover());
    assert_eq!(credit.kind, CreditKind::Cover);
    assert_ne!(credit.party_data_hash, self::credit(CORE).party_data_hash);
    assert_ne!(credit.remittance_hash, self::credit(CORE).remittance_hash);
    // What the creditors are told is hashed by itself.
    let other = self::credit(&cover().replace("Invoice 2026-0817", "Invoice 2026-0818"));
    assert_eq!(credit.party_data_hash, other.party_data_hash);
    assert_ne!(credit.remittance_hash, other.remittance_hash);
    let silent = cover()
        .replace("<RmtInf><Ustrd>Invoice 2026-0817</Ustrd></RmtInf>", "")
        .replace("<RmtInf><Ustrd>Liquidity of 23 November</Ustrd></RmtInf>", "");
    assert_eq!(self::credit(&silent).remittance_hash, None);
    assert_eq!(self::credit(&silent).party_data_hash, credit.party_data_hash);
    assert_ne!(
        self::credit(&cover().replace("Lamma Holdings", "Lantau Holdings")).party_data_hash,
        credit.party_data_hash
    );
    // Nobody of the payment that is covered is asked for an account here.
    assert_eq!(order(&cover()).unwrap().accounts, order(CORE).unwrap().accounts);
}

#[test]
fn agents_service_accounts_of_other_institutions() {
    // Neither debtor nor creditor is a participant: each has its account with one of the two agents.
    let text = with(
        CORE,
        "<Dbtr><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Dbtr>",
        "<Dbtr><FinInstnId><Nm>Lantau Thrift</Nm><PstlAdr><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr></FinInstnId></Dbtr>",
    );
    let debtor_agent = "</DbtrAcct><DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>";
    let text = with(&text, "</DbtrAcct>", debtor_agent);
    let creditor_agent = "<CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt><Cdtr>";
    let text = with(&text, "<Cdtr>", creditor_agent);
    let text = with(&text, "<Cdtr><FinInstnId><BICFI>MERLSGSG", "<Cdtr><FinInstnId><BICFI>THAMGB2L");
    let credit = credit(&text);
    assert_eq!(
        (credit.debtor_agent.to_string(), credit.creditor_agent.to_string()),
        ("HARBHKHH".into(), "MERLSGSG".into())
    );
    check("pacs.009.001.08.xsd", part(&Request::read(&text).unwrap().write(), "Document"));
    refused(&text, "<Ctry>HK</Ctry>", "", "Dbtr/FinInstnId/PstlAdr/Ctry", "BE07");
    refused(&text, "<Nm>Lantau Thrift</Nm>", "", "Dbtr/FinInstnId/Nm", "BE01");
    let address = "<PstlAdr><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr>";
    refused(&text, address, "", "Dbtr/FinInstnId/PstlAdr", "BE07");
    refused(&text, debtor_agent, "</DbtrAcct>", "Dbtr/FinInstnId/BICFI", "RC01");
    refused(&text, creditor_agent, "<Cdtr>", "InstdAgt/FinInstnId/BICFI", "AG01");
}

#[test]
fn each_rule_has_its_place_and_its_reason() {
    let core = |part: &str, by: &str, path: &str, code: &str| refused(CORE, part, by, path, code);
    core("<NbOfTxs>1<", "<NbOfTxs>2<", "GrpHdr/NbOfTxs", "FF01");
    for method in ["INDA", "INGA", "COVE"] {
        core(">CLRG<", &format!(">{method}<"), "/Document/FICdtTrf/GrpHdr/SttlmInf/SttlmMtd", "AG01");
    }
    core("<UETR>7a562c67-ca16-48ba-b074-65581be6f001</UETR>", "", "PmtId/UETR", "FF01");
    core("7a562c67-ca16", "7A562C67-CA16", "PmtId/UETR", "FF01");
    core(">2500000.00<", ">2500000.005<", "CdtTrfTxInf/IntrBkSttlmAmt", "AM09");
    core(">2500000.00<", ">0<", "CdtTrfTxInf/IntrBkSttlmAmt", "AM01");
    core("Ccy=\"HKD\">2500000.00", "Ccy=\"JPY\">2500000.00", "CdtTrfTxInf/IntrBkSttlmAmt", "AM09");
    core("Ccy=\"HKD\"", "Ccy=\"XAU\"", "CdtTrfTxInf/IntrBkSttlmAmt/@Ccy", "AM03");
    core(
        "<Fr><FIId><FinInstnId><BICFI>HARBHKHH",
        "<Fr><FIId><FinInstnId><BICFI>THAMGB2L",
        "Fr/FIId/FinInstnId/BICFI",
        "RC01",
    );
    core("<InstgAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstgAgt>", "", "CdtTrfTxInf/InstgAgt", "FF01");
    core(
        "<InstgAgt><FinInstnId><BICFI>HARBHKHH",
        "<InstgAgt><FinInstnId><BICFI>THAMGB2L",
        "InstgAgt/FinInstnId/BICFI",
        "AG01",
    );
    core(
        "<Cdtr><FinInstnId><BICFI>MERLSGSG",
        "<Cdtr><FinInstnId><BICFI>THAMGB2L",
        "InstdAgt/FinInstnId/BICFI",
        "AG01",
    );
    core("<BICFI>MERLSGSG</BICFI></FinInstnId></Cdtr>", "</FinInstnId></Cdtr>", "Cdtr/FinInstnId/BICFI", "RC01");
    core("<Cdtr><FinInstnId><BICFI>MERLSGSG", "<Cdtr><FinInstnId><BICFI>MERLSGS", "Cdtr/FinInstnId/BICFI", "FF01");
    core("<DbtrAcct><Id><Othr><Id>harbour-nostro</Id></Othr></Id></DbtrAcct>", "", "DbtrAcct/Id", "AC01");
    core("<CdtrAcct><Id><Othr><Id>merlion-nostro</Id></Othr></Id></CdtrAcct>", "", "CdtrAcct/Id", "AC03");
    let currency = "<Id>merlion-nostro</Id></Othr></Id>";
    core(currency, &format!("{currency}<Ccy>USD</Ccy>"), "CdtrAcct/Ccy", "CURR");
    // What is not supported is refused where it stands, and never dropped.
    core("<Dbtr>", "<IntrmyAgt1/><Dbtr>", "CdtTrfTxInf/IntrmyAgt1", "FF01");
    core("<Purp>", "<InstrForCdtrAgt/><Purp>", "CdtTrfTxInf/InstrForCdtrAgt", "FF01");
    core("<SttlmPrty>HIGH</SttlmPrty>", "<ChrgBr>SHAR</ChrgBr>", "CdtTrfTxInf/ChrgBr", "FF01");
    core("</CdtTrfTxInf>", "</CdtTrfTxInf><CdtTrfTxInf/>", "FICdtTrf/CdtTrfTxInf", "FF01");
}

#[test]
fn the_payment_that_is_covered_is_checked_too() {
    let (text, under) = (cover(), "/Document/FICdtTrf/CdtTrfTxInf/UndrlygCstmrCdtTrf");
    let covered = |part: &str, by: &str, path: &str, code: &str| {
        refused(&text, part, by, &format!("{under}/{path}"), code);
    };
    covered("<Nm>Lamma Instruments Ltd</Nm>", "", "Dbtr/Nm", "BE01");
    covered("<Nm>Lamma Holdings Ltd</Nm>", "", "UltmtDbtr/Nm", "BE01");
    covered("<TwnNm>Hong Kong</TwnNm>", "", "Dbtr/PstlAdr/TwnNm", "BE07");
    covered("<Ctry>SG</Ctry><AdrLine>", "<AdrLine>", "Cdtr/PstlAdr/Ctry", "BE04");
    covered("<TwnNm>Singapore</TwnNm>", "", "CdtrAgt/FinInstnId/PstlAdr/TwnNm", "RC01");
    covered("<Nm>Changi Savings Bank</Nm>", "", "CdtrAgt/FinInstnId/Nm", "BE01");
    let agent = "<FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>";
    covered(agent, "<FinInstnId/></DbtrAgt>", "DbtrAgt/FinInstnId/BICFI", "RC01");
    covered("<DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>", "", "DbtrAgt", "FF01");
    let fault = order(&with(&text, "<InstdAmt Ccy=\"HKD\">", "<Tax/><InstdAmt Ccy=\"HKD\">")).unwrap_err();
    assert!(fault.path.ends_with("UndrlygCstmrCdtTrf/Tax"), "{fault}");
}

#[test]
fn all_faults_are_told_at_once() {
    has_faults(&cover(), &[]);
    let text = with(&cover(), "<Nm>Lamma Instruments Ltd</Nm>", "");
    let text = with(&text, "<TwnNm>Singapore</TwnNm>", "");
    let text =
        with(&text, "<Id>merlion-nostro</Id></Othr></Id>", "<Id>merlion-nostro</Id></Othr></Id><Ccy>USD</Ccy>");
    let text = with(&text, "<InstgAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstgAgt>", "");
    let text = with(&text, "<EndToEndId>LIQUIDITY-1123</EndToEndId>", "<EndToEndId> </EndToEndId>");
    let under = "UndrlygCstmrCdtTrf";
    let (debtor, agent) = (format!("{under}/Dbtr/Nm"), format!("{under}/CdtrAgt/FinInstnId/PstlAdr/TwnNm"));
    has_faults(&text, &["PmtId/EndToEndId", "CdtTrfTxInf/InstgAgt", &debtor, &agent, "CdtTrfTxInf/CdtrAcct/Ccy"]);
    // An agent that cannot be read is not the debtor itself.
    let thrift = "<Dbtr><FinInstnId><Nm>Lantau Thrift</Nm><PstlAdr><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr></FinInstnId></Dbtr>";
    let text = with(CORE, "<Dbtr><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Dbtr>", thrift);
    let text = with(&text, "</DbtrAcct>", "</DbtrAcct><DbtrAgt>Harbour Bank</DbtrAgt>");
    has_faults(&text, &["CdtTrfTxInf/DbtrAgt"]);
}

#[test]
fn a_message_is_the_same_each_time_and_another_message_is_not() {
    for text in [CORE.to_owned(), cover()] {
        assert_eq!(body(&text, 1).unwrap(), body(&text, 1).unwrap());
        assert_ne!(body(&text, 1).unwrap(), body(&text, 2).unwrap(), "hashes are salted");
        let key = order(&text).unwrap().key;
        assert_eq!(key, order(&text.replace("2500000", "2500001")).unwrap().key);
        assert_eq!(key, order(part(&text, "Document")).unwrap().key, "with or without its header");
        assert_ne!(key, order(&text.replace("HARB-9<", "HARB-10<")).unwrap().key);
        let request = Request::read(&text).unwrap();
        assert_eq!(request.definition(), "pacs.009.001.08");
        assert!(!request.is_initiation());
        assert_eq!(Request::read(&request.write()).as_ref(), Ok(&request));
        check_whole(&request.write());
    }
}

#[test]
fn the_answer_is_a_status_report() {
    let request = Request::read(&cover()).unwrap();
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let reference = Some("7-0".parse().unwrap());
    let outcome = Outcome { status: Status::Credited, reason: None, time, reference, credits: Vec::new() };
    let answer = request.answer(&outcome).unwrap();
    assert_eq!(answer.definition, "pacs.002.001.10");
    check_whole(&answer.text);
    let report: Message<StatusReport> = Message::read(&answer.text).unwrap();
    let transaction = &report.document.transaction;
    let original = transaction.original.as_ref().unwrap();
    assert_eq!((original.id.as_str(), original.definition.as_str()), ("HARB-9", "pacs.009.001.08"));
    assert_eq!(transaction.instruction.unwrap().as_str(), "HARB-9-1");
    assert_eq!(transaction.end_to_end.unwrap().as_str(), "LIQUIDITY-1123");
    assert_eq!(transaction.transaction.unwrap().as_str(), "HARB-9-T");
    assert_eq!(transaction.uetr, Some(request.order().unwrap().uetrs[0]));
    assert_eq!(transaction.status, Status::Credited);
    assert!(transaction.accepted.is_some());
}

/// The published sample names neither parties nor accounts and settles on an agent's books.
#[test]
fn the_sample_is_read_and_answered() {
    let Some((whole, document)) = sample("pacs.009.min.xml") else { return };
    round_trip::<InstitutionTransfer>(&whole);
    let message: Message<InstitutionTransfer> = Message::read(&document).unwrap();
    check("pacs.009.001.08.xsd", &message.write());
    let request = Request::read(&document).unwrap();
    let fault = request.order().unwrap_err();
    assert_eq!((fault.path.as_str(), fault.rule.code()), ("/Document/FICdtTrf/GrpHdr/SttlmInf/SttlmMtd", "AG01"));
    let outcome = Outcome::refused(&fault, "2026-11-23T01:02:04.567Z".parse().unwrap());
    let answer = request.answer(&outcome).unwrap().text;
    check("pacs.002.001.10.xsd", &answer);
    let report: Message<StatusReport> = Message::read(&answer).unwrap();
    assert_eq!(report.document.transaction.uetr, message.document.transaction.id.uetr);
    let fault = order(&with(&document, ">INDA<", ">CLRG<")).unwrap_err();
    assert!(fault.path.ends_with("CdtTrfTxInf/Dbtr/FinInstnId/BICFI"), "{fault}");
    assert_eq!(fault.rule.code(), "RC01");
}
