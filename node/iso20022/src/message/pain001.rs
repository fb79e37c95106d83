//! pain.001.001.09: a customer asks its agent to pay, from one account to one or many creditors.

use super::common::{Agent, CashAccount, ChargeBearerCode, Party, PaymentType, Purposes, Remittance};
use super::document;
use super::head::YesNo;
use crate::xml::{LongText, Moment, Money, choice, codes, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;
use seaway_types::time::Day;

sequence! {
    /// See the module (`CustomerCreditTransferInitiationV09`).
    pub struct Initiation {
        /// What holds for the message.
        "GrpHdr" group: one InitiationGroup,
        /// What is paid, from one account.
        "PmtInf" payments: one PaymentBlock,
    }
}

document!(Initiation, "pain.001.001.09", "CstmrCdtTrfInitn");

sequence! {
    /// What holds for the message (`GroupHeader85`).
    pub struct InitiationGroup {
        /// Names the message for its sender.
        "MsgId" id: one Text35,
        /// When it was made.
        "CreDtTm" created: one Moment,
        /// How many payments it holds.
        "NbOfTxs" count: one LongText<15>,
        /// The sum of their amounts.
        "CtrlSum" sum: maybe LongText<19>,
        /// Who asks.
        "InitgPty" initiating: one Party,
    }
}

codes! {
    /// How it is paid (`PaymentMethod3Code`).
    pub enum PaymentMethod {
        /// By cheque.
        "CHK" Cheque,
        /// By transfer.
        "TRF" Transfer,
        /// By transfer, with an advice.
        "TRA" Advised,
    }
}

choice! {
    /// A day, or a moment (`DateAndDateTime2Choice`).
    pub enum DayOrMoment {
        /// A day.
        "Dt" Day(Day),
        /// A moment.
        "DtTm" Moment(Moment),
    }
}

sequence! {
    /// Payments from one account (`PaymentInstruction30`).
    pub struct PaymentBlock {
        /// Names them together.
        "PmtInfId" id: one Text35,
        /// How they are paid.
        "PmtMtd" method: one PaymentMethod,
        /// Whether a statement may show them as one. The ledger shows each.
        "BtchBookg" batch_booking: maybe YesNo,
        /// How many they are.
        "NbOfTxs" count: maybe LongText<15>,
        /// The sum of their amounts.
        "CtrlSum" sum: maybe LongText<19>,
        /// What kind of payments they are.
        "PmtTpInf" kind: maybe PaymentType,
        /// When they are to be paid.
        "ReqdExctnDt" execution: one DayOrMoment,
        /// Who pays.
        "Dbtr" debtor: one Party,
        /// From which account.
        "DbtrAcct" debtor_account: one CashAccount,
        /// Who services it.
        "DbtrAgt" debtor_agent: one Agent,
        /// On whose behalf the debtor pays.
        "UltmtDbtr" ultimate_debtor: maybe Party,
        /// Who bears charges.
        "ChrgBr" charge_bearer: maybe ChargeBearerCode,
        /// The payments.
        "CdtTrfTxInf" credits: many InitiatedCredit,
    }
}

sequence! {
    /// One payment (`CreditTransferTransaction34`).
    pub struct InitiatedCredit {
        /// What names it.
        "PmtId" id: one InitiatedId,
        /// What kind of payment it is.
        "PmtTpInf" kind: maybe PaymentType,
        /// How much.
        "Amt" amount: one InitiatedAmount,
        /// Who bears charges.
        "ChrgBr" charge_bearer: maybe ChargeBearerCode,
        /// On whose behalf the debtor pays.
        "UltmtDbtr" ultimate_debtor: maybe Party,
        /// Who services the creditor's account.
        "CdtrAgt" creditor_agent: maybe Agent,
        /// Who is paid.
        "Cdtr" creditor: maybe Party,
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
    /// What names a payment (`PaymentIdentification6`).
    pub struct InitiatedId {
        /// Between customer and agent.
        "InstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "EndToEndId" end_to_end: one Text35,
        /// End to end, for tracking; made from the message where there is none.
        "UETR" uetr: maybe Uetr,
    }
}

choice! {
    /// How much (`AmountType4Choice`).
    pub enum InitiatedAmount {
        /// In the currency that is paid.
        "InstdAmt" Instructed(Money),
    }
}
