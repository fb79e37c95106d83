//! What participants and account holders ask for: an envelope, a body, and signatures.
//!
//! [`Instruction`] is the wire form. The stages that it passes are types ([`RawInstruction`] → [`DecodedInstruction`] →
//! [`AuthenticInstruction`]), so that no check can be skipped or done twice. Bodies are grouped by family: [`payment`],
//! [`hold`], [`follow_up`], [`supply`], [`contract`] and [`admin`]. Tags count up and are never reused.

pub mod admin;
pub mod contract;
pub mod follow_up;
pub mod hold;
pub mod payment;
mod stages;
pub mod supply;
#[cfg(test)]
mod tests;

pub use stages::{AuthenticInstruction, DecodedInstruction, FormError, RawInstruction, authenticate_batch};

use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::identifier::{AccountId, Digest, InstructionKey};
use crate::limits::{BUNDLE_LEGS_MAX, CONTRACT_COST, REGISTER_COST, SIGNATURES_MAX};
use crate::signature::SignatureEntry;
use crate::text::{CodeError, code_bytes};
use crate::time::BlockTime;
use serde::{Deserialize, Serialize};

fn is_network(bytes: &[u8; 12]) -> bool {
    let used = bytes.iter().take_while(|byte| **byte != b'.').count();
    used >= 3
        && bytes.iter().take(used).all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        && bytes.iter().skip(used).all(|byte| *byte == b'.')
}

code_bytes! {
    /// Names a network: 3 to 12 lower-case letters, digits and hyphens, filled up with points to 12 bytes.
    NetworkId, 12, is_network, "a network id of 3 to 12 lower-case letters, digits and hyphens"
}

impl NetworkId {
    /// The id without its filling.
    pub fn name(&self) -> &str {
        self.as_str().trim_end_matches('.')
    }
}

impl std::fmt::Display for NetworkId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl std::str::FromStr for NetworkId {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refused = || CodeError::new(text, "a network id of 3 to 12 lower-case letters, digits and hyphens");
        let mut bytes = [b'.'; 12];
        let part = bytes.get_mut(..text.len()).ok_or_else(refused)?;
        part.copy_from_slice(text.as_bytes());
        if text.contains('.') { Err(refused()) } else { Self::new(bytes).map_err(|_| refused()) }
    }
}

/// Whose idempotency key it is. The submitter must be one of those whose authority the body needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Submitter {
    /// An account's holder.
    Account(AccountId),
    /// An institution.
    Participant(Bic),
    /// The authority named in the genesis.
    Authority,
}

impl Submitter {
    /// The account, if it is one.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Participant(_) | Self::Authority => None,
        }
    }
}

/// What is signed: everything but the signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The network that it is meant for.
    pub network: NetworkId,
    /// Whose key it takes.
    pub submitter: Submitter,
    /// The idempotency key.
    pub key: InstructionKey,
    /// Last block time at which it may be executed.
    pub valid_until: BlockTime,
    /// What is asked.
    pub body: Body,
}

impl Envelope {
    /// What is signed, and what idempotency compares.
    pub fn digest(&self) -> Digest {
        Digest(Domain::InstructionDigest.hash(&codec::encode(self)).0)
    }

    /// Hash of the body alone: equal for two instructions that ask the same in different envelopes.
    pub fn body_hash(&self) -> Hash32 {
        self.body.hash()
    }

    /// Signs with Ed25519 secret keys and puts the signatures in their order.
    pub fn sign(self, secrets: &[[u8; 32]]) -> Instruction {
        let digest = self.digest();
        let mut entries: Vec<_> = secrets.iter().map(|secret| crate::signature::sign(secret, &digest.0)).collect();
        entries.sort_unstable();
        entries.dedup_by_key(|entry| entry.key);
        entries.truncate(SIGNATURES_MAX);
        Instruction { envelope: self, signatures: Bounded::new(entries).unwrap_or_default() }
    }
}

/// An envelope with its signatures: the wire form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instruction {
    /// What is signed.
    pub envelope: Envelope,
    /// Signatures over the digest, in rising order of their keys, no key twice.
    pub signatures: Bounded<SignatureEntry, SIGNATURES_MAX>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::large_enum_variant)] // One exists per instruction; a box would only add a hop.
pub enum Body {
    /// One business act.
    Single(Leg),
    /// Up to 16 business acts in order, all or none.
    Bundle(Bounded<Leg, BUNDLE_LEGS_MAX>),
    /// Administration of accounts, participants, assets, limits, validators.
    Admin(admin::Admin),
}

impl Body {
    /// Its hash, as instructions' leaves hold it.
    pub fn hash(&self) -> Hash32 {
        Domain::InstructionBody.hash(&codec::encode(self))
    }

    /// The business acts in it, in order; none for administration.
    pub fn legs(&self) -> &[Leg] {
        match self {
            Self::Single(leg) => std::slice::from_ref(leg),
            Self::Bundle(legs) => legs,
            Self::Admin(_) => &[],
        }
    }

    /// Whether it may be valid for as long as administration: everything that need not happen now, alone.
    pub fn may_wait(&self) -> bool {
        match self {
            Self::Admin(_) => true,
            Self::Single(leg) => matches!(
                leg,
                Leg::RegisterCode(_)
                    | Leg::OpenContract(_)
                    | Leg::ApproveCall(_)
                    | Leg::WithdrawOffer(_)
                    | Leg::SetAllowance(_)
                    | Leg::ReleaseSuspense(_)
            ),
            Self::Bundle(_) => false,
        }
    }

    /// What it counts toward the bounds of a block: its legs, of transfers each credit and charge, and of calls each signature
    /// that must be checked besides the instruction's own.
    pub fn cost(&self) -> usize {
        let cost = |leg: &Leg| match leg {
            Leg::CreditTransfer(transfer) => transfer.credits.iter().map(|credit| 1 + credit.charges.len()).sum(),
            Leg::RegisterCode(_) => REGISTER_COST,
            Leg::CallContract(call) => CONTRACT_COST + call.signatures_inside(),
            Leg::OpenContract(_) | Leg::WithdrawOffer(_) | Leg::SetAllowance(_) => CONTRACT_COST,
            _ => 1,
        };
        self.legs().iter().map(cost).sum()
    }
}

/// A business act: what may stand alone or in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Leg {
    /// Pay one or many.
    CreditTransfer(payment::CreditTransfer),
    /// Reserve funds for a payee.
    Reserve(hold::Reserve),
    /// Take reserved funds.
    Post(hold::PostHold),
    /// Give reserved funds back.
    Release(hold::ReleaseHold),
    /// Bring money onto the ledger.
    Issue(supply::Issue),
    /// Ask to take money off the ledger.
    RedeemRequest(supply::RedeemRequest),
    /// Confirm that money was paid out elsewhere.
    RedeemConfirm(supply::RedeemConfirm),
    /// Pay back a payment received.
    Return(follow_up::Return),
    /// Ask for a payment back.
    RecallRequest(follow_up::RecallRequest),
    /// Answer a recall.
    RecallAnswer(follow_up::RecallAnswer),
    /// Accept a waiting credit.
    Accept(follow_up::Accept),
    /// Refuse a waiting credit.
    Refuse(follow_up::Refuse),
    /// Confirm that a settled credit stands on the creditor's account.
    Confirm(follow_up::Confirm),
    /// Store the code of a contract.
    RegisterCode(contract::RegisterCode),
    /// Open a contract.
    OpenContract(contract::OpenContract),
    /// Act on a contract, or take an offer.
    CallContract(contract::CallContract),
    /// Approve a call as a member of a panel, or take the approval back.
    ApproveCall(contract::ApproveCall),
    /// Take an offer back.
    WithdrawOffer(contract::WithdrawOffer),
    /// Allow contracts to pull, or stop it.
    SetAllowance(contract::SetAllowance),
    /// Pay out what could not be refunded.
    ReleaseSuspense(contract::ReleaseSuspense),
}
