//! Shapes of answers: amounts as decimal texts with their asset, heights as texts, times in RFC 3339, names in lowerCamelCase.

use crate::backend::Placed;
use seaway_types::AssetId;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::reason::Reason;
use seaway_types::receipt::{CreditOutcome, Posting};
use seaway_types::state::{Account, Balance, Payment};
use seaway_types::time::{BlockTime, Height};
use serde_json::{Value, json};

fn reason(reason: Option<&Reason>) -> Value {
    match reason {
        Some(reason) => {
            let (iso, retry) = reason.row();
            json!({"iso": iso, "text": reason.to_string(), "retry": retry})
        }
        None => Value::Null,
    }
}

/// One credit.
pub fn credit(outcome: &CreditOutcome, book: &AssetBook) -> Value {
    json!({
        "leg": outcome.leg,
        "uetr": outcome.uetr,
        "kind": outcome.kind,
        "creditor": outcome.creditor,
        "amount": book.show(outcome.amount, outcome.asset),
        "status": outcome.status,
        "reason": reason(outcome.reason.as_ref()),
    })
}

/// An instruction and what became of it.
pub fn placed(placed: &Placed, book: &AssetBook) -> Value {
    let receipt = &placed.receipt;
    json!({
        "status": receipt.status,
        "reason": reason(receipt.reason.as_ref().map(|placed| &placed.reason)),
        "submitter": receipt.submitter,
        "key": receipt.key,
        "digest": receipt.digest,
        "height": placed.height,
        "blockTime": placed.time,
        "block": placed.block,
        "position": placed.position,
        "credits": placed.credits.iter().map(|one| credit(one, book)).collect::<Vec<_>>(),
    })
}

/// A credit transfer by its UETR.
pub fn payment(name: &PaymentKey, at: &Placed, lasting: Option<&Payment>, book: &AssetBook) -> Value {
    let outcome = at.credits.iter().find(|one| one.uetr == name.uetr && one.kind == name.kind);
    json!({
        "uetr": name.uetr,
        "kind": name.kind,
        "debtorAgent": name.debtor_agent,
        "creditor": outcome.map(|one| one.creditor),
        "amount": outcome.map(|one| book.show(one.amount, one.asset)),
        "status": outcome.map_or(at.receipt.status, |one| one.status),
        "reason": reason(outcome.and_then(|one| one.reason.as_ref()).or(at.receipt.reason.as_ref().map(|one| &one.reason))),
        "height": at.height,
        "blockTime": at.time,
        "block": at.block,
        "position": at.position,
        "submitter": at.receipt.submitter,
        "key": at.receipt.key,
        "record": lasting,
    })
}

/// An account.
pub fn account(id: &seaway_types::AccountId, account: &Account) -> Value {
    json!({"account": id, "record": account})
}

/// A balance.
pub fn balance(asset: AssetId, balance: &Balance, book: &AssetBook) -> Value {
    let show = |amount: Amount| book.show(amount, asset);
    json!({
        "asset": book.name(asset),
        "available": show(balance.available),
        "held": show(balance.held),
        "inContracts": show(balance.in_contracts),
        "suspense": show(balance.suspense),
    })
}

/// The movements on an account in one block.
pub fn entry(height: Height, time: BlockTime, postings: &[Posting], book: &AssetBook) -> Value {
    let posting = |one: &Posting| {
        json!({
            "creditDebit": if one.credit { "CRDT" } else { "DBIT" },
            "part": one.field,
            "amount": book.show(one.amount, one.asset),
            "balanceAfter": book.show(one.after, one.asset),
            "receipt": one.receipt,
            "uetr": one.uetr,
        })
    };
    json!({"height": height, "blockTime": time, "postings": postings.iter().map(posting).collect::<Vec<_>>()})
}
