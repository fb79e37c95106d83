//! A bank's own messages, settled: pacs.008, pacs.009, pacs.004, camt.056, camt.029 and pain.001 in, their answers out.
//!
//! A node finds what a message names, and says what it asks as canonical bytes. They are signed here only if the message, read
//! again here, asks that very thing; on the node's word alone stands which account a number names, as on its agent's.

use crate::client::{Client, ClientError};
use crate::payment::Signed;
use seaway_iso20022::Fault;
use seaway_iso20022::message::Status;
use seaway_iso20022::order::{AccountName, Answer, Known, KnownPayment, Order, Outcome, Request, message_salt};
use seaway_types::AccountId;
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId};
use seaway_types::codec;
use seaway_types::hash::{Domain, Hash32};
use seaway_types::instruction::{Envelope, Instruction};
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::signature::Evidence;
use seaway_types::state::PaymentFacts;
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;
use serde_json::{Value, json};
use std::fmt;
use thiserror::Error;

/// How often the same bytes are sent.
const ATTEMPTS: usize = 5;
/// How long a node waits until it is final, in milliseconds.
const TIMEOUT_MS: u64 = 30_000;
/// What may pass between the clock here and the end of the validity that a node proposes, in milliseconds.
const VALID_MS_MAX: u64 = 900_000;

/// Why a message has no answer.
#[derive(Debug, Error)]
pub enum MessageError {
    /// It cannot be read, so there is nobody to answer.
    #[error(transparent)]
    Unreadable(#[from] Fault),
    /// The nodes.
    #[error(transparent)]
    Node(#[from] ClientError),
    /// An answer of a node is not what it should be.
    #[error("the node answers something else: {0}")]
    Odd(String),
    /// No secret key was given.
    #[error("a message needs at least one key that signs for its sender")]
    Unsigned,
}

/// Who signs for a message's sender.
#[derive(Clone)]
pub struct MessageKeys {
    /// The secrets that sign.
    pub secrets: Vec<[u8; 32]>,
    /// The sender's own secret from which the salts of its messages' hashes are derived. It must stay the same while the
    /// secrets that sign change: a message is known again by it.
    pub salt: [u8; 32],
}

impl fmt::Debug for MessageKeys {
    /// Secrets have no place in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MessageKeys({} secrets)", self.secrets.len())
    }
}

impl MessageKeys {
    /// With a salt that is derived from the smallest of the secrets, for who has no other.
    pub fn new(secrets: Vec<[u8; 32]>) -> Self {
        let smallest = secrets.iter().min().copied().unwrap_or_default();
        Self { salt: Domain::MessageSalt.hash(&smallest).0, secrets }
    }
}

/// A message with its answer.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The UETRs of the payments that it makes or follows up, where it could be read so far.
    pub uetrs: Vec<Uetr>,
    /// What became of it.
    pub status: Status,
    /// Why, as a code and a text.
    pub reason: Option<(String, String)>,
    /// The message that says so, if there is one for it.
    pub answer: Option<Answer>,
    /// What proves it offline, where the ledger has answered.
    pub proof: Value,
    /// What was submitted; nothing when the message was refused, or known already.
    pub signed: Option<Signed>,
}

/// A message on its way.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // One exists per message.
pub enum Prepared {
    /// It is answered already: refused, or settled before.
    Answered(Settled),
    /// What it asks for, signed and not yet sent.
    Ready(Order, Signed),
}

/// Makes the signed instruction of a message. One that breaks a rule is answered by a rejection, one that was settled before
/// by its state; one that cannot be read is an error.
pub async fn prepare_message(
    client: &Client,
    text: &str,
    now: BlockTime,
    keys: &MessageKeys,
) -> Result<Prepared, MessageError> {
    let request = Request::read(text)?;
    let order = match request.order() {
        Ok(order) => order,
        Err(fault) => return Ok(Prepared::Answered(refused(&request, &fault, now))),
    };
    if keys.secrets.is_empty() {
        return Err(MessageError::Unsigned);
    }
    let salt = message_salt(&keys.salt, &order.key);
    let answer = client.call("iso20022_prepare", json!({"message": text, "salt": Hash32(salt)})).await?;
    if answer["bytes"].is_null() {
        return settled(&answer, order.uetrs, None).map(Prepared::Answered);
    }
    let envelope = checked(client, &request, &order, &answer, &salt, now).await?;
    // An order names at least one payment, or follows one up.
    let uetr =
        order.uetrs.first().copied().ok_or_else(|| MessageError::Odd("a message without a UETR".to_owned()))?;
    let signed = Signed::new(uetr, envelope, &keys.secrets);
    Ok(Prepared::Ready(order, signed))
}

/// Settles a message and waits for the answer.
pub async fn settle_message(
    client: &Client,
    text: &str,
    now: BlockTime,
    keys: &MessageKeys,
) -> Result<Settled, MessageError> {
    let (order, signed) = match prepare_message(client, text, now, keys).await? {
        Prepared::Answered(settled) => return Ok(settled),
        Prepared::Ready(order, signed) => (order, signed),
    };
    let odd = |error: codec::CodecError| MessageError::Odd(error.to_string());
    let Instruction { envelope, signatures } = codec::decode(&signed.raw.0, INSTRUCTION_BYTES_MAX).map_err(odd)?;
    let signature = |entry: &seaway_types::signature::SignatureEntry| match &entry.evidence {
        Evidence::Ed25519(signature) => Some(json!({"key": entry.key, "signature": signature})),
        _ => None,
    };
    let params = json!({
        "message": text,
        "salt": Hash32(message_salt(&keys.salt, &order.key)),
        "bytes": hex::encode(codec::encode(&envelope)),
        "signatures": signatures.iter().filter_map(signature).collect::<Vec<_>>(),
        "timeoutMs": TIMEOUT_MS,
    });
    let mut last = ClientError::NoNode;
    for attempt in 0..ATTEMPTS {
        match client.call_through(attempt, "iso20022_submit", params.clone()).await {
            Ok(answer) => return settled(&answer, order.uetrs, Some(signed)),
            Err(error) if error.may_retry() => last = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}

/// The rejection of a message that breaks a rule.
fn refused(request: &Request, fault: &Fault, now: BlockTime) -> Settled {
    let outcome = Outcome::refused(fault, now);
    let answer = request.answer(&outcome);
    let Outcome { status, reason, .. } = outcome;
    Settled { uetrs: Vec::new(), status, reason, answer, proof: Value::Null, signed: None }
}

/// A node's answer.
fn settled(answer: &Value, uetrs: Vec<Uetr>, signed: Option<Signed>) -> Result<Settled, MessageError> {
    let odd = || MessageError::Odd(answer.to_string());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let status = answer["status"].as_str().and_then(Status::parse).ok_or_else(odd)?;
    let reason = &answer["reason"];
    let message = &answer["answer"];
    let message = text(&message["definition"]).zip(text(&message["message"]));
    Ok(Settled {
        uetrs,
        status,
        reason: text(&reason["iso"]).zip(text(&reason["text"])),
        answer: message.map(|(definition, text)| Answer { definition, text }),
        proof: answer["proof"].clone(),
        signed,
    })
}

/// The envelope that a node made of a message, if it is what the message asks.
async fn checked(
    client: &Client,
    request: &Request,
    order: &Order,
    answer: &Value,
    salt: &[u8; 32],
    now: BlockTime,
) -> Result<Envelope, MessageError> {
    let odd = |what: &str| MessageError::Odd(format!("{what}: {answer}"));
    let envelope: Envelope = serde_json::from_value(answer["envelope"].clone()).map_err(|_| odd("no envelope"))?;
    let accounts: Vec<AccountId> =
        serde_json::from_value(answer["accounts"].clone()).map_err(|_| odd("no accounts"))?;
    let ids = order.accounts.iter().map(|named| &named.name).zip(&accounts);
    let others = ids.filter(|(name, id)| matches!(name, AccountName::Id(own) if own != *id)).count();
    if others > 0 || accounts.len() != order.accounts.len() {
        return Err(odd("other accounts than the message names"));
    }
    let assets = assets(client).await?;
    let mut payments = Vec::new();
    for named in &order.payments {
        payments.push(payment(client, named, &assets).await?);
    }
    let known = Known { assets: &assets, accounts: &accounts, payments: &payments, salt };
    let body = request.body(order, &known)?;
    let latest = now.after_ms(VALID_MS_MAX);
    if envelope.body != body || envelope.key != order.key || envelope.valid_until > latest {
        return Err(odd("the node would have something else signed than the message asks"));
    }
    Ok(envelope)
}

async fn assets(client: &Client) -> Result<AssetBook, MessageError> {
    let listed = client.call("asset_list", json!({})).await?;
    let asset = |one: &Value| {
        let id: AssetId = serde_json::from_value(one["id"].clone()).ok()?;
        Some((id, serde_json::from_value::<Asset>(one["record"].clone()).ok()?))
    };
    let assets: Option<Vec<_>> = listed["assets"].as_array().into_iter().flatten().map(asset).collect();
    assets.map(AssetBook::new).ok_or_else(|| MessageError::Odd("an asset that cannot be read".to_owned()))
}

/// A payment that a message follows up, as a node shows it.
async fn payment(
    client: &Client,
    named: &seaway_iso20022::order::NamedPayment,
    assets: &AssetBook,
) -> Result<KnownPayment, MessageError> {
    let found = client.call("payment_status", json!({"uetr": named.key.uetr})).await?;
    let odd = || MessageError::Odd(format!("no payment: {found}"));
    let mine =
        |one: &&Value| one["debtorAgent"] == json!(named.key.debtor_agent) && one["kind"] == json!(named.key.kind);
    let one = found["payments"].as_array().into_iter().flatten().find(mine).ok_or_else(odd)?;
    let amount = |text: &Value| {
        let (number, name) = text.as_str()?.split_once(' ')?;
        let (id, asset) = assets.find(name).ok()?;
        Some((id, Amount::parse_major(number, asset.exponent).ok()?))
    };
    let (asset, paid) = amount(&one["amount"]).ok_or_else(odd)?;
    let account = |text: &Value| serde_json::from_value(text.clone()).map_err(|_| odd());
    let facts =
        PaymentFacts { debtor: account(&one["debtor"])?, creditor: account(&one["creditor"])?, asset, amount: paid };
    let returned = amount(&one["returned"]).map_or(Amount::ZERO, |(_, returned)| returned);
    Ok(KnownPayment { facts, returned, recalled: one["record"]["recall"]["stage"] == "asked" })
}
