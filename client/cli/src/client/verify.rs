//! `seaway verify`: needs no network, and trusts nothing but a genesis hash.

use crate::client::read_genesis;
use crate::output::{json, say};
use clap::Args;
use seaway_sdk::{Anchor, Proven, StatementProofs, verify_statement};
use seaway_types::asset::AssetBook;
use seaway_types::block::{LedgerProof, SettlementProof, Subject};
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::receipt::Receipt;
use seaway_types::state::{Balance, StateKey};
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Largest file of proofs in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Largest record that is shown, in bytes.
const RECORD_BYTES_MAX: usize = 1 << 16;

/// What is checked.
#[derive(Args)]
pub struct Options {
    /// A proof as `seaway proof` prints it; `-` for standard input.
    pub proof: PathBuf,
    /// The genesis hash that is trusted.
    #[arg(long, required_unless_present = "genesis")]
    pub genesis_hash: Option<Hash32>,
    /// The genesis document that is trusted.
    #[arg(long, conflicts_with = "genesis_hash")]
    pub genesis: Option<PathBuf>,
    /// The statement that the proof is of, as `seaway iso statement` wrote both.
    #[arg(long)]
    pub statement: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Checks each proof of the file.
pub fn verify(options: &Options) -> Result<ExitCode, String> {
    let trusted = match (&options.genesis_hash, &options.genesis) {
        (Some(hash), _) => *hash,
        (None, Some(path)) => read_genesis(path)?.document().map_err(|error| error.to_string())?.hash(),
        (None, None) => return Err("expected --genesis-hash or --genesis".to_owned()),
    };
    let name = options.proof.display();
    let mut text = String::new();
    let mut source: Box<dyn Read> = if options.proof.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&options.proof).map_err(|error| format!("{name}: {error}"))?)
    };
    source.by_ref().take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
    if let Some(path) = &options.statement {
        let proofs: StatementProofs = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        return statement(path, &proofs, &trusted, options.json);
    }
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let list: Vec<Value> = match value.get("proofs").and_then(Value::as_array) {
        Some(proofs) => proofs.iter().map(|one| one["proof"].clone()).collect(),
        None => vec![value.get("proof").cloned().unwrap_or(value)],
    };
    if list.is_empty() {
        return Err(format!("{name}: no proof in it"));
    }
    let mut code = ExitCode::SUCCESS;
    for one in list {
        match check(one, &trusted) {
            Ok((Proof::Settlement(proof), book)) => show(&proof, &book, options.json),
            Ok((Proof::Ledger(proof), book)) => show_ledger(&proof, &book, options.json),
            Err(problem) => {
                if options.json {
                    json(&object!({"holds": false, "problem": problem}));
                } else {
                    say!("DOES NOT HOLD: {problem}");
                }
                code = ExitCode::from(2);
            }
        }
    }
    Ok(code)
}

/// Checks a statement, and says how far it is proven.
fn statement(path: &Path, proofs: &StatementProofs, trusted: &Hash32, as_json: bool) -> Result<ExitCode, String> {
    let text = super::iso::read(path)?;
    match verify_statement(&text, proofs, trusted) {
        Ok(proven) => {
            let Proven { amounts, receipts, booked, available } = proven;
            if as_json {
                let booked = booked.map(|Anchor { height, entries, unproven }| {
                    object!({"height": height, "entriesSince": entries, "unproven": unproven})
                });
                json(&object!({
                    "holds": true, "amounts": amounts, "receipts": receipts, "booked": booked, "available": available,
                }));
                return Ok(ExitCode::SUCCESS);
            }
            say!("HOLDS: balances and entries of {} add up", path.display());
            say!("  {amounts} entries are proven with their amounts, {receipts} by their receipts alone");
            match booked {
                Some(Anchor { height, entries: 0, .. }) => {
                    say!(
                        "  the closing balance is the one that block {height} certifies, if nothing was booked since"
                    );
                }
                Some(Anchor { height, entries, unproven }) => {
                    say!(
                        "  the closing balance, with {entries} booked since, makes the one that block {height} certifies"
                    );
                    if unproven > 0 {
                        say!("  {unproven} of these are proven by their receipts alone");
                    }
                }
                None => say!("  no closing balance is proven"),
            }
            if booked.is_some() && !available {
                say!("  the available balance is on the node's word: it is proven at the newest block alone");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            if as_json {
                json(&object!({"holds": false, "problem": problem}));
            } else {
                say!("DOES NOT HOLD: {problem}");
            }
            Ok(ExitCode::from(2))
        }
    }
}

/// What can be checked.
#[allow(clippy::large_enum_variant)] // One exists at a time.
enum Proof {
    /// That a payment settled.
    Settlement(SettlementProof),
    /// What stands in the ledger.
    Ledger(LedgerProof),
}

fn check(one: Value, trusted: &Hash32) -> Result<(Proof, AssetBook), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let (proof, checked) = if one.get("subject").is_some() {
        let proof: LedgerProof = serde_json::from_value(one).map_err(|error| text(&error))?;
        let checked = proof.verify(trusted);
        (Proof::Ledger(proof), checked)
    } else {
        let proof: SettlementProof = serde_json::from_value(one).map_err(|error| text(&error))?;
        let checked = proof.verify(trusted);
        (Proof::Settlement(proof), checked)
    };
    checked.map(|document| (proof, document.asset_book())).map_err(|error| text(&error))
}

/// Says what stands in the ledger, or does not.
fn show_ledger(proof: &LedgerProof, book: &AssetBook, as_json: bool) {
    let LedgerProof { header, subject, .. } = proof;
    if as_json {
        return json(&object!({
            "holds": true, "height": header.height, "blockTime": header.time, "block": header.id(), "subject": subject,
        }));
    }
    say!("HOLDS: at height {}, {}", header.height, header.time);
    match subject {
        Subject::Record { key, record: None, .. } => say!("  there is no record {key:?}"),
        Subject::Record { key: StateKey::Balance(account, asset), record: Some(record), .. } => {
            let bytes = hex::decode(record).unwrap_or_default();
            match codec::decode::<Balance>(&bytes, RECORD_BYTES_MAX) {
                Ok(balance) => {
                    let [available, held, contracts, suspense] =
                        [balance.available, balance.held, balance.in_contracts, balance.suspense]
                            .map(|amount| book.show(amount, *asset));
                    say!(
                        "  account {account}: {available} available, {held} held, {contracts} in contracts, {suspense} in suspense"
                    );
                }
                Err(error) => say!("  account {account}: a balance that this version cannot read: {error}"),
            }
        }
        Subject::Record { key, record: Some(record), .. } => say!("  {key:?} has the canonical bytes {record}"),
        Subject::Instruction { submitter, key, leaf: Some(leaf), .. } => {
            say!("  instruction {key} of {submitter:?} was executed, with digest {}", leaf.digest);
        }
        Subject::Instruction { submitter, key, valid_until, leaf: None, .. } => {
            say!(
                "  instruction {key} of {submitter:?}, valid until {valid_until}, was not executed and never will be"
            );
        }
    }
}

/// Says what is proven, in the words of the receipt.
fn show(proof: &SettlementProof, book: &AssetBook, as_json: bool) {
    let header = &proof.header;
    let signed = proof.certificate.signatures.len();
    if as_json {
        return json(&object!({
            "holds": true, "height": header.height, "blockTime": header.time, "block": header.id(),
            "receipt": proof.receipt.receipt, "credit": proof.receipt.credit.as_ref().map(|(outcome, _)| outcome),
        }));
    }
    say!("HOLDS: decided at height {} at {}, with {signed} signatures", header.height, header.time);
    if let Receipt::Instruction(receipt) = &proof.receipt.receipt {
        say!("  instruction {} of {:?}: {}", receipt.key, receipt.submitter, receipt.status.iso());
    }
    if let Some((credit, _)) = &proof.receipt.credit {
        let amount = book.show(credit.amount, credit.asset);
        say!("  UETR {}: {amount} to {}: {}", credit.uetr, credit.creditor, credit.status.iso());
    }
}
