//! What was answered: one receipt for each act of a block's own and for each instruction, one outcome for each credit.

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::contract::InstanceId;
use crate::hash::Hash32;
use crate::identifier::{AccountId, Digest, HoldId, InstructionKey};
use crate::instruction::Submitter;
use crate::instruction::payment::{Credit, CreditKind, PaymentKey};
use crate::reason::{Reason, StatedReason};
use crate::state::Field;
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// Status of ISO 20022 (`ExternalPaymentTransactionStatus1Code`, and PART of the group status) as far as a block decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits for someone named; the amount is held.
    Pdng,
    /// Settled; the creditor's agent still has to credit its own books.
    Acsc,
    /// On the creditor's account; for other acts: done.
    Accc,
    /// Some credits settled or wait, others were rejected.
    Part,
    /// Rejected.
    Rjct,
}

impl Status {
    /// The code.
    pub const fn iso(self) -> &'static str {
        match self {
            Self::Pdng => "PDNG",
            Self::Acsc => "ACSC",
            Self::Accc => "ACCC",
            Self::Part => "PART",
            Self::Rjct => "RJCT",
        }
    }
}

/// What became of one credit: a leaf of the tree whose root stands in the instruction's receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreditOutcome {
    /// Position of the leg, 0 outside bundles.
    pub leg: u8,
    /// The credit's UETR.
    pub uetr: Uetr,
    /// The credit's kind.
    pub kind: CreditKind,
    /// Who is paid.
    pub creditor: AccountId,
    /// What is paid.
    pub asset: AssetId,
    /// In minor units.
    pub amount: Amount,
    /// What became of it.
    pub status: Status,
    /// Why it was rejected.
    pub reason: Option<Reason>,
}

impl CreditOutcome {
    /// What became of a credit of a transfer in this asset, at a leg's position.
    pub fn of(leg: usize, asset: AssetId, credit: &Credit, status: Status, reason: Option<Reason>) -> Self {
        Self {
            leg: u8::try_from(leg).unwrap_or(u8::MAX),
            uetr: credit.uetr,
            kind: credit.kind,
            creditor: credit.creditor,
            asset,
            amount: credit.amount,
            status,
            reason,
        }
    }
}

/// What became of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstructionReceipt {
    /// Whose key it took.
    pub submitter: Submitter,
    /// The key it took.
    pub key: InstructionKey,
    /// What was signed.
    pub digest: Digest,
    /// What became of it.
    pub status: Status,
    /// Why it was rejected, and at which leg or credit.
    pub reason: Option<PlacedReason>,
    /// How many credits have an outcome below; 0 when it was rejected as a whole.
    pub credits: u32,
    /// How many events of contracts follow after them.
    pub events: u16,
    /// Root of the tree of the [`CreditOutcome`]s in order, and after them of the events; zero for none.
    pub outcomes_root: Hash32,
}

/// A reason and where it struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlacedReason {
    /// Position of the leg, 0 outside bundles.
    pub leg: u8,
    /// Position of the credit in the leg, where there is one.
    pub credit: Option<u16>,
    /// The reason.
    pub reason: Reason,
}

/// What a block does by itself, because block time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockAct {
    /// A hold was over; what it still held went back to the payer.
    HoldExpired {
        /// The hold.
        hold: HoldId,
        /// Whose funds.
        payer: AccountId,
        /// Of what.
        asset: AssetId,
        /// What went back, in minor units.
        amount: Amount,
    },
    /// Nobody accepted a waiting credit in time; amount and charges went back to the debtor.
    PaymentLapsed {
        /// The payment.
        payment: PaymentKey,
        /// Whose funds.
        debtor: AccountId,
        /// Of what.
        asset: AssetId,
        /// What went back, in minor units.
        amount: Amount,
        /// Why it is rejected.
        reason: StatedReason,
    },
    /// A change of keys by the agent took effect.
    KeysChanged {
        /// The account.
        account: AccountId,
    },
    /// A contract's deadline passed, and it did what it says for that.
    DeadlinePassed {
        /// Which instance.
        instance: InstanceId,
        /// Hash of the event.
        event: Hash32,
    },
}

/// A leaf of the receipts tree: first the block's own acts, then one for each instruction, in block order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::large_enum_variant)] // Lists of receipts are nearly all instructions.
pub enum Receipt {
    /// The block's own act.
    Act(BlockAct),
    /// An instruction.
    Instruction(InstructionReceipt),
}

/// One side of a movement of money on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Posting {
    /// The account; `None` for the issuer's own position, which stands outside all accounts.
    pub account: Option<AccountId>,
    /// Of what.
    pub asset: AssetId,
    /// Which part of the balance.
    pub field: Field,
    /// True when money arrives (credit), false when it leaves (debit).
    pub credit: bool,
    /// How much, in minor units.
    pub amount: Amount,
    /// That part of the balance after it, in minor units; zero for the issuer's position.
    pub after: Amount,
    /// The receipt that it belongs to: its position in the block.
    pub receipt: u32,
    /// The payment that it belongs to.
    pub uetr: Option<Uetr>,
}
