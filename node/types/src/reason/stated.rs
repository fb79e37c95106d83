//! Reasons that participants state, as ISO 20022's external code lists have them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A reason given by a participant. In JSON its ISO code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StatedReason {
    /// Account number wrong.
    Ac01,
    /// Creditor account number wrong.
    Ac03,
    /// Account closed.
    Ac04,
    /// Account blocked.
    Ac06,
    /// Transaction forbidden on this account.
    Ag01,
    /// Agent's decision (cancellation, refusal).
    Agnt,
    /// Insufficient funds.
    Am04,
    /// Duplication.
    Am05,
    /// Wrong amount.
    Am09,
    /// Already returned.
    Ardt,
    /// Creditor inconsistent with the account.
    Be01,
    /// Wrong currency.
    Curr,
    /// Requested by the customer; or refused by it.
    Cust,
    /// Duplicate payment.
    Dupl,
    /// Following a cancellation request.
    Focr,
    /// Suspected fraud.
    Frad,
    /// Legal decision.
    Legl,
    /// Refund requested by the end customer.
    Md06,
    /// Narrative.
    Narr,
    /// No answer from the beneficiary.
    Noas,
    /// No original transaction received.
    Noor,
    /// Missing debtor account or identification.
    Rr01,
    /// Missing debtor name or address.
    Rr02,
    /// Missing creditor name or address.
    Rr03,
    /// Regulatory reason.
    Rr04,
    /// Technical problems.
    Tech,
    /// Undue payment.
    Upay,
}

impl StatedReason {
    /// All of them, in the order of their tags.
    pub const ALL: [Self; 27] = [
        Self::Ac01,
        Self::Ac03,
        Self::Ac04,
        Self::Ac06,
        Self::Ag01,
        Self::Agnt,
        Self::Am04,
        Self::Am05,
        Self::Am09,
        Self::Ardt,
        Self::Be01,
        Self::Curr,
        Self::Cust,
        Self::Dupl,
        Self::Focr,
        Self::Frad,
        Self::Legl,
        Self::Md06,
        Self::Narr,
        Self::Noas,
        Self::Noor,
        Self::Rr01,
        Self::Rr02,
        Self::Rr03,
        Self::Rr04,
        Self::Tech,
        Self::Upay,
    ];
}

impl fmt::Display for StatedReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.iso())
    }
}
