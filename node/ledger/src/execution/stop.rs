//! Why execution stops.

use crate::state::ReadFault;
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::receipt::PlacedReason;
use seaway_types::state::Field;
use seaway_types::time::{BlockTime, Height};
use thiserror::Error;

/// What halts the replica: better stopped than wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A read failed.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// A running total and the balances that a block touched disagree.
    #[error("invariant broken: {field:?} of {asset} moved by {balances} on accounts and by {totals} in the totals")]
    TotalsDiffer {
        /// The asset.
        asset: AssetId,
        /// The part.
        field: Field,
        /// Change on accounts, in minor units.
        balances: i128,
        /// Change of the running total.
        totals: i128,
    },
    /// The pots of an owner and what its balance says is in contracts disagree.
    #[error("invariant broken: pots of {owner} in {asset} moved by {surplus} more than its balance in contracts")]
    PotsDiffer {
        /// Whose pots.
        owner: AccountId,
        /// The asset.
        asset: AssetId,
        /// By how much, in minor units.
        surplus: i128,
    },
    /// The parts of an asset do not sum to what was issued and not redeemed.
    #[error("invariant broken: the parts of {asset} do not sum to issued less redeemed")]
    NotConserved {
        /// The asset.
        asset: AssetId,
    },
    /// A total under- or overflowed.
    #[error("invariant broken: a total of {asset} left its range")]
    TotalRange {
        /// The asset.
        asset: AssetId,
    },
    /// A record that must exist does not.
    #[error("invariant broken: {what} is missing")]
    Missing {
        /// Which.
        what: &'static str,
    },
    /// Held funds that a record promises are not there.
    #[error("invariant broken: account {account} does not hold what a record says is held")]
    HeldShort {
        /// The account.
        account: AccountId,
    },
}

/// Why a block is not executed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BlockFault {
    /// An instruction must not stand in it.
    #[error("instruction {position} voids the block: {reason}")]
    Void {
        /// Its position.
        position: usize,
        /// Why.
        reason: VoidReason,
    },
    /// It does not follow the parent.
    #[error("height {given} does not follow {parent}")]
    Height {
        /// Height of the block.
        given: Height,
        /// Height of the parent.
        parent: Height,
    },
    /// Its time does not follow the parent's.
    #[error("time {given} does not lie after {parent}, the parent's")]
    Time {
        /// Time of the block.
        given: BlockTime,
        /// Time of the parent.
        parent: BlockTime,
    },
    /// Too many instructions or credits.
    #[error("{count} {what} are more than the {count_max} of a block")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many may be.
        count_max: usize,
    },
    /// The rules of this height are not known to this program.
    #[error("height {height} needs version {needed} of the execution rules; this program knows {known}")]
    Version {
        /// The height.
        height: Height,
        /// Version of the rules there.
        needed: u32,
        /// Version known.
        known: u32,
    },
    /// Halts the replica.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a part of an instruction stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It ends RJCT.
    Rejected(Reason),
    /// It must not stand in a block.
    Void(VoidReason),
    /// The replica halts.
    Fault(Fault),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

impl From<VoidReason> for Stop {
    fn from(reason: VoidReason) -> Self {
        Self::Void(reason)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ReadFault> for Stop {
    fn from(fault: ReadFault) -> Self {
        Self::Fault(Fault::Read(fault))
    }
}

/// Why a whole instruction stops: a rejection knows its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    Rejected(PlacedReason),
    Void(VoidReason),
    Fault(Fault),
}

impl Stop {
    /// Puts a rejection in its place.
    pub(super) fn at(self, leg: usize, credit: Option<usize>) -> Halt {
        match self {
            Self::Rejected(reason) => Halt::Rejected(PlacedReason {
                leg: u8::try_from(leg).unwrap_or(u8::MAX),
                credit: credit.map(|credit| u16::try_from(credit).unwrap_or(u16::MAX)),
                reason,
            }),
            Self::Void(reason) => Halt::Void(reason),
            Self::Fault(fault) => Halt::Fault(fault),
        }
    }
}

/// Refuses unless a condition holds.
pub(super) fn ensure(condition: bool, reason: impl FnOnce() -> Reason) -> Result<(), Stop> {
    if condition { Ok(()) } else { Err(Stop::Rejected(reason())) }
}
