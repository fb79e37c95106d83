//! Any business act, from its body to the signed bytes: contracts, offers, allowances, bundles.

use crate::payment::{PaymentError, Signed};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{Offer, SignedOffer};
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::{Body, Envelope, NetworkId, Submitter};
use seaway_types::signature;
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;

/// How long an act stays valid unless told otherwise, in milliseconds.
const VALID_MS: u64 = 300_000;

/// What somebody asks of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The network.
    pub network: NetworkId,
    /// Whose key it takes: one of those who sign.
    pub submitter: Submitter,
    /// The key; new ones come from [`new_key`]. It decides the id of a contract that the act opens.
    pub key: InstructionKey,
    /// Under which UETR it is followed.
    pub uetr: Uetr,
    /// What is asked.
    pub body: Body,
}

impl Act {
    /// Signs it, good for five minutes.
    pub fn sign(self, now: BlockTime, secrets: &[[u8; 32]]) -> Result<Signed, PaymentError> {
        if secrets.is_empty() {
            return Err(PaymentError::Unsigned);
        }
        let Self { network, submitter, key, uetr, body } = self;
        let envelope = Envelope { network, submitter, key, valid_until: now.after_ms(VALID_MS), body };
        Ok(Signed::new(uetr, envelope, secrets))
    }
}

/// Sixteen random bytes.
fn random() -> Result<[u8; 16], PaymentError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| PaymentError::Random(error.to_string()))?;
    Ok(bytes)
}

/// A new instruction key.
pub fn new_key() -> Result<InstructionKey, PaymentError> {
    random().map(InstructionKey)
}

/// A new UETR.
pub fn new_uetr() -> Result<Uetr, PaymentError> {
    random().map(Uetr::from_random)
}

/// Signs an offer as its maker.
pub fn sign_offer(offer: Offer, secrets: &[[u8; 32]]) -> Result<SignedOffer, PaymentError> {
    let mut entries: Vec<_> = secrets.iter().map(|secret| signature::sign(secret, &offer.id().0)).collect();
    entries.sort_unstable();
    entries.dedup_by_key(|entry| entry.key);
    let signatures = Bounded::new(entries).map_err(|_| PaymentError::Unsigned)?;
    if signatures.is_empty() { Err(PaymentError::Unsigned) } else { Ok(SignedOffer { offer, signatures }) }
}
