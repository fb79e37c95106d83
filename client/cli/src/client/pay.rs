//! `seaway pay`.

use super::Connection;
use super::key::passphrase;
use super::signers::{account, call, now};
use crate::output::{json, progress, say, text};
use clap::Args;
use seaway_genesis::seed;
use seaway_iso20022::message::{CreditTransfer, Message, Status};
use seaway_sdk::{Client, ClientError, MessageKeys, Payment, Quote, settle_message};
use seaway_signer::{KeyFile, KeyKind};
use seaway_types::amount::Amount;
use seaway_types::contract::SignedOffer;
use seaway_types::hash::Hash32;
use seaway_types::instruction::Submitter;
use seaway_types::instruction::payment::CreditKind;
use seaway_types::limits::ISO_MESSAGE_BYTES_MAX;
use seaway_types::state::{Account, DebitAuthority};
use seaway_types::text::{Purpose, Text35};
use seaway_vm::machine::cost_of;
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How often the same bytes are sent before the payment is left to itself.
const ATTEMPTS: usize = 5;

/// What is paid.
#[derive(Args)]
pub struct Options {
    /// The paying account: its id, or with --genesis its label.
    #[arg(long, required_unless_present = "pacs008", default_value = "", hide_default_value = true)]
    pub from: String,
    /// The account that is paid, likewise.
    #[arg(long, required_unless_present = "pacs008", default_value = "", hide_default_value = true)]
    pub to: String,
    /// How much of what, as in "1000.00 HKD" or "5.00 HKD@PEARHKHH".
    #[arg(long, required_unless_present = "pacs008", default_value = "", hide_default_value = true)]
    pub amount: String,
    /// A message pacs.008.001.08 that says all this; the answer is a pacs.002.001.10. The keys sign for its sender.
    #[arg(long, conflicts_with_all = ["from", "to", "amount", "end_to_end_id", "purpose", "keep"])]
    pub pacs008: Option<PathBuf>,
    /// A file with 64 hexadecimal digits that your institution keeps secret: the hashes of what stays off the ledger are
    /// salted with it, and a message sent again is known by them. Without it the salt follows from the keys, and a message
    /// that is sent again after they were changed is not known.
    #[arg(long, requires = "pacs008")]
    pub salt_file: Option<PathBuf>,
    /// Where the pacs.002 goes; to standard output without it.
    #[arg(long, requires = "pacs008")]
    pub pacs002: Option<PathBuf>,
    /// Your reference; the payee sees it.
    #[arg(long, default_value = "NOTPROVIDED")]
    pub end_to_end_id: Text35,
    /// Purpose code of ISO 20022, as in GDDS.
    #[arg(long)]
    pub purpose: Option<Purpose>,
    /// Pay from money in another currency: the best quote is taken, and nothing moves unless both legs do.
    #[arg(long, conflicts_with = "pacs008")]
    pub from_currency: Option<String>,
    /// The most that the exchange may cost, as in "7900.00 HKD"; without it you are asked.
    #[arg(long, requires = "from_currency")]
    pub max_cost: Option<String>,
    /// A key file that signs; may be given several times. On a devnet the published keys sign when none is given.
    #[arg(long = "key")]
    pub keys: Vec<PathBuf>,
    /// The passphrase of the key files.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// Where the signed bytes are kept before they are sent; the same file sends the same payment again.
    #[arg(long)]
    pub keep: Option<PathBuf>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Builds, signs, keeps, sends, waits.
pub async fn pay(options: &Options) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    if let Some(path) = &options.pacs008 {
        return settle(options, &client, path).await;
    }
    let (debtor, creditor) = (options.connection.account(&options.from)?, options.connection.account(&options.to)?);
    let network = super::contract::network(&options.connection, &client).await?;
    let book = super::contract::book(&client).await?;
    let (asset, amount) = super::contract::amount(&book, "--amount", &options.amount)?;
    let payer = account(&client, debtor).await?;
    let payee = account(&client, creditor).await?;
    let submitter = match payer.debit_authority {
        DebitAuthority::Agent => Submitter::Participant(payer.agent),
        DebitAuthority::Holder | DebitAuthority::Both => Submitter::Account(debtor),
    };
    let payment = Payment {
        network,
        submitter,
        debtor,
        debtor_agent: payer.agent,
        creditor,
        creditor_agent: payee.agent,
        asset,
        amount,
        end_to_end_id: options.end_to_end_id,
        purpose: options.purpose,
        party_data_hash: None,
        kind: CreditKind::Customer,
    };
    let secrets = secrets(options, &payer)?;
    let signed = match &options.from_currency {
        None => payment.sign(now()?, &secrets),
        Some(sold) => {
            let Some((quote, at_most)) = exchange(options, &client, sold).await? else {
                say!("nothing was paid");
                return Ok(ExitCode::FAILURE);
            };
            payment.sign_with_quote(quote, at_most, now()?, &secrets)
        }
    };
    let signed = signed.map_err(|error| error.to_string())?;
    if let Some(path) = &options.keep {
        std::fs::write(path, signed.bytes_in_hex()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    progress(&format!("UETR {}: waiting until it is final", signed.uetr));
    let settled = client.settle(&signed, ATTEMPTS).await;
    progress("");
    match settled {
        Ok(answer) => Ok(show(options, &answer)),
        Err(error @ (ClientError::Unreachable { .. } | ClientError::NoNode)) => {
            say!("UETR {}: no node says that it is final; 'seaway status {}' will tell", signed.uetr, signed.uetr);
            eprintln!("seaway: {error}");
            Ok(ExitCode::from(3))
        }
        Err(ClientError::Refused { number: -32_004, message, .. }) => {
            say!("UETR {}: {message}", signed.uetr);
            Ok(ExitCode::from(3))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The best quote for what is paid, and the most that its payer consents to; none where it does not.
async fn exchange(options: &Options, client: &Client, sold: &str) -> Result<Option<(SignedOffer, Amount)>, String> {
    let (_, name) = options.amount.split_once(' ').unwrap_or(("", &options.amount));
    let asked = object!({"sold": sold, "bought": name, "amount": options.amount});
    let answer = call(client, "fx_request", asked).await?;
    let best = answer["quotes"].as_array().and_then(|quotes| quotes.first());
    let best = best.ok_or_else(|| format!("no dealer quotes {name} for {sold} and this amount now"))?;
    let signed = super::fx::offer(best)?;
    // What the node says is worked out again from the very offer that is signed, which must be a quote and nothing else.
    let network = super::contract::network(&options.connection, client).await?;
    let code = super::contract::program("FxQuote")?.hash();
    let quote = Quote::read(&signed, network, code).map_err(|error| error.to_string())?;
    let book = super::contract::book(client).await?;
    let (bought_id, bought) = super::contract::amount(&book, "--amount", &options.amount)?;
    let (sold_id, _) = book.find(sold).map_err(|error| format!("--from-currency: {error}"))?;
    if (quote.sold, quote.bought) != (sold_id, bought_id) {
        return Err("the node answers with a quote for something else".to_owned());
    }
    let cost = cost_of(bought, quote.rate).ok_or("the cost goes beyond 18 digits")?.out;
    let shown = book.show(cost, sold_id);
    match &options.max_cost {
        Some(most) => {
            let (of, most) = super::contract::amount(&book, "--max-cost", most)?;
            if of != sold_id || cost > most {
                return Err(format!("the best quote costs {shown}, more than --max-cost"));
            }
            Ok(Some((signed, most)))
        }
        None => {
            eprint!(
                "{} costs {shown} by the quote of account {}, good until {}. Pay? [y/N] ",
                options.amount, quote.dealer, quote.ends
            );
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
            Ok(matches!(line.trim(), "y" | "Y" | "yes").then_some((signed, cost)))
        }
    }
}

/// Settles a pacs.008, and writes the pacs.002.
async fn settle(options: &Options, client: &Client, path: &Path) -> Result<ExitCode, String> {
    let name = path.display();
    let mut text = String::new();
    let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
    let bound = ISO_MESSAGE_BYTES_MAX as u64 + 1;
    file.take(bound).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
    let message = Message::<CreditTransfer>::read(&text).map_err(|fault| format!("{name}: {fault}"))?;
    let secrets = if options.keys.is_empty() {
        let sender = message.document.transaction.instructing.as_ref().and_then(|agent| agent.institution.bic);
        match (options.connection.genesis()?.is_some_and(|genesis| genesis.keys_are_published), sender) {
            (true, Some(sender)) => vec![seed::secret_key(&sender.to_string())],
            _ => return Err("--key FILE is needed: only a devnet's keys are published".to_owned()),
        }
    } else {
        opened(options)?
    };
    progress("waiting until it is final");
    let mut keys = MessageKeys::new(secrets);
    if let Some(path) = &options.salt_file {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let salt: Hash32 = text.trim().parse().map_err(|error| format!("{}: {error}", path.display()))?;
        keys.salt = salt.0;
    }
    let settled = settle_message(client, &text, now()?, &keys).await;
    progress("");
    let settled = settled.map_err(|error| format!("{name}: {error}"))?;
    let written = settled.report.write();
    match &options.pacs002 {
        Some(path) => std::fs::write(path, &written).map_err(|error| format!("{}: {error}", path.display()))?,
        None => say!("{}", written.trim_end()),
    }
    Ok(match settled.report.document.transaction.status {
        Status::Rejected => ExitCode::from(2),
        Status::Pending | Status::Received | Status::Authentic => ExitCode::from(3),
        Status::Settled | Status::Credited => ExitCode::SUCCESS,
    })
}

fn show(options: &Options, answer: &Value) -> ExitCode {
    if options.connection.json {
        json(answer);
    } else {
        for credit in answer["credits"].as_array().into_iter().flatten() {
            say!(
                "{} {} to {}: final at height {}, {}",
                text(&credit["status"]),
                text(&credit["amount"]),
                options.to,
                text(&answer["height"]),
                text(&answer["blockTime"])
            );
            say!("UETR {}", text(&credit["uetr"]));
        }
        if let Some(reason) = answer["reason"].as_object() {
            let word = |name: &str| reason.get(name).map(text).unwrap_or_default();
            say!("{} {}: {}", text(&answer["status"]), word("iso"), word("text"));
        }
    }
    match answer["status"].as_str() {
        Some("RJCT") => ExitCode::from(2),
        Some("PDNG") => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    }
}

/// The secrets of the key files.
fn opened(options: &Options) -> Result<Vec<[u8; 32]>, String> {
    let path = options.passphrase_file.as_ref().ok_or("--passphrase-file is needed with --key")?;
    let passphrase = passphrase(path)?;
    let open = |path: &PathBuf| KeyFile::open(path, KeyKind::Instruction, &passphrase).map(|secret| *secret);
    options.keys.iter().map(open).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The secrets that sign: of key files, or the published ones that the paying account needs.
fn secrets(options: &Options, payer: &Account) -> Result<Vec<[u8; 32]>, String> {
    if !options.keys.is_empty() {
        return opened(options);
    }
    let published = options.connection.genesis()?.is_some_and(|genesis| genesis.keys_are_published);
    if !published {
        return Err("--key FILE is needed: only a devnet's keys are published".to_owned());
    }
    let holder = seed::secret_key(options.from.trim_start_matches('@'));
    let agent = seed::secret_key(&payer.agent.to_string());
    Ok(match payer.debit_authority {
        DebitAuthority::Holder => vec![holder],
        DebitAuthority::Agent => vec![agent],
        DebitAuthority::Both => vec![holder, agent],
    })
}
