//! What a comparison finds.

use serde::Serialize;

/// What was found of an entry or of a pair of them. "Here" is the ledger, "there" is the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// Both sides have it, with the same amount.
    Matched,
    /// As matched, and at least one side says that it takes back an earlier payment.
    Returned,
    /// Refused, and on neither side's account.
    Rejected,
    /// Both sides have the payment, with different amounts.
    AmountDiffers,
    /// One side has it once more than the other, and has an equal entry besides.
    Duplicate,
    /// Only the bank has it.
    MissingHere,
    /// Only the ledger has it.
    MissingThere,
    /// One side says that it was refused, the other has it on the account.
    RejectedButBooked,
}

impl Class {
    /// All classes: those that are in order first, then the breaks.
    pub const ALL: [Self; 8] = [
        Self::Matched,
        Self::Returned,
        Self::Rejected,
        Self::AmountDiffers,
        Self::Duplicate,
        Self::MissingHere,
        Self::MissingThere,
        Self::RejectedButBooked,
    ];

    /// Whether the two sides disagree, so that somebody has to act.
    pub const fn is_break(self) -> bool {
        match self {
            Self::Matched | Self::Returned | Self::Rejected => false,
            Self::AmountDiffers
            | Self::Duplicate
            | Self::MissingHere
            | Self::MissingThere
            | Self::RejectedButBooked => true,
        }
    }

    /// The class in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::AmountDiffers => "amount differs",
            Self::Duplicate => "duplicate",
            Self::MissingHere => "missing here",
            Self::MissingThere => "missing there",
            Self::RejectedButBooked => "rejected but booked",
        }
    }
}

/// One thing that was found, unless it is matched: those are counted only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub class: Class,
    /// Whether it takes back an earlier payment.
    pub returned: bool,
    /// Positions among the entries of each side.
    pub ledger: Option<u32>,
    pub bank: Option<u32>,
}
