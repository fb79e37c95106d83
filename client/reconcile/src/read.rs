//! Reads a file whatever its format: the first character that is not blank tells.

use crate::fault::Fault;
use crate::record::Entries;
use crate::{answer, camt, csv};
use std::io::{self, BufRead};

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Its name, for faults and for the report.
    pub file: &'a str,
    /// What stands between the columns of a CSV file.
    pub delimiter: u8,
    /// The account whose statements are taken from camt messages, by its IBAN or other identification. Without it a side
    /// may have entries of one account only.
    pub account: Option<&'a str>,
    /// The asset whose movements are taken from a node's answers, as in `HKD` or `HKD@HARBHKHH`. Without it a side may
    /// have one asset of each currency.
    pub asset: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// A file of this name, with commas between its columns where it is CSV, and everything taken.
    pub const fn new(file: &'a str) -> Self {
        Self { file, delimiter: b',', account: None, asset: None }
    }
}

impl Entries {
    /// Adds the entries of a file: XML when it begins with `<`, answers of a node when with `{`, else CSV. After a fault
    /// some of them may have been added; the side must not be compared then.
    pub fn read<R: BufRead>(&mut self, mut reader: R, how: &Reading<'_>) -> Result<(), Fault> {
        let file = self.open(how.file).map_err(|problem| Fault::new("", "", problem).of(how.file))?;
        let first = first(&mut reader).map_err(|error| Fault::new("", "", error.to_string()).of(how.file))?;
        let read = match first {
            Some(b'<') => camt::read(reader, how.account, file, self),
            Some(b'{') => answer::read(reader, how.asset, file, self),
            Some(_) => csv::read(reader, how.delimiter, file, self),
            None => Err(Fault::new("", "", "the file is empty; expected camt, CSV or answers of a node")),
        };
        read.map_err(|fault| fault.of(how.file))
    }

    /// Adds the entries of one answer of `account_entries`, as when its pages are fetched one by one.
    pub fn take(&mut self, answer: serde_json::Value, how: &Reading<'_>) -> Result<(), Fault> {
        let file = self.open(how.file).map_err(|problem| Fault::new("", "", problem).of(how.file))?;
        answer::take(answer, how.asset, file, self).map_err(|fault| fault.of(how.file))
    }
}

/// The first byte that is no blank and no byte order mark; what stands before it is consumed.
fn first<R: BufRead>(reader: &mut R) -> io::Result<Option<u8>> {
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(None);
        }
        let blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
        let blanks = available.iter().take_while(|byte| blank(byte)).count();
        let found = available.get(blanks).copied();
        reader.consume(blanks);
        if found.is_some() {
            return Ok(found);
        }
    }
}
