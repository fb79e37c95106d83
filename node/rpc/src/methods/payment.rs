//! `payment_*` and `instruction_status`.

use super::{Context, Reader, parse, reading};
use crate::backend::{Answered, Backend, Placed, Wait};
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{RawInstruction, Submitter};
use seaway_types::state::Payment;
use seaway_types::{AccountId, Bic, Uetr};
use serde::Deserialize;
use serde_json::{Value, json};
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
    #[serde(default)]
    wait: WaitFor,
    timeout_ms: Option<u64>,
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
    reading(module, "instruction_status", of_instruction)
}

async fn submit_and_wait<B: Backend>(context: &Context<B>, submit: Submit) -> Result<Value, Fault> {
    let timeout_ms = submit.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
    if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
        return Err(Fault::Parameter {
            field: "timeoutMs",
            value: timeout_ms.to_string(),
            expected: "1 to 60000 milliseconds",
        });
    }
    let wait = match submit.wait {
        WaitFor::Admitted => Wait::Admitted,
        WaitFor::Final => Wait::Final,
    };
    let wire_id = submit.bytes.wire_id();
    let answered = context.backend.submit(submit.bytes, wait);
    match tokio::time::timeout(Duration::from_millis(timeout_ms), answered).await {
        Err(_) => Err(Fault::Timeout { timeout_ms }),
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

fn status<B: Backend>(context: &Context<B>, reader: &Reader, params: OfUetr) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let found = context.backend.payments(&params.uetr)?;
    if found.is_empty() {
        return Err(Fault::Unknown { what: "payment with UETR", value: params.uetr.to_string() });
    }
    ensure_concerned(context, reader, &found)?;
    let payments: Vec<Value> =
        found.iter().map(|(name, at, lasting)| show::payment(name, at, lasting.as_ref(), &book)).collect();
    Ok(json!({"uetr": params.uetr, "payments": payments}))
}

fn proof<B: Backend>(context: &Context<B>, reader: &Reader, params: OfUetr) -> Result<Value, Fault> {
    let found = context.backend.payments(&params.uetr)?;
    if found.is_empty() {
        return Err(Fault::Unknown { what: "payment with UETR", value: params.uetr.to_string() });
    }
    ensure_concerned(context, reader, &found)?;
    let prove = |(name, at, _): &(PaymentKey, Placed, Option<Payment>)| {
        let credit = at.credits.iter().position(|one| one.uetr == name.uetr && one.kind == name.kind);
        let proof = context.backend.prove(at.height, at.position, credit)?;
        Ok(json!({"uetr": name.uetr, "kind": name.kind, "debtorAgent": name.debtor_agent, "proof": proof}))
    };
    let proofs: Vec<Value> = found.iter().map(prove).collect::<Result<_, Fault>>()?;
    Ok(json!({"uetr": params.uetr, "proofs": proofs}))
}

/// Either side of any of the payments may read all that shares their UETR.
fn ensure_concerned<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    found: &[(PaymentKey, Placed, Option<Payment>)],
) -> Result<(), Fault> {
    let agents: Vec<Bic> = found.iter().map(|(name, ..)| name.debtor_agent).collect();
    let mut accounts: Vec<AccountId> = Vec::new();
    for (name, placed, _) in found {
        let credits = placed.credits.iter().filter(|credit| credit.uetr == name.uetr && credit.kind == name.kind);
        accounts.extend(credits.map(|credit| credit.creditor));
        if let Submitter::Account(account) = placed.receipt.submitter {
            accounts.push(account);
        }
    }
    context.ensure_any(reader, &accounts, &agents)
}

fn of_instruction<B: Backend>(context: &Context<B>, reader: &Reader, params: OfKey) -> Result<Value, Fault> {
    match params.submitter {
        Submitter::Account(account) => context.ensure_account(reader, &account)?,
        Submitter::Participant(bic) => context.ensure_any(reader, &[], &[bic])?,
        Submitter::Authority => context.ensure_any(reader, &[], &[])?,
    }
    let book = context.backend.assets()?;
    match context.backend.instruction(&params.submitter, &params.key)? {
        Some(placed) => Ok(show::placed(&placed, &book)),
        None if context.backend.waits(&params.submitter, &params.key) => {
            Ok(json!({"status": "ACTC", "submitter": params.submitter, "key": params.key}))
        }
        None => Err(Fault::Unknown { what: "instruction with key", value: params.key.to_string() }),
    }
}
