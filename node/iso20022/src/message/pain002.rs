//! pain.002.001.10: what became of the payments that a customer asked for.

use super::common::Party;
use super::document;
use super::pacs002::{Status, StatusReason};
use crate::xml::{LongText, Moment, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;

sequence! {
    /// See the module (`CustomerPaymentStatusReportV10`).
    pub struct InitiationReport {
        /// What holds for the message.
        "GrpHdr" group: one ReportGroup,
        /// The message that asked, and what became of all of it.
        "OrgnlGrpInfAndSts" original: one InitiationStatus,
        /// The payments.
        "OrgnlPmtInfAndSts" payments: maybe BlockStatus,
    }
}

document!(InitiationReport, "pain.002.001.10", "CstmrPmtStsRpt");

sequence! {
    /// What holds for the message (`GroupHeader86`).
    pub struct ReportGroup {
        /// Names the message.
        "MsgId" id: one Text35,
        /// When it was made.
        "CreDtTm" created: one Moment,
        /// Who asked.
        "InitgPty" initiating: maybe Party,
    }
}

sequence! {
    /// The message that asked, and what became of all of it (`OriginalGroupHeader17`).
    pub struct InitiationStatus {
        /// Its id.
        "OrgnlMsgId" id: one Text35,
        /// Its kind.
        "OrgnlMsgNmId" definition: one LongText<35>,
        /// When it was made.
        "OrgnlCreDtTm" created: maybe Moment,
        /// How many payments it held.
        "OrgnlNbOfTxs" count: maybe LongText<15>,
        /// The status of all.
        "GrpSts" status: maybe Status,
        /// Why.
        "StsRsnInf" reasons: many StatusReason,
    }
}

sequence! {
    /// Payments from one account (`OriginalPaymentInstruction32`).
    pub struct BlockStatus {
        /// Names them together.
        "OrgnlPmtInfId" id: one Text35,
        /// The status of all.
        "PmtInfSts" status: maybe Status,
        /// Each.
        "TxInfAndSts" credits: many CreditStatus,
    }
}

sequence! {
    /// One payment (`PaymentTransaction105`).
    pub struct CreditStatus {
        /// Between customer and agent.
        "OrgnlInstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "OrgnlEndToEndId" end_to_end: maybe Text35,
        /// End to end.
        "OrgnlUETR" uetr: maybe Uetr,
        /// Its status.
        "TxSts" status: maybe Status,
        /// Why.
        "StsRsnInf" reasons: many StatusReason,
        /// When it took effect for the creditor.
        "AccptncDtTm" accepted: maybe Moment,
        /// The settlement infrastructure's reference.
        "ClrSysRef" reference: maybe Text35,
    }
}
