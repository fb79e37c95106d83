//! `seaway pay`.

use super::signers::{account, call, now};
use super::{Connection, send};
use crate::output::{json, say, text};
use clap::Args;
use seaway_genesis::seed;
use seaway_sdk::{Client, Payment, PaymentError, Quote, Signed};
use seaway_types::amount::Amount;
use seaway_types::contract::SignedOffer;
use seaway_types::instruction::payment::{CreditKind, CreditTransfer};
use seaway_types::instruction::{Leg, Submitter};
use seaway_types::state::{Account, DebitAuthority};
use seaway_types::text::{Purpose, Text35};
use seaway_vm::machine::cost_of;
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is paid.
#[derive(Args)]
pub struct Options {
    /// The paying account: its id, or with --genesis its label.
    #[arg(long)]
    pub from: String,
    /// The account that is paid, likewise.
    #[arg(long)]
    pub to: String,
    /// How much of what, as in "1000.00 HKD" or "5.00 HKD@PEARHKHH".
    #[arg(long)]
    pub amount: String,
    /// Your reference; the payee sees it.
    #[arg(long, default_value = "NOTPROVIDED")]
    pub end_to_end_id: Text35,
    /// Purpose code of ISO 20022, as in GDDS.
    #[arg(long)]
    pub purpose: Option<Purpose>,
    /// Pay from money in another currency: the best quote is taken, and nothing moves unless both legs do.
    #[arg(long)]
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
    /// Where the signed bytes are kept before they are sent. When the file is there already, that very payment is sent again: it settles once,
    /// however often.
    #[arg(long)]
    pub keep: Option<PathBuf>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Builds, signs, keeps, sends, waits.
pub async fn pay(options: &Options) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
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
    let kept = options
        .keep
        .as_deref()
        .map(|path| kept(path, &payment, options.from_currency.is_some()))
        .transpose()?
        .flatten();
    let signed = match (kept, &options.from_currency) {
        (Some(signed), _) => signed,
        (None, None) => keep(options, payment.sign(now()?, &secrets(options, &payer)?))?,
        (None, Some(sold)) => {
            let secrets = secrets(options, &payer)?;
            let Some((quote, at_most)) = exchange(options, &client, sold).await? else {
                say!("nothing was paid");
                return Ok(ExitCode::FAILURE);
            };
            keep(options, payment.sign_with_quote(quote, at_most, now()?, &secrets))?
        }
    };
    match send::settle(&client, &signed).await {
        Ok(answer) => Ok(show(options, &answer)),
        Err(error) => send::unsettled(&options.connection, &signed, &error),
    }
}

/// Writes what was signed to its file, durably, before anybody else sees it.
fn keep(options: &Options, signed: Result<Signed, PaymentError>) -> Result<Signed, String> {
    let signed = signed.map_err(|error| error.to_string())?;
    if let Some(path) = &options.keep {
        let write = || {
            let mut file = File::create_new(path)?;
            file.write_all(signed.bytes_in_hex().as_bytes())?;
            file.sync_all()?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        write().map_err(|error: io::Error| format!("{}: {error}; nothing was sent", path.display()))?;
    }
    Ok(signed)
}

/// What was signed before, if the file is there. It must be the payment that is asked for now.
fn kept(path: &Path, asked: &Payment, exchanged: bool) -> Result<Option<Signed>, String> {
    let failed = |problem: String| format!("{}: {problem}", path.display());
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| failed(error.to_string()))?,
    };
    let signed = Signed::read(&text)
        .map_err(|error| failed(format!("{error}; if it was not written whole, nothing of it was sent")))?;
    let decoded = signed.raw.clone().decode().map_err(|error| failed(error.to_string()))?;
    let transfers = decoded.envelope().body.legs().iter().filter_map(|leg| match leg {
        Leg::CreditTransfer(transfer) => Some(transfer),
        _ => None,
    });
    let same = |transfer: &CreditTransfer| {
        let credit = transfer.credits.first().filter(|_| transfer.credits.len() == 1);
        credit.is_some_and(|credit| {
            (transfer.debtor, transfer.asset, credit.creditor, credit.amount, credit.end_to_end_id, credit.purpose)
                == (asked.debtor, asked.asset, asked.creditor, asked.amount, asked.end_to_end_id, asked.purpose)
        })
    };
    // An exchange is a leg of its own before the payment.
    let alike = exchanged == (decoded.envelope().body.legs().len() > 1);
    if decoded.envelope().network != asked.network || !alike || !transfers.into_iter().any(same) {
        return Err(failed(format!(
            "it holds another payment, UETR {}; a new payment needs a new file",
            signed.uetr
        )));
    }
    Ok(Some(signed))
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
    send::code(&answer["status"])
}

/// The secrets that sign: of key files, or the published ones that the paying account needs.
fn secrets(options: &Options, payer: &Account) -> Result<Vec<[u8; 32]>, String> {
    if !options.keys.is_empty() {
        return super::key::open(&options.keys, options.passphrase_file.as_deref());
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
