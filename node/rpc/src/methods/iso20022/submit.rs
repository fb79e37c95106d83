//! `iso20022_prepare` and `iso20022_submit`.
//!
//! The message's key is derived from its sender and its id, and everything else that is signed from the message, so the same
//! message settles once, however often and through whichever node it is sent; another message under the same id is answered
//! `AM05`.
//!
//! Names, addresses and remittance information of a message are handed over before its instruction is submitted; `partyData` says
//! where they go. A message that is known already hands over nothing, and says nothing of it.
//!
//! What is prepared is answered `RCVD`, and what is admitted `ACTC` where nobody waits until it is final.

use super::super::payment::{Signature, signed, timeout};
use super::super::{Context, Reader};
use super::asked::{Asked, Ready, Stage, ask};
use super::beside::{hand_over, take_back};
use super::outcome::{admitted, present};
use crate::backend::{Answered, Backend, Placed, ReceiptPart, Wait};
use crate::fault::Fault;
use seaway_iso20022::message::Status;
use seaway_iso20022::order::{Answer, Outcome, Request};
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::instruction::{Envelope, RawInstruction};
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::reason::VoidReason;
use seaway_types::time::BlockTime;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// For what an answer waits.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Until {
    /// That the message's instruction waits for a block.
    Admitted,
    /// That it is final.
    #[default]
    Final,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prepare {
    message: String,
    salt: Option<Hash32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Submit {
    message: String,
    salt: Option<Hash32>,
    /// The envelope that `iso20022_prepare` gave, and signatures over its digest; without them the node signs.
    bytes: Option<RawInstruction>,
    signatures: Option<Vec<Signature>>,
    #[serde(default)]
    wait: Until,
    timeout_ms: Option<u64>,
    /// Whether the answer comes with its proof; it does unless this is false.
    proof: Option<bool>,
}

/// The clock, as messages are valid by it.
pub(super) fn now() -> BlockTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).ok().and_then(BlockTime::from_ms).unwrap_or_default()
}

/// What a message asks, as canonical bytes to sign; or its answer, where there is nothing to sign.
pub(super) async fn prepare<B: Backend>(
    context: &Arc<Context<B>>,
    reader: Reader,
    asked: Prepare,
) -> Result<Value, Fault> {
    let now = now();
    let Asked { request, stage } = ask(context, reader, asked.message, asked.salt, now).await?;
    match stage {
        Stage::Answered { outcome, placed } => {
            answer(context, request, Became { outcome, placed, party_data: Value::Null }, true).await
        }
        Stage::Ready(ready) => {
            let Ready { order, envelope, accounts, .. } = *ready;
            let received = Outcome { status: Status::Received, ..admitted(now) };
            let read = context.read(move |_| {
                Ok(json!({
                    "definition": request.definition(),
                    "status": received.status.code(),
                    "answer": written(&request, &received),
                    "bytes": hex::encode(codec::encode(&envelope)),
                    "digest": envelope.digest(),
                    "bodyHash": envelope.body_hash(),
                    "uetrs": order.uetrs,
                    "accounts": accounts,
                    "envelope": envelope,
                }))
            });
            read.await
        }
    }
}

/// Settles a message and answers with the message that says what became of it.
pub(super) async fn submit<B: Backend>(
    context: &Arc<Context<B>>,
    reader: Reader,
    asked: Submit,
) -> Result<Value, Fault> {
    let timeout = timeout(asked.timeout_ms)?;
    let settled = settle(context, reader, asked);
    let late = |_| Fault::Timeout { timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX) };
    tokio::time::timeout(timeout, settled).await.map_err(late)?
}

async fn settle<B: Backend>(context: &Arc<Context<B>>, reader: Reader, asked: Submit) -> Result<Value, Fault> {
    let Submit { message, salt, bytes, signatures, wait, proof, .. } = asked;
    let proof = proof.unwrap_or(true);
    let wait = match wait {
        Until::Admitted => Wait::Admitted,
        Until::Final => Wait::Final,
    };
    let mut tips = context.backend.tips();
    let Asked { request, stage } = ask(context, reader, message.clone(), salt, now()).await?;
    let ready = match stage {
        Stage::Answered { outcome, placed } => {
            return answer(context, request, Became { outcome, placed, party_data: Value::Null }, proof).await;
        }
        Stage::Ready(ready) => ready,
    };
    let raw = match (bytes, signatures) {
        (Some(bytes), Some(signatures)) => {
            ensure_asked_for(&bytes, &ready.envelope)?;
            signed(&bytes, signatures)?
        }
        (None, None) => own(context, reader, &ready).await?,
        _ => {
            let expected = "bytes and signatures together, or neither where the node signs";
            return Err(Fault::Parameter { field: "signatures", value: String::new(), expected });
        }
    };
    let read = context.read(move |context| {
        let party_data = hand_over(context, &request, &ready, &raw)?;
        Ok((request, ready, raw, party_data))
    });
    let (request, ready, raw, party_data) = read.await?;
    let answered = context.backend.submit(raw, wait).await;
    let for_good = answered.as_ref().err().is_some_and(is_for_good);
    let (request, ready, party_data) = if for_good {
        let (request, ready) = taken_back(context, request, ready).await?;
        (request, ready, Value::Null)
    } else {
        (request, ready, party_data)
    };
    match answered {
        Ok(Answered::Final(placed)) => {
            let (order, found) = (ready.order, placed.clone());
            let outcome = context.read(move |context| present(context, &order, &found)).await?;
            answer(context, request, Became { outcome, placed: Some(placed), party_data }, proof).await
        }
        Ok(Answered::Admitted) => {
            answer(context, request, Became { outcome: admitted(now()), placed: None, party_data }, proof).await
        }
        // The same message came through another node at the same time: its key is taken, by this body or by another. By
        // which can only be told when what took it is final, also where nobody would wait for that.
        Err(fault) if fault.is_taken() => loop {
            let Asked { request, stage } = ask(context, reader, message.clone(), salt, now()).await?;
            if let Stage::Answered { outcome, placed } = stage {
                return answer(context, request, Became { outcome, placed, party_data }, proof).await;
            }
            tips.changed().await.map_err(|_| Fault::Unavailable("the node is stopping".to_owned()))?;
        },
        // It can stand in no block, whenever it comes: nobody whose word it needs has signed, or what it names is not there.
        Err(Fault::Void(reason)) if is_lasting(&reason) => {
            let reason = Some((reason.iso().to_owned(), reason.to_string()));
            let outcome =
                Outcome { status: Status::Rejected, reason, time: now(), reference: None, credits: Vec::new() };
            answer(context, request, Became { outcome, placed: None, party_data }, proof).await
        }
        Err(fault) => Err(fault),
    }
}

/// Whether no block will hold what was refused. One that was full says nothing of the next.
fn is_for_good(fault: &Fault) -> bool {
    match fault {
        Fault::Void(reason) => !fault.is_taken() && !matches!(reason, VoidReason::BlockFull),
        Fault::Observer => true,
        _ => false,
    }
}

/// Party data of a refused message, taken back.
async fn taken_back<B: Backend>(
    context: &Arc<Context<B>>,
    request: Request,
    ready: Box<Ready>,
) -> Result<(Request, Box<Ready>), Fault> {
    let read = context.read(move |context| {
        take_back(context, &request, &ready)?;
        Ok((request, ready))
    });
    read.await
}

/// Whether a refusal says something of the message itself, and not of when it came.
fn is_lasting(reason: &VoidReason) -> bool {
    !matches!(
        reason,
        VoidReason::Expired { .. }
            | VoidReason::TooFarAhead { .. }
            | VoidReason::BlockFull
            | VoidReason::WrongNetwork { .. }
    )
}

/// The envelope that was signed asks what the message asks: only the moment until which it is valid is the client's.
fn ensure_asked_for(bytes: &RawInstruction, asked: &Envelope) -> Result<(), Fault> {
    let refused = |value: String, expected| Fault::Parameter { field: "bytes", value, expected };
    let expected = "an envelope's canonical bytes, as iso20022_prepare gives them for this message";
    let envelope: Envelope =
        codec::decode(&bytes.0, INSTRUCTION_BYTES_MAX).map_err(|error| refused(error.to_string(), expected))?;
    let valid_until = envelope.valid_until;
    if envelope == (Envelope { valid_until, ..asked.clone() }) {
        return Ok(());
    }
    Err(refused(format!("body {}", envelope.body_hash()), expected))
}

/// The node signs for its agent, if whoever asks holds a key of that agent.
async fn own<B: Backend>(context: &Arc<Context<B>>, reader: Reader, ready: &Ready) -> Result<RawInstruction, Fault> {
    let (sender, envelope) = (ready.order.sender, ready.envelope.clone());
    let read = context.read(move |context| {
        context.ensure_key_of(&reader, sender)?;
        context.backend.sign(sender, envelope)
    });
    let unsigned = || Fault::Parameter {
        field: "signatures",
        value: String::new(),
        expected: "bytes of iso20022_prepare with signatures: this node holds no key of the message's sender",
    };
    read.await?.ok_or_else(unsigned)
}

/// What became of a message.
struct Became {
    outcome: Outcome,
    /// What the ledger answered, if it has.
    placed: Option<Box<Placed>>,
    /// Where its party data goes; nothing where none was handed over.
    party_data: Value,
}

/// The answer, with its proof if the ledger has given one.
async fn answer<B: Backend>(
    context: &Arc<Context<B>>,
    request: Request,
    became: Became,
    with_proof: bool,
) -> Result<Value, Fault> {
    let Became { outcome, placed, party_data } = became;
    let read = context.read(move |context| {
        let proof = placed.as_ref().filter(|_| with_proof).map(|placed| {
            let part = if placed.credits.len() == 1 { ReceiptPart::Credit(0) } else { ReceiptPart::Whole };
            context.backend.prove(placed.height, placed.position, part)
        });
        let credits = outcome.credits.iter().map(|credit| {
            json!({"uetr": credit.uetr, "status": credit.status.code(), "reason": why(credit.reason.as_ref())})
        });
        Ok(json!({
            "definition": request.definition(),
            "status": outcome.status.code(),
            "reason": why(outcome.reason.as_ref()),
            "time": outcome.time,
            "reference": outcome.reference,
            "height": placed.as_ref().map(|placed| placed.height),
            "credits": credits.collect::<Vec<_>>(),
            "answer": written(&request, &outcome),
            "partyData": party_data,
            "proof": proof.transpose()?,
        }))
    });
    read.await
}

/// The message that answers, if there is one for it.
fn written(request: &Request, outcome: &Outcome) -> Value {
    let shown = |answer: Answer| json!({"definition": answer.definition, "message": answer.text});
    request.answer(outcome).map_or(Value::Null, shown)
}

fn why(reason: Option<&(String, String)>) -> Value {
    reason.map_or(Value::Null, |(code, text)| json!({"iso": code, "text": text}))
}
