//! camt.052.001.08: what happened on an account so far today.

use super::document;
use super::statement::{Entry, Page, Period, ReportingGroup, StatedAccount, StatedBalance, Totals};
use crate::xml::{LongText, Moment, Number, sequence};
use seaway_types::text::Text35;

sequence! {
    /// See the module (`BankToCustomerAccountReportV08`).
    pub struct AccountReport {
        /// What holds for the message.
        "GrpHdr" group: one ReportingGroup,
        /// What is reported, of one account.
        "Rpt" report: one Report,
    }
}

document!(AccountReport, "camt.052.001.08", "BkToCstmrAcctRpt");

sequence! {
    /// What is reported of one account (`AccountReport25`).
    pub struct Report {
        /// Names it.
        "Id" id: one Text35,
        /// Which part of it this is.
        "RptPgntn" page: maybe Page,
        /// Counts what was reported of the account.
        "ElctrncSeqNb" number: maybe Number,
        /// When it was made.
        "CreDtTm" created: maybe Moment,
        /// From when until when.
        "FrToDt" period: maybe Period,
        /// The account.
        "Acct" account: one StatedAccount,
        /// Its balances.
        "Bal" balances: many StatedBalance,
        /// Entries counted and summed up.
        "TxsSummry" totals: maybe Totals,
        /// Its entries.
        "Ntry" entries: many Entry,
        /// More of it.
        "AddtlRptInf" information: maybe LongText<500>,
    }
}
