//! The feed of a participant: what happened on the ledger that concerns it, numbered.

use crate::identifier::AccountId;
use crate::instruction::payment::PaymentKey;
use crate::time::Height;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedWhat {
    /// Something was booked on an account: the place among the bookings of that account and block.
    Booked {
        /// The account.
        account: AccountId,
        /// Which of its bookings.
        place: usize,
    },
    /// A credit waits for the participant's word.
    Waits {
        /// Position of the receipt.
        receipt: u32,
        /// Which of its credits.
        credit: usize,
    },
    /// The participant, or the holder of one of its accounts, was answered.
    Answered {
        /// Position of the receipt.
        receipt: u32,
    },
    /// A payment was followed up by the other side: recalled, answered for, accepted, refused, returned, confirmed.
    FollowedUp {
        /// Position of the receipt.
        receipt: u32,
        /// Which leg of the instruction.
        leg: usize,
        /// The payment.
        payment: PaymentKey,
    },
    /// The block did something by itself.
    Acted {
        /// Position of the receipt.
        receipt: u32,
    },
}

/// One event of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its number.
    pub number: u64,
    /// The block.
    pub height: Height,
    /// What happened.
    pub what: FeedWhat,
}
