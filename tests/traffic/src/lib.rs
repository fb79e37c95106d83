//! Random instructions and random contracts, from one seed. They share nothing with the ledger: a [`World`] looks at the model
//! alone to find what makes sense next.

mod texts;
mod world;

pub use texts::{Random, random_text};
pub use world::{World, secrets};
