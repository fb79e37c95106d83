//! Faults seeded into our own code, to ask the judge of `tests/judge` whether it sees them: a mutant that survives means a weak
//! judge. They exist only in builds with `--cfg seaway_mutants`, which a release build refuses; in all others
//! [`seeded`] is the constant `false`.

#[cfg(all(seaway_mutants, not(debug_assertions)))]
compile_error!("mutants are for the judge alone: a release build cannot have them");

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What is done wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($(#[$doc])* $name,)* }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

mutants! {
    /// A third of the voting power decides.
    QuorumOfAThird,
    /// A certificate counts one signer as often as it stands there.
    SignerCountedTwice,
    /// Of a batch of signatures only the first half is checked.
    HalfTheSignatures,
    /// A block that a peer calls decided needs no certificate.
    SyncUncertified,
    /// Another parent is no fault of a block.
    ParentUnchecked,
    /// Another state root is no fault of a block.
    RootUnchecked,
    /// Any block time is near enough to the clock.
    ClockRuleOff,
    /// A block may have its parent's time.
    TimeNotRising,
    /// What is said goes out before the log that it rests on.
    SpeechBeforeLog,
    /// `final` is said before the block is stored.
    FinalBeforeDurable,
    /// What is settled stays in the pool.
    PoolKeepsSettled,
    /// Keys of instructions are looked for in memory only.
    KeyIndexNotRestored,
    /// UETRs are looked for in memory only.
    UetrIndexNotRestored,
    /// The order of changes follows where they lie in memory.
    OrderOfMemory,
    /// The same instruction may come again.
    IdempotencyOff,
    /// An instruction whose signatures are not enough takes its key.
    StrippedSignatureBurnsKey,
    /// What a rejected instruction did until then stays done.
    RejectedMovesMoney,
    /// A rejected instruction's UETRs stay free.
    RejectedUetrStaysFree,
    /// A balance may pass 18 digits.
    OverflowUnchecked,
    /// A timer that fired stays set.
    TimerFiresTwice,
    /// A debit freeze freezes nothing.
    FreezeIgnored,
    /// Payments count for no day and no year.
    DayNotCounted,
    /// Payments settle at any hour.
    CutOffIgnored,
    /// Charges are announced, and not taken.
    ChargesForgotten,
    /// More can be returned than was paid.
    ReturnedTwice,
    /// A hold's rest stays held when it expires.
    HoldKeepsItsMoney,
    /// A closed contract can be called again.
    ReleasedTwice,
    /// An offer that was taken back can be taken.
    WithdrawnOfferTaken,
    /// The last payment of a call is forgotten.
    SecondLegForgotten,
    /// What a quote gives is rounded up.
    RoundedForTheTaker,
    /// What was pulled is not counted against its allowance.
    AllowanceNotCounted,
    /// Funds are not asked for before a contract takes them in.
    PullUnfunded,
}

/// Whether this build does something wrong on purpose, and just this.
#[cfg(not(seaway_mutants))]
#[inline(always)]
pub const fn seeded(_: Mutant) -> bool {
    false
}

#[cfg(seaway_mutants)]
pub use active::{seed, seeded};

#[cfg(seaway_mutants)]
mod active {
    use super::Mutant;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static ACTIVE: AtomicUsize = AtomicUsize::new(usize::MAX);

    /// Seeds a mutant in the whole process, or none.
    pub fn seed(mutant: Option<Mutant>) {
        ACTIVE.store(mutant.map_or(usize::MAX, |mutant| mutant as usize), Ordering::SeqCst);
    }

    /// Whether this build does something wrong on purpose, and just this.
    pub fn seeded(mutant: Mutant) -> bool {
        ACTIVE.load(Ordering::Relaxed) == mutant as usize
    }
}
