//! Shapes of answers: amounts as decimal texts with their asset, heights as texts, times in RFC 3339, names in lowerCamelCase.

use crate::backend::{PaymentFound, Placed, Standing};
use seaway_types::AssetId;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::contract::{ContractEvent, Moved};
use seaway_types::reason::Reason;
use seaway_types::receipt::{CreditOutcome, Posting};
use seaway_types::state::{Account, Balance, PaymentStage};
use seaway_types::time::{BlockTime, Height};
use serde_json::{Value, json};

/// Why a payment that waited went back by itself, in words.
pub const NOT_ACCEPTED: &str = "the creditor's agent did not accept the party data in time";

/// Why something was refused, with its ISO code and whether trying again helps.
pub fn reason(reason: Option<&Reason>) -> Value {
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

/// What a contract did.
pub fn event(event: &ContractEvent, book: &AssetBook) -> Value {
    let moved =
        |moved: &Moved| json!({"amount": book.show(moved.amount, moved.asset), "from": moved.from, "to": moved.to});
    json!({
        "instance": event.instance,
        "uetr": event.uetr,
        "cause": event.cause,
        "authorisers": event.authorisers,
        "before": event.before,
        "after": event.after,
        "evidence": event.evidence,
        "moved": event.moved.iter().map(moved).collect::<Vec<_>>(),
        "conversions": event.conversions,
        "emitted": event.emitted,
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
        "events": placed.events.iter().map(|one| event(one, book)).collect::<Vec<_>>(),
    })
}

/// A credit transfer by its UETR: what its block answered, and where it stands now.
pub fn payment(found: &PaymentFound, book: &AssetBook) -> Value {
    let PaymentFound { standing: now, placed: at } = found;
    let outcome = at.credits.iter().find(|one| one.uetr == now.name.uetr && one.kind == now.name.kind);
    let first = outcome.and_then(|one| one.reason.as_ref()).or(at.receipt.reason.as_ref().map(|one| &one.reason));
    let refused = now.lasting.as_ref().and_then(|payment| match &payment.stage {
        PaymentStage::Refused { reason } => Some(json!({"iso": reason.iso(), "text": reason.to_string()})),
        PaymentStage::Lapsed { reason } => Some(json!({"iso": reason.iso(), "text": NOT_ACCEPTED})),
        _ => None,
    });
    let mut shown = standing(now, book);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("reason".to_owned(), refused.unwrap_or_else(|| reason(first)));
        fields.insert("blockTime".to_owned(), json!(at.time));
        fields.insert("block".to_owned(), json!(at.block));
        fields.insert("position".to_owned(), json!(at.position));
        fields.insert("submitter".to_owned(), json!(at.receipt.submitter));
        fields.insert("key".to_owned(), json!(at.receipt.key));
        fields.insert("record".to_owned(), json!(now.lasting));
    }
    shown
}

/// Where a credit transfer stands, with the heights at which its status changed.
pub fn standing(now: &Standing, book: &AssetBook) -> Value {
    let mut timeline = vec![json!({"height": now.height, "status": now.first})];
    timeline.extend(now.settled_later.map(|height| json!({"height": height, "status": "ACCC"})));
    timeline.extend(now.confirmed.map(|height| json!({"height": height, "status": "ACCC"})));
    json!({
        "uetr": now.name.uetr,
        "kind": now.name.kind,
        "debtorAgent": now.name.debtor_agent,
        "debtor": now.facts.debtor,
        "creditor": now.facts.creditor,
        "amount": book.show(now.facts.amount, now.facts.asset),
        "status": now.status(),
        "height": now.height,
        "timeline": timeline,
        "returned": now.lasting.as_ref().map(|payment| book.show(payment.returned, now.facts.asset)),
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
            "reference": format!("{height}-{}", one.receipt),
            "uetr": one.uetr,
        })
    };
    json!({"height": height, "blockTime": time, "postings": postings.iter().map(posting).collect::<Vec<_>>()})
}
