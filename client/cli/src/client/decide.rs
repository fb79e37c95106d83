//! `seaway accept`, `seaway refuse`, `seaway confirm`: the creditor's agent has its word on a payment.

use super::Connection;
use super::contract::{network, settle};
use super::signers::{Signers, call};
use crate::output::{say, text};
use clap::Args;
use seaway_sdk::{Act, Client, new_key};
use seaway_types::bic::Bic;
use seaway_types::instruction::follow_up::{Accept, Confirm, Refuse};
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::StatedReason;
use seaway_types::uetr::Uetr;
use serde_json::{Value, from_value, json as object};
use std::process::ExitCode;

/// A payment to one's own customer, and who says so.
#[derive(Args)]
pub struct Options {
    /// The payment's UETR.
    uetr: Uetr,
    /// The debtor's agent, where several payments share the UETR.
    #[arg(long)]
    debtor_agent: Option<Bic>,
    #[command(flatten)]
    signers: Signers,
    #[command(flatten)]
    connection: Connection,
}

/// A payment that is refused, and why.
#[derive(Args)]
pub struct Refusal {
    /// The reason, a code of ISO 20022 as in RR04 or AC04.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    options: Options,
}

/// Takes a credit that waits.
pub async fn accept(options: &Options) -> Result<ExitCode, String> {
    decide(options, "PDNG", "accepted", |payment| Leg::Accept(Accept { payment })).await
}

/// Refuses a credit that waits; the money goes back.
pub async fn refuse(refusal: &Refusal) -> Result<ExitCode, String> {
    let reason: StatedReason = from_value(Value::from(refusal.reason.to_uppercase())).map_err(|_| {
        format!("--reason {}: expected a status reason of docs/iso20022.md, as in RR04", refusal.reason)
    })?;
    decide(&refusal.options, "PDNG", "refused", |payment| Leg::Refuse(Refuse { payment, reason })).await
}

/// Says that a settled credit stands in one's own books.
pub async fn confirm(options: &Options) -> Result<ExitCode, String> {
    decide(options, "ACSC", "confirmed", |payment| Leg::Confirm(Confirm { payment })).await
}

/// Finds the payment that stands as it must, signs and settles.
async fn decide(
    options: &Options,
    stands: &str,
    done: &str,
    leg: impl FnOnce(PaymentKey) -> Leg,
) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let payment = find(options, &client, stands).await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let network = network(&options.connection, &client).await?;
    let key = new_key().map_err(|error| error.to_string())?;
    let body = Body::Single(leg(payment));
    let act = Act { network, submitter: signing.submitter, key, uetr: payment.uetr, body };
    settle(&options.connection, &client, &signing, act, |_| {
        say!("UETR {}, from {}: {done}", payment.uetr, payment.debtor_agent);
    })
    .await
}

async fn find(options: &Options, client: &Client, stands: &str) -> Result<PaymentKey, String> {
    let answer = call(client, "payment_status", object!({"uetr": options.uetr})).await?;
    let mut found = Vec::new();
    for payment in answer["payments"].as_array().into_iter().flatten() {
        let read = |field: &str| format!("the node's answer has no {field} that can be read");
        let debtor_agent: Bic = from_value(payment["debtorAgent"].clone()).map_err(|_| read("debtorAgent"))?;
        let kind: CreditKind = from_value(payment["kind"].clone()).map_err(|_| read("kind"))?;
        if options.debtor_agent.is_none_or(|wanted| wanted == debtor_agent) {
            found.push((PaymentKey { debtor_agent, uetr: options.uetr, kind }, text(&payment["status"])));
        }
    }
    let states: Vec<&str> = found.iter().map(|(_, status)| status.as_str()).collect();
    let states = states.join(", ");
    let mut standing = found.iter().filter(|(_, status)| status == stands);
    match (standing.next(), standing.next()) {
        (Some((payment, _)), None) => Ok(*payment),
        (Some(_), Some(_)) => {
            Err(format!("{}: several payments are {stands}; --debtor-agent BIC says which", options.uetr))
        }
        (None, _) => Err(format!("{}: expected a payment that is {stands}; found {states}", options.uetr)),
    }
}
