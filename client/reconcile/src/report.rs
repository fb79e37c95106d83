//! What a comparison tells: counts, sums of each currency, and every entry that is not simply matched.

use crate::class::{Class, Finding};
use crate::matching::{Found, record};
use crate::record::{Direction, Entries, Kind, Record, decimal};
use seaway_types::asset::CurrencyCode;
use seaway_types::uetr::Uetr;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The result of a comparison.
#[derive(Debug)]
pub struct Report {
    ledger: Entries,
    bank: Entries,
    counts: BTreeMap<Class, u64>,
    findings: Vec<Finding>,
    sums: Vec<Sum>,
}

/// What came and went on one side, in hundred-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// What came.
    pub credit: i128,
    /// What went; not negative.
    pub debit: i128,
}

impl Turnover {
    /// What came less what went.
    pub const fn net(&self) -> i128 {
        self.credit.saturating_sub(self.debit)
    }

    // At most 2^24 entries of 23 digits come together, so that no sum here reaches the ends of 128 bits.
    fn add(&mut self, record: &Record) {
        let signed = record.booked();
        let (sum, more) = if signed < 0 { (&mut self.debit, -signed) } else { (&mut self.credit, signed) };
        *sum = sum.saturating_add(more);
    }
}

/// The sums of a currency. The difference of the two sides is exactly the sum of what the breaks explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The currency.
    pub currency: CurrencyCode,
    /// Decimals to write: the most that any entry was written with.
    pub places: u8,
    /// The ledger's turnover.
    pub ledger: Turnover,
    /// The bank's turnover, seen from the ledger's side of the account.
    pub bank: Turnover,
    /// How much of the difference the breaks of each class explain.
    pub explained: BTreeMap<Class, i128>,
}

impl Sum {
    /// The ledger's net turnover less the bank's.
    pub const fn difference(&self) -> i128 {
        self.ledger.net().saturating_sub(self.bank.net())
    }

    /// What the breaks do not explain: always zero, and checked by whoever doubts it.
    pub fn unexplained(&self) -> i128 {
        self.explained.values().fold(self.difference(), |left, part| left.saturating_sub(*part))
    }

    /// An amount with the decimals of this currency.
    pub fn show(&self, units: i128) -> String {
        decimal(units, self.places)
    }
}

/// An entry of one side, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'a> {
    /// The amount in major units.
    pub amount: String,
    /// What the side says of it.
    pub kind: Kind,
    /// The file.
    pub file: &'a str,
    /// The row of a CSV file, else the position among the file's entries, from 1.
    pub number: u32,
}

/// A finding, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'a> {
    /// What was found.
    pub class: Class,
    /// Whether somebody has to act.
    #[serde(rename = "break")]
    pub is_break: bool,
    /// Whether the entry takes back an earlier payment.
    pub returned: bool,
    /// The payment's UETR, of whichever side gives it.
    pub uetr: Option<Uetr>,
    /// The end-to-end id, likewise.
    pub end_to_end_id: Option<&'a str>,
    /// The account servicer's reference, likewise.
    pub reference: Option<&'a str>,
    /// Whether money came or went, as the ledger's side of the account sees it.
    pub direction: Direction,
    /// Of what.
    pub currency: CurrencyCode,
    /// The ledger's entry.
    pub ledger: Option<Entry<'a>>,
    /// The bank's entry.
    pub bank: Option<Entry<'a>>,
}

impl Report {
    pub(crate) fn new(ledger: Entries, bank: Entries, found: Found) -> Self {
        let mut counts: BTreeMap<Class, u64> = Class::ALL.iter().map(|class| (*class, 0)).collect();
        counts.insert(Class::Matched, found.matched);
        for finding in &found.findings {
            let count = counts.entry(finding.class).or_default();
            *count = count.saturating_add(1);
        }
        let sums = sums(&ledger, &bank, &found.findings);
        Self { ledger, bank, counts, findings: found.findings, sums }
    }

    /// How many entries or pairs of a class there are.
    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(&class).copied().unwrap_or(0)
    }

    /// How many breaks there are.
    pub fn breaks(&self) -> u64 {
        let breaks = self.counts.iter().filter(|(class, _)| class.is_break());
        breaks.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Whether the two sides agree.
    pub fn is_reconciled(&self) -> bool {
        self.breaks() == 0
    }

    /// The exit code of a program that compares: 0 when the sides agree, 2 when there is a break.
    pub fn exit_code(&self) -> u8 {
        if self.is_reconciled() { 0 } else { 2 }
    }

    /// The ledger's entries.
    pub const fn ledger(&self) -> &Entries {
        &self.ledger
    }

    /// The bank's entries, seen from the ledger's side of the account.
    pub const fn bank(&self) -> &Entries {
        &self.bank
    }

    /// The sums of each currency that either side has.
    pub fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// Everything that is not simply matched: first what is in order, then the breaks, each class together.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.findings.iter().filter_map(|finding| self.line(finding))
    }

    fn line(&self, finding: &Finding) -> Option<Line<'_>> {
        let here = finding.ledger.and_then(|index| record(&self.ledger, index));
        let there = finding.bank.and_then(|index| record(&self.bank, index));
        let main = here.or(there)?;
        let places = self.ledger.places(main.currency()).max(self.bank.places(main.currency()));
        let sides = [(&self.ledger, here), (&self.bank, there)];
        Some(Line {
            class: finding.class,
            is_break: finding.class.is_break(),
            returned: finding.returned,
            uetr: here.and_then(Record::uetr).or(there.and_then(Record::uetr)),
            end_to_end_id: either(sides, Entries::end_to_end_id),
            reference: either(sides, Entries::reference),
            direction: main.direction(),
            currency: main.currency(),
            ledger: here.map(|record| entry(&self.ledger, record, places)),
            bank: there.map(|record| entry(&self.bank, record, places)),
        })
    }
}

/// A text of whichever side has it.
fn either<'a>(
    sides: [(&'a Entries, Option<&'a Record>); 2],
    name: fn(&'a Entries, &Record) -> &'a str,
) -> Option<&'a str> {
    let mut texts = sides.into_iter().filter_map(|(entries, record)| record.map(|record| name(entries, record)));
    texts.find(|text| !text.is_empty())
}

fn entry<'a>(entries: &'a Entries, record: &Record, places: u8) -> Entry<'a> {
    let units = i128::try_from(record.units().count()).unwrap_or(i128::MAX);
    Entry { amount: decimal(units, places), kind: record.kind(), file: entries.file(record), number: record.number() }
}

fn sums(ledger: &Entries, bank: &Entries, findings: &[Finding]) -> Vec<Sum> {
    let mut sums: BTreeMap<CurrencyCode, Sum> = BTreeMap::new();
    for record in ledger.records() {
        sum_of(&mut sums, record.currency()).ledger.add(record);
    }
    for record in bank.records() {
        sum_of(&mut sums, record.currency()).bank.add(record);
    }
    for sum in sums.values_mut() {
        sum.places = ledger.places(sum.currency).max(bank.places(sum.currency));
    }
    for finding in findings.iter().filter(|finding| finding.class.is_break()) {
        let here = finding.ledger.and_then(|index| record(ledger, index));
        let there = finding.bank.and_then(|index| record(bank, index));
        let Some(main) = here.or(there) else { continue };
        let booked = |record: Option<&Record>| record.map_or(0, Record::booked);
        let part = sum_of(&mut sums, main.currency()).explained.entry(finding.class).or_default();
        *part = part.saturating_add(booked(here)).saturating_sub(booked(there));
    }
    sums.into_values().collect()
}

fn sum_of(sums: &mut BTreeMap<CurrencyCode, Sum>, currency: CurrencyCode) -> &mut Sum {
    sums.entry(currency).or_insert_with(|| Sum {
        currency,
        places: 0,
        ledger: Turnover::default(),
        bank: Turnover::default(),
        explained: BTreeMap::new(),
    })
}

/// A turnover with the decimals of its currency.
struct Shown<'a>(&'a Sum, &'a Turnover);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(sum, turnover) = self;
        let mut fields = serializer.serialize_struct("Turnover", 3)?;
        fields.serialize_field("credit", &sum.show(turnover.credit))?;
        fields.serialize_field("debit", &sum.show(turnover.debit))?;
        fields.serialize_field("net", &sum.show(turnover.net()))?;
        fields.end()
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let explained: BTreeMap<Class, String> =
            self.explained.iter().map(|(class, part)| (*class, self.show(*part))).collect();
        let mut fields = serializer.serialize_struct("Sum", 5)?;
        fields.serialize_field("currency", &self.currency)?;
        fields.serialize_field("ledger", &Shown(self, &self.ledger))?;
        fields.serialize_field("bank", &Shown(self, &self.bank))?;
        fields.serialize_field("difference", &self.show(self.difference()))?;
        fields.serialize_field("explained", &explained)?;
        fields.end()
    }
}

/// How much of a side was read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extent {
    entries: usize,
    not_booked: u64,
    elsewhere: u64,
    uneven: u64,
}

impl Extent {
    fn of(entries: &Entries) -> Self {
        Self {
            entries: entries.records().len(),
            not_booked: entries.not_booked(),
            elsewhere: entries.elsewhere(),
            uneven: entries.uneven(),
        }
    }
}

/// Lines are made one by one as they are written: there may be millions of them.
struct Lines<'a>(&'a Report);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.lines())
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Report", 7)?;
        fields.serialize_field("reconciled", &self.is_reconciled())?;
        fields.serialize_field("breaks", &self.breaks())?;
        fields.serialize_field("ledger", &Extent::of(&self.ledger))?;
        fields.serialize_field("bank", &Extent::of(&self.bank))?;
        fields.serialize_field("counts", &self.counts)?;
        fields.serialize_field("sums", &self.sums)?;
        fields.serialize_field("findings", &Lines(self))?;
        fields.end()
    }
}
