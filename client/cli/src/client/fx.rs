//! `seaway fx`: exchange quotes, for dealers and takers.

use super::Connection;
use super::contract::{amount, book, network, settle};
use super::signers::{Signers, call, now};
use crate::output::{json, say, table, text};
use clap::{Args, Subcommand};
use seaway_sdk::{Act, Quote, Topic, duration, new_key, read_value};
use seaway_types::codec;
use seaway_types::contract::{SignedOffer, Type, Value};
use seaway_types::instruction::contract::WithdrawOffer;
use seaway_types::instruction::{Body, Leg};
use seaway_types::limits::OFFER_BYTES_MAX;
use serde_json::{Value as Json, json as object};
use std::process::ExitCode;

/// What is done with quotes.
#[derive(Subcommand)]
pub enum Command {
    /// Sign a quote and publish it to all nodes. The dealer's account must allow FxQuote to pull what it sells
    /// ('seaway contract allow FxQuote --party dealer').
    Quote(Publish),
    /// The quotes that can be taken now.
    List(List),
    /// Take a quote back.
    Withdraw(Withdraw),
    /// Quotes and wishes as they come, until it is stopped: what a dealer's program reads.
    Watch(Watch),
}

/// A quote.
#[derive(Args)]
pub struct Publish {
    /// What takers give, and the most in all, as in "1000000.00 HKD".
    #[arg(long)]
    pub most: String,
    /// What takers get, as in USD.
    #[arg(long)]
    pub bought: String,
    /// Units of what they get for one of what they give, as in 0.1275.
    #[arg(long)]
    pub rate: String,
    /// For how long, at most a day, as in 10m.
    #[arg(long = "for", default_value = "10m")]
    pub lasts: String,
    /// An account that may take it; may be given several times. Without any, anyone may.
    #[arg(long = "taker")]
    pub takers: Vec<String>,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// Which quotes.
#[derive(Args)]
pub struct List {
    /// Only quotes for giving this.
    #[arg(long)]
    pub sold: Option<String>,
    /// Only quotes for getting this.
    #[arg(long)]
    pub bought: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// For how long to watch.
#[derive(Args)]
pub struct Watch {
    /// End after so many events.
    #[arg(long)]
    pub count: Option<u64>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Which quote.
#[derive(Args)]
pub struct Withdraw {
    /// Its id, as 'seaway fx list' shows it.
    pub quote: String,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// Runs a command.
pub async fn run(command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::Quote(options) => publish(options).await,
        Command::List(options) => list(options).await,
        Command::Withdraw(options) => withdraw(options).await,
        Command::Watch(options) => watch(options).await,
    }
}

async fn publish(options: &Publish) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let dealer = signing.account.ok_or("--as: the dealer's account is named by its id or label")?;
    let book = book(&client).await?;
    let (sold, most) = amount(&book, "--most", &options.most)?;
    let (bought, record) = book.find(&options.bought).map_err(|error| format!("--bought: {error}"))?;
    let base = book.get(sold).ok_or("--most: the asset is not known")?;
    let now = now()?;
    let Value::Ratio(rate) = read_value(&options.rate, Type::Rate(0, 1), &[base, record], now)? else {
        return Err("--rate: expected a rate".to_owned());
    };
    let lasts = duration(&options.lasts).ok_or_else(|| format!("--for '{}': expected as in 10m", options.lasts))?;
    let mut takers = Vec::new();
    for taker in &options.takers {
        takers.push(options.connection.account(taker)?);
    }
    takers.sort_unstable();
    let code = super::contract::program("FxQuote")?.hash();
    let ends = now.after_ms(lasts);
    let quote = Quote {
        network: network(&options.connection, &client).await?,
        code,
        dealer,
        sold,
        bought,
        rate,
        most,
        ends,
        takers,
    };
    let signed = quote.sign(&signing.secrets).map_err(|error| error.to_string())?;
    let answer = call(&client, "fx_publish", object!({"quote": hex::encode(codec::encode(&signed))})).await?;
    if options.connection.json {
        json(&answer);
    } else {
        say!("quoted until {ends}: {}", text(&answer["quote"]));
    }
    Ok(ExitCode::SUCCESS)
}

async fn quotes(connection: &Connection, sold: Option<&str>, bought: Option<&str>) -> Result<Json, String> {
    let client = connection.client().await?;
    let mut pair = serde_json::Map::new();
    for (name, value) in [("sold", sold), ("bought", bought)] {
        pair.extend(value.map(|value| (name.to_owned(), Json::from(value))));
    }
    pair.insert("count".to_owned(), Json::from(100));
    let mut quotes = Vec::new();
    loop {
        let mut page = call(&client, "fx_list", Json::Object(pair.clone())).await?;
        quotes.extend(page["quotes"].as_array_mut().map(std::mem::take).unwrap_or_default());
        match page["cursor"].take() {
            Json::Null => return Ok(object!({"quotes": quotes})),
            cursor => pair.insert("cursor".to_owned(), cursor),
        };
    }
}

async fn list(options: &List) -> Result<ExitCode, String> {
    let answer = quotes(&options.connection, options.sold.as_deref(), options.bought.as_deref()).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["quote", "dealer", "left", "gets", "minor units for", "until"]);
    for one in answer["quotes"].as_array().into_iter().flatten() {
        let rate = format!("{} for {}", text(&one["rate"]["numerator"]), text(&one["rate"]["denominator"]));
        let row = ["quote", "dealerAgent", "left", "bought"].map(|field| text(&one[field]));
        shown.add_row(row.into_iter().chain([rate, text(&one["ends"])]));
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}

async fn withdraw(options: &Withdraw) -> Result<ExitCode, String> {
    let answer = quotes(&options.connection, None, None).await?;
    let mut all = answer["quotes"].as_array().into_iter().flatten();
    let found = all.find(|one| one["quote"] == options.quote.as_str());
    let found = found.ok_or_else(|| format!("there is no quote {} here", options.quote))?;
    let signed = offer(found)?;
    if signed.offer.id().to_string() != options.quote {
        return Err(format!("the node answers with another offer than {}", options.quote));
    }
    let client = options.connection.client().await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let uetr = signed.offer.uetr;
    let body = Body::Single(Leg::WithdrawOffer(WithdrawOffer { offer: signed.offer }));
    let key = new_key().map_err(|error| error.to_string())?;
    let act =
        Act { network: network(&options.connection, &client).await?, submitter: signing.submitter, key, uetr, body };
    settle(&options.connection, &client, &signing, act, |_| say!("taken back: {}", options.quote)).await
}

/// The offer in a quote that a node shows.
pub fn offer(quote: &Json) -> Result<SignedOffer, String> {
    let bytes = hex::decode(text(&quote["bytes"])).map_err(|error| format!("quote: {error}"))?;
    codec::decode(&bytes, OFFER_BYTES_MAX).map_err(|error| format!("quote: {error}"))
}

async fn watch(options: &Watch) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let mut stream = client.follow(Topic::Exchange, None);
    stream.ready().await.map_err(|error| error.to_string())?;
    let mut left = options.count;
    while left != Some(0) {
        let event = stream.next().await.map_err(|error| error.to_string())?;
        if options.connection.json {
            say!("{event}");
        } else if let Some(wanted) = event.get("wanted") {
            let [amount, sold, bought] = ["amount", "sold", "bought"].map(|field| text(&wanted[field]));
            say!("wanted   {amount}, to give {sold} for {bought}");
        } else if let Some(quoted) = event.get("quoted") {
            let [quote, agent, most, bought, ends] =
                ["quote", "dealerAgent", "left", "bought", "ends"].map(|field| text(&quoted[field]));
            let rate = &quoted["rate"];
            let (gets, gives) = (text(&rate["numerator"]), text(&rate["denominator"]));
            say!(
                "quoted   {agent} gives {gets} for {gives} minor units: {bought} for at most {most}, until {ends}: {quote}"
            );
        } else {
            say!("missed   some news; 'seaway fx list' shows what there is");
        }
        left = left.map(|left| left - 1);
    }
    Ok(ExitCode::SUCCESS)
}
