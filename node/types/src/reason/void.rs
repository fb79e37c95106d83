//! Why an instruction is left out of blocks.

use crate::asset::AssetId;
use crate::bic::Bic;
use crate::contract::InstanceId;
use crate::hash::Hash32;
use crate::identifier::{AccountId, HoldId};
use crate::instruction::payment::PaymentKey;
use crate::instruction::{NetworkId, Submitter};
use crate::keys::PublicKey;
use crate::time::{BlockTime, Height};
use serde::Serialize;
use thiserror::Error;

/// Why an instruction is left out: it takes no key, and a block that holds it is void as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)] // The texts say what each is; the fields are the numbers in them.
pub enum VoidReason {
    #[error("the instruction is for network {given}; this is {expected}")]
    WrongNetwork { given: NetworkId, expected: NetworkId },
    #[error("it was valid until {valid_until}; it is {now}")]
    Expired { valid_until: BlockTime, now: BlockTime },
    #[error("validUntil {valid_until} lies beyond {latest}, the furthest that its family may")]
    TooFarAhead { valid_until: BlockTime, latest: BlockTime },
    #[error("its key was taken at height {height} by the very same instruction")]
    AlreadyExecuted { height: Height },
    #[error("its key was taken at height {height} by an instruction with other content")]
    KeyTaken { height: Height },
    #[error("the submitter is none of those whose authority the body needs")]
    SubmitterForeign { submitter: Submitter },
    #[error("{key} signed, but belongs to no policy that the body needs")]
    SignerForeign { key: PublicKey },
    #[error("{signed} of {threshold} signatures needed from one party are there")]
    PolicyUnmet { who: Submitter, signed: u8, threshold: u8 },
    #[error("the acceptance carries {signed} of {threshold} signatures needed from {agent}, or a foreign one")]
    AcceptanceUnmet { agent: Bic, signed: u8, threshold: u8 },
    #[error("there is no account {account}, so nobody can sign for it")]
    AccountUnknown { account: AccountId },
    #[error("there is no participant {bic}, so nobody can sign for it")]
    ParticipantUnknown { bic: Bic },
    #[error("{bic} does not have the role that this takes")]
    RoleMissing { bic: Bic },
    #[error("there is no {asset}, so nobody can sign for it")]
    AssetUnknown { asset: AssetId },
    #[error("there is no hold {hold}: it never was, or is over")]
    HoldUnknown { hold: HoldId },
    #[error("there is no payment {} of this kind from {}", payment.uetr, payment.debtor_agent)]
    PaymentUnknown { payment: PaymentKey },
    #[error("there is no code {code}")]
    CodeUnknown { code: Hash32 },
    #[error("there is no contract {instance}: it never was, or is forgotten")]
    InstanceUnknown { instance: InstanceId },
    #[error("the code has no clause {clause} in a state {state}")]
    ClauseUnknown { state: u8, clause: u8 },
    #[error("{agreeing} of {threshold} members needed agree to this call now: approvals were used or have lapsed")]
    PanelUnmet { agreeing: u8, threshold: u8 },
    #[error("the call names nobody for the role that the contract leaves open")]
    CallerMissing,
    #[error("the offer does not carry the signatures that its maker {maker} needs, or a foreign one")]
    OfferUnmet { maker: AccountId },
    #[error("the terms name too few parties or panels, so nobody can sign")]
    TermsUnreadable,
    #[error("the block is full")]
    BlockFull,
}
