//! `fx_*`: exchange quotes. They stand on no ledger: a quote is an offer that its dealer signed, and taking it is an instruction.

use super::account::count;
use super::{Context, Reader, asset, reading};
use crate::backend::{Backend, FxNews, QuoteFound, Wanted};
use crate::cursor;
use crate::fault::Fault;
use jsonrpsee_core::{RegisterMethodError, SubscriptionError};
use jsonrpsee_server::{PendingSubscriptionSink, RpcModule, SubscriptionMessage};
use seaway_types::AssetId;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::codec;
use seaway_types::contract::{InstanceId, SignedOffer};
use seaway_types::limits::OFFER_BYTES_MAX;
use seaway_vm::machine::{bought_for, cost_of};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How long a reader may take for one message.
const SLOW: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    sold: Option<String>,
    bought: Option<String>,
    count: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    sold: String,
    bought: String,
    amount: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    quote: String,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "fx_list", list)?;
    reading(module, "fx_request", request)?;
    reading(module, "fx_publish", |context: &Context<B>, _, asked: Publish| publish(context, &asked.quote))?;
    module.register_subscription("fx_subscribe", "fx_event", "fx_unsubscribe", |_, pending, context, _| {
        tell(context, pending)
    })?;
    Ok(())
}

fn publish<B: Backend>(context: &Context<B>, quote: &str) -> Result<Value, Fault> {
    let refused = || Fault::Parameter {
        field: "quote",
        value: quote.chars().take(80).collect(),
        expected: "canonical bytes of a signed offer, in hexadecimal",
    };
    if quote.len() > 2 * OFFER_BYTES_MAX {
        return Err(refused());
    }
    let bytes = hex::decode(quote).map_err(|_| refused())?;
    let signed: SignedOffer = codec::decode(&bytes, OFFER_BYTES_MAX).map_err(|_| refused())?;
    let id = context.backend.publish_quote(signed)?;
    Ok(json!({"quote": id}))
}

fn list<B: Backend>(context: &Context<B>, reader: &Reader, pair: Pair) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let named = |name: Option<String>| -> Result<Option<AssetId>, Fault> {
        name.map(|name| asset(&book, &name).map(|(id, _)| id)).transpose()
    };
    let of = (named(pair.sold)?, named(pair.bought)?);
    let count = count(pair.count)?;
    let (height, from) = match &pair.cursor {
        Some(cursor) => cursor::read(cursor, "fx_list", &of)?,
        None => (context.backend.status().height, InstanceId([0; 32])),
    };
    // The board is in order of ids; quotes that came or went meanwhile shift no page.
    let found =
        context.backend.quotes(of, (from, count.saturating_add(1)), &|quote| is_for(context, reader, quote))?;
    let next = found.get(count).map(|quote| cursor::write("fx_list", &of, height, quote.signed.offer.id()));
    let quotes: Vec<Value> = found.iter().take(count).map(|quote| shown(quote, &book)).collect();
    Ok(json!({"quotes": quotes, "cursor": next}))
}

/// A quote that names its takers is shown to those who may read one of them.
fn is_for<B: Backend>(context: &Context<B>, reader: &Reader, quote: &QuoteFound) -> bool {
    let takers = &quote.signed.offer.takers;
    takers.is_empty() || context.ensure_any(reader, takers, &[quote.agent]).is_ok()
}

/// A quote with what it would cost and give.
struct Priced {
    quote: QuoteFound,
    gives: Amount,
    gets: Amount,
}

fn request<B: Backend>(context: &Context<B>, reader: &Reader, asked: Request) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let (sold, _) = asset(&book, &asked.sold)?;
    let (bought, _) = asset(&book, &asked.bought)?;
    let refused =
        |expected| Fault::Parameter { field: "amount", value: asked.amount.chars().take(80).collect(), expected };
    let (number, name) = asked.amount.split_once(' ').ok_or_else(|| refused("an amount as in 1000.00 HKD"))?;
    let (of, record) = asset(&book, name)?;
    let amount = Amount::parse_major(number, record.exponent)
        .map_err(|_| refused("at most 18 digits, with no more decimals than the asset has"))?;
    if of != sold && of != bought {
        return Err(refused("an amount of one of the two assets"));
    }
    let wish = Wanted { sold, bought, amount, of_bought: of == bought };
    context.backend.want_quotes(wish);
    let price = |quote: QuoteFound| {
        let (gives, gets) = if wish.of_bought {
            (cost_of(amount, quote.rate)?.out, amount)
        } else {
            (amount, bought_for(amount, quote.rate)?.out)
        };
        let covered = gives <= quote.left && gets <= quote.covers && !gets.is_zero();
        covered.then_some(Priced { quote, gives, gets })
    };
    let wanted = |quote: &QuoteFound| is_for(context, reader, quote);
    let quotes = context.backend.quotes((Some(sold), Some(bought)), (InstanceId([0; 32]), usize::MAX), &wanted)?;
    let mut priced: Vec<Priced> = quotes.into_iter().filter_map(price).collect();
    // The best first: the least given, then the most got, then the one that lasts longest.
    priced.sort_by_key(|one| (one.gives, std::cmp::Reverse(one.gets), std::cmp::Reverse(one.quote.ends)));
    let with_price = |one: &Priced| {
        let mut shown = shown(&one.quote, &book);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("gives".to_owned(), json!(book.show(one.gives, sold)));
            fields.insert("gets".to_owned(), json!(book.show(one.gets, bought)));
        }
        shown
    };
    Ok(json!({"quotes": priced.iter().take(20).map(with_price).collect::<Vec<_>>()}))
}

fn shown(quote: &QuoteFound, book: &AssetBook) -> Value {
    let bytes = hex::encode(codec::encode(&quote.signed));
    json!({
        "quote": quote.signed.offer.id(),
        "dealer": quote.dealer,
        "dealerAgent": quote.agent,
        "sold": book.name(quote.sold),
        "bought": book.name(quote.bought),
        "rate": quote.rate,
        "left": book.show(quote.left, quote.sold),
        "ends": quote.ends,
        "bytes": bytes,
    })
}

/// Tells news until the reader is gone; one that lags too far is told so and looks at the list again.
async fn tell<B: Backend>(
    context: Arc<Context<B>>,
    pending: PendingSubscriptionSink,
) -> Result<(), SubscriptionError> {
    let mut news = context.backend.fx_news();
    let sink = pending.accept().await?;
    loop {
        let event = tokio::select! {
            event = news.recv() => event,
            () = sink.closed() => return Ok(()),
        };
        let book = tokio::task::block_in_place(|| context.backend.assets());
        let book = book.map_err(|fault| jsonrpsee_types::ErrorObjectOwned::from(fault).message().to_owned())?;
        let event = match event {
            // One that names its takers is for them to look up.
            Ok(FxNews::Quoted(quote)) if !quote.signed.offer.takers.is_empty() => continue,
            Ok(FxNews::Quoted(quote)) => json!({"quoted": shown(&quote, &book)}),
            Ok(FxNews::Wanted(wanted)) => {
                let of = if wanted.of_bought { wanted.bought } else { wanted.sold };
                json!({"wanted": {
                    "sold": book.name(wanted.sold),
                    "bought": book.name(wanted.bought),
                    "amount": book.show(wanted.amount, of),
                }})
            }
            Err(RecvError::Lagged(missed)) => json!({"missed": missed}),
            Err(RecvError::Closed) => return Ok(()),
        };
        let message = SubscriptionMessage::from(serde_json::value::to_raw_value(&event)?);
        if sink.send_timeout(message, SLOW).await.is_err() {
            return Err("dropped: this reader was too slow or is gone".into());
        }
    }
}
