//! The ceremony: each validator adds its key with a proof that it holds it, all compare one fingerprint, each approves.
//!
//! `new` writes a draft to edit; `join` makes a file with a validator's key and proof; `combine` puts such files, and later
//! the approvals, into the document; `sign` makes an approval; `verify` says whether a node would start from it.

use crate::seed;
use crate::written::{WrittenApproval, WrittenError, WrittenGenesis, WrittenValidator};
use seaway_types::bic::Bic;
use seaway_types::genesis::GenesisError;
use seaway_types::instruction::NetworkId;
use seaway_types::signature::{Evidence, public_key, sign};
use seaway_types::state::possession_message;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The draft that `new` writes: a small network to edit, each field with its meaning.
pub const DRAFT: &str = include_str!("draft.toml");

/// The devnet's document before its validators join.
pub const DEVNET: &str = include_str!("../networks/devnet.toml");

/// A pacs.008 between two banks of the devnet, to be filled in: MESSAGE, TIME, DATE and UETR in double braces.
pub const DEVNET_PACS008: &str = include_str!("../networks/devnet-pacs008.xml");

/// What validators hand to each other: a joining key or an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// A validator that joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<WrittenValidator>,
    /// An approval of the document with this hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ContributedApproval>,
}

/// An approval, with the hash of what was approved so that a mistake is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributedApproval {
    /// Hash of the document.
    pub document: String,
    /// Consensus key.
    pub key: String,
    /// Signature.
    pub signature: String,
}

/// What stops a step of the ceremony.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CeremonyError {
    /// The document or a contribution.
    #[error(transparent)]
    Written(#[from] WrittenError),
    /// The document contradicts itself.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// An approval of another document.
    #[error("the approval of {key} is for document {given}; this one is {expected}")]
    OtherDocument {
        /// The key.
        key: String,
        /// Hash approved.
        given: String,
        /// Hash of this document.
        expected: String,
    },
    /// A file that contributes nothing.
    #[error("a contribution holds either a [join] or an [approval]")]
    Nothing,
    /// A validator that stands there already with other content.
    #[error("{bic} joined already with another key, power or proof")]
    JoinedAlready {
        /// The validator.
        bic: String,
    },
    /// A key that belongs to no validator of the document.
    #[error("{key} is no validator's key in this document")]
    NotAValidator {
        /// The key.
        key: String,
    },
}

/// A validator's key with the proof that it holds it.
pub fn join(network: NetworkId, bic: Bic, power: u64, secret: &[u8; 32]) -> Contribution {
    let key = public_key(secret);
    let Evidence::Ed25519(possession) = sign(secret, &possession_message(network, bic, &key)).evidence else {
        return Contribution { join: None, approval: None };
    };
    let validator =
        WrittenValidator { bic: bic.to_string(), key: key.to_string(), power, possession: possession.to_string() };
    Contribution { join: Some(validator), approval: None }
}

/// An approval of a document that stands complete.
pub fn approve(genesis: &WrittenGenesis, secret: &[u8; 32]) -> Result<Contribution, CeremonyError> {
    let document = genesis.document()?;
    document.check()?;
    let key = public_key(secret);
    if !document.validators.0.iter().any(|validator| validator.key == key) {
        return Err(CeremonyError::NotAValidator { key: key.to_string() });
    }
    let Evidence::Ed25519(signature) = sign(secret, &document.approval_message()).evidence else {
        return Err(CeremonyError::Nothing);
    };
    let approval = ContributedApproval {
        document: document.hash().to_string(),
        key: key.to_string(),
        signature: signature.to_string(),
    };
    Ok(Contribution { join: None, approval: Some(approval) })
}

/// Puts contributions into a document. A join changes what is approved, so earlier approvals go.
pub fn combine(genesis: &mut WrittenGenesis, contributions: &[Contribution]) -> Result<(), CeremonyError> {
    for contribution in contributions {
        match contribution {
            Contribution { join: Some(validator), approval: None } => add_validator(genesis, validator)?,
            Contribution { join: None, approval: Some(approval) } => add_approval(genesis, approval)?,
            _ => return Err(CeremonyError::Nothing),
        }
    }
    Ok(())
}

fn add_validator(genesis: &mut WrittenGenesis, validator: &WrittenValidator) -> Result<(), CeremonyError> {
    match genesis.validators.iter().find(|known| known.bic == validator.bic || known.key == validator.key) {
        Some(known) if known == validator => Ok(()),
        Some(_) => Err(CeremonyError::JoinedAlready { bic: validator.bic.clone() }),
        None => {
            let mut joined = genesis.clone();
            joined.validators = vec![validator.clone()];
            // Asked alone, so that a bad contribution is named now and never enters the document.
            joined.document()?.check()?;
            genesis.validators.push(validator.clone());
            genesis.approvals.clear();
            Ok(())
        }
    }
}

fn add_approval(genesis: &mut WrittenGenesis, approval: &ContributedApproval) -> Result<(), CeremonyError> {
    let expected = genesis.document()?.hash().to_string();
    if approval.document != expected {
        return Err(CeremonyError::OtherDocument {
            key: approval.key.clone(),
            given: approval.document.clone(),
            expected,
        });
    }
    let written = WrittenApproval { key: approval.key.clone(), signature: approval.signature.clone() };
    let mut alone = genesis.clone();
    alone.approvals = vec![written.clone()];
    match alone.signed()?.check() {
        Ok(()) | Err(GenesisError::Quorum { .. }) => {}
        Err(problem) => return Err(problem.into()),
    }
    if !genesis.approvals.contains(&written) {
        genesis.approvals.push(written);
    }
    Ok(())
}

/// Labels of the consensus keys of the devnet's validators: `validator-` and the BIC.
pub fn devnet_validators(genesis: &WrittenGenesis) -> Vec<(String, [u8; 32])> {
    let validators =
        genesis.participants.iter().filter(|participant| participant.roles.iter().any(|role| role == "validator"));
    validators
        .map(|participant| (participant.bic.clone(), seed::secret_key(&format!("validator-{}", participant.bic))))
        .collect()
}

/// Runs join, combine and sign for all validators of the devnet with their published keys.
pub fn devnet() -> Result<WrittenGenesis, CeremonyError> {
    devnet_of(WrittenGenesis::parse(DEVNET)?)
}

/// The same for a draft with other accounts or assets, as tests and measurements need them.
pub fn devnet_of(mut genesis: WrittenGenesis) -> Result<WrittenGenesis, CeremonyError> {
    let network = genesis.document()?.network;
    let validators = devnet_validators(&genesis);
    for (bic, secret) in &validators {
        let bic: Bic =
            bic.parse().map_err(|error: seaway_types::text::CodeError| WrittenError::Toml(error.to_string()))?;
        combine(&mut genesis, &[join(network, bic, 1, secret)])?;
    }
    let approvals = validators.iter().map(|(_, secret)| approve(&genesis, secret)).collect::<Result<Vec<_>, _>>()?;
    combine(&mut genesis, &approvals)?;
    Ok(genesis)
}
