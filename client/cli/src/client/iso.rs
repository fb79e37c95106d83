//! `seaway iso`: a bank's own messages, checked and settled.

use super::Connection;
use super::signers::{account, now};
use crate::output::{json, progress, say};
use clap::{Args, Subcommand};
use seaway_genesis::seed;
use seaway_iso20022::message::Status;
use seaway_iso20022::order::{AccountName, Order, Request, faults};
use seaway_sdk::{Client, MessageError, MessageKeys, Settled, settle_message};
use seaway_types::hash::Hash32;
use seaway_types::limits::ISO_MESSAGE_BYTES_MAX;
use seaway_types::state::DebitAuthority;
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is done with messages.
#[derive(Subcommand)]
pub enum Command {
    /// Check messages without a node: exit code 0 when all are in order, 2 when one is not. Each fault is told by its XPath.
    Check(Check),
    /// Settle a message, and write the message that answers it.
    Submit(Box<Submit>),
    /// Write the messages that an instruction on the ledger stands for, as the other side's bank gets them.
    Message(Box<super::iso_message::Options>),
    /// Write a statement of an account: a day, a day so far, or the entries of one block.
    Statement(Box<super::statement::Options>),
}

/// What is checked.
#[derive(Args)]
pub struct Check {
    /// Messages that a bank may send; `-` for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is settled.
#[derive(Args)]
pub struct Submit {
    /// A pacs.008, pacs.009, pacs.004, camt.056, camt.029 or pain.001, with or without business header; `-` for standard input.
    file: PathBuf,
    /// Where the answer goes; to standard output without it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where its proof goes, for `seaway verify`.
    #[arg(long)]
    proof: Option<PathBuf>,
    /// A key file that signs for the sender; may be given several times. On a devnet the published keys sign when none is given.
    #[arg(long = "key")]
    keys: Vec<PathBuf>,
    /// The passphrase of the key files.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// A file with 64 hexadecimal digits that your institution keeps secret: the hashes of what stays off the ledger are
    /// salted with it, and a message sent again is known by them. Without it the salt follows from the keys, and a message
    /// that is sent again after they were changed is not known.
    #[arg(long)]
    salt_file: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs it.
pub fn run(command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::Check(check) => self::check(check),
        Command::Submit(submit) => super::run(self::submit(submit)),
        Command::Message(options) => super::run(super::iso_message::message(options)),
        Command::Statement(options) => super::run(super::statement::statement(options)),
    }
}

/// Reads a message of bounded size.
pub fn read(path: &Path) -> Result<String, String> {
    let name = path.display();
    let mut text = String::new();
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| format!("{name}: {error}"))?)
    };
    let bound = ISO_MESSAGE_BYTES_MAX as u64 + 1;
    source.take(bound).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
    Ok(text)
}

fn check(check: &Check) -> Result<ExitCode, String> {
    let (mut wrong, mut shown) = (false, Vec::new());
    for path in &check.files {
        let text = read(path)?;
        let faults = faults(&text);
        wrong |= !faults.is_empty();
        if check.json {
            let fault = |fault: &seaway_iso20022::Fault| {
                object!({
                    "path": fault.path, "value": fault.value,
                    "iso": fault.rule.code(), "rule": fault.rule.to_string(),
                })
            };
            let faults: Vec<Value> = faults.iter().map(fault).collect();
            shown.push(object!({"file": path, "faults": faults}));
        } else if faults.is_empty() {
            let definition = Request::read(&text).map_or("", |request| request.definition());
            say!("{}: {definition}, in order", path.display());
        }
        for fault in faults.iter().filter(|_| !check.json) {
            say!("{}: {fault}", path.display());
        }
    }
    if check.json {
        json(&object!(shown));
    }
    Ok(if wrong { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

async fn submit(options: &Submit) -> Result<ExitCode, String> {
    let name = options.file.display();
    let text = read(&options.file)?;
    let client = options.connection.client().await?;
    progress("waiting until it is final");
    let settled = settle_message(&client, &text, now()?, &keys(options, &client, &text).await?).await;
    progress("");
    let settled = match settled {
        Ok(settled) => settled,
        Err(error) => {
            let open = matches!(&error, MessageError::Node(error) if error.is_open());
            eprintln!("seaway: {name}: {error}");
            return Ok(if open { ExitCode::from(3) } else { ExitCode::FAILURE });
        }
    };
    let write =
        |path: &Path, text: &str| std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    if let Some(path) = &options.proof {
        write(path, &format!("{:#}\n", settled.proof))?;
    }
    if options.connection.json {
        json(&shown(&settled));
    }
    match (&settled.answer, &options.out) {
        (Some(answer), Some(path)) => write(path, &answer.text)?,
        (Some(answer), None) if !options.connection.json => say!("{}", answer.text.trim_end()),
        (None, _) if !options.connection.json => {
            let why = settled.reason.as_ref().map(|(code, text)| format!(" {code}: {text}")).unwrap_or_default();
            say!("{}{why}", settled.status.code());
        }
        _ => {}
    }
    Ok(match settled.status {
        Status::Rejected => ExitCode::from(2),
        Status::Pending | Status::Received | Status::Authentic => ExitCode::from(3),
        Status::Settled | Status::Credited | Status::Partly => ExitCode::SUCCESS,
    })
}

fn shown(settled: &Settled) -> Value {
    let answer = settled.answer.as_ref();
    object!({
        "uetrs": settled.uetrs,
        "status": settled.status.code(),
        "reason": settled.reason.as_ref().map(|(iso, text)| object!({"iso": iso, "text": text})),
        "answer": answer.map(|answer| object!({"definition": answer.definition, "message": answer.text})),
        "proof": settled.proof,
    })
}

/// The published secrets that sign: the sender's, or where a customer asks its agent to pay, those that its account needs.
async fn published_secrets(
    options: &Submit,
    client: &Client,
    request: &Request,
    order: &Order,
) -> Result<Vec<[u8; 32]>, String> {
    let agent = seed::secret_key(&order.sender.to_string());
    let Some(debtor) = order.accounts.first().filter(|_| request.is_initiation()) else { return Ok(vec![agent]) };
    let id = match &debtor.name {
        AccountName::Id(id) => *id,
        AccountName::Number(number) => {
            let asked = object!({"agent": debtor.agent, "number": number});
            match client.call("account_resolve", asked).await {
                Ok(found) => {
                    serde_json::from_value(found["account"].clone()).map_err(|error| format!("{number}: {error}"))?
                }
                // The message is refused for it.
                Err(_) => return Ok(vec![agent]),
            }
        }
    };
    let labels = options.connection.genesis()?.map(|genesis| genesis.labels()).transpose();
    let labels = labels.map_err(|error| error.to_string())?.unwrap_or_default();
    let holder = labels.iter().find(|(_, of)| **of == id).map(|(label, _)| seed::secret_key(label));
    let holder = holder.into_iter().collect();
    Ok(match account(client, id).await?.debit_authority {
        DebitAuthority::Agent => vec![agent],
        DebitAuthority::Holder => holder,
        DebitAuthority::Both => [holder, vec![agent]].concat(),
    })
}

/// The keys that sign for a message's sender.
async fn keys(options: &Submit, client: &Client, text: &str) -> Result<MessageKeys, String> {
    let secrets = if options.keys.is_empty() {
        let published = options.connection.genesis()?.is_some_and(|genesis| genesis.keys_are_published);
        // One that is refused needs none.
        let request = Request::read(text).ok();
        let order = request.as_ref().and_then(|request| request.order().ok());
        match (request, order) {
            (Some(request), Some(order)) if published => published_secrets(options, client, &request, &order).await?,
            (_, Some(_)) => return Err("--key FILE is needed: only a devnet's keys are published".to_owned()),
            _ => Vec::new(),
        }
    } else {
        super::key::open(&options.keys, options.passphrase_file.as_deref())?
    };
    let mut keys = MessageKeys::new(secrets);
    if let Some(path) = &options.salt_file {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let salt: Hash32 = text.trim().parse().map_err(|error| format!("{}: {error}", path.display()))?;
        keys.salt = salt.0;
    }
    Ok(keys)
}
