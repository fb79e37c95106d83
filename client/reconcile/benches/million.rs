//! A million entries against a million: a camt.053 statement of the ledger, and a bank's CSV in another order, read from disk
//! and compared. Prints the time and the largest memory; what is aimed at is 10 seconds and 1 GiB.
//!
//! `cargo bench -p seaway-reconcile [-- ENTRIES]`; as a test of itself (`cargo test --benches`) it takes few entries.
#![allow(missing_docs)]

use seaway_reconcile::{Class, Entries, Reading, reconcile};
use seaway_types::Uetr;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// A prime step walks all positions in another order when it does not divide their number.
const STEP: u64 = 7_368_787;

/// One in so many entries has this difference.
const WITHOUT_UETR: u64 = 50;
const AMOUNT_DIFFERS: u64 = 1_000;
const MISSING: u64 = 1_003;

/// SplitMix64 (Steele, Lea, Flood 2014): spreads a counter.
fn spread(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Payment {
    number: u64,
    uetr: Uetr,
    credit: bool,
    cents: u64,
}

impl Payment {
    fn new(number: u64) -> Self {
        let mut random = [0; 16];
        random[..8].copy_from_slice(&spread(2 * number + 1).to_be_bytes());
        random[8..].copy_from_slice(&spread(2 * number + 2).to_be_bytes());
        let draw = spread(!number);
        Self { number, uetr: Uetr::from_random(random), credit: draw & 1 == 0, cents: 1 + (draw >> 1) % 100_000_000 }
    }

    fn amount(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

fn write_ledger(path: &Path, entries: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-11-20T18:00:00+00:00</CreDtTm></GrpHdr>\
         <Stmt><Id>BENCH-1</Id><Acct><Id><Othr><Id>1</Id></Othr></Id></Acct>"
    )?;
    for payment in (0..entries).map(Payment::new) {
        let code = if payment.credit { "CRDT" } else { "DBIT" };
        write!(
            out,
            "\n<Ntry><Amt Ccy=\"HKD\">{amount}</Amt><CdtDbtInd>{code}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>SW-{number:010}</AcctSvcrRef>\
             <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>XBCT</SubFmlyCd></Fmly></Domn></BkTxCd>\
             <NtryDtls><TxDtls><Refs><EndToEndId>INV-{number:010}</EndToEndId><UETR>{uetr}</UETR></Refs>\
             <Amt Ccy=\"HKD\">{amount}</Amt></TxDtls></NtryDtls></Ntry>",
            amount = payment.amount(),
            number = payment.number,
            uetr = payment.uetr,
        )?;
    }
    write!(out, "</Stmt></BkToCstmrStmt></Document>")?;
    out.flush()
}

fn write_bank(path: &Path, entries: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "uetr,endToEndId,reference,direction,currency,amount,status")?;
    for position in 0..entries {
        let mut payment = Payment::new(position.wrapping_mul(STEP) % entries);
        if payment.number.is_multiple_of(MISSING) {
            continue;
        }
        if payment.number % AMOUNT_DIFFERS == 1 {
            payment.cents += 1;
        }
        let uetr = if payment.number % WITHOUT_UETR == 2 { String::new() } else { payment.uetr.to_string() };
        let code = if payment.credit { "C" } else { "D" };
        let (number, amount) = (payment.number, payment.amount());
        writeln!(out, "{uetr},INV-{number:010},B{number},{code},HKD,{amount},booked")?;
    }
    out.flush()
}

/// Largest memory of this process so far in MiB (proc(5), status, VmHWM in kB).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn read(path: &Path, file: &str) -> Entries {
    let start = Instant::now();
    let mut entries = Entries::default();
    let reader = BufReader::with_capacity(1 << 16, File::open(path).unwrap());
    entries.read(reader, &Reading::new(file)).unwrap();
    println!("{file}: {} entries read in {:.2} s", entries.records().len(), start.elapsed().as_secs_f64());
    entries
}

fn main() {
    // `cargo test --benches` passes --test, `cargo bench` passes --bench, in front of a person's own words.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = words.iter().find_map(|word| word.parse().ok());
    let bench = words.iter().any(|word| word == "--bench");
    let entries: u64 = asked.unwrap_or(if bench { 1_000_000 } else { 10_000 });

    let folder = tempfile::tempdir().unwrap();
    let (ledger_path, bank_path) = (folder.path().join("ledger.xml"), folder.path().join("bank.csv"));
    write_ledger(&ledger_path, entries).unwrap();
    write_bank(&bank_path, entries).unwrap();
    let sizes = [&ledger_path, &bank_path].map(|path| std::fs::metadata(path).unwrap().len() >> 20);
    println!("{entries} entries: {} MiB of camt.053 and {} MiB of CSV; peak {} MiB", sizes[0], sizes[1], peak());

    let start = Instant::now();
    let (ledger, bank) = (read(&ledger_path, "ledger.xml"), read(&bank_path, "bank.csv"));
    let middle = Instant::now();
    let report = reconcile(ledger, bank, false);
    println!("compared in {:.2} s", middle.elapsed().as_secs_f64());
    println!("in all {:.2} s; peak {} MiB; {} breaks", start.elapsed().as_secs_f64(), peak(), report.breaks());

    let missing = (0..entries).filter(|number| number % MISSING == 0).count() as u64;
    let differs = (0..entries).filter(|number| number % MISSING != 0 && number % AMOUNT_DIFFERS == 1).count() as u64;
    assert_eq!(report.count(Class::MissingThere), missing);
    assert_eq!(report.count(Class::AmountDiffers), differs);
    assert_eq!(report.count(Class::Matched), entries - missing - differs);
    assert!(report.sums().iter().all(|sum| sum.unexplained() == 0));
}
