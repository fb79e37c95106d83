//! Blocks: what a header binds, what a body names, and when a block is final.
//!
//! ```text
//! BlockDraft ── header and body as a proposer sends them: instructions by wire id
//!   │ instructions found and executed, roots compared          (execution, `seaway-ledger`)
//! Block ── the same with the bytes of its instructions
//!   │ precommits of more than two thirds of the voting power   (`Certificate`)
//! FinalBlock ── durable, served to peers, proven to clients
//! ```
//!
//! The header carries the state root and the receipts root after its own execution, so the certificate of a block proves
//! that block's own outcomes. Certificates of one block differ between nodes; a block's id never depends on one of its own.
//! A body carries one certificate of its parent, chosen by the proposer.

mod certificate;
mod header;
mod settlement;
mod vote;

#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError, CommitSignature};
pub use header::{Block, BlockBody, BlockDraft, BlockHeader, BlockId, FinalBlock, validators_hash};
pub use settlement::{LedgerProof, LineageStep, SettlementError, SettlementProof, Subject};
pub use vote::{Proposal, Round, SignedProposal, SignedVote, Vote, VoteKind};
