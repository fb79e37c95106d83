//! `payment_*` and `instruction_status`.

use super::account::{COUNT_MAX, count, height};
use super::contract::ensure_told;
use super::{Context, Reader, parse, reading};
use crate::backend::{Answered, Backend, PaymentFound, ReceiptPart, Standing, Wait};
use crate::cursor;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;
use seaway_types::bounded::Bounded;
use seaway_types::contract::InstanceId;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Envelope, Instruction, RawInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::limits::{INSTRUCTION_BYTES_MAX, SIGNATURES_MAX};
use seaway_types::receipt::Status;
use seaway_types::signature::{Ed25519Signature, Evidence, SignatureEntry};
use seaway_types::time::Height;
use seaway_types::{AccountId, Uetr, codec};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a client may wait for `final`, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 60_000;
const TIMEOUT_MS_DEFAULT: u64 = 10_000;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum WaitFor {
    #[default]
    Admitted,
    Final,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Submit {
    bytes: RawInstruction,
    signatures: Option<Vec<Signature>>,
    #[serde(default)]
    wait: WaitFor,
    timeout_ms: Option<u64>,
}

/// A signature over the digest that `payment_prepare` gave.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    key: PublicKey,
    signature: Ed25519Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    account: AccountId,
    status: Option<Status>,
    from: Option<Height>,
    height: Option<Height>,
    count: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUetr {
    uetr: Uetr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfKey {
    submitter: Submitter,
    key: InstructionKey,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    module.register_async_method("payment_submit", |params, context, _| async move {
        let submitted = match parse::<Submit>(&params) {
            Ok(submit) => submit_and_wait(&context, submit).await,
            Err(fault) => Err(fault),
        };
        submitted.map_err(ErrorObjectOwned::from)
    })?;
    reading(module, "payment_status", status)?;
    reading(module, "payment_proof", proof)?;
    reading(module, "payment_list", list)?;
    reading(module, "instruction_status", of_instruction)
}

/// How long a client waits for `final`.
pub(super) fn timeout(asked_ms: Option<u64>) -> Result<Duration, Fault> {
    let timeout_ms = asked_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
    if (1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
        return Ok(Duration::from_millis(timeout_ms));
    }
    let expected = "1 to 60000 milliseconds";
    Err(Fault::Parameter { field: "timeoutMs", value: timeout_ms.to_string(), expected })
}

async fn submit_and_wait<B: Backend>(context: &Context<B>, submit: Submit) -> Result<Value, Fault> {
    let timeout = timeout(submit.timeout_ms)?;
    let wait = match submit.wait {
        WaitFor::Admitted => Wait::Admitted,
        WaitFor::Final => Wait::Final,
    };
    let bytes = match submit.signatures {
        None => submit.bytes,
        Some(signatures) => signed(&submit.bytes, signatures)?,
    };
    let wire_id = bytes.wire_id();
    let answered = context.backend.submit(bytes, wait);
    match tokio::time::timeout(timeout, answered).await {
        Err(_) => Err(Fault::Timeout { timeout_ms: submit.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT) }),
        Ok(Err(fault)) => Err(fault),
        Ok(Ok(Answered::Admitted)) => Ok(json!({"answer": "admitted", "status": "ACTC", "wireId": wire_id})),
        Ok(Ok(Answered::Final(placed))) => {
            let book = context.backend.assets()?;
            let mut shown = show::placed(&placed, &book);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("answer".to_owned(), json!("final"));
                fields.insert("wireId".to_owned(), json!(wire_id));
            }
            Ok(shown)
        }
    }
}

/// An envelope and its signatures as one instruction.
pub(super) fn signed(envelope: &RawInstruction, signatures: Vec<Signature>) -> Result<RawInstruction, Fault> {
    let refused = |field, value: String, expected| Fault::Parameter { field, value, expected };
    let envelope: Envelope = codec::decode(&envelope.0, INSTRUCTION_BYTES_MAX).map_err(|error| {
        refused(
            "bytes",
            error.to_string(),
            "with signatures: an envelope's canonical bytes, as payment_prepare gives them",
        )
    })?;
    let entry = |one: Signature| SignatureEntry { key: one.key, evidence: Evidence::Ed25519(one.signature) };
    let mut entries: Vec<SignatureEntry> = signatures.into_iter().map(entry).collect();
    entries.sort_unstable();
    let count = entries.len();
    let signatures: Bounded<SignatureEntry, SIGNATURES_MAX> =
        Bounded::new(entries).map_err(|_| refused("signatures", count.to_string(), "at most 32"))?;
    Ok(RawInstruction(codec::encode(&Instruction { envelope, signatures })))
}

/// The payments that moved money on an account, newest first. A rejected one moves none: ask for it by UETR or key.
fn list<B: Backend>(context: &Context<B>, reader: &Reader, params: List) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let count = count(params.count)?;
    let of = (params.account, params.status, params.from);
    let (height, up_to) = match &params.cursor {
        Some(cursor) => cursor::read(cursor, "payment_list", &of)?,
        None => {
            let height = height(context, params.height)?;
            (height, height)
        }
    };
    let book = context.backend.assets()?;
    let from = params.from.unwrap_or_default();
    let found = context.backend.entries(&params.account, up_to, count + 1)?;
    let next = found.get(count).map(|(at, ..)| *at).filter(|at| *at >= from);
    let next = next.map(|at| cursor::write("payment_list", &of, height, at));
    let mut payments: Vec<Standing> = Vec::new();
    let mut seen: BTreeSet<PaymentKey> = BTreeSet::new();
    for (height, _, postings) in found.iter().take(count).filter(|(at, ..)| *at >= from) {
        for uetr in postings.iter().rev().filter_map(|posting| posting.uetr) {
            for standing in context.backend.standings(&uetr)? {
                let concerned = [standing.facts.debtor, standing.facts.creditor].contains(&params.account);
                // The creditor of one that waited sees it where it settled, the debtor where its money was held.
                let debited = standing.facts.debtor == params.account;
                let settled = standing.settled_later.filter(|_| !debited).unwrap_or(standing.height);
                let wanted = params.status.is_none_or(|status| standing.status() == status);
                if concerned && settled == *height && wanted && seen.insert(standing.name) {
                    payments.push(standing);
                }
            }
        }
    }
    let shown: Vec<Value> = payments.iter().map(|standing| show::standing(standing, &book)).collect();
    Ok(json!({"account": params.account, "height": height, "payments": shown, "cursor": next}))
}

fn status<B: Backend>(context: &Context<B>, reader: &Reader, params: OfUetr) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let found = context.backend.payments(&params.uetr)?;
    let (contracts, others) = contracts_with(context, reader, &params.uetr)?;
    if found.is_empty() && contracts.is_empty() && !others {
        return Err(Fault::Unknown { what: "payment with UETR", value: params.uetr.to_string() });
    }
    // Whoever may read a contract that a UETR names learns nothing of payments that others made under it, and so the other
    // way round.
    let payments: Vec<Value> = match concerning(context, reader, found) {
        Ok(found) => found.iter().map(|payment| show::payment(payment, &book)).collect(),
        Err(Fault::Forbidden) if !contracts.is_empty() => Vec::new(),
        Err(fault) => return Err(fault),
    };
    Ok(json!({"uetr": params.uetr, "payments": payments, "contracts": contracts}))
}

/// Contracts that are looked at for one UETR: anybody may open some under another's, and must not hide that one's.
const NAMED_LOOKED_AT: usize = 1_000;

/// The contracts with a UETR that the reader may read of, and whether there are others.
fn contracts_with<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    uetr: &Uetr,
) -> Result<(Vec<Value>, bool), Fault> {
    let (mut contracts, mut others) = (Vec::new(), false);
    // Who shows no key may read of none: whether there is one is all that is asked.
    let nobody = !matches!(reader, Reader::Key(_)) && !context.open_reads;
    let looked_at = if nobody { 1 } else { NAMED_LOOKED_AT };
    for (id, height) in context.backend.contracts_named(uetr, InstanceId([0; 32]), looked_at)? {
        match ensure_told(context, reader, &id) {
            Ok(()) if contracts.len() < COUNT_MAX => contracts.push(json!({"instance": id, "opened": height})),
            Ok(()) => break,
            Err(Fault::Forbidden | Fault::Unknown { .. }) => others = true,
            Err(fault) => return Err(fault),
        }
    }
    Ok((contracts, others))
}

fn proof<B: Backend>(context: &Context<B>, reader: &Reader, params: OfUetr) -> Result<Value, Fault> {
    let found = context.backend.payments(&params.uetr)?;
    if found.is_empty() {
        return Err(Fault::Unknown { what: "payment with UETR", value: params.uetr.to_string() });
    }
    let found = concerning(context, reader, found)?;
    let prove = |PaymentFound { standing, placed: at }: &PaymentFound| {
        let name = &standing.name;
        let credit = at.credits.iter().position(|one| one.uetr == name.uetr && one.kind == name.kind);
        let part = credit.map_or(ReceiptPart::Whole, ReceiptPart::Credit);
        let proof = context.backend.prove(at.height, at.position, part)?;
        Ok(json!({"uetr": name.uetr, "kind": name.kind, "debtorAgent": name.debtor_agent, "proof": proof}))
    };
    let proofs: Vec<Value> = found.iter().map(prove).collect::<Result<_, Fault>>()?;
    Ok(json!({"uetr": params.uetr, "proofs": proofs}))
}

/// The payments that the reader may read: those of either side. Sharing a UETR opens nothing.
fn concerning<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    found: Vec<PaymentFound>,
) -> Result<Vec<PaymentFound>, Fault> {
    let mut readable = Vec::new();
    for payment in found {
        let Standing { name, facts, .. } = &payment.standing;
        match context.ensure_any(reader, &[facts.debtor, facts.creditor], &[name.debtor_agent]) {
            Ok(()) => readable.push(payment),
            Err(Fault::Forbidden) => {}
            Err(fault) => return Err(fault),
        }
    }
    if readable.is_empty() { Err(Fault::Forbidden) } else { Ok(readable) }
}

fn of_instruction<B: Backend>(context: &Context<B>, reader: &Reader, params: OfKey) -> Result<Value, Fault> {
    context.ensure_submitter(reader, &params.submitter)?;
    let book = context.backend.assets()?;
    match context.backend.instruction(&params.submitter, &params.key)? {
        Some((placed, body_hash)) => {
            let mut shown = show::placed(&placed, &book);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("bodyHash".to_owned(), json!(body_hash));
            }
            Ok(shown)
        }
        None if context.backend.waits(&params.submitter, &params.key) => {
            Ok(json!({"status": "ACTC", "submitter": params.submitter, "key": params.key}))
        }
        None => Err(Fault::Unknown { what: "instruction with key", value: params.key.to_string() }),
    }
}
