//! Reads a CSV file: a row of column names, then one entry a row.
//!
//! | column | needed | holds |
//! |---|---|---|
//! | `uetr`, `endToEndId`, `reference` | one of them | names of the payment; empty where there is none |
//! | `direction` | yes | `CRDT` or `DBIT`, also `C` or `D` |
//! | `currency` | yes | a code of three capitals |
//! | `amount` | yes | digits with at most one point, no sign |
//! | `status` | no | `booked` (also empty), `returned`, `rejected`, or `pending`, which is passed over |
//!
//! Columns come in any order; capitals, spaces, `_` and `-` in their names do not matter; other columns are passed over.

use crate::budget::Budget;
use crate::fault::Fault;
use crate::limits::CSV_ROW_BYTES_MAX;
use crate::record::{Direction, Entries, Given, Kind, Units, uetr};
use ::csv::{ByteRecord, ReaderBuilder};
use seaway_types::asset::CurrencyCode;
use std::io::BufRead;

/// Reads all rows of a file.
pub(crate) fn read<R: BufRead>(reader: R, delimiter: u8, file: u16, into: &mut Entries) -> Result<(), Fault> {
    let (reader, allowance) = Budget::new(reader, CSV_ROW_BYTES_MAX);
    let mut rows = ReaderBuilder::new().delimiter(delimiter).from_reader(reader);
    let columns = Columns::of(rows.byte_headers().map_err(|error| broken(&error))?)?;
    let mut cells = ByteRecord::new();
    // The head is row 1, as a spreadsheet counts.
    let mut number: u64 = 1;
    loop {
        allowance.refill();
        if !rows.read_byte_record(&mut cells).map_err(|error| broken(&error))? {
            return Ok(());
        }
        number = number.saturating_add(1);
        let row = Row { cells: &cells, number };
        row.add(&columns, file, into)?;
    }
}

fn broken(error: &::csv::Error) -> Fault {
    Fault::new("", "", error.to_string())
}

/// Where the columns stand.
struct Columns {
    uetr: Option<usize>,
    end_to_end_id: Option<usize>,
    reference: Option<usize>,
    direction: usize,
    currency: usize,
    amount: usize,
    status: Option<usize>,
}

impl Columns {
    fn of(head: &ByteRecord) -> Result<Self, Fault> {
        let names: Vec<String> = head.iter().map(plain).collect();
        let find = |known: &[&str]| -> Result<Option<usize>, Fault> {
            let mut found = names.iter().enumerate().filter(|(_, name)| known.contains(&name.as_str()));
            match (found.next(), found.next()) {
                (Some(_), Some((_, again))) => Err(Fault::new("row 1", again, "the column is there twice")),
                (found, _) => Ok(found.map(|(position, _)| position)),
            }
        };
        let need = |name: &str, known: &[&str]| {
            find(known)?.ok_or_else(|| Fault::new("row 1", "", format!("the column '{name}' is missing")))
        };
        let columns = Self {
            uetr: find(&["uetr"])?,
            end_to_end_id: find(&["endtoendid"])?,
            reference: find(&["reference", "acctsvcrref"])?,
            direction: need("direction", &["direction", "creditdebit", "cdtdbtind"])?,
            currency: need("currency", &["currency", "ccy"])?,
            amount: need("amount", &["amount", "amt"])?,
            status: find(&["status", "sts"])?,
        };
        if columns.uetr.or(columns.end_to_end_id).or(columns.reference).is_none() {
            let problem = "a column that names the payment is missing: 'uetr', 'endToEndId' or 'reference'";
            return Err(Fault::new("row 1", "", problem));
        }
        Ok(columns)
    }
}

/// A column's name without what does not matter.
fn plain(name: &[u8]) -> String {
    // A byte order mark is no part of the first name.
    let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    name.chars().filter(|one| !matches!(one, ' ' | '\t' | '_' | '-')).collect()
}

/// A row and its number.
struct Row<'a> {
    cells: &'a ByteRecord,
    number: u64,
}

impl<'a> Row<'a> {
    fn fault(&self, column: &str, value: &str, expected: &str) -> Fault {
        Fault::new(format!("row {}, {column}", self.number), value, format!("expected {expected}"))
    }

    /// The text of a column, or nothing where the file has no such column.
    fn text(&self, name: &str, column: Option<usize>) -> Result<&'a str, Fault> {
        let bytes = column.and_then(|column| self.cells.get(column)).unwrap_or(&[]);
        let text = std::str::from_utf8(bytes).map_err(|_| self.fault(name, "", "UTF-8"))?;
        Ok(text.trim())
    }

    fn add(&self, columns: &Columns, file: u16, into: &mut Entries) -> Result<(), Fault> {
        let status = self.text("status", columns.status)?;
        let kind = match status.to_ascii_lowercase().as_str() {
            "" | "booked" | "book" => Kind::Booked,
            "returned" | "reversed" => Kind::Returned,
            "rejected" | "rjct" => Kind::Rejected,
            "pending" | "pdng" => {
                into.not_booked = into.not_booked.saturating_add(1);
                return Ok(());
            }
            _ => return Err(self.fault("status", status, "booked, returned, rejected or pending")),
        };
        let direction = self.text("direction", Some(columns.direction))?;
        let direction = match direction.to_ascii_uppercase().as_str() {
            "CRDT" | "CREDIT" | "CR" | "C" => Direction::Credit,
            "DBIT" | "DEBIT" | "DR" | "D" => Direction::Debit,
            _ => return Err(self.fault("direction", direction, "CRDT or DBIT, or C or D")),
        };
        let currency = self.text("currency", Some(columns.currency))?;
        let currency: CurrencyCode =
            currency.parse().map_err(|_| self.fault("currency", currency, "three capitals, as in HKD"))?;
        let amount = self.text("amount", Some(columns.amount))?;
        let expected = "digits with at most one point: at most 18 digits, 5 of them decimals, no sign";
        let (units, places) = Units::parse(amount).ok_or_else(|| self.fault("amount", amount, expected))?;
        let given = self.text("uetr", columns.uetr)?;
        let uetr = match given {
            "" => None,
            given => Some(uetr(given).ok_or_else(|| self.fault("uetr", given, "a UUID of version 4"))?),
        };
        let added = into.push(&Given {
            uetr,
            end_to_end_id: self.text("endToEndId", columns.end_to_end_id)?,
            reference: self.text("reference", columns.reference)?,
            currency,
            units,
            places,
            direction,
            kind,
            file,
            number: self.number,
        });
        added.map(|_| ()).map_err(|problem| Fault::new(format!("row {}", self.number), "", problem))
    }
}
