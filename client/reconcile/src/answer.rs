//! Reads what a node answers: answers of `account_entries`, or their entries one by one, as JSON values one after the other.
//!
//! A node tells each movement between the parts of a balance, since a hold takes from what is available long before it is
//! paid. A bank's statement knows only what came and went. So the two sides of a movement within the account, which stand
//! next to each other, are left out; and so is suspense, which is no part of the booked balance.

use crate::budget::Budget;
use crate::fault::Fault;
use crate::limits::JSON_VALUE_BYTES_MAX;
use crate::record::{Direction, Entries, Given, Kind, Units};
use seaway_types::asset::AssetName;
use seaway_types::state::Field;
use seaway_types::uetr::Uetr;
use serde::Deserialize;
use std::io::BufRead;

/// An answer of `account_entries`, or one of its entries.
#[derive(Deserialize)]
struct Told {
    account: Option<String>,
    entries: Option<Vec<Block>>,
    postings: Option<Vec<Posting>>,
}

/// The movements on the account in one block.
#[derive(Deserialize)]
struct Block {
    postings: Vec<Posting>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posting {
    credit_debit: Direction,
    part: Field,
    /// With its asset, as in `1000.00 HKD`.
    amount: String,
    #[serde(default)]
    receipt: u32,
    uetr: Option<Uetr>,
}

impl Posting {
    /// Whether two neighbours are one movement within the account.
    fn undoes(&self, before: &Self) -> bool {
        let same = (self.receipt, self.uetr, &self.amount) == (before.receipt, before.uetr, &before.amount);
        same && self.credit_debit != before.credit_debit && self.part != before.part
    }
}

/// Reads all answers of a file; of one asset only, when it is named.
pub(crate) fn read<R: BufRead>(reader: R, asset: Option<&str>, file: u16, into: &mut Entries) -> Result<(), Fault> {
    let (reader, allowance) = Budget::new(reader, JSON_VALUE_BYTES_MAX);
    let values = serde_json::Deserializer::from_reader(reader).into_iter::<Told>();
    let mut taking = Taking { into, asset, file, number: 0 };
    for (value, position) in values.zip(1u64..) {
        let value = value.map_err(|error| Fault::new(format!("value {position}"), "", error.to_string()))?;
        taking.told(value).map_err(|fault| {
            let comma = if fault.at.is_empty() { "" } else { ", " };
            Fault { at: format!("value {position}{comma}{}", fault.at), ..fault }
        })?;
        allowance.refill();
    }
    Ok(())
}

/// Takes one answer that has been read already. The number of the last entry goes on from page to page.
pub(crate) fn take(
    answer: serde_json::Value,
    asset: Option<&str>,
    file: u16,
    into: &mut Entries,
) -> Result<(), Fault> {
    let told = serde_json::from_value(answer).map_err(|error| Fault::new("", "", error.to_string()))?;
    let number = into.records().last().map_or(0, |last| u64::from(last.number()));
    Taking { into, asset, file, number }.told(told)
}

struct Taking<'a> {
    into: &'a mut Entries,
    asset: Option<&'a str>,
    file: u16,
    /// Movements seen in this file.
    number: u64,
}

impl Taking<'_> {
    fn told(&mut self, told: Told) -> Result<(), Fault> {
        if let Some(account) = &told.account {
            self.into.is_of(account, None).map_err(|problem| Fault::new("account", "", problem))?;
        }
        let (entries, postings) = (told.entries, told.postings);
        if entries.is_none() && postings.is_none() {
            let problem = "expected an answer of account_entries with 'entries', or one of these with 'postings'";
            return Err(Fault::new("", "", problem));
        }
        for block in entries.unwrap_or_default() {
            self.block(block.postings)?;
        }
        self.block(postings.unwrap_or_default())
    }

    fn block(&mut self, postings: Vec<Posting>) -> Result<(), Fault> {
        let mut booked: Vec<Posting> = Vec::new();
        for posting in postings.into_iter().filter(|posting| posting.part != Field::Suspense) {
            if booked.last().is_some_and(|before| posting.undoes(before)) {
                booked.pop();
            } else {
                booked.push(posting);
            }
        }
        booked.iter().try_for_each(|posting| self.posting(posting))
    }

    fn posting(&mut self, posting: &Posting) -> Result<(), Fault> {
        self.number = self.number.saturating_add(1);
        let fault = |problem: &str| Fault::new(format!("movement {}", self.number), &posting.amount, problem);
        let expected = "expected an amount with its asset, as in 1000.00 HKD";
        let (amount, asset) = posting.amount.split_once(' ').ok_or_else(|| fault(expected))?;
        let name: AssetName = asset.parse().map_err(|_| fault(expected))?;
        let (units, places) = Units::parse(amount).ok_or_else(|| fault(expected))?;
        match self.into.is_in(name.code, asset, self.asset) {
            Ok(true) => {}
            Ok(false) => {
                self.into.elsewhere = self.into.elsewhere.saturating_add(1);
                return Ok(());
            }
            Err(problem) => return Err(fault(&problem)),
        }
        let added = self.into.push(&Given {
            uetr: posting.uetr,
            end_to_end_id: "",
            reference: "",
            currency: name.code,
            units,
            places,
            direction: posting.credit_debit,
            kind: Kind::Booked,
            file: self.file,
            number: self.number,
        });
        added.map(|_| ()).map_err(|problem| Fault::new(format!("movement {}", self.number), "", problem))
    }
}
