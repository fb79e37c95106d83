//! `account_*` and `limits_get`.

use super::iso20022::{Explained, Originals, explained};
use super::{Context, Reader, parse, reading};
use crate::backend::Backend;
use crate::cursor;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;
use seaway_iso20022::statement::Nature;
use seaway_types::receipt::Posting;
use seaway_types::state::{Balance, Field};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AccountId, AssetId, Bic};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most blocks or accounts in one answer.
pub(super) const COUNT_MAX: usize = 100;
/// Movements that a balance of an earlier height may lie back.
const BACK_MAX: usize = 100_000;
/// Movements of a page: it ends with the block that brings so many.
const MOVEMENTS_MAX: usize = 10_000;
/// The same where each comes with its details: the payment of some is looked up in its own block.
const DETAILED_MAX: usize = 1_000;
/// Blocks whose movements are read at once.
const BLOCKS: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfAccount {
    account: AccountId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AtHeight {
    account: AccountId,
    height: Option<Height>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entries {
    account: AccountId,
    height: Option<Height>,
    count: Option<usize>,
    cursor: Option<String>,
    /// Whether each movement comes with its payment's end-to-end id and with why it was made.
    #[serde(default)]
    details: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfAgent {
    agent: Bic,
    count: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Number {
    agent: Bic,
    number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Limits {
    account: AccountId,
    asset: String,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "account_get", get)?;
    reading(module, "account_balances", balances)?;
    reading(module, "account_entries", entries)?;
    reading(module, "account_list", list)?;
    reading(module, "limits_get", limits)?;
    module.register_async_method("account_resolve", |params, context, extensions| async move {
        let reader = context.reader(&extensions);
        let found = async {
            let Number { agent, number } = parse(&params)?;
            context.ensure_participant(&reader)?;
            if !(1..=34).contains(&number.chars().count()) {
                let value = number.chars().take(80).collect();
                let expected = "an IBAN or another number of 1 to 34 characters";
                return Err(Fault::Parameter { field: "number", value, expected });
            }
            let account = context.backend.resolve(agent, number.clone()).await?;
            Ok(json!({"agent": agent, "number": number, "account": account}))
        };
        found.await.map_err(ErrorObjectOwned::from)
    })?;
    Ok(())
}

/// The number of things in an answer.
pub(super) fn count(asked: Option<usize>) -> Result<usize, Fault> {
    let count = asked.unwrap_or(20);
    if (1..=COUNT_MAX).contains(&count) {
        Ok(count)
    } else {
        Err(Fault::Parameter { field: "count", value: count.to_string(), expected: "1 to 100" })
    }
}

/// The height that a read names, or that of the tip.
pub(super) fn height<B: Backend>(context: &Context<B>, asked: Option<Height>) -> Result<Height, Fault> {
    let tip = context.backend.status().height;
    match asked {
        Some(height) if height > tip => {
            Err(Fault::Parameter { field: "height", value: height.to_string(), expected: "a height up to the tip's" })
        }
        Some(height) => Ok(height),
        None => Ok(tip),
    }
}

fn get<B: Backend>(context: &Context<B>, reader: &Reader, params: OfAccount) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    match context.backend.account(&params.account)? {
        Some(account) => Ok(show::account(&params.account, &account)),
        None => Err(Fault::Unknown { what: "account", value: params.account.to_string() }),
    }
}

/// Balances at a height: the present ones, and where something moved since, what it was before the first movement.
fn balances<B: Backend>(context: &Context<B>, reader: &Reader, params: AtHeight) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let account = params.account;
    if context.backend.account(&account)?.is_none() {
        return Err(Fault::Unknown { what: "account", value: account.to_string() });
    }
    let height = height(context, params.height)?;
    let book = context.backend.assets()?;
    // First the balances, then the movements: what moves in between is among the movements.
    let mut balances = context.backend.balances(&account)?;
    let mut settled: BTreeSet<(AssetId, Field)> = BTreeSet::new();
    let (mut next, mut postings_seen) = (Height(height.0.saturating_add(1)), 0usize);
    loop {
        let page = context.backend.entries_from(&account, next, COUNT_MAX)?;
        for posting in page.iter().flat_map(|(_, postings)| postings) {
            postings_seen += 1;
            // The first movement of a part since then tells what the part was.
            if settled.insert((posting.asset, posting.field)) {
                let before = if posting.credit {
                    posting.after.checked_sub(posting.amount)
                } else {
                    posting.after.checked_add(posting.amount)
                };
                let before =
                    before.ok_or_else(|| Fault::Internal("a movement does not fit its balance".to_owned()))?;
                if !balances.iter().any(|(asset, _)| *asset == posting.asset) {
                    balances.push((posting.asset, Balance::default()));
                }
                let of_asset = balances.iter_mut().filter(|(asset, _)| *asset == posting.asset);
                of_asset.for_each(|(_, balance)| *balance.get_mut(posting.field) = before);
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == COUNT_MAX => next = Height(last.0.saturating_add(1)),
            _ => break,
        }
        if postings_seen > BACK_MAX {
            return Err(Fault::Parameter {
                field: "height",
                value: height.to_string(),
                expected: "a height after which the account moved at most 100,000 times",
            });
        }
    }
    balances.retain(|(_, balance)| !balance.is_zero());
    balances.sort_by_key(|(asset, _)| *asset);
    let shown: Vec<Value> = balances.iter().map(|(asset, balance)| show::balance(*asset, balance, &book)).collect();
    Ok(json!({"account": account, "height": height, "balances": shown}))
}

fn entries<B: Backend>(context: &Context<B>, reader: &Reader, params: Entries) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let count = count(params.count)?;
    let (height, up_to) = match &params.cursor {
        Some(cursor) => cursor::read(cursor, "account_entries", &params.account)?,
        None => {
            let height = height(context, params.height)?;
            (height, height)
        }
    };
    let book = context.backend.assets()?;
    let movements_max = if params.details { DETAILED_MAX } else { MOVEMENTS_MAX };
    let (page, next) = page(context, &params.account, up_to, (count, movements_max))?;
    let (mut shown, mut originals) = (Vec::with_capacity(page.len()), Originals::default());
    for (height, time, postings) in &page {
        let mut entry = show::entry(*height, *time, postings, &book);
        if params.details {
            let told = explained(context, &mut originals, params.account, (*height, postings))?;
            detail(&mut entry, told);
        }
        shown.push(entry);
    }
    let next = next.map(|at| cursor::write("account_entries", &params.account, height, at));
    Ok(json!({"account": params.account, "height": height, "entries": shown, "cursor": next}))
}

/// The movements that a block made on an account.
type Moved = (Height, BlockTime, Vec<Posting>);

/// Movements up to a height, newest block first, and the block with which the next page begins: of at most so many blocks, and
/// none after so many movements.
fn page<B: Backend>(
    context: &Context<B>,
    account: &AccountId,
    up_to: Height,
    (blocks_max, movements_max): (usize, usize),
) -> Result<(Vec<Moved>, Option<Height>), Fault> {
    let (mut page, mut movements, mut next) = (Vec::new(), 0, up_to);
    loop {
        // One more than fits says where the next page begins.
        let wanted = BLOCKS.min(blocks_max + 1 - page.len());
        let found = context.backend.entries(account, next, wanted)?;
        let are_all = found.len() < wanted;
        for (height, time, postings) in found {
            if page.len() >= blocks_max || movements >= movements_max {
                return Ok((page, Some(height)));
            }
            movements += postings.len();
            next = Height(height.0.saturating_sub(1));
            page.push((height, time, postings));
        }
        if are_all {
            return Ok((page, None));
        }
    }
}

/// Adds what statements tell of each movement.
fn detail(entry: &mut Value, told: Vec<Explained>) {
    let postings = entry.get_mut("postings").and_then(Value::as_array_mut).into_iter().flatten();
    for (fields, Explained { nature, end_to_end }) in postings.filter_map(Value::as_object_mut).zip(told) {
        fields.insert("endToEndId".to_owned(), json!(end_to_end));
        fields.insert("nature".to_owned(), json!(word(nature)));
    }
}

/// Why money moved, in a word.
fn word(nature: Nature) -> &'static str {
    match nature {
        Nature::Payment => "payment",
        Nature::Charge => "charge",
        Nature::Return(_) => "return",
        Nature::Supply => "supply",
        Nature::Other => "other",
    }
}

fn list<B: Backend>(context: &Context<B>, reader: &Reader, params: OfAgent) -> Result<Value, Fault> {
    context.ensure_any(reader, &[], &[params.agent])?;
    let count = count(params.count)?;
    let (height, from) = match &params.cursor {
        Some(cursor) => cursor::read(cursor, "account_list", &params.agent)?,
        None => (context.backend.status().height, AccountId([0; 16])),
    };
    let found = context.backend.accounts(params.agent, from, count + 1)?;
    let next = found.get(count).map(|(at, _)| cursor::write("account_list", &params.agent, height, at));
    let shown: Vec<Value> = found.iter().take(count).map(|(id, account)| show::account(id, account)).collect();
    Ok(json!({"agent": params.agent, "height": height, "accounts": shown, "cursor": next}))
}

fn limits<B: Backend>(context: &Context<B>, reader: &Reader, params: Limits) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let unknown = || Fault::Unknown { what: "account", value: params.account.to_string() };
    let account = context.backend.account(&params.account)?.ok_or_else(unknown)?;
    let book = context.backend.assets()?;
    let (id, asset) = super::asset(&book, &params.asset)?;
    let limits = context.backend.tier_limits(id, account.tier)?.unwrap_or_default();
    let usage = context.backend.usage(account.agent, account.owner_id, id)?;
    let show = |amount| book.show(amount, id);
    Ok(json!({
        "account": params.account,
        "asset": book.name(id),
        "tier": account.tier,
        "networkPaymentMax": asset.payment_max.map(show),
        "paymentMax": limits.payment_max.map(show),
        "dayMax": limits.day_max.map(show),
        "yearMax": limits.year_max.map(show),
        "balanceMax": limits.balance_max.map(show),
        "used": usage.map(|usage| json!({
            "day": usage.day, "dayUsed": show(usage.day_used), "yearUsed": show(usage.year_used),
        })),
    }))
}
