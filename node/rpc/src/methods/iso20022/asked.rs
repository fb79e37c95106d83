//! What a message asks, with everything that it names found: from the text to the envelope that is signed.

use super::super::{Context, Reader};
use super::outcome::{present, refused_other};
use crate::backend::{Backend, Placed, Standing};
use crate::fault::Fault;
use seaway_iso20022::Fault as MessageFault;
use seaway_iso20022::order::{
    AccountName, Known, KnownPayment, NamedAccount, NamedPayment, Order, Outcome, Request, message_salt,
};
use seaway_types::AccountId;
use seaway_types::amount::Amount;
use seaway_types::bic::Bic;
use seaway_types::hash::Hash32;
use seaway_types::instruction::{Envelope, Submitter};
use seaway_types::state::{DebitAuthority, RecallStage};
use seaway_types::time::BlockTime;
use std::sync::Arc;

/// How long the instruction of a message stays valid, in milliseconds.
const VALID_MS: u64 = 300_000;
/// Accounts that are asked for at the same time.
const ASKED_AT_ONCE: usize = 32;

/// A message, and what is known of it.
pub(super) struct Asked {
    pub request: Request,
    pub stage: Stage,
}

/// How far a message came.
pub(super) enum Stage {
    /// It is answered: refused, or executed before.
    Answered { outcome: Outcome, placed: Option<Box<Placed>> },
    /// It can be signed.
    Ready(Box<Ready>),
}

/// What there is to sign.
pub(super) struct Ready {
    pub order: Order,
    pub envelope: Envelope,
    /// The ids of the accounts that the message names, in the order in which it names them.
    pub accounts: Vec<AccountId>,
    /// The salt of the message's hashes.
    pub salt: [u8; 32],
}

/// Reads a message and finds what it names. `salt` is the one of this message's hashes; without it the node's own secret
/// makes one.
pub(super) async fn ask<B: Backend>(
    context: &Arc<Context<B>>,
    reader: Reader,
    text: String,
    salt: Option<Hash32>,
    now: BlockTime,
) -> Result<Asked, Fault> {
    let read = context.read(move |_| {
        let request = Request::read(&text)?;
        let order = request.order();
        Ok((request, order))
    });
    let (request, order) = read.await?;
    let answered = |request, fault: &MessageFault| {
        let stage = Stage::Answered { outcome: Outcome::refused(fault, now), placed: None };
        Ok(Asked { request, stage })
    };
    let order = match order {
        Ok(order) => order,
        Err(fault) => return answered(request, &fault),
    };
    ensure_may(context, reader, &request, &order).await?;
    let found = match resolved(context, &order).await? {
        Ok(accounts) => accounts,
        Err((found, fault)) => {
            let read = context.read(move |context| {
                let submitter = submitter(context, &request, &found, order.sender)?;
                Ok((request, context.backend.instruction(&submitter, &order.key)?.is_some()))
            });
            let (request, known) = read.await?;
            // What it once named may have changed since: that says nothing of what became of it.
            return if known {
                Err(Fault::Unavailable(format!("this id was used before, and now it cannot be compared: {fault}")))
            } else {
                answered(request, &fault)
            };
        }
    };
    let read = context.read(move |context| {
        let stage = found_all(context, &request, order, found, salt, now)?;
        Ok(Asked { request, stage })
    });
    read.await
}

/// Only a participant learns which accounts others have; an account's holder may ask its agent to pay.
async fn ensure_may<B: Backend>(
    context: &Arc<Context<B>>,
    reader: Reader,
    request: &Request,
    order: &Order,
) -> Result<(), Fault> {
    let own = order.accounts.first().filter(|_| request.is_initiation()).map(|named| &named.name);
    let own = match own {
        Some(AccountName::Id(id)) => Some(*id),
        _ => None,
    };
    let read = context.read(move |context| match context.ensure_participant(&reader) {
        Err(Fault::Forbidden) => own.map_or(Err(Fault::Forbidden), |own| context.ensure_account(&reader, &own)),
        other => other,
    });
    read.await
}

/// The instruction that a message asks for, or what became of it before.
fn found_all<B: Backend>(
    context: &Context<B>,
    request: &Request,
    order: Order,
    accounts: Vec<AccountId>,
    salt: Option<Hash32>,
    now: BlockTime,
) -> Result<Stage, Fault> {
    let answered = |outcome, placed| Ok(Stage::Answered { outcome, placed });
    let submitter = submitter(context, request, &accounts, order.sender)?;
    let salt = match salt {
        Some(salt) => salt.0,
        None => message_salt(&context.backend.message_secret(order.sender)?, &order.key),
    };
    let assets = context.backend.assets()?;
    let mut payments = Vec::new();
    for named in &order.payments {
        match payment(context, named)? {
            Ok(payment) => payments.push(payment),
            Err(fault) => return answered(Outcome::refused(&fault, now), None),
        }
    }
    let body = |payments: &[KnownPayment]| {
        request.body(&order, &Known { assets: &assets, accounts: &accounts, payments, salt: &salt })
    };
    if let Some((placed, hash)) = context.backend.instruction(&submitter, &order.key)? {
        // It may have changed the payments that it names: it is compared with what the message asked then, whether or not
        // a recall was open.
        let then = |recalled| {
            let then: Vec<_> =
                payments.iter().map(|now| KnownPayment { returned: Amount::ZERO, recalled, ..*now }).collect();
            body(&then).is_ok_and(|body| body.hash() == hash)
        };
        return match then(false) || then(true) {
            true => answered(present(context, &order, &placed)?, Some(Box::new(placed))),
            false => answered(refused_other(now), None),
        };
    }
    match body(&payments) {
        Err(fault) => answered(Outcome::refused(&fault, now), None),
        Ok(body) => {
            let network = context.backend.status().network;
            let envelope = Envelope { network, submitter, key: order.key, valid_until: now.after_ms(VALID_MS), body };
            Ok(Stage::Ready(Box::new(Ready { order, envelope, accounts, salt })))
        }
    }
}

/// Whose instruction it is: the debtor's own where it asks its agent and signs for its account, else the sender's.
fn submitter<B: Backend>(
    context: &Context<B>,
    request: &Request,
    accounts: &[AccountId],
    sender: Bic,
) -> Result<Submitter, Fault> {
    let debtor = accounts.first().filter(|_| request.is_initiation());
    let record = debtor.map(|debtor| context.backend.account(debtor)).transpose()?.flatten();
    match (debtor, record) {
        (Some(debtor), Some(record)) if record.debit_authority != DebitAuthority::Agent => {
            Ok(Submitter::Account(*debtor))
        }
        _ => Ok(Submitter::Participant(sender)),
    }
}

/// A payment that a message follows up, or the fault of naming it.
fn payment<B: Backend>(
    context: &Context<B>,
    named: &NamedPayment,
) -> Result<Result<KnownPayment, MessageFault>, Fault> {
    let standings = context.backend.standings(&named.key.uetr)?;
    let Some(standing) = standings.into_iter().find(|standing| standing.name == named.key) else {
        let uetr = named.key.uetr.to_string();
        let text = format!("no payment of this kind from {} has this UETR", named.key.debtor_agent);
        return Ok(Err(MessageFault::refused(&named.path, &uetr, named.unknown, text)));
    };
    let Standing { facts, lasting, .. } = standing;
    let recall = lasting.as_ref().and_then(|payment| payment.recall);
    Ok(Ok(KnownPayment {
        facts,
        returned: lasting.map_or(Amount::ZERO, |payment| payment.returned),
        recalled: recall.is_some_and(|recall| recall.stage == RecallStage::Asked),
    }))
}

async fn account<B: Backend>(context: &Arc<Context<B>>, named: &NamedAccount) -> Result<AccountId, Fault> {
    match &named.name {
        AccountName::Id(id) => Ok(*id),
        AccountName::Number(number) => context.backend.resolve(named.agent, number.clone()).await,
    }
}

/// The accounts that were found before, and the fault of the first that is unknown.
type Unresolved = (Vec<AccountId>, MessageFault);

/// The ids of all accounts that an order names, asked of their agents where it has other numbers.
async fn resolved<B: Backend>(
    context: &Arc<Context<B>>,
    order: &Order,
) -> Result<Result<Vec<AccountId>, Unresolved>, Fault> {
    let mut found = Vec::with_capacity(order.accounts.len());
    for some in order.accounts.chunks(ASKED_AT_ONCE) {
        found.extend(futures::future::join_all(some.iter().map(|named| account(context, named))).await);
    }
    let mut accounts = Vec::with_capacity(found.len());
    for (named, account) in order.accounts.iter().zip(found) {
        let (code, text) = match account {
            Ok(account) => {
                accounts.push(account);
                continue;
            }
            Err(Fault::NoAccount { agent, .. }) => (named.unknown, format!("{agent} has no such account")),
            Err(Fault::Unknown { .. }) => ("RC01", format!("{} is no participant", named.agent)),
            Err(fault) => return Err(fault),
        };
        let value = match &named.name {
            AccountName::Id(id) => id.to_string(),
            AccountName::Number(number) => number.clone(),
        };
        return Ok(Err((accounts, MessageFault::refused(&named.path, &value, code, text))));
    }
    Ok(Ok(accounts))
}
