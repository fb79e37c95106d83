//! `seaway verify`: needs no network, and trusts nothing but a genesis hash.

use crate::client::read_genesis;
use crate::output::{json, say};
use clap::Args;
use seaway_types::asset::AssetBook;
use seaway_types::block::SettlementProof;
use seaway_types::hash::Hash32;
use seaway_types::receipt::Receipt;
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// Largest file of proofs in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

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
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let list: Vec<Value> = match value.get("proofs").and_then(Value::as_array) {
        Some(proofs) => proofs.iter().map(|one| one["proof"].clone()).collect(),
        None => vec![value],
    };
    if list.is_empty() {
        return Err(format!("{name}: no proof in it"));
    }
    let mut code = ExitCode::SUCCESS;
    for one in list {
        let checked = serde_json::from_value::<SettlementProof>(one).map_err(|error| error.to_string());
        let checked = checked.and_then(|proof| match proof.verify(&trusted) {
            Ok(document) => Ok((proof, document.asset_book())),
            Err(error) => Err(error.to_string()),
        });
        match checked {
            Ok((proof, book)) => show(&proof, &book, options.json),
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
