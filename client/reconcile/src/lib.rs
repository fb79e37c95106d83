//! Compares the ledger's entries of an account with what somebody else says of the same account: a bank's statement, or a
//! counterparty's books.
//!
//! Invariants: every entry that was read is in exactly one place of the [`Report`], alone or in a pair; the order of the
//! files changes nothing; for each currency the two sides differ by exactly what the breaks explain ([`Sum`]). Amounts are
//! integers and there is no tolerance: one unit of the last decimal is a break.
//!
//! # What is read
//!
//! camt.052, camt.053 and camt.054 (version 001.08 or later), CSV, and a node's answers of `account_entries`, which give
//! end-to-end ids and say what is a return where they were asked for with `details`. [`Entries::read`] tells them apart by
//! their first character. Files are streamed; an entry takes 64 bytes and its references.
//!
//! # What is the same payment
//!
//! Entries are of one payment when they agree in currency, direction, and the strongest name that both have: the UETR; else
//! the end-to-end id, unless it is `NOTPROVIDED`; else the account servicer's reference. Two entries that both have a UETR are
//! never joined by a weaker name, and likewise down the list. An entry without any name cannot be recognised and is missing
//! on the other side.
//!
//! The direction is what the account sees. When the other file is of the mirror account, as a nostro is to a vostro, a credit
//! there is a debit here: `mirrored` turns it round. A return shares the UETR of its payment and has the opposite
//! direction, so it is never mistaken for the payment itself.
//!
//! # What is found
//!
//! | class | means | break |
//! |---|---|---|
//! | matched | on both sides with the same amount | |
//! | returned | matched, and one side at least says that it takes back a payment | |
//! | rejected | refused by one side or both, on neither account | |
//! | amount differs | the same payment with two amounts | yes |
//! | duplicate | one side has it more often than the other, and an equal entry remains | yes |
//! | missing here | the bank alone has it; marked when it is a return | yes |
//! | missing there | the ledger alone has it; marked when it is a return | yes |
//! | rejected but booked | one side refused what the other has on the account | yes |
//!
//! A payment may lie on an account several times by right, as a hold that is posted in parts does: equally many equal entries
//! on both sides are matched, not duplicates.
//!
//! Exit codes of a program that compares: 0 without a break, 2 with one, 1 when a file cannot be read.
//!
//! ```
//! use seaway_reconcile::{Class, Entries, Reading, reconcile};
//!
//! let (mut ledger, mut bank) = (Entries::default(), Entries::default());
//! let ours = "endToEndId,direction,currency,amount\nINV-1,D,HKD,1000.00\nINV-2,D,HKD,5.00\n";
//! let theirs = "reference;endToEndId;direction;currency;amount\n7;INV-1;C;HKD;1000\n";
//! ledger.read(ours.as_bytes(), &Reading::new("ledger.csv"))?;
//! bank.read(theirs.as_bytes(), &Reading { delimiter: b';', ..Reading::new("bank.csv") })?;
//! let report = reconcile(ledger, bank, true);
//! assert_eq!((report.count(Class::Matched), report.count(Class::MissingThere)), (1, 1));
//! assert_eq!(report.exit_code(), 2);
//! # Ok::<(), seaway_reconcile::Fault>(())
//! ```

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

mod answer;
mod budget;
mod camt;
mod class;
mod csv;
mod fault;
pub mod limits;
mod matching;
mod read;
mod record;
mod report;
mod slot;

pub use class::Class;
pub use fault::Fault;
pub use read::Reading;
pub use record::{Direction, Entries, Kind, Record, Units, decimal};
pub use report::{Entry, Line, Report, Sum, Turnover};

/// Compares two sides. `mirrored` says that the bank's entries are of the other side of the account.
pub fn reconcile(ledger: Entries, mut bank: Entries, mirrored: bool) -> Report {
    if mirrored {
        bank.mirror();
    }
    let found = matching::compare(&ledger, &bank);
    Report::new(ledger, bank, found)
}
