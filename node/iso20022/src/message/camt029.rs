//! camt.029.001.09: the answer to a request to give a payment back.

use super::camt056::CancellationReason;
use super::common::CodeOrText;
use super::document;
use super::investigation::{Assignment, Case};
use super::pacs002::OriginalGroup;
use crate::xml::{choice, codes, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;

sequence! {
    /// See the module (`ResolutionOfInvestigationV09`).
    pub struct Resolution {
        /// Who answers whom.
        "Assgnmt" assignment: one Assignment,
        /// The answer.
        "Sts" status: one ResolutionStatus,
        /// What it is about.
        "CxlDtls" details: one ResolvedPayments,
    }
}

document!(Resolution, "camt.029.001.09", "RsltnOfInvstgtn");

choice! {
    /// The answer (`InvestigationStatus5Choice`).
    pub enum ResolutionStatus {
        /// As a code.
        "Conf" Confirmed(Confirmation),
    }
}

codes! {
    /// What became of a request (`ExternalInvestigationExecutionConfirmation1Code`, as far as it answers a camt.056).
    pub enum Confirmation {
        /// The payment is given back.
        "CNCL" Cancelled,
        /// Not yet decided.
        "PDCR" Pending,
        /// It is not given back.
        "RJCR" Rejected,
    }
}

sequence! {
    /// What it is about (`UnderlyingTransaction22`).
    pub struct ResolvedPayments {
        /// The payment.
        "TxInfAndSts" transaction: one ResolvedPayment,
    }
}

sequence! {
    /// One payment (`PaymentTransaction102`).
    pub struct ResolvedPayment {
        /// Names the answer.
        "CxlStsId" id: maybe Text35,
        /// The case that is answered.
        "RslvdCase" case: maybe Case,
        /// The message that asked for the payment.
        "OrgnlGrpInf" original: maybe OriginalGroup,
        /// The payment's id between two agents.
        "OrgnlInstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "OrgnlEndToEndId" end_to_end: maybe Text35,
        /// By the first agent.
        "OrgnlTxId" transaction: maybe Text35,
        /// The settlement infrastructure's reference.
        "OrgnlClrSysRef" reference: maybe Text35,
        /// End to end.
        "OrgnlUETR" uetr: maybe Uetr,
        /// Why it is not given back.
        "CxlStsRsnInf" reason: maybe CancellationReason,
    }
}

impl CancellationReason {
    /// The code, and where it stands below the reason.
    pub(crate) fn stated(&self) -> Option<(&'static str, &str)> {
        match &self.reason {
            Some(CodeOrText::Code(code)) => Some(("Rsn/Cd", code.as_str())),
            Some(CodeOrText::Text(text)) => Some(("Rsn/Prtry", text.as_str())),
            None => None,
        }
    }
}
