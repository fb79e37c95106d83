//! `seaway party`: what is said of a payment and stays off the ledger, compared with the ledger, and deleted.

use super::Connection;
use crate::output::{json, say, text};
use clap::{Args, Subcommand};
use seaway_sdk::Client;
use seaway_types::block::SettlementProof;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::instruction::Envelope;
use seaway_types::instruction::payment::CreditKind;
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::party::PartyData;
use seaway_types::receipt::Receipt;
use seaway_types::{Bic, Uetr};
use serde_json::{Value, json as object};
use std::process::ExitCode;

/// What is done with party data. A node shows it to its own institution alone: --read-key is needed.
#[derive(Subcommand)]
pub enum Command {
    /// Show names, addresses and remittance information, and compare them with the ledger: exit code 2 when they differ, 3 when the
    /// payment is not there yet. With --genesis nothing is taken on the node's word.
    Show(Show),
    /// Delete them at this node, for good. Proofs hold as before; other nodes keep theirs.
    Delete(Delete),
}

/// Of which payments.
#[derive(Args)]
pub struct Show {
    /// Their UETR.
    uetr: Uetr,
    #[command(flatten)]
    connection: Connection,
}

/// Of which payment.
#[derive(Args)]
pub struct Delete {
    /// Its UETR.
    uetr: Uetr,
    /// The BIC of the debtor's agent.
    #[arg(long)]
    agent: Bic,
    /// The payment's kind: customer, institution or cover.
    #[arg(long, value_parser = kind, default_value = "customer")]
    kind: CreditKind,
    #[command(flatten)]
    connection: Connection,
}

fn kind(word: &str) -> Result<CreditKind, String> {
    serde_json::from_value(object!(word)).map_err(|_| "expected customer, institution or cover".to_owned())
}

/// Runs it.
pub fn run(command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::Show(options) => super::run(show(options)),
        Command::Delete(options) => super::run(delete(options)),
    }
}

/// How party data stands to the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The genesis that is trusted proves that the ledger has these hashes.
    Proven,
    /// The instruction that the node shows has them.
    Matches,
    /// It has others.
    Differs,
    /// The payment is not on the ledger yet.
    Early,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Matches => "matches",
            Self::Differs => "differs",
            Self::Early => "early",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Proven => "PROVEN: the ledger has its hashes",
            Self::Matches => "matches the instruction that this node shows; --genesis proves it",
            Self::Differs => "DIFFERS from what the ledger has",
            Self::Early => "its payment is not on the ledger yet",
        }
    }
}

async fn ask(client: &Client, method: &str, params: Value) -> Result<Value, String> {
    client.call(method, params).await.map_err(|error| error.to_string())
}

async fn show(options: &Show) -> Result<ExitCode, String> {
    let Show { uetr, connection } = options;
    let client = connection.client().await?;
    let answer = ask(&client, "party_data_get", object!({"uetr": uetr, "envelope": true})).await?;
    let found = answer["partyData"].as_array().cloned().unwrap_or_default();
    if found.is_empty() {
        return Err(format!("this node keeps no party data of {uetr}"));
    }
    let on_ledger = found.iter().any(|one| !one["envelope"].is_null());
    let proofs = match connection.genesis()?.filter(|_| on_ledger) {
        Some(genesis) => {
            let trusted = genesis.document().map_err(|error| error.to_string())?.hash();
            Some((trusted, ask(&client, "payment_proof", object!({"uetr": uetr})).await?))
        }
        None => None,
    };
    let (mut verdicts, mut listed) = (Vec::new(), Vec::new());
    for one in found {
        let data: PartyData = serde_json::from_value(one.clone()).map_err(|error| error.to_string())?;
        let verdict = compare(&data, &one["envelope"], proofs.as_ref())?;
        if connection.json {
            listed.push(object!({"data": data, "verdict": verdict.word()}));
        } else {
            let (from, to, kind) = (data.debtor_agent, data.creditor_agent, text(&one["kind"]));
            say!("{uetr} {kind}, from {from} to {to}: {}", verdict.sentence());
            for said in [&data.around, &data.parties, &data.remittance].into_iter().flatten() {
                say!("{}", said.trim_end());
            }
        }
        verdicts.push(verdict);
    }
    if connection.json {
        json(&object!({"uetr": uetr, "partyData": listed}));
    }
    Ok(if verdicts.contains(&Verdict::Differs) {
        ExitCode::from(2)
    } else if verdicts.contains(&Verdict::Early) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

/// Computes the hashes here, and looks for them in the instruction; and where a genesis is trusted, for the instruction in the ledger.
fn compare(data: &PartyData, envelope: &Value, proofs: Option<&(Hash32, Value)>) -> Result<Verdict, String> {
    let Some(bytes) = envelope.as_str() else { return Ok(Verdict::Early) };
    let bytes = hex::decode(bytes).map_err(|error| format!("envelope: {error}"))?;
    let envelope: Envelope =
        codec::decode(&bytes, INSTRUCTION_BYTES_MAX).map_err(|error| format!("envelope: {error}"))?;
    if !data.is_of(&envelope) {
        return Ok(Verdict::Differs);
    }
    let Some((trusted, answer)) = proofs else { return Ok(Verdict::Matches) };
    let name = data.name();
    let own = |one: &&Value| one["kind"] == object!(name.kind) && one["debtorAgent"] == object!(name.debtor_agent);
    let proof = answer["proofs"].as_array().into_iter().flatten().find(own);
    let proof = proof.ok_or("the node proves nothing of this payment")?["proof"].clone();
    let proof: SettlementProof = serde_json::from_value(proof).map_err(|error| format!("proof: {error}"))?;
    proof.verify(trusted).map_err(|error| format!("proof: {error}"))?;
    let Receipt::Instruction(receipt) = &proof.receipt.receipt else { return Ok(Verdict::Differs) };
    Ok(if receipt.digest == envelope.digest() { Verdict::Proven } else { Verdict::Differs })
}

async fn delete(options: &Delete) -> Result<ExitCode, String> {
    let Delete { uetr, agent, kind, connection } = options;
    let client = connection.client().await?;
    let params = object!({"uetr": uetr, "debtorAgent": agent, "kind": kind});
    let answer = ask(&client, "party_data_delete", params).await?;
    let deleted = answer["deleted"] == true;
    if connection.json {
        json(&answer);
    } else if deleted {
        say!("deleted at this node");
    } else {
        say!("this node keeps none of this payment");
    }
    Ok(if deleted { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
