//! camt.053.001.08: what happened on an account in a day, with the balances before and after.

use super::document;
use super::statement::{Entry, Page, Period, ReportingGroup, StatedAccount, StatedBalance, Totals};
use crate::xml::{LongText, Moment, Number, sequence};
use seaway_types::text::Text35;

sequence! {
    /// See the module (`BankToCustomerStatementV08`).
    pub struct AccountStatement {
        /// What holds for the message.
        "GrpHdr" group: one ReportingGroup,
        /// What is reported, of one account.
        "Stmt" statement: one Statement,
    }
}

document!(AccountStatement, "camt.053.001.08", "BkToCstmrStmt");

sequence! {
    /// What is reported of one account (`AccountStatement9`).
    pub struct Statement {
        /// Names it.
        "Id" id: one Text35,
        /// Which part of it this is.
        "StmtPgntn" page: maybe Page,
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
        "AddtlStmtInf" information: maybe LongText<500>,
    }
}
