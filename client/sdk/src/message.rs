//! A bank's own message, settled: pacs.008 in, pacs.002 out.
//!
//! The message's key is derived from its sender and its id, and everything else that is signed from the message, so the same
//! message settles once, however often and through whichever node it is sent; another message under the same id is answered
//! `AM05`.

use crate::client::{Client, ClientError};
use crate::payment::Signed;
use seaway_iso20022::Fault;
use seaway_iso20022::message::{CreditTransfer, Message, Status, StatusReport};
use seaway_iso20022::order::{AccountName, NamedAccount, Order, Outcome, rejection};
use seaway_types::AccountId;
use seaway_types::asset::{Asset, AssetBook, AssetId};
use seaway_types::hash::{Domain, Hash32};
use seaway_types::instruction::{Envelope, Submitter};
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long the instruction of a message stays valid, in milliseconds.
const VALID_MS: u64 = 300_000;
/// How often the same bytes are sent.
const ATTEMPTS: usize = 5;

/// How long the same message, sent through another node at the same time, is waited for; and how often it is asked for.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

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
    /// The payment's UETR, where the message names one.
    pub uetr: Option<Uetr>,
    /// The answer.
    pub report: Message<StatusReport>,
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

/// Makes the signed instruction of a pacs.008. A message that breaks a rule is answered by a rejection, one that was settled
/// before by its state; one that cannot be read is an error.
pub async fn prepare_message(
    client: &Client,
    text: &str,
    now: BlockTime,
    keys: &MessageKeys,
) -> Result<Prepared, MessageError> {
    let message: Message<CreditTransfer> = Message::read(text)?;
    let uetr = message.document.transaction.id.uetr;
    let answered = |report| Ok(Prepared::Answered(Settled { uetr, report, signed: None }));
    let order = match Order::new(message.clone()) {
        Ok(order) => order,
        Err(fault) => return answered(rejection(&message, &fault, now)),
    };
    if keys.secrets.is_empty() {
        return Err(MessageError::Unsigned);
    }
    let known = lookup(client, &order).await?;
    let envelope = match envelope(client, &order, now, keys).await {
        Ok(envelope) => envelope,
        // What it once named may have changed since: that says nothing of what became of it.
        Err(Stop::Fault(fault)) if known.is_some() => {
            return Err(MessageError::Odd(format!(
                "this id was used before, and now it cannot be compared: {fault}"
            )));
        }
        Err(Stop::Fault(fault)) => return answered(rejection(&message, &fault, now)),
        Err(Stop::Error(error)) => return Err(error),
    };
    match known {
        Some(known) => answered(order.answer(&compared(client, &order, &known, envelope.body_hash(), now).await?)),
        None => {
            let signed = Signed::new(order.uetr, envelope, &keys.secrets);
            Ok(Prepared::Ready(order, signed))
        }
    }
}

/// Settles a pacs.008 and waits for the answer.
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
    let mut last = ClientError::NoNode;
    for attempt in 0..ATTEMPTS {
        let outcome = match client.settle_through(&signed, attempt).await {
            Ok(answer) => present(client, &order, &answer, now).await?,
            // The same message came through another node at the same time: its key is taken, by this body or by another.
            Err(ClientError::Refused { data, .. }) if data["iso"] == "AM05" => {
                let body_hash = signed.raw.clone().decode().map(|decoded| decoded.body_hash());
                let body_hash = body_hash.map_err(|error| MessageError::Odd(error.to_string()))?;
                first(client, &order, body_hash, now).await?
            }
            Err(error) if error.may_retry() => {
                last = error;
                continue;
            }
            // Refused at the door of the first node that was asked: it is nowhere, and was not recorded.
            Err(ClientError::Refused { data, message, .. }) if attempt == 0 && data["iso"].is_string() => {
                let reason = data["iso"].as_str().map(|code| (code.to_owned(), message));
                Outcome { status: Status::Rejected, reason, time: now, reference: None }
            }
            Err(error) => return Err(error.into()),
        };
        return Ok(Settled { uetr: Some(order.uetr), report: order.answer(&outcome), signed: Some(signed) });
    }
    Err(last.into())
}

enum Stop {
    Fault(Fault),
    Error(MessageError),
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::Error(error.into())
    }
}

/// The instruction that a message asks for.
async fn envelope(client: &Client, order: &Order, now: BlockTime, keys: &MessageKeys) -> Result<Envelope, Stop> {
    let odd = |what: &str| Stop::Error(MessageError::Odd(what.to_owned()));
    let salt = Domain::MessageSalt.hash(&[keys.salt.as_slice(), order.key.as_bytes()].concat());
    let status = client.call("network_status", json!({})).await?;
    let network = status["network"].as_str().and_then(|name| name.parse().ok()).ok_or_else(|| odd("no network"))?;
    let assets = client.call("asset_list", json!({})).await?;
    let asset = |one: &Value| {
        let id: AssetId = serde_json::from_value(one["id"].clone()).ok()?;
        Some((id, serde_json::from_value::<Asset>(one["record"].clone()).ok()?))
    };
    let assets: Option<Vec<_>> = assets["assets"].as_array().into_iter().flatten().map(asset).collect();
    let assets = AssetBook::new(assets.ok_or_else(|| odd("an asset that cannot be read"))?);
    let debtor = account(client, &order.debtor).await?;
    let creditor = account(client, &order.creditor).await?;
    let body = order.body(&assets, debtor, creditor, &salt.0).map_err(Stop::Fault)?;
    let submitter = Submitter::Participant(order.sender);
    Ok(Envelope { network, submitter, key: order.key, valid_until: now.after_ms(VALID_MS), body })
}

/// The id of an account, asked of its agent where the message has another number.
async fn account(client: &Client, named: &NamedAccount) -> Result<AccountId, Stop> {
    let number = match &named.name {
        AccountName::Id(id) => return Ok(*id),
        AccountName::Number(number) => number,
    };
    match client.call("account_resolve", json!({"agent": named.agent, "number": number})).await {
        Ok(answer) => serde_json::from_value(answer["account"].clone())
            .map_err(|error| Stop::Error(MessageError::Odd(error.to_string()))),
        Err(ClientError::Refused { data, message, .. }) if data["iso"] == "AC01" => {
            Err(Stop::Fault(Fault::refused(named.path, number, "AC01", message)))
        }
        Err(ClientError::Refused { number: -32_001, message, .. }) => {
            Err(Stop::Fault(Fault::refused(named.path, number, "RC01", message)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What became of the instruction that has the message's key, once it is known: it may still wait for its block.
async fn first(client: &Client, order: &Order, body_hash: Hash32, now: BlockTime) -> Result<Outcome, MessageError> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(known) = lookup(client, order).await? {
            return compared(client, order, &known, body_hash, now).await;
        }
        tokio::time::sleep(POLL).await;
    }
    Err(MessageError::Odd("the message's key is taken, and what took it is not decided".to_owned()))
}

/// The instruction with the message's key, if one was executed.
async fn lookup(client: &Client, order: &Order) -> Result<Option<Value>, MessageError> {
    let params = json!({"submitter": Submitter::Participant(order.sender), "key": order.key});
    match client.call("instruction_status", params).await {
        // One that waits for a block has no answer yet: submitting it again waits for that.
        Ok(answer) if answer["bodyHash"].is_null() => Ok(None),
        Ok(answer) => Ok(Some(answer)),
        Err(ClientError::Refused { number: -32_001, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a known instruction means for a message: its own state, or that another message has its id.
async fn compared(
    client: &Client,
    order: &Order,
    known: &Value,
    body_hash: Hash32,
    now: BlockTime,
) -> Result<Outcome, MessageError> {
    if known["bodyHash"] == json!(body_hash) {
        return present(client, order, known, now).await;
    }
    let text = "another message was sent under this id before".to_owned();
    let reason = Some(("AM05".to_owned(), text));
    Ok(Outcome { status: Status::Rejected, reason, time: now, reference: None })
}

/// The present state of a payment whose instruction was answered: one that waited may have settled since.
async fn present(client: &Client, order: &Order, answer: &Value, now: BlockTime) -> Result<Outcome, MessageError> {
    let first = outcome(order, answer, now)?;
    if !matches!(first.status, Status::Pending | Status::Settled) {
        return Ok(first);
    }
    let found = client.call("payment_status", json!({"uetr": order.uetr})).await?;
    let mine = |one: &&Value| one["key"] == json!(order.key) && one["debtorAgent"] == json!(order.debtor.agent);
    let Some(payment) = found["payments"].as_array().into_iter().flatten().find(mine) else { return Ok(first) };
    let mut later = Outcome { reference: first.reference, ..outcome(order, payment, now)? };
    let changed = payment["timeline"].as_array().and_then(|timeline| timeline.last());
    if let Some(height) = changed.map(|changed| changed["height"].clone()).filter(|_| later.status != first.status) {
        let block = client.call("ledger_block", json!({"height": height})).await?;
        later.time = block["header"]["time"].as_str().and_then(|time| time.parse().ok()).unwrap_or(first.time);
    }
    Ok(later)
}

/// The ledger's answer in the words of a status report.
fn outcome(order: &Order, answer: &Value, now: BlockTime) -> Result<Outcome, MessageError> {
    let odd = |what: &str| MessageError::Odd(format!("no {what}: {answer}"));
    let credits = answer["credits"].as_array().into_iter().flatten();
    let credit = credits.into_iter().find(|credit| credit["uetr"] == json!(order.uetr)).unwrap_or(answer);
    let status = match credit["status"].as_str() {
        Some("ACCC") => Status::Credited,
        Some("ACSC") => Status::Settled,
        Some("PDNG") => Status::Pending,
        Some("RJCT") => Status::Rejected,
        _ => return Err(odd("status")),
    };
    let why = if credit["reason"].is_null() { &answer["reason"] } else { &credit["reason"] };
    let reason =
        why["iso"].as_str().map(|code| (code.to_owned(), why["text"].as_str().unwrap_or_default().to_owned()));
    let time = answer["blockTime"].as_str().and_then(|time| time.parse().ok()).unwrap_or(now);
    let place = (answer["height"].as_str(), answer["position"].as_u64());
    let reference = place.0.zip(place.1).and_then(|(height, position)| format!("{height}-{position}").parse().ok());
    Ok(Outcome { status, reason, time, reference })
}
