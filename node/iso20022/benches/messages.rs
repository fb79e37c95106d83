//! ISO 20022 messages as they come in, on one core: read, checked without a ledger, and made into an instruction's body. The
//! plan wants a pain.001 of 4,096 credits read and checked within 60 ms, and a camt.053 of 100,000 entries written in 2 s.
#![allow(missing_docs)] // criterion's macros make an undocumented item

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seaway_iso20022::message::Status;
use seaway_iso20022::order::{Known, Order, Outcome, Request};
use seaway_iso20022::statement::{Balances, Booked, Kind, Nature, PaymentDetails, Reported, Stated, Streamed};
use seaway_types::AccountId;
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId, AssetKind, Exponent};
use seaway_types::instruction::Body;
use seaway_types::limits::CREDITS_MAX;
use seaway_types::time::Height;
use std::hint::black_box;

const TEMPLATE: &str = include_str!("../../../genesis/networks/devnet-pacs008.xml");

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
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
        <PstlAdr><StrtNm>Des Voeux Road Central</StrtNm><BldgNb>111</BldgNb><TwnNm>Hong Kong</TwnNm><Ctry>HK</Ctry></PstlAdr>
      </Dbtr>
      <DbtrAcct><Id><Othr><Id>hk-importer</Id></Othr></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>
      <ChrgBr>SHAR</ChrgBr>
"#;

const TAIL: &str = "    </PmtInf>\n  </CstmrCdtTrfInitn>\n</Document>\n";

/// One payment, as a supplier's invoice is paid. Every second one has no UETR of its own.
fn credit(number: usize) -> String {
    let uetr = if number.is_multiple_of(2) {
        String::new()
    } else {
        format!("<UETR>0f8fad5b-d9cb-469f-a165-{number:012x}</UETR>")
    };
    format!(
        r#"      <CdtTrfTxInf>
        <PmtId><InstrId>L-{number}</InstrId><EndToEndId>INVOICE-{number}</EndToEndId>{uetr}</PmtId>
        <Amt><InstdAmt Ccy="HKD">{number}.50</InstdAmt></Amt>
        <CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt>
        <Cdtr>
          <Nm>Supplier {number} Pte Ltd</Nm>
          <PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry><AdrLine>{number} Changi South Lane</AdrLine></PstlAdr>
        </Cdtr>
        <CdtrAcct><Id><Othr><Id>supplier-{number}</Id></Othr></Id></CdtrAcct>
        <Purp><Cd>GDDS</Cd></Purp>
        <RmtInf><Ustrd>Invoice {number}, forty sensors</Ustrd></RmtInf>
      </CdtTrfTxInf>
"#
    )
}

/// A customer's message with many payments.
fn initiation(count: usize) -> String {
    // In tenths, so that the sum is exact.
    let sum = count * (count + 1) / 2 * 10 + count * 5;
    let head = HEAD.replace("{count}", &count.to_string()).replace("{sum}", &format!("{}.{}", sum / 10, sum % 10));
    head + &(1..=count).map(credit).collect::<String>() + TAIL
}

fn payment() -> String {
    TEMPLATE
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e")
}

fn assets() -> AssetBook {
    let asset = Asset {
        code: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        issuer: "HARBHKHH".parse().unwrap(),
        kind: AssetKind::SettlementBankMoney,
        is_default: true,
        enabled: true,
        payment_max: None,
    };
    AssetBook::new(vec![(AssetId(1), asset)])
}

/// What comes before a ledger is asked.
fn checked(text: &str) -> (Request, Order) {
    let request = Request::read(text).unwrap();
    let order = request.order().unwrap();
    (request, order)
}

fn body(request: &Request, order: &Order, assets: &AssetBook, accounts: &[AccountId]) -> Body {
    request.body(order, &Known { assets, accounts, payments: &[], salt: &[7; 32] }).unwrap()
}

fn messages(criterion: &mut Criterion) {
    let assets = assets();
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let reference = Some("7-0".parse().unwrap());
    let outcome = Outcome { status: Status::Credited, reason: None, time, reference, credits: Vec::new() };
    for (name, text) in [("pacs.008", payment()), ("pain.001 of 4,096 credits", initiation(CREDITS_MAX))] {
        let (request, order) = checked(&text);
        let accounts: Vec<AccountId> = order.accounts.iter().map(|_| AccountId([1; 16])).collect();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(order.uetrs.len().try_into().unwrap())).sample_size(20);
        group.bench_function("read", |bench| bench.iter(|| Request::read(black_box(&text)).unwrap()));
        group.bench_function("read and check", |bench| bench.iter(|| checked(black_box(&text))));
        group.bench_function("body", |bench| {
            bench.iter(|| body(black_box(&request), &order, &assets, &accounts));
        });
        group.bench_function("answer", |bench| bench.iter(|| black_box(&request).answer(&outcome).unwrap()));
        group.finish();
    }
}

/// A statement of a day on which 100,000 payments came in, written entry by entry to somewhere.
fn statement(criterion: &mut Criterion) {
    const ENTRIES: usize = 100_000;
    let (_, asset) = assets().iter().next().map(|(id, asset)| (id, asset.clone())).unwrap();
    let amount = |minor_units| Amount::new(minor_units).unwrap();
    let details = PaymentDetails {
        end_to_end: "INVOICE-2026-0817".parse().unwrap(),
        debtor: AccountId([1; 16]),
        creditor: AccountId([2; 16]),
        debtor_agent: "HARBHKHH".parse().unwrap(),
        creditor_agent: "MERLSGSG".parse().unwrap(),
        amount: amount(12_500),
        charges: amount(0),
        purpose: "GDDS".parse().ok(),
    };
    let booked = Booked {
        height: Height(4711),
        receipt: 3,
        place: 0,
        credit: true,
        amount: amount(12_500),
        time: "2026-11-23T01:02:04.567Z".parse().unwrap(),
        value: "2026-11-23".parse().unwrap(),
        uetr: "0f8fad5b-d9cb-469f-a165-70867728950e".parse().ok(),
        nature: Nature::Payment,
        payment: Some(details),
    };
    let stated = Stated {
        kind: Kind::EndOfDay,
        of: Reported::of(AccountId([2; 16]), "MERLSGSG".parse().unwrap(), &asset),
        receiver: None,
        day: booked.value,
        from: "2026-11-22T16:00:00Z".parse().unwrap(),
        to: "2026-11-23T16:00:00Z".parse().unwrap(),
        height: Height(5000),
        page: (1, true),
        balances: Balances::default(),
        sums: None,
        entries: Vec::new(),
    };
    let head = stated.write().unwrap();
    let mut group = criterion.benchmark_group("camt.053 of 100,000 entries");
    group.throughput(Throughput::Elements(ENTRIES as u64)).sample_size(10);
    group.bench_function("write", |bench| {
        bench.iter(|| {
            let mut streamed = Streamed::begin(std::io::sink(), black_box(&head)).unwrap();
            for _ in 0..ENTRIES {
                streamed.entry(&black_box(&booked).stated(&stated.of).unwrap()).unwrap();
            }
            streamed.end().unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, messages, statement);
criterion_main!(benches);
