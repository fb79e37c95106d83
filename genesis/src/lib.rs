//! Genesis: TOML for people, canonical bytes for the hash, and the ceremony between validators that trust no file of each other.
//!
//! [`written`] is the document as people write it; [`written::WrittenGenesis::signed`] turns it into the canonical one of
//! [`seaway_types::genesis`]. [`ceremony`] holds the steps of the tool; [`seed`] the published keys of a devnet.

pub mod calendar;
pub mod ceremony;
pub mod seed;
pub mod written;
