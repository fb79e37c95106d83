//! What a message says beside the ledger, handed to the node before the message's instruction is submitted: nothing settles whose party
//! data is not on its way.

use super::super::Context;
use super::asked::Ready;
use crate::backend::{Backend, Travels};
use crate::fault::Fault;
use seaway_iso20022::order::Request;
use seaway_types::instruction::{DecodedInstruction, RawInstruction};
use serde_json::{Value, json};

/// Hands a message's party data over. Says how many payments it is of and to whom it goes, or that it stays with the sender: only a node of
/// the debtor's agent hands it on, so a bank submits its messages there.
pub(super) fn hand_over<B: Backend>(
    context: &Context<B>,
    request: &Request,
    ready: &Ready,
    raw: &RawInstruction,
) -> Result<Value, Fault> {
    let records = request.party_data(&ready.order, &ready.salt)?;
    if records.is_empty() {
        return Ok(Value::Null);
    }
    let payments = records.len();
    let travels = match is_signed(context, ready, raw)? {
        true => context.backend.send_party_data(records)?,
        // The ledger will refuse it. What anybody may claim is told to nobody in the agent's name.
        false => Travels::KeptBySender,
    };
    Ok(match travels {
        Travels::Sent(to) => json!({"state": "sent", "payments": payments, "to": to}),
        Travels::KeptBySender => json!({"state": "keptBySender", "payments": payments}),
    })
}

/// Whether someone has signed who has a say in the payment: the debtor's agent, or the holder of the debtor's account. Whether all who must
/// have signed is the ledger's question.
fn is_signed<B: Backend>(context: &Context<B>, ready: &Ready, raw: &RawInstruction) -> Result<bool, Fault> {
    let Ok(authentic) = raw.clone().decode().and_then(DecodedInstruction::authenticate) else { return Ok(false) };
    let participants = context.backend.participants()?;
    let agent = participants.iter().find(|(bic, one)| *bic == ready.order.sender && one.active);
    let debtor = ready.accounts.first().map(|debtor| context.backend.account(debtor)).transpose()?.flatten();
    let has_say = |key| {
        agent.is_some_and(|(_, agent)| agent.policy.contains(key))
            || debtor.as_ref().is_some_and(|account| account.owner.contains(key))
    };
    Ok(authentic.signers().any(has_say))
}
