//! The one table from the ledger's own reasons to the status reasons of ISO 20022 (pacs.002, `ExternalStatusReason1Code`),
//! to JSON-RPC, and to the word on asking again. What participants state has its columns beside its codes, in `stated.rs`.
//! Customers never read of a sanctions hit: RR04 is the only word for it.

use super::{Reason, VoidReason};
use serde::Serialize;

/// Whether asking again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Retry {
    /// The identical bytes may be sent again.
    Same,
    /// A new instruction with new key and UETR and the same end-to-end id may succeed.
    New,
    /// It will not succeed.
    Never,
}

impl Reason {
    /// Status reason code, and whether asking again helps.
    #[rustfmt::skip] // A table: one line for each variant would make it three pages.
    pub const fn row(&self) -> (&'static str, Retry) {
        use Reason as R;
        use Retry::{Never, New};
        match self {
            R::UetrUsed { .. } | R::UetrRepeated { .. } | R::ReferenceUsed { .. } => ("AM05", Never),
            R::AmountZero => ("AM01", Never),
            R::SumTooLarge { .. } | R::AboveHeld { .. } | R::AbovePaid { .. } => ("AM09", Never),
            R::AbovePaymentMax { .. } => ("AM02", Never),
            R::AboveNetworkMax { .. } => ("AM13", Never),
            R::AboveDayMax { .. } | R::AboveYearMax { .. } => ("AM14", New),
            R::AboveBalanceMax { .. } => ("AM21", New),
            R::InsufficientFunds { .. } => ("AM04", New),
            R::CreditorUnknown { .. } => ("AC03", Never),
            R::DebtorClosed { .. } | R::AccountClosed { .. } => ("AC04", Never),
            R::CreditorClosed { .. } => ("AC07", Never),
            R::DebtorFrozen { .. } | R::CreditorFrozen { .. } => ("AC06", New),
            R::SelfPayment { .. } | R::HoldPurpose { .. } | R::HoldExpired { .. } | R::HoldGone { .. } => {
                ("AG01", Never)
            }
            R::AssetUnknown { .. } | R::AssetDisabled { .. } => ("AM03", Never),
            R::AgentMismatch { .. } | R::InstructingAgentUnknown { .. } => ("RC01", Never),
            R::DebtorAgentSuspended { .. } => ("DNOR", New),
            R::CreditorAgentSuspended { .. } => ("CNOR", New),
            R::AfterCutOff { .. } => ("TM01", New),
            R::SettlementDate { .. } | R::ExpiryOutOfRange { .. } => ("DT01", New),
            R::AcceptanceMissing { .. } => ("RR04", New),
            R::NotAllowed { .. } => ("MD01", New),
            R::OtherSideShort => ("ED05", New),
            R::SuspenseShort { .. } | R::PotShort { .. } => ("AM09", New),
            R::OfferExpired { .. } => ("TM01", New),
            R::AttestationMissing { .. } | R::StateOther { .. } | R::EntryOther { .. } | R::ApprovalsFull { .. } => {
                ("NARR", New)
            }
            R::ContractClosed { .. } => ("AG01", Never),
            R::CodeExists { .. } => ("AM05", Never),
            R::DeadlinePassed { .. } => ("AB05", New),
            R::RecallNotPossible { .. } => ("NARR", New),
            // The code list has no word of its own for the rest. What follows may become possible.
            R::NotSettled { .. } | R::AccountNotEmpty { .. } | R::OwnerAccountsFull { .. } | R::FreezesFull { .. }
                | R::AssetIdNotNext { .. } | R::IssuerUnknown { .. } | R::ValidatorUnknown { .. }
                | R::ParticipantInactive { .. } | R::RequirementUnmet { .. } | R::LifetimeTooLong { .. }
                | R::Arithmetic { .. } | R::DefaultTaken { .. } => ("NARR", New),
            // And this will not.
            R::NotWaiting { .. } | R::NotConfirmable { .. } | R::ReasonMisplaced { .. } | R::RecallNotOpen { .. }
                | R::AccountExists { .. } | R::NotFrozenBy { .. } | R::NoKeyChange { .. } | R::AssetRecord { .. }
                | R::KeyUnusable { .. } | R::AssetNameTaken { .. }
                | R::JurisdictionsUnsorted | R::CalendarWrong | R::ValidatorsWrong { .. } | R::UpgradeInPast { .. }
                | R::NodesUnsorted { .. } | R::CodeRefused { .. } | R::TermsWrong { .. } | R::TermsTooLarge { .. }
                | R::TooManyStays { .. } | R::ContractOpen { .. }
                | R::ArgumentWrong { .. } | R::CallerPotLeft | R::ApprovalUnknown
                | R::TakerForeign { .. } | R::KernelRefused => ("NARR", Never),
        }
    }

    /// Status reason code of pacs.002.
    pub const fn iso(&self) -> &'static str {
        self.row().0
    }
}

impl VoidReason {
    /// Status reason code, JSON-RPC error number, and whether asking again helps.
    pub const fn row(&self) -> (&'static str, i32, Retry) {
        use Retry::{Never, New, Same};
        use VoidReason as V;
        match self {
            V::WrongNetwork { .. } => ("FF01", -32_051, Never),
            V::Expired { .. } => ("TM01", -32_052, New),
            V::TooFarAhead { .. } => ("DT01", -32_053, New),
            V::AlreadyExecuted { .. } => ("AM05", -32_054, Same),
            V::KeyTaken { .. } => ("AM05", -32_055, Never),
            V::SubmitterForeign { .. } | V::SignerForeign { .. } => ("DS0H", -32_056, Never),
            V::PolicyUnmet { .. } => ("DS0H", -32_057, Never),
            V::AcceptanceUnmet { .. } => ("DS0H", -32_058, Never),
            V::AccountUnknown { .. } => ("AC01", -32_059, Never),
            V::ParticipantUnknown { .. } => ("RC01", -32_060, Never),
            V::RoleMissing { .. } => ("AG01", -32_061, Never),
            V::AssetUnknown { .. } => ("AM03", -32_062, Never),
            V::HoldUnknown { .. } => ("NARR", -32_063, Never),
            V::PaymentUnknown { .. } => ("NARR", -32_064, Never),
            V::CodeUnknown { .. } | V::ClauseUnknown { .. } => ("NARR", -32_066, Never),
            V::InstanceUnknown { .. } => ("NARR", -32_067, Never),
            V::PanelUnmet { .. } => ("DS0H", -32_070, Never),
            V::CallerMissing => ("NARR", -32_068, Never),
            V::OfferUnmet { .. } => ("DS0H", -32_069, Never),
            V::TermsUnreadable => ("NARR", -32_071, Never),
            V::BlockFull => ("TM01", -32_065, Same),
        }
    }

    /// Status reason code of pacs.002.
    pub const fn iso(&self) -> &'static str {
        self.row().0
    }
}
