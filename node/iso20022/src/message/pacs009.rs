//! pacs.009.001.08: a credit transfer between institutions, one transaction a message as CBPR+ has it. With the customer's
//! payment that it covers it is what CBPR+ calls COV, without it CORE.

use super::common::{Agent, CashAccount, Party, PaymentType, Priority, Purposes, Remittance};
use super::document;
use super::pacs008::{Group, PaymentId};
use crate::xml::{Money, sequence};
use seaway_types::time::Day;

sequence! {
    /// See the module (`FinancialInstitutionCreditTransferV08`).
    pub struct InstitutionTransfer {
        /// What holds for the message.
        "GrpHdr" group: one Group,
        /// What is paid.
        "CdtTrfTxInf" transaction: one InstitutionTransaction,
    }
}

document!(InstitutionTransfer, "pacs.009.001.08", "FICdtTrf");

sequence! {
    /// One payment (`CreditTransferTransaction36`). Debtor and creditor are institutions.
    pub struct InstitutionTransaction {
        /// What names it.
        "PmtId" id: one PaymentId,
        /// What kind of payment it is.
        "PmtTpInf" kind: maybe PaymentType,
        /// What the creditor gets.
        "IntrBkSttlmAmt" amount: one Money,
        /// When institutions settle.
        "IntrBkSttlmDt" settlement_date: maybe Day,
        /// How urgent settlement is.
        "SttlmPrty" settlement_priority: maybe Priority,
        /// Who sends this message on.
        "InstgAgt" instructing: maybe Agent,
        /// Who receives it.
        "InstdAgt" instructed_agent: maybe Agent,
        /// Who pays.
        "Dbtr" debtor: one Agent,
        /// From which account.
        "DbtrAcct" debtor_account: maybe CashAccount,
        /// Who services that account, if not the debtor itself.
        "DbtrAgt" debtor_agent: maybe Agent,
        /// Who services the creditor's account, if not the creditor itself.
        "CdtrAgt" creditor_agent: maybe Agent,
        /// Who is paid.
        "Cdtr" creditor: one Agent,
        /// Into which account.
        "CdtrAcct" creditor_account: maybe CashAccount,
        /// Why.
        "Purp" purpose: maybe Purposes,
        /// What the creditor is told.
        "RmtInf" remittance: maybe Remittance,
        /// The customer's payment that this one covers.
        "UndrlygCstmrCdtTrf" underlying: maybe UnderlyingTransfer,
    }
}

sequence! {
    /// A customer's payment that travels elsewhere (`CreditTransferTransaction37`).
    pub struct UnderlyingTransfer {
        /// On whose behalf the debtor pays.
        "UltmtDbtr" ultimate_debtor: maybe Party,
        /// Who asked for the payment.
        "InitgPty" initiating: maybe Party,
        /// Who pays.
        "Dbtr" debtor: one Party,
        /// From which account.
        "DbtrAcct" debtor_account: maybe CashAccount,
        /// Who services that account.
        "DbtrAgt" debtor_agent: one Agent,
        /// Who services the creditor's account.
        "CdtrAgt" creditor_agent: one Agent,
        /// Who is paid.
        "Cdtr" creditor: one Party,
        /// Into which account.
        "CdtrAcct" creditor_account: maybe CashAccount,
        /// On whose behalf the creditor is paid.
        "UltmtCdtr" ultimate_creditor: maybe Party,
        /// What the creditor is told.
        "RmtInf" remittance: maybe Remittance,
        /// What the customer instructed.
        "InstdAmt" instructed: maybe Money,
    }
}
