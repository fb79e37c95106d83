//! A credit transfer, from its parts to the signed bytes.

use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, Digest, InstructionKey, WireId};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{Body, Envelope, Instruction, Leg, NetworkId, RawInstruction, Submitter};
use seaway_types::text::{Purpose, Text35};
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;
use thiserror::Error;

/// How long a payment stays valid unless told otherwise, in milliseconds.
const VALID_MS: u64 = 300_000;

/// Why a payment cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaymentError {
    /// No randomness for key and UETR.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// No secret key was given.
    #[error("a payment needs at least one signature")]
    Unsigned,
    /// Kept bytes that are no signed payment.
    #[error("this is no signed payment: {0}")]
    Kept(String),
    /// An offer names more takers than it may. An empty list would let anybody take it.
    #[error("an offer names at most {} takers", seaway_types::limits::OFFER_TAKERS_MAX)]
    Takers,
}

/// One credit of one account to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The network.
    pub network: NetworkId,
    /// Whose key the instruction takes: the debtor's account, or its agent where the agent signs.
    pub submitter: Submitter,
    /// Who pays.
    pub debtor: AccountId,
    /// The debtor's agent.
    pub debtor_agent: Bic,
    /// Who is paid.
    pub creditor: AccountId,
    /// The creditor's agent.
    pub creditor_agent: Bic,
    /// What is paid.
    pub asset: AssetId,
    /// In minor units.
    pub amount: Amount,
    /// The debtor's reference.
    pub end_to_end_id: Text35,
    /// Purpose code.
    pub purpose: Option<Purpose>,
    /// Hash of the party data that travels beside the ledger.
    pub party_data_hash: Option<Hash32>,
    /// Customer, institution or cover.
    pub kind: CreditKind,
}

/// A signed instruction: what is kept before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The instruction's key.
    pub key: InstructionKey,
    /// The payment's UETR.
    pub uetr: Uetr,
    /// What was signed.
    pub digest: Digest,
    /// What blocks name.
    pub wire_id: WireId,
    /// The canonical bytes with signatures.
    pub raw: RawInstruction,
}

impl Signed {
    /// Signs what concerns a payment.
    pub fn new(uetr: Uetr, envelope: Envelope, secrets: &[[u8; 32]]) -> Self {
        let (key, digest) = (envelope.key, envelope.digest());
        let instruction: Instruction = envelope.sign(secrets);
        let raw = RawInstruction(codec::encode(&instruction));
        Self { key, uetr, digest, wire_id: raw.wire_id(), raw }
    }

    /// Reads back what was kept: the bytes of a signed instruction with a credit transfer in it, in hexadecimal.
    pub fn read(kept: &str) -> Result<Self, PaymentError> {
        let unreadable = |problem: String| PaymentError::Kept(problem);
        let raw = RawInstruction(hex::decode(kept.trim()).map_err(|error| unreadable(error.to_string()))?);
        let decoded = raw.clone().decode().map_err(|error| unreadable(error.to_string()))?;
        let envelope = decoded.envelope();
        let uetr = envelope.body.legs().iter().find_map(|leg| match leg {
            Leg::CreditTransfer(transfer) => transfer.credits.first().map(|credit| credit.uetr),
            _ => None,
        });
        let uetr = uetr.ok_or_else(|| unreadable("it pays nobody".to_owned()))?;
        Ok(Self { key: envelope.key, uetr, digest: envelope.digest(), wire_id: raw.wire_id(), raw })
    }

    /// The bytes as `payment_submit` takes them, and as [`Signed::read`] does.
    pub fn bytes_in_hex(&self) -> String {
        hex::encode(&self.raw.0)
    }
}

impl Payment {
    /// Signs with a new key and UETR.
    pub fn sign(self, now: BlockTime, secrets: &[[u8; 32]]) -> Result<Signed, PaymentError> {
        let (mut key, mut uetr) = ([0; 16], [0; 16]);
        getrandom::fill(&mut key).map_err(|error| PaymentError::Random(error.to_string()))?;
        getrandom::fill(&mut uetr).map_err(|error| PaymentError::Random(error.to_string()))?;
        self.sign_as(InstructionKey(key), Uetr::from_random(uetr), now.after_ms(VALID_MS), secrets)
    }

    /// Signs with a key and a UETR of the caller's.
    pub fn sign_as(
        self,
        key: InstructionKey,
        uetr: Uetr,
        valid_until: BlockTime,
        secrets: &[[u8; 32]],
    ) -> Result<Signed, PaymentError> {
        if secrets.is_empty() {
            return Err(PaymentError::Unsigned);
        }
        let (network, submitter) = (self.network, self.submitter);
        let body = Body::Single(self.leg(uetr));
        Ok(Signed::new(uetr, Envelope { network, submitter, key, valid_until, body }, secrets))
    }

    /// The business act alone.
    pub(crate) fn leg(self, uetr: Uetr) -> Leg {
        let credit = Credit {
            kind: self.kind,
            uetr,
            end_to_end_id: self.end_to_end_id,
            creditor: self.creditor,
            amount: self.amount,
            instructing_agent: self.debtor_agent,
            debtor_agent: self.debtor_agent,
            creditor_agent: self.creditor_agent,
            instructed: None,
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: self.purpose,
            party_data_hash: self.party_data_hash,
            remittance_hash: None,
            acceptance: None,
        };
        Leg::CreditTransfer(CreditTransfer {
            debtor: self.debtor,
            asset: self.asset,
            mode: BulkMode::AllOrNothing,
            settlement_date: None,
            // One is within the bound.
            credits: Bounded::new(vec![credit]).unwrap_or_default(),
        })
    }
}
