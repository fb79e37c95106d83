//! `ledger_*` and `asset_list`.

use super::{Context, Nothing, Reader, reading};
use crate::backend::{About, Backend, head};
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::asset::AssetBook;
use seaway_types::block::FinalBlock;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::Submitter;
use seaway_types::state::{StateKey, Totals};
use seaway_types::time::BlockTime;
use seaway_types::time::Height;
use seaway_types::{AccountId, AssetId};
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

/// What is to be proven: exactly one of the first three.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    account: Option<AccountId>,
    record: Option<StateKey>,
    instruction: Option<OfInstruction>,
    /// With `account`: the balance in this asset; without it the account's record.
    asset: Option<String>,
    height: Option<Height>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfInstruction {
    submitter: Submitter,
    key: InstructionKey,
    valid_until: BlockTime,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "ledger_head", newest)?;
    reading(module, "ledger_block", block)?;
    reading(module, "ledger_supply", supply)?;
    reading(module, "ledger_proof", proof)?;
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
    let (asset, _) = super::asset(&book, &params.asset)?;
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

/// Proves what stands in the ledger at the tip. The tree of earlier heights is not kept.
fn proof<B: Backend>(context: &Context<B>, reader: &Reader, params: Proof) -> Result<Value, Fault> {
    let tip = context.backend.status().height;
    if let Some(height) = params.height.filter(|height| *height != tip) {
        return Err(Fault::OldState { height, oldest: tip });
    }
    let book = context.backend.assets()?;
    let about = match (params.account, params.record, params.instruction) {
        (Some(account), None, None) => {
            context.ensure_account(reader, &account)?;
            About::Record(match &params.asset {
                Some(name) => StateKey::Balance(account, super::asset(&book, name)?.0),
                None => StateKey::Account(account),
            })
        }
        (None, Some(key), None) => {
            match key {
                StateKey::Account(account) | StateKey::Balance(account, _) => {
                    context.ensure_account(reader, &account)?
                }
                StateKey::Allowance(allowance) => context.ensure_account(reader, &allowance.grantor)?,
                StateKey::Instance(id) => super::contract::ensure_told(context, reader, &id)?,
                StateKey::Hold(_) | StateKey::Payment(_) | StateKey::Usage(..) => {
                    context.ensure_any(reader, &[], &[])?
                }
                _ => {}
            }
            About::Record(key)
        }
        (None, None, Some(OfInstruction { submitter, key, valid_until })) => {
            context.ensure_submitter(reader, &submitter)?;
            About::Instruction(submitter, key, valid_until)
        }
        _ => {
            return Err(Fault::Parameter {
                field: "account",
                value: String::new(),
                expected: "exactly one of account, record and instruction",
            });
        }
    };
    Ok(json!({"proof": context.backend.prove_state(about)?}))
}

fn assets<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let book = context.backend.assets()?;
    let show = |(id, asset): (AssetId, &seaway_types::asset::Asset)| {
        Ok(json!({"id": id, "name": book.name(id), "record": asset, "circulation": circulation(context, id, &book)?}))
    };
    let assets: Vec<Value> = book.iter().map(show).collect::<Result<_, Fault>>()?;
    Ok(json!({ "assets": assets }))
}
