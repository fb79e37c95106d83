//! Party data on its way: who is to have it ([`recipients`]), and sealed so that nobody else can read it ([`pack`]).
//!
//! Invariants: what is packed for a node's identity key is opened by the holder of that key alone, and not if one bit was changed; lengths
//! are bounded before anything is opened or decoded. A sealed box names no sender: who sent it is known by the connection on which it came.
//!
//! Whether party data belongs to a payment of the ledger, it says itself: [`PartyData::belongs_to`].

mod recipients;
mod sealed;
#[cfg(test)]
mod tests;

pub use recipients::{Recipient, is_concerned, recipients};
pub use sealed::{SealError, open, seal};

use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::keys::PublicKey;
use seaway_types::limits::{PARTY_BUNDLE_BYTES_MAX, PARTY_BUNDLE_MAX, PARTY_DATA_BYTES_MAX};
use seaway_types::party::PartyData;

/// Party data of some payments, sealed together.
pub type Bundle = Bounded<PartyData, PARTY_BUNDLE_MAX>;

/// Seals party data for a node. Each may have [`PARTY_DATA_BYTES_MAX`], all together [`PARTY_BUNDLE_BYTES_MAX`].
pub fn pack(bundle: &[PartyData], to: &PublicKey) -> Result<Vec<u8>, SealError> {
    if bundle.len() > PARTY_BUNDLE_MAX {
        return Err(SealError::TooMany { count: bundle.len() });
    }
    bundle.iter().try_for_each(ensure_length)?;
    seal(&codec::encode(bundle), to)
}

/// Opens what was packed for the node with this identity secret.
pub fn unpack(sealed: &[u8], identity: &[u8; 32]) -> Result<Bundle, SealError> {
    let bundle: Bundle = codec::decode(&open(sealed, identity)?, PARTY_BUNDLE_BYTES_MAX)?;
    bundle.iter().try_for_each(ensure_length)?;
    Ok(bundle)
}

/// Whether one fits its bound.
fn ensure_length(data: &PartyData) -> Result<(), SealError> {
    let length = codec::encode(data).len();
    if length > PARTY_DATA_BYTES_MAX {
        return Err(SealError::TooLong { length, length_max: PARTY_DATA_BYTES_MAX });
    }
    Ok(())
}
