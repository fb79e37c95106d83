//! pacs.008.001.08: a customer's credit transfer between institutions, one transaction a message as CBPR+ has it.

use super::common::{
    Agent, CashAccount, ChargeBearerCode, Charges, Party, PaymentType, Priority, Purposes, Remittance,
};
use super::document;
use crate::xml::{Decimal, LongText, Moment, Money, codes, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;
use seaway_types::time::Day;

sequence! {
    /// See the module (`FIToFICustomerCreditTransferV08`).
    pub struct CreditTransfer {
        /// What holds for the message.
        "GrpHdr" group: one Group,
        /// What is paid.
        "CdtTrfTxInf" transaction: one Transaction,
    }
}

document!(CreditTransfer, "pacs.008.001.08", "FIToFICstmrCdtTrf");

sequence! {
    /// What holds for the message (`GroupHeader93`).
    pub struct Group {
        /// Names the message for its sender.
        "MsgId" id: one Text35,
        /// When it was made.
        "CreDtTm" created: one Moment,
        /// How many transactions it holds: one.
        "NbOfTxs" count: one LongText<15>,
        /// How institutions settle.
        "SttlmInf" settlement: one Settlement,
    }
}

sequence! {
    /// How institutions settle (`SettlementInstruction7`).
    pub struct Settlement {
        /// The method.
        "SttlmMtd" method: one SettlementMethod,
    }
}

codes! {
    /// How institutions settle (`SettlementMethod1Code`).
    pub enum SettlementMethod {
        /// By a settlement infrastructure: what Seaway is.
        "CLRG" Clearing,
        /// On the instructed agent's books.
        "INDA" InstructedAgent,
        /// On the instructing agent's books.
        "INGA" InstructingAgent,
        /// By a cover payment.
        "COVE" Cover,
    }
}

sequence! {
    /// One payment (`CreditTransferTransaction39`).
    pub struct Transaction {
        /// What names it.
        "PmtId" id: one PaymentId,
        /// What kind of payment it is.
        "PmtTpInf" kind: maybe PaymentType,
        /// What the creditor's agent gets.
        "IntrBkSttlmAmt" amount: one Money,
        /// When institutions settle.
        "IntrBkSttlmDt" settlement_date: maybe Day,
        /// How urgent settlement is.
        "SttlmPrty" settlement_priority: maybe Priority,
        /// What the customer instructed.
        "InstdAmt" instructed: maybe Money,
        /// Units settled for one unit instructed.
        "XchgRate" rate: maybe Decimal,
        /// Who bears charges.
        "ChrgBr" charge_bearer: one ChargeBearerCode,
        /// Charges that were taken.
        "ChrgsInf" charges: many Charges,
        /// Who sends this message on.
        "InstgAgt" instructing: maybe Agent,
        /// Who receives it.
        "InstdAgt" instructed_agent: maybe Agent,
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
        /// Why.
        "Purp" purpose: maybe Purposes,
        /// What the creditor is told.
        "RmtInf" remittance: maybe Remittance,
    }
}

sequence! {
    /// What names a payment (`PaymentIdentification7`).
    pub struct PaymentId {
        /// Between two agents.
        "InstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "EndToEndId" end_to_end: one Text35,
        /// By the first agent.
        "TxId" transaction: maybe Text35,
        /// End to end, for tracking.
        "UETR" uetr: maybe Uetr,
    }
}
