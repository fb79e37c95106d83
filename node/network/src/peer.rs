//! Peers are known by their Ed25519 identity keys; libp2p's peer ids follow from them.

use libp2p::PeerId;
use libp2p::identity::{self, ed25519};
use seaway_types::keys::PublicKey;

/// The peer id of an identity key; `None` when the key is no point.
pub(crate) fn peer_id(key: &PublicKey) -> Option<PeerId> {
    let PublicKey::Ed25519(bytes) = key else { return None };
    let key = ed25519::PublicKey::try_from_bytes(bytes).ok()?;
    Some(PeerId::from_public_key(&identity::PublicKey::from(key)))
}

/// libp2p's form of an identity secret.
pub(crate) fn keypair(secret: &[u8; 32]) -> Option<identity::Keypair> {
    let mut bytes = *secret;
    let secret = ed25519::SecretKey::try_from_bytes(&mut bytes).ok()?;
    Some(ed25519::Keypair::from(secret).into())
}
