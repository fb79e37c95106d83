//! pacs.002.001.10: what became of a payment.

use super::common::{Agent, CodeOrText, Party};
use super::document;
use crate::xml::{LongText, Moment, codes, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;

sequence! {
    /// See the module (`FIToFIPaymentStatusReportV10`).
    pub struct StatusReport {
        /// What holds for the message.
        "GrpHdr" group: one StatusGroup,
        /// The payment.
        "TxInfAndSts" transaction: one StatusTransaction,
    }
}

document!(StatusReport, "pacs.002.001.10", "FIToFIPmtStsRpt");

sequence! {
    /// What holds for the message (`GroupHeader91`).
    pub struct StatusGroup {
        /// Names the message.
        "MsgId" id: one Text35,
        /// When it was made.
        "CreDtTm" created: one Moment,
    }
}

sequence! {
    /// One payment's status (`PaymentTransaction110`).
    pub struct StatusTransaction {
        /// The message that asked for it.
        "OrgnlGrpInf" original: maybe OriginalGroup,
        /// Its ids there.
        "OrgnlInstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "OrgnlEndToEndId" end_to_end: maybe Text35,
        /// By the first agent.
        "OrgnlTxId" transaction: maybe Text35,
        /// End to end.
        "OrgnlUETR" uetr: maybe Uetr,
        /// The status.
        "TxSts" status: one Status,
        /// Why.
        "StsRsnInf" reasons: many StatusReason,
        /// When it took effect for the creditor.
        "AccptncDtTm" accepted: maybe Moment,
        /// The settlement infrastructure's reference: the block and the instruction's place in it.
        "ClrSysRef" reference: maybe Text35,
        /// Who answers.
        "InstgAgt" instructing: maybe Agent,
        /// Who asked.
        "InstdAgt" instructed: maybe Agent,
    }
}

sequence! {
    /// The message that asked (`OriginalGroupInformation29`).
    pub struct OriginalGroup {
        /// Its id.
        "OrgnlMsgId" id: one Text35,
        /// Its kind.
        "OrgnlMsgNmId" definition: one LongText<35>,
        /// When it was made.
        "OrgnlCreDtTm" created: maybe Moment,
    }
}

codes! {
    /// What became of a payment (external code list for transaction statuses).
    pub enum Status {
        /// Received.
        "RCVD" Received,
        /// Authentic, and waits for settlement.
        "ACTC" Authentic,
        /// Waits for someone's word, with the amount held.
        "PDNG" Pending,
        /// Settled between institutions.
        "ACSC" Settled,
        /// Settled, and credited to the creditor.
        "ACCC" Credited,
        /// Of several payments, some were rejected, or stand elsewhere than others.
        "PART" Partly,
        /// Rejected.
        "RJCT" Rejected,
    }
}

sequence! {
    /// Why (`StatusReasonInformation12`).
    pub struct StatusReason {
        /// Who says so.
        "Orgtr" originator: maybe Party,
        /// The reason's code.
        "Rsn" reason: maybe CodeOrText,
        /// More in words.
        "AddtlInf" information: many LongText<105>,
    }
}
