//! The stages of an instruction before it reaches a block, as types.
//!
//! ```text
//! RawInstruction ── bytes that came from outside
//!   │ decode: bounds, canonical form, order of signatures
//! DecodedInstruction ── digest, wire id and body hash are known
//!   │ authenticate: each signature holds on the curve
//! AuthenticInstruction ── may be executed; policies are asked of the state then
//! ```

use super::contract::{CallContract, Target};
use super::payment::BulkMode;
use super::payment::acceptance_message;
use super::{Envelope, Instruction, Leg, NetworkId, Submitter};
use crate::codec::{self, CodecError};
use crate::contract::attestation_message;
use crate::hash::{Domain, Hash32};
use crate::identifier::{Digest, InstructionKey, WireId};
use crate::instruction::admin::Admin;
use crate::keys::PublicKey;
use crate::limits::INSTRUCTION_BYTES_MAX;
use crate::reason::Retry;
use crate::signature::{KnownKeys, SignatureCheck, SignatureEntry, failed_in, verify, verify_batch_knowing};
use crate::state::possession_message;
use crate::time::BlockTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::sync::Arc;
use thiserror::Error;

/// Bytes that came from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawInstruction(pub Vec<u8>);

/// Well-formed; its hashes are computed once, here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedInstruction {
    raw: RawInstruction,
    instruction: Instruction,
    digest: Digest,
    wire_id: WireId,
    body_hash: Hash32,
}

/// Each of its signatures holds on the curve. Shared, because pool, block and execution hold the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticInstruction(Arc<DecodedInstruction>);

/// Why an instruction cannot be well-formed or authentic, whatever the state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// Not canonical bytes of an instruction.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// No signature at all.
    #[error("the instruction carries no signature")]
    Unsigned,
    /// Signatures out of order.
    #[error("the signature of {key} does not follow the rising order of keys")]
    SignaturesUnsorted {
        /// The first key out of order.
        key: PublicKey,
    },
    /// A key signed twice.
    #[error("{key} stands twice among the signatures")]
    SignatureTwice {
        /// The key.
        key: PublicKey,
    },
    /// A signature that does not hold.
    #[error("the signature of {key} does not hold")]
    SignatureInvalid {
        /// The key.
        key: PublicKey,
    },
    /// No credit or no leg.
    #[error("{what} is empty; expected at least one element")]
    Empty {
        /// Which list.
        what: &'static str,
    },
    /// A bundle is all or none, and so is each transfer in it.
    #[error("leg {leg} of the bundle says eachOnItsOwn; in a bundle each leg is allOrNothing")]
    ModeInBundle {
        /// Position of the leg.
        leg: usize,
    },
    /// Code is registered alone.
    #[error("leg {leg} of the bundle registers code; code is registered alone")]
    RegistrationInBundle {
        /// Position of the leg.
        leg: usize,
    },
    /// An attestation of an argument that is not there.
    #[error("an attestation is about argument {argument}, which the call does not give")]
    AttestationMisplaced {
        /// Position of the argument.
        argument: u8,
    },
}

impl FormError {
    /// Status reason code, JSON-RPC error number, and whether asking again helps; as the table of
    /// [`crate::reason`] has them for reasons that depend on the state.
    pub const fn row(&self) -> (&'static str, i32, Retry) {
        match self {
            Self::Codec(_) => ("FF01", -32_020, Retry::Never),
            Self::Unsigned => ("DS0H", -32_021, Retry::Never),
            Self::SignaturesUnsorted { .. } => ("FF01", -32_022, Retry::Never),
            Self::SignatureTwice { .. } => ("FF01", -32_023, Retry::Never),
            Self::SignatureInvalid { .. } => ("DS0H", -32_024, Retry::Never),
            Self::Empty { .. } => ("FF01", -32_025, Retry::Never),
            Self::ModeInBundle { .. } => ("FF01", -32_026, Retry::Never),
            Self::RegistrationInBundle { .. } => ("FF01", -32_027, Retry::Never),
            Self::AttestationMisplaced { .. } => ("FF01", -32_028, Retry::Never),
        }
    }
}

impl RawInstruction {
    /// What blocks name it by.
    pub fn wire_id(&self) -> WireId {
        WireId(Domain::InstructionWire.hash(&self.0).0)
    }

    /// Reads the bytes: bounds before allocation, canonical form, order of signatures.
    pub fn decode(self) -> Result<DecodedInstruction, FormError> {
        let instruction: Instruction = codec::decode(&self.0, INSTRUCTION_BYTES_MAX)?;
        check_form(&instruction)?;
        let wire_id = self.wire_id();
        let (digest, body_hash) = hashes(&instruction, &self.0);
        Ok(DecodedInstruction { digest, body_hash, wire_id, instruction, raw: self })
    }

    /// Whether these are the bytes of one credit transfer and nothing else, told from their beginning alone. It says
    /// nothing of bytes that were never decoded.
    pub fn is_lone_transfer(&self) -> bool {
        type Start = (NetworkId, Submitter, InstructionKey, BlockTime, u32, u32);
        let start = codec::decode_start::<Start>(&self.0);
        start.is_ok_and(|(.., body, leg)| (body, leg) == (SINGLE, CREDIT_TRANSFER))
    }
}

/// The tag of [`super::Body::Single`] in canonical bytes.
const SINGLE: u32 = 0;
/// The tag of [`Leg::CreditTransfer`] in canonical bytes.
const CREDIT_TRANSFER: u32 = 0;

/// Digest and hash of the body. The bytes were found to be the canonical ones, in which the signatures come last and the body
/// before them: so they are hashed where they stand, instead of being written anew.
fn hashes(instruction: &Instruction, bytes: &[u8]) -> (Digest, Hash32) {
    let Envelope { network, submitter, key, valid_until, body: _ } = &instruction.envelope;
    let before = codec::encode(&(network, submitter, key, valid_until)).len();
    let signed = bytes.len().saturating_sub(codec::encode(&instruction.signatures).len());
    let (envelope, body) = (bytes.get(..signed).unwrap_or_default(), bytes.get(before..signed).unwrap_or_default());
    (Digest(Domain::InstructionDigest.hash(envelope).0), Domain::InstructionBody.hash(body))
}

/// In canonical bytes its length in 8 bytes and the bytes; in JSON lower-case hexadecimal.
impl Serialize for RawInstruction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&hex::encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for RawInstruction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = RawInstruction;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "the bytes of an instruction, at most {INSTRUCTION_BYTES_MAX}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawInstruction, E> {
                if text.len() > 2 * INSTRUCTION_BYTES_MAX {
                    return Err(E::invalid_length(text.len() / 2, &self));
                }
                let mut bytes = vec![0; text.len() / 2];
                hex::decode_to_slice(text, &mut bytes).map_err(E::custom)?;
                Ok(RawInstruction(bytes))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<RawInstruction, E> {
                if bytes.len() > INSTRUCTION_BYTES_MAX {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                Ok(RawInstruction(bytes))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<RawInstruction, E> {
                self.visit_byte_buf(bytes.to_vec())
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Reader)
        } else {
            deserializer.deserialize_byte_buf(Reader)
        }
    }
}

impl From<&Instruction> for RawInstruction {
    fn from(instruction: &Instruction) -> Self {
        Self(codec::encode(instruction))
    }
}

impl DecodedInstruction {
    /// What is signed.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What blocks name.
    pub fn wire_id(&self) -> WireId {
        self.wire_id
    }

    /// Hash of the body without its envelope.
    pub fn body_hash(&self) -> Hash32 {
        self.body_hash
    }

    /// Its canonical bytes, signatures included.
    pub fn raw(&self) -> &RawInstruction {
        &self.raw
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.instruction.envelope
    }

    /// The wire form.
    pub fn instruction(&self) -> &Instruction {
        &self.instruction
    }

    /// Who signed, in rising order.
    pub fn signers(&self) -> impl Iterator<Item = &PublicKey> + Clone {
        self.instruction.signatures.iter().map(|entry| &entry.key)
    }

    /// All curve checks that it needs: its own signatures, and those of signed objects in its body.
    pub fn checks(&self) -> Vec<SignatureCheck> {
        let envelope = &self.instruction.envelope;
        let mut checks = Vec::with_capacity(self.instruction.signatures.len());
        let mut add = |entries: &[SignatureEntry], message: [u8; 32]| {
            checks.extend(entries.iter().map(|entry| SignatureCheck { entry: *entry, message }));
        };
        add(&self.instruction.signatures, self.digest.0);
        for leg in envelope.body.legs() {
            if let Leg::CallContract(call) = leg {
                for (entries, message) in signed_in(call, envelope.network) {
                    add(entries, message);
                }
            }
            if let Leg::CreditTransfer(transfer) = leg {
                for credit in &transfer.credits {
                    if let Some(acceptance) = &credit.acceptance {
                        let message = acceptance_message(
                            envelope.network,
                            transfer.debtor,
                            transfer.asset,
                            credit,
                            acceptance.not_after,
                        );
                        add(&acceptance.signatures, message);
                    }
                }
            }
        }
        if let super::Body::Admin(Admin::SetValidators(set)) = &envelope.body {
            for validator in &set.validators.0 {
                let entry = SignatureEntry { key: validator.key, evidence: validator.possession };
                add(&[entry], possession_message(envelope.network, validator.bic, &validator.key));
            }
        }
        checks
    }

    /// Asks each signature alone.
    pub fn authenticate(self) -> Result<AuthenticInstruction, FormError> {
        match self.checks().iter().find(|check| !verify(check)) {
            Some(failed) => Err(FormError::SignatureInvalid { key: failed.entry.key }),
            None => Ok(AuthenticInstruction(Arc::new(self))),
        }
    }
}

impl std::ops::Deref for AuthenticInstruction {
    type Target = DecodedInstruction;

    fn deref(&self) -> &DecodedInstruction {
        &self.0
    }
}

/// Asks the signatures of many instructions in one batch; finds the bad ones when it fails. Answers stand in the order given.
pub fn authenticate_batch(
    decoded: Vec<DecodedInstruction>,
    keys: &mut KnownKeys,
) -> Vec<Result<AuthenticInstruction, FormError>> {
    let groups: Vec<Vec<SignatureCheck>> = decoded.iter().map(DecodedInstruction::checks).collect();
    let all: Vec<SignatureCheck> = groups.iter().flatten().copied().collect();
    if verify_batch_knowing(&all, keys) {
        return decoded.into_iter().map(|one| Ok(AuthenticInstruction(Arc::new(one)))).collect();
    }
    let failed = failed_in(&all);
    let mut offset = 0;
    let mut answers = Vec::with_capacity(decoded.len());
    for (one, group) in decoded.into_iter().zip(&groups) {
        let first_bad = failed.iter().find(|place| (offset..offset + group.len()).contains(place));
        offset += group.len();
        answers.push(match first_bad.and_then(|place| all.get(*place)) {
            Some(check) => Err(FormError::SignatureInvalid { key: check.entry.key }),
            None => Ok(AuthenticInstruction(Arc::new(one))),
        });
    }
    answers
}

/// What is signed in a call besides the instruction: the offer that it takes, and attestations.
fn signed_in(call: &CallContract, network: NetworkId) -> impl Iterator<Item = (&[SignatureEntry], [u8; 32])> {
    let offer = match &call.target {
        Target::Offer(signed) => Some((&*signed.signatures, signed.offer.id().0)),
        Target::Instance(_) => None,
    };
    let id = call.target.id();
    let attested = call.attestations.iter().filter_map(move |attestation| {
        let value = call.arguments.get(usize::from(attestation.argument))?;
        Some((&*attestation.signatures, attestation_message(network, &id, attestation, value)))
    });
    offer.into_iter().chain(attested)
}

fn check_form(instruction: &Instruction) -> Result<(), FormError> {
    if instruction.signatures.is_empty() {
        return Err(FormError::Unsigned);
    }
    check_order(&instruction.signatures)?;
    let bundle = matches!(instruction.envelope.body, super::Body::Bundle(_));
    let legs = instruction.envelope.body.legs();
    if bundle && legs.is_empty() {
        return Err(FormError::Empty { what: "the bundle" });
    }
    for (position, leg) in legs.iter().enumerate() {
        if bundle && matches!(leg, Leg::RegisterCode(_)) {
            return Err(FormError::RegistrationInBundle { leg: position });
        }
        if let Leg::CallContract(call) = leg {
            check_call_form(call)?;
        }
        let Leg::CreditTransfer(transfer) = leg else {
            continue;
        };
        if transfer.credits.is_empty() {
            return Err(FormError::Empty { what: "the list of credits" });
        }
        if bundle && transfer.mode == BulkMode::EachOnItsOwn {
            return Err(FormError::ModeInBundle { leg: position });
        }
        for acceptance in transfer.credits.iter().filter_map(|credit| credit.acceptance.as_ref()) {
            if acceptance.signatures.is_empty() {
                return Err(FormError::Empty { what: "the list of an acceptance's signatures" });
            }
            check_order(&acceptance.signatures)?;
        }
    }
    Ok(())
}

fn check_call_form(call: &CallContract) -> Result<(), FormError> {
    if let Target::Offer(signed) = &call.target {
        if signed.signatures.is_empty() {
            return Err(FormError::Empty { what: "the list of an offer's signatures" });
        }
        check_order(&signed.signatures)?;
    }
    for attestation in &call.attestations {
        if usize::from(attestation.argument) >= call.arguments.len() {
            return Err(FormError::AttestationMisplaced { argument: attestation.argument });
        }
        check_order(&attestation.signatures)?;
    }
    Ok(())
}

fn check_order(entries: &[SignatureEntry]) -> Result<(), FormError> {
    for pair in entries.windows(2) {
        let [before, after] = pair else { continue };
        if before.key == after.key {
            return Err(FormError::SignatureTwice { key: after.key });
        }
        if before.key > after.key {
            return Err(FormError::SignaturesUnsorted { key: after.key });
        }
    }
    Ok(())
}
