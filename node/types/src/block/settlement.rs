//! The proof of a settlement: that a receipt stands in a block which the validators decided, starting from the genesis alone.
//!
//! It carries everything that is needed offline: the receipt with its path, the header with a certificate, and the lineage:
//! each header after which another set of validators voted, with its certificate and the full next set. Trusting the genesis
//! alone means trusting every past set of keys: more than a third of an old set, with its keys stolen, could lie to whoever
//! knows nothing newer.

use super::{BlockHeader, Certificate, CertificateError, validators_hash};
use crate::bounded::Bounded;
use crate::codec;
use crate::genesis::GenesisDocument;
use crate::hash::Hash32;
use crate::limits::{GENESIS_BYTES_MAX, LINEAGE_MAX};
use crate::proof::{ProofError, ReceiptProof};
use crate::state::ValidatorSet;
use crate::time::Height;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A change of the set of validators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineageStep {
    /// The last header under the old set.
    pub header: BlockHeader,
    /// A certificate of it.
    pub certificate: Certificate,
    /// The set that votes from the next height on.
    pub next: ValidatorSet,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettlementProof {
    /// Canonical bytes of the genesis document, in hexadecimal; its hash is what the verifier trusts.
    pub genesis: String,
    /// Changes of the set of validators up to the header, in order.
    pub lineage: Bounded<LineageStep, LINEAGE_MAX>,
    /// The header of the block.
    pub header: BlockHeader,
    /// A certificate of it.
    pub certificate: Certificate,
    /// The receipt, and one credit of it.
    pub receipt: ReceiptProof,
}

/// Why a proof of settlement is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettlementError {
    /// The genesis in it cannot be read.
    #[error("the genesis in the proof cannot be read: {problem}")]
    Genesis {
        /// What is wrong.
        problem: String,
    },
    /// It starts from another genesis.
    #[error("the proof starts from genesis {found}; {expected} is trusted")]
    OtherGenesis {
        /// The genesis in the proof.
        found: Hash32,
        /// The genesis trusted.
        expected: Hash32,
    },
    /// A header of another network, or out of order.
    #[error("the header of height {height} does not belong to this network, or stands out of order")]
    Header {
        /// Its height.
        height: Height,
    },
    /// A header names another set of validators than the one that is due.
    #[error("the header of height {height} names another set of validators")]
    OtherValidators {
        /// Its height.
        height: Height,
    },
    /// A certificate that proves nothing.
    #[error("the certificate of height {height}: {problem}")]
    Certificate {
        /// Its height.
        height: Height,
        /// What is wrong.
        problem: CertificateError,
    },
    /// The receipt does not belong to the block.
    #[error(transparent)]
    Receipt(#[from] ProofError),
}

impl SettlementProof {
    /// Checks everything, trusting the genesis hash alone. Returns the genesis document.
    pub fn verify(&self, trusted: &Hash32) -> Result<GenesisDocument, SettlementError> {
        let unreadable = |problem: String| SettlementError::Genesis { problem };
        let bytes = hex::decode(&self.genesis).map_err(|error| unreadable(error.to_string()))?;
        if hex::encode(&bytes) != self.genesis {
            return Err(unreadable("expected lower-case hexadecimal".to_owned()));
        }
        let document: GenesisDocument =
            codec::decode(&bytes, GENESIS_BYTES_MAX).map_err(|error| unreadable(error.to_string()))?;
        let found = document.hash();
        if found != *trusted {
            return Err(SettlementError::OtherGenesis { found, expected: *trusted });
        }
        let mut validators = document.validators.clone();
        let mut below = Height(0);
        for step in &self.lineage {
            check_header(&document, &step.header, &step.certificate, &validators, below)?;
            if step.header.next_validators != validators_hash(&step.next) {
                return Err(SettlementError::OtherValidators { height: step.header.height });
            }
            below = step.header.height;
            validators = step.next.clone();
        }
        check_header(&document, &self.header, &self.certificate, &validators, below)?;
        self.receipt.verify(&self.header.receipts_root)?;
        Ok(document)
    }
}

fn check_header(
    document: &GenesisDocument,
    header: &BlockHeader,
    certificate: &Certificate,
    validators: &ValidatorSet,
    below: Height,
) -> Result<(), SettlementError> {
    let height = header.height;
    if header.network != document.network || height <= below {
        return Err(SettlementError::Header { height });
    }
    if header.validators != validators_hash(validators) {
        return Err(SettlementError::OtherValidators { height });
    }
    certificate
        .verify(document.network, height, header.id(), validators)
        .map_err(|problem| SettlementError::Certificate { height, problem })
}
