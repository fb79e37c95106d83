//! `webhook_*`: how events are delivered to the endpoints of this node's agent, and what these refused.
//!
//! For whoever holds a key of the institution whose node it is, and for nobody else, also where everybody may read accounts.

use super::account::count;
use super::{Context, Nothing, Reader, parse, reading};
use crate::backend::{Backend, Redelivered};
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Letters {
    webhook: String,
    #[serde(default)]
    after: u64,
    count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneLetter {
    webhook: String,
    number: u64,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "webhook_list", list)?;
    reading(module, "webhook_dead", dead)?;
    module.register_async_method("webhook_redeliver", |params, context, extensions| async move {
        let reader = context.reader(&extensions);
        let sent = async {
            let OneLetter { webhook, number } = parse(&params)?;
            context.ensure_own(&reader)?;
            let sent = context.backend.redeliver(webhook.clone(), number).await?;
            let (found, delivered) = (sent != Redelivered::Absent, sent == Redelivered::Taken);
            let (status, problem) = match sent {
                Redelivered::Taken | Redelivered::Absent => (None, None),
                Redelivered::Failed { status, problem } => (status, Some(problem)),
            };
            Ok::<Value, Fault>(json!({
                "webhook": webhook,
                "number": number,
                "found": found,
                "delivered": delivered,
                "status": status,
                "problem": problem,
            }))
        };
        sent.await.map_err(ErrorObjectOwned::from)
    })?;
    Ok(())
}

fn list<B: Backend>(context: &Context<B>, reader: &Reader, _: Nothing) -> Result<Value, Fault> {
    context.ensure_own(reader)?;
    Ok(json!({"webhooks": context.backend.webhooks()}))
}

fn dead<B: Backend>(context: &Context<B>, reader: &Reader, params: Letters) -> Result<Value, Fault> {
    context.ensure_own(reader)?;
    let letters = context.backend.dead_letters(&params.webhook, params.after, count(params.count)?)?;
    let last = letters.last().map_or(params.after, |letter| letter.number);
    Ok(json!({"webhook": params.webhook, "letters": letters, "last": last}))
}
