//! `party_data_*`: what is said of a payment and stays off the ledger, at the nodes of those whom it concerns.
//!
//! It is shown to whoever holds a key of the institution whose node this is, and to nobody else, also where everybody may read accounts:
//! what a node holds was handed to its institution alone.

use super::{Context, Reader, reading};
use crate::backend::Backend;
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::codec;
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::party::PartyData;
use seaway_types::{Bic, Uetr};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Get {
    uetr: Uetr,
    /// Whether the envelope comes with it in which the ledger has the payment; it does not unless this is true.
    #[serde(default)]
    envelope: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delete {
    uetr: Uetr,
    debtor_agent: Bic,
    kind: CreditKind,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "party_data_get", get)?;
    reading(module, "party_data_delete", delete)
}

fn get<B: Backend>(context: &Context<B>, reader: &Reader, params: Get) -> Result<Value, Fault> {
    context.ensure_own(reader)?;
    let found = context.backend.party_data(&params.uetr)?;
    let shown: Vec<Value> =
        found.iter().map(|data| shown(context, data, params.envelope)).collect::<Result<_, Fault>>()?;
    Ok(json!({"uetr": params.uetr, "partyData": shown}))
}

/// The data, its hashes, and whether the ledger has them: unknown while the payment is not there.
fn shown<B: Backend>(context: &Context<B>, data: &PartyData, with_envelope: bool) -> Result<Value, Fault> {
    let envelope = context.backend.envelope_of(&data.name())?;
    let (parties, remittance) = data.hashes();
    let mut shown = json!(data);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("partyDataHash".to_owned(), json!(parties));
        fields.insert("remittanceHash".to_owned(), json!(remittance));
        fields.insert("matches".to_owned(), json!(envelope.as_ref().map(|envelope| data.is_of(envelope))));
        if with_envelope {
            let bytes = envelope.map(|envelope| hex::encode(codec::encode(&envelope)));
            fields.insert("envelope".to_owned(), json!(bytes));
        }
    }
    Ok(shown)
}

fn delete<B: Backend>(context: &Context<B>, reader: &Reader, params: Delete) -> Result<Value, Fault> {
    context.ensure_own(reader)?;
    let Delete { uetr, debtor_agent, kind } = params;
    let deleted = context.backend.delete_party_data(PaymentKey { debtor_agent, uetr, kind })?;
    Ok(json!({"uetr": uetr, "debtorAgent": debtor_agent, "kind": kind, "deleted": deleted}))
}
