//! What a message says beside the ledger, handed to the node before the message's instruction is submitted: nothing settles whose party
//! data is not on its way.

use super::super::Context;
use super::asked::Ready;
use super::submit::now;
use crate::backend::{Backend, Travels};
use crate::fault::Fault;
use seaway_iso20022::order::Request;
use seaway_types::instruction::{DecodedInstruction, Leg, RawInstruction};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::limits::PARTY_VALID_MS_MAX;
use seaway_types::party::{PartyData, Told};
use seaway_types::state::DebitAuthority;
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
    let travels = match is_signed(context, &records, raw)? {
        true => context.backend.send_party_data(records)?,
        // The ledger will refuse it. What anybody may claim is told to nobody in the agent's name.
        false => Travels::KeptBySender,
    };
    Ok(match travels {
        Travels::Sent(to) => json!({"state": "sent", "payments": payments, "to": to}),
        Travels::KeptBySender => json!({"state": "keptBySender", "payments": payments}),
    })
}

/// Whether all have signed, and nobody else, whose signatures the payments of a message need, and whether these can still come: else the
/// instruction will be refused, and who handed it in could let names wait at others as long as it liked.
fn is_signed<B: Backend>(context: &Context<B>, records: &[PartyData], raw: &RawInstruction) -> Result<bool, Fault> {
    let Ok(authentic) = raw.clone().decode().and_then(DecodedInstruction::authenticate) else { return Ok(false) };
    let (now, valid_until) = (now(), authentic.envelope().valid_until);
    if valid_until <= now || valid_until > now.after_ms(PARTY_VALID_MS_MAX) {
        return Ok(false);
    }
    let participants = context.backend.participants()?;
    let mut policies = Vec::new();
    for leg in authentic.envelope().body.legs() {
        let Leg::CreditTransfer(transfer) = leg else { continue };
        let Some(debtor) = context.backend.account(&transfer.debtor)? else { return Ok(false) };
        let agent = participants.iter().find(|(bic, one)| *bic == debtor.agent && one.active);
        let Some((bic, agent)) = agent else { return Ok(false) };
        if records.iter().any(|record| record.debtor_agent != *bic) {
            return Ok(false);
        }
        match debtor.debit_authority {
            DebitAuthority::Holder => policies.push(debtor.owner),
            DebitAuthority::Agent => policies.push(agent.policy.clone()),
            DebitAuthority::Both => policies.extend([debtor.owner, agent.policy.clone()]),
        }
    }
    Ok(is_met(&policies, &authentic))
}

/// Whether each policy is met, and each signer belongs to one.
fn is_met(policies: &[KeyPolicy], signed: &DecodedInstruction) -> bool {
    let is_met = |policy: &KeyPolicy| policy.count(signed.signers()) >= usize::from(policy.threshold());
    let belongs = |key: &PublicKey| policies.iter().any(|policy| policy.contains(key));
    !policies.is_empty() && policies.iter().all(is_met) && signed.signers().all(belongs)
}

/// Takes back what was handed over of a message whose instruction was refused for good: no payment of it will come.
pub(super) fn take_back<B: Backend>(context: &Context<B>, request: &Request, ready: &Ready) -> Result<(), Fault> {
    let records = request.party_data(&ready.order, &ready.salt)?;
    let told: Vec<Told> = records.iter().map(PartyData::told).collect();
    context.backend.withdraw_party_data(&told)
}
