//! `account_*`.

use super::{Context, Reader, reading};
use crate::backend::Backend;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::AccountId;
use seaway_types::time::Height;
use serde::Deserialize;
use serde_json::{Value, json};

/// Most blocks in one answer.
const COUNT_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfAccount {
    account: AccountId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entries {
    account: AccountId,
    up_to: Option<Height>,
    count: Option<usize>,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "account_get", get)?;
    reading(module, "account_balances", balances)?;
    reading(module, "account_entries", entries)
}

fn get<B: Backend>(context: &Context<B>, reader: &Reader, params: OfAccount) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    match context.backend.account(&params.account)? {
        Some(account) => Ok(show::account(&params.account, &account)),
        None => Err(Fault::Unknown { what: "account", value: params.account.to_string() }),
    }
}

fn balances<B: Backend>(context: &Context<B>, reader: &Reader, params: OfAccount) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let account = params.account;
    if context.backend.account(&account)?.is_none() {
        return Err(Fault::Unknown { what: "account", value: account.to_string() });
    }
    let book = context.backend.assets()?;
    let height = context.backend.status().height;
    let balances = context.backend.balances(&account)?;
    let shown: Vec<Value> = balances.iter().map(|(asset, balance)| show::balance(*asset, balance, &book)).collect();
    Ok(json!({"account": account, "height": height, "balances": shown}))
}

fn entries<B: Backend>(context: &Context<B>, reader: &Reader, params: Entries) -> Result<Value, Fault> {
    context.ensure_account(reader, &params.account)?;
    let count = params.count.unwrap_or(20);
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(Fault::Parameter { field: "count", value: count.to_string(), expected: "1 to 100" });
    }
    let up_to = params.up_to.unwrap_or(Height(u64::MAX));
    let book = context.backend.assets()?;
    // One more than asked says where the next page begins.
    let found = context.backend.entries(&params.account, up_to, count + 1)?;
    let next = found.get(count).map(|(height, ..)| *height);
    let shown: Vec<Value> = found
        .iter()
        .take(count)
        .map(|(height, time, postings)| show::entry(*height, *time, postings, &book))
        .collect();
    Ok(json!({"account": params.account, "entries": shown, "next": next}))
}
