//! Credit transfer: one debtor account pays one asset to 1 to 4,096 creditors under one signature.

use super::NetworkId;
use crate::amount::Amount;
use crate::asset::{AssetId, CurrencyCode, Exponent};
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::identifier::AccountId;
use crate::limits::{CHARGES_MAX, CREDITS_MAX, POLICY_KEYS_MAX};
use crate::reason::StatedReason;
use crate::signature::SignatureEntry;
use crate::text::{Purpose, Text35};
use crate::time::{BlockTime, Day};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// See the module. The ledger never deducts: each creditor gets what is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreditTransfer {
    /// The account that pays.
    pub debtor: AccountId,
    /// What is paid.
    pub asset: AssetId,
    /// Whether one failing credit stops the others.
    pub mode: BulkMode,
    /// Interbank settlement date. Absent or today in the asset's calendar; another day is DT01 in this version.
    pub settlement_date: Option<Day>,
    /// The credits, 1 to 4,096. The same UETR and kind twice is AM05.
    pub credits: Bounded<Credit, CREDITS_MAX>,
}

/// How the credits of one instruction depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BulkMode {
    /// All settle or none does.
    AllOrNothing,
    /// Each settles, waits or fails by itself, in order.
    EachOnItsOwn,
}

/// Which message of ISO 20022 the credit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CreditKind {
    /// A customer's payment (pacs.008).
    Customer,
    /// A payment between institutions (pacs.009).
    Institution,
    /// The cover of a customer's payment that travels elsewhere (pacs.009 COV).
    Cover,
}

/// Who bears the charges. SLEV (service level) is refused: the ledger knows no such agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeBearer {
    /// The debtor.
    #[serde(rename = "DEBT")]
    Debtor,
    /// The creditor.
    #[serde(rename = "CRED")]
    Creditor,
    /// Shared.
    #[serde(rename = "SHAR")]
    Shared,
}

/// One payment to one creditor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credit {
    /// Customer, institution or cover.
    pub kind: CreditKind,
    /// Names the payment end to end.
    pub uetr: Uetr,
    /// The debtor's own reference, passed on unread.
    pub end_to_end_id: Text35,
    /// The account that is paid.
    pub creditor: AccountId,
    /// What the creditor gets, in minor units; above zero (AM01).
    pub amount: Amount,
    /// The institution that instructs; must be registered (RC01).
    pub instructing_agent: Bic,
    /// The debtor account's agent (RC01).
    pub debtor_agent: Bic,
    /// The creditor account's agent (RC01).
    pub creditor_agent: Bic,
    /// What the customer instructed, when that was another amount or currency. Carried, not read.
    pub instructed: Option<Instructed>,
    /// Who bears the charges.
    pub charge_bearer: ChargeBearer,
    /// Charges, paid by the debtor on top to the accounts named.
    pub charges: Bounded<Charge, CHARGES_MAX>,
    /// Purpose code.
    pub purpose: Option<Purpose>,
    /// Salted hash of the party data that travels beside the ledger.
    pub party_data_hash: Option<Hash32>,
    /// Hash of the remittance information that travels beside the ledger.
    pub remittance_hash: Option<Hash32>,
    /// The creditor agent's acceptance, signed ahead.
    pub acceptance: Option<Acceptance>,
}

impl Credit {
    /// Why it is rejected when its creditor's agent had to accept it and did not. The debtor's account is always named
    /// (else RR01); without party data nobody was told who the debtor is (RR02), and with them the creditor's agent has not
    /// confirmed the creditor that they name (RR03).
    pub const fn unaccepted(&self) -> StatedReason {
        match self.party_data_hash {
            None => StatedReason::Rr02,
            Some(_) => StatedReason::Rr03,
        }
    }
}

/// What the customer instructed before conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instructed {
    /// Currency of the instruction.
    pub currency: CurrencyCode,
    /// Decimals of that currency.
    pub exponent: Exponent,
    /// Amount in minor units of that currency.
    pub amount: Amount,
    /// Units of the settled asset for `rate_denominator` units instructed.
    pub rate_numerator: u64,
    /// See `rate_numerator`.
    pub rate_denominator: u64,
}

/// A charge as a leg of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Charge {
    /// The account that takes the charge.
    pub payee: AccountId,
    /// In minor units of the asset paid; above zero (AM01).
    pub amount: Amount,
}

/// The creditor agent's word, given ahead, that it takes a credit with this party data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// Last block time at which it counts.
    pub not_after: BlockTime,
    /// The agent's signatures over [`acceptance_message`], in rising order of their keys.
    pub signatures: Bounded<SignatureEntry, POLICY_KEYS_MAX>,
}

/// What a creditor's agent signs to accept a credit ahead.
///
/// It names the kind and the debtor too, so that the word given for one payment is good for no other.
pub fn acceptance_message(
    network: NetworkId,
    debtor: AccountId,
    asset: AssetId,
    credit: &Credit,
    not_after: BlockTime,
) -> [u8; 32] {
    let payment = (credit.party_data_hash, credit.uetr, credit.kind, debtor, credit.creditor, asset, credit.amount);
    Domain::Acceptance.hash(&codec::encode(&(network, payment, not_after))).0
}

/// Names a credit for ever: the agent that serviced the debited account, the UETR, and the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentKey {
    /// Agent of the debited account.
    pub debtor_agent: Bic,
    /// The UETR.
    pub uetr: Uetr,
    /// The kind.
    pub kind: CreditKind,
}
