//! `payment_prepare` and `payment_simulate`: what comes before a payment is submitted.

use super::contract::ensure_told;
use super::{Context, Reader, asset, reading};
use crate::backend::Backend;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::contract::{CallContract, Target};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::state::{Account, DebitAuthority};
use seaway_types::text::{Purpose, Text35};
use seaway_types::time::BlockTime;
use seaway_types::{AccountId, Uetr, codec};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a prepared payment is valid unless it says otherwise, in milliseconds.
const VALID_MS: u64 = 300_000;

/// A credit as a merchant thinks of it; what is left out is filled in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Payment {
    debtor: AccountId,
    creditor: AccountId,
    amount: String,
    end_to_end_id: Option<Text35>,
    purpose: Option<Purpose>,
    uetr: Option<Uetr>,
    key: Option<InstructionKey>,
    valid_until: Option<BlockTime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prepare {
    payment: Option<Payment>,
    envelope: Option<Envelope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Simulate {
    bytes: RawInstruction,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "payment_prepare", prepare)?;
    reading(module, "contract_simulate", simulate)?;
    reading(module, "payment_simulate", simulate)
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Fault> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(bytes)
}

fn prepare<B: Backend>(context: &Context<B>, reader: &Reader, params: Prepare) -> Result<Value, Fault> {
    let envelope = match (params.payment, params.envelope) {
        (Some(payment), None) => filled(context, reader, payment)?,
        (None, Some(envelope)) => envelope,
        _ => {
            return Err(Fault::Parameter {
                field: "payment",
                value: String::new(),
                expected: "either payment or envelope",
            });
        }
    };
    let bytes = hex::encode(codec::encode(&envelope));
    let summary = summary(context, reader, &envelope)?;
    Ok(json!({
        "bytes": bytes,
        "digest": envelope.digest(),
        "bodyHash": envelope.body_hash(),
        "summary": summary,
        "envelope": envelope,
    }))
}

/// A payment with all that it lacks.
fn filled<B: Backend>(context: &Context<B>, reader: &Reader, payment: Payment) -> Result<Envelope, Fault> {
    context.ensure_account(reader, &payment.debtor)?;
    let account = |id: &AccountId| -> Result<Account, Fault> {
        let unknown = || Fault::Unknown { what: "account", value: id.to_string() };
        context.backend.account(id)?.ok_or_else(unknown)
    };
    let (debtor, creditor) = (account(&payment.debtor)?, account(&payment.creditor)?);
    let book = context.backend.assets()?;
    let refused =
        |expected| Fault::Parameter { field: "amount", value: payment.amount.chars().take(80).collect(), expected };
    let (number, name) = payment.amount.split_once(' ').ok_or_else(|| refused("an amount as in 1000.00 HKD"))?;
    let (asset, record) = asset(&book, name)?;
    let amount = Amount::parse_major(number, record.exponent)
        .map_err(|_| refused("at most 18 digits, with no more decimals than the asset has"))?;
    let end_to_end_id = match payment.end_to_end_id {
        Some(id) => id,
        None => "NOTPROVIDED".parse().map_err(|error| Fault::Internal(format!("{error}")))?,
    };
    let credit = Credit {
        kind: CreditKind::Customer,
        uetr: payment.uetr.map_or_else(|| random().map(Uetr::from_random), Ok)?,
        end_to_end_id,
        creditor: payment.creditor,
        amount,
        instructing_agent: debtor.agent,
        debtor_agent: debtor.agent,
        creditor_agent: creditor.agent,
        instructed: None,
        charge_bearer: ChargeBearer::Shared,
        charges: Bounded::default(),
        purpose: payment.purpose,
        party_data_hash: None,
        remittance_hash: None,
        acceptance: None,
    };
    let transfer = CreditTransfer {
        debtor: payment.debtor,
        asset,
        mode: BulkMode::AllOrNothing,
        settlement_date: None,
        credits: Bounded::new(vec![credit]).unwrap_or_default(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).ok().and_then(BlockTime::from_ms).unwrap_or_default();
    Ok(Envelope {
        network: context.backend.status().network,
        submitter: match debtor.debit_authority {
            DebitAuthority::Agent => Submitter::Participant(debtor.agent),
            DebitAuthority::Holder | DebitAuthority::Both => Submitter::Account(payment.debtor),
        },
        key: payment.key.map_or_else(|| random().map(InstructionKey), Ok)?,
        valid_until: payment.valid_until.unwrap_or_else(|| now.after_ms(VALID_MS)),
        body: Body::Single(Leg::CreditTransfer(transfer)),
    })
}

/// What a person should see before signing: said from the very bytes that are signed.
fn summary<B: Backend>(context: &Context<B>, reader: &Reader, envelope: &Envelope) -> Result<Vec<String>, Fault> {
    let book = context.backend.assets()?;
    let mut lines = Vec::new();
    for leg in envelope.body.legs() {
        let Leg::CreditTransfer(transfer) = leg else {
            lines.push(said(context, reader, leg, &book)?);
            continue;
        };
        for credit in transfer.credits.iter().take(20) {
            let amount = book.show(credit.amount, transfer.asset);
            lines.push(format!("{} pays {amount} to {}, UETR {}", transfer.debtor, credit.creditor, credit.uetr));
        }
        if transfer.credits.len() > 20 {
            lines.push(format!("and {} credits more", transfer.credits.len() - 20));
        }
    }
    if let Body::Admin(_) = envelope.body {
        lines.push("an administrative act; see the envelope".to_owned());
    }
    lines.push(format!("on {}, valid until {}", envelope.network, envelope.valid_until));
    Ok(lines)
}

/// A business act that is no credit transfer, in a sentence.
fn said<B: Backend>(context: &Context<B>, reader: &Reader, leg: &Leg, book: &AssetBook) -> Result<String, Fault> {
    let name = |code: &Hash32| -> Result<String, Fault> {
        let found = context.backend.code(code)?;
        Ok(found.map_or_else(|| format!("code {code}"), |program| program.code().name.to_string()))
    };
    Ok(match leg {
        Leg::RegisterCode(register) => format!("{} registers code {}", register.by, register.code.hash()),
        Leg::OpenContract(open) => {
            let values: Vec<String> = open.terms.parameters.iter().map(ToString::to_string).collect();
            let parties: Vec<String> = open.terms.parties.iter().map(ToString::to_string).collect();
            let (parties, values) = (parties.join(", "), values.join(", "));
            format!("opens {} between {parties} with {values}, UETR {}", name(&open.terms.code)?, open.uetr)
        }
        Leg::CallContract(call) => called(context, reader, call)?,
        Leg::ApproveCall(approve) => {
            let verb = if approve.withdraw { "takes back its approval of" } else { "approves" };
            format!("a panel's member {verb} clause {} of contract {}", approve.clause, approve.instance)
        }
        Leg::WithdrawOffer(withdraw) => format!("takes back offer {}", withdraw.offer.id()),
        Leg::SetAllowance(set) => {
            let (grantor, asset) = (set.allowance.grantor, set.allowance.asset);
            match set.terms {
                Some(terms) => format!(
                    "{grantor} lets contracts pull {} at a time and {} in all, until {}",
                    book.show(terms.each_max, asset),
                    book.show(terms.total_max, asset),
                    terms.not_after
                ),
                None => format!("{grantor} no longer lets contracts pull {}", book.name(asset)),
            }
        }
        Leg::ReleaseSuspense(release) => {
            format!(
                "{} out of the suspense of {} to {}",
                book.show(release.amount, release.asset),
                release.account,
                release.to
            )
        }
        _ => "a business act that is no credit transfer; see the envelope".to_owned(),
    })
}

/// A call in a sentence, with the heading of its clause for those who may read the contract.
fn called<B: Backend>(context: &Context<B>, reader: &Reader, call: &CallContract) -> Result<String, Fault> {
    let id = call.target.id();
    let code = match &call.target {
        Target::Offer(signed) => Some(signed.offer.terms.code),
        Target::Instance(id) => match ensure_told(context, reader, id) {
            Ok(()) => context.backend.instance(id)?.map(|instance| instance.terms.code),
            // What anybody may take, anybody may know by name.
            Err(Fault::Forbidden | Fault::Unknown { .. }) => {
                let found = context.backend.instance(id)?;
                let open = found.filter(|instance| instance.not_after.is_some() && !instance.named_takers);
                open.map(|instance| instance.terms.code)
            }
            Err(fault) => return Err(fault),
        },
    };
    let program = code.map(|code| context.backend.code(&code)).transpose()?.flatten();
    let code = program.as_ref().map(seaway_vm::Program::code);
    let clause = code
        .and_then(|code| code.states.get(usize::from(call.state)))
        .and_then(|state| state.clauses.get(usize::from(call.clause)));
    let heading = clause.map_or_else(|| format!("clause {}", call.clause), |clause| clause.label.to_string());
    let values: Vec<String> = call.arguments.iter().map(ToString::to_string).collect();
    let name = code.map_or_else(String::new, |code| format!(" ({})", code.name));
    Ok(format!("'{heading}' of contract {id}{name}, with [{}]", values.join(", ")))
}

/// For whom the submitter's affairs concern: a simulation tells what a receipt would, and takes the engine's time.
fn simulate<B: Backend>(context: &Context<B>, reader: &Reader, params: Simulate) -> Result<Value, Fault> {
    let decoded = params.bytes.clone().decode().map_err(Fault::Form)?;
    context.ensure_submitter(reader, &decoded.envelope().submitter)?;
    let simulated = context.backend.simulate(params.bytes)?;
    let book = context.backend.assets()?;
    let credits: Vec<Value> = simulated.credits.iter().map(|one| show::credit(one, &book)).collect();
    let events: Vec<Value> = simulated.events.iter().map(|one| show::event(one, &book)).collect();
    Ok(json!({
        "height": simulated.height,
        "status": simulated.receipt.status,
        "reason": show::reason(simulated.receipt.reason.as_ref().map(|placed| &placed.reason)),
        "digest": simulated.receipt.digest,
        "credits": credits,
        "events": events,
    }))
}
