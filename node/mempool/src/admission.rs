//! Who may wait here.

use seaway_types::Bic;
use seaway_types::identifier::{Digest, InstructionKey};
use seaway_types::instruction::{AuthenticInstruction, NetworkId, Submitter};
use seaway_types::keys::KeyPolicy;
use seaway_types::reason::{Retry, VoidReason};
use seaway_types::state::Timing;
use seaway_types::time::{BlockTime, Height};
use thiserror::Error;

/// The participant in whose lane a submitter fills the pool (none for the authority), and who signs for the submitter.
pub type LaneAndPolicy = (Option<Bic>, KeyPolicy);

/// What admission asks of the ledger.
pub trait AdmissionView {
    /// Why a question could not be answered.
    type Error;

    /// The network.
    fn network(&self) -> NetworkId;
    /// Spans of time.
    fn timing(&self) -> Timing;
    /// The participant on whose account a submitter fills the pool: the servicing agent of an account, the participant
    /// itself, `None` for the authority; or why the submitter cannot be. With its key policy: whoever submits must have
    /// signed, whatever else the body needs.
    fn lane(&self, submitter: &Submitter) -> Result<Result<LaneAndPolicy, VoidReason>, Self::Error>;
    /// Where a submitter's key was taken, and by what.
    fn taken(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<(Height, Digest)>, Self::Error>;
}

/// Why an instruction does not wait here. It leaves no record: the same bytes may come again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It could stand in no block.
    #[error(transparent)]
    Void(#[from] VoidReason),
    /// Another instruction with the same submitter and key waits already.
    #[error("another instruction with this key waits already, with digest {digest}")]
    KeyWaits {
        /// The digest of the one that waits.
        digest: Digest,
    },
    /// No room.
    #[error("the pool is full: {bytes} bytes and {count} instructions wait; try again in {retry_after_ms} ms")]
    PoolFull {
        /// Bytes that wait.
        bytes: usize,
        /// Instructions that wait.
        count: usize,
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The participant's own share is full.
    #[error(
        "{count} instructions of {bytes} bytes wait for {lane} already, its share; try again in {retry_after_ms} ms"
    )]
    LaneFull {
        /// The participant, or the authority.
        lane: String,
        /// Bytes that wait.
        bytes: usize,
        /// Instructions that wait.
        count: usize,
        /// When to try again.
        retry_after_ms: u64,
    },
}

impl Refused {
    /// ISO status reason, JSON-RPC error number, and whether asking again helps.
    pub fn row(&self) -> (&'static str, i32, Retry) {
        match self {
            Self::Void(reason) => reason.row(),
            Self::KeyWaits { .. } => ("AM05", -32_033, Retry::New),
            Self::PoolFull { .. } => ("NARR", -32_031, Retry::Same),
            Self::LaneFull { .. } => ("NARR", -32_032, Retry::Same),
        }
    }

    /// In how many milliseconds there may be room.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::PoolFull { retry_after_ms, .. } | Self::LaneFull { retry_after_ms, .. } => Some(*retry_after_ms),
            Self::Void(_) | Self::KeyWaits { .. } => None,
        }
    }
}

/// Asks what can be known before execution. The submitter must have signed, so that nobody fills blocks in another's name;
/// whether the keys satisfy all policies that the body needs is asked at execution, on the state of that moment.
pub(crate) fn check<V: AdmissionView>(
    view: &V,
    now: BlockTime,
    instruction: &AuthenticInstruction,
) -> Result<Result<Option<Bic>, VoidReason>, V::Error> {
    let envelope = instruction.envelope();
    let (given, expected) = (envelope.network, view.network());
    if given != expected {
        return Ok(Err(VoidReason::WrongNetwork { given, expected }));
    }
    if let Some((height, digest)) = view.taken(&envelope.submitter, &envelope.key)? {
        let same = digest == instruction.digest();
        return Ok(Err(if same { VoidReason::AlreadyExecuted { height } } else { VoidReason::KeyTaken { height } }));
    }
    let valid_until = envelope.valid_until;
    if now > valid_until {
        return Ok(Err(VoidReason::Expired { valid_until, now }));
    }
    let timing = view.timing();
    let ahead_ms =
        if envelope.body.may_wait() { timing.admin_validity_max_ms } else { timing.payment_validity_max_ms };
    let latest = now.after_ms(ahead_ms);
    if valid_until > latest {
        return Ok(Err(VoidReason::TooFarAhead { valid_until, latest }));
    }
    let (lane, policy) = match view.lane(&envelope.submitter)? {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let (signed, threshold) = (policy.count(instruction.signers()), policy.threshold());
    Ok(if signed >= usize::from(threshold) {
        Ok(lane)
    } else {
        let signed = u8::try_from(signed).unwrap_or(u8::MAX);
        Err(VoidReason::PolicyUnmet { who: envelope.submitter, signed, threshold })
    })
}
