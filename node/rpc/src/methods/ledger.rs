//! `ledger_*` and `asset_list`.

use super::{Context, Nothing, Reader, reading};
use crate::backend::{Backend, head};
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::AssetId;
use seaway_types::asset::AssetBook;
use seaway_types::block::FinalBlock;
use seaway_types::state::Totals;
use seaway_types::time::Height;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AtHeight {
    height: Height,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAsset {
    asset: String,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "ledger_head", newest)?;
    reading(module, "ledger_block", block)?;
    reading(module, "ledger_supply", supply)?;
    reading(module, "asset_list", assets)
}

fn newest<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let status = context.backend.status();
    match context.backend.block(status.height)? {
        Some(block) => Ok(show(&block)),
        // The genesis has no header.
        None => Ok(json!({"height": status.height, "id": status.tip, "header": null, "certificate": null})),
    }
}

fn block<B: Backend>(context: &Context<B>, _: &Reader, params: AtHeight) -> Result<Value, Fault> {
    match context.backend.block(params.height)? {
        Some(block) => Ok(show(&block)),
        None => Err(Fault::Unknown { what: "block at height", value: params.height.to_string() }),
    }
}

fn show(block: &FinalBlock) -> Value {
    let (block, certificate) = head(block);
    json!({
        "height": block.header.height,
        "id": block.header.id(),
        "header": block.header,
        "certificate": certificate,
        "instructions": block.body().instructions.to_vec(),
    })
}

fn supply<B: Backend>(context: &Context<B>, _: &Reader, params: OfAsset) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let (asset, _) = book
        .find(&params.asset)
        .map_err(|_| Fault::Unknown { what: "asset", value: params.asset.chars().take(40).collect() })?;
    circulation(context, asset, &book)
}

/// An asset's totals in minor units: 128-bit sums have no place in an amount.
fn circulation<B: Backend>(context: &Context<B>, asset: AssetId, book: &AssetBook) -> Result<Value, Fault> {
    let Totals { issued, redeemed, available, held, in_contracts, suspense } =
        context.backend.totals(asset)?.unwrap_or_default();
    let exponent = book.get(asset).map(|record| record.exponent);
    Ok(json!({
        "asset": book.name(asset),
        "exponent": exponent,
        "issued": issued.to_string(),
        "redeemed": redeemed.to_string(),
        "available": available.to_string(),
        "held": held.to_string(),
        "inContracts": in_contracts.to_string(),
        "suspense": suspense.to_string(),
    }))
}

fn assets<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let show = |(id, asset): (AssetId, &seaway_types::asset::Asset)| {
        Ok(json!({"id": id, "name": book.name(id), "record": asset, "circulation": circulation(context, id, &book)?}))
    };
    let assets: Vec<Value> = book.iter().map(show).collect::<Result<_, Fault>>()?;
    Ok(json!({ "assets": assets }))
}
