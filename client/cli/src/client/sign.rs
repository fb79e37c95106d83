//! `seaway sign`: signs what a node prepared, and trusts the node with nothing: the digest is derived again from the bytes,
//! and what is shown is read from them.

use super::key::passphrase;
use crate::output::json;
use clap::Args;
use seaway_signer::{KeyFile, KeyKind};
use seaway_types::codec;
use seaway_types::identifier::Digest;
use seaway_types::instruction::{Body, Envelope, Leg};
use seaway_types::limits::INSTRUCTION_BYTES_MAX;
use seaway_types::signature::{self, Evidence};
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is signed, and with what.
#[derive(Args)]
pub struct Options {
    /// The answer of payment_prepare; `-` for standard input.
    pub prepared: PathBuf,
    /// A key file; may be given several times.
    #[arg(long = "key", required = true)]
    pub keys: Vec<PathBuf>,
    /// The passphrase of the key files.
    #[arg(long)]
    pub passphrase_file: PathBuf,
}

/// Prints the parameters of payment_submit.
pub fn sign(options: &Options) -> Result<ExitCode, String> {
    let name = options.prepared.display();
    let mut text = String::new();
    let source: Box<dyn Read> = if options.prepared.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&options.prepared).map_err(|error| format!("{name}: {error}"))?)
    };
    // In JSON a byte is two digits, and the envelope stands there a second time in words.
    let bound = 16 * INSTRUCTION_BYTES_MAX as u64;
    source.take(bound).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
    let prepared: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let prepared = prepared.get("result").unwrap_or(&prepared);
    let field = |field: &str| prepared[field].as_str().ok_or_else(|| format!("{name}: {field} is missing"));
    let bytes = hex::decode(field("bytes")?).map_err(|error| format!("{name}: bytes: {error}"))?;
    let envelope: Envelope =
        codec::decode(&bytes, INSTRUCTION_BYTES_MAX).map_err(|error| format!("{name}: bytes: {error}"))?;
    let claimed: Digest = field("digest")?.parse().map_err(|error| format!("{name}: digest: {error}"))?;
    let digest = envelope.digest();
    if digest != claimed {
        return Err(format!(
            "{name}: the bytes have digest {digest}, not {claimed} as is claimed; nothing was signed"
        ));
    }
    describe(&envelope);
    let passphrase = passphrase(&options.passphrase_file)?;
    let mut signatures = Vec::new();
    for path in &options.keys {
        let secret = KeyFile::open(path, KeyKind::Instruction, &passphrase).map_err(|error| error.to_string())?;
        let entry = signature::sign(&secret, &digest.0);
        let Evidence::Ed25519(signature) = entry.evidence else {
            return Err(format!("{}: a key of another kind", path.display()));
        };
        signatures.push(object!({"key": entry.key, "signature": signature}));
    }
    json(&object!({"bytes": field("bytes")?, "signatures": signatures, "wait": "final"}));
    Ok(ExitCode::SUCCESS)
}

/// Says on standard error what is signed.
fn describe(envelope: &Envelope) {
    eprintln!("signing for {}, valid until {}", envelope.network, envelope.valid_until);
    for leg in envelope.body.legs() {
        match leg {
            Leg::CreditTransfer(transfer) => {
                for credit in &transfer.credits {
                    let (asset, amount) = (transfer.asset.0, credit.amount.minor_units());
                    eprintln!("  {amount} minor units of asset {asset} to {}, UETR {}", credit.creditor, credit.uetr);
                }
            }
            other => eprintln!("  {other:?}"),
        }
    }
    if let Body::Admin(act) = &envelope.body {
        eprintln!("  {act:?}");
    }
}
