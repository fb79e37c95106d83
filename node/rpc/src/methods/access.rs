//! `auth_*`: a signed challenge gives a token.

use super::{Context, Nothing, parse};
use crate::access::{TOKEN_LIFE, ends_at, random};
use crate::backend::Backend;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Ed25519Signature, Evidence, SignatureEntry};
use seaway_types::time::BlockTime;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    challenge: Hash32,
    key: PublicKey,
    signature: Ed25519Signature,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    module.register_method("auth_challenge", |params, context, _| -> Result<Value, ErrorObjectOwned> {
        let Nothing {} = parse(&params)?;
        let challenge = context.desk.challenge(random()?);
        let message = crate::access::challenge_message(&context.backend.status().genesis, &challenge);
        Ok(json!({"challenge": challenge, "message": Hash32(message), "livesMs": 60_000}))
    })?;
    module.register_method("auth_token", |params, context, _| -> Result<Value, ErrorObjectOwned> {
        let Answer { challenge, key, signature } = parse(&params)?;
        let entry = SignatureEntry { key, evidence: Evidence::Ed25519(signature) };
        let genesis = context.backend.status().genesis;
        let token = context.desk.answer(&genesis, &challenge, &entry)?;
        Ok(json!({"token": token, "expiresAt": ends_at(now()), "livesMs": TOKEN_LIFE.as_millis().to_string()}))
    })?;
    Ok(())
}

fn now() -> BlockTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).ok().and_then(BlockTime::from_ms).unwrap_or_default()
}
