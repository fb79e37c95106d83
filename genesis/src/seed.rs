//! The published seed: keys, account ids and owner ids that follow from their labels, the same everywhere.
//!
//! Everyone knows these secrets. A document that uses them says `keys_are_published = true`, and nodes refuse to run it off
//! loopback.

use seaway_types::hash::Domain;
use seaway_types::identifier::{AccountId, OwnerId};

/// The prefix that names something by its label in a written document.
pub const PREFIX: &str = "seed:";

fn derive(kind: &str, label: &str) -> [u8; 32] {
    Domain::DevnetSeed.hash(format!("{kind} {label}").as_bytes()).0
}

/// The Ed25519 secret key of a label.
pub fn secret_key(label: &str) -> [u8; 32] {
    derive("key", label)
}

/// The account salt of an agent, by the label of its key.
pub fn account_salt(agent: &str) -> [u8; 32] {
    derive("salt", agent)
}

/// The account of a label at an agent.
pub fn account(agent: &str, label: &str) -> AccountId {
    AccountId::derive(&account_salt(agent), label)
}

/// The owner id of a label.
pub fn owner_id(label: &str) -> OwnerId {
    let mut id = [0; 16];
    id.copy_from_slice(derive("owner", label).first_chunk::<16>().unwrap_or(&[0; 16]));
    OwnerId(id)
}
