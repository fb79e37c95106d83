//! camt.056.001.08: a payment is asked back, one a message as CBPR+ has it.

use super::common::{CodeOrText, Party};
use super::document;
use super::investigation::{Assignment, Case};
use super::pacs002::OriginalGroup;
use crate::xml::{LongText, Money, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;
use seaway_types::time::Day;

sequence! {
    /// See the module (`FIToFIPaymentCancellationRequestV08`).
    pub struct CancellationRequest {
        /// Who asks whom.
        "Assgnmt" assignment: one Assignment,
        /// The case, where it is named for the whole message.
        "Case" case: maybe Case,
        /// What is asked back.
        "Undrlyg" underlying: one CancelledPayments,
    }
}

document!(CancellationRequest, "camt.056.001.08", "FIToFIPmtCxlReq");

sequence! {
    /// What is asked back (`UnderlyingTransaction23`).
    pub struct CancelledPayments {
        /// The payment.
        "TxInf" transaction: one CancelledPayment,
    }
}

sequence! {
    /// One payment that is asked back (`PaymentTransaction106`).
    pub struct CancelledPayment {
        /// Names the request.
        "CxlId" id: maybe Text35,
        /// The case.
        "Case" case: maybe Case,
        /// The message that asked for the payment.
        "OrgnlGrpInf" original: maybe OriginalGroup,
        /// The payment's id between two agents.
        "OrgnlInstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "OrgnlEndToEndId" end_to_end: maybe Text35,
        /// By the first agent.
        "OrgnlTxId" transaction: maybe Text35,
        /// End to end.
        "OrgnlUETR" uetr: maybe Uetr,
        /// The settlement infrastructure's reference.
        "OrgnlClrSysRef" reference: maybe Text35,
        /// What was paid.
        "OrgnlIntrBkSttlmAmt" paid: maybe Money,
        /// When it was paid.
        "OrgnlIntrBkSttlmDt" paid_on: maybe Day,
        /// Why it is asked back.
        "CxlRsnInf" reason: maybe CancellationReason,
    }
}

sequence! {
    /// Why (`PaymentCancellationReason5`, and `CancellationStatusReason4` for why not).
    pub struct CancellationReason {
        /// Who says so.
        "Orgtr" originator: maybe Party,
        /// The reason's code.
        "Rsn" reason: maybe CodeOrText,
        /// More in words.
        "AddtlInf" information: many LongText<105>,
    }
}
