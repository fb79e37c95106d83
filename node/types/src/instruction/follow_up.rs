//! What follows a payment: accept, refuse, confirm, recall, answer, return.

use super::payment::PaymentKey;
use crate::amount::Amount;
use crate::reason::StatedReason;
use serde::{Deserialize, Serialize};

/// A compensating payment, from the credited account back to the debited one. In sum never more than was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Return {
    /// The payment returned.
    pub payment: PaymentKey,
    /// In minor units of the asset paid; above zero.
    pub amount: Amount,
    /// Why; must stand in the return column of the table.
    pub reason: StatedReason,
}

/// The debtor's side asks for a settled payment back. Moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecallRequest {
    /// The payment recalled.
    pub payment: PaymentKey,
    /// Why; must stand in the cancellation column of the table.
    pub reason: StatedReason,
}

/// The creditor's agent answers a recall. Moves nothing: an agreed one is followed by a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecallAnswer {
    /// The payment recalled.
    pub payment: PaymentKey,
    /// Absent when agreed; otherwise why not, from the refusal column of the table.
    pub refusal: Option<StatedReason>,
}

/// The creditor's agent takes a waiting credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accept {
    /// The waiting payment.
    pub payment: PaymentKey,
}

/// The creditor's agent refuses a waiting credit; the money goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refuse {
    /// The waiting payment.
    pub payment: PaymentKey,
    /// Why; must stand in the status column of the table.
    pub reason: StatedReason,
}

/// The creditor's agent says that a settled credit stands in its own books: ACSC becomes ACCC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirm {
    /// The settled payment.
    pub payment: PaymentKey,
}
