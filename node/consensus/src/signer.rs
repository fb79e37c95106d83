//! The port through which consensus signs.

use seaway_types::block::Round;
use seaway_types::keys::PublicKey;
use seaway_types::signature::Evidence;
use seaway_types::time::Height;
use serde::{Deserialize, Serialize};

/// What is signed in a round, in the order in which a correct validator signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// A proposal.
    Propose,
    /// A prevote.
    Prevote,
    /// A precommit.
    Precommit,
}

/// A request for a signature. Whoever answers keeps the greatest (height, round, step) with its message: the same question
/// gets the same answer, a lower one or another message none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Which message of the round.
    pub step: Step,
    /// What is signed.
    pub message: [u8; 32],
}

impl Question {
    /// Place of the question among all that one validator is ever asked.
    pub fn place(&self) -> (Height, Round, Step) {
        (self.height, self.round, self.step)
    }
}

/// Holds a validator's consensus key, and never signs two different things for one step.
pub trait Signer {
    /// The public key.
    fn key(&self) -> PublicKey;

    /// Signs, or refuses: then the validator stays silent in this step.
    fn sign(&mut self, question: &Question) -> Option<Evidence>;

    /// Somebody shows what this key has signed. If this signer does not know of it, it has forgotten, and what else it has
    /// forgotten nobody knows: it signs nothing up to that height from now on. Returns whether that is so.
    fn remind(&mut self, signed: &Question) -> bool;
}
