//! Proofs that hold offline: of a settlement, and of what stands in the ledger.
//!
//! The proof of a settlement shows that a receipt stands in a block which the validators decided, starting from the genesis alone.
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
use crate::identifier::InstructionKey;
use crate::instruction::Submitter;
use crate::limits::{GENESIS_BYTES_MAX, LINEAGE_MAX, MINUTE_MS};
use crate::proof::{ProofError, ReceiptProof, StateProof, WindowProof};
use crate::state::{InstructionLeaf, StateKey, ValidatorSet};
use crate::time::{BlockTime, Height};
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
        let document = trace(trusted, &self.genesis, &self.lineage, &self.header, &self.certificate)?;
        self.receipt.verify(&self.header.receipts_root)?;
        Ok(document)
    }
}

/// What a proof of the ledger is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Subject {
    /// A record of the state, or that there is none.
    Record {
        /// Its key.
        key: StateKey,
        /// Its canonical bytes in hexadecimal; absent when there is none.
        record: Option<String>,
        /// Its place in the state tree.
        proof: StateProof,
    },
    /// An instruction, or that none was executed.
    Instruction {
        /// Whose key it took.
        submitter: Submitter,
        /// The key.
        key: InstructionKey,
        /// Last block time at which it may be executed.
        valid_until: BlockTime,
        /// What it left; absent when it was not executed.
        leaf: Option<InstructionLeaf>,
        /// Its place in the window.
        proof: WindowProof,
    },
}

/// The proof of what stands in the ledger at a height, or of what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerProof {
    /// Canonical bytes of the genesis document, in hexadecimal; its hash is what the verifier trusts.
    pub genesis: String,
    /// Changes of the set of validators up to the header, in order.
    pub lineage: Bounded<LineageStep, LINEAGE_MAX>,
    /// The header of the block.
    pub header: BlockHeader,
    /// A certificate of it.
    pub certificate: Certificate,
    /// What is proven.
    pub subject: Subject,
}

impl LedgerProof {
    /// Checks everything, trusting the genesis hash alone. Returns the genesis document. Absence of an instruction counts
    /// under the spans of time that the genesis names.
    pub fn verify(&self, trusted: &Hash32) -> Result<GenesisDocument, SettlementError> {
        let document = trace(trusted, &self.genesis, &self.lineage, &self.header, &self.certificate)?;
        let root = &self.header.state_root;
        match &self.subject {
            Subject::Record { key, record, proof } => {
                let bytes = record.as_ref().map(|text| canonical_hex(text)).transpose();
                let bytes = bytes.map_err(|_| ProofError::OtherSubject)?;
                proof.verify(root, key, bytes.as_deref())?;
            }
            Subject::Instruction { submitter, key, valid_until, leaf: Some(leaf), proof } => {
                proof.verify_present(root, submitter, key, *valid_until, leaf)?;
            }
            Subject::Instruction { submitter, key, valid_until, leaf: None, proof } => {
                // The tree knows the minute alone: absence counts when the whole of it is over, whatever moment is claimed.
                let time = self.header.time;
                let minute_end = valid_until.minute().saturating_add(1).saturating_mul(MINUTE_MS).saturating_sub(1);
                let last = BlockTime::from_ms(minute_end).unwrap_or(*valid_until);
                proof.verify_absent(root, time, &document.timing, submitter, key, last)?;
            }
        }
        Ok(document)
    }
}

/// Bytes of a text that has one form only.
fn canonical_hex(text: &str) -> Result<Vec<u8>, String> {
    let bytes = hex::decode(text).map_err(|error| error.to_string())?;
    if hex::encode(&bytes) == text { Ok(bytes) } else { Err("expected lower-case hexadecimal".to_owned()) }
}

/// Follows the sets of validators from the genesis to a header.
fn trace(
    trusted: &Hash32,
    genesis: &str,
    lineage: &[LineageStep],
    header: &BlockHeader,
    certificate: &Certificate,
) -> Result<GenesisDocument, SettlementError> {
    let unreadable = |problem: String| SettlementError::Genesis { problem };
    let bytes = canonical_hex(genesis).map_err(unreadable)?;
    let document: GenesisDocument =
        codec::decode(&bytes, GENESIS_BYTES_MAX).map_err(|error| unreadable(error.to_string()))?;
    let found = document.hash();
    if found != *trusted {
        return Err(SettlementError::OtherGenesis { found, expected: *trusted });
    }
    let mut validators = document.validators.clone();
    let mut below = Height(0);
    for step in lineage {
        check_header(&document, &step.header, &step.certificate, &validators, below)?;
        if step.header.next_validators != validators_hash(&step.next) {
            return Err(SettlementError::OtherValidators { height: step.header.height });
        }
        below = step.header.height;
        validators = step.next.clone();
    }
    check_header(&document, header, certificate, &validators, below)?;
    Ok(document)
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
