//! Certificates: why a block is final.

use super::{BlockId, Round, Vote, VoteKind};
use crate::bounded::Bounded;
use crate::instruction::NetworkId;
use crate::keys::PublicKey;
use crate::limits::VALIDATORS_MAX;
use crate::mutant::{Mutant, seeded};
use crate::signature::{Evidence, SignatureCheck, SignatureEntry, verify_batch};
use crate::state::ValidatorSet;
use crate::time::Height;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One validator's precommit in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitSignature {
    /// Whose.
    pub validator: PublicKey,
    /// The signature over the precommit.
    pub evidence: Evidence,
}

/// Precommits for one block in one round, by validators with more than two thirds of the voting power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The block.
    pub block: BlockId,
    /// The precommits, in rising order of keys.
    pub signatures: Bounded<CommitSignature, VALIDATORS_MAX>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Of another block or height.
    #[error("the certificate is of block {given} at height {height}, not of {expected}")]
    OtherBlock {
        /// The block it names.
        given: BlockId,
        /// The height it names.
        height: Height,
        /// The block asked about.
        expected: BlockId,
    },
    /// Keys out of order, or one key twice.
    #[error("the certificate's signatures do not stand in rising order of keys at {key}")]
    Unsorted {
        /// The first key out of order.
        key: PublicKey,
    },
    /// Signed by somebody else.
    #[error("{key} is no validator at this height")]
    Stranger {
        /// The key.
        key: PublicKey,
    },
    /// Too few.
    #[error("voting power {power} of {total} signed; more than two thirds are needed")]
    Quorum {
        /// Power that signed.
        power: u64,
        /// Power in all.
        total: u64,
    },
    /// A signature that does not hold.
    #[error("a signature of the certificate does not hold")]
    Signature,
}

impl Certificate {
    /// The precommit that each of its validators signed.
    pub fn vote(&self, network: NetworkId) -> Vote {
        Vote { network, kind: VoteKind::Precommit, height: self.height, round: self.round, block: Some(self.block) }
    }

    /// Checks that it proves a block final under the set of validators of its height.
    pub fn verify(
        &self,
        network: NetworkId,
        height: Height,
        block: BlockId,
        validators: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        let checks = self.checks(network, height, block, validators)?;
        if verify_batch(&checks) { Ok(()) } else { Err(CertificateError::Signature) }
    }

    /// Checks everything of it but the signatures, and returns these: it proves the block final if all of them hold.
    pub fn checks(
        &self,
        network: NetworkId,
        height: Height,
        block: BlockId,
        validators: &ValidatorSet,
    ) -> Result<Vec<SignatureCheck>, CertificateError> {
        if self.block != block || self.height != height {
            return Err(CertificateError::OtherBlock { given: self.block, height: self.height, expected: block });
        }
        let mut power = 0u64;
        let mut last: Option<&PublicKey> = None;
        for signature in &self.signatures {
            let key = signature.validator;
            if last.is_some_and(|last| *last >= key) && !seeded(Mutant::SignerCountedTwice) {
                return Err(CertificateError::Unsorted { key });
            }
            let validator = validators.get(&key).ok_or(CertificateError::Stranger { key })?;
            power = power.saturating_add(validator.power);
            last = Some(&signature.validator);
        }
        if !validators.is_quorum(power) {
            return Err(CertificateError::Quorum { power, total: validators.total_power() });
        }
        let message = self.vote(network).message();
        let check = |signature: &CommitSignature| SignatureCheck {
            entry: SignatureEntry { key: signature.validator, evidence: signature.evidence },
            message,
        };
        Ok(self.signatures.iter().map(check).collect())
    }
}
