//! Statements of an account, written from what the ledger booked: camt.053 for a day that is over, camt.052 for a day so
//! far, camt.054 for the entries of one block.
//!
//! Everything in them follows from the ledger up to a height, so that whoever holds the ledger writes the same bytes. A page
//! holds whole blocks, and balances: the opening one and its entries make the closing one, or nothing is written.
//!
//! | booked | domain, family, sub-family |
//! |---|---|
//! | credit transfer | `PMNT RCDT` or `PMNT ICDT`, `XBCT` between countries, `DMCT` within one |
//! | return | `PMNT RCDT` or `PMNT ICDT`, `RRTN` |
//! | charge | `PMNT RCDT` or `PMNT ICDT`, `CHRG` |
//! | issue and redeem | `ACMT MCOP` or `ACMT MDOP`, `OTHR` |
//! | hold taken, contract, and others | `PMNT RCDT` or `PMNT ICDT`, `OTHR` |

mod entry;
mod stream;
#[cfg(test)]
mod tests;

pub use entry::{Booked, Nature, PaymentDetails};
pub use stream::{StreamError, Streamed};

use crate::message::{
    AccountChoice, AccountReport, AccountStatement, Agent, BalanceType, CodeOrText, DayOrMoment, Direction, Document,
    EntryNotification, EntryTotal, Header, HeaderParty, LongText, Message, Moment, Money, Notification, Number,
    OtherAccount, Page, Period, Report, ReportingGroup, StatedAccount, StatedBalance, Statement, Totals, YesNo,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, CurrencyCode, Exponent};
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::identifier::AccountId;
use seaway_types::text::Text35;
use seaway_types::time::{BlockTime, Day, Height};
use thiserror::Error;

/// Which report it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// camt.053, of a day that is over.
    EndOfDay,
    /// camt.052, of a day so far.
    Intraday,
    /// camt.054, of the entries of one block.
    Entry,
}

impl Kind {
    /// The message's identifier.
    pub fn definition(self) -> &'static str {
        match self {
            Self::EndOfDay => AccountStatement::DEFINITION,
            Self::Intraday => AccountReport::DEFINITION,
            Self::Entry => EntryNotification::DEFINITION,
        }
    }

    /// The kind of a message's identifier.
    pub fn of(definition: &str) -> Option<Self> {
        [Self::EndOfDay, Self::Intraday, Self::Entry].into_iter().find(|kind| kind.definition() == definition)
    }
}

/// The account and the money that are reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The account.
    pub account: AccountId,
    /// The number by which its agent knows it, where the agent's own node adds it.
    pub number: Option<AccountChoice>,
    /// Who services it.
    pub servicer: Bic,
    /// Its currency.
    pub currency: CurrencyCode,
    /// The decimals of its currency.
    pub exponent: Exponent,
    /// Which money of that currency it is: code and issuer.
    pub asset: String,
}

impl Reported {
    /// An account and an asset.
    pub fn of(account: AccountId, servicer: Bic, asset: &Asset) -> Self {
        let Asset { code, exponent, issuer, .. } = asset;
        let (currency, exponent, asset) = (*code, *exponent, format!("{code}@{issuer}"));
        Self { account, number: None, servicer, currency, exponent, asset }
    }

    fn money(&self, amount: Amount) -> Money {
        Money { currency: self.currency, number: amount.to_major(self.exponent) }
    }

    fn stated(&self) -> Option<StatedAccount> {
        let opaque = || LongText::cut(&self.account.to_string()).map(|id| AccountChoice::Other(OtherAccount { id }));
        Some(StatedAccount {
            id: self.number.clone().or_else(opaque)?,
            kind: self.asset.parse().ok().map(CodeOrText::Text),
            currency: LongText::cut(self.currency.as_str()),
            name: None,
            servicer: Some(Agent::of(self.servicer)),
        })
    }
}

/// What was booked in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Credits: how many, and minor units.
    pub credits: (u64, u128),
    /// Debits: how many, and minor units.
    pub debits: (u64, u128),
}

impl Sums {
    /// Counts one entry.
    pub fn add(&mut self, credit: bool, minor_units: u64) {
        let (count, sum) = if credit { &mut self.credits } else { &mut self.debits };
        (*count, *sum) = (count.saturating_add(1), sum.saturating_add(u128::from(minor_units)));
    }
}

/// A statement, or a page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Which report.
    pub kind: Kind,
    /// Of what.
    pub of: Reported,
    /// To whom its header goes; none for no header.
    pub receiver: Option<Bic>,
    /// The day in the asset's calendar.
    pub day: Day,
    /// The first moment.
    pub from: BlockTime,
    /// The first moment after it; of a day so far, the time of its last block.
    pub to: BlockTime,
    /// The height up to which the ledger was read.
    pub height: Height,
    /// The page, from one, and whether it is the last.
    pub page: (u32, bool),
    /// Booked before and after the page, and what is available after it.
    pub balances: Balances,
    /// All entries of all pages, where they were counted.
    pub sums: Option<Sums>,
    /// The page's entries.
    pub entries: Vec<Booked>,
}

/// The balances of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Booked before it.
    pub opening: Amount,
    /// Booked after it.
    pub closing: Amount,
    /// Available after it.
    pub available: Amount,
}

/// A statement that would say something wrong. Nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    /// Entries do not lead from one balance to the other.
    #[error("{opening} and entries of {credits} less {debits} make not {closing}, in minor units")]
    Unbalanced {
        /// Booked before.
        opening: Amount,
        /// Credits in all.
        credits: u128,
        /// Debits in all.
        debits: u128,
        /// Booked after.
        closing: Amount,
    },
    /// A name or a code came out empty.
    #[error("a text of the statement is empty")]
    Unnamed,
    /// Too many pages to count in five digits.
    #[error("page {number}: a statement has at most 99,999 pages")]
    TooManyPages {
        /// Its number.
        number: u32,
    },
}

impl Stated {
    /// Checks that opening balance and entries make the closing balance; of single entries there are no balances.
    fn check(&self) -> Result<(), StatementError> {
        let mut sums = Sums::default();
        self.entries.iter().for_each(|entry| sums.add(entry.credit, entry.amount.minor_units()));
        let Balances { opening, closing, .. } = self.balances;
        let (credits, debits) = (sums.credits.1, sums.debits.1);
        let before = u128::from(opening.minor_units()).saturating_add(credits);
        let after = u128::from(closing.minor_units()).saturating_add(debits);
        if self.kind != Kind::Entry && before != after {
            return Err(StatementError::Unbalanced { opening, credits, debits, closing });
        }
        match self.page.0 {
            1..=99_999 => Ok(()),
            number => Err(StatementError::TooManyPages { number }),
        }
    }

    /// When it was made, as far as it says: the moment up to which it reports.
    fn created(&self) -> Moment {
        Moment(self.to)
    }

    /// A name of 32 characters, of everything that tells this report from others; page 0 is that of all its pages.
    fn name(&self, page: u32) -> Option<Text35> {
        let Self { kind, of, from, to, .. } = self;
        let part = (page > 0).then(|| (page, self.entries.len() as u64, self.entries.first().and_then(Booked::name)));
        let names = (kind.definition(), of.account, &of.asset, from, (to, self.height), part);
        let hash = Domain::IsoMessage.hash(&codec::encode(&names)).to_string();
        hash.get(..32).and_then(|name| name.parse().ok())
    }

    fn balance(&self, code: &str, intermediate: bool, amount: Amount) -> Option<StatedBalance> {
        // Balances of a day's ends stand at the day, others at a moment.
        let at_moment = code.starts_with("IT");
        Some(StatedBalance {
            kind: BalanceType::of(code, intermediate.then_some("INTM"))?,
            amount: self.of.money(amount),
            direction: Direction::Credit,
            date: if at_moment { DayOrMoment::Moment(self.created()) } else { DayOrMoment::Day(self.day) },
        })
    }

    fn balances(&self) -> Vec<StatedBalance> {
        let (number, last) = self.page;
        let Balances { opening, closing, available } = self.balances;
        let (booked, free) = match self.kind {
            Kind::EndOfDay => ("CLBD", "CLAV"),
            Kind::Intraday | Kind::Entry => ("ITBD", "ITAV"),
        };
        let first = self.balance("OPBD", number > 1, opening);
        let after = self.balance(booked, !last, closing);
        let free = self.balance(free, false, available).filter(|_| last);
        [first, after, free].into_iter().flatten().collect()
    }

    fn totals(&self) -> Option<Totals> {
        let Sums { credits, debits } = self.sums?;
        // A sum has at most 18 digits; a larger one is not told.
        let total = |(count, sum): (u64, u128)| {
            let sum =
                Some(major(sum, self.of.exponent)).filter(|sum| sum.bytes().filter(u8::is_ascii_digit).count() <= 18);
            Some(EntryTotal { count: LongText::cut(&count.to_string()), sum: Some(LongText::cut(&sum?)?) })
        };
        Some(Totals { all: None, credits: Some(total(credits)?), debits: Some(total(debits)?) })
    }

    fn header(&self) -> Option<Header> {
        let party = |bic| HeaderParty::Institution(Agent::of(bic));
        Some(Header {
            from: party(self.of.servicer),
            to: party(self.receiver?),
            id: self.name(self.page.0)?,
            definition: LongText::cut(self.kind.definition())?,
            service: None,
            created: self.created(),
            possible_duplicate: None,
            priority: None,
        })
    }

    /// The message, written; an error where it would say something wrong.
    pub fn write(&self) -> Result<String, StatementError> {
        self.check()?;
        self.text().ok_or(StatementError::Unnamed)
    }

    fn text(&self) -> Option<String> {
        let (page, last) = self.page;
        let group = ReportingGroup { id: self.name(page)?, created: self.created() };
        let last = if last { YesNo::Yes } else { YesNo::No };
        let page = Some(Page { number: LongText::cut(&page.to_string())?, last });
        let number = Some(Number::from(match self.kind {
            // One a day.
            Kind::EndOfDay => u64::from(self.day.number()),
            Kind::Intraday | Kind::Entry => self.height.0,
        }));
        let (id, created, header) = (self.name(0)?, Some(self.created()), self.header());
        let period = Some(Period { from: Moment(self.from), to: Moment(self.to) });
        let (account, totals, information) = (self.of.stated()?, self.totals(), None);
        let entries = self.entries.iter().map(|entry| entry.stated(&self.of)).collect::<Option<Vec<_>>>()?;
        let balances = self.balances();
        Some(match self.kind {
            Kind::EndOfDay => {
                let statement =
                    Statement { id, page, number, created, period, account, balances, totals, entries, information };
                Message { header, document: AccountStatement { group, statement } }.write()
            }
            Kind::Intraday => {
                let report =
                    Report { id, page, number, created, period, account, balances, totals, entries, information };
                Message { header, document: AccountReport { group, report } }.write()
            }
            Kind::Entry => {
                let period = None;
                let notification =
                    Notification { id, page, number, created, period, account, totals, entries, information };
                Message { header, document: EntryNotification { group, notification } }.write()
            }
        })
    }
}

/// A sum that may be larger than an amount, in major units.
fn major(minor_units: u128, exponent: Exponent) -> String {
    let scale = 10u128.saturating_pow(u32::from(exponent.places()));
    let whole = minor_units.checked_div(scale).unwrap_or_default();
    let places = usize::from(exponent.places());
    match places {
        0 => whole.to_string(),
        _ => format!("{whole}.{:0places$}", minor_units.checked_rem(scale).unwrap_or_default()),
    }
}
