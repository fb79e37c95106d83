//! One entry of an account, in 64 bytes, and the entries of one side.

use crate::limits::{AMOUNT_DIGITS_MAX, AMOUNT_PLACES, FILES_MAX, RECORDS_MAX, TEXT_BYTES_MAX};
use seaway_types::asset::CurrencyCode;
use seaway_types::uetr::Uetr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether money came or went, as the account's statement sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// Money arrived.
    #[serde(rename = "CRDT")]
    Credit,
    /// Money left.
    #[serde(rename = "DBIT")]
    Debit,
}

impl Direction {
    /// The other direction.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }

    /// The code of ISO 20022 (`CreditDebitCode`).
    pub const fn iso(self) -> &'static str {
        match self {
            Self::Credit => "CRDT",
            Self::Debit => "DBIT",
        }
    }
}

/// What an entry says of its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// It is on the account.
    Booked,
    /// It is on the account and takes back an earlier payment: a return or a reversal.
    Returned,
    /// It was refused; nothing is on the account.
    Rejected,
}

/// An amount of any currency, counted in hundred-thousandths: the five decimals that ISO 20022 allows. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units(u128);

impl Units {
    /// Reads digits with at most one point, at most 18 digits and 5 decimals; and says how many decimals were written.
    pub fn parse(text: &str) -> Option<(Self, u8)> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let places = decimals.len();
        let fits = places <= AMOUNT_PLACES && whole.len() + places <= AMOUNT_DIGITS_MAX;
        if whole.is_empty() || !fits || !digits(whole) || !digits(decimals) {
            return None;
        }
        let padding = std::iter::repeat_n(b'0', AMOUNT_PLACES - places);
        // At most 23 digits come here, so nothing saturates.
        let add = |units: u128, digit: u8| units.saturating_mul(10).saturating_add(u128::from(digit & 0x0f));
        let units = whole.bytes().chain(decimals.bytes()).chain(padding).fold(0, add);
        Some((Self(units), u8::try_from(places).ok()?))
    }

    /// The amount with its sign: what came is positive, what went is negative.
    pub fn signed(self, direction: Direction) -> i128 {
        // 23 digits fit well.
        let units = i128::try_from(self.0).unwrap_or(i128::MAX);
        match direction {
            Direction::Credit => units,
            Direction::Debit => -units,
        }
    }

    /// The count of hundred-thousandths.
    pub const fn count(self) -> u128 {
        self.0
    }

    /// Both together. Amounts of 23 digits do not fill the type, however many are in a file.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Writes hundred-thousandths as a decimal number with so many decimals, which must hold all that is not zero.
pub fn decimal(units: i128, places: u8) -> String {
    let digits = format!("{:0width$}", units.unsigned_abs(), width = AMOUNT_PLACES + 1);
    let (whole, decimals) = digits.split_at(digits.len() - AMOUNT_PLACES);
    let sign = if units < 0 { "-" } else { "" };
    match decimals.get(..usize::from(places)).unwrap_or(decimals) {
        "" => format!("{sign}{whole}"),
        shown => format!("{sign}{whole}.{shown}"),
    }
}

/// Where a text stands among the texts of its side.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u32,
    length: u8,
}

/// An entry. Its references stand in the [`Entries`] that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    units: Units,
    /// Zero, which no UETR is, where there is none.
    uetr: [u8; 16],
    end_to_end_id: Place,
    reference: Place,
    number: u32,
    file: u16,
    currency: CurrencyCode,
    direction: Direction,
    kind: Kind,
}

impl Record {
    /// How much.
    pub const fn units(&self) -> Units {
        self.units
    }

    /// How much, with its sign; nothing where the payment was rejected.
    pub fn booked(&self) -> i128 {
        match self.kind {
            Kind::Booked | Kind::Returned => self.units.signed(self.direction),
            Kind::Rejected => 0,
        }
    }

    /// The payment's UETR.
    pub fn uetr(&self) -> Option<Uetr> {
        if self.uetr == [0; 16] { None } else { Uetr::new(self.uetr).ok() }
    }

    pub(crate) const fn uetr_bytes(&self) -> &[u8; 16] {
        &self.uetr
    }

    pub(crate) fn has_uetr(&self) -> bool {
        self.uetr != [0; 16]
    }

    pub(crate) const fn has_end_to_end_id(&self) -> bool {
        self.end_to_end_id.length > 0
    }

    /// Of what.
    pub const fn currency(&self) -> CurrencyCode {
        self.currency
    }

    /// Whether it came or went.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// What became of it.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its number in its file: the row of a CSV file, else the position among the entries, from 1.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

/// What a reader knows of an entry.
pub(crate) struct Given<'a> {
    pub uetr: Option<Uetr>,
    pub end_to_end_id: &'a str,
    pub reference: &'a str,
    pub currency: CurrencyCode,
    pub units: Units,
    /// Decimals that were written.
    pub places: u8,
    pub direction: Direction,
    pub kind: Kind,
    pub file: u16,
    pub number: u64,
}

/// The entries of one side, of one account, from any number of files.
#[derive(Debug, Default)]
pub struct Entries {
    records: Vec<Record>,
    /// All references, one after the other.
    texts: String,
    files: Vec<String>,
    /// Most decimals that were written in a currency.
    places: BTreeMap<CurrencyCode, u8>,
    /// The account of all entries, as its files name it.
    account: Option<String>,
    /// The one asset of each currency.
    assets: BTreeMap<CurrencyCode, String>,
    pub(crate) not_booked: u64,
    pub(crate) elsewhere: u64,
    pub(crate) uneven: u64,
}

impl Entries {
    /// The entries, in the order in which they were read.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Entries that were passed over because they are not on the account yet: pending, future, for information.
    pub const fn not_booked(&self) -> u64 {
        self.not_booked
    }

    /// Entries that were passed over because another account or asset was asked for.
    pub const fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Entries of camt messages whose details do not add up to them. The details were compared.
    pub const fn uneven(&self) -> u64 {
        self.uneven
    }

    /// Most decimals that were written in a currency.
    pub(crate) fn places(&self, currency: CurrencyCode) -> u8 {
        self.places.get(&currency).copied().unwrap_or(0)
    }

    /// An entry's end-to-end id, or nothing.
    pub fn end_to_end_id(&self, record: &Record) -> &str {
        self.text(record.end_to_end_id)
    }

    /// The account servicer's reference of an entry, or nothing.
    pub fn reference(&self, record: &Record) -> &str {
        self.text(record.reference)
    }

    /// The file that an entry was read from.
    pub fn file(&self, record: &Record) -> &str {
        self.files.get(usize::from(record.file)).map_or("", String::as_str)
    }

    fn text(&self, place: Place) -> &str {
        let start = usize::try_from(place.start).unwrap_or(usize::MAX);
        self.texts.get(start..start.saturating_add(usize::from(place.length))).unwrap_or("")
    }

    /// Sees all entries from the other side of the account: what came there went here.
    pub(crate) fn mirror(&mut self) {
        for record in &mut self.records {
            record.direction = record.direction.opposite();
        }
    }

    /// The position of a file's name; further parts of the last file join it.
    pub(crate) fn open(&mut self, name: &str) -> Result<u16, String> {
        if self.files.last().is_none_or(|last| last != name) {
            if self.files.len() >= FILES_MAX {
                return Err(format!("more than {FILES_MAX} files"));
            }
            self.files.push(name.to_owned());
        }
        u16::try_from(self.files.len() - 1).map_err(|error| error.to_string())
    }

    /// Whether what follows belongs to the account that is wanted. Without a wish it is the first that appears, and a
    /// second one is refused: entries of two accounts cannot be told apart later.
    pub(crate) fn is_of(&mut self, account: &str, wanted: Option<&str>) -> Result<bool, String> {
        if let Some(wanted) = wanted {
            return Ok(wanted == account);
        }
        let known = self.account.get_or_insert_with(|| account.to_owned());
        if known.as_str() == account {
            Ok(true)
        } else {
            Err(format!("entries of two accounts, '{known}' and '{account}': name the one to compare"))
        }
    }

    /// As [`Self::is_of`], for the assets of one currency.
    pub(crate) fn is_in(
        &mut self,
        currency: CurrencyCode,
        asset: &str,
        wanted: Option<&str>,
    ) -> Result<bool, String> {
        if let Some(wanted) = wanted {
            return Ok(wanted == asset);
        }
        let known = self.assets.entry(currency).or_insert_with(|| asset.to_owned());
        if known.as_str() == asset {
            Ok(true)
        } else {
            Err(format!("entries of two assets of one currency, {known} and {asset}: name the one to compare"))
        }
    }

    /// Adds an entry and says where.
    pub(crate) fn push(&mut self, given: &Given<'_>) -> Result<usize, String> {
        let position = self.records.len();
        if position >= RECORDS_MAX {
            return Err(format!("more than {RECORDS_MAX} entries: compare shorter periods"));
        }
        // NOTPROVIDED is what ISO 20022 writes where the debtor gave none; it names nothing.
        let end_to_end_id = Some(given.end_to_end_id).filter(|text| *text != "NOTPROVIDED").unwrap_or("");
        let record = Record {
            units: given.units,
            uetr: given.uetr.map_or([0; 16], |uetr| *uetr.as_bytes()),
            end_to_end_id: self.keep(end_to_end_id)?,
            reference: self.keep(given.reference)?,
            number: u32::try_from(given.number).unwrap_or(u32::MAX),
            file: given.file,
            currency: given.currency,
            direction: given.direction,
            kind: given.kind,
        };
        let places = self.places.entry(given.currency).or_default();
        *places = given.places.max(*places);
        self.records.push(record);
        Ok(position)
    }

    /// Gives an entry a reference when it has none of its own.
    pub(crate) fn fill_reference(&mut self, position: usize, reference: &str) -> Result<(), String> {
        if self.records.get(position).is_some_and(|record| record.reference.length == 0) {
            let place = self.keep(reference)?;
            if let Some(record) = self.records.get_mut(position) {
                record.reference = place;
            }
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Result<Place, String> {
        if text.is_empty() {
            return Ok(Place::default());
        }
        let length = u8::try_from(text.len()).ok().filter(|length| usize::from(*length) <= TEXT_BYTES_MAX);
        let length = length.ok_or_else(|| format!("a reference of more than {TEXT_BYTES_MAX} bytes"))?;
        let start = u32::try_from(self.texts.len());
        let start = start.map_err(|_| "the references have more than 4 GiB: compare shorter periods".to_owned())?;
        self.texts.push_str(text);
        Ok(Place { start, length })
    }
}

/// Reads a UETR; unlike on the ledger, capitals are taken too, since systems elsewhere write them.
pub(crate) fn uetr(text: &str) -> Option<Uetr> {
    text.parse().ok().or_else(|| text.to_ascii_lowercase().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small() {
        assert_eq!(size_of::<Record>(), 64);
    }

    #[test]
    fn amounts_are_read_and_written_whole() {
        let two = |text| Units::parse(text).map(|(units, places)| (units.count(), places));
        assert_eq!(two("1000.50"), Some((100_050_000, 2)));
        assert_eq!(two("0.00001"), Some((1, 5)));
        assert_eq!(two("999999999999999999"), Some((99_999_999_999_999_999_900_000, 0)));
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1,5", "1e3", "1.000000", "1000000000000000000", " 1", "٣"] {
            assert_eq!(two(bad), None, "{bad}");
        }
        assert_eq!(decimal(100_050_000, 2), "1000.50");
        assert_eq!(decimal(-1, 5), "-0.00001");
        assert_eq!(decimal(-300_000, 0), "-3");
        assert_eq!(decimal(0, 3), "0.000");
    }

    #[test]
    fn capitals_name_the_same_payment() {
        let small = uetr("8a562c67-ca16-48ba-b074-65581be6f001");
        assert!(small.is_some());
        assert_eq!(uetr("8A562C67-CA16-48BA-B074-65581BE6F001"), small);
        assert_eq!(uetr("8a562c67"), None);
    }
}
