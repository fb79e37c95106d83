//! Why something was not done. Each reason carries the numbers that failed, and one table (`table.rs`) says what it is called in
//! ISO 20022, over JSON-RPC, and whether asking again helps.
//!
//! [`Reason`] ends an instruction or a credit with RJCT and takes its key for good. [`VoidReason`] keeps an instruction
//! out of blocks, takes no key, and would void a block that holds it. [`StatedReason`] is what a participant gives when it
//! returns, recalls or refuses.

mod stated;
mod table;
#[cfg(test)]
mod tests;
mod void;

pub use stated::StatedReason;
pub use table::{Codes, Retry};
pub use void::VoidReason;

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::bic::Bic;
use crate::identifier::{AccountId, HoldId};
use crate::instruction::payment::PaymentKey;
use crate::keys::PublicKey;
use crate::text::Text35;
use crate::time::{BlockTime, Day};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why an instruction, a leg or a credit ended RJCT. Amounts are in minor units of the asset concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)] // The texts say what each is; the fields are the numbers in them.
pub enum Reason {
    #[error("UETR {uetr} already names a credit transfer of this kind from this agent")]
    UetrUsed { uetr: Uetr },
    #[error("UETR {uetr} stands twice in this instruction")]
    UetrRepeated { uetr: Uetr },
    #[error("reference {reference} of {issuer} was already used")]
    ReferenceUsed { issuer: Bic, reference: Text35 },
    #[error("the amount is zero")]
    AmountZero,
    #[error("the sum goes beyond 18 digits: {amount} on top of {present}")]
    SumTooLarge { present: Amount, amount: Amount },
    #[error("{amount} is above the {maximum} that one payment of this tier may be")]
    AbovePaymentMax { amount: Amount, maximum: Amount },
    #[error("{amount} is above the {maximum} that one payment on this network may be")]
    AboveNetworkMax { amount: Amount, maximum: Amount },
    #[error("{amount} on top of {used} goes above the {maximum} of a day")]
    AboveDayMax { amount: Amount, used: Amount, maximum: Amount },
    #[error("{amount} on top of {used} goes above the {maximum} of a year")]
    AboveYearMax { amount: Amount, used: Amount, maximum: Amount },
    #[error("{amount} on top of {booked} goes above the {maximum} that the creditor may hold")]
    AboveBalanceMax { amount: Amount, booked: u128, maximum: Amount },
    #[error("{available} is available, {needed} is needed")]
    InsufficientFunds { available: Amount, needed: Amount },
    #[error("there is no account {account}")]
    CreditorUnknown { account: AccountId },
    #[error("the paying account {account} is closed")]
    DebtorClosed { account: AccountId },
    #[error("the receiving account {account} is closed")]
    CreditorClosed { account: AccountId },
    #[error("the paying account {account} is frozen")]
    DebtorFrozen { account: AccountId },
    #[error("the receiving account {account} is frozen")]
    CreditorFrozen { account: AccountId },
    #[error("account {account} pays itself")]
    SelfPayment { account: AccountId },
    #[error("there is no {asset}")]
    AssetUnknown { asset: AssetId },
    #[error("{asset} is disabled")]
    AssetDisabled { asset: AssetId },
    #[error("agent {given} is named, the account is serviced by {expected}")]
    AgentMismatch { given: Bic, expected: Bic },
    #[error("instructing agent {agent} is no active participant")]
    InstructingAgentUnknown { agent: Bic },
    #[error("the debtor's agent {agent} is suspended")]
    DebtorAgentSuspended { agent: Bic },
    #[error("the creditor's agent {agent} is suspended")]
    CreditorAgentSuspended { agent: Bic },
    #[error("at minute {minute} of {day} the asset does not settle")]
    AfterCutOff { day: Day, minute: u16 },
    #[error("settlement date {given} is not {today}, the asset's day")]
    SettlementDate { given: Day, today: Day },
    #[error("the amount reaches {threshold}, from which the creditor's agent must have accepted it")]
    AcceptanceMissing { threshold: Amount },
    #[error("the deadline {deadline} has passed")]
    DeadlinePassed { deadline: BlockTime },
    #[error("expiry {given} must lie after {now} and not after {latest}")]
    ExpiryOutOfRange { given: BlockTime, now: BlockTime, latest: BlockTime },
    #[error("hold {hold} is over since {expires_at}")]
    HoldExpired { hold: HoldId, expires_at: BlockTime },
    #[error("hold {hold} was used up by an earlier leg of the same bundle")]
    HoldGone { hold: HoldId },
    #[error("hold {hold} is not of this kind")]
    HoldPurpose { hold: HoldId },
    #[error("{amount} is more than the {held} still held")]
    AboveHeld { held: Amount, amount: Amount },
    #[error("payment {} is not waiting", payment.uetr)]
    NotWaiting { payment: PaymentKey },
    #[error("payment {} awaits no confirmation", payment.uetr)]
    NotConfirmable { payment: PaymentKey },
    #[error("payment {} is not settled", payment.uetr)]
    NotSettled { payment: PaymentKey },
    #[error("{amount} on top of {returned} already returned is more than the {paid} paid")]
    AbovePaid { paid: Amount, returned: Amount, amount: Amount },
    #[error("{reason} cannot be stated here")]
    ReasonMisplaced { reason: StatedReason },
    #[error("payment {} has an open recall, or was recalled {asked} times already", payment.uetr)]
    RecallNotPossible { payment: PaymentKey, asked: u8 },
    #[error("payment {} has no open recall", payment.uetr)]
    RecallNotOpen { payment: PaymentKey },
    #[error("account {account} exists already")]
    AccountExists { account: AccountId },
    #[error("account {account} is closed")]
    AccountClosed { account: AccountId },
    #[error("account {account} still holds {booked} of {asset}, suspense included")]
    AccountNotEmpty { account: AccountId, asset: AssetId, booked: u128 },
    #[error("the holder has {count} accounts already")]
    OwnerAccountsFull { count: u16 },
    #[error("{bic} has made no freeze on the account")]
    NotFrozenBy { bic: Bic },
    #[error("the account has {count} freezes already")]
    FreezesFull { count: u8 },
    #[error("no change of keys waits on account {account}")]
    NoKeyChange { account: AccountId },
    #[error("the next asset is {next}, not {given}")]
    AssetIdNotNext { given: AssetId, next: AssetId },
    #[error("code, exponent, issuer and kind of {asset} never change, and the code must fit the kind")]
    AssetRecord { asset: AssetId },
    #[error("the issuer {issuer} is no active participant with that role")]
    IssuerUnknown { issuer: Bic },
    #[error("{asset} already is the default of its currency")]
    DefaultTaken { asset: AssetId },
    #[error("{key} is no key that anybody can hold alone: it is no point, or of small order")]
    KeyUnusable { key: PublicKey },
    #[error("{asset} already has this code and issuer")]
    AssetNameTaken { asset: AssetId },
    #[error("supervised jurisdictions must stand in rising order")]
    JurisdictionsUnsorted,
    #[error("the calendar's offsets or days contradict each other")]
    CalendarWrong,
    #[error("the set of validators is empty, out of order, or out of bounds ({bic:?})")]
    ValidatorsWrong { bic: Option<Bic> },
    #[error("{bic} is no active participant with the role of a validator")]
    ValidatorUnknown { bic: Bic },
    #[error("version {given} at height {height} is not after version {version} now")]
    UpgradeInPast { given: u32, height: u64, version: u32 },
    #[error("the keys of a participant's nodes do not rise at {key}; each stands once")]
    NodesUnsorted { key: PublicKey },
}
