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

pub use stated::{Codes, StatedReason};
pub use table::Retry;
pub use void::VoidReason;

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::bic::Bic;
use crate::contract::InstanceId;
use crate::hash::Hash32;
use crate::identifier::{AccountId, HoldId};
use crate::instruction::payment::PaymentKey;
use crate::keys::PublicKey;
use crate::text::Text35;
use crate::time::{BlockTime, Day};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What part of a contract's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names say it.
pub enum TermsPart {
    Party,
    Panel,
    Asset,
    Parameter,
    Condition,
    Variable,
    Maker,
}

impl std::fmt::Display for TermsPart {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Party => "party",
            Self::Panel => "panel",
            Self::Asset => "asset",
            Self::Parameter => "parameter",
            Self::Condition => "condition",
            Self::Variable => "variable",
            Self::Maker => "maker",
        })
    }
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names say it.
pub enum TermsProblem {
    Count,
    Unknown,
    Twice,
    Kind,
    Unmet,
    OutOfRange,
    NotAlone,
}

impl std::fmt::Display for TermsProblem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Count => "is missing or one too many",
            Self::Unknown => "is not known or not in use",
            Self::Twice => "stands twice or out of order",
            Self::Kind => "is of another type",
            Self::Unmet => "does not hold",
            Self::OutOfRange => "is out of range",
            Self::NotAlone => "is not the only one whom the code obliges",
        })
    }
}

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
    #[error("{bic} is no active participant")]
    ParticipantInactive { bic: Bic },
    #[error("the code is refused by rule {rule} (state {state:?}, clause {clause:?})")]
    CodeRefused { rule: u8, state: Option<u8>, clause: Option<u8> },
    #[error("code {code} is registered already")]
    CodeExists { code: Hash32 },
    #[error("the terms do not fit the code: {part} {position} {problem}")]
    TermsWrong { part: TermsPart, position: u8, problem: TermsProblem },
    #[error("{bytes} bytes are more than an instance may take")]
    TermsTooLarge { bytes: u32 },
    #[error("the contract could live until {end}, later than {latest}")]
    LifetimeTooLong { end: BlockTime, latest: BlockTime },
    #[error("the contract could enter states {stays} times, which is too often")]
    TooManyStays { stays: u64 },
    #[error("contract {instance} is closed")]
    ContractClosed { instance: InstanceId },
    #[error("contract {instance} is open already")]
    ContractOpen { instance: InstanceId },
    #[error("the contract is in state {present}; the clause stands in state {given}")]
    StateOther { given: u8, present: u8 },
    #[error("argument {position} does not fit")]
    ArgumentWrong { position: u8 },
    #[error("the contract requires otherwise: action {action} of block {block}")]
    RequirementUnmet { block: u8, action: u8 },
    #[error("the arithmetic of the contract leaves its range: action {action} of block {block}")]
    Arithmetic { block: u8, action: u8 },
    #[error("the pot of party {party} holds {held}, {needed} is needed")]
    PotShort { party: u8, held: Amount, needed: Amount },
    #[error("the caller would leave money in the contract")]
    CallerPotLeft,
    #[error("argument {position} is not attested, or not for now")]
    AttestationMissing { position: u8 },
    #[error("the contract has {count} approvals waiting already")]
    ApprovalsFull { count: u8 },
    #[error("no such approval waits")]
    ApprovalUnknown,
    #[error("the approval is for stay {given} in a state; the contract is in its {present}")]
    EntryOther { given: u32, present: u32 },
    #[error("the offer was good until {not_after}")]
    OfferExpired { not_after: BlockTime },
    #[error("the offer names who may take it, and {account:?} is none of them")]
    TakerForeign { account: Option<AccountId> },
    #[error("{account} does not allow this, or not so much, or not now")]
    NotAllowed { account: AccountId },
    #[error("the other side cannot cover it")]
    OtherSideShort,
    #[error("the machine and the ledger disagree about the pots")]
    KernelRefused,
    #[error("{suspense} is in suspense, {needed} is needed")]
    SuspenseShort { suspense: Amount, needed: Amount },
}
