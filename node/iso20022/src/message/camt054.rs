//! camt.054.001.08: an entry was booked on an account.

use super::document;
use super::statement::{Entry, Page, Period, ReportingGroup, StatedAccount, Totals};
use crate::xml::{LongText, Moment, Number, sequence};
use seaway_types::text::Text35;

sequence! {
    /// See the module (`BankToCustomerDebitCreditNotificationV08`).
    pub struct EntryNotification {
        /// What holds for the message.
        "GrpHdr" group: one ReportingGroup,
        /// What is reported, of one account.
        "Ntfctn" notification: one Notification,
    }
}

document!(EntryNotification, "camt.054.001.08", "BkToCstmrDbtCdtNtfctn");

sequence! {
    /// What is reported of one account (`AccountNotification17`).
    pub struct Notification {
        /// Names it.
        "Id" id: one Text35,
        /// Which part of it this is.
        "NtfctnPgntn" page: maybe Page,
        /// Counts what was reported of the account.
        "ElctrncSeqNb" number: maybe Number,
        /// When it was made.
        "CreDtTm" created: maybe Moment,
        /// From when until when.
        "FrToDt" period: maybe Period,
        /// The account.
        "Acct" account: one StatedAccount,
        /// Entries counted and summed up.
        "TxsSummry" totals: maybe Totals,
        /// Its entries.
        "Ntry" entries: many Entry,
        /// More of it.
        "AddtlNtfctnInf" information: maybe LongText<500>,
    }
}
