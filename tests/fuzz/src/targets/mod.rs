//! The targets, one module for each group.

pub(crate) mod amount;
pub mod canary;
pub(crate) mod codec;
pub(crate) mod consensus;
pub(crate) mod contract;
pub(crate) mod execution;
pub(crate) mod frames;
pub(crate) mod genesis;
pub(crate) mod instruction;
pub(crate) mod iso;
pub(crate) mod proof;
pub(crate) mod rpc;
pub(crate) mod wal;
