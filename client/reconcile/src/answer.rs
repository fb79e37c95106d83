//! Reads what a node answers: answers of `account_entries`, or their entries one by one, as JSON values one after the other.
//!
//! A node tells each movement between the parts of a balance, since a hold takes from what is available long before it is
//! paid. A bank's statement knows only what came and went. So the two sides of a movement within the account, which stand
//! next to each other, are left out; and so is suspense, which is no part of the booked balance. What one receipt moved for
//! one payment in one direction is one entry, as in a statement, with its charges apart where the node tells which they are.

use crate::budget::Budget;
use crate::fault::Fault;
use crate::limits::JSON_VALUE_BYTES_MAX;
use crate::record::{Direction, Entries, Given, Kind, Units};
use seaway_types::asset::{AssetName, CurrencyCode};
use seaway_types::state::Field;
use seaway_types::uetr::Uetr;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    /// Block and receipt, as statements name the entry.
    reference: Option<String>,
    uetr: Option<Uetr>,
    /// Told with details alone, as is what follows.
    end_to_end_id: Option<String>,
    /// Why it was made; what is neither [`RETURN`] nor [`CHARGE`] makes no difference here.
    nature: Option<String>,
}

/// The nature of what takes back a payment.
const RETURN: &str = "return";
/// The nature of a charge for a payment.
const CHARGE: &str = "charge";

/// What the movements of one entry have in common: receipt, payment, asset, direction, and whether they are charges.
type Name<'a> = (u32, Option<Uetr>, &'a str, Direction, bool);

/// An amount of an asset.
struct Money<'a> {
    asset: &'a str,
    currency: CurrencyCode,
    units: Units,
    /// Decimals that were written.
    places: u8,
}

/// An entry, made of one movement or more.
struct Booked<'a> {
    first: &'a Posting,
    money: Money<'a>,
    /// The number of its first movement.
    movement: u64,
}

impl Posting {
    fn is(&self, nature: &str) -> bool {
        self.nature.as_deref() == Some(nature)
    }

    fn money(&self) -> Option<Money<'_>> {
        let (amount, asset) = self.amount.split_once(' ')?;
        let name: AssetName = asset.parse().ok()?;
        let (units, places) = Units::parse(amount)?;
        Some(Money { asset, currency: name.code, units, places })
    }

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
    let mut taking = Taking { into, asset, file, movements: 0, number: 0 };
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
    Taking { into, asset, file, movements: 0, number }.told(told)
}

struct Taking<'a> {
    into: &'a mut Entries,
    asset: Option<&'a str>,
    file: u16,
    /// Movements seen in this answer or file.
    movements: u64,
    /// Entries taken of this file.
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
        let mut entries: Vec<Booked<'_>> = Vec::new();
        let mut places: BTreeMap<Name<'_>, usize> = BTreeMap::new();
        for first in &booked {
            self.movements = self.movements.saturating_add(1);
            let movement = self.movements;
            let expected = "expected an amount with its asset, as in 1000.00 HKD";
            let money = first.money().ok_or_else(|| fault(movement, first, expected))?;
            let name = (first.receipt, first.uetr, money.asset, first.credit_debit, first.is(CHARGE));
            let place = *places.entry(name).or_insert(entries.len());
            match entries.get_mut(place) {
                Some(Booked { money: sum, .. }) => {
                    sum.units = sum.units.plus(money.units);
                    sum.places = sum.places.max(money.places);
                }
                None => entries.push(Booked { first, money, movement }),
            }
        }
        entries.iter().try_for_each(|entry| self.entry(entry))
    }

    fn entry(&mut self, Booked { first, money, movement }: &Booked<'_>) -> Result<(), Fault> {
        match self.into.is_in(money.currency, money.asset, self.asset) {
            Ok(true) => {}
            Ok(false) => {
                self.into.elsewhere = self.into.elsewhere.saturating_add(1);
                return Ok(());
            }
            Err(problem) => return Err(fault(*movement, first, &problem)),
        }
        self.number = self.number.saturating_add(1);
        let added = self.into.push(&Given {
            uetr: first.uetr,
            end_to_end_id: first.end_to_end_id.as_deref().unwrap_or(""),
            reference: first.reference.as_deref().unwrap_or(""),
            currency: money.currency,
            units: money.units,
            places: money.places,
            direction: first.credit_debit,
            kind: if first.is(RETURN) { Kind::Returned } else { Kind::Booked },
            file: self.file,
            number: self.number,
        });
        added.map(|_| ()).map_err(|problem| Fault::new(format!("movement {movement}"), "", problem))
    }
}

fn fault(movement: u64, posting: &Posting, problem: &str) -> Fault {
    Fault::new(format!("movement {movement}"), &posting.amount, problem)
}
