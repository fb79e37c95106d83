//! `network_*` and `participant_list`.

use super::{Context, Nothing, Reader, reading};
use crate::backend::Backend;
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::time::Height;
use serde_json::{Value, json};

/// Most pieces of evidence in one answer.
const EVIDENCE_MAX: usize = 1_000;

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "network_status", status)?;
    reading(module, "network_evidence", evidence)?;
    reading(module, "network_peers", peers)?;
    reading(module, "network_validators", validators)?;
    reading(module, "participant_list", participants)
}

fn status<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let status = context.backend.status();
    Ok(json!({
        "network": status.network,
        "genesis": status.genesis,
        "node": status.node,
        "role": if status.validator.is_some() { "validator" } else { "observer" },
        "validator": status.validator,
        "height": status.height,
        "tip": status.tip,
        "blockTime": status.time,
        "waiting": status.waiting,
        "executed": status.executed.to_string(),
        "halted": status.halted,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// What validators were seen to do that no correct one does, each signed by themselves: for participants.
fn evidence<B: Backend>(context: &Context<B>, reader: &Reader, _: Nothing) -> Result<Value, Fault> {
    context.ensure_participant(reader)?;
    Ok(json!({"evidence": context.backend.evidence(EVIDENCE_MAX)?}))
}

fn peers<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let peers = context.backend.peers();
    let shown: Vec<Value> =
        peers.iter().map(|peer| json!({"node": peer.node, "bic": peer.bic, "dropped": peer.dropped})).collect();
    Ok(json!({ "peers": shown }))
}

fn validators<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let height = Height(context.backend.status().height.0.saturating_add(1));
    Ok(json!({"height": height, "validators": context.backend.validators(height)?}))
}

fn participants<B: Backend>(context: &Context<B>, _: &Reader, _: Nothing) -> Result<Value, Fault> {
    let participants = context.backend.participants()?;
    let shown: Vec<Value> =
        participants.iter().map(|(bic, participant)| json!({"bic": bic, "record": participant})).collect();
    Ok(json!({ "participants": shown }))
}
