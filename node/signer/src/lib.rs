//! Keys of a node: encrypted at rest ([`KeyFile`]), and guarded against signing two things for one step ([`GuardedKey`]).
//!
//! The consensus key and the node's identity key are two keys: one votes, the other names the node to its peers.

mod guard;
mod keyfile;

pub use guard::{GuardError, GuardedKey};
pub use keyfile::{KeyFile, KeyFileError, KeyKind};
