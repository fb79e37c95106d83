//! `payment_subscribe` and `account_subscribe`: what every block brought from a height on, in order, without a gap; after a
//! reconnect the client names the next height that it lacks. A reader that is too slow is dropped, with the reason.

use super::{Context, Reader, parse};
use crate::backend::Backend;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::{RegisterMethodError, SubscriptionError};
use jsonrpsee_server::{PendingSubscriptionSink, RpcModule, SubscriptionMessage, SubscriptionSink};
use jsonrpsee_types::ErrorObjectOwned;
use seaway_types::AccountId;
use seaway_types::instruction::Submitter;
use seaway_types::time::Height;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a reader may take for one message.
const SLOW: Duration = Duration::from_secs(10);

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    /// The first height; the next one without it.
    from: Option<Height>,
    /// Only what concerns this account.
    account: Option<AccountId>,
}

/// What a block brought; nothing when it does not concern the reader.
type Bring<B> = fn(&Context<B>, Height, Option<&AccountId>) -> Result<Option<Value>, Fault>;

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "payment_subscribe",
        "payment_event",
        "payment_unsubscribe",
        |params, pending, context, extensions| async move {
            let reader = context.reader(&extensions);
            let wanted = parse::<From>(&params).and_then(|wanted| {
                context.ensure_stream(&reader, wanted.account.as_ref())?;
                Ok(wanted)
            });
            answer(context, pending, wanted, answers).await
        },
    )?;
    module.register_subscription(
        "account_subscribe",
        "account_event",
        "account_unsubscribe",
        |params, pending, context, extensions| async move {
            let reader = context.reader(&extensions);
            let wanted = parse::<From>(&params).and_then(|wanted| {
                let missing =
                    || Fault::Parameter { field: "account", value: String::new(), expected: "an account id" };
                context.ensure_account(&reader, &wanted.account.ok_or_else(missing)?)?;
                Ok(wanted)
            });
            answer(context, pending, wanted, movements).await
        },
    )?;
    Ok(())
}

impl<B: Backend> Context<B> {
    /// A stream of one account may be read by whom it concerns, a stream of all only where reads are open.
    fn ensure_stream(&self, reader: &Reader, account: Option<&AccountId>) -> Result<(), Fault> {
        match account {
            Some(account) => self.ensure_account(reader, account),
            None if self.open_reads => Ok(()),
            None => Err(Fault::Forbidden),
        }
    }
}

async fn answer<B: Backend>(
    context: Arc<Context<B>>,
    pending: PendingSubscriptionSink,
    wanted: Result<From, Fault>,
    bring: Bring<B>,
) -> Result<(), SubscriptionError> {
    match wanted {
        Ok(wanted) => {
            let sink = pending.accept().await?;
            follow(context, sink, wanted, bring).await
        }
        Err(fault) => {
            pending.reject(ErrorObjectOwned::from(fault)).await;
            Ok(())
        }
    }
}

async fn follow<B: Backend>(
    context: Arc<Context<B>>,
    sink: SubscriptionSink,
    wanted: From,
    bring: Bring<B>,
) -> Result<(), SubscriptionError> {
    let mut tips = context.backend.tips();
    let mut next = wanted.from.unwrap_or(Height(tips.borrow().0.saturating_add(1))).max(Height(1));
    loop {
        while next <= *tips.borrow_and_update() {
            let account = wanted.account;
            let event = context.read(move |context| bring(context, next, account.as_ref())).await;
            // What brings nothing sends nothing: it is asked here whether anybody still listens.
            if sink.is_closed() {
                return Ok(());
            }
            let event = event.map_err(|fault| ErrorObjectOwned::from(fault).message().to_owned())?;
            if let Some(event) = event {
                let message = SubscriptionMessage::from(serde_json::value::to_raw_value(&event)?);
                if sink.send_timeout(message, SLOW).await.is_err() {
                    return Err("dropped: this reader was too slow or is gone".into());
                }
            }
            next = Height(next.0.saturating_add(1));
        }
        tokio::select! {
            changed = tips.changed() => changed?,
            () = sink.closed() => return Ok(()),
        }
    }
}

/// A block's answers to instructions. A block without any is told too, so that the reader knows how far it is.
fn answers<B: Backend>(
    context: &Context<B>,
    height: Height,
    account: Option<&AccountId>,
) -> Result<Option<Value>, Fault> {
    let book = context.backend.assets()?;
    let mut shown = Vec::new();
    for (mut placed, debtors) in context.backend.answered(height)? {
        if let Some(account) = account {
            let own = placed.receipt.submitter == Submitter::Account(*account) || debtors.contains(account);
            if !own {
                // A creditor sees what is its own, not who else was paid.
                placed.credits.retain(|credit| credit.creditor == *account);
                placed.events.clear();
                if placed.credits.is_empty() {
                    continue;
                }
            }
        }
        shown.push(show::placed(&placed, &book));
    }
    Ok(Some(json!({"height": height, "instructions": shown})))
}

/// A block's movements on an account, those that its own acts made among them.
fn movements<B: Backend>(
    context: &Context<B>,
    height: Height,
    account: Option<&AccountId>,
) -> Result<Option<Value>, Fault> {
    let Some(account) = account else { return Ok(None) };
    let found = context.backend.entries(account, height, 1)?;
    let Some((_, time, postings)) = found.first().filter(|(at, ..)| *at == height) else { return Ok(None) };
    Ok(Some(show::entry(height, *time, postings, &context.backend.assets()?)))
}
