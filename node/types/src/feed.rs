//! The feed of a participant: what happened on the ledger that concerns it, numbered.

use crate::bic::Bic;
use crate::contract::ContractEvent;
use crate::identifier::AccountId;
use crate::instruction::Submitter;
use crate::instruction::payment::PaymentKey;
use crate::time::Height;
use std::collections::BTreeSet;

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
    /// A contract was opened, called or taken back, or its deadline passed.
    Contract {
        /// Position of the receipt.
        receipt: u32,
        /// Which of the events of contracts in it.
        place: usize,
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

/// Whom an event of a contract concerns: who signed for it, and who may read the whole contract: the accounts that are its
/// parties or on its panels, and the institutions on these.
pub fn concerned(event: &ContractEvent, accounts: &[AccountId], participants: &[Bic]) -> BTreeSet<Submitter> {
    let accounts = accounts.iter().copied().map(Submitter::Account);
    let participants = participants.iter().copied().map(Submitter::Participant);
    event.authorisers.iter().copied().chain(accounts).chain(participants).collect()
}
