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
    secrets: &[[u8; 32]],
) -> Result<Prepared, MessageError> {
    let message: Message<CreditTransfer> = Message::read(text)?;
    let uetr = message.document.transaction.id.uetr;
    let answered = |report| Ok(Prepared::Answered(Settled { uetr, report, signed: None }));
    let order = match Order::new(message.clone()) {
        Ok(order) => order,
        Err(fault) => return answered(rejection(&message, &fault, now)),
    };
    let envelope = match envelope(client, &order, now, secrets).await {
        Ok(envelope) => envelope,
        Err(Stop::Fault(fault)) => return answered(rejection(&message, &fault, now)),
        Err(Stop::Error(error)) => return Err(error),
    };
    match known(client, &order, envelope.body_hash(), now).await? {
        Some(outcome) => answered(order.answer(&outcome)),
        None => {
            let signed = Signed::new(order.uetr, envelope, secrets);
            Ok(Prepared::Ready(order, signed))
        }
    }
}

/// Settles a pacs.008 and waits for the answer.
pub async fn settle_message(
    client: &Client,
    text: &str,
    now: BlockTime,
    secrets: &[[u8; 32]],
) -> Result<Settled, MessageError> {
    let (order, signed) = match prepare_message(client, text, now, secrets).await? {
        Prepared::Answered(settled) => return Ok(settled),
        Prepared::Ready(order, signed) => (order, signed),
    };
    let outcome = match client.settle(&signed, ATTEMPTS).await {
        Ok(answer) => outcome(&order, &answer, now)?,
        // The same message came through another node at the same time: its key is taken, by this body or by another.
        Err(ClientError::Refused { data, .. }) if data["iso"] == "AM05" => {
            let body_hash = signed.raw.clone().decode().map(|decoded| decoded.body_hash());
            let body_hash = body_hash.map_err(|error| MessageError::Odd(error.to_string()))?;
            first(client, &order, body_hash, now).await?
        }
        Err(ClientError::Refused { data, message, .. }) if data["retry"] != "same" => {
            let code = data["iso"].as_str().unwrap_or("NARR").to_owned();
            Outcome { status: Status::Rejected, reason: Some((code, message)), time: now, reference: None }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Settled { uetr: Some(order.uetr), report: order.answer(&outcome), signed: Some(signed) })
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
async fn envelope(client: &Client, order: &Order, now: BlockTime, secrets: &[[u8; 32]]) -> Result<Envelope, Stop> {
    let odd = |what: &str| Stop::Error(MessageError::Odd(what.to_owned()));
    let secret = secrets.iter().min().ok_or(Stop::Error(MessageError::Unsigned))?;
    let salt = Domain::MessageSalt.hash(&[secret.as_slice(), order.key.as_bytes()].concat());
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
        if let Some(outcome) = known(client, order, body_hash, now).await? {
            return Ok(outcome);
        }
        tokio::time::sleep(POLL).await;
    }
    Err(MessageError::Odd("the message's key is taken, and what took it is not decided".to_owned()))
}

/// What became of an instruction with the message's key, if there is one.
async fn known(
    client: &Client,
    order: &Order,
    body_hash: Hash32,
    now: BlockTime,
) -> Result<Option<Outcome>, MessageError> {
    let params = json!({"submitter": Submitter::Participant(order.sender), "key": order.key});
    match client.call("instruction_status", params).await {
        // One that waits for a block has no answer yet: submitting it again waits for that.
        Ok(answer) if answer["bodyHash"].is_null() => Ok(None),
        Ok(answer) if answer["bodyHash"] == json!(body_hash) => outcome(order, &answer, now).map(Some),
        Ok(_) => {
            let text = "another message was sent under this id before".to_owned();
            let reason = Some(("AM05".to_owned(), text));
            Ok(Some(Outcome { status: Status::Rejected, reason, time: now, reference: None }))
        }
        Err(ClientError::Refused { number: -32_001, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
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
